"""One socket's entry -> its events with instants, by what the exporter means by them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import msgspec

from analyzer.formats.har.exporters import CHROME, Close, Opened, Row, Tabs
from analyzer.formats.har.fields import (
    CLOSE_OPCODE,
    FOREVER,
    YEAR_2000,
    YEAR_2200,
    Ticks,
    answered,
    close_bounds,
    close_code,
    epoch_of,
    epoch_seconds,
)
from analyzer.formats.har.raw import RawEntry
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Active,
    Attribution,
    Bounds,
    Closed,
    Closes,
    Confidence,
    Coverage,
    Discreet,
    Duration,
    Event,
    Evidence,
    Initiator,
    Instant,
    Messages,
    PageEnd,
    Place,
    Rejected,
    Requested,
    Skipped,
    Trace,
)

RECEIVE_THRESHOLD = 0.0005  # ms; CDP resolves 0.001, re-imported files carry noise of 0.0002
WHOLE = 0.002  # ms; nearer to a whole millisecond an instant may have been rounded to it
ENDLESS = 1e19  # ticks; beyond is no time in any unit
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


class Socket(Discreet, msgspec.Struct):
    """One socket's entry, kept until the whole file is known."""

    index: int
    entry: RawEntry
    endpoint: str
    started: Instant | None
    wait: Duration | None
    receive: Duration | None
    total: Duration | None  # `time`
    sentinel: bool  # Chrome's date for a handshake that was never sent
    initiator: Initiator | None
    scripts: tuple[str, ...]
    protocols: tuple[str, ...]
    attribution: Attribution | None
    close: Any
    ticks: Ticks | None  # None: the entry has no list of messages
    clock: int
    context: str | None = None  # as a capture that we extracted tells it
    key: str | None = None  # Sec-WebSocket-Key
    listed: bool = True  # the entry has a list of messages, be it an empty one
    also: tuple[str, ...] = ()  # pointers of further entries that stand for the same socket
    extension: bool = False


class Known(Discreet, msgspec.Struct):
    """What it takes the whole file to know."""

    row: Row
    tick: float | None  # microseconds a tick of the message clock; 0: monotonic seconds; None: no clock
    stepped: bool  # the machine's clock was set in between
    monotonic_offset: tuple[Instant, Instant] | None  # bounds of wall clock minus the browser's monotonic clock
    until: Instant | None = None  # the end of the recording, where the file says it


def trace(socket: Socket, known: Known) -> tuple[Trace, list[Skipped]]:
    """The events of one socket, in the order in which they happened; what of its entry could not be used."""
    entry, row = socket.entry, known.row
    pointer = f"/log/entries/{socket.index}"
    messages, skipped = _messages(socket, known, pointer)
    if edited(socket, messages, row) or (skipped and row.opened is Opened.WAIT):
        socket = msgspec.structs.replace(socket, started=None, wait=None, receive=None, total=None)
    start = _start(socket, messages, row, pointer)
    events: list[Event] = []
    if start is not None:
        events.append(Requested(start))
    if _opened(socket, row, messages):
        events.append(Accepted(_accepted(socket, messages, start, known, pointer)))
        events += _activity(socket, known, pointer)
        events += _ended(socket, messages, start, known, pointer)
    elif _failed(socket, row):
        events.append(_rejected(socket, start, known, pointer))
    url = entry.request.url or ""
    found = Trace(
        pointer=pointer,
        url=url,
        endpoint=socket.endpoint,
        events=tuple(events),
        messages=messages,
        page=entry.pageref if row.tabs in (Tabs.DOCUMENT, Tabs.TOLD) else None,
        initiator=socket.initiator,
        clock=socket.clock if known.stepped else 0,
        protocols=socket.protocols,
        opening=tuple(socket.ticks.opening) if socket.ticks else (),
        scripts=socket.scripts,
        attribution=socket.attribution,
        context=socket.context,
        key=socket.key,
        also=tuple(Place(0, pointer) for pointer in socket.also),
        extension=socket.extension,
        coverage=_coverage(socket, events, row),
    )
    return found, skipped


