"""The capture holds no WebSocket at all.

Why it matters: a check that saw nothing proves nothing. Either the page opened none while it was recorded, or the
capture could not see them: DevTools opened after the page, a filter that was on when the HAR was saved, sockets in
a shared worker, an exporter that never writes sockets.

What to do: open DevTools first, clear the filter, reload the page, use it, and export again.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Confidence, Finding, Policy, Report, Rule, Severity, Verdict

AGAIN = "Open DevTools first, clear every filter, reload the page, use it, and export again."
OURS = "Record again, and use the page so that it connects before the recording ends."
NEVER = "Record with Chrome DevTools or HTTP Toolkit, or with Playwright 1.61 or later."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    if not report.sessions:
        sure = report.verdict is Verdict.NO_SOCKETS
        never = "sockets-not-exported" in {caveat.id for caveat in report.capture.caveats}
        yield report.finding(
            RULE.id,
            RULE.severity,
            "No WebSocket was recorded."
            if sure
            else "No WebSocket is in this file, which does not mean that there was none.",
            (),
            confidence=Confidence.PROVEN if sure else Confidence.POSSIBLE,
            remedy=OURS if report.capture.exporter.id == "har-sockets" else NEVER if never else AGAIN,
        )


RULE = Rule("nothing-recorded", "No socket in the capture", Severity.NOTE, check)
