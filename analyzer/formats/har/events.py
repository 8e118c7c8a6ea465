"""Read the events of one socket, with their instants, by what its exporter means by the fields of an entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from analyzer.formats.devtools import shorten_error
from analyzer.formats.har.entry import CloseRecord, Socket
from analyzer.formats.har.exporters import Close, Opened, Row, Tabs
from analyzer.formats.har.fields import CLOSE_OPCODE
from analyzer.formats.har.messages import Facts, control_frames, error_instant, read_messages
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Active,
    Bounds,
    Closed,
    Closes,
    Confidence,
    Coverage,
    Duration,
    Event,
    Evidence,
    Instant,
    Messages,
    PageEnd,
    PageKind,
    Place,
    Rejected,
    Requested,
    Skipped,
    Trace,
)

LONGEST_HANDSHAKE = 1 * SECOND  # a longer `wait` without messages may mean that they were removed
ERROR_SLACK = 100 * MILLISECOND  # from the error on an open socket to its close; measured: 0.06 and 0.6 ms
# How Chromium begins the text of an error by which a handshake failed (net/websockets, blink/modules/websockets).
HANDSHAKE_ERRORS = (
    "Error during WebSocket handshake",
    "Error in connection establishment",
    "Connection closed before receiving a handshake response",
    "WebSocket opening handshake",
    "Establishing a tunnel via proxy server failed",
    "HTTP Authentication failed",
    "Proxy authentication failed",
    "WebSocket is closed before the connection is established",
)
NO_REASON = "no reason recorded"


class Reading(msgspec.Struct, frozen=True):
    """What one socket's entry shows.

    is_edited: its dates or timings were changed.
    missing: how sure it is that messages were removed. None: nothing is missing.
    """

    trace: Trace
    skipped: list[Skipped]
    is_edited: bool
    missing: Confidence | None


def read_socket(socket: Socket, facts: Facts) -> Reading:
    """Read the events of one socket, in the order in which they happened; and what of its entry could not be used."""
    row, pointer = facts.row, socket.pointer
    messages, skipped = read_messages(socket, facts)
    is_edited = _is_edited(socket, messages, row)
    usable = socket
    if is_edited or (skipped and row.opened is Opened.WAIT):
        usable = msgspec.structs.replace(socket, started=None, wait=None, receive=None, total=None)
    events = tuple(_events(usable, messages, facts))
    trace = Trace(
        pointer=pointer,
        url=socket.url,
        endpoint=socket.endpoint,
        events=events,
        messages=messages,
        page=socket.pageref if row.tabs in (Tabs.DOCUMENT, Tabs.STATED) else None,
        initiator=socket.initiator,
        clock=_clock(socket, facts),
        protocols=socket.protocols,
        opening=tuple(socket.ticks.opening) if socket.ticks else (),
        scripts=socket.scripts,
        attribution=socket.attribution,
        context=socket.context,
        user_context=socket.user_context,
        key=socket.key,
        also=tuple(Place(0, pointer) for pointer in socket.also),
        extension=socket.extension,
        where=socket.stated.where,
        coverage=_coverage(usable, events, row),
    )
    return Reading(trace, skipped, is_edited, _missing_messages(socket, trace, facts))


def _clock(socket: Socket, facts: Facts) -> int:
    """The clock of its dates, as an extract states it or as the dates of the file show it."""
    if socket.stated.clock is not None:
        return socket.stated.clock
    return socket.clock if facts.is_stepped else 0


def _events(socket: Socket, messages: Messages, facts: Facts) -> Iterator[Event]:
    start = _start(socket, messages, facts.row)
    if start is not None:
        yield Requested(start)
    if _is_open(socket, facts.row, messages):
        yield Accepted(_acceptance(socket, messages, start, facts))
        yield from _activity(socket, facts)
        yield from _end(socket, messages, start, facts)
    elif _has_failed(socket, facts.row):
        yield _rejection(socket, start, facts)


def _missing_messages(socket: Socket, trace: Trace, facts: Facts) -> Confidence | None:
    """Chrome's `wait` runs to the last activity of a socket, messages and errors: are some not in the file?

    Where there is none at all, it may also have been the handshake that took long. None: nothing is missing.
    """
    if facts.row.opened is not Opened.WAIT or socket.started is None or not socket.wait:
        return None
    if not any(isinstance(event, Accepted) for event in trace.events):
        return None  # what never opened had none
    signs = [at for at in (trace.messages.last, error_instant(socket, facts)) if at is not None]
    if not signs:
        return Confidence.POSSIBLE if socket.wait > LONGEST_HANDSHAKE else None
    return Confidence.PROVEN if socket.started + socket.wait > max(signs) + 2 * MILLISECOND else None


def instants(trace: Trace) -> Iterator[Instant | None]:
    """List the instants, if known, at which something other than a message happened to the socket."""
    for event in trace.events:
        match event:
            case Closed(within=within):
                yield within.latest if within.evidence is Evidence.CLOSE_ON_RETURN else within.earliest
            case Rejected(within=within) if within.latest is not None:
                yield within.earliest
            case Active(at=at):
                yield at


def _is_edited(socket: Socket, messages: Messages, row: Row) -> bool:
    """Chrome's `wait` runs to the last message (471 of 471): one after that shows that dates or timings were changed,
    and then neither says when the socket opened or closed."""
    if row.opened is not Opened.WAIT or socket.started is None or messages.last is None:
        return False
    return messages.last > socket.started + (socket.wait or 0) + row.start_slack + MILLISECOND


def _start(socket: Socket, messages: Messages, row: Row) -> Bounds | None:
    """When the handshake's request was sent; Chrome cuts the date to 1 ms, its last message gives the rest."""
    if socket.started is None:
        return None
    started, slack, pointer = socket.started, row.start_slack, f"{socket.pointer}/startedDateTime"
    if row.wait_gives_start and messages.last is not None and socket.wait is not None:
        exact = messages.last - socket.wait
        if started <= exact <= started + slack:
            return Bounds(exact, exact, Evidence.HANDSHAKE_REQUEST, pointer)
    latest = started + slack
    if row.opened is Opened.ANSWERED and socket.requested_by is not None:
        latest = max(started, socket.requested_by)
    return Bounds(started, latest, Evidence.HANDSHAKE_REQUEST, pointer)


