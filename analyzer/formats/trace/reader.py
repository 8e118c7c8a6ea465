"""Read a performance trace as a capture: its documents become pages, what it says of each socket events.

A trace has the close of each socket whose process goes on, with two exceptions: a process that ends takes its sockets
with it unreported, and a page in the back/forward cache reports closes only when it comes back. All measured with
Chromium 156 against the log of a server.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

from analyzer.assumptions import KEPT_OPEN
from analyzer.callstacks import of_extension
from analyzer.formats.devtools import CUT_OFF, endpoint, limit_trailing, scripts, shorten
from analyzer.formats.source import Source
from analyzer.formats.trace.documents import Documents
from analyzer.formats.trace.log import Document, Log, Socket
from analyzer.formats.trace.raw import Events
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    Capture,
    Caveat,
    CaveatKind,
    Clock,
    Closed,
    Closes,
    Coverage,
    Duration,
    Event,
    Evidence,
    Exporter,
    File,
    Instant,
    Messages,
    Page,
    PageKind,
    Rejected,
    Requested,
    Trace,
    plural,
)
from analyzer.patterns import Pattern

PAGE_DELAY = 50 * MILLISECOND  # by which the page learns of its open socket; measured: 4.3 ms at most
LEAVING = 100 * MILLISECOND  # before its successor is reported a page still works; measured: 23 ms at most
REMOVAL = 200 * MILLISECOND  # by which a removed frame may still be there
SILENCE = SECOND  # of a thread whose page still works; measured: 0.75 s at most
ALIVE = SECOND // 2  # a process that was silent for less is taken for alive; measured: 0.34 s at most
SURE = 100 * MILLISECOND  # without an assumption
MOST_LATE = 1000  # openings that are compared with the last sign of a process
WEB = ("http:", "https:", "file:")
VERSION = Pattern(r"Chrome/(\d[\d.]{0,30})")

NO_TIMELINE = CaveatKind.SOCKETS_NOT_EXPORTED.caveat(
    "This trace was recorded without the category devtools.timeline, which holds the events of WebSockets. Sockets are "
    "possibly missing."
)
RECORDED_LATE = CaveatKind.RECORDED_LATE.caveat(
    "This trace began after a page had loaded. Sockets that opened before and were silent are possibly missing."
)
BEGINNING_LOST = CaveatKind.BEGINNING_LOST.caveat(
    "This trace does not show its own beginning, as if its buffer had been full. Sockets are possibly missing."
)
TAB_ONLY = CaveatKind.OUT_OF_SIGHT.caveat(
    "A trace of one tab holds the processes of that tab. Sockets of other tabs, and of shared workers in other "
    "processes, are not in it; nor are sockets that are older than the trace and were silent in it."
)
BROWSER = CaveatKind.OUT_OF_SIGHT.caveat(
    "This trace shows no socket of a tab that is older than the trace, if that socket was silent."
)
PROCESS_ALIVE = CaveatKind.ASSUMED_PAGE_ALIVE.caveat(
    "Assumed: a page whose process had been silent for less than half a second when the trace ended was still there."
)
UNORDERED = CaveatKind.CUT_OFF.caveat(
    "This trace ends before it is complete, and its events are in no order of time: sockets and closes are possibly "
    "missing."
)


def read(source: Source) -> Capture:
    """Read one trace; its instants are microseconds of a clock without a date. Raises CaptureError where it is none."""
    events, log = Events(source), Log(source.name)
    for run in events.runs():
        log.add_run(run.values, run.index, events.pointer)
    if events.is_cut_off:
        log.cut_off()
    return _Reading(source.name, events, log).capture()


class _Reading:
    """What the whole trace says, once it is gathered."""

    def __init__(self, name: str, events: Events, log: Log) -> None:
        self.name = name
        self.events = events
        self.log = log
        self.is_unordered = events.is_cut_off and not log.is_ordered
        self.openings = sorted((it.opened, it.pid) for it in log.sockets if it.opened is not None)
        self.documents = Documents(log.documents)
        self.roots = {frame: log.root(frame) for frame in {it.frame for it in log.sockets}}

    def capture(self) -> Capture:
        """The capture."""
        log = self.log
        observed = None if log.first is None or log.last is None else Interval(log.first, max(log.last, log.first + 1))
        began = _read_beginning(self.events.metadata)
        file = File(
            self.name, "chrome-trace", self._exporter(), self.log.count, observed, clock=Clock.RELATIVE, began=began
        )
        return Capture(
            files=(file,),
            pages=tuple(_pages(log.documents)),
            traces=tuple(self._trace(socket) for socket in log.sockets),
            caveats=tuple(self._caveats()),
            skipped=tuple(self.events.skipped),
        )

    def _exporter(self) -> Exporter:
        metadata = str(self.events.metadata)
        version = VERSION.search(metadata)
        label = "Chrome DevTools (Performance)" if "DevTools" in metadata else "Chrome's tracing"
        return Exporter("chrome-trace", "Chrome", version[1] if version is not None else None, label)

    def _caveats(self) -> Iterator[Caveat]:
        log, skipped = self.log, self.events.skipped
        if self.events.is_cut_off:
            yield UNORDERED if self.is_unordered else CUT_OFF
        yield from limit_trailing(self.events.trailing, "trace")
        if skipped:
            yield CaveatKind.ENTRIES_SKIPPED.caveat(
                f"{plural(len(skipped), 'damaged event')} skipped: sockets and closes are possibly missing."
            )
        if not log.has_timeline:
            yield NO_TIMELINE
        elif not log.is_begun:
            yield BEGINNING_LOST
        elif self._begins_late():
            yield RECORDED_LATE
        if log.has_timeline:
            yield TAB_ONLY if log.tab is not None else BROWSER

    def _begins_late(self) -> bool:
        """Was there a page, or a socket, when the trace began? A page that leads to another one reports it, too."""
        log = self.log
        pages = [document for document in log.documents if _is_page(document)]
        was_there = log.tab is not None and any(url.startswith(WEB) for url in log.tab)
        is_led = any(log.starts.get(it.frame, 0) > 1 for it in pages)
        return was_there or is_led or not pages or any(socket.is_older for socket in log.sockets)

    # -- sockets -------------------------------------------------------------------------------------------

    def _trace(self, socket: Socket) -> Trace:
        document = self._document(socket)
        left = self._find_departure(socket)
        events, coverage = self._life(socket, left)
        return Trace(
            pointer=socket.pointer,
            url=shorten(socket.url),
            endpoint=endpoint(socket.url),
            events=tuple(events),
            messages=Messages(socket.times, bytes(socket.directions), socket.opcodes, socket.lengths),
            page=_page_id(document) if document is not None and _is_page(document) else None,
            initiator=socket.code,
            scripts=scripts(socket.code),
            context=self._context(socket),
            coverage=coverage,
            extension=None if socket.code is None else of_extension(socket.code),
        )

    def _context(self, socket: Socket) -> str | None:
        if socket.worker:
            return "worker"
        return None if not socket.frame or self.roots[socket.frame] == socket.frame else "iframe"

    def _document(self, socket: Socket) -> Document | None:
        """The page that a socket is of, where the trace shows it."""
        root = None if socket.worker else self.roots[socket.frame]
        return None if root is None or socket.created is None else self.documents.find(root, socket.created)

    def _find_departure(self, socket: Socket) -> Instant | None:
        """When its page was left after it was created, or one that may be its page: that may be kept since."""
        root = None if socket.worker else self.roots[socket.frame]
        return self.documents.find_departure(root, socket.created or 0)

    def _life(self, socket: Socket, left: Instant | None) -> tuple[list[Event], Coverage]:
        """What happened to a socket, and which closes the trace would have of it."""
        events: list[Event] = []
        if socket.created is not None or socket.sent_handshake is not None:
            within = Bounds(socket.created, socket.sent_handshake, Evidence.HANDSHAKE_REQUEST, socket.pointer)
            events.append(Requested(within))
        if not socket.is_older and socket.opened is None and not socket.times:
            if socket.closed is not None:
                within = Bounds(socket.closed, socket.closed, Evidence.HANDSHAKE_FAILED, socket.closed_at)
                events.append(Rejected(within, "the trace does not say why"))
            return events, Coverage(Closes.NONE)
        events.append(Accepted(self._limit_opening(socket)))
        until = self._last_sign(socket, left)
        closed = _limit_close(socket, left, until) or self._limit_end(socket, until)
        if closed is not None:
            events.append(Closed(closed))
        silence = None if closed is not None else self._measure_silence(socket)
        is_kept = left is not None
        if silence is None or silence > (SURE if is_kept else ALIVE):
            return events, Coverage(Closes.WHILE_PAGE_LIVES, until)
        # A page that was left and whose process runs is in the back/forward cache: it would have been destroyed else.
        assumes = KEPT_OPEN if is_kept else PROCESS_ALIVE if silence > SURE else None
        return events, Coverage(Closes.WHILE_PAGE_LIVES, until, to_the_end=True, assumes=assumes)

    def _limit_opening(self, socket: Socket) -> Bounds:
        """Bound when the page saw its socket open: it had by its first message."""
        first = min(socket.times, default=None)
        if socket.opened is None:
            evidence = Evidence.ALREADY_OPEN if socket.is_older else Evidence.FIRST_MESSAGE
            return Bounds(socket.created, first, evidence, socket.pointer)
        latest = min(at for at in (socket.opened + PAGE_DELAY, first) if at is not None and at >= socket.opened)
        is_shown = self.log.last is not None and latest <= self.log.last
        return Bounds(socket.opened, latest if is_shown else None, Evidence.HANDSHAKE_RESPONSE, socket.opened_at)

    def _last_sign(self, socket: Socket, left: Instant | None) -> Instant | None:
        """The last instant by which its close would have been reported: its process ran, and its page was there."""
        sign = self.log.last_sign(socket)
        if self.is_unordered or sign is None:
            return None
        ends = [sign, self.log.last, None if left is None else left - LEAVING, self._removal(socket)]
        return min(at for at in ends if at is not None)

    def _removal(self, socket: Socket) -> Instant | None:
        """When the browser removed its frame, or the outermost one around it."""
        frames = (socket.frame, self.roots[socket.frame] or "")
        return min((self.log.removed[it][0] for it in frames if it in self.log.removed), default=None)

    def _limit_end(self, socket: Socket, until: Instant | None) -> Bounds | None:
        """Bound the end of a socket that went with its process."""
        process = self.log.processes.get(socket.pid)
        ends = []
        if process is not None and process.gone is not None:
            ends.append((process.gone, process.missing_at))
        removal = self._removal(socket)
        if removal is not None:
            ends.append((removal + REMOVAL, socket.pointer))
        if not ends:
            return None
        latest, pointer = min(ends)
        earliest = max((at for at in (until, socket.opened, *socket.times[-1:]) if at is not None), default=latest)
        return Bounds(min(earliest, latest), latest, Evidence.PAGE_GONE, pointer)

    def _measure_silence(self, socket: Socket) -> Duration | None:
        """How long its process was silent when the trace ended; None where the end of the socket may have been missed.

        That is so if the file was cut off, its own thread was silent for long, or another socket opened since.
        """
        process, sign, end = self.log.processes.get(socket.pid), self.log.last_sign(socket), self.log.last
        if self.events.is_cut_off or process is None or sign is None or end is None or end - sign > SILENCE:
            return None
        first = max(bisect_right(self.openings, sign, key=lambda opening: opening[0]), len(self.openings) - MOST_LATE)
        is_passed = any(pid != socket.pid for _, pid in self.openings[first:])
        return None if is_passed else max(0, end - process.last_sign)


def _read_beginning(metadata: object) -> Instant | None:
    """Read about when a trace began: DevTools writes that beside the events (measured: early by 30 to 368 ms)."""
    started = metadata.get("startTime") if isinstance(metadata, dict) else None
    try:
        return round(datetime.fromisoformat(started).timestamp() * SECOND) if isinstance(started, str) else None
    except (ValueError, OverflowError):
        return None


def _limit_close(socket: Socket, left: Instant | None, until: Instant | None) -> Bounds | None:
    """Bound a close that is reported: of a page that was left, it may be reported late."""
    if socket.closed is None:
        return None
    signs = (until, socket.opened, *socket.times[-1:])
    was_left = left is not None and left < socket.closed
    earliest = max((at for at in signs if at is not None), default=None) if was_left else socket.closed
    earliest = None if earliest is None else min(earliest, socket.closed)
    evidence = Evidence.CLOSE_ON_RETURN if was_left else Evidence.CLOSE_SEEN
    return Bounds(earliest, socket.closed, evidence, socket.closed_at)


def _is_page(document: Document) -> bool:
    return document.url.startswith(WEB)


def _page_id(document: Document) -> str:
    return f"page_{document.number}"


def _pages(documents: Iterable[Document]) -> Iterator[Page]:
    """The documents of web pages as pages, each with how it followed the one before it in its frame."""
    latest: dict[str, str] = {}  # the address by frame
    visits: set[tuple[str, str]] = set()  # of a frame to an address
    for document in filter(_is_page, documents):
        visit = document.frame, document.url
        before = latest.get(document.frame)
        kind = PageKind.LOAD if before is None else PageKind.NAVIGATION
        if before == document.url:
            kind = PageKind.UNKNOWN  # a reload, or a link to itself
        yield Page(
            id=_page_id(document),
            url=shorten(document.url),
            started=document.at,
            kind=kind,
            returned=kind is PageKind.NAVIGATION and visit in visits,
            shows_departure=False,
        )
        latest[document.frame] = document.url
        visits.add(visit)
