"""Several captures as one timeline: the same user in two tabs or two browsers, recorded at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from analyzer import pipeline
from analyzer.intervals import Interval
from analyzer.model import TOGETHER, Capture, Caveat, Exporter, Instant, Page, Policy, Report, Session, Silence

CLOCKS = Caveat(
    "clocks-as-they-are",
    "Several captures as one: their clocks are taken as they are. Where two clocks differed, the times of their "
    "sockets are wrong against each other by as much.",
)


def together(reports: Sequence[Report], policy: Policy) -> Report:
    """The sockets of all captures, and what overlaps across them. A pointer begins with its capture: `a.har#/log/...`.

    What each capture proves of its own sockets stays as it was; but that a socket was open when one capture was saved
    says nothing of later, when another was still being recorded. At least one report must be given.
    """
    sessions = tuple(_renumbered(reports))
    return pipeline.judged(_capture(reports), sessions, policy)


def _renumbered(reports: Sequence[Report]) -> Iterator[Session]:
    number = 0
    last = max((it.end for it in map(_observed, reports) if it is not None and it.end is not None), default=None)
    later = 1  # clocks that were set within a capture are nobody else's; those that each began with are taken for one
    for which, report in enumerate(reports, 1):
        clocks = {0: 0}
        for session in report.sessions:
            number += 1
            if session.clock not in clocks:
                clocks[session.clock], later = later, later + 1
            yield msgspec.structs.replace(
                session,
                id=f"s{number}",
                pointer=_pointer(report, session.pointer),
                page=None if session.page is None else _page(which, session.page),
                clock=clocks[session.clock],
                proven=_seen(session.proven, _observed(report), last),
            )


def _observed(report: Report) -> Interval | None:
    return report.capture.observed


def _seen(proven: Interval | None, observed: Interval | None, last: Instant | None) -> Interval | None:
    """Still open at the end of its capture: certain until then, and for ever only if that is the end of all."""
    if proven is None or proven.end is not None or observed is None or observed.end is None or observed.end == last:
        return proven
    return Interval(proven.start, max(observed.end, proven.start + 1))


def _capture(reports: Sequence[Report]) -> Capture:
    captures = [report.capture for report in reports]
    seen = [it.observed for it in captures if it.observed is not None]
    ends = [it.end for it in seen]
    exporters = list(dict.fromkeys(it.exporter for it in captures))
    labels = " and ".join(dict.fromkeys(it.label for it in exporters))
    return Capture(
        source=TOGETHER.join(it.source for it in captures),
        sha256=None,
        bytes=sum(it.bytes for it in captures),
        format="merged",
        exporter=exporters[0] if len(exporters) == 1 else Exporter("unknown", None, None, labels),
        observed=Interval(min(it.start for it in seen), None if None in ends else max(filter(None, ends)))
        if seen
        else None,
        entries=sum(it.entries for it in captures),
        pages=tuple(page for which, it in enumerate(captures, 1) for page in _pages(which, it)),
        traces=(),
        silence=Silence.NOTHING,
        in_order_of_close=False,
        records_messages=all(it.records_messages for it in captures),
        caveats=(CLOCKS, *_caveats(captures)),
        skipped=tuple(
            msgspec.structs.replace(part, pointer=_pointer(report, part.pointer))
            for report in reports
            for part in report.capture.skipped
        ),
    )


def _caveats(captures: Sequence[Capture]) -> Iterator[Caveat]:
    """What holds for all is told once; what holds for some, with its capture."""
    for caveat in dict.fromkeys(caveat for capture in captures for caveat in capture.caveats):
        having = [capture.source for capture in captures if caveat in capture.caveats]
        if len(having) == len(captures):
            yield caveat
        else:
            yield msgspec.structs.replace(caveat, message=f"{', '.join(having)}: {caveat.message}")


def _pages(which: int, capture: Capture) -> Iterator[Page]:
    for page in capture.pages:
        end = page.end and msgspec.structs.replace(page.end, successor=_page(which, page.end.successor))
        yield msgspec.structs.replace(page, id=_page(which, page.id), end=end)


def _page(which: int, id: str) -> str:
    return f"{which}:{id}"


def _pointer(report: Report, pointer: str) -> str:
    return f"{report.capture.source}#{pointer}"
