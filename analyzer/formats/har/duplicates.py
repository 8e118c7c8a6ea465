"""Unite entries that stand for the same socket: several exports of one tab in one file."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence

import msgspec

from analyzer.formats.har.entry import Socket
from analyzer.formats.har.fields import ENDLESS
from analyzer.model import Duration

WHOLE = 0.002  # ms; nearer to a whole millisecond an instant may have been rounded to it


def unite(sockets: Sequence[Socket]) -> list[Socket]:
    """List each socket once. Equal keys and starts are one: the key is 16 random bytes (RFC 6455, section 4.1). Of
    several entries that counts most which shows the close, has most messages, goes furthest."""
    chosen: dict[object, Socket] = {}
    for socket in sockets:
        same = _identity(socket)
        before = chosen.get(same)
        chosen[same] = socket if before is None else _unite(before, socket)
    return list(chosen.values())


def _unite(before: Socket, socket: Socket) -> Socket:
    best, other = (socket, before) if _rank(socket) > _rank(before) else (before, socket)
    also = (*best.also, other.pointer, *other.also)
    return msgspec.structs.replace(best, also=also, clock=before.clock)


def _identity(socket: Socket) -> Hashable:
    """Equal for entries of one socket. Without a key (headers that were removed, HTTP/2) no two sockets have their
    first message at the same instant, or waited as long, where that is given to less than a millisecond; nor are all
    their messages at the same instants."""
    if socket.started is None:
        return socket.index
    if socket.key:
        return socket.key, socket.started
    same = socket.url, socket.started
    ticks = socket.ticks.ticks if socket.ticks else array("d")
    exact = min(ticks) * 1000 if ticks else socket.milliseconds_waited
    if exact is not None and 0 < exact < ENDLESS and abs(exact - round(exact)) >= WHOLE:
        return *same, exact
    if ticks and 0 < min(ticks) < max(ticks) < ENDLESS:
        return *same, socket.total, len(ticks), sum(ticks)
    return socket.index


def _rank(socket: Socket) -> tuple[bool, int, Duration]:
    has_close = socket.close is not None or socket.has_receive
    return has_close, len(socket.ticks.ticks) if socket.ticks else 0, socket.wait or 0
