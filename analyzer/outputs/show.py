"""Write everything that a capture shows about one socket, or the list of its sockets, in each format.

Of messages only time, direction, type and size, never the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import compress, groupby
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer import callstacks
from analyzer.installation import is_typeable, quote
from analyzer.intervals import Interval
from analyzer.model import (
    Bounds,
    Confidence,
    Initiator,
    Instant,
    Messages,
    Outcome,
    Overlap,
    Page,
    Report,
    Run,
    Session,
    Value,
    describe,
    name_source,
    spoken,
)
from analyzer.outputs import html, markdown
from analyzer.outputs.document import (
    FORMAT,
    Json,
    finding_document,
    overlap_document,
    policy_document,
    pretty,
    session_document,
    timestamp,
)
from analyzer.version import VERSION
from analyzer.wording import origins, services, summary, terminal, verdict
from analyzer.wording.terminal import BAD, FAINT, NARROWEST, STRONG, UNSURE, Axis, Medium, count, heading, wrapped

FIRST, LAST = 20, 3  # messages in the table
MANY = 20  # messages; from here on their rhythm is drawn
FRAMES = 60  # of the stack
FOLDED = 3  # calls of one framework; from here on they become one line
PARTNERS = 12  # sockets that are named one by one
LISTED = 500  # sockets in a list for people
OWN = "your code: "
MARGIN = "   "
LABEL = 16

TYPES = {0: "continuation", 1: "text", 2: "binary"}  # RFC 6455 section 5.2
OUTCOMES = {
    Outcome.CLOSED: "closed",
    Outcome.OPEN: "still open",
    Outcome.FAILED: "never opened: the handshake failed",
    Outcome.CONNECTING: "still connecting: no answer was recorded",
    Outcome.UNKNOWN: "opened; this file does not show whether it closed",
}
CAME = {"load": "first load", "reload": "a reload", "navigation": "from another page", "restore": "back to it"}
WENT = {"reload": "reloaded", "navigation": "left for another page", "restore": "left for an earlier page"}
LIFE, MESSAGES = "Lifetime", "Messages"  # sections that a terminal draws as well
HEADS = ("#", "at", "direction", "type", "size")
LIST_HEADS = ("socket", "opened", "how it ended", "messages", "service, user", "address")


class Fact(Value, frozen=True):
    """Hold a label and what the capture shows of it."""

    label: str
    words: str
    style: str = ""


class Line(Value, frozen=True):
    """Hold one line of a call stack."""

    words: str
    own: bool = False  # the code that opened the socket
    label: bool = False  # what scheduled the calls above it
    maker: str | None = None  # whose code it is, if not the application's


class Section(Value, frozen=True):
    """Hold a part of what is shown, whatever the format."""

    title: str  # empty: the head
    facts: tuple[Fact, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()  # of a table under HEADS
    lines: tuple[Line, ...] = ()
    note: str = ""


def sections(report: Report, session: Session) -> list[Section]:
    """Describe one socket in words; text of the capture is not yet harmless."""
    axis = terminal.axis_of(report, 1)
    stack = tuple(_stack(session.initiator))
    found = [
        Section("", tuple(_about(report, session))),
        Section(LIFE, tuple(_life(report, session, axis))),
        Section("Open at the same time", tuple(_partners(report, session, axis))),
        _messages(session.messages, axis),
    ]
    if not stack:
        return found
    return [*found, Section("Call stack that opened it", lines=stack, note=_how_to_find(session.initiator))]


# -- what and where ----------------------------------------------------------------------------------------


def _about(report: Report, session: Session) -> Iterator[Fact]:
    page = next((page for page in report.capture.pages if page.id == session.page), None)
    yield Fact("address", session.endpoint, STRONG)
    yield Fact("URL", session.url)
    yield Fact("in the file", session.pointer)
    if session.provider is not None:
        yield Fact("service", _service(session))
    yield Fact("opened by", origins.told(session) or "not recorded")
    yield Fact("page", _page(page, session))


def _service(session: Session) -> str:
    assert session.provider is not None
    words = [session.provider.name + (" (development only)" if session.dev_only else "")]
    if session.identity is not None:
        user, app = session.identity.user, session.identity.app
        words += [user if user.startswith("user-") else f"user {user}"] if user is not None else []
        words += [f"app {app}{' (masked)' if app.startswith('<token ') else ''}"] if app is not None else []
    return ", ".join([*words, *filter(None, [services.client(session)])])


def _page(page: Page | None, session: Session) -> str:
    if page is None:
        return "not recorded" if session.page is None else f"{session.page} (the file has no more about it)"
    came = CAME.get(page.kind, "how it was loaded is not recorded")
    words = f"{page.id}: {page.url} ({came})" if page.url else f"{page.id} ({came})"
    if page.end is not None:
        return f"{words}; then {WENT.get(page.end.by, 'replaced by another')}"
    return words


# -- its lifetime ------------------------------------------------------------------------------------------


def _life(report: Report, session: Session, axis: Axis) -> Iterator[Fact]:
    error = " by an error" if session.outcome is Outcome.CLOSED else ""
    outcome = OUTCOMES[session.outcome] + (f"{error}: {session.problem}" if session.problem else "")
    if session.outcome is Outcome.OPEN:
        outcome += f" {verdict.saved(report)}"
    closing = terminal.gone(session) if session.outcome is not Outcome.UNKNOWN else None
    code = [] if session.close_code is None else [str(session.close_code)]
    code += [session.close_reason] if session.close_reason else []
    yield Fact("outcome", outcome, BAD if session.outcome is Outcome.FAILED else STRONG)
    yield Fact("requested", _instant(session.created, axis))
    if session.opened is not None:
        yield Fact("opened", _instant(session.opened, axis))
    if closing:
        yield Fact("failed" if session.opened is None else "closed", _instant(closing, axis))
    if code:
        yield Fact("close code", " ".join(code))
    yield Fact("certainly open", _span(session.proven, axis, report, session))
    yield Fact("possibly open", _span(session.possible, axis, report, session))


def _instant(bounds: Bounds | None, axis: Axis) -> str:
    """Write bounds and their evidence: `between 0.20 s and 0.27 s (evidence: its first message)`."""
    at = terminal.when(bounds, axis)
    if bounds is None or not at:
        return "time unknown"
    if at.startswith("by ") and bounds.earliest is not None:
        earliest, latest = terminal.since(bounds.earliest, axis), at.removeprefix("by ")
        if earliest != latest:
            return f"between {earliest} and {latest} (evidence: {bounds.evidence.sentence})"
    return f"{at} ({bounds.evidence.sentence})"


def _span(interval: Interval | None, axis: Axis, report: Report, session: Session) -> str:
    if interval is None:
        return "never" if session.opened is None else "at no instant that the file proves"
    start = terminal.since(interval.start, axis)
    if interval.end is None:
        open_still = session.outcome is Outcome.OPEN
        return f"from {start}, {'still open ' + verdict.saved(report) if open_still else 'end unknown'}"
    if interval.end - interval.start <= 1:
        return f"at {start}, for at least an instant"
    return f"{start} to {terminal.since(interval.end, axis)} ({spoken(interval.end - interval.start)})"


# -- with which others -------------------------------------------------------------------------------------


class Partners(NamedTuple):
    """Hold the other sockets that were open with one, and the overlaps that it is part of."""

    certain: list[Session]
    possible: list[Session]
    overlaps: list[Overlap]


def partners(report: Report, session: Session) -> Partners:
    """Find what was open at the same time as this socket."""
    others = [other for other in report.sessions if other.id != session.id]
    certain = [other for other in others if other.clock == session.clock and _meet(session.proven, other.proven)]
    known = {other.id for other in certain}
    possible = [other for other in others if other.id not in known and _meet(session.possible, other.possible)]
    return Partners(certain, possible, [overlap for overlap in report.overlaps if session.id in overlap.sessions])


def _partners(report: Report, session: Session, axis: Axis) -> Iterator[Fact]:
    found = partners(report, session)
    yield Fact("certain", _names(found.certain), BAD if found.certain else "")
    if found.possible:
        yield Fact("possible", _names(found.possible), UNSURE)
    for overlap in found.overlaps[:PARTNERS]:
        yield Fact("overlap", _overlap(overlap, axis))
    if len(found.overlaps) > PARTNERS:
        yield Fact("", f"and {len(found.overlaps) - PARTNERS:,} more", FAINT)


def _meet(a: Interval | None, b: Interval | None) -> bool:
    if a is None or b is None or a.empty or b.empty:
        return False
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _names(sessions: Sequence[Session]) -> str:
    words = ", ".join(session.name for session in sessions[:PARTNERS]) or "none"
    return words + (f" and {count(len(sessions) - PARTNERS, 'other')}" if len(sessions) > PARTNERS else "")


def _overlap(overlap: Overlap, axis: Axis) -> str:
    number = count(len(overlap.sessions), "socket")
    start = terminal.since(overlap.interval.start, axis)
    if overlap.confidence is Confidence.PROVEN:
        return f"from {start}, {number}: {describe(overlap)}"
    return f"possible: from {start}, {number}, peak at most {overlap.peak}"


# -- its messages ------------------------------------------------------------------------------------------


def _messages(messages: Messages, axis: Axis) -> Section:
    if not messages.recorded:
        return Section(MESSAGES, note="This exporter does not record messages.")
    facts = []
    for label, way in (("sent", 1), ("received", 0)):
        sizes = list(compress(messages.lengths, (it == way for it in messages.directions)))
        facts.append(Fact(label, f"{count(len(sizes), 'message')}, {_bytes(sum(sizes))}" if sizes else "none"))
    if messages.first is not None and messages.last is not None:
        first, last = _exactly(messages.first, axis), _exactly(messages.last, axis)
        facts.append(Fact("time", first) if first == last else Fact("first to last", f"{first} to {last}"))
    elif messages.directions:
        facts.append(Fact("time", "unknown: the file gives no usable times"))
    return Section(MESSAGES, tuple(facts), tuple(_table(messages, axis)))


def _table(messages: Messages, axis: Axis) -> Iterator[tuple[str, ...]]:
    """List the first and last messages: number, time, direction, type, size; one cell stands for those between."""
    total = len(messages.directions)
    rows = list(range(total)) if total <= FIRST + LAST else [*range(FIRST), *range(total - LAST, total)]
    for n in rows:
        if n and n - 1 not in rows:
            yield (f"{total - FIRST - LAST:,} more",)
        at = _exactly(messages.times[n], axis) if messages.times else "?"
        way = "sent" if messages.directions[n] == 1 else "received"
        kind = TYPES.get(messages.opcodes[n], f"opcode {messages.opcodes[n]}")
        yield (str(n + 1), at, way, kind, _bytes(messages.lengths[n]))


def _exactly(at: Instant, axis: Axis) -> str:
    """Write an instant to the millisecond: rhythm is in small differences."""
    return f"{(at - axis.zero) / 1_000_000:,.3f} s"


def _bytes(size: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


# -- the code that opened it -----------------------------------------------------------------------------------


def _stack(code: Initiator | None) -> Iterator[Line]:
    """List the call stack, innermost first, with what scheduled the calls between them."""
    if code is None:
        return
    left, url = FRAMES, None
    own = (code.url, code.line, code.column) if code.own else None
    for calls in code.stack:
        if left > 0 and calls.label:
            yield Line(_scheduled(calls.label), label=True)
        for frame in calls.frames[: max(0, left)]:
            words = frame.named if frame.url != url else frame.named.replace(f"({url}:", f"({origins.file(url)}:")
            is_own = own == (frame.url, frame.line, frame.column)
            yield Line(words, own=is_own, maker=None if is_own else callstacks.maker(frame))
            url = frame.url
        left -= len(calls.frames)
    if left < 0:
        yield Line(f"and {count(-left, 'more call')}", label=True)


def _scheduled(label: str) -> str:
    """Say what stands between the calls above and those below: a component, or what they waited for."""
    return f"inside {label}, rendered by:" if callstacks.COMPONENT.fullmatch(label) else f"after {label}, called by:"


def _how_to_find(code: Initiator | None) -> str:
    """Say how to open the line that counts, which is one of the loaded file: mostly a bundle."""
    if code is None or not code.own or code.url is None or code.line is None:
        return ""
    name = origins.file(code.url)
    return f"To open your line: DevTools > Sources, Ctrl+P {name}, then Ctrl+G {code.line}."


def folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Put neighbouring lines of the same framework into one: `10 calls of React`."""
    for maker, run in groupby(lines, key=lambda line: line.maker):
        group = list(run)
        if maker is None or len(group) < FOLDED:
            yield from group
        else:
            yield Line(f"{count(len(group), 'call')} of {maker} (--verbose)", label=True)


