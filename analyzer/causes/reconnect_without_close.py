"""The client opened a new connection, and the old one lived on.

How it is told: the stack of the new socket holds the function by which the client, or the application, reconnects by
itself (`_reconnect` of Stream's clients; a function of the application called `reconnect` or the like, where another
socket was opened without it). An older socket of the same page, address and user was open then, and still was more than
five seconds later, or when the capture was saved.

Why it matters: the server delivers each event twice and counts two connections, until the old one's network connection
dies. A client that does so at every loss of network adds one each time.

What to do: close the old socket before the new one is opened. Where the library does it, see whether a newer version is
mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import heartbeats, initiators, openings
from analyzer.model import Cause, Client, Confidence, Explanation, Finding, Frame, Proof, Session, spoken
from analyzer.providers import clients
from analyzer.providers.clients import Fault

ID = "reconnect-without-close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = list(_pairs(sessions))
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
    """Each that was opened anew, after the last one before that lived on."""
    before: dict[object, Session] = {}
    otherwise: set[object] = set()  # where one was opened by other code: else `reconnect` is just how it connects
    for session in sessions:
        key = (session.endpoint, session.page, session.user, session.context)
        old, frame = before.get(key), initiators.reconnect(session)
        if frame is None:
            otherwise.add(key)
        tells = key in otherwise or clients.library(session.provider) is not None
        if old is not None and frame is not None and tells and openings.lives_on(old, session):
            yield old, session, frame
        before[key] = session


def _who(client: Client | None, known: bool) -> str:
    if client is None or client.name is None:
        return "The client library" if known else "The application"
    return " ".join(filter(None, (client.name, client.version)))


def _fault(fault: Fault | None) -> str:
    return "" if fault is None else f": {fault.says}"


def _proof(old: Session, new: Session, frame: Frame) -> Iterator[Proof]:
    yield new.proves("opened by a reconnect", frame)
    code = new.initiator
    if code is not None and code.function is not None and code.function != frame.function:
        yield new.proves("which began in", Frame(code.function, code.url, code.line, code.column))
    age = openings.created(new) - openings.created(old)
    yield old.proves(f"opened {spoken(age)} before, and not closed then; {heartbeats.rhythm(old)}")


CAUSE = Cause(ID, "Reconnected without closing the old one", explain)
