"""A reconnect that was waiting when the application disconnected was not cancelled, and opened a socket later.

How it is detected: all sockets to one address, of one page and user, had ended when the application opened a new one,
not by a reconnect. Afterwards the reconnect that the last end had started opened another one: more sockets were opened
than had ended before, even if every close that the capture does not show is counted as early as possible. The cause is
likely: a second client of the page that had lost its socket before the capture began looks the same. Where the call
stack is that of a client library with this fault (phoenix before 1.4, sockette before 2.0.6), the fault is named.

Why it matters: the old client comes back, with its old user or token, beside the new one. Nothing in the application
refers to it any more, so nobody can close it.

What to do: clear the timer when you disconnect, also while no socket is open.

Before: `disconnect()` closes a socket that has ended already, and forgets the timer.

    class Client {
      disconnect() {
        this.ws.close();
      }
    }

After:

    class Client {
      disconnect() {
        this.stopped = true;  // onclose sets no timer then
        clearTimeout(this.timer);
        this.ws.close();
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, openings, reconnects, remedies
from analyzer.model import Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length
from analyzer.reconnects import Opening

ID = "timer-outlives-disconnect"
REMEDY = "Clear the reconnect timer when you disconnect, also while no socket is open."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = reconnects.find_outlived(finding, sessions)
    if not pairs:
        return None
    _, late = pairs[0]
    advice = remedies.advise(ID, late.session, REMEDY)
    return Explanation(
        why=Sentence(
            "A reconnect that was waiting when the application connected again was not cancelled: it opened a second "
            "socket{}.",
            advice.says,
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _proof(before: Session, late: Opening) -> Iterator[Proof]:
    assert late.anew is not None  # or nothing would have outlived anything
    yield before.proves("opened after the last end", frame=callstacks.own(before.initiator))
    after = openings.creation_of(late.session) - openings.creation_of(late.anew)
    yield late.session.proves(
        "opened by a reconnect {} after the application connected again, though no other socket had ended",
        length(after),
        frame=late.again,
    )


CAUSE = Cause(ID, "A waiting reconnect was not cancelled", explain, sign=reconnects.may_resume, of_all=True)
