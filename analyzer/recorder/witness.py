"""The browser's own log as second witness: it makes a Recording more exact.

The DevTools protocol reports what a page sees, and of a page that goes it reports no closes. The NetLog shows what the
network stack does, and there every socket has an end. Both stamp their events by the same clock of the browser, so that
their bounds can be intersected. Bounds that do not meet are never chosen from: what either allows stays possible.

Measured with Chromium 156 on Linux (585 sockets, also 200 at once): the protocol has the key of every handshake that it
reports over HTTP/1.1, and an answer 0.3 to 91 ms after the NetLog, never before it.
"""

from __future__ import annotations

import asyncio
import copy
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from analyzer import clocks
from analyzer.clocks import start_of
from analyzer.formats import read
from analyzer.formats.devtools import shorten
from analyzer.formats.har.own_fields import CUT_SHORT, DISAGREE, HEARD_LATE, SERVICE_WORKER, SHARED_WORKER, STARTED_LATE
from analyzer.formats.netlog.reader import PAGE_GONE, read_offset
from analyzer.formats.source import open_source
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    CaptureError,
    CaveatKind,
    Closed,
    Duration,
    Evidence,
    Instant,
    Rejected,
    Requested,
    Trace,
)
from analyzer.recorder.document import Recorded
from analyzer.recorder.recording import By, Recording, Socket

KEY = "sec-websocket-key"
EXTENSIONS = "sec-websocket-extensions"
LATE = 100 * MILLISECOND  # by which a busy page learns later of a close than the network; measured: 59 ms at most
NEAR = 500 * MILLISECOND  # between both reports of a handshake
TICKS = 5 * MILLISECOND  # by which two instants of both differ that are one
# By which an answer is reported by the protocol after the log has it; outside of that their clocks differ.
SAME_CLOCK = (-5 * MILLISECOND, 5000 * MILLISECOND)
TIME = PAGE_GONE / SECOND
LONGEST_WRITING, STILL, STEP = 10.0, 1.0, 0.02  # seconds
TAIL = 16  # bytes
MISSES = {caveat.id for caveat in (STARTED_LATE, SHARED_WORKER, SERVICE_WORKER, HEARD_LATE)}  # no log would


class Log(NamedTuple):
    """What a NetLog shows, on the clock of the recording.

    start, end: of what it holds. whole: between these it missed no socket. complete: it was written to its end.
    """

    traces: tuple[Trace, ...]
    start: Instant
    end: Instant
    whole: bool
    complete: bool


class Span(NamedTuple):
    """Bounds of the end of a socket. latest None: it may not have ended."""

    earliest: Instant
    latest: Instant | None


def refine(recorded: Recorded, netlog: Path) -> Recorded:
    """Refine a recording by the log that the browser wrote while it ran, from its start (`--log-net-log`).

    Call it when the browser has ended, or was killed. The sockets of the recording change; one that ended with its
    browser ends as late as the log does. A log that cannot be read, or is not on the clock of the recording, changes
    nothing.
    """
    log = _read(netlog, recorded.offset)
    return recorded if log is None else unite(recorded, log)


def needs_time(recorded: Recorded) -> bool:
    """Is there a socket of which the protocol lost sight?

    The log is late with the end of a page: where the browser goes on for `TIME` seconds it proves that such a socket
    was still open at the end of the recording.
    """
    return any(socket.lost for socket in recorded.recording.sockets.values())


async def wait_for_log(netlog: Path) -> None:
    """Wait until the log of a browser that ended is whole: the process that writes it may outlive the browser. One that
    was killed, and grows no more, is as whole as it gets."""
    until, size, grown = time.monotonic() + LONGEST_WRITING, -1, time.monotonic()
    while (now := time.monotonic()) < until and now < grown + STILL:
        try:
            with netlog.open("rb") as stream:
                end = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, end - TAIL))
                is_whole = stream.read().rstrip().endswith(b"}")  # events end with a comma
        except OSError:
            return
        if is_whole:
            return
        size, grown = end, now if end != size else grown
        await asyncio.sleep(STEP)


def _read(netlog: Path, offset: Duration) -> Log | None:
    """Read a NetLog. offset: the epoch minus the browser's clock, by the recording."""
    try:
        with open_source(netlog) as (source, _):
            own_offset = read_offset(source)
        capture = clocks.shift(read(netlog), offset - own_offset)
    except CaptureError:
        return None
    if capture.observed is None or capture.observed.end is None:
        return None
    complete = all(caveat.id != CaveatKind.CUT_OFF for caveat in capture.caveats)
    whole = capture.files[0].whole_browser is not None
    return Log(capture.traces, capture.observed.start, capture.observed.end, whole, complete)


