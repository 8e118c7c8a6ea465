"""A socket was still connected after the user had left its page.

Why it matters: the back/forward cache keeps a page after the user leaves it, together with its sockets. The server
keeps counting and delivering although nobody sees the page. With the next page's own connection there are two.

How it is detected: the socket was certainly open more than one second (`outlives`) after the next document had replaced
its page. A socket that only possibly stayed open gets no finding here; `possible-overlap` reports it where it matters.

What to do: close the socket in `pagehide`, and open a new one in `pageshow` when `event.persisted` is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Instant, Need, Page, Policy, Report, Rule, Severity
from analyzer.model.sentence import Sentence, length

REMEDY = "Close the socket in pagehide, and open a new one in pageshow when event.persisted is true."
LINK = "https://web.dev/articles/bfcache"


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    pages = {page.id: page for page in report.capture.pages}
    for session in filter(policy.counts, report.sessions):
        page = pages.get(session.page or "")
        left = _departure(page)
        if left is None or session.proven is None:
            continue
        until = session.proven.end if session.proven.end is not None else session.last_seen
        if until is not None and until - left > policy.outlives:
            yield report.finding(
                RULE.id,
                Severity.NOTE,
                Sentence(
                    "{} was still connected for at least {} after the tab left its page.",
                    session.name.capital,
                    length(until - left),
                ),
                (session.id,),
                interval=session.proven,
                remedy=REMEDY,
                link=LINK,
            )


def _departure(page: Page | None) -> Instant | None:
    """When another document had surely taken its place."""
    return page.end.within.latest if page is not None and page.end is not None else None


RULE = Rule("socket-outlives-page", "A socket outlives its page", Severity.NOTE, check, (Need.DEPARTURES,), counts=True)
