"""Sockets never opened because their opening handshake failed.

Why it matters: a failed attempt is not an overlap. But a client that keeps retrying without waiting longer loads the
server, and the browser then blocks further sockets.

How severe it is: from 5 failures within a minute the severity is warning. Attempts of a client that waits longer after
each failure do not count (`reconnect-storm` explains how that is measured). Nor do those that come about a second or
more after the last end: a server that is away for some seconds is no fault of the client. If the waits stay so short,
`reconnect-storm` reports them from 10 on.

Sockets that the page itself closed while they were connecting ("WebSocket is closed before the connection is
established.") are listed separately and do not count. A clean-up does that, and so does a client that stops waiting.
The server is not at fault.

Where the capture does not show why sockets failed, they are listed separately, too, and do not count: possibly the page
itself closed them. A performance trace never has the reason. A NetLog has none where the page closed the socket or was
left.

What to do: look at the status or error of each attempt (`har-sockets show CAPTURE SOCKET`): a refused connection, an
expired token (401, 403), a wrong path (404). Make the client wait longer after each failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer import backoff, openings
from analyzer.model import SECOND, Finding, Outcome, Policy, Report, Rule, Session, Severity
from analyzer.model.sentence import Sentence, chain, count, quote

STORM, WITHIN = 5, 60 * SECOND
SHOWN = 3  # different problems
REMEDY = "Look at the server's answers, and make the client wait longer after each failure."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    failed = [session for session in report.sessions if session.outcome is Outcome.FAILED]
    given_up = [session for session in failed if openings.is_abandoned(session)]
    unexplained = [session for session in failed if openings.is_unexplained(session)]
    refused = [it for it in failed if not openings.is_abandoned(it) and not openings.is_unexplained(it)]
    if refused:
        problems = list(dict.fromkeys(s.problem for s in refused if s.problem))
        why = chain([quote(it) for it in problems[:SHOWN]])
        if len(problems) > SHOWN:
            why = Sentence("{} and {}", why, count(len(problems) - SHOWN, "other problem"))
        severity = Severity.WARNING if _storm(filter(policy.counts, refused), report.sessions) else Severity.NOTE
        yield _describe(report, refused, why, severity, REMEDY)
    if given_up:
        them = Sentence("it while it was" if len(given_up) == 1 else "them while they were")
        yield _describe(report, given_up, Sentence("the page itself closed {} connecting", them))
    if unexplained:
        them = Sentence("it" if len(unexplained) == 1 else "them")
        why = Sentence("the capture does not show why, possibly the page itself closed {}", them)
        yield _describe(report, unexplained, why)


def _describe(
    report: Report,
    failed: Sequence[Session],
    why: Sentence,
    severity: Severity = Severity.NOTE,
    remedy: str | None = None,
) -> Finding:
    message = Sentence("{} never opened: {}.", count(len(failed), "socket"), why)
    return report.finding(RULE.id, severity, message, (session.id for session in failed), remedy=remedy)


def _storm(failed: Iterable[Session], everyone: Sequence[Session]) -> bool:
    """Were there five within one minute, without those of a client that backs off, or waits for a second?"""
    patient = {it.id for members in backoff.series(everyone) for it in backoff.list_unhurried(members)}
    bounds = (it.created or it.closed for it in failed if it.id not in patient)
    starts = sorted(b.earliest for b in bounds if b is not None and b.earliest is not None)
    return any(late - early < WITHIN for early, late in zip(starts, starts[STORM - 1 :], strict=False))


RULE = Rule("failed-handshakes", "Sockets that never opened", Severity.NOTE, check, gravest=Severity.WARNING)
