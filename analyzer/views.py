"""How a value shows itself in a notebook: the seam between values and the layer that draws them.

The package registers `analyzer.notebook`, which is imported when a value is first shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Views(Protocol):
    """Draw a value."""

    def html(self, value: Any) -> str: ...

    def png(self, value: Any) -> bytes: ...

    def plot(self, value: Any, ax: Axes | None) -> Axes: ...


class Viewable:
    """Base of values that a notebook shows as a picture and a table. Secrets and users are masked."""

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
    """Base of a value that a notebook without HTML shows as a picture."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return _registered().png(self)


_loaders: list[Callable[[], Views]] = []


def register(load: Callable[[], Views]) -> None:
    """Set where the views come from; `load` is called each time, so let it be cheap once it was called."""
    _loaders[:] = [load]


def _registered() -> Views:
    (load,) = _loaders  # the package registers before any value can be made
    return load()
