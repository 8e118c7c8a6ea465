"""Recognize the sockets that several captures of one run have in common, and captures that cannot be compared."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import inf
from typing import NamedTuple

from analyzer.clocks import start_of
from analyzer.model import MILLISECOND, SECOND, Accepted, Bounds, Duration, File, Instant, Rejected, Trace

SAME_KEY = 5 * SECOND  # by how much the clocks of two captures of one run may differ
MOST_OF_ONE_KEY = 100  # sockets that are compared with each other; a browser never sends a key twice
MOST_NEAR = 50  # sockets of one address that began after this one, with which it is compared
SAME_URL = SECOND // 2  # likewise, where no key tells: of two sockets of one address the nearer one
SKEW = 250 * MILLISECOND  # by which they never differ about when a socket opened, unless their clocks do


def pair(traces: Sequence[Trace], files: Sequence[File]) -> list[list[Trace]]:
    """Group the traces of one socket, in the order of its first one.

    Two traces are one socket if their handshakes have the same key; without a key, if they have the same address and
    their handshakes, or their failures, are nearest to each other, in files of different formats (two files of one
    format are two tabs).
    Two sockets of one file stay two: a client that is no browser may send the same key each time.
    """
    groups: list[list[Trace]] = []
    by_key: dict[str, _Alike] = {}
    for trace in traces:
        group = by_key.setdefault(trace.key, _Alike()).add(trace) if trace.key else [trace]
        if len(group) == 1:
            groups.append(group)
    return _pair_by_address(groups, files)


class _Alike:
    """The groups of one key. Some clients send the same key each time, so groups are found by their starts."""

    def __init__(self) -> None:
        self.groups: list[list[Trace]] = []
        self.lines: dict[frozenset[int], list[tuple[Instant, int]]] = {}  # start and number of a group, by its files

    def add(self, trace: Trace) -> list[Trace]:
        """Put a trace into the nearest group that has none of its file, or make one of it; return the group."""
        start = start_of(trace)
        if start is None:
            return [trace]
        near = [
            (abs(dated[0] - start), dated[1], dated[0], files)
            for files, line in self.lines.items()
            if trace.file not in files
            for dated in _list_neighbours(line, start)
        ]
        distance, number, first, files = min(near, default=(SAME_KEY + 1, 0, 0, frozenset()))
        if distance > SAME_KEY:
            number, first, files = len(self.groups), start, frozenset()
            self.groups.append([trace])
        else:
            self.groups[number].append(trace)
            del self.lines[files][bisect_left(self.lines[files], (first, number))]
        insort(self.lines.setdefault(files | {trace.file}, []), (first, number))
        return self.groups[number]


def _list_neighbours(line: Sequence[tuple[Instant, int]], at: Instant) -> Iterator[tuple[Instant, int]]:
    """List the nearest before and after an instant; of several at one instant the first one."""
    after = bisect_left(line, (at, 0))
    if after:
        yield line[bisect_left(line, (line[after - 1][0], 0))]
    yield from line[after : after + 1]


class _Candidate(NamedTuple):
    """Two groups that may be one socket, sorted by how near their handshakes are."""

    distance: Duration
    one: int
    other: int


class _Unions:
    """Groups of which some became parts of others, each with its formats and files."""

    def __init__(self, groups: list[list[Trace]], formats: Sequence[str]) -> None:
        self.groups = groups
        self.formats = formats
        self.into = list(range(len(groups)))  # the group that this one became a part of, or itself

    def find(self, place: int) -> int:
        """The group that this one is now a part of."""
        while self.into[place] != place:
            self.into[place] = self.into[self.into[place]]
            place = self.into[place]
        return place

    def unite(self, one: int, other: int) -> None:
        """Unite two groups, if no format is in both: what one file tells apart is two sockets."""
        first, second = sorted((self.find(one), self.find(other)))
        if first != second and self.list_formats(first).isdisjoint(self.list_formats(second)):
            self.groups[first] += self.groups[second]
            self.into[second] = first

    def list_formats(self, place: int) -> set[str]:
        """The formats in which a group was found."""
        return {self.formats[trace.file] for trace in self.groups[place]}

    def places(self) -> Iterator[int]:
        """The groups that are left."""
        return (place for place in range(len(self.groups)) if self.into[place] == place)


def _pair_by_address(groups: list[list[Trace]], files: Sequence[File]) -> list[list[Trace]]:
    """Unite groups in the order of their distance, each format once per group; then those without a date."""
    formats = [file.format for file in files]
    if len(set(formats)) < 2:
        return groups
    unions = _Unions(groups, formats)
    for _, one, other in sorted(_candidates(groups)):
        unions.unite(one, other)
    for one, other in _find_undated(unions, files):
        unions.unite(one, other)
    return [groups[place] for place in unions.places()]


def _candidates(groups: Sequence[Sequence[Trace]]) -> Iterator[_Candidate]:
    """Find pairs of groups of one address, of which one at least has no key.

    By when the handshake began, or when both failed: of one that was refused, and never sent, a capture may not know
    when it began, and Playwright dates one that was given up by when it failed.
    """
    lines: dict[tuple[bool, str], list[tuple[Instant, int]]] = {}
    for place, group in enumerate(groups):
        for is_failure, at in ((False, start_of(group[0])), (True, _failure(group[0]))):
            if at is not None:
                lines.setdefault((is_failure, _address(group[0])), []).append((at, place))
    for line in lines.values():
        line.sort()
        for number, (at, one) in enumerate(line):
            for later, other in line[number + 1 : number + 1 + MOST_NEAR]:
                if later - at > SAME_URL:
                    break
                first, second = groups[one][0], groups[other][0]
                if first.key and second.key:
                    continue
                yield _Candidate(later - at, one, other)


def _find_undated(unions: _Unions, files: Sequence[File]) -> Iterator[tuple[int, int]]:
    """Pair the handshakes of which a file knows no date (they were never sent) with those of the other captures.

    A log of the whole browser has each of them: those that it alone has are the same if they are as many. Other
    captures may be of another tab: there both must be one, and never opened.
    """
    undated: dict[tuple[int, str], list[int]] = {}
    by_address: dict[str, list[int]] = {}
    for place in unions.places():
        first = unions.groups[place][0]
        by_address.setdefault(_address(first), []).append(place)
        if _has_no_date(first) and len(unions.groups[place]) == 1:
            undated.setdefault((first.file, _address(first)), []).append(place)
    for (number, address), ones in undated.items():
        file = files[number]
        if file.observed is None:
            continue
        for other, log in enumerate(files):
            if log.format == file.format:
                continue
            others = [
                place
                for place in by_address[address]
                if any(it.file == other for it in unions.groups[place])
                and file.format not in unions.list_formats(place)
                and not _was_sent(unions.groups[place], file.observed.end)
            ]
            never = all(not _openings(it) for place in others for it in unions.groups[place])
            if len(ones) == len(others) and (log.holds_all_of(file.observed) or (len(ones) == 1 and never)):
                yield from zip(ones, others, strict=True)


def _has_no_date(trace: Trace) -> bool:
    """Does its capture show neither that its handshake was sent, nor that it failed?"""
    return not trace.key and not _openings(trace) and start_of(trace) is None and _failure(trace) is None


def _was_sent(group: Sequence[Trace], saved: Instant | None) -> bool:
    """Was it asked for, or answered, so that a capture that was saved at this instant shows more than that?"""
    if saved is None:
        return False
    if any((start := start_of(trace)) is not None and start > saved + SAME_URL for trace in group):
        return True  # after the capture was saved
    return any(it.latest is not None and it.latest < saved - SAME_URL for trace in group for it in _openings(trace))


def _address(trace: Trace) -> str:
    return trace.url.partition("#")[0]


def _failure(trace: Trace) -> Instant | None:
    return next((event.within.earliest for event in trace.events if isinstance(event, Rejected)), None)


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
            starts = [at for trace in group if (at := start_of(trace)) is not None]
            for address in ("", _address(group[0])):
                self.starts.setdefault(address, {}).setdefault(found_in, []).append(min(starts, default=inf))
        for lots in self.starts.values():
            for lot in lots.values():
                lot.sort()

    def may_have(self, trace: Trace) -> bool:
        """May a capture of another format have this socket, too, without a key or a date that tells?"""
        if trace.key:
            return False
        address, start = _address(trace), start_of(trace)
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


def find_strangers(groups: Sequence[Sequence[Trace]], files: Sequence[File]) -> frozenset[int]:
    """The files with sockets of which none is in a capture of another format, though it should be."""
    shared = {trace.file for group in groups if len({files[it.file].format for it in group}) > 1 for trace in group}
    own = {trace.file for group in groups for trace in group}
    if len({files[file].format for file in own}) < 2:
        return frozenset()
    return frozenset(file for file in own - shared if not files[file].may_stand_alone)


def measure_gap(one: Bounds, other: Bounds) -> Duration:
    """How far apart bounds are that do not meet."""
    gaps = [
        a.earliest - b.latest
        for a, b in ((one, other), (other, one))
        if a.earliest is not None and b.latest is not None
    ]
    return max(gaps, default=0)
