"""One user had more than one WebSocket of the same service and app open at the same time.

Why it matters: chat and realtime services expect one connection a user. Each further one costs money, counts
against the service's limit, delivers every event twice, and often stays open unseen until the page is left. Another
token or request id in the URL does not make it another user.

What to do: create the client once, outside of what is mounted again and again (a React component, a route), connect
once a user, and disconnect where that is cleaned up. `har-sockets show CAPTURE SOCKET` names the code that opened
each socket.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import openings
from analyzer.model import Finding, Policy, Relation, Report, Rule, Severity, describe

REMEDY = "Open the connection once a user and close it in the clean-up of what opened it."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.SAME_USER, policy.tolerance):
        sessions = report.named(overlap.sessions)
        provider = sessions[0].provider
        assert provider is not None  # or the user would not be known
        yield report.finding(
            RULE.id,
            RULE.severity,
            f"{len(overlap.sessions):,} sockets of one user of {provider.name}: "
            f"{describe(overlap, policy.max_open + 1)}.",
            overlap.sessions,
            interval=overlap.interval,
            remedy=openings.WAIT if openings.handed_over(openings.in_order(sessions)) else provider.remedy or REMEDY,
            link=provider.link,
        )


RULE = Rule(
    "duplicate-connection",
    "One user has more than one connection to a service",
    Severity.ERROR,
    check,
    counts=True,
    has_cause=True,
)
