"""The capture has sockets of a development server, for hot module replacement or live reload.

Why it matters: your application does not open these sockets, and production has none of them. The verdict counts every
socket, so it counts these too. No overlap rule counts them unless you pass `--count-dev-servers`.

What to do: nothing. To record the application alone, use a production build.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Report, Rule, Severity
from analyzer.model.sentence import Sentence, count, term


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    by_server: dict[str, list[str]] = {}
    for session in report.sessions:
        if session.provider is not None and session.dev_only and not session.extension:
            by_server.setdefault(session.provider.name, []).append(session.id)
    for name, ids in by_server.items():
        message = Sentence("{} of a development server: {}.", count(len(ids), "socket"), term(name))
        if not policy.count_dev_servers:
            them = Sentence("it" if len(ids) == 1 else "them")
            message = Sentence("{} Overlap rules ignore {} unless you pass --count-dev-servers.", message, them)
        yield report.finding(RULE.id, RULE.severity, message, ids)


RULE = Rule("dev-server-socket", "Sockets of a development server", Severity.NOTE, check)
