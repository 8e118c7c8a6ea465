"""Work out the pages of files in which a pageref names a tab, and find the page of a socket.

Playwright, Firefox and chrome-har-capturer name tabs; captures of our own state of each page its tab.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import msgspec

from analyzer.formats.har.exporters import Row, Tabs
from analyzer.formats.har.pages import Document, Listed, Rules, end_of, plain
from analyzer.formats.har.reloads import Replaces, Way, replaces
from analyzer.intervals import NEVER
from analyzer.memo import memoize_last
from analyzer.model import Instant, Page, PageKind


def tabs_as_pages(listed: Sequence[Listed], documents: Iterable[Document], rules: Rules) -> list[Page]:
    """List the top-level documents of each tab as pages.

    The id of a page is that of its tab, and for the second document on `#2`, `#3` ...
    """
    tabs: dict[str, list[Document]] = {}
    for document in documents:
        if document.top_level and document.tab is not None:
            tabs.setdefault(document.tab, []).append(document)
    pages = [page for tab, loads in tabs.items() for page in _pages_of_tab(tab, loads, rules)]
    pages += [
        Page(page.id, page.title, page.started, PageKind.UNKNOWN, recorded=False, shows_departure=False)
        for page in {page.id: page for page in listed}.values()
        if page.id not in tabs
    ]
    return pages


def _pages_of_tab(tab: str, documents: Iterable[Document], rules: Rules) -> list[Page]:
    """The documents of one tab as pages, in order of time."""
    # A file may hold an entry twice; a tab does not ask for one address twice in the same instant.
    once = {(document.started, document.url): document for document in documents}
    loads = sorted(once.values(), key=lambda document: document.started)
    pages: list[Page] = []
    addresses: set[str] = set()
    for n, document in enumerate(loads):
        previous = loads[n - 1] if n else None
        kind = PageKind.LOAD
        if previous is not None:
            how = replaces(previous.ask, document.first, rules.ordinary, Way(rules.framed))
            kind = PageKind.NAVIGATION if how is Replaces.NAVIGATION else PageKind.RELOAD
            after = loads[n + 1].started + rules.start_slack if n + 1 < len(loads) else None
            end = end_of(Listed(_tab_page(tab, n), "", document.started, None), document, how, after, rules)
            pages[-1] = msgspec.structs.replace(pages[-1], end=end if rules.trusted else None)
        address = plain(document.url)
        is_other = previous is not None and plain(previous.url) != address
        id, is_back = _tab_page(tab, n), is_other and address in addresses
        pages.append(Page(id, document.url, document.started, kind, returned=is_back, shows_departure=rules.trusted))
        addresses.add(address)
    return pages


def own_pages(listed: Sequence[Listed]) -> list[Page]:
    """List the pages of a capture of our own, which states tab and kind of each.

    None ends a socket: each socket states its own end.
    """
    pages = []
    before: dict[str | None, list[str]] = {}
    for page in listed:
        urls, url = before.setdefault(page.tab, []), plain(page.title)
        kind = PageKind(page.kind) if page.kind in tuple(PageKind) else PageKind.UNKNOWN
        returned = bool(urls) and urls[-1] != url and url in urls
        pages.append(Page(page.id, page.title, page.started, kind, returned=returned, shows_departure=False))
        urls.append(url)
    return pages


def _tab_page(tab: str, n: int) -> str:
    return tab if n == 0 else f"{tab}#{n + 1}"


def page_of(
    pageref: str | None, frame: str | None, started: Instant | None, row: Row, pages: Sequence[Page]
) -> str | None:
    """The id of the page that a socket belongs to. In a tab: the last document that was answered before it started."""
    if row.tabs in (Tabs.DOCUMENT, Tabs.STATED):
        return pageref
    if row.tabs is Tabs.NOTHING:
        return None
    tab = _tabs(pages).get(pageref or frame or "")
    if tab is None:
        return None
    since, ids = tab
    return ids[max(0, bisect_right(since, started) - 1)] if started is not None else ids[0]


@memoize_last  # each socket of a capture asks for its pages
def _tabs(pages: Sequence[Page]) -> dict[str, tuple[list[Instant], list[str]]]:
    """Group the pages by tab: for each its id, and the instant from which a socket belongs to it or to one after it."""
    tabs: dict[str, list[Page]] = {}
    for page in pages:
        tabs.setdefault(page.id, []).append(page)
        tab, _, number = page.id.rpartition("#")
        if number.isdecimal() and tab:
            tabs.setdefault(tab, []).append(page)
    return {tab: (_since(documents), [page.id for page in documents]) for tab, documents in tabs.items()}


def _since(documents: Sequence[Page]) -> list[Instant]:
    """Since when a document, or one after it, has been there: never later than for those after it."""
    own = [documents[0].started or 0]
    for before, page in pairwise(documents):
        since = page.started if before.end is None else before.end.within.earliest
        own.append(NEVER if since is None else since)
    return list(accumulate(reversed(own), min))[::-1]
