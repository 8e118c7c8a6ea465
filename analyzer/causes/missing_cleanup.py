"""The effect that opens the socket does not close it: its clean-up is missing, or closes nothing.

How it is told: React's StrictMode mounts every component twice in development, with the clean-up in between. The stack
of the second socket holds the functions of the second mount (`invokePassiveEffectMountInDEV` in React 18,
`doubleInvokeEffectsOnFiber` in React 19), the first was opened from the same place a moment before, and it was still
open more than five seconds later. Where the capture was saved before that, it is told as probable: a clean-up may have
been about to close it. So it is where the effect opened the socket in a later turn (after a promise or a timer): the
clean-up may be there, and have run before the socket was. Hooks of libraries do so, too.

Why it matters: production mounts once, but it unmounts too. Each change of route or key then leaves a socket open that
nothing uses, until the page is left.

What to do: return a clean-up from the effect, and close the very socket that this run of the effect opened, also one
that is still connecting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import heartbeats, initiators, openings
from analyzer.model import Cause, Confidence, Explanation, Finding, Proof, Session, spoken

REMEDY = "Return a clean-up from the effect that closes the socket which it opened, also one that is still connecting."
LATER = (
    "See that the clean-up also closes a socket that is opened after it ran. Where a hook of a library opens it, look "
    "for a newer version of the library."
)
LINK = "https://react.dev/reference/react/useEffect#connecting-to-an-external-system"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = [pair for pair in openings.second_mounts(sessions) if openings.lives_on(*pair)]
    if not pairs:
        return None
    second = pairs[0][1]
    later, provider = initiators.after_mount(second.initiator), second.provider
    return Explanation(
        why=_late(second) if later else _never(second),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=LATER if later else provider.remedy if provider is not None and provider.remedy else REMEDY,
        link=provider.link if provider is not None and provider.link else LINK,
        sure=not later and all(openings.outlasted(*pair) for pair in pairs),
    )


def _never(session: Session) -> str:
    component = openings.by_whom(session, "a component")
    return (
        f"The effect of {component} did not close its socket when it was cleaned up: React's StrictMode shows it, and "
        "production leaks it at each unmount."
    )


def _late(session: Session) -> str:
    return (
        f"An effect opened the socket ({openings.by_whom(session)}) after a promise or a timer, and its clean-up did "
        "not close it: it may have run before the socket was there. React's StrictMode shows it, and production leaks "
        "it at each unmount that comes as soon."
    )


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    yield second.proves("opened by the second mount", initiators.second_mount(second.initiator))
    before = openings.created(second) - openings.created(first)
    yield first.proves(f"opened {spoken(before)} before, from the same place", initiators.own(first.initiator))
    yield first.proves(f"not closed; {heartbeats.rhythm(first)}")


CAUSE = Cause("missing-cleanup", "The effect's clean-up is missing, or closes nothing", explain, openings.source)
