"""Survey what all entries of a file together show: its exporter, its clocks, its sockets, its pages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from analyzer.formats.devtools import shorten
from analyzer.formats.har import exporters
from analyzer.formats.har.duplicates import unite
from analyzer.formats.har.entry import Socket
from analyzer.formats.har.exporters import Row, Tabs
from analyzer.formats.har.fields import message_clock
from analyzer.formats.har.gather import Gathered, PageSigns
from analyzer.formats.har.log import Log
from analyzer.formats.har.messages import exact_start
from analyzer.formats.har.pages import Document, Listed, Witness, unify_dates
from analyzer.model import MILLISECOND, SECOND, Discreet, Instant

FEW_DATES = 2  # one alone may be a whole second by chance
MONOTONIC_SLACK = 20 * MILLISECOND  # of a page's date on the monotonic clock; measured: 2..15 ms early


class Survey(Discreet, msgspec.Struct, frozen=True):
    """What the whole file shows.

    tick: microseconds a tick of the message clock; 0: monotonic seconds; None: no clock.
    sockets: each once. repeated: how many more entries stand for one.
    listed: the pages of the log, and those that entries alone name.
    """

    log: Log
    gathered: Gathered
    row: Row
    tick: float | None
    sockets: Sequence[Socket]
    repeated: int
    listed: Sequence[Listed]
    documents: Sequence[Document]
    signs: PageSigns

    @property
    def is_stepped(self) -> bool:
        """Was the machine's clock set in between?"""
        return self.gathered.dates.clock > 0 and self.row.in_order_of_start

    @property
    def runs_backwards(self) -> bool:
        """Does an entry start before the one above it, in an exporter's file that has them in order?"""
        return self.gathered.dates.runs_backwards and self.row.in_order_of_start

    @property
    def has_lost_pages(self) -> bool:
        """Are there more pages than are kept? Then no page's end proves anything."""
        gathered = self.gathered
        return self.log.has_lost_pages or gathered.has_lost_pages or gathered.navigations.is_full

    @property
    def is_numbered(self) -> bool:
        """Are the pages documents of one tab, numbered in order of load?"""
        return self.row.tabs is Tabs.DOCUMENT


def survey(log: Log, gathered: Gathered) -> Survey:
    """Survey a file whose entries are all gathered."""
    sockets = unite(gathered.sockets)
    ids = {page.id for page in log.pages}
    unlisted = (Listed(page, "", None, None) for page in gathered.signs.last_start if page not in ids)
    row = _row(log, gathered)
    clock = message_clock(socket.ticks for socket in gathered.sockets if socket.ticks)
    plain = Survey(
        log=log,
        gathered=gathered,
        row=row,
        tick=clock if row.has_message_times else None,
        sockets=sockets,
        repeated=len(gathered.sockets) - len(sockets),
        listed=unify_dates([*log.pages, *unlisted]),
        documents=gathered.navigations.documents,
        signs=gathered.signs,
    )
    return plain if _has_exact_dates(plain) else _blur(plain)


def _row(log: Log, gathered: Gathered) -> Row:
    """By the creator's name, and by what shows that another program or an old Chrome is behind it."""
    row = exporters.identify(log.creator, log.version)
    for other in row.behind:
        if other.chrome_up_to is not None:
            applies = gathered.chrome is not None and gathered.chrome <= other.chrome_up_to
        else:
            applies = not all(socket.is_chromes_own for socket in gathered.sockets)
        if applies:
            row = other
            break
    return row if log.records_messages else msgspec.structs.replace(row, records_messages=False)


def _has_exact_dates(survey: Survey) -> bool:
    """Do dates say more than the second, or do the message times of Chrome's sockets show that they are exact?"""
    dates = survey.gathered.dates
    if dates.count < FEW_DATES or dates.whole_seconds < dates.count:
        return True
    exact = ((exact_start(socket, survey.tick), socket.started or 0) for socket in survey.sockets)
    differences = [abs(at - started) for at, started in exact if at]
    return bool(differences) and max(differences) <= MILLISECOND


def _blur(survey: Survey) -> Survey:
    """Dates in whole seconds were cut or rounded: each instant lies within half a second before and one after."""
    early = SECOND // 2
    row = msgspec.structs.replace(
        survey.row,
        start_slack=survey.row.start_slack + 3 * SECOND // 2,
        # What is said of every capture by this exporter was measured on files with exact dates.
        limits=(),
        may_lag=False,
        is_known=True,
    )
    return msgspec.structs.replace(
        survey,
        row=row,
        sockets=[
            msgspec.structs.replace(socket, started=None if socket.started is None else socket.started - early)
            for socket in survey.sockets
        ],
        documents=[document.shift(-early) for document in survey.documents],
        listed=[page.shift(-early) for page in survey.listed],
        signs=survey.signs.shift(-early, row.start_slack - early),
    )


def witnesses(survey: Survey, messages: Sequence[tuple[str, Instant]]) -> dict[str, Witness]:
    """Say what the entries of each pageref witness. `messages`: the last one of each socket, with its page."""
    last_signs = dict(survey.signs.last_start)
    for page, last in messages:
        last_signs[page] = max(last, last_signs.get(page, 0))
    documents: dict[str, list[Document]] = {}
    for document in survey.documents:
        if document.tab is not None:
            documents.setdefault(document.tab, []).append(document)
    return {
        page: Witness(
            first_start=survey.signs.first_start.get(page, last),
            last_start=last,
            documents=tuple(documents.get(page, ())),
            content=survey.signs.content.get(page),
            failed=survey.signs.error_page(page),
        )
        for page, last in last_signs.items()
    }


def loads(survey: Survey) -> list[Document]:
    """List the documents of pages that were recorded from their load on; an iframe's shows nothing of its page."""
    titles = {page.id: page.title.partition("#")[0] for page in survey.listed}
    return [
        document
        for document in survey.documents
        if document.top_level
        or (
            not document.embedded
            and document.tab is not None
            and document.url.partition("#")[0] == titles.get(document.tab)
        )
    ]


def loads_without_mark(survey: Survey) -> list[str]:
    """List the pages whose document is in the file, and lacks only the exporter's mark: it has the page's address, and
    both began at the same time."""
    return [
        page.id
        for page in survey.listed
        if page.started is not None
        and (first := survey.signs.unmarked.get(page.id)) is not None
        and first[1] == shorten(page.title.partition("#")[0])
        and abs(first[0] - page.started) < SECOND
    ]


def monotonic_offset(survey: Survey) -> tuple[Instant, Instant] | None:
    """Bound wall clock minus the browser's monotonic clock, from a page with a date in 1970 and its document, or from a
    handshake that was unanswered at export."""
    firsts = {document.tab: document for document in reversed(survey.documents)}
    for page in survey.listed:
        document = firsts.get(page.id)
        if page.monotonic is not None and document is not None:
            offset = document.started - page.monotonic
            return offset, offset + MONOTONIC_SLACK
    for socket in survey.sockets:
        if socket.started is not None and socket.monotonic_start is not None:
            offset = socket.started + socket.monotonic_start
            return offset, offset + MILLISECOND
    return None
