"""A component opens a socket while it renders, so each rendering can open another one.

How it is detected: between the opening and the functions with which a framework runs effects, the call stack contains
those with which React renders (`renderWithHooks`, `mountMemo`, `mountState`), or Vue (`renderComponentRoot`). Two or
more such sockets, of the same place in the code, were open together. The cause is certain where a message passed over
each more than five seconds after the next one was requested, else it is likely.

Why it matters: React may render a component at any time, may render it twice (StrictMode), and may throw the result
away. A socket that was opened by such a rendering has no owner, and nothing closes it.

What to do: create the client once, outside of the component. Or open it in an effect, and close it in the effect's
clean-up.

Before:

    function Feed() {
      const socket = io(url);  // each rendering
      return <List />;
    }

After:

    const socket = io(url);  // once

    function Feed() {
      return <List />;
    }
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, triggers
from analyzer.model import Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, count

LINK = "https://react.dev/learn/keeping-components-pure"
REMEDY = "Create the client once, outside of the component, or open it in an effect and close it in the clean-up."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    return Explanation(
        why=Sentence(
            "{} opens a socket while it renders: {} so far.",
            openings.by_whom(sessions[0], "A component"),
            count(len(sessions), "socket"),
        ),
        proof=tuple(_proof(sessions)),
        remedy=REMEDY,
        link=LINK,
        sure=all(openings.has_outlasted(*pair) for pair in pairwise(sessions)),
    )


def _place(session: Session) -> Hashable:
    return openings.source(session) if _is_rendered(session) else None


def _is_rendered(session: Session) -> bool:
    return triggers.read(session.initiator).render is not None


def _proof(sessions: Sequence[Session]) -> Iterator[Proof]:
    for session in sessions:
        yield session.proves("opened while rendering", frame=triggers.read(session.initiator).render)
    yield sessions[0].proves("opened by", frame=callstacks.own(sessions[0].initiator))


CAUSE = Cause("made-while-rendering", "A component opens a socket while it renders", explain, _place, _is_rendered)
