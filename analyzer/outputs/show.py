"""Everything that a capture says about one socket: `har-sockets show CAPTURE SOCKET`. Of messages, never the data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from rich.text import Text

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
    Session,
    describe,
    spoken,
)
from analyzer.outputs import origins, services, terminal, verdict
from analyzer.outputs.terminal import BAD, FAINT, NARROWEST, STRONG, UNSURE, Axis, Medium, count, heading, wrapped

FIRST, LAST = 20, 3  # messages in the table
MANY = 20  # messages; from here on their rhythm is drawn
FRAMES = 60  # of the stack
PARTNERS = 12  # sockets that are named one by one
MARGIN = "   "
LABEL = 16

TYPES = {0: "continuation", 1: "text", 2: "binary"}  # RFC 6455 section 5.2
OUTCOMES = {
    Outcome.CLOSED: "closed",
    Outcome.OPEN: "still open",
    Outcome.FAILED: "never opened: the handshake failed",
    Outcome.CONNECTING: "not seen to open",
    Outcome.UNKNOWN: "opened; whether it closed, this file cannot tell",
}
CAME = {"load": "first load", "reload": "a reload", "navigation": "coming from another page", "restore": "a return"}
WENT = {"reload": "reloaded", "navigation": "left for another page", "restore": "left for an earlier page"}


def render(report: Report, session: Session, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """One socket of the report, in UTF-8 (in ASCII unless `unicode`), no line wider than `width` (at least 40)."""
    medium = Medium(max(width, NARROWEST), unicode)
    axis = terminal.axis_of(report, medium.width - len(MARGIN) - LABEL - 2)
    title = Text().append(session.name, STRONG).append(" of ")
    title.append(medium.short_left(report.capture.source, medium.width - title.cell_len - 8))
    lines = [
        terminal.headline(title, medium),
        *_about(report, session, medium),
        *_life(report, session, axis, medium),
        *_together(report, session, axis, medium),
        *_messages(session.messages, axis, medium),
        *_stack(session.initiator, medium),
    ]
    return terminal.printed(lines, color)


def _fact(label: str, said: str, medium: Medium, style: str = "") -> list[Text]:
    """`label  what is said of it`, with the words of a capture made harmless."""
    lines = wrapped(Text(medium.safe(said, 2000), style), medium, MARGIN + f"{label:<{LABEL}}")
    lines[0].stylize(FAINT, 0, len(MARGIN) + LABEL)
    return lines


# -- what and where ----------------------------------------------------------------------------------------


def _about(report: Report, session: Session, medium: Medium) -> list[Text]:
    page = next((page for page in report.capture.pages if page.id == session.page), None)
    return [
        *_fact("address", session.endpoint, medium, STRONG),
        *_fact("URL", session.url, medium),
        *_fact("in the file", session.pointer, medium),
        *(_fact("service", _service(session), medium) if session.provider is not None else []),
        *_fact("opened by", origins.told(session) or "not recorded", medium),
        *_fact("page", _page(report, page, session), medium),
    ]


def _service(session: Session) -> str:
    assert session.provider is not None
    told = [session.provider.name + (" (development only)" if session.dev_only else "")]
    if session.identity is not None:
        named = (("user", session.identity.user), ("app", session.identity.app))
        told += [f"{what} {value}" for what, value in named if value is not None]
    return ", ".join([*told, *filter(None, [services.client(session)])])


def _page(report: Report, page: Page | None, session: Session) -> str:
    if page is None:
        return "not recorded" if session.page is None else f"{session.page}, of which the file says no more"
    came = CAME.get(page.kind, "how it came is not known")
    told = f"{page.id}: {page.url} ({came})" if page.url else f"{page.id} ({came})"
    if page.end is not None:
        return f"{told}; then {WENT.get(page.end.by, 'replaced by another')}"
    return told


# -- its life ----------------------------------------------------------------------------------------------


def _life(report: Report, session: Session, axis: Axis, medium: Medium) -> list[Text]:
    error = " by an error" if session.outcome is Outcome.CLOSED else ""
    outcome = OUTCOMES[session.outcome] + (f"{error}: {session.problem}" if session.problem else "")
    if session.outcome is Outcome.OPEN:
        outcome += f" {verdict.saved(report)}"
    closing = terminal.gone(session) if session.outcome is not Outcome.UNKNOWN else None
    code = [] if session.close_code is None else [str(session.close_code)]
    code += [session.close_reason] if session.close_reason else []
    crowd = terminal.proven_levels(report.sessions, axis)
    labels, line = terminal.ruler(axis, medium)
    lead = " " * (len(MARGIN) + LABEL)
    return [
        *heading("Its life"),
        *_fact("outcome", outcome, medium, BAD if session.outcome is Outcome.FAILED else STRONG),
        *_fact("asked for", _instant(session.created, axis), medium),
        *(_fact("open", _instant(session.opened, axis), medium) if session.opened is not None else []),
        *(_fact("failed" if session.opened is None else "closed", _instant(closing, axis), medium) if closing else []),
        *(_fact("close code", " ".join(code), medium) if code else []),
        *_fact("certainly open", _span(session.proven, axis, report, session), medium),
        *_fact("perhaps open", _span(session.possible, axis, report, session), medium),
        Text(lead).append_text(labels),
        Text(lead).append_text(line),
        Text(lead).append_text(terminal.bar(session, axis, medium, (), crowd)),
    ]


def _instant(bounds: Bounds | None, axis: Axis) -> str:
    """`by 0.27 s, not before 0.20 s (open by its first message)`; what is not known is said so."""
    at = terminal.when(bounds, axis)
    if bounds is None or not at:
        return "cannot tell when"
    if at.startswith("by ") and bounds.earliest is not None:
        at += f", not before {terminal.since(bounds.earliest, axis)}"
    return f"{at} ({terminal.evidence(bounds.evidence)})"


def _span(interval: Interval | None, axis: Axis, report: Report, session: Session) -> str:
    if interval is None:
        return "never" if session.opened is None else "at no instant that the file gives"
    start = terminal.since(interval.start, axis)
    if interval.end is None:
        open_still = session.outcome is Outcome.OPEN
        return f"from {start}, {'still so ' + verdict.saved(report) if open_still else 'no end known'}"
    if interval.end - interval.start <= 1:
        return f"at {start}, for an instant at least"
    return f"{start} to {terminal.since(interval.end, axis)} ({spoken(interval.end - interval.start)})"


# -- with which others -------------------------------------------------------------------------------------


def _together(report: Report, session: Session, axis: Axis, medium: Medium) -> list[Text]:
    """The others that were open with it, certainly or perhaps, and the stretches that it is part of."""
    others = [other for other in report.sessions if other.id != session.id]
    sure = [other for other in others if other.clock == session.clock and _meet(session.proven, other.proven)]
    known = {other.id for other in sure}
    perhaps = [o for o in others if o.id not in known and _meet(session.possible, o.possible)]
    lines = heading("Open at the same time")
    lines += _fact("certainly", _names(sure), medium, BAD if sure else "")
    lines += _fact("perhaps", _names(perhaps), medium, UNSURE if perhaps else "") if perhaps else []
    stretches = [overlap for overlap in report.overlaps if session.id in overlap.sessions]
    for overlap in stretches[:PARTNERS]:
        lines += _fact("stretch", _stretch(overlap, axis), medium)
    more = len(stretches) - PARTNERS
    return lines + (_fact("", f"and {more:,} more", medium, FAINT) if more > 0 else [])


def _meet(a: Interval | None, b: Interval | None) -> bool:
    if a is None or b is None or a.empty or b.empty:
        return False
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _names(sessions: Sequence[Session]) -> str:
    told = ", ".join(session.name for session in sessions[:PARTNERS]) or "none"
    return told + (f" and {count(len(sessions) - PARTNERS, 'other')}" if len(sessions) > PARTNERS else "")


def _stretch(overlap: Overlap, axis: Axis) -> str:
    of = count(len(overlap.sessions), "socket")
    start = terminal.since(overlap.interval.start, axis)
    if overlap.confidence is Confidence.PROVEN:
        return f"from {start}, {of}: {describe(overlap)}"
    return f"cannot rule out: from {start}, {of}, up to {overlap.peak} at once"


# -- the rhythm of its messages ----------------------------------------------------------------------------


def _messages(messages: Messages, axis: Axis, medium: Medium) -> list[Text]:
    lines = heading("Messages")
    if not messages.recorded:
        return lines + wrapped(Text("This exporter does not record messages."), medium, MARGIN)
    for label, way in (("sent", 1), ("received", 0)):
        sizes = list(compress(messages.lengths, (it == way for it in messages.directions)))
        lines += _fact(label, f"{len(sizes):,}, {_bytes(sum(sizes))} of payload" if sizes else "none", medium)
    if messages.first is not None and messages.last is not None:
        span = f"{_exactly(messages.first, axis)} to {_exactly(messages.last, axis)}"
        lines += _fact("first to last", span, medium)
    elif messages.directions:
        lines += _fact("when", "cannot tell: the file gives no usable times", medium)
    return lines + _rhythm(messages, axis, medium) + _table(messages, axis, medium)


def _rhythm(messages: Messages, whole: Axis, medium: Medium) -> list[Text]:
    """How many messages went each way, over the time from the first to the last."""
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
    return [
        Text(),
        *lines,
        *wrapped(Text(f"highest: {count(most, 'message')} a column", FAINT), medium, MARGIN + " " * LABEL),
    ]


def _table(messages: Messages, axis: Axis, medium: Medium) -> list[Text]:
    """The first and the last messages: when, which way, of what type, how many bytes."""
    total = len(messages.directions)
    if not total:
        return []
    head = f"{MARGIN}{'#':>7}  {'at':>12}  {'direction':<12}  {'type':<8}{'size':>10}"
    lines = [Text(), Text(head[: medium.width], FAINT)]
    rows = list(range(total)) if total <= FIRST + LAST else [*range(FIRST), *range(total - LAST, total)]
    for n in rows:
        if n and n - 1 not in rows:
            lines.append(Text(f"{MARGIN}{medium.signs.ellipsis:>7}  {total - FIRST - LAST:,} more", FAINT))
        lines.append(_row(messages, n, axis, medium))
    return lines


def _row(messages: Messages, n: int, axis: Axis, medium: Medium) -> Text:
    at = _exactly(messages.times[n], axis) if messages.times else "?"
    sent = messages.directions[n] == 1
    way = f"{medium.signs.sent} sent" if sent else f"{medium.signs.received} received"
    kind = TYPES.get(messages.opcodes[n], f"opcode {messages.opcodes[n]}")
    line = f"{MARGIN}{n + 1:>7}  {at:>12}  {way:<12}  {kind:<8}{_bytes(messages.lengths[n]):>10}"
    return Text(line[: medium.width], "cyan" if sent else "")


def _exactly(at: Instant, axis: Axis) -> str:
    """To the millisecond: rhythm is in small differences."""
    return f"{(at - axis.zero) / 1_000_000:,.3f} s"


def _bytes(size: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


# -- the code that opened it -----------------------------------------------------------------------------------


def _stack(code: Initiator | None, medium: Medium) -> list[Text]:
    """The call stack, innermost first; what scheduled the calls above it stands between."""
    if code is None or not code.stack:
        return []
    lines, left = heading("The call stack that opened it"), FRAMES
    own = (code.url, code.line, code.column) if code.own else None
    url: str | None = None  # of the frame before: said once
    for calls in code.stack:
        if left > 0 and calls.label:
            lines += wrapped(Text(medium.safe(calls.label, 200), FAINT), medium, f"{MARGIN}{medium.signs.dot} ")
        for frame in calls.frames[:left]:
            mine = own == (frame.url, frame.line, frame.column)
            told = frame.named if frame.url != url else frame.named.replace(f"({url}:", f"({origins.file(url)}:")
            lines += wrapped(Text(medium.safe(told, 1000), STRONG if mine else ""), medium, f"{MARGIN}  ")
            url = frame.url
        left -= len(calls.frames)
    return lines + ([Text(f"{MARGIN}and {count(-left, 'more call')}", FAINT)] if left < 0 else [])
