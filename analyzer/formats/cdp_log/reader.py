"""Read a log of DevTools events as a capture: its documents become pages, what it says of each socket events.

A document that is replaced takes its sockets with it, and nothing reports their close (Chrome 143 and later), unless
the back/forward cache keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from analyzer.assumptions import EARLIER_KEPT, PAGE_ALIVE, RELOAD, SOCKETS_BAR_BFCACHE
from analyzer.callstacks import EXTENSION, of_extension
from analyzer.formats.cdp_log.log import Events, Page as Document, Session, Socket, Span
from analyzer.formats.cdp_log.raw import Log
from analyzer.formats.devtools import (
    CUT_OFF,
    NOT_OPENED,
    endpoint,
    limit_trailing,
    scripts,
    shorten,
    shorten_error,
    split_protocols,
)
from analyzer.formats.source import Source
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
    Effect,
    Event,
    Evidence,
    Exporter,
    File,
    Instant,
    Messages,
    Page,
    PageEnd,
    PageKind,
    Place,
    Rejected,
    Requested,
    Skipped,
    Trace,
    plural,
)
from analyzer.patterns import Pattern

PAGE_DELAY = 10 * MILLISECOND  # by which the page learns of its open socket; measured: 4.3 ms at most
SWAP = 60 * MILLISECOND  # by which a document in another process is gone later than the next one is there
SAME_CLOCK = 1.0  # seconds by which the two clocks of one recording may drift apart
GOES_BEFORE = SECOND  # at most so long before its page a worker or frame goes with it; measured: 12 ms
NO_SOCKETS_KEPT = 150  # Chrome's version from which the back/forward cache keeps pages with sockets
VERSION = Pattern(r"(?:Headless)?Chrome/((\d{1,4})[\d.]{0,20})")
NEVER_OPENED = (*NOT_OPENED, "Connection closed before receiving a handshake response", "WebSocket is closed before")
WORKERS = ("worker", "shared_worker", "service_worker")

RECORDED_LATE = CaveatKind.RECORDED_LATE.caveat(
    "The log began after its page had loaded. Sockets that opened before are possibly missing."
)
OTHERS_MISSING = CaveatKind.PAGES_ONLY.caveat(
    "This log holds the events of pages alone. Its pages have workers, or iframes of other sites, or it does not show "
    "whether they have: the sockets of these are not in it."
)
WINDOWS_MISSING = CaveatKind.PAGES_ONLY.caveat(
    "A page opened a window, whose events are not in this log: its sockets are not in it."
)
PAGES_ONLY = CaveatKind.PAGES_ONLY.caveat(
    "This log holds the events of pages alone. It shows no worker of theirs, and no iframe of another site, whose "
    "sockets would not be in it.",
    Effect.NONE,
)
CLOCK_STEPPED = CaveatKind.CLOCK_STEPPED.caveat(
    "The machine's clock was set during the recording, or this log joins several recordings: sockets before and after "
    "cannot be compared."
)


class Stretch(NamedTuple):
    """A stretch of the log within which the monotonic clock and the wall clock agree."""

    number: int
    offset: float  # seconds: wall time minus the monotonic clock

    def wall(self, at: Instant) -> Instant:
        """An instant of the monotonic clock as wall time."""
        return at + round(self.offset * SECOND)

    def bounds(self, earliest: Instant | None, latest: Instant | None, evidence: Evidence, pointer: str) -> Bounds:
        """Bounds on the monotonic clock as wall time."""
        low = None if earliest is None else self.wall(earliest)
        return Bounds(low, None if latest is None else self.wall(latest), evidence, pointer)


def read(source: Source) -> Capture:
    """Read one log. Raises CaptureError where the file is not one."""
    return read_parts([source])


def read_parts(sources: Iterable[Source]) -> Capture:
    """Read one log that is in one file or more, in the order in which they were written. Raises CaptureError."""
    logs, events = [], Events("")
    for source in sources:
        logs.append(Log(source))
        events.name = source.name
        events.begin_part()
        for message, session, pointer in logs[-1].events():
            events.add(message, session, pointer)
    return _Reading(logs, events).capture()


class _Reading:
    """What the whole log says, once it is gathered."""

    def __init__(self, logs: Sequence[Log], events: Events) -> None:
        self.logs = logs
        self.skipped = list(_list_skipped(logs))
        self.events = events
        self.clocks = _clocks(events.offsets)
        texts = (*(str(log.members.get("browser")) for log in logs), events.agent)
        versions = next((match for text in texts if (match := VERSION.search(text)) is not None), None)
        self.version = versions[1] if versions is not None else None
        self.has_no_cache = versions is not None and int(versions[2]) < NO_SOCKETS_KEPT
        self.pages = {page.number: page for page in events.pages if self._shows_pages(page.session)}
        # The first visit of a session to an address: a later one overwritten by an earlier one.
        self.first_visits = {(it.session, it.url): it.number for it in reversed(self.pages.values())}
        self.has_one_session = sum(it.has_pages for it in events.sessions.values()) == 1

    def capture(self) -> Capture:
        """The capture."""
        return Capture(
            files=tuple(self._file(log, span) for log, span in zip(self.logs, self.events.spans, strict=True)),
            pages=tuple(self._page(page) for page in self.pages.values()),
            traces=tuple(self._trace(socket) for socket in _unite(self.events.sockets)),
            caveats=tuple(self._caveats()),
            skipped=tuple(self.skipped),
        )

    def _file(self, log: Log, span: Span) -> File:
        clock, observed = self._clock(None), None
        if span.first is not None and span.last is not None:
            observed = Interval(clock.wall(span.first), max(clock.wall(span.last), clock.wall(span.first) + 1))
        clock_kind = Clock.WALL if self.events.offsets else Clock.RELATIVE
        return File(log.name, "cdp-log", self._exporter(), log.count, observed, clock=clock_kind)

    def _exporter(self) -> Exporter:
        if any(log.is_of_chromedriver for log in self.logs):
            return Exporter("chromedriver", "chromedriver", self.version, "chromedriver's performance log")
        return Exporter("chrome-cdp", "Chrome", self.version, "the Chrome DevTools Protocol")

    def _caveats(self) -> Iterator[Caveat]:
        events = self.events
        if any(log.is_cut_off for log in self.logs):
            yield CUT_OFF
        for log in self.logs:
            yield from limit_trailing(log.trailing, "log")
        if self.skipped:
            yield CaveatKind.ENTRIES_SKIPPED.caveat(
                f"{plural(len(self.skipped), 'damaged event')} skipped: sockets and closes are possibly missing."
            )
        if not any(log.has_sessions for log in self.logs):
            yield PAGES_ONLY if events.has_headers and not events.has_other_targets else OTHERS_MISSING
        if events.lacks_windows:
            yield WINDOWS_MISSING
        if len(self.clocks) > 1:
            yield CLOCK_STEPPED
        if any(socket.is_older for socket in events.sockets) or self._begins_late():
            yield RECORDED_LATE
        elif events.is_referred and not (events.is_cache_off or self.has_no_cache):
            yield EARLIER_KEPT

    def _begins_late(self) -> bool:
        """Did a session of pages open sockets before it loaded one? Or does the log show no page at all?"""
        return not self.pages or any(
            socket.page is not None and not socket.page.is_recorded and socket.page.number in self.pages
            for socket in self.events.sockets
        )

    def _shows_pages(self, id: str) -> bool:
        """Does the session report how one document followed another? Not where it is a mixture of several tabs."""
        session = self.events.sessions[id]
        return session.has_pages and len(session.main_frames) == 1

    def _clock(self, offset: float | None) -> Stretch:
        if offset is None:
            return self.clocks[0]
        return min(self.clocks, key=lambda clock: abs(clock.offset - offset))

    # -- pages ---------------------------------------------------------------------------------------------

    def _page(self, page: Document) -> Page:
        clock = self._clock(page.offset)
        return Page(
            id=_page_id(page),
            url=shorten(page.url),
            started=None if page.started is None else clock.wall(page.started),
            kind=page.kind,
            end=self._page_end(page, clock),
            returned=page.kind is PageKind.NAVIGATION and self.first_visits[page.session, page.url] < page.number,
            recorded=page.is_recorded,
        )

    def _page_end(self, page: Document, clock: Stretch) -> PageEnd | None:
        after = page.successor
        if after is None:
            return None
        evidence = {PageKind.RELOAD: Evidence.PAGE_RELOADED, PageKind.RESTORE: Evidence.PAGE_RESTORED}
        latest = None if page.gone is None else page.gone + SWAP
        within = clock.bounds(page.last_sign, latest, evidence.get(after.kind, Evidence.PAGE_LEFT), after.pointer)
        is_final, assumes = False, None
        if after.kind is PageKind.RELOAD or self.events.is_cache_off:
            is_final = after.kind is not PageKind.RESTORE
            assumes = RELOAD if after.is_same and not self.events.is_cache_off else None
        elif self.has_no_cache and after.kind is not PageKind.RESTORE:
            is_final, assumes = True, SOCKETS_BAR_BFCACHE
        return PageEnd(within, after.kind, is_final, _page_id(after), assumes)

    # -- sockets -------------------------------------------------------------------------------------------

    def _trace(self, socket: Socket) -> Trace:
        clock = self._clock(socket.offset)
        session, page = self.events.sessions[socket.session], socket.page
        kind = session.kind
        return Trace(
            pointer=socket.pointer,
            url=shorten(socket.url),
            endpoint=endpoint(socket.url),
            events=tuple(self._events(socket, clock)),
            messages=_messages(socket, clock),
            page=_page_id(page) if page is not None and page.number in self.pages else None,
            initiator=socket.code,
            clock=clock.number,
            protocols=split_protocols(",".join(socket.protocols)),
            opening=tuple(socket.opening),
            scripts=scripts(socket.code),
            context="worker" if kind in WORKERS else "iframe" if kind == "iframe" else None,
            coverage=self._coverage(session, page, clock),
            key=socket.key,
            file=socket.part,
            also=(Place(socket.closed_in, socket.closed_at),) if socket.closed_in > socket.part else (),
            extension=_is_extension(socket),
        )

    def _events(self, socket: Socket, clock: Stretch) -> Iterator[Event]:
        if not socket.is_older:
            latest = socket.created if socket.created is not None else _first(socket)
            within = clock.bounds(socket.created, latest, Evidence.HANDSHAKE_REQUEST, socket.pointer)
            yield Requested(within)
        if _is_failed(socket):
            ends = [at for at in (socket.failed, socket.closed) if at is not None]
            pointer = socket.closed_at
            within = clock.bounds(min(ends, default=None), max(ends, default=None), Evidence.HANDSHAKE_FAILED, pointer)
            yield Rejected(within, _reason(socket.problem))
            return
        opened = self._bound_opening(socket, clock)
        if opened is None:
            return
        yield Accepted(opened)
        closed = _bound_close(socket, may_keep=not self.has_no_cache and not self.events.is_cache_off)
        if closed is not None:
            yield Closed(clock.bounds(*closed), problem=socket.problem)

    def _bound_opening(self, socket: Socket, clock: Stretch) -> Bounds | None:
        """Bound when the page saw its socket open; None for one that was still connecting."""
        signs = [at for at in (socket.sent, min(socket.times, default=None)) if at is not None]
        if socket.opened is None:
            if signs:
                return clock.bounds(socket.created, min(signs), Evidence.FIRST_MESSAGE, socket.pointer)
            return clock.bounds(None, None, Evidence.LAST_ACTIVITY, socket.pointer) if socket.is_older else None
        latest = min([socket.opened + PAGE_DELAY, *(at for at in signs if at >= socket.opened)])
        is_shown = self.events.last is not None and latest <= self.events.last
        pointer = socket.opened_at
        return clock.bounds(socket.opened, latest if is_shown else None, Evidence.HANDSHAKE_RESPONSE, pointer)

    def _coverage(self, session: Session, page: Document | None, clock: Stretch) -> Coverage:
        """Say which closes the log would have: those of a socket whose document lives, where it reports documents."""
        if page is None or page.number not in self.pages:
            return Coverage(Closes.NONE)
        until = None if page.last_sign is None else clock.wall(page.last_sign)
        is_last = page is session.page and not session.is_gone and not session.loaders
        if is_last and (self.has_one_session or session.last == self.events.last):
            return Coverage(Closes.WHILE_PAGE_LIVES, until, to_the_end=True, assumes=PAGE_ALIVE)
        return Coverage(Closes.WHILE_PAGE_LIVES, until)


def _is_extension(socket: Socket) -> bool | None:
    """Did a browser extension open it? None: the log shows neither its origin nor its code."""
    if not socket.origin and socket.code is None:
        return None
    return EXTENSION.match(socket.origin) is not None or of_extension(socket.code)


def _list_skipped(logs: Sequence[Log]) -> Iterator[Skipped]:
    """The parts that could not be read; of several files each with the name of its file."""
    for log in logs:
        for part in log.skipped:
            pointer = f"{log.name}#{part.pointer}" if len(logs) > 1 else part.pointer
            yield msgspec.structs.replace(part, pointer=pointer)


def _page_id(page: Document) -> str:
    return f"page_{page.number}"


def _clocks(offsets: list[float]) -> list[Stretch]:
    """One clock, unless the two clocks of the browser drifted apart by more than one recording explains."""
    groups: list[list[float]] = []
    for offset in sorted(offsets):
        if not groups or offset - groups[-1][-1] > SAME_CLOCK:
            groups.append([])
        groups[-1].append(offset)
    return [Stretch(n, median(group)) for n, group in enumerate(groups)] or [Stretch(0, 0.0)]


def _unite(sockets: list[Socket]) -> Iterator[Socket]:
    """Each socket once: two sessions may report one."""
    first_reports: dict[tuple[str, str | Instant | None], Socket] = {}
    named = {socket.id for socket in sockets if not socket.is_older}
    for socket in sockets:
        if socket.is_older and socket.id in named:
            continue
        first = first_reports.setdefault((socket.id, socket.key or socket.created), socket)
        if first is socket:
            yield socket


def _first(socket: Socket) -> Instant | None:
    """The first instant at which the socket was there."""
    signs = [at for at in (socket.opened, socket.failed, socket.closed, *socket.times[:1]) if at is not None]
    return min(signs, default=None)


def _is_failed(socket: Socket) -> bool:
    if socket.times:
        return False
    if socket.problem is not None and socket.problem.startswith(NEVER_OPENED):
        return True
    ended = socket.closed is not None or socket.problem is not None
    return ended and socket.opened is None and not socket.is_older


def _reason(problem: str | None) -> str:
    return shorten_error(problem or "") or "the log does not say why"


def _bound_close(socket: Socket, may_keep: bool) -> tuple[Instant | None, Instant | None, Evidence, str] | None:
    """Bound the close. While the back/forward cache keeps a page, closes are reported only when it comes back.

    may_keep: the cache may be on, and keep pages with sockets.
    """
    page, last = socket.page, max(socket.times, default=socket.opened)
    signs = [at for at in (last, page.last_sign if page is not None else None) if at is not None]
    if socket.closed is not None:
        if page is None or not _is_kept(page, socket.closed):
            return socket.closed, socket.closed, Evidence.CLOSE_SEEN, socket.closed_at
        earliest = min(max(signs, default=socket.closed), socket.closed)
        return earliest, socket.closed, Evidence.CLOSE_ON_RETURN, socket.closed_at
    if page is not None and page.is_gone and not (may_keep and _goes_along(page)):
        return max(signs, default=None), page.gone, Evidence.PAGE_GONE, socket.pointer
    return None


def _goes_along(page: Document) -> bool:
    """May it be kept with the document that it was part of? Chromium 156 reports the frames of other sites and the
    workers of a page that goes into the back/forward cache to be gone, just before the page is left."""
    host = page.host
    if host is None:
        return False
    is_left = host.successor is not None and host.successor.kind is not PageKind.RELOAD
    is_near = host.gone is None or page.gone is None or host.gone - page.gone <= GOES_BEFORE
    return (is_left and is_near) or _goes_along(host)


def _is_kept(page: Document, at: Instant) -> bool:
    """Had the document left its place by then, and lived on? A reload ends it."""
    after = page.successor
    return after is not None and after.kind is not PageKind.RELOAD and (page.gone is None or page.gone < at)


def _messages(socket: Socket, clock: Stretch) -> Messages:
    offset: Duration = clock.wall(0)
    times = socket.times[:]
    for n, at in enumerate(times):
        times[n] = at + offset
    return Messages(times, bytes(socket.directions), socket.opcodes, socket.lengths)
