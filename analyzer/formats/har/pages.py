"""Work out the pages of a tab: how long each document lived, and what took its place.

A document that is reloaded takes its sockets with it before the next one's script runs. One that is navigated
away from may be kept in the back/forward cache, its sockets connected. Chrome never reports the closes that
either causes, so the page is the witness.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, pairwise

import msgspec

from analyzer import assumptions
from analyzer.formats.har.reloads import MAX_AGE, Ask, Ordinary, Replaces, Way, replaces
from analyzer.model import (
    MILLISECOND,
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
from analyzer.patterns import Pattern

NUMBERED = Pattern(r"page_(\d{1,15})$")


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

    def shift(self, by: Duration) -> Document:
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

    def shift(self, by: Duration) -> Listed:
        return msgspec.structs.replace(self, started=None if self.started is None else self.started + by)


class Witness(Value, frozen=True):
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


def documents_as_pages(listed: Sequence[Listed], witnesses: dict[str, Witness], rules: Rules) -> Numbered:
    """Chrome: one pageref, one document, numbered in order of load."""
    numbers = _numbers(listed)
    order = sorted((page for page in listed if page.id in numbers), key=lambda page: numbers[page.id])
    main = _main_documents(order, witnesses)
    pages: list[Page] = []
    watches: dict[str, Coverage] = {}
    firsts: dict[Instant | None, int] = {}  # the first page of each date
    for n, page in enumerate(order):
        firsts.setdefault(page.started, n)
    how = [_replaces(order, n, firsts, numbers, main, rules, witnesses) for n in range(len(order))]
    arrivals = _arrivals(order, witnesses, main, how, rules.start_slack)
    addresses: set[str] = set()  # of the pages before
    latest = None
    with_load = _pages_with_load(order, main, witnesses, rules.loaded)
    for n, page in enumerate(order):
        document, address = main[page.id], _address(page, main)
        end = None
        if n + 1 < len(order):
            following = order[n + 1]
            end = end_of(following, main[following.id], how[n + 1], arrivals[n + 1], rules)
        pages.append(
            Page(
                id=page.id,
                url=page.title,
                started=_start(page, document),
                kind=_kind(page, n, document, how[n], numbers),
                end=end if rules.trusted else None,
                returned=how[n] is PageKind.RESTORE or (latest != address and address in addresses),
                recorded=page.id in with_load,
                shows_departure=rules.trusted,
            )
        )
        if rules.trusted:
            watches[page.id] = _coverage(witnesses.get(page.id), end, rules.whole and document is not None)
        addresses.add(address)
        latest = address
    return Numbered(pages, watches)


def _coverage(witness: Witness | None, end: PageEnd | None, may_live: bool) -> Coverage:
    """How long Chrome would have recorded closes of a page's sockets: until the last sign of its document."""
    failed = witness.failed if witness is not None else None
    # A beacon of the page that goes comes after its end: it lived until the commit.
    signs = (
        (witness.last_start, failed, end.within.earliest if end is not None else None) if witness is not None else ()
    )
    lives = may_live and end is None and failed is None
    return Coverage(Closes.WHILE_PAGE_LIVES, _first(signs), lives, assumptions.PAGE_ALIVE if lives else None)


def in_order(listed: Sequence[Listed]) -> list[str]:
    """The ids of Chrome's pages, in order of load."""
    numbers = _numbers(listed)
    return sorted(numbers, key=lambda id: numbers[id])


def unify_dates(listed: Iterable[Listed]) -> list[Listed]:
    """Give a page that the back/forward cache brings back exactly the date of the page that it was.

    Chrome repeats the date, cut to 1 ms; what it cuts may differ a little.
    """
    dates: dict[tuple[str, int], Instant] = {}  # by title and millisecond
    return [_repeat_date(page, dates) for page in listed]


