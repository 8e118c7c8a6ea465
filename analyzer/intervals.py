"""Interval algebra: half-open intervals, and the sweep that finds where several hold at once.

Knows nothing of sockets. Points are integers; an end of None is an open end (never below any point).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


_END, _START = 0, 1  # ends sort before starts at the same point


class Interval(NamedTuple):
    """`[start, end)`: touching is not overlapping, and an interval that ends where it starts is empty."""

    start: int
    end: int | None

    @property
    def empty(self) -> bool:
        return self.end is not None and self.end <= self.start


class Episode(NamedTuple, Generic[Key]):
    """A maximal stretch in which at least k intervals hold at once."""

    interval: Interval
    peak: int
    keys: tuple[Key, ...]  # all that hold at some point of it, by first start


def sweep(intervals: Iterable[Interval]) -> list[tuple[int, int]]:
    """The steps of concurrency: (point, how many hold from there on), in order, one a point."""
    changes: dict[int, int] = {}
    for interval in intervals:
        if interval.empty:
            continue
        changes[interval.start] = changes.get(interval.start, 0) + 1
        if interval.end is not None:
            changes[interval.end] = changes.get(interval.end, 0) - 1
    level = 0
    steps = []
    for point in sorted(changes):
        if changes[point]:
            level += changes[point]
            steps.append((point, level))
    return steps


def peak(intervals: Iterable[Interval]) -> int:
    """The most that hold at once; 0 for none."""
    return max((level for _, level in sweep(intervals)), default=0)


def episodes(items: Iterable[tuple[Key, Interval]], k: int = 2) -> list[Episode[Key]]:
    """Maximal stretches with at least `k` of the items at once, in order of time. O(n log n).

    A hand-over inside a stretch (one ends while others go on) does not split it.
    """
    edges: list[tuple[int, int, int, Key]] = []
    for order, (key, interval) in enumerate(items):
        if interval.empty:
            continue
        edges.append((interval.start, _START, order, key))
        if interval.end is not None:
            edges.append((interval.end, _END, order, key))
    edges.sort(key=lambda edge: edge[:3])

    found: list[Episode[Key]] = []
    holding: dict[Key, None] = {}  # a dict keeps the order of start
    members: dict[Key, None] = {}
    begun, most = 0, 0
    for position, (point, kind, _, key) in enumerate(edges):
        if kind == _START:
            holding[key] = None
            if len(holding) == k:
                # The stretch before ended at this very point: it goes on.
                if found and found[-1].interval.end == point:
                    last = found.pop()
                    begun, most, members = last.interval.start, last.peak, dict.fromkeys(last.keys)
                else:
                    begun, most, members = point, 0, {}
                members.update(holding)
            if len(holding) >= k:
                members[key] = None
                more_here = position + 1 < len(edges) and edges[position + 1][0] == point
                most = most if more_here else max(most, len(holding))
        else:
            if len(holding) == k:
                found.append(Episode(Interval(begun, point), most, tuple(members)))
            del holding[key]
    if len(holding) >= k:
        found.append(Episode(Interval(begun, None), most, tuple(members)))
    return found
