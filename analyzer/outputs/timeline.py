"""Draw the timeline chart as PNG, SVG or PDF, with matplotlib, from the marks that `chart` has placed.

All boxes of one look are one path, and there is one Axes for everything: an artist per socket costs seconds.
"""

from __future__ import annotations

import io
import warnings
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analyzer.model import Run
from analyzer.outputs.chart import picture
from analyzer.outputs.chart.lettering import clean
from analyzer.outputs.chart.marks import PIXEL, Boxes, Curve, Look, Mark, Picture, Strokes, Words
from analyzer.timeline import When
from analyzer.wording.harmless import safe

RASTERISED = 2_000  # boxes of one look; with more, an SVG or PDF is too slow to open
LARGEST = 60_000  # pixels a side; Agg refuses 2**16
DESCRIBED = 3_000  # letters of a description
NARROWEST, WIDTH, WIDEST = 6, 12, 100  # inches

SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same picture on every machine
    "text.hinting": "none",  # words are as wide as the table of `lettering` says
    "text.parse_math": False,  # a $ in a URL is a $
    "svg.hashsalt": "har-sockets",
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "hatch.linewidth": 0.7,
}
# Where an SVG is shown, the font may be missing: the next best has letters as wide.
FAMILY = b"'DejaVu Sans'; text-anchor:"
FALLBACK = b"'DejaVu Sans', Verdana, sans-serif; text-anchor:"
FORMATS = ("png", "svg", "pdf")


def render(
    run: Run, format: str = "png", *, width: float = WIDTH, dpi: int = 150, start: When = None, end: When = None
) -> bytes:
    """Render the chart as `png`, `svg` or `pdf` (else KeyError).

    `width` is in inches; `start`, `end` cut out a stretch: each an instant, or a timedelta from the first instant of
    each capture.

    A picture too high for its `dpi` is drawn with fewer. Raises ValueError for a stretch that is empty and for a
    width that leaves no room, or far too much.
    """
    if format not in FORMATS:
        raise KeyError(format)
    if type(start) is type(end) and start is not None and end <= start:  # type: ignore[operator]  # both or neither
        raise ValueError("the stretch of time to draw is empty")
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"the width must be between {NARROWEST} and {WIDEST} inches")
    return draw(picture(run, width, start, end), format, dpi)


def draw(placed: Picture, format: str, dpi: int = 150) -> bytes:
    """Draw the marks as `png`, `svg` or `pdf`."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A name in letters that the font lacks is drawn as boxes: nothing to write to standard error about.
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()  # a person's matplotlibrc changes no byte
        mpl.rcParams.update(SETTINGS)
        figure = Figure(figsize=(placed.width, placed.height))
        axes = figure.add_axes((0, 0, 1, 1))
        _place(axes, placed, placed.width, placed.height)
        dpi = max(1, min(dpi, int(LARGEST / max(placed.width, placed.height))))
        out = io.BytesIO()
        figure.savefig(out, format=format, dpi=dpi, **_options(placed, format))
    data = out.getvalue()
    return _name(data.replace(FAMILY, FALLBACK), placed) if format == "svg" else data


def _options(placed: Picture, format: str) -> dict[str, Any]:
    """Return what a format takes beside the picture: no dates, no versions; the same run gives the same bytes."""
    title, description = safe(placed.title), safe(placed.description, DESCRIBED)
    match format:
        case "png":  # level 3: a tenth larger than 6, in half the time
            metadata = {"Title": title, "Description": description, "Software": None}
            return {"metadata": metadata, "pil_kwargs": {"compress_level": 3}}
        case "pdf":
            described = {"Title": title, "Subject": description}
            return {"metadata": {**described, "CreationDate": None, "Creator": "har-sockets", "Producer": None}}
        case _:
            return {"metadata": {"Date": None, "Creator": "har-sockets"}}


def _name(svg: bytes, placed: Picture) -> bytes:
    """Add title and description to an SVG, which is one image for those who have it read aloud."""
    head, tag, rest = svg.partition(b"<svg ")
    attributes, _, content = rest.partition(b">")
    title, description = escape(safe(placed.title)), escape(safe(placed.description, DESCRIBED))
    named = f""" role="img" aria-labelledby="chart-title" aria-describedby="chart-description">
 <title id="chart-title">{title}</title>
 <desc id="chart-description">{description}</desc>"""
    return head + tag + attributes + named.encode() + content


def draw_on(axes: Axes, run: Run, heading: str = "") -> None:
    """Draw the chart on Axes, fitted into them from the top left corner, all in one proportion, on white."""
    size = axes.bbox.transformed(axes.get_figure(root=True).dpi_scale_trans.inverted())  # type: ignore[union-attr]
    width, height = max(size.width, PIXEL), max(size.height, PIXEL)
    placed = picture(run, min(WIDEST, max(NARROWEST, width)), heading=heading)
    if placed.height / placed.width > height / width:  # too high: wider, it fills the width again
        placed = picture(run, min(WIDEST, placed.height * width / height), heading=heading)
    scale = min(width / placed.width, height / placed.height)
    paper = Boxes("paper", Look("#ffffff"), [(0, 0, width / scale, height / scale)])  # a style's own may be black
    marks = [paper, *(_scale(mark, scale) for mark in placed.marks)]
    _place(axes, placed._replace(marks=marks), width / scale, height / scale)


def _place(axes: Axes, placed: Picture, width: float, height: float) -> None:
    """Place the marks on Axes that are so many of the picture's inches wide and high."""
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for order, mark in enumerate(placed.marks):
        if (artist := _artist(axes, mark)) is not None:
            artist.set_zorder(order)


