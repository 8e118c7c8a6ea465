"""HAR 1.2 -> Capture: each entry's fields become events with instants, by what the exporter means by them.

The first pass (`_Gathered`) takes what is needed off the stream of entries and lets go of the rest; the second
(`_trace`) reads the sockets once the whole file is known: its exporter, its message clock, its pages.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from analyzer import exporters
from analyzer.exporters import Close, Opened, Row, Tabs
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Active,
    Bounds,
    Capture,
    Caveat,
    Closed,
    Event,
    Exporter,
    Initiator,
    Instant,
    Messages,
    Page,
    Rejected,
    Requested,
    Silence,
    Skipped,
    StillOpen,
    Trace,
)
from analyzer.readers import pages as page_reader
from analyzer.readers.entries import Bytes, Document, RawEntry, RawHeader, RawMessage, kind
from analyzer.readers.pages import Listed, Seen

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
YEAR_2000, YEAR_2200 = 946_684_800 * SECOND, 7_258_118_400 * SECOND
RECEIVE_THRESHOLD = 0.0005  # ms; CDP resolves 0.001, re-imported files carry noise of 0.0002
LONGEST_HANDSHAKE = 1 * SECOND  # a longer `wait` without messages means that they were removed
FOREVER = 366 * 24 * 3600 * SECOND  # a message further from its socket's start does not belong to that clock
CLOCK_STEP = SECOND  # entries of one tab that run backwards by more: the clock was set
PARTS = re.compile(r"(?:([A-Za-z][\w+.-]*):)?(?://([^/?#]*))?([^?#]*)")  # RFC 3986, appendix B
HEADERS = msgspec.json.Decoder(list[RawHeader])
SENT, RECEIVED = 1, 0
DIRECTIONS = {
    "send": SENT,
    "request": SENT,
    "receive": RECEIVED,
    "response": RECEIVED,
}  # as cypress-har-generator has them
CLOSE_OPCODE, CONTROL_OPCODES, DATA_OPCODES = 8, (8, 9, 10), (1, 2)

Attachment = Callable[[str], bytes | None]


class Ticks(msgspec.Struct):
    """The messages of one socket as the file has them: times in ticks of a clock that is not known yet."""

    ticks: array[float]  # NaN where there is none
    directions: bytes
    opcodes: array[int]
    lengths: array[int]
    control: list[tuple[float, int]]  # (ticks, opcode) of close, ping and pong frames
    errors: list[str]  # what Chrome writes for a handshake that failed or a frame it could not read


class Socket(msgspec.Struct):
    """One socket's entry, kept until the whole file is known."""

    index: int
    entry: RawEntry
    headers: dict[str, str]
    started: Instant | None
    sentinel: bool  # Chrome's date for a handshake that was never sent
    initiator: Initiator | None
    close: Any
    ticks: Ticks | None  # None: the entry has no list of messages
    clock: int


def read(stream: Bytes, source: str, attachment: Attachment) -> Capture:
    """Read one HAR. `attachment` gives the bytes of a side file (Playwright), None where there is none.

    Raises CaptureError where the file is no HAR. `sha256` and `bytes` are left for the caller to fill in.
    """
    document = Document(stream, source, RawEntry)
    gathered = _Gathered(attachment)
    for element in document.elements():
        gathered.skipped += element.skipped
        if element.entry is not None:
            gathered.add(element.index, element.entry)
    return _Reading(document, gathered, source).capture()


