"""Read a NetLog as a capture: what the log says of each socket becomes events with bounds.

The bounds are those that held for 261 sockets whose true lifetimes are known. Frames tell time, opcode and length of
messages, never their data; lengths are those on the wire, where messages may be compressed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from analyzer.callstacks import EXTENSION
from analyzer.formats.compression import Prefixed
from analyzer.formats.devtools import CUT_OFF, endpoint, limit_trailing, shorten, shorten_error, split_protocols
from analyzer.formats.json_stream.array import Document
from analyzer.formats.json_stream.layout import Layout
from analyzer.formats.netlog.log import MOST_LOADS, RECEIVED, SENT, TICK, Log, Socket
from analyzer.formats.netlog.raw import Constants, RawEvent, RawLine
from analyzer.formats.source import Source
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    Accepted,
    Bounds,
    Capture,
    CaptureError,
    Caveat,
    CaveatKind,
    Closed,
    Closes,
    Coverage,
    Duration,
    Event,
    Evidence,
    Exporter,
    File,
    Loaded,
    Messages,
    Rejected,
    Requested,
    Skipped,
    Trace,
    plural,
)
from analyzer.patterns import Pattern

PAGE_DELAY = 250 * MILLISECOND  # by which the page learns of its open socket; measured: 165 ms at most
# By which the log is late with the end of a page; measured: 452 ms at most, on a busy machine.
PAGE_GONE = 500 * MILLISECOND
CONNECTION_SLACK = 5 * MILLISECOND  # between a close and the end of its connection
FIRST_SOURCE = 2  # a log that begins with the browser has a source with this number, or a lower one
MOST_SKIPPED = 1000
LARGEST_CONSTANTS = 4 << 20
HEAD = 256
ANCIENT = "SOCKET_STREAM_CONNECT"  # an event of sockets in Chrome until it opened them as requests
ADVICE = "make one with chrome://net-export, or start Chrome with --log-net-log=FILE"
DOCUMENT = Layout(("events",), "a NetLog", ADVICE, "events", members={"constants": LARGEST_CONSTANTS})
LINES = Layout((), "a NetLog", ADVICE, "events")
LINE = Pattern(rb'\s*\{\s*"type"')

BEGINNING_LOST = CaveatKind.BEGINNING_LOST.caveat(
    "The beginning of this log was dropped, as a size limit does. Sockets that were open then are possibly missing."
)
UNTIMED = CaveatKind.ENTRIES_SKIPPED.caveat(
    "Events without a usable time were skipped: sockets and closes are possibly missing."
)
BEGAN_LATE = CaveatKind.RECORDED_LATE.caveat(
    "This log began after the browser had started, and Chrome before version 148 does not list the sockets that were "
    "open by then."
)
WHOLE_BROWSER = CaveatKind.WHOLE_BROWSER.caveat(
    "A NetLog holds the sockets of all tabs, windows and workers of the browser, and does not show whose each is: "
    "those of two tabs, or of two users, count together. To count one tab alone, record a HAR of it in the same run, "
    "and pass both with --together."
)

SECOND_LOG = CaveatKind.TRAILING_DATA.caveat("A second log follows the first one in this file; it was not read.")


class _Parts:
    """The log as it is read, with what could not be read of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.constants: Constants | None = None
        self.log: Log | None = None
        self.skipped: list[Skipped] = []
        self.is_complete = False
        self.trailing: int | None = None
        self.has_second_log = False

    def begin(self, constants: object) -> Log:
        """Begin the log with its constants. Raises CaptureError."""
        types = constants.get("logEventTypes") if isinstance(constants, dict) else None
        if not isinstance(types, dict) or not types:
            raise CaptureError(self.name, "/constants/logEventTypes", f"no names of events, so no sockets: {ADVICE}")
        if ANCIENT in types:
            raise CaptureError(self.name, "", f"a NetLog of Chrome 45 or older, which is not read: {ADVICE}")
        try:
            self.constants = msgspec.convert(constants, Constants)
        except msgspec.ValidationError as error:
            raise CaptureError(self.name, "/constants", f"not the constants of a NetLog: {error}") from None
        except UnicodeError:  # half of a pair of UTF-16, which JSON can write
            raise CaptureError(self.name, "/constants", "not the constants of a NetLog: text that is none") from None
        self.log = Log(self.constants, self.name)
        return self.log

    def skip(self, skipped: tuple[Skipped, ...]) -> None:
        """Note what could not be read of an element."""
        self.skipped += skipped[: max(0, MOST_SKIPPED - len(self.skipped))]


