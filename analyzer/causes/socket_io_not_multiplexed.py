"""Socket.IO opened a second connection to the same server instead of sharing the first.

How it is detected: two sockets of Engine.IO to the same address, from the same page, were both open, and neither call
stack contains Socket.IO's `reconnect`. The cause is only likely where no message passed over the first more than five
seconds later, or where one was opened because another had ended (`onclose` in its stack). Namespaces of one server
share a connection, with three exceptions: the page asks for the same namespace twice, it sets `forceNew` or `multiplex:
false`, or it loads two copies of the library.

Why it matters: each connection has its own session at the server, sends its own heartbeats, and delivers its own
events.

What to do: call `io()` once and share what it returns. Further namespaces use the same connection.

Before: the second call asks for a connection of its own.

    const chat = io(`${url}/chat`);
    const news = io(`${url}/news`, { forceNew: true });

After: both namespaces use one connection.

    const chat = io(`${url}/chat`);
    const news = io(`${url}/news`);
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, triggers
from analyzer.model import Cause, Explanation, Finding, Session
from analyzer.model.sentence import Sentence

PROVIDER = "socket-io"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    after_an_end = any(triggers.read(it.initiator).end_handler for it in sessions)
    return Explanation(
        why=Sentence(
            "Socket.IO opened {} connections to one server. Its namespaces share one connection, unless the page asks "
            "for the same namespace twice, sets forceNew, or loads the library twice.",
            len(sessions),
        ),
        proof=tuple(it.proves("opened by", frame=callstacks.own(it.initiator)) for it in sessions),
        sure=not after_an_end and all(openings.has_outlasted(old, new) for old, new in pairwise(sessions)),
    )


def _server(session: Session) -> Hashable:
    """The server that the application asked for; a reconnect is not asked for. (A minifier leaves the names of
    methods.)"""
    if not _is_socket_io(session) or callstacks.reconnect(session) is not None:
        return None
    return session.endpoint, session.page, session.context


def _is_socket_io(session: Session) -> bool:
    provider, code = session.provider, session.initiator
    return provider is not None and provider.id == PROVIDER and code is not None and bool(code.stack)


CAUSE = Cause(
    "socket-io-not-multiplexed",
    "Socket.IO opened a second connection to one server",
    explain,
    _server,
    _is_socket_io,
)
