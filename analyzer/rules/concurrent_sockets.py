"""More than one WebSocket was open at the same time, to one address or to services that are not known.

Why it matters: an application needs one connection a service. Each further one costs the server, delivers every event
twice, and often stays open unseen until the page is left. Whose sockets they are is not known here (another user, or
a service that is not in the catalogue); where it is known, `duplicate-connection` and `unrelated-sockets` tell.

What to do: open the connection once, outside of what is mounted again and again (a React component, a route),
and close it where it is cleaned up. `har-sockets show CAPTURE SOCKET` names the code that opened each socket.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Policy, Relation, Report, Rule, Severity, describe

SAME = "Open the connection once and close it in the clean-up of what opened it."
DIFFERENT = "They go to different addresses: see which of them is meant to be there."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.RELATED, policy.tolerance):
        sessions = report.named(overlap.sessions)
        yield Finding(
            rule=RULE.id,
            severity=Severity.WARNING,
            confidence=Confidence.PROVEN,
            message=f"{len(sessions):,} sockets of {report.endpoints(overlap.sessions)}: {describe(overlap, policy.max_open + 1)}.",
            interval=overlap.interval,
            sessions=overlap.sessions,
            pointers=tuple(session.pointer for session in sessions),
            remedy=SAME if len({session.endpoint for session in sessions}) < len(sessions) else DIFFERENT,
        )


RULE = Rule("concurrent-sockets", "More than one socket open at once", check)
