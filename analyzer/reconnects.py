"""Match the sockets of one series with the ends that they follow: a reconnect for which no end is left is one too many.

A series is the sockets of one user, or to one address for one purpose where no user is known, of one page. Each end of
a socket is a reason for one new socket. Ends are counted as early and as many as the capture allows: what may have
closed has closed. So a reconnect that is one too many is so however the unknown closes were.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush

import msgspec

from analyzer import callstacks, openings, triggers
from analyzer.memo import memoize_last
from analyzer.model import SECOND, Calls, Finding, Frame, Initiator, Instant, Outcome, Session, Value

PATIENCE, SLOWEST = 4, 5 * SECOND  # how much longer than the first one a second reconnect for one end may wait


class Opening(Value, frozen=True):
    """One socket, and how it came after the others of its series.

    series: equal for the sockets of one series.
    again: the frame by which client or application reconnected by itself; None: it did not.
    spare: it is a reconnect, and no end is left that it could follow.
    end: the last end before it, None if there was none.
    rival: of such a one, the socket that followed the last end before; None: no socket had ended.
    anew: of such a one, the last socket that the application opened after all others had ended; None: it did not.
    """

    session: Session
    series: Hashable
    again: Frame | None
    spare: bool
    end: Instant | None = None
    rival: Session | None = None
    anew: Session | None = None


@memoize_last  # every cause and every finding of a report asks about the same sessions
def follow(sessions: Sequence[Session]) -> dict[str, Opening]:
    """Return for each socket, by its id, how it came after the others. The sessions are in the order in which they were
    requested."""
    result: dict[str, Opening] = {}
    series: dict[Hashable, _Series] = {}
    for session in sessions:
        key = _series_of(session)
        result[session.id] = series.setdefault(key, _Series(key)).add(session)
    return result


def _series_of(session: Session) -> Hashable:
    whose = session.user or (session.endpoint, openings.purpose(session.url))
    return whose, session.page, session.context, session.clock


def find_rivals(finding: Finding, sessions: Sequence[Session]) -> list[tuple[Opening, Opening]]:
    """Return the pairs of sockets of a finding that both followed one end: the one that took it, and each that came
    after that though no end was left."""
    by_id = follow(sessions)
    spare = [it for it in _of(finding, by_id) if it.spare and it.anew is None and it.rival is not None]
    pairs = [(by_id[it.rival.id], it) for it in spare if it.rival is not None]
    return [(one, it) for one, it in pairs if _is_one_reason(one, it) and _have_met(one.session, it.session)]


def find_outlived(finding: Finding, sessions: Sequence[Session]) -> list[tuple[Session, Opening]]:
    """Return the sockets of a finding that a waiting reconnect opened after the application had opened a new one, each
    with one that it met."""
    by_id = follow(sessions)
    spare = [it for it in _of(finding, by_id) if it.spare and it.anew is not None]
    pairs = [(it.rival, it) for it in spare if it.rival is not None]
    return [(rival, it) for rival, it in pairs if _have_met(rival, it.session)]


def find_replaced(finding: Finding, sessions: Sequence[Session]) -> list[tuple[Session, Session]]:
    """Return the pairs of sockets of a finding of which the second came from the same place by a reconnect or a timer,
    though none had ended before, and the first lived on."""
    by_id = follow(sessions)
    firsts: dict[object, Session] = {}  # by its place, the last one that was no reconnect
    pairs: list[tuple[Session, Session]] = []
    if not any(it.spare and it.rival is None for it in _of(finding, by_id)):
        return pairs
    for new in openings.in_order(select(finding, sessions)):
        opening, source = by_id[new.id], openings.source(new)
        old = firsts.get(source)
        if opening.spare and opening.rival is None and old is not None and openings.lives_on(old, new):
            pairs += [(old, new)] if _have_met(old, new) else []
        if opening.again is None:
            firsts[source] = new
    return pairs


def select(finding: Finding, sessions: Sequence[Session]) -> list[Session]:
    """Return the sockets of a finding."""
    return [it.session for it in select_openings(finding, sessions)]


def select_openings(finding: Finding, sessions: Sequence[Session]) -> list[Opening]:
    """Return the same, each with how it came after the others."""
    return _of(finding, follow(sessions))


def may_resume(session: Session) -> bool:
    """May a client or the application have opened it again by itself? Without such a socket nothing reconnects."""
    code = session.initiator
    return (
        frame_of(session) is not None
        or callstacks.find_library(session) is not None
        or triggers.read(code).end_handler is not None
    )


def frame_of(session: Session) -> Frame | None:
    """Return the frame by which a socket was opened again, by its name or because it set a timer, if there is one."""
    trigger = triggers.read(session.initiator)
    return (
        callstacks.reconnect(session)
        or trigger.end_handler
        or next(iter(triggers.timer_roots(session.initiator)), None)
    )


def is_after_end(session: Session) -> bool:
    """Does its stack show that it was opened because another had ended? By a handler for that, by the function with
    which its library reconnects, or by nothing but that library's code."""
    library, code = callstacks.find_library(session), session.initiator
    by_library = library is not None and bool(library.again) and callstacks.reconnect(session) is not None
    alone = library is not None and code is not None and not code.own
    return by_library or alone or triggers.read(code).end_handler is not None


