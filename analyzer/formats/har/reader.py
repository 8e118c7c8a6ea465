"""Read a HAR 1.2: gather what its entries show, survey the whole, then conclude each socket's events and the pages.

What an entry says is read once (entry_reader.py); what takes the whole file to know is worked out by pure functions
over what was gathered (gather.py, survey.py, limits.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

import msgspec

from analyzer.formats.devtools import shorten
from analyzer.formats.har import events, exporters, flood, limits, pages as page_reader, tabs
from analyzer.formats.har.entry import Socket
from analyzer.formats.har.entry_reader import EntryReader
from analyzer.formats.har.exporters import Tabs
from analyzer.formats.har.fields import Ticks
from analyzer.formats.har.gather import MOST_DOCUMENTS, MOST_PAGES, MOST_SCRIPTS, Gathered
from analyzer.formats.har.limits import Doubts
from analyzer.formats.har.log import read_log
from analyzer.formats.har.messages import Facts
from analyzer.formats.har.pages import Contradiction, Rules
from analyzer.formats.har.raw import BLANK, LAYOUT, RawEntry
from analyzer.formats.har.survey import Survey, loads_without_mark, monotonic_offset, survey, witnesses
from analyzer.formats.har.watches import Code, in_other_processes, watches
from analyzer.formats.json_stream.array import Document, Element
from analyzer.formats.source import Attachment, Source
from analyzer.intervals import Interval
from analyzer.model import (
    Capture,
    Caveat,
    Closes,
    Confidence,
    Coverage,
    Exporter,
    File,
    Instant,
    Load,
    Loaded,
    Page,
    Requested,
    Skipped,
    SkipReason,
    Trace,
    Value,
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
    gathered = Gathered()
    entries = EntryReader(source.attachment, gathered.samples.is_full)
    for run in document.runs():
        if observer is not None:
            for element in run.elements():
                observer.add(element, source.attachment)
        peeled: Ticks | None = run.collector  # type: ignore[assignment]  # of our own making
        for n, value in enumerate(run.values):
            if n in run.skipped:
                gathered.skips.add(run.skipped[n])
            if value is not None and value != BLANK:
                if source.addresses is not None:
                    source.addresses.add(value.request.url or "")
                gathered.add(entries.read(run.index + n, value, peeled))
    if observer is not None:
        observer.log = document.members
    return _conclude(survey(read_log(document), gathered), source.name)


class Answer(Value, frozen=True):
    """The pages of a file, and what they show of its sockets. coverages: by the number of a socket of a page."""

    pages: Sequence[Page]
    coverages: dict[int, Coverage]
    merged: Contradiction | None


def _conclude(file: Survey, source: str) -> Capture:
    """Conclude what a surveyed file shows: first each socket by itself, then the pages, then sockets by their pages."""
    contexts = file.gathered.contexts.contexts([socket.initiator for socket in file.sockets])
    facts = Facts(file.row, file.tick, file.is_stepped, monotonic_offset(file), file.log.until)
    readings = [
        events.read_socket(socket if context is None else msgspec.structs.replace(socket, context=context), facts)
        for socket, context in zip(file.sockets, contexts, strict=True)
    ]
    plain = [reading.trace for reading in readings]
    answer = _pages(file, contexts, plain)
    doubts = Doubts(
        merged=answer.merged,
        is_edited=any(reading.is_edited for reading in readings),
        missing=_surest(reading.missing for reading in readings),
    )
    traces = _on_pages(plain, file, answer)
    if answer.merged is not None and answer.merged.of_time:
        traces = _on_clocks(traces, file, _places(file, plain))
    skipped = _skips(file, chain.from_iterable(reading.skipped for reading in readings))
    return _capture(file, source, answer.pages, traces, doubts, skipped)


def _surest(sure: Iterator[Confidence | None]) -> Confidence | None:
    levels = set(sure)
    return next((level for level in (Confidence.PROVEN, Confidence.POSSIBLE) if level in levels), None)


def _skips(file: Survey, of_sockets: Iterator[Skipped]) -> Iterator[Skipped]:
    """List what was skipped: in the file, of its pages, of its sockets."""
    log, gathered = file.log, file.gathered
    yield from log.skipped
    yield from gathered.skips.parts
    if gathered.skips.others:
        yield Skipped("/log/entries", None, f"{gathered.skips.others:,} more parts were skipped", SkipReason.TOO_MANY)
    if gathered.has_lost_pages or gathered.navigations.is_full:
        problem = f"more than {MOST_PAGES:,} pages, more than {MOST_DOCUMENTS:,} documents, or page names too long"
        yield Skipped("/log/entries", None, problem, SkipReason.TOO_MANY)
    yield from log.skipped_pages
    yield from of_sockets


def _capture(
    file: Survey,
    source: str,
    pages: Sequence[Page],
    traces: Sequence[Trace],
    doubts: Doubts,
    skipped: Iterator[Skipped],
) -> Capture:
    row, log = file.row, file.log
    instants = _instants(file, traces)
    label = exporters.label(row, log.creator, log.version, log.comment)
    caveats = tuple(_caveats(file, traces, doubts, max(instants, default=0)))
    itself = File(
        source=source,
        format="har",
        saved_as="HAR",
        may_stand_alone=True,
        of_tab=bool(pages),
        loaded=_list_loads(file.gathered.documents),
        unit="entry",
        exporter=Exporter(row.id, log.creator, log.version, label),
        records=log.count,
        observed=Interval(min(instants), max(instants)) if instants else None,
        clock=log.clock,
        in_order_of_close=_is_in_order_of_close(file, traces),
    )
    return Capture((itself,), tuple(pages), tuple(traces), caveats, tuple(skipped), log.console, log.console_dropped)


def _list_loads(documents: Sequence[Load]) -> Loaded | None:
    """What was loaded; None where no document is in the file, or too many."""
    return Loaded(tuple(documents)) if 0 < len(documents) < MOST_DOCUMENTS else None


def _caveats(file: Survey, traces: Sequence[Trace], doubts: Doubts, end: Instant) -> Iterator[Caveat]:
    """List the limits of this file, and those of every file by its exporter."""
    yield from limits.limits(file, doubts)
    behind = flood.caveat(traces, end) if file.row.may_lag else None
    if behind is not None:
        yield behind
    yield from exporters.caveats(file.row, named=bool(file.log.creator))


def _instants(file: Survey, traces: Sequence[Trace]) -> list[Instant]:
    """The first and the last instant of entries, and those of messages, closes and the recording's end."""
    of_sockets = chain.from_iterable(
        (trace.messages.first, trace.messages.last, *events.instants(trace)) for trace in traces
    )
    return file.gathered.dates.ends() + [at for at in (file.log.until, *of_sockets) if at is not None]


