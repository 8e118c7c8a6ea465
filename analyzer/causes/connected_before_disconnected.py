"""The application connected again before its old connection had closed.

How it is detected: a client library that keeps one connection opened the sockets, from one place in the code of one
page, more than half a second apart, for one user or one user after another. Each old one closed within five seconds
after the next was requested, and one was left. None of them is a reconnect, and none comes from StrictMode's second
mount. On the old one nothing but heartbeats was sent any more, and it did not close together with the new one. The
cause is likely: the capture does not show whether the application or the server closed. An overlap that is shorter than
the tolerance gets no such cause.

Why it matters: while both are open, the service counts two connections and delivers each event twice. Where the server
answers slowly this takes seconds.

What to do: wait until the old connection has closed before you open the next one.

Before:

    client.disconnectUser();
    await client.connectUser(user, token);

After:

    await client.disconnectUser();
    await client.connectUser(user, token);
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, heartbeats, openings, triggers
from analyzer.model import SECOND, Cause, Explanation, Finding, Proof, Session, Severity
from analyzer.model.sentence import Sentence, length

TOGETHER = SECOND // 2


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    is_brief = finding.severity is Severity.NOTE  # a hand-over that the policy tolerates
    if is_brief or not openings.is_handed_over(sessions):
        return None
    if not all(_is_again(*pair) for pair in pairwise(sessions)):
        return None
    late = max(_delay(old, new) for old, new in pairwise(sessions))
    return Explanation(
        why=Sentence(
            "The application connected again before the old connection had closed: the old socket closed {} after the "
            "new one was requested.",
            length(late),
        ),
        proof=tuple(line for pair in pairwise(sessions) for line in _proof(*pair)),
        remedy=openings.WAIT,
        sure=False,
    )


def _whose(session: Session) -> Hashable:
    """Equal for what the same code opened on one page; None where the application did not ask for it."""
    code, trigger = session.initiator, triggers.read(session.initiator)
    if code is None or not code.stack or trigger.second_mount or trigger.refresh or trigger.end_handler:
        return None
    if trigger.timer is not None or callstacks.reconnect(session) is not None:
        return None
    if session.page is None or not _is_kept(session):
        return None  # of two documents, or of two connections that were both wanted
    return callstacks.place(code), session.endpoint, openings.purpose(session.url), session.page, session.context


def _is_kept(session: Session) -> bool:
    """Does its client keep one socket?"""
    library = callstacks.library(session)
    return library is not None and library.keeps


def _is_again(old: Session, new: Session) -> bool:
    """Did the page connect again, some time after it had connected, and had it done with the old socket? What is asked
    for together, or ends together, are two connections."""
    together = openings.creation_of(new) - openings.creation_of(old) < TOGETHER
    return not together and not heartbeats.is_used_after(old, openings.creation_of(new)) and not _end_together(old, new)


def _end_together(old: Session, new: Session) -> bool:
    ends = [it.closed.latest for it in (old, new) if it.closed is not None and it.closed.latest is not None]
    return len(ends) == 2 and abs(ends[1] - ends[0]) < openings.QUEUED


def _delay(old: Session, new: Session) -> int:
    closed = old.closed.latest if old.closed is not None and old.closed.latest is not None else 0
    return max(0, closed - openings.creation_of(new))


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("requested by", frame=callstacks.own(new.initiator))
    yield old.proves("closed {} after that", length(_delay(old, new)))


CAUSE = Cause(
    "connected-before-disconnected",
    "Connected again before the old connection had closed",
    explain,
    _whose,
    _is_kept,
)
