"""Gather the sockets of a NetLog, event by event.

From Chrome 148 on each socket has a channel (WEBSOCKET_CHANNEL) whose states are logged, beside the request of its
handshake, which has the next number. Before, a socket ends with the connection that carries it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import NamedTuple

import msgspec

from analyzer.formats.devtools import origin_of
from analyzer.formats.netlog.close_frames import Bytes, CloseFrame
from analyzer.formats.netlog.raw import Constants, Params, RawEvent, decode_params
from analyzer.model import MILLISECOND, CaptureError, Discreet, Instant, Load

TICK = MILLISECOND  # all times are cut to it
BEGIN, END = 1, 2  # phases; the numbers of types are in the file, those of phases never changed
HANDSHAKE_DONE = -173  # ERR_WS_UPGRADE: the end of a request that became a socket
MOST_SOCKETS = 100_000
LATEST = 7_258_118_400_000  # ms, the year 2200
LONGEST_MESSAGE = 1 << 53
LONGEST_TIME = 16  # digits
MOST_LOADS = 10_000  # documents, and likewise origins of workers
WORKERS = ("worker", "sharedworker", "serviceworker")  # Sec-Fetch-Dest
EVERYTHING = "Everything"  # the capture mode that has all bytes
WEBSOCKET = ("ws:", "wss:")
CONNECTING = ("FRESHLY_CONSTRUCTED", "CONNECTING")
CONTINUATION, CLOSE, DATA = 0, 8, (1, 2)  # opcodes, RFC 6455 section 5.2
RECEIVED, SENT = 0, 1


class Carrier(NamedTuple):
    """The connection that carries a socket: a TCP socket, or one stream of an HTTP/2 session."""

    source: int
    stream: int = 0


class Socket(Discreet, msgspec.Struct):
    """What the log says of one socket, as far as it was read."""

    pointer: str  # where it begins
    opened: str = ""  # where it opens
    ended: str = ""  # where it ends
    created: Instant | None = None  # None: its beginning is not in the log
    url: str = ""
    is_older: bool = False  # it was open when the log began
    connected: Instant | None = None
    closed: Instant | None = None  # its state became CLOSED
    gone: Instant | None = None  # its channel ended without that
    failed: Instant | None = None
    problem: str = ""
    net_error: int = 0
    has_channel: bool = True
    carrier: Carrier | None = None
    carrier_end: Instant | None = None
    plain: Bytes | None = None  # what its connection received, in the mode Everything
    decrypted: Bytes | None = None  # the same of a connection with TLS
    path: str = ""  # to recognise its HTTP/2 stream by
    key: str | None = None
    origin: str = ""
    initiator: str = ""  # the origin of the code that asked for it, also where no header says that
    protocols: list[str] = []
    close_frames: list[Instant] = []
    close_directions: set[int] = msgspec.field(default_factory=set)
    sent: Instant | None = None  # the first data frame that was sent
    last_sent: Instant | None = None
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))
    directions: bytearray = msgspec.field(default_factory=bytearray)
    opcodes: array[int] = msgspec.field(default_factory=lambda: array("b"))
    lengths: array[int] = msgspec.field(default_factory=lambda: array("q"))

    @property
    def close_frame(self) -> CloseFrame | None:
        """The close frame that it received, where the log has the bytes."""
        read = (part.close for part in (self.decrypted, self.plain) if part is not None)
        return next((frame for frame in read if frame is not None), None)

    def end_carrier(self, at: Instant, place: str) -> None:
        """Note the end of its connection, which is its own where no channel says more."""
        if self.carrier_end is None:
            self.carrier_end = at
            self.ended = self.ended if self.has_channel else place

    def add_frame(self, at: Instant, direction: int, params: Params) -> None:
        """Add a frame: a message begins with a text or binary one, and goes on with continuations."""
        length = min(max(params.payload_length, 0), LONGEST_MESSAGE)
        if params.opcode in DATA:
            self.times.append(at)
            self.directions.append(direction)
            self.opcodes.append(params.opcode)
            self.lengths.append(length)
        elif params.opcode == CONTINUATION and self.lengths and self.directions[-1] == direction:
            self.lengths[-1] = min(self.lengths[-1] + length, LONGEST_MESSAGE)
        elif params.opcode == CLOSE:
            self.close_frames.append(at)
            self.close_directions.add(direction)
            return
        if direction == SENT:
            self.sent = at if self.sent is None else self.sent
            self.last_sent = at


class Log:
    """Gather sockets from the events, in the order of the file. `at` is an event's instant, `place` its pointer."""

    def __init__(self, constants: Constants, name: str) -> None:
        self.name = name
        names = {number: name for name, number in constants.logEventTypes.items()}
        self.offset = constants.offset
        self.has_channels = "WEBSOCKET_ALIVE" in constants.logEventTypes
        self.has_bytes = constants.logCaptureMode == EVERYTHING
        handlers = handlers_of(self.has_channels, self.has_bytes)
        self.handlers = {number: handlers[name] for number, name in names.items() if name in handlers}
        self.alive = {number for number, name in names.items() if name in ALIVE}
        self.sockets: list[Socket] = []
        self.channels: dict[int, Socket] = {}  # by the number of their source
        self.requests: dict[int, Socket] = {}
        self.fresh: dict[int, Socket] = {}  # channels whose request is still to come
        self.jobs: dict[int, Carrier] = {}
        self.carriers: dict[int, list[Socket]] = {}  # by the number of the connection
        self.first_request: float = inf  # the lowest number of those that began in the log: later ones are higher
        self.begun: dict[int, Load] = {}  # those whose headers are still to come
        self.documents: list[Load] = []
        self.workers: set[str] = set()
        self.has_all_loads = True
        self.first: Instant | None = None
        self.last: Instant | None = None
        self.lowest: int | None = None
        self.lost_beginning = self.has_untimed = False  # untimed: events that have no usable time
        self.count = 0

    def add_run(self, events: Iterable[RawEvent | None], index: int) -> None:
        """Take in several events that stand one after the other in the array `events`, the first at `index`.

        Most say nothing of a socket: of those only the time counts, which many that follow each other have in common.
        (Before Chrome 148 the number of their source does, too.)
        """
        handlers, is_alike = self.handlers, self.has_channels
        time, count = None, 0  # of the last one that says nothing
        for number, event in enumerate(events, index):
            if event is None:
                continue
            if event.type in handlers:
                time = None
            elif event.time == time and is_alike:
                count += 1
                continue
            else:
                time = event.time
            self.add(event, f"/events/{number}")
        self.count += count

    def add(self, event: RawEvent, place: str) -> None:
        """Take in the next event."""
        self.count += 1
        at = self._instant(event.time)
        if at is None:
            self.has_untimed = True
            return
        self.lowest = event.source.id if self.lowest is None else min(self.lowest, event.source.id)
        is_older = self.first is None and event.phase == BEGIN and event.type in self.alive
        if not is_older:
            # Those that were there before the log began come first, with the date of their creation.
            if self.first is None:
                self.first = at
            if self.last is None or at > self.last:
                self.last = at
        handler = self.handlers.get(event.type)
        if handler is not None:
            handler(self, event, decode_params(event.params), at, place)

    def _instant(self, time: str) -> Instant | None:
        """The wall time of an event; None for what is not a time."""
        ticks = int(time) if time.isascii() and time.isdigit() and len(time) < LONGEST_TIME else LATEST
        at = ticks + self.offset
        return at * TICK if 0 <= at < LATEST else None

    def _add_socket(self, socket: Socket) -> Socket:
        if len(self.sockets) >= MOST_SOCKETS:
            raise CaptureError(self.name, "", f"more than {MOST_SOCKETS:,} sockets")
        self.sockets.append(socket)
        return socket

    def change_channel(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Begin a channel, or end it. One that is older than the log begins with its state and its address."""
        id = event.source.id
        if event.phase == BEGIN:
            socket = Socket(place, created=at, url=params.url)
            self.channels[id] = self._add_socket(socket)
            if params.state in ("", "FRESHLY_CONSTRUCTED"):
                self.fresh[id] = socket
                return
            self.requests[id + 1] = socket
            if params.state != "CONNECTING":
                socket.is_older, socket.connected, socket.opened = True, at, place
        elif (socket := self._channel(id, event, place)).closed is None and socket.failed is None:
            socket.ended = place
            if socket.connected is None and socket.created is not None:
                socket.failed = at
            else:
                socket.gone = at
        if event.phase == END:
            self.fresh.pop(id, None)

    def change_state(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Open a socket, or close it. The states between say who asked for the close, which nobody needs."""
        socket = self._channel(event.source.id, event, place)
        self.fresh.pop(event.source.id, None)
        if params.new_state == "CONNECTED":
            socket.connected, socket.opened = at, place
        elif params.new_state == "CLOSED":
            socket.ended = place
            if params.old_state in CONNECTING:
                socket.failed = at
            else:
                socket.closed = at

    def _channel(self, id: int, event: RawEvent, place: str) -> Socket:
        """The socket of a channel; one without a name, where its beginning is lost."""
        socket = self.channels.get(id) or self.requests.get(id + 1)
        if socket is None:
            socket = self._nameless(event, place)
        self.channels[id] = self.requests[id + 1] = socket
        return socket

    def _nameless(self, event: RawEvent, place: str) -> Socket:
        self.lost_beginning = True
        return self._add_socket(Socket(place, is_older=True))

    def change_request(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Begin the request of a handshake, or end it."""
        id = event.source.id
        if event.phase == BEGIN:
            self.first_request = min(self.first_request, id)
            self.has_all_loads = self.has_all_loads and len(self.begun) < MOST_LOADS
            if self.has_all_loads:
                self.begun[id] = Load(at, origin_of(params.url))
            if params.url[:4].lower().startswith(WEBSOCKET):
                self.requests[id] = self._request(id, params, at, place)
                self.requests[id].url = params.url
            return
        self.begun.pop(id, None)
        socket = self.requests.get(id)
        self.lost_beginning = self.lost_beginning or (socket is None and id < self.first_request)
        if socket is None:
            return
        socket.net_error = params.net_error
        if socket.has_channel:
            return
        if params.net_error == HANDSHAKE_DONE:
            socket.connected, socket.opened = at, place
        elif socket.connected is None:
            socket.failed, socket.ended = at, place

    def _request(self, id: int, params: Params, at: Instant, place: str) -> Socket:
        """The socket of a request that begins: that of the fresh channel just before it, or a new one."""
        channel = id - 1 if id - 1 in self.fresh else next(reversed(self.fresh), None)
        if channel is not None:
            return self.fresh.pop(channel)
        if (socket := self.channels.get(id - 1)) is not None:  # older than the log: it begins with it
            return socket
        return self._add_socket(Socket(place, created=at, has_channel=self.has_channels))

    def read_headers(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Take the key, the subprotocols and the origin from the headers of a handshake."""
        socket = self.requests.get(event.source.id)
        if socket is None:
            self._read_destination(event.source.id, params)
            return
        for line in params.headers:
            name, _, value = line.lstrip(":").partition(": ")
            match name.lower():
                case "sec-websocket-key":
                    socket.key = value or None
                case "sec-websocket-protocol":
                    socket.protocols.append(value)
                case "origin":
                    socket.origin = value
                case "path":
                    socket.path = value

    def _read_destination(self, id: int, params: Params) -> None:
        """Note what a request was for, where its headers say that: a document of a tab, a worker's script.

        A page that is only prepared is none of a tab. An address that led to another one counts as it began.
        """
        headers = dict(line.lower().partition(": ")[::2] for line in params.headers)
        destination, load = headers.get("sec-fetch-dest", ""), self.begun.pop(id, None)
        if load is None or not load.origin or "sec-purpose" in headers:
            return
        if destination in WORKERS and len(self.workers) < MOST_LOADS:
            self.workers.add(load.origin)
        elif destination == "document" and len(self.documents) < MOST_LOADS:
            self.documents.append(load)

    def start_job(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Take the origin of the code that asked for a handshake."""
        if (socket := self.requests.get(event.source.id)) is not None and "://" in params.initiator:
            socket.initiator = socket.initiator or params.initiator

    def fail_upgrade(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Take the reason why a handshake failed."""
        if (socket := self.requests.get(event.source.id)) is not None:
            socket.problem = params.message

    def _frame(self, event: RawEvent, params: Params, at: Instant, place: str, direction: int) -> None:
        id = event.source.id
        socket = self.requests.get(id) or self.channels.get(id - 1)
        if socket is None:
            socket = self._nameless(event, place)
            socket.has_channel = self.has_channels
        self.requests[id] = socket
        socket.add_frame(at, direction, params)

    def send_frame(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Add a frame that was sent."""
        self._frame(event, params, at, place, SENT)

    def receive_frame(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Add a frame that was received."""
        self._frame(event, params, at, place, RECEIVED)

    # -- the connection that carries a socket: before Chrome 148, and in mode Everything --------------------

    def find_carrier(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Note the connection that a job found: a TCP socket, or an HTTP/2 session, which counts more."""
        self.jobs[event.source.id] = Carrier(params.source_dependency.id)

    def bind_job(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Note the connection of a handshake."""
        socket = self.requests.get(event.source.id)
        carrier = self.jobs.get(params.source_dependency.id)
        if socket is not None and carrier is not None:
            socket.carrier = carrier
            self.carriers.setdefault(carrier.source, []).append(socket)

    def open_stream(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Find the handshake whose stream begins: the first one of this path that has none."""
        if ":protocol: websocket" not in params.headers:
            return
        for socket in self.carriers.get(event.source.id, ()):
            if socket.carrier == Carrier(event.source.id) and f":path: {socket.path}" in params.headers:
                socket.carrier = Carrier(event.source.id, params.stream_id)
                return

    def end_stream(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """End the socket of a stream."""
        for socket in self.carriers.get(event.source.id, ()):
            if socket.carrier == Carrier(event.source.id, params.stream_id):
                socket.end_carrier(at, place)

    # -- mode Everything: the bytes ------------------------------------------------------------------------

    def read_bytes(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Look for a close frame in bytes that a connection received."""
        for socket in self._find_sockets(event.source.id):
            socket.plain = socket.plain or Bytes()
            socket.plain.add(params.bytes)

    def read_decrypted_bytes(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """Look for a close frame in bytes that a connection with TLS received."""
        for socket in self._find_sockets(event.source.id):
            socket.decrypted = socket.decrypted or Bytes()
            socket.decrypted.add(params.bytes)

    def _find_sockets(self, connection: int) -> list[Socket]:
        """The socket of a connection of its own; of one that several share nothing is read."""
        sockets = self.carriers.get(connection, [])
        return sockets if len(sockets) == 1 and self.has_bytes else []

    def end_connection(self, event: RawEvent, params: Params, at: Instant, place: str) -> None:
        """End all sockets of a connection."""
        if event.phase != END:
            return
        for socket in self.carriers.pop(event.source.id, ()):
            if socket.carrier is not None and socket.carrier.source == event.source.id:
                socket.end_carrier(at, place)


Handler = Callable[[Log, RawEvent, Params, Instant, str], None]
HANDLERS: Mapping[str, Handler] = {
    "WEBSOCKET_ALIVE": Log.change_channel,
    "WEBSOCKET_STATE_CHANGED": Log.change_state,
    "WEBSOCKET_UPGRADE_FAILURE": Log.fail_upgrade,
    "WEBSOCKET_SENT_FRAME_HEADER": Log.send_frame,
    "WEBSOCKET_RECV_FRAME_HEADER": Log.receive_frame,
    "REQUEST_ALIVE": Log.change_request,
    "URL_REQUEST_START_JOB": Log.start_job,
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": Log.read_headers,
    "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS": Log.read_headers,
    "HTTP_TRANSACTION_READ_RESPONSE_HEADERS": Log.read_headers,
}
CONNECTIONS: Mapping[str, Handler] = {
    "SOCKET_POOL_BOUND_TO_SOCKET": Log.find_carrier,
    "HTTP2_SESSION_POOL_FOUND_EXISTING_SESSION": Log.find_carrier,
    "HTTP2_SESSION_POOL_IMPORTED_SESSION_FROM_SOCKET": Log.find_carrier,
    "HTTP_STREAM_REQUEST_BOUND_TO_JOB": Log.bind_job,
    "HTTP2_SESSION_SEND_HEADERS": Log.open_stream,
    "HTTP2_SESSION_RECV_RST_STREAM": Log.end_stream,
    "HTTP2_SESSION_SEND_RST_STREAM": Log.end_stream,
    "HTTP2_SESSION": Log.end_connection,
    "SOCKET_ALIVE": Log.end_connection,
}
BYTES: Mapping[str, Handler] = {
    "SOCKET_BYTES_RECEIVED": Log.read_bytes,
    "SSL_SOCKET_BYTES_RECEIVED": Log.read_decrypted_bytes,
}
ALIVE = ("WEBSOCKET_ALIVE", "REQUEST_ALIVE")


def handlers_of(has_channels: bool, has_bytes: bool) -> Mapping[str, Handler]:
    """The events that count in a log: connections only where they tell the ends, or hold the bytes."""
    connections = CONNECTIONS if has_bytes or not has_channels else {}
    return {**HANDLERS, **connections, **(BYTES if has_bytes else {})}
