"""Gather from the stream of entries what it takes the whole file to judge, in bounded memory.

Each class takes the entries one by one and lets go of them; nothing is concluded here. Sockets alone are kept whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias, TypeVar

import msgspec

from analyzer.formats.devtools import origin_of, shorten
from analyzer.formats.har.contexts import Contexts
from analyzer.formats.har.entry import NO_SAMPLE, Entry, Navigation, Request, Script, Socket
from analyzer.formats.har.fields import YEAR_2200
from analyzer.formats.har.order import Order
from analyzer.formats.har.pages import Document
from analyzer.formats.har.reloads import Ask, Ordinary
from analyzer.intervals import Interval
from analyzer.model import MILLISECOND, SECOND, Duration, Instant, Load, Skipped, SkipReason

# Entries of one page that run backwards by more: the clock was set, or they were shuffled. Measured: 4 ms in order.
CLOCK_STEP = 250 * MILLISECOND
# A socket stands where it was created, and has the date at which its handshake was sent: it first had to connect. Two
# lost SYNs alone take this long (RFC 6298, section 2: 1 s, then 2 s).
LONGEST_CONNECT = 3 * SECOND
MOST_SKIPPED = 1000  # parts that are reported one by one
MOST_PAGES = 20_000  # pages that are believed; no tab has as many
MOST_DOCUMENTS = 50_000  # requests for one; likewise
MOST_SOCKETS = 100_000  # that are kept; a second of the busiest client has hundreds
LONGEST_NAME = 1000  # characters of the name of a page
SAMPLES = 3  # ordinary requests of a page whose headers are looked at
MOST_CALLERS = 20_000  # scripts that made requests, of each page
MOST_SCRIPTS = 20_000  # addresses of scripts
GOODBYE = 1 * SECOND  # requests so soon after a navigation failed may be the last ones of the page that was left

Key = TypeVar("Key")


class Skips:
    """The parts that were skipped."""

    def __init__(self) -> None:
        self.parts: list[Skipped] = []
        self.others = 0  # parts that are not in that list, for their number
        self.hiding = 0  # parts in which sockets may have been

    def add(self, parts: Iterable[Skipped]) -> None:
        for part in parts:
            self.hiding += _may_hide_socket(part)
            if len(self.parts) < MOST_SKIPPED:
                self.parts.append(part)
            else:
                self.others += 1


def _may_hide_socket(part: Skipped) -> bool:
    """May a socket be in a part that was skipped? In messages there is none."""
    return "/_webSocketMessages" not in part.pointer and not part.pointer.endswith(("/_file", "/pageref"))


class Dates:
    """When entries began and ended."""

    def __init__(self) -> None:
        self.count = self.whole_seconds = 0  # how many there are, and how many say no more than the second
        self.first: Instant = YEAR_2200
        self.latest: Instant = 0  # start
        self.last: Instant = 0  # end
        self.clock = 0  # counts how often entries of one pageref ran backwards, by more than a socket takes to connect
        self.runs_backwards = False  # an entry started before the one above it
        self.is_out_of_order = False  # a socket stands after an entry that started later
        self._above: dict[str | None, Instant] = {}  # by pageref, the start of the entry above
        # By pageref, before which neither a further request nor a further socket starts.
        self._least: dict[str | None, tuple[Instant, Instant]] = {}

    def add(self, entry: Socket | Request, at: Instant) -> None:
        """Take the next entry. A large file has tens of thousands: no call that can be spared."""
        if isinstance(entry, Request):
            self.last = max(self.last, entry.ended)
        elif at < self.latest:
            self.is_out_of_order = True
        self.count += 1
        self.whole_seconds += at % SECOND == 0
        self.first = min(self.first, at)
        self.latest = max(self.latest, at)
        self._add_order(entry.pageref, at, isinstance(entry, Socket))

    def _add_order(self, page: str | None, at: Instant, is_socket: bool) -> None:
        if at < self._above.get(page, 0) - CLOCK_STEP:
            self.runs_backwards = True
        self._above[page] = at
        for_request, for_socket = self._least.get(page, (0, 0))
        if at < (for_socket if is_socket else for_request):
            self.clock += 1
            for_request = for_socket = 0
        by_request = at - (LONGEST_CONNECT if is_socket else CLOCK_STEP)
        by_socket = at - CLOCK_STEP
        if by_request > for_request or by_socket > for_socket:
            self._least[page] = max(for_request, by_request), max(for_socket, by_socket)

    def ends(self) -> list[Instant]:
        """The first and the last instant that entries witness; none where none has a date."""
        return [self.first, max(self.last, self.latest)] if self.latest else []


Caller: TypeAlias = tuple[str, Script]  # a page, and a script that made a request of it, the innermost of its stack


class PageSigns:
    """What entries show of the page that they name: signs that it, and its document, were there."""

    def __init__(self) -> None:
        self.first_start: dict[str, Instant] = {}  # of a request that is not for a document
        self.last_start: dict[str, Instant] = {}  # of any; 0 where the page is named, and no more
        self.content: dict[str, Instant] = {}  # the first request that its parser made
        self.later: dict[str, Instant] = {}  # the last that its parser or a script made
        self.failures: dict[str | None, list[Interval]] = {}  # navigations that failed
        self.callers: dict[Caller, Interval] = {}  # when code of a script asked for something, first and last
        self.unmarked: dict[str, tuple[Instant, str]] = {}  # start and URL of what may be its document

    def add(self, entry: Socket | Request, at: Instant) -> None:
        page = entry.pageref
        latest = at
        if isinstance(entry, Request) and entry.document is not None and entry.document.has_failed:
            latest = 0
            # A navigation that failed leaves an error page in place of the page that carries its pageref.
            self.failures.setdefault(page, []).append(Interval(at, entry.ended))
        if page is None:
            return
        if latest >= self.last_start.get(page, 0):
            self.last_start[page] = latest
        if isinstance(entry, Socket):
            self._add_start(page, at)
            if entry.by_script:
                self.later[page] = max(at, self.later.get(page, 0))
        elif entry.document is None:  # a document may stand for a redirect
            self._add_start(page, at)
            self._add_request(entry, page, at)

    def _add_start(self, page: str, at: Instant) -> None:
        if at < self.first_start.get(page, YEAR_2200):
            self.first_start[page] = at

    def _add_request(self, entry: Request, page: str, at: Instant) -> None:
        """A request of a page that is no document: a sign that its document is there."""
        signs = entry.signs
        if signs.is_parsed and at < self.content.get(page, YEAR_2200):
            self.content[page] = at  # a script may be a service worker's, which asks before the old page is gone
        if (signs.is_parsed or signs.is_scripted) and at > self.later.get(page, 0):
            self.later[page] = at
        if signs.script is not None and len(self.callers) < MOST_CALLERS:
            caller = page, signs.script
            before = self.callers.get(caller)
            if before is None or not before.start <= at <= (before.end or 0):
                before = before or Interval(at, at)
                self.callers[caller] = Interval(min(before.start, at), max(before.end or 0, at))
        if signs.is_unmarked:
            self.unmarked.setdefault(page, (at, shorten(entry.url.partition("#")[0])))

    def shift(self, by: Duration, late: Duration) -> PageSigns:
        """The same, earlier by so much. `late`: what ended may have ended so much later."""
        signs = PageSigns()
        signs.first_start, signs.last_start = _shift(self.first_start, by), _shift(self.last_start, by)
        signs.content, signs.later, signs.unmarked = _shift(self.content, by), _shift(self.later, by), self.unmarked
        signs.callers = {
            caller: Interval(during.start + by, (during.end or during.start) + by)
            for caller, during in self.callers.items()
        }
        signs.failures = {
            page: [Interval(failure.start + by, failure.end and failure.end + late) for failure in failures]
            for page, failures in self.failures.items()
        }
        return signs

    def error_page(self, page: str) -> Instant | None:
        """When a navigation began that failed and left an error page; none, if the page went on to ask for things."""
        later = self.later.get(page, 0) - GOODBYE
        failures = self.failures.get(page, ())
        return min((it.start for it in failures if it.end is not None and it.end >= later), default=None)


def _shift(instants: Mapping[Key, Instant], by: Duration) -> dict[Key, Instant]:
    return {key: at + by for key, at in instants.items()}


class Samples:
    """What a few ordinary requests of each page carry."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()  # by pageref
        self._directives: set[str] = set()
        self._referer: bool | None = None

    def add(self, entry: Request) -> None:
        if entry.pageref is None or self.is_full(entry.pageref):
            return
        self._counts[entry.pageref] += 1
        self._directives.update(entry.sample.directives)
        self._referer = bool(self._referer) or entry.sample.has_referer

    def is_full(self, pageref: str | None) -> bool:
        """Were enough requests of this page looked at?"""
        return pageref is None or self._counts[pageref] >= SAMPLES

    def ordinary(self) -> Ordinary:
        return Ordinary(frozenset(self._directives), self._referer)


