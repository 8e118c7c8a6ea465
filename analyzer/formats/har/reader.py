"""HAR 1.2 -> Capture: each entry's fields become events with instants, by what the exporter means by them.

The first pass (`_Gathered`) takes what is needed off the stream of entries and lets go of the rest; the second
(`_Reading`) reads the sockets once the whole file is known: its exporter, its message clock, its pages.
"""

from __future__ import annotations

import io
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from analyzer import assumptions
from analyzer.formats.har import events, exporters, flood, own_fields, pages as page_reader
from analyzer.formats.har.contexts import Realms
from analyzer.formats.har.events import Known, Socket
from analyzer.formats.har.exporters import Tabs
from analyzer.formats.har.fields import (
    LONGEST_DURATION,
    YEAR_2200,
    Ticks,
    answered,
    attribution,
    by_extension,
    context,
    duration,
    endpoint,
    header,
    headers,
    initiator,
    initiator_type,
    instant,
    is_document,
    is_socket,
    json_of,
    kept,
    may_be_document,
    message_clock,
    monotonic_date,
    protocols,
    scripts,
    text_of,
    ticks,
)
from analyzer.formats.har.own_fields import member, told_caveats, told_order, told_until
from analyzer.formats.har.pages import Listed, Rules, Seen
from analyzer.formats.har.raw import BLANK, LAYOUT, RawEntry, RawMessage
from analyzer.formats.har.reloads import MAX_AGE, NO_CACHE, Ask, Ordinary, ask, origin
from analyzer.formats.har.watches import Code, in_other_processes, watches
from analyzer.formats.json_stream.array import Document, Element
from analyzer.formats.json_stream.decode import kind
from analyzer.formats.source import Attachment, Source
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Capture,
    Caveat,
    CaveatKind,
    Closes,
    Confidence,
    Coverage,
    Effect,
    Exporter,
    File,
    Initiator,
    Instant,
    Page,
    Requested,
    Skipped,
    Trace,
)

# Entries of one page that run backwards by more: the clock was set, or they were shuffled. Measured: 4 ms in order.
CLOCK_STEP = 250 * MILLISECOND
# What a browser shows rather than saves.
SHOWN = ("text/", "application/xhtml", "application/xml", "application/json", "application/pdf", "image/", "x-unknown")
MOST_SKIPPED = 1000  # parts that are told one by one
MOST_LINES = 20  # damaged ones of a side file, likewise
MOST_PAGES = 20_000  # pages that are believed; no tab has seen as many
MOST_DOCUMENTS = 50_000  # requests for one; likewise
MOST_SOCKETS = 100_000  # that are kept; a second of the busiest client has hundreds
LONGEST_SOCKET_URL = 1 << 16  # characters; likewise
LONGEST_NAME = 1000  # characters of the name of a page
SAMPLES = 3  # ordinary requests of a page whose headers are looked at
FIRST = 50  # entries in which a User-Agent is sought
USER_AGENT = re.compile(rb"Chrome/(\d{1,4})\.")
SCRIPT = re.compile(rb'"scriptId"\s*:\s*"(\d{1,15})"\s*,\s*"url"\s*:\s*"([^"\\]+)"')  # of a stack's innermost frame
MOST_CALLERS = 20_000  # scripts that made requests, of each page; likewise
GOODBYE = 1 * SECOND  # requests so soon after a navigation failed may be the last ones of the page that was left
MOST_SCRIPTS = 20_000  # addresses of scripts
FEW_DATES = 2  # one alone may be a whole second by chance
CONFIRM = 3  # entries that end in order: fewer do so by chance in any view of a proxy
MAY_BE_MISSING = "A handshake took longer than 1 s, or messages were removed from this file."
NULL = msgspec.Raw(b"null")
ORDER_SLACK = 100 * MILLISECOND  # a proxy notes an entry as done a little after its last byte

RECORDED_LATE = CaveatKind.RECORDED_LATE.caveat(
    "The recording began after the page had loaded. Sockets that opened before are not in this file."
)
FILTERED = CaveatKind.FILTERED.caveat(
    "No page document is in this file: a filter was on when it was saved, and may hide sockets too."
)
UNMARKED = CaveatKind.FILTERED.caveat(
    "This file does not mark page documents, so it does not show whether a filter was on when it was saved."
)
FILTERED_SCRIPTS = CaveatKind.FILTERED.caveat(
    "This file contains neither the code that opened the sockets nor its page: a filter was on when it was saved, and "
    "may hide sockets too."
)
ONLY_SOCKETS = CaveatKind.FILTERED.caveat(
    "Only sockets are in this file: the WS filter was on when it was saved. The file does not show how one page "
    "followed another.",
    Effect.NONE,
)


class Observer(Protocol):
    """Takes each entry as it is read, before the reader lets go of its parts. `log`: the other members, in the end."""

    log: dict[str, Any] | None

    def collect(self) -> Ticks: ...

    def add(self, element: Element[RawEntry], attachment: Attachment, /) -> None: ...


