"""Socket.IO opened a second connection to the same server, instead of sharing the first.

How it is told: two sockets of Engine.IO to the same address, from the same page, both open, and the stack of neither
holds Socket.IO's `reconnect`. Where the first may have been on its way to be closed, it is told as probable. Namespaces
of one server share a connection unless the same namespace is asked for twice, or `forceNew` or `multiplex: false` is
set, or the page loads two copies of the library.

Why it matters: each connection has its own session at the server, its own heartbeats, and delivers events by itself.

What to do: call `io()` once and share what it returns; further namespaces use the same connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from analyzer import initiators, openings
from analyzer.model import Cause, Confidence, Explanation, Finding, Session

PROVIDER = "socket-io"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    by_server: dict[object, list[Session]] = {}
    for session in sessions:
        if _called(session):
            by_server.setdefault((session.endpoint, session.page, session.context), []).append(session)
    members = max(by_server.values(), key=len, default=[])
    if len(members) < 2:
        return None
    return Explanation(
        why=f"Socket.IO opened {len(members):,} connections to one server, where its namespaces share one unless the "
        "same is asked for twice or forceNew is set.",
        proof=tuple(it.proves("opened by", initiators.own(it.initiator)) for it in members),
        sure=all(openings.outlasted(old, new) for old, new in pairwise(members)),
    )


def _called(session: Session) -> bool:
    """Did the application ask for it, and not a reconnect? (A minifier leaves the names of methods.)"""
    return (
        session.provider is not None
        and session.provider.id == PROVIDER
        and session.initiator is not None
        and bool(session.initiator.stack)
        and initiators.reconnect(session) is None
    )


CAUSE = Cause("socket-io-not-multiplexed", "Socket.IO opened a second connection to one server", explain)
