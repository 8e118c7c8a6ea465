"""WebSockets of different services were open at the same time, one of each.

Why it matters: mostly it does not. A chat, a support widget and a database each keep a connection of their own. It is
told because the verdict counts every socket.

What to do: nothing, if each of them is meant to be there. To count each service by itself: `--per service`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Policy, Relation, Report, Rule, Severity, describe


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.UNRELATED, policy.tolerance):
        sessions = report.named(overlap.sessions)
        names = list(dict.fromkeys(s.provider.name for s in sessions if s.provider is not None))
        yield Finding(
            rule=RULE.id,
            severity=Severity.NOTE,
            confidence=Confidence.PROVEN,
            message=f"Sockets of different services, {', '.join(names[:-1])} and {names[-1]}: {describe(overlap, policy.max_open + 1)}.",
            interval=overlap.interval,
            sessions=overlap.sessions,
            pointers=tuple(session.pointer for session in sessions),
        )


RULE = Rule("unrelated-sockets", "Sockets of different services open at once", check)