def _acceptance(socket: Socket, messages: Messages, start: Bounds | None, facts: Facts) -> Bounds:
    """When the handshake was answered. Status 101 says that it opened, not when."""
    row, started, first, pointer = facts.row, socket.started, messages.first, socket.pointer
    lower = start.earliest if start is not None else None
    if lower is not None and first is not None:
        lower = min(lower, first)
    if row.opened is Opened.WAIT and started is not None and socket.wait and not (row.coarse and first is None):
        return _acceptance_by_wait(socket, lower, first, started + socket.wait + row.start_slack)
    if row.opened is Opened.ANSWERED and started is not None and socket.answer_delay is not None:
        at = started + socket.answer_delay
        by = None if socket.is_opened_by_unknown else max(at, socket.opened_by or at) + row.start_slack
        return Bounds(at, by, Evidence.HANDSHAKE_RESPONSE, f"{pointer}/timings/wait")
    if first is not None:
        return Bounds(lower, first, Evidence.FIRST_MESSAGE, f"{pointer}/_webSocketMessages/0")
    if row.opened is Opened.TIME and started is not None and socket.total:
        return Bounds(started + socket.total, None, Evidence.HANDSHAKE_DURATION, f"{pointer}/time")
    return Bounds(lower, None, Evidence.HANDSHAKE_ACCEPTED, f"{pointer}/response/status")


def _acceptance_by_wait(socket: Socket, lower: Instant | None, first: Instant | None, latest: Instant) -> Bounds:
    """When the handshake was answered, where `wait` runs to the last activity, which was not later than `latest`."""
    pointer = socket.pointer
    if first is not None:
        return Bounds(lower, min(first, latest), Evidence.FIRST_MESSAGE, f"{pointer}/_webSocketMessages/0")
    # The handshake's answer, unless there were messages that somebody removed: then it came before.
    by_answer = socket.ticks is not None and socket.ticks.error is None and (socket.wait or 0) < LONGEST_HANDSHAKE
    evidence = Evidence.HANDSHAKE_RESPONSE if by_answer else Evidence.LAST_ACTIVITY
    return Bounds(lower, latest, evidence, f"{pointer}/timings/wait")