# -- one socket on a terminal ------------------------------------------------------------------------------


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
    axis = terminal.axis_of(report, medium.width - len(MARGIN) - LABEL - 2)
    title = Text().append(session.name, STRONG).append(" of ")
    title.append(medium.short_left(name_source(report.capture.source), medium.width - title.cell_len - 8))
    lines = [terminal.headline(title, medium)]
    for section in sections(report, session):
        lines += heading(section.title) if section.title else []
        lines += wrapped(Text(medium.safe(section.note, 600)), medium, MARGIN) if section.note else []
        for fact in section.facts:
            lines += _fact(fact, medium)
        if section.title == LIFE:
            lines += _drawing(report, session, axis, medium)
        if section.title == MESSAGES:
            lines += _rhythm(session.messages, axis, medium)
        lines += _rows(section.rows, medium) if section.rows else []
        for line in section.lines if verbose else folded(section.lines):
            lines += _line(line, medium)
    return terminal.printed(lines, color)


def _fact(fact: Fact, medium: Medium) -> list[Text]:
    lines = wrapped(Text(medium.safe(fact.words, 2000), fact.style), medium, MARGIN + f"{fact.label:<{LABEL}}")
    lines[0].stylize(FAINT, 0, len(MARGIN) + LABEL)
    return lines


