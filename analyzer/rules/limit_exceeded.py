"""One user had more WebSockets open at the same time than the service documents that it allows.

Why it matters: above its limit a service refuses connections, or closes old ones. Stream Chat documents 3 a user in
development mode and 50 in production. A capture shows one browser: other tabs and devices count too.

Which limit holds is not in a capture: say it with `--app-mode development` or `--app-mode production`. Without it
every output names the limits, and nothing fails.

What to do: connect once a user. If there is one connection a device and the limit is still too low, ask the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import overlaps
from analyzer.model import (
    Confidence,
    Finding,
    Limit,
    Policy,
    Provider,
    Report,
    Rule,
    Scope,
    Session,
    Severity,
    describe,
)


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for key, members in overlaps.partition(filter(policy.counts, report.sessions), Scope.USER):
        provider = members[0].provider
        if key.per is Scope.USER and provider is not None and policy.app_mode is not None:
            for limit in provider.limits:
                if limit.scope == "user" and limit.mode in (None, policy.app_mode):
                    yield from _findings(report, members, provider, limit)


def _findings(report: Report, members: Sequence[Session], provider: Provider, limit: Limit) -> Iterator[Finding]:
    allowed = f"{provider.name} allows {limit.max}{f' in {limit.mode} mode' if limit.mode else ''}"
    for overlap in overlaps.find(members, limit.max + 1):
        if overlap.confidence is Confidence.POSSIBLE:
            yield report.finding(
                RULE.id,
                Severity.NOTE,
                f"Cannot rule out {overlap.peak:,} sockets of one user at once, where {allowed}.",
                overlap.sessions,
                confidence=Confidence.POSSIBLE,
                interval=overlap.interval,
                link=limit.source,
            )
        else:
            yield report.finding(
                RULE.id,
                RULE.severity,
                f"{overlap.peak:,} sockets of one user at once, where {allowed}: {describe(overlap, limit.max + 1)}.",
                overlap.sessions,
                interval=overlap.interval,
                remedy=provider.remedy,
                link=limit.source,
            )


RULE = Rule("limit-exceeded", "More open for one user than the service allows", Severity.ERROR, check, counts=True)