def read(source: Source) -> Capture:
    """Read one HAR; Playwright's has side files. An observer sees the entries, too.

    Raises CaptureError where the file is not a HAR. `sha256` and `bytes` are left for the caller to fill in.
    """
    observer: Observer | None = source.observer
    collector = Ticks if observer is None else observer.collect
    document = Document(source.stream, source.name, LAYOUT, RawEntry, collector=collector, size=source.size)
    gathered = _Gathered(source.attachment)
    for element in document.elements():
        if observer is not None:
            observer.add(element, source.attachment)
        if element.skipped:
            gathered.skip(element.skipped)
        if element.value is not None and element.value != BLANK:
            gathered.add(element, element.value)
    if observer is not None:
        observer.log = document.members
    return _Reading(document, gathered, source.name).capture()


class _Order:
    """Do entries stand in the order in which they ended? None may outlast an entry that comes after it.

    Of a socket only a last sign of life is known, and that only when all is read; so what ended between two sockets is
    kept as its earliest. A proxy may also have saved the order of a view (by address), which few entries can agree with
    by chance.
    """

    def __init__(self) -> None:
        self._ends = 0  # of what is no socket
        self._rise = self._fall = True  # addresses stand in order, or in the reverse of it
        self._address: str | None = None
        self._latest: Instant = 0  # end of what is no socket
        self._holds = True
        self._earliest: array[int] = array("q", [0])  # by the number of sockets before; 0 for none

    def met(self, address: str) -> None:
        if self._address is not None:
            self._rise, self._fall = self._rise and self._address <= address, self._fall and self._address >= address
        self._address = address

    def ended(self, at: Instant) -> None:
        self._ends += 1
        self._holds = self._holds and self._latest <= at + ORDER_SLACK
        self._latest = max(self._latest, at)
        self._earliest[-1] = min(self._earliest[-1] or at, at)

    def socket(self) -> None:
        self._earliest.append(0)

    def of_view(self) -> bool:
        """May it be another order?"""
        return self._ends < CONFIRM or self._rise or self._fall

    def of_end(self, alive: Sequence[Instant | None]) -> bool:
        """`alive`: the last sign of life of each socket. Sockets alone confirm no order."""
        following = 0
        for earliest, at in zip(reversed(self._earliest), [*reversed(alive), None], strict=True):
            following = min(earliest or following, following or earliest)
            if at is not None and following and at > following + ORDER_SLACK:
                return False
        return self._holds and self._latest > 0


class Caller(NamedTuple):
    """A script that made a request of a page, by the innermost frame of its stack."""

    page: str
    url: str
    script: str  # the browser's id: another document has another one


