"""HAR 1.2 -> Capture: each entry's fields become events with instants, by what the exporter means by them.

The first pass (`_Gathered`) takes what is needed off the stream of entries and lets go of the rest; the second
(`_Reading`) reads the sockets once the whole file is known: its exporter, its message clock, its pages.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterable, Sequence

import msgspec

from analyzer import exporters
from analyzer.exporters import Tabs
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Capture,
    Caveat,
    Closed,
    Exporter,
    Initiator,
    Instant,
    Page,
    Silence,
    Skipped,
    Trace,
)
from analyzer.readers import events
from analyzer.readers import pages as page_reader
from analyzer.readers.decode import kind
from analyzer.readers.entries import Document, Element
from analyzer.readers.events import Known, Socket
from analyzer.readers.fields import (
    LONGEST_DURATION,
    YEAR_2200,
    Ticks,
    affiliation,
    answered,
    context,
    duration,
    endpoint,
    headers,
    initiator,
    instant,
    is_document,
    is_socket,
    json_of,
    kept,
    message_clock,
    monotonic_date,
    protocols,
    scripts,
    text_of,
    ticks,
)
from analyzer.readers.pages import Listed, Seen
from analyzer.readers.raw import BLANK, RawEntry, RawMessage
from analyzer.readers.realms import Realms
from analyzer.readers.told import member, told_caveats, told_until
from analyzer.readers.window import Bytes

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
NULL = msgspec.Raw(b"null")
ORDER_SLACK = 100 * MILLISECOND  # a proxy notes an entry as done a little after its last byte

Attachment = Callable[[str], bytes | None]


def read(stream: Bytes, source: str, attachment: Attachment, size: int = 0) -> Capture:
    """Read one HAR. `attachment` gives the bytes of a side file (Playwright), None where there is none. `size`: of the
    document, or of what it is packed in, if that is known.

    Raises CaptureError where the file is no HAR. `sha256` and `bytes` are left for the caller to fill in.
    """
    document = Document(stream, source, RawEntry, collector=Ticks, size=size)
    gathered = _Gathered(attachment)
    for element in document.elements():
        if element.skipped:
            gathered.skip(element.skipped)
        if element.entry is not None and element.entry != BLANK:
            gathered.add(element, element.entry)
    return _Reading(document, gathered, source).capture()


class _Order:
    """Do entries stand in the order in which they ended? None may outlast an entry that comes after it.

    Of a socket only a last sign of life is known, and that only when all is read; so what ended between two sockets is
    kept as its earliest.
    """

    def __init__(self) -> None:
        self._latest: Instant = 0  # end of what is no socket
        self._holds = True
        self._earliest: array[int] = array("q", [0])  # by the number of sockets before; 0 for none

    def ended(self, at: Instant) -> None:
        self._holds = self._holds and self._latest <= at + ORDER_SLACK
        self._latest = max(self._latest, at)
        self._earliest[-1] = min(self._earliest[-1] or at, at)

    def socket(self) -> None:
        self._earliest.append(0)

    def of_end(self, alive: Sequence[Instant | None]) -> bool:
        """`alive`: the last sign of life of each socket. Sockets alone confirm no order."""
        following = 0
        for earliest, at in zip(reversed(self._earliest), [*reversed(alive), None], strict=True):
            following = min(earliest or following, following or earliest)
            if at is not None and following and at > following + ORDER_SLACK:
                return False
        return self._holds and self._latest > 0


class _Gathered:
    """What is taken off the stream of entries."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.sockets: list[Socket] = []
        self.skipped: list[Skipped] = []
        self.untold = 0  # parts that were skipped and are not in that list, for their number
        self.lost = 0  # parts that were skipped in which sockets may have been
        self.documents: list[page_reader.Document] = []
        self.redirects: list[Instant] = []  # starts of documents that were redirected
        self.first_start: dict[str, Instant] = {}  # by pageref
        self.last_start: dict[str, Instant] = {}
        self.first: Instant = YEAR_2200  # that any entry witnesses
        self.last: Instant = 0
        self.order = _Order()
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
        if entry.pageref is not None and entry.pageref not in self.last_start:
            self._new_page(index, entry)
        peeled: Ticks | None = element.peeled  # type: ignore[assignment]  # of our own making
        if is_socket(entry) or (peeled is not None and peeled.any):
            if started is not None:
                self.out_of_order = self.out_of_order or started < self._latest
                self._started(entry.pageref, started, document=False)
            self._socket(index, entry, started, peeled)
            return
        self.realms.add(entry)
        if started is not None:
            end = started + (duration(entry.time) or 0)
            self.order.ended(end)
            self.last = max(self.last, end)
            document = is_document(entry)
            self._started(entry.pageref, started, document)
            if document:
                self._document(index, entry, started)

    def _new_page(self, index: int, entry: RawEntry) -> None:
        """One is named for the first time: each name is kept, so neither are they long, nor are there many."""
        if len(entry.pageref or "") > LONGEST_NAME:
            self.skip([Skipped(f"/log/entries/{index}/pageref", None, f"longer than {LONGEST_NAME:,} characters")])
            entry.pageref, self.pages_lost = None, True
        elif len(self.last_start) >= MOST_PAGES:
            entry.pageref, self.pages_lost = None, True

    def _started(self, pageref: str | None, at: Instant, document: bool) -> None:
        self.first = min(self.first, at)
        self._latest = max(self._latest, at)
        if at < self._before.get(pageref, 0) - CLOCK_STEP:
            self.clock += 1
        self._before[pageref] = at
        if pageref is not None:
            self.see(pageref, at)
            if not document and at < self.first_start.get(pageref, YEAR_2200):  # a document may stand for a redirect
                self.first_start[pageref] = at

    def see(self, pageref: str, at: Instant) -> None:
        """Something of this page happened: a request began, or a message passed."""
        if at > self.last_start.get(pageref, 0):
            self.last_start[pageref] = at

    def witnessed(self) -> list[Instant]:
        """The first and the last instant that entries witness; none where none has a date."""
        return [self.first, max(self.last, self._latest)] if self._latest else []

    def _document(self, index: int, entry: RawEntry, started: Instant) -> None:
        status = entry.response.status or 0
        request = headers(entry.request.headers)
        if 300 <= status < 400 and status != 304:
            self.redirects.append(started)
        if not _replaces(entry, request):
            return
        destination = request.get("sec-fetch-dest")
        if destination is None:  # an iframe's document is asked for by its page, that of a tab mostly by the browser
            asked_by = json_of(entry.initiator)
            top_level = isinstance(asked_by, dict) and asked_by.get("type") == "other"
        else:
            top_level = destination == "document"
        tab = entry.pageref or entry.frame
        if len(self.documents) >= MOST_DOCUMENTS:
            self.pages_lost = True
            return
        document = page_reader.Document(
            index=index,
            tab=self._tabs.setdefault(tab, tab),
            url=kept(entry.request.url or ""),
            started=started,
            answered=answered(entry, started),
            asks_anew=page_reader.asks_anew(entry.request.method or "", request.get("cache-control", "")),
            top_level=top_level,
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
        opened_by, extracted = self._initiator(bytes(entry.initiator)), json_of(entry.affiliation)
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
                affiliation=affiliation(extracted),
                context=context(extracted),
                close=json_of(entry.close),
                ticks=peeled if peeled is not None else None if messages is None else ticks(messages),
                clock=self.clock,
            )
        )
        # What holds the whole window is let go of.
        entry.request = msgspec.structs.replace(entry.request, headers=NULL)
        entry.response = msgspec.structs.replace(entry.response, headers=NULL)
        entry.initiator = entry.close = entry.affiliation = NULL

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
        return None, ["its file of messages is not beside the capture"]
    messages: list[RawMessage] = []
    problems: list[str] = []
    untold = 0
    for number, line in enumerate(io.BytesIO(text), 1):
        try:
            messages.append(msgspec.json.decode(line, type=RawMessage))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            if len(problems) < MOST_LINES:
                problems.append(f"line {number} of its file of messages is damaged")
            else:
                untold += 1
    return messages, [*problems, f"{untold:,} more lines of it are damaged"] if untold else problems


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
        creator = member(document.log, "creator")
        self.browser = text_of(member(document.log, "browser").get("name"))
        self.name, self.version = text_of(creator.get("name")), text_of(creator.get("version"))
        self.row = exporters.identify(self.name, self.version)
        self.tick = message_clock(socket.ticks for socket in gathered.sockets if socket.ticks)
        # Or another member of `log`, or entries name more than we keep: then no page's end proves anything.
        self.pages_lost = bool(document.skipped) or gathered.pages_lost
        if gathered.pages_lost:
            problem = f"more than {MOST_PAGES:,} pages, {MOST_DOCUMENTS:,} documents, or names of pages beyond measure"
            self.skipped.append(Skipped("/log/entries", None, problem))
        self.listed = self._listed()
        self.witnessed: list[Instant] = []  # instants of messages and closes
        self.messages_removed = False
        self.edited = False
        self.merged: page_reader.Contradiction | None = None
        self.refs: dict[str, int] = {}  # pages in the order in which they are first seen
        # Without tabs (proxies) entries may stand in any order: nothing tells that the clock was set.
        self.stepped = gathered.clock > 0 and self.row.tabs is not Tabs.NOTHING

    def capture(self) -> Capture:
        gathered, row = self.gathered, self.row
        until = told_until(self.document.log)
        self.witnessed += [] if until is None else [until]
        known = Known(self.row, self.tick, self.stepped, self._monotonic_offset(), until)
        contexts = gathered.realms.contexts([socket.initiator for socket in gathered.sockets])
        traces = []
        for socket, realm in zip(gathered.sockets, contexts, strict=True):
            socket.context = realm or socket.context
            trace, skipped = events.trace(socket, known)
            traces.append(trace)
            self.skipped += skipped
            self._witness(trace)
            self.edited = self.edited or events.edited(socket, trace.messages, row)
            self.messages_removed = self.messages_removed or events.messages_removed(socket, trace.messages, row)
        pages, caveats = self._pages(), exporters.caveats(row)
        if row.tabs is Tabs.TAB:
            traces = [
                self._in_tab(trace, socket, pages) for trace, socket in zip(traces, gathered.sockets, strict=True)
            ]
        if self.merged is not None and self.merged.of_time:
            self.refs = {page: n for n, page in enumerate(gathered.last_start)}
            traces = [self._by_itself(trace, number) for number, trace in enumerate(traces)]
        caveats = [*self._caveats(), *caveats]
        instants = gathered.witnessed() + self.witnessed
        in_order = row.in_order_of_close or (row.out_of_order_means_order_of_close and gathered.out_of_order)
        in_order = in_order and gathered.order.of_end([trace.messages.last for trace in traces])
        return Capture(
            source=self.source,
            sha256=None,
            bytes=0,
            format="har",
            exporter=Exporter(row.id, self.name, self.version, self._label()),
            observed=Interval(min(instants), max(instants)) if instants else None,
            entries=self.document.count,
            pages=tuple(pages),
            traces=tuple(traces),
            silence=Silence.NOTHING if self.merged else row.silence,
            in_order_of_close=in_order,
            records_messages=row.records_messages,
            caveats=tuple(caveats),
            skipped=tuple(self.skipped),
        )

    def _witness(self, trace: Trace) -> None:
        first, last = trace.messages.first, trace.messages.last
        closed = [event.within.earliest for event in trace.events if isinstance(event, Closed)]
        self.witnessed += [at for at in (first, last, *closed) if at is not None]
        if trace.page is not None and last is not None:
            self.gathered.see(trace.page, last)

    def _label(self) -> str:
        """For people: `Firefox 153.7.0`; a program that no row knows by the name that it gives itself."""
        row = self.row
        name = self.name if row is exporters.UNKNOWN and self.name else row.label
        return f"{name} {self.version}" if row.version_tells and self.version and self.version not in name else name

    # -- the capture as a whole ------------------------------------------------------------------------------

    def _listed(self) -> list[Listed]:
        listed = self.document.log.get("pages")
        if listed is not None and not isinstance(listed, list):
            self.skipped.append(Skipped("/log/pages", None, f"not an array but {kind(listed)}"))
        found = []
        listed = listed if isinstance(listed, list) else []
        if len(listed) > MOST_PAGES:
            self.skipped.append(Skipped("/log/pages", None, f"more than {MOST_PAGES:,} pages"))
            self.pages_lost, listed = True, []
        for n, page in enumerate(listed):
            if not isinstance(page, dict) or not isinstance(page.get("id"), str):
                self.skipped.append(Skipped(f"/log/pages/{n}", None, "no page: an object with an id"))
                continue
            date = text_of(page.get("startedDateTime"))
            title, tab, how = (text_of(page.get(name)) for name in ("title", "_tab", "_kind"))
            found.append(Listed(page["id"], title or "", instant(date), monotonic_date(date), tab, how))
        known = {page.id for page in found}
        return found + [Listed(ref, "", None, None) for ref in self.gathered.last_start if ref not in known]

    def _pages(self) -> list[Page]:
        gathered, seen = self.gathered, self._seen()
        redirects = sorted(gathered.redirects)
        cut_off = self.document.cut_off is not None or any(it.id == "cut-off" for it in told_caveats(self.document.log))
        trusted = not self.stepped and not cut_off and not self.pages_lost
        self.merged = page_reader.contradiction(self.listed, seen, numbered=self.row.tabs is Tabs.DOCUMENT)
        if self.row.tabs is Tabs.DOCUMENT:
            return page_reader.documents_as_pages(self.listed, seen, redirects, trusted=trusted and not self.merged)
        if self.row.tabs is Tabs.TAB:
            off = (self.browser or "").lower() in self.row.bfcache_off_in
            return page_reader.tabs_as_pages(self.listed, gathered.documents, redirects, off, trusted)
        if self.row.tabs is Tabs.TOLD:
            return page_reader.told_as_pages(self.listed)
        return []

    def _seen(self) -> dict[str, Seen]:
        """What the entries of each pageref witness."""
        documents: dict[str, list[page_reader.Document]] = {}
        for document in self.gathered.documents:
            if document.tab is not None:
                documents.setdefault(document.tab, []).append(document)
        first = self.gathered.first_start
        return {
            page: Seen(first.get(page, last), last, tuple(documents.get(page, ())))
            for page, last in self.gathered.last_start.items()
        }

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
        if gathered.lost:
            message = f"{gathered.lost:,} damaged parts were skipped; sockets may be among them."
            told.append(Caveat("entries-skipped", message, True))
        if self.merged:
            told.append(
                Caveat("merged", f"Several captures in one file, or an edited one: {self.merged.reason}.", True)
            )
        if self.stepped:
            told.append(
                Caveat(
                    "clock-stepped",
                    "Entries run backwards: the clock was set while this was recorded, or the entries were shuffled.",
                    True,
                )
            )
        if self.row.silence is exporters.CHROME.silence and not gathered.documents and self.document.count:
            told.append(
                Caveat(
                    "filtered",
                    "No page document is in this file: it was filtered when it was saved, or DevTools was opened late.",
                    # A filter for sockets shows them all, any other may hide them; and without pages DevTools was late.
                    hides_sockets=not gathered.sockets
                    or (not self.listed and all(socket.entry.pageref is None for socket in gathered.sockets)),
                )
            )
        if self.row.tabs is Tabs.DOCUMENT and self.listed and not self._first_page_listed():
            told.append(
                Caveat(
                    "earlier-pages-missing", "Earlier pages of this tab are not in the file (Preserve log was off?)."
                )
            )
        if self.edited:
            told.append(
                Caveat(
                    "edited",
                    "Dates or timings of sockets were changed after the export: only message times count.",
                    True,
                )
            )
        if self.messages_removed:
            told.append(Caveat("messages-removed", "Messages were removed from this file."))
        known = {caveat.id for caveat in told}
        return told + [caveat for caveat in told_caveats(self.document.log) if caveat.id not in known]

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
