"""The client opened a new connection, and the old one lived on.

How it is told: the stack of the new socket holds the function by which the client, or the application, reconnects by
itself (`_reconnect` of Stream's clients; a function of the application called `reconnect` or the like, where another
socket was opened without it). The only older socket that it can have replaced, of the same page and user (of the very
same URL where no user is known), was open then, and still was more than five seconds later, or when the capture was
saved. Where another one may have been replaced, as one that had closed, nothing is said.

Why it matters: the server delivers each event twice and counts two connections, until the old one's network connection
dies. A client that does so at every loss of network adds one each time.

What to do: close the old socket before the new one is opened. Where the library does it, see whether a newer version is
mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import heartbeats, initiators, openings
from analyzer.model import Cause, Client, Confidence, Explanation, Finding, Frame, Outcome, Proof, Session, spoken
from analyzer.providers import clients
from analyzer.providers.clients import Fault

ID = "reconnect-without-close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = [pair for pair in _pairs(sessions) if {pair[0].id, pair[1].id} <= set(finding.sessions)]
    if not pairs:
        return None
    _, new, _ = pairs[0]
    library = clients.library(new.provider)
    fault = library.known_fault(ID, new.client) if library is not None else None
    return Explanation(
        why=f"{_who(new.client, library is not None)} reconnected and left the old socket open{_fault(fault)}.",
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=fault.remedy if fault is not None else "Close the old socket before the new one is opened.",
        link=fault.link if fault is not None else None,
    )


def _pairs(sessions: Sequence[Session]) -> Iterator[tuple[Session, Session, Frame]]:
    """Each that was opened anew, after the one that it replaced, where that lived on."""
    left: dict[object, list[Session]] = {}  # that no later one has replaced
    otherwise: set[object] = set()  # where one was opened by other code: else `reconnect` is just how it connects
    for session in sessions:
        key = (session.user or session.url, session.page, session.context)
        before, frame = left.setdefault(key, []), initiators.reconnect(session)
        if frame is None:
            otherwise.add(key)
        gone = [it for it in before if openings.closed_before(it, session)]
        tells = key in otherwise or clients.library(session.provider) is not None
        if frame is not None and tells and len(before) == 1 and openings.lives_on(before[0], session):
            yield before[0], session, frame
        if gone or (frame is not None and len(before) == 1):
            before.remove(gone[-1] if gone else before[0])
        if session.outcome is not Outcome.FAILED:
            before.append(session)


def _who(client: Client | None, known: bool) -> str:
    if client is None or client.name is None:
        return "The client library" if known else "The application"
    return " ".join(filter(None, (client.name, client.version)))


def _fault(fault: Fault | None) -> str:
    return "" if fault is None else f": {fault.says}"


def _proof(old: Session, new: Session, frame: Frame) -> Iterator[Proof]:
    yield new.proves("opened by a reconnect", frame)
    age = openings.created(new) - openings.created(old)
    yield old.proves(f"opened {spoken(age)} before, and not closed then; {heartbeats.rhythm(old)}")


CAUSE = Cause(ID, "Reconnected without closing the old one", explain, of_all=True)
