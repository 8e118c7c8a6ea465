"""Choose which sockets a picture shows, in which groups, over which stretch of time.

Pure: a report in, values out; knows nothing of matplotlib.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    Group,
    Instant,
    Outcome,
    Page,
    PageKind,
    Report,
    Scope,
    Session,
    format_duration,
    plural,
)
from analyzer.outputs.chart.marks import PIXEL
from analyzer.wording import services
from analyzer.wording.instants import write_date

When: TypeAlias = Instant | timedelta | None  # timedelta: since the first instant of the capture
Life: TypeAlias = tuple[Instant, Instant] | None

ROWS = 60  # sockets with a row each; with more, large groups get thin lanes
FEW_ROWS = 32  # that small groups keep beside large ones
ALONE = 8  # groups that are shown by themselves beside others that are put together
TALLEST, THINNEST, COMFORTABLE = 0.32, 0.17, 10  # inches a row, with few and with many of them; how many are few
LEAST = 0.45  # inches of a group in thin lanes
HEADING = 0.27  # inches above a group that has a name


class Stretch(NamedTuple):
    """Hold the time that is drawn. `origin`: from where people count; None: the capture has no times."""

    origin: Instant | None
    begin: Instant
    finish: Instant
    cut_begin: bool  # asked for, so that nothing outside is shown
    cut_finish: bool


class Section(NamedTuple):
    """Hold sockets that belong together, by first sign of life."""

    name: str  # empty for a single socket that goes by its endpoint
    detail: str
    sessions: tuple[Session, ...]
    peaks: tuple[int, int] = (0, 0)  # proven, possible
    lane: float = 0.0  # inches a socket

    @property
    def height(self) -> float:
        return self.lane * len(self.sessions)


# -- time --------------------------------------------------------------------------------------------------


def lives_of(report: Report) -> dict[str, Life]:
    """Find the first and the last sign of each socket, by id; None for one without any."""
    lives: dict[str, Life] = {}
    for session in report.sessions:
        signs = signs_of(session)
        lives[session.id] = (min(signs), max(signs)) if signs else None
    return lives


def stretch_of(report: Report, lives: dict[str, Life], start: When = None, end: When = None) -> Stretch:
    """Choose what to draw: all of the time that the capture shows, or a part of it.

    Raises ValueError for a stretch that lies outside.
    """
    observed = report.capture.observed
    signs = [sign for life in lives.values() for sign in life or ()]
    signs += [page.started for page in report.capture.pages if page.started is not None]
    signs += [sign for sign in observed or () if sign is not None]
    signs = [sign for sign in signs if sign > 0]  # "open since ever" is no place on the axis
    first, last = min(signs, default=0), max(signs, default=0)
    origin = report.zero or first
    begin, finish = max(first, _instant(start, origin, first)), min(last, _instant(end, origin, last))
    if begin > finish:
        covered = (
            f"it covers {format_duration(max(0, last - origin))}{write_date(report.capture, ' from ', origin)}"
            if signs
            else "it has no times"
        )
        raise ValueError(f"{report.capture.source}: nothing in this period: {covered}")
    return Stretch(origin if signs else None, begin, max(finish, begin + MILLISECOND), begin > first, finish < last)


def _instant(moment: When, origin: Instant, otherwise: Instant) -> Instant:
    if moment is None:
        return otherwise
    return origin + moment // timedelta(microseconds=1) if isinstance(moment, timedelta) else moment


def signs_of(session: Session) -> list[Instant]:
    """List every instant that the capture gives for this socket."""
    signs: list[Instant | None] = [session.last_seen]
    for bounds in (session.created, session.opened, session.closed):
        if bounds is not None:
            signs += (bounds.earliest, bounds.latest)
    for interval in (session.proven, session.possible):
        signs += interval or ()
    return [sign for sign in signs if sign is not None]


def connecting(session: Session) -> Interval | None:
    """Return the interval from the handshake's request until the socket was open, or failed, or for ever."""
    if session.created is None or session.created.earliest is None:
        return None
    began = session.created.earliest
    if session.outcome is Outcome.CONNECTING:
        return Interval(began, None)
    until = session.opened or session.closed
    ends = (until.latest, until.earliest) if until is not None else ()
    return Interval(began, next((end for end in ends if end is not None), began))


def failure(session: Session) -> Instant | None:
    return max(signs_of(session), default=None) if session.outcome is Outcome.FAILED else None


def loads(report: Report, stretch: Stretch) -> list[tuple[Instant, Page]]:
    """List when each page of the stretch began, in order; the one that was there before the stretch comes first.

    A page that came back from the back/forward cache repeats its old date: left out.
    """
    dated = [(p.started, p) for p in report.capture.pages if p.started is not None and p.kind is not PageKind.RESTORE]
    dated = sorted((load for load in dated if load[0] <= stretch.finish), key=lambda load: load[0])
    before = sum(at < stretch.begin for at, _ in dated)
    return dated[max(0, before - 1) :]


# -- groups ------------------------------------------------------------------------------------------------


