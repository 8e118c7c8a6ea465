"""Write the list of the sockets of a capture, in each format."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.document import capture_head, pretty, session_document
from analyzer.installation import is_typeable
from analyzer.model import Messages, Report, Run, Session, count_rest, name_source
from analyzer.painting import markdown, templates
from analyzer.painting.part import part_of
from analyzer.timeline import axis_of
from analyzer.wording import counts, harmless, instants, lifetimes, terminal
from analyzer.wording.captures import write_arguments
from analyzer.wording.medium import FAINT, MARGIN, NARROWEST, STRONG, Medium
from analyzer.wording.terminal import wrap

MOST = 500  # sockets in a list for people
HEADS = ("socket", "opened", "how it ended", "messages", "service, user", "address")


def list_rows(report: Report) -> list[tuple[str, ...]]:
    """List the sockets under HEADS; text of the capture is not yet harmless."""
    axis = axis_of(report)
    pages = {page.id: page for page in report.capture.pages}
    return [
        (
            f"#{session.id[1:]}",
            instants.when(session.opened, axis, sign=True),
            lifetimes.ending(session, pages, axis, short=True),
            _count_messages(session.messages),
            _whose(session),
            session.endpoint.partition("://")[2],
        )
        for session in report.sessions[:MOST]
    ]


def _count_messages(messages: Messages) -> str:
    """Count the messages that were sent and received."""
    return "" if messages.sent is None else f"{messages.sent:,} sent, {messages.received:,} received"


def _whose(session: Session) -> str:
    user = session.identity.user if session.identity is not None else None
    return ", ".join(filter(None, (session.provider.name if session.provider else "", user)))


def _rest(report: Report) -> str:
    return count_rest(len(report.sessions) - MOST, "socket", counts.IN_JSON)


def render(report: Report, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Write the sockets of a report by number, and the command that shows one of them."""
    medium = Medium(max(width, NARROWEST), unicode)
    lines = [
        terminal.headline(Text(medium.short_left(name_source(report.capture.source), medium.width - 8), STRONG), medium)
    ]
    if not report.sessions:
        lines += [Text(), *wrap(Text("No WebSocket in this capture."), medium, MARGIN)]
        return terminal.encode(lines, color)
    cells = [HEADS, *list_rows(report)]
    used = [n for n in range(len(HEADS)) if any(row[n] for row in cells[1:])]
    widths = {n: max(cell_len(medium.safe(row[n])) for row in cells) for n in used}
    widths |= {n: min(widths[n], 34) for n in used if n in (2, 4)}
    room = medium.width - len(MARGIN) - sum(widths[n] + 2 for n in used[:-1])
    while room < 16 and len(used) > 3:  # the messages, then the service, then the opening
        used.remove(next(n for n in (3, 4, 1, 2) if n in used))
        room = medium.width - len(MARGIN) - sum(widths[n] + 2 for n in used[:-1])
    for at, row in enumerate(cells):
        line = Text(MARGIN)
        for n in used[:-1]:
            line.append(set_cell_size(medium.short(row[n], widths[n]), widths[n] + 2))
        line.append(medium.short_address(row[used[-1]], max(8, medium.width - line.cell_len)))
        line.stylize(FAINT if at == 0 else "")
        lines.append(line)
    if rest := _rest(report):
        lines += wrap(Text(rest), medium, MARGIN)
    if is_typeable(report.capture.source):
        lines += [
            Text(),
            Text(f"{MARGIN}One socket in detail:"),
            *wrap(Text(medium.safe(_command(report), 4_000)), medium, MARGIN),
        ]
    return terminal.encode(lines, color)


def _command(report: Report) -> str:
    """Return the command that shows one: the first of an overlap, else the first."""
    session = report.overlaps[0].sessions[0] if report.overlaps else "s1"
    return f"har-sockets show {write_arguments(report.capture)} {session[1:]}"


def text(run: Run) -> bytes:
    return render(run.reports[0], width=120)


def json(run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty({**capture_head(run), "sessions": [session_document(it) for it in run.reports[0].sessions]})


def md(run: Run) -> bytes:
    report = run.reports[0]
    rows = [[markdown.escape(cell, 200) for cell in row] for row in list_rows(report)]
    lines = [f"# Sockets of {markdown.escape(harmless.name(report.capture.source))}", ""]
    lines += [*markdown.table(HEADS, rows), ""] if rows else ["No WebSocket in this capture.", ""]
    if _rest(report):
        lines += [_rest(report), ""]
    return markdown.encode(lines)


def page(run: Run) -> bytes:
    report = run.reports[0]
    return templates.render(
        "sockets.html",
        run=run,
        title=f"Sockets of {harmless.name(report.capture.source)}",
        source=harmless.safe_middle(name_source(report.capture.source), 300),
        heads=HEADS,
        rows=list_rows(report),
        rest=_rest(report),
        part=part_of(report, run.policy, "c1", MOST),
    )


RENDERERS: dict[str, Callable[[Run], bytes]] = {
    "text": text,
    "json": json,
    "markdown": md,
    "html": page,
}
