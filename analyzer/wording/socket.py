"""Describe one socket in words: where it was opened, how long it lived, what was open with it, its messages.

Of messages only time, direction, type and size, never the data. Text of the capture is not yet harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

from analyzer import callstacks
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
    Value,
    count_rest,
    describe,
    format_duration,
    join_some,
    plural,
)
from analyzer.timeline import Axis, axis_of, close_bounds
from analyzer.wording import console, instants, lifetimes, origins, services, verdict
from analyzer.wording.medium import BAD, FAINT, STRONG, UNSURE

FIRST, LAST = 20, 3  # messages in the table
FRAMES = 60  # of the stack
PARTNERS = 12  # sockets that are named one by one
OWN = "your code: "
TYPES = {0: "unknown", 1: "text", 2: "binary"}  # RFC 6455 section 5.2; 0 where the file does not say
CAME = {"load": "first load", "reload": "a reload", "navigation": "from another page", "restore": "back to it"}
WENT = {"reload": "reloaded", "navigation": "left for another page", "restore": "left for an earlier page"}
LIFE, MESSAGES = "Lifetime", "Messages"  # sections that a terminal draws as well
HEADS = ("#", "at", "direction", "type", "size")


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


def describe_socket(report: Report, session: Session) -> list[Section]:
    """Describe one socket in words; text of the capture is not yet harmless."""
    axis = axis_of(report)
    is_doubtful = callstacks.is_doubtful(session)
    stack = list_calls(session)
    parts = [
        Section("", tuple(_about(report, session))),
        Section(LIFE, tuple(_life(report, session, axis))),
        Section("Open at the same time", tuple(_partners(report, session, axis))),
        _messages(session.messages, axis),
    ]
    parts += _console(report, session)
    if not stack:
        return parts
    return [
        *parts,
        Section(
            "Call stack that opened it", lines=stack, note="" if is_doubtful else describe_place(session.initiator)
        ),
    ]


def _about(report: Report, session: Session) -> Iterator[Fact]:
    page = next((page for page in report.capture.pages if page.id == session.page), None)
    yield Fact("address", session.endpoint, STRONG)
    yield Fact("URL", session.url)
    yield Fact("in the file", session.pointer)
    if session.provider is not None:
        yield Fact("service", describe_service(session))
    yield Fact("opened by", origins.describe_opener(session) or "not recorded")
    yield Fact("page", describe_page(page, session))


def describe_service(session: Session) -> str:
    if session.provider is None:
        return ""
    words = [session.provider.name + (" (development only)" if session.dev_only else "")]
    if session.identity is not None:
        user, app = session.identity.user, session.identity.app
        if user is not None:
            words.append(user if user.startswith("user-") else f"user {user}")
        if app is not None:
            words.append(f"app {app}{' (masked)' if app.startswith('<token ') else ''}")
    return ", ".join([*words, *filter(None, [services.client(session)])])


def describe_page(page: Page | None, session: Session) -> str:
    if page is None:
        return "not recorded" if session.page is None else f"{session.page} (the file has no more about it)"
    came = CAME.get(page.kind, "how it was loaded is not recorded")
    words = f"{page.id}: {page.url} ({came})" if page.url else f"{page.id} ({came})"
    if page.end is not None:
        return f"{words}; then {WENT.get(page.end.by, 'replaced by another')}"
    return words


def _life(report: Report, session: Session, axis: Axis) -> Iterator[Fact]:
    closing = close_bounds(session) if session.outcome is not Outcome.UNKNOWN else None
    yield Fact("outcome", outcome_of(report, session), BAD if session.outcome is Outcome.FAILED else STRONG)
    yield Fact("requested", _instant(session.created, axis))
    if session.opened is not None:
        yield Fact("opened", _instant(session.opened, axis))
    if closing:
        yield Fact("failed" if session.opened is None else "closed", _instant(closing, axis))
    if code := describe_code(session):
        yield Fact("close code", code)
    yield Fact("certainly open", _span(session.proven, axis, report, session))
    yield Fact("possibly open", _span(session.possible, axis, report, session))


def describe_code(session: Session) -> str:
    """Write the close code with its reason: `1000 unmount`."""
    code = "" if session.close_code is None else str(session.close_code)
    return " ".join(filter(None, (code, session.close_reason)))


def outcome_of(report: Report, session: Session) -> str:
    """Say how the socket ended, and why it failed or which error closed it."""
    words = lifetimes.OUTCOMES[session.outcome].full
    if session.problem:
        words += f" by an error: {session.problem}" if session.outcome is Outcome.CLOSED else f": {session.problem}"
    return f"{words} {verdict.when_saved(report)}" if session.outcome is Outcome.OPEN else words


def _instant(bounds: Bounds | None, axis: Axis) -> str:
    """Write bounds and their evidence: `between 0.20 s and 0.27 s (evidence: its first message)`."""
    at = instants.when(bounds, axis)
    if bounds is None or not at:
        return "time unknown"
    if at.startswith("by ") and bounds.earliest is not None:
        earliest, latest = instants.since(bounds.earliest, axis), at.removeprefix("by ")
        if earliest != latest:
            return f"between {earliest} and {latest} (evidence: {bounds.evidence.sentence})"
    return f"{at} ({bounds.evidence.sentence})"


def _span(interval: Interval | None, axis: Axis, report: Report, session: Session) -> str:
    if interval is None:
        return "never" if session.opened is None else "at no instant that the file proves"
    start = instants.since(interval.start, axis) if interval.start > 0 else "an unknown start"
    if interval.end is None:
        if session.outcome is Outcome.OPEN:
            return f"from {start}, {still_open(report)}"
        return f"from {start}, {lifetimes.OUTCOMES[Outcome.UNKNOWN].brief}"
    if interval.start <= 0:
        return f"from {start} to {instants.since(interval.end, axis)}"
    if interval.end - interval.start <= 1:
        return f"at {start}, for at least an instant"
    return f"{start} to {instants.since(interval.end, axis)} ({format_duration(interval.end - interval.start)})"


def still_open(report: Report) -> str:
    return f"{lifetimes.OUTCOMES[Outcome.OPEN].full} {verdict.when_saved(report)}"


class Partners(NamedTuple):
    """Hold the other sockets that were open with one, and the overlaps that it is part of."""

    certain: list[Session]
    possible: list[Session]
    overlaps: list[Overlap]


def find_partners(report: Report, session: Session) -> Partners:
    """Find what was open at the same time as this socket."""
    others = [other for other in report.sessions if other.id != session.id]
    certain = [other for other in others if other.clock == session.clock and _meet(session.proven, other.proven)]
    certain_ids = {other.id for other in certain}
    possible = [other for other in others if other.id not in certain_ids and _meet(session.possible, other.possible)]
    return Partners(certain, possible, [overlap for overlap in report.overlaps if session.id in overlap.sessions])


def _partners(report: Report, session: Session, axis: Axis) -> Iterator[Fact]:
    others = find_partners(report, session)
    yield Fact("certain", _names(others.certain), BAD if others.certain else "")
    if others.possible:
        yield Fact("possible", _names(others.possible), UNSURE)
    for overlap in others.overlaps[:PARTNERS]:
        yield Fact("overlap", _overlap(overlap, axis))
    if rest := count_rest(len(others.overlaps) - PARTNERS):
        yield Fact("", rest, FAINT)


def _meet(a: Interval | None, b: Interval | None) -> bool:
    if a is None or b is None or a.empty or b.empty:
        return False
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _names(sessions: Sequence[Session]) -> str:
    return join_some([session.name for session in sessions], PARTNERS) or "none"


def _overlap(overlap: Overlap, axis: Axis) -> str:
    number = plural(len(overlap.sessions), "socket")
    start = instants.since(overlap.interval.start, axis)
    if overlap.confidence is Confidence.PROVEN:
        return f"from {start}, {number}: {describe(overlap)}"
    return f"possible: from {start}, {number}, peak at most {overlap.peak}"


def _messages(messages: Messages, axis: Axis) -> Section:
    if not messages.recorded:
        return Section(MESSAGES, note="This exporter does not record messages.")
    facts = []
    for label, way in (("sent", 1), ("received", 0)):
        sizes = list(compress(messages.lengths, (it == way for it in messages.directions)))
        facts.append(Fact(label, f"{plural(len(sizes), 'message')}, {_bytes(sum(sizes))}" if sizes else "none"))
    if messages.first is not None and messages.last is not None:
        first, last = _exactly(messages.first, axis), _exactly(messages.last, axis)
        facts.append(Fact("time", first) if first == last else Fact("first to last", f"{first} to {last}"))
    elif messages.directions:
        facts.append(Fact("time", "unknown: the file gives no usable times"))
    return Section(MESSAGES, tuple(facts), tuple(_table(messages, axis)))


def _console(report: Report, session: Session) -> list[Section]:
    """Describe the lines of the browser's console that name the socket, or that were near it."""
    entries = console.list_entries(report, session)
    facts = [Fact(entry.at, entry.account) for entry in entries[:FIRST]]
    if rest := count_rest(len(entries) - FIRST):
        facts.append(Fact("", rest, FAINT))
    return [Section(console.TITLE, tuple(facts))] if facts else []


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


