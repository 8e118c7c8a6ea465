"""Read the elements of one array, run by run: guess where whole ones end, let a strict decoder prove it.

A JSON value is prefix-free, so a strict decode that succeeds *proves* that the guess was a boundary, and one that
fails only costs another guess. What no guess settles is walked token by token, in linear time.
"""

from collections.abc import Iterator
from typing import Any, Generic

from analyzer.formats.json_stream.crowded import MOST_VALUES, is_crowded
from analyzer.formats.json_stream.decode import Decoded, Decoder, Shape
from analyzer.formats.json_stream.scan import TooDeep, Walk
from analyzer.formats.json_stream.separator import Separator
from analyzer.formats.json_stream.window import LONGEST_SPACE, WINDOW, CutOff, Window
from analyzer.patterns import Pattern

LARGE = 4 << 20  # bytes kept of one element, after which it is no ordinary one: peeled, or walked
LARGEST = 64 << 20  # bytes kept of one element, after which it is passed over
PATIENCE = 64 << 20  # bytes to walk in vain past separators that are not sure, in the whole document
STEP = 128  # bytes that are walked in the time of one step
MISSES = 4  # runs in a row of which no guess held, after which we only walk
DENSE = 1 << 16  # bytes that are decoded at once where no separator is known: elements may take two bytes each
VAIN, VAIN_SHARE = 64 << 20, 8  # bytes of guesses that failed, and as many for each byte read, after which likewise
AFTER_SCALAR = Pattern(rb"[ \t\r\n,\]}:]")
BEGIN = b'"[{'  # of what is walked
NO_VALUE = b",:]}"  # what no value begins with
COMMA, CLOSING = ord(","), ord("]")


class Large(Exception):  # noqa: N818 - an event, not an error
    """The element at the cursor is no ordinary one."""


