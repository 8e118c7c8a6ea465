"""Let a value show itself in a notebook, though the layer that draws it is above it.

The package registers `analyzer.notebook`, which is imported when a value is first shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Views(Protocol):
    """Show a value; the module `analyzer.notebook` does."""

    def html(self, value: Any) -> str: ...

    def png(self, value: Any) -> bytes: ...

    def plot(self, value: Any, ax: Axes | None) -> Axes: ...


class Viewable:
    """Give a value HTML for notebooks and a chart. Secrets and users are masked."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return _registered().html(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the timeline on matplotlib Axes, and return them.

        The chart is fitted into `ax`: give it at least 6 by 3 inches. Without `ax` a new figure is made, 12 inches
        wide and as high as the chart needs; a notebook shows it below the cell. Secrets and users are masked.
        """
        return _registered().plot(self, ax)


class Picturable(Viewable):
    """Give a value a picture, for notebooks that show no HTML."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return _registered().png(self)


_loaders: list[Callable[[], Views]] = []


def register(load: Callable[[], Views]) -> None:
    """Set the function that loads the views. It is called each time, so its second call must be cheap."""
    _loaders[:] = [load]


def _registered() -> Views:
    (load,) = _loaders  # the package registers before any value can be made
    return load()