def _activity(socket: Socket, facts: Facts) -> Iterator[Event]:
    """Signs of life that are no data messages: the end of `wait` in Chrome's files, pings and pongs, and that it was
    open at the end of a recording that says when that was."""
    pointer, row = socket.pointer, facts.row
    if row.opened is Opened.WAIT and socket.started is not None and socket.wait and not row.coarse:
        yield Active(socket.started + socket.wait, Evidence.LAST_ACTIVITY, f"{pointer}/timings/wait")
    if facts.until is not None and row.closes is Closes.ALL and socket.is_unending:
        yield Active(facts.until, Evidence.RECORDING_END, "/log/_harSockets/until")
    if facts.until is not None and socket.alive is not None and socket.close is None:
        yield Active(socket.alive, Evidence.LAST_ACTIVITY, f"{pointer}/_aliveAt")  # then it was lost
    answers = [at for at, opcode in control_frames(socket, facts) if opcode != CLOSE_OPCODE]
    if answers:
        yield Active(max(answers), Evidence.PING_OR_PONG, f"{pointer}/_webSocketMessages")


def _problem(socket: Socket) -> str | None:
    """The error that ended the socket; empty where the exporter wrote none of its text. None: there was none."""
    error = socket.ticks.error if socket.ticks else None
    return socket.failure or error


def _end(socket: Socket, messages: Messages, start: Bounds | None, facts: Facts) -> list[Closed]:
    """What the entry says of its end, with the error that caused it; nothing, where it says nothing."""
    problem, at = _problem(socket), error_instant(socket, facts)
    close = _close(socket, messages, start, facts)
    if problem is None:
        return [] if close is None else [close]
    if close is not None:
        return [msgspec.structs.replace(close, problem=problem or NO_REASON)]
    earliest, latest = (messages.last, None) if at is None else (at, at + ERROR_SLACK)
    within = Bounds(earliest, latest, Evidence.ERROR_SEEN, f"{socket.pointer}/_webSocketMessages")
    return [Closed(within, problem=problem or NO_REASON)]


def _close(socket: Socket, messages: Messages, start: Bounds | None, facts: Facts) -> Closed | None:
    """What the entry says of its close: by a frame, a record, the timings, its length."""
    row, pointer = facts.row, socket.pointer
    frames = [at for at, opcode in control_frames(socket, facts) if opcode == CLOSE_OPCODE]
    if frames:
        return Closed(Bounds(min(frames), max(frames), Evidence.CLOSE_FRAME, f"{pointer}/_webSocketMessages"))
    end = None if socket.started is None or socket.total is None else socket.started + socket.total
    if socket.close is not None:
        return _close_by_record(socket.close, pointer, end, messages.last, row)
    if socket.receive is not None and row.close is Close.RECEIVE_TIMING and socket.has_receive:
        within = _end_of_receive(socket, socket.receive, end, messages.last, start, row)
        if within is not None:
            return Closed(within)
    if row.close is Close.ENTRY_TIME and end is not None:
        return Closed(_around(end, row, Evidence.ENTRY_TIME, f"{pointer}/time"))
    return None


def _close_by_record(
    record: CloseRecord, pointer: str, end: Instant | None, last_message: Instant | None, row: Row
) -> Closed:
    """The close by its record; where that has no instant, by the entry's end or after the last message."""
    where, at = f"{pointer}/_webSocketClose", record.at
    if at is not None:
        earliest = at if record.earliest is None else min(record.earliest, at)
        within = Bounds(earliest, at, record.evidence, where)
    elif row.close is Close.CLOSE_RECORD and end is not None:
        within = _around(end, row, Evidence.CLOSE_RECORD, f"{pointer}/time")
    else:
        within = Bounds(last_message, None, Evidence.CLOSE_RECORD, where)
    return Closed(within, record.code, record.reason)


def _end_of_receive(
    socket: Socket,
    receive: Duration,
    end: Instant | None,
    last_message: Instant | None,
    start: Bounds | None,
    row: Row,
) -> Bounds | None:
    """Chrome's `receive` runs from the last activity to the close."""
    pointer = f"{socket.pointer}/timings/receive"
    if last_message is not None and start is not None and start.earliest == start.latest:
        return Bounds(last_message + receive, last_message + receive, Evidence.CLOSE_SEEN, pointer)
    if end is None and socket.started is not None and socket.wait is not None:
        end = socket.started + socket.wait + receive
    return None if end is None else Bounds(end, end + row.start_slack, Evidence.CLOSE_SEEN, pointer)


def _coverage(socket: Socket, events: Sequence[Event], row: Row) -> Coverage:
    """Say which closes would be in the file: the field that would show one is there, and shows none."""
    return Coverage(_closes(socket, events, row), only_sent=socket.stated.only_sent, end=socket.stated.until)