def by_chrome(socket: Socket) -> bool:
    """Did Chrome record it? DevTools writes its own name over a HAR that it imported from another program, but what
    that did not record stays missing. All of 329 sockets that Chrome recorded have these three."""
    kind = (socket.entry.resource_type or "").lower()
    return kind == "websocket" and socket.listed and socket.initiator is not None and bool(socket.initiator.stack)


def united(sockets: Sequence[Socket]) -> list[Socket]:
    """Each socket once. Equal keys and starts are one: the key is 16 random bytes (RFC 6455, section 4.1). Of several
    entries that tells most which shows the close, has most messages, goes furthest."""
    found: dict[object, Socket] = {}
    for socket in sockets:
        same = _identity(socket)
        known = found.get(same)
        if known is None:
            found[same] = socket
        else:
            best, other = (socket, known) if _tells(socket) > _tells(known) else (known, socket)
            best.also = (*best.also, f"/log/entries/{other.index}", *other.also)
            best.clock = known.clock
            found[same] = best
    return list(found.values())


def _identity(socket: Socket) -> Hashable:
    """Equal for entries of one socket. Without a key (headers that were removed, HTTP/2) no two sockets have their
    first message at the same instant, or waited as long, where that is given to less than a millisecond; nor are all
    their messages at the same instants."""
    if socket.started is None:
        return socket.index
    if socket.key:
        return socket.key, socket.started
    same = socket.entry.request.url, socket.started
    ticks = socket.ticks.ticks if socket.ticks else array("d")
    told = min(ticks) * 1000 if ticks else socket.entry.timings.wait
    if told is not None and 0 < told < ENDLESS and abs(told - round(told)) >= WHOLE:
        return *same, told
    if ticks and 0 < min(ticks) < max(ticks) < ENDLESS:
        return *same, socket.total, len(ticks), sum(ticks)
    return socket.index


def _tells(socket: Socket) -> tuple[bool, int, Duration]:
    closed = socket.close is not None or (socket.entry.timings.receive or 0) > RECEIVE_THRESHOLD
    return closed, len(socket.ticks.ticks) if socket.ticks else 0, socket.wait or 0


def exact_start(socket: Socket, tick: float | None) -> Instant | None:
    """When the handshake was sent, by the last message: in Chrome `wait` runs to that. None: that tells nothing."""
    if not socket.ticks or not len(socket.ticks.ticks) or not tick or socket.wait is None:
        return None
    last = max(socket.ticks.ticks)
    return None if math.isnan(last) else round(last * tick) - socket.wait


def missing_messages(socket: Socket, trace: Trace, known: Known) -> Confidence | None:
    """Chrome's `wait` runs to the last activity of a socket, messages and errors: are some not in the file?

    Where there is none at all, it may also have been the handshake that took long. None: nothing is missing.
    """
    if known.row.opened is not Opened.WAIT or socket.started is None or not socket.wait:
        return None
    if not any(isinstance(event, Accepted) for event in trace.events):
        return None  # what never opened had none
    seen = [at for at in (trace.messages.last, _broken(socket, known)) if at is not None]
    if not seen:
        return Confidence.POSSIBLE if socket.wait > LONGEST_HANDSHAKE else None
    return Confidence.PROVEN if socket.started + socket.wait > max(seen) + 2 * MILLISECOND else None


def witnessed(trace: Trace) -> Iterator[Instant | None]:
    """The instants at which something happened to the socket, other than messages, as far as the file gives them."""
    for event in trace.events:
        match event:
            case Closed(within=within):
                yield within.earliest
            case Rejected(within=within) if within.latest is not None:
                yield within.earliest
            case Active(at=at):
                yield at


def edited(socket: Socket, messages: Messages, row: Row) -> bool:
    """Chrome's `wait` runs to the last message (471 of 471): one after that shows that dates or timings were changed,
    and then neither says when the socket opened or closed."""
    if row.opened is not Opened.WAIT or socket.started is None or messages.last is None:
        return False
    return messages.last > socket.started + (socket.wait or 0) + row.start_slack + MILLISECOND


