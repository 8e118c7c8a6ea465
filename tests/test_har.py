"""What an exporter's fields mean, on small HARs: one fact a test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.model import Report, Session

Json = dict[str, Any]
T0 = 1_767_225_600.125  # 2026-01-01T00:00:00.125Z: dates in whole seconds alone would be cut ones


def date(seconds: float) -> str:
    return dt.datetime.fromtimestamp(T0 + seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def socket(start: float, *messages: float, status: int = 101, unit: float = 1, **more: Any) -> Json:
    entry: Json = {
        "startedDateTime": date(start),
        "_resourceType": "websocket",
        "request": {"method": "GET", "url": "wss://h.example/ws", "headers": []},
        "response": {"status": status, "headers": []},
        "timings": {},
        "_webSocketMessages": [{"type": "send", "time": (T0 + t) * unit, "opcode": 1, "data": "x"} for t in messages],
    }
    return {**entry, **more}


def document(start: float, url: str = "https://h.example/", **headers: str) -> Json:
    sent = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", **headers}
    return {
        "startedDateTime": date(start),
        "time": 20,
        "pageref": "tab",
        "_resourceType": "document",
        "request": {"method": "GET", "url": url, "headers": [{"name": k, "value": v} for k, v in sent.items()]},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html"}},
        "timings": {"send": 0, "wait": 15, "receive": 5},
    }


Har = Callable[..., Json]


def har(creator: str, *entries: Json, version: str = "99", pages: Any = (), **log: Any) -> Json:
    return {
        "log": {"creator": {"name": creator, "version": version}, "pages": list(pages), "entries": [*entries], **log}
    }


def only(report: Report) -> Session:
    (session,) = report.sessions
    return session


PLAYWRIGHT = {"browser": {"name": "chromium", "version": "156"}}


@pytest.mark.parametrize(
    ("between", "outcome"),
    [
        pytest.param(document(5, "https://h.example/b"), "closed", id="a navigation"),
        pytest.param(document(5, **{"Cache-Control": "max-age=0"}), "closed", id="a reload"),
        pytest.param(document(5, **{"Sec-Fetch-Dest": "iframe"}), "unknown", id="an iframe's document is none"),
        pytest.param(document(5, **{"Sec-Purpose": "prefetch"}), "unknown", id="a prefetch is none"),
        pytest.param(
            {**document(5), "response": {"status": 204, "headers": []}}, "unknown", id="204 leaves the page as it is"
        ),
        pytest.param(
            {**document(5), "response": {"status": 302, "headers": []}}, "unknown", id="a redirect is not yet a page"
        ),
        pytest.param(
            {
                **document(5),
                "response": {
                    "status": 200,
                    "headers": [{"name": "Content-Disposition", "value": "attachment; filename=a"}],
                    "content": {"mimeType": "text/html"},
                },
            },
            "unknown",
            id="a download is none",
        ),
        pytest.param(
            {**document(5), "response": {"status": 200, "content": {"mimeType": "application/zip"}}},
            "unknown",
            id="an archive is downloaded",
        ),
        pytest.param({**document(5), "pageref": "another"}, "unknown", id="another tab's document is none"),
    ],
)
def test_in_playwright_a_document_of_the_tab_ends_its_sockets(
    between: Json, outcome: str, report: Callable[..., Report]
) -> None:
    first = socket(1, 1.1, 2, unit=1000, pageref="tab", time=900)
    result = report(har("Playwright", document(0), first, between, **PLAYWRIGHT))
    assert only(result).outcome == outcome


def test_in_another_browser_of_playwright_a_navigation_proves_nothing(report: Callable[..., Report]) -> None:
    entries = (document(0), socket(1, 1.1, unit=1000, pageref="tab"), document(5, "https://h.example/b"))
    assert only(report(har("Playwright", *entries, browser={"name": "firefox"}))).outcome == "unknown"


def test_in_firefox_with_persisted_logs_a_reload_ends_the_sockets_before_it(report: Callable[..., Report]) -> None:
    reload = document(5, **{"Cache-Control": "max-age=0"})
    entries = [document(0), socket(1, pageref="tab", time=3), reload, socket(6, pageref="tab", time=3)]
    for entry in entries:
        entry.pop("_resourceType")
        entry.pop("_webSocketMessages", None)
        entry["pageref"] = "page_1"
    result = report(har("Firefox", *entries, pages=[{"id": "page_1", "title": "x", "startedDateTime": date(0)}]))
    assert [s.outcome for s in result.sessions] == ["closed", "unknown"]
    assert (result.verdict, [c.id for c in result.capture.caveats]) == ("no-overlap", ["closes-not-recorded"])


@pytest.mark.parametrize(
    ("mark", "result"),
    [
        pytest.param({"_resourceType": "WebSocket"}, True, id="_resourceType, any case"),
        pytest.param({"request": {"url": "WSS://h/"}}, True, id="the scheme, any case"),
        pytest.param({"response": {"status": 101}}, True, id="status 101"),
        pytest.param({"request": {"headers": [{"name": "upgrade", "value": "WebSocket"}]}}, True, id="Upgrade"),
        pytest.param({"request": {"headers": [{"name": ":protocol", "value": "websocket"}]}}, True, id=":protocol"),
        pytest.param({"_webSocketMessages": [{"type": "send", "time": 1}]}, True, id="messages"),
        pytest.param({"_webSocketMessages": []}, False, id="the mere key of messages"),
        pytest.param({"_webSocketMessages": None}, False, id="messages that are null"),
        pytest.param({"request": {"url": "https://h/wss://x"}}, False, id="a scheme within a URL"),
    ],
)
def test_what_makes_an_entry_a_socket(mark: Json, result: bool, report: Callable[..., Report]) -> None:
    assert bool(report(har("WebInspector", mark)).sessions) is result


@pytest.mark.parametrize(
    ("creator", "entry", "outcome"),
    [
        pytest.param("WebInspector", {"status": 200}, "unknown", id="Chrome over HTTP/2 answers 200"),
        pytest.param(
            "Firefox", {"status": 200, "httpVersion": "HTTP/1.1"}, "failed", id="Firefox over HTTP/1.1 failed"
        ),
        pytest.param("Firefox", {"status": 200, "httpVersion": "HTTP/2"}, "unknown", id="Firefox over HTTP/2"),
        pytest.param("WebInspector", {"status": 0}, "connecting", id="Chrome: no answer yet"),
        pytest.param("mitmproxy", {"status": 403}, "failed", id="refused by the server"),
        pytest.param("Playwright", {"status": -1, "_failureText": "x"}, "failed", id="Playwright tells of a failure"),
        pytest.param("Playwright", {"status": -1}, "connecting", id="Playwright tells of none"),
    ],
)
def test_did_it_open(creator: str, entry: Json, outcome: str, report: Callable[..., Report]) -> None:
    opener = {"type": "script", "stack": {"callFrames": [{"functionName": "open", "url": "https://h.example/app.js"}]}}
    result = report(har(creator, socket(1, response=entry, _initiator=opener)))
    assert only(result).outcome == outcome


@pytest.mark.parametrize(
    ("unit", "offset"),
    [
        pytest.param(1e9, 0, id="nanoseconds"),
        pytest.param(1e6, 0, id="microseconds"),
        pytest.param(1e3, 0, id="milliseconds"),
        pytest.param(1, 0, id="seconds"),
        pytest.param(1, T0 - 1000, id="monotonic seconds"),
    ],
)
def test_the_clock_of_messages_is_told_by_their_size(unit: float, offset: float, report: Callable[..., Report]) -> None:
    entry = socket(1, 2, 3, timings={"wait": 2000, "receive": -1})
    for message in entry["_webSocketMessages"]:
        message["time"] = (message["time"] - offset) * unit
    messages = only(report(har("some program", entry))).messages
    assert [t / 1e6 - T0 for t in messages.times] == pytest.approx([2, 3], abs=1e-3)


def test_without_a_fitting_clock_messages_are_counted_and_their_times_are_skipped(
    report: Callable[..., Report],
) -> None:
    result = report(har("some program", socket(1, 2, 3), socket(1, 2, 3, unit=1000), socket(1, 2, 4)))
    assert [(s.messages.sent, len(s.messages.times)) for s in result.sessions] == [(2, 2), (2, 0), (2, 2)]
    assert [skipped.pointer for skipped in result.capture.skipped] == ["/log/entries/1/_webSocketMessages"]


@pytest.mark.parametrize(
    ("close", "time", "outcome", "code"),
    [
        pytest.param({"code": 1000, "reason": "bye", "timestamp": 2.5}, 900, "closed", 1000, id="a clock of its own"),
        pytest.param("aborted", 900, "closed", None, id="aborted"),
        pytest.param(None, -1, "open", None, id="still open"),
        pytest.param(None, None, "unknown", None, id="time removed"),
    ],
)
def test_http_toolkit_records_every_close(
    close: Any, time: Any, outcome: str, code: int | None, report: Callable[..., Report]
) -> None:
    more = {"_webSocketClose": close} if close is not None else {}
    session = only(report(har("HTTP Toolkit", socket(1, 1.2, time=time, **more))))
    assert (session.outcome, session.close_code) == (outcome, code)
    if outcome == "closed":
        assert session.closed is not None
        assert [session.closed.earliest, session.closed.latest] == [(T0 + 1.897) * 1e6, (T0 + 1.903) * 1e6]


def test_a_close_frame_is_a_close_for_any_exporter(report: Callable[..., Report]) -> None:
    entry = socket(1, 2)
    entry["_webSocketMessages"] += [{"type": "receive", "time": T0 + 4, "opcode": 8, "data": ""}]
    session = only(report(har("some program", entry)))
    assert (session.outcome, session.closed and session.closed.evidence) == ("closed", "close-frame")


def test_pages_that_are_no_array_are_told(report: Callable[..., Report]) -> None:
    result = report({"log": {"creator": {"name": "WebInspector"}, "pages": 7, "entries": [socket(1, 2)]}})
    assert [s.pointer for s in result.capture.skipped] == ["/log/pages"]


def test_without_the_first_page_of_the_tab_that_is_told(report: Callable[..., Report]) -> None:
    pages = [{"id": "page_3", "title": "https://h.example/", "startedDateTime": date(0)}]
    result = report(har("WebInspector", {**document(0), "pageref": "page_3"}, pages=pages))
    assert "earlier-pages-missing" in [caveat.id for caveat in result.capture.caveats]
