"""pageref and documents -> pages: which document a socket belongs to, how long that lived, what took its place.

A document that is reloaded takes its sockets with it before the next one's script runs. One that is navigated
away from may be kept in the back/forward cache, its sockets connected. Chrome never reports the closes that
either causes, so the page is the witness.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from analyzer.exporters import Row, Tabs
from analyzer.intervals import NEVER
from analyzer.model import MILLISECOND, SECOND, Bounds, Instant, Page, PageEnd, PageKind, Value
from analyzer.remembering import remember_last

COMMIT_SLACK = (
    200 * MILLISECOND
)  # from the document's response to the last of the old one's sockets; measured: 8..175 ms
NUMBERED = re.compile(r"page_(\d{1,15})$")


class Document(Value, frozen=True):
    """A document request: what may have replaced another document. A large file has thousands."""

    index: int  # of its entry
    tab: str | None  # its pageref; without one, its frame
    url: str
    started: Instant
    answered: Instant | None  # the response's headers; None: the exporter does not say
    asks_anew: bool  # as a reload does
    top_level: bool  # certainly not that of an iframe

    @property
    def pointer(self) -> str:
        return f"/log/entries/{self.index}"


class Listed(Value, frozen=True):
    """A member of `log.pages`."""

    id: str
    title: str
    started: Instant | None
    monotonic: Instant | None  # a date in 1970 is the page's start on the browser's monotonic clock
    tab: str | None = None  # as our own recorder tells it, with how the page was loaded
    kind: str | None = None


class Seen(Value, frozen=True):
    """What the entries of one pageref witness."""

    first_start: Instant  # of a request that is not for a document
    last_start: Instant  # the last start of a request, or a message
    documents: tuple[Document, ...]


class Contradiction(Value, frozen=True):
    """Why page ends prove nothing. `of_time`: nor can the times of one page be compared with those of another."""

    reason: str
    of_time: bool = False


def documents_as_pages(
    listed: Sequence[Listed], seen: dict[str, Seen], redirects: Sequence[Instant], trusted: bool
) -> list[Page]:
    """Chrome: one pageref, one document, numbered in order of load. Not `trusted`: page ends prove nothing."""
    numbers = _numbers(listed)
    order = sorted((page for page in listed if page.id in numbers), key=lambda page: numbers[page.id])
    main = {page.id: _main_document(page, seen) for page in order}
    pages: list[Page] = []
    firsts: dict[Instant | None, int] = {}  # the first page of each date
    for n, page in enumerate(order):
        firsts.setdefault(page.started, n)
    kinds = [_kind(order, n, firsts, numbers, main, redirects) for n in range(len(order))]
    addresses: set[str] = set()  # of the pages before
    latest = None
    for n, page in enumerate(order):
        last = seen[page.id].last_start if page.id in seen else None
        end = None
        if n + 1 < len(order):
            following = order[n + 1]
            end = _end(following, kinds[n + 1], main[following.id])
            if end.within.earliest is not None and last is not None:
                last = min(last, end.within.earliest)  # a beacon of the page that goes: it lived until the commit
        document, address = main[page.id], _address(page, main)
        pages.append(
            Page(
                id=page.id,
                url=page.title,
                started=page.started if page.started is not None else document.started if document else None,
                kind=kinds[n],
                last_sign=last if trusted else None,
                end=end if trusted else None,
                lives=trusted and n == len(order) - 1 and document is not None,
                returned=kinds[n] is PageKind.RESTORE or (latest != address and address in addresses),
            )
        )
        addresses.add(address)
        latest = address
    return pages


def _numbers(listed: Sequence[Listed]) -> dict[str, int]:
    return {page.id: int(found[1]) for page in listed if (found := NUMBERED.match(page.id))}


def _main_document(page: Listed, seen: dict[str, Seen]) -> Document | None:
    """The page's own document among the requests that carry its pageref (iframes have theirs)."""
    documents = seen[page.id].documents if page.id in seen else ()
    own = [d for d in documents if _plain(d.url) == _plain(page.title)]
    return own[0] if own else next(iter(documents), None)


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
        return Contradiction("page ids are used twice")
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
            return Contradiction("a page is younger than its document", of_time=True)
        if page.id in seen and seen[page.id].first_start < dates[page.id] - SECOND and alike[dates[page.id]] == 1:
            return Contradiction("requests of a page come before it", of_time=True)
    for before, after in pairwise(dated):
        if firsts[dates[after.id]] < numbers[after.id]:
            continue  # restored from the back/forward cache
        if dates[after.id] < dates[before.id]:
            return Contradiction("page numbers contradict the order of time", of_time=True)
        document = main[after.id]
        answer = dates[after.id] if document is None else document.answered or document.started
        if before.id in seen and seen[before.id].last_start > answer + SECOND:
            return Contradiction("requests of a page go on after another took its place")
    for pageref, witness in seen.items():
        loads = [d for d in witness.documents if d.top_level]
        if pageref in numbers and len({d.started for d in loads}) > 1:
            return Contradiction("one page has two documents")
    return None


