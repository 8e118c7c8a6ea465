"""Sockets of different services were open at the same time, with one user per service.

Why it matters: usually it does not. A chat, a support widget and a database each keep their own connection. The finding
is there because the verdict counts every socket.

What to do: nothing, if each of them is intended. To count each service separately, pass `--per service`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Relation, Report, Rule, Severity, describe_overlap
from analyzer.model.sentence import Sentence, chain, term


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.UNRELATED, policy.tolerance):
        providers = (session.provider for session in report.named(overlap.sessions))
        names = list(dict.fromkeys(provider.name for provider in providers if provider is not None))
        whose = Sentence("different services ({})", chain([term(name) for name in names], last=" and "))
        yield report.finding(
            RULE.id,
            RULE.severity,
            Sentence("{}.", describe_overlap(overlap, whose, policy.max_open + 1)),
            overlap.sessions,
            interval=overlap.interval,
            peak=overlap.peak,
        )


RULE = Rule(
    "unrelated-sockets", "Sockets of different services were open at the same time", Severity.NOTE, check, counts=True
)
