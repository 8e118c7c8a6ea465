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

    def plot(self, value: Any, ax: Axes | None, figsize: tuple[float, float] | None) -> Axes: ...

    def text(self, text: str) -> str: ...


FRAMES = ("captures", "sessions", "overlaps", "findings", "messages")


class Viewable:
    """Give a value HTML for notebooks and a chart. Secrets and users are masked."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return _load_views().html(self)

    def plot(self, ax: Axes | None = None, *, figsize: tuple[float, float] | None = None) -> Axes:
        """Draw the timeline on matplotlib Axes, and return them.

        The chart is fitted into `ax`: give it at least 6 by 3 inches. Without `ax` a new figure is made, 12 inches
        wide and as high as the chart needs, or of the size `figsize` (inches). A notebook shows it below the cell.
        Where `matplotlib.pyplot` is imported, it is the current figure of pyplot, so that `plt.savefig("a.png")` and
        `plt.show()` work, and `plt.close()` frees it; an empty current figure is used. Else it is no figure of pyplot:
        `report.plot().figure.savefig("a.png")`.

        The chart has a white background in every style. A run is drawn as one panel per capture, the most urgent
        first, 8 at most; a line on top says how many are not drawn. Secrets and users are masked.
        """
        return _load_views().plot(self, ax, figsize)

    if not TYPE_CHECKING:  # for a type checker every attribute would be known

        def __getattr__(self, name: str) -> object:
            """Name the frame, where somebody looks for a table."""
            kind, stem = type(self).__name__, name.removesuffix("_frame")
            problem = f"{kind!r} object has no attribute {name!r}"
            if stem in FRAMES:
                frame = f"{stem}_frame"
                problem += f". For a table: from analyzer import {frame}; {frame}({kind.lower()})"
                if kind == "Run":
                    problem += ". One report of several: run[0], run['a.har']"
            raise AttributeError(problem, name=name, obj=self)


class Picturable(Viewable):
    """Give a value a picture, for notebooks that show no HTML."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return _load_views().png(self)


class Maskable:
    """Give a value its text without secrets."""

    __slots__ = ()

    def _mask(self, text: str) -> str:
        return _load_views().text(text)


_loaders: list[Callable[[], Views]] = []


def register(load: Callable[[], Views]) -> None:
    """Set the function that loads the views. It is called each time, so its second call must be cheap."""
    _loaders[:] = [load]


def _load_views() -> Views:
    (load,) = _loaders  # the package registers before any value can be made
    return load()