def read(source: Source) -> Capture:
    """Read one NetLog. Raises CaptureError where the file is not one."""
    head = bytearray(HEAD)
    with memoryview(head) as view:
        count = source.stream.readinto(view) or 0
    start = bytes(head[:count])
    whole = source._replace(stream=Prefixed(start, source.stream))
    parts = _read_lines(whole) if LINE.match(start.removeprefix(b"\xef\xbb\xbf")) else _read_document(whole)
    if parts.log is None or parts.constants is None:
        raise CaptureError(source.name, "/constants", f"no constants: this is JSON, but not a NetLog: {ADVICE}")
    return _capture(parts, parts.log, parts.constants)


def read_offset(source: Source) -> Duration:
    """Read what a log that is one JSON document adds to the browser's monotonic clock: microseconds, cut to a
    millisecond. Raises CaptureError."""
    document = Document(source.stream, source.name, DOCUMENT, RawEvent, size=source.size)
    next(iter(document.runs()), None)
    parts = _Parts(source.name)
    return parts.begin(document.members.get("constants")).offset * TICK


def _read_document(source: Source) -> _Parts:
    """Read a log that is one JSON document."""
    document = Document(source.stream, source.name, DOCUMENT, RawEvent, size=source.size)
    parts = _Parts(source.name)
    for run in document.runs():
        log = parts.log or parts.begin(document.members.get("constants"))
        for skipped in run.skipped.values():
            parts.skip(skipped)
        log.add_run(run.values, run.index)
    if parts.log is None:
        parts.begin(document.members.get("constants"))
    parts.is_complete = document.cut_off is None
    parts.trailing = document.trailing
    return parts


def _read_lines(source: Source) -> _Parts:
    """Read a log that has one value per line; the last one says that it is complete."""
    document = Document(source.stream, source.name, LINES, RawLine, size=source.size)
    parts = _Parts(source.name)
    for element in document.elements():
        parts.skip(element.skipped)
        line = element.value
        if line is None:
            continue
        if line.type == "constants" and parts.log is not None:
            parts.has_second_log = True  # whose sources have the numbers of the first one's
            break
        if line.type == "constants":
            parts.begin(_decode(line.constants))
        elif parts.log is not None and line.event is not None:
            parts.log.add(line.event, f"/{element.index}/event")
        parts.is_complete = line.type == "end"
    return parts


def _decode(raw: msgspec.Raw) -> object:
    """Decode the constants; None, where they are nested too deep."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _capture(parts: _Parts, log: Log, constants: Constants) -> Capture:
    reasons = {number: name for name, number in constants.netError.items()}
    traces = tuple(_trace(socket, log, reasons) for socket in log.sockets if not _is_unborn(socket))
    observed = None if log.first is None or log.last is None else Interval(log.first, max(log.last, log.first + 1))
    is_partial = (
        log.has_untimed or parts.skipped or parts.trailing is not None or parts.has_second_log or _has_lost_sockets(log)
    )
    whole = None if is_partial else observed  # one that is cut off has all until then
    file = File(
        parts.name,
        "netlog",
        _exporter(constants),
        log.count,
        observed,
        of_browser=True,
        whole_browser=whole,
        loaded=_list_loads(log),
    )
    return Capture((file,), (), traces, tuple(_caveats(parts, log, len(traces))), tuple(parts.skipped))


def _list_loads(log: Log) -> Loaded | None:
    """What was loaded; None where there was too much of it to keep."""
    if not log.has_all_loads or max(len(log.documents), len(log.workers)) >= MOST_LOADS:
        return None
    return Loaded(tuple(log.documents), frozenset(log.workers))


def _exporter(constants: Constants) -> Exporter:
    name, version = constants.clientInfo.get("name"), constants.clientInfo.get("version")
    return Exporter(
        "chrome-netlog",
        name if isinstance(name, str) else None,
        version if isinstance(version, str) else None,
        "Chrome's NetLog",
    )


def _caveats(parts: _Parts, log: Log, sockets: int) -> Iterator[Caveat]:
    if not parts.is_complete:
        yield CUT_OFF
    yield from limit_trailing(parts.trailing, "log")
    if parts.has_second_log:
        yield SECOND_LOG
    if parts.skipped:
        yield CaveatKind.ENTRIES_SKIPPED.caveat(
            f"{plural(len(parts.skipped), 'damaged event')} skipped: sockets and closes are possibly missing."
        )
    if log.has_untimed:
        yield UNTIMED
    if _has_lost_sockets(log):
        yield BEGINNING_LOST if log.has_channels else BEGAN_LATE
    if sockets > 1:
        yield WHOLE_BROWSER


def _has_lost_sockets(log: Log) -> bool:
    """May sockets be missing that were open when the log began? From Chrome 148 on it lists those."""
    return log.lost_beginning or (not log.has_channels and (log.lowest or 0) > FIRST_SOURCE)


def _is_unborn(socket: Socket) -> bool:
    """Did the log end before the request of the socket began?"""
    return not (socket.url or socket.is_older or socket.connected is not None)


def _trace(socket: Socket, log: Log, reasons: dict[int, str]) -> Trace:
    events: list[Event] = []
    if socket.created is not None:
        within = Bounds(socket.created, socket.created + TICK, Evidence.HANDSHAKE_REQUEST, socket.pointer)
        events.append(Requested(within))
    if socket.failed is not None:
        within = Bounds(socket.failed, socket.failed + TICK, Evidence.HANDSHAKE_FAILED, socket.ended)
        events.append(Rejected(within, _problem(socket, reasons)))
    elif socket.connected is not None or socket.created is None:
        events.append(Accepted(_bound_opening(socket, log)))
        closed = _bound_close(socket) if socket.has_channel else _bound_close_by_connection(socket)
        if closed is not None:
            frame = socket.close_frame
            code, reason = (None, None) if frame is None else frame
            events.append(Closed(closed, code, reason))
    is_complete = socket.has_channel or socket.carrier is not None
    return Trace(
        pointer=socket.pointer,
        url=shorten(socket.url),
        endpoint=endpoint(socket.url),
        events=tuple(events),
        messages=Messages(socket.times, bytes(socket.directions), socket.opcodes, socket.lengths),
        protocols=split_protocols(",".join(socket.protocols)),
        coverage=Coverage(Closes.ALL if is_complete else Closes.NONE, only_sent=True),
        key=socket.key,
        extension=any(EXTENSION.match(origin) is not None for origin in (socket.origin, socket.initiator)),
        origin=socket.origin or socket.initiator or None,
    )


def _problem(socket: Socket, reasons: dict[int, str]) -> str:
    """Say why a handshake failed, in the browser's words."""
    if problem := shorten_error(socket.problem):
        return problem
    reason = reasons.get(socket.net_error, "") if socket.net_error else ""  # 0: it was given up, by whom is not logged
    return f"net::{reason}" if reason else "the log does not say why"


