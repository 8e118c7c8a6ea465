"""Clients that connect again and again: does one wait longer and longer, as it should, or not?

A wait is the time from the last end of a socket to the next opening, of one address, page and realm. Waits grow, or
they don't; the list of no client in particular is taken for right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from analyzer import openings
from analyzer.model import SECOND, Duration, Instant, Outcome, Session

PATIENT = 2 * SECOND  # a wait that gives the server a rest, if the client came to it by backing off
SPACED = SECOND * 9 // 10  # between failed attempts: a second, as clients wait that know one delay only
GROWS = 2  # the later waits of a client that backs off, against its earlier ones: medians, so that no single one tells
ANEW = 0.5  # a wait that is shorter than the one before by so much begins a new row of waits
RESTED = 60 * SECOND  # what comes after so long has nothing to do with what was before
LEVEL = 0.8  # of the longest wait: from there on it no longer grows


def series(sessions: Iterable[Session]) -> list[list[Session]]:
    """The sockets that take each other's place: of one address, page and realm, as far as they have a date."""
    series: dict[object, list[Session]] = {}
    for session in sessions:
        if openings.creation_of(session) != openings.FOREVER:
            key = session.endpoint, session.page, session.context, session.clock
            series.setdefault(key, []).append(session)
    return [openings.in_order(members) for members in series.values()]


def reconnects(members: Sequence[Session]) -> tuple[list[Session], list[Session]]:
    """Those of a series that were asked for after an earlier one had ended, each end counted once: those before which
    the client did not back off, and those before which it did."""
    again = _list_waits(members)
    parts: tuple[list[Session], list[Session]] = [], []
    for (session, _), patient in zip(again, _find_back_off([wait for _, wait in again]), strict=True):
        parts[patient].append(session)
    return parts


def list_unhurried(members: Sequence[Session]) -> list[Session]:
    """List those of a series before which the client backed off, or waited for about a second at least."""
    rested = [session for session, wait in _list_waits(members) if wait >= SPACED]
    return [*reconnects(members)[1], *rested]


def _list_waits(members: Sequence[Session]) -> list[tuple[Session, Duration]]:
    """List those that were asked for after an earlier one had ended, each end counted once, with the wait before."""
    ends = sorted(at for session in members if (at := _end(session)) is not None)
    again: list[tuple[Session, Duration]] = []
    for session in members:
        if len(again) < len(ends) and ends[len(again)] <= openings.creation_of(session):
            again.append((session, _wait(session, ends)))
    return again


def _end(session: Session) -> Instant | None:
    """By when it had surely ended."""
    if session.outcome not in (Outcome.CLOSED, Outcome.FAILED) or session.closed is None:
        return None
    return session.closed.latest


def _wait(session: Session, ends: Sequence[Instant]) -> Duration:
    at = openings.creation_of(session)
    return at - ends[bisect_right(ends, at) - 1]


def _find_back_off(waits: Sequence[Duration]) -> list[bool]:
    """Of each wait: does it belong to a row of waits that grew?"""
    rows: list[list[Duration]] = []
    for n, wait in enumerate(waits):
        if not n or wait < waits[n - 1] * ANEW or wait > RESTED:
            rows.append([])
        rows[-1].append(wait)
    return [spared for row in rows for spared in _find_rest(row)]


def _find_rest(row: Sequence[Duration]) -> list[bool]:
    """Those until it no longer grows, and the long ones after that; none, if it did not grow."""
    level = LEVEL * max(row)
    top = next(n for n, wait in enumerate(row, 1) if wait >= level)
    if top < 3 or _median(row[top // 2 : top]) < GROWS * _median(row[: top // 2]):
        return [False] * len(row)
    return [n < top or wait >= PATIENT for n, wait in enumerate(row)]


def _median(waits: Sequence[Duration]) -> Duration:
    """The lower one, of an even number. (`statistics` costs a third of a start.)"""
    return sorted(waits)[(len(waits) - 1) // 2]
