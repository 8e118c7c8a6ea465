"""One user connected with several clients.

How it is told: each socket was opened by a call of the application to the client's own function that connects
(`connectUser` of Stream's clients), for the same user and on the same page, while the others were open. A second call
on a client that is connected opens no second socket, so each of these calls was made on a client of its own. It is told
as probable where the older ones may have been on their way to be closed: one client that disconnects and connects anew
looks the same for a while. Where each older one did close within five seconds after the next was asked for, and one was
left, nothing is said: that is a hand-over. Named for client libraries alone of which that is known.

Why it matters: each client keeps a connection, receives every event and holds a state of its own. The service counts
each of them, and may bill them.

What to do: create the client once, outside of what is mounted again and again, and share it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from analyzer import initiators, openings
from analyzer.intervals import peak
from analyzer.model import Cause, Confidence, Explanation, Finding, Initiator, Session
from analyzer.providers import clients


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN or openings.handed_over(sessions):
        return None
    places = {initiators.place(it.initiator) for it in sessions if it.initiator is not None}
    frame = initiators.call(sessions[0])
    function = f"{frame.function.rpartition('.')[2]}()" if frame is not None and frame.function else "the client"
    sure = all(_apart(old, new) for old, new in pairwise(sessions))
    return Explanation(
        why=f"{_many(sessions)} clients of one user: {function} was called on each of them, "
        f"{_from(sessions, len(places))}."
        + ("" if sure else " One client that disconnected and connected anew looks the same for a while."),
        proof=tuple(it.proves(f"{function} called by", initiators.own(it.initiator)) for it in sessions),
        sure=sure,
    )


def _many(sessions: Sequence[Session]) -> str:
    """How many clients these are for certain: one may hold two of the sockets, one after the other."""
    at_once = peak(it.proven for it in sessions if it.proven is not None)
    return f"{at_once:,}" if at_once == len(sessions) else f"At least {at_once:,}"


def _apart(old: Session, new: Session) -> bool:
    """Is it known that no client let go of the old one and connected anew?"""
    return not openings.connecting(old, new) and openings.outlasted(old, new)


def _client(session: Session) -> Hashable:
    """Equal for what one client would hold."""
    return (session.user, session.page, session.context) if _called(session) else None


def _called(session: Session) -> bool:
    """Did the application connect, and not the client by itself or React a second time?"""
    library, code = clients.library(session.provider), session.initiator
    return (
        library is not None
        and library.keeps
        and session.user is not None
        and code is not None
        and code.own
        and initiators.call(session) is not None
        and initiators.reconnect(session) is None
        and initiators.second_mount(code) is None
    )


def _from(members: Sequence[Session], places: int) -> str:
    code: Initiator | None = members[0].initiator
    by = openings.by_whom(members[0])
    effect = ", in an effect that ran each time" if initiators.mounted(code) is not None and places == 1 else ""
    return f"from one place, {by}{effect}" if places == 1 else f"from {places} places"


CAUSE = Cause("several-client-instances", "One user, several clients", explain, _client)
