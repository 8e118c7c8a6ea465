"""The client stopped waiting for a socket and opened another one, but did not close the first, which opened later.

How it is detected: the first socket was still connecting when a timer, or a reconnect, requested a second one from the
same place in the code. The first one opened after that, stayed open, and nothing was ever sent on it. The cause is
certain where the second socket sent messages, which shows which of the two the client uses.

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

from analyzer import callstacks, openings, reconnects, triggers
from analyzer.model import Cause, Confidence, Explanation, Finding, Proof, Session, format_duration

LINK = "https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = [pair for pair in reconnects.find_replaced(finding, sessions) if _is_abandoned(*pair)]
    if not pairs:
        return None
    first, second = pairs[0]
    waited = format_duration(openings.creation_of(second) - openings.creation_of(first))
    return Explanation(
        why=f"The client stopped waiting for a socket after {waited} and opened another one, but did not close the first, "
        "which opened later.",
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy="Close the socket that is still connecting before you open another one.",
        link=LINK,
        sure=all(new.messages.sent for _, new in pairs),
    )


def _is_abandoned(old: Session, new: Session) -> bool:
    opened = old.opened.earliest if old.opened is not None else None
    return opened is not None and opened > openings.creation_of(new) and old.messages.sent == 0


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    trigger = reconnects.frame_of(new) or callstacks.own(new.initiator)
    by = "a timer" if triggers.timer_roots(new.initiator) else "a reconnect"
    yield new.proves(f"requested by {by} while the first was connecting", trigger)
    opened = old.opened.earliest if old.opened is not None and old.opened.earliest is not None else 0
    late = format_duration(opened - openings.creation_of(new))
    yield old.proves(f"opened {late} after that, sent nothing, and was not closed")


CAUSE = Cause(
    "abandoned-while-connecting", "A socket was given up while connecting, and not closed", explain, of_all=True
)
