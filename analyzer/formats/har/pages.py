"""pageref and documents -> pages: which document a socket belongs to, how long that lived, what took its place.

A document that is reloaded takes its sockets with it before the next one's script runs. One that is navigated
away from may be kept in the back/forward cache, its sockets connected. Chrome never reports the closes that
either causes, so the page is the witness.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, pairwise

import msgspec

from analyzer import assumptions
from analyzer.formats.har.exporters import Row, Tabs
from analyzer.formats.har.reloads import MAX_AGE, Ask, Ordinary, Replaces, Way, replaces
from analyzer.intervals import NEVER
from analyzer.memo import remember_last
from analyzer.model import (
    SECOND,
    Bounds,
    Caveat,
    Closes,
    Coverage,
    Duration,
    Evidence,
    Instant,
    Page,
    PageEnd,
    PageKind,
    Value,
)

NUMBERED = re.compile(r"page_(\d{1,15})$")


class Document(Value, frozen=True):
    """A document request: what may have replaced another document. A large file has thousands."""

    index: int  # of its entry
    tab: str | None  # its pageref; without one, its frame
    url: str
    started: Instant
    answered: Instant | None  # the response's headers; None: the exporter does not say
    ask: Ask
    first: Ask  # what was asked for first, where redirects led to it
    top_level: bool  # not that of an iframe
    embedded: bool = False  # certainly that of an iframe

    @property
    def pointer(self) -> str:
        return f"/log/entries/{self.index}"

    def moved(self, by: Duration) -> Document:
        answered = None if self.answered is None else self.answered + by
        return msgspec.structs.replace(self, started=self.started + by, answered=answered)


class Listed(Value, frozen=True):
    """A member of `log.pages`."""

    id: str
    title: str
    started: Instant | None
    monotonic: Instant | None  # a date in 1970 is the page's start on the browser's monotonic clock
    tab: str | None = None  # as our own recorder tells it, with how the page was loaded
    kind: str | None = None

    def moved(self, by: Duration) -> Listed:
        return msgspec.structs.replace(self, started=None if self.started is None else self.started + by)


class Seen(Value, frozen=True):
    """What the entries of one pageref witness."""

    first_start: Instant  # of a request that is not for a document
    last_start: Instant  # the last start of a request, or a message
    documents: tuple[Document, ...]
    content: Instant | None = None  # the first request that its parser made: its document was there
    failed: Instant | None = None  # the start of a navigation that failed and, it seems, left an error page


class Rules(Value, frozen=True):
    """What it takes the whole file to know about how pages end."""

    trusted: bool = True  # False: page ends prove nothing
    whole: bool = True  # False: pages may be missing, so the last one listed need not be the last
    ordinary: Ordinary = Ordinary()
    framed: bool = False  # there are iframes
    other_process: Collection[str] = ()  # pages whose scripts have lower ids than in the page before
    no_bfcache: Caveat | None = None  # assumed: a navigation ends the sockets of the page that is left
    start_slack: Duration = 0  # by which dates may be early
    loaded: Collection[str] = ()  # pages whose document lacks the mark of one: it shows that it was loaded, and no more


class Contradiction(Value, frozen=True):
    """Why page ends prove nothing. `of_time`: nor can the times of one page be compared with those of another."""

    reason: str
    of_time: bool = False


class Numbered(Value, frozen=True):
    """The pages of one tab, with how long each would have reported a close."""

    pages: list[Page]
    watches: dict[str, Coverage]  # by Page.id


def documents_as_pages(listed: Sequence[Listed], seen: dict[str, Seen], rules: Rules) -> Numbered:
    """Chrome: one pageref, one document, numbered in order of load."""
    numbers = _numbers(listed)
    order = sorted((page for page in listed if page.id in numbers), key=lambda page: numbers[page.id])
    main = _main_documents(order, seen)
    pages: list[Page] = []
    watches: dict[str, Coverage] = {}
    firsts: dict[Instant | None, int] = {}  # the first page of each date
    for n, page in enumerate(order):
        firsts.setdefault(page.started, n)
    how = [_replaces(order, n, firsts, numbers, main, rules, seen) for n in range(len(order))]
    shown = _shown_since(order, seen, main, how, rules.start_slack)
    addresses: set[str] = set()  # of the pages before
    latest = None
    recorded = _recorded(order, main, seen, rules.loaded)
    for n, page in enumerate(order):
        witness, document, address = seen.get(page.id), main[page.id], _address(page, main)
        last = witness.last_start if witness is not None else None
        failed = witness.failed if witness is not None else None
        if failed is not None and last is not None:
            last = min(last, failed)
        end = None
        if n + 1 < len(order):
            following = order[n + 1]
            end = _end(following, main[following.id], how[n + 1], shown[n + 1], rules)
            if end.within.earliest is not None and last is not None:
                last = min(last, end.within.earliest)  # a beacon of the page that goes: it lived until the commit
        pages.append(
            Page(
                id=page.id,
                url=page.title,
                started=page.started if page.started is not None else document.started if document else None,
                kind=_kind(page, n, document, how[n], numbers),
                end=end if rules.trusted else None,
                returned=how[n] is PageKind.RESTORE or (latest != address and address in addresses),
                recorded=page.id in recorded,
            )
        )
        if rules.trusted:
            lives = rules.whole and end is None and document is not None and failed is None
            watches[page.id] = Coverage(Closes.WHILE_PAGE_LIVES, last, lives, assumptions.PAGE_ALIVE if lives else None)
        addresses.add(address)
        latest = address
    return Numbered(pages, watches)


def in_order(listed: Sequence[Listed]) -> list[str]:
    """The ids of Chrome's pages, in order of load."""
    numbers = _numbers(listed)
    return sorted(numbers, key=lambda id: numbers[id])


