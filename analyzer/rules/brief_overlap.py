"""More WebSockets than allowed were open at the same time, but only for a moment.

Why it matters: usually it does not. A hand-over from one connection to the next, or React's StrictMode, which
mounts every component twice in development, takes 1 to 70 ms in real captures. Such overlaps are told, and they
count in the verdict; they do not fail a check unless they last longer than the tolerance (250 ms by default).

What to do: nothing, if it happens once where a connection is replaced. If it happens on every render or route,
the connection is opened in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Policy, Report, Rule, Severity, describe


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for excess in report.excesses:
        overlap = excess.overlap
        if overlap.brief(policy.tolerance):
            sessions = report.named(overlap.sessions)
            yield Finding(
                rule=RULE.id,
                severity=Severity.NOTE,
                confidence=Confidence.PROVEN,
                message=f"{len(sessions)} sockets of {report.endpoints(overlap.sessions)}: {describe(overlap, policy.max_open + 1)}, "
                "a hand-over or a double mount.",
                interval=overlap.interval,
                sessions=overlap.sessions,
                pointers=tuple(session.pointer for session in sessions),
            )


RULE = Rule("brief-overlap", "Several sockets open at once, for a moment", check)