def _messages(socket: Socket, known: Known, pointer: str) -> tuple[Messages, list[Skipped]]:
    ticks, start = socket.ticks, socket.started
    if ticks is None:
        return Messages(array("q"), b"", array("b"), array("q"), recorded=known.row.records_messages), []
    times: array[int] = array("q")
    found, skipped, where = ticks.ticks.tolist(), [], f"{pointer}/_webSocketMessages"
    first, last = _ends(found)
    usable = known.tick is not None and 0 < first <= last < ENDLESS
    offset = 0.0
    if known.tick == 0:  # monotonic seconds: the last message is the last activity, at start + wait
        if start is not None and socket.wait is not None and found and not known.row.coarse:
            offset = start + socket.wait - last * SECOND
        else:
            usable = False
    if usable:
        scale = known.tick or SECOND
        lower, upper = _lifetime(socket)
        if lower < first * scale + offset and last * scale + offset < upper:
            times = array("q", [round(t * scale + offset) for t in found])
        else:
            skipped.append(Skipped(where, None, "message times that contradict the socket's start"))
    if known.tick and len(_control(socket, known)) < sum(t > 0 for t, _ in ticks.control):
        skipped.append(Skipped(where, None, "times of close, ping or pong frames that contradict the socket's start"))
    return Messages(times, bytes(ticks.directions), ticks.opcodes, ticks.lengths), skipped


def _lifetime(socket: Socket) -> tuple[Instant, Instant]:
    """Between which instants what belongs to it lies, generously."""
    return (YEAR_2000, YEAR_2200) if socket.started is None else (socket.started - SECOND, socket.started + FOREVER)


def _ends(times: Sequence[float]) -> tuple[float, float]:
    """The first and the last; NaN where there are none, or one is none. (No comparison with a NaN tells.)"""
    return (min(times), max(times)) if times and not math.isnan(sum(times)) else (math.nan, math.nan)


def _start(socket: Socket, messages: Messages, row: Row, pointer: str) -> Bounds | None:
    """When the handshake's request was sent; Chrome cuts the date to 1 ms, its last message gives the rest."""
    if socket.started is None:
        return None
    started, slack = socket.started, row.start_slack
    if row.id == CHROME.id and messages.last is not None and socket.wait is not None:
        exact = messages.last - socket.wait
        if started <= exact <= started + slack:
            return Bounds(exact, exact, Evidence.HANDSHAKE_REQUEST, f"{pointer}/startedDateTime")
    seen = None if row.opened is not Opened.ANSWERED else epoch_seconds(socket.entry.requested_by)
    latest = started + slack if seen is None else max(started, seen)
    return Bounds(started, latest, Evidence.HANDSHAKE_REQUEST, f"{pointer}/startedDateTime")


def _accepted(socket: Socket, messages: Messages, start: Bounds | None, known: Known, pointer: str) -> Bounds:
    """Status 101 says that it opened, not when."""
    row, started, first = known.row, socket.started, messages.first
    lower = start.earliest if start is not None else None
    if lower is not None and first is not None:
        lower = min(lower, first)
    if row.opened is Opened.WAIT and started is not None and socket.wait and not (row.coarse and first is None):
        activity = started + socket.wait
        latest = activity + row.start_slack
        if first is not None:
            return Bounds(lower, min(first, latest), Evidence.FIRST_MESSAGE, f"{pointer}/_webSocketMessages/0")
        # The handshake's answer, unless there were messages that somebody removed: then it came before.
        by_answer = socket.ticks is not None and socket.ticks.error is None and socket.wait < LONGEST_HANDSHAKE
        evidence = Evidence.HANDSHAKE_RESPONSE if by_answer else Evidence.LAST_ACTIVITY
        return Bounds(lower, latest, evidence, f"{pointer}/timings/wait")
    told = answered(socket.entry, started) if row.opened is Opened.ANSWERED and started is not None else None
    if told is not None:
        by = socket.entry.opened_by
        by = None if by == -1 else max(told, epoch_seconds(by) or told) + row.start_slack
        return Bounds(told, by, Evidence.HANDSHAKE_RESPONSE, f"{pointer}/timings/wait")
    if first is not None:
        return Bounds(lower, first, Evidence.FIRST_MESSAGE, f"{pointer}/_webSocketMessages/0")
    if row.opened is Opened.TIME and started is not None and socket.total:
        return Bounds(started + socket.total, None, Evidence.HANDSHAKE_DURATION, f"{pointer}/time")
    return Bounds(lower, None, Evidence.HANDSHAKE_ACCEPTED, f"{pointer}/response/status")


