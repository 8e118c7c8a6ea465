"""Decode the parts that are read of the constants and the events of a NetLog."""

from __future__ import annotations

from typing import Any

import msgspec


class RawSource(msgspec.Struct, frozen=True, gc=False):
    """What an event belongs to: a request, a channel, a connection."""

    id: int = 0
    start_time: str | None = None


class RawEvent(msgspec.Struct, gc=False):
    """One event. The names of its type are in the constants of the file."""

    type: int = -1
    time: str = ""
    source: RawSource = RawSource()
    phase: int = 0
    params: msgspec.Raw = msgspec.Raw(b"null")


class RawLine(msgspec.Struct):
    """One line of a log that has one value per line."""

    type: str = ""
    constants: msgspec.Raw = msgspec.Raw(b"null")
    event: RawEvent | None = None


class Params(msgspec.Struct):
    """What is read of what an event says."""

    url: str = ""
    state: str = ""
    old_state: str = ""
    new_state: str = ""
    message: str = ""
    net_error: int = 0
    initiator: str = ""
    opcode: int = 0
    payload_length: int = 0
    stream_id: int = 0
    headers: list[str] = []
    bytes: str = ""
    source_dependency: RawSource = RawSource()


class Constants(msgspec.Struct):
    """What the numbers of the file mean."""

    timeTickOffset: int
    logEventTypes: dict[str, int]
    netError: dict[str, int] = {}
    clientInfo: dict[str, Any] = {}
    logCaptureMode: Any = None

    @property
    def offset(self) -> int:
        """What is added to the time of an event: milliseconds."""
        return self.timeTickOffset


PARAMS = msgspec.json.Decoder(Params)


def decode_params(raw: msgspec.Raw) -> Params:
    """Decode what an event says; nothing, where that is not what is expected."""
    try:
        return PARAMS.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Params()
