"""Make room for one capture: where its plot is, and where in it an instant is painted. Sizes in inches, colours."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import NamedTuple

from analyzer.intervals import Interval
from analyzer.model import Instant, Report
from analyzer.outputs.chart.lanes import Stack
from analyzer.outputs.chart.marks import PIXEL
from analyzer.timeline import Axis, Layout

DOT = "  ·  "
MARGIN, GAP = 0.22, 0.1
SIDE = 1.2  # inches left of the plot at least: what the axes are called has room there
STRIP, AXIS, NOTHING = 0.21, 0.4, 1.1
TITLE, BODY, SMALL, TINY = 13.0, 9.0, 8.0, 7.0  # points
BEFORE, AFTER = 0.01, 0.035  # of the width of the axis: room beside an end that is not cut
LINE = 1.42 / 72  # inches per line of text, for each point of its size
MIDDLE = 0.36 / 72  # from the middle of a line down to its baseline, likewise

INK, NAVY, STEEL, RED, GREY, FAINT, HAIR = "#1f2328", "#1b3a5c", "#6b86a3", "#a3200d", "#5f6368", "#9aa0a6", "#e4e6e9"
TINT, AMBER, AMBER_EDGE, CREAM = "#f2f4f6", "#fce0b5", "#c98d3c", "#fff7ea"


class Plot(NamedTuple):
    """Map instants to inches. What lies outside is at the edge; room after the last sign shows what went on."""

    left: float
    right: float
    start: Instant
    end: Instant
    offset: float  # inches from the left edge of the plot to `start`
    scale: float  # inches a microsecond

    def x(self, at: Instant | None) -> float:
        if at is None:
            return self.right
        return min(self.right, max(self.left, self.left + self.offset + (at - self.start) * self.scale))


def plot_of(axis: Axis, left: float, right: float) -> Plot:
    before, after = 0.0 if axis.cut_start else BEFORE, 0.0 if axis.cut_end else AFTER
    inches_of_all = (right - left) / (1 + before + after)
    return Plot(left, right, axis.start, axis.end, before * inches_of_all, inches_of_all / axis.span)


class Panel(NamedTuple):
    """Hold one capture, with room for what is painted of it."""

    number: int
    report: Report
    layout: Layout
    stacks: list[Stack]
    plot: Plot
    width: float  # of the whole picture
    zone: tzinfo = UTC  # of the clock

    @property
    def axis(self) -> Axis:
        return self.layout.axis

    @property
    def left(self) -> float:
        return self.plot.left

    @property
    def right(self) -> float:
        return self.plot.right

    def x(self, at: Instant | None) -> float:
        return self.plot.x(at)


def span_of(panel: Panel, interval: Interval) -> tuple[float, float] | None:
    """Return from where to where an interval is drawn, at least a pixel; None outside of the axis."""
    plot = panel.plot
    if (panel.axis.cut_end and interval.start > plot.end) or (interval.end is not None and interval.end < plot.start):
        return None
    left, right = plot.x(interval.start), plot.x(interval.end)
    if right - left < PIXEL:
        left = min(left, plot.right - PIXEL)
        right = left + PIXEL
    return left, right
