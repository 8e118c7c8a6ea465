"""Write flow files as mitmproxy does: typed netstrings (mitmproxy/io/tnetstring.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


def dump(value: object) -> bytes:
    """Write a value as mitmproxy does."""
    match value:
        case None:
            data, tag = b"", b"~"
        case bool():
            data, tag = (b"true" if value else b"false"), b"!"
        case int():
            data, tag = str(value).encode(), b"#"
        case float():
            data, tag = repr(value).encode(), b"^"
        case bytes():
            data, tag = value, b","
        case str():
            data, tag = value.encode(), b";"
        case list():
            data, tag = b"".join(map(dump, value)), b"]"
        case dict():
            data, tag = b"".join(dump(part) for pair in value.items() for part in pair), b"}"
        case _:
            raise TypeError(type(value))
    return b"%d:%s%s" % (len(data), data, tag)


def dump_har(document: Json) -> bytes:
    """Write the entries of a HAR as the flows that mitmproxy would have saved of them."""
    return b"".join(dump(_flow(number, entry)) for number, entry in enumerate(document["log"]["entries"]))


def _flow(number: int, entry: Json) -> Json:
    request, url = entry["request"], urlsplit(entry["request"]["url"])
    start = datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    messages = entry.get("_webSocketMessages")
    headers = [*((it["name"], it["value"]) for it in request.get("headers", [])), ("Host", url.netloc)]
    if messages is not None:
        headers.append(("Upgrade", "websocket"))
    answer = _response(entry["response"], start)
    return {
        "websocket": None if messages is None or answer is None else _socket(entry, start),
        "response": answer,
        "request": {
            "path": request["url"].partition(url.netloc)[2].encode(),
            "scheme": b"https" if url.scheme == "wss" else b"http",
            "host": url.hostname,
            "port": 443,
            "headers": [[name.encode(), value.encode()] for name, value in headers],
            "content": request.get("postData", {}).get("text", "").encode(),
            "timestamp_start": start,
            "timestamp_end": start,
        },
        "comment": entry.get("comment", ""),
        "metadata": {"x": entry.get("_unknown", "")},
        "client_conn": {"peername": ["127.0.0.1", 5], "timestamp_start": start},
        "error": None if answer is not None else {"msg": messages[0]["data"], "timestamp": start + 0.2},
        "id": f"flow {number}",
        "type": "http",
        "version": 21,
    }


def _response(response: Json, start: float) -> Json | None:
    if not response["status"]:
        return None
    return {
        "status_code": response["status"],
        "headers": [[b"Upgrade", b"websocket"]],
        "content": response.get("content", {}).get("text", "").encode(),
        "timestamp_start": start + 0.1,
        "timestamp_end": start + 0.1,
    }


def _socket(entry: Json, start: float) -> Json:
    close = entry.get("_webSocketClose")
    return {
        "messages": [
            [message["opcode"], message["type"] == "send", message["data"].encode(), message["time"], False, False]
            for message in entry["_webSocketMessages"]
        ],
        "closed_by_client": None if close is None else True,
        "close_code": None if close is None else close["code"],
        "close_reason": None if close is None else close["reason"],
        "timestamp_end": None if close is None else start + 2,
    }
