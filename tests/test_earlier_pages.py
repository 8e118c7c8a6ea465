"""A page that was there before the first one in the file: may the back/forward cache keep it, and its sockets?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from small_har import PAGE, Json, date, har, request, socket

from analyzer.model import Assume, Report

LINK = [("Sec-Fetch-Site", "same-origin"), ("Referer", f"{PAGE}home")]
TYPED = [("Sec-Fetch-Site", "none")]
AGENT = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36")


def capture(headers: Sequence[tuple[str, str]], *earlier: Json, by: str = "other") -> Json:
    """A page that was asked for with these headers, after what an earlier page asked for; then a socket."""
    details = har(socket(2, None, times=[3]))
    document = next(it for it in details["log"]["entries"] if it["_resourceType"] == "document")
    document["request"]["headers"] = [{"name": name, "value": value} for name, value in headers]
    document["_initiator"] = {"type": by}
    details["log"]["entries"] = [*earlier, *details["log"]["entries"]]
    return details


def poll(kind: str) -> Json:
    """A request before the first page in the file, of none that is listed."""
    details = request(-3, f"{PAGE}poll")
    del details["pageref"]
    return {**details, "_initiator": {"type": kind}}


def sockets_alone(page: str) -> Json:
    details = har(socket(2, None, times=[3], page=page))
    details["log"]["pages"][0]["id"] = page
    details["log"]["entries"] = [it for it in details["log"]["entries"] if it["_resourceType"] == "websocket"]
    return details


RECORDED, CACHE_ON, CACHE_OFF = Assume.RECORDED_FROM_START, Assume.BFCACHE, Assume.NO_BFCACHE


@pytest.mark.parametrize(
    ("expected", "assume", "verdict", "rests"),
    [
        pytest.param(capture(TYPED), [], "no-overlap", [], id="nothing before it"),
        pytest.param(capture(TYPED, poll("script")), [], "inconclusive", [], id="code of an earlier page ran"),
        pytest.param(capture(TYPED, poll("other")), [], "no-overlap", [], id="the browser asked for something"),
        pytest.param(capture([*TYPED, ("Cache-Control", "max-age=0")], poll("script")), [], "no-overlap", [], id="reloaded"),
        pytest.param(capture(TYPED, poll("script")), [RECORDED], "no-overlap", ["recorded-from-start"], id="by word"),
        pytest.param(capture(LINK), [], "inconclusive", [], id="a link"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")]), [], "no-overlap", ["first-reload"], id="as F5 looks"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")], by="script"), [], "inconclusive", [], id="code led there"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")]), [CACHE_ON], "inconclusive", ["bfcache"], id="F5, taken back"),
        pytest.param(capture([*LINK, AGENT]), [], "no-overlap", ["no-bfcache"], id="Chrome 148"),
        pytest.param(capture([*LINK, AGENT]), [CACHE_ON], "inconclusive", ["bfcache"], id="Chrome 148, taken back"),
        pytest.param(capture([*LINK, AGENT]), [CACHE_OFF], "no-overlap", ["no-bfcache"], id="Chrome 148, by word"),
        pytest.param(sockets_alone("page_1"), [], "no-overlap", ["not-cleared"], id="sockets alone"),
        pytest.param(sockets_alone("page_2"), [], "no-overlap", ["not-cleared", "first-reload"], id="sockets alone, a later page"),
    ],
)  # fmt: skip
def test_an_earlier_page(
    expected: Json, assume: list[Assume], verdict: str, rests: list[str], report: Callable[..., Report]
) -> None:
    analysis: Any = report(expected, assume=frozenset(assume))
    assert analysis.verdict == verdict
    named = [it.id.removeprefix("assumed-") for it in analysis.capture.caveats if it.assumed]
    assert [it for it in named if it != "page-alive"] == rests


def failed(at: float, kind: str) -> Json:
    """A navigation that could not be sent, or the document of an iframe that a blocker held back."""
    options = {**request(at, f"{PAGE}next", kind="document"), "_initiator": {"type": kind}}
    options["response"] = {"status": 0, "headers": [], "_error": "net::ERR_BLOCKED_BY_CLIENT"}
    return options


@pytest.mark.parametrize(("start", "outcome"), [(4.0, "open"), (2.5, "unknown")])
def test_a_page_that_opens_sockets_after_a_document_failed_is_still_there(
    start: float, outcome: str, report: Callable[..., Report]
) -> None:
    details = har(socket(1, None), failed(2, "script"), socket(start, None))
    assert [it.outcome for it in report(details).sessions] == [outcome, outcome]


def test_where_an_error_page_stood_in_between_no_page_was_reloaded(report: Callable[..., Report]) -> None:
    details = capture([*TYPED, ("Cache-Control", "no-cache")])
    again = {**request(9, PAGE, kind="document"), "pageref": "page_2"}
    again["request"]["headers"] = details["log"]["entries"][0]["request"]["headers"]
    later = socket(10, None, page="page_2", times=[11])
    assert _last_verdict(details, again, later, report=report) == "no-overlap"
    assert _last_verdict(details, failed(6, "other"), again, later, report=report) == "possible-overlap"


def _last_verdict(expected: Json, *more: Json, report: Callable[..., Report]) -> str:
    page = {"startedDateTime": date(9), "id": "page_2", "title": PAGE, "pageTimings": {}}
    log = expected["log"]
    return report({"log": {**log, "pages": [*log["pages"], page], "entries": [*log["entries"], *more]}}).verdict
