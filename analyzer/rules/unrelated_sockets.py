"""WebSockets of different services were open at the same time, of each service those of one user.

Why it matters: mostly it does not. A chat, a support widget and a database each keep a connection of their own. It is
told because the verdict counts every socket.

What to do: nothing, if each of them is meant to be there. To count each service by itself: `--per service`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Relation, Report, Rule, Severity, describe


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.UNRELATED, policy.tolerance):
        providers = (session.provider for session in report.named(overlap.sessions))
        *names, last = dict.fromkeys(provider.name for provider in providers if provider is not None)
        yield report.finding(
            RULE.id,
            RULE.severity,
            f"Sockets of different services, {', '.join(names)} and {last}: {describe(overlap, policy.max_open + 1)}.",
            overlap.sessions,
            interval=overlap.interval,
        )


RULE = Rule("unrelated-sockets", "Sockets of different services open at once", Severity.NOTE, check, counts=True)
