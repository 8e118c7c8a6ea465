"""Interval algebra: half-open intervals, and the sweep that finds where several hold at the same time.

Knows nothing of sockets. Points are integers; an end of None is an open end (never below any point). Above `MANY`
intervals numpy does what it can; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Key = TypeVar("Key", bound=Hashable)
Member_contra = TypeVar("Member_contra", contravariant=True)


MANY = 20_000  # intervals from which it pays to import numpy
NEVER = (1 << 63) - 1  # an open end, as a number
_END, _START = 0, 1  # ends sort before starts at the same point


class Interval(NamedTuple):
    """`[start, end)`: touching is not overlapping, and an interval that ends where it starts is empty."""

    start: int
    end: int | None

    @property
    def empty(self) -> bool:
        return self.end is not None and self.end <= self.start

    def meet(self, other: Interval) -> Interval | None:
        """Return what both hold; None where that is nothing."""
        ends = [end for end in (self.end, other.end) if end is not None]
        both = Interval(max(self.start, other.start), min(ends) if ends else None)
        return None if both.empty else both

    def hull(self, other: Interval) -> Interval:
        """Return the shortest interval that holds both."""
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        return Interval(min(self.start, other.start), end)


class Episode(NamedTuple, Generic[Key]):
    """A maximal stretch in which at least k intervals hold at once."""

    interval: Interval
    peak: int
    keys: tuple[Key, ...]  # all that hold at some point of it, by first start


def sweep(intervals: Iterable[Interval]) -> list[tuple[int, int]]:
    """Return the steps of concurrency: (point, how many hold from there on), in order, one per point."""
    filled = [it for it in intervals if it.end is None or it.start < it.end]  # `empty`, without a call for each
    if len(filled) > MANY:
        points, levels = steps(*_arrays(filled))
        return list(zip(points.tolist(), levels.tolist(), strict=True))
    changes: dict[int, int] = {}
    for start, end in filled:
        changes[start] = changes.get(start, 0) + 1
        if end is not None:
            changes[end] = changes.get(end, 0) - 1
    level = 0
    changes_of_level = []
    for point in sorted(changes):
        if changes[point]:
            level += changes[point]
            changes_of_level.append((point, level))
    return changes_of_level


def steps(starts: Any, ends: Any) -> tuple[Any, Any]:
    """Do the same for intervals as two numpy arrays, none of them empty, an open end as NEVER: points, and levels.

    Starts and ends are sorted apart, and merged: each start comes behind the ends that are not above it.
    """
    import numpy

    starts, ends = numpy.sort(starts), numpy.sort(ends)
    begins = numpy.zeros(2 * len(starts), bool)
    begins[numpy.arange(len(starts)) + numpy.searchsorted(ends, starts, "right")] = True
    points = numpy.empty(len(begins), numpy.int64)
    points[begins], points[~begins] = starts, ends
    levels = numpy.cumsum(numpy.where(begins, numpy.int32(1), numpy.int32(-1)), dtype=numpy.int32)
    last = numpy.ones(len(points), bool)  # of those at one point
    numpy.not_equal(points[1:], points[:-1], out=last[:-1])
    last &= points < NEVER
    points, levels = points[last], levels[last]
    changed = numpy.ones(len(points), bool)
    numpy.not_equal(levels[1:], levels[:-1], out=changed[1:])
    return points[changed], levels[changed]


def _arrays(intervals: Sequence[Interval]) -> tuple[Any, Any]:
    import numpy

    ends = (NEVER if interval.end is None else interval.end for interval in intervals)
    return (
        numpy.fromiter((interval.start for interval in intervals), numpy.int64, len(intervals)),
        numpy.fromiter(ends, numpy.int64, len(intervals)),
    )


def peak(intervals: Iterable[Interval]) -> int:
    """Return how many hold at the same time at most; 0 for none."""
    filled = [it for it in intervals if it.end is None or it.start < it.end]
    return len(filled) if len(filled) < 2 else max(level for _, level in sweep(filled))


class Crowd(Protocol[Member_contra]):
    """Those that hold at one point, while a sweep goes on; `label` names what they are together, None for nothing."""

    def enter(self, key: Member_contra, /) -> None: ...
    def leave(self, key: Member_contra, /) -> None: ...
    def label(self) -> Hashable | None: ...


def episodes(items: Iterable[tuple[Key, Interval]], k: int = 2) -> list[Episode[Key]]:
    """Return the maximal stretches with at least `k` of the items at the same time, in order of time. O(n log n).

    A hand-over inside a stretch (one ends while others go on) does not split it.
    """
    filled = [item for item in items if not item[1].empty]
    if len(filled) < k:
        return []
    if k == 2 and len(filled) > MANY:
        return _overlaps(filled)
    return _stretches(filled, k)


def _stretches(items: Sequence[tuple[Key, Interval]], k: int) -> list[Episode[Key]]:
    """Return `episodes` of items none of which is empty: starts and ends are sorted apart, and merged."""
    starts = [interval.start for _, interval in items] + [NEVER]
    ends = [NEVER if interval.end is None else interval.end for _, interval in items]
    entering = [*sorted(range(len(items)), key=starts.__getitem__), len(items)]
    leaving = sorted(range(len(items)), key=ends.__getitem__)
    stretches: list[Episode[Key]] = []
    holding: dict[int, None] = {}  # a dict keeps the order of start
    members: list[int] = []  # of a stretch that goes on
    begun, most = 0, 0
    entered, left = 0, 0
    while left < len(leaving):
        start, end = starts[entering[entered]], ends[leaving[left]]
        point, first = start if start < end else end, entered
        if point == NEVER:
            break
        while end == point:
            del holding[leaving[left]]
            left += 1
            end = ends[leaving[left]] if left < len(leaving) else NEVER
        while start == point:
            holding[entering[entered]] = None
            entered += 1
            start = starts[entering[entered]]
        if len(holding) < k:
            if members:
                stretches.append(Episode(Interval(begun, point), most, tuple([items[n][0] for n in members])))
                members = []
        elif members:
            members += entering[first:entered]
            most = max(most, len(holding))
        else:
            begun, most, members = point, len(holding), list(holding)
    if members:
        stretches.append(Episode(Interval(begun, None), most, tuple([items[n][0] for n in members])))
    return stretches


def _overlaps(items: Sequence[tuple[Key, Interval]]) -> list[Episode[Key]]:
    """Return `episodes` for two or more at the same time.

    At most one goes on when a stretch begins: of those that started before, the one that ends last.
    """
    import numpy

    starts, ends = _arrays([interval for _, interval in items])
    points, levels = steps(starts, ends)
    edges = numpy.diff(numpy.concatenate(([False], levels >= 2, [False])).astype(numpy.int8))
    rises, falls = numpy.flatnonzero(edges == 1), numpy.flatnonzero(edges == -1)
    order = numpy.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    latest = numpy.maximum.accumulate(ends)  # the last end so far, and whose it is
    whose = numpy.maximum.accumulate(numpy.where(ends == latest, numpy.arange(len(ends)), 0))
    stretches = []
    for rise, fall in zip(rises.tolist(), falls.tolist(), strict=True):
        begun, over = int(points[rise]), int(points[fall]) if fall < len(points) else None
        first = int(numpy.searchsorted(starts, begun, "left"))
        last = len(starts) if over is None else int(numpy.searchsorted(starts, over, "left"))
        before = [int(whose[first - 1])] if first and latest[first - 1] > begun else []
        keys = tuple(items[order[n]][0] for n in (*before, *range(first, last)))
        stretches.append(Episode(Interval(begun, over), int(levels[rise:fall].max()), keys))
    return stretches


def runs(items: Iterable[tuple[Key, Interval]], crowd: Crowd[Key]) -> list[tuple[Hashable, Episode[Key]]]:
    """Return the maximal stretches in which the crowd keeps one label, each with its label; leave out the others."""
    edges: list[tuple[int, int, int, Key]] = []
    for order, (key, (start, end)) in enumerate(items):
        if end is None:
            edges.append((start, _START, order, key))
        elif start < end:
            edges += (start, _START, order, key), (end, _END, order, key)
    edges.sort()  # no two have the same first three

    stretches: list[tuple[Hashable, Episode[Key]]] = []
    holding: dict[Key, None] = {}  # a dict keeps the order of start
    members: dict[Key, None] = {}
    label: Hashable | None = None
    begun, most = 0, 0
    entered: list[Key] = []
    last = len(edges) - 1
    for n, (point, kind, _, key) in enumerate(edges):
        if kind == _START:
            holding[key] = None
            entered.append(key)
            crowd.enter(key)
        else:
            del holding[key]
            crowd.leave(key)
        if n < last and edges[n + 1][0] == point:
            continue
        now = crowd.label()
        if now != label:
            if label is not None:
                stretches.append((label, Episode(Interval(begun, point), most, tuple(members))))
            label, begun, most, members = now, point, 0, dict(holding)
        else:
            members.update(dict.fromkeys(entered))
        entered.clear()
        most = max(most, len(holding))
    if label is not None:
        stretches.append((label, Episode(Interval(begun, None), most, tuple(members))))
    return stretches
