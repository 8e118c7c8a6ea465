"""Draw how many were open at each instant, with the limits of the services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer.intervals import Interval, sweep
from analyzer.model import Limit, Report
from analyzer.outputs.chart.legend import LOOKS
from analyzer.outputs.chart.lettering import inches, short
from analyzer.outputs.chart.marks import PIXEL, Align, Curve, Look, Mark, Strokes, Words
from analyzer.outputs.chart.panel import FAINT, GREY, HAIR, INK, LINE, MIDDLE, RED, TINY, Panel


def count_marks(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """Draw how many were open at each instant. Sockets of different clocks prove nothing about each other."""
    sessions = panel.report.sessions
    curves = [("count-possible", _steps(panel, [s.possible for s in sessions if s.possible]))]
    for ticking in sorted({session.clock for session in sessions if session.proven}):
        proven = [s.proven for s in sessions if s.proven and s.clock == ticking]
        curves.append(("count-proven", _steps(panel, proven)))
    limits = near_limits(panel.report)
    most = max([1, *(level for _, steps in curves for _, level in steps), *(limit.max for _, limit in limits)])
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
    for line, text in enumerate(("open", "sockets")):
        base = (top + bottom) / 2 + TINY * (MIDDLE + LINE * (line - 0.5))
        yield Words(text, beside, base, TINY, GREY, align=Align.RIGHT)
    for name, steps in curves:
        points = [(x, bottom - level * scale) for x, level in steps]
        yield Curve(f"{name}-{panel.number}", LOOKS[name], points)
    at = [bottom - limit.max * scale for _, limit in limits]
    yield Strokes(f"limit-{panel.number}", LOOKS["limit"], [(panel.left, y, panel.right, y) for y in at])
    above = 0.0
    for y, text in sorted(zip(at, _limit_words(limits), strict=True)):
        above = max(y + TINY * MIDDLE, above + TINY * LINE)
        yield Words(short(text, panel.width - panel.right - 0.1, TINY), panel.right + 0.06, above, TINY, RED)


def _round() -> Iterator[int]:
    return (figure * 10**power for power in range(12) for figure in (1, 2, 5))


def _steps(panel: Panel, intervals: Iterable[Interval]) -> list[tuple[float, int]]:
    """Return how many intervals hold, as the corners of a line; what falls within a pixel goes to its extremes."""
    plot = panel.plot
    points: list[tuple[float, int]] = []
    here, levels = plot.left, [0]  # those within the pixel that is being gathered
    for at, level in sweep(intervals):
        if at < plot.begin:
            levels = [level]
            continue
        if panel.stretch.cut_finish and at > plot.finish:
            break
        x = plot.x(at)
        if x - here >= PIXEL / 2:
            points += [*_spike(here, levels), (x, levels[-1])]
            here, levels = x, []
        levels.append(level)
    return [*points, *_spike(here, levels), (plot.right, levels[-1])]


def _spike(x: float, levels: list[int]) -> list[tuple[float, int]]:
    return [(x, level) for level in ((min(levels), max(levels), levels[-1]) if len(levels) > 3 else levels)]


def limits_of(report: Report) -> list[tuple[str, Limit]]:
    """List how many sockets the services allow one user, with the service's name."""
    limits = {(group.provider.name, limit): None for group in report.groups if group.provider for limit in group.limits}
    return sorted(limits, key=lambda pair: (pair[1].max, pair[0]))


def near_limits(report: Report) -> list[tuple[str, Limit]]:
    """List the limits in the range of the line, or near it: a line far above would press the rest to the ground."""
    most = report.concurrency.possible_peak
    return [it for it in limits_of(report) if it[1].max <= max(2 * most, most + 3)]


def _limit_words(limits: Sequence[tuple[str, Limit]]) -> list[str]:
    """Name the limits: `3 development`; with the service's name where there are several, or no mode."""
    one = len({name for name, _ in limits}) == 1
    return [
        f"{limit.max:,} {limit.mode}" if limit.mode and one else f"{limit.max:,} {name} {limit.mode or ''}".rstrip()
        for name, limit in limits
    ]


def limits_width(report: Report) -> float:
    return max((inches(text, TINY) for text in _limit_words(near_limits(report))), default=0)
