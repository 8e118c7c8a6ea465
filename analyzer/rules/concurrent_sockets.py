"""More than one WebSocket was open at the same time.

Why it matters: chat and realtime services expect one connection a user. Each further one costs money, counts
against the service's limit, delivers every event twice, and often stays open unseen until the page is left.

What to do: open the connection once, outside of what is mounted again and again (a React component, a route),
and close it where it is cleaned up. `har-sockets show CAPTURE SOCKET` names the code that opened each socket.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import overlaps
from analyzer.model import Confidence, Finding, Overlap, Policy, Report, Rule, Severity, describe

SAME = "Open the connection once and close it in the clean-up of what opened it."
DIFFERENT = "They go to different addresses: see which of them is meant to be there."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in overlaps.proven_above(report, policy.max_open):
        if not overlap.brief(policy.tolerance):
            yield _finding(report, overlap)


def _finding(report: Report, overlap: Overlap) -> Finding:
    sessions = report.named(overlap.sessions)
    return Finding(
        rule=RULE.id,
        severity=Severity.WARNING,
        confidence=Confidence.PROVEN,
        message=f"{len(sessions):,} sockets of {report.endpoints(overlap.sessions)}: {describe(overlap)}.",
        interval=overlap.interval,
        sessions=overlap.sessions,
        pointers=tuple(session.pointer for session in sessions),
        remedy=SAME if len({session.endpoint for session in sessions}) < len(sessions) else DIFFERENT,
    )


RULE = Rule("concurrent-sockets", "More than one socket open at once", check)
