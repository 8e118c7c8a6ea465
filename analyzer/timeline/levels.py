"""Count for each column of an axis how many sockets were open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.intervals import Interval, sweep
from analyzer.model import Session
from analyzer.timeline.axis import Axis


def levels(intervals: Iterable[Interval], axis: Axis) -> list[int]:
    """Count for each column the most intervals that hold at once at some instant of it."""
    highest = [0] * axis.columns
    steps = sweep(intervals)
    for n, (at, level) in enumerate(steps):
        until = steps[n + 1][0] if n + 1 < len(steps) else None
        for column in axis.cells(Interval(at, until)):
            highest[column] = max(highest[column], level)
    return highest


def proven_levels(sessions: Sequence[Session], axis: Axis) -> list[int]:
    """Count for each column how many sockets were certainly open.

    Sockets whose times are of different clocks prove nothing about each other.
    """
    clocks = {session.clock for session in sessions}
    each = [levels((s.proven for s in sessions if s.proven and s.clock == clock), axis) for clock in clocks]
    return [max(column) for column in zip(*each, strict=True)] if each else [0] * axis.columns


def possible_levels(sessions: Sequence[Session], axis: Axis) -> list[int]:
    """Count for each column how many sockets were possibly open."""
    return levels((s.possible for s in sessions if s.possible), axis)