def _repeat_date(page: Listed, dates: dict[tuple[str, int], Instant]) -> Listed:
    if page.started is None:
        return page
    tick = page.started // MILLISECOND
    near = (dates.get((page.title, tick + step)) for step in (0, -1, 1))
    started = next((date for date in near if date is not None), page.started)
    dates[page.title, tick] = started
    return msgspec.structs.replace(page, started=started)


def _numbers(listed: Sequence[Listed]) -> dict[str, int]:
    return {page.id: int(match[1]) for page in listed if (match := NUMBERED.match(page.id))}


def _main_documents(order: Sequence[Listed], witnesses: dict[str, Witness]) -> dict[str, Document | None]:
    """Each page's own document. What the back/forward cache brings back takes the document of the page that it was, and
    repeats its date."""
    own = {page.id: _main_document(page, witnesses) for page in order}
    by_date = {page.started: own[page.id] for page in order if own[page.id] is not None}
    return {page.id: own[page.id] or by_date.get(page.started) if page.started else own[page.id] for page in order}


def _main_document(page: Listed, witnesses: dict[str, Witness]) -> Document | None:
    """The page's own document among the requests that carry its pageref (iframes have theirs)."""
    documents = [d for d in witnesses[page.id].documents if not d.embedded] if page.id in witnesses else []
    own = [d for d in documents if plain(d.url) == plain(page.title)]
    return next(iter(own or documents), None)


def _pages_with_load(
    order: Sequence[Listed], main: dict[str, Document | None], witnesses: dict[str, Witness], loaded: Collection[str]
) -> set[str]:
    """The pages whose load is in the file: by their own document, which a page that is brought back takes with it.

    An export of sockets alone has no documents: there a page that has a socket counts.
    """
    own = {page.id for page in order if page.id in loaded or _is_own(main[page.id], page)}
    if not own and not any(witness.documents for witness in witnesses.values()):
        own = {page.id for page in order if page.id in witnesses}
    dates = {page.started for page in order if page.id in own and page.started is not None}
    return {page.id for page in order if page.id in own or page.started in dates}


def _is_own(document: Document | None, page: Listed) -> bool:
    return document is not None and (document.top_level or plain(document.url) == plain(page.title))


def plain(url: str) -> str:
    return url.partition("#")[0]


def _address(page: Listed, main: dict[str, Document | None]) -> str:
    document = main[page.id]
    return plain(document.url if document else page.title)


def contradiction(
    listed: Sequence[Listed], witnesses: dict[str, Witness], numbered: bool = True
) -> Contradiction | None:
    """Say why the pages cannot be those of one recording (two captures merged, or one edited); None where they can.

    `numbered` (Chrome): they are those of one tab, one after the other.
    """
    ids = [page.id for page in listed]
    if len(set(ids)) < len(ids):
        return Contradiction("two pages have the same id")
    if not numbered:
        return None
    numbers = _numbers(listed)
    order = sorted((page for page in listed if page.id in numbers), key=lambda page: numbers[page.id])
    loads = [
        Load(page, numbers[page.id], date, document, witnesses.get(page.id))
        for page in order
        if (date := _start(page, document := _main_document(page, witnesses)))
    ]
    checks = chain(_early_requests(loads), _late_requests(loads), _second_documents(numbers, witnesses))
    return next(checks, None)


class Load(msgspec.Struct, frozen=True):
    """A page of Chrome's with its date, its document and what its entries witness."""

    page: Listed
    number: int
    date: Instant
    document: Document | None
    witness: Witness | None


def _early_requests(loads: Sequence[Load]) -> Iterator[Contradiction]:
    """Find requests that are earlier than their page."""
    alike = Counter(load.date for load in loads)
    for load in loads:
        started, document, witness = load.page.started, load.document, load.witness
        if started is not None and document is not None and document.started < started - SECOND:
            yield Contradiction("a page starts later than its document", of_time=True)
        if witness is not None and witness.first_start < load.date - SECOND and alike[load.date] == 1:
            yield Contradiction("requests of a page are earlier than the page", of_time=True)


