"""One end of a socket started more than one reconnect.

How it is detected: the sockets to one address, of one page and user, are counted in the order in which they were
requested. Each socket that closed or failed is a reason for one reconnect. Here more sockets were opened by a reconnect
than had ended before, even if every close that the capture does not show is counted as early as possible. The
reconnects came from the same place in the code. The cause is certain where their call stacks begin in two handlers
(`onclose` and `onerror`): both ran for one end. It is likely where only the count shows it.

Why it matters: each failed attempt starts two more, so the number of sockets doubles while the server is away. When it
is back, all of them open, and each one receives every event.

What to do: reconnect in one handler only. `close` follows every `error`, so `close` is enough. Clear the timer that is
already set before you set another one, and do nothing if a socket is open or connecting.

Before: a failed attempt fires `error`, then `close`, and each sets a timer.

    ws.onerror = () => setTimeout(connect, 1000);
    ws.onclose = () => setTimeout(connect, 1000);

After: one handler, one timer.

    ws.onclose = () => {
      clearTimeout(timer);
      timer = setTimeout(connect, 1000);
    };
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, openings, reconnects
from analyzer.model import Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, chain, count, length, name
from analyzer.reconnects import Opening

LINK = "https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close_event"
REMEDY = (
    "Reconnect in one handler only (close follows every error), and clear the timer that is already set before you set "
    "another one."
)


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [pair for pair in reconnects.find_rivals(finding, sessions) if reconnects.is_same_code(*pair)]
    if not pairs:
        return None
    handlers = next(filter(None, (_name_handlers(*pair) for pair in pairs)), None)
    how = Sentence(": {} each start one", handlers) if handlers else Sentence(", by the same code")
    return Explanation(
        why=Sentence(
            "One end of a socket started more than one reconnect{}. {} too many was opened."
            if len(pairs) == 1
            else "One end of a socket started more than one reconnect{}. {} too many were opened.",
            how,
            count(len(pairs), "socket"),
        ),
        proof=tuple(dict.fromkeys(line for pair in pairs for line in _proof(*pair))),
        remedy=REMEDY,
        link=LINK,
        sure=bool(handlers),
    )


def _name_handlers(rival: Opening, spare: Opening) -> Sentence | None:
    """Name the two handlers that ran for one end; None where both stacks begin in the same frame."""
    one, other = (callstacks.outermost(it.session.initiator) for it in (rival, spare))
    if one is None or other is None or one == other:
        return None
    names = {(frame.function or "").rpartition(".")[2] for frame in (one, other)} - {""}
    return chain([name(it) for it in sorted(names)], " and ") if len(names) == 2 else Sentence("two handlers")


def _proof(rival: Opening, spare: Opening) -> Iterator[Proof]:
    yield rival.session.proves("opened by a reconnect", frame=rival.again)
    later = openings.creation_of(spare.session) - openings.creation_of(rival.session)
    yield spare.session.proves(
        "opened by another reconnect {} after {}, though no other socket had ended",
        length(later),
        rival.session.name,
        frame=spare.again,
    )


CAUSE = Cause(
    "reconnects-twice", "One end started several reconnects", explain, sign=reconnects.may_resume, of_all=True
)
