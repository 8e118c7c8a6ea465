"""Secrets leave no output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import outputs, redaction
from analyzer.model import Capture, Policy, Report, Run
from analyzer.outputs import frames, show, timeline
from analyzer.pipeline import analyze
from analyzer.readers import read

CANARIES = {
    "query": "canary-in-the-query-1",
    "path": "canary2inthepath34567890",
    "fragment": "canary-in-the-fragment-3",
    "user": "canary-user-4",
    "page": "canary-in-the-page-5",
    "initiator": "canary-in-the-initiator-6",
    "message": "canary-in-a-message-7",
    "header": "canary-in-a-header-8",
    "protocol": "canary-in-the-protocol-9",
    "body": "canary-in-the-body-10",
    "cookie": "canary-in-a-cookie-11",
}


def har() -> dict[str, object]:
    c = CANARIES
    url = f"wss://{c['user']}@h.example/a/{c['path']}/b?token={c['query']}#{c['fragment']}"
    page = f"https://h.example/?q={c['page']}"
    headers = [
        {"name": "Cookie", "value": c["cookie"]},
        {"name": "Authorization", "value": c["header"]},
        {"name": "Sec-WebSocket-Protocol", "value": c["protocol"]},
    ]
    stack = {
        "callFrames": [{"functionName": "f", "url": f"https://h.example/a.js?v={c['initiator']}", "lineNumber": 1}]
    }

    def socket(second: int) -> dict[str, object]:
        return {
            "startedDateTime": f"2026-01-01T00:00:0{second}.000Z",
            "time": 900.0,
            "pageref": "page_1",
            "_resourceType": "websocket",
            "_initiator": {"type": "script", "stack": stack},
            "request": {"method": "GET", "url": url, "headers": headers},
            "response": {"status": 101, "headers": []},
            "timings": {"wait": 900.0, "receive": 0},
            "_webSocketMessages": [
                {"type": "send", "time": 1767225600.0 + second + 0.5, "opcode": 1, "data": c["message"]},
                {"type": "send", "time": 1767225600.0 + second + 0.9, "opcode": 1, "data": c["message"]},
            ],
        }

    document = {
        "startedDateTime": "2026-01-01T00:00:00.500Z",
        "time": 5.0,
        "pageref": "page_1",
        "_resourceType": "document",
        "request": {"method": "GET", "url": page, "headers": headers},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html", "text": c["body"]}},
        "timings": {"wait": 5.0},
    }
    pages = [{"id": "page_1", "title": page, "startedDateTime": "2026-01-01T00:00:00.500Z"}]
    creator = {"name": "WebInspector", "version": "537.36"}
    return {"log": {"creator": creator, "pages": pages, "entries": [document, socket(1), socket(2)]}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("secrets") / "a.har"
    path.write_text(json.dumps(har()))
    return redaction.masked(Run((analyze(read(path)),), (), Policy()))


def leaks(text: str) -> list[str]:
    return [where for where, canary in CANARIES.items() if canary in text]


@pytest.mark.parametrize("name", outputs.OUTPUTS)
def test_no_canary_leaves_through(name: str, run: Run) -> None:
    assert run.reports[0].verdict == "overlap"
    assert leaks(outputs.render(name, run).decode("utf-8")) == []


def test_no_canary_leaves_through_show_the_chart_or_the_frames(run: Run) -> None:
    report = run.reports[0]
    assert leaks(show.render(report, report.sessions[0], width=200).decode()) == []
    assert leaks(timeline.render(run, "svg").decode()) == []
    assert leaks(frames.sessions_frame(run).to_csv() + frames.overlaps_frame(run).to_csv()) == []


def test_a_masked_run_holds_no_canary_at_all(run: Run) -> None:
    assert leaks(repr(run)) == []


def test_frames_of_an_unmasked_report_are_masked_by_default(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har()))
    report = analyze(read(tmp_path / "a.har"))
    assert leaks(frames.sessions_frame(report).to_csv()) == []
    assert leaks(frames.sessions_frame(report, show_secrets=True).to_csv()) != []


def masked_urls(*urls: str, reading: Callable[[object], Capture]) -> list[str]:
    entries = [{"_resourceType": "websocket", "request": {"url": url}, "response": {"status": 101}} for url in urls]
    report: Report = analyze(reading({"log": {"entries": entries}}))
    return [s.url for s in redaction.masked(Run((report,), (), Policy())).reports[0].sessions]


def test_equal_values_get_equal_masks_numbered_by_first_appearance(reading: Callable[[object], Capture]) -> None:
    assert masked_urls("ws://h/?a=x&b=y", "ws://h/?c=y&d=z", reading=reading) == [
        "ws://h/?a=<token 1>&b=<token 2>",
        "ws://h/?c=<token 2>&d=<token 3>",
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("wss://h/chat/room", "wss://h/chat/room", id="a plain path stays"),
        pytest.param("wss://h/_next/webpack-hmr", "wss://h/_next/webpack-hmr", id="words in a path stay"),
        pytest.param("wss://h/a?", "wss://h/a?", id="an empty query stays"),
        pytest.param("wss://h/a?x", "wss://h/a?<token 1>", id="a query without names is masked whole"),
        pytest.param("wss://h/a?x=&y=1", "wss://h/a?x=&y=<token 1>", id="an empty value stays"),
        pytest.param("wss://u:p@h/a", "wss://h/a", id="user name and password go"),
        pytest.param("wss://h/eyJhbGciOi.eyJzdWIi.c2ln", "wss://h/<token 1>", id="a JWT in the path"),
        pytest.param("wss://h/s/0123456789abcdef0123", "wss://h/s/<token 1>", id="an opaque segment"),
    ],
)
def test_masks(url: str, shown: str, reading: Callable[[object], Capture]) -> None:
    assert masked_urls(url, reading=reading) == [shown]
