"""Count what reading costs: calls of Python functions per entry, message and socket. Times differ from machine to machine.

A large capture has tens of thousands of entries, and a socket hundreds of thousands of messages. One more call for each
of them is a tenth of a second, which no other test shows.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from analyzer.formats import read
from analyzer.formats.har import fields
from analyzer.formats.har.entry import Request, Socket
from analyzer.formats.har.gather import Gathered

START = "2026-11-23T18:47:39.844Z"
HEADERS = [{"name": "User-Agent", "value": "Mozilla/5.0"}, {"name": "Cache-Control", "value": "no-cache"}]
STACK = {"callFrames": [{"functionName": "f", "scriptId": "7", "url": "https://a.example/a.js", "lineNumber": 1}]}


def request(number: int, **others: Any) -> dict[str, Any]:
    """What Chrome writes of a request that code made."""
    return {
        "_initiator": {"type": "script", "stack": STACK},
        "_resourceType": "xhr",
        "pageref": "page_1",
        "request": {"method": "GET", "url": f"https://a.example/{number}", "headers": HEADERS},
        "response": {"status": 200, "headers": HEADERS, "content": {"mimeType": "application/json", "text": "{}"}},
        "startedDateTime": START,
        "time": 12.5,
        "timings": {"blocked": 1, "dns": -1, "connect": -1, "send": 0.1, "wait": 11, "receive": 0.4},
        **others,
    }


def socket(number: int, messages: int) -> dict[str, Any]:
    listed = [{"type": "send", "time": 1795459660.0 + n / 100, "opcode": 1, "data": "x" * 20} for n in range(messages)]
    entry = request(number, _resourceType="websocket", _webSocketMessages=listed)
    return entry | {"response": entry["response"] | {"status": 101}}


def count_calls(entries: list[dict[str, Any]]) -> int:
    """Count the calls of Python functions (comprehensions are none from Python 3.12 on) while a capture is read."""
    page = {"id": "page_1", "title": "https://a.example/", "startedDateTime": START, "pageTimings": {}}
    log = {"creator": {"name": "WebInspector", "version": "537.36"}, "pages": [page], "entries": entries}
    data = json.dumps({"log": log}, indent=2).encode()
    read(io.BytesIO(data))  # what is imported, compiled or remembered at first
    count = 0

    def see(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and not frame.f_code.co_name.endswith("comp>")

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        capture = read(io.BytesIO(data))
    finally:
        sys.setprofile(before)
    assert capture.files[0].records == len(entries) and not capture.skipped
    return count


def costs(make: Callable[[int], list[dict[str, Any]]]) -> float:
    """Calls for one more of what is made."""
    few, many = 100, 600
    return (count_calls(make(many)) - count_calls(make(few))) / (many - few)


def requests(count: int) -> list[dict[str, Any]]:
    return [request(number) for number in range(count)]


def sockets(count: int) -> list[dict[str, Any]]:
    return [socket(number, 2) for number in range(count)]


def messages(count: int) -> list[dict[str, Any]]:
    return [socket(0, count)]


# Raise a limit only for what an answer needs, and not without a look at what it costs in a capture of 500 MB.
LIMITS = [(requests, 19.5), (sockets, 117.5), (messages, 0.1)]


@pytest.mark.parametrize(("make", "most"), LIMITS, ids=["entry", "socket", "message"])
def test_one_more_costs_no_more_calls_than_before(make: Callable[[int], list[dict[str, Any]]], most: float) -> None:
    assert costs(make) <= most


def test_a_call_more_for_each_entry_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Gathered.add

    def add_slowly(self: Gathered, entry: Socket | Request) -> None:
        add(self, entry)

    monkeypatch.setattr(Gathered, "add", add_slowly)
    assert costs(requests) > LIMITS[0][1] and costs(sockets) > LIMITS[1][1]


def test_a_call_more_for_each_message_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "OPENING", 1 << 30)  # messages of which the beginning is kept
    assert costs(messages) > LIMITS[2][1]
