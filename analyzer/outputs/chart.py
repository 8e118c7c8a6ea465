"""The timeline chart, placed: a run in, marks in inches out. One panel a capture, one axis of time, one legend.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (pale, where lanes are too thin for a pattern), and a word says again what a colour says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from analyzer.intervals import Interval, sweep
from analyzer.model import Confidence, Instant, Limit, Messages, Outcome, Page, PageKind, Report, Run, Session
from analyzer.outputs import clock, lanes
from analyzer.outputs.lanes import HEADING, Section, Stretch, When
from analyzer.outputs.lettering import clean, inches, short, wrap
from analyzer.outputs.marks import Align, Box, Boxes, Curve, Look, Mark, Picture, Stroke, Strokes, Words
from analyzer.outputs.verdict import verdict_sentences

PANELS = 8  # further captures are counted in the picture, not drawn
HIGHEST = 10.0  # inches of all lanes
HATCHED = 0.045  # inches a lane; a hatch in a thinner one is only noise
WORDED = 0.14  # inches a lane that has room for words, messages and marks of its own
PIXEL = 1 / 150  # inches: nothing is drawn smaller
POINT = 0.09  # inches: how far a bar without an end runs out into a point

DOT = "  ·  "
MARGIN, GAP = 0.22, 0.1
SIDE = 0.95  # inches left of the plot at least: what the axes are called has room there
STRIP, COUNTS, AXIS, NOTHING = 0.21, 0.85, 0.46, 1.1
TITLE, BODY, SMALL, TINY = 13.0, 9.0, 8.0, 7.0  # points
LINE = 1.42 / 72  # inches a line of text, for each point of its size
MIDDLE = 0.36 / 72  # from the middle of a line down to its baseline, likewise

INK, NAVY, STEEL, RED, GREY, FAINT, HAIR = "#1f2328", "#1b3a5c", "#6b86a3", "#a3200d", "#5f6368", "#9aa0a6", "#e4e6e9"
TINT, AMBER, AMBER_EDGE, CREAM = "#f2f4f6", "#fce0b5", "#c98d3c", "#fff7ea"

LOOKS = {
    "page": Look(TINT),
    "page-begin": Look(edge=FAINT, width=0.8),
    "possible-overlap": Look(CREAM, AMBER_EDGE, 0.8, dashes=(3, 2)),
    "overlap": Look(AMBER, AMBER_EDGE, 0.8),
    "possible": Look("#ffffff", STEEL, 0.6, "//////"),
    "possible-thin": Look("#a9b8c8"),
    "connecting": Look(edge="#000000", width=1.3),
    "proven": Look(NAVY),
    "sent": Look(edge="#000000", width=0.8),
    "received": Look(edge="#000000", width=0.8),
    "failed": Look(edge=RED, width=1.4),
    "count-possible": Look(edge=STEEL, width=1.2, dashes=(3, 1.5)),
    "count-proven": Look(edge=NAVY, width=1.7),
    "limit": Look(edge=RED, width=1.1, dashes=(6, 2, 1.2, 2)),
}
SAID = {
    "proven": "certainly open",
    "possible": "may have been open",
    "possible-thin": "may have been open (thin lanes)",
    "proven-endless": "pointed: no end in this capture",
    "possible-endless": "pointed: no end in this capture",
    "connecting": "connecting",
    "failed": "failed: never open",
    "sent": "above a bar: messages sent",
    "received": "below a bar: messages received",
    "overlap": "two or more certainly open",
    "possible-overlap": "two or more possibly open",
    "page-begin": "a page begins",
    "count-proven": "how many certainly open",
    "count-possible": "how many possibly open",
    "limit": "most for one user, by the service",
}
OUTCOMES = {
    Outcome.CLOSED: "closed",
    Outcome.OPEN: "still open",
    Outcome.FAILED: "failed",
    Outcome.CONNECTING: "still connecting",
    Outcome.UNKNOWN: "end not known",
}


class Panel(NamedTuple):
    """One capture, laid out. `left` and `right` are where the plot is, in inches."""

    number: int
    report: Report
    stretch: Stretch
    sections: list[Section]
    loads: list[tuple[Instant, Page]]
    left: float
    right: float
    width: float  # of the whole picture
    head: list[Words]  # placed as if the panel were at the top of the picture
    top: float  # where the head ends

    @property
    def sessions(self) -> Iterator[Session]:
        return (session for section in self.sections for session in section.sessions)

    def x(self, at: Instant | None) -> float:
        """Where it is, at the edge if outside. Room after the last sign shows what went on."""
        if at is None:
            return self.right
        begin, finish = self.stretch.begin, self.stretch.finish
        span, plot = finish - begin, self.right - self.left
        before = 0.0 if self.stretch.cut_begin else 0.01
        after = 0.0 if self.stretch.cut_finish else 0.035
        place = ((at - begin) / span + before) / (1 + before + after)
        return self.left + plot * min(1.0, max(0.0, place))


def picture(run: Run, width: float, start: When = None, end: When = None) -> Picture:
    """The marks of a run's chart, `width` inches wide and as high as it needs."""
    panels = _panels(run, width, start, end)
    marks: list[Mark] = []
    y = MARGIN
    for panel in panels:
        if panel.number:
            marks.append(Strokes(f"rule-{panel.number}", Look(edge=HAIR, width=1), [(MARGIN, y, width - MARGIN, y)]))
            y += GAP * 2
        drawn, y = _panel(panel, y)
        marks += drawn
    drawn, y = _legend(marks, width, y)
    marks += drawn
    for note in _notes(run, panels):
        for line in wrap(note, width - 2 * MARGIN, SMALL, 2):
            marks.append(Words(line, MARGIN, y + SMALL * LINE * 0.75, SMALL, GREY))
            y += SMALL * LINE
    return Picture(width, y + MARGIN * 0.6, marks)


