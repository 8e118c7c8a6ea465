"""Captures that grow in one direction: the same thing `n` times."""

from __future__ import annotations

from collections.abc import Callable
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
        {"functionName": each, "scriptId": "7", "url": script, "lineNumber": 1, "columnNumber": 5}
        for each in (function, outer)
        if each
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
    analysis = chrome(pages, entries)
    analysis["log"] |= {
        "creator": {"name": "Firefox", "version": "140"},
        "browser": {"name": "Firefox", "version": "140"},
    }
    return analysis


def one_page(sockets: list[dict[str, Any]]) -> dict[str, Any]:
    """Sockets of one page, recorded with Chrome DevTools."""
    return chrome([page(0)], [document(0), *sockets])


def _reloads(n: int, *, iframe: bool) -> dict[str, Any]:
    """Each reload loads the same script, and opens a socket."""
    entries = [document(5, url=HOME + "frame", sec_fetch_dest="iframe")] if iframe else []
    for i in range(n):
        name = f"page_{i + 1}"
        script = document(i * 1000 + 5, name, HOME + "main.js", sec_fetch_dest="script")
        script |= {"_resourceType": "script", "_initiator": {"type": "parser", "url": HOME}}
        entries += [document(i * 1000, name, cache_control="max-age=0"), script, socket(i * 1000 + 50, page=name)]
    return chrome([page(i * 1000, f"page_{i + 1}") for i in range(n)], entries)


def _monotonic(n: int) -> dict[str, Any]:
    """Pages dated 1970, whose documents have other names."""
    pages = [page(0, f"page_{i}") | {"startedDateTime": f"1970-01-{1 + i % 5:02}T00:00:01.000Z"} for i in range(1, n)]
    return chrome(pages, [*(document(i * 1000, f"other{i}") for i in range(n)), socket(50)])


def _beats(n: int) -> dict[str, Any]:
    """All open, each with a heartbeat every 25 s."""
    sockets = [socket(100 + i, 600_000, messages=8) for i in range(n)]
    for i, each in enumerate(sockets):
        each["_webSocketMessages"] = [_message(100 + i + 25_000 * k, "send") for k in range(8)]
    return one_page(sockets)


def _overlapping_documents(n: int) -> dict[str, Any]:
    """A tab of Firefox with many documents, and as many sockets."""
    entries = [it for i in range(n) for it in (document(i * 1000, url=f"{HOME}{i % 7}"), socket(i * 1000 + 50, 0))]
    return firefox([page(0)], entries)


def _skipped(n: int) -> dict[str, Any]:
    """Parts that are no entries, or hold wrong fields."""
    return chrome([page(0)], [document(0), socket(50), *({"time": "x", "pageref": i % 2} for i in range(n))])


VITE = "ws://localhost:5173/?token=x"
SOCKET_IO = "wss://rt.example.com/socket.io/?EIO=4&transport=websocket"
SHAPES: dict[str, Callable[[int], dict[str, Any]]] = {
    "one after the other": lambda n: one_page([socket(100 + i * 1000, 900) for i in range(n)]),
    "a chain of brief overlaps": lambda n: one_page([socket(100 + i * 500, 600) for i in range(n)]),
    "a chain of overlaps": lambda n: one_page([socket(100 + i * 500, 900) for i in range(n)]),
    "pairs": lambda n: one_page([socket(100 + i // 2 * 2000 + i % 2 * 100, 900) for i in range(n)]),
    "all open": lambda n: one_page([socket(100 + i) for i in range(n)]),
    "all closed, overlapping": lambda n: one_page([socket(100 + i, 10 * n + i * 3) for i in range(n)]),
    "heartbeats": _beats,
    "closes unknown": lambda n: firefox([page(0)], [document(0), *(socket(100 + i * 100, 900) for i in range(n))]),
    "a tab with many documents": _overlapping_documents,
    "pages dated 1970": _monotonic,
    "reloads": lambda n: _reloads(n, iframe=False),
    "reloads beside an iframe": lambda n: _reloads(n, iframe=True),
    "StrictMode": lambda n: one_page(
        [socket(100 + i // 2 * 100 + i % 2, function="invokePassiveEffectMountInDEV" * (i % 2)) for i in range(n)]
    ),
    "failed handshakes": lambda n: one_page([socket(100 + i * 100, 20, problem=f"ERR_{i}") for i in range(n)]),
    "reconnects that leave the old one open": lambda n: one_page(
        [socket(100 + i * 100, function="_reconnect" if i else "connect") for i in range(n)]
    ),
    "one socket with many messages": lambda n: one_page([socket(100, n * 10, messages=n)]),
    "one user, all open": lambda n: one_page([socket(100 + i, url=STREAM.format(0)) for i in range(n)]),
    "many users": lambda n: one_page([socket(100 + i, url=STREAM.format(i)) for i in range(n)]),
    "two sockets of each user": lambda n: one_page(
        [socket(100 + i // 2 * 1000 + i % 2 * 10, 900, url=STREAM.format(i // 2)) for i in range(n)]
    ),
    "many addresses": lambda n: one_page([socket(100 + i, url=f"wss://h{i}.example.com/ws{i}") for i in range(n)]),
    "many pieces of code": lambda n: one_page(
        [socket(100 + i, function=f"open{i}", script=f"{HOME}{i}.js", outer="main") for i in range(n)]
    ),
    "many tokens": lambda n: one_page([socket(100 + i * 500, 900, url=f"{PLAIN}{i:08}") for i in range(n)]),
    "Socket.IO": lambda n: one_page([socket(100 + i * 10, url=SOCKET_IO) for i in range(n)]),
    "a development server": lambda n: one_page([socket(100 + i * 10, url=VITE) for i in range(n)]),
    "an extension": lambda n: one_page([socket(100 + i, script="chrome-extension://abc/a.js") for i in range(n)]),
    "parts that are skipped": _skipped,
    "requests of other kinds": lambda n: chrome(
        [page(0)], [document(0), socket(50), *(document(i) | {"_resourceType": "xhr"} for i in range(n))]
    ),
}
