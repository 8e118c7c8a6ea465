"""Decode the parts that are read of the events of a log, in any of the four shapes in which people save them.

[{"method": ..., "params": ..., "sessionId": ...}, ...]     an array, or one value per line
[{"message": "{\\"message\\": ..., \\"webview\\": ...}"}, ...]  chromedriver's performance log, likewise
{"events": [...]}, {"value": [...]}                         either of them within an object
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.formats.compression import Prefixed
from analyzer.formats.json_stream.array import Document
from analyzer.formats.json_stream.layout import Layout
from analyzer.formats.source import Source
from analyzer.model import Skipped
from analyzer.patterns import Pattern

ADVICE = "save an array of events, or one event per line, as JSON"
LABEL = "a log of DevTools events"
LARGEST_MEMBER = 1 << 16
MOST_SKIPPED = 1000
HEAD = 4096
WITHIN = Pattern(rb'\s*\{(?:\s*"browser"\s*:\s*\{[^{}]*\}\s*,)?[^{}\[\]]*"(events|value)"\s*:\s*\[')


class Request(msgspec.Struct):
    """A request: of a handshake, or of a document."""

    url: str = ""
    headers: dict[str, Any] = {}


class Response(msgspec.Struct):
    """A response to a handshake, or the data of a frame."""

    status: float = 0
    headers: dict[str, Any] = {}
    requestHeaders: dict[str, Any] = {}
    opcode: float = 1
    payloadData: str = ""


class Frame(msgspec.Struct):
    """A document that took its place in a frame; main frames have no parent."""

    id: str = ""
    parentId: str | None = None
    loaderId: str = ""
    url: str = ""


class TargetInfo(msgspec.Struct):
    """What the protocol attaches to."""

    type: str = ""


class Params(msgspec.Struct):
    """The fields of an event that are used. `timestamp`: monotonic seconds; `wallTime`: seconds since 1970."""

    requestId: str = ""
    loaderId: str = ""
    frameId: str = ""
    sessionId: str = ""
    targetId: str = ""
    url: str = ""
    type: str = ""
    navigationType: str = ""
    errorMessage: str = ""
    reason: str = ""
    headers: dict[str, Any] = {}
    timestamp: float | None = None
    wallTime: float | None = None
    request: Request = msgspec.field(default_factory=Request)
    response: Response = msgspec.field(default_factory=Response)
    frame: Frame = msgspec.field(default_factory=Frame)
    targetInfo: TargetInfo = msgspec.field(default_factory=TargetInfo)
    initiator: Any = None
    notRestoredExplanations: Any = None


class Stamp(msgspec.Struct):
    """The instant of an event of which nothing else is read."""

    timestamp: float | None = None


class Message(msgspec.Struct):
    """One event of the protocol, or one line of chromedriver's log, which holds the event as a text."""

    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    sessionId: str | None = None
    message: str | None = None
    timestamp: Any = None  # ms since 1970, by chromedriver, which received it then


class Envelope(msgspec.Struct):
    """What chromedriver puts around an event: the page that it is of."""

    message: Message
    webview: str = ""


PARAMS = msgspec.json.Decoder(Params, strict=False)
STAMP = msgspec.json.Decoder(Stamp)
ENVELOPE = msgspec.json.Decoder(Envelope)


class Log:
    """The events of a log, one after the other, each with its session; then what could not be read.

    Iterate over it once; then `members` holds what stands beside the events, `is_cut_off` whether the log ends early,
    `trailing` the byte at which something follows it.
    """

    def __init__(self, source: Source) -> None:
        self.name = source.name
        head = bytearray(HEAD)
        count = 0
        with memoryview(head) as view:
            while count < HEAD and (more := source.stream.readinto(view[count:])):
                count += more
        within = WITHIN.match(bytes(head[:count]).removeprefix(b"\xef\xbb\xbf"))
        path = (within[1].decode(),) if within is not None else ()
        layout = Layout(path, LABEL, ADVICE, "events", members={"browser": LARGEST_MEMBER})
        stream = Prefixed(bytes(head[:count]), source.stream)
        self._document = Document(stream, source.name, layout, Message, size=source.size)
        self._pointer = layout.pointer
        self.skipped: list[Skipped] = []
        self.is_cut_off = False
        self.trailing: int | None = None
        self.has_sessions = False
        self.is_of_chromedriver = False
        self.received: float | None = None  # when chromedriver received the event that was read last, ms since 1970
        self.count = 0

    @property
    def members(self) -> dict[str, Any]:
        """What stands beside the events."""
        return self._document.members

    def events(self) -> Iterator[tuple[Message, str, str]]:
        """Each event with its session and its pointer."""
        for number, line in self._list_messages():
            self.count += 1
            message, session, pointer = line, "", f"{self._pointer}/{number}"
            if message.message is not None and not message.method:
                try:
                    envelope = ENVELOPE.decode(message.message)
                except (msgspec.MsgspecError, UnicodeError, RecursionError):
                    self._skip(Skipped(pointer, None, "the text in it is not an event"))
                    continue
                self.is_of_chromedriver = True
                self.received = message.timestamp if isinstance(message.timestamp, int | float) else None
                message, session = envelope.message, envelope.webview
            self.has_sessions = self.has_sessions or message.sessionId is not None
            yield message, f"{session}/{message.sessionId or ''}", pointer
        self.is_cut_off = self._document.cut_off is not None
        self.trailing = self._document.trailing

    def _list_messages(self) -> Iterator[tuple[int, Message]]:
        """Each element that could be read, with its place; many are decoded at once."""
        for run in self._document.runs():
            for skipped in run.skipped.values():
                self._skip(*skipped)
            for number, message in enumerate(run.values, run.index):
                if message is not None:
                    yield number, message

    def _skip(self, *skipped: Skipped) -> None:
        self.skipped += skipped[: max(0, MOST_SKIPPED - len(self.skipped))]


def decode_params(raw: msgspec.Raw) -> Params:
    """Decode what an event says; nothing, where that is not what is expected."""
    try:
        return PARAMS.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Params()


def decode_stamp(raw: msgspec.Raw) -> float | None:
    """The instant of an event of which nothing else is read."""
    try:
        return STAMP.decode(raw).timestamp
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
