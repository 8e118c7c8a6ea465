"""Write how long a socket was open, how it ended, and how that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from analyzer import openings
from analyzer.model import Duration, Instant, Outcome, Page, Session, format_duration
from analyzer.timeline import Axis, close_bounds
from analyzer.wording.instants import EXACT, when

BY_AN_ERROR = "closed by an error"


class OutcomeWords(NamedTuple):
    """Name an outcome: in a row, a count or a chart, and in a sentence of its own."""

    brief: str
    full: str


OUTCOMES = {  # in the order in which they are counted
    Outcome.CLOSED: OutcomeWords("closed", "closed"),
    Outcome.OPEN: OutcomeWords("open when saved", "still open"),
    Outcome.UNKNOWN: OutcomeWords("end unknown", "opened; this file does not show whether it closed"),
    Outcome.CONNECTING: OutcomeWords("still connecting", "still connecting: no answer was recorded"),
    Outcome.FAILED: OutcomeWords("never opened", "never opened: the handshake failed"),
}


def count_outcomes(sessions: Iterable[Session]) -> list[str]:
    """Count sockets by how they ended: `4 closed`, `1 open when saved`."""
    tally = Counter(session.outcome for session in sessions)
    return [f"{tally[outcome]:,} {words.brief}" for outcome, words in OUTCOMES.items() if tally[outcome]]


def how_ended(session: Session) -> str:
    """Name what shows that it closed or failed; the error that closed it comes first."""
    if session.outcome is Outcome.CLOSED and session.problem:
        return f"{BY_AN_ERROR}: {session.problem}"
    return session.closed.evidence.sentence if session.closed is not None else ""


def time_open(session: Session, saved: Instant | None) -> str:
    """Say how long it was open: `1.94 s`, `≥ 3.25 s`, `≤ 26 ms`; empty where it never opened or nothing bounds it.

    One that was still open when the capture was saved was open until then.
    """
    possible, proven = session.possible, session.proven
    if possible is None:
        return ""
    most = None if possible.end is None else possible.end - possible.start
    if proven is None:
        return "" if most is None else f"≤ {_duration(most)}"
    end = max(proven.start, saved or 0, session.last_seen or 0) if proven.end is None else proven.end
    least = end - proven.start
    exact = most is not None and most - least <= EXACT
    return _duration(least) if exact else f"≥ {_duration(least)}" if least else "≥ an instant"


def _duration(duration: Duration) -> str:
    return format_duration(duration) if duration else "0 s"


def ending(session: Session, pages: dict[str, Page], axis: Axis, short: bool = False) -> str:
    """Say how it ended and how that is known, in few words. `short`: without the words of an error."""
    match session.outcome:
        case Outcome.CLOSED:
            closed = close_bounds(session)
            timed = closed is not None and closed.latest is not None
            if session.problem:
                how = BY_AN_ERROR if short else how_ended(session)
                return f"{when(closed, axis)}, {how}" if timed else how
            if closed is None or closed.latest is None:
                return "closed, time unknown"
            return f"{when(closed, axis)}, {closed.evidence.ending}"
        case Outcome.OPEN:
            return OUTCOMES[session.outcome].brief
        case Outcome.FAILED:
            if openings.is_abandoned(session):
                return "closed while connecting"
            never = OUTCOMES[session.outcome].brief
            return f"{never}: {shorten_problem(session.problem)}" if session.problem else never
        case Outcome.CONNECTING:
            return OUTCOMES[session.outcome].brief
        case Outcome.UNKNOWN:
            left = session.page is not None and (page := pages.get(session.page)) is not None and page.end is not None
            unknown = OUTCOMES[session.outcome].brief
            return f"page left, {unknown}" if left else unknown


def span(session: Session, axis: Axis) -> str:
    """Say from when to when it was open, by what is certain: `0.21 s – 2.39 s`, `by 0.3 s – still open`."""
    words = OUTCOMES[session.outcome]
    if session.outcome is Outcome.FAILED:
        return "closed while connecting" if openings.is_abandoned(session) else words.brief
    if session.outcome is Outcome.CONNECTING:
        return words.brief
    end = when(close_bounds(session), axis) if session.outcome is Outcome.CLOSED else ""
    end = end or (words.full if session.outcome is Outcome.OPEN else words.brief)
    return f"{when(session.opened, axis) or 'start unknown'} – {end}"


def shorten_problem(problem: str) -> str:
    """Shorten Chrome's sentences by what all of them have."""
    for start in ("Error in connection establishment: net::", "Error during WebSocket handshake: ", "net::"):
        problem = problem.removeprefix(start)
    return problem.replace("Unexpected response code: ", "HTTP ").removeprefix("Unexpected ")