class _Gathered:
    """What is taken off the stream of entries."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.sockets: list[Socket] = []
        self.skipped: list[Skipped] = []
        self.documents: list[page_reader.Document] = []
        self.last_start: dict[str, Instant] = {}  # by pageref
        self.instants: list[Instant] = []  # that entries witness; only the first and the last matter
        self.clock = 0  # counts how often entries of one pageref ran backwards
        self.out_of_order = False  # a socket stands after an entry that started later
        self._before: dict[str | None, Instant] = {}  # by pageref, the start of the entry before
        self._latest: Instant = 0

    def add(self, index: int, entry: RawEntry) -> None:
        started = instant(entry.startedDateTime)
        pageref = entry.pageref
        if started is not None:
            self.instants.append(started)
            if started < self._before.get(pageref, 0) - CLOCK_STEP:
                self.clock += 1
            self._before[pageref] = started
            if pageref is not None:
                self.see(pageref, started)
        if is_socket(entry):
            self.out_of_order = self.out_of_order or (started is not None and started < self._latest)
            self._latest = max(self._latest, started or 0)
            self._socket(index, entry, started)
        elif started is not None:
            self._latest = max(self._latest, started)
            if entry.time and 0 < entry.time < FOREVER / MILLISECOND:
                self.instants.append(started + round(entry.time * MILLISECOND))
            if is_document(entry):
                self._document(index, entry, started)
        if len(self.instants) > 10_000:
            self.instants = [min(self.instants), max(self.instants)]

    def see(self, pageref: str, at: Instant) -> None:
        if at > self.last_start.get(pageref, 0):
            self.last_start[pageref] = at

    def _document(self, index: int, entry: RawEntry, started: Instant) -> None:
        status = entry.response.status or 0
        if not 200 <= status < 600 or status in (204, 205) or (300 <= status < 400 and status != 304):
            return
        if b"attachment" in bytes(entry.response.headers):
            disposition = _headers(entry.response.headers).get("content-disposition", "")
            if disposition.lower().startswith("attachment"):
                return  # a download replaces nothing
        request = _headers(entry.request.headers)
        destination = request.get("sec-fetch-dest")
        initiator = _json(entry.initiator)
        other = isinstance(initiator, dict) and initiator.get("type") == "other"
        document = page_reader.Document(
            pointer=f"/log/entries/{index}",
            pageref=entry.pageref,
            frame=entry.frame,
            url=entry.request.url or "",
            method=entry.request.method or "",
            started=started,
            answered=_answered(entry, started),
            cache_control=request.get("cache-control", ""),
            top_level=destination == "document" if destination else other or self._main_frame(entry),
        )
        self.documents.append(document)

    def _main_frame(self, entry: RawEntry) -> bool:
        """In Playwright's files the first document of a tab is that of its main frame."""
        if entry.frame is None:
            return False
        first = next((d for d in self.documents if d.pageref == entry.pageref), None)
        return first is None or first.frame == entry.frame

    def _socket(self, index: int, entry: RawEntry, started: Instant | None) -> None:
        messages = entry.messages
        if messages is None and entry.response.content is not None and entry.response.content.file:
            messages = self._attached(index, entry.response.content.file)
        entry.messages = None  # of a message we keep time, direction, opcode and length
        self.sockets.append(
            Socket(
                index=index,
                entry=entry,
                headers=_headers(entry.request.headers),
                started=started,
                sentinel=(entry.startedDateTime or "").startswith("1969-12-31"),
                initiator=_initiator(_json(entry.initiator)),
                close=_json(entry.close),
                ticks=None if messages is None else _ticks(messages),
                clock=self.clock,
            )
        )
        entry.request.headers = entry.response.headers = entry.initiator = entry.close = msgspec.Raw(b"null")

    def _attached(self, index: int, name: str) -> list[RawMessage] | None:
        """Playwright's side file: one message a line, as JSON."""
        text = self.attachment(name)
        pointer = f"/log/entries/{index}/response/content/_file"
        if text is None:
            self.skipped.append(Skipped(pointer, None, "its file of messages is not beside the capture"))
            return None
        messages = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                messages.append(msgspec.json.decode(line, type=RawMessage))
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self.skipped.append(Skipped(pointer, None, f"line {number} of its file of messages is damaged"))
        return messages


