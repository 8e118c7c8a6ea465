"""The client stopped waiting for a socket and opened another one, but did not close the first, which opened as well.

How it is detected: the first socket was possibly still connecting when a second one was requested from the same place
in the code, by a timer, by a reconnect though no socket had ended, or by the same call after a promise. The first one
opened, stayed open, and nothing was ever sent on it. The cause is likely: a client that only listens looks the same.

Why it matters: a slow server gets twice the sockets, and delivers each event to sockets that nobody reads.

What to do: close the socket that is still connecting. `close()` is allowed then, and the handshake is given up.

Before:

    setTimeout(() => {
      if (ws.readyState === WebSocket.CONNECTING) connect();
    }, 2000);

After:

    setTimeout(() => {
      if (ws.readyState === WebSocket.CONNECTING) {
        ws.close();
        connect();
      }
    }, 2000);
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, heartbeats, openings, reconnects, triggers
from analyzer.model import SECOND, Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length

WAITED = SECOND // 2  # a client that gives up sooner than this was not waiting
LINK = "https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    named = reconnects.select(finding, sessions)
    is_late = any(triggers.is_promised(it) for it in named)
    repeats = [pair for pair in openings.from_one_place(named) if _is_asked_again(*pair)] if is_late else []
    again = {new.id for _, new in repeats}
    replaced = [pair for pair in reconnects.find_replaced(finding, sessions) if pair[1].id not in again]
    pairs = [pair for pair in (*repeats, *replaced) if _is_abandoned(*pair)]
    if not pairs:
        return None
    first, second = pairs[0]
    waited = length(openings.creation_of(second) - openings.creation_of(first))
    return Explanation(
        why=Sentence(
            "The client stopped waiting for a socket after {} and opened another one, but did not close the first. "
            "That one opened as well, and was never used.",
            waited,
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy="Close the socket that is still connecting before you open another one.",
        link=LINK,
        sure=False,
    )


def _is_asked_again(old: Session, new: Session) -> bool:
    """Did one call ask for both from the same place, the second after a promise? Then it tried again."""
    is_later = triggers.is_promised(new)
    is_same = (
        new.initiator is not None and old.initiator is not None and [*new.initiator.frames] == [*old.initiator.frames]
    )
    is_mounted = triggers.read(new.initiator).mount is not None
    return is_later and is_same and not is_mounted and openings.lives_on(old, new)


def _is_abandoned(old: Session, new: Session) -> bool:
    """May it have been connecting then, and is it known that nothing was sent on it?"""
    waited = openings.creation_of(new) - openings.creation_of(old)
    is_unused = old.opened is not None and old.messages.sent == 0
    is_used = new.messages.sent is not None and new.messages.sent > 0  # the other one is
    return is_unused and is_used and waited >= WAITED and openings.connecting(old, new)


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    trigger = reconnects.frame_of(new) or callstacks.own(new.initiator)
    by = Sentence("by a timer" if triggers.timer_roots(new.initiator) else "again")
    yield new.proves("requested {} while the first was connecting", by, frame=trigger)
    yield old.proves("not closed, and its client never used it; {}", heartbeats.rhythm(old))


def _may_be_another(session: Session) -> bool:
    return triggers.is_promised(session) or reconnects.may_resume(session)


CAUSE = Cause(
    "abandoned-while-connecting",
    "A socket was given up while connecting, and not closed",
    explain,
    sign=_may_be_another,
    of_all=True,
)
