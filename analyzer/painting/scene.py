"""Lay a capture out in time for the HTML page: lanes in groups, page loads, overlaps, levels, limits.

Numbers only: how they are drawn is `drawing` (without JavaScript) and report/chart.js (with it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from analyzer.intervals import Interval, sweep
from analyzer.model import Confidence, Group, Instant, Outcome, Page, Policy, Report, Scope, Session, Value, plural
from analyzer.timeline import Axis, axis_of
from analyzer.wording import facts, instants, lifetimes
from analyzer.wording.harmless import safe, safe_middle

SEPARATE = 8  # addresses of one host that get a group each; more are one group
BEYOND = 3  # limits above this many times the peak are named, not drawn: the line would be flat
WITHIN = 300  # of the width: nearer to the edge of a bar no tick shows
TERSE = 10  # letters
TICKS, MORE_TICKS = 10, 1_000  # messages that are marked: so many a socket, and so many more in the whole capture


class Lane(Value, frozen=True):
    """Hold the lane of one socket. Instants are as in the session; None where nothing is known."""

    session: Session
    address: str
    service: str
    user: str
    opened: str
    ended: str
    connecting: Interval | None  # from the handshake's request until it opened or failed; for ever: no end
    failed: Instant | None
    ticks: tuple[Instant, ...]

    @property
    def began(self) -> Instant:
        intervals = [self.connecting, self.session.possible, self.session.proven]
        return min((it.start for it in intervals if it is not None), default=1 << 62)


class Section(Value, frozen=True):
    """Hold lanes that belong together, with a title and a note."""

    title: str
    note: str
    common: int  # characters with which every address begins: the host, or all of it
    lanes: tuple[Lane, ...]

    def label(self, lane: Lane) -> str:
        """Name what sets the lane apart from its neighbours: `#12 /ws`."""
        return f"#{lane.session.id[1:]} {lane.address[self.common :]}".rstrip()


class Scene(Value, frozen=True):
    axis: Axis
    sections: tuple[Section, ...]
    loads: tuple[tuple[Instant, str, str], ...]  # when, what kind of load, which page
    bands: tuple[Interval, ...]  # two or more certainly open
    proven: tuple[tuple[Instant, int], ...]  # steps: from then on so many
    possible: tuple[tuple[Instant, int], ...]
    limits: tuple[tuple[int, str, str], ...]  # lines that fit the scale: level, words, and a short form of them
    beyond: tuple[str, ...]  # those that do not

    @property
    def lanes(self) -> list[Lane]:
        return [lane for section in self.sections for lane in section.lanes]

    @property
    def terse(self) -> bool:
        """Check whether numbers alone set lanes apart from their neighbours."""
        return all(len(section.label(lane)) < TERSE for section in self.sections for lane in section.lanes)

    @property
    def named(self) -> bool:
        """Check whether some service is known."""
        return any(lane.service for lane in self.lanes)

    @property
    def legend(self) -> set[str]:
        """Return the kinds of marks that are there."""
        proven = [lane.session.proven for lane in self.lanes if lane.session.proven is not None]
        possible = [lane.session.possible for lane in self.lanes if lane.session.possible is not None]
        still_open = any(it.end is None for it in proven)
        marks = {
            "proven": bool(proven),
            "possible": any(lane.session.possible != lane.session.proven for lane in self.lanes),
            "connecting": any(lane.connecting for lane in self.lanes),
            "failed": any(lane.failed is not None for lane in self.lanes),
            "pointed": still_open,
            "possibly-pointed": not still_open and any(it.end is None for it in possible),
            "band": bool(self.bands),
            "load": bool(self.loads),
            "tick": any(self._has_tick(lane) for lane in self.lanes),
        }
        return {kind for kind, there in marks.items() if there}

    def _has_tick(self, lane: Lane) -> bool:
        """Check whether a message stands within its bar: on the edge of a bar a tick does not show."""
        bar, edge = lane.session.proven, (self.axis.end - self.axis.start) // WITHIN
        return bar is not None and any(
            bar.start + edge < tick < (bar.end or self.axis.end + 2 * edge) - edge for tick in lane.ticks
        )

    @property
    def highest(self) -> int:
        """Return the highest level of the scale."""
        levels = [level for _, level in (*self.proven, *self.possible)]
        return max([1, *levels, *(level for level, _, _ in self.limits)])


def scene(report: Report, policy: Policy) -> Scene:
    axis = axis_of(report)
    pages = {page.id: page for page in report.capture.pages}
    most = TICKS + MORE_TICKS // max(1, len(report.sessions))
    lanes = {s.id: _lane(s, pages, axis, most) for s in report.sessions}
    limits, beyond = _limits(report, policy)
    return Scene(
        axis=axis,
        sections=tuple(_sections(report, lanes)),
        loads=tuple(_load(page) for page in _loads(report, axis)),
        bands=tuple(o.interval for o in report.overlaps if o.confidence is Confidence.PROVEN),
        proven=tuple(_highest(report.sessions)),
        possible=tuple(sweep(s.possible for s in report.sessions if s.possible)),
        limits=limits,
        beyond=beyond,
    )


def _lane(session: Session, pages: dict[str, Page], axis: Axis, most: int) -> Lane:
    return Lane(
        session=session,
        address=safe_middle(session.endpoint.partition("://")[2] or session.endpoint, 100),
        service=session.provider.name if session.provider is not None else "",
        user=safe(session.identity.user, 60) if session.identity is not None and session.identity.user else "",
        opened=instants.when(session.opened, axis, sign=True),
        ended=safe(lifetimes.ending(session, pages, axis), 120),
        connecting=_connecting(session),
        failed=_failure(session),
        ticks=_ticks(session, most),
    )


def _common(addresses: set[str]) -> int:
    if len(addresses) == 1:
        return len(next(iter(addresses)))
    hosts = {address.partition("/")[0] for address in addresses}
    return len(next(iter(hosts))) if len(hosts) == 1 else 0


def _connecting(session: Session) -> Interval | None:
    if session.created is None or session.created.earliest is None:
        return None
    start = session.created.earliest
    if session.outcome is Outcome.CONNECTING:
        return Interval(start, None)
    if session.outcome is Outcome.FAILED:
        return Interval(start, _failure(session))
    until = session.opened
    ends = (until.latest, until.earliest) if until is not None else ()
    return Interval(start, next((end for end in ends if end is not None), start))


def _failure(session: Session) -> Instant | None:
    if session.outcome is not Outcome.FAILED:
        return None
    bounds = [it for it in (session.closed, session.created) if it is not None]
    return next((at for it in bounds for at in (it.latest, it.earliest) if at is not None), None)


def _ticks(session: Session, most: int) -> tuple[Instant, ...]:
    """List when messages went; of very many evenly chosen ones, the first and the last among them."""
    times = sorted(session.messages.times)
    if len(times) > most:
        times = [times[n * (len(times) - 1) // (most - 1)] for n in range(most)]
    return tuple(times)


def _sections(report: Report, lanes: dict[str, Lane]) -> Iterable[Section]:
    for title, groups in _group(report):
        members = [lanes[id] for group in groups for id in group.sessions]
        members.sort(key=lambda lane: (lane.began, int(lane.session.id[1:])))
        note = plural(len(members), "socket")
        peak = groups[0].proven_peak if len(groups) == 1 else 0
        if peak > 1:
            note += f", peak {peak:,}"
        yield Section(title, note, _common({lane.address for lane in members}), tuple(members))


def _group(report: Report) -> list[tuple[str, list[Group]]]:
    """Group the sockets as the report does.

    Many addresses of one host are one group, and so are addresses with one socket each: a heading per lane would
    only be noise.
    """
    hosts: dict[str, list[Group]] = {}
    for group in report.groups:
        hosts.setdefault(_host(group), []).append(group)
    sections: list[tuple[str, list[Group]]] = []
    single: list[Group] = []
    for host, groups in hosts.items():
        if host and len(groups) > SEPARATE:
            sections.append((f"{safe_middle(host, 120)}, {len(groups):,} addresses", groups))
            continue
        alone = [group for group in groups if host and len(group.sessions) == 1]
        sections += [(facts.group_name(group), [group]) for group in groups if group not in alone]
        single += alone
    if len(single) < 2:
        return sections + [(facts.group_name(group), [group]) for group in single]
    return [*sections, ("One socket each" if sections else f"{len(single):,} addresses, one socket each", single)]


def _host(group: Group) -> str:
    if group.per is not Scope.ENDPOINT:
        return ""
    return (dict(group.key).get("endpoint") or "").partition("://")[2].partition("/")[0]


def _loads(report: Report, axis: Axis) -> list[Page]:
    """List the page loads. A page that came back from the cache repeats its old date: it has no place here."""
    pages = [page for page in report.capture.pages if page.kind != "restore" and page.started is not None]
    return sorted((p for p in pages if axis.start <= (p.started or 0) <= axis.end), key=lambda p: p.started or 0)


def _load(page: Page) -> tuple[Instant, str, str]:
    kind = "page" if page.kind == "unknown" else page.kind.value
    path = page.url.partition("://")[2].partition("/")[2] if "://" in page.url else page.url
    bare = path.partition("?")[0].partition("#")[0]
    return page.started or 0, kind, safe_middle(f"/{bare}" if "://" in page.url else bare, 60)


def _highest(sessions: Sequence[Session]) -> list[tuple[Instant, int]]:
    """Count how many are certainly open: the most of any clock, as clocks prove nothing about each other."""
    clocks = sorted({session.clock for session in sessions if session.proven})
    each = [sweep(s.proven for s in sessions if s.proven and s.clock == clock) for clock in clocks]
    if len(each) < 2:
        return each[0] if each else []
    changes = sorted((at, n, level) for n, steps in enumerate(each) for at, level in steps)
    levels = [0] * len(each)
    peaks: list[tuple[Instant, int]] = []
    for at, here in groupby(changes, key=lambda change: change[0]):
        for _, n, level in here:
            levels[n] = level
        peaks.append((at, max(levels)))
    return peaks


def _limits(report: Report, policy: Policy) -> tuple[tuple[tuple[int, str, str], ...], tuple[str, ...]]:
    """List what the policy allows and what the services document: on the scale, and beyond it."""
    room = max(4, BEYOND * report.concurrency.possible_peak)
    lines = [(policy.max_open, f"the policy allows {policy.max_open:,}", f"{policy.max_open:,} allowed")]
    providers = {s.provider.id: s.provider for s in report.sessions if s.provider is not None}
    for provider in providers.values():
        for limit in provider.limits:
            mode = f" in {limit.mode} mode" if limit.mode else ""
            words = f"{provider.name} allows {limit.max:,} per {limit.scope}{mode}"
            lines.append((limit.max, words, f"{limit.max:,} {limit.mode or provider.name}"))
    lines = list(dict.fromkeys(lines))
    return tuple(it for it in lines if it[0] <= room), tuple(words for level, words, _ in lines if level > room)
