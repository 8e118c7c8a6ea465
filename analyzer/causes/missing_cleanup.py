"""The effect that opens the socket does not close it: its clean-up is missing, or closes nothing.

How it is detected: in development React's StrictMode mounts every component twice, with the clean-up in between. The
call stack of the second socket contains the functions of the second mount (`invokePassiveEffectMountInDEV` in React 18,
`doubleInvokeEffectsOnFiber` in React 19). The first socket was opened from the same place a moment before, and was
still open more than five seconds later or when the capture was saved. The cause is only likely where no message passed
over it more than five seconds later: a clean-up may have closed it, and the server not have answered that. It is also
only likely when the effect opened the socket later (after a promise or a timer): the clean-up may exist, and may have
run before the socket did. Where the hook of a library is known to do that (react-use-websocket before 4.1.0, by the
functions on the call stack), the library is named, and not the application.

Why it matters: production mounts once, but it unmounts too. Each change of route or key then leaves a socket open that
nothing uses, until the user leaves the page.

What to do: return a clean-up from the effect. Let it close the socket that this run of the effect opened, even if the
socket is still connecting.

Before:

    useEffect(() => {
      const socket = new WebSocket(url);
      socket.onmessage = show;
    }, []);

After:

    useEffect(() => {
      const socket = new WebSocket(url);
      socket.onmessage = show;
      return () => socket.close();
    }, []);
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import callstacks, heartbeats, openings, remedies, triggers
from analyzer.model import Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length, term
from analyzer.remedies import Advice

ID = "missing-cleanup"
REMEDY = "Return a clean-up from the effect that closes the socket it opened, even if the socket is still connecting."
LATER = (
    "Make sure that the socket is also closed if it opens after the clean-up ran. If a library's hook opens it, look "
    "for a newer version of the library."
)
LINK = "https://react.dev/reference/react/useEffect#connecting-to-an-external-system"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [pair for pair in openings.second_mounts(sessions) if openings.lives_on(*pair)]
    if not pairs:
        return None
    second = pairs[0][1]
    trigger = triggers.read(second.initiator)
    later = trigger.waited
    advice = remedies.advise(ID, second, LATER if later else REMEDY, LINK, by_service=not later)
    describe = _late if trigger.awaited else _late_within if later else _never
    return Explanation(
        why=describe(second) if advice.fault_of is None else _faulty(advice),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=not later and all(openings.has_outlasted(*pair) for pair in pairs),
    )


def _faulty(advice: Advice) -> Sentence:
    return Sentence(
        "{} did not close the socket that the first run of the effect opened{}. React's StrictMode makes this visible; "
        "in production each unmount that comes as soon leaves a socket open.",
        term(advice.fault_of or ""),
        advice.says,
    )


def _never(session: Session) -> Sentence:
    return Sentence(
        "The clean-up of the effect in {} does not close the socket. React's StrictMode makes this visible; in "
        "production each unmount leaves a socket open.",
        openings.by_whom(session, "a component"),
    )


def _late_within(session: Session) -> Sentence:
    return Sentence(
        "An effect called {}, whose client library opened the socket later, and the effect's clean-up did not close "
        "it. The clean-up is missing, or ran before the socket existed. React's StrictMode makes this visible; in "
        "production each unmount that comes as soon leaves a socket open.",
        openings.by_whom(session, "code"),
    )


def _late(session: Session) -> Sentence:
    return Sentence(
        "An effect opened the socket ({}) after a promise or a timer, and its clean-up did not close it. The clean-up "
        "may have run before the socket existed. React's StrictMode makes this visible; in production each unmount "
        "that comes as soon leaves a socket open.",
        openings.by_whom(session),
    )


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    yield second.proves("opened by the second mount", frame=triggers.read(second.initiator).second_mount)
    before = openings.creation_of(second) - openings.creation_of(first)
    yield first.proves(
        "opened {} before {} by the same code", length(before), second.name, frame=callstacks.own(first.initiator)
    )
    yield first.proves("not closed; {}", heartbeats.rhythm(first))


CAUSE = Cause(
    ID,
    "The effect's clean-up is missing, or closes nothing",
    explain,
    openings.source,
    triggers.is_second_mount,
)
