"""Read typed netstrings from a stream, in bounded memory: what nobody asks for is passed over, however long it is.

A value is `LENGTH:DATA` and one byte that says what it is: `,` bytes, `;` text (mitmproxy's own), `#` integer,
`^` float, `!` boolean, `~` null, `]` list, `}` dict. Lists and dicts hold values in their data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from analyzer.formats.json_stream.window import Bytes, CutOff

BLOCK = 1 << 18  # bytes read at once, and the most that is taken of one value
LONGEST_LENGTH = 12  # digits, as mitmproxy reads
LONGEST_KEY = 100
DEEPEST = 8  # lists and dicts in one another, of a value that is decoded as a whole
# The key and the length of a value in a dict, as mitmproxy writes most of them.
PAIR = re.compile(rb"(\d{1,3}):([a-z_]{1,100})[,;](\d{1,12}):")
TEXT, DICT, LIST = (b",", b";"), b"}", b"]"


class StringError(ValueError):
    """What stands here is no typed netstring, or not the one that was expected."""


class Strings:
    """Typed netstrings of a stream, one after the other. `position`: bytes from its start.

    Raises CutOff where the stream ends too early, StringError for what is not a typed netstring.
    """

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._buffer = bytearray(BLOCK)
        self._at = self._end = 0
        self._before = 0  # bytes of the stream before the buffer

    @property
    def position(self) -> int:
        return self._before + self._at

    @property
    def is_at_end(self) -> bool:
        """Is nothing left of the stream?"""
        return self._at == self._end and not self._more()

    def length(self) -> int:
        """Read the length of the value that comes."""
        while True:
            start, most = self._at, self._at + LONGEST_LENGTH + 1
            colon = self._buffer.find(b":", start, min(self._end, most))
            digits = self._buffer[start : min(self._end, most) if colon < 0 else colon]
            if (digits and not digits.isdigit()) or (colon < 0 and self._end >= most) or colon == start:
                raise StringError("no length of a value")
            if colon >= 0:
                self._at = colon + 1
                return int(digits)
            if not self._more():
                raise CutOff

    def take(self, count: int) -> bytes:
        """Read bytes, as many as there is room for."""
        if count > BLOCK:
            raise StringError(f"a value of more than {BLOCK:,} bytes")
        while self._end - self._at < count:
            if not self._more():
                raise CutOff
        data = bytes(self._buffer[self._at : self._at + count])
        self._at += count
        return data

    def skip_to(self, position: int) -> None:
        """Pass over all bytes before a position."""
        while self._before + self._end < position:
            self._at = self._end
            if not self._more():
                raise CutOff
        self._at = max(self._at, position - self._before)

    def value(self, length: int) -> Any:
        """Read a value whose length was read, and decode it: bytes and text as bytes."""
        end = self._at + length
        if end < self._end and length <= BLOCK:  # mostly all of it is in the buffer
            data, tag = bytes(self._buffer[self._at : end]), bytes(self._buffer[end : end + 1])
            self._at = end + 1
        else:
            data, tag = self.take(length), self.take(1)
        return decode(tag, data)

    def pairs(self, length: int) -> Iterator[tuple[bytes, int]]:
        """Read a dict whose length was read: each key, and the length of its value, which comes then.

        What the caller leaves unread of a value is passed over.
        """
        end = self.position + length
        while self._before + self._at < end:
            pair = PAIR.match(self._buffer, self._at, self._end)
            if pair is not None and len(pair[2]) == int(pair[1]):
                self._at = pair.end()
                key, size = pair[2], int(pair[3])
            else:
                key, size = self._key(), self.length()
            after = self._check(size, end)
            yield key, size
            place = after - self._before
            if self._at <= place <= self._end:  # mostly all of the value is in the buffer
                self._at = place
            else:
                self.skip_to(after)
        self.close(DICT)

    def _key(self) -> bytes:
        size = self.length()
        if size > LONGEST_KEY:
            raise StringError("a key that is too long")
        key = self.value(size)
        if not isinstance(key, bytes):
            raise StringError("a key that is not a text")
        return key

    def items(self, length: int) -> Iterator[int]:
        """Read a list whose length was read: the length of each of its values, which comes then."""
        end = self.position + length
        while self.position < end:
            size = self.length()
            after = self._check(size, end)
            yield size
            self.skip_to(after)
        self.close(LIST)

    def close(self, tag: bytes) -> None:
        """Read the byte that ends a value, which must be this one."""
        if self.take(1) != tag:
            raise StringError("not the kind of value that stands here in a flow")

    def _check(self, size: int, end: int) -> int:
        """Return where a value of this size ends that begins here, within another one that ends at `end`."""
        after = self._before + self._at + size + 1
        if after > end:
            raise StringError("a value that is longer than what it is in")
        return after

    def _more(self) -> bool:
        """Read more of the stream behind what is unread, which moves to the front."""
        unread = self._buffer[self._at : self._end]
        self._before += self._at
        self._at, self._end = 0, len(unread)
        if len(self._buffer) < len(unread) + BLOCK:
            self._buffer.extend(bytes(BLOCK))
        self._buffer[: len(unread)] = unread
        with memoryview(self._buffer) as view:
            count = self._stream.readinto(view[self._end :]) or 0
        self._end += count
        return count > 0


def decode(tag: bytes, data: bytes, depth: int = 0) -> Any:
    """Decode one value: bytes and text as bytes, a dict with bytes as keys. Raises StringError."""
    try:
        if tag in TEXT:
            return data
        if tag == b"#":
            return int(data)
        if tag == b"^":
            return float(data)
        if tag == b"!" and data in (b"true", b"false"):
            return data == b"true"
        if tag == b"~" and not data:
            return None
        if tag in (LIST, DICT) and depth < DEEPEST:
            values = _decode_all(data, depth + 1)
            return values if tag == LIST else dict(zip(values[::2], values[1::2], strict=True))
    except (ValueError, TypeError) as error:
        raise StringError(str(error) if isinstance(error, StringError) else "a value that is damaged") from None
    raise StringError("a value of an unknown kind")


def _decode_all(data: bytes, depth: int) -> list[Any]:
    """Decode the values that stand one after the other in a list or a dict."""
    values, at = [], 0
    while at < len(data):
        colon = data.find(b":", at, at + LONGEST_LENGTH + 1)
        digits = data[at:colon] if colon > at else b""
        end = colon + 1 + (int(digits) if digits.isdigit() else len(data))
        if end >= len(data):
            raise StringError("no length of a value")
        tag, value = data[end : end + 1], data[colon + 1 : end]
        values.append(value if tag in TEXT else decode(tag, value, depth))
        at = end + 1
    return values
