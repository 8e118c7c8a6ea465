"""The code that opened a socket also set a timer, which opened another socket, and the old one stayed open.

How it is detected: a timer led to the new socket (`setTimeout` or `setInterval` on its call stack), which came from the
same place in the code as the old one. No socket had ended before, so this is no reconnect after a loss. The old one was
still open more than five seconds later or when the capture was saved, and nothing but heartbeats was sent on it after
the new one was requested. The timer was set by the function that had opened the old socket or by a handler of its
messages, or the old socket had received nothing for far longer than usual. The cause is likely: a page that opens a
second socket later looks the same, and so does one that closed the old socket while the server did not answer that.

Why it matters: a watchdog takes a silent socket for dead. If it was only silent, the server delivers each event twice
from then on, and counts two connections.

What to do: close the old socket before you open the new one. `close()` is safe on a socket that no longer answers.

Before:

    function open() {
      ws = new WebSocket(url);
      timer = setInterval(() => {
        if (Date.now() - lastMessage > 5000) open();
      }, 1000);
    }

After:

    function open() {
      ws?.close();
      clearInterval(timer);
      ws = new WebSocket(url);
      lastMessage = Date.now();
      timer = setInterval(() => {
        if (Date.now() - lastMessage > 5000) open();
      }, 1000);
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import heartbeats, openings, reconnects, triggers
from analyzer.model import Cause, Duration, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length
from analyzer.patterns import Pattern

HANDLER = Pattern(r"_*on_?(?:[Mm]essage|[Oo]pen)")
LINK = "https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    replaced = [pair for pair in reconnects.find_replaced(finding, sessions) if not _is_in_use(*pair)]
    linked = [pair for pair in replaced if _has_set_timer(*pair)]
    pairs = linked or [pair for pair in replaced if _silence(*pair) is not None]
    if not pairs:
        return None
    return Explanation(
        why=_describe(*pairs[0], is_linked=bool(linked)),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy="Close the old socket before you open the new one, also if it seems dead.",
        link=LINK,
        sure=False,
    )


def _describe(old: Session, new: Session, is_linked: bool) -> Sentence:
    if is_linked:
        return Sentence(
            "The code that opened the old socket ({}) also set a timer, which opened another one. The old one stayed "
            "open.",
            openings.by_whom(old),
        )
    return Sentence(
        "A timer opened another socket after the old one had been silent for {}. The old one stayed open.",
        length(_silence(old, new) or 0),
    )


def _is_in_use(old: Session, new: Session) -> bool:
    return heartbeats.is_used_after(old, openings.creation_of(new))


def _silence(old: Session, new: Session) -> Duration | None:
    """Return how long the old one had been silent when a timer opened the new one."""
    return heartbeats.silence_before(old, openings.creation_of(new)) if triggers.timer_roots(new.initiator) else None


def _has_set_timer(old: Session, new: Session) -> bool:
    """Did the function that opened the old socket set the timer, in the same call, or a handler of its messages?"""
    frames, roots = list(old.initiator.frames) if old.initiator is not None else [], triggers.timer_roots(new.initiator)
    if roots and HANDLER.fullmatch((roots[-1].function or "").rpartition(".")[2]):
        return True
    callers = {(frames[n].function, tuple(frames[n + 1 :])) for n in range(len(frames)) if frames[n].function}
    return any((frame.function, roots[n + 1 :]) in callers for n, frame in enumerate(roots))


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    root = next(iter(triggers.timer_roots(new.initiator)), None)
    yield new.proves("opened by a timer, which was set in", frame=root)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves("opened {} earlier, and not closed then; {}", length(age), heartbeats.rhythm(old))


CAUSE = Cause(
    "replaced-not-closed",
    "A timer opened another socket, and the old one stayed open",
    explain,
    sign=reconnects.may_resume,
    of_all=True,
)
