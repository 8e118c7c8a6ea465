"""The order of entries: only an exporter that writes in order of start shows that the clock was set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.model import Report
from tests.small_har import stack

Json = dict[str, Any]


def entry(start: float, url: str = "https://h.example/", status: int = 200, **more: Any) -> Json:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=start)
    return {
        "pageref": "t1",
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": 50,
        "_resourceType": "other",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": status, "headers": [], "content": {"mimeType": "text/html"}},
        "timings": {"wait": 40, "receive": 10},
        **more,
    }


def socket(start: float) -> Json:
    opened_by = {"type": "script", "stack": stack("connect")}
    marks = {"_resourceType": "websocket", "_initiator": opened_by, "_webSocketMessages": []}
    return entry(start, "wss://h.example/ws", 101, **marks)


@pytest.mark.parametrize(
    ("creator", "stepped"),
    [
        pytest.param("WebInspector", True, id="Chrome sorts by start"),
        pytest.param("Firefox", True, id="Firefox, too"),
        pytest.param("Playwright", True, id="and Playwright"),
        pytest.param("har-sockets", True, id="and our recorder"),
        pytest.param("Chrome HAR Capturer", False, id="chrome-har-capturer writes a redirect when it is answered"),
        pytest.param("mitmproxy", False, id="a proxy writes what has ended"),
        pytest.param("HTTP Toolkit", False, id="another proxy"),
        pytest.param("@neuralegion/cypress-har-generator", False, id="Cypress writes what has ended"),
        pytest.param("Charles Proxy", False, id="nobody knows"),
    ],
)
@pytest.mark.parametrize("status", [200, 302])
def test_a_start_before_the_one_above_shows_a_clock_that_was_set_only_where_entries_are_in_order(
    creator: str, stepped: bool, status: int, report: Callable[..., Report]
) -> None:
    entries = [entry(0), entry(2.2), entry(1, "https://ads.example/r", status), socket(3)]
    page = {"id": "t1", "title": "https://h.example/", "startedDateTime": "2026-01-01T00:00:00.000Z"}
    result = report({"log": {"creator": {"name": creator}, "pages": [page], "entries": entries}})
    assert ("clock-stepped" in {caveat.id for caveat in result.capture.caveats}) is stepped