def is_socket(entry: RawEntry) -> bool:
    """Any of the marks that real exporters write. The mere key `_webSocketMessages` is none (cypress-har-generator
    has it on every entry)."""
    kind = (entry.resource_type or "").lower()
    if kind == "websocket" or entry.response.status == 101 or entry.messages:
        return True
    url = entry.request.url or ""
    if url[:6].lower().startswith(("ws:/", "wss:/")):
        return True
    if kind not in ("", "other") or b"ebsocket" not in bytes(entry.request.headers):
        return False
    headers = _headers(entry.request.headers)
    return headers.get("upgrade", "").lower() == "websocket" or headers.get(":protocol", "").lower() == "websocket"


def is_document(entry: RawEntry) -> bool:
    """A request for a document, of a tab or of an iframe."""
    if entry.resource_type is not None:
        return entry.resource_type.lower() == "document"
    mime = (entry.response.content.mimeType or "") if entry.response.content else ""
    if "html" not in mime.lower():
        return False
    return _headers(entry.request.headers).get("sec-fetch-mode") == "navigate"


class _Reading:
    """The second pass: everything that takes the whole file to know."""

    def __init__(self, document: Document[RawEntry], gathered: _Gathered, source: str) -> None:
        self.document = document
        self.gathered = gathered
        self.source = source
        self.skipped = list(gathered.skipped)
        creator = _member(document.log, "creator")
        self.browser = _text(_member(document.log, "browser").get("name"))
        self.name, self.version = _text(creator.get("name")), _text(creator.get("version"))
        self.row = exporters.identify(self.name, self.version)
        self.tick = _message_clock(socket.ticks for socket in gathered.sockets if socket.ticks)
        self.listed = self._listed()
        self.has_messages = any(socket.ticks and len(socket.ticks.ticks) for socket in gathered.sockets)
        self.monotonic_offset = self._monotonic_offset()
        self.witnessed: array[int] = array("q")
        self.messages_removed = False
        self.merged = ""
        # Without tabs (proxies) entries may stand in any order: nothing tells that the clock was set.
        self.stepped = gathered.clock > 0 and self.row.tabs is not Tabs.NOTHING

    def capture(self) -> Capture:
        gathered, row = self.gathered, self.row
        traces = [self._trace(socket) for socket in gathered.sockets]
        for trace in traces:
            if trace.page is not None and trace.messages.times:
                gathered.see(trace.page, max(trace.messages.times))
        pages, caveats = self._pages(), exporters.caveats(row)
        if row.tabs is Tabs.TAB:
            traces = [
                self._in_tab(trace, socket, pages) for trace, socket in zip(traces, gathered.sockets, strict=True)
            ]
        caveats = [*self._caveats(), *caveats]
        instants = [*gathered.instants, *self.witnessed]
        in_order = row.in_order_of_close or (row.out_of_order_means_order_of_close and gathered.out_of_order)
        return Capture(
            source=self.source,
            sha256=None,
            bytes=0,
            format="har",
            exporter=Exporter(row.id, self.name, self.version, row.label),
            observed=Interval(min(instants), max(instants)) if instants else None,
            entries=self.document.count,
            pages=tuple(pages),
            traces=tuple(traces),
            silence=row.silence,
            in_order_of_close=in_order,
            records_messages=row.records_messages,
            caveats=tuple(caveats),
            skipped=tuple(self.skipped),
        )

    # -- the capture as a whole ------------------------------------------------------------------------------

    def _listed(self) -> list[Listed]:
        listed = self.document.log.get("pages")
        if listed is not None and not isinstance(listed, list):
            self.skipped.append(Skipped("/log/pages", None, f"not an array but {kind(listed)}"))
        found = []
        for n, page in enumerate(listed if isinstance(listed, list) else []):
            if not isinstance(page, dict) or not isinstance(page.get("id"), str):
                self.skipped.append(Skipped(f"/log/pages/{n}", None, "no page: an object with an id"))
                continue
            date = _text(page.get("startedDateTime"))
            found.append(Listed(page["id"], _text(page.get("title")) or "", instant(date), _monotonic(date)))
        return found

    def _pages(self) -> list[Page]:
        gathered = self.gathered
        if self.row.tabs is Tabs.DOCUMENT:
            seen = self._seen()
            self.merged = page_reader.contradiction(self.listed, seen)
            return page_reader.documents_as_pages(self.listed, seen, not self.merged and not self.stepped)
        if self.row.tabs is Tabs.TAB:
            off = (self.browser or "").lower() in self.row.bfcache_off_in
            return page_reader.tabs_as_pages(self.listed, gathered.documents, off, not self.stepped)
        return []

    def _seen(self) -> dict[str, Seen]:
        """What the entries of each pageref witness."""
        documents: dict[str, list[page_reader.Document]] = {}
        for document in self.gathered.documents:
            if document.pageref is not None:
                documents.setdefault(document.pageref, []).append(document)
        return {page: Seen(last, tuple(documents.get(page, ()))) for page, last in self.gathered.last_start.items()}

    def _in_tab(self, trace: Trace, socket: Socket, pages: Sequence[Page]) -> Trace:
        page = page_reader.page_of(socket.entry.pageref, socket.entry.frame, socket.started, self.row, pages)
        return msgspec.structs.replace(trace, page=page)

    def _caveats(self) -> list[Caveat]:
        gathered = self.gathered
        told = []
        if self.document.cut_off is not None:
            told.append(
                Caveat("cut-off", f"The file ends at byte {self.document.cut_off:,}, before it is complete.", True)
            )
        if self.document.trailing is not None:
            told.append(
                Caveat(
                    "trailing-data",
                    f"Something follows the HAR at byte {self.document.trailing:,}; it was not read.",
                    True,
                )
            )
        of_entries = [skipped.pointer for skipped in self.skipped if skipped.pointer.startswith("/log/entries/")]
        lost = [
            pointer for pointer in of_entries if "/_webSocketMessages" not in pointer and not pointer.endswith("/_file")
        ]
        if lost:
            told.append(
                Caveat("entries-skipped", f"{len(lost)} damaged parts were skipped; sockets may be among them.", True)
            )
        if self.merged:
            told.append(Caveat("merged", f"Several captures in one file, or an edited one: {self.merged}.", True))
        if self.stepped:
            told.append(
                Caveat(
                    "clock-stepped",
                    "The machine's clock was set while this was recorded: times before and after cannot be compared.",
                    True,
                )
            )
        if self.row.silence is exporters.CHROME.silence and not gathered.documents and self.document.count:
            told.append(
                Caveat(
                    "filtered",
                    "No page document is in this file: it was filtered when it was saved, or DevTools was opened late.",
                    hides_sockets=not gathered.sockets,  # a filter for sockets shows them all, any other may hide them
                )
            )
        if self.messages_removed:
            told.append(Caveat("messages-removed", "Messages were removed from this file."))
        return told

    def _monotonic_offset(self) -> tuple[Instant, Instant] | None:
        """Wall clock minus the browser's monotonic clock, from a page with a date in 1970 and its document (measured:
        2..15 ms early), or from a handshake that was unanswered at export."""
        for page in self.listed:
            if page.monotonic is None:
                continue
            document = next((d for d in self.gathered.documents if d.pageref == page.id), None)
            if document is not None:
                offset = document.started - page.monotonic
                return offset, offset + 20 * MILLISECOND
        for socket in self.gathered.sockets:
            blocked = socket.entry.timings.blocked
            if socket.started is not None and blocked is not None and blocked < -1001:
                offset = socket.started + round((blocked / 1000 + 1) * SECOND)
                return offset, offset + MILLISECOND
        return None

    # -- one socket ------------------------------------------------------------------------------------------

    def _trace(self, socket: Socket) -> Trace:
        entry, row = socket.entry, self.row
        pointer = f"/log/entries/{socket.index}"
        messages, rebased = self._messages(socket, pointer)
        start = self._start(socket, messages, pointer)
        events: list[Event] = []
        if start is not None:
            events.append(Requested(start))
        opened = _opened(entry, row, messages)
        if opened:
            lower = start.earliest if start else None
            events.append(Accepted(self._accepted(socket, messages, lower, pointer)))
            events += self._activity(socket, messages, pointer)
            events += self._closed(socket, messages, start, rebased, pointer)
        elif _failed(entry, row, socket):
            events.append(self._rejected(socket, start, pointer))
        self.witnessed += messages.times
        url = entry.request.url or ""
        page = entry.pageref if row.tabs is Tabs.DOCUMENT else None
        return Trace(
            pointer,
            url,
            endpoint(url, socket.headers),
            tuple(events),
            messages,
            page,
            socket.initiator,
            socket.clock if self.stepped else 0,
        )

    def _messages(self, socket: Socket, pointer: str) -> tuple[Messages, bool]:
        ticks = socket.ticks
        if ticks is None:
            return Messages(array("q"), b"", array("b"), array("q"), recorded=self.row.records_messages), False
        times: array[int] = array("q")
        offset = 0.0
        usable = self.tick is not None and not any(math.isnan(t) or t <= 0 for t in ticks.ticks)
        if usable and self.tick == 0:  # monotonic seconds: the last message is the last activity, at start + wait
            wait = socket.entry.timings.wait
            if socket.started is None or wait is None or wait < 0 or not ticks.ticks:
                usable = False
            else:
                offset = socket.started + wait * MILLISECOND - max(ticks.ticks) * SECOND
        if usable and self.tick is not None:
            scale = self.tick or SECOND
            times = array("q", (round(t * scale + offset) for t in ticks.ticks))
            start = socket.started
            lower = YEAR_2000 if start is None else start - SECOND
            upper = YEAR_2200 if start is None else start + FOREVER
            if times and (min(times) < lower or max(times) > upper):
                times = array("q")
                self.skipped.append(
                    Skipped(f"{pointer}/_webSocketMessages", None, "message times that do not fit the socket's start")
                )
        return Messages(times, ticks.directions, ticks.opcodes, ticks.lengths), self.tick == 0

    def _start(self, socket: Socket, messages: Messages, pointer: str) -> Bounds | None:
        """When the handshake's request was sent; Chrome cuts the date to 1 ms, its last message gives the rest."""
        if socket.started is None:
            return None
        started, slack = socket.started, self.row.start_slack
        wait = socket.entry.timings.wait
        if self.row is exporters.CHROME and messages.last is not None and wait is not None:
            exact = messages.last - round(wait * MILLISECOND)
            if started <= exact <= started + slack:
                return Bounds(exact, exact, "handshake-request", f"{pointer}/startedDateTime")
        return Bounds(started, started + slack, "handshake-request", f"{pointer}/startedDateTime")

    def _accepted(self, socket: Socket, messages: Messages, lower: Instant | None, pointer: str) -> Bounds:
        """Status 101 says that it opened, not when."""
        entry, started = socket.entry, socket.started
        first = messages.first
        status = f"{pointer}/response/status"
        if self.row.opened is Opened.WAIT and started is not None and (entry.timings.wait or 0) > 0:
            activity = started + round((entry.timings.wait or 0) * MILLISECOND)
            latest = activity + self.row.start_slack
            if first is not None:
                return Bounds(lower, min(first, latest), "first-message", f"{pointer}/_webSocketMessages/0")
            silent = socket.ticks is not None and not socket.ticks.directions
            # In a file without any message they may have been removed, and the activity have been one of them.
            if silent and self.has_messages and activity - started < LONGEST_HANDSHAKE:
                return Bounds(activity, latest, "handshake-response", f"{pointer}/timings/wait")
            return Bounds(lower, latest, "last-activity", f"{pointer}/timings/wait")
        if first is not None:
            return Bounds(lower, first, "first-message", f"{pointer}/_webSocketMessages/0")
        if self.row.opened is Opened.TIME and started is not None and (entry.time or 0) > 0:
            return Bounds(
                started + round((entry.time or 0) * MILLISECOND), None, "handshake-duration", f"{pointer}/time"
            )
        return Bounds(lower, None, "handshake-accepted", status)

    def _activity(self, socket: Socket, messages: Messages, pointer: str) -> list[Event]:
        """Signs of life that are no data messages: the end of `wait` in Chrome's files, pings and pongs."""
        entry, started = socket.entry, socket.started
        found: list[Event] = []
        wait = entry.timings.wait
        if self.row.opened is Opened.WAIT and started is not None and wait is not None and wait > 0:
            at = started + round(wait * MILLISECOND)
            found.append(Active(at, "last-activity", f"{pointer}/timings/wait"))
            removed = (messages.last is None and wait * MILLISECOND > LONGEST_HANDSHAKE) or (
                messages.last is not None and at > messages.last + 2 * MILLISECOND
            )
            self.messages_removed = self.messages_removed or removed
        if socket.ticks and self.tick:
            alive = [t for t, opcode in socket.ticks.control if opcode != CLOSE_OPCODE and t > 0]
            found += (
                [Active(round(max(alive) * self.tick), "ping-or-pong", f"{pointer}/_webSocketMessages")]
                if alive
                else []
            )
        return found

    def _closed(
        self, socket: Socket, messages: Messages, start: Bounds | None, rebased: bool, pointer: str
    ) -> list[Event]:
        entry, row, started = socket.entry, self.row, socket.started
        frames = [t for t, opcode in socket.ticks.control if opcode == CLOSE_OPCODE and t > 0] if socket.ticks else []
        if frames and self.tick:
            first, last = round(min(frames) * self.tick), round(max(frames) * self.tick)
            return [Closed(Bounds(first, last, "close-frame", f"{pointer}/_webSocketMessages"))]
        total = (
            entry.time
            if entry.time is not None and math.isfinite(entry.time) and 0 <= entry.time < FOREVER / MILLISECOND
            else None
        )
        code, reason = _close_code(socket.close)
        if socket.close is not None:
            at = _epoch(socket.close)
            if at is not None:
                return [Closed(Bounds(at, at, "close-record", f"{pointer}/_webSocketClose"), code, reason)]
            if row.close is Close.CLOSE_RECORD and started is not None and total is not None:
                at = started + round(total * MILLISECOND)
                return [Closed(_around(at, row.close_slack, "close-record", f"{pointer}/time"), code, reason)]
            return [Closed(Bounds(messages.last, None, "close-record", f"{pointer}/_webSocketClose"), code, reason)]
        receive = entry.timings.receive
        if row.close is Close.RECEIVE_TIMING and receive is not None and receive > RECEIVE_THRESHOLD:
            if messages.last is not None and start is not None and start.earliest == start.latest and not rebased:
                at = messages.last + round(receive * MILLISECOND)
                return [Closed(Bounds(at, at, "close-seen", f"{pointer}/timings/receive"))]
            if started is not None and total is not None:
                at = started + round(total * MILLISECOND)
                return [Closed(Bounds(at, at + row.start_slack, "close-seen", f"{pointer}/timings/receive"))]
        if row.close is Close.ENTRY_TIME and started is not None and total is not None:
            at = started + round(total * MILLISECOND)
            return [Closed(Bounds(at, at, "entry-time", f"{pointer}/time"))]
        if row.silence is Silence.OPEN and (entry.time is None or entry.time == -1):
            return [StillOpen("close-record-absent", f"{pointer}/time")]
        return []

    def _rejected(self, socket: Socket, start: Bounds | None, pointer: str) -> Rejected:
        entry = socket.entry
        total = entry.time if entry.time is not None and math.isfinite(entry.time) and entry.time > 0 else None
        evidence, where = "handshake-failed", f"{pointer}/response/status"
        within = Bounds(start.earliest if start else None, None, evidence, where)
        if socket.sentinel:
            if total is not None and self.monotonic_offset is not None:
                mono = round((total / 1000 - 1) * SECOND)
                within = Bounds(
                    self.monotonic_offset[0] + mono, self.monotonic_offset[1] + mono, evidence, f"{pointer}/time"
                )
        elif start is not None and start.earliest is not None and total is not None and self.row.opened is Opened.WAIT:
            at = start.earliest + round(total * MILLISECOND)
            within = Bounds(at, at + self.row.start_slack, evidence, f"{pointer}/time")
        status = entry.response.status or 0
        problem = entry.response.failure or next(
            (text for text in (socket.ticks.errors if socket.ticks else []) if text), None
        )
        return Rejected(within, problem or (f"status {status:.0f}" if status > 0 else "no answer"))


