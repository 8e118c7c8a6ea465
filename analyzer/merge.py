"""Unite several captures of one run: each socket once, with all that any of them shows of it.

Four steps, before anything is concluded: align (clocks, pages and pointers of each file stay apart), pair (which traces
are one socket), unite (the bounds of its events meet), disagree (name what cannot all be true).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple, TypeVar

import msgspec

from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Active,
    Bounds,
    Capture,
    Caveat,
    CaveatKind,
    Closed,
    Closes,
    Coverage,
    Duration,
    Event,
    Evidence,
    Instant,
    Page,
    Place,
    Rejected,
    Requested,
    Trace,
)

T = TypeVar("T")
E = TypeVar("E", bound=Event)

SAME_KEY = 5 * SECOND  # by how much the clocks of two captures of one run may differ
SAME_URL = SECOND // 2  # likewise, where no key tells: of two sockets of one address the nearer one
SLACK = 5 * MILLISECOND  # by which two formats may differ about one instant

CLOCKS = CaveatKind.CLOCKS_AS_THEY_ARE.caveat(
    "Several captures are on one timeline, each with its own clock. If two clocks differed, the times of their sockets "
    "are wrong relative to each other by that difference."
)
CONTRADICTORY = CaveatKind.CONTRADICTORY.caveat(
    "These captures contradict each other about a socket, so its times are wider than any one of them says."
)


def merge(captures: Sequence[Capture]) -> Capture:
    """Put all captures on one timeline, and unite a socket that stands in several of them.

    That a socket was open when one file ended says nothing of later, when another file goes on. The captures must be as
    they were read, and at least one.
    """
    files = [file for capture in captures for file in capture.files]
    traces = align(captures)
    groups = pair(traces, [file.format for file in files])
    caveats = (CLOCKS, *_caveats(captures), *disagree(groups, captures))
    return Capture(
        files=tuple(files),
        pages=tuple(page for number, capture in enumerate(captures, 1) for page in _pages(number, capture)),
        traces=tuple(unite(group) for group in groups),
        caveats=caveats,
        skipped=tuple(
            msgspec.structs.replace(part, pointer=f"{capture.source}#{part.pointer}")
            for capture in captures
            for part in capture.skipped
        ),
    )


# -- align ---------------------------------------------------------------------------------------------------


def align(captures: Sequence[Capture]) -> list[Trace]:
    """Return the traces of all captures, each with its file, page and clock among those of the others.

    Wall clocks are taken for one. A clock that was set within a capture is nobody else's.
    """
    last = max((end for capture in captures if (end := _end(capture)) is not None), default=None)
    traces = []
    first_file, next_clock = 0, 1
    for number, capture in enumerate(captures, 1):
        clocks, end = {0: 0}, _end(capture)
        for trace in capture.traces:
            if trace.clock not in clocks:
                clocks[trace.clock], next_clock = next_clock, next_clock + 1
            traces.append(
                msgspec.structs.replace(
                    trace,
                    file=first_file + trace.file,
                    also=tuple(Place(first_file + place.file, place.pointer) for place in trace.also),
                    page=None if trace.page is None else _page_id(number, trace.page),
                    clock=clocks[trace.clock],
                    coverage=trace.coverage if end == last else msgspec.structs.replace(trace.coverage, end=end),
                )
            )
        first_file += len(capture.files)
    return traces


def _end(capture: Capture) -> Instant | None:
    return None if capture.observed is None else capture.observed.end


def _pages(number: int, capture: Capture) -> Iterator[Page]:
    for page in capture.pages:
        end = page.end and msgspec.structs.replace(page.end, successor=_page_id(number, page.end.successor))
        yield msgspec.structs.replace(page, id=_page_id(number, page.id), end=end)


def _page_id(number: int, id: str) -> str:
    return f"{number}:{id}"


# -- pair ----------------------------------------------------------------------------------------------------


def pair(traces: Sequence[Trace], formats: Sequence[str]) -> list[list[Trace]]:
    """Group the traces of one socket, in the order of its first one. `formats`: of the files.

    Two traces are one socket if their handshakes have the same key; without a key, if they have the same address and
    their handshakes are nearest to each other, in files of different formats (two files of one format are two tabs).
    """
    groups: list[list[Trace]] = []
    by_key: dict[str, list[Trace]] = {}
    for trace in traces:
        group = by_key.get(trace.key) if trace.key else None
        if group is not None and _is_same_instant(group[0], trace, SAME_KEY):
            group.append(trace)
            continue
        groups.append([trace])
        if trace.key:
            by_key[trace.key] = groups[-1]
    return _pair_by_address(groups, formats)


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


def _is_same_instant(one: Trace, other: Trace, slack: Duration) -> bool:
    distance = _distance(one, other)
    return distance is not None and distance <= slack


def _distance(one: Trace, other: Trace) -> Duration | None:
    """How far apart both handshakes began."""
    starts = [_start(trace) for trace in (one, other)]
    return None if starts[0] is None or starts[1] is None else abs(starts[0] - starts[1])


def _start(trace: Trace) -> Instant | None:
    return next((event.within.earliest for event in trace.events if isinstance(event, Requested)), None)


# -- unite ---------------------------------------------------------------------------------------------------


def unite(group: Sequence[Trace]) -> Trace:
    """Make one trace of those of one socket: its events meet, and what else is known comes from whichever knows it."""
    first = group[0]
    if len(group) == 1:
        return first
    messages = max((trace.messages for trace in group), key=lambda messages: (messages.recorded, len(messages.times)))
    return msgspec.structs.replace(
        first,
        events=tuple(_events(group)),
        messages=messages,
        page=_first(trace.page for trace in group),
        initiator=_first(trace.initiator for trace in group),
        protocols=_first(trace.protocols for trace in group) or (),
        opening=_first(trace.opening for trace in group) or (),
        scripts=_first(trace.scripts for trace in group) or (),
        attribution=_first(trace.attribution for trace in group),
        context=_first(trace.context for trace in group),
        coverage=_coverage(group),
        key=_first(trace.key for trace in group),
        also=(*first.also, *(place for it in group[1:] for place in (Place(it.file, it.pointer), *it.also))),
        extension=any(trace.extension for trace in group),
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value), None)


def _events(group: Sequence[Trace]) -> Iterator[Event]:
    """The events of all, each kind once, in the order in which they can happen. One that was accepted did not fail."""
    accepted = _bounds(group, Accepted)
    for kind in (Requested, Accepted):
        within = _bounds(group, kind)
        if within:
            yield kind(_common(within))
    if not accepted:
        for rejected in _of_kind(group, Rejected)[:1]:
            yield Rejected(_common(_bounds(group, Rejected)), rejected.problem)
    yield from _of_kind(group, Active)
    for trace in group:  # the messages of one capture stay; of the others it counts that they passed
        for at in (trace.messages.first, trace.messages.last):
            if at is not None:
                yield Active(at, Evidence.OTHER_CAPTURE, trace.pointer)
    closes = _of_kind(group, Closed)
    if closes:
        yield Closed(
            _common([event.within for event in closes]),
            next((event.code for event in closes if event.code is not None), None),
            _first(event.reason for event in closes),
            _first(event.problem for event in closes),
        )


def _of_kind(group: Sequence[Trace], kind: type[E]) -> list[E]:
    return [event for trace in group for event in trace.events if isinstance(event, kind)]


def _bounds(group: Sequence[Trace], kind: type[Requested | Accepted | Rejected]) -> list[Bounds]:
    return [event.within for event in _of_kind(group, kind)]


def _common(bounds: Sequence[Bounds]) -> Bounds:
    """What all allow; where they contradict each other, what any allows."""
    common = bounds[0]
    for other in bounds[1:]:
        common = common.meet(other) or common.hull(other)
    return common


def _coverage(group: Sequence[Trace]) -> Coverage:
    """The richest coverage: of a file that saw it open to its end, the one that ended last."""
    return max((trace.coverage for trace in group), key=_reach)


def _reach(coverage: Coverage) -> tuple[bool, float, int, Instant]:
    seen_open = coverage.closes is Closes.ALL or coverage.to_the_end
    end = float("inf") if coverage.end is None else coverage.end
    order = (Closes.NONE, Closes.WHILE_PAGE_LIVES, Closes.ALL)
    return seen_open, end if seen_open else 0, order.index(coverage.closes), coverage.until or 0


# -- disagree ------------------------------------------------------------------------------------------------


def disagree(groups: Sequence[Sequence[Trace]], captures: Sequence[Capture]) -> list[Caveat]:
    """Name what cannot all be true: bounds of one instant that do not meet, captures that share no socket."""
    caveats = []
    if any(len(group) > 1 and _is_contradictory(group) for group in groups):
        caveats.append(CONTRADICTORY)
    return [*caveats, *_strangers(groups, captures)]


def _is_contradictory(group: Sequence[Trace]) -> bool:
    """Does one capture say that it opened, and another that it failed; or are two instants too far apart?"""
    if _bounds(group, Accepted) and _bounds(group, Rejected):
        return True
    kinds: tuple[type[Requested | Accepted | Rejected | Closed], ...] = (Requested, Accepted, Rejected, Closed)
    return any(
        one.meet(other) is None and _gap(one, other) > SLACK
        for kind in kinds
        for one, other in combinations([event.within for event in _of_kind(group, kind)], 2)
    )


def _gap(one: Bounds, other: Bounds) -> Duration:
    """How far apart bounds are that do not meet."""
    gaps = [a.earliest - b.latest for a, b in ((one, other), (other, one)) if a.earliest and b.latest]
    return max(gaps, default=0)


def _strangers(groups: Sequence[Sequence[Trace]], captures: Sequence[Capture]) -> Iterator[Caveat]:
    """Captures with sockets of which none is in a capture of another format."""
    formats = [file.format for capture in captures for file in capture.files]
    shared = {trace.file for group in groups if len({formats[it.file] for it in group}) > 1 for trace in group}
    own = {trace.file for group in groups for trace in group}
    if len({formats[file] for file in own}) < 2:
        return
    sources = [file.source for capture in captures for file in capture.files]
    for file in sorted(own - shared):
        if formats[file] != "har":
            yield CaveatKind.NOT_OF_ONE_RUN.caveat(
                f"{sources[file]} shares no socket with the other captures: it is probably of another run."
            )


def _caveats(captures: Sequence[Capture]) -> Iterator[Caveat]:
    """What limits all captures is said once; what limits some, with their names."""
    for caveat in dict.fromkeys(caveat for capture in captures for caveat in capture.caveats):
        sources = [capture.source for capture in captures if caveat in capture.caveats]
        if len(sources) == len(captures):
            yield caveat
        else:
            yield msgspec.structs.replace(caveat, message=f"{', '.join(sources)}: {caveat.message}")