class _Gathered:
    """What is taken off the stream of entries."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.sockets: list[Socket] = []
        self.skipped: list[Skipped] = []
        self.untold = 0  # parts that were skipped and are not in that list, for their number
        self.lost = 0  # parts that were skipped in which sockets may have been
        self.documents: list[page_reader.Document] = []
        self.hops: dict[str | None, Ask] = {}  # by tab, the first of the redirects that lead to its next document
        self.main_frames: dict[str | None, str | None] = {}  # by tab
        self.failed: dict[str | None, list[Interval]] = {}  # by pageref, navigations that failed
        self.content: dict[str, Instant] = {}  # by pageref, the first request that its parser made
        self.later: dict[str, Instant] = {}  # by pageref, the last that its parser or a script made
        self.callers: dict[Caller, Interval] = {}  # when code of a script asked for something, first and last
        self.samples: Counter[str | None] = Counter()  # by pageref, ordinary requests whose headers were looked at
        self.directives: set[str] = set()  # of Cache-Control, that these carry
        self.referer: bool | None = None  # one of these has a Referer; None: none was looked at
        self.chrome: int | None = None  # the version that the User-Agent names
        self.dates = self.whole_seconds = 0  # how many there are, and how many tell no more than the second
        self.others = 0  # entries that are no sockets
        self.scripts: set[str] = set()  # addresses of scripts that were loaded
        self.first_start: dict[str, Instant] = {}  # by pageref
        self.last_start: dict[str, Instant] = {}
        self.first: Instant = YEAR_2200  # that any entry witnesses
        self.unpaged: Instant = YEAR_2200  # the first request that code of a page which is not listed made
        self.last: Instant = 0
        self.order = _Order()
        self.unmarked: dict[str, tuple[Instant, str]] = {}  # by pageref, start and URL of what may be its document
        self.pages_lost = False  # there are more pages, or documents, than are kept
        self.clock = 0  # counts how often entries of one pageref ran backwards
        self.out_of_order = False  # a socket stands after an entry that started later
        self._before: dict[str | None, Instant] = {}  # by pageref, the start of the entry before
        self._latest: Instant = 0
        self.realms = Realms()
        self._stacks: dict[bytes, Initiator | None] = {}
        self._tabs: dict[str | None, str | None] = {}  # each name once in memory

    def skip(self, told: Iterable[Skipped]) -> None:
        for part in told:
            self.lost += _hides(part)
            if len(self.skipped) < MOST_SKIPPED:
                self.skipped.append(part)
            else:
                self.untold += 1

    def add(self, element: Element[RawEntry], entry: RawEntry) -> None:
        index, started = element.index, instant(entry.startedDateTime)
        self.order.met(entry.request.url or "")
        if self.chrome is None and index < FIRST and (named := USER_AGENT.search(bytes(entry.request.headers))):
            self.chrome = int(named[1])
        if entry.pageref is not None and entry.pageref not in self.last_start:
            self._new_page(index, entry)
        peeled: Ticks | None = element.collector  # type: ignore[assignment]  # of our own making
        if is_socket(entry) or (peeled is not None and peeled.any):
            if started is not None:
                self.out_of_order = self.out_of_order or started < self._latest
                self._started(entry.pageref, started, document=False)
                if entry.pageref is not None and initiator_type(entry.initiator) == "script":
                    self.later[entry.pageref] = max(started, self.later.get(entry.pageref, 0))
            self._socket(index, entry, started, peeled)
            return
        self.others += 1
        self.realms.add(entry)
        if (entry.resource_type or "").lower() == "script" and len(self.scripts) < MOST_SCRIPTS:
            self.scripts.add(kept(entry.request.url or ""))
        if started is not None:
            end = started + (duration(entry.time) or 0)
            self.order.ended(end)
            self.last = max(self.last, end)
            document = is_document(entry)
            failed = document and failed_navigation(entry)
            self._started(entry.pageref, started, document, sign=not failed)
            if redirected_navigation(entry):
                sent = headers(entry.request.headers)
                self.hops.setdefault(entry.pageref or entry.frame, ask(entry.request, sent, None))
            elif document:
                self._document(index, entry, started)
            if failed:
                self._failed(entry, started, end)
            elif not document and entry.pageref is None and initiator_type(entry.initiator) in ("script", "parser"):
                self.unpaged = min(started, self.unpaged)
            elif not document and entry.pageref is not None:
                self._ordinary(entry, entry.pageref, started)
                if may_be_document(entry):
                    url = (entry.request.url or "").partition("#")[0]
                    self.unmarked.setdefault(entry.pageref, (started, kept(url)))

    def _new_page(self, index: int, entry: RawEntry) -> None:
        """One is named for the first time: each name is kept, so neither are they long, nor are there many."""
        if len(entry.pageref or "") > LONGEST_NAME:
            self.skip([Skipped(f"/log/entries/{index}/pageref", None, f"longer than {LONGEST_NAME:,} characters")])
            entry.pageref, self.pages_lost = None, True
        elif len(self.last_start) >= MOST_PAGES:
            entry.pageref, self.pages_lost = None, True

    def _failed(self, entry: RawEntry, started: Instant, end: Instant) -> None:
        """A navigation that failed leaves an error page in place of the page that carries its pageref."""
        self.failed.setdefault(entry.pageref, []).append(Interval(started, end))
        self.hops.pop(entry.pageref or entry.frame, None)

    def _ordinary(self, entry: RawEntry, pageref: str, started: Instant) -> None:
        """A request of a page that is no document: a sign that its document is there."""
        raw = bytes(entry.initiator)
        if b'"parser"' in raw:  # a script may be a service worker's, which asks before the old page is gone
            self.content[pageref] = min(started, self.content.get(pageref, YEAR_2200))
        if b'"parser"' in raw or b'"script"' in raw:
            self.later[pageref] = max(started, self.later.get(pageref, 0))
            innermost = SCRIPT.search(raw)
            if innermost is not None and len(self.callers) < MOST_CALLERS:
                caller = Caller(pageref, innermost[2].decode("utf-8", "replace"), innermost[1].decode())
                known = self.callers.get(caller)
                self.callers[caller] = (
                    Interval(started, started)
                    if known is None
                    else Interval(min(known.start, started), max(known.end or 0, started))
                )
        if self.samples[pageref] < SAMPLES:
            self.samples[pageref] += 1
            sent = bytes(entry.request.headers).lower()
            self.directives |= {word for word in (MAX_AGE, NO_CACHE) if word.encode() in sent}
            self.referer = bool(self.referer) or b'"referer"' in sent

    def _started(self, pageref: str | None, at: Instant, document: bool, sign: bool = True) -> None:
        self.dates += 1
        self.whole_seconds += at % SECOND == 0
        self.first = min(self.first, at)
        self._latest = max(self._latest, at)
        if at < self._before.get(pageref, 0) - CLOCK_STEP:
            self.clock += 1
        self._before[pageref] = at
        if pageref is not None:
            self.see(pageref, at if sign else 0)
            if not document and at < self.first_start.get(pageref, YEAR_2200):  # a document may stand for a redirect
                self.first_start[pageref] = at

    def see(self, pageref: str, at: Instant) -> None:
        """Something of this page happened: a request began, or a message passed. (0: nothing, but it is named.)"""
        self.last_start[pageref] = max(at, self.last_start.get(pageref, 0))

    def witnessed(self) -> list[Instant]:
        """The first and the last instant that entries witness; none where none has a date."""
        return [self.first, max(self.last, self._latest)] if self._latest else []

    def _document(self, index: int, entry: RawEntry, started: Instant) -> None:
        request = headers(entry.request.headers)
        if not _replaces(entry, request):
            return
        destination, asked_by = request.get("sec-fetch-dest"), initiator_type(entry.initiator)
        tab = entry.pageref or entry.frame
        if len(self.documents) >= MOST_DOCUMENTS:
            self.pages_lost = True
            return
        # Without the header: an iframe's document is asked for by its page, that of a tab mostly by the browser. Where
        # frames are named (Playwright), the first document of a tab is that of its main frame.
        main_frame = self.main_frames.setdefault(tab, entry.frame)
        by_browser = asked_by == "other" if entry.frame is None else entry.frame == main_frame
        top_level = by_browser if destination is None else destination == "document"
        asked = ask(entry.request, request, asked_by)
        document = page_reader.Document(
            index=index,
            tab=self._tabs.setdefault(tab, tab),
            url=kept(entry.request.url or ""),
            started=started,
            answered=answered(entry, started),
            ask=asked,
            first=self.hops.pop(tab, asked) if top_level else asked,
            top_level=top_level,
            embedded=asked_by == "parser" if destination is None else destination != "document",
        )
        self.documents.append(document)

    def _socket(self, index: int, entry: RawEntry, started: Instant | None, peeled: Ticks | None) -> None:
        if len(self.sockets) >= MOST_SOCKETS:
            self.skip([Skipped(f"/log/entries/{index}", None, f"more than {MOST_SOCKETS:,} sockets")])
            return
        if len(entry.request.url or "") > LONGEST_SOCKET_URL:
            entry.request = msgspec.structs.replace(entry.request, url=kept(entry.request.url or ""))
        messages = entry.messages
        if messages is None and entry.response.content is not None and entry.response.content.file:
            messages = self._attached(index, entry.response.content.file)
        entry.messages = None  # of a message we keep time, direction, opcode and length
        self.order.socket()
        opened_by, extracted = self._initiator(bytes(entry.initiator)), json_of(entry.attribution)
        self.sockets.append(
            Socket(
                index=index,
                entry=entry,
                endpoint=endpoint(entry.request.url or "", entry.request.headers),
                started=started,
                wait=duration(entry.timings.wait),
                receive=duration(entry.timings.receive),
                total=duration(entry.time),
                sentinel=(entry.startedDateTime or "").startswith("1969-12-31"),
                initiator=opened_by,
                scripts=scripts(opened_by),
                protocols=protocols(entry.request.headers, entry.response.headers),
                attribution=attribution(extracted),
                context=context(extracted),
                extension=by_extension(opened_by, entry.request.headers, extracted),
                close=json_of(entry.close),
                ticks=peeled if peeled is not None else None if messages is None else ticks(messages),
                clock=self.clock,
                key=header(entry.request.headers, "sec-websocket-key") or None,
                listed=messages is not None or peeled is not None,
            )
        )
        # What holds the whole window is let go of.
        entry.request = msgspec.structs.replace(entry.request, headers=NULL)
        entry.response = msgspec.structs.replace(entry.response, headers=NULL)
        entry.initiator = entry.close = entry.attribution = NULL

    def _initiator(self, raw: bytes) -> Initiator | None:
        """What opened the socket; a client that reconnects has the same stack again and again."""
        if raw not in self._stacks:
            self._stacks[raw] = initiator(json_of(msgspec.Raw(raw)))
        return self._stacks[raw]

    def _attached(self, index: int, name: str) -> list[RawMessage] | None:
        messages, problems = attached_messages(self.attachment, name)
        pointer = f"/log/entries/{index}/response/content/_file"
        self.skip(Skipped(pointer, None, problem) for problem in problems)
        return messages


def _hides(part: Skipped) -> bool:
    """May a socket be in a part that was skipped? In messages there is none."""
    return "/_webSocketMessages" not in part.pointer and not part.pointer.endswith(("/_file", "/pageref"))


def attached_messages(attachment: Attachment, name: str) -> tuple[list[RawMessage] | None, list[str]]:
    """Playwright's side file, one message a line, as JSON; and what is wrong with it."""
    text = attachment(name)
    if text is None:
        return None, ["the file with its messages is not in the capture's folder"]
    messages: list[RawMessage] = []
    problems: list[str] = []
    untold = 0
    for number, line in enumerate(io.BytesIO(text), 1):
        try:
            messages.append(msgspec.json.decode(line, type=RawMessage))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            if len(problems) < MOST_LINES:
                problems.append(f"line {number} of its message file is damaged")
            else:
                untold += 1
    return messages, [*problems, f"{untold:,} more lines of its message file are damaged"] if untold else problems