def _bound_opening(socket: Socket, log: Log) -> Bounds:
    """Bound when the page saw its socket open: it had by the first frame that it sent."""
    earliest, evidence = socket.connected, Evidence.HANDSHAKE_RESPONSE
    start = socket.connected
    if socket.is_older:
        earliest, evidence, start = socket.created, Evidence.ALREADY_OPEN, log.first
    if earliest is None:
        evidence, start = Evidence.FIRST_MESSAGE, min(socket.times, default=None)
    ends = [] if start is None else [start + PAGE_DELAY + TICK]
    if socket.sent is not None:
        ends.append(socket.sent + TICK)
    latest = min(ends, default=None)
    if latest is not None and log.last is not None and latest > log.last + TICK:
        latest = None  # the log ends before that: it does not show that the page saw it open
    return Bounds(earliest, latest, evidence, socket.opened or socket.pointer)


def _bound_close(socket: Socket) -> Bounds | None:
    """Bound the close of a socket whose states are logged."""
    if socket.closed is not None:
        return Bounds(socket.closed, socket.closed + TICK, Evidence.CLOSE_SEEN, socket.ended)
    if socket.gone is None:
        return None
    signs = [at for at in (socket.gone - PAGE_GONE, socket.connected, socket.last_sent) if at is not None]
    return Bounds(min(max(signs), socket.gone), socket.gone + TICK, Evidence.PAGE_GONE, socket.ended)


def _bound_close_by_connection(socket: Socket) -> Bounds | None:
    """Bound the close of a socket by its close frames and the end of its connection.

    The page that goes away sends a close frame, and its connection ends before an answer comes.
    """
    end, frame = socket.carrier_end, max(socket.close_frames, default=None)
    is_answered = socket.close_directions == {SENT, RECEIVED}
    if frame is None:
        return (
            None if end is None else Bounds(end - TICK, end + CONNECTION_SLACK, Evidence.CONNECTION_END, socket.ended)
        )
    if end is None:
        return Bounds(frame - TICK, None, Evidence.CLOSE_FRAME, socket.pointer) if is_answered else None
    earliest = frame - (PAGE_GONE if socket.close_directions == {SENT} else TICK)
    latest = end + (TICK if is_answered else CONNECTION_SLACK)
    return Bounds(min(earliest, end), latest, Evidence.CONNECTION_END, socket.ended)