def _late_requests(loads: Sequence[Load]) -> Iterator[Contradiction]:
    """Find pages in another order than their numbers, and requests of a page that was replaced."""
    firsts = {load.date: load.number for load in reversed(loads)}  # the lowest number of each date
    for before, after in pairwise(loads):
        if firsts[after.date] < after.number:
            continue  # restored from the back/forward cache
        if after.date < before.date:
            yield Contradiction("page numbers are not in order of time", of_time=True)
        document = after.document
        answer = after.date if document is None else document.answered or document.started
        if before.witness is not None and before.witness.last_start > answer + SECOND:
            yield Contradiction("requests of a page continue after the next page replaced it")


def _second_documents(numbers: Collection[str], witnesses: dict[str, Witness]) -> Iterator[Contradiction]:
    """Find pages of two documents."""
    for pageref, witness in witnesses.items():
        loads = [d for d in witness.documents if d.top_level and d.ask.site is not None]  # those that surely are
        if pageref in numbers and len({d.started for d in loads}) > 1:
            yield Contradiction("one page has two documents")


def _start(page: Listed, document: Document | None) -> Instant | None:
    """When a page began, by its own date or its document's."""
    if page.started is not None:
        return page.started
    return document.started if document is not None else None


def _replaces(
    order: Sequence[Listed],
    n: int,
    firsts: dict[Instant | None, int],
    numbers: dict[str, int],
    main: dict[str, Document | None],
    rules: Rules,
    witnesses: dict[str, Witness],
) -> Replaces | PageKind:
    """What this page did to the one before; UNKNOWN where nothing tells, as where there is none."""
    page, document = order[n], main[order[n].id]
    if page.started is not None and firsts[page.started] < n:
        return PageKind.RESTORE  # it repeats the date of the page that it brings back
    if n == 0 or document is None:  # equal titles are no sign of a reload
        return PageKind.UNKNOWN
    before = order[n - 1]
    own = main[before.id]
    way = Way(rules.framed, page.id in rules.other_process)
    kind = replaces(own.ask if own is not None else _ask_by_title(before), document.first, rules.ordinary, way)
    # Where a page of no requests stood in between, or an error page, a reload is one of that, not of `before`.
    error_page = before.id in witnesses and witnesses[before.id].failed is not None
    if kind is not Replaces.NAVIGATION and (error_page or numbers[page.id] != numbers[before.id] + 1):
        return PageKind.UNKNOWN
    # DevTools keeps all pages or the last one alone: several without the first are of a log that was cleared, or of two
    # tabs that somebody put together.
    if kind is Replaces.RELOAD and numbers[order[0].id] > 1:
        return Replaces.RELOAD_ASSUMED
    return kind


def _ask_by_title(page: Listed) -> Ask | None:
    """Of a page whose document is not in the file: Chrome titles it by the document's address, where it is one."""
    return Ask(plain(page.title), "GET", None, None, None, None) if "://" in page.title else None


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


def _arrivals(
    order: Sequence[Listed],
    witnesses: dict[str, Witness],
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
    arrivals: list[Instant | None] = []
    later: Instant | None = None
    for n in reversed(range(len(order))):
        id, restored = order[n].id, how[n] is PageKind.RESTORE
        content = witnesses[id].content if id in witnesses and not restored else None
        signs = [content + slack if content is not None else None, later]
        arrivals.append(_first(signs))
        document = main[id] if not restored else None
        later = _first([*signs, document.started + slack if document is not None else None])
    return arrivals[::-1]


def _first(instants: Iterable[Instant | None]) -> Instant | None:
    return min((at for at in instants if at is not None), default=None)


def end_of(
    following: Listed,
    document: Document | None,
    how: Replaces | PageKind,
    arrival: Instant | None,
    rules: Rules,
) -> PageEnd:
    earliest, pointer = following.started, "/log/pages"
    if document is not None and document.answered is not None:
        earliest, pointer = document.answered, document.pointer
    latest = None if arrival is None or earliest is None else max(earliest, arrival)
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