def _numbers(listed: Sequence[Listed]) -> dict[str, int]:
    return {page.id: int(found[1]) for page in listed if (found := NUMBERED.match(page.id))}


def _main_documents(order: Sequence[Listed], seen: dict[str, Seen]) -> dict[str, Document | None]:
    """Each page's own document. What the back/forward cache brings back takes the document of the page that it was, and
    repeats its date."""
    found = {page.id: _main_document(page, seen) for page in order}
    by_date = {page.started: found[page.id] for page in order if found[page.id] is not None}
    return {page.id: found[page.id] or by_date.get(page.started) if page.started else found[page.id] for page in order}


def _main_document(page: Listed, seen: dict[str, Seen]) -> Document | None:
    """The page's own document among the requests that carry its pageref (iframes have theirs)."""
    documents = [d for d in seen[page.id].documents if not d.embedded] if page.id in seen else []
    own = [d for d in documents if _plain(d.url) == _plain(page.title)]
    return next(iter(own or documents), None)


def _recorded(
    order: Sequence[Listed], main: dict[str, Document | None], seen: dict[str, Seen], loaded: Collection[str]
) -> set[str]:
    """The pages whose load is in the file: by their own document, which a page that is brought back takes with it.

    An export of sockets alone has no documents: there a page that has a socket counts.
    """
    own = {page.id for page in order if page.id in loaded or _is_own(main[page.id], page)}
    if not own and not any(witness.documents for witness in seen.values()):
        own = {page.id for page in order if page.id in seen}
    dates = {page.started for page in order if page.id in own and page.started is not None}
    return {page.id for page in order if page.id in own or page.started in dates}


def _is_own(document: Document | None, page: Listed) -> bool:
    return document is not None and (document.top_level or _plain(document.url) == _plain(page.title))


def _plain(url: str) -> str:
    return url.partition("#")[0]


def _address(page: Listed, main: dict[str, Document | None]) -> str:
    document = main[page.id]
    return _plain(document.url if document else page.title)


def contradiction(listed: Sequence[Listed], seen: dict[str, Seen], numbered: bool = True) -> Contradiction | None:
    """Why the pages cannot be those of one recording (two captures merged, or one edited); None where they can.

    `numbered` (Chrome): they are those of one tab, one after the other.
    """
    ids = [page.id for page in listed]
    if len(set(ids)) < len(ids):
        return Contradiction("two pages have the same id")
    numbers = _numbers(listed) if numbered else {}
    order = sorted((page for page in listed if page.id in numbers), key=lambda page: numbers[page.id])
    main = {page.id: _main_document(page, seen) for page in order}
    dates = {page.id: _began(page, main[page.id]) for page in order}
    dated = [page for page in order if dates[page.id]]
    alike = Counter(dates[page.id] for page in dated)
    firsts = {dates[page.id]: numbers[page.id] for page in reversed(dated)}  # the lowest number of each date
    for page in dated:
        document = main[page.id]
        if page.started is not None and document is not None and document.started < page.started - SECOND:
            return Contradiction("a page starts later than its document", of_time=True)
        if page.id in seen and seen[page.id].first_start < dates[page.id] - SECOND and alike[dates[page.id]] == 1:
            return Contradiction("requests of a page are earlier than the page", of_time=True)
    for before, after in pairwise(dated):
        if firsts[dates[after.id]] < numbers[after.id]:
            continue  # restored from the back/forward cache
        if dates[after.id] < dates[before.id]:
            return Contradiction("page numbers are not in order of time", of_time=True)
        document = main[after.id]
        answer = dates[after.id] if document is None else document.answered or document.started
        if before.id in seen and seen[before.id].last_start > answer + SECOND:
            return Contradiction("requests of a page continue after the next page replaced it")
    for pageref, witness in seen.items():
        loads = [d for d in witness.documents if d.top_level and d.ask.site is not None]  # those that surely are
        if pageref in numbers and len({d.started for d in loads}) > 1:
            return Contradiction("one page has two documents")
    return None


