"""Read close codes out of the bytes of a connection, which a NetLog of the mode Everything has.

A connection begins with HTTP/1.1, and speaks WebSocket after the answer 101 (RFC 6455). Bytes come in parts of any
length; only headers of frames and the payload of a close frame are kept. Bytes that are neither end the reading.
"""

from __future__ import annotations

from base64 import b64decode
from typing import NamedTuple

from analyzer.patterns import Pattern

END_OF_HEAD = b"\r\n\r\n"
ANSWER = Pattern(rb"HTTP/1\.1 (\d{3})\b")
LARGEST_HEAD = 1 << 18  # what Chrome accepts of a response's headers (net/http/http_stream_parser.h)
LONGEST_CONTROL = 125  # bytes, RFC 6455 section 5.5
CLOSE, FIRST_CONTROL = 8, 8
NO_STATUS = 1005  # RFC 6455 section 7.1.5: a close frame without a code
LOWEST_CODE, HIGHEST_CODE = 1000, 4999


class CloseFrame(NamedTuple):
    """What the server gave as the reason of a close. code: RFC 6455 section 7.4, 1005 where the frame has none."""

    code: int
    reason: str


class Header(NamedTuple):
    """The header of a frame. All lengths in bytes."""

    opcode: int
    size: int  # of the header itself
    length: int  # of the payload
    mask: bytes


class Bytes:
    """The bytes that a connection received, up to its close frame."""

    def __init__(self) -> None:
        self.close: CloseFrame | None = None
        self._rest = bytearray()
        self._is_open = False  # the answer 101 was read
        self._is_done = False
        self._left = 0  # bytes of a payload that is passed over

    def add(self, encoded: str) -> None:
        """Take in the next part, base64 as the log has it."""
        if self._is_done:
            return
        try:
            data = b64decode(encoded, validate=True)
        except ValueError:  # what comes after would be read at the wrong place
            self._stop()
            return
        passed = min(self._left, len(data))
        self._left -= passed
        self._rest += memoryview(data)[passed:]
        while not self._is_done and self._read():
            pass

    def _stop(self) -> None:
        self._is_done = True
        self._rest.clear()

    def _read(self) -> bool:
        """Read one head or one frame, if it is there."""
        return self._read_frame() if self._is_open else self._read_head()

    def _read_head(self) -> bool:
        """Pass over the head of an answer: one of 101 opens the socket, any other is no handshake's."""
        end = self._rest.find(END_OF_HEAD)
        if end < 0:
            if len(self._rest) > LARGEST_HEAD:
                self._stop()
            return False
        answer = ANSWER.match(self._rest)
        if answer is None or answer[1] != b"101":
            self._stop()
            return False
        del self._rest[: end + len(END_OF_HEAD)]
        self._is_open = True
        return True

    def _read_frame(self) -> bool:
        header = read_header(self._rest)
        if header is None:
            return False
        if header.opcode < FIRST_CONTROL:
            available = len(self._rest) - header.size
            self._left = max(0, header.length - available)
            del self._rest[: header.size + min(header.length, available)]
            return True
        if header.length > LONGEST_CONTROL:
            self._stop()
            return False
        if len(self._rest) < header.size + header.length:
            return False
        payload = bytes(self._rest[header.size : header.size + header.length])
        del self._rest[: header.size + header.length]
        if header.opcode == CLOSE:
            self.close = read_payload(unmask(payload, header.mask))
            self._stop()
        return True


def read_header(data: bytes | bytearray) -> Header | None:
    """Read the header of the frame that `data` begins with; None, where it is not all there (RFC 6455 section 5.2)."""
    if len(data) < 2:
        return None
    short = data[1] & 0x7F
    extra = {126: 2, 127: 8}.get(short, 0)
    masking = 4 if data[1] & 0x80 else 0
    size = 2 + extra + masking
    if len(data) < size:
        return None
    length = int.from_bytes(data[2 : 2 + extra]) if extra else short
    return Header(data[0] & 0x0F, size, length, bytes(data[2 + extra : size]))


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Undo the masking of RFC 6455 section 5.3; without a mask the payload is as it is."""
    return bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)) if mask else payload


def read_payload(payload: bytes) -> CloseFrame | None:
    """Read the payload of a close frame; None, where it is none (RFC 6455 section 5.5.1)."""
    if not payload:
        return CloseFrame(NO_STATUS, "")
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or not LOWEST_CODE <= code <= HIGHEST_CODE:
        return None
    return CloseFrame(code, payload[2:].decode("utf-8", "replace"))