def unite(recorded: Recorded, log: Log) -> Recorded:
    """Refine a recording by a log that is on its clock."""
    recording = recorded.recording
    pairs = pair(recording.sockets.values(), log.traces, recorded.until)
    if not _have_one_clock(pairs.both):
        return recorded
    until = recorded.until
    begun = min((it.requested for it in recording.sockets.values()), default=until)
    whole = log.whole and log.start <= min([begun, *(page.started for page in recording.pages)])
    if log.complete and CUT_SHORT.id in recording.caveats:  # the browser ended in order, and so does its log
        until = max(until, log.end)
    added = [(_add(recording, trace), trace) for trace in pairs.alone if _is_of_page(trace, until)]
    gaps = [refine_socket(socket, trace, log, until) for socket, trace in (*pairs.both, *added)]
    if any(gap > LATE for gap in gaps):
        recording.caveat(DISAGREE)
    if whole and log.end >= until:
        dropped = (set() if pairs.is_ambiguous else MISSES) | ({CUT_SHORT.id} if log.complete else set())
        recording.caveats[:] = [id for id in recording.caveats if id not in dropped]
    return replace(recorded, until=until)


# -- pairs ---------------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """What both have; the traces that are surely of other sockets; and whether more of them may be."""

    both: list[tuple[Socket, Trace]]
    alone: list[Trace]
    is_ambiguous: bool


def pair(sockets: Iterable[Socket], traces: Sequence[Trace], until: Instant) -> Pairs:
    """Recognize the sockets that both have: by the key of the handshake, else by address and time."""
    by_key = {trace.key: trace for trace in traces if trace.key}
    both: list[tuple[Socket, Trace]] = []
    others: dict[str, list[Socket]] = defaultdict(list)  # those without a key, by address
    for socket in sockets:
        key = _header(socket.request_headers, KEY)
        if key is None:
            others[shorten(socket.url).partition("#")[0]].append(socket)
        elif key in by_key:
            both.append((socket, by_key[key]))
    paired = {trace.key for _, trace in both if trace.key}
    lots: dict[str, list[Trace]] = defaultdict(list)
    for trace in traces:
        if trace.key not in paired:
            lots[trace.url.partition("#")[0]].append(trace)
    alone, is_ambiguous = [], False
    for address, lot in lots.items():
        own = _pair_without_keys(others[address], lot, until)
        both += own.both
        alone += own.alone
        is_ambiguous = is_ambiguous or own.is_ambiguous
    return Pairs(both, alone, is_ambiguous)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for other, value in headers.items() if other.lower() == name), None)


def _pair_without_keys(sockets: Sequence[Socket], traces: Sequence[Trace], until: Instant) -> Pairs:
    """Pair those of one address: of HTTP/2, which has no keys, and handshakes that the protocol did not report."""
    both = list(_pair_reported([it for it in sockets if it.requested_by is None], [it for it in traces if not it.key]))
    for socket, trace in both:
        sockets, traces = [it for it in sockets if it is not socket], [it for it in traces if it is not trace]
    # Chrome holds a handshake back while others are under way at its server, so that it begins at any time.
    lives = {n: [m for m, socket in enumerate(sockets) if _covers(socket, it, until)] for n, it in enumerate(traces)}
    counts = Counter(m for candidates in lives.values() for m in candidates)
    for n, candidates in lives.items():
        if len(candidates) == 1 and counts[candidates[0]] == 1:
            both.append((sockets[candidates[0]], traces[n]))
    alone = [traces[n] for n, candidates in lives.items() if not candidates]
    return Pairs(both, alone, len(traces) - len(alone) > len(counts))


def _pair_reported(sockets: Sequence[Socket], traces: Sequence[Trace]) -> Iterator[tuple[Socket, Trace]]:
    """Pair those whose handshake was sent at about the same time: one with one, or as many as a single page or worker
    has, in their order."""
    starts = sorted(
        [(socket.requested, 0, n) for n, socket in enumerate(sockets)]
        + [(start_of(trace) or 0, 1, n) for n, trace in enumerate(traces)]
    )
    lots: list[list[tuple[Instant, int, int]]] = []
    for start in starts:
        if not lots or start[0] - lots[-1][-1][0] > NEAR:
            lots.append([])
        lots[-1].append(start)
    for lot in lots:
        mine = [sockets[n] for _, side, n in lot if side == 0]
        theirs = [traces[n] for _, side, n in lot if side == 1]
        if len(mine) == len(theirs) and len({socket.owner for socket in mine}) == 1:
            yield from zip(sorted(mine, key=lambda socket: socket.number), theirs, strict=True)


