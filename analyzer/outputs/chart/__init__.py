"""Place the marks of the timeline chart, in inches: one panel per capture, one axis of time, one legend.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (pale, where lanes are too thin for a pattern), and a word says again what a colour says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import triage
from analyzer.model import PageKind, Report, Run, format_duration, plural
from analyzer.outputs.chart.background import overlap_bands, page_bands, page_begins
from analyzer.outputs.chart.counts import count_marks, counts_height, limits_width
from analyzer.outputs.chart.head import head_marks, head_of
from analyzer.outputs.chart.lanes import stacks_of
from analyzer.outputs.chart.legend import legend_of
from analyzer.outputs.chart.lettering import wrap
from analyzer.outputs.chart.marks import Align, Boxes, Look, Mark, Picture, Strokes, Words
from analyzer.outputs.chart.panel import (
    AXIS,
    BODY,
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
from analyzer.timeline import Axis, Ruler, When, axis_of, clock_labels, lay_out, ruler_of
from analyzer.timeline.ticks import moment_of
from analyzer.wording import harmless, instants, timeline, titles
from analyzer.wording.verdict import verdict_sentences

PANELS = 8  # further captures are counted in the picture, not drawn
HIGHEST = 10.0  # inches of all lanes
LABELS = 1.9  # inches left of the plot that long labels get, also in a narrow picture
APART = 0.85  # inches between two ticks, about


def picture(
    run: Run, width: float, start: When = None, end: When = None, *, headed: bool = True, heading: str = ""
) -> Picture:
    """Place the marks of a run's chart, `width` inches wide and as high as it needs.

    Of more than `PANELS` captures the most urgent are drawn. `headed`: with the verdicts in words; `heading`: a line
    above all of it.
    """
    reports = run.reports if len(run.reports) <= PANELS else triage.worst_reports(run)[:PANELS]
    panels, names = _panels(run, reports, width, start, end), harmless.names(run)
    verdicts = [verdict_sentences(report, run.policy) for report in reports]
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
    for panel, sentences in zip(panels, verdicts, strict=True):
        if panel.number:
            y += GAP * 2
        if headed:
            head = head_of(panel, sentences, names[panel.report.capture.source], run)
            marks += head_marks(head, panel.number, width, y)
            y += head.height
        more, y = _panel(panel, y + GAP)
        marks += more
    more, y = legend_of(marks, width, y)
    marks += more
    for note in _notes(run, panels):
        for line in wrap(note, width - 2 * MARGIN, SMALL, 2):
            marks.append(Words(line, MARGIN, y + SMALL * LINE * 0.75, SMALL, GREY))
            y += SMALL * LINE
    return Picture(width, y + MARGIN * 0.6, marks, *_describe(run, panels, verdicts, names))


def _describe(
    run: Run, panels: Sequence[Panel], verdicts: Sequence[Sequence[str]], names: dict[str, str]
) -> tuple[str, str]:
    """Say what the picture shows, in a title and in sentences, for those who do not see it."""
    parts = [timeline.describe(it, panel.layout) for it, panel in zip(verdicts, panels, strict=True)]
    if len(parts) == 1:
        return run.title or verdicts[0][0], parts[0]
    sources = [names[panel.report.capture.source] for panel in panels]
    described = [f"{source}: {part}" for source, part in zip(sources, parts, strict=True)]
    return run.title or f"Timelines of {plural(len(parts), 'capture')}", " ".join(described)


# -- layout ------------------------------------------------------------------------------------------------


def _panels(run: Run, reports: Sequence[Report], width: float, start: When, end: When) -> list[Panel]:
    highest = HIGHEST if len(reports) < 2 else 2 * HIGHEST / len(reports)
    layouts = [lay_out(report, run.policy, _axis(report, start, end)) for report in reports]
    stacks = [stacks_of(report, layout, highest) for report, layout in zip(reports, layouts, strict=True)]
    both = [(stack, layout.axis) for layout, each in zip(layouts, stacks, strict=True) for stack in each]
    # One plot above the other begin and end in line.
    left = max((label_width(*each) for each in both), default=0)
    left = MARGIN + max(SIDE, min(left, max(LABELS, width * 0.27))) + 0.08
    beside = max((outcome_width(*each) for each in both), default=0)
    limits = max(map(limits_width, layouts), default=0)
    right = width - MARGIN - max(0.3, min(max(beside, limits), width * 0.2)) - 0.06
    return [
        Panel(number, report, layout, each, plot_of(layout.axis, left, right), width, run.zone)
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


def _panel(panel: Panel, top: float) -> tuple[list[Mark], float]:
    plot = top + (STRIP if panel.layout.loads else 0)
    bottom = plot + height_of(panel)
    end = bottom + (GAP + counts_height(panel.layout) if panel.stacks else 0)
    marks: list[Mark] = [*page_bands(panel, top, plot, end)]
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
    marks += count_marks(panel, bottom + GAP)
    return [*marks, *_time(panel, ruler, end)], end + AXIS


# -- time --------------------------------------------------------------------------------------------------


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
    if len(panels) < len(run.reports):
        once = " Those of the same content are drawn once." if len(panels) < PANELS else ""
        yield f"Drawn: {len(panels)} of {len(run.reports):,} captures, the worst first.{once}"
    if not run.reports:
        yield "No capture to draw."
    for item in run.unreadable[:3]:
        yield f"{titles.UNREADABLE}: {harmless.name(item.source)}: {item.problem}"
    if len(run.unreadable) > 3:
        yield f"{len(run.unreadable) - 3:,} more could not be read."
