"""Events of one socket -> Session: what is proven of its life, what is possible, and the evidence.

No close recorded means three things, by the coverage of the trace (`Closes`); and a page that goes takes its sockets
with it, or, by the back/forward cache, does not. Where the file does not say, the interval stays open: possible, not
proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

import msgspec

from analyzer.assumptions import KEPT_OPEN
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    Accepted,
    Active,
    Assume,
    Bounds,
    Capture,
    Caveat,
    CaveatKind,
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
    Place,
    Rejected,
    Requested,
    Session,
    Trace,
)

CONTRADICTORY = CaveatKind.CONTRADICTORY.caveat(
    "What is recorded of a socket contradicts itself, so its times are wider than any one record says."
)
LATE = 100 * MILLISECOND  # by which the clocks of two pages may differ
RETURN = 200 * MILLISECOND  # bounds of a close this narrow need no assumption, whatever else the close was reported by


class State(StrEnum):
    """readyState, as far as a capture shows it (CLOSING counts as OPEN until it is answered)."""

    CONNECTING = "CONNECTING"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


# What is not in it is not allowed; Requested and Active change no state.
NEXT: dict[tuple[State, type[Event]], State] = {
    (State.CONNECTING, Accepted): State.OPEN,
    (State.CONNECTING, Rejected): State.CLOSED,
    (State.OPEN, Closed): State.CLOSED,
}


class _Story:
    """What the events and messages of one trace tell, in order."""

    def __init__(self, trace: Trace) -> None:
        self.state = State.CONNECTING
        self.created: Bounds | None = None
        self.opened: Bounds | None = None
        self.closed: Bounds | None = None
        self.code: int | None = None
        self.reason: str | None = None
        self.problem: str | None = None
        self.contradictory = False  # two events of a kind cannot both be true
        self.signs = [*trace.signs]
        for event in trace.events:
            self._add(event)

    @property
    def last_seen(self) -> Instant | None:
        return max(self.signs, default=None)

    def _add(self, event: Event) -> None:
        self.state = NEXT.get((self.state, type(event)), self.state)
        match event:
            case Requested(within=within):
                self.created = self._meet(self.created, within)
            case Accepted(within=within):
                self.opened = self._meet(self.opened, within)
            case Rejected(within=within, problem=problem):
                self.closed, self.problem = self._meet(self.closed, within), problem
            case Active():
                self._see(event)
            case Closed(within=within):
                self.closed = self._meet(self.closed, within)
                self.code, self.reason, self.problem = event.code, event.reason, event.problem

    def _see(self, event: Active) -> None:
        """Take a sign of life: by then it was open."""
        self.signs.append(event.at)
        if self.opened is not None and self.opened.latest is None:
            earliest = None if self.opened.earliest is None else min(self.opened.earliest, event.at)
            self.opened = Bounds(earliest, event.at, event.evidence, event.pointer)

    def _meet(self, former: Bounds | None, later: Bounds) -> Bounds:
        """Both events bear witness. If they cannot both be true, either may be."""
        if former is None:
            return later
        common = former.meet(later)
        if common is None:
            self.contradictory = True
            return later.hull(former)
        return common


class _Around(msgspec.Struct, frozen=True):
    """What surrounds a socket."""

    page: Page | None
    cut: Instant | None  # the first instant at which a socket of a later document in its tab was asked for
    order_end: Instant | None  # the end of those that stand before it, where sockets stand in order of close
    assume: Collection[Assume]

    @property
    def final_end(self) -> PageEnd | None:
        """The end of its page, if that took its sockets with it."""
        end = self.page.end if self.page is not None else None
        return end if end is not None and _final(end, self.assume) else None


class _Life(msgspec.Struct, frozen=True):
    """What is concluded."""

    outcome: Outcome
    opened: Bounds | None = None
    closed: Bounds | None = None
    proven: Interval | None = None
    possible: Interval | None = None
    assumes: Caveat | None = None


def conclude(capture: Capture, assume: Collection[Assume] = ()) -> tuple[Session, ...]:
    """One session per trace, numbered s1, s2 ... in the order of the files. `assume`: what somebody says of it."""
    pages = {page.id: page for page in capture.pages}
    for id in set(_survivors(capture)):
        pages[id] = msgspec.structs.replace(pages[id], end=None)
    cuts = _cuts(capture, pages)
    sessions = []
    ends: dict[int, Instant] = {}  # the latest so far, of each file whose sockets stand in order of close
    for number, trace in enumerate(capture.traces, 1):
        page = pages.get(trace.page) if trace.page is not None else None
        around = _Around(page, None if page is None else cuts.get(page.id), ends.get(trace.file), assume)
        session = _conclude(f"s{number}", trace, around, capture)
        if capture.is_damaged:
            session = _doubt(session)
        proven = session.proven
        if capture.files[trace.file].in_order_of_close and proven is not None and proven.end is not None:
            ends[trace.file] = max(ends.get(trace.file, 0), proven.end - 1)
        sessions.append(session)
    return tuple(sessions)


def _doubt(session: Session) -> Session:
    """Conclude what a record is worth of which any byte may be wrong: it proves nothing. A digit of a date that changed
    looks as good as the right one."""
    outcome = Outcome.UNKNOWN if session.outcome is Outcome.OPEN else session.outcome
    return msgspec.structs.replace(session, proven=None, outcome=outcome)


def _survivors(capture: Capture) -> Iterator[str]:
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
        if after is not None:
            instants = [at for at in (first.get(after), cuts.get(after)) if at is not None]
            cuts.update({page.id: min(instants)} if instants else {})
    return cuts


def _conclude(id: str, trace: Trace, around: _Around, capture: Capture) -> Session:
    story = _Story(trace)
    life = (
        _conclude_unopened(story, trace, around)
        if story.opened is None
        else _conclude_open(story, story.opened, trace, around)
    )
    return Session(
        id=id,
        pointer=capture.locate(trace.file, trace.pointer),
        url=trace.url,
        endpoint=trace.endpoint,
        page=trace.page,
        initiator=trace.initiator,
        context=trace.context,
        user_context=trace.user_context,
        outcome=life.outcome,
        created=story.created,
        opened=life.opened,
        closed=life.closed,
        proven=life.proven,
        possible=life.possible,
        last_seen=story.last_seen,
        close_code=story.code,
        close_reason=story.reason,
        messages=trace.messages,
        problem=story.problem,
        clock=trace.clock,
        assumes=life.assumes,
        contradicts=CONTRADICTORY if story.contradictory else None,
        key=trace.key,
        only_sent=trace.coverage.only_sent,
        where=trace.where,
        seen_in=(Place(trace.file, trace.pointer), *trace.also),
    )


def _conclude_unopened(story: _Story, trace: Trace, around: _Around) -> _Life:
    """No handshake was answered, as far as the capture shows: it failed, was still on, or was answered unseen."""
    if story.state is State.CLOSED:
        return _Life(Outcome.FAILED, closed=story.closed)
    page, began = around.page, story.created.earliest if story.created is not None else None
    if page is not None and page.end is not None and around.final_end is None:  # it is in the back/forward cache
        opened = Bounds(began, None, Evidence.PAGE_KEPT, trace.pointer)
        return _Life(
            Outcome.UNKNOWN, opened, story.closed, None, _possible(opened, None, None, page.started or 0, None)
        )
    if trace.coverage.end is not None and around.final_end is None:
        opened = Bounds(max(began or 0, trace.coverage.end), None, Evidence.CAPTURE_ENDED, trace.pointer)
        return _Life(Outcome.UNKNOWN, opened, story.closed, None, _possible(opened, None, None, 0, None))
    return _Life(Outcome.CONNECTING, closed=story.closed)


def _conclude_open(story: _Story, opened: Bounds, trace: Trace, around: _Around) -> _Life:
    """It was open: how did that end?"""
    coverage, page, closed, cut = trace.coverage, around.page, story.closed, None
    alive = story.last_seen if closed is not None else _last_sign(story, opened, coverage, around.order_end)
    assumes: Caveat | None = None
    if closed is not None:
        outcome = Outcome.CLOSED
        if closed.latest is not None and _is_reported_late(closed):
            alive, assumes = closed.latest - 1, KEPT_OPEN
    elif coverage.closes is Closes.ALL or coverage.to_the_end:
        outcome, assumes = Outcome.OPEN, coverage.assumes
    elif (end := around.final_end) is not None:
        outcome, assumes, cut = Outcome.CLOSED, end.assumes, around.cut
        closed = Bounds(alive, end.within.latest, end.within.evidence, end.within.pointer)
    else:
        outcome = Outcome.UNKNOWN
        closed = None if alive is None else Bounds(alive, None, Evidence.NO_CLOSE_RECORDED, trace.pointer)
    proven = _proven(opened, closed, alive, outcome, coverage.end)
    begun = page.started if page is not None and page.started is not None else 0
    return _Life(outcome, opened, closed, proven, _possible(opened, closed, cut, begun, proven), assumes)


def _is_reported_late(closed: Bounds) -> bool:
    """Was the close reported when its page came back from the back/forward cache, and does nothing else date it?"""
    if closed.evidence is not Evidence.CLOSE_ON_RETURN or closed.latest is None:
        return False
    return closed.earliest is None or closed.latest - closed.earliest > RETURN


def _last_sign(story: _Story, opened: Bounds, coverage: Coverage, order_end: Instant | None) -> Instant | None:
    """Until when it was certainly open, if it was by then: its own last sign of life; that of its document, where its
    close would have been reported while that lived; the end of those that stand before it in order of close."""
    signs = (story.last_seen, opened.latest, coverage.until, order_end)
    return max((at for at in signs if at is not None), default=None)


def _final(end: PageEnd, assume: Collection[Assume]) -> bool:
    """Did its sockets die with the page?"""
    if Assume.NO_BFCACHE in assume:
        return end.final or end.by is not PageKind.RESTORE
    return end.final and not (end.assumes is not None and Assume.BFCACHE in assume)


def _proven(
    opened: Bounds, closed: Bounds | None, alive: Instant | None, outcome: Outcome, over: Instant | None
) -> Interval | None:
    """From `opened.latest` to just after the last sign of life, or to the proven close.

    over: when its file ended, if another one goes on.
    """
    start = opened.latest
    if start is None:
        return None
    if outcome is Outcome.OPEN:
        return Interval(start, None if over is None else max(over, start + 1))
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