# -- layout ------------------------------------------------------------------------------------------------


def _panels(run: Run, width: float, start: When, end: When) -> list[Panel]:
    shown = run.reports[:PANELS]
    highest = HIGHEST if len(shown) < 2 else 2 * HIGHEST / len(shown)
    found = []
    for number, report in enumerate(shown):
        stretch = lanes.stretch_of(report, start, end)
        sections = lanes.sections(report, stretch, highest)
        head, top = _head(report, run, stretch, sum(len(section.sessions) for section in sections), width)
        loads = lanes.loads(report, stretch)
        found.append(Panel(number, report, stretch, sections, loads, 0, 0, width, head, top))
    # One plot above the other begin and end in line.
    left = max((_left(section) for panel in found for section in panel.sections), default=0)
    left = MARGIN + max(SIDE, min(left, width * 0.27)) + 0.08
    right = max((_outcomes_width(section) for panel in found for section in panel.sections), default=0)
    limits = max((_limit_width(panel.report) for panel in found), default=0)
    return [panel._replace(left=left, right=width - MARGIN - max(0.3, right, limits) - 0.06) for panel in found]


def _left(section: Section) -> float:
    return max(inches(_label(section, session), SMALL) for session in _labelled(section))


def _outcomes_width(section: Section) -> float:
    if section.lane >= WORDED:
        return max(inches(_outcome(session), TINY) for session in section.sessions)
    return max(inches(line, TINY) for line in _tally(section.sessions))


def _limit_width(report: Report) -> float:
    return max((inches(_limit_words(name, limit), TINY) for name, limit in _near(report)), default=0)


