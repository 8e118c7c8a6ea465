"""A component was gone before its socket was there, so its clean-up had nothing to close.

How it is detected: a framework mounted a component each time, and the same code in it opened a socket, either in a
later turn of the event loop (after an `await`, a promise or a timer), or so that it was still connecting when the next
mount came. Some of these sockets were closed, which shows that there is a clean-up. Others stayed open although the
next mount came. Nothing but heartbeats was sent on them after the next one was requested. The cause is likely: a page
that shows several such views at the same time looks the same.

Why it matters: the faster a user changes views, and the slower the network, the more sockets are left. On a developer's
machine it is rarely seen.

What to do: after each `await` of the effect, check whether the clean-up has run. Let the clean-up close a socket that
is still connecting, too.

Before: the clean-up runs while the token is awaited, and closes nothing.

    useEffect(() => {
      let socket;
      getToken().then((token) => {
        socket = new WebSocket(`${url}?token=${token}`);
      });
      return () => socket?.close();
    }, []);

After:

    useEffect(() => {
      let socket, gone = false;
      getToken().then((token) => {
        if (gone) return;
        socket = new WebSocket(`${url}?token=${token}`);
      });
      return () => { gone = true; socket?.close(); };
    }, []);
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, heartbeats, openings, remedies, triggers
from analyzer.memo import memoize_last
from analyzer.model import Cause, Explanation, Finding, Outcome, Proof, Session
from analyzer.model.sentence import Sentence, length

ID = "unmounted-while-connecting"
LINK = "https://react.dev/reference/react/useEffect#fetching-data-with-effects"
REMEDY = (
    "After each await, check whether the component is gone, and do not open the socket then. Let the clean-up close a "
    "socket that is still connecting, too."
)


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    named = set(finding.sessions)
    for members in _by_place(sessions):
        left = [(old, new) for old, new in pairwise(members) if _is_late(old, new)]
        closed = sum(it.outcome is Outcome.CLOSED for it in members)
        pairs = [pair for pair in left if named.issuperset(it.id for it in pair)]
        if pairs and closed:
            advice = remedies.advise(ID, pairs[0][0], REMEDY, LINK)
            return Explanation(
                why=Sentence(
                    "{} was gone before its socket was there: {} of its {} sockets were closed, but not those that "
                    "opened after the clean-up had run{}.",
                    openings.by_whom(pairs[0][0], "A view"),
                    closed,
                    len(members),
                    advice.says,
                ),
                proof=tuple(line for pair in pairs for line in _proof(*pair)),
                remedy=advice.remedy,
                link=advice.link,
                sure=False,
            )
    return None


@memoize_last
def _by_place(sessions: Sequence[Session]) -> list[list[Session]]:
    """Return the sockets that a mount opened, those of one place together."""
    places: dict[object, list[Session]] = {}
    for session in sessions:
        trigger = triggers.read(session.initiator)
        if trigger.mount is not None and not trigger.second_mount and not trigger.refresh:
            places.setdefault(openings.source(session), []).append(session)
    return [members for members in places.values() if len(members) > 1]


def _is_late(old: Session, new: Session) -> bool:
    """Did the old one live on although the next mount came, and may it not have been there when its component went?"""
    late = triggers.read(old.initiator).awaited or openings.connecting(old, new)
    is_in_use = heartbeats.is_used_after(old, openings.creation_of(new))
    return late and not is_in_use and openings.lives_on(old, new)


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("opened by the next mount", frame=triggers.read(new.initiator).mount)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves(
        "opened {} before {} by the same code, and not closed",
        length(age),
        new.name,
        frame=callstacks.own(old.initiator),
    )


CAUSE = Cause(ID, "Gone before its socket was there", explain, of_all=True)
