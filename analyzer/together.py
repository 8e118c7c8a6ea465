"""Several captures as one timeline: the same user in two tabs or two browsers, recorded at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from analyzer import pipeline
from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    TOGETHER,
    Capture,
    Caveat,
    CaveatKind,
    Exporter,
    Instant,
    Outcome,
    Page,
    Policy,
    Report,
    Session,
)

SAME_START = 5 * SECOND  # by how much the clocks of two captures of one run may differ

CLOCKS = CaveatKind.CLOCKS_AS_THEY_ARE.caveat(
    "Several captures are on one timeline, each with its own clock. If two clocks differed, the times of their sockets "
    "are wrong relative to each other by that difference."
)


def together(reports: Sequence[Report], policy: Policy) -> Report:
    """The sockets of all captures, and what overlaps across them. A pointer begins with its capture: `a.har#/log/...`.

    What each capture proves of its own sockets stays as it was; but that a socket was open when one capture was saved
    says nothing of later, when another was still being recorded. At least one report must be given.
    """
    sessions = _numbered(_united(_renumbered(reports)))
    return pipeline.judged(_capture(reports), sessions, policy)


def _numbered(sessions: Iterable[Session]) -> tuple[Session, ...]:
    return tuple(msgspec.structs.replace(it, id=f"s{number}") for number, it in enumerate(sessions, 1))


def _united(sessions: Iterable[Session]) -> list[Session]:
    """Each socket once, though several captures have it: equal keys, asked for at the same time."""
    found: list[Session] = []
    places: dict[str, int] = {}
    for session in sessions:
        place = places.get(session.key) if session.key else None
        if place is not None and _at_once(found[place], session):
            found[place] = _one(found[place], session)
        else:
            if session.key:
                places[session.key] = len(found)
            found.append(session)
    return found


def _at_once(a: Session, b: Session) -> bool:
    asked = [it.created.earliest for it in (a, b) if it.created is not None and it.created.earliest is not None]
    return len(asked) == 2 and abs(asked[0] - asked[1]) <= SAME_START


def _one(a: Session, b: Session) -> Session:
    """Two captures' conclusions about one socket. What either proves holds, what either excludes is excluded; where
    that cannot be, they are left as the one that tells more has them."""
    best, other = (b, a) if _tells(b) > _tells(a) else (a, b)
    also = tuple(dict.fromkeys((*best.also, other.pointer, *other.also)))
    best = msgspec.structs.replace(best, also=also)
    if best.possible is None or other.possible is None:
        return best
    possible = best.possible.meet(other.possible)
    proven = best.proven if other.proven is None else other.proven if best.proven is None else None
    if best.proven is not None and other.proven is not None:
        proven = best.proven.hull(other.proven)
    if possible is None or (proven is not None and possible.meet(proven) != proven):
        return best
    return msgspec.structs.replace(best, proven=proven, possible=possible)


def _tells(session: Session) -> tuple[bool, int]:
    """Is its close known, and until when is it seen?"""
    return session.outcome is Outcome.CLOSED, session.last_seen or 0


def _renumbered(reports: Sequence[Report]) -> Iterator[Session]:
    last = max((it.end for it in map(_observed, reports) if it is not None and it.end is not None), default=None)
    later = 1  # clocks that were set within a capture are nobody else's; those that each began with are taken for one
    for which, report in enumerate(reports, 1):
        clocks = {0: 0}
        for session in report.sessions:
            if session.clock not in clocks:
                clocks[session.clock], later = later, later + 1
            yield msgspec.structs.replace(
                session,
                pointer=_pointer(report, session.pointer),
                also=tuple(_pointer(report, pointer) for pointer in session.also),
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
        in_order_of_close=False,
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
