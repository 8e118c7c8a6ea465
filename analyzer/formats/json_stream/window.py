"""Hold a stretch of the stream in memory: bytes come in at one end, the cursor moves on, what it passed is let go."""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

from analyzer.formats.json_stream.elide import MARK, Elider
from analyzer.formats.json_stream.indented import SAMPLE, IndentedElider, learn_opening
from analyzer.patterns import Pattern

WINDOW = 1 << 20  # bytes: what is in the processor's cache is parsed faster
FIRST, GROWTH = 1 << 16, 4  # bytes of the first one, which most files fit in; how much larger the next one is
BLOCK = 1 << 19  # bytes read at once where bodies are cut out as they come
MOST_CUTS = 1024  # of which the places are kept: only those within what is unread are asked for
INDENTED_FROM = 2 << 20  # bytes of a document in which that pays where it is indented
PAUSE = 8 << 20  # bytes that pass without a search where there are few bodies
ELIDE_FROM = 128 << 20  # likewise in which it pays to import numpy for that, where it is not
LONGEST_SPACE = 256  # of white space that matters
SPACE = ord(" ")  # nothing above it is white space
NO_SPACE = Pattern(rb"[^ \t\r\n]")
NOTHING = Pattern(rb"[^\0 \t\r\n]")


class Bytes(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class CutOff(Exception):  # noqa: N818 - an event, not an error
    """The document ends before it is complete."""


class Window:
    """Unread is `buffer[at:end]`; `at` is never 0: its neighbour may be overwritten.

    Two coordinates: a *place* counts the bytes kept; an *offset* those of the document, of which texts may have been
    cut out. `texts`: the keys whose long values may be. `size`: of the document; 0 where nobody can say. `common`: a
    key that each element has.
    """

    def __init__(self, stream: Bytes, texts: tuple[str, ...] = (), size: int = 0, common: str = "") -> None:
        self.stream = stream
        self.size = size
        self.buffer = bytearray(FIRST + 2)
        self.at = self.end = 1
        self.complete = False
        self.texts = texts
        self.common = common
        self.vain = 0  # bytes that were decoded in vain
        self._before = -1  # place of buffer[0]
        self._received = 0  # bytes
        self._elider: Elider | IndentedElider | None = None
        self._opening: bytes | None = None  # what stands before a text in an indented document
        self._is_learned = False  # we looked for that
        self._pause = PAUSE
        self._resume = 0  # place at which the search for bodies goes on
        self._cuts: list[tuple[int, int]] = [(-1, 0)]  # (place, bytes that are gone before it), in order
        self.moves: list[tuple[int, int]] = []  # cuts out of what had come in before: (place behind one, bytes gone)

    def place(self, at: int) -> int:
        return self._before + at

    def index(self, place: int) -> int:
        return place - self._before

    def offset(self, at: int) -> int:
        """Bytes from the start of the document."""
        place = self._before + at
        return place + self._cuts[bisect_right(self._cuts, place, key=_place) - 1][1]

    def follow(self, place: int, moves: int) -> int:
        """Return where a place has moved to since there were `moves` of them; one within a cut is behind it now."""
        for stop, gone in self.moves[moves:]:
            place = place - gone if place >= stop + gone else min(place, stop)
        return place

    def elide_if_large(self) -> bool:
        """Cut texts out, where the document is so large that it pays; whether that is new, as in `elide`."""
        size = max(self._before, self.size)
        if size <= INDENTED_FROM or not self.texts:
            return False
        if isinstance(self._elider, IndentedElider):
            self._judge(self._elider)
        if self._elider is not None:
            return False
        opening = self._learn()
        if opening is None:
            return size > ELIDE_FROM and self.elide()
        return self.place(self.end) >= self._resume and self._cut_out(IndentedElider(opening, self.common))

    def elide(self) -> bool:
        """Cut texts out of what is unread and of all that comes, exactly in any document; whether that is new. Indices
        and places change."""
        if not self.texts or isinstance(self._elider, Elider):
            return False
        return self._cut_out(Elider(BLOCK, self.texts))

    def _judge(self, elider: IndentedElider) -> None:
        """Pause the search for bodies where there are few, each time for longer; end it where the style changed."""
        if elider.pending or not elider.is_idle:
            return
        self._elider = None
        if elider.has_failed:
            self._opening = None
        self._resume = self.place(self.end) + self._pause
        self._pause *= 2

    def _learn(self) -> bytes | None:
        if not self._is_learned:
            self._is_learned = True
            self.need(SAMPLE)
            sample = bytes(self.buffer[self.at : min(self.end, self.at + SAMPLE)])
            self._opening = learn_opening(sample, self.texts[0]) if len(self.texts) == 1 else None
        return self._opening

    def _cut_out(self, elider: Elider | IndentedElider) -> bool:
        self._elider = elider
        unread = bytes(self.buffer[self.at : self.end])
        self._reserve(len(unread) + BLOCK)
        self.end = self.at
        with memoryview(self.buffer) as view:
            for start in range(0, len(unread), BLOCK):
                block = unread[start : start + BLOCK]
                view[self.end : self.end + len(block)] = block
                self._take(view, len(block))
        return True

    def wrap(self, adapter: Callable[[bytes, Bytes], Bytes]) -> None:
        """Let an adapter read what is unread and all that comes. It puts one byte before that."""
        unread = bytes(self.buffer[self.at : self.end])
        self.stream = adapter(unread, self.stream)
        self.end, self.complete = self.at, False
        self._cuts.append((self.place(self.at) + 1, self._cuts[-1][1] - 1))

    def need(self, count: int) -> bool:
        """Make `count` unread bytes available; False at the end of the stream."""
        while self.end - self.at < count and not self.complete:
            room = len(self.buffer) - self._spare
            step = min(count, room if self.end - self.at < room else GROWTH * room)
            self._reserve(step)
            with memoryview(self.buffer) as view:
                stop = self.at + step if self._elider is None else self.end + BLOCK
                got = self.stream.readinto(view[self.end : stop])
                self.complete = not got
                self._received += got or 0
                self._take(view, got or 0)
        return self.end - self.at >= count

    @property
    def _spare(self) -> int:
        """Bytes of the buffer that are for none that is unread."""
        return 2 + (BLOCK + len(MARK) if self._elider else 0)

    def _reserve(self, count: int) -> None:
        """Room for `count` unread bytes, with those that are there in front."""
        unread, old = self.end - self.at, self.buffer
        room = count + self._spare
        if room > len(old):  # a new one: decoded `Raw` fields may still hold the old
            self.buffer = bytearray(room)
        with memoryview(self.buffer) as view, memoryview(old) as source:
            view[: 1 + unread] = source[self.at - 1 : self.end]
        self._before += self.at - 1
        self.at, self.end = 1, 1 + unread
        if len(self._cuts) > MOST_CUTS:
            del self._cuts[: bisect_right(self._cuts, self._before, key=_place) - 1]

    def _take(self, view: memoryview, got: int) -> None:
        """So many bytes came in behind the others: keep all of them, or all but the bodies."""
        if self._elider is None or not got:
            self.end += got
            return
        if isinstance(self._elider, IndentedElider) and self.at > self.end - self._elider.pending:
            self._elider.forget()
        goes_on = isinstance(self._elider, IndentedElider) and self._elider.pending > 0
        self.end, cuts = self._elider.cut(self.buffer, view, self.end, self.end + got)
        if goes_on and cuts:
            self.moves.append((self._before + cuts[0][0], cuts[0][1]))
        for at, gone in cuts:
            self._cuts.append((self._before + at, self._cuts[-1][1] + gone))

    def more(self) -> bool:
        """At least as much again as is unread; False at the end of the stream. What comes in may be less than what is
        cut out of what was there."""
        received = self._received
        self.need(max(2 * (self.end - self.at), WINDOW))
        return self._received > received

    def peek(self) -> int:
        """The next byte that is not white space, and the cursor on it. Raises CutOff."""
        at = self.at
        if at >= self.end or self.buffer[at] <= SPACE:
            other = NO_SPACE.search(self.buffer, at, self.end)
            if other is None:
                self.space()
            else:
                self.at = other.start()
        return self.buffer[self.at]

    def space(self) -> bytes:
        """Pass the white space at the cursor; what it was, if it was short. Raises CutOff."""
        return self._pass(NO_SPACE)

    def nothing(self) -> None:
        """Pass white space and NULs. Raises CutOff where nothing else follows."""
        self._pass(NOTHING)

    def _pass(self, other: re.Pattern[bytes]) -> bytes:
        passed = b""
        while True:
            match = other.search(self.buffer, self.at, self.end)
            stop = match.start() if match else self.end
            passed = (passed + self.buffer[self.at : stop][:LONGEST_SPACE])[:LONGEST_SPACE]
            self.at = stop
            if match:
                return passed
            if not self.more():
                raise CutOff

    def head(self, count: int) -> bytes:
        """Give the next bytes, up to `count`."""
        self.need(count)
        return bytes(self.buffer[self.at : min(self.end, self.at + count)])

    def shrink(self) -> None:
        """Give back the room that one huge entry took."""
        if len(self.buffer) > 4 * WINDOW and self.end - self.at < WINDOW:
            rest = bytes(self.buffer[self.at - 1 : self.end])
            self.buffer = bytearray(WINDOW + BLOCK + len(MARK) + 2)
            self.buffer[: len(rest)] = rest
            self._before += self.at - 1
            self.at, self.end = 1, len(rest)


def _place(cut: tuple[int, int]) -> int:
    return cut[0]
