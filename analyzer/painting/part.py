"""Hold one capture for a page: its layout, and the words beside each lane."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import Instant, Page, Policy, Report, Session, Value
from analyzer.timeline import Axis, Lane, Layout, lay_out
from analyzer.wording import instants, lifetimes, timeline
from analyzer.wording.findings import number_by_session
from analyzer.wording.harmless import safe

WITHIN = 300  # of the width: nearer to the edge of a bar no tick shows
TICKS, MORE_TICKS = 10, 1_000  # messages that are marked: per socket, and more in the whole capture


class Row(Value, frozen=True):
    """Hold the lane of one socket with its words, and the messages that are marked."""

    lane: Lane
    label: str
    caption: timeline.Caption
    address: str
    service: str
    user: str
    opened: str
    ended: str
    ticks: tuple[Instant, ...]

    @property
    def session(self) -> Session:
        return self.lane.session


class Block(Value, frozen=True):
    """Hold the rows below one heading."""

    title: str
    note: str
    common: int  # letters with which every address begins: the host, or all of it
    rows: tuple[Row, ...]


class Part(Value, frozen=True):
    id: str
    prefix: str  # of its anchors: none where the page has one capture, else `c3-`
    report: Report
    layout: Layout
    blocks: tuple[Block, ...]
    static_sockets: int
    ids: frozenset[str]  # of the sockets that have a row to link to
    finding_numbers: dict[str, list[int]]  # of the findings about each socket, by its id

    @property
    def rows(self) -> list[Row]:
        return [row for block in self.blocks for row in block.rows]

    @property
    def table(self) -> list[Row]:
        """List the rows of the table, by number."""
        return sorted(self.rows, key=lambda row: int(row.session.id[1:]))[: self.static_sockets]

    @property
    def named(self) -> bool:
        """Check whether some service is known."""
        return any(row.service for row in self.rows)

    @property
    def legend(self) -> set[str]:
        """Return the kinds of marks that are there."""
        lanes = self.layout.lanes
        proven = [lane.session.proven for lane in lanes if lane.session.proven is not None]
        possible = [lane.session.possible for lane in lanes if lane.session.possible is not None]
        still_open = any(it.end is None for it in proven)
        marks = {
            "proven": bool(proven),
            "possible": any(lane.session.possible != lane.session.proven for lane in lanes),
            "connecting": any(lane.connecting for lane in lanes),
            "failed": any(lane.failed is not None for lane in lanes),
            "pointed": still_open,
            "possibly-pointed": not still_open and any(it.end is None for it in possible),
            "band": bool(self.layout.overlaps),
            "maybe": bool(self.layout.possible_overlaps),
            "load": bool(self.layout.loads),
            "tick": any(_has_tick(row, self.layout.axis) for row in self.rows),
        }
        return {kind for kind, there in marks.items() if there}


def part_of(report: Report, policy: Policy, id: str, most: int, prefix: str = "", linked: bool = True) -> Part:
    """Lay out one capture for a page, with at most this many lanes where there is no JavaScript.

    `linked`: the page has a row per socket.
    """
    layout = lay_out(report, policy)
    pages = {page.id: page for page in report.capture.pages}
    ticks = TICKS + MORE_TICKS // max(1, len(report.sessions))
    blocks = []
    for title, section in zip(timeline.titles(layout.sections), layout.sections, strict=True):
        common = timeline.common(section)
        rows = tuple(_row(lane, common, pages, layout.axis, ticks) for lane in section.lanes)
        blocks.append(Block(title, timeline.note(section, layout.axis), common, rows))
    most = min(most, len(report.sessions))
    ids = frozenset(session.id for session in report.sessions if linked)
    return Part(id, prefix, report, layout, tuple(blocks), most, ids, number_by_session(report))


def _row(lane: Lane, common: int, pages: dict[str, Page], axis: Axis, ticks: int) -> Row:
    session = lane.session
    return Row(
        lane=lane,
        label=timeline.label(lane, common),
        caption=timeline.caption(lane, axis),
        address=timeline.address(session),
        service=session.provider.name if session.provider is not None else "",
        user=safe(session.identity.user, 60) if session.identity is not None and session.identity.user else "",
        opened=instants.when(session.opened, axis, sign=True),
        ended=safe(lifetimes.ending(session, pages, axis), 120),
        ticks=_choose_ticks(session.messages.times, ticks),
    )


def _choose_ticks(times: Sequence[Instant], most: int) -> tuple[Instant, ...]:
    """Choose the messages that are marked: of very many evenly chosen ones, the first and the last among them."""
    times = sorted(times)
    if len(times) > most:
        times = [times[n * (len(times) - 1) // (most - 1)] for n in range(most)]
    return tuple(times)


def _has_tick(row: Row, axis: Axis) -> bool:
    """Check whether a message stands within its bar: on the edge of a bar a tick does not show."""
    bar, edge = row.session.proven, (axis.end - axis.start) // WITHIN
    return bar is not None and any(
        bar.start + edge < tick < (bar.end or axis.end + 2 * edge) - edge for tick in row.ticks
    )
