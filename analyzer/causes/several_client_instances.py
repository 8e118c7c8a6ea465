"""One user connected with several clients.

How it is detected: the application called the client's own connect function (`connectUser` of Stream's clients) for
each socket, for the same user and on the same page, while the other sockets were open. A second call on a connected
client opens no second socket, so each call was made on a separate client. The cause is only likely where the older
sockets were possibly closing: one client that disconnects and connects again looks the same for a while. No cause is
named where each older socket closed within five seconds after the next was requested and one socket was left, because
that is a hand-over. This cause is named only for client libraries that are known to behave like this.

Why it matters: each client keeps its own connection, receives every event and holds its own state. The service counts
each of them, and may bill them.

What to do: keep one client per session and share it. In React, call the library's hook once, in the root component
(`useCreateChatClient` of stream-chat-react): it also waits for the connection before it closes it. Without such a hook,
create the client and connect outside of components. A `disconnectUser()` in the clean-up of an effect is not enough:
StrictMode runs it while the socket is still connecting, which leaves that socket open (`cleanup-while-connecting`).

Before: each mount of the component creates a client, and with it a socket.

    function Widget() {
      useEffect(() => {
        new StreamChat(apiKey).connectUser(user, token);
      }, []);
    }

After: one client per session, which every component below shares.

    function App() {  // mounted once
      const client = useCreateChatClient({ apiKey, tokenOrProvider, userData });
      if (!client) return null;  // connecting
      return <Chat client={client}><Widget /></Chat>;
    }
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, triggers
from analyzer.intervals import peak
from analyzer.model import Cause, Confidence, Explanation, Finding, Initiator, Session
from analyzer.services import clients


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN or openings.is_handed_over(sessions):
        return None
    places = {callstacks.place(it.initiator) for it in sessions if it.initiator is not None}
    frame = callstacks.call(sessions[0])
    function = f"{frame.function.rpartition('.')[2]}()" if frame is not None and frame.function else "the client"
    sure = all(_apart(old, new) for old, new in pairwise(sessions))
    return Explanation(
        why=f"{_caller(sessions, len(places), function)} ({_many(sessions)} clients of one user)."
        + ("" if sure else " Not excluded: one client that reconnects while its old sockets still close."),
        proof=tuple(it.proves(f"{function} called by", callstacks.own(it.initiator)) for it in sessions),
        sure=sure,
    )


def _many(sessions: Sequence[Session]) -> str:
    """How many clients these are for certain: one may hold two of the sockets, one after the other."""
    at_once = peak(it.proven for it in sessions if it.proven is not None)
    return f"{at_once:,}" if at_once == len(sessions) else f"at least {at_once:,}"


def _apart(old: Session, new: Session) -> bool:
    """Is it known that no client let go of the old one and connected anew?"""
    return not openings.connecting(old, new) and openings.has_outlasted(old, new)


def _client(session: Session) -> Hashable:
    """Equal for what one client would hold."""
    return (session.user, session.page, session.context) if _is_call_of_application(session) else None


def _is_call_of_application(session: Session) -> bool:
    """Did the application connect, and not the client by itself or React a second time?"""
    library, code = clients.library(session.provider), session.initiator
    return (
        library is not None
        and library.keeps
        and session.user is not None
        and code is not None
        and code.own
        and callstacks.call(session) is not None
        and callstacks.reconnect(session) is None
        and triggers.read(code).second_mount is None
    )


def _caller(members: Sequence[Session], places: int, function: str) -> str:
    """Say who called the function on which clients."""
    code: Initiator | None = members[0].initiator
    if places > 1:
        return f"The application calls {function} on different clients, from {places} places"
    by = openings.by_whom(members[0], "Code without a name")
    each_time = "each time its effect runs" if triggers.read(code).mount is not None else "each time"
    return f"{by} calls {function} on a new client {each_time}"


CAUSE = Cause("several-client-instances", "One user, several clients", explain, _client)
