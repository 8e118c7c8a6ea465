"""A timer opened a new socket in place of an old one, and the old one stayed open.

How it is detected: a timer led to the new socket (`setTimeout` or `setInterval` on its call stack), which came from the
same place in the code as an older one. No socket had ended before, so this is no reconnect after a loss. The older one
was still open more than five seconds later or when the capture was saved. Where the stack shows that the code that
opened the old socket had set the timer, the cause is certain; else it is likely.

Why it matters: a watchdog takes a silent socket for dead. If it was only silent, the server delivers each event twice
from then on, and counts two connections.

What to do: close the old socket before you open the new one. `close()` is safe on a socket that no longer answers.

Before:

    setInterval(() => {
      if (Date.now() - lastMessage > 5000) open();
    }, 1000);

After:

    setInterval(() => {
      if (Date.now() - lastMessage > 5000) {
        ws.close();
        open();
      }
    }, 1000);
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import heartbeats, openings, reconnects, triggers
from analyzer.model import Cause, Confidence, Explanation, Finding, Proof, Session, format_duration

LINK = "https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = [(old, new) for old, new in reconnects.replaced(finding, sessions) if triggers.timer_roots(new.initiator)]
    if not pairs:
        return None
    return Explanation(
        why=f"A timer opened a new socket ({openings.by_whom(pairs[0][1])}) in place of one that had not ended, and the "
        "old one stayed open.",
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy="Close the old socket before you open the new one, also if it seems dead.",
        link=LINK,
        sure=all(_has_set_timer(*pair) for pair in pairs),
    )


def _has_set_timer(old: Session, new: Session) -> bool:
    """Did the call that opened the old socket set the timer? Then both stacks end in the same frames."""
    if old.initiator is None:
        return False
    before, roots = list(old.initiator.frames)[1:], triggers.timer_roots(new.initiator)[1:]
    return bool(before) and list(roots[-len(before) :]) == before


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("opened by a timer, which was set in", next(iter(triggers.timer_roots(new.initiator)), None))
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves(f"opened {format_duration(age)} earlier, and not closed then; {heartbeats.rhythm(old)}")


CAUSE = Cause("replaced-not-closed", "A timer replaced a socket without closing it", explain, of_all=True)