def redirected_navigation(entry: RawEntry) -> bool:
    """Did a request that may have been for a document lead to another one? (In Chrome a hop has type "other".)"""
    status, kind = entry.response.status or 0, (entry.resource_type or "other").lower()
    if not 300 <= status < 400 or status == 304 or kind not in ("document", "other"):
        return False
    return header(entry.request.headers, "sec-fetch-dest") in ("", "document")


def failed_navigation(entry: RawEntry) -> bool:
    """Did a navigation of a tab fail, so that an error page took the place of the page? (Not one that was cancelled, or
    became a download: ERR_ABORTED.) Where the request was not sent, nothing tells it from an iframe's for sure."""
    if (entry.response.status or 0) > 0 or entry.response.error in (None, "", "net::ERR_ABORTED"):
        return False
    destination = header(entry.request.headers, "sec-fetch-dest")
    return destination == "document" if destination else initiator_type(entry.initiator) != "parser"


def _replaces(entry: RawEntry, request: dict[str, str]) -> bool:
    """Did this request put a document in the place of another? Not a redirect, a failure, a prefetch, a download."""
    status = entry.response.status or 0
    if not 200 <= status < 600 or status in (204, 205) or (300 <= status < 400 and status != 304):
        return False
    if entry.response.failure is not None or "prefetch" in request.get("sec-purpose", request.get("purpose", "")):
        return False
    if b"attachment" in bytes(entry.response.headers):
        disposition = headers(entry.response.headers).get("content-disposition", "")
        if disposition.lower().startswith("attachment"):
            return False
    mime = (entry.response.content.mimeType if entry.response.content else None) or "text/html"
    return mime.lower().startswith(SHOWN)


