"""It cannot be ruled out that several WebSockets were open at the same time.

Why it matters: a HAR has no field for the close of a socket. Where the exporter leaves no trace of it, a socket
that was opened later may or may not have met the one before. A gate must not pass what it cannot see.

What to do: record so that the capture can tell. Chrome DevTools, opened before the page is loaded, with
"Preserve log" on and no filter, settles nearly every case; HTTP Toolkit records each close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import overlaps
from analyzer.model import Confidence, Finding, Outcome, Overlap, Policy, Report, Rule, Session, Severity, spoken

ELSEWHERE = "Record with Chrome DevTools (opened first, Preserve log on, no filter) or with HTTP Toolkit."
LEFT = "If the back/forward cache was off while this was recorded, say so: --assume no-bfcache."
AGAIN = "Record again with DevTools opened before the page is loaded, Preserve log on and no filter."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in overlaps.possible_excesses(report.sessions, policy, report.overlaps):
        sessions = report.named(overlap.sessions)
        unsettled = [session for session in sessions if session.outcome is Outcome.UNKNOWN]
        yield report.finding(
            RULE.id,
            RULE.severity,
            f"Cannot rule out that {_many(overlap)} of {report.endpoints(overlap.sessions)} were open "
            f"at once{_most(overlap)}: {_why(sessions, unsettled)}.",
            overlap.sessions,
            confidence=Confidence.POSSIBLE,
            interval=overlap.interval,
            remedy=_remedy(report, unsettled),
        )


def _many(overlap: Overlap) -> str:
    if overlap.peak < len(overlap.sessions):
        return f"up to {overlap.peak} of {len(overlap.sessions)} sockets"
    return "both sockets" if overlap.peak == 2 else f"all {overlap.peak} sockets"


def _most(overlap: Overlap) -> str:
    return "" if overlap.interval.end is None else f", for at most {spoken(overlap.duration)}"


def _why(sessions: Sequence[Session], unsettled: Sequence[Session]) -> str:
    if unsettled:
        return f"the file does not say when {_names(unsettled)} closed"
    lasting = [s for s in sessions if s.outcome is Outcome.OPEN and s.proven is not None and s.proven.end is not None]
    if lasting:  # of a capture that was saved before others were (--together)
        return f"{_names(lasting)} may have stayed open after its capture was saved"
    vague = [s for s in sessions if s.opened is not None and s.opened.earliest != s.opened.latest]
    return f"the file does not say exactly when {_names(vague or sessions)} opened"


def _names(sessions: Sequence[Session]) -> str:
    return ", ".join(session.name for session in sessions[:5]) + (" ..." if len(sessions) > 5 else "")


def _remedy(report: Report, unsettled: Sequence[Session]) -> str | None:
    if not unsettled:
        return None
    if report.capture.exporter.id != "chrome":
        return ELSEWHERE
    ended = {page.id for page in report.capture.pages if page.end is not None}
    return LEFT if any(session.page in ended for session in unsettled) else AGAIN


RULE = Rule(
    "possible-overlap",
    "Several sockets open at once cannot be ruled out",
    Severity.NOTE,
    check,
    counts=True,
    has_cause=True,
)
