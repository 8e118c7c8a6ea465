"""It cannot be ruled out that several WebSockets were open at the same time.

Why it matters: a HAR has no field for the close of a socket. Where the exporter leaves no trace of it, a socket
that was opened later may or may not have met the one before. A gate must not pass what it cannot see.

What to do: record so that the capture can tell. Chrome DevTools, opened before the page is loaded, with
"Preserve log" on and no filter, settles nearly every case; HTTP Toolkit records each close.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Outcome, Policy, Report, Rule, Session, Severity


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.overlaps:
        if overlap.confidence is Confidence.POSSIBLE and overlap.peak > policy.max_open:
            sessions = report.named(overlap.sessions)
            unsettled = [s for s in sessions if _end_unknown(s)]
            names = ", ".join(s.name for s in unsettled[:5]) + (" ..." if len(unsettled) > 5 else "")
            why = f"when {names} closed is not known" if unsettled else "the bounds of their opening and closing touch"
            yield Finding(
                rule=RULE.id,
                severity=Severity.NOTE,
                confidence=Confidence.POSSIBLE,
                message=f"Cannot rule out that up to {overlap.peak} of {len(sessions)} sockets of "
                f"{report.endpoints(overlap.sessions)} were open at once: {why}.",
                interval=overlap.interval,
                sessions=overlap.sessions,
                pointers=tuple(session.pointer for session in sessions),
                remedy="Record with Chrome DevTools (opened first, Preserve log on, no filter) or with HTTP Toolkit.",
            )


def _end_unknown(session: Session) -> bool:
    return session.outcome is Outcome.UNKNOWN or session.closed is None or session.closed.latest is None


RULE = Rule("possible-overlap", "Several sockets open at once cannot be ruled out", check)
