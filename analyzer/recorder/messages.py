"""The messages of one socket, in few bytes each: a recording may run for hours.

A HAR wants the instant, the direction, the opcode and the length of each message. The first ones identify the user, so
the start of their text is kept, too.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from analyzer.formats.har.writer import NOT_KNOWN, Json
from analyzer.model import SECOND, Instant

KEPT_MESSAGES, KEPT_DATA = 4, 6144  # identity needs the first messages; more than the reader takes: it sees the cut
SENT = 0x10  # the opcode has four bits (RFC 6455 section 5.2)
UNDATED = -1  # nobody knows when it passed


class Messages:
    """What passed over one socket, in its order. Iterate over it for Chrome's `_webSocketMessages`."""

    __slots__ = ("_instants", "_kinds", "_lengths", "_starts")

    def __init__(self) -> None:
        self._instants = array("q")  # microseconds since the epoch
        self._kinds = array("B")  # opcode, and SENT
        self._lengths = array("q")  # bytes
        self._starts: list[str] = []  # texts, those of binary messages in base64

    def add(self, at: Instant | None, sent: bool, opcode: int, data: str, length: int, keeps_data: bool = True) -> None:
        """A message of `length` bytes passed at `at`; None: nobody knows when."""
        if len(self._kinds) < KEPT_MESSAGES:
            self._starts.append(data[:KEPT_DATA] if keeps_data else "")
        self._instants.append(UNDATED if at is None else at)
        self._kinds.append(opcode | (SENT if sent else 0))
        self._lengths.append(length)

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Json]:
        for number, (at, kind, length) in enumerate(zip(self._instants, self._kinds, self._lengths, strict=True)):
            data = self._starts[number] if number < len(self._starts) else ""
            opcode = kind & 0x0F
            message: Json = {
                "type": "send" if kind & SENT else "receive",
                "time": NOT_KNOWN if at == UNDATED else at / SECOND,
                "opcode": opcode,
                "data": data,
            }
            if measure(opcode, data) != length:
                message["_length"] = length
            yield message


def measure(opcode: int, data: str) -> int:
    """Count the bytes of a message: of a binary one `data` is base64."""
    if opcode != 1:
        return len(data) * 3 // 4 - data.count("=", -2)
    return len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))
