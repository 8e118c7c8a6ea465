"""Read the elements of one array of a JSON document, one after the other, in bounded memory, exactly.

    window     bytes in, a cursor, the offset in the document
    elide      cuts out long texts, which nobody reads, as the bytes come in; `indented` does it in indented documents
    lines      one value per line, as the elements of one array
    separator  what stands between two elements of an array
    scan       where a value ends, token by token
    decode     msgspec, only the fields that are used; what it refuses goes to `json`, on that slice alone
    batches    the elements of an array: guess where whole ones end, let the decoder prove it
    here       the way to the array, the order of keys being free; its elements; an array peeled off a huge element

A format says in a `Layout` where its array is. docs/reading.md explains all of it, and what bounds time and memory.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Generic, Protocol

import msgspec

from analyzer.formats.json_stream.batches import LARGE, LARGEST, Batches, Large, value_end
from analyzer.formats.json_stream.crowded import MOST_VALUES, is_crowded
from analyzer.formats.json_stream.decode import (
    MOST_PROBLEMS,
    Decoded,
    Decoder,
    Problem,
    Shape,
    all_or_nothing,
    count_rest,
    kind,
    loads,
    salvage,
)
from analyzer.formats.json_stream.layout import Inner, Layout, NoElement, pointer_of
from analyzer.formats.json_stream.lines import Lines
from analyzer.formats.json_stream.scan import TooDeep
from analyzer.formats.json_stream.window import Bytes, CutOff, Window
from analyzer.model import CaptureError, Discreet, Skipped, SkipReason
from analyzer.patterns import Pattern

LARGEST_MEMBER, SHORT = 16 << 20, 1 << 16  # bytes of a member: at most, and of one that nobody expects to be long
MOST_REFUSED = 100_000  # elements that do not fit, after which this is another kind of file; likewise inner ones
ATTEMPTS = 8  # places where the inner array of a huge element may begin
OBJECT, ARRAY = ord("{"), ord("[")
# A key that holds no escape, and a short value, each with what follows it: in a file of nothing else a walk of each
# takes longer than a microsecond a byte.
KEY = Pattern(rb'"([^"\\\x00-\x1f\x80-\xff]{0,256})"[ \t\r\n]*+:')
VALUE = Pattern(
    rb'(?:-?(?:0|[1-9]\d{0,15})|true|false|null|"[^"\\\x00-\x1f\x80-\xff]{0,256}"|\[\]|\{\})(?=[ \t\r\n]*+[,}])'
)


class Collector(Protocol):
    """Takes the inner elements of one element, some at a time, in the order of the file."""

    def add(self, values: list[Any], /) -> None: ...


class Element(Discreet, msgspec.Struct, Generic[Shape]):
    """One element of the array: decoded, or skipped; with the fields of it that had to be left out.

    `collector`: what took its inner elements, where these are too many to be kept as they are.
    """

    index: int
    value: Shape | None
    skipped: tuple[Skipped, ...] = ()
    collector: Collector | None = None


class Run(Discreet, msgspec.Struct, Generic[Shape]):
    """Elements that stand one after the other: each decoded, or None; by its place what had to be left out of one."""

    index: int  # of the first
    values: list[Shape | None]
    skipped: dict[int, tuple[Skipped, ...]] = {}
    collector: Collector | None = None  # of a single one

    def elements(self) -> Iterator[Element[Shape]]:
        """Each of them."""
        for n, value in enumerate(self.values):
            yield Element(self.index + n, value, self.skipped.get(n, ()), self.collector)


class Document(Generic[Shape]):
    """One JSON document, read once, front to back; the elements of its array decoded as `shape`.

    Long texts are cut out of a large one, unless `whole`, which also keeps all members. The inner elements of a huge
    element go to a new `collector`, where there is one. `size`: of the document, or of what it is packed in, if that is
    known.

    Iterate over `elements()`; when it is exhausted `members` holds the other members of the object around the array,
    `skipped` those that are too large, `cut_off` the offset at which the document ends before it is complete,
    `trailing` that of what follows it.
    """

    def __init__(
        self,
        stream: Bytes,
        source: str,
        layout: Layout,
        shape: type[Shape],
        collector: Callable[[], Collector] | None = None,
        whole: bool = False,
        size: int = 0,
    ) -> None:
        self.window = Window(stream, () if whole else layout.texts, size, layout.common)
        self.layout = layout
        self.whole = whole
        self.source = source
        self.decoder = Decoder(shape, partial(salvage, inner=layout.inner.shape if layout.inner else None))
        self.collector = collector
        self.members: dict[str, Any] = {}
        self.skipped: list[Skipped] = []
        self.count = 0
        self.refused = 0  # elements that do not fit, or are damaged
        self.cut_off: int | None = None
        self.trailing: int | None = None
        self._reached = self._others = False  # the array, and other members of the object around it

    @property
    def _offset(self) -> int:
        return self.window.offset(self.window.at)

    def elements(self) -> Iterator[Element[Shape]]:
        """Every element of the array. Raises CaptureError where the document has none, and says what it is."""
        for run in self.runs():
            yield from run.elements()

    def runs(self) -> Iterator[Run[Shape]]:
        """The same, as many at once as were decoded at once: where each by itself would take too long."""
        try:
            yield from self._runs()
        except CaptureError as error:
            if self.count:
                raise
            raise NoElement(error.source, error.pointer, error.problem) from None

    def _runs(self) -> Iterator[Run[Shape]]:
        layout = self.layout
        try:
            self._open()
            yield from self._find(0)
        except CutOff:
            self.cut_off = self.window.offset(self.window.end)
            if not self._reached:
                raise CaptureError(self.source, "", f"the file ends before its {layout.elements} begin") from None
            return
        if not self._reached:
            missing = layout.path[-1] if self._others else ".".join(layout.path)
            problem = f"no {missing}: this is JSON, but not {layout.label}: {layout.advice}"
            raise CaptureError(self.source, pointer_of(layout.path[:-1]) if self._others else "", problem)
        self._check_end()

    # -- the way to the array ------------------------------------------------------------------------------

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
        if first == OBJECT and not self.layout.path:
            window.wrap(Lines)
        elif first != (OBJECT if self.layout.path else ARRAY):
            raise CaptureError(self.source, "", f"not JSON, so not {self.layout.label}: {self.layout.advice}")

    def _find(self, depth: int) -> Iterator[Run[Shape]]:
        """Go down from the value at the cursor, to which so many keys of the path led."""
        path = self.layout.path
        if depth == len(path):
            self._reached = True
            yield from self._array()
            return
        around = depth == len(path) - 1
        pointer = pointer_of(path[:depth])
        for key in self._keys(pointer):
            if key == path[depth]:
                yield from self._find(depth + 1)
            elif around:
                self._others = True
                self._keep(key, pointer)
            else:
                self._pass_over()

    def _keep(self, key: str, pointer: str) -> None:
        """Keep the member at the cursor, if it is one that is read."""
        if self.whole:
            self.members[key] = self._value(pointer, LARGEST_MEMBER)
        elif (most := self.layout.members.get(key)) is not None:
            self.members[key] = self._value(pointer, most)
        else:
            self._pass_over()

    def _keys(self, pointer: str) -> Iterator[str]:
        """The keys of the object at the cursor; the caller reads each value before it asks for the next."""
        window = self.window
        if window.peek() != OBJECT:
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
            self.skipped.append(Skipped(pointer, offset, f"a member {problem}", SkipReason.TOO_LARGE))
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

    def _check_end(self) -> None:
        """Pass trailing NULs and white space, which are common and harmless; note anything else."""
        try:
            self.window.nothing()
            self.trailing = self._offset
        except CutOff:
            pass

    # -- the array -----------------------------------------------------------------------------------------

    def _array(self) -> Iterator[Run[Shape]]:
        window = self.window
        if window.peek() != ARRAY:
            raise CaptureError(self.source, self.layout.pointer, f"not an array but {kind(self._value(''))}")
        array = Batches(window, self.decoder)
        if not array.open():
            return
        while True:
            start = self._offset
            result = array.run() or self._single(array)
            if isinstance(result, Run):
                yield result
            elif result is None:
                yield self._skip(start, "not valid JSON")
            else:
                yield self._number(result, start)
            result = None  # else it is in memory beside the next one
            window.shrink()
            if not array.at_end_of_element():
                start = self._offset
                array.resume()
                yield self._skip(start, f"neither a comma nor the end of the {self.layout.elements}", counts=False)
            if not array.step():
                return

    def _number(self, run: Decoded[Shape], offset: int) -> Run[Shape]:
        """Number the elements of a run that began at this offset."""
        alone = offset if len(run.values) == 1 else None
        if run.problems and None in run.values:
            self._refuse(len(run.problems))
        skipped = {n: self._locate(problems, alone, n) for n, problems in run.problems.items()}
        self.count += len(run.values)
        return Run(self.count - len(run.values), run.values, skipped)

    def _locate(self, problems: list[Problem], offset: int | None, place: int = 0) -> tuple[Skipped, ...]:
        """Say where in the document the problems of an element are: of the next, or of one behind that."""
        here = f"{self.layout.pointer}/{self.count + place}"
        return tuple(Skipped(here + pointer, None if pointer else offset, problem) for pointer, problem in problems)

    def _skip(self, offset: int, problem: str, counts: bool = True) -> Run[Shape]:
        """Skip damage at this offset. It `counts` as an element where one stood there."""
        self._refuse(1)
        run: Run[Shape] = Run(self.count, [None], {0: self._locate([("", f"damaged: {problem}")], offset)})
        self.count += counts
        return run

    def _refuse(self, count: int) -> None:
        self.refused += count
        if self.refused > MOST_REFUSED:
            problem = f"more than {MOST_REFUSED:,} elements that are not {self.layout.elements}"
            raise CaptureError(self.source, self.layout.pointer, problem)

    # -- an element that is no ordinary one ----------------------------------------------------------------

    def _single(self, array: Batches[Shape]) -> Decoded[Shape] | Run[Shape] | None:
        """The element at the cursor. Of a large one first the inner array is peeled off, then texts are cut out."""
        if not array.large:
            try:
                return array.single(LARGE)
            except Large:
                pass
        inner = self.layout.inner
        if self.collector is not None and inner is not None and (head := self._head(inner)) is not None:
            return self._peel(array, head, inner, self.collector())
        array.elide()
        return array.single(LARGEST, self.whole)

    def _head(self, inner: Inner) -> bytes | None:
        """The element at the cursor up to its inner array; None where that is not in sight."""
        window = self.window
        places = _key_of_array(inner.key).finditer(window.buffer, window.at, window.end)
        for _, match in zip(range(ATTEMPTS), places, strict=False):
            head = bytes(window.buffer[window.at : match.end()])
            try:
                loads(head + b"[]}")  # proves that it is a member of the element, and no text in a string
            except (ValueError, RecursionError):
                continue
            return head
        return None

    def _peel(self, array: Batches[Shape], head: bytes, inner: Inner, collector: Collector) -> Run[Shape]:
        """Read the huge element at the cursor, its inner elements streamed to the collector. Raises CutOff."""
        window, start = self.window, self._offset
        window.at += len(head)
        problems, end, run = None, 0, None
        try:
            problems = self._stream(array, inner, collector)
            end = self._rest(array) if problems is not None else 0
        except CutOff:
            if not array.goes_on():
                raise
        if end:
            text = bytearray(b"[" + head + b"[]" + window.buffer[window.at : end] + b"]")
            run = self.decoder.run(text, 1, len(text) - 1)
        if run is None or problems is None:
            array.resume(end)
            return self._skip(start, "not valid JSON")
        window.at = end
        array.misses = 0
        skipped = self._locate([*run.problems.get(0, ()), *problems], start)
        self.count += 1
        return Run(self.count - 1, run.values, {0: skipped}, collector)

    def _rest(self, array: Batches[Shape]) -> int:
        """The end of the element that the cursor is within; 0 where it is damaged, or too large."""
        window = self.window
        start = window.place(window.at)
        end = array.end(depth=1)
        return end if window.place(window.at) == start else 0

    def _stream(self, around: Batches[Shape], inner: Inner, collector: Collector) -> list[Problem] | None:
        """Stream the inner array at the cursor to the collector; what is wrong with some of it. None: it is damaged."""
        problems: list[Problem] = []
        rest = 0
        decoder: Decoder[Any] = Decoder(inner.shape, partial(all_or_nothing, shape=inner.shape))
        array = Batches(self.window, decoder, within=around)
        count, going = 0, array.open()
        while going:
            run = None  # else it is in memory beside the next one
            run = array.run() or array.single()
            if run is None or rest > MOST_REFUSED or not array.at_end_of_element():
                return None
            collector.add([value for value in run.values if value is not None])
            for n, wrong in run.problems.items():
                if len(problems) < MOST_PROBLEMS:
                    problems += [(f"/{inner.key}/{count + n}", problem) for _, problem in wrong]
                else:
                    rest += 1
            count += len(run.values)
            self.window.shrink()
            going = array.step()
        return [*problems, *count_rest(f"/{inner.key}", rest)]


@cache
def _key_of_array(key: str) -> re.Pattern[bytes]:
    """What stands before an array that is the value of this key."""
    return re.compile(rb'"%b"\s*:\s*(?=\[)' % re.escape(key.encode()))
