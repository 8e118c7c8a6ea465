"""Write everything that a capture shows about one socket, in each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from rich.text import Text

from analyzer.document import (
    Json,
    capture_head,
    console_document,
    finding_document,
    overlap_document,
    pretty,
    session_document,
    source_document,
    timestamp,
)
from analyzer.model import (
    Initiator,
    Messages,
    Outcome,
    Report,
    Run,
    Session,
    name_source,
    plural,
)
from analyzer.painting import bars, markdown, templates
from analyzer.painting.part import part_of
from analyzer.timeline import Axis, Grid, axis_of, lane_of, proven_steps
from analyzer.wording import harmless, terminal
from analyzer.wording.console import is_about
from analyzer.wording.medium import FAINT, MARGIN, NARROWEST, STRONG, Medium
from analyzer.wording.socket import (
    HEADS,
    LIFE,
    MESSAGES,
    OWN,
    TYPES,
    Fact,
    Line,
    describe_socket,
    find_partners,
    outcome_of,
)
from analyzer.wording.terminal import heading, wrap

MANY = 20  # messages; from here on their rhythm is drawn
FOLDED = 3  # calls of one framework; from here on they become one line
LABEL = 16
LANES = 500  # of the picture of all sockets


def fold(lines: Sequence[Line]) -> Iterator[Line]:
    """Put neighbouring lines of the same framework into one: `10 calls of React`."""
    for maker, run in groupby(lines, key=lambda line: line.maker):
        group = list(run)
        if maker is None or len(group) < FOLDED:
            yield from group
        else:
            yield Line(f"{plural(len(group), 'call')} of {maker} (--verbose)", label=True)


def render(
    report: Report,
    session: Session,
    *,
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    verbose: bool = False,
) -> bytes:
    """Write one socket of a report in UTF-8 (ASCII unless `unicode`), no line wider than `width` (at least 40).

    `verbose`: every call of the stack, also those of frameworks.
    """
    medium = Medium(max(width, NARROWEST), unicode)
    grid = Grid(axis_of(report), medium.width - len(MARGIN) - LABEL - 2)
    title = Text().append(session.name, STRONG).append(" of ")
    title.append(medium.short_left(name_source(report.capture.source), medium.width - title.cell_len - 8))
    lines = [terminal.headline(title, medium)]
    for section in describe_socket(report, session):
        if section.title:
            lines += heading(section.title)
        if section.note:
            lines += wrap(Text(medium.safe(section.note, 600)), medium, MARGIN)
        for fact in section.facts:
            lines += _fact(fact, medium)
        if section.title == LIFE:
            lines += _drawing(report, session, grid, medium)
        if section.title == MESSAGES:
            lines += _rhythm(session.messages, grid, medium)
        if section.rows:
            lines += _rows(section.rows, medium)
        for line in section.lines if verbose else fold(section.lines):
            lines += _line(line, medium)
    return terminal.encode(lines, color)


def _fact(fact: Fact, medium: Medium) -> list[Text]:
    lines = wrap(Text(medium.safe(fact.words, 2000), fact.style), medium, MARGIN + f"{fact.label:<{LABEL}}")
    lines[0].stylize(FAINT, 0, len(MARGIN) + LABEL)
    return lines


def _drawing(report: Report, session: Session, grid: Grid, medium: Medium) -> list[Text]:
    crowd = grid.highest(proven_steps(report.sessions))
    lines = (*bars.ruler(grid, medium), bars.bar(lane_of(session), grid, medium, (), crowd))
    return [Text(" " * (len(MARGIN) + LABEL)).append_text(it) for it in lines]


def _rhythm(messages: Messages, whole: Grid, medium: Medium) -> list[Text]:
    """Draw how many messages went each way, from the first to the last."""
    if messages.first is None or messages.last is None or len(messages.times) < MANY:
        return []
    axis = Axis(messages.first, messages.last, whole.axis.zero, whole.axis)
    grid = Grid(axis, whole.columns)
    rows = {1: [0] * grid.columns, 0: [0] * grid.columns}
    for at, way in zip(messages.times, messages.directions, strict=False):
        rows[way][grid.column(at)] += 1
    most = max(max(row) for row in rows.values())
    labels, line = bars.ruler(grid, medium)
    pictures = [("", labels), ("", line)]
    for way, name in ((1, "sent"), (0, "received")):
        heights = "".join(bars.step(level, most, medium) for level in rows[way])
        pictures.append((name, Text(heights, "cyan" if way else "green")))
    lines = [Text(MARGIN).append(f"{name:<{LABEL}}", FAINT).append_text(row) for name, row in pictures]
    note = Text(f"highest bar: {plural(most, 'message')} per column", FAINT)
    return [Text(), *lines, *wrap(note, medium, MARGIN + " " * LABEL)]


def _rows(rows: Sequence[Sequence[str]], medium: Medium) -> list[Text]:
    head = f"{MARGIN}{'#':>7}  {'at':>12}  {'direction':<12}  {'type':<8}{'size':>10}"
    lines = [Text(), Text(head[: medium.width], FAINT)]
    for row in rows:
        if len(row) == 1:
            lines.append(Text(f"{MARGIN}{medium.signs.ellipsis:>7}  {row[0]}", FAINT))
            continue
        number, at, way, kind, size = row
        sign = medium.signs.sent if way == "sent" else medium.signs.received
        line = f"{MARGIN}{number:>7}  {at:>12}  {f'{sign} {way}':<12}  {kind:<8}{size:>10}"
        lines.append(Text(line[: medium.width], "cyan" if way == "sent" else ""))
    return lines


def _line(line: Line, medium: Medium) -> list[Text]:
    words = medium.safe(line.words, 1000)
    if line.label:
        return wrap(Text(words, FAINT), medium, f"{MARGIN}{medium.signs.dot} ")
    if line.own:
        return wrap(Text(f"{OWN}{words}", STRONG), medium, f"{MARGIN}{medium.signs.arrow} ")
    return wrap(Text(words), medium, f"{MARGIN}  ")


def text(run: Run, session: Session) -> bytes:
    """Write one socket as a text file."""
    return render(run.reports[0], session, width=100)


def json(run: Run, session: Session) -> bytes:
    """Write one JSON object (docs/json.md)."""
    report = run.reports[0]
    others = find_partners(report, session)
    page = next((page for page in report.capture.pages if page.id == session.page), None)
    return pretty(
        {
            **capture_head(run),
            "session": session_document(session),
            "page": None if page is None else {"id": page.id, "url": page.url, "kind": page.kind},
            "stack": _calls(session.initiator),
            "open_at_the_same_time": {
                "proven": [other.id for other in others.certain],
                "possible": [other.id for other in others.possible],
            },
            "overlaps": [overlap_document(overlap) for overlap in others.overlaps],
            "findings": [finding_document(it) for it in report.findings if session.id in it.sessions],
            "console": [console_document(line) for line in report.capture.console if is_about(line, session)],
            "messages": _all_messages(session.messages),
        }
    )


def _calls(code: Initiator | None) -> list[Json]:
    return [
        {
            "scheduled_by": calls.label,
            "frames": [
                {
                    "function": frame.original_name,
                    "url": frame.url,
                    "line": frame.line,
                    "column": frame.column,
                    **source_document(frame),
                }
                for frame in calls.frames
            ],
        }
        for calls in (code.stack if code is not None else ())
    ]


def _all_messages(messages: Messages) -> list[Json] | None:
    """List each message; None where the exporter does not record them."""
    if not messages.recorded:
        return None
    return [
        {
            "time": timestamp(messages.times[n]) if messages.times else None,
            "direction": "sent" if way == 1 else "received",
            "type": TYPES.get(messages.opcodes[n], f"opcode {messages.opcodes[n]}"),
            "bytes": messages.lengths[n],
        }
        for n, way in enumerate(messages.directions)
    ]


def _title(run: Run, session: Session) -> str:
    return f"{session.name[0].upper()}{session.name[1:]} of {harmless.name(run.reports[0].capture.source)}"


def md(run: Run, session: Session) -> bytes:
    lines = [f"# {markdown.escape(_title(run, session))}", ""]
    for section in describe_socket(run.reports[0], session):
        if section.title:
            lines += [f"## {section.title}", ""]
        if section.note:
            lines += [markdown.escape(section.note), ""]
        lines += [f"- {fact.label}: {markdown.escape(fact.words, 2000)}" for fact in section.facts]
        if section.facts:
            lines.append("")
        if section.rows:
            rows = [[*row, *[""] * (len(HEADS) - len(row))] for row in section.rows]
            lines += [*markdown.table(HEADS, rows), ""]
        for line in section.lines:
            words = markdown.escape(line.words, 1000)
            lines.append(f"- {f'**→ {OWN}{words}**' if line.own else f'*{words}*' if line.label else words}")
        if section.lines:
            lines.append("")
    return markdown.encode(lines)


def page(run: Run, session: Session) -> bytes:
    """Write one page without scripts, in the style of the report."""
    return templates.render(
        "socket.html",
        run=run,
        title=_title(run, session),
        answer=harmless.safe(
            f"{session.name[0].upper()}{session.name[1:]}: {outcome_of(run.reports[0], session)}", 600
        ),
        tone="bad" if session.outcome is Outcome.FAILED else "unsure",
        source=harmless.safe_middle(name_source(run.reports[0].capture.source), 300),
        sections=describe_socket(run.reports[0], session),
        heads=HEADS,
        part=part_of(run.reports[0], run.policy, "c1", LANES, linked=False),
    )


RENDERERS: dict[str, Callable[[Run, Session], bytes]] = {"text": text, "json": json, "markdown": md, "html": page}
