"""Make HARs of a chat in a web shop, as Chrome DevTools saves them: the captures of docs/gallery.py and of tests.

Users open widgets that connect and sometimes never close; each socket has its call stack. The same number of sockets
and the same seed give the same bytes.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
APP = "https://shop.example/assets/index-4f1c9a.js"
USERS = ("alice", "bob", "carol", "dilek", "emeka", "fatima", "goran", "hana")
# Where a socket is opened: the functions of its stack and their lines, innermost first.
PLACES = {
    "widget": (
        ("_connect", 17010),
        ("connectUser", 19357),
        ("ChatWidget.useEffect", 47186),
        ("commitHookEffectListMount", 8112),
    ),
    "inbox": (("_connect", 17010), ("connectUser", 19357), ("InboxProvider.mount", 48220), ("renderRoute", 902)),
    "prices": (("openFeed", 51007), ("PriceTicker.start", 51044), ("onVisible", 340)),
    "support": (("transport.open", 22981), ("SupportPanel.open", 52310), ("handleClick", 1210)),
}
FEEDS = {
    "prices": "wss://feed.shop.example/prices?channel=all",
    "support": "wss://help.shop.example/socket.io/?EIO=4&transport=websocket",
}


def chat(sockets: int, seed: int = 1, tidy: bool = False) -> bytes:
    """Make one HAR with that many sockets. `tidy`: each socket closes before the next one opens."""
    chance = random.Random(seed * 100_003 + sockets)  # noqa: S311 - the same every time
    starts = (0.0, 0.9 * sockets) if sockets > 11 else (0.0,)  # of the pages: a longer recording has a reload
    pages = [
        {"startedDateTime": _date(start), "id": f"page_{number}", "title": "https://shop.example/", "pageTimings": {}}
        for number, start in enumerate(starts, 1)
    ]
    creator = {"name": "WebInspector", "version": "537.36"}
    entries = [_page(f"page_{number}", start) for number, start in enumerate(starts, 1)]
    entries += _sockets(chance, sockets, tidy, starts[-1])
    entries.sort(key=lambda entry: entry["startedDateTime"])
    log = {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}
    return json.dumps({"log": log}, separators=(",", ":")).encode()


def suite(captures: int) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of many captures: tests of four areas, some with an overlap, some undecided."""
    for number in range(captures):
        area = ("inbox", "checkout", "support", "search")[number % 4]
        data = chat((1, 3, 2, 1, 5, 2, 4, 12)[number % 8], number + 2, tidy=number % 3 != 0)
        if number % 5 == 4:  # without the time of the close, which only DevTools writes
            data = data.replace(b'"WebInspector"', b'"Playwright"')
        yield f"{area}/{area}-{number // 4 + 1:04}.har", data


def _sockets(chance: random.Random, sockets: int, tidy: bool, reload: float) -> Iterator[dict[str, Any]]:
    users = USERS[: 1 + (sockets > 3) + sockets // 9]
    start = 0.2
    for number in range(sockets):
        if reload and number == sockets // 2:
            start = max(start, reload + 0.3)
        is_first = start < reload
        most = reload - start if is_first else 30.0  # a reload ends what its page opened
        life = min(round(chance.lognormvariate(0.9, 0.8), 3), most)
        stays = not tidy and (sockets < 5 or chance.random() < 0.2)
        place = chance.choices(list(PLACES), (5, 3, 2, 1))[0] if sockets > 4 else "widget"
        fails = sockets > 30 and chance.random() < 0.03
        page = "page_1" if is_first or not reload else "page_2"
        yield _socket(chance, page, start, life, most if stays else None, place, chance.choice(users), fails)
        start = round(start + (life + 0.4 if tidy else chance.uniform(0.25, 1.6)), 3)


def _socket(
    chance: random.Random, page: str, start: float, life: float, stays: float | None, place: str, user: str, fails: bool
) -> dict[str, Any]:
    """One socket. `stays`: it has messages for that long, and no close."""
    kept = life if stays is None else stays
    first = start + chance.uniform(0.014, 0.06)
    times = [
        first + at for at in (0.0, *(chance.uniform(0, max(0.0, kept - 0.07)) for _ in range(min(12, round(kept * 3)))))
    ]
    texts = ('{"type":"health.check"}', '{"type":"message.new"}', '{"type":"typing.start"}')
    messages = [
        {"type": chance.choice(("send", "receive")), "time": _epoch(at), "opcode": 1, "data": chance.choice(texts)}
        for at in sorted(times)
    ]
    if fails:
        error = "Error in connection establishment: net::ERR_CONNECTION_REFUSED"
        messages = [{"type": "error", "time": _epoch(first), "opcode": -1, "data": error}]
    wait = ((first if fails else max(times)) - start) * 1_000  # Chrome counts to the last message
    receive = 0.0 if stays is not None else max(0.3, life * 1_000 - wait)
    entry = _entry(page, start, FEEDS.get(place) or _stream_address(user), 0 if fails else 101, wait, receive)
    return {**entry, "_initiator": _stack(place), "_resourceType": "websocket", "_webSocketMessages": messages}


def _page(page: str, start: float) -> dict[str, Any]:
    return {**_entry(page, start, "https://shop.example/", 200, 40.0, 3.0), "_resourceType": "document"}


def _entry(page: str, start: float, url: str, status: int, wait: float, receive: float) -> dict[str, Any]:
    timings = {"blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": wait, "receive": receive}
    sides = {"httpVersion": "HTTP/1.1", "headers": [], "cookies": [], "headersSize": -1, "bodySize": 0}
    content = {"size": 0, "mimeType": "x-unknown"}
    return {
        "_initiator": {"type": "other"},
        "cache": {},
        "pageref": page,
        "request": {"method": "GET", "url": url, "queryString": [], **sides},
        "response": {"status": status, "statusText": "", "content": content, "redirectURL": "", **sides},
        "startedDateTime": _date(start),
        "time": wait + receive,
        "timings": timings,
    }


def _stack(place: str) -> dict[str, Any]:
    def frames(*calls: tuple[str, int]) -> list[dict[str, Any]]:
        shared = {"scriptId": "7", "url": APP, "columnNumber": 13}
        return [{"functionName": name, "lineNumber": line, **shared} for name, line in calls]

    first, *others = PLACES[place]
    parent = {"description": "await", "callFrames": frames(*others)}
    return {"type": "script", "stack": {"callFrames": frames(first), "parent": parent}}


def _stream_address(user: str) -> str:
    """The address that the Stream Chat client connects to, with a token that no server accepts."""
    token = ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
        for part in ('{"alg":"HS256","typ":"JWT"}', f'{{"user_id":"{user}"}}', "no signature")
    )
    query = quote(json.dumps({"user_id": user, "user_details": {"id": user}}))
    return f"wss://chat.stream-io-api.com/connect?json={query}&api_key=k8x2testkey&authorization={token}&stream-auth-type=jwt"


def _date(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _epoch(seconds: float) -> float:
    return round(START.timestamp() + seconds, 6)
