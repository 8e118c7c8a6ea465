"""The capture has no socket, or none that opened.

Why it matters: a check without sockets proves nothing. Either the page opened none during the recording, or the
capture does not contain them: DevTools was opened after the page, a filter was on when the HAR was saved, a shared
worker opened the sockets, or the exporter never writes sockets. Where every handshake failed, the capture does not
show either how many sockets the page would keep open.

What to do: open DevTools first, clear the filter, reload the page, use it, and export again. Where handshakes failed,
find out why (`failed-handshakes`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import advice
from analyzer.model import Confidence, Finding, Policy, Report, Rule, Severity, Verdict
from analyzer.model.sentence import Sentence

FAILED = "Find out why the handshakes failed, and record again once the page connects."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    ids = [session.id for session in report.sessions]
    sure = report.verdict is Verdict.NO_SOCKETS or bool(ids)
    if not report.opened:
        yield report.finding(
            RULE.id,
            RULE.severity,
            _message(report),
            ids,
            confidence=Confidence.PROVEN if sure else Confidence.POSSIBLE,
            remedy=FAILED if ids else _remedy(report),
        )


def _remedy(report: Report) -> str:
    complete = report.verdict is Verdict.NO_SOCKETS
    return advice.to_have_one(report.capture) if complete else advice.to_see_all(report.capture)


def _message(report: Report) -> Sentence:
    if report.sessions:
        many = len(report.sessions)
        if many == 1:
            return Sentence("The only socket never opened.")
        return Sentence("None of the {} sockets ever opened.", many)
    if report.verdict is Verdict.NO_SOCKETS:
        return Sentence("No WebSocket in this capture.")
    return Sentence("No WebSocket in this capture, but that does not prove that the page opened none.")


RULE = Rule("nothing-recorded", "No socket in the capture, or none opened", Severity.NOTE, check)
