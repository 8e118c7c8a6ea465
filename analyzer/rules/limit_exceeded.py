"""One user had more WebSockets open at the same time than the service documents that it allows.

Why it matters: above its limit a service refuses connections, or closes old ones. Stream Chat documents 3 a user in
development mode and 50 in production. A capture shows one browser: other tabs and devices count too.

Which limit holds is not in a capture: say it with `--app-mode development` or `--app-mode production`. Without it
every output names the limits, and nothing fails.

What to do: connect once a user. If there is one connection a device and the limit is still too low, ask the service.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import overlaps
from analyzer.model import Confidence, Finding, Policy, Report, Rule, Scope, Severity, describe


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for key, members in overlaps.partition(report.sessions, Scope.USER):
        provider = members[0].provider
        if key.per is not Scope.USER or provider is None or policy.app_mode is None:
            continue
        for limit in provider.limits:
            if limit.scope != "user" or limit.mode != policy.app_mode:
                continue
            for overlap in overlaps.find(members, limit.max + 1):
                if overlap.confidence is Confidence.PROVEN:
                    allows = f"{provider.name} allows {limit.max} in {limit.mode} mode"
                    yield Finding(
                        rule=RULE.id,
                        severity=Severity.ERROR,
                        confidence=Confidence.PROVEN,
                        message=f"{overlap.peak:,} sockets of one user at once, {allows}: {describe(overlap, limit.max + 1)}.",
                        interval=overlap.interval,
                        sessions=overlap.sessions,
                        pointers=tuple(session.pointer for session in report.named(overlap.sessions)),
                        remedy=provider.remedy,
                        link=limit.source,
                    )


RULE = Rule("limit-exceeded", "More open for one user than the service allows", check)
