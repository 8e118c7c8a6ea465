"""Place the marks of the timeline chart, in inches: one panel per capture, one axis of time, one legend.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (pale, where lanes are too thin for a pattern), and a word says again what a colour says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model import PageKind, Report, Run, format_duration, plural
from analyzer.outputs.chart.background import overlap_bands, page_bands, page_begins
from analyzer.outputs.chart.counts import count_marks, limits_width
from analyzer.outputs.chart.lanes import stacks_of
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
from analyzer.outputs.chart.rows import height_of, label_width, lane_marks, outcome_width
from analyzer.timeline import Axis, Layout, Ruler, When, axis_of, clock_labels, lay_out, ruler_of
from analyzer.timeline.ticks import moment_of
from analyzer.wording import harmless, instants, timeline, titles
from analyzer.wording.verdict import verdict_sentences

PANELS = 8  # further captures are counted in the picture, not drawn
HIGHEST = 10.0  # inches of all lanes
APART = 0.85  # inches between two ticks, about


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
    layouts = [lay_out(report, run.policy, _axis(report, start, end)) for report in reports]
    stacks = [stacks_of(report, layout, highest) for report, layout in zip(reports, layouts, strict=True)]
    # One plot above the other begin and end in line.
    left = max((label_width(stack) for each in stacks for stack in each), default=0)
    left = MARGIN + max(SIDE, min(left, width * 0.27)) + 0.08
    beside = max(
        (outcome_width(it, layout.axis) for layout, each in zip(layouts, stacks, strict=True) for it in each), default=0
    )
    limits = max(map(limits_width, layouts), default=0)
    right = width - MARGIN - max(0.3, min(max(beside, limits), width * 0.2)) - 0.06
    return [
        Panel(
            number,
            report,
            layout,
            each,
            plot_of(layout.axis, left, right),
            width,
            *_head(report, names[report.capture.source], run, layout, width),
            zone=run.zone,
        )
        for number, (report, layout, each) in enumerate(zip(reports, layouts, stacks, strict=True))
    ]


def _axis(report: Report, start: When, end: When) -> Axis:
    """Choose what to draw: all of the axis, or a part of it. Raises ValueError for a part that lies outside."""
    axis = axis_of(report)
    if start is None and end is None:
        return axis
    if (part := axis.part(start, end)) is not None:
        return part
    length = format_duration(max(0, axis.end - axis.zero))
    covered = f"it covers {length}{instants.write_date(report.capture, ' from ', axis.zero)}"
    raise ValueError(
        f"{report.capture.source}: nothing in this period: {covered if axis.has_times else 'it has no times'}"
    )


def _head(report: Report, name: str, run: Run, layout: Layout, width: float) -> tuple[list[Words], float]:
    """Place the verdict, what it rests on, where it comes from; and return how high that is."""
    sentences = verdict_sentences(report, run.policy)
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    missing = [message for message in hidden if not any(message in sentence for sentence in sentences)]
    more = f" And {len(missing) - 1} more." if missing[1:] else ""
    capture, total, number = report.capture, len(report.sessions), len(layout.lanes)
    parts = [
        clean(name, 60),
        f"recorded with {clean(capture.exporter.label, 40)}",
        plural(total, "socket") if number == total else f"{number:,} of {plural(total, 'socket')} in this period",
        _zero(report, layout.axis, run),
    ]
    words, y, room = [], 0.0, width - 2 * MARGIN
    for text, size, color, bold, most, at in (
        (sentences[0], TITLE, INK, True, 3, " "),
        (" ".join(sentences[1:]), BODY, INK, False, 4, " "),
        (_period(layout.axis), BODY, INK, False, 2, " "),
        (f"{titles.LIMITS}: {missing[0]}{more}" if missing else "", BODY, INK, False, 3, " "),
        (DOT.join(parts), SMALL, GREY, False, 3, DOT),
    ):
        for line in wrap(text, room, size, most, bold, at):
            words.append(Words(line, MARGIN, y + size * LINE * 0.75, size, color, bold))
            y += size * LINE
        y += 0.03 if text else 0
    return words, y + GAP


def _period(axis: Axis) -> str:
    """Say which part of the capture is drawn; empty for the whole of it."""
    if not (axis.cut_start or axis.cut_end):
        return ""
    begin, finish = (format_duration(at - axis.zero) if at != axis.zero else "0 s" for at in (axis.start, axis.end))
    cut = " A bar that ends at the right edge continues." if axis.cut_end else ""
    return f"This is the verdict of the whole capture. The picture shows {begin} to {finish}.{cut}"


def _panel(panel: Panel, y: float) -> tuple[list[Mark], float]:
    words = [word._replace(y=word.y + y) for word in panel.head]
    top = y + panel.top
    plot = top + (STRIP if panel.layout.loads else 0)
    bottom = plot + height_of(panel)
    end = bottom + (GAP + COUNTS if panel.stacks else 0)
    marks: list[Mark] = [*words, *page_bands(panel, top, plot, end)]
    for first, last in ((plot, bottom), (bottom + GAP, end)) if panel.stacks else ():
        marks += overlap_bands(panel, first, last)
    ruler = _ruler(panel)
    grid = [(panel.x(tick.at), plot, panel.x(tick.at), end) for tick in ruler.ticks]
    marks.append(Strokes(f"grid-{panel.number}", Look(edge=HAIR, width=0.6), grid))
    marks += page_begins(panel, top, end)
    if not panel.stacks:
        return [*marks, *_nothing(panel, plot, bottom), *_time(panel, ruler, end)], end + AXIS
    marks += lane_marks(panel, plot)
    marks.append(
        Boxes(f"between-{panel.number}", Look("#ffffff"), [(panel.left - 0.01, bottom, panel.width, bottom + GAP)])
    )
    marks += count_marks(panel, bottom + GAP, end)
    return [*marks, *_time(panel, ruler, end)], end + AXIS


# -- time --------------------------------------------------------------------------------------------------


def _zero(report: Report, axis: Axis, run: Run) -> str:
    if not axis.has_times:
        return "no times recorded"
    return instants.write_date(report.capture, "0 s is ", axis.zero, run.zone) or "no dates recorded"


def _ruler(panel: Panel) -> Ruler:
    return ruler_of(panel.axis, max(2, int((panel.right - panel.left) / APART)))


def _time(panel: Panel, ruler: Ruler, top: float) -> Iterator[Mark]:
    if not panel.stacks:
        yield Strokes(f"frame-{panel.number}", Look(edge=FAINT, width=0.8), [(panel.left, top, panel.right, top)])
    places = [panel.x(tick.at) for tick in ruler.ticks]
    strokes = [(x, top, x, top + 0.04) for x in places]
    yield Strokes(f"ticks-{panel.number}", Look(edge=FAINT, width=0.8), strokes)
    since, wall = top + 0.16, top + 0.3
    for x, tick in zip(places, ruler.ticks, strict=True):
        yield Words(tick.label, x, since, SMALL, INK, align=Align.CENTER)
    is_dated = instants.has_dates(panel.report.capture)
    for x, label in zip(places, clock_labels(ruler, panel.axis, panel.zone), strict=True) if is_dated else ():
        yield Words(label, x, wall, TINY, GREY, align=Align.CENTER)
    if places:
        x = panel.left - (0.45 if places[0] - panel.left < 0.45 else 0.08)
        yield Words("since start", x, since, TINY, GREY, align=Align.RIGHT)
        began = moment_of(panel.axis.start, panel.zone)
        zone = instants.zone_name(began) if began is not None and is_dated else ""
        yield Words(zone, x, wall, TINY, GREY, align=Align.RIGHT)


def _nothing(panel: Panel, top: float, bottom: float) -> Iterator[Mark]:
    """Place what an empty panel says."""
    sentence = "No socket in this period." if panel.report.sessions else "No WebSocket in this capture."
    middle = (top + bottom) / 2 + 10 * MIDDLE
    yield Words(sentence, (panel.left + panel.right) / 2, middle, 10.0, GREY, align=Align.CENTER)


def _notes(run: Run, panels: Sequence[Panel]) -> Iterator[str]:
    """Say what the picture leaves out."""
    near = [line for panel in panels for line in panel.layout.limits]
    is_per_user = any(line.limit is not None and line.limit.scope == "user" for line in near)
    if is_per_user and any(len(panel.report.groups) > 1 for panel in panels):
        yield "The limits apply per user; the lines count all sockets of a capture."
    on_scale = set(map(timeline.limit, near))
    for words in dict.fromkeys(timeline.limit(line) for panel in panels for line in panel.layout.beyond):
        if words not in on_scale:
            yield f"Not drawn: {words}."
    if any(page.kind is PageKind.RESTORE for panel in panels for page in panel.report.capture.pages):
        yield "A page came back from the back/forward cache. The capture does not show when, so the page has no band."
    if further := len(run.reports) - len(panels):
        yield f"Not drawn: {further:,} more of {len(run.reports):,} captures."
    if not run.reports:
        yield "No capture to draw."
    for item in run.unreadable[:3]:
        yield f"{titles.UNREADABLE}: {harmless.name(item.source)}: {item.problem}"
    if len(run.unreadable) > 3:
        yield f"{len(run.unreadable) - 3:,} more could not be read."