def _scale(mark: Mark, scale: float) -> Mark:
    """Scale the letters and lines of a mark, which are measured in points, like the rest."""
    if isinstance(mark, Words):
        return mark._replace(size=mark.size * scale)
    look = mark.look
    dashes = tuple(length * scale for length in look.dashes)
    return mark._replace(look=look._replace(width=look.width * scale, dashes=dashes))


def _artist(axes: Axes, mark: Mark) -> Artist | None:
    match mark:
        case Words():
            return _words(axes, mark)
        case Boxes(name, look, boxes) if boxes:
            bars = PathPatch(
                Path.make_compound_path_from_polys(_corners(np.asarray(boxes, float), look.point)),
                facecolor=look.fill or "none",
                edgecolor=look.edge or "none",
                linewidth=look.width,
                linestyle=_dashes(look),
                hatch=look.hatch,
                joinstyle="round",
            )
            # On whole pixels, which matplotlib itself does only for paths of up to 1,024 corners.
            bars.set(gid=name, rasterized=len(boxes) > RASTERISED, snap=not look.point)
            return axes.add_artist(bars)
        case Strokes(name, look, strokes) if strokes:
            lines = LineCollection(
                list(np.asarray(strokes, float).reshape(-1, 2, 2)),
                colors=look.edge,
                linewidths=look.width,
                linestyles=_dashes(look),
            )
            lines.set(gid=name, rasterized=len(strokes) > RASTERISED)
            return axes.add_collection(lines, autolim=False)
        case Curve(name, look, points) if points:
            x, y = np.asarray(points, float).T
            curve = Line2D(x, y, color=look.edge, linewidth=look.width, linestyle=_dashes(look), gid=name)
            return axes.add_line(curve)
        case _:
            return None


def _words(axes: Axes, words: Words) -> Artist:
    # On its baseline: no renderer has to know the height of a letter.
    return axes.text(
        words.x,
        words.y,
        clean(words.text),
        size=words.size,
        color=words.color,
        weight="bold" if words.bold else "normal",
        ha=words.align.value,
        va="baseline",
        family=SETTINGS["font.family"],  # whatever the settings of the figure that it stands in
        parse_math=False,
    )


def _corners(boxes: Any, point: float) -> Any:
    """Return the corners of each box; with a point, its right end runs out into one."""
    left, top, right, bottom = boxes.T
    if not point:
        return np.stack([left, top, right, top, right, bottom, left, bottom], axis=1).reshape(-1, 4, 2)
    neck = np.maximum(left, right - point)
    middle = (top + bottom) / 2
    return np.stack([left, top, neck, top, right, middle, neck, bottom, left, bottom], axis=1).reshape(-1, 5, 2)


def _dashes(look: Look) -> Any:
    # matplotlib counts dashes in widths of the line, we in points.
    return (0, tuple(length / look.width for length in look.dashes)) if look.dashes and look.width else "solid"
