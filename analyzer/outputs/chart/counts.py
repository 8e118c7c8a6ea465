"""Draw how many were open at each instant, with the limits of the policy and the services."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.outputs.chart.legend import LOOKS
from analyzer.outputs.chart.lettering import inches, short
from analyzer.outputs.chart.marks import PIXEL, Align, Curve, Look, Mark, Strokes, Words
from analyzer.outputs.chart.panel import FAINT, GREY, HAIR, INK, LINE, MIDDLE, RED, TINY, Panel
from analyzer.timeline import Layout, Steps
from analyzer.wording.timeline import short_limit


def count_marks(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """Draw how many were open at each instant, on a scale that holds the limits."""
    layout, most = panel.layout, panel.layout.highest
    curves = [("count-possible", _corners(panel, layout.possible)), ("count-proven", _corners(panel, layout.proven))]
    step = next(s for s in _round() if s * 4 >= most)
    scale = (bottom - top) / (most * 1.12)
    levels = range(0, most + 1, step)
    lines = [(panel.left, bottom - level * scale, panel.right, bottom - level * scale) for level in levels]
    yield Strokes(f"levels-{panel.number}", Look(edge=HAIR, width=0.6), lines[1:])
    frame = [(panel.left, top, panel.left, bottom), (panel.left, bottom, panel.right, bottom)]
    yield Strokes(f"frame-{panel.number}", Look(edge=FAINT, width=0.8), frame)
    for level in levels:
        base = bottom - level * scale + TINY * MIDDLE
        yield Words(f"{level:,}", panel.left - 0.06, base, TINY, INK, align=Align.RIGHT)
    beside = panel.left - 0.14 - inches(f"{levels[-1]:,}", TINY)
    for row, text in enumerate(("open", "sockets")):
        base = (top + bottom) / 2 + TINY * (MIDDLE + LINE * (row - 0.5))
        yield Words(text, beside, base, TINY, GREY, align=Align.RIGHT)
    for name, steps in curves:
        points = [(x, bottom - level * scale) for x, level in steps]
        yield Curve(f"{name}-{panel.number}", LOOKS[name], points)
    at = [bottom - line.level * scale for line in layout.limits]
    yield Strokes(f"limit-{panel.number}", LOOKS["limit"], [(panel.left, y, panel.right, y) for y in at])
    above = 0.0
    for y, text in sorted(zip(at, map(short_limit, layout.limits), strict=True)):
        above = max(y + TINY * MIDDLE, above + TINY * LINE)
        yield Words(short(text, panel.width - panel.right - 0.1, TINY), panel.right + 0.06, above, TINY, RED)


def _round() -> Iterator[int]:
    return (figure * 10**power for power in range(12) for figure in (1, 2, 5))


def _corners(panel: Panel, steps: Steps) -> list[tuple[float, int]]:
    """Return the corners of the line of levels; what falls within a pixel goes to its extremes."""
    plot = panel.plot
    points: list[tuple[float, int]] = []
    here, levels = plot.left, [0]  # those within the pixel that is being gathered
    for at, level in steps:
        if at < plot.start:
            levels = [level]
            continue
        if panel.axis.cut_end and at > plot.end:
            break
        x = plot.x(at)
        if x - here >= PIXEL / 2:
            points += [*_spike(here, levels), (x, levels[-1])]
            here, levels = x, []
        levels.append(level)
    return [*points, *_spike(here, levels), (plot.right, levels[-1])]


def _spike(x: float, levels: list[int]) -> list[tuple[float, int]]:
    return [(x, level) for level in ((min(levels), max(levels), levels[-1]) if len(levels) > 3 else levels)]


def limits_width(layout: Layout) -> float:
    return max((inches(short_limit(line), TINY) for line in layout.limits), default=0)
