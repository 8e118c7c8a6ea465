"""Draw the sockets: a row each, or thin lanes where there are too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model import Messages, Outcome, Session
from analyzer.outputs.chart import lanes
from analyzer.outputs.chart.lanes import HEADING, Section, Stretch
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
from analyzer.wording.lifetimes import OUTCOMES, count_outcomes

HATCHED = 0.045  # inches a lane; a hatch in a thinner one is only noise
WORDED = 0.155  # inches a lane that has room for words, messages and marks of its own


def label_width(section: Section) -> float:
    """Measure the longest label of a section, in inches."""
    return max(inches(_label(section, session), SMALL) for session in _choose_labels(section))


def outcome_width(section: Section, stretch: Stretch) -> float:
    """Measure the longest word on how the sockets of a section ended, in inches."""
    if section.lane >= WORDED:
        return max(inches(_outcome(session, stretch), TINY) for session in section.sessions)
    return max(inches(line, TINY) for line in count_outcomes(section.sessions))


def _choose_labels(section: Section) -> Sequence[Session]:
    """Choose the sockets that get a label: of thin lanes one in so many, as a thousand cost seconds."""
    step = max(1, -int(-0.15 // section.lane))
    return section.sessions[::step]


def _label(section: Section, session: Session) -> str:
    number = f"#{session.id[1:]}"
    return number if section.name else f"{number} {lanes.address(session.endpoint)}"


def height_of(panel: Panel) -> float:
    """Measure all lanes with their headings, in inches."""
    heights = (above + section.height for above, section in _place_sections(panel.sections))
    return sum(heights) if panel.sections else NOTHING


def _place_sections(sections: Sequence[Section]) -> Iterator[tuple[float, Section]]:
    """Yield each section with the inches above it: a heading, or the gap to a group that has one."""
    grouped = False
    for section in sections:
        yield HEADING if section.name else HEADING / 2 if grouped else 0.0, section
        grouped = bool(section.name)


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
        for name in ("proven", "proven-endless"):
            yield Boxes(f"{name}-{number}", look_of(name), self.boxes.get(name, []))
        for name in ("sent", "received", "failed"):
            yield Strokes(f"{name}-{number}", LOOKS[name], self.strokes.get(name, []))
        yield from self.words


def section_marks(panel: Panel, y: float) -> Iterator[Mark]:
    """Draw the lanes from `y` downwards, with headings and labels."""
    back: list[Box] = []
    hairs: list[Stroke] = []
    collector = Collector()
    for above, section in _place_sections(panel.sections):
        if above:
            back.append((panel.left - 0.01, y, panel.width, y + above))
        if section.name:
            collector.words += _heading(panel, section, y + above / 2)
        y += above
        if section.lane >= WORDED:
            hairs += [
                (panel.left, y + section.lane * row, panel.right, y + section.lane * row)
                for row in range(1, len(section.sessions))
            ]
            for session in section.sessions:
                _row(collector, panel, section, session, y + section.lane / 2)
                y += section.lane
        else:
            _crowd(collector, panel, section, y)
            y += section.height
    yield Boxes(f"headings-{panel.number}", Look("#ffffff"), back)
    yield Strokes(f"rows-{panel.number}", Look(edge=HAIR, width=0.5), hairs)
    yield from collector.marks(panel.number)


def _heading(panel: Panel, section: Section, middle: float) -> Iterator[Words]:
    room = panel.width - 2 * MARGIN
    name = short(section.name, room * 0.6, BODY, bold=True)
    used = inches(name, BODY, bold=True) + 0.14
    yield Words(name, MARGIN, middle + BODY * MIDDLE, BODY, INK, bold=True)
    detail = short(section.detail, room - used, SMALL)
    yield Words(detail, MARGIN + used, middle + BODY * MIDDLE, SMALL, GREY)


def _row(collector: Collector, panel: Panel, section: Section, session: Session, middle: float) -> None:
    """Draw one socket in a row of its own."""
    half = section.lane * 0.29
    label = short(_label(section, session), panel.left - 0.08 - MARGIN, SMALL)
    collector.words.append(Words(label, panel.left - 0.08, middle + SMALL * MIDDLE, SMALL, INK, align=Align.RIGHT))
    outcome = short(_outcome(session, panel.stretch), panel.width - panel.right - 0.1, TINY)
    collector.words.append(Words(outcome, panel.right + 0.06, middle + TINY * MIDDLE, TINY, GREY))
    if not lanes.signs_of(session):
        collector.words.append(Words("time unknown", panel.left + 0.1, middle + TINY * MIDDLE, TINY, GREY))
    _bars(collector, panel, session, middle, half, "possible")
    _connecting(collector, panel, session, middle)
    _ticks_of(collector, panel, session.messages, middle, half, section.lane)
    if (x := _failure_place(panel, session)) is not None:
        collector.cross("failed", x, middle, min(0.05, half))
        _reason(collector, panel, session, x, middle)


def _bars(collector: Collector, panel: Panel, session: Session, middle: float, half: float, possible: str) -> None:
    # No point shows in a thin lane; and where a stretch is cut out, its end is not that of the capture.
    pointed = possible == "possible" and not panel.stretch.cut_finish
    for name, interval in ((possible, session.possible), ("proven", session.proven)):
        if interval is not None and (span := span_of(panel, interval)):
            endless = "-endless" if interval.end is None and pointed else ""
            collector.box(name + endless, (span[0], middle - half, span[1], middle + half))


def _connecting(collector: Collector, panel: Panel, session: Session, middle: float) -> None:
    if (wait := lanes.connecting(session)) and (span := span_of(panel, wait)):
        collector.stroke("connecting", (span[0], middle, span[1], middle))


def _failure_place(panel: Panel, session: Session) -> float | None:
    """Return where a socket failed, if within the stretch."""
    at = lanes.failure(session)
    return panel.x(at) if at is not None and panel.stretch.begin <= at <= panel.stretch.finish else None


def _reason(collector: Collector, panel: Panel, session: Session, x: float, middle: float) -> None:
    """Write why it failed, on the side of its mark that has more room."""
    wait = lanes.connecting(session)
    before = (panel.x(wait.start) if wait is not None else x) - 0.1
    after = x + 0.1
    right = panel.right - 0.05 - after >= min(inches(session.problem or "", TINY), before - panel.left)
    text = short(session.problem or "", panel.right - 0.05 - after if right else before - panel.left, TINY)
    if len(text) > 8:
        place, align = (after, Align.LEFT) if right else (before, Align.RIGHT)
        collector.words.append(Words(text, place, middle + TINY * MIDDLE, TINY, RED, align=align))


def _ticks_of(collector: Collector, panel: Panel, messages: Messages, middle: float, half: float, lane: float) -> None:
    """Draw a tick for messages: sent above the bar, received below. Those too near to each other share one."""
    reach = min(lane * 0.16, 0.045)
    apart, places = 0.03, set()
    for at, sent in zip(messages.times, messages.directions, strict=False):  # no times: nothing to draw
        if not panel.stretch.begin <= at <= panel.stretch.finish:
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


def _crowd(collector: Collector, panel: Panel, section: Section, top: float) -> None:
    """Draw sockets in lanes too thin for words: one in so many has a label, and outcomes are counted."""
    lane, labelled = section.lane, {session.id for session in _choose_labels(section)}
    lowest = top + section.height - 0.05
    hatched = lane >= HATCHED
    half = max(lane * (0.32 if hatched else 0.5), PIXEL / 2)
    for row, session in enumerate(section.sessions):
        middle = top + lane * (row + 0.5)
        _bars(collector, panel, session, middle, half, "possible" if hatched else "possible-thin")
        if (x := _failure_place(panel, session)) is not None:
            collector.cross("failed", x, middle, 0.02)
        elif hatched:
            _connecting(collector, panel, session, middle)
        if session.id in labelled and (row == 0 or middle + 0.05 <= lowest):
            text = short(_label(section, session), panel.left - 0.08 - MARGIN, TINY)
            base = middle + (0.05 if lane < 0.1 else 0) + TINY * MIDDLE  # beside the lane, not above all of them
            collector.words.append(Words(text, panel.left - 0.08, base, TINY, INK, align=Align.RIGHT))
    for line, text in enumerate(count_outcomes(section.sessions)):
        base = top + 0.1 + TINY * (MIDDLE + LINE * line)
        collector.words.append(Words(text, panel.right + 0.06, base, TINY, GREY))


def _outcome(session: Session, stretch: Stretch) -> str:
    if _continues(session, stretch):
        return "continues"
    code = f" {session.close_code}" if session.close_code is not None else ""
    return OUTCOMES[session.outcome].brief + (code if session.outcome is Outcome.CLOSED else "")


def _continues(session: Session, stretch: Stretch) -> bool:
    """Check whether the end of the stretch that is drawn cuts the socket off."""
    if not stretch.cut_finish or session.possible is None:
        return False
    return session.possible.end is None or session.possible.end > stretch.finish