# -- what an entry says ------------------------------------------------------------------------------------


def _opened(entry: RawEntry, row: Row, messages: Messages) -> bool:
    status = entry.response.status or 0
    if status == 101 or messages.directions:
        return True
    if status != 200:
        return False
    versions = f"{entry.request.httpVersion} {entry.response.httpVersion}".lower()
    over_http2 = any(v in versions for v in ("http/2", "http/3", "h2", "h3"))
    return (
        row.id in ("chrome", "playwright") or over_http2 or (entry.request.method or "").upper() == "CONNECT"
    )  # RFC 8441


def _failed(entry: RawEntry, row: Row, socket: Socket) -> bool:
    """The handshake failed. Chrome: status 0 alone is still CONNECTING; an error or an end tells that it failed."""
    status = entry.response.status or 0
    if row.opened is Opened.WAIT and status == 0:
        return bool(socket.ticks and socket.ticks.errors) or (entry.timings.receive or 0) > RECEIVE_THRESHOLD
    if row.id == "playwright" and status <= 0:
        return entry.response.failure is not None
    return True


def _ticks(messages: Sequence[RawMessage]) -> Ticks:
    data = [m for m in messages if m.type in DIRECTIONS and (m.opcode or 1) in DATA_OPCODES]
    others = (
        [m for m in messages if m.type not in DIRECTIONS or (m.opcode or 1) not in DATA_OPCODES]
        if len(data) < len(messages)
        else []
    )
    control = [m for m in others if m.opcode in CONTROL_OPCODES]
    return Ticks(
        ticks=array("d", [math.nan if m.time is None else m.time for m in data]),
        directions=bytes([DIRECTIONS[m.type or ""] for m in data]),
        opcodes=array("b", [int(m.opcode or 1) for m in data]),
        lengths=array("q", [_length(m.data or "", m.opcode) for m in data]),
        control=[(m.time or 0.0, int(m.opcode or 0)) for m in control],
        errors=[m.data or "" for m in others if m.opcode not in CONTROL_OPCODES],
    )


