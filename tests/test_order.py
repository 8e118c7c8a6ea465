"""The order of entries: only an exporter that writes in order of start shows that the clock was set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer import load
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


@pytest.mark.parametrize(
    ("above", "start", "stepped"),
    [
        pytest.param(socket(3), 2.2, False, id="a socket was connecting while a request was sent"),
        pytest.param(socket(3), 0.1, False, id="for as long as two lost SYNs take"),
        pytest.param(socket(6), 2.9, True, id="for longer"),
        pytest.param(entry(3), 2.7, True, id="a request does not wait"),
        pytest.param(entry(3), 2.8, False, id="or only a moment"),
    ],
)
def test_a_request_may_start_before_the_handshake_of_the_socket_above(
    above: Json, start: float, stepped: bool, report: Callable[..., Report]
) -> None:
    """Chrome writes a socket where it was created, with the date at which its handshake was sent."""
    entries = [entry(0), above, entry(start, "https://h.example/favicon.ico"), socket(9)]
    page = {"id": "t1", "title": "https://h.example/", "startedDateTime": "2026-01-01T00:00:00.000Z"}
    result = report({"log": {"creator": {"name": "WebInspector"}, "pages": [page], "entries": entries}})
    assert ("clock-stepped" in {caveat.id for caveat in result.capture.caveats}) is stepped


@pytest.mark.parametrize(
    "name", ["strict-never-disconnects", "two-clients-modules", "socketio-force-new", "socketio-minified"]
)
def test_a_favicon_or_a_poll_that_was_sent_while_a_socket_connected_is_no_sign_of_another_clock(name: str) -> None:
    capture = load(Path(__file__).parent / f"captures/chrome-cause-{name}.har").capture
    assert "clock-stepped" not in {caveat.id for caveat in capture.caveats}
