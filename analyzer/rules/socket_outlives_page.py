"""A WebSocket was still connected after its page had been left.

Why it matters: the back/forward cache keeps a page that was left, and its sockets with it. The server goes on counting
and delivering, while nobody sees the page; with the next page's own connection there are two.

How it is told: the capture proves the socket open more than a second (`outlives`) after the document that took its
page's place was committed. That a socket may have lived on is no finding: `possible-overlap` tells, where it matters.

What to do: close the socket in `pagehide`, and open it anew in `pageshow` where `event.persisted` is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Instant, Page, Policy, Report, Rule, Severity, spoken

REMEDY = "Close the socket in pagehide, and open it anew in pageshow where event.persisted is true."
LINK = "https://web.dev/articles/bfcache"


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    pages = {page.id: page for page in report.capture.pages}
    for session in filter(policy.counts, report.sessions):
        page = pages.get(session.page or "")
        left = _left(page)
        if left is None or session.proven is None:
            continue
        until = session.proven.end if session.proven.end is not None else session.last_seen
        if until is not None and until - left > policy.outlives:
            yield report.finding(
                RULE.id,
                Severity.NOTE,
                f"{session.name} was still connected at least {spoken(until - left)} after its page was left.",
                (session.id,),
                interval=session.proven,
                remedy=REMEDY,
                link=LINK,
            )


def _left(page: Page | None) -> Instant | None:
    """When another document had surely taken its place."""
    return page.end.within.latest if page is not None and page.end is not None else None


RULE = Rule("socket-outlives-page", "A socket outlives its page", Severity.NOTE, check, counts=True)
