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
NEVER = "Record with Chrome DevTools or HTTP Toolkit, or with Playwright 1.61 or later."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    if not report.sessions:
        sure = report.verdict is Verdict.NO_SOCKETS
        yield Finding(
            rule=RULE.id,
            severity=Severity.NOTE,
            confidence=Confidence.PROVEN if sure else Confidence.POSSIBLE,
            message="No WebSocket was recorded."
            if sure
            else "No WebSocket is in this file, which does not mean that there was none.",
            interval=None,
            sessions=(),
            pointers=(),
            remedy=NEVER if "sockets-not-exported" in {c.id for c in report.capture.caveats} else AGAIN,
        )


RULE = Rule("nothing-recorded", "No socket in the capture", check)