def _covers(socket: Socket, trace: Trace, until: Instant) -> bool:
    """Did the handshake of a trace begin within the life of a socket?

    Of one that was sent the protocol has the sending; the log has the beginning, when there may be no connection yet.
    """
    start, end = start_of(trace), until if socket.latest is None else socket.latest
    begun = socket.requested - TICKS if socket.requested_by is not None else 0
    return start is not None and begun <= start <= end + NEAR  # the network begins what the page may have given up


def _have_one_clock(pairs: Sequence[tuple[Socket, Trace]]) -> bool:
    """Do the answers of the handshakes allow that both witnesses stamp by one clock?"""
    openings = [(socket.answered, _bounds(trace, Accepted)) for socket, trace in pairs if socket.seen_open is None]
    late = [at - by.earliest for at, by in openings if at is not None and by is not None and by.earliest is not None]
    return not late or (SAME_CLOCK[0] <= min(late) <= SAME_CLOCK[1])


# -- sockets that the protocol missed -------------------------------------------------------------------------


def _is_of_page(trace: Trace, until: Instant) -> bool:
    """Did code of a page or of its worker open this socket, within the recording? An extension is no page, and what
    belongs to the browser itself has no origin."""
    start = start_of(trace)
    return bool(trace.url) and not trace.extension and bool(trace.origin) and start is not None and start < until


def _add(recording: Recording, trace: Trace) -> Socket:
    """Add a socket that only the log has: neither its page nor what its messages hold is known."""
    id, requested = f"netlog{trace.pointer}", _bounds(trace, Requested)
    assert requested is not None
    assert requested.earliest is not None
    headers = {"Sec-WebSocket-Key": trace.key, "Origin": trace.origin}
    recording.request(
        id, trace.url, requested.earliest, by=requested.latest, headers={name: it for name, it in headers.items() if it}
    )
    socket = recording.sockets[id]
    socket.older = socket.lost = True  # than any listening to it: the log alone says what became of it
    return socket


# -- one socket ----------------------------------------------------------------------------------------------


def refine_socket(socket: Socket, trace: Trace, log: Log, until: Instant) -> Duration:
    """Let the trace of a socket say what the protocol did not. Return by how much both contradict each other."""
    accepted = _bounds(trace, Accepted)
    if accepted is None:
        _leave_unopened(socket, trace, log, until)
        return 0
    _open(socket, trace, accepted)
    if not socket.opened:
        return 0
    theirs = _end_of(trace, accepted, log)
    span, gap = meet(_end_of_socket(socket, until), theirs)
    if not _is_exact(socket):
        closed, is_cut_short = _bounds(trace, Closed), socket.lost or socket.by is By.CRASH
        settle(socket, span, until, closed is not None and closed.evidence is Evidence.PAGE_GONE)
        if is_cut_short:
            _add_messages(socket, trace, span.earliest)
    elif gap > LATE and theirs.earliest > span.earliest:  # a page that learns late of a close contradicts nothing
        settle(socket, span, until, by_page=False)
    else:
        _reach_to_network(socket, _bounds(trace, Closed))
        return 0
    return gap


def _reach_to_network(socket: Socket, closed: Bounds | None) -> None:
    """Let the bounds of a close that the page reported reach to that of the connection, which the server sees: a busy
    page learns later of it (measured: 290 ms), and of a worker or frame that it ends a busy network does (163 ms)."""
    if closed is None or closed.earliest is None or closed.latest is None or socket.latest is None:
        return
    if closed.evidence is Evidence.PAGE_GONE:
        socket.latest = max(socket.latest, min(closed.latest, socket.latest + PAGE_GONE))
    elif closed.latest < socket.latest:
        socket.earliest = closed.earliest


def _open(socket: Socket, trace: Trace, accepted: Bounds) -> None:
    """It opened: what the protocol does not report where the page crashed, or was in the back/forward cache. A page
    that is busy learns of it later (measured: 2.4 s)."""
    reported = socket.answered
    if reported is not None and socket.seen_open is None and reported - (accepted.earliest or reported) > TICKS:
        begun = start_of(trace)
        if begun is not None and begun < socket.requested:
            socket.requested, socket.requested_by = begun, socket.requested_by or socket.requested
        socket.answered, socket.seen_open = max(accepted.earliest or 0, socket.requested), reported
    if reported is not None or _is_exact(socket) or accepted.earliest is None or accepted.latest is None:
        return
    socket.opened, socket.status = True, socket.status or 101
    socket.answered = max(accepted.earliest, socket.requested)
    socket.seen_open = max(accepted.latest, socket.answered) if socket.seen_open is None else socket.seen_open
    socket.last_sign = max(socket.last_sign, socket.answered)


