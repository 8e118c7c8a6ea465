"""Gather the sockets and the documents of a log of DevTools events, event by event.

Instants here are on the browser's monotonic clock, in microseconds: all of one machine's processes share it. An event
without one happened before the next event of its session that has one.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from analyzer.formats.cdp_log.raw import Message, Params, decode_params, decode_stamp
from analyzer.formats.devtools import initiator, opening, payload_length
from analyzer.model import SECOND, CaptureError, Direction, Discreet, Initiator, Instant, Opening, PageKind

MOST_SOCKETS, MOST_DOCUMENTS, MOST_OPENINGS = 100_000, 20_000, 4
LATEST_STAMP, EARLIEST_WALL, LATEST_WALL = 1e10, 9e8, 7e9  # seconds
SENT, RECEIVED = 1, 0
TEXT, BINARY = 1, 2
FRESH = ("max-age=0", "no-cache")  # what a reload asks for; so does any request while the cache is disabled
RELOAD = "reload"
RESTORE = "BackForwardCacheRestore"
WORKERS = ("worker", "sharedworker", "serviceworker")  # what a script is fetched for
SWAP = "swap"  # an iframe of another site is a target of its own
CACHE_OFF = '"BackForwardCacheDisabled'


class Page(Discreet, msgspec.Struct):
    """A document in the main frame of a session, and how it went."""

    number: int
    pointer: str
    session: str
    loader: str = ""
    url: str = ""
    kind: PageKind = PageKind.UNKNOWN
    is_recorded: bool = True
    started: Instant | None = None  # its request
    offset: float | None = None  # seconds: wall time minus the monotonic clock
    last_sign: Instant | None = None  # it was still there
    successor: Page | None = None
    is_gone: bool = False  # it crashed, or was closed
    gone: Instant | None = None  # by then another one had its place, or it was gone
    host: Page | None = None  # the document that it went from, of an iframe's or a worker's
    is_same: bool = False  # nothing but its address, or its headers, tells that it is a reload of the one before


class Socket(Discreet, msgspec.Struct):
    """What the log says of one socket."""

    id: str
    session: str
    pointer: str
    page: Page | None = None
    url: str = ""
    is_older: bool = False  # the log does not show how it began
    code: Initiator | None = None
    offset: float | None = None  # seconds: wall time minus the monotonic clock
    created: Instant | None = None
    opened: Instant | None = None
    closed: Instant | None = None
    failed: Instant | None = None
    problem: str | None = None
    opened_at: str = ""  # pointers
    closed_at: str = ""
    part: int = 0  # of the log: the one that begins it, and the one that ends it
    closed_in: int = 0
    key: str | None = None
    origin: str = ""
    protocols: list[str] = []
    sent: Instant | None = None
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))
    directions: bytearray = msgspec.field(default_factory=bytearray)
    opcodes: array[int] = msgspec.field(default_factory=lambda: array("b"))
    lengths: array[int] = msgspec.field(default_factory=lambda: array("q"))
    opening: list[Opening] = []

    def add_message(self, at: Instant, direction: int, is_binary: bool, data: str) -> None:
        """Add a message; of the first ones their beginning."""
        self.times.append(at)
        self.directions.append(direction)
        self.opcodes.append(BINARY if is_binary else TEXT)
        self.lengths.append(payload_length(is_binary, data))
        if direction == SENT and self.sent is None:
            self.sent = at
        if len(self.opening) < MOST_OPENINGS:
            self.opening.append(opening(Direction.SEND if direction == SENT else Direction.RECEIVE, is_binary, data))


class Session(Discreet, msgspec.Struct):
    """What the protocol is attached to: a page, an iframe of another site, a worker."""

    id: str
    kind: str = ""
    page: Page | None = None
    main_frames: set[str] = msgspec.field(default_factory=set)
    has_pages: bool = False
    windows: int = 0  # that its pages opened
    last: Instant | None = None  # its last event with an instant
    is_gone: bool = False
    waiting: list[Page] = msgspec.field(default_factory=list)  # documents that went before its next event
    loaders: dict[str, Page] = msgspec.field(default_factory=dict)  # documents that were asked for
    how: dict[str, str] = msgspec.field(default_factory=dict)  # by loader: the type of its navigation


class Span(msgspec.Struct):
    """The first and the last instant of a part of a log."""

    first: Instant | None = None
    last: Instant | None = None

    def add(self, at: Instant) -> None:
        """Take in an instant; they are nearly in order."""
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)


class Events:
    """The sockets and documents of a log, from its events in the order of the file, or of the files that it is in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sessions: dict[str, Session] = {}
        self.sockets: list[Socket] = []
        self.by_id: dict[tuple[str, str], Socket] = {}
        self.pages: list[Page] = []
        self.offsets: list[float] = []  # seconds: wall time minus the monotonic clock
        self.codes: dict[Initiator, Initiator] = {}  # each once: a client opens from the same place again
        self.spans: list[Span] = []  # of each part of the log
        self.is_cache_off = False
        self.is_referred = False  # a link led to the first document
        self.has_headers = False  # the headers that were sent, which show the requests of workers
        self.has_other_targets = False  # the pages have workers, or iframes of other sites
        self.agent = ""

    def begin_part(self) -> None:
        """Begin the log, or its next part: one file each."""
        self.spans.append(Span())

    @property
    def first(self) -> Instant | None:
        """The first instant in the log."""
        return min((span.first for span in self.spans if span.first is not None), default=None)

    @property
    def last(self) -> Instant | None:
        """The last instant in the log."""
        return max((span.last for span in self.spans if span.last is not None), default=None)

    def add(self, message: Message, session_id: str, pointer: str) -> None:
        """Take in the next event."""
        session = self.sessions.get(session_id)
        if session is None:
            session = self.sessions[session_id] = Session(session_id)
        handler = HANDLERS.get(message.method)
        if handler is None and not message.method.startswith(TELLING):
            self._note_time(session, instant(decode_stamp(message.params)))
            return
        params = (
            decode_params(message.params) if handler is not None else Params(timestamp=decode_stamp(message.params))
        )
        at = instant(params.timestamp)
        session.has_pages = session.has_pages or message.method.startswith("Page.")
        self._note_time(session, at)
        if handler is not None:
            handler(self, session, params, at, pointer)
        page = self._witness(session, message.method, params)
        if page is not None and at is not None:
            page.last_sign = at if page.last_sign is None else max(page.last_sign, at)
            for before in session.waiting:
                before.gone = at
            session.waiting = []

    def _note_time(self, session: Session, at: Instant | None) -> None:
        if at is not None:
            self.spans[-1].add(at)
            session.last = at if session.last is None else max(session.last, at)

    def _witness(self, session: Session, method: str, params: Params) -> Page | None:
        """The document whose own process reported an event: that is a sign of life, and none of a later one is earlier.

        Instants of responses are those of the network, however late they are reported.
        """
        if method.startswith("Network.webSocket"):
            socket = self.by_id.get((session.id, params.requestId))
            # Of a page that was left, closes are reported late.
            return socket.page if socket is not None and socket.page is session.page else None
        if method == "Network.requestWillBeSent" and params.type != "Document" and session.page is not None:
            return session.page if session.page.loader == params.loaderId else None
        return session.page if method.startswith("Page.") else None

    # -- sockets -------------------------------------------------------------------------------------------

    def create(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Begin a socket. The event has no instant."""
        socket = self._add(Socket(params.requestId, session.id, pointer, self._page_of(session), params.url))
        code = initiator(params.initiator)
        socket.code = code and self.codes.setdefault(code, code)

    def _add(self, socket: Socket) -> Socket:
        if len(self.sockets) >= MOST_SOCKETS:
            raise CaptureError(self.name, "", f"more than {MOST_SOCKETS:,} sockets")
        socket.part = len(self.spans) - 1
        self.sockets.append(socket)
        self.by_id[socket.session, socket.id] = socket
        return socket

    def _page_of(self, session: Session) -> Page:
        """The document that a session shows; one that is older than the log has no name."""
        if session.page is None:
            session.page = self._add_page(Page(len(self.pages) + 1, "", session.id, is_recorded=False))
        return session.page

    def _add_page(self, page: Page) -> Page:
        if len(self.pages) >= MOST_DOCUMENTS:
            raise CaptureError(self.name, "", f"more than {MOST_DOCUMENTS:,} documents")
        self.pages.append(page)
        return page

    def _socket(self, session: Session, params: Params, pointer: str) -> Socket:
        """The socket of an event; one that is older than the log, where nothing began it."""
        socket = self.by_id.get((session.id, params.requestId))
        if socket is None:
            socket = Socket(params.requestId, session.id, pointer, self._page_of(session), is_older=True)
            self._add(socket)
        return socket

    def send_handshake(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Take the key, and the two clocks at one instant."""
        socket = self._socket(session, params, pointer)
        headers = lower(params.request.headers)
        socket.created, socket.is_older = at, False
        socket.key = headers.get("sec-websocket-key") or None
        socket.origin = headers.get("origin", "")
        socket.offset = self._note_clocks(params)
        socket.protocols.append(headers.get("sec-websocket-protocol", ""))
        self.agent = self.agent or headers.get("user-agent", "")

    def _note_clocks(self, params: Params) -> float | None:
        """The offset of the two clocks that an event has."""
        wall, stamp = params.wallTime, params.timestamp
        if wall is None or stamp is None or instant(stamp) is None or not EARLIEST_WALL < wall < LATEST_WALL:
            return None
        self.offsets.append(wall - stamp)
        return wall - stamp

    def answer_handshake(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Open a socket: status 101, or 200 over HTTP/2, where no key was sent."""
        socket = self._socket(session, params, pointer)
        status, sent = params.response.status, lower(params.response.requestHeaders)
        if socket.key is None:
            socket.key = sent.get("sec-websocket-key") or None
        if status == 101 or (status == 200 and socket.key is None):
            socket.opened, socket.opened_at = at, pointer
            socket.protocols.append(lower(params.response.headers).get("sec-websocket-protocol", ""))

    def close(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Close a socket, or end one whose handshake failed."""
        socket = self._socket(session, params, pointer)
        if socket.closed is None:
            socket.closed, socket.closed_at, socket.closed_in = at, pointer, len(self.spans) - 1

    def fail(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Take the browser's words for what went wrong."""
        socket = self._socket(session, params, pointer)
        if socket.problem is None:
            socket.problem, socket.failed = params.errorMessage, at
            if not socket.closed_at:
                socket.closed_at, socket.closed_in = pointer, len(self.spans) - 1

    def send(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Add a message that was sent."""
        self._message(session, params, at, pointer, SENT)

    def receive(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Add a message that was received."""
        self._message(session, params, at, pointer, RECEIVED)

    def _message(self, session: Session, params: Params, at: Instant | None, pointer: str, direction: int) -> None:
        socket = self._socket(session, params, pointer)
        if at is not None and params.response.opcode in (TEXT, BINARY):
            socket.add_message(at, direction, params.response.opcode == BINARY, params.response.payloadData)

    # -- documents -----------------------------------------------------------------------------------------

    def request(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note a request for a document; those of main frames have the number of their loader."""
        offset = self._note_clocks(params)
        headers = lower(params.request.headers)
        self.agent = self.agent or headers.get("user-agent", "")
        self.has_other_targets |= params.request.url.startswith("blob:")
        loader = params.loaderId
        is_main = not session.main_frames or params.frameId in session.main_frames
        if params.type != "Document" or not is_main or params.requestId != loader or loader in session.loaders:
            return
        page = Page(0, pointer, session.id, loader, params.request.url, started=at, offset=offset)
        page.is_same = headers.get("cache-control", "") in FRESH
        session.loaders[loader] = page
        if session.page is None and "referer" in headers:
            self.is_referred = True

    def read_headers(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note whether a request is that of a worker."""
        self.has_headers = True
        self.has_other_targets |= lower(params.headers).get("sec-fetch-dest") in WORKERS

    def detach_frame(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note an iframe that became a target of its own."""
        self.has_other_targets |= params.reason == SWAP

    def start_navigation(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note the type of a navigation, by its loader."""
        session.how[params.loaderId] = params.navigationType

    def navigate(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Put a document in the place of another. The event has no instant."""
        frame = params.frame
        if frame.parentId is not None:
            return
        session.main_frames.add(frame.id)
        before = session.page
        page = session.loaders.pop(frame.loaderId, None) or Page(0, pointer, session.id, frame.loaderId)
        session.loaders.clear()  # what was asked for before is not coming any more
        page.url, page.number = frame.url, len(self.pages) + 1
        how = session.how.pop(frame.loaderId, None)
        page.is_same = how is None and (page.is_same or (before is not None and before.url == frame.url))
        if params.type == RESTORE:
            page.kind, page.is_same = PageKind.RESTORE, False
        elif how is not None and how.startswith(RELOAD):
            page.kind = PageKind.RELOAD
        elif before is None or not before.is_recorded:
            page.kind = PageKind.LOAD
        else:
            page.kind = PageKind.RELOAD if page.is_same else PageKind.NAVIGATION
        session.page = self._add_page(page)
        if before is not None:
            before.successor = page
            session.waiting.append(before)

    def keep_no_page(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note that the back/forward cache is off, where the browser says so."""
        text = msgspec.json.encode(params.notRestoredExplanations).decode()
        self.is_cache_off = self.is_cache_off or CACHE_OFF in text

    def open_window(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Count a window that a page opened: another tab."""
        session.windows += 1

    @property
    def lacks_windows(self) -> bool:
        """Did pages open more windows than the log shows? What two sessions report of one page counts once."""
        frames = {frame for session in self.sessions.values() for frame in session.main_frames}
        windows: dict[frozenset[str], int] = {}
        for session in self.sessions.values():
            page = frozenset(session.main_frames)
            windows[page] = max(windows.get(page, 0), session.windows)
        return sum(windows.values()) > max(len(frames), 1) - 1

    # -- targets -------------------------------------------------------------------------------------------

    def attach(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """Note what a session is of."""
        id = f"{session.id.partition('/')[0]}/{params.sessionId}"
        self.sessions.setdefault(id, Session(id)).kind = params.targetInfo.type

    def detach(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """End the session that went."""
        target = self.sessions.get(f"{session.id.partition('/')[0]}/{params.sessionId}")
        if target is not None and not target.is_gone:
            target.is_gone = True
            self._end(target, session)

    def crash(self, session: Session, params: Params, at: Instant | None, pointer: str) -> None:
        """End the document of this session."""
        self._end(session, session)

    def _end(self, target: Session, witness: Session) -> None:
        page = self._page_of(target)
        page.is_gone = True
        page.host = None if target is witness else witness.page
        target.page = None
        witness.waiting.append(page)


TELLING = ("Page.", "Network.webSocket")  # what events begin with that say something also where no handler takes them
Handler = Callable[[Events, Session, Params, Instant | None, str], None]
HANDLERS: Mapping[str, Handler] = {
    "Network.webSocketCreated": Events.create,
    "Network.webSocketWillSendHandshakeRequest": Events.send_handshake,
    "Network.webSocketHandshakeResponseReceived": Events.answer_handshake,
    "Network.webSocketFrameSent": Events.send,
    "Network.webSocketFrameReceived": Events.receive,
    "Network.webSocketFrameError": Events.fail,
    "Network.webSocketClosed": Events.close,
    "Network.requestWillBeSent": Events.request,
    "Network.requestWillBeSentExtraInfo": Events.read_headers,
    "Page.frameDetached": Events.detach_frame,
    "Page.frameStartedNavigating": Events.start_navigation,
    "Page.frameNavigated": Events.navigate,
    "Page.windowOpen": Events.open_window,
    "Page.backForwardCacheNotUsed": Events.keep_no_page,
    "Target.attachedToTarget": Events.attach,
    "Target.detachedFromTarget": Events.detach,
    "Inspector.targetCrashed": Events.crash,
    "Inspector.detached": Events.crash,
}


def instant(stamp: float | None) -> Instant | None:
    """Seconds of the monotonic clock as an instant; None for what is not a time."""
    return round(stamp * SECOND) if stamp is not None and math.isfinite(stamp) and 0 <= stamp < LATEST_STAMP else None


def lower(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers with their names in lower case."""
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
