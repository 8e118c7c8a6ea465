"""Read the flows of a mitmproxy flow file: of each only what concerns a socket, and nothing of bodies.

A flow is a dict (mitmproxy/flow.py, http.py, websocket.py). From format 12 on (mitmproxy 7) a socket is the `websocket`
of the HTTP flow of its handshake; before, it was a flow of its own. Seconds since 1970, as floats.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from analyzer.formats.json_stream.window import CutOff
from analyzer.formats.mitmproxy.tnetstring import BLOCK, StringError, Strings, decode
from analyzer.formats.source import Source
from analyzer.model import SECOND, CaptureError, Direction, Discreet, Instant, Opening, Skipped, plural

SOCKETS_IN_FLOWS = 12  # the first format whose HTTP flows hold their sockets
LATEST = 7_258_118_400  # seconds, the year 2200
MOST_SOCKETS = 100_000
MOST_SKIPPED = 1000
MOST_OPENINGS = 8  # first messages that are kept, to find out whose the socket is
LONGEST_OPENING = 4096
DECODED = 1 << 16  # bytes of a message up to which it is decoded as a whole
UPGRADE = b"websocket"
ADVICE = "save the flows again with `mitmdump -w FILE`"


class Socket(Discreet, msgspec.Struct):
    """What a flow says of its socket: `websocket`."""

    pointer: str
    closed: Instant | None = None
    is_closed_by_client: bool = False
    code: int | None = None
    reason: str | None = None
    sent: Instant | None = None  # the first message of the client itself
    last_sent: Instant | None = None
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))
    directions: bytearray = msgspec.field(default_factory=bytearray)
    opcodes: array[int] = msgspec.field(default_factory=lambda: array("b"))
    lengths: array[int] = msgspec.field(default_factory=lambda: array("q"))
    opening: list[Opening] = []
    last: Instant | None = None  # of all messages, also of those that one side never saw

    def add(self, opcode: int, from_client: bool, size: int, start: bytes, at: Instant, is_dropped: bool) -> None:
        """Add a message that the client sent, or that reached it."""
        self.last = at if self.last is None else max(self.last, at)
        if is_dropped and not from_client:
            return
        if from_client:
            self.sent = at if self.sent is None else min(self.sent, at)
            self.last_sent = at if self.last_sent is None else max(self.last_sent, at)
        self.times.append(at)
        self.directions.append(from_client)
        self.opcodes.append(2 if opcode == 2 else 1)
        self.lengths.append(size)
        if len(self.opening) < MOST_OPENINGS:
            text = start.decode("latin-1" if opcode == 2 else "utf-8", "replace")
            direction = Direction.SEND if from_client else Direction.RECEIVE
            self.opening.append(Opening(direction, text, size > len(start)))


class Flow(Discreet, msgspec.Struct):
    """What is read of one flow."""

    pointer: str
    id: bytes = b""
    is_http: bool = False
    version: Any = None
    is_migrated: bool = False  # `mitmdump` wrote it anew from a format that lacks the end of sockets
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    requested: Instant | None = None
    status: int | None = None
    phrase: str = ""
    answered: Instant | None = None
    has_response: bool = False
    request_headers: list[tuple[str, str]] = []
    response_headers: list[tuple[str, str]] = []
    socket: Socket | None = None
    error: str = ""
    failed: Instant | None = None
    peer: str = ""
    own_address: str = ""
    began: Instant | None = None  # the connection of the client
    instants: list[Instant] = []  # of everything that is dated in it

    @property
    def is_handshake(self) -> bool:
        """Did the client ask for a socket?"""
        return self.socket is not None or any(
            name == "upgrade" and value.lower() == "websocket" for name, value in self.request_headers
        )

    @property
    def is_over(self) -> bool:
        """Had it ended when it was written?"""
        if self.socket is not None:
            return self.socket.closed is not None or self.is_migrated or bool(self.error)
        return self.has_response or bool(self.error)


class Flows:
    """The flows of a file, one after the other; then what could not be read of it.

    Iterate over it once; then `is_cut_off` says whether the file ends within a flow.
    """

    def __init__(self, source: Source) -> None:
        self._name = source.name
        self._strings = Strings(source.stream)
        self.skipped: list[Skipped] = []
        self.damaged = 0
        self.is_cut_off = False
        self.count = 0

    def read(self) -> Iterator[Flow]:
        """Each flow that could be read. Raises CaptureError for a file of another kind, or of an older format."""
        strings = self._strings
        while not strings.is_at_end:
            start = strings.position
            try:
                length = strings.length()
            except CutOff:
                self.is_cut_off = True
                return
            except StringError:
                self._stop(start)
                return
            end = strings.position + length
            try:
                flow = self._read_flow(length)
                self._check(flow)
                self.count += 1
                yield flow
            except CutOff:
                self.is_cut_off = True
                return
            except StringError as error:
                self._skip(start, str(error))
                self.count += 1
                try:
                    strings.skip_to(end + 1)
                except CutOff:
                    self.is_cut_off = True
                    return

    def _read_flow(self, length: int) -> Flow:
        flow = Flow(f"/{self.count}")
        for key, size in self._strings.pairs(length):
            reader = PARTS.get(key)
            if reader is not None:
                reader(self._strings, flow, size)
        return flow

    def _check(self, flow: Flow) -> None:
        """Refuse flows of formats whose sockets are flows of their own."""
        version = flow.version
        if isinstance(version, int) and not isinstance(version, bool):
            if version >= SOCKETS_IN_FLOWS:
                return
            number = str(version)
        elif isinstance(version, list) and all(isinstance(it, int) for it in version[:2]) and version:
            number = ".".join(str(it) for it in version[:2])
        else:
            raise StringError("a flow without the version of its format")
        raise CaptureError(
            self._name,
            flow.pointer,
            f"a flow file of mitmproxy 6 or older (format {number[:12]}): record again with mitmproxy 7 or later, or "
            "convert it with `mitmdump -nr OLD -w NEW` of mitmproxy 7 to 9, which loses the closes",
        )

    def _stop(self, start: int) -> None:
        """Give up where no flow begins: nothing shows where the next one does."""
        if not self.count:
            raise CaptureError(self._name, "", f"not a flow file of mitmproxy: {ADVICE}")
        self._skip(start, "no flow begins here: the rest of the file was not read")

    def _skip(self, start: int, problem: str) -> None:
        self.damaged += 1
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append(Skipped(f"/{self.count}", start, problem))

    @property
    def loss(self) -> str:
        """Say how many flows could not be read; empty where all could."""
        return plural(self.damaged, "damaged flow") if self.damaged else ""


def _instant(value: object) -> Instant | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LATEST:
        return None
    return round(value * SECOND)


def _text(value: object, most: int = BLOCK) -> str:
    return value[:most].decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31 else None


def _read_request(strings: Strings, flow: Flow, length: int) -> None:
    for key, size in strings.pairs(length):
        match key:
            case b"timestamp_start":
                flow.requested = _note(flow, strings.value(size))
            case b"timestamp_end":
                _note(flow, strings.value(size))
            case b"scheme":
                flow.scheme = _text(strings.value(size), 16)
            case b"host":
                flow.host = _text(strings.value(size), 1024)
            case b"port":
                flow.port = _number(strings.value(size)) or 0
            case b"path":
                flow.path = _text(strings.value(size))
            case b"headers":
                flow.request_headers = _read_headers(strings, size)


def _read_response(strings: Strings, flow: Flow, length: int) -> None:
    if not length:
        return
    flow.has_response = True
    for key, size in strings.pairs(length):
        match key:
            case b"timestamp_start":
                flow.answered = _note(flow, strings.value(size))
            case b"timestamp_end":
                _note(flow, strings.value(size))
            case b"status_code":
                flow.status = _number(strings.value(size))
            case b"reason":
                flow.phrase = _text(strings.value(size), 200)
            case b"headers":
                flow.response_headers = _read_headers(strings, size)


def _read_headers(strings: Strings, length: int) -> list[tuple[str, str]]:
    """Read headers, if one of them is of a socket: names in lower case."""
    data = strings.take(length)
    if UPGRADE not in data.lower():
        return []
    listed = decode(strings.take(1), data)
    pairs = [it for it in listed if isinstance(it, list) and len(it) == 2] if isinstance(listed, list) else []
    return [(_text(name).lower(), _text(value)) for name, value in pairs]


def _read_socket(strings: Strings, flow: Flow, length: int) -> None:
    if not length:
        return
    socket = flow.socket = Socket(f"{flow.pointer}/websocket")
    for key, size in strings.pairs(length):
        match key:
            case b"messages":
                _read_messages(strings, socket, size)
            case b"closed_by_client":
                socket.is_closed_by_client = strings.value(size) is True
            case b"close_code":
                socket.code = _number(strings.value(size))
            case b"close_reason":
                value = strings.value(size)
                socket.reason = None if value is None else _text(value, 1024)
            case b"timestamp_end":
                socket.closed = _note(flow, strings.value(size))
    if socket.last is not None:
        flow.instants.append(socket.last)


def _read_messages(strings: Strings, socket: Socket, length: int) -> None:
    """Read messages: [opcode, from_client, content, time, dropped, injected], the last one from format 15 on."""
    for size in strings.items(length):
        if size <= DECODED:
            fields = strings.value(size)
            fields = fields if isinstance(fields, list) else []
            content = fields[2] if len(fields) > 2 else None
            count = len(content) if isinstance(content, bytes) else 0
        else:
            fields, count = _read_long_message(strings, size)
        if len(fields) not in (5, 6) or not isinstance(fields[2], bytes):
            raise StringError("a message that is damaged")
        opcode, from_client, content, time, is_dropped = fields[:5]
        at = _instant(time)
        if at is None or not isinstance(from_client, bool):
            raise StringError("a message that is damaged")
        if from_client and len(fields) == 6 and fields[5] is True:
            continue  # mitmproxy wrote it itself, in the name of the client
        socket.add(opcode, from_client, count, content[:LONGEST_OPENING], at, is_dropped is True)


def _read_long_message(strings: Strings, length: int) -> tuple[list[Any], int]:
    """Read a long message, of its content no more than the beginning; with it, how long the content is."""
    fields: list[Any] = []
    count = 0
    for size in strings.items(length):
        if len(fields) == 2:
            count = size
            fields.append(strings.take(min(size, LONGEST_OPENING)))
        elif len(fields) < 6:
            fields.append(strings.value(size))
    return fields, count


def _read_client(strings: Strings, flow: Flow, length: int) -> None:
    for key, size in strings.pairs(length):
        match key:
            case b"peername" | b"address":
                flow.peer = _host(strings.value(size))
            case b"sockname":
                flow.own_address = _host(strings.value(size))
            case b"timestamp_start":
                flow.began = _instant(strings.value(size))


def _host(address: object) -> str:
    return _text(address[0], 100) if isinstance(address, list) and address else ""


def _read_error(strings: Strings, flow: Flow, length: int) -> None:
    if not length:
        return
    flow.error = "the proxy does not say why"
    for key, size in strings.pairs(length):
        match key:
            case b"msg":
                flow.error = _text(strings.value(size), 300) or flow.error
            case b"timestamp":
                flow.failed = _note(flow, strings.value(size))


def _read_metadata(strings: Strings, flow: Flow, length: int) -> None:
    flow.is_migrated = any(key == b"duplicated" for key, _ in strings.pairs(length))


def _note(flow: Flow, value: object) -> Instant | None:
    """Note that something happened in a flow then."""
    at = _instant(value)
    if at is not None:
        flow.instants.append(at)
    return at


def _read_id(strings: Strings, flow: Flow, length: int) -> None:
    value = strings.value(length)
    flow.id = value[:64] if isinstance(value, bytes) else b""


def _read_kind(strings: Strings, flow: Flow, length: int) -> None:
    value = strings.value(length)
    flow.is_http = value == b"http"


def _read_version(strings: Strings, flow: Flow, length: int) -> None:
    flow.version = strings.value(length)


PARTS: dict[bytes, Callable[[Strings, Flow, int], None]] = {
    b"request": _read_request,
    b"response": _read_response,
    b"websocket": _read_socket,
    b"client_conn": _read_client,
    b"error": _read_error,
    b"metadata": _read_metadata,
    b"id": _read_id,
    b"type": _read_kind,
    b"version": _read_version,
}
