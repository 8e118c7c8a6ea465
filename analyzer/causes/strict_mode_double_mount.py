"""React's StrictMode mounted the component twice, and its clean-up closed the first socket properly.

How it is detected: the call stack of the second socket contains the functions with which React mounts effects a second
time (`invokePassiveEffectMountInDEV` in React 18, `doubleInvokeEffectsOnFiber` in React 19). The first socket was
opened from the same place a moment before, and closed within five seconds while the second stayed open. Only one was
left. The cause is certain where the first closed within a quarter of a second of the second mount, or of its own
opening. If it closed later, the server may have closed it: the cause is then only likely, and the finding keeps its
severity.

Why it matters: in development React runs every effect, its clean-up, and the effect again, to expose effects that clean
up badly. A socket that is still connecting when the clean-up runs is closed once it is open, so both are open for a
moment. Production does not mount twice, so this is a note however long the overlap took.

What to do: nothing. To avoid the overlap, connect outside of React, or record a production build.

Before: correct, and both sockets are open for a moment in development.

    useEffect(() => {
      const socket = new WebSocket(url);
      return () => socket.close();
    }, []);

After: one socket, outside of React, where the whole page needs it anyway.

    const socket = new WebSocket(url);

    function App() {
      return <Chat socket={socket} />;
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import advice, callstacks, openings, triggers
from analyzer.model import Cause, Explanation, Finding, Proof, Session, Severity
from analyzer.model.sentence import Sentence, length

ONCE = "StrictMode mounts twice in development only. To avoid the overlap, connect outside of React."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    mounts = (it for it in openings.second_mounts(sessions) if openings.is_concurrent(*it, finding.confidence))
    pairs = [pair for pair in mounts if openings.is_cleaned_up(*pair)]
    if not pairs or len(finding.sessions) - len(pairs) > 1:  # the others that were open at once are none of its doing
        return None
    sure = all(openings.at_once(*pair) for pair in pairs)
    return Explanation(
        why=Sentence(
            "React's StrictMode mounted {} twice (in development only), and the clean-up closed the first socket.",
            openings.by_whom(pairs[0][1], "a component"),
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=f"{advice.NO_ACTION}: {ONCE}"
        if sure
        else f"Check that the clean-up closed the socket, not the server. If so, no action is needed: {ONCE}",
        link="https://react.dev/reference/react/StrictMode",
        sure=sure,
    )


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    yield second.proves("opened by the second mount", frame=triggers.read(second.initiator).second_mount)
    before = openings.creation_of(second) - openings.creation_of(first)
    yield first.proves(
        "opened {} before {} by the same code", length(before), second.name, frame=callstacks.own(first.initiator)
    )
    gone = first.closed.earliest if first.closed is not None else None
    if gone is not None:
        later = max(0, gone - openings.creation_of(second))
        yield first.proves("closed {} after the second was requested", length(later))


CAUSE = Cause(
    "strict-mode-double-mount",
    "StrictMode mounted twice, and cleaned up",
    explain,
    openings.source,
    triggers.is_second_mount,
    dev_only=True,
    of_possible=True,
    at_most=Severity.NOTE,
)
