"""Recognize the sockets that several captures of one run have in common, and captures that cannot be compared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import inf
from typing import NamedTuple

from analyzer.model import MILLISECOND, SECOND, Accepted, Bounds, Duration, Instant, Requested, Trace

SAME_KEY = 5 * SECOND  # by how much the clocks of two captures of one run may differ
MOST_OF_ONE_KEY = 100  # sockets that are compared with each other; a browser never sends a key twice
SAME_URL = SECOND // 2  # likewise, where no key tells: of two sockets of one address the nearer one
SKEW = 250 * MILLISECOND  # by which they never differ about when a socket opened, unless their clocks do


def pair(traces: Sequence[Trace], formats: Sequence[str]) -> list[list[Trace]]:
    """Group the traces of one socket, in the order of its first one. `formats`: of the files.

    Two traces are one socket if their handshakes have the same key; without a key, if they have the same address and
    their handshakes are nearest to each other, in files of different formats (two files of one format are two tabs).
    Two sockets of one file stay two: a client that is no browser may send the same key each time.
    """
    groups: list[list[Trace]] = []
    by_key: dict[str, list[list[Trace]]] = {}
    for trace in traces:
        alike = by_key.setdefault(trace.key, []) if trace.key else []
        group = _nearest(alike, trace)
        if group is not None:
            group.append(trace)
            continue
        groups.append([trace])
        alike.append(groups[-1])
    return _pair_by_address(groups, formats)


def _nearest(groups: Sequence[list[Trace]], trace: Trace) -> list[Trace] | None:
    """The group of one key that this trace belongs to: the nearest one that has no trace of its file."""
    others = [group for group in groups if all(it.file != trace.file for it in group)]
    distances = [(distance, n) for n, it in enumerate(others) if (distance := _distance(it[0], trace)) is not None]
    distance, n = min(distances, default=(SAME_KEY + 1, 0))
    return others[n] if distance <= SAME_KEY else None


class _Candidate(NamedTuple):
    """Two groups that may be one socket, sorted by how near their handshakes are."""

    distance: Duration
    one: int
    other: int


def _pair_by_address(groups: list[list[Trace]], formats: Sequence[str]) -> list[list[Trace]]:
    """Unite groups in the order of their distance, each file once per group."""
    into = list(range(len(groups)))  # the group that this one became a part of
    for _, one, other in sorted(_candidates(groups, formats)):
        first, second = sorted((into[one], into[other]))
        there = {formats[trace.file] for trace in groups[first]}
        if first != second and there.isdisjoint(formats[trace.file] for trace in groups[second]):
            groups[first] += groups[second]
            into = [first if place == second else place for place in into]
    return [group for place, group in enumerate(groups) if into[place] == place]


def _candidates(groups: Sequence[Sequence[Trace]], formats: Sequence[str]) -> Iterator[_Candidate]:
    """Find pairs of groups of one address, of which one at least has no key."""
    if len(set(formats)) < 2:
        return
    by_address: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        by_address.setdefault(group[0].url.partition("#")[0], []).append(place)
    for places in by_address.values():
        without_key = [place for place in places if not groups[place][0].key]
        with_key = [place for place in places if groups[place][0].key]
        for one, other in (*combinations(without_key, 2), *product(without_key, with_key)):
            distance = _distance(groups[one][0], groups[other][0])
            if distance is not None and distance <= SAME_URL:
                yield _Candidate(distance, one, other)


def _distance(one: Trace, other: Trace) -> Duration | None:
    """How far apart both handshakes began."""
    starts = [_start(trace) for trace in (one, other)]
    return None if starts[0] is None or starts[1] is None else abs(starts[0] - starts[1])


def _start(trace: Trace) -> Instant | None:
    return next((event.within.earliest for event in trace.events if isinstance(event, Requested)), None)


def find_skewed_files(groups: Sequence[Sequence[Trace]]) -> frozenset[int]:
    """The files whose clocks differ from that of another one, as a socket shows that is in both."""
    skewed: set[int] = set()
    for group in groups:
        for one, other in combinations(group, 2):
            if any(
                a.meet(b) is None and measure_gap(a, b) > SKEW for a, b in product(_openings(one), _openings(other))
            ):
                skewed |= {one.file, other.file}
    return frozenset(skewed | _files_of_distant_keys(groups))


def _openings(trace: Trace) -> list[Bounds]:
    return [event.within for event in trace.events if isinstance(event, Accepted)]


def _files_of_distant_keys(groups: Sequence[Sequence[Trace]]) -> set[int]:
    """The files that have a socket of one key and address at so different times that it was not taken for one."""
    by_key: dict[tuple[str, str], list[set[int]]] = {}
    for group in groups:
        if group[0].key:
            by_key.setdefault((group[0].key, group[0].endpoint), []).append({trace.file for trace in group})
    distant: set[int] = set()
    for lots in by_key.values():
        for one, other in combinations(lots[:MOST_OF_ONE_KEY], 2):
            distant |= set() if one & other else one | other
    return distant


class Others:
    """The sockets of each address by the formats in which they were found, to recognize one that has no key."""

    def __init__(self, groups: Sequence[Sequence[Trace]], formats: Sequence[str]) -> None:
        self.formats = formats
        self.starts: dict[str, dict[frozenset[str], list[float]]] = {}  # by address and formats
        for group in groups:
            found_in = frozenset(formats[trace.file] for trace in group)
            starts = [at for trace in group if (at := _start(trace)) is not None]
            for address in ("", group[0].url.partition("#")[0]):
                self.starts.setdefault(address, {}).setdefault(found_in, []).append(min(starts, default=inf))
        for lots in self.starts.values():
            for lot in lots.values():
                lot.sort()

    def may_have(self, trace: Trace) -> bool:
        """May a capture of another format have this socket, too, without a key or a date that tells?"""
        if trace.key:
            return False
        address, start = trace.url.partition("#")[0], _start(trace)
        if not _has_host(trace):
            address = ""
        for found_in, starts in self.starts.get(address, {}).items():
            if self.formats[trace.file] in found_in:
                continue
            near = bisect_left(starts, (start or 0) - SAME_KEY)
            if start is None or starts[-1] == inf or (near < len(starts) and starts[near] <= start + SAME_KEY):
                return True
        return False


def _has_host(trace: Trace) -> bool:
    """Is the address of this socket known?"""
    return bool(trace.endpoint.partition("://")[2].strip("/"))


def find_strangers(groups: Sequence[Sequence[Trace]], formats: Sequence[str]) -> frozenset[int]:
    """The files with sockets of which none is in a capture of another format; but HARs."""
    shared = {trace.file for group in groups if len({formats[it.file] for it in group}) > 1 for trace in group}
    own = {trace.file for group in groups for trace in group}
    if len({formats[file] for file in own}) < 2:
        return frozenset()
    return frozenset(file for file in own - shared if formats[file] != "har")


def measure_gap(one: Bounds, other: Bounds) -> Duration:
    """How far apart bounds are that do not meet."""
    gaps = [a.earliest - b.latest for a, b in ((one, other), (other, one)) if a.earliest and b.latest]
    return max(gaps, default=0)
