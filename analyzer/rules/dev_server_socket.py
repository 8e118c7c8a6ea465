"""WebSockets of a development server: hot module replacement, live reload.

Why it matters: they are not the application's, and production has none of them. They are in the verdict, which counts
every socket, and in no overlap rule unless `--count-dev-servers` is given.

What to do: nothing. To see the application alone, record a production build.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Report, Rule, Severity


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    by_server: dict[str, list[str]] = {}
    for session in report.sessions:
        if session.provider is not None and session.dev_only and not session.extension:
            by_server.setdefault(session.provider.name, []).append(session.id)
    counted = "" if policy.count_dev_servers else ", in no overlap rule (--count-dev-servers counts them)"
    for name, ids in by_server.items():
        many = "1 socket" if len(ids) == 1 else f"{len(ids):,} sockets"
        yield report.finding(RULE.id, RULE.severity, f"{many} of a development server, {name}{counted}.", ids)


RULE = Rule("dev-server-socket", "Sockets of a development server", Severity.NOTE, check)
