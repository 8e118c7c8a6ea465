"""The client opened a new connection, and the old one stayed open.

How it is detected: the call stack of the new socket contains the function with which the client or the application
reconnects by itself. That is `_reconnect` of Stream's clients, or a function of the application named `reconnect` or
similar, if another socket was opened without it. Exactly one older socket can be the one that was replaced: of the same
page and user, or with exactly the same URL where the user is unknown. It was open then, and was still open more than
five seconds later or when the capture was saved. No cause is named where the new socket may have replaced another one,
such as one that had closed. Neither is one named where sockets had ended before, but fewer than reconnected: one end
may have started two reconnects (`onerror` and `onclose` both reconnect), and then the older socket is a twin of the new
one. The cause is certain where a message passed over the old socket after the new one was requested: the page had not
closed it then. So is it where the client's version is known to do this. Without one, the server may just not have
answered the close.

Why it matters: the server delivers each event twice and counts two connections, until the network connection of the old
socket dies. A client that does this whenever it loses the network adds one socket each time.

What to do: close the old socket before you open the new one. If a library does this, look for a newer version that
fixes it.

Before:

    function reconnect() {
      socket = new WebSocket(url);
    }

After:

    function reconnect() {
      socket.onclose = null;  // or this close starts another reconnect
      socket.close();
      socket = new WebSocket(url);
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from analyzer import callstacks, heartbeats, openings, remedies
from analyzer.memo import memoize_last
from analyzer.model import Cause, Client, Explanation, Finding, Frame, Instant, Outcome, Proof, Session
from analyzer.model.sentence import Sentence, chain, length, name

ID = "reconnect-without-close"
ENDED = (Outcome.CLOSED, Outcome.FAILED)
Pair: TypeAlias = tuple[Session, Session, Frame]  # the old socket, the new one, the frame that reconnected


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    named, by_new = set(finding.sessions), _pairs(sessions)
    pairs = [pair for id in finding.sessions if (pair := by_new.get(id)) is not None and pair[0].id in named]
    if not pairs:
        return None
    pairs.sort(key=lambda pair: openings.creation_of(pair[1]))
    _, new, _ = pairs[0]
    advice = remedies.advise(ID, new, "Close the old socket before you open the new one.")
    who = _who(new.client, callstacks.library(new) is not None)
    return Explanation(
        why=Sentence("{} reconnected and left the old socket open{}.", who, advice.says),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=bool(advice.says)
        or all(openings.has_message_after(old, openings.creation_of(after)) for old, after, _ in pairs),
    )


@memoize_last  # every finding of a report asks for the pairs of the same sessions
def _pairs(sessions: Sequence[Session]) -> dict[str, Pair]:
    """Find each socket that replaced one that lived on, by its id."""
    pairs: dict[str, Pair] = {}
    left: dict[object, _Left] = {}
    for session in sessions:
        group = left.setdefault((session.user or session.url, session.page, session.context), _Left())
        frame = callstacks.reconnect(session)
        old = group.replace(session, frame is not None)
        tells = group.otherwise or callstacks.library(session) is not None
        if frame is None or old is None or not tells or 0 < group.ends < group.reconnects:
            continue
        if openings.lives_on(old, session) and openings.is_concurrent(old, session):
            pairs[session.id] = old, session, frame
    return pairs


class _Left:
    """The sockets of one user, or of one URL, that no later one has replaced; asked in the order of time."""

    def __init__(self) -> None:
        self.otherwise = False  # other code opened one: else `reconnect` is just how it connects
        self.reconnects = 0
        self.ends = 0  # sockets that may have closed or failed so far
        self._count = 0
        self._failed = 0  # sockets that never opened, and that no reconnect has followed
        self._kept: dict[int, Session] = {}  # by their number in this order
        self._endings: list[tuple[Instant, int]] = []  # a heap: when each may have ended
        self._gone: list[int] = []  # a heap: those that may have closed, the last one first (as negative numbers)

    def replace(self, session: Session, again: bool) -> Session | None:
        """Let the session replace one: the last that may have closed, or else, with a reconnect, the only one there is.
        Return that one where it is the only one, and this is a reconnect."""
        self._pass(openings.creation_of(session) + openings.QUEUED)
        self.reconnects += again
        self.otherwise = self.otherwise or not again
        only = None
        if again and self._failed:
            self._failed -= 1  # it may have followed the one that failed
        elif again and len(self._kept) == 1:
            _, only = self._kept.popitem()
        elif self._gone:
            del self._kept[-heappop(self._gone)]
        self._add(session)
        return only

    def _pass(self, at: Instant) -> None:
        """Move on to this instant."""
        while self._endings and self._endings[0][0] <= at:
            self.ends += 1
            _, number = heappop(self._endings)
            if number in self._kept:
                heappush(self._gone, -number)
        while self._gone and -self._gone[0] not in self._kept:
            heappop(self._gone)

    def _add(self, session: Session) -> None:
        self._count += 1
        if session.outcome is Outcome.FAILED:
            self._failed += 1
        else:
            self._kept[self._count] = session
        if session.outcome in ENDED:
            ended = session.closed.earliest if session.closed is not None else None
            heappush(self._endings, (0 if ended is None else ended, self._count))


def _who(client: Client | None, has_library: bool) -> Sentence:
    if client is None or client.name is None:
        return Sentence("The client library" if has_library else "The application")
    return chain([name(it) for it in (client.name, client.version) if it], " ")


def _proof(old: Session, new: Session, frame: Frame) -> Iterator[Proof]:
    yield new.proves("opened by a reconnect", frame=frame)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves("opened {} earlier, and not closed then; {}", length(age), heartbeats.rhythm(old))


def _is_reconnect(session: Session) -> bool:
    return callstacks.reconnect(session) is not None


CAUSE = Cause(ID, "Reconnected without closing the old one", explain, sign=_is_reconnect, of_all=True)
