"""Find the socket that a line of the browser's console is about: by the address in it, else the nearest in time.

A client library warns in the same page just before or after it opens a socket, so the nearest step of a socket of that
page is shown beside the line. That is a place in time, and no cause.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from analyzer import callstacks
from analyzer.model import SECOND, ConsoleLine, Duration, Instant, Nearness, Outcome, Session, Step
from analyzer.patterns import Pattern
from analyzer.services import Row
from analyzer.services.console import find_services

NEAR = 1 * SECOND  # a line that names no address is about nothing that happened longer before or after it
ADDRESS = Pattern(r"\bwss?://[^\s'\"<>()]+")
ELIDED = "..."  # Blink's KURL::ElidedString: the first 511 and the last 510 characters of a long address


class Moment(NamedTuple):
    """One step of one socket."""

    latest: Instant
    earliest: Instant
    step: Step
    session: Session

    def distance(self, at: Instant) -> Duration:
        """Measure from the bounds of the step to an instant; negative before them, 0 within them."""
        return min(at - self.earliest, 0) or max(at - self.latest, 0)


def relate(
    lines: Sequence[ConsoleLine], sessions: Sequence[Session], rows: Sequence[Row] = ()
) -> tuple[ConsoleLine, ...]:
    """Give each line the socket that it is about, if its words and its instant show one.

    A line that names a service is about none of another one; a line with the address of a socket that is not in the
    capture is about none.
    """
    if not lines:
        return ()
    moments = sorted((it for session in sessions for it in _moments(session)), key=lambda moment: moment.latest)
    instants = [moment.latest for moment in moments]
    return tuple(_complete(line, _about(line, sessions, moments, instants, rows), sessions) for line in lines)


def _complete(line: ConsoleLine, about: Nearness | None, sessions: Sequence[Session]) -> ConsoleLine:
    """Return the line with its socket, and with the application's own code that had it written."""
    provider = None if about is None else sessions[int(about.session[1:]) - 1].provider
    return msgspec.structs.replace(line, about=about, code=callstacks.by_map(callstacks.opener(line.code, provider)))


def _about(
    line: ConsoleLine,
    sessions: Sequence[Session],
    moments: Sequence[Moment],
    instants: Sequence[Instant],
    rows: Sequence[Row],
) -> Nearness | None:
    addresses = ADDRESS.findall(line.text)
    if addresses:
        comparable = (session for session in sessions if session.clock == line.clock)
        having = [session for session in comparable if any(_is(session.url, address) for address in addresses)]
        return _nearest(line, [moment for session in having for moment in _moments(session)], named=True)
    services = find_services(line.text, rows)
    near = moments[bisect_left(instants, line.at - NEAR) : bisect_left(instants, line.at + NEAR + 1)]
    fitting = [moment for moment in near if _may_be_about(line, moment.session, services)]
    return _nearest(line, fitting, named=False)


def _may_be_about(line: ConsoleLine, session: Session, services: frozenset[str]) -> bool:
    if session.clock != line.clock or (line.page is not None and session.page not in (None, line.page)):
        return False
    if not services:
        return not session.dev_only
    return session.provider is not None and session.provider.id in services


def _nearest(line: ConsoleLine, moments: Sequence[Moment], named: bool) -> Nearness | None:
    """The nearest step; of several at one instant the first of a socket's life."""
    best = min(moments, key=lambda moment: abs(moment.distance(line.at)), default=None)
    if best is None:
        return None
    return Nearness(best.session.id, named, best.step, best.distance(line.at), best.earliest == best.latest)


def _moments(session: Session) -> Iterator[Moment]:
    """The steps of a socket's life that have bounds on both sides."""
    end = Step.FAILED if session.outcome is Outcome.FAILED else Step.CLOSED
    steps = ((Step.REQUESTED, session.created), (Step.OPENED, session.opened), (end, session.closed))
    for step, bounds in steps:
        if bounds is not None and bounds.earliest is not None and bounds.latest is not None:
            yield Moment(bounds.latest, bounds.earliest, step, session)


def _is(url: str, address: str) -> bool:
    """Is this the address of a socket as the browser's messages write it: without the middle, where it is long?"""
    address = address.rstrip(".,;:")
    start, elided, end = address.partition(ELIDED)
    return url == address or (bool(elided) and url.startswith(start) and url.endswith(end))