def _drawing(report: Report, session: Session, axis: Axis, medium: Medium) -> list[Text]:
    crowd = terminal.proven_levels(report.sessions, axis)
    drawn = (*terminal.ruler(axis, medium), terminal.bar(session, axis, medium, (), crowd))
    return [Text(" " * (len(MARGIN) + LABEL)).append_text(it) for it in drawn]


def _rhythm(messages: Messages, whole: Axis, medium: Medium) -> list[Text]:
    """Draw how many messages went each way, from the first to the last."""
    if messages.first is None or messages.last is None or len(messages.times) < MANY:
        return []
    axis = Axis(messages.first, messages.last, whole.columns, whole.zero)
    rows = {1: [0] * axis.columns, 0: [0] * axis.columns}
    for at, way in zip(messages.times, messages.directions, strict=False):
        rows[way][axis.column(at)] += 1
    most = max(max(row) for row in rows.values())
    labels, line = terminal.ruler(axis, medium)
    drawn = [("", labels), ("", line)]
    for way, name in ((1, "sent"), (0, "received")):
        bars = "".join(terminal.step(level, most, medium) for level in rows[way])
        drawn.append((name, Text(bars, "cyan" if way else "green")))
    lines = [Text(MARGIN).append(f"{name:<{LABEL}}", FAINT).append_text(row) for name, row in drawn]
    note = Text(f"highest bar: {count(most, 'message')} per column", FAINT)
    return [Text(), *lines, *wrapped(note, medium, MARGIN + " " * LABEL)]


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
        return wrapped(Text(words, FAINT), medium, f"{MARGIN}{medium.signs.dot} ")
    if line.own:
        return wrapped(Text(f"{OWN}{words}", STRONG), medium, f"{MARGIN}{medium.signs.arrow} ")
    return wrapped(Text(words), medium, f"{MARGIN}  ")


