"""More than one WebSocket was open at the same time, to one address or to services that are not known.

Why it matters: an application needs one connection a service. Each further one costs the server, delivers every event
twice, and often stays open unseen until the page is left. Whose sockets they are is not known here (another user, or
a service that is not in the catalogue); where it is known, `duplicate-connection` and `unrelated-sockets` tell.

What to do: open the connection once, outside of what is mounted again and again (a React component, a route),
and close it where it is cleaned up. `har-sockets show CAPTURE SOCKET` names the code that opened each socket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import openings, overlaps
from analyzer.model import Finding, Policy, Relation, Report, Rule, Scope, Session, Severity, describe

SAME = "Open the connection once and close it in the clean-up of what opened it."
USERS = "One user at a time: close the old connection, and wait for it, before the next user connects."
DIFFERENT = (
    "They go to different addresses: see which of them is meant to be there. --per endpoint counts each address by "
    "itself."
)


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.RELATED, policy.tolerance):
        sessions = report.named(overlap.sessions)
        yield report.finding(
            RULE.id,
            RULE.severity,
            f"{len(sessions):,} sockets of {_whose(report, sessions)}: {describe(overlap, policy.max_open + 1)}.",
            overlap.sessions,
            interval=overlap.interval,
            remedy=_remedy(sessions),
        )


def _whose(report: Report, sessions: Sequence[Session]) -> str:
    services = {session.provider.name if session.user and session.provider else None for session in sessions}
    (service,) = services if len(services) == 1 else (None,)
    if service is None:
        return report.endpoints(session.id for session in sessions)
    apps = {session.user[1] for session in sessions if session.user is not None}
    within = f" in {len(apps):,} apps" if len(apps) > 1 else ""
    return f"{len({session.user for session in sessions}):,} users of {service}{within}"


def _remedy(sessions: Sequence[Session]) -> str:
    apps = {session.user[:2] if session.user is not None else None for session in sessions}
    if len(apps) == 1 and None not in apps:
        return USERS
    parts = (openings.in_order(members) for _, members in overlaps.partition(sessions, Scope.ENDPOINT))
    twice = [lot for members in parts for lot in overlaps.together(members)]
    if not twice:
        return DIFFERENT
    return openings.WAIT if all(map(openings.handed_over, twice)) else SAME


RULE = Rule(
    "concurrent-sockets", "More than one socket open at once", Severity.WARNING, check, counts=True, has_cause=True
)
