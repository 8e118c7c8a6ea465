"""Small captures as Chrome DevTools writes them: a page and sockets, their times in seconds from the first entry on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
START = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
PAGE = "https://app.example/"
CHROME = {"name": "WebInspector", "version": "537.36"}


def date(at: float) -> str:
    return (START + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stack(*functions: str, url: str = "https://app.example/main.js", then: Sequence[Sequence[str]] = ()) -> Json:
    """A call stack, innermost first; `then`: those of the turns that scheduled it."""
    frames = [
        {"functionName": name, "scriptId": "19", "url": url, "lineNumber": n, "columnNumber": 4}
        for n, name in enumerate(functions)
    ]
    options: Json = {"callFrames": frames}
    if then:
        options["parent"] = {"description": "await", **stack(*then[0], url=url, then=then[1:])}
    return options


def socket(
    start: float,
    end: float | None,
    *,
    url: str = "wss://api.example/ws",
    opened: float | None = None,
    times: Sequence[float] = (),
    calls: Json | None = None,
    page: str | None = "page_1",
    data: str = "x",
    kind: str = "receive",
    headers: Sequence[tuple[str, str]] = (),
) -> Json:
    """A socket that was asked for at `start`, opened by `opened` (its first message), and closed at `end` (None: open
    when the file was saved). `times`: further messages."""
    at = [start + 0.05 if opened is None else opened, *times]
    last = max(at)
    wait = (last - start) * 1000
    receive = 0.0 if end is None else (end - last) * 1000
    options = {
        "_initiator": {"type": "script", "stack": calls or stack("app")},
        "_resourceType": "websocket",
        "startedDateTime": date(start),
        "time": wait + receive,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": name, "value": value} for name, value in headers],
        },
        "response": {"status": 101, "headers": []},
        "timings": {"blocked": -1, "send": 0, "wait": wait, "receive": receive},
        "_webSocketMessages": [
            {"type": kind, "time": START.timestamp() + each, "opcode": 1, "data": data} for each in sorted(at)
        ],
    }
    return options if page is None else {**options, "pageref": page}


def failed(
    start: float, end: float, problem: str = "net::ERR_CONNECTION_REFUSED", status: int = 0, **more: Any
) -> Json:
    """One whose handshake failed at `end`."""
    details = socket(start, None, opened=end, **more)
    details["response"]["status"] = status
    details["_webSocketMessages"] = [{"type": "error", "time": START.timestamp() + end, "opcode": -1, "data": problem}]
    return details


def har(*sockets: Json, page: str = PAGE, saved: float | None = None, creator: Json = CHROME) -> Json:
    """A capture of one page, whole from its load on. `saved`: when a last request shows that the recording went on."""
    document = request(0, page, kind="document")
    last = [request(saved, f"{page}poll")] if saved is not None else []
    pages = [{"startedDateTime": date(0), "id": "page_1", "title": page, "pageTimings": {"onLoad": 200}}]
    entries = sorted([document, *sockets, *last], key=lambda item: item["startedDateTime"])
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def request(at: float, url: str, kind: str = "xhr") -> Json:
    return {
        "_initiator": {"type": "other"},
        "_resourceType": kind,
        "startedDateTime": date(at),
        "time": 50,
        "request": {"method": "GET", "url": url, "httpVersion": "http/1.1", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"size": 0, "mimeType": "text/html"}},
        "timings": {"blocked": 1, "send": 1, "wait": 46, "receive": 2},
        "pageref": "page_1",
    }