def _length(data: str, opcode: float | None) -> int:
    """Bytes of payload: binary messages are base64, text is UTF-8."""
    if opcode == 2:
        return len(data) * 3 // 4 - data.count("=", -2)
    return len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))


def _message_clock(sockets: Iterable[Ticks]) -> float | None:
    """Microseconds a tick, for the whole file by majority; 0 for monotonic seconds, None where there is no clock."""
    votes: dict[float | None, int] = {}
    for ticks in sockets:
        for sample in (*ticks.ticks[:1], *ticks.ticks[-1:]):
            unit = _unit(sample)
            votes[unit] = votes.get(unit, 0) + 1
    return max(votes, key=lambda unit: votes[unit]) if votes else None


def _unit(ticks: float) -> float | None:
    if ticks > 1e17:
        return 1e-3
    if ticks > 1e14:
        return 1.0
    if ticks > 1e11:
        return 1e3
    if ticks >= 1e9:
        return 1e6
    return 0.0 if ticks > 0 else None


def instant(date: str | None) -> Instant | None:
    """ISO 8601 -> Instant; None for what is no date of ours: empty, of 1969 or 1970, or with a year of six digits."""
    if not date:
        return None
    try:
        parsed = datetime.fromisoformat(date)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    at = (parsed - EPOCH) // MICROSECOND
    return at if YEAR_2000 <= at < YEAR_2200 else None


