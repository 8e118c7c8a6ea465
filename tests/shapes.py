"""Captures that grow in one direction: the same thing `n` times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

STARTED = datetime(2026, 11, 1, 10, tzinfo=UTC)
HOME = "https://app.example.com/"
PLAIN = "wss://rt.example.com/ws?token=abc"
STREAM = (
    "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22u{}%22%7D&api_key=k1&stream-auth-type=jwt"
    "&authorization=x"
)


def date(ms: float) -> str:
    return (STARTED + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")


def header(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def document(ms: float, page: str = "page_1", url: str = HOME, **headers: str) -> dict[str, Any]:
    """A request for a document; for another kind of thing with `sec_fetch_dest`."""
    sent = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return {
        "_initiator": {"type": "other"},
        "_resourceType": "document",
        "pageref": page,
        "request": {"method": "GET", "url": url, "headers": [header(*it) for it in sent.items()]},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html"}},
        "startedDateTime": date(ms),
        "time": 10,
        "timings": {"blocked": 1, "wait": 8, "receive": 1},
    }


def socket(
    ms: float,
    life: float | None = None,
    *,
    page: str = "page_1",
    url: str = PLAIN,
    function: str = "connect",
    outer: str | None = None,
    script: str = HOME + "main.js",
    messages: int = 2,
    problem: str | None = None,
) -> dict[str, Any]:
    """A socket that was opened at `ms`, and closed after `life`; open still without that, never opened for a
    `problem`. `outer`: what called the function that opened it."""
    lasted = 60 if life is None else life
    times = [ms + 20 + (lasted - 40) * n / max(1, messages - 1) for n in range(messages)]
    last = (times[-1] if times else ms + 20) - ms
    frames = [
        {"functionName": it, "scriptId": "7", "url": script, "lineNumber": 1, "columnNumber": 5}
        for it in (function, outer)
        if it
    ]
    exchanged = [_message(at, "send" if n % 2 == 0 else "receive") for n, at in enumerate(times)]
    failed = [{"type": "error", "time": STARTED.timestamp() + (ms + 5) / 1000, "opcode": -1, "data": problem}]
    return {
        "_initiator": {"type": "script", "stack": {"callFrames": frames}},
        "_resourceType": "websocket",
        "_webSocketMessages": exchanged if problem is None else failed,
        "pageref": page,
        "request": {"method": "GET", "url": url, "headers": [header("Host", "rt.example.com")]},
        "response": {"status": 101 if problem is None else 0, "headers": [], "content": {"mimeType": "x-unknown"}},
        "startedDateTime": date(ms),
        "time": 0 if life is None else lasted,
        "timings": {"blocked": 1, "wait": last, "receive": 0 if life is None else max(0.01, lasted - last)},
    }


def _message(ms: float, kind: str, data: str = '{"a":1}') -> dict[str, Any]:
    return {"type": kind, "time": STARTED.timestamp() + ms / 1000, "opcode": 1, "data": data}


def page(ms: float, id: str = "page_1", title: str = HOME) -> dict[str, Any]:
    return {"startedDateTime": date(ms), "id": id, "title": title, "pageTimings": {}}


def chrome(pages: list[dict[str, Any]], entries: list[dict[str, Any]]) -> dict[str, Any]:
    creator = {"name": "WebInspector", "version": "537.36"}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def firefox(pages: list[dict[str, Any]], entries: list[dict[str, Any]]) -> dict[str, Any]:
    made = chrome(pages, entries)
    made["log"] |= {"creator": {"name": "Firefox", "version": "140"}, "browser": {"name": "Firefox", "version": "140"}}
    return made


def one_page(sockets: list[dict[str, Any]]) -> dict[str, Any]:
    """Sockets of one page, recorded with Chrome DevTools."""
    return chrome([page(0)], [document(0), *sockets])
