"""Cut bodies out of the bytes as they come in: most of a large capture is text that nobody looks at.

Cut is the text of a string that is the value of one of a few keys (`"text"` in a HAR), where it is long; two characters
that are legal only inside a string stay in its place. No field that is decoded has such a key.

Why it is exact. A *bare* quote is one without a backslash before it. In valid JSON one behind `"text":` opens a
string: the quote before the colon follows a letter, so it is not escaped, and it cannot open a string itself, or a bare
word would stand before it. The string ends at the next bare quote, or at the last quote before that if an even number
of backslashes stands before it: between the end of a string and the next bare quote there is structure, and no quote.
Where the JSON is not valid, an error in this leaves something that the parser refuses.
"""

import os
import re
from collections.abc import Iterator
from functools import cache

LONGEST_KEY = 32  # bytes
REACH = LONGEST_KEY + 48  # bytes: more than what stands before a text
SHORTEST = 8192  # bytes of text that are worth a cut; no fewer than those of MARK
STRIDE = 4096  # bytes; stretches of this length without a bare quote are looked into
STEP = 1 << 17  # bytes looked at together: what is in the processor's cache is compared faster
NEAR = 64  # backslashes in a row; more are rare
MARK = b"~~"
QUOTE, BACKSLASH = ord('"'), ord("\\")


class Elider:
    """Cuts the values of these keys out of one stream, block by block; none is longer than `block` bytes."""

    def __init__(self, block: int, keys: tuple[str, ...]) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that have nothing to do
        import numpy

        self._numpy = numpy
        self._opening = _opening(keys)
        self._backslashes = numpy.zeros(STEP + 1, bool)  # one behind: whether one stands before
        self._bare = bytearray(block)  # 1 for a bare quote
        self._marks = numpy.frombuffer(self._bare, bool)  # the same bytes
        self._inside = False  # a string that is being cut goes on beyond the last block
        self._escaped = False  # and the next byte belongs to an escape

    def cut(self, buffer: bytearray, view: memoryview, start: int, end: int) -> tuple[int, list[tuple[int, int]]]:
        """Cut the bodies out of `buffer[start:end]`, the block that came in last; what is kept moves up.

        `view` is one of `buffer`, which needs room for a mark behind `end`. Returns where the kept bytes end, and the
        cuts: (index of the byte behind it, bytes that are gone).
        """
        cuts = []
        stop = at = start  # before `stop` all is in its place, before `at` all is done with
        goes_on = self._inside
        for text, closing in self._texts(buffer, start, end):
            view[stop : stop + text - at] = view[at:text]
            stop += text - at
            gone = closing - text
            if not goes_on:
                view[stop : stop + len(MARK)] = MARK
                stop += len(MARK)
                gone -= len(MARK)
            cuts.append((stop, gone))
            at, goes_on = closing, False
        view[stop : stop + end - at] = view[at:end]
        return stop + end - at, cuts

    def _texts(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """From where to where the texts reach that are worth a cut: the rest of one that goes on from the block before,
        long ones, and one that goes on beyond `end`."""
        self._look(buffer, start, end)
        size, at = end - start, start - 1  # `at`: the last quote that is done with
        if self._inside:
            at = self._closing(buffer, start, start, end)
            if at == end:
                self._escaped = is_odd(buffer, start + self._escaped, end)
                yield start, end
                return
            self._inside = self._escaped = False
            yield start, at
        for quiet in self._quiet(size):
            text = start + self._bare.rfind(1, 0, quiet) + 1
            if text > at + 1 and self._opens(buffer, text):
                closing = self._closing(buffer, text, start, end)
                if closing < end and closing - text >= SHORTEST:
                    at = closing
                    yield text, closing
        text = start + self._bare.rfind(1, 0, size) + 1
        if text > at + 1 and self._opens(buffer, text) and self._closing(buffer, text, start, end) == end:
            self._inside, self._escaped = True, is_odd(buffer, text, end)
            yield text, end

    def _opens(self, buffer: bytearray, text: int) -> bool:
        """Does the value of one of the keys begin here?"""
        return self._opening.search(buffer, max(0, text - REACH), text) is not None

    def _look(self, buffer: bytearray, start: int, end: int) -> None:
        """Mark in `_bare` which bytes of the block are quotes without a backslash before them."""
        numpy, size = self._numpy, end - start
        data = numpy.frombuffer(buffer, numpy.uint8, size, start)
        self._backslashes[0] = self._escaped
        for at in range(0, size, STEP):
            part = data[at : at + STEP]
            marks, backslashes = self._marks[at : at + len(part)], self._backslashes[: len(part) + 1]
            numpy.equal(part, QUOTE, out=marks)
            numpy.equal(part, BACKSLASH, out=backslashes[1:])
            numpy.greater(marks, backslashes[:-1], out=marks)
            self._backslashes[0] = backslashes[-1]

    def _quiet(self, size: int) -> list[int]:
        """Where stretches without a bare quote begin: the first stride without one, behind a stride with one."""
        strides = size // STRIDE
        loud = self._numpy.any(self._marks[: strides * STRIDE].reshape(strides, STRIDE), axis=1)
        return [int(n) * STRIDE for n in self._numpy.flatnonzero(loud[:-1] > loud[1:]) + 1]

    def _closing(self, buffer: bytearray, text: int, start: int, end: int) -> int:
        """The quote that ends the string whose text is here; `end` where it is not in sight."""
        place = self._bare.find(1, text - start, end - start)
        stop = start + place if place >= 0 else end
        if text == start:
            text += self._escaped
        last = buffer.rfind(QUOTE, text, stop)
        return last if last >= 0 and not is_odd(buffer, text, last) else stop


@cache
def _opening(keys: tuple[str, ...]) -> re.Pattern[bytes]:
    """What stands before the text of one of these keys."""
    assert all(key.isalnum() and len(key) <= LONGEST_KEY for key in keys), keys
    return re.compile(rb'"(?:%b)"[ \t\r\n]{0,16}:[ \t\r\n]{0,16}"\Z' % "|".join(keys).encode())


def is_odd(buffer: bytearray, start: int, stop: int) -> bool:
    """Does an odd number of backslashes stand before `stop` (none before `start` counts)?"""
    if stop <= start or buffer[stop - 1] != BACKSLASH:
        return False
    near = max(start, stop - NEAR)
    run = stop - near - len(buffer[near:stop].rstrip(b"\\"))
    if run == NEAR:
        run = stop - start - len(buffer[start:stop].rstrip(b"\\"))
    return run % 2 == 1