def _monotonic(date: str | None) -> Instant | None:
    if date is None or not date.startswith("1970-"):
        return None
    try:
        return (datetime.fromisoformat(date) - EPOCH) // MICROSECOND
    except (ValueError, TypeError):
        return None


def _answered(entry: RawEntry, started: Instant) -> Instant | None:
    """When the response's headers came: the sum of the phases before (HAR 1.2: ssl lies within connect)."""
    timings = entry.timings
    if timings.wait is None or not 0 <= timings.wait < FOREVER / MILLISECOND:
        return None
    phases = (timings.blocked, timings.dns, timings.connect, timings.send, timings.wait)
    total = sum(phase for phase in phases if phase is not None and 0 <= phase < FOREVER / MILLISECOND)
    return started + round(total * MILLISECOND)


def _around(at: Instant, slack: int, evidence: str, pointer: str) -> Bounds:
    return Bounds(at - slack, at + slack, evidence, pointer)


def _epoch(close: object) -> Instant | None:
    """A close record's own instant, if it is epoch seconds (HTTP Toolkit's is its process clock)."""
    for key in ("timestamp", "time"):
        value = close.get(key) if isinstance(close, dict) else None
        if isinstance(value, int | float) and 1e9 < value < 1e11:
            return round(value * SECOND)
    return None


