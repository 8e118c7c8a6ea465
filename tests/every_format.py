"""What tests need of every format of captures: its parts one by one, put together again, and small ones of any size.

A format of the registry without a row in ROWS fails tests/test_every_format.py, by its name.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from analyzer.formats.registry import FORMATS, Format

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
WALL = 1_795_000_000  # seconds since 1970: when the captures that are made here begin
FIRST = 0.25  # seconds after it the first socket: dates in whole seconds say that a program cut them


class Row(NamedTuple):
    """What tests need of one format.

    take_apart: the bytes of a capture -> its values: the entries, events or flows, and what stands before them.
    put_together: such values -> the bytes of a capture.
    sockets: the values of a capture with so many sockets, one after the other, each with a message.
    passed_over: bytes before, over and over, and after, of which a capture of any length can be made.
    poisoned: the capture of tests/captures whose texts are replaced by secrets.
    """

    take_apart: Callable[[bytes], list[Any]]
    put_together: Callable[[list[Any]], bytes]
    sockets: Callable[[int], list[Any]]
    passed_over: tuple[bytes, bytes, bytes]
    poisoned: str


# -- HAR -------------------------------------------------------------------------------------------------------------


def take_har_apart(data: bytes) -> list[Any]:
    log = json.loads(data)["log"]
    entries = log.pop("entries")
    return [log, *entries]


def put_har_together(values: list[Any]) -> bytes:
    log, *entries = values or [{}]
    return json.dumps({"log": {**(log if isinstance(log, dict) else {"x": log}), "entries": entries}}).encode()


def har_sockets(count: int) -> list[Any]:
    return [
        {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": []},
        *(
            {
                "startedDateTime": datetime.fromtimestamp(WALL + n + FIRST, UTC).isoformat(),
                "time": 900.0,
                "_resourceType": "websocket",
                "request": {"method": "GET", "url": f"wss://h.example/ws?n={n}", "headers": []},
                "response": {"status": 101, "headers": []},
                "timings": {"wait": 900.0, "receive": 0},
                "_webSocketMessages": [{"type": "send", "time": WALL + n + FIRST + 0.5, "opcode": 1, "data": "x"}],
            }
            for n in range(count)
        ),
    ]


# -- NetLog ----------------------------------------------------------------------------------------------------------

TYPES = {"WEBSOCKET_ALIVE": 3, "WEBSOCKET_STATE_CHANGED": 4, "REQUEST_ALIVE": 5, "WEBSOCKET_SENT_FRAME_HEADER": 6}


def take_netlog_apart(data: bytes) -> list[Any]:
    if data.startswith(b'{"constants"'):
        document = json.loads(data)
        return [document["constants"], *document["events"]]
    lines = [json.loads(line) for line in data.splitlines()]  # one value per line, each with its type
    kinds = {"constants": "constants", "event": "event"}
    return [line[kinds[line["type"]]] for line in lines if line["type"] in kinds]


def put_netlog_together(values: list[Any]) -> bytes:
    constants, *events = [json.dumps(value) for value in values] or ["{}"]
    return ('{"constants":' + constants + ',\n"events": [\n' + ",\n".join(events) + "]}\n").encode()


def netlog_sockets(count: int) -> list[Any]:
    def event(at: int, source: int, type: str, phase: int = 0, **params: Any) -> Json:
        return {
            "time": str(at),
            "source": {"id": source, "type": 1},
            "type": TYPES[type],
            "phase": phase,
            "params": params,
        }

    def socket(n: int) -> Iterator[Json]:
        at, id = 1000 * n + int(FIRST * 1000), 2 * n + 1
        url = f"ws://h.example/ws?n={n}"
        yield event(at, id, "WEBSOCKET_ALIVE", 1, state="FRESHLY_CONSTRUCTED", url="")
        yield event(at, id + 1, "REQUEST_ALIVE", 1, url=url)
        states = [("FRESHLY_CONSTRUCTED", "CONNECTING"), ("CONNECTING", "CONNECTED")]
        yield from (event(at, id, "WEBSOCKET_STATE_CHANGED", old_state=old, new_state=new) for old, new in states)
        yield event(at + 2, id + 1, "REQUEST_ALIVE", 2, net_error=-173)
        yield event(at + 3, id + 1, "WEBSOCKET_SENT_FRAME_HEADER", opcode=1, payload_length=5, fin=True)
        yield event(at + 900, id, "WEBSOCKET_STATE_CHANGED", old_state="CONNECTED", new_state="CLOSED")
        yield event(at + 900, id, "WEBSOCKET_ALIVE", 2)

    constants = {"clientInfo": {"name": "Chromium"}, "logEventTypes": TYPES, "timeTickOffset": WALL * 1000}
    return [constants, *(event for n in range(count) for event in socket(n))]


# -- logs of DevTools events -----------------------------------------------------------------------------------------


def take_cdp_log_apart(data: bytes) -> list[Any]:
    """Its events without the envelopes that chromedriver puts around them."""
    text = data.decode("utf-8")
    document = json.loads(text) if text.lstrip()[0] == "[" else [json.loads(line) for line in text.splitlines()]
    if isinstance(document[0], dict) and "events" in document[0]:
        document = document[0]["events"]
    return [json.loads(it["message"])["message"] if "message" in it else it for it in document]


def cdp_sockets(count: int) -> list[Any]:
    def event(name: str, n: int, at: float | None, **params: Any) -> Json:
        stamp = {} if at is None else {"timestamp": n + FIRST + at}
        return {"method": f"Network.webSocket{name}", "params": {"requestId": f"1.{n}", **stamp, **params}}

    def socket(n: int) -> Iterator[Json]:
        yield event("Created", n, None, url=f"wss://h.example/ws?n={n}")
        headers = {"headers": {"Sec-WebSocket-Key": f"{n:022}=="}}
        yield event("WillSendHandshakeRequest", n, 0.0, wallTime=WALL + n + FIRST, request=headers)
        yield event("HandshakeResponseReceived", n, 0.002, response={"status": 101, "headers": {}})
        yield event("FrameSent", n, 0.1, response={"opcode": 1, "payloadData": "hello"})
        yield event("Closed", n, 0.9)

    return [event for n in range(count) for event in socket(n)]


# -- performance traces ----------------------------------------------------------------------------------------------


def take_trace_apart(data: bytes) -> list[Any]:
    document = json.loads(data)
    if isinstance(document, list):
        return [{}, *document]
    events = document.pop("traceEvents")
    return [document.get("metadata", {}), *events]


def put_trace_together(values: list[Any]) -> bytes:
    metadata, *events = [json.dumps(value) for value in values] or ["{}"]
    return ('{"metadata": ' + metadata + ',\n"traceEvents": [\n' + ",\n".join(events) + "\n]}\n").encode()


def trace_sockets(count: int) -> list[Any]:
    def event(name: str, n: int, at: float, **data: Any) -> Json:
        args = {"data": {"identifier": n + 1, "frame": "F", **data}}
        common = {"cat": "devtools.timeline", "ph": "I", "s": "t", "pid": 7, "tid": 7, "tts": 1}
        return {**common, "name": name, "ts": int((n + FIRST + at) * 1_000_000), "args": args}

    def socket(n: int) -> Iterator[Json]:
        yield event("WebSocketCreate", n, 0.0, url=f"wss://h.example/ws?n={n}")
        yield event("WebSocketSendHandshakeRequest", n, 0.001)
        yield event("WebSocketReceiveHandshakeResponse", n, 0.002)
        yield event("WebSocketSend", n, 0.1, dataLength=5)
        yield event("WebSocketDestroy", n, 0.9)

    return [{"source": "DevTools"}, *(event for n in range(count) for event in socket(n))]


# -- flows of mitmproxy ----------------------------------------------------------------------------------------------


def take_flows_apart(data: bytes) -> list[Any]:
    values = []
    while data:
        value, data = load_netstring(data)
        values.append(value)
    return values


def load_netstring(data: bytes) -> tuple[Any, bytes]:
    """Load the first value of typed netstrings, and return what comes after it."""
    length, _, rest = data.partition(b":")
    content, kind, rest = rest[: int(length)], rest[int(length) : int(length) + 1], rest[int(length) + 1 :]
    if kind in (b"]", b"}"):
        items = take_flows_apart(content)
        return (items if kind == b"]" else dict(zip(items[::2], items[1::2], strict=True))), rest
    simple: dict[bytes, Callable[[bytes], Any]] = {
        b",": bytes,
        b";": lambda text: text.decode("utf-8"),
        b"#": int,
        b"^": float,
        b"!": lambda text: text == b"true",
        b"~": lambda _: None,
    }
    return simple[kind](content), rest


def dump_netstring(value: Any) -> bytes:
    """Write a value as a typed netstring."""
    if isinstance(value, dict):
        content, kind = b"".join(dump_netstring(it) for pair in value.items() for it in pair), b"}"
    elif isinstance(value, list):
        content, kind = b"".join(map(dump_netstring, value)), b"]"
    elif isinstance(value, bytes):
        content, kind = value, b","
    elif isinstance(value, str):
        content, kind = value.encode("utf-8", "surrogatepass"), b";"
    elif value is None:
        content, kind = b"", b"~"
    else:
        content = json.dumps(value).encode()
        kind = b"!" if isinstance(value, bool) else b"#" if isinstance(value, int) else b"^"
    return b"%d:%b%b" % (len(content), content, kind)


def flow_sockets(count: int) -> list[Any]:
    return [
        {
            "websocket": {
                "messages": [[1, True, b"hello", WALL + n + FIRST + 0.1, False, False]],
                "closed_by_client": True,
                "close_code": 1000,
                "close_reason": "",
                "timestamp_end": WALL + n + FIRST + 0.9,
            },
            "response": {"status_code": 101, "headers": [], "timestamp_start": WALL + n + FIRST + 0.002},
            "request": {
                **{"method": b"GET", "scheme": b"https", "host": "h.example", "port": 443, "authority": b""},
                "path": b"/ws?n=%d" % n,
                "headers": [[b"Upgrade", b"websocket"], [b"Sec-WebSocket-Key", b"%022d==" % n]],
                "timestamp_start": WALL + n + FIRST,
            },
            "client_conn": {"peername": ["127.0.0.1", 40_000], "timestamp_start": float(WALL)},
            **{"version": 21, "type": "http", "id": f"{n:032x}", "error": None},
        }
        for n in range(count)
    ]


# -- traces of Playwright --------------------------------------------------------------------------------------------


def take_trace_zip_apart(data: bytes) -> list[Any]:
    """[the name of a file of the zip, a value of it]; of a file that is no JSON lines its bytes."""
    values: list[Any] = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith((".trace", ".network", ".jsonl")):
                values += [[name, json.loads(line)] for line in content.splitlines()]
            else:
                values.append([name, content])
    return values


def put_trace_zip_together(values: list[Any]) -> bytes:
    files: dict[str, list[bytes]] = {}
    for value in values:
        name, content = value if isinstance(value, list) and len(value) == 2 else ("trace.trace", value)
        part = content if isinstance(content, bytes) else json.dumps(content, default=str).encode() + b"\n"
        files.setdefault(name if isinstance(name, str) else "x", []).append(part)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, parts in files.items():
            archive.writestr(name.encode("utf-8", "replace").decode().replace("\0", "0") or "x", b"".join(parts))
    return packed.getvalue()


def playwright_sockets(count: int) -> list[Any]:
    head = {
        **{"version": 10, "type": "context-options", "browserName": "chromium", "playwrightVersion": "1.65.2"},
        **{"wallTime": WALL * 1000, "monotonicTime": 0, "origin": "library", "options": {}},
    }
    entries = har_sockets(count)[1:]
    for entry in entries:
        entry.update(pageref="page@5f3a5f3a5f3a5f3a5f3a5f3a5f3a5f3a")
    snapshots = [["trace.network", {"type": "resource-snapshot", "snapshot": entry}] for entry in entries]
    return [["trace.trace", head], *snapshots]


# --------------------------------------------------------------------------------------------------------------------

LINE = b'{"params":{},"phase":0,"source":{"id":5,"type":1},"time":"5","type":10},\n'
ROWS = {
    "har": Row(
        take_har_apart,
        put_har_together,
        har_sockets,
        (b'{"log":{"entries":[0', b',{"response":{"content":{"text":"abcdefgh"}}}', b"]}}"),
        "chrome-05-overlap-1s.har",
    ),
    "netlog": Row(
        take_netlog_apart,
        put_netlog_together,
        netlog_sockets,
        (put_netlog_together(netlog_sockets(1)).removesuffix(b"]}\n") + b",\n", LINE, b"{}]}\n"),
        "netexport-n2-sequence-in-log.netlog.json",
    ),
    "cdp-log": Row(
        take_cdp_log_apart,
        lambda values: json.dumps(values).encode(),
        cdp_sockets,
        (
            json.dumps(cdp_sockets(1)).removesuffix("]").encode(),
            b',{"method":"Network.dataReceived","params":{"requestId":"5","timestamp":1.5,"dataLength":5}}',
            b"]",
        ),
        "cdp-16-server-close.cdp.json",
    ),
    "chrome-trace": Row(
        take_trace_apart,
        put_trace_together,
        trace_sockets,
        (
            put_trace_together(trace_sockets(1)).removesuffix(b"\n]}\n"),
            b',\n{"name":"RunTask","cat":"toplevel","ph":"X","pid":7,"tid":7,"ts":2000000,"dur":5,"tts":1,"args":{}}',
            b"\n]}\n",
        ),
        "trace-16-server-close.trace.json.gz",
    ),
    "mitmproxy-flows": Row(
        take_flows_apart,
        lambda values: b"".join(map(dump_netstring, values)),
        flow_sockets,
        (
            dump_netstring(flow_sockets(1)[0]),
            dump_netstring({"websocket": None, "response": None, "request": {"content": b"x" * 999}, "type": "http"}),
            b"",
        ),
        "mitmproxy-16-server-close.mitm",
    ),
    "playwright-trace": Row(
        take_trace_zip_apart,
        put_trace_zip_together,
        playwright_sockets,
        (b"", b"", b""),  # a zip has its directory at the end: none is read as a stream
        "playwright-test-overlap.trace.zip",
    ),
}


def samples(format: Format) -> list[Path]:
    """The real captures of a format, packed or not, the smallest first."""
    suffixes = tuple(suffix + packed for suffix in format.suffixes for packed in ("", ".gz"))
    paths = [it for it in CAPTURES.iterdir() if it.name.endswith(suffixes)]
    return sorted(paths, key=lambda path: (path.stat().st_size, path.name))


def unpack(path: Path) -> bytes:
    """The bytes of a capture, not packed."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def name_of(format: Format) -> str:
    """A name for a file of a format."""
    return f"a{format.suffixes[0]}"


def list_formats() -> list[Format]:
    """The formats that are read, but for those that have no row yet: one test names these."""
    return [row for row in FORMATS if row.id in ROWS]