def _activity(socket: Socket, known: Known, pointer: str) -> list[Event]:
    """Signs of life that are no data messages: the end of `wait` in Chrome's files, pings and pongs, and that it was
    open at the end of a recording that says when that was."""
    found: list[Event] = []
    if known.row.opened is Opened.WAIT and socket.started is not None and socket.wait and not known.row.coarse:
        at = socket.started + socket.wait
        found.append(Active(at, Evidence.LAST_ACTIVITY, f"{pointer}/timings/wait"))
    if known.until is not None and known.row.closes is Closes.ALL and socket.entry.time == -1:
        found.append(Active(known.until, Evidence.RECORDING_END, "/log/_harSockets/until"))
    alive = epoch_seconds(socket.entry.alive)
    if known.until is not None and alive is not None and socket.close is None:
        found.append(Active(alive, Evidence.LAST_ACTIVITY, f"{pointer}/_aliveAt"))  # then it was lost
    if socket.ticks:
        answers = [at for at, opcode in _control(socket, known) if opcode != CLOSE_OPCODE]
        if answers:
            found.append(Active(max(answers), Evidence.PING_OR_PONG, f"{pointer}/_webSocketMessages"))
    return found


def _problem(socket: Socket) -> str | None:
    """The error that ended the socket; empty where the exporter wrote none of its text. None: there was none."""
    error = socket.ticks.error if socket.ticks else None
    return socket.entry.response.failure or error


def _broken(socket: Socket, known: Known) -> Instant | None:
    """When the error came, as far as the file says it."""
    if socket.ticks is None or not known.tick:
        return None
    lower, upper = _lifetime(socket)
    at = socket.ticks.failed * known.tick
    return round(at) if lower < at < upper else None


def _control(socket: Socket, known: Known) -> list[tuple[Instant, int]]:
    """Close, ping and pong frames (no browser exports them, proxies do): instant and opcode."""
    if socket.ticks is None or not known.tick:
        return []
    lower, upper = _lifetime(socket)
    exact = [(t * known.tick, opcode) for t, opcode in socket.ticks.control]
    return [(round(at), opcode) for at, opcode in exact if lower < at < upper]


def _ended(socket: Socket, messages: Messages, start: Bounds | None, known: Known, pointer: str) -> list[Event]:
    """What the entry says of its end, with the error that caused it; nothing, where it says nothing."""
    problem, at = _problem(socket), _broken(socket, known)
    ended = _closed(socket, messages, start, known, pointer)
    if problem is None:
        return ended
    if any(isinstance(event, Closed) for event in ended):
        return [msgspec.structs.replace(it, problem=problem or NO_REASON) for it in ended]
    latest = None if at is None else at + ERROR_SLACK
    within = Bounds(messages.last if at is None else at, latest, Evidence.ERROR_SEEN, f"{pointer}/_webSocketMessages")
    return [Closed(within, problem=problem or NO_REASON)]


def _closed(socket: Socket, messages: Messages, start: Bounds | None, known: Known, pointer: str) -> list[Event]:
    """What the entry says of its close."""
    row, started, total = known.row, socket.started, socket.total
    end = None if started is None or total is None else started + total
    frames = [at for at, opcode in _control(socket, known) if opcode == CLOSE_OPCODE]
    if frames:
        return [Closed(Bounds(min(frames), max(frames), Evidence.CLOSE_FRAME, f"{pointer}/_webSocketMessages"))]
    if socket.close is not None:
        code, reason = close_code(socket.close)
        at = epoch_of(socket.close)
        if at is not None:
            earliest, evidence = close_bounds(socket.close)
            within = Bounds(at if earliest is None else min(earliest, at), at, evidence, f"{pointer}/_webSocketClose")
            return [Closed(within, code, reason)]
        if row.close is Close.CLOSE_RECORD and end is not None:
            return [Closed(_around(end, row, Evidence.CLOSE_RECORD, f"{pointer}/time"), code, reason)]
        return [Closed(Bounds(messages.last, None, Evidence.CLOSE_RECORD, f"{pointer}/_webSocketClose"), code, reason)]
    receive = socket.entry.timings.receive or 0
    if socket.receive is not None and row.close is Close.RECEIVE_TIMING and receive > RECEIVE_THRESHOLD:
        if messages.last is not None and start is not None and start.earliest == start.latest:
            at = messages.last + socket.receive
            return [Closed(Bounds(at, at, Evidence.CLOSE_SEEN, f"{pointer}/timings/receive"))]
        if end is None and started is not None and socket.wait is not None:
            end = started + socket.wait + socket.receive
        if end is not None:
            return [Closed(Bounds(end, end + row.start_slack, Evidence.CLOSE_SEEN, f"{pointer}/timings/receive"))]
    if row.close is Close.ENTRY_TIME and end is not None:
        return [Closed(_around(end, row, Evidence.ENTRY_TIME, f"{pointer}/time"))]
    return []


