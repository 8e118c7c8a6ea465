"""The capture holds no WebSocket at all, or none that ever opened.

Why it matters: a check that saw nothing proves nothing. Either the page opened none while it was recorded, or the
capture could not see them: DevTools opened after the page, a filter that was on when the HAR was saved, sockets in
a shared worker, an exporter that never writes sockets. Where every handshake failed, nothing is shown about sockets
that are open at the same time either.

What to do: open DevTools first, clear the filter, reload the page, use it, and export again. Where handshakes failed,
see why (`failed-handshakes`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import advice
from analyzer.model import Confidence, Finding, Policy, Report, Rule, Severity, Verdict

FAILED = "See why the handshakes failed, and record again once the page connects."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    ids = [session.id for session in report.sessions]
    sure = report.verdict is Verdict.NO_SOCKETS or bool(ids)
    if not report.opened:
        yield report.finding(
            RULE.id,
            RULE.severity,
            _said(report),
            ids,
            confidence=Confidence.PROVEN if sure else Confidence.POSSIBLE,
            remedy=FAILED if ids else advice.to_see_all(report.capture),
        )


def _said(report: Report) -> str:
    if report.sessions:
        many = len(report.sessions)
        return "The only socket never opened." if many == 1 else f"None of the {many:,} sockets ever opened."
    if report.verdict is Verdict.NO_SOCKETS:
        return "No WebSocket was recorded."
    return "No WebSocket is in this file, which does not mean that there was none."


RULE = Rule("nothing-recorded", "No socket in the capture, or none that opened", Severity.NOTE, check)