def sections(report: Report, lives: dict[str, Life], stretch: Stretch, highest: float) -> list[Section]:
    """Group the sockets with a sign of life within the stretch as the report does, by first sign.

    Each gets a row while there is room (`highest` inches); then large groups get thin lanes. Of many groups those
    with the most open at once are shown by themselves, and the others together.
    """
    first = {id: life[0] if life is not None else stretch.finish for id, life in lives.items()}
    grouped = _group(report, lives, stretch, first)
    total = sum(len(section.sessions) for section in grouped)
    most = int(min(ROWS, highest / THINNEST))
    if total <= most:
        crowded = max(0, total - COMFORTABLE) / (ROWS - COMFORTABLE)
        return [it._replace(lane=TALLEST - (TALLEST - THINNEST) * crowded) for it in grouped]
    if len(grouped) > ALONE + 1:
        ranked = sorted(grouped, key=lambda section: (*section.peaks, len(section.sessions)), reverse=True)
        alone = {it.sessions[0].id for it in ranked[:ALONE]}
        rest = [it for it in grouped if it.sessions[0].id not in alone]
        grouped = [*(it for it in grouped if it.sessions[0].id in alone), _together(rest, first)]
    return _thin(grouped, min(FEW_ROWS, most // 2), highest)


def _thin(grouped: Sequence[Section], rows: int, highest: float) -> list[Section]:
    """Keep the smallest groups in rows while there is room, and share out the rest of the height among the others."""
    in_rows, total = set(), 0
    for number in sorted(range(len(grouped)), key=lambda number: len(grouped[number].sessions)):
        total += len(grouped[number].sessions)
        if total <= rows:
            in_rows.add(number)
    few = sum(len(grouped[number].sessions) for number in in_rows)
    left = highest - THINNEST * few - HEADING * sum(bool(section.name) for section in grouped)
    many = sum(len(section.sessions) for section in grouped) - few
    return [
        _note_thin_lanes(
            section._replace(
                lane=THINNEST if n in in_rows else min(THINNEST, max(left / many, LEAST / len(section.sessions)))
            )
        )
        for n, section in enumerate(grouped)
    ]


def _group(report: Report, lives: dict[str, Life], stretch: Stretch, first: dict[str, Instant]) -> list[Section]:
    ids = {session.id for session in report.sessions if _within(session, lives[session.id], stretch)}
    pages = {page.id: page_name(page.url) for page in report.capture.pages}
    names = Counter(_name(group, pages) for group in report.groups)
    sections = []
    for group in report.groups:
        members = report.named(id for id in group.sessions if id in ids)
        if not members:
            continue
        name, app = _name(group, pages), dict(group.key).get("app")
        app = f" · {app}" if names[name] > 1 and app else ""
        many = sockets(len(group.sessions))
        if len(members) < len(group.sessions):
            many = f"{len(members):,} of {many}"
        peak = _at_once(group.proven_peak, group.possible_peak) if len(group.sessions) > 1 else ""
        if peak and (stretch.cut_begin or stretch.cut_finish):
            peak += " in the whole capture"
        where = "" if group.per is Scope.ENDPOINT else report.endpoints(group.sessions)
        single = len(group.sessions) == 1 and group.per is Scope.ENDPOINT
        sections.append(
            Section(
                "" if single else name + app,
                ", ".join(part for part in (many, peak) if part) + (f"  ·  {where}" if where else ""),
                tuple(sorted(members, key=lambda session: (first[session.id], int(session.id[1:])))),
                (group.proven_peak, group.possible_peak),
            )
        )
    return sorted(sections, key=lambda section: first[section.sessions[0].id])


def _together(rest: Sequence[Section], first: dict[str, Instant]) -> Section:
    sessions = [session for section in rest for session in section.sessions]
    sessions.sort(key=lambda session: (first[session.id], int(session.id[1:])))
    return Section(f"{len(rest):,} other groups", sockets(len(sessions)), tuple(sessions))


def _note_thin_lanes(section: Section) -> Section:
    """Add that a line is more than one socket, where lanes are thinner than what can be drawn."""
    if section.lane >= PIXEL:
        return section
    return section._replace(detail=f"{section.detail}  ·  one line per {math.ceil(PIXEL / section.lane)} sockets")


def _name(group: Group, pages: dict[str, str]) -> str:
    """Name what the sockets of a group have in common: `Stream Chat · user-1`, `chat.example/ws`, `page /app/`."""
    key = dict(group.key)
    if service := key.get("provider"):
        name = group.provider.name if group.provider is not None else service
        return name + (f" · {key['user']}" if key.get("user") else "")
    if "page" in key:
        return f"page {pages[key['page']]}" if key["page"] in pages else "no page"
    return services.title(group) if group.per is Scope.CONTEXT else address(key.get("endpoint") or "")


def sockets(number: int) -> str:
    return plural(number, "socket")


def _at_once(proven: int, possible: int) -> str:
    if possible < 2:
        return "one at a time"
    if proven == possible:
        return f"peak {proven:,}"
    if proven < 2:
        return f"possible peak {possible:,}"
    return f"peak {proven:,}, possible peak {possible:,}"


def address(endpoint: str) -> str:
    return endpoint.partition("://")[2] or endpoint


def page_name(url: str) -> str:
    """Name a page by its path, where it goes by its address, without query and fragment."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalpha():
        return url
    path = rest.partition("?")[0].partition("#")[0]
    slash = path.find("/")
    return path[slash:] if slash >= 0 else path


def _within(session: Session, life: Life, stretch: Stretch) -> bool:
    if life is None:
        return True
    goes_on = session.possible is not None and session.possible.end is None
    return life[0] <= stretch.finish and (goes_on or life[1] >= stretch.begin)