def _began(page: Listed, document: Document | None) -> Instant:
    """When a page began, by its own date or its document's; 0 for unknown."""
    return page.started or (document.started if document is not None else 0)


def _kind(
    order: Sequence[Listed],
    n: int,
    firsts: dict[Instant | None, int],
    numbers: dict[str, int],
    main: dict[str, Document | None],
    redirects: Sequence[Instant],
) -> PageKind:
    page, document = order[n], main[order[n].id]
    before = order[n - 1] if n else None
    if page.started is not None and firsts[page.started] < n:
        return PageKind.RESTORE  # it repeats the date of the page that it brings back
    if before is None:
        first = numbers[page.id] == 1
        return PageKind.LOAD if first else PageKind.RELOAD if document and document.asks_anew else PageKind.UNKNOWN
    # Where a page of no requests stood in between, a reload is one of that page, not of `before`.
    consecutive = numbers[page.id] == numbers[before.id] + 1
    if document is None:
        same = bool(page.title) and _plain(page.title) == _plain(before.title)
        return PageKind.RELOAD if same and consecutive else PageKind.NAVIGATION
    if not document.asks_anew:
        return PageKind.NAVIGATION
    since = _began(before, main[before.id])
    same = _address(before, main) == _plain(document.url)
    if same and consecutive and not _redirected(document, since, redirects):
        return PageKind.RELOAD
    return PageKind.NAVIGATION if consecutive else PageKind.UNKNOWN


def asks_anew(method: str, cache_control: str) -> bool:
    """Chrome sends max-age=0 for a reload, and no-cache for a hard one; but max-age=0 also for a form that is posted,
    and for what that redirects to; no-cache for everything while "Disable cache" is on. So the URL must be the same."""
    asks = cache_control.replace(" ", "").lower()
    return method == "GET" and ("max-age=0" in asks or "no-cache" in asks)


def _redirected(document: Document, since: Instant, redirects: Sequence[Instant]) -> bool:
    """Did a redirect lead to it (they are in order)? Then its max-age=0 may be that of a form that was posted."""
    return bisect_right(redirects, document.started) > bisect_right(redirects, since)


def _end(following: Listed, kind: PageKind, document: Document | None) -> PageEnd:
    if document is not None and document.answered is not None:
        earliest: Instant | None = document.answered
        latest: Instant | None = document.answered + COMMIT_SLACK
        pointer = document.pointer
    else:
        earliest, latest = following.started, None  # the request's start; when it was answered nobody says
        pointer = "/log/pages"
    evidence = {PageKind.RELOAD: "page-reloaded", PageKind.RESTORE: "page-restored"}.get(kind, "page-left")
    return PageEnd(Bounds(earliest, latest, evidence, pointer), kind, kind is PageKind.RELOAD, following.id)


def tabs_as_pages(
    listed: Sequence[Listed],
    documents: Iterable[Document],
    redirects: Sequence[Instant],
    bfcache_off: bool,
    trusted: bool,
) -> list[Page]:
    """Playwright, Firefox, chrome-har-capturer: one pageref, one tab; its top-level documents are the pages.

    The id of a page is that of its tab, and for the second document on `#2`, `#3` ...
    """
    pages: list[Page] = []
    tabs: dict[str, list[Document]] = {}
    for document in documents:
        if document.top_level and document.tab is not None:
            tabs.setdefault(document.tab, []).append(document)
    titles = {page.id: page for page in listed}
    for tab, loads in tabs.items():
        loads.sort(key=lambda document: document.started)
        addresses: set[str] = set()
        for n, document in enumerate(loads):
            previous = loads[n - 1] if n else None
            reload = (
                previous is not None
                and _plain(previous.url) == _plain(document.url)
                and document.asks_anew
                and not _redirected(document, previous.started, redirects)
            )
            kind = PageKind.LOAD if previous is None else PageKind.RELOAD if reload else PageKind.NAVIGATION
            end = None
            if previous is not None:
                latest = None if document.answered is None else document.answered + COMMIT_SLACK
                evidence = "page-reloaded" if reload else "page-left"
                bounds = Bounds(document.answered or document.started, latest, evidence, document.pointer)
                end = PageEnd(bounds, kind, reload or bfcache_off, _tab_page(tab, n))
                pages[-1] = _ended(pages[-1], end if trusted else None)
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
    known = set(tabs)
    pages += [
        Page(id=page.id, url=page.title, started=page.started, kind=PageKind.UNKNOWN)
        for page in titles.values()
        if page.id not in known
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


def _ended(page: Page, end: PageEnd | None) -> Page:
    return Page(page.id, page.url, page.started, page.kind, page.last_sign, end, page.lives, page.returned)


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
