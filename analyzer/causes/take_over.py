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
from typing import TypeAlias

from analyzer import callstacks, openings, reconnects, remedies
from analyzer.memo import memoize_last
from analyzer.model import SECOND, Cause, Explanation, Finding, Outcome, Proof, Session
from analyzer.model.sentence import Sentence, length
from analyzer.reconnects import Opening

ID = "take-over"
LEAST = 3  # times
SOON = SECOND // 2  # by then the server has closed the other one
Turn: TypeAlias = tuple[Session, Session]  # the older socket, and the one that took over
REMEDY = "Give each client an id of its own, or keep one client and share it."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    places = {id: place for place, id in enumerate(finding.sessions)}
    for series in dict.fromkeys(it.series for it in reconnects.select_openings(finding, sessions)):
        turns = _list_turns(sessions).get(series, {})
        visible = [turn for id, turn in turns.items() if id in places and turn[1].id in places]
        visible.sort(key=lambda turn: places[turn[0].id])
        if visible and len(turns) >= LEAST:
            return _describe(len(turns), visible)
    return None


def _describe(times: int, visible: Sequence[Turn]) -> Explanation:
    advice = remedies.advise(ID, visible[0][1], REMEDY, by_service=True)
    return Explanation(
        why=Sentence(
            "Two clients take the connection from each other: {} times a client reconnected, and the socket of the "
            "other one closed.",
            times,
        ),
        proof=tuple(line for turn in visible for line in _proof(*turn)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


@memoize_last  # every finding of a report asks about the same sessions
def _list_turns(sessions: Sequence[Session]) -> dict[Hashable, dict[str, Turn]]:
    """List for each series, by the id of the older one, each socket that closed soon after a reconnect had opened the
    next, with that one."""
    openings_by_id = reconnects.follow(sessions)
    turns: dict[Hashable, dict[str, Turn]] = {}
    latest: dict[Hashable, Session] = {}
    for session in sessions:
        if session.opened is None:
            continue
        opening = openings_by_id[session.id]
        old = latest.get(opening.series)
        latest[opening.series] = session
        if old is not None and _is_taken_over(old, session) and _is_reconnect(opening):
            turns.setdefault(opening.series, {})[old.id] = old, session
    return turns


def _is_reconnect(opening: Opening) -> bool:
    """Did the client library open it, or a handler for an end? Other code may open one before it closes the old."""
    session = opening.session
    resumed = opening.again is not None and callstacks.find_library(session) is not None
    return resumed or reconnects.is_after_end(session)


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
    yield new.proves("opened by a reconnect", frame=reconnects.frame_of(new))
    assert old.closed is not None
    assert old.closed.latest is not None
    later = max(0, old.closed.latest - openings.creation_of(new))
    yield old.proves("closed {} after {} was requested", length(later), new.name)


CAUSE = Cause(ID, "Two clients take the connection from each other", explain, sign=reconnects.may_resume, of_all=True)
