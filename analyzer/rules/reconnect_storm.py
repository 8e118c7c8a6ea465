"""A client connected again and again within a minute, failed attempts included.

Why it matters: each attempt costs the server a handshake, mostly also an authentication. When a server restarts,
clients that do not back off keep it down. The browser's own limits then stop further sockets.

How it is told: openings to one address from one page, each after an earlier one had closed or failed; a warning from 10
within a minute (`storm_opens`). Attempts of a client that backs off are not counted: those before which it waited
longer and longer, the later ones at least twice as long as the earlier, and those after that, where it then waits two
seconds or more. Where its wait stops growing before that, they count: it does not give the server a rest.

What to do: wait longer after each failure, with some chance in it, up to half a minute; look at why the sockets close
(`har-sockets show CAPTURE SOCKET`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import backoff, openings
from analyzer.model import SECOND, Finding, Outcome, Policy, Report, Rule, Session, Severity, spoken

MINUTE = 60 * SECOND
STEADY = "See why its sockets close so soon; one that is kept open costs less than one for each request."
REMEDY = "Let the client wait longer after each failure, with some chance in it, and see why its sockets close."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for members in backoff.series(filter(policy.counts, report.sessions)):
        again, _ = backoff.reconnects(members)
        start, most = _densest(again)
        if most >= policy.storm_opens:
            storm = again[start : start + most]
            failed = sum(it.outcome is Outcome.FAILED and not openings.abandoned(it) for it in storm)
            length = spoken(openings.created(storm[-1]) - openings.created(storm[0]))
            yield report.finding(
                RULE.id,
                Severity.WARNING,
                f"{most:,} openings to {report.endpoints(session.id for session in storm)} within {length}, "
                f"each after an earlier one had ended{f', {failed:,} failed' if failed else ''}.",
                (session.id for session in storm),
                remedy=REMEDY if failed else STEADY,
            )


def _densest(sessions: Sequence[Session]) -> tuple[int, int]:
    """Where the most of them lie within a minute, and how many."""
    at = [openings.created(session) for session in sessions]
    start, best = 0, (0, 0)
    for end, instant in enumerate(at):
        while instant - at[start] >= MINUTE:
            start += 1
        best = max(best, (start, end - start + 1), key=lambda it: it[1])
    return best


RULE = Rule("reconnect-storm", "A client reconnects again and again", Severity.WARNING, check, ends=True)