class _Reading:
    """The second pass: everything that takes the whole file to know."""

    def __init__(self, document: Document[RawEntry], gathered: _Gathered, source: str) -> None:
        self.document = document
        self.gathered = gathered
        self.source = source
        self.skipped = [*document.skipped, *gathered.skipped]
        if gathered.untold:
            self.skipped.append(Skipped("/log/entries", None, f"{gathered.untold:,} more parts were skipped"))
        creator = member(document.members, "creator")
        self.browser = text_of(member(document.members, "browser").get("name"))
        self.name, self.version = text_of(creator.get("name")) or None, text_of(creator.get("version")) or None
        self.row = self._row()
        if not own_fields.records_messages(document.members):
            self.row = msgspec.structs.replace(self.row, records_messages=False)
        self.label = exporters.label(self.row, self.name, self.version, text_of(creator.get("comment")))
        self.tick = message_clock(socket.ticks for socket in gathered.sockets if socket.ticks)
        # Or another member of `log`, or entries name more than we keep: then no page's end proves anything.
        self.pages_lost = bool(document.skipped) or gathered.pages_lost
        if gathered.pages_lost:
            problem = f"more than {MOST_PAGES:,} pages, more than {MOST_DOCUMENTS:,} documents, or page names too long"
            self.skipped.append(Skipped("/log/entries", None, problem))
        self.listed = self._listed()
        self.repeated = self._unite()
        self._shift()
        self.witnessed: list[Instant] = []  # instants of messages and closes
        self.missing: set[Confidence | None] = set()  # how sure it is that messages were removed, by socket
        self.edited = False
        self.merged: page_reader.Contradiction | None = None
        self.refs: dict[str, int] = {}  # pages in the order in which they are first seen
        self.stepped = gathered.clock > 0 and self.row.in_order_of_start

    def capture(self) -> Capture:
        gathered, row = self.gathered, self.row
        until = told_until(self.document.members)
        self.witnessed += [] if until is None else [until]
        known = Known(self.row, self.tick, self.stepped, self._monotonic_offset(), until)
        contexts = gathered.realms.contexts([socket.initiator for socket in gathered.sockets])
        traces: list[Trace] = []
        for socket, realm in zip(gathered.sockets, contexts, strict=True):
            socket.context = realm or socket.context
            trace, skipped = events.trace(socket, known)
            traces.append(trace)
            self.skipped += skipped
            self._witness(trace)
            self.edited = self.edited or events.edited(socket, trace.messages, row)
            self.missing.add(events.missing_messages(socket, trace, known))
        pages, watches = self._pages(contexts, traces)
        caveats = exporters.caveats(row, named=bool(self.name))
        traces = [self._covered(trace, watches.get(number)) for number, trace in enumerate(traces)]
        if row.tabs is Tabs.TAB:
            traces = [
                self._in_tab(trace, socket, pages) for trace, socket in zip(traces, gathered.sockets, strict=True)
            ]
        if row.tabs is Tabs.DOCUMENT and (gathered.chrome or 1000) <= exporters.CLOSES_AT_PAGE_END_UP_TO:
            ends = {page.id: page.end for page in pages if page.end is not None}
            traces = [events.closed_by_page(it, ends.get(it.page or "")) for it in traces]
        if self.merged is not None and self.merged.of_time:
            self.refs = {page: n for n, page in enumerate(gathered.last_start)}
            traces = [self._by_itself(trace, number) for number, trace in enumerate(traces)]
        instants = gathered.witnessed() + self.witnessed
        in_order = row.in_order_of_close or (
            row.out_of_order_means_order_of_close and gathered.out_of_order and not gathered.order.of_view()
        )
        said = told_order(self.document.members)
        in_order = in_order if said is None else said
        in_order = in_order and not self.repeated and gathered.order.of_end([trace.messages.last for trace in traces])
        behind = flood.caveat(traces, max(instants)) if row is exporters.CHROME and instants else None
        caveats = [*self._caveats(), *([behind] if behind is not None else []), *caveats]
        file = File(
            source=self.source,
            format="har",
            saved_as="HAR",
            exporter=Exporter(row.id, self.name, self.version, self.label),
            records=self.document.count,
            observed=Interval(min(instants), max(instants)) if instants else None,
            in_order_of_close=in_order,
        )
        return Capture((file,), tuple(pages), tuple(traces), tuple(caveats), tuple(self.skipped))

    def _covered(self, trace: Trace, of_document: Coverage | None) -> Trace:
        """The trace with the coverage that the whole file gives it."""
        coverage = trace.coverage
        if coverage.closes is Closes.WHILE_PAGE_LIVES and of_document is not None:
            coverage = of_document
        if self.merged:
            coverage = Coverage()
        return trace if coverage is trace.coverage else msgspec.structs.replace(trace, coverage=coverage)

    def _witness(self, trace: Trace) -> None:
        first, last = trace.messages.first, trace.messages.last
        self.witnessed += [at for at in (first, last, *events.witnessed(trace)) if at is not None]
        if trace.page is not None and last is not None:
            self.gathered.see(trace.page, last)

    # -- the capture as a whole ------------------------------------------------------------------------------

    def _listed(self) -> list[Listed]:
        listed = self.document.members.get("pages")
        if listed is not None and not isinstance(listed, list):
            self.skipped.append(Skipped("/log/pages", None, f"not an array but {kind(listed)}"))
        found = []
        listed = listed if isinstance(listed, list) else []
        if len(listed) > MOST_PAGES:
            self.skipped.append(Skipped("/log/pages", None, f"more than {MOST_PAGES:,} pages"))
            self.pages_lost, listed = True, []
        for n, page in enumerate(listed):
            if not isinstance(page, dict) or not isinstance(page.get("id"), str):
                self.skipped.append(Skipped(f"/log/pages/{n}", None, "not a page: a page is an object with an id"))
                continue
            date = text_of(page.get("startedDateTime"))
            title, tab, how = (text_of(page.get(name)) for name in ("title", "_tab", "_kind"))
            found.append(Listed(page["id"], title or "", instant(date), monotonic_date(date), tab, how))
        known = {page.id for page in found}
        return found + [Listed(ref, "", None, None) for ref in self.gathered.last_start if ref not in known]

    def _row(self) -> exporters.Row:
        """By the creator's name, and by what shows that another program or an old Chrome is behind it."""
        row = exporters.identify(self.name, self.version)
        if row is not exporters.CHROME:
            return row
        if self.gathered.chrome is not None and self.gathered.chrome <= exporters.CHROME_OLD_UP_TO:
            return exporters.CHROME_OLD
        return row if all(map(events.by_chrome, self.gathered.sockets)) else exporters.IMPORTED

    def _unite(self) -> int:
        """Entries that stand for the same socket become one (several exports of one tab in one file): that which tells
        most. How many others there are."""
        whole = len(self.gathered.sockets)
        self.gathered.sockets = events.united(self.gathered.sockets)
        return whole - len(self.gathered.sockets)

    def _shift(self) -> None:
        """Dates in whole seconds were cut or rounded: each instant lies within half a second before and one after."""
        gathered = self.gathered
        few = gathered.dates < FEW_DATES or gathered.whole_seconds < gathered.dates
        if few or self._dates_hold():
            return
        early, self.row = (
            SECOND // 2,
            msgspec.structs.replace(self.row, start_slack=self.row.start_slack + 3 * SECOND // 2),
        )
        for socket in gathered.sockets:
            socket.started = None if socket.started is None else socket.started - early
        gathered.documents = [it.moved(-early) for it in gathered.documents]
        self.listed = [it.moved(-early) for it in self.listed]
        for starts in (gathered.first_start, gathered.last_start, gathered.content, gathered.later):
            starts.update({page: at - early for page, at in starts.items()})
        for caller, at in gathered.callers.items():
            gathered.callers[caller] = Interval(at.start - early, (at.end or at.start) - early)
        late = self.row.start_slack - early
        for page, navigations in gathered.failed.items():
            gathered.failed[page] = [Interval(it.start - early, it.end and it.end + late) for it in navigations]

    def _dates_hold(self) -> bool:
        """Do the message times of Chrome's sockets show that the whole seconds are the true dates?"""
        exact = [events.exact_start(socket, self.tick) for socket in self.gathered.sockets]
        known = [abs(at - (socket.started or 0)) for at, socket in zip(exact, self.gathered.sockets, strict=True) if at]
        return bool(known) and max(known) <= MILLISECOND

    def _pages(self, contexts: Sequence[str | None], traces: Sequence[Trace]) -> tuple[list[Page], dict[int, Coverage]]:
        """The pages; and for each socket of one how long its close would have been recorded."""
        gathered, seen, row = self.gathered, self._seen(), self.row
        stated = told_caveats(self.document.members)
        cut_off = self.document.cut_off is not None or any(it.id == "cut-off" for it in stated)
        self.merged = page_reader.contradiction(self.listed, seen, numbered=row.tabs is Tabs.DOCUMENT)
        if self.merged is None and self.repeated and self.stepped:
            self.merged = page_reader.Contradiction("some entries are in it twice")
        trusted = not self.stepped and not cut_off and not self.pages_lost
        codes = list(self._codes(contexts, traces)) if row.tabs is Tabs.DOCUMENT else []
        rules = Rules(
            trusted=trusted and not (self.merged and row.tabs is Tabs.DOCUMENT),
            whole=not self._scripts_missing(),
            ordinary=Ordinary(frozenset(gathered.directives), gathered.referer),
            framed=bool(gathered.realms.iframes),
            other_process=in_other_processes(codes, page_reader.in_order(self.listed)),
            no_bfcache=self._no_bfcache(),
            start_slack=row.start_slack,
            loaded=self._loaded(),
        )
        if row.tabs is Tabs.DOCUMENT:
            numbered = page_reader.documents_as_pages(self.listed, seen, rules)
            return numbered.pages, watches(codes, numbered.watches, row.start_slack)
        if row.tabs is Tabs.TAB:
            return page_reader.tabs_as_pages(self.listed, gathered.documents, rules), {}
        return page_reader.told_as_pages(self.listed) if row.tabs is Tabs.TOLD else [], {}

    def _no_bfcache(self) -> Caveat | None:
        """Why a navigation may be assumed to end the sockets of the page that is left."""
        row, version = self.row, self.gathered.chrome
        if row.tabs is Tabs.TAB and (self.browser or "").lower() in row.bfcache_off_in:
            return assumptions.PLAYWRIGHT_LAUNCHED
        dates = [page.started for page in self.listed if page.started is not None]
        restored = len(set(dates)) < len(dates)
        old = version is not None and version <= exporters.SOCKETS_BAR_BFCACHE_UP_TO
        return assumptions.SOCKETS_BAR_BFCACHE if row.tabs is Tabs.DOCUMENT and old and not restored else None

    def _codes(self, contexts: Sequence[str | None], traces: Sequence[Trace]) -> Iterator[Code]:
        """What code of which page did when. Iframes have scripts of their own: what they asked for tells nothing."""
        there = self.gathered.scripts | {document.url for document in self.gathered.documents}
        tells = 0 < len(self.gathered.scripts) < MOST_SCRIPTS  # without any they were filtered out
        for n, (realm, trace) in enumerate(zip(contexts, traces, strict=True)):
            asked = next((it.within.earliest for it in trace.events if isinstance(it, Requested)), None)
            if trace.page is not None:
                seen = [at for at in (asked, trace.messages.first, trace.messages.last) if at is not None]
                apart = realm is not None or not seen or trace.initiator is None
                frames = trace.initiator.frames if trace.initiator is not None and not apart else ()
                scripts = tuple(dict.fromkeys((it.url, it.script) for it in frames if it.url and it.script))
                began = scripts[-1][0] if scripts else ""
                unseen = tells and began.startswith(("http://", "https://")) and kept(began) not in there
                yield Code(trace.page, scripts, min(seen, default=0), max(seen, default=0), n, unseen)
        if not self.gathered.realms.iframes:
            for caller, during in self.gathered.callers.items():
                yield Code(caller.page, ((caller.url, caller.script),), during.start, during.end or during.start)

    def _scripts_missing(self) -> bool:
        """Does code whose script is not in the file, nor any document of its origin, open a socket? Then the file was
        filtered, and may hide whole pages."""
        gathered = self.gathered
        if self.row.tabs is not Tabs.DOCUMENT or not gathered.documents or len(gathered.scripts) >= MOST_SCRIPTS:
            return False
        origins = {origin(document.url) for document in gathered.documents}
        # Without any script in the file those of pages that are there tell nothing: scripts alone may be filtered out.
        telling = (it for it in gathered.sockets if it.scripts and (gathered.scripts or it.entry.pageref is None))
        web = [url for it in telling if (url := it.scripts[-1]).startswith(("http://", "https://"))]
        return any(kept(url) not in gathered.scripts and origin(url) not in origins for url in web)

    def _loaded(self) -> list[str]:
        """The pages whose document is in the file, and lacks only the exporter's mark: it has the page's address, and
        both began at the same time."""
        first, near = self.gathered.unmarked, SECOND
        return [
            page.id
            for page in self.listed
            if page.started is not None
            and (found := first.get(page.id)) is not None
            and found[1] == kept(page.title.partition("#")[0])
            and abs(found[0] - page.started) < near
        ]

    def _seen(self) -> dict[str, Seen]:
        """What the entries of each pageref witness."""
        documents: dict[str, list[page_reader.Document]] = {}
        for document in self.gathered.documents:
            if document.tab is not None:
                documents.setdefault(document.tab, []).append(document)
        gathered = self.gathered
        return {
            page: Seen(
                first_start=gathered.first_start.get(page, last),
                last_start=last,
                documents=tuple(documents.get(page, ())),
                content=gathered.content.get(page),
                failed=self._error_page(page),
            )
            for page, last in gathered.last_start.items()
        }

    def _error_page(self, page: str) -> Instant | None:
        """When a navigation began that failed and left an error page; none, if the page went on to ask for things."""
        later = self.gathered.later.get(page, 0) - GOODBYE
        failed = self.gathered.failed.get(page, ())
        return min((it.start for it in failed if it.end is not None and it.end >= later), default=None)

    def _in_tab(self, trace: Trace, socket: Socket, pages: Sequence[Page]) -> Trace:
        page = page_reader.page_of(socket.entry.pageref, socket.entry.frame, socket.started, self.row, pages)
        return msgspec.structs.replace(trace, page=page)

    def _by_itself(self, trace: Trace, number: int) -> Trace:
        """A clock a page; without a page, of its own. Steps within a page tell clocks apart as before."""
        refs = self.refs
        place = refs.get(trace.page, len(refs) + number) if trace.page is not None else len(refs) + number
        return msgspec.structs.replace(trace, clock=place * (self.gathered.clock + 1) + trace.clock)

    def _caveats(self) -> list[Caveat]:
        gathered = self.gathered
        told = []
        if self.document.cut_off is not None:
            told.append(CaveatKind.CUT_OFF.caveat(f"The file is cut off at byte {self.document.cut_off:,}."))
        if self.document.trailing is not None:
            told.append(
                CaveatKind.TRAILING_DATA.caveat(
                    f"Extra data follows the HAR at byte {self.document.trailing:,}; it was not read."
                )
            )
        if gathered.lost:
            parts = "1 damaged part was" if gathered.lost == 1 else f"{gathered.lost:,} damaged parts were"
            message = f"{parts} skipped, and may contain sockets."
            told.append(CaveatKind.ENTRIES_SKIPPED.caveat(message))
        if self.merged:
            told.append(
                CaveatKind.MERGED.caveat(f"This file was edited or joins several captures: {self.merged.reason}.")
            )
        if self.stepped:
            told.append(
                CaveatKind.CLOCK_STEPPED.caveat(
                    "Entries are not in order of time: the clock was set during the recording, or the entries were "
                    "reordered."
                )
            )
        told += self._missing()
        if self.row.tabs is Tabs.DOCUMENT and self.listed and not self._first_page_listed():
            told.append(
                CaveatKind.EARLIER_PAGES_MISSING.caveat(
                    "Earlier pages of this tab are not in this file, perhaps because Preserve log was off."
                )
            )
        if self.edited:
            told.append(
                CaveatKind.EDITED.caveat(
                    "Dates or timings of sockets were changed after the export, so only message times are used."
                )
            )
        if Confidence.PROVEN in self.missing:
            told.append(CaveatKind.MESSAGES_REMOVED.caveat("Messages were removed from this file."))
        elif Confidence.POSSIBLE in self.missing:
            told.append(CaveatKind.MESSAGES_REMOVED.caveat(MAY_BE_MISSING))
        known = {caveat.id for caveat in told}
        return told + [caveat for caveat in told_caveats(self.document.members) if caveat.id not in known]

    def _missing(self) -> list[Caveat]:
        """Which stretches of time were not recorded, and which entries a filter may have left out."""
        if not self.document.count or self.row.tabs not in (Tabs.DOCUMENT, Tabs.TAB):
            return []
        documents, sockets = self._loads(), self.gathered.sockets
        loads = [document.started for document in documents] + [self.gathered.unmarked[id][0] for id in self._loaded()]
        if loads:
            first = min(loads) - self.row.start_slack
            if any(it.started is not None and it.started < first for it in sockets):
                return [RECORDED_LATE]
            found = [FILTERED_SCRIPTS] if self._scripts_missing() else []
            kept_before = self._kept_before(min(documents, key=lambda it: it.started)) if documents else []
            return found + kept_before
        if self.gathered.unmarked:
            return [UNMARKED]
        if self.row.tabs is Tabs.TAB:
            return [FILTERED]
        paged = [page.started or 0 for page in self.listed] if self.listed else []
        unpaged = [it.started for it in sockets if it.entry.pageref is None and it.started is not None]
        if not paged or any(at < min(paged) for at in unpaged):
            return [RECORDED_LATE]
        # A filter for sockets shows them all, any other may hide them.
        if self.gathered.others or not sockets:
            return [FILTERED]
        before = [] if self._first_page_listed() else [self._no_bfcache() or assumptions.FIRST_RELOADED]
        return [ONLY_SOCKETS, assumptions.NOT_CLEARED, *before]

    def _kept_before(self, first: page_reader.Document) -> list[Caveat]:
        """May a page that is not in the file be kept, with its sockets, by the back/forward cache? Its first page was
        reached from one, or took the place of one that asked for something before, unless that was reloaded."""
        referer = first.ask.referer
        linked = referer is not None and referer != first.ask.url and origin(referer) == origin(first.ask.url)
        followed = linked or not self._first_page_listed() or self.gathered.unpaged < first.started
        if self.row.tabs is not Tabs.DOCUMENT or first.ask.directive == MAX_AGE or not followed:
            return []
        if self.gathered.chrome is not None and self.gathered.chrome <= exporters.SOCKETS_BAR_BFCACHE_UP_TO:
            return [assumptions.SOCKETS_BAR_BFCACHE]
        by_code = linked and first.ask.initiator == "script"  # F5 is not
        reloaded = first.ask.directive == NO_CACHE and not by_code
        return [assumptions.FIRST_RELOADED if reloaded else assumptions.EARLIER_KEPT]

    def _loads(self) -> list[page_reader.Document]:
        """The documents of pages that were recorded from their load on; an iframe's tells nothing of its page."""
        titles = {page.id: page.title.partition("#")[0] for page in self.listed}
        return [
            it
            for it in self.gathered.documents
            if it.top_level
            or (not it.embedded and it.tab is not None and it.url.partition("#")[0] == titles.get(it.tab))
        ]

    def _first_page_listed(self) -> bool:
        return any(page.id == "page_1" or not page_reader.NUMBERED.match(page.id) for page in self.listed)

    def _monotonic_offset(self) -> tuple[Instant, Instant] | None:
        """Wall clock minus the browser's monotonic clock, from a page with a date in 1970 and its document (measured:
        2..15 ms early), or from a handshake that was unanswered at export."""
        firsts = {document.tab: document for document in reversed(self.gathered.documents)}
        for page in self.listed:
            document = firsts.get(page.id)
            if page.monotonic is not None and document is not None:
                offset = document.started - page.monotonic
                return offset, offset + 20 * MILLISECOND
        for socket in self.gathered.sockets:
            blocked = socket.entry.timings.blocked
            if socket.started is not None and blocked is not None and -LONGEST_DURATION < blocked < -1001:
                offset = socket.started + round((blocked / 1000 + 1) * SECOND)
                return offset, offset + MILLISECOND
        return None
