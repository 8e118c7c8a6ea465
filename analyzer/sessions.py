"""Events of one socket -> Session: what is proven of its life, what is possible, and the evidence.

No close recorded means three things, by the coverage of the trace (`Closes`); and a page that goes takes its sockets
with it, or, by the back/forward cache, does not. Where the file does not say, the interval stays open: possible, not
proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

import msgspec

from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    Accepted,
    Active,
    Assume,
    Bounds,
    Capture,
    Caveat,
    Closed,
    Closes,
    Coverage,
    Event,
    Evidence,
    Instant,
    Outcome,
    Page,
    PageEnd,
    PageKind,
    Rejected,
    Requested,
    Session,
    Trace,
)

LATE = 100 * MILLISECOND  # by which the clocks of two pages may differ


class State(StrEnum):
    """readyState, as far as a capture shows it (CLOSING leaves no trace: it counts as OPEN until answered)."""

    CONNECTING = "CONNECTING"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


# What is not in it is not allowed; Requested and Active change no state.
NEXT: dict[tuple[State, type[Event]], State] = {
    (State.CONNECTING, Accepted): State.OPEN,
    (State.CONNECTING, Rejected): State.CLOSED,
    (State.OPEN, Closed): State.CLOSED,
}


def conclude(capture: Capture, assume: Collection[Assume] = ()) -> tuple[Session, ...]:
    """One session per trace, numbered s1, s2 ... in the order of the file. `assume`: what somebody says of it."""
    outlived_pages = set(_outlived(capture))
    pages = {page.id: page for page in capture.pages}
    for id in outlived_pages:
        pages[id] = msgspec.structs.replace(pages[id], end=None)
    cuts = _cuts(capture, pages)
    found = []
    outlived: Instant | None = None  # the latest end so far, where entries stand in order of close
    for number, trace in enumerate(capture.traces, 1):
        page = pages.get(trace.page) if trace.page is not None else None
        session = _conclude(f"s{number}", trace, page, capture, cuts, assume, outlived)
        if capture.in_order_of_close and session.proven is not None and session.proven.end is not None:
            outlived = max(outlived or 0, session.proven.end - 1)
        found.append(session)
    return tuple(found)


def _outlived(capture: Capture) -> Iterator[str]:
    """The pages that lived on after they are said to have been gone, as a message of one of their sockets shows: they
    are not of one tab with what followed, or were kept."""
    gone = {
        page.id: page.end.within.latest
        for page in capture.pages
        if page.end is not None and page.end.final and page.end.within.latest is not None
    }
    for trace in capture.traces:
        latest = gone.get(trace.page or "")
        if latest is not None and trace.messages.last is not None and trace.messages.last > latest + LATE:
            yield trace.page or ""


def _cuts(capture: Capture, pages: dict[str, Page]) -> dict[str, Instant]:
    """For each page: the first instant at which a socket of a later document in its tab was asked for.

    A document's sockets die with it, before the next document's script runs.
    """
    first: dict[str, Instant] = {}
    for trace in capture.traces:
        for event in trace.events:
            if isinstance(event, Requested) and event.within.latest is not None and trace.page is not None:
                first[trace.page] = min(first.get(trace.page, event.within.latest), event.within.latest)
    cuts: dict[str, Instant] = {}
    for page in reversed(capture.pages):  # later ones first: each adds to what is known of its successor
        after = page.end.successor if page.end is not None else None
        known = [at for at in (first.get(after), cuts.get(after)) if at is not None] if after is not None else []
        if known:
            cuts[page.id] = min(known)
    return cuts


def _conclude(
    id: str,
    trace: Trace,
    page: Page | None,
    capture: Capture,
    cuts: dict[str, Instant],
    assume: Collection[Assume],
    outlived: Instant | None,
) -> Session:
    state = State.CONNECTING
    created: Bounds | None = None
    opened: Bounds | None = None
    closed: Bounds | None = None
    code: int | None = None
    reason: str | None = None
    problem: str | None = None
    signs: list[Instant] = [at for at in (trace.messages.first, trace.messages.last) if at is not None]
    for event in trace.events:
        state = NEXT.get((state, type(event)), state)
        match event:
            case Requested(within=within):
                created = within
            case Accepted(within=within):
                opened = within
            case Rejected(within=within, problem=problem):
                closed = within
            case Active(at=at):
                signs.append(at)
                if opened is not None and opened.latest is None:  # by then it was open
                    earliest = None if opened.earliest is None else min(opened.earliest, at)
                    opened = Bounds(earliest, at, event.evidence, event.pointer)
            case Closed(within=within, code=code, reason=reason, problem=problem):
                closed = within

    last_seen = max(signs, default=None)
    proven = possible = None
    assumes: Caveat | None = None
    if opened is None:
        outcome = Outcome.FAILED if state is State.CLOSED else Outcome.CONNECTING
        if outcome is Outcome.CONNECTING and page is not None and page.end is not None and not _final(page.end, assume):
            # Its page is kept in the back/forward cache: there it may have opened, unseen.
            outcome = Outcome.UNKNOWN
            opened = Bounds(created.earliest if created is not None else None, None, Evidence.PAGE_KEPT, trace.pointer)
            possible = _possible(opened, None, None, page.started or 0, None)
    else:
        coverage = trace.coverage
        alive = last_seen if closed is not None else _last_sign(capture, coverage, last_seen, outlived, opened)
        cut = None
        if closed is not None:
            outcome = Outcome.CLOSED
        elif coverage.closes is Closes.ALL or coverage.to_the_end:
            outcome = Outcome.OPEN
            assumes = coverage.assumes
        elif page is not None and page.end is not None and _final(page.end, assume):
            outcome = Outcome.CLOSED
            end = page.end.within
            assumes = page.end.assumes
            closed = Bounds(alive, end.latest, end.evidence, end.pointer)
            cut = cuts.get(page.id)
        else:
            outcome = Outcome.UNKNOWN
            if alive is not None:
                closed = Bounds(alive, None, Evidence.NO_CLOSE_RECORDED, trace.pointer)
        proven = _proven(opened, closed, alive, outcome)
        begun = page.started if page is not None and page.started is not None else 0
        possible = _possible(opened, closed, cut, begun, proven)
    return Session(
        id=id,
        pointer=trace.pointer,
        url=trace.url,
        endpoint=trace.endpoint,
        page=trace.page,
        initiator=trace.initiator,
        context=trace.context,
        outcome=outcome,
        created=created,
        opened=opened,
        closed=closed,
        proven=proven,
        possible=possible,
        last_seen=last_seen,
        close_code=code,
        close_reason=reason,
        messages=trace.messages,
        problem=problem,
        clock=trace.clock,
        assumes=assumes,
        key=trace.key,
        also=trace.also,
    )


def _last_sign(
    capture: Capture, coverage: Coverage, own: Instant | None, outlived: Instant | None, opened: Bounds
) -> Instant | None:
    """Until when it was certainly open, if it was by then: its own last sign of life; that of its document, where its
    close would have been reported while that lived; the end of those that stand before it in order of close."""
    signs = [own, opened.latest, coverage.until]
    if capture.in_order_of_close:
        signs.append(outlived)
    return max((at for at in signs if at is not None), default=None)


def _final(end: PageEnd, assume: Collection[Assume]) -> bool:
    """Did its sockets die with the page?"""
    if Assume.NO_BFCACHE in assume:
        return end.final or end.by is not PageKind.RESTORE
    return end.final and not (end.assumes is not None and Assume.BFCACHE in assume)


def _proven(opened: Bounds, closed: Bounds | None, alive: Instant | None, outcome: Outcome) -> Interval | None:
    """From `opened.latest` to just after the last sign of life, or to the proven close."""
    start = opened.latest
    if start is None:
        return None
    if outcome is Outcome.OPEN:
        return Interval(start, None)
    end = start + 1 if alive is None else alive + 1
    if closed is not None and closed.latest is not None and closed.earliest is not None:
        # An exact close. One that only bounds (a page's end) has the last sign of life as its `earliest`.
        end = max(closed.earliest, min(end, closed.latest + 1))
    return Interval(start, end) if start < end else None


def _possible(
    opened: Bounds, closed: Bounds | None, cut: Instant | None, begun: Instant, proven: Interval | None
) -> Interval:
    """Without a date of its own it may have been open since its page began; without that since ever (1970)."""
    start = begun if opened.earliest is None else opened.earliest
    ends = [at for at in (closed.latest if closed is not None else None, cut) if at is not None]
    end = max(min(ends), start + 1) if ends else None  # at some instant it was open
    if proven is not None:
        start = min(start, proven.start)
        end = None if end is None or proven.end is None else max(end, proven.end)
    return Interval(start, end)