def _leave_unopened(socket: Socket, trace: Trace, log: Log, until: Instant) -> None:
    """The log shows no opening: what the protocol had lost sight of failed, or is still connecting."""
    if socket.answered is not None or len(socket.messages):
        return  # the page reported more
    rejected = _bounds(trace, Rejected)
    has_failed = rejected is not None and rejected.latest is not None and rejected.latest <= until
    if has_failed or log.end >= until or (socket.ended and log.end >= (socket.latest or 0)):
        socket.opened, socket.status, socket.lost = False, 0, False
    if rejected is not None and has_failed and not socket.ended:
        socket.earliest, socket.latest = rejected.earliest, rejected.latest
        socket.problem = socket.problem or next(it.problem for it in trace.events if isinstance(it, Rejected))


def _is_exact(socket: Socket) -> bool:
    """Did the page itself report the end, and when?"""
    return socket.ended and socket.by is None and socket.earliest == socket.latest


def _end_of_socket(socket: Socket, until: Instant) -> Span:
    if socket.latest is not None:
        return Span(socket.latest if socket.earliest is None else socket.earliest, socket.latest)
    return Span(socket.last_sign if socket.lost else until, None)


def _end_of(trace: Trace, accepted: Bounds, log: Log) -> Span:
    """The end by the log. It shows the end of a page late: one that is open in it was open that much earlier."""
    closed = _bounds(trace, Closed)
    if closed is not None and closed.earliest is not None:
        return Span(closed.earliest, closed.latest)
    return Span(max([log.end - PAGE_GONE, accepted.earliest or 0, *trace.signs]), None)


def meet(one: Span, other: Span) -> tuple[Span, Duration]:
    """Return what both allow, or what either does where that is nothing, and how far apart they are."""
    low = max(one.earliest, other.earliest)
    high = min((it.latest for it in (one, other) if it.latest is not None), default=None)
    if high is None or low <= high:
        return Span(low, high), 0
    latest = None if one.latest is None or other.latest is None else max(one.latest, other.latest)
    return Span(min(one.earliest, other.earliest), latest), low - high


def settle(socket: Socket, span: Span, until: Instant, by_page: bool) -> None:
    """Note the end of a socket. by_page: it ended because its page did; else it closed."""
    had_ended, last = socket.ended, max(until, socket.latest or 0)
    socket.lost = False
    if span.earliest >= until and not had_ended:
        socket.earliest = socket.latest = socket.by = None  # what comes after the recording is none of its closes
    elif span.latest is not None and span.latest <= last:
        socket.latest = max(span.latest, socket.last_sign)
        socket.earliest = min(max(span.earliest, socket.last_sign), socket.latest)
        socket.by = (socket.by or By.PAGE_GONE) if by_page else None
    else:
        socket.earliest = socket.latest = socket.by = None
        socket.lost, socket.last_sign = True, max(socket.last_sign, min(span.earliest, until))


def _add_messages(socket: Socket, trace: Trace, until: Instant) -> None:
    """Add the last messages of a socket whose page crashed before it reported them. Of compressed ones the log does not
    know the length."""
    messages, missing = trace.messages, len(trace.messages.lengths) - len(socket.messages)
    if missing <= 0 or socket.older or "deflate" in (_header(socket.response_headers, EXTENSIONS) or ""):
        return
    reported = Counter(message["type"] == "send" for message in socket.messages)
    socket.messages = copy.deepcopy(socket.messages)  # a copy of the recording shares them
    for at, sent, opcode, length in zip(
        messages.times, messages.directions, messages.opcodes, messages.lengths, strict=True
    ):
        if reported[bool(sent)] > 0:
            reported[bool(sent)] -= 1
        elif at <= until:
            socket.messages.add(at, bool(sent), opcode, "", length)
            socket.last_sign = max(socket.last_sign, at)


def _bounds(trace: Trace, kind: type[Requested | Accepted | Rejected | Closed]) -> Bounds | None:
    return next((event.within for event in trace.events if isinstance(event, kind)), None)
