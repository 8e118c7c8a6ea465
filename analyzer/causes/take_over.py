"""Two clients take the connection from each other, again and again.

How it is detected: at least three times a client reconnected after its socket had ended: by the client library's own
function for that, by nothing but the library's code, or out of a handler such as `onclose`. Within half a second of
each new opening the socket that had opened before it, of the same user or to the same address, closed. The cause is
likely: the capture does not show why the server closed the older one.

Why it matters: a server that allows one connection per client id closes the older one when a second client connects
with the same id. Where both reconnect by themselves this never ends: each delivers events only some of the time, and
the server gets a handshake every second.

What to do: give each client an id of its own, or keep one client and share it. A client that was replaced (the close
code or the reason says so) must not reconnect.

Before: every tab and every mount uses one client id.

    mqtt.connect(url, { clientId: 'dashboard' });

After:

    mqtt.connect(url, { clientId: `dashboard-${crypto.randomUUID()}` });
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from analyzer import callstacks, openings, reconnects, remedies
from analyzer.model import SECOND, Cause, Confidence, Explanation, Finding, Outcome, Proof, Session, format_duration
from analyzer.reconnects import Opening

ID = "take-over"
LEAST = 3  # times
SOON = SECOND // 2  # by then the server has closed the other one
REMEDY = "Give each client an id of its own, or keep one client and share it."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    named = set(finding.sessions)
    openings_by_id = reconnects.follow(sessions)
    turns = [pair for pair in _turns(sessions) if _is_reconnect(openings_by_id[pair[1].id])]
    visible = [pair for pair in turns if named.issuperset(it.id for it in pair)]
    turns = [pair for pair in turns if visible and _series(pair[1]) == _series(visible[0][1])]
    if len(turns) < LEAST:
        return None
    advice = remedies.advise(ID, turns[0][1], REMEDY, by_service=True)
    return Explanation(
        why=f"Two clients take the connection from each other: {len(turns):,} times a client reconnected, and the "
        "socket of the other one closed.",
        proof=tuple(line for turn in visible for line in _proof(*turn)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _turns(sessions: Sequence[Session]) -> Iterator[tuple[Session, Session]]:
    """Yield each socket that closed soon after a later one of its series had opened, with that one."""
    latest: dict[Hashable, Session] = {}
    for session in sessions:
        if session.opened is None:
            continue
        old = latest.get(_series(session))
        latest[_series(session)] = session
        if old is not None and _is_taken_over(old, session):
            yield old, session


def _is_reconnect(opening: Opening) -> bool:
    """Did the client library open it, or a handler for an end? Other code may open one before it closes the old."""
    session = opening.session
    resumed = opening.again is not None and callstacks.find_library(session) is not None
    return resumed or reconnects.is_after_end(session)


def _series(session: Session) -> Hashable:
    return session.user or session.endpoint, session.page, session.context, session.clock


def _is_taken_over(old: Session, new: Session) -> bool:
    if old.outcome is not Outcome.CLOSED or old.closed is None or new.opened is None:
        return False
    opened, closed = new.opened.earliest, old.closed.latest
    return (
        opened is not None
        and closed is not None
        and opened <= closed <= opened + SOON
        and openings.is_concurrent(old, new)
    )


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("opened by a reconnect", reconnects.frame_of(new))
    assert old.closed is not None
    assert old.closed.latest is not None
    later = max(0, old.closed.latest - openings.creation_of(new))
    yield old.proves(f"closed {format_duration(later)} after {new.name} was requested")


CAUSE = Cause(ID, "Two clients take the connection from each other", explain, of_all=True)
