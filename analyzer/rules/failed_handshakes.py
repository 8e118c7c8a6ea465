"""WebSockets whose opening handshake failed: they were never open.

Why it matters: a failed attempt is no overlap, but a client that tries again and again without backing off loads
the server, and the browser's own limits then stop further sockets. From 5 within a minute this is a warning.

What to do: look at the status or error of the attempts (`har-sockets show CAPTURE SOCKET`): a refused connection,
an expired token (401, 403), a wrong path (404). Let the client wait longer after each failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import SECOND, Finding, Outcome, Policy, Report, Rule, Session, Severity

STORM, WITHIN = 5, 60 * SECOND
SHOWN = 3  # different problems


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    failed = [session for session in report.sessions if session.outcome is Outcome.FAILED]
    if failed:
        many = "1 socket" if len(failed) == 1 else f"{len(failed)} sockets"
        problems = list(dict.fromkeys(s.problem for s in failed if s.problem))
        more = f" and {len(problems) - SHOWN} other problems" if len(problems) > SHOWN else ""
        yield report.finding(
            RULE.id,
            Severity.WARNING if _storm(failed) else Severity.NOTE,
            f"{many} never opened: {', '.join(problems[:SHOWN]) or 'no reason recorded'}{more}.",
            (session.id for session in failed),
            remedy="Look at the answers of the server; let the client wait longer after each failure.",
        )


def _storm(failed: list[Session]) -> bool:
    """Were there five within one minute?"""
    bounds = (session.created or session.closed for session in failed)
    starts = sorted(b.earliest for b in bounds if b is not None and b.earliest is not None)
    return any(late - early < WITHIN for early, late in zip(starts, starts[STORM - 1 :], strict=False))


RULE = Rule("failed-handshakes", "Sockets that never opened", Severity.NOTE, check)
