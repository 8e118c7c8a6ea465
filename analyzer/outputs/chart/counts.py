"""Draw how many were open at each instant, with the limits of the policy and the services."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.outputs.chart.legend import LOOKS
from analyzer.outputs.chart.lettering import inches, short
from analyzer.outputs.chart.marks import PIXEL, Align, Curve, Look, Mark, Stroke, Strokes, Words
from analyzer.outputs.chart.panel import FAINT, GAP, GREY, HAIR, INK, LINE, MIDDLE, RED, TINY, Panel
from analyzer.timeline import Layout, Steps
from analyzer.wording.timeline import short_limit

HEIGHT, LOWEST, HALF = 0.8, 0.6, 0.56  # inches: of one scale, of one up to 2, and of each of two scales
WORDS = {"proven": "certain", "possible": "possible"}


def counts_height(layout: Layout) -> float:
    """Measure the counts, in inches."""
    if layout.split:
        return 2 * HALF + GAP
    return HEIGHT if layout.highest > 2 else LOWEST


def count_marks(panel: Panel, top: float) -> Iterator[Mark]:
    """Draw how many were open at each instant, on scales that hold the limits."""
    layout = panel.layout
    height = HALF if layout.split else counts_height(layout)
    levels: list[Stroke] = []
    frame: list[Stroke] = []
    limits: list[Stroke] = []
    others: list[Mark] = []
    for scale in layout.scales:
        bottom, inch = top + height, height / (scale.highest * 1.12)
        step = next(s for s in _round() if s * (2 if layout.split else 4) >= scale.highest)
        for level in range(0, scale.highest + 1, step):
            y = bottom - level * inch
            levels.append((panel.left, y, panel.right, y))
            others.append(Words(f"{level:,}", panel.left - 0.06, y + TINY * MIDDLE, TINY, INK, align=Align.RIGHT))
        frame += [(panel.left, top, panel.left, bottom), (panel.left, bottom, panel.right, bottom)]
        beside = panel.left - 0.14 - inches(f"{scale.highest:,}", TINY)
        curves = [(name, steps) for name, steps in (("possible", scale.possible), ("proven", scale.proven)) if steps]
        for name, steps in curves:
            points = [(x, bottom - level * inch) for x, level in _corners(panel, steps)]
            others.append(Curve(f"count-{name}-{panel.number}", LOOKS[f"count-{name}"], points))
        others += _names(panel, [name for name, _ in reversed(curves)], beside, (top + bottom) / 2)
        above = 0.0
        for line in sorted(scale.limits, key=lambda line: -line.level):
            y = bottom - line.level * inch
            limits.append((panel.left, y, panel.right, y))
            above = max(y + TINY * MIDDLE, above + TINY * LINE)
            text = short(short_limit(line), panel.width - panel.right - 0.1, TINY)
            others.append(Words(text, panel.right + 0.06, above, TINY, RED))
        top = bottom + GAP
    yield Strokes(f"levels-{panel.number}", Look(edge=HAIR, width=0.6), levels)
    yield Strokes(f"frame-{panel.number}", Look(edge=FAINT, width=0.8), frame)
    yield from others
    yield Strokes(f"limit-{panel.number}", LOOKS["limit"], limits)


def _names(panel: Panel, names: list[str], right: float, middle: float) -> Iterator[Mark]:
    """Name the curves of one scale beside it, each with a piece of its line and its peak."""
    peaks = dict(zip(WORDS, panel.layout.peaks, strict=True))
    is_whole = not (panel.axis.cut_start or panel.axis.cut_end)
    lines = [(name, text) for name in names for text in (WORDS[name], f"peak {peaks[name]:,}")[: 1 + is_whole]]
    left = right - max((inches(text, TINY) for _, text in lines), default=0)
    for row, (name, text) in enumerate(lines):
        y = middle + TINY * LINE * (row - (len(lines) - 1) / 2)
        yield Words(text, left, y + TINY * MIDDLE, TINY, INK if text == WORDS[name] else GREY)
        if text == WORDS[name]:
            yield Strokes(f"name-{name}-{panel.number}", LOOKS[f"count-{name}"], [(left - 0.3, y, left - 0.06, y)])


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