def _labelled(section: Section) -> Sequence[Session]:
    """Of thin lanes every so-manieth has a label: a thousand cost seconds, and cannot be read."""
    step = max(1, -int(-0.15 // section.lane))
    return section.sessions[::step]


def _label(section: Section, session: Session) -> str:
    number = f"#{session.id[1:]}"
    return number if section.name else f"{number} {lanes.address(session.endpoint)}"


def _head(report: Report, run: Run, stretch: Stretch, shown: int, width: float) -> tuple[list[Words], float]:
    """The verdict, what it rests on, where it comes from; and how high that is."""
    said = verdict_sentences(report, run.policy)
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    missing = [message for message in hidden if not any(message in sentence for sentence in said)]
    more = f" And {len(missing) - 1} more of the kind." if missing[1:] else ""
    capture, total = report.capture, len(report.sessions)
    parts = [
        clean(_file(capture.source), 60),
        f"recorded with {clean(capture.exporter.label, 40)}",
        lanes.sockets(total) if shown == total else f"{shown:,} of {lanes.sockets(total)} in this stretch of time",
        f"begins {clock.stamp(stretch.origin)}" if stretch.origin is not None else "no times",
    ]
    words, y, room = [], 0.0, width - 2 * MARGIN
    for text, size, color, bold, most, at in (
        (said[0], TITLE, INK, True, 3, " "),
        (" ".join(said[1:]), BODY, INK, False, 4, " "),
        (f"What this file cannot show: {missing[0]}{more}" if missing else "", BODY, INK, False, 3, " "),
        (DOT.join(parts), SMALL, GREY, False, 3, DOT),
    ):
        for line in wrap(text, room, size, most, bold, at):
            words.append(Words(line, MARGIN, y + size * LINE * 0.75, size, color, bold))
            y += size * LINE
        y += 0.03 if text else 0
    return words, y + GAP


def _panel(panel: Panel, y: float) -> tuple[list[Mark], float]:
    words = [word._replace(y=word.y + y) for word in panel.head]
    top = y + panel.top
    plot = top + (STRIP if panel.loads else 0)
    bottom = plot + _lanes_height(panel)
    end = bottom + (GAP + COUNTS if panel.sections else 0)
    marks: list[Mark] = [*words, *_pages(panel, top, plot, end)]
    for first, last in ((plot, bottom), (bottom + GAP, end)) if panel.sections else ():
        marks += _overlaps(panel, first, last)
    ticks = _ticks(panel)
    grid = [(panel.x(tick.at), plot, panel.x(tick.at), end) for tick in ticks]
    marks.append(Strokes(f"grid-{panel.number}", Look(edge=HAIR, width=0.6), grid))
    marks += _page_begins(panel, top, end)
    if not panel.sections:
        return [*marks, *_nothing(panel, plot, bottom), *_time(panel, ticks, end)], end + AXIS
    marks += _sections(panel, plot)
    marks.append(Boxes(f"between-{panel.number}", Look("#ffffff"), [(panel.left - 0.01, bottom, panel.width, bottom + GAP)]))
    marks += _counts(panel, bottom + GAP, end)
    return [*marks, *_time(panel, ticks, end)], end + AXIS


def _lanes_height(panel: Panel) -> float:
    heights = (above + section.height for above, section in _spaced(panel.sections))
    return sum(heights) if panel.sections else NOTHING


def _spaced(sections: Sequence[Section]) -> Iterator[tuple[float, Section]]:
    """Each with the inches above it: a heading, or what parts it from a group that has one."""
    grouped = False
    for section in sections:
        yield HEADING if section.name else HEADING / 2 if grouped else 0.0, section
        grouped = bool(section.name)


# -- background --------------------------------------------------------------------------------------------


def _bands(panel: Panel) -> list[tuple[float, float, Page]]:
    begins = [panel.x(at) for at, _ in panel.loads]
    pages = [page for _, page in panel.loads]
    return list(zip(begins, [*begins[1:], panel.right][: len(begins)], pages, strict=True))


def _pages(panel: Panel, top: float, plot: float, bottom: float) -> list[Mark]:
    """A band for each page, every other one tinted, with its kind and name above as far as there is room."""
    bands = _bands(panel)
    tinted = [(left, top, right, bottom) for left, right, _ in bands[::2] if right > left]
    marks: list[Mark] = [Boxes(f"page-{panel.number}", LOOKS["page"], tinted)]
    base = (top + plot) / 2 + TINY * MIDDLE
    for left, right, page in bands:
        word = "page" if page.kind is PageKind.UNKNOWN else page.kind.value
        room = right - left - 0.08
        name = short(lanes.page_name(page.url), max(0, room - inches(f"{word} ", TINY)), TINY)
        said = f"{word} {name}" if len(name) > 2 or name == lanes.page_name(page.url) else word
        if inches(said, TINY) <= room:
            marks.append(Words(said, left + 0.05, base, TINY, GREY))
    if bands:
        many = f"{len(bands):,} page{'s' * (len(bands) != 1)}"
        marks.append(Words(many, panel.left - 0.08, base, TINY, GREY, align=Align.RIGHT))
    return marks


def _page_begins(panel: Panel, top: float, bottom: float) -> list[Mark]:
    begins = [left for left, _, _ in _bands(panel) if panel.left < left < panel.right]
    return [
        Strokes(f"page-begin-{panel.number}", LOOKS["page-begin"], [(x, top, x, bottom) for x in begins])
    ]


def _overlaps(panel: Panel, top: float, bottom: float) -> list[Mark]:
    """Stretches with two or more open, with a line where each begins and ends."""
    marks: list[Mark] = []
    for name, confidence in (("possible-overlap", Confidence.POSSIBLE), ("overlap", Confidence.PROVEN)):
        found = [o.interval for o in panel.report.overlaps if o.confidence is confidence]
        spans = [span for interval in found if (span := _span(panel, interval))]
        ends = [x for span in spans for x in span if panel.left < x < panel.right]
        shades = [(left, top, right, bottom) for left, right in spans]
        marks.append(Boxes(f"{name}-{panel.number}", LOOKS[name]._replace(edge=None, width=0), shades))
        if len(spans) <= lanes.ROWS:
            marks.append(Strokes(f"{name}-ends-{panel.number}", LOOKS[name], [(x, top, x, bottom) for x in ends]))
    return marks


def _span(panel: Panel, interval: Interval) -> tuple[float, float] | None:
    """From where to where, at least a pixel; None outside of the stretch."""
    begin, finish = panel.stretch.begin, panel.stretch.finish
    if (panel.stretch.cut_finish and interval.start > finish) or (interval.end is not None and interval.end < begin):
        return None
    left, right = panel.x(interval.start), panel.x(interval.end)
    if right - left < PIXEL:
        left = min(left, panel.right - PIXEL)
        right = left + PIXEL
    return left, right


def _look(name: str) -> Look:
    """That of a kind of mark; one without an end runs out into a point."""
    kind = name.removesuffix("-endless")
    return LOOKS[kind] if kind == name else LOOKS[kind]._replace(point=POINT)


# -- lanes -------------------------------------------------------------------------------------------------


class Lanes:
    """The marks of all lanes of a panel, gathered by kind: one artist a kind, not one a socket."""

    def __init__(self) -> None:
        self.boxes: dict[str, list[Box]] = {}
        self.strokes: dict[str, list[Stroke]] = {}
        self.words: list[Mark] = []

    def box(self, name: str, box: Box) -> None:
        self.boxes.setdefault(name, []).append(box)

    def stroke(self, name: str, stroke: Stroke) -> None:
        self.strokes.setdefault(name, []).append(stroke)

    def marks(self, number: int) -> Iterator[Mark]:
        """From the back to the front."""
        for name in ("possible-thin", "possible", "possible-endless"):
            yield Boxes(f"{name}-{number}", _look(name), self.boxes.get(name, []))
        yield Strokes(f"connecting-{number}", LOOKS["connecting"], self.strokes.get("connecting", []))
        for name in ("proven", "proven-endless"):
            yield Boxes(f"{name}-{number}", _look(name), self.boxes.get(name, []))
        for name in ("sent", "received", "failed"):
            yield Strokes(f"{name}-{number}", LOOKS[name], self.strokes.get(name, []))
        yield from self.words


def _sections(panel: Panel, y: float) -> Iterator[Mark]:
    back: list[Box] = []
    hairs: list[Stroke] = []
    found = Lanes()
    for above, section in _spaced(panel.sections):
        if above:
            back.append((panel.left - 0.01, y, panel.width, y + above))
        if section.name:
            found.words += _heading(panel, section, y + above / 2)
        y += above
        if section.lane >= WORDED:
            hairs += [
                (panel.left, y + section.lane * row, panel.right, y + section.lane * row)
                for row in range(1, len(section.sessions))
            ]
            for session in section.sessions:
                _row(found, panel, section, session, y + section.lane / 2)
                y += section.lane
        else:
            _crowd(found, panel, section, y)
            y += section.height
    yield Boxes(f"headings-{panel.number}", Look("#ffffff"), back)
    yield Strokes(f"rows-{panel.number}", Look(edge=HAIR, width=0.5), hairs)
    yield from found.marks(panel.number)


def _heading(panel: Panel, section: Section, middle: float) -> Iterator[Words]:
    room = panel.width - 2 * MARGIN
    name = short(section.name, room * 0.6, BODY, bold=True)
    used = inches(name, BODY, bold=True) + 0.14
    yield Words(name, MARGIN, middle + BODY * MIDDLE, BODY, INK, bold=True)
    detail = short(section.detail, room - used, SMALL)
    yield Words(detail, MARGIN + used, middle + BODY * MIDDLE, SMALL, GREY)


def _row(found: Lanes, panel: Panel, section: Section, session: Session, middle: float) -> None:
    """One socket with a row of its own."""
    half = section.lane * 0.29
    label = short(_label(section, session), panel.left - 0.08 - MARGIN, SMALL)
    found.words.append(Words(label, panel.left - 0.08, middle + SMALL * MIDDLE, SMALL, INK, align=Align.RIGHT))
    outcome = short(_outcome(session), panel.width - panel.right - 0.06, TINY)
    found.words.append(Words(outcome, panel.right + 0.06, middle + TINY * MIDDLE, TINY, GREY))
    if not lanes.signs_of(session):
        found.words.append(Words("when is not known", panel.left + 0.1, middle + TINY * MIDDLE, TINY, GREY))
    _bars(found, panel, session, middle, half, "possible")
    if (wait := lanes.connecting(session)) and (span := _span(panel, wait)):
        found.stroke("connecting", (span[0], middle, span[1], middle))
    _ticks_of(found, panel, session.messages, middle, half, section.lane)
    at = lanes.failure(session)
    if at is not None and panel.stretch.begin <= at <= panel.stretch.finish:
        x, arm = panel.x(at), min(0.05, half)
        found.stroke("failed", (x - arm, middle - arm, x + arm, middle + arm))
        found.stroke("failed", (x - arm, middle + arm, x + arm, middle - arm))
        _reason(found, panel, session, x, middle)


def _bars(found: Lanes, panel: Panel, session: Session, middle: float, half: float, possible: str) -> None:
    pointed = possible == "possible"  # no point shows in a thin lane
    for name, interval, height in (
        (possible, session.possible, half),
        ("proven", session.proven, half),
    ):
        if interval is not None and (span := _span(panel, interval)):
            endless = "-endless" if interval.end is None and pointed else ""
            found.box(name + endless, (span[0], middle - height, span[1], middle + height))


def _reason(found: Lanes, panel: Panel, session: Session, x: float, middle: float) -> None:
    """Why it failed, on the side of its mark that has more room."""
    wait = lanes.connecting(session)
    before = (panel.x(wait.start) if wait is not None else x) - 0.1
    after = x + 0.1
    right = panel.right - 0.05 - after >= min(inches(session.problem or "", TINY), before - panel.left)
    text = short(session.problem or "", panel.right - 0.05 - after if right else before - panel.left, TINY)
    if len(text) > 8:
        place, align = (after, Align.LEFT) if right else (before, Align.RIGHT)
        found.words.append(Words(text, place, middle + TINY * MIDDLE, TINY, RED, align=align))


def _ticks_of(
    found: Lanes, panel: Panel, messages: Messages, middle: float, half: float, lane: float
) -> None:
    """A tick for messages: sent above the bar, received below. Those too near to each other share one."""
    reach = min(lane * 0.16, 0.045)
    apart, seen = 0.03, set()
    for at, sent in zip(messages.times, messages.directions, strict=True):
        if not panel.stretch.begin <= at <= panel.stretch.finish:
            continue
        x = panel.x(at)
        place = (int((x - panel.left) / apart), sent)
        if place in seen:
            continue
        seen.add(place)
        if sent:
            found.stroke("sent", (x, middle - half - reach, x, middle - half))
        else:
            found.stroke("received", (x, middle + half, x, middle + half + reach))


def _crowd(found: Lanes, panel: Panel, section: Section, top: float) -> None:
    """Sockets in lanes too thin for words: every so-manieth has a label, and what became of all is told."""
    lane, labelled = section.lane, {session.id for session in _labelled(section)}
    lowest = top + section.height - 0.05
    hatched = lane >= HATCHED
    half = max(lane * (0.32 if hatched else 0.5), PIXEL / 2)
    for row, session in enumerate(section.sessions):
        middle = top + lane * (row + 0.5)
        _bars(found, panel, session, middle, half, "possible" if hatched else "possible-thin")
        if session.outcome is Outcome.FAILED or (hatched and session.created is not None):
            _crowd_marks(found, panel, session, middle, hatched)
        if session.id in labelled and (row == 0 or middle + 0.05 <= lowest):
            text = short(_label(section, session), panel.left - 0.08 - MARGIN, TINY)
            base = middle + (0.05 if lane < 0.1 else 0) + TINY * MIDDLE  # beside the lane, not above all of them
            found.words.append(Words(text, panel.left - 0.08, base, TINY, INK, align=Align.RIGHT))
    for line, text in enumerate(_tally(section.sessions)):
        base = top + 0.1 + TINY * (MIDDLE + LINE * line)
        found.words.append(Words(text, panel.right + 0.06, base, TINY, GREY))


def _crowd_marks(found: Lanes, panel: Panel, session: Session, middle: float, hatched: bool) -> None:
    at = lanes.failure(session)
    if at is not None and panel.stretch.begin <= at <= panel.stretch.finish:
        x, arm = panel.x(at), 0.02
        found.stroke("failed", (x - arm, middle - arm, x + arm, middle + arm))
        found.stroke("failed", (x - arm, middle + arm, x + arm, middle - arm))
    elif hatched and (wait := lanes.connecting(session)) and (span := _span(panel, wait)):
        found.stroke("connecting", (span[0], middle, span[1], middle))


def _outcome(session: Session) -> str:
    code = f" {session.close_code}" if session.close_code is not None else ""
    return OUTCOMES[session.outcome] + (code if session.outcome is Outcome.CLOSED else "")


def _tally(sessions: Sequence[Session]) -> list[str]:
    found = [session.outcome for session in sessions]
    return [f"{found.count(outcome):,} {said}" for outcome, said in OUTCOMES.items() if outcome in found]


# -- concurrency -------------------------------------------------------------------------------------------


def _counts(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """How many were open at each instant. Sockets of different clocks prove nothing about each other."""
    sessions = panel.report.sessions
    curves = [("count-possible", _steps(panel, [s.possible for s in sessions if s.possible]))]
    for ticking in sorted({session.clock for session in sessions if session.proven}):
        proven = [s.proven for s in sessions if s.proven and s.clock == ticking]
        curves.append(("count-proven", _steps(panel, proven)))
    limits = [(name, limit) for name, limit in _near(panel.report)]
    most = max([1, *(level for _, steps in curves for _, level in steps), *(limit.max for _, limit in limits)])
    step = next(s for s in _round() if s * 4 >= most)
    scale = (bottom - top) / (most * 1.12)
    levels = range(0, most + 1, step)
    lines = [(panel.left, bottom - level * scale, panel.right, bottom - level * scale) for level in levels]
    yield Strokes(f"levels-{panel.number}", Look(edge=HAIR, width=0.6), lines[1:])
    frame = [(panel.left, top, panel.left, bottom), (panel.left, bottom, panel.right, bottom)]
    yield Strokes(f"frame-{panel.number}", Look(edge=FAINT, width=0.8), frame)
    for level in levels:
        base = bottom - level * scale + TINY * MIDDLE
        yield Words(f"{level:,}", panel.left - 0.06, base, TINY, INK, align=Align.RIGHT)
    beside = panel.left - 0.14 - inches(f"{levels[-1]:,}", TINY)
    for line, text in enumerate(("open", "at once")):
        base = (top + bottom) / 2 + TINY * (MIDDLE + LINE * (line - 0.5))
        yield Words(text, beside, base, TINY, GREY, align=Align.RIGHT)
    for name, steps in curves:
        points = [(x, bottom - level * scale) for x, level in steps]
        yield Curve(f"{name}-{panel.number}", LOOKS[name], points)
    at = [bottom - limit.max * scale for _, limit in limits]
    yield Strokes(f"limit-{panel.number}", LOOKS["limit"], [(panel.left, y, panel.right, y) for y in at])
    below = top - 1.0
    for y, (name, limit) in sorted(zip(at, limits, strict=True)):
        base = max(y + TINY * MIDDLE, below + TINY * LINE)
        yield Words(_limit_words(name, limit), panel.right + 0.06, base, TINY, RED)
        below = base


def _round() -> Iterator[int]:
    return (figure * 10**power for power in range(12) for figure in (1, 2, 5))


def _steps(panel: Panel, intervals: Iterable[Interval]) -> list[tuple[float, int]]:
    """How many hold, as the corners of a line; what falls within a pixel goes to its extremes."""
    begin, finish = panel.stretch.begin, panel.stretch.finish
    level, points = 0, [(panel.left, 0)]
    column: list[int] = []
    here = panel.left
    for at, now in sweep(intervals):
        if at < begin:
            level = now
            points = [(panel.left, level)]
            continue
        if at > finish:
            break
        x = panel.x(at)
        if x - here >= PIXEL / 2:
            points += _spike(here, column)
            points.append((x, level))
            here, column = x, []
        column.append(now)
        level = now
    return [*points, *_spike(here, column), (panel.right, level)]


def _spike(x: float, levels: list[int]) -> list[tuple[float, int]]:
    return [(x, level) for level in ((min(levels), max(levels), levels[-1]) if len(levels) > 3 else levels)]


def _limits(report: Report) -> list[tuple[str, Limit]]:
    """What the services seen document that one user may have open, with the service's name."""
    found = {(group.provider.name, limit): None for group in report.groups if group.provider for limit in group.limits}
    return sorted(found, key=lambda it: (it[1].max, it[0]))


def _near(report: Report) -> list[tuple[str, Limit]]:
    """Those in the range of the line, or near it: a line far above would press all the rest to the ground."""
    most = report.concurrency.possible_peak
    return [it for it in _limits(report) if it[1].max <= max(2 * most, most + 3)]


def _limit_words(name: str, limit: Limit) -> str:
    return f"{limit.max:,} {clean(limit.mode, 20)}" if limit.mode else f"{limit.max:,} {clean(name, 20)}"


# -- time --------------------------------------------------------------------------------------------------


def _ticks(panel: Panel) -> list[clock.Tick]:
    stretch = panel.stretch
    if stretch.origin is None:
        return []
    most = max(2, int((panel.right - panel.left) / 0.85))
    return clock.ticks(stretch.origin, stretch.begin, stretch.finish, most)


def _time(panel: Panel, ticks: Sequence[clock.Tick], top: float) -> Iterator[Mark]:
    if not panel.sections:
        yield Strokes(f"frame-{panel.number}", Look(edge=FAINT, width=0.8), [(panel.left, top, panel.right, top)])
    places = [(panel.x(tick.at), top, panel.x(tick.at), top + 0.04) for tick in ticks]
    yield Strokes(f"ticks-{panel.number}", Look(edge=FAINT, width=0.8), places)
    since, wall = top + 0.16, top + 0.3
    for tick in ticks:
        x = panel.x(tick.at)
        yield Words(tick.since, x, since, SMALL, INK, align=Align.CENTER)
        yield Words(tick.clock, x, wall, TINY, GREY, align=Align.CENTER)
    if ticks:
        away = panel.x(ticks[0].at) - panel.left < 0.45
        x = panel.left - (0.45 if away else 0.08)
        yield Words("since start", x, since, TINY, GREY, align=Align.RIGHT)
        yield Words("UTC", x, wall, TINY, GREY, align=Align.RIGHT)


def _nothing(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """What an empty panel says."""
    said = "No socket in this stretch of time." if panel.report.sessions else "This file shows no WebSocket."
    middle = (top + bottom) / 2 + 10 * MIDDLE
    yield Words(said, (panel.left + panel.right) / 2, middle, 10.0, GREY, align=Align.CENTER)


# -- legend and notes --------------------------------------------------------------------------------------


def _legend(marks: Sequence[Mark], width: float, top: float) -> tuple[list[Mark], float]:
    """What the marks mean: those that are there, and no other."""
    there = {mark.name.rpartition("-")[0] for mark in marks if not isinstance(mark, Words) and _content(mark)}
    there |= {name.removesuffix("-endless") for name in there}
    if "proven-endless" in there:  # one of the two says it
        there.discard("possible-endless")
    entries = [name for name in SAID if name in there]
    swatch, row = 0.34, 0.2
    column = max((inches(SAID[name], SMALL) for name in entries), default=0) + swatch + 0.3
    columns = max(1, int((width - 2 * MARGIN + 0.2) / column))
    rows = -(-len(entries) // columns)
    found: list[Mark] = []
    for number, name in enumerate(entries):
        x, y = MARGIN + number // rows * column, top + 0.06 + number % rows * row + row / 2
        found += _swatch(name, x, y)
        found.append(Words(SAID[name], x + swatch + 0.06, y + SMALL * MIDDLE, SMALL, INK))
    return found, top + rows * row + (0.14 if entries else 0)


def _content(mark: Boxes | Strokes | Curve) -> bool:
    match mark:
        case Boxes(boxes=found):
            return bool(found)
        case Strokes(strokes=lines):
            return bool(lines)
        case Curve(points=points):
            return any(y != points[0][1] for _, y in points)


def _swatch(name: str, x: float, y: float) -> list[Mark]:
    look, right = _look(name), x + 0.32
    box = [(x, y - 0.05, right, y + 0.05)]
    at = [x + 0.08, x + 0.16, x + 0.24]
    gid = f"legend-{name}"
    match name:
        case "sent":
            return [Boxes(f"{gid}-bar", LOOKS["proven"], [(x, y - 0.01, right, y + 0.05)])] + [
                Strokes(gid, look, [(it, y - 0.07, it, y - 0.01) for it in at])
            ]
        case "received":
            return [Boxes(f"{gid}-bar", LOOKS["proven"], [(x, y - 0.05, right, y + 0.01)])] + [
                Strokes(gid, look, [(it, y + 0.01, it, y + 0.07) for it in at])
            ]
        case "failed":
            middle, arm = x + 0.16, 0.045
            return [
                Strokes(
                    gid,
                    look,
                    [
                        (middle - arm, y - arm, middle + arm, y + arm),
                        (middle - arm, y + arm, middle + arm, y - arm),
                    ],
                )
            ]
        case "page-begin":
            return [Strokes(gid, look, [(x + 0.16, y - 0.07, x + 0.16, y + 0.07)])]
        case _ if look.fill is None:
            return [Strokes(gid, look, [(x, y, right, y)])]
        case _:
            return [Boxes(gid, look, box)]


def _notes(run: Run, panels: Sequence[Panel]) -> Iterator[str]:
    """What the picture leaves out."""
    limits = {it: None for panel in panels for it in _limits(panel.report)}
    near = {it for panel in panels for it in _near(panel.report)}
    if near and any(len(panel.report.groups) > 1 for panel in panels):
        yield "The limits are for one user; the lines count all sockets of a capture together."
    for name, limit in limits:
        if (name, limit) not in near:
            mode = f" in {limit.mode}" if limit.mode else ""
            yield f"{name} allows one user {limit.max:,} connections at once{mode}: far above what is drawn."
    if any(page.kind is PageKind.RESTORE for panel in panels for page in panel.report.capture.pages):
        yield "A page came back from the back/forward cache: the capture does not say when, so it has no band."
    if further := len(run.reports) - len(panels):
        yield f"Not drawn: {further:,} more of {len(run.reports):,} captures."
    if not run.reports:
        yield "No capture to draw."
    for it in run.unreadable[:3]:
        yield f"Could not be read: {_file(it.source)}: {it.problem}"
    if len(run.unreadable) > 3:
        yield f"{len(run.unreadable) - 3:,} more could not be read."


def _file(source: str) -> str:
    return "standard input" if source == "-" else re.split(r"[/\\]", source)[-1]
