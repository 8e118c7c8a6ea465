"""Draw the timeline as SVG that needs no JavaScript: for paper, and for browsers without it.

Time runs from 0 to `WIDE`, and the browser stretches the drawing to the room there is (`preserveAspectRatio="none"`):
one path per kind of mark, no text in it that could be stretched. Words stand beside it, as HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

from analyzer.intervals import Interval
from analyzer.model import Instant, Value
from analyzer.painting.part import Block, Part, Row
from analyzer.timeline import Axis, Layout, Load, Steps, ruler_of
from analyzer.wording import timeline

WIDE = 2_000
EDGE = 40  # beyond the last instant: what goes on runs on to here
LANE = 32  # pixels: words above, the bar below
TOP, BAR = 18, 11  # where in a lane the bar begins, and its height
STRIP = 4  # lanes a drawing: paper is cut between them
LEVELS = 64  # pixels for how many are open
TICKED = 100  # lanes; with more, messages are marked by JavaScript only
LABELS = 5
LATE = 4  # tenths
LETTERS = 10  # that a tenth has room for on paper
KINDS = ("connecting", "possible", "proven", "overlapping", "failed", "tick")  # from back to front


class Strip(Value, frozen=True):
    """Hold some rows of one block, as paths."""

    rows: tuple[Row, ...]
    paths: tuple[tuple[str, str], ...]  # kind of mark, and all marks of that kind

    @property
    def height(self) -> int:
        return LANE * len(self.rows)


def blocks(part: Part) -> list[tuple[Block, list[Strip]]]:
    """List the blocks of a capture, with those of its lanes that are static."""
    with_strips: list[tuple[Block, list[Strip]]] = []
    left, ticked = part.static_sockets, len(part.report.sessions) <= TICKED
    for block in part.blocks:
        if left > 0:
            with_strips.append((block, _strips(block.rows[:left], part.layout.axis, ticked)))
        left -= len(block.rows)
    return with_strips


def _strips(rows: Sequence[Row], axis: Axis, ticked: bool) -> list[Strip]:
    return [_strip(rows[n : n + STRIP], axis, ticked) for n in range(0, len(rows), STRIP)]


def _strip(rows: Sequence[Row], axis: Axis, ticked: bool) -> Strip:
    paths: dict[str, str] = {}
    for number, row in enumerate(rows):
        for kind, path in _marks(row, number * LANE + TOP, axis, ticked):
            paths[kind] = paths.get(kind, "") + path
    return Strip(tuple(rows), tuple((kind, paths[kind]) for kind in KINDS if kind in paths))


def _marks(row: Row, top: int, axis: Axis, ticked: bool) -> Iterable[tuple[str, str]]:
    """Yield each mark of a lane: its kind, and its path."""
    lane, session = row.lane, row.session
    if lane.connecting:
        yield "connecting", _line(lane.connecting, top, axis)
    for kind, interval in (("possible", session.possible), ("proven", session.proven)):
        if interval:
            yield kind, _bar(interval, top, axis)
    for interval in lane.overlapping:
        yield "overlapping", _bar(interval, top, axis)
    if lane.failed is not None:
        yield "failed", _cross(x(lane.failed, axis), top)
    if ticked and row.ticks:
        yield "tick", "".join(f"M{at} {top + 3}v5" for at in sorted({x(tick, axis) for tick in row.ticks}))


def indent(row: Row, axis: Axis) -> Markup:
    """Say in which tenth the words of a lane begin, to be near its bar; those of a late one end at the right."""
    begin = x(row.lane.life.start, axis) * 10 // WIDE if row.lane.life is not None else 0
    fits = max(0, 9 - len(f"{row.label}{row.caption}") // LETTERS)
    name = "late" if begin > LATE else f"tenth-{min(begin, fits)}"
    return Markup(f' class="{name}"' if begin else "")  # noqa: S704 - ours


def x(at: Instant | None, axis: Axis) -> int:
    """Place an instant between 0 and `WIDE`; None is beyond the last instant."""
    if at is None:
        return WIDE
    place = (at - axis.start) * (WIDE - EDGE) // axis.span
    return 0 if place < 0 else min(place, WIDE - EDGE)


def _bar(interval: Interval, top: int, axis: Axis) -> str:
    start = x(interval.start, axis)
    if interval.end is None:  # it goes on: pointed
        return f"M{start} {top}H{WIDE - 16}L{WIDE} {top + BAR / 2}L{WIDE - 16} {top + BAR}H{start}z"
    return f"M{start} {top}h{max(3, x(interval.end, axis) - start)}v{BAR}H{start}z"


def _line(interval: Interval, top: int, axis: Axis) -> str:
    start = x(interval.start, axis)
    return f"M{start} {top + BAR / 2}H{max(start + 3, x(interval.end, axis))}"


def _cross(at: int, top: int) -> str:
    return f"M{at - 8} {top}l16 {BAR}m0-{BAR}l-16 {BAR}"


def bands(intervals: Iterable[Interval], axis: Axis, height: int) -> str:
    """Draw stretches of time across all lanes; those that touch at this scale are one."""
    spans: list[list[int]] = []
    for interval in sorted(intervals, key=lambda interval: interval.start):
        start = x(interval.start, axis)
        end = max(start + 3, x(interval.end, axis))
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    return "".join(f"M{start} 0H{end}V{height}H{start}z" for start, end in spans)


def loads(layout: Layout) -> list[tuple[int, int, str]]:
    """List page loads, each up to the next: begin and length in thousandths, and what was loaded."""
    starts = [(x(load.at, layout.axis), _describe(load)) for load in layout.loads]
    pairs = pairwise([*starts, (WIDE, "")])
    return [(at * 1000 // WIDE, (until - at) * 1000 // WIDE, words) for (at, words), (until, _) in pairs]


def _describe(load: Load) -> str:
    return f"{timeline.load_kind(load.page)} {timeline.page_name(load.page)}"


def begins(layout: Layout) -> list[int]:
    """List where page loads begin, in thousandths."""
    return [x(load.at, layout.axis) * 1000 // WIDE for load in layout.loads if load.at >= layout.axis.start]


def steps(levels: Steps, axis: Axis, highest: int) -> str:
    """Draw how many are open, as steps; of changes at one place the highest counts."""
    columns: dict[int, list[int]] = {}
    for at, level in levels:
        extremes = columns.setdefault(x(at, axis), [level, level])
        extremes[0], extremes[1] = max(extremes[0], level), level
    path, before = f"M0 {LEVELS}", 0
    for column, (most, last) in columns.items():
        path += f"H{column}" + "".join(f"V{height(it, highest)}" for it in dict.fromkeys((most, last)) if it != before)
        before = last
    return path + f"H{WIDE}"


def height(level: int, highest: int) -> int:
    return LEVELS - level * (LEVELS - 6) // highest


def ruler(axis: Axis) -> list[tuple[int, str]]:
    """List the marks of time: place in thousandths, and label."""
    return [(x(tick.at, axis) * 1000 // WIDE, tick.label) for tick in ruler_of(axis, LABELS).ticks]
