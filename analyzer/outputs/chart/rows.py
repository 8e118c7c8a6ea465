"""Draw the sockets: a row each, or thin lanes where there are too many."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analyzer.model import Messages, Outcome, Session
from analyzer.outputs.chart.lanes import HEADING, Stack
from analyzer.outputs.chart.legend import LOOKS, look_of
from analyzer.outputs.chart.lettering import inches, short
from analyzer.outputs.chart.marks import PIXEL, Align, Box, Boxes, Look, Mark, Stroke, Strokes, Words
from analyzer.outputs.chart.panel import (
    BODY,
    GREY,
    HAIR,
    INK,
    LINE,
    MARGIN,
    MIDDLE,
    NOTHING,
    RED,
    SMALL,
    TINY,
    Panel,
    span_of,
)
from analyzer.timeline import Axis, Lane
from analyzer.wording import timeline
from analyzer.wording.lifetimes import OUTCOMES, count_outcomes

HATCHED = 0.045  # inches a lane; a hatch in a thinner one is only noise
DOT = " · "
DOUBLE = 0.3  # inches a lane that has room for two lines of words
LEAST = 0.4  # inches: fewer are no room for a name
WORDED = 0.155  # inches a lane that has room for words, messages and marks of its own


def label_width(stack: Stack, axis: Axis) -> float:
    """Measure the longest label of a stack, in inches."""
    if stack.lane < WORDED:
        labels = [timeline.label(lane, stack.common) for lane in stack.lanes[:: _spacing(stack)]]
        return max(inches(label, SMALL) for label in labels)
    lines = (_label(stack, lane, axis, math.inf) for lane in stack.lanes)
    return max(max(inches(first, SMALL), inches(second, TINY)) for first, second in lines)


def _label(stack: Stack, lane: Lane, axis: Axis, room: float) -> tuple[str, str]:
    """Name a socket, who opened it, and from when to when it was open: in two lines where a row has the height."""
    label, (who, opener, span) = timeline.label(lane, stack.common), timeline.caption(lane, axis)
    if stack.lane >= DOUBLE:
        fits = inches(_join(label, opener), SMALL) <= room
        first, second = (opener, who) if fits else (who, opener)
        return _fit(label, first, "", room, SMALL), _fit("", second, span, room, TINY)
    return _fit(label, _join(who if who not in stack.title else "", opener), span, room, SMALL), ""


def _fit(before: str, middle: str, after: str, room: float, size: float) -> str:
    """Join words; where they are too long, those in the middle give way first."""
    whole = _join(before, middle, after)
    if inches(whole, size) <= room:
        return whole
    left = room - inches(_join(before, after) + DOT, size)
    return short(_join(before, short(middle, left, size) if left > LEAST else "", after), room, size)


def _join(*parts: str) -> str:
    return DOT.join(part for part in parts if part)


def outcome_width(stack: Stack, axis: Axis) -> float:
    """Measure the longest word on how the sockets of a stack ended, in inches."""
    sessions = [lane.session for lane in stack.lanes]
    words = [_outcome(it, axis) for it in sessions] if stack.lane >= WORDED else count_outcomes(sessions)
    return max(inches(line, TINY) for line in words)


def _spacing(stack: Stack) -> int:
    """Return which lanes get a label: of thin ones every n-th, as a thousand labels cost seconds."""
    return max(1, -int(-0.15 // stack.lane))


def height_of(panel: Panel) -> float:
    """Measure all lanes with their headings, in inches."""
    return sum(HEADING + stack.height for stack in panel.stacks) if panel.stacks else NOTHING


class Collector:
    """Collect the marks of all lanes of a panel by kind: one artist per kind, not per socket."""

    def __init__(self) -> None:
        self.boxes: dict[str, list[Box]] = {}
        self.strokes: dict[str, list[Stroke]] = {}
        self.words: list[Mark] = []

    def box(self, name: str, box: Box) -> None:
        self.boxes.setdefault(name, []).append(box)

    def stroke(self, name: str, stroke: Stroke) -> None:
        self.strokes.setdefault(name, []).append(stroke)

    def cross(self, name: str, x: float, y: float, arm: float) -> None:
        self.stroke(name, (x - arm, y - arm, x + arm, y + arm))
        self.stroke(name, (x - arm, y + arm, x + arm, y - arm))

    def marks(self, number: int) -> Iterator[Mark]:
        """Yield the marks from the back to the front."""
        for name in ("possible-thin", "possible", "possible-endless"):
            yield Boxes(f"{name}-{number}", look_of(name), self.boxes.get(name, []))
        yield Strokes(f"connecting-{number}", LOOKS["connecting"], self.strokes.get("connecting", []))
        for name in ("proven", "proven-endless", "overlapping-thin", "overlapping", "overlapping-endless"):
            yield Boxes(f"{name}-{number}", look_of(name), self.boxes.get(name, []))
        for name in ("sent", "received", "failed"):
            yield Strokes(f"{name}-{number}", LOOKS[name], self.strokes.get(name, []))
        yield from self.words


def lane_marks(panel: Panel, y: float) -> Iterator[Mark]:
    """Draw the lanes from `y` downwards, with headings and labels."""
    back: list[Box] = []
    hairs: list[Stroke] = []
    collector = Collector()
    for stack in panel.stacks:
        back.append((panel.left - 0.01, y, panel.width, y + HEADING))
        collector.words += _heading(panel, stack, y + HEADING / 2)
        y += HEADING
        if stack.lane >= WORDED:
            hairs += [
                (panel.left, y + stack.lane * row, panel.right, y + stack.lane * row)
                for row in range(1, len(stack.lanes))
            ]
            for lane in stack.lanes:
                _row(collector, panel, stack, lane, y + stack.lane / 2)
                y += stack.lane
        else:
            _crowd(collector, panel, stack, y)
            y += stack.height
    yield Boxes(f"headings-{panel.number}", Look("#ffffff"), back)
    yield Strokes(f"rows-{panel.number}", Look(edge=HAIR, width=0.5), hairs)
    yield from collector.marks(panel.number)


def _heading(panel: Panel, stack: Stack, middle: float) -> Iterator[Words]:
    room = panel.width - 2 * MARGIN
    title = short(stack.title, room * 0.6, BODY, bold=True)
    used = inches(title, BODY, bold=True) + 0.14
    yield Words(title, MARGIN, middle + BODY * MIDDLE, BODY, INK, bold=True)
    detail = short(stack.detail, room - used, SMALL)
    yield Words(detail, MARGIN + used, middle + BODY * MIDDLE, SMALL, GREY)


def _row(collector: Collector, panel: Panel, stack: Stack, lane: Lane, middle: float) -> None:
    """Draw one socket in a row of its own."""
    height, session = stack.lane, lane.session
    half = height * 0.29
    lines = _label(stack, lane, panel.axis, panel.left - 0.07 - MARGIN)
    base = middle - (TINY * LINE / 2 if lines[1] else 0) + SMALL * MIDDLE
    for text, y, size, color in ((lines[0], base, SMALL, INK), (lines[1], base + TINY * LINE, TINY, GREY)):
        if text:
            collector.words.append(Words(text, MARGIN, y, size, color))
    outcome = short(_outcome(session, panel.axis), panel.width - panel.right - 0.1, TINY)
    collector.words.append(Words(outcome, panel.right + 0.06, middle + TINY * MIDDLE, TINY, GREY))
    _bars(collector, panel, lane, middle, half)
    _connecting(collector, panel, lane, middle)
    _ticks_of(collector, panel, session.messages, middle, half, height)
    if (x := _failure_place(panel, lane)) is not None:
        collector.cross("failed", x, middle, min(0.05, half))
        _reason(collector, panel, lane, x, middle)


def _bars(collector: Collector, panel: Panel, lane: Lane, middle: float, half: float, thin: str = "") -> None:
    # No point shows in a thin lane; and where a part is cut out, its end is not that of the capture.
    pointed = not thin and not panel.axis.cut_end
    bars = [(f"possible{thin}", lane.session.possible), ("proven", lane.session.proven)]
    for name, interval in (*bars, *((f"overlapping{thin}", part) for part in lane.overlapping)):
        if interval is not None and (span := span_of(panel, interval)):
            endless = "-endless" if interval.end is None and pointed else ""
            collector.box(name + endless, (span[0], middle - half, span[1], middle + half))


def _connecting(collector: Collector, panel: Panel, lane: Lane, middle: float) -> None:
    if lane.connecting is not None and (span := span_of(panel, lane.connecting)):
        collector.stroke("connecting", (span[0], middle, span[1], middle))


def _failure_place(panel: Panel, lane: Lane) -> float | None:
    """Return where a socket failed, if on the axis."""
    at = lane.failed
    return panel.x(at) if at is not None and panel.axis.start <= at <= panel.axis.end else None


def _reason(collector: Collector, panel: Panel, lane: Lane, x: float, middle: float) -> None:
    """Write why it failed, on the side of its mark that has more room."""
    wait, problem = lane.connecting, lane.session.problem or ""
    before = (panel.x(wait.start) if wait is not None else x) - 0.1
    after = x + 0.1
    right = panel.right - 0.05 - after >= min(inches(problem, TINY), before - panel.left)
    text = short(problem, panel.right - 0.05 - after if right else before - panel.left, TINY)
    if len(text) > 8:
        place, align = (after, Align.LEFT) if right else (before, Align.RIGHT)
        collector.words.append(Words(text, place, middle + TINY * MIDDLE, TINY, RED, align=align))


def _ticks_of(collector: Collector, panel: Panel, messages: Messages, middle: float, half: float, lane: float) -> None:
    """Draw a tick for messages: sent above the bar, received below. Those too near to each other share one."""
    reach = min(lane * 0.16, 0.045)
    apart, places = 0.03, set()
    for at, sent in zip(messages.times, messages.directions, strict=False):  # no times: nothing to draw
        if not panel.axis.start <= at <= panel.axis.end:
            continue
        x = panel.x(at)
        place = (int((x - panel.left) / apart), sent)
        if place in places:
            continue
        places.add(place)
        if sent:
            collector.stroke("sent", (x, middle - half - reach, x, middle - half))
        else:
            collector.stroke("received", (x, middle + half, x, middle + half + reach))


def _crowd(collector: Collector, panel: Panel, stack: Stack, top: float) -> None:
    """Draw sockets in lanes too thin for words: every n-th has a label, and outcomes are counted."""
    height, spacing = stack.lane, _spacing(stack)
    lowest = top + stack.height - 0.05
    hatched = height >= HATCHED
    half = max(height * (0.32 if hatched else 0.5), PIXEL / 2)
    for row, lane in enumerate(stack.lanes):
        middle = top + height * (row + 0.5)
        _bars(collector, panel, lane, middle, half, "" if hatched else "-thin")
        if (x := _failure_place(panel, lane)) is not None:
            collector.cross("failed", x, middle, 0.02)
        elif hatched:
            _connecting(collector, panel, lane, middle)
        if row % spacing == 0 and (row == 0 or middle + 0.05 <= lowest):
            text = short(timeline.label(lane, stack.common), panel.left - 0.08 - MARGIN, TINY)
            base = middle + (0.05 if height < 0.1 else 0) + TINY * MIDDLE  # beside the lane, not above all of them
            collector.words.append(Words(text, panel.left - 0.08, base, TINY, INK, align=Align.RIGHT))
    for line, text in enumerate(count_outcomes([lane.session for lane in stack.lanes])):
        base = top + 0.1 + TINY * (MIDDLE + LINE * line)
        collector.words.append(Words(text, panel.right + 0.06, base, TINY, GREY))


def _outcome(session: Session, axis: Axis) -> str:
    if _continues(session, axis):
        return "continues"
    code = f" {session.close_code}" if session.close_code is not None else ""
    return OUTCOMES[session.outcome].brief + (code if session.outcome is Outcome.CLOSED else "")


def _continues(session: Session, axis: Axis) -> bool:
    """Check whether the end of the axis cuts the socket off."""
    if not axis.cut_end or session.possible is None:
        return False
    return session.possible.end is None or session.possible.end > axis.end