def list_calls(session: Session) -> tuple[Line, ...]:
    """List the call stack that opened a socket."""
    return tuple(_stack(session.initiator, callstacks.is_doubtful(session)))


def _stack(code: Initiator | None, is_doubtful: bool) -> Iterator[Line]:
    """List the call stack, innermost first, with what scheduled the calls between them; mark the application's code,
    where that is beyond doubt."""
    if code is None:
        return
    left, url = FRAMES, None
    opener = code.opener
    own = (opener.url, opener.line, opener.column) if code.is_own and not is_doubtful else None
    for calls in code.stack:
        if left > 0 and calls.label:
            yield Line(_name_scheduler(calls.label), label=True)
        for frame in calls.frames[: max(0, left)]:
            address = frame.url if frame.source is None else frame.source.url
            words = frame.named
            if address == url:
                words = words.replace(f"({url}:", f"({origins.file(url)}:")
            is_own = own == (frame.url, frame.line, frame.column)
            yield Line(words, own=is_own, maker=None if is_own else callstacks.maker(frame))
            url = address
        left -= len(calls.frames)
    if rest := count_rest(-left, "call"):
        yield Line(rest, label=True)


def _name_scheduler(label: str) -> str:
    """Say what stands between the calls above and those below: a component, or what they waited for."""
    return f"inside {label}, rendered by:" if callstacks.COMPONENT.fullmatch(label) else f"after {label}, called by:"


def describe_place(code: Initiator | None) -> str:
    """Say how to open the line that counts, which is one of the loaded file: mostly a bundle."""
    opener = code.opener if code is not None and code.is_own else None
    if opener is None or opener.url is None or opener.line is None:
        return ""
    name = origins.file(opener.url)
    if opener.source is not None:
        return f"By a source map. In the loaded file this is {name}:{opener.line}:{opener.column}."
    return f"To open your line: DevTools > Sources, Ctrl+P {name}, then Ctrl+G {opener.line}."
