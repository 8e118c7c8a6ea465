"""Put the messages, control frames and errors of a socket on the file's message clock."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import msgspec

from analyzer.formats.har.entry import Socket
from analyzer.formats.har.exporters import Row
from analyzer.formats.har.fields import ENDLESS, FOREVER, YEAR_2000, YEAR_2200
from analyzer.model import SECOND, Discreet, Instant, Messages, Skipped, SkipReason


class Facts(Discreet, msgspec.Struct, frozen=True):
    """What it takes the whole file to know.

    tick: microseconds a tick of the message clock; 0: monotonic seconds; None: no clock.
    is_stepped: the machine's clock was set in between.
    monotonic_offset: bounds of wall clock minus the browser's monotonic clock.
    until: the end of the recording, where the file says it.
    """

    row: Row
    tick: float | None
    is_stepped: bool
    monotonic_offset: tuple[Instant, Instant] | None
    until: Instant | None = None


def exact_start(socket: Socket, tick: float | None) -> Instant | None:
    """When the handshake was sent, by the last message: in Chrome `wait` runs to that. None: that tells nothing."""
    if not socket.ticks or not len(socket.ticks.ticks) or not tick or socket.wait is None:
        return None
    last = max(socket.ticks.ticks)
    return None if math.isnan(last) else round(last * tick) - socket.wait


def read_messages(socket: Socket, facts: Facts) -> tuple[Messages, list[Skipped]]:
    """The messages of a socket with their instants, and what of them could not be used."""
    ticks, where = socket.ticks, f"{socket.pointer}/_webSocketMessages"
    if ticks is None:
        recorded = facts.row.records_messages and not facts.row.lists_no_messages
        return Messages(array("q"), b"", array("b"), array("q"), recorded=recorded), []
    times, problems = _times(socket, ticks.ticks.tolist(), facts), []
    if times is None:
        times = array("q")
        problems.append("message times that contradict the socket's start")
    if ticks.control and facts.tick and len(control_frames(socket, facts)) < sum(t > 0 for t, _ in ticks.control):
        problems.append("times of close, ping or pong frames that contradict the socket's start")
    skipped = [Skipped(where, None, problem, SkipReason.CONTRADICTORY) for problem in problems]
    return Messages(times, bytes(ticks.directions), ticks.opcodes, ticks.lengths), skipped


def _times(socket: Socket, ticks: list[float], facts: Facts) -> array[int] | None:
    """The instants of messages; none where they have no clock. None: they contradict the socket's start."""
    first, last = _ends(ticks)
    if facts.tick is None or not 0 < first <= last < ENDLESS:
        return array("q")
    offset = 0.0
    if facts.tick == 0:  # monotonic seconds: the last message is the last activity, at start + wait
        if socket.started is None or socket.wait is None or facts.row.coarse:
            return array("q")
        offset = socket.started + socket.wait - last * SECOND
    scale = facts.tick or SECOND
    lower, upper = _lifetime(socket)
    if lower < first * scale + offset and last * scale + offset < upper:
        return array("q", map(round, [t * scale + offset for t in ticks]))
    return None


def _lifetime(socket: Socket) -> tuple[Instant, Instant]:
    """Between which instants what belongs to it lies, generously."""
    return (YEAR_2000, YEAR_2200) if socket.started is None else (socket.started - SECOND, socket.started + FOREVER)


def _ends(times: Sequence[float]) -> tuple[float, float]:
    """The first and the last; NaN where there are none, or one is none. (No comparison with a NaN tells.)"""
    return (min(times), max(times)) if times and not math.isnan(sum(times)) else (math.nan, math.nan)


def error_instant(socket: Socket, facts: Facts) -> Instant | None:
    """When the error came, as far as the file says it."""
    if socket.ticks is None or not socket.ticks.failed or not facts.tick:
        return None
    lower, upper = _lifetime(socket)
    at = socket.ticks.failed * facts.tick
    return round(at) if lower < at < upper else None


def control_frames(socket: Socket, facts: Facts) -> list[tuple[Instant, int]]:
    """Close, ping and pong frames (no browser exports them, proxies do): instant and opcode."""
    if socket.ticks is None or not socket.ticks.control or not facts.tick:
        return []
    lower, upper = _lifetime(socket)
    exact = [(t * facts.tick, opcode) for t, opcode in socket.ticks.control]
    return [(round(at), opcode) for at, opcode in exact if lower < at < upper]
