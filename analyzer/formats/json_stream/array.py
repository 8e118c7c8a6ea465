"""The JSON side of HAR: the entries of one document, one after the other, in bounded memory, exactly.

    window   bytes in, a cursor, the offset in the document
    elide    cuts out bodies, which nothing here looks at, as the bytes come in
    seam     what stands between two elements of an array
    walk     where a value ends, token by token
    foreign  what a file that is no HAR is instead
    decode   msgspec, only the fields we use; what it refuses goes to `json`, on that slice alone
    batches  the elements of an array: guess where whole ones end, let the decoder prove it
    here     `{"log": {...}}`, the order of keys being free; the entries; messages peeled off a huge socket

docs/reading.md tells the whole of it, with what bounds time and memory.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol

import msgspec

from analyzer.formats.foreign import FROM_DEVTOOLS, HEAD, recognized
from analyzer.formats.har.raw import RawMessage
from analyzer.formats.json_stream.batches import LARGE, LARGEST, Batches, Large, value_end
from analyzer.formats.json_stream.crowded import MOST_VALUES, is_crowded
from analyzer.formats.json_stream.decode import (
    MOST_TOLD,
    Decoded,
    Decoder,
    Problem,
    Shape,
    all_or_nothing,
    kind,
    loads,
    members,
    untold_messages,
)
from analyzer.formats.json_stream.scan import TooDeep
from analyzer.formats.json_stream.window import Bytes, CutOff, Window
from analyzer.model import CaptureError, Discreet, Skipped

LARGEST_MEMBER, SHORT = 16 << 20, 1 << 16  # bytes of `log.pages`, and of any other member, that are looked at
READ = ("creator", "browser", "pages", "_harSockets")  # members of `log`; the others are passed over
MOST_REFUSED = 100_000  # elements of `entries` that are no entries, after which this is no HAR; likewise messages
MESSAGES = re.compile(rb'"_webSocketMessages"\s*:\s*(?=\[)')
ATTEMPTS = 8  # places where the messages of a huge entry may begin
OPENING = ord("{")
# A key that holds no escape, and a short value, each with what follows it: in a file of nothing else a walk of each
# takes longer than a microsecond a byte.
KEY = re.compile(rb'"([^"\\\x00-\x1f\x80-\xff]{0,256})"[ \t\r\n]*+:')
VALUE = re.compile(
    rb'(?:-?(?:0|[1-9]\d{0,15})|true|false|null|"[^"\\\x00-\x1f\x80-\xff]{0,256}"|\[\]|\{\})(?=[ \t\r\n]*+[,}])'
)


class Collector(Protocol):
    """Takes the messages of one socket, some at a time, in the order of the file."""

    def add(self, messages: list[RawMessage], /) -> None: ...


class Element(Discreet, msgspec.Struct, Generic[Shape]):
    """One element of `entries`: decoded, or skipped; with the fields of it that had to be left out.

    `peeled`: what took its messages, where these are too many to be kept as they are.
    """

    index: int
    entry: Shape | None
    skipped: tuple[Skipped, ...] = ()
    peeled: Collector | None = None


class Document(Generic[Shape]):
    """One HAR document, read once, front to back; its entries decoded as `shape`.

    Bodies are cut out of a large one, unless `whole`. Messages of a huge entry go to a new `collector`, where there is
    one. `size`: of the document, or of what it is packed in, if that is known.

    Iterate over `elements()`; when it is exhausted `log` holds the other members of `log` (pages, creator ...),
    `skipped` those that are too large, `cut_off` the offset at which the document ends before it is complete,
    `trailing` that of what follows it.
    """

    def __init__(
        self,
        stream: Bytes,
        source: str,
        shape: type[Shape],
        collector: Callable[[], Collector] | None = None,
        whole: bool = False,
        size: int = 0,
    ) -> None:
        self.window = Window(stream, not whole, size)
        self.whole = whole
        self.source = source
        self.decoder = Decoder(shape, members)
        self.collector = collector
        self.log: dict[str, Any] = {}
        self.skipped: list[Skipped] = []
        self.count = 0
        self.refused = 0  # elements that are no entries, or damaged
        self.cut_off: int | None = None
        self.trailing: int | None = None

    @property
    def _offset(self) -> int:
        return self.window.offset(self.window.at)

    def elements(self) -> Iterator[Element[Shape]]:
        """Every element of `log.entries`. Raises CaptureError where the document is no HAR, and says what it is."""
        head = self.window.head(HEAD)
        try:
            yield from self._elements()
        except CaptureError:
            told = recognized(head) if not self.count else None
            if told is None:
                raise
            raise CaptureError(self.source, "", told) from None

    def _elements(self) -> Iterator[Element[Shape]]:
        window = self.window
        seen = others = False
        try:
            self._open()
            for key in self._members(""):
                if key != "log":
                    self._pass_over()
                    continue
                for name in self._members("/log"):
                    others = others or name != "entries"
                    if name == "entries":
                        seen = True
                        yield from self._entries()
                    elif self.whole or name in READ:
                        long = self.whole or name == "pages"
                        self.log[name] = self._value("/log", LARGEST_MEMBER if long else SHORT)
                    else:
                        self._pass_over()
        except CutOff:
            self.cut_off = window.offset(window.end)
            if not seen:
                raise CaptureError(self.source, "", "the file ends before its entries begin") from None
            return
        if not seen:
            missing = "entries" if others else "log.entries"
            problem = f"no {missing}: this is JSON, but not a HAR: {FROM_DEVTOOLS}"
            raise CaptureError(self.source, "/log" if others else "", problem)
        self._after()

    # -- the members of `log` ------------------------------------------------------------------------------

    def _open(self) -> None:
        window = self.window
        head = window.head(4)
        if head.startswith(b"\xef\xbb\xbf"):
            window.at += 3
        elif head.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(head) > 1 and b"\0" in head and b"{" in head):
            raise CaptureError(self.source, "", "UTF-16 or UTF-32 text: save it as UTF-8")
        try:
            first = window.peek()
        except CutOff:
            raise CaptureError(self.source, "", "the file is empty: export or download it again") from None
        if first != OPENING:
            raise CaptureError(self.source, "", f"not JSON, so not a HAR: {FROM_DEVTOOLS}")

    def _members(self, pointer: str) -> Iterator[str]:
        """The keys of the object at the cursor; the caller reads each value before it asks for the next."""
        window = self.window
        if window.peek() != OPENING:
            raise CaptureError(self.source, pointer, f"not an object but {kind(self._value(pointer))}")
        window.at += 1
        if window.peek() == ord("}"):
            window.at += 1
            return
        while True:
            window.peek()
            plain = KEY.match(window.buffer, window.at, window.end)
            if plain is not None:
                window.at = plain.end()
                yield plain[1].decode()
            else:
                key = self._value(pointer) if window.peek() == ord('"') else None
                if not isinstance(key, str) or window.peek() != ord(":"):
                    raise CaptureError(self.source, pointer, f"not valid JSON at byte {self._offset}: no key")
                window.at += 1
                yield key
            following = window.peek()
            window.at += 1
            if following == ord("}"):
                return
            if following != ord(","):
                raise CaptureError(self.source, pointer, f"not valid JSON at byte {self._offset - 1}: no comma")

    def _value(self, pointer: str, most: int = SHORT, needed: bool = True) -> Any:
        """The value at the cursor, whole; None for one of more than `most` bytes. Raises CutOff, CaptureError."""
        window = self.window
        window.peek()
        offset, start = self._offset, window.place(window.at)
        try:
            end = value_end(window, most)
        except TooDeep:
            raise CaptureError(self.source, "", f"nested too deep at byte {offset}") from None
        whole = window.place(window.at) == start and end - window.at <= most
        text = bytes(window.buffer[window.at : end]) if whole else b"null"
        window.at = end
        window.shrink()
        problem = f"larger than {most >> 10:,} KiB" if not whole else None
        if not self.whole and is_crowded(text):
            text, problem = b"null", f"of more than {MOST_VALUES:,} values"
        if needed and problem is not None:
            self.skipped.append(Skipped(pointer, offset, f"a member {problem}"))
        try:
            return loads(text)
        except (ValueError, RecursionError):
            raise CaptureError(self.source, "", f"not valid JSON at byte {offset}") from None

    def _pass_over(self) -> None:
        """The value at the cursor, which nobody needs; a short one must be valid all the same."""
        window = self.window
        window.peek()
        plain = VALUE.match(window.buffer, window.at, window.end)
        if plain is not None:
            window.at = plain.end()
        else:
            self._value("", needed=False)

    def _after(self) -> None:
        """Trailing NULs and white space are common and harmless; anything else is told."""
        try:
            self.window.nothing()
            self.trailing = self._offset
        except CutOff:
            pass

    # -- the array of entries ------------------------------------------------------------------------------

    def _entries(self) -> Iterator[Element[Shape]]:
        window = self.window
        if window.peek() != ord("["):
            raise CaptureError(self.source, "/log/entries", f"not an array but {kind(self._value(''))}")
        array = Batches(window, self.decoder)
        if not array.open():
            return
        while True:
            start = self._offset
            found = array.run() or self._single(array)
            if isinstance(found, Element):
                yield found
            elif found is None:
                yield self._damaged(start, "not valid JSON")
            else:
                yield from self._numbered(found, start)
            found = None  # else it is in memory beside the next one
            window.shrink()
            if not array.at_end_of_element():
                start = self._offset
                array.resume()
                yield self._damaged(start, "neither a comma nor the end of the entries", counts=False)
            if not array.step():
                return

    def _numbered(self, found: Decoded[Shape], offset: int) -> Iterator[Element[Shape]]:
        """The entries of a run that began at this offset."""
        alone = offset if len(found.values) == 1 else None
        if found.problems and None in found.values:
            self._refuse(len(found.problems))
        for n, entry in enumerate(found.values):
            told = self._told(found.problems[n], alone) if n in found.problems else ()
            yield Element(self.count, entry, told)
            self.count += 1

    def _told(self, problems: list[Problem], offset: int | None) -> tuple[Skipped, ...]:
        here = f"/log/entries/{self.count}"
        return tuple(Skipped(here + pointer, None if pointer else offset, problem) for pointer, problem in problems)

    def _damaged(self, offset: int, problem: str, counts: bool = True) -> Element[Shape]:
        self._refuse(1)
        element: Element[Shape] = Element(self.count, None, self._told([("", f"damaged: {problem}")], offset))
        self.count += counts
        return element

    def _refuse(self, count: int) -> None:
        self.refused += count
        if self.refused > MOST_REFUSED:
            raise CaptureError(self.source, "/log/entries", f"more than {MOST_REFUSED:,} elements that are not entries")

    # -- an entry that is no ordinary one ------------------------------------------------------------------

    def _single(self, array: Batches[Shape]) -> Decoded[Shape] | Element[Shape] | None:
        """The entry at the cursor. Of a large one first the messages are peeled off, then bodies cut out."""
        if not array.large:
            try:
                return array.single(LARGE)
            except Large:
                pass
        if self.collector is not None and (head := self._head()) is not None:
            return self._peeled(array, head, self.collector())
        array.elide()
        return array.single(LARGEST, self.whole)

    def _head(self) -> bytes | None:
        """The entry at the cursor up to its messages; None where these are not in sight."""
        window = self.window
        for _, found in zip(range(ATTEMPTS), MESSAGES.finditer(window.buffer, window.at, window.end), strict=False):
            head = bytes(window.buffer[window.at : found.end()])
            try:
                loads(head + b"[]}")  # proves that it is a member of the entry, and no text in a string
            except (ValueError, RecursionError):
                continue
            return head
        return None

    def _peeled(self, array: Batches[Shape], head: bytes, collector: Collector) -> Element[Shape]:
        """The huge entry at the cursor, its messages streamed to the collector. Raises CutOff."""
        window, start = self.window, self._offset
        window.at += len(head)
        problems, end, found = None, 0, None
        try:
            problems = self._messages(array, collector)
            end = self._rest(array) if problems is not None else 0
        except CutOff:
            if not array.goes_on():
                raise
        if end:
            text = bytearray(b"[" + head + b"[]" + window.buffer[window.at : end] + b"]")
            found = self.decoder.run(text, 1, len(text) - 1)
        if found is None or problems is None:
            array.resume(end)
            return self._damaged(start, "not valid JSON")
        window.at = end
        array.misses = 0
        told = self._told([*found.problems.get(0, ()), *problems], start)
        self.count += 1
        return Element(self.count - 1, found.values[0], told, collector)

    def _rest(self, array: Batches[Shape]) -> int:
        """The end of the entry that we are within; 0 where it is damaged, or too large."""
        window = self.window
        start = window.place(window.at)
        end = array.end(depth=1)
        return end if window.place(window.at) == start else 0

    def _messages(self, entries: Batches[Shape], collector: Collector) -> list[Problem] | None:
        """Stream the array of messages at the cursor to the collector; what is wrong with some. None: it is damaged."""
        problems: list[Problem] = []
        untold = 0
        array = Batches(self.window, Decoder(RawMessage, all_or_nothing), within=entries)
        count, going = 0, array.open()
        while going:
            found = None  # else it is in memory beside the next one
            found = array.run() or array.single()
            if found is None or untold > MOST_REFUSED or not array.at_end_of_element():
                return None
            collector.add([message for message in found.values if message is not None])
            for n, told in found.problems.items():
                if len(problems) < MOST_TOLD:
                    problems += [(f"/_webSocketMessages/{count + n}", problem) for _, problem in told]
                else:
                    untold += 1
            count += len(found.values)
            self.window.shrink()
            going = array.step()
        return [*problems, *untold_messages("/_webSocketMessages", untold)]