class Batches(Generic[Shape]):
    """One array in a window. After damage it goes on where the next element seems to begin; one `within` an element of
    another array is given up with that."""

    def __init__(self, window: Window, decoder: Decoder[Shape], within: "Batches[Any] | None" = None) -> None:
        self.window = window
        self.decoder = decoder
        self.within = within
        self.separator = Separator(b"", b"")
        self.misses = 0
        self.patience = PATIENCE
        self.large = False  # the element at the cursor is no ordinary one, as far as separators tell

    @property
    def _owner(self) -> "Batches[Any]":
        """Of the patience. No attribute: a cycle would keep the window until the collector runs, and it is off."""
        return self.within or self

    def open(self) -> bool:
        """Go to the first element of the array at the cursor; False: there is none, and it is passed. Raises CutOff."""
        window = self.window
        window.at += 1
        lead = window.space()
        if window.peek() == CLOSING:
            window.at += 1
            return False
        self.separator = Separator(lead, window.head(LONGEST_SPACE))
        return True

    def at_end_of_element(self) -> bool:
        return self.window.peek() in (COMMA, CLOSING)

    def step(self) -> bool:
        """From the end of an element to the next; False: that was the last, and the array is passed. Raises CutOff."""
        window = self.window
        following = window.peek()
        window.at += 1
        if following == CLOSING:
            return False
        window.peek()
        return True

    # -- several at once -----------------------------------------------------------------------------------

    def run(self) -> Decoded[Shape] | None:
        """Several whole elements, and the cursor behind them; None where no guess held."""
        self.large = False
        window = self.window
        if self.misses >= MISSES or window.vain > VAIN + VAIN_SHARE * window.place(window.at):
            return None
        if window.elide_if_large():
            self.separator.forget()
        want = WINDOW if self.separator.patterns else DENSE
        while window.need(want) and not self._is_dense() and not self.separator.last(window, window.end):
            self.large = want >= LARGE
            if self.large:
                self.misses += 1
                return None
            want *= 2  # the element is larger than the window
        if self._is_crowded():
            self.large = True
            self.misses += 1
            return None
        for end in self._guesses():
            run = self.decoder.run(window.buffer, window.at, end)
            if run is not None:
                window.at = end
                self.misses = 0
                return run
            window.vain += end - window.at
        self.misses += 1
        return None

    def elide(self) -> bool:
        """Cut bodies out of what is unread and what comes; False: that is done already, or not allowed."""
        if not self.window.elide():
            return False
        self.separator.forget()
        return True

    def _guesses(self) -> Iterator[int]:
        """Where a run of whole elements may end: the longest first, then ever shorter ones (to leave damage behind)."""
        window, dense = self.window, self._is_dense()
        if window.complete and not dense:  # the array's own end may be in sight
            at = window.end
            for _ in range(4):
                at = window.buffer.rfind(b"]", window.at, at)
                last = window.buffer.rfind(b"}", window.at, max(at, window.at))
                if at < 0 or last < 0:
                    break
                if not window.buffer[last + 1 : at].strip():
                    yield last + 1
        end = window.at + DENSE if dense else window.end
        while (
            end := window.buffer.rfind(b",", window.at, end) if dense else self.separator.last(window, end)
        ) > window.at:
            yield end
            end = window.at + (end - window.at) // 2

    def _is_crowded(self) -> bool:
        """Is the element at the cursor a large one that holds too many values?"""
        window = self.window
        if window.end - window.at <= WINDOW or self.separator.last(window, window.at + WINDOW) or self._is_dense():
            return False
        return is_crowded(bytes(window.buffer[window.at : window.end]))

    def _is_dense(self) -> bool:
        """Is no separator in sight, though the element at the cursor is short? Then any comma may stand between two,
        and many of them within a few bytes."""
        window = self.window
        stop = window.at + DENSE
        if window.end < stop or self.separator.last(window, window.end):
            return False
        try:
            return window.buffer[window.at] not in BEGIN or Walk().on(window.buffer, window.at, stop)
        except TooDeep:
            return False

    # -- one by one ----------------------------------------------------------------------------------------

    def single(self, at_most: int = LARGEST, whole: bool = True) -> Decoded[Shape] | None:
        """Exactly one element, walked to its end. None: it is damaged, and the cursor is where to go on. Not `whole`:
        one of too many values is passed over.

        Raises CutOff; Large where it has more than `at_most` bytes, or too many values, unless that is all that is kept
        of any.
        """
        window = self.window
        if window.buffer[window.at] in NO_VALUE:
            if self.within is None:
                self.resume(window.at + 1)
            return None
        start = window.place(window.at)
        end = self._find_end(at_most)
        if end and (problem := self._excess(start, end, at_most, whole)):
            window.at = end
            return Decoded([None], {0: [("", problem)]})
        if end:
            run = self.decoder.run(window.buffer, window.at, end)
            if run is not None:
                start_of_element, window.at = window.at, end
                if run.values[0] is not None or self._is_followed():
                    return run
                window.at = start_of_element  # a string that should have been a key: its opening brace is missing
        if self.within is None:
            self.resume(end)
        return None

    def _find_end(self, at_most: int) -> int:
        """The end of the element at the cursor; 0 where it is damaged. Raises CutOff, and Large."""
        try:
            return self.end(at_most)
        except CutOff:
            if self.within is not None or not self.goes_on():
                raise
            return 0

    def _excess(self, start: int, end: int, at_most: int, whole: bool) -> str:
        """Why the element that began at this place is too large to be decoded; "" where it is not. Raises Large."""
        window = self.window
        if window.place(window.at) > start:
            return f"larger than {LARGEST >> 20} MiB"
        if (whole and at_most >= LARGEST) or not is_crowded(bytes(window.buffer[window.at : end])):
            return ""
        if at_most < LARGEST:
            raise Large
        return f"more than {MOST_VALUES:,} values"

    def goes_on(self) -> bool:
        """Does another element seem to follow in what is unread?"""
        return self.separator.next(self.window) > 0

    def _is_followed(self) -> bool:
        try:
            return self.at_end_of_element()
        except CutOff:
            return True

    def resume(self, end: int = 0) -> None:
        """Go on after damage at the cursor: at the comma before the next element, or at `end`. Raises CutOff."""
        window = self.window
        while True:
            stop = end if end > window.at else window.end
            places = (window.buffer.find(tail, window.at, stop) for tail in self.separator.tails)
            at = min((at for at in places if at >= 0), default=end if end > window.at else 0)
            if at:
                window.at = at
                return
            window.at = max(window.at, window.end - LONGEST_SPACE)  # a separator may lie across the edge
            if not window.more():
                window.at = window.end
                raise CutOff

    def end(self, at_most: int = LARGEST, depth: int = 0) -> int:
        """The end of the element at the cursor, token by token, as far as it goes; 0: given up. `depth` 1: we are
        within it.

        A sure separator bounds the walk of a damaged element; past another kind it goes on while there is patience.
        Beyond LARGEST the cursor goes along, so that no more than that is kept. Raises CutOff, and Large.
        """
        window, walk = self.window, Walk(depth)
        if not depth and window.buffer[window.at] not in BEGIN:
            return value_end(window, LARGEST)
        while True:
            boundary, sure = self._boundary()
            stop = window.end
            if boundary:
                stop = boundary if sure else min(stop, boundary + self._owner.patience)
            try:
                if walk.on(window.buffer, window.at, stop):
                    return window.at + walk.at
            except TooDeep:
                return 0
            if boundary and stop < window.end:
                self._lose(stop - boundary, walk)
                return 0
            if walk.at > at_most and at_most < LARGEST:
                raise Large
            if walk.at > LARGEST and not boundary:
                window.at += walk.at
                walk.at = 0
            if not _go_on(window, walk):
                self._lose(stop - boundary if boundary else 0, walk)
                raise CutOff

    def _lose(self, count: int, walk: Walk) -> None:
        """Patience: so many bytes were walked in vain, some of them slowly."""
        spent = count + STEP * walk.steps if count else 0
        self._owner.patience = max(0, self._owner.patience - spent)

    def _boundary(self) -> tuple[int, bool]:
        """The first separator behind the cursor, of this array or the one around it, and if it is sure; 0 for none."""
        separators = [self.separator] if self.within is None else [self.separator, self.within.separator]
        return min(((at, it.sure) for it in separators if (at := it.next(self.window))), default=(0, False))


def _go_on(window: Window, walk: Walk) -> bool:
    """Read more for a walk, which stays where it is in the document though a text is cut out of what it passed."""
    place, moves = window.place(window.at) + walk.at, len(window.moves)
    has_more = window.more()
    walk.at = window.follow(place, moves) - window.place(window.at)
    return has_more


def value_end(window: Window, most: int) -> int:
    """The end of the value at the cursor; one of more than `most` bytes is let go of on the way.

    Raises CutOff, TooDeep.
    """
    if window.buffer[window.at] in BEGIN:
        walk = Walk()
        while not walk.on(window.buffer, window.at, window.end):
            if walk.at > most:
                window.at += walk.at
                walk.at = 0
            if not _go_on(window, walk):
                raise CutOff
        return window.at + walk.at
    searched = 0
    while True:  # a number, true, false or null (or what should have been one)
        match = AFTER_SCALAR.search(window.buffer, window.at + searched, window.end)
        if match:
            return max(match.start(), window.at + 1)
        searched = window.end - window.at
        if searched > most:
            window.at, searched = window.end - 1, 0
        if not window.more():
            raise CutOff
