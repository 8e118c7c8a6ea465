"""The clean-up ran while the socket was still CONNECTING, and the client library did not close it.

How it is detected: this client version is known not to close such a socket. Of two sockets from the same place in the
code, the first was still connecting when the second was requested, and it never closed. The cause is certain when the
client dropped the first socket: that socket receives messages, but only the second sends the client's heartbeat. It is
likely when React's StrictMode mounted twice (see `missing-cleanup`): an effect without any clean-up looks the same.

Why it matters: StrictMode only makes the fault visible. In production it happens whenever a component unmounts before
its connection is open, for example on a quick change of route or a slow network.

What to do: wait for the connection before you disconnect, or connect once outside of anything that mounts repeatedly.

Before: the clean-up runs while the socket is still connecting.

    useEffect(() => {
      client.connectUser(user, token);
      return () => client.disconnectUser();
    }, []);

After: the clean-up waits for the connection.

    useEffect(() => {
      const connected = client.connectUser(user, token);
      return () => { connected.finally(() => client.disconnectUser()); };
    }, []);
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, heartbeats, openings, triggers
from analyzer.model import Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length, name, term
from analyzer.services.clients import Fault

ID = "cleanup-while-connecting"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    dropped = [pair for pair in openings.from_one_place(sessions) if _fault(*pair) and heartbeats.ghost(*pair, 1)]
    pairs = dropped or [pair for pair in openings.second_mounts(sessions) if _fault(*pair)]
    if not pairs:
        return None
    first, second = pairs[0]
    fault, client = _fault(first, second), first.client
    assert fault is not None
    assert client is not None  # or no fault would be known
    whose = openings.by_whom(second, "a component")
    return Explanation(
        why=Sentence(
            "{} {} did not close the first socket of {}: {}."
            if dropped
            else "{} {} did not close the first socket of {} when StrictMode cleaned up: {}. An effect without a "
            "clean-up can look the same.",
            name(str(client.name)),
            name(str(client.version)),
            whose,
            term(fault.says),
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=fault.remedy,
        link=fault.link,
        sure=bool(dropped),
    )


def _fault(first: Session, second: Session) -> Fault | None:
    library = callstacks.library(first)
    if library is None or not openings.lives_on(first, second) or not openings.connecting(first, second):
        return None
    return library.find_fault(ID, first.client)


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    again = triggers.read(second.initiator).second_mount
    yield second.proves(
        "opened by the second mount" if again else "opened by", frame=again or callstacks.own(second.initiator)
    )
    before = length(openings.creation_of(second) - openings.creation_of(first))
    code = callstacks.own(first.initiator)
    yield first.proves(
        "requested {} before {} by the same code, and still connecting then", before, second.name, frame=code
    )
    yield first.proves("its client never closed it; {}", heartbeats.rhythm(first))
    yield second.proves("{}", heartbeats.rhythm(second))


def _may_be_faulty(session: Session) -> bool:
    library = callstacks.library(session)
    return library is not None and any(ID in it.causes for it in library.fault)


CAUSE = Cause(ID, "The clean-up did not close a connecting socket", explain, openings.source, _may_be_faulty)
