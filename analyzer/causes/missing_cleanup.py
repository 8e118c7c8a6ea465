"""The effect that opens the socket does not close it: its clean-up is missing, or closes nothing.

How it is told: React's StrictMode mounts every component twice in development, with the clean-up in between. The stack
of the second socket holds the functions of the second mount (`invokePassiveEffectMountInDEV` in React 18,
`doubleInvokeEffectsOnFiber` in React 19), the first was opened from the same place a moment before, and it was still
open more than five seconds later. Where the capture was saved before that, it is told as probable: a clean-up may have
been about to close it.

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
LINK = "https://react.dev/reference/react/useEffect#connecting-to-an-external-system"


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    pairs = [pair for pair in openings.second_mounts(sessions) if openings.lives_on(*pair)]
    if not pairs:
        return None
    second = pairs[0][1]
    component, provider = openings.by_whom(second, "a component"), second.provider
    return Explanation(
        why=f"The effect of {component} did not close its socket when it was cleaned up: React's StrictMode shows it, "
        "and production leaks it at each unmount.",
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=provider.remedy if provider is not None and provider.remedy else REMEDY,
        link=provider.link if provider is not None and provider.link else LINK,
        sure=all(openings.outlasted(*pair) for pair in pairs),
    )


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    yield second.proves("opened by the second mount", initiators.second_mount(second.initiator))
    before = openings.created(second) - openings.created(first)
    yield first.proves(f"opened {spoken(before)} before, from the same place", initiators.own(first.initiator))
    yield first.proves(f"not closed; {heartbeats.rhythm(first)}")


CAUSE = Cause("missing-cleanup", "The effect's clean-up is missing, or closes nothing", explain)
