"""A client connected again and again within a minute, including failed attempts.

Why it matters: each attempt costs the server a handshake and usually an authentication. When a server restarts,
clients that retry without waiting longer keep it down. The browser then blocks further sockets.

How it is detected: one page opens sockets to one address, each after an earlier one had closed or failed. From 10
within a minute (`storm_opens`) the finding is a warning. Attempts of a client that waits longer each time do not
count: those where each wait is longer and the later waits are at least twice as long as the earlier ones, and those
after that, if the client then waits at least two seconds. If the wait stops growing before two seconds, the attempts
count, because the server gets no rest. A client that always waits one second is reported when its server has been away
for about ten seconds.

What to do: make the client wait longer after each failure, with some random variation, up to half a minute. Find out
why the sockets close (`har-sockets show CAPTURE SOCKET`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import backoff, openings
from analyzer.model import SECOND, Finding, Outcome, Policy, Report, Rule, Session, Severity
from analyzer.model.sentence import Sentence, length

MINUTE = 60 * SECOND
WHY = "Find out why the sockets close so soon."
STEADY = f"{WHY} Keeping one socket open costs less than opening one per request."
REMEDY = "Make the client wait longer after each failure, with some random variation. Find out why its sockets close."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for members in backoff.series(filter(policy.counts, report.sessions)):
        if len(members) < policy.storm_opens:
            continue
        again, _ = backoff.reconnects(members)
        start, most = _densest(again)
        if most >= policy.storm_opens:
            storm = again[start : start + most]
            failed = sum(it.outcome is Outcome.FAILED and not openings.is_abandoned(it) for it in storm)
            provider = storm[0].provider if len({it.provider for it in storm}) == 1 else None
            steady = f"{WHY} {provider.remedy}" if provider is not None and provider.remedy else STEADY
            failures = Sentence("; {} of them failed", failed) if failed else Sentence("")
            yield report.finding(
                RULE.id,
                Severity.WARNING,
                Sentence(
                    "A client opened {} sockets to {} within {}, each after an earlier one had ended{}.",
                    most,
                    report.endpoints(session.id for session in storm),
                    length(openings.creation_of(storm[-1]) - openings.creation_of(storm[0])),
                    failures,
                ),
                (session.id for session in storm),
                remedy=REMEDY if failed else steady,
                link=None if failed or provider is None else provider.link,
            )


def _densest(sessions: Sequence[Session]) -> tuple[int, int]:
    """Where the most of them lie within a minute, and how many."""
    at = [openings.creation_of(session) for session in sessions]
    start, best = 0, (0, 0)
    for end, instant in enumerate(at):
        while instant - at[start] >= MINUTE:
            start += 1
        best = max(best, (start, end - start + 1), key=lambda pair: pair[1])
    return best


RULE = Rule(
    "reconnect-storm", "A client reconnects again and again", Severity.WARNING, check, ends=True, has_cause=True
)
