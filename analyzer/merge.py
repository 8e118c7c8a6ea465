"""Unite several captures of one run: each socket once, with all that any of them shows of it.

Four steps, before anything is concluded: align (clocks, pages and pointers of each file stay apart), pair (which traces
are one socket), unite (the bounds of its events meet), disagree (name what cannot all be true).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import islice, permutations
from typing import TypeVar

import msgspec

from analyzer import completeness, pairs, scopes
from analyzer.clocks import find_dates
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Active,
    Bounds,
    Capture,
    Caveat,
    CaveatKind,
    Clock,
    Closed,
    Closes,
    ConsoleLine,
    Coverage,
    Effect,
    Event,
    Evidence,
    File,
    Instant,
    Page,
    Place,
    Rejected,
    Requested,
    Trace,
    plural,
)
from analyzer.same_pages import unite_pages

T = TypeVar("T")
E = TypeVar("E", bound=Event)

SLACK = 5 * MILLISECOND  # by which two formats may differ about one instant
LATE_CLOSE = 100 * MILLISECOND  # by which a busy page learns later of a close than the network; measured: 59 ms at most

CLOCKS = CaveatKind.CLOCKS_AS_THEY_ARE.caveat(
    "Several captures are on one timeline, each with its own clock. If two clocks differed, the times of their sockets "
    "are wrong relative to each other by that difference."
)
MOST_EXAMPLES = 3  # contradictions that are named one by one
VERBS: dict[type[Accepted | Rejected | Closed], str] = {Accepted: "opened", Rejected: "failed", Closed: "closed"}
SKEWED = CaveatKind.CONTRADICTORY.caveat(
    "The clocks of these captures differ, as the times of a socket that is in several of them show. So a socket of one "
    "capture cannot be compared with a socket of another.",
    Effect.HIDES_SOCKETS,
)
UNDATED = CaveatKind.CLOCKS_AS_THEY_ARE.caveat(
    "The sockets of a capture without a wall clock cannot be compared with those of the others.", Effect.HIDES_SOCKETS
)


def merge(captures: Sequence[Capture]) -> Capture:
    """Put all captures on one timeline, and unite a socket that stands in several of them.

    That a socket was open when one file ended says nothing of later, when another file goes on. The captures must be as
    they were read, and at least one.
    """
    captures = find_dates(captures)
    files = [file for capture in captures for file in capture.files]
    traces = align(captures)
    formats = [file.format for file in files]
    groups = pairs.pair(traces, files)
    skewed = pairs.find_skewed_files(groups)
    apart = skewed | pairs.find_strangers(groups, files)
    pages, ids = unite_pages(
        [page for number, capture in enumerate(captures, 1) for page in _pages(number, capture)], groups
    )
    united = [
        msgspec.structs.replace(trace, page=ids.get(trace.page, trace.page)) if trace.page is not None else trace
        for trace in _with_own_clocks(groups, apart, formats)
    ]
    placed = scopes.place(united, captures)
    limits = scopes.drop_whole_browser(completeness.limit(captures, groups, apart), placed)
    caveats = [CLOCKS, *scopes.limit(placed), *limits, *disagree(groups, captures)]
    if skewed and len({trace.clock for trace in united}) > 1:
        caveats.append(SKEWED)
    if len(captures) > 1 and any(capture.clock is Clock.RELATIVE for capture in captures):
        caveats.append(UNDATED)
    return Capture(
        files=tuple(files),
        pages=pages,
        traces=placed,
        caveats=tuple(caveats),
        skipped=tuple(
            msgspec.structs.replace(part, pointer=f"{capture.source}#{part.pointer}")
            for capture in captures
            for part in capture.skipped
        ),
        console=tuple(
            msgspec.structs.replace(line, page=ids.get(line.page or "", line.page))
            for number, capture in enumerate(captures, 1)
            for line in _console(number, capture)
        ),
        console_dropped=sum(capture.console_dropped for capture in captures),
    )


# -- align ---------------------------------------------------------------------------------------------------


def align(captures: Sequence[Capture]) -> list[Trace]:
    """Return the traces of all captures, each with its file, page and clock among those of the others.

    Wall clocks are taken for one. A clock that was set within a capture is nobody else's; nor is one that counts from
    an instant that nobody knows.
    """
    last = max((end for capture in captures if (end := _end(capture)) is not None), default=None)
    traces = []
    first_file, next_clock = 0, 1
    for number, capture in enumerate(captures, 1):
        end = _end(capture)
        clocks = {0: 0} if capture.clock is Clock.WALL else {}
        for trace in capture.traces:
            if trace.clock not in clocks:
                clocks[trace.clock], next_clock = next_clock, next_clock + 1
            traces.append(
                msgspec.structs.replace(
                    trace,
                    file=first_file + trace.file,
                    also=tuple(Place(first_file + place.file, place.pointer) for place in trace.also),
                    page=None if trace.page is None else _own_id(number, trace.page),
                    user_context=None if trace.user_context is None else _own_id(number, trace.user_context),
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
        end = page.end and msgspec.structs.replace(page.end, successor=_own_id(number, page.end.successor))
        yield msgspec.structs.replace(page, id=_own_id(number, page.id), end=end)


def _console(number: int, capture: Capture) -> Iterator[ConsoleLine]:
    """The lines of the console of a capture; without a wall clock they are compared with nothing."""
    for line in capture.console:
        yield msgspec.structs.replace(
            line,
            page=None if line.page is None else _own_id(number, line.page),
            pointer=f"{capture.source}#{line.pointer}",
            clock=0 if capture.clock is Clock.WALL else -1,
        )


def _own_id(number: int, id: str) -> str:
    return f"{number}:{id}"


# -- clocks --------------------------------------------------------------------------------------------------


def _with_own_clocks(groups: Sequence[Sequence[Trace]], apart: Set[int], formats: Sequence[str]) -> Iterator[Trace]:
    """Unite each group, and keep what proves nothing about the others on a clock of its own.

    That is a socket of a file that stands apart (its clock differs, or it is of another run), which can be compared
    only with those of the same files; and one that may be another one of these, unrecognized.
    """
    next_clock = 1 + max((trace.clock for group in groups for trace in group), default=0)
    clocks: dict[tuple[int, frozenset[int], int], int] = {}
    others = pairs.Others(groups, formats)
    for place, group in enumerate(groups):
        trace = unite(group)
        files = frozenset(apart & {it.file for it in group})
        ambiguous = len(group) == 1 and others.may_have(trace)
        if files or ambiguous:
            key = trace.clock, files, place if ambiguous else -1
            trace = msgspec.structs.replace(trace, clock=clocks.setdefault(key, next_clock + len(clocks)))
        yield trace


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
        user_context=_first(trace.user_context for trace in group),
        coverage=_coverage(group),
        key=_first(trace.key for trace in group),
        also=(*first.also, *(place for it in group[1:] for place in (Place(it.file, it.pointer), *it.also))),
        extension=max((trace.extension for trace in group if trace.extension is not None), default=None),
        origin=_first(trace.origin for trace in group),
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
        for at in trace.signs:
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
    """The richest coverage: of a file that saw it open to its end, the one that ended last. One that never opened was
    still connecting at the end of each file."""
    richest = max((trace.coverage for trace in group), key=_reach)
    if _bounds(group, Accepted):
        return richest
    ends = [trace.coverage.end for trace in group]
    return msgspec.structs.replace(richest, end=None if None in ends else max(end for end in ends if end is not None))


def _reach(coverage: Coverage) -> tuple[bool, float, int, Instant]:
    seen_open = coverage.closes is Closes.ALL or coverage.to_the_end
    end = float("inf") if coverage.end is None else coverage.end
    order = (Closes.NONE, Closes.WHILE_PAGE_LIVES, Closes.ALL)
    return seen_open, end if seen_open else 0, order.index(coverage.closes), coverage.until or 0


# -- disagree ------------------------------------------------------------------------------------------------


def disagree(groups: Sequence[Sequence[Trace]], captures: Sequence[Capture]) -> list[Caveat]:
    """Name what cannot all be true: bounds of one instant that do not meet, captures that share no socket."""
    files = [file for capture in captures for file in capture.files]
    is_dated = any(capture.clock is Clock.WALL for capture in captures)
    named = ((number, _contradictions(group, files, is_dated)) for number, group in enumerate(groups, 1))
    sentences = [f"socket #{number}: {sentence}" for number, found in named for sentence in islice(found, 1)]
    caveats = [_contradictory(sentences)] if sentences else []
    caveats += [
        CaveatKind.NOT_OF_ONE_RUN.caveat(
            f"{files[file].source} shares no socket with the other captures: it is probably of another run."
        )
        for file in sorted(pairs.find_strangers(groups, files))
    ]
    return caveats


def _contradictory(sentences: Sequence[str]) -> Caveat:
    """One caveat for all contradictions, with a few of them."""
    more = len(sentences) - MOST_EXAMPLES
    rest = f" Likewise {plural(more, 'more socket')}." if more > 0 else ""
    return CaveatKind.CONTRADICTORY.caveat(
        "These captures contradict each other, so times are wider than any one of them says. "
        f"{'. '.join(it[0].upper() + it[1:] for it in sentences[:MOST_EXAMPLES])}.{rest}"
    )


def _contradictions(group: Sequence[Trace], files: Sequence[File], is_dated: bool) -> Iterator[str]:
    """Say which capture says what: of one socket, that it opened or failed; of two instants, that are too far apart.

    is_dated: the instants are of a day, and not counted from the start of a capture.
    """
    opened, failed = (next((it for it in group if _bounds([it], kind)), None) for kind in (Accepted, Rejected))
    if opened is not None and failed is not None:
        yield f"{files[opened.file].source} says that it opened, {files[failed.file].source} that its handshake failed"
    # Formats date the request differently: the call of the constructor, or the handshake that waited in a queue.
    for kind, verb in VERBS.items():
        slack = LATE_CLOSE if kind is Closed else SLACK
        bounds = [(event.within, trace.file) for trace in group for event in _of_kind([trace], kind)]
        for (one, first), (other, second) in permutations(bounds, 2):
            if one.latest is not None and other.earliest is not None and other.earliest - one.latest > slack:
                yield (
                    f"{files[first].source} says that it {verb} by {_write(one.latest, is_dated)}, "
                    f"{files[second].source} that it {verb} at {_write(other.earliest, is_dated)} or later"
                )


def _write(at: Instant, is_dated: bool) -> str:
    """An instant of a day, in UTC, or in seconds from the start of a capture."""
    if not is_dated:
        return f"{at / SECOND:.3f} s"
    seconds, thousandths = divmod(at // MILLISECOND, 1000)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{second:02}.{thousandths:03} UTC"
