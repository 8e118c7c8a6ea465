"""WebSockets of a development server: hot module replacement, live reload.

Why it matters: they are not the application's, and production has none of them. They are in the verdict, which counts
every socket, and in no overlap rule unless `--count-dev-servers` is given.

What to do: nothing. To see the application alone, record a production build.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Policy, Report, Rule, Session, Severity


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    by_server: dict[str, list[Session]] = {}
    for session in report.sessions:
        if session.provider is not None and session.dev_only:
            by_server.setdefault(session.provider.name, []).append(session)
    for name, sessions in by_server.items():
        many = "1 socket" if len(sessions) == 1 else f"{len(sessions):,} sockets"
        counted = "" if policy.count_dev_servers else ", in no overlap rule (--count-dev-servers counts them)"
        yield Finding(
            rule=RULE.id,
            severity=Severity.NOTE,
            confidence=Confidence.PROVEN,
            message=f"{many} of a development server, {name}{counted}.",
            interval=None,
            sessions=tuple(session.id for session in sessions),
            pointers=tuple(session.pointer for session in sessions),
        )


RULE = Rule("dev-server-socket", "Sockets of a development server", check)