def _close_code(close: object) -> tuple[int | None, str | None]:
    """RFC 6455 section 7.4. HTTP Toolkit writes "aborted" where no close frame came."""
    if isinstance(close, dict):
        code, reason = close.get("code"), close.get("reason")
        return (code if isinstance(code, int) else None), (reason if isinstance(reason, str) and reason else None)
    return None, (close if isinstance(close, str) else None)


def endpoint(url: str, headers: dict[str, str]) -> str:
    """`wss://host[:port]/path`: proxies write http(s), chrome-har-capturer only a path beside the Host header."""
    scheme, host, path = PARTS.match(url).groups("")  # type: ignore[union-attr]  # every part is optional
    scheme = {"http": "ws", "https": "wss", "": "ws"}.get(scheme.lower(), scheme.lower())
    host = host.rpartition("@")[2] or headers.get("host") or headers.get(":authority") or ""
    return f"{scheme}://{host}{path or '/'}"


def _initiator(value: object) -> Initiator | None:
    """The first frame of `_initiator.stack`, async parents included; the format counts lines and columns from 0."""
    if not isinstance(value, dict):
        return None
    stack = value.get("stack")
    while isinstance(stack, dict):
        frames = stack.get("callFrames")
        for frame in frames if isinstance(frames, list) else ():
            if isinstance(frame, dict):
                line, column = frame.get("lineNumber"), frame.get("columnNumber")
                return Initiator(
                    function=_text(frame.get("functionName")) or None,
                    component=None,
                    url=_text(frame.get("url")) or None,
                    line=line + 1 if isinstance(line, int) else None,
                    column=column + 1 if isinstance(column, int) else None,
                )
        stack = stack.get("parent")
    url, line = _text(value.get("url")), value.get("lineNumber")
    return Initiator(None, None, url, line + 1 if isinstance(line, int) else None, None) if url else None


def _headers(raw: msgspec.Raw) -> dict[str, str]:
    """Names in lower case; the last of several wins."""
    try:
        return {header.name.lower(): header.value for header in HEADERS.decode(raw)}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value = _json(raw)
        items = value if isinstance(value, list) else []
        return {str(h.get("name")).lower(): str(h.get("value")) for h in items if isinstance(h, dict)}


def _json(raw: msgspec.Raw) -> Any:
    try:
        return json.loads(bytes(raw).decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _member(log: dict[str, Any], name: str) -> dict[str, Any]:
    value = log.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
