"""Turn a stream of JSON values, one per line, into one array of them; split a stream into lines.

A line break between `}` and `{` becomes a comma, which takes as many bytes. That is exact: within a JSON value no `{`
follows a `}`, and no string holds a raw line break. So values that are written over several lines are read as well.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.formats.json_stream.window import Bytes
from analyzer.patterns import Pattern

BLOCK = 1 << 16  # bytes read at once
MOST_SPACE = 256  # bytes of white space between two values; what is farther apart counts as damaged
BREAK = Pattern(rb"\n([ \t\r\n]{0,%d}+)(?=\{)" % MOST_SPACE)
SPACE, PADDING = b" \t\r\n", b" \t\r\n\0"


class Lines:
    """The values of a stream within brackets, with commas between them. `head`: bytes that were read from it before."""

    def __init__(self, head: bytes, stream: Bytes) -> None:
        self._stream = stream
        self._block = bytearray(BLOCK)
        self._ready = memoryview(b"[")
        self._space = b""  # at the end of what came in: what follows decides whether it separates two values
        self._closed = False  # a `}` is the last byte before that
        self._complete = False
        self._head = head

    def readinto(self, buffer: memoryview) -> int:
        while not self._ready and not self._complete:
            self._read()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _read(self) -> None:
        """Read a block, or close the array where none is left."""
        data, self._head = self._head, b""
        if not data:
            with memoryview(self._block) as view:
                data = bytes(view[: self._stream.readinto(view) or 0])
        if not data:
            self._complete = True
            # After an incomplete value no bracket stands: the document is cut off there.
            self._ready = memoryview(b"]" if self._closed else self._space)
            return
        text = self._space + data
        end = len(text.rstrip(PADDING))
        if len(text) - end > MOST_SPACE:
            end = len(text)
        self._space = text[end:]
        self._ready = memoryview(self._join(text[:end]))
        if end:
            self._closed = text[end - 1 : end] == b"}"

    def _join(self, text: bytes) -> bytes:
        """Write a comma in place of each line break that separates two values."""

        def join(match: re.Match[bytes]) -> bytes:
            before = text[max(0, match.start() - MOST_SPACE) : match.start()].rstrip(SPACE)
            return b"," + match[1] if before.endswith(b"}") or (not before and self._closed) else match[0]

        return BREAK.sub(join, text.replace(b"}\n{", b"},{"))  # the usual break without a call for each


class Line(NamedTuple):
    """One line of a stream, without its line break. `is_whole`: it was not too long to be kept."""

    text: bytes
    is_whole: bool


def split(stream: Bytes, most: int) -> Iterator[Line]:
    """Split a stream into its lines, in bounded memory: of a line of more than `most` bytes only these are kept."""
    with memoryview(bytearray(BLOCK)) as view:
        start, length = bytearray(), 0
        while count := stream.readinto(view) or 0:
            *ends, rest = bytes(view[:count]).split(b"\n")
            for end in ends:
                start += end[: most - len(start)]
                yield Line(bytes(start), length + len(end) <= most)
                start, length = bytearray(), 0
            start += rest[: most - len(start)]
            length += len(rest)
    if length:
        yield Line(bytes(start), length <= most)


class Pieces:
    """The pieces of an iterator as one stream of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ready = memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:
        while not self._ready and (piece := next(self._pieces, None)) is not None:
            self._ready = memoryview(piece)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
