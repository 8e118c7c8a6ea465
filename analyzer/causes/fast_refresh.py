"""After an edit the development server ran a component again, and the socket of before stayed open.

How it is detected: the call stack of the new socket contains `performReactRefresh` of React's Fast Refresh, or
`queueUpdate` of Vite's client, which mounts components of Vue again. An older socket was opened from the same file and
component, and was still open more than a second later or when the capture was saved.

Why it matters: Fast Refresh exists in development only, so what you measure is not what production does. But it runs
the clean-up of each effect before it runs the effect again. That the old socket stayed open means that the clean-up is
missing or closes nothing, and then each unmount in production leaves a socket open, too.

What to do: return a clean-up from the effect. Reload the page before you measure.

Before:

    useEffect(() => {
      const socket = new WebSocket(url);
    }, []);

After:

    useEffect(() => {
      const socket = new WebSocket(url);
      return () => socket.close();
    }, []);
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, triggers
from analyzer.model import SECOND, Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [(old, new) for old, new in pairwise(sessions) if _is_refreshed(new) and _is_left(old, new)]
    if not pairs:
        return None
    _, new = pairs[0]
    framework = triggers.framework(triggers.read(new.initiator).mount)
    act = Sentence("ran the effect of" if framework is triggers.REACT else "mounted")
    return Explanation(
        why=Sentence(
            "Fast Refresh {} {} again after an edit (in development only), and the socket of before was not closed.",
            act,
            openings.by_whom(new, "a component"),
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=f"{framework.remedy} Reload the page before you measure.",
        link=framework.link,
    )


def _is_refreshed(session: Session) -> bool:
    frame = triggers.read(session.initiator).refresh
    return frame is not None and frame.function != "importUpdatedModule"


def _is_left(old: Session, new: Session) -> bool:
    """Was the old one open long after the clean-up, which runs before the effect does?"""
    end = old.proven.end if old.proven is not None else None
    return openings.is_concurrent(old, new) and (end is None or end > openings.creation_of(new) + SECOND)


def _component(session: Session) -> Hashable:
    """Equal for sockets that the same component of the same file opened, whatever the version of the file."""
    code = session.initiator
    return (
        None if code is None else ((code.url or "").partition("?")[0], code.component, session.endpoint, session.page)
    )


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("opened by Fast Refresh", frame=triggers.read(new.initiator).refresh)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves(
        "opened {} before {} by the same component", length(age), new.name, frame=callstacks.own(old.initiator)
    )


CAUSE = Cause("fast-refresh", "Fast Refresh ran a component again", explain, _component, triggers.is_refresh)