# -- one socket for programs, a ticket, a browser ----------------------------------------------------------


def text(run: Run, session: Session) -> bytes:
    """Write one socket as a text file."""
    return render(run.reports[0], session, width=100)


def json(run: Run, session: Session) -> bytes:
    """Write one JSON object (docs/json.md)."""
    report = run.reports[0]
    found = partners(report, session)
    page = next((page for page in report.capture.pages if page.id == session.page), None)
    return pretty(
        {
            **_head(run),
            "session": session_document(session),
            "page": None if page is None else {"id": page.id, "url": page.url, "kind": page.kind},
            "stack": _calls(session.initiator),
            "open_at_the_same_time": {
                "proven": [other.id for other in found.certain],
                "possible": [other.id for other in found.possible],
            },
            "overlaps": [overlap_document(overlap) for overlap in found.overlaps],
            "findings": [finding_document(it) for it in report.findings if session.id in it.sessions],
            "messages": _all_messages(session.messages),
        }
    )


def _head(run: Run) -> Json:
    capture = run.reports[0].capture
    return {
        "format": FORMAT,
        "tool": {"name": "har-sockets", "version": VERSION},
        "policy": policy_document(run.policy),
        "source": capture.source,
        "sha256": capture.sha256,
    }


def _calls(code: Initiator | None) -> list[Json]:
    return [
        {
            "scheduled_by": calls.label,
            "frames": [
                {"function": it.function, "url": it.url, "line": it.line, "column": it.column} for it in calls.frames
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
    return f"{session.name[0].upper()}{session.name[1:]} of {summary.name(run.reports[0].capture.source)}"


def md(run: Run, session: Session) -> bytes:
    lines = [f"# {markdown.escaped(_title(run, session))}", ""]
    for section in sections(run.reports[0], session):
        lines += [f"## {section.title}", ""] if section.title else []
        lines += [markdown.escaped(section.note), ""] if section.note else []
        lines += [f"- {fact.label}: {markdown.escaped(fact.words, 2000)}" for fact in section.facts]
        lines += [""] if section.facts else []
        if section.rows:
            rows = [[*row, *[""] * (len(HEADS) - len(row))] for row in section.rows]
            lines += [*markdown.table(HEADS, rows), ""]
        for line in section.lines:
            words = markdown.escaped(line.words, 1000)
            lines.append(f"- {f'**→ {OWN}{words}**' if line.own else f'*{words}*' if line.label else words}")
        lines += [""] if section.lines else []
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def page(run: Run, session: Session) -> bytes:
    """Write one page without scripts, in the style of the report."""
    return html.static(
        "socket.html",
        run=run,
        title=_title(run, session),
        said=summary.safe(f"{session.name[0].upper()}{session.name[1:]}: {_outcome(run.reports[0], session)}", 600),
        tone="bad" if session.outcome is Outcome.FAILED else "unsure",
        source=summary.safe_middle(name_source(run.reports[0].capture.source), 300),
        sections=sections(run.reports[0], session),
        heads=HEADS,
        own=OWN,
        part=html.part(run.reports[0], run.policy, "c1", LISTED),
    )


def _outcome(report: Report, session: Session) -> str:
    return next(fact.words for fact in _life(report, session, terminal.axis_of(report, 1)))


RENDERERS: dict[str, Callable[[Run, Session], bytes]] = {"text": text, "json": json, "markdown": md, "html": page}


# -- the list of sockets -------------------------------------------------------------------------------------


def listed(report: Report) -> list[tuple[str, ...]]:
    """List the sockets under LIST_HEADS; text of the capture is not yet harmless."""
    axis = terminal.axis_of(report, 1)
    pages = {page.id: page for page in report.capture.pages}
    return [
        (
            f"#{session.id[1:]}",
            terminal.when(session.opened, axis, sign=True),
            terminal.ending(session, pages, axis, short=True),
            _counted(session.messages),
            _whose(session),
            session.endpoint.partition("://")[2],
        )
        for session in report.sessions[:LISTED]
    ]


def _counted(messages: Messages) -> str:
    """Count the messages that were sent and received."""
    return "" if messages.sent is None else f"{messages.sent:,} sent, {messages.received:,} received"


def _whose(session: Session) -> str:
    user = session.identity.user if session.identity is not None else None
    return ", ".join(filter(None, (session.provider.name if session.provider else "", user)))


def _rest(report: Report) -> str:
    left = len(report.sessions) - LISTED
    return f"and {count(left, 'more socket')}: --format json has them all" if left > 0 else ""


def render_list(report: Report, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Write the sockets of a report by number, and the command that shows one of them."""
    medium = Medium(max(width, NARROWEST), unicode)
    lines = [
        terminal.headline(Text(medium.short_left(name_source(report.capture.source), medium.width - 8), STRONG), medium)
    ]
    if not report.sessions:
        lines += [Text(), *wrapped(Text("No WebSocket in this capture."), medium, MARGIN)]
        return terminal.printed(lines, color)
    cells = [LIST_HEADS, *listed(report)]
    used = [n for n in range(len(LIST_HEADS)) if any(row[n] for row in cells[1:])]
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
        lines += wrapped(Text(rest), medium, MARGIN)
    if is_typeable(report.capture.source):
        lines += [
            Text(),
            Text(f"{MARGIN}One socket in detail:"),
            *wrapped(Text(medium.safe(_command(report), 4_000)), medium, MARGIN),
        ]
    return terminal.printed(lines, color)


def _command(report: Report) -> str:
    """Return the command that shows one: the first of an overlap, else the first."""
    session = report.overlaps[0].sessions[0] if report.overlaps else "s1"
    source = report.capture.source
    name = source if source == "-" or not source.startswith("-") else f"./{source}"
    return f"har-sockets show {quote(name)} {session[1:]}"


def text_list(run: Run) -> bytes:
    return render_list(run.reports[0], width=120)


def json_list(run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty({**_head(run), "sessions": [session_document(it) for it in run.reports[0].sessions]})


def md_list(run: Run) -> bytes:
    report = run.reports[0]
    rows = [[markdown.escaped(cell, 200) for cell in row] for row in listed(report)]
    lines = [f"# Sockets of {markdown.escaped(summary.name(report.capture.source))}", ""]
    lines += [*markdown.table(LIST_HEADS, rows), ""] if rows else ["No WebSocket in this capture.", ""]
    lines += [_rest(report), ""] if _rest(report) else []
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def page_list(run: Run) -> bytes:
    report = run.reports[0]
    return html.static(
        "sockets.html",
        run=run,
        title=f"Sockets of {summary.name(report.capture.source)}",
        source=summary.safe_middle(name_source(report.capture.source), 300),
        heads=LIST_HEADS,
        rows=listed(report),
        rest=_rest(report),
        part=html.part(report, run.policy, "c1", LISTED),
    )


LISTS: dict[str, Callable[[Run], bytes]] = {
    "text": text_list,
    "json": json_list,
    "markdown": md_list,
    "html": page_list,
}