def _began(page: Listed, document: Document | None) -> Instant:
    """When a page began, by its own date or its document's; 0 for unknown."""
    return page.started or (document.started if document is not None else 0)


def _replaces(
    order: Sequence[Listed],
    n: int,
    firsts: dict[Instant | None, int],
    numbers: dict[str, int],
    main: dict[str, Document | None],
    rules: Rules,
    seen: dict[str, Seen],
) -> Replaces | PageKind:
    """What this page did to the one before; UNKNOWN where nothing tells, as where there is none."""
    page, document = order[n], main[order[n].id]
    if page.started is not None and firsts[page.started] < n:
        return PageKind.RESTORE  # it repeats the date of the page that it brings back
    if n == 0 or document is None:  # equal titles are no sign of a reload
        return PageKind.UNKNOWN
    before = order[n - 1]
    asked = main[before.id]
    way = Way(rules.framed, page.id in rules.other_process)
    found = replaces(asked.ask if asked is not None else _unrecorded(before), document.first, rules.ordinary, way)
    # Where a page of no requests stood in between, or an error page, a reload is one of that, not of `before`.
    error_page = before.id in seen and seen[before.id].failed is not None
    if found is not Replaces.NAVIGATION and (error_page or numbers[page.id] != numbers[before.id] + 1):
        return PageKind.UNKNOWN
    # DevTools keeps all pages or the last one alone: several without the first are of a log that was cleared, or of two
    # tabs that somebody put together.
    if found is Replaces.RELOAD and numbers[order[0].id] > 1:
        return Replaces.RELOAD_ASSUMED
    return found


def _unrecorded(page: Listed) -> Ask | None:
    """Of a page whose document is not in the file: Chrome titles it by the document's address, where it is one."""
    return Ask(_plain(page.title), "GET", None, None, None, None) if "://" in page.title else None


def _kind(
    page: Listed, n: int, document: Document | None, how: Replaces | PageKind, numbers: dict[str, int]
) -> PageKind:
    """How a page came to be loaded."""
    match how:
        case Replaces.RELOAD | Replaces.RELOAD_ASSUMED:
            return PageKind.RELOAD
        case Replaces.NAVIGATION:
            return PageKind.NAVIGATION
        case PageKind.RESTORE:
            return PageKind.RESTORE
    if n == 0 and numbers[page.id] == 1:
        return PageKind.LOAD
    again = n == 0 and document is not None and document.ask.directive == MAX_AGE  # of a page that is not in the file
    return PageKind.RELOAD if again else PageKind.UNKNOWN


def _shown_since(
    order: Sequence[Listed],
    seen: dict[str, Seen],
    main: dict[str, Document | None],
    how: Sequence[Replaces | PageKind],
    slack: Duration,
) -> list[Instant | None]:
    """For each page an instant at which it, or a later one, was there: the pages before it were gone by then.

    Its document was there when its parser asked for something. When the request for the next document but
    one began, it had come and was to go in turn. The answer to its own request is no bound: a page that is busy
    when it should go (`pagehide`, a long task) goes late. What a page brings back from the back/forward cache has old
    dates.
    """
    shown: list[Instant | None] = []
    later: Instant | None = None
    for n in reversed(range(len(order))):
        id, restored = order[n].id, how[n] is PageKind.RESTORE
        content = seen[id].content if id in seen and not restored else None
        known = [content + slack if content is not None else None, later]
        shown.append(_first(known))
        document = main[id] if not restored else None
        later = _first([*known, document.started + slack if document is not None else None])
    return shown[::-1]


def _first(instants: Iterable[Instant | None]) -> Instant | None:
    return min((at for at in instants if at is not None), default=None)


def _end(
    following: Listed,
    document: Document | None,
    how: Replaces | PageKind,
    shown: Instant | None,
    rules: Rules,
) -> PageEnd:
    known = document is not None and document.answered is not None
    earliest = document.answered if document is not None and known else following.started
    pointer = document.pointer if document is not None and known else "/log/pages"
    latest = None if shown is None or earliest is None else max(earliest, shown)
    evidence = Evidence.PAGE_LEFT
    assumes: Caveat | None = None
    kind, final = PageKind.NAVIGATION, False
    match how:
        case Replaces.RELOAD | Replaces.RELOAD_ASSUMED:
            kind, final, evidence = PageKind.RELOAD, True, Evidence.PAGE_RELOADED
            assumes = assumptions.RELOAD if how is Replaces.RELOAD_ASSUMED else None
        case PageKind.RESTORE:
            kind, evidence = PageKind.RESTORE, Evidence.PAGE_RESTORED
        case PageKind.UNKNOWN:
            kind = PageKind.UNKNOWN
    if rules.no_bfcache is not None and (assumes is not None or not final) and kind is not PageKind.RESTORE:
        final, assumes = True, rules.no_bfcache
    return PageEnd(Bounds(earliest, latest, evidence, pointer), kind, final, following.id, assumes)


