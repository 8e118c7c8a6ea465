"""One user connected with several clients.

How it is detected: the application called the client library (`connectUser` of Stream's clients, `subscribe` of
Supabase's, `new Pusher`) for each socket, for the same user, or for the same address where the user is unknown, and on
the same page, while the other sockets were open. A second call on a connected client of this library opens no second
socket, so each call was made on a separate client. Where only the library's own code is on the call stacks, all of them
must be equal to that of the first socket. The cause is only likely where no message passed over the older sockets more
than five seconds later, or where no call stack goes back beyond one turn of the event loop: one client that disconnects
and connects again, or reconnects, looks the same. No cause is named where each older socket closed within five seconds
after the next was requested and one socket was left, because that is a hand-over. This cause is named only for client
libraries that are known to behave like this.

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
from analyzer.model import Cause, Explanation, Finding, Initiator, Session
from analyzer.model.sentence import Sentence, name, term
from analyzer.patterns import Pattern

METHOD = Pattern(r"[a-z_]\w{2,}")  # a constructor begins with a capital, unless a minifier renamed it


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if openings.is_handed_over(sessions):
        return None
    if not all(it.initiator is not None and it.initiator.own for it in sessions):
        return _explain_unseen(sessions)
    places = {callstacks.place(it.initiator) for it in sessions if it.initiator is not None}
    function = _function(sessions[0])
    # Without async parents a reconnect looks like a call of the application.
    has_parents = any(len(it.initiator.stack) > 1 for it in sessions if it.initiator is not None)
    sure = has_parents and all(_apart(old, new) for old, new in pairwise(sessions))
    whose = Sentence("clients of one user" if sessions[0].user is not None else "clients")
    doubt = Sentence("" if sure else " Not excluded: one client that reconnects while its old sockets still close.")
    called = Sentence("{} called by", function) if function else Sentence("client created by")
    caller = _caller(sessions, len(places), function)
    return Explanation(
        why=Sentence("{} ({} {}).{}", caller, _many(sessions), whose, doubt),
        proof=tuple(it.proves("{}", called, frame=callstacks.own(it.initiator)) for it in sessions),
        sure=sure,
    )


def _explain_unseen(sessions: Sequence[Session]) -> Explanation | None:
    """Explain sockets on whose stacks stands only the library's code: by the same path as the first, which cannot be a
    reconnect."""
    library = callstacks.library(sessions[0])
    if library is None or len({it.initiator.stack for it in sessions if it.initiator is not None}) > 1:
        return None
    return Explanation(
        why=Sentence(
            "{} opened each socket in the same way, as for a new client ({} clients). Only the library's code is on "
            "the call stacks.",
            term(library.name),
            _many(sessions),
        ),
        proof=tuple(it.proves("opened by", frame=callstacks.own(it.initiator)) for it in sessions),
        sure=False,
    )


def _function(session: Session) -> Sentence:
    """Name the client's function that the application called; empty for a constructor, which makes a client anyway."""
    frame = callstacks.call(session)
    own_name = (frame.function or "").rpartition(".")[2] if frame is not None else ""
    return Sentence("{}()", name(own_name)) if METHOD.fullmatch(own_name) else Sentence("")


def _many(sessions: Sequence[Session]) -> Sentence:
    """How many clients these are for certain: one may hold two of the sockets, one after the other."""
    at_once = peak(it.proven for it in sessions if it.proven is not None)
    return Sentence("{}" if at_once == len(sessions) else "at least {}", at_once)


def _apart(old: Session, new: Session) -> bool:
    """Is it known that no client let go of the old one and connected anew?"""
    return not openings.connecting(old, new) and openings.has_outlasted(old, new)


def _client(session: Session) -> Hashable:
    """Equal for what one client would hold; None where the application did not ask a client that keeps its socket."""
    identity = session.identity
    if not _is_kept(session) or triggers.is_view(session.initiator):
        return None
    if not openings.is_asked_for(session) and not _is_unseen(session):
        return None
    app = identity.app if identity is not None else None
    return session.user or (session.endpoint, app), session.page, session.context


def _is_kept(session: Session) -> bool:
    """Does its client keep one socket?"""
    library = callstacks.library(session)
    return library is not None and library.keeps and not library.operations


def _is_unseen(session: Session) -> bool:
    """Is only the library's code on the stack, and no sign of a reconnect?"""
    code = session.initiator
    if code is None or code.own or not code.stack:
        return False
    trigger = triggers.read(code)
    return not trigger.second_mount and not trigger.end_handler and callstacks.reconnect(session) is None


def _caller(members: Sequence[Session], places: int, function: Sentence) -> Sentence:
    """Say who called the function on which clients."""
    code: Initiator | None = members[0].initiator
    if places > 1:
        if not function:
            return Sentence("The application creates a client more than once, from {} places", places)
        return Sentence("The application calls {} on different clients, from {} places", function, places)
    by = openings.by_whom(members[0], "Code without a name")
    act = Sentence("calls {} on a new client", function) if function else Sentence("creates a new client")
    is_mounted = triggers.read(code).mount is not None
    return Sentence("{} {} each time its effect runs" if is_mounted else "{} {} each time", by, act)


CAUSE = Cause("several-client-instances", "One user, several clients", explain, _client, _is_kept)
