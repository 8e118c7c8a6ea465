"""The client library reconnects by itself, and the application reconnects as well.

How it is detected: the sockets to one address, of one page and user, are counted in the order in which they were
requested. Each socket that closed or failed is a reason for one reconnect. Here one more was opened than had ended
before, even if every close that the capture does not show is counted as early as possible. The two that followed one
end were opened from different places: mostly the library's own reconnect, and a call of the application out of its
handler for the end of a socket. The cause is likely: a second client of the page that had lost its socket before the
capture began looks the same.

Why it matters: every loss of the network adds a socket that nobody closes.

What to do: let only one of them reconnect. Remove the call from the application's handler, or turn off the library's
reconnection.

Before: Socket.IO reconnects by itself, and the application makes a second client.

    socket.on('disconnect', () => {
      socket = io(url, { forceNew: true });
    });

After: the library's own reconnection is enough.

    socket.on('disconnect', () => showOffline());
    socket.io.on('reconnect', () => hideOffline());
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, openings, reconnects, remedies
from analyzer.model import Cause, Explanation, Finding, Frame, Proof, Session
from analyzer.model.sentence import Sentence, length
from analyzer.reconnects import Opening

ID = "two-reconnectors"
REMEDY = (
    "Let only one of them reconnect: remove the connect call from the application's handler for the end of a socket, "
    "or turn off the library's reconnection."
)


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [pair for pair in reconnects.find_rivals(finding, sessions) if not reconnects.is_same_code(*pair)]
    if not pairs:
        return None
    advice = remedies.advise(ID, pairs[0][0].session, REMEDY)
    one, other = (_name(it.session) for it in pairs[0])
    return Explanation(
        why=Sentence("Two parts of the page reconnected after one end of a socket: {} and {}.", one, other)
        if one != other
        else Sentence("Two parts of the page reconnected after one end of a socket, from two places."),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _name(session: Session) -> Sentence:
    is_own = session.initiator is not None and session.initiator.is_own
    return openings.by_whom(session, "the application" if is_own else "the client library")


def _frame(opening: Opening) -> Frame | None:
    """Return the application's place where it is on the stack, else the function by which the library reconnected."""
    code = opening.session.initiator
    return code.opener if code is not None and code.is_own else opening.again or callstacks.own(code)


def _proof(rival: Opening, spare: Opening) -> Iterator[Proof]:
    yield rival.session.proves("opened after the end", frame=_frame(rival))
    later = openings.creation_of(spare.session) - openings.creation_of(rival.session)
    yield spare.session.proves(
        "opened after the same end, {} after {}, by other code",
        length(later),
        rival.session.name,
        frame=_frame(spare),
    )


CAUSE = Cause(ID, "Two parts of the page reconnected after one end", explain, sign=reconnects.may_resume, of_all=True)