def _is_in_order_of_close(file: Survey, traces: Sequence[Trace]) -> bool:
    """Do entries stand in the order in which they ended?"""
    row, order = file.row, file.gathered.order
    claims = row.in_order_of_close or (
        row.out_of_order_means_order_of_close and file.gathered.dates.is_out_of_order and not order.may_be_of_view()
    )
    if file.log.in_order_of_close is not None:
        claims = file.log.in_order_of_close
    return claims and not file.repeated and order.is_of_end([trace.messages.last for trace in traces])


# -- pages ---------------------------------------------------------------------------------------------------------


def _pages(file: Survey, contexts: Sequence[str | None], traces: Sequence[Trace]) -> Answer:
    """Conclude the pages; and for each socket of one how long its close would have been recorded."""
    row, listed = file.row, file.listed
    last = [(it.page, it.messages.last) for it in traces]
    by_page = witnesses(file, [(page, at) for page, at in last if page is not None and at is not None])
    merged = page_reader.contradiction(listed, by_page, numbered=file.is_numbered)
    if merged is None and file.repeated and file.runs_backwards:
        merged = Contradiction("some entries are in it twice")
    codes = list(_codes(file, contexts, traces)) if file.is_numbered else []
    rules = _rules(file, codes, merged)
    match row.tabs:
        case Tabs.DOCUMENT:
            numbered = page_reader.documents_as_pages(listed, by_page, rules)
            return Answer(numbered.pages, watches(codes, numbered.watches, row.start_slack), merged)
        case Tabs.TAB:
            return Answer(tabs.tabs_as_pages(listed, file.documents, rules), {}, merged)
        case Tabs.STATED:
            return Answer(tabs.own_pages(listed), {}, merged)
    return Answer((), {}, merged)


