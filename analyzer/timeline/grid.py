"""Divide an axis into columns of characters."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.intervals import Interval
from analyzer.model import Instant, Value
from analyzer.timeline.axis import Axis


class Grid(Value, frozen=True):
    """Map instants to columns. Every instant of the axis has one; what lies outside is drawn at the edge."""

    axis: Axis
    columns: int

    def column(self, at: Instant) -> int:
        column = (at - self.axis.start) * self.columns // (self.axis.span + 1)
        return 0 if column < 0 else min(column, self.columns - 1)

    def cells(self, interval: Interval) -> range:
        """List the columns that the interval touches: one at least."""
        first = self.column(interval.start)
        last = self.columns - 1 if interval.end is None else self.column(max(interval.start, interval.end - 1))
        return range(first, last + 1)

    def highest(self, steps: Sequence[tuple[Instant, int]]) -> list[int]:
        """Find for each column the highest of the levels that hold at some instant of it."""
        heights = [0] * self.columns
        for n, (at, level) in enumerate(steps):
            until = steps[n + 1][0] if n + 1 < len(steps) else None
            for column in self.cells(Interval(at, until)):
                heights[column] = max(heights[column], level)
        return heights
