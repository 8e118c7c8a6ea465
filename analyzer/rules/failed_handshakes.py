"""WebSockets whose opening handshake failed: they were never open.

Why it matters: a failed attempt is no overlap, but a client that tries again and again without backing off loads
the server, and the browser's own limits then stop further sockets. From 5 within a minute this is a warning; attempts
before which the client waited longer and longer do not count (`reconnect-storm` says how that is told).

A socket that the page itself closed while it was still connecting ("WebSocket is closed before the connection is
established.") is told apart and does not count: a clean-up does so, and a client that waits no longer. The server has
no part in it.

What to do: look at the status or error of the attempts (`har-sockets show CAPTURE SOCKET`): a refused connection,
an expired token (401, 403), a wrong path (404). Let the client wait longer after each failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer import backoff, openings
from analyzer.model import SECOND, Finding, Outcome, Policy, Report, Rule, Session, Severity

STORM, WITHIN = 5, 60 * SECOND
SHOWN = 3  # different problems
REMEDY = "Look at the answers of the server; let the client wait longer after each failure."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    failed = [session for session in report.sessions if session.outcome is Outcome.FAILED]
    refused = [session for session in failed if not openings.abandoned(session)]
    given_up = [session for session in failed if openings.abandoned(session)]
    if refused:
        problems = list(dict.fromkeys(s.problem for s in refused if s.problem))
        more = f" and {len(problems) - SHOWN} other problems" if len(problems) > SHOWN else ""
        yield report.finding(
            RULE.id,
            Severity.WARNING if _storm(filter(policy.counts, refused), report.sessions) else Severity.NOTE,
            f"{_many(refused)} never opened: {', '.join(problems[:SHOWN]) or 'no reason recorded'}{more}.",
            (session.id for session in refused),
            remedy=REMEDY,
        )
    if given_up:
        yield report.finding(
            RULE.id,
            Severity.NOTE,
            f"{_many(given_up)} never opened: the page itself closed {'it' if len(given_up) == 1 else 'them'} while "
            "connecting.",
            (session.id for session in given_up),
        )


def _many(sessions: Sequence[Session]) -> str:
    return "1 socket" if len(sessions) == 1 else f"{len(sessions)} sockets"


def _storm(failed: Iterable[Session], everyone: Sequence[Session]) -> bool:
    """Were there five within one minute, without those of a client that backs off?"""
    patient = {it.id for members in backoff.series(everyone) for it in backoff.reconnects(members)[1]}
    bounds = (it.created or it.closed for it in failed if it.id not in patient)
    starts = sorted(b.earliest for b in bounds if b is not None and b.earliest is not None)
    return any(late - early < WITHIN for early, late in zip(starts, starts[STORM - 1 :], strict=False))


RULE = Rule("failed-handshakes", "Sockets that never opened", Severity.NOTE, check)