def _rules(file: Survey, codes: Sequence[Code], merged: Contradiction | None) -> Rules:
    is_cut_off = file.log.cut_off is not None or any(caveat.id == "cut-off" for caveat in file.log.stated)
    return Rules(
        trusted=not (file.is_stepped or is_cut_off or file.has_lost_pages or (merged and file.is_numbered)),
        whole=not limits.lacks_scripts(file),
        ordinary=file.gathered.samples.ordinary(),
        framed=bool(file.gathered.contexts.iframes),
        other_process=in_other_processes(codes, page_reader.in_order(file.listed)),
        no_bfcache=limits.no_bfcache(file),
        start_slack=file.row.start_slack,
        loaded=loads_without_mark(file),
    )


def _codes(file: Survey, contexts: Sequence[str | None], traces: Sequence[Trace]) -> Iterator[Code]:
    """List what code of which page did when. Iframes have scripts of their own: what they asked for shows nothing."""
    there = file.gathered.scripts | {document.url for document in file.documents}
    has_scripts = 0 < len(file.gathered.scripts) < MOST_SCRIPTS  # without any they were filtered out
    for n, (context, trace) in enumerate(zip(contexts, traces, strict=True)):
        if trace.page is not None:
            code = _code(n, trace, context)
            began = code.scripts[-1][0] if code.scripts else ""
            is_web = began.startswith(("http://", "https://"))
            unseen = has_scripts and is_web and shorten(began) not in there
            yield msgspec.structs.replace(code, unseen=unseen)
    if not file.gathered.contexts.iframes:
        for (page, script), during in file.signs.callers.items():
            yield Code(page, (script,), during.start, during.end or during.start)


def _code(number: int, trace: Trace, context: str | None) -> Code:
    """The code that opened a socket, and the socket's signs of life. One of a worker or an iframe is no page's."""
    start = next((event.within.earliest for event in trace.events if isinstance(event, Requested)), None)
    signs = [at for at in (start, trace.messages.first, trace.messages.last) if at is not None]
    frames = trace.initiator.frames if trace.initiator is not None and context is None and signs else ()
    scripts = tuple(dict.fromkeys((it.url, it.script) for it in frames if it.url and it.script))
    return Code(trace.page or "", scripts, min(signs, default=0), max(signs, default=0), number)


# -- sockets, by their pages -----------------------------------------------------------------------------------------


def _on_pages(traces: Sequence[Trace], file: Survey, answer: Answer) -> list[Trace]:
    """Give each socket its coverage, its page, and the close that its page's end took along."""
    closes = [_cover(trace, answer.coverages.get(n), answer.merged) for n, trace in enumerate(traces)]
    if file.row.tabs is Tabs.TAB:
        return [_in_tab(trace, socket, file, answer) for trace, socket in zip(closes, file.sockets, strict=True)]
    if not file.is_numbered:
        return closes
    has_page_closes = (file.gathered.chrome or 1000) <= exporters.CLOSES_AT_PAGE_END_UP_TO
    settle = events.attribute_close if has_page_closes else events.widen_late_close
    ends = {page.id: page.end for page in answer.pages if page.end is not None}
    return [settle(trace, ends.get(trace.page or "")) for trace in closes]


def _cover(trace: Trace, of_document: Coverage | None, merged: Contradiction | None) -> Trace:
    """Give the trace the coverage that the whole file shows."""
    coverage = trace.coverage
    if coverage.closes is Closes.WHILE_PAGE_LIVES and of_document is not None:
        coverage = of_document
    if merged is not None:
        coverage = Coverage()
    return trace if coverage is trace.coverage else msgspec.structs.replace(trace, coverage=coverage)


def _in_tab(trace: Trace, socket: Socket, file: Survey, answer: Answer) -> Trace:
    page = tabs.page_of(socket.pageref, socket.frame, socket.started, file.row, answer.pages)
    return msgspec.structs.replace(trace, page=page)


def _places(file: Survey, traces: Sequence[Trace]) -> dict[str, int]:
    """Number the pages in the order in which they first show."""
    by_message = (it.page for it in traces if it.page is not None and it.messages.last is not None)
    return {page: n for n, page in enumerate(dict.fromkeys([*file.signs.last_start, *by_message]))}


def _on_clocks(traces: Sequence[Trace], file: Survey, places: dict[str, int]) -> list[Trace]:
    """Give each page a clock of its own; without a page, each socket. Steps within a page part clocks as before."""
    steps = file.gathered.dates.clock + 1

    def clock(trace: Trace, number: int) -> int:
        place = places.get(trace.page) if trace.page is not None else None
        return (len(places) + number if place is None else place) * steps + trace.clock

    return [msgspec.structs.replace(trace, clock=clock(trace, n)) for n, trace in enumerate(traces)]