def _coverage(socket: Socket, events: Sequence[Event], row: Row) -> Coverage:
    """Say which closes would be in the file: the field that would show one is there, and shows none."""
    if any(isinstance(event, Closed) for event in events) or not any(isinstance(event, Accepted) for event in events):
        return Coverage()
    # A `wait` of 0 is none of Chrome's for a handshake that was answered: the timings were wiped.
    timed = row.close is Close.RECEIVE_TIMING and socket.receive is not None and bool(socket.wait)
    if timed and (socket.entry.timings.receive or 0) <= RECEIVE_THRESHOLD:
        return Coverage(row.closes)
    if row.close in (Close.CLOSE_RECORD, Close.ENTRY_TIME) and socket.entry.time == -1:
        return Coverage(row.closes)
    return Coverage()


def closed_by_page(trace: Trace, end: PageEnd | None) -> Trace:
    """Its close, as that of its page if that went at the same time: Chrome up to 141 records these, too."""
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


def _rejected(socket: Socket, start: Bounds | None, known: Known, pointer: str) -> Rejected:
    entry, total, offset = socket.entry, socket.total, known.monotonic_offset
    evidence, where = Evidence.HANDSHAKE_FAILED, f"{pointer}/time"
    within = Bounds(start.earliest if start else None, None, evidence, f"{pointer}/response/status")
    if socket.sentinel and total and offset is not None:
        mono = total - SECOND
        within = Bounds(offset[0] + mono, offset[1] + mono, evidence, where)
    elif (
        start is not None
        and start.earliest is not None
        and total
        and known.row.opened in (Opened.WAIT, Opened.ANSWERED)
    ):
        at = start.earliest + total
        within = Bounds(at, at + known.row.start_slack, evidence, where)
    status = entry.response.status or 0
    problem = _problem(socket)
    return Rejected(within, _terse(problem) if problem else f"status {status:.0f}" if status > 0 else NO_REASON)


def _terse(problem: str) -> str:
    """Chrome's sentence without what all of them begin with, as a part of another sentence."""
    for start in ("Error in connection establishment: ", "Error during WebSocket handshake: "):
        problem = problem.removeprefix(start)
    return problem.rstrip(".")


def _opened(socket: Socket, row: Row, messages: Messages) -> bool:
    entry, problem = socket.entry, _problem(socket) or ""
    status = entry.response.status or 0
    if messages.directions:
        return True
    if problem.startswith(HANDSHAKE_ERRORS):  # whatever the status: a 101 may be refused, too
        return False
    if status == 101:
        return True
    if status != 200:
        return False
    versions = f"{entry.request.httpVersion} {entry.response.httpVersion}".lower()
    over_http2 = any(v in versions for v in ("http/2", "http/3", "h2", "h3"))
    extended_connect = (entry.request.method or "").upper() == "CONNECT"  # RFC 8441
    return row.id in ("chrome", "playwright", "har-sockets") or over_http2 or extended_connect


def _failed(socket: Socket, row: Row) -> bool:
    """The handshake failed. Chrome: status 0 alone is still CONNECTING; an error or an end tells that it failed."""
    entry = socket.entry
    status = entry.response.status or 0
    if row.opened is Opened.WAIT and status == 0:
        return _problem(socket) is not None or (entry.timings.receive or 0) > RECEIVE_THRESHOLD
    if (row.id == "playwright" or row.opened is Opened.ANSWERED) and status <= 0:
        return entry.response.failure is not None
    return True


def _around(at: Instant, row: Row, evidence: Evidence, pointer: str) -> Bounds:
    return Bounds(at - row.close_slack, at + row.close_slack + row.start_slack, evidence, pointer)