class Navigations:
    """The documents that took the place of another, with the redirects that led to them."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.is_full = False  # there are more than are kept
        self._hops: dict[str | None, Ask] = {}  # by tab, the first of the redirects that lead to its next document
        self._main_frames: dict[str | None, str | None] = {}  # by tab
        self._tabs: dict[str | None, str | None] = {}  # each name once in memory

    def add(self, entry: Request, at: Instant) -> None:
        tab, document = entry.pageref or entry.frame, entry.document
        if entry.redirect is not None:
            self._hops.setdefault(tab, entry.redirect)
        elif document is None:
            return
        elif document.has_failed:
            self._hops.pop(tab, None)
        elif document.navigation is not None and len(self.documents) < MOST_DOCUMENTS:
            self.documents.append(self._document(entry, document.navigation, tab, at))
        elif document.navigation is not None:
            self.is_full = True

    def _document(self, entry: Request, navigation: Navigation, tab: str | None, at: Instant) -> Document:
        # Without the header: an iframe's document is asked for by its page, that of a tab mostly by the browser. Where
        # frames are named (Playwright), the first document of a tab is that of its main frame.
        main_frame = self._main_frames.setdefault(tab, entry.frame)
        by_browser = entry.by == "other" if entry.frame is None else entry.frame == main_frame
        destination, ask = navigation.destination, navigation.ask
        top_level = by_browser if destination is None else destination == "document"
        return Document(
            index=entry.index,
            tab=self._tabs.setdefault(tab, tab),
            url=shorten(entry.url),
            started=at,
            answered=navigation.answered,
            ask=ask,
            first=self._hops.pop(tab, ask) if top_level else ask,
            top_level=top_level,
            embedded=entry.by == "parser" if destination is None else destination != "document",
        )


class Gathered:
    """What is taken off the stream of entries."""

    def __init__(self) -> None:
        self.skips = Skips()
        self.dates = Dates()
        self.order = Order()
        self.signs = PageSigns()
        self.samples = Samples()
        self.navigations = Navigations()
        self.contexts = Contexts()
        self.documents: list[Load] = []  # those of iframes and of redirects, too
        self.sockets: list[Socket] = []
        self.scripts: set[str] = set()  # addresses of scripts that were loaded
        self.others = 0  # entries that are no sockets
        self.chrome: int | None = None  # the version that the User-Agent names
        self.unpaged: Instant = YEAR_2200  # the first request that code of a page which is not listed made
        self.has_lost_pages = False  # there are more pages than are kept

    def add(self, entry: Socket | Request) -> None:
        """Take the next entry."""
        self.order.add_address(entry.url)
        if self.chrome is None:
            self.chrome = entry.chrome
        if entry.pageref is not None and entry.pageref not in self.signs.last_start and not self._is_page(entry):
            entry, self.has_lost_pages = msgspec.structs.replace(entry, pageref=None), True
        if isinstance(entry, Socket):
            self._add_socket(entry)
        else:
            self._add_request(entry)

    def _is_page(self, entry: Entry) -> bool:
        """May its pageref be a page's? Each name is kept, so neither are they long, nor are there many."""
        if len(entry.pageref or "") <= LONGEST_NAME:
            return len(self.signs.last_start) < MOST_PAGES
        problem = f"longer than {LONGEST_NAME:,} characters"
        self.skips.add([Skipped(f"{entry.pointer}/pageref", None, problem, SkipReason.TOO_LARGE)])
        return False

    def _add_socket(self, entry: Socket) -> None:
        if entry.started is not None:
            self.dates.add(entry, entry.started)
            self.signs.add(entry, entry.started)
        if len(self.sockets) >= MOST_SOCKETS:
            self.skips.add([Skipped(entry.pointer, None, f"more than {MOST_SOCKETS:,} sockets", SkipReason.TOO_MANY)])
            return
        self.skips.add(entry.skipped)
        self.order.add_socket()
        self.sockets.append(msgspec.structs.replace(entry, clock=self.dates.clock) if self.dates.clock else entry)

    def _add_request(self, entry: Request) -> None:
        self.others += 1
        if entry.kind == "script" or entry.destination:
            self.contexts.add(entry)
        if entry.kind == "script" and len(self.scripts) < MOST_SCRIPTS:
            self.scripts.add(shorten(entry.url))
        if entry.started is None:
            return
        self.order.add_end(entry.ended)
        self.dates.add(entry, entry.started)
        self.signs.add(entry, entry.started)
        if entry.document is not None or entry.redirect is not None:
            self.navigations.add(entry, entry.started)
        if entry.document is not None:
            if len(self.documents) < MOST_DOCUMENTS:
                self.documents.append(Load(entry.started, origin_of(entry.url)))
            return
        if entry.pageref is not None:
            if entry.sample is not NO_SAMPLE:
                self.samples.add(entry)
        elif entry.by in ("script", "parser"):
            self.unpaged = min(entry.started, self.unpaged)