def _closes(socket: Socket, events: Sequence[Event], row: Row) -> Closes:
    kinds = {type(event) for event in events}
    if Closed in kinds or Accepted not in kinds:
        return Closes.NONE
    # A `wait` of 0 is none of Chrome's for a handshake that was answered: the timings were wiped.
    timed = row.close is Close.RECEIVE_TIMING and socket.receive is not None and bool(socket.wait)
    if timed and not socket.has_receive:
        return row.closes
    if row.close in (Close.CLOSE_RECORD, Close.ENTRY_TIME) and socket.is_unending:
        return row.closes
    return Closes.NONE


def attribute_close(trace: Trace, end: PageEnd | None) -> Trace:
    """Attribute a close to the page if that went at the same time: Chrome up to 141 records these, too."""
    *before, last = trace.events or (None,)
    if (
        end is None
        or end.within.earliest is None
        or not isinstance(last, Closed)
        or last.within.evidence != Evidence.CLOSE_SEEN
    ):
        return trace
    at = last.within.earliest
    latest = end.within.latest if end.within.latest is not None else end.within.earliest + SECOND
    if at is None or not end.within.earliest <= at <= latest:
        return trace
    closed = msgspec.structs.replace(last, within=msgspec.structs.replace(last.within, evidence=end.within.evidence))
    return msgspec.structs.replace(trace, events=(*before, closed))


def widen_late_close(trace: Trace, end: PageEnd | None) -> Trace:
    """Bound a close that is recorded after the page was left: Chrome reports it when the page comes back.

    Up to then the back/forward cache keeps the page, whose sockets may lose their connections meanwhile.
    """
    *before, last = trace.events or (None,)
    if end is None or end.final or end.by is PageKind.RELOAD or not isinstance(last, Closed):
        return trace
    within, left = last.within, end.within.latest or end.within.earliest
    if within.evidence is not Evidence.CLOSE_SEEN or within.earliest is None or left is None or within.earliest <= left:
        return trace
    opened = [event.within.latest for event in trace.events if isinstance(event, Accepted)]
    signs = [at for at in (trace.messages.last, end.within.earliest, *opened) if at is not None]
    earliest = min(max(signs), within.earliest) if signs else None
    late = Bounds(earliest, within.latest, Evidence.CLOSE_ON_RETURN, within.pointer)
    return msgspec.structs.replace(trace, events=(*before, msgspec.structs.replace(last, within=late)))


def _rejection(socket: Socket, start: Bounds | None, facts: Facts) -> Rejected:
    problem = _problem(socket)
    reason = f"status {socket.status:.0f}" if socket.status > 0 else NO_REASON
    return Rejected(_rejection_bounds(socket, start, facts), shorten_error(problem) if problem else reason)


def _rejection_bounds(socket: Socket, start: Bounds | None, facts: Facts) -> Bounds:
    """When the handshake failed."""
    evidence, total, pointer = Evidence.HANDSHAKE_FAILED, socket.total, socket.pointer
    earliest = start.earliest if start is not None else None
    if socket.is_sentinel and total and facts.monotonic_offset is not None:
        lower, upper = facts.monotonic_offset
        return Bounds(lower + total - SECOND, upper + total - SECOND, evidence, f"{pointer}/time")
    if earliest is not None and total and facts.row.opened in (Opened.WAIT, Opened.ANSWERED):
        at = earliest + total
        return Bounds(at, at + facts.row.start_slack, evidence, f"{pointer}/time")
    return Bounds(earliest, None, evidence, f"{pointer}/response/status")


def _is_open(socket: Socket, row: Row, messages: Messages) -> bool:
    """Did the handshake succeed?"""
    if messages.directions:
        return True
    if (_problem(socket) or "").startswith(HANDSHAKE_ERRORS):  # whatever the status: a 101 may be refused, too
        return False
    return socket.status == 101 or (socket.status == 200 and (row.accepts_with_200 or socket.is_extended_connect))


def _has_failed(socket: Socket, row: Row) -> bool:
    """The handshake failed. Chrome: status 0 alone is still CONNECTING; an error or an end shows that it failed."""
    if row.opened is Opened.WAIT and socket.status == 0:
        return _problem(socket) is not None or socket.has_receive
    if row.writes_failure and socket.status <= 0:
        return socket.failure is not None
    return True


def _around(at: Instant, row: Row, evidence: Evidence, pointer: str) -> Bounds:
    return Bounds(at - row.close_slack, at + row.close_slack + row.start_slack, evidence, pointer)