def tabs_as_pages(listed: Sequence[Listed], documents: Iterable[Document], rules: Rules) -> list[Page]:
    """Playwright, Firefox, chrome-har-capturer: one pageref, one tab; its top-level documents are the pages.

    The id of a page is that of its tab, and for the second document on `#2`, `#3` ...
    """
    pages: list[Page] = []
    tabs: dict[str, list[Document]] = {}
    for document in documents:
        if document.top_level and document.tab is not None:
            tabs.setdefault(document.tab, []).append(document)
    for tab, loads in tabs.items():
        loads.sort(key=lambda document: document.started)
        addresses: set[str] = set()
        for n, document in enumerate(loads):
            previous = loads[n - 1] if n else None
            how: Replaces | PageKind = PageKind.UNKNOWN
            if previous is not None:
                how = replaces(previous.ask, document.first, rules.ordinary, Way(rules.framed))
                after = loads[n + 1].started + rules.start_slack if n + 1 < len(loads) else None
                as_listed = Listed(_tab_page(tab, n), "", document.started, None)
                end = _end(as_listed, document, how, after, rules)
                pages[-1] = msgspec.structs.replace(pages[-1], end=end if rules.trusted else None)
            kind = PageKind.LOAD if previous is None else PageKind.NAVIGATION
            kind = PageKind.RELOAD if how in (Replaces.RELOAD, Replaces.RELOAD_ASSUMED) else kind
            address = _plain(document.url)
            pages.append(
                Page(
                    id=_tab_page(tab, n),
                    url=document.url,
                    started=document.started,
                    kind=kind,
                    returned=previous is not None and _plain(previous.url) != address and address in addresses,
                )
            )
            addresses.add(address)
    pages += [
        Page(id=page.id, url=page.title, started=page.started, kind=PageKind.UNKNOWN, recorded=False)
        for page in {page.id: page for page in listed}.values()
        if page.id not in tabs
    ]
    return pages


def told_as_pages(listed: Sequence[Listed]) -> list[Page]:
    """Our own recorder: each page says its tab and how it was loaded. It ends no socket: each says that itself."""
    pages = []
    before: dict[str | None, list[str]] = {}
    for page in listed:
        seen, url = before.setdefault(page.tab, []), _plain(page.title)
        kind = PageKind(page.kind) if page.kind in tuple(PageKind) else PageKind.UNKNOWN
        returned = bool(seen) and seen[-1] != url and url in seen
        pages.append(Page(id=page.id, url=page.title, started=page.started, kind=kind, returned=returned))
        seen.append(url)
    return pages


def _tab_page(tab: str, n: int) -> str:
    return tab if n == 0 else f"{tab}#{n + 1}"


def page_of(
    pageref: str | None, frame: str | None, started: Instant | None, row: Row, pages: Sequence[Page]
) -> str | None:
    """The id of the page that a socket belongs to. In a tab: the last document that was answered before it started."""
    if row.tabs in (Tabs.DOCUMENT, Tabs.TOLD):
        return pageref
    if row.tabs is Tabs.NOTHING:
        return None
    tab = _tabs(pages).get(pageref or frame or "")
    if tab is None:
        return None
    begun, ids = tab
    return ids[max(0, bisect_right(begun, started) - 1)] if started is not None else ids[0]


@remember_last  # each socket of a capture asks for its pages
def _tabs(pages: Sequence[Page]) -> dict[str, tuple[list[Instant], list[str]]]:
    """Group the pages by tab: for each its id, and the instant from which a socket belongs to it or to one after it."""
    tabs: dict[str, list[Page]] = {}
    for page in pages:
        tabs.setdefault(page.id, []).append(page)
        tab, _, number = page.id.rpartition("#")
        if number.isdecimal() and tab:
            tabs.setdefault(tab, []).append(page)
    return {tab: (_begun(documents), [page.id for page in documents]) for tab, documents in tabs.items()}


def _begun(documents: Sequence[Page]) -> list[Instant]:
    """Since when a document, or one after it, has been there: never later than for those after it."""
    own = [documents[0].started or 0]
    for before, page in pairwise(documents):
        since = page.started if before.end is None else before.end.within.earliest
        own.append(NEVER if since is None else since)
    return list(accumulate(reversed(own), min))[::-1]
