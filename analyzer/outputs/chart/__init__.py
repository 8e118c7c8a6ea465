"""Place the marks of the timeline chart, in inches: one panel per capture, one axis of time, one legend.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (pale, where lanes are too thin for a pattern), and a word says again what a colour says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model import PageKind, Report, Run, format_duration
from analyzer.outputs.chart import clock, lanes
from analyzer.outputs.chart.background import overlap_bands, page_bands, page_begins
from analyzer.outputs.chart.counts import count_marks, limits_of, limits_width, near_limits
from analyzer.outputs.chart.lanes import Stretch, When
from analyzer.outputs.chart.legend import legend_of
from analyzer.outputs.chart.lettering import clean, wrap
from analyzer.outputs.chart.marks import Align, Boxes, Look, Mark, Picture, Strokes, Words
from analyzer.outputs.chart.panel import (
    AXIS,
    BODY,
    COUNTS,
    DOT,
    FAINT,
    GAP,
    GREY,
    HAIR,
    INK,
    LINE,
    MARGIN,
    MIDDLE,
    SIDE,
    SMALL,
    STRIP,
    TINY,
    TITLE,
    Panel,
    plot_of,
)
from analyzer.outputs.chart.rows import height_of, label_width, outcome_width, section_marks
from analyzer.wording import harmless, instants
from analyzer.wording.verdict import verdict_sentences

PANELS = 8  # further captures are counted in the picture, not drawn
HIGHEST = 10.0  # inches of all lanes


def picture(
    run: Run, width: float, start: When = None, end: When = None, *, headed: bool = True, heading: str = ""
) -> Picture:
    """Place the marks of a run's chart, `width` inches wide and as high as it needs.

    `headed`: with the verdicts in words; `heading`: a line above all of it.
    """
    panels = _panels(run, width, start, end)
    if not headed:
        panels = [panel._replace(head=[], top=GAP) for panel in panels]
    marks: list[Mark] = []
    y = MARGIN
    if run.title and headed:
        for line in wrap(run.title, width - 2 * MARGIN, TITLE, 2, True):
            marks.append(Words(line, MARGIN, y + TITLE * LINE * 0.75, TITLE, INK, True))
            y += TITLE * LINE
        y += GAP
    for line in wrap(heading, width - 2 * MARGIN, BODY, 2):
        marks.append(Words(line, MARGIN, y + BODY * LINE * 0.75, BODY, INK))
        y += BODY * LINE + GAP
    for panel in panels:
        if panel.number:
            marks.append(Strokes(f"rule-{panel.number}", Look(edge=HAIR, width=1), [(MARGIN, y, width - MARGIN, y)]))
            y += GAP * 2
        more, y = _panel(panel, y)
        marks += more
    more, y = legend_of(marks, width, y)
    marks += more
    for note in _notes(run, panels):
        for line in wrap(note, width - 2 * MARGIN, SMALL, 2):
            marks.append(Words(line, MARGIN, y + SMALL * LINE * 0.75, SMALL, GREY))
            y += SMALL * LINE
    return Picture(width, y + MARGIN * 0.6, marks)


# -- layout ------------------------------------------------------------------------------------------------


def _panels(run: Run, width: float, start: When, end: When) -> list[Panel]:
    reports, names = run.reports[:PANELS], harmless.names(run)
    highest = HIGHEST if len(reports) < 2 else 2 * HIGHEST / len(reports)
    layouts = []
    for report in reports:
        lives = lanes.lives_of(report)
        stretch = lanes.stretch_of(report, lives, start, end)
        layouts.append((report, stretch, lanes.sections(report, lives, stretch, highest)))
    # One plot above the other begin and end in line.
    left = max((label_width(section) for _, _, sections in layouts for section in sections), default=0)
    left = MARGIN + max(SIDE, min(left, width * 0.27)) + 0.08
    widths = (outcome_width(section, stretch) for _, stretch, sections in layouts for section in sections)
    beside = max(widths, default=0)
    limits = max((limits_width(report) for report in reports), default=0)
    right = width - MARGIN - max(0.3, min(max(beside, limits), width * 0.2)) - 0.06
    return [
        Panel(
            number,
            report,
            stretch,
            sections,
            lanes.loads(report, stretch),
            plot_of(stretch, left, right),
            width,
            *_head(
                report,
                names[report.capture.source],
                run,
                stretch,
                sum(len(section.sessions) for section in sections),
                width,
            ),
            zone=run.zone,
        )
        for number, (report, stretch, sections) in enumerate(layouts)
    ]


def _head(
    report: Report, name: str, run: Run, stretch: Stretch, number: int, width: float
) -> tuple[list[Words], float]:
    """Place the verdict, what it rests on, where it comes from; and return how high that is."""
    sentences = verdict_sentences(report, run.policy)
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    missing = [message for message in hidden if not any(message in sentence for sentence in sentences)]
    more = f" And {len(missing) - 1} more." if missing[1:] else ""
    capture, total = report.capture, len(report.sessions)
    parts = [
        clean(name, 60),
        f"recorded with {clean(capture.exporter.label, 40)}",
        lanes.sockets(total) if number == total else f"{number:,} of {lanes.sockets(total)} in this period",
        _origin(report, stretch, run),
    ]
    words, y, room = [], 0.0, width - 2 * MARGIN
    for text, size, color, bold, most, at in (
        (sentences[0], TITLE, INK, True, 3, " "),
        (" ".join(sentences[1:]), BODY, INK, False, 4, " "),
        (_period(stretch), BODY, INK, False, 2, " "),
        (f"Limits of this capture: {missing[0]}{more}" if missing else "", BODY, INK, False, 3, " "),
        (DOT.join(parts), SMALL, GREY, False, 3, DOT),
    ):
        for line in wrap(text, room, size, most, bold, at):
            words.append(Words(line, MARGIN, y + size * LINE * 0.75, size, color, bold))
            y += size * LINE
        y += 0.03 if text else 0
    return words, y + GAP


def _period(stretch: Stretch) -> str:
    """Say which part of the capture is drawn; empty for the whole of it."""
    if stretch.origin is None or not (stretch.cut_begin or stretch.cut_finish):
        return ""
    begin, finish = (
        format_duration(at - stretch.origin) if at != stretch.origin else "0 s"
        for at in (stretch.begin, stretch.finish)
    )
    cut = " A bar that ends at the right edge continues." if stretch.cut_finish else ""
    return f"This is the verdict of the whole capture. The picture shows {begin} to {finish}.{cut}"


def _panel(panel: Panel, y: float) -> tuple[list[Mark], float]:
    words = [word._replace(y=word.y + y) for word in panel.head]
    top = y + panel.top
    plot = top + (STRIP if panel.loads else 0)
    bottom = plot + height_of(panel)
    end = bottom + (GAP + COUNTS if panel.sections else 0)
    marks: list[Mark] = [*words, *page_bands(panel, top, plot, end)]
    for first, last in ((plot, bottom), (bottom + GAP, end)) if panel.sections else ():
        marks += overlap_bands(panel, first, last)
    ticks = _ticks(panel)
    grid = [(panel.x(tick.at), plot, panel.x(tick.at), end) for tick in ticks]
    marks.append(Strokes(f"grid-{panel.number}", Look(edge=HAIR, width=0.6), grid))
    marks += page_begins(panel, top, end)
    if not panel.sections:
        return [*marks, *_nothing(panel, plot, bottom), *_time(panel, ticks, end)], end + AXIS
    marks += section_marks(panel, plot)
    marks.append(
        Boxes(f"between-{panel.number}", Look("#ffffff"), [(panel.left - 0.01, bottom, panel.width, bottom + GAP)])
    )
    marks += count_marks(panel, bottom + GAP, end)
    return [*marks, *_time(panel, ticks, end)], end + AXIS


# -- time --------------------------------------------------------------------------------------------------


def _origin(report: Report, stretch: Stretch, run: Run) -> str:
    if stretch.origin is None:
        return "no times recorded"
    return instants.write_date(report.capture, "0 s is ", stretch.origin, run.zone) or "no dates recorded"


def _ticks(panel: Panel) -> list[clock.Tick]:
    stretch = panel.stretch
    if stretch.origin is None:
        return []
    most = max(2, int((panel.right - panel.left) / 0.85))
    ticks = clock.ticks(stretch.origin, stretch.begin, stretch.finish, most, panel.zone)
    return ticks if instants.has_dates(panel.report.capture) else [tick._replace(clock="") for tick in ticks]


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
        began = instants.moment_of(panel.stretch.begin, panel.zone)
        is_dated = began is not None and instants.has_dates(panel.report.capture)
        zone = instants.zone_name(began) if began is not None and is_dated else ""
        yield Words(zone, x, wall, TINY, GREY, align=Align.RIGHT)


def _nothing(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """Place what an empty panel says."""
    sentence = "No socket in this period." if panel.report.sessions else "No WebSocket in this capture."
    middle = (top + bottom) / 2 + 10 * MIDDLE
    yield Words(sentence, (panel.left + panel.right) / 2, middle, 10.0, GREY, align=Align.CENTER)


def _notes(run: Run, panels: Sequence[Panel]) -> Iterator[str]:
    """Say what the picture leaves out."""
    limits = {item: None for panel in panels for item in limits_of(panel.report)}
    near = {item for panel in panels for item in near_limits(panel.report)}
    if near and any(len(panel.report.groups) > 1 for panel in panels):
        yield "The limits apply per user; the lines count all sockets of a capture."
    for name, limit in limits:
        if (name, limit) not in near:
            mode = f"{limit.mode.capitalize()} limit" if limit.mode else "Limit"
            yield f"{mode} of {name}: {limit.max:,} per user (off scale)."
    if any(page.kind is PageKind.RESTORE for panel in panels for page in panel.report.capture.pages):
        yield "A page came back from the back/forward cache. The capture does not show when, so the page has no band."
    if further := len(run.reports) - len(panels):
        yield f"Not drawn: {further:,} more of {len(run.reports):,} captures."
    if not run.reports:
        yield "No capture to draw."
    for item in run.unreadable[:3]:
        yield f"Could not be read: {harmless.name(item.source)}: {item.problem}"
    if len(run.unreadable) > 3:
        yield f"{len(run.unreadable) - 3:,} more could not be read."
