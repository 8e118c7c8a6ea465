"""One user had more than one socket of the same service and app open at the same time.

Why it matters: chat and realtime services expect one connection per user. The service sends each event once per socket,
so users can get each message several times. Each extra connection counts against the service's limit, can cost money,
and often stays open unnoticed until the user leaves the page.

How it is detected: a different token or request id in the URL does not make a different user.

Overlaps of one user that repeat with one cause, opened by the same code, are one finding (three or more, where the
cause is unknown). It says how many there were, names all their sockets, and lasts from the first to the last of them.

What to do: create the client once, outside of anything that mounts repeatedly (a React component, a route). Connect
once per user, and disconnect when the session ends. `har-sockets show CAPTURE SOCKET` names the code that opened each
socket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import openings
from analyzer.model import (
    Finding,
    Need,
    Policy,
    Provider,
    Relation,
    Report,
    Rule,
    Severity,
    describe_overlap,
    describe_overlaps,
)
from analyzer.model.rule import concerns_users
from analyzer.model.sentence import Sentence, term

REMEDY = "Open one connection per user, and close it in the clean-up of the code that opened it."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.SAME_USER, policy.tolerance):
        sessions = report.named(overlap.sessions)
        provider = sessions[0].provider
        assert provider is not None  # or the user would not be known
        yield report.finding(
            RULE.id,
            RULE.severity,
            Sentence("{}.", describe_overlap(overlap, _whose(provider), policy.max_open + 1)),
            overlap.sessions,
            interval=overlap.interval,
            peak=overlap.peak,
            remedy=openings.WAIT if openings.is_handed_over(openings.in_order(sessions)) else provider.remedy or REMEDY,
            link=provider.link,
        )


def fold(report: Report, findings: Sequence[Finding]) -> Sentence:
    (session,) = report.named(findings[0].sessions[:1])
    assert session.provider is not None
    return describe_overlaps(report, findings, _whose(session.provider))


def _whose(provider: Provider) -> Sentence:
    return Sentence("one user of {}", term(provider.name))


RULE = Rule(
    "duplicate-connection",
    "One user has more than one connection to a service",
    Severity.ERROR,
    check,
    needs=(Need.USERS,),
    concerns=concerns_users,
    least=2,
    counts=True,
    has_cause=True,
    fold=fold,
)
