"""One user had more sockets open at the same time than the service's documented limit.

Why it matters: above its limit a service refuses connections or closes old ones. Stream Chat documents 3 per user in
development mode and 50 in production. A capture shows one browser; other tabs and devices count too.

A capture does not show which limit applies. Name it with `--app-mode development` or `--app-mode production`. Without
that option every output lists the limits, and none of them fails a check.

What to do: connect once per user. If each device has one connection and the limit is still too low, ask the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import overlaps
from analyzer.model import (
    Confidence,
    Finding,
    Limit,
    Need,
    Policy,
    Provider,
    Report,
    Rule,
    Session,
    Severity,
    describe_overlap,
)
from analyzer.model.sentence import Sentence, term


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for members in overlaps.by_user(filter(policy.counts, report.sessions)):
        provider = members[0].provider
        if provider is not None:
            for limit in _limits(provider, policy):
                yield from _findings(report, members, provider, limit)


def _limits(provider: Provider, policy: Policy) -> list[Limit]:
    """List the limits per user that apply; none where the policy does not say in which mode the app runs."""
    if policy.app_mode is None:
        return []
    return [limit for limit in provider.limits if limit.scope == "user" and limit.mode in (None, policy.app_mode)]


def _concerns(session: Session, policy: Policy) -> bool:
    return session.may_have_user and session.provider is not None and bool(_limits(session.provider, policy))


def _findings(report: Report, members: Sequence[Session], provider: Provider, limit: Limit) -> Iterator[Finding]:
    mode = Sentence(" in {} mode", term(limit.mode)) if limit.mode else Sentence("")
    allowed = Sentence("The service allows {} per user{}.", limit.max, mode)
    whose = Sentence("one user of {}", term(provider.name))
    for overlap in overlaps.find(members, limit.max + 1):
        if overlap.confidence is Confidence.POSSIBLE:
            yield report.finding(
                RULE.id,
                Severity.NOTE,
                Sentence("Possibly {} sockets of {} were open at the same time. {}", overlap.peak, whose, allowed),
                overlap.sessions,
                confidence=Confidence.POSSIBLE,
                interval=overlap.interval,
                peak=overlap.peak,
                link=limit.source,
            )
        else:
            yield report.finding(
                RULE.id,
                RULE.severity,
                Sentence("{}. {}", describe_overlap(overlap, whose, limit.max + 1), allowed),
                overlap.sessions,
                interval=overlap.interval,
                peak=overlap.peak,
                remedy=provider.remedy,
                link=limit.source,
            )


RULE = Rule(
    "limit-exceeded",
    "One user exceeds the limit of the service",
    Severity.ERROR,
    check,
    needs=(Need.USERS,),
    concerns=_concerns,
    least=2,
    counts=True,
)