def _of(finding: Finding, by_id: dict[str, Opening]) -> list[Opening]:
    return [by_id[id] for id in finding.sessions if id in by_id]


def _have_met(one: Session, other: Session) -> bool:
    return openings.is_concurrent(one, other)


def _is_one_reason(one: Opening, other: Opening) -> bool:
    """May both have followed the same end? Soon enough after each other, and by the same code but for the handler in
    which it began, because a socket had ended, or in the same call."""
    if one.end is None:
        return False
    first, second = (openings.creation_of(it.session) - one.end for it in (one, other))
    if second > PATIENCE * first + SLOWEST:
        return False
    resumed = callstacks.find_library(other.session) is not None
    by_end = is_after_end(other.session) or resumed
    return is_same_code(one, other) or by_end or _have_one_root(one.session, other.session)


def is_same_code(one: Opening, other: Opening) -> bool:
    """Did the same code reconnect? By equal stacks, but for the handler in which they began, or from the same place by
    a timer that the same function had set."""
    first, second = one.session.initiator, other.session.initiator
    if first is None or second is None:
        return False
    if [*first.frames][:-1] == [*second.frames][:-1]:
        return True
    setters = {(root[0].url, root[0].function) for root in map(triggers.timer_roots, (first, second)) if root}
    return callstacks.place(first) == callstacks.place(second) and len(setters) == 1 and (setters.pop()[1] or "") != ""


class _Series:
    """The sockets of one series so far."""

    def __init__(self, key: Hashable) -> None:
        self._key = key
        self._ends: list[Instant] = []  # a heap: when each may have ended, of those that no opening followed yet
        self._ended = 0  # ends that have passed, and that no opening followed yet
        self._alive = 0  # sockets that have not ended by then
        self._last: Instant | None = None  # the last end that has passed
        self._rival: Session | None = None  # the last that followed an end
        self._anew: Session | None = None  # the last that the application opened after all others had ended
        self._firsts: dict[object, Initiator] = {}  # for each place, the stack of the first socket that it opened

    def add(self, session: Session) -> Opening:
        """Take the next socket."""
        self._pass(openings.creation_of(session) + openings.QUEUED)
        again = self._again(session)
        follows = self._ended > 0 and (again is not None or not self._alive)
        spare = again is not None and not follows
        opening = Opening(session, self._key, again, spare, self._last)
        if follows:
            self._ended -= 1
            self._rival = session
            if again is None and not self._is_reaction(session):
                self._anew = session
        if spare:
            anew = None if self._anew is None or _have_one_root(self._anew, session) else self._anew
            opening = msgspec.structs.replace(opening, rival=self._rival, anew=anew)
        self._alive += 1
        if (end := _end(session)) is not None:
            heappush(self._ends, end)
        return opening

    def _pass(self, at: Instant) -> None:
        while self._ends and self._ends[0] <= at:
            self._last = heappop(self._ends)
            self._ended += 1
            self._alive -= 1

    def _is_reaction(self, session: Session) -> bool:
        """Did code of the application open it as soon as another had ended? Then an end was its reason, too."""
        return self._last is not None and openings.creation_of(session) - self._last < openings.QUEUED

    def _again(self, session: Session) -> Frame | None:
        """Find the frame by which this socket was opened again, by its name or because a timer led to it from the same
        place as an earlier one."""
        code = session.initiator
        if code is None or not code.stack:
            return None
        first = self._firsts.setdefault(callstacks.place(code), code)
        trigger = triggers.read(code)
        named = callstacks.reconnect(session) or trigger.end_handler
        if named is not None or trigger.mount or trigger.render or trigger.refresh:
            return named  # the timer is a framework's
        if callstacks.find_library(session) is not None and _has_resumed(first, code):
            return code.stack[1].frames[0] if code.stack[1].frames else None
        roots = triggers.timer_roots(code)
        is_new = _after_timer(first) != _after_timer(code)  # else the first was opened by such a timer, too
        return roots[0] if roots and is_new and callstacks.call(session) is None else None


def _after_timer(code: Initiator) -> tuple[Calls, ...]:
    """Return the turns that ran after the timer; all of them where no timer led to the opening."""
    return code.stack[: triggers.read(code).timer]


def _has_resumed(first: Initiator, code: Initiator) -> bool:
    """Did the call that had opened the first socket open this one, too, after it had waited within the library?"""
    return [*first.frames] == [*code.frames] and triggers.opener_turn(first) < triggers.opener_turn(code)


def _have_one_root(one: Session, other: Session) -> bool:
    """Did both begin in the same call? Then both are consequences of one event."""
    root = callstacks.outermost(one.initiator)
    return root is not None and root == callstacks.outermost(other.initiator)


def _end(session: Session) -> Instant | None:
    """Return when it may have ended at the earliest; None if it was open when the capture was saved."""
    if session.outcome in (Outcome.OPEN, Outcome.CONNECTING):
        return None
    if session.closed is not None and session.closed.earliest is not None:
        return session.closed.earliest
    started = session.proven or session.possible
    return started.start if started is not None else openings.creation_of(session)
