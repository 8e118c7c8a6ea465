"""The JSON side of HAR: the entries of one document, one batch after the other, in bounded memory, exactly.

Guess the cut, let a strict parser prove it. The bytes come in through one window. The end of the last whole
entry in it is guessed from the text that stands between two entries; the slice up to there is decoded as an
array. A JSON value is prefix-free, so a strict decode that succeeds *proves* that the guess was a boundary,
and one that fails only costs another guess. What no guess settles is walked token by token, in linear time.

    window   bytes in, a cursor, the offset in the document
    seam     what stands between two entries
    members  walks `{"log": {...}}`; the order of keys is free
    batches  the array of entries
    decode   msgspec, only the fields we use; what it refuses goes to `json`, on that slice alone

Memory: the window and the largest single entry, whatever the size of the document. Two steps that bound it
further have their place and are not built yet: eliding long strings, where `Window._fill` takes bytes in; and
peeling the messages off a huge socket, where `Document._guess` finds an entry larger than the window.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from analyzer.model import CaptureError, Skipped
from analyzer.readers.raw import RawMessage

WINDOW = 1 << 20
LONGEST_GUESS = 16 << 20  # bytes without a separator after which we walk instead of reading on
PATIENCE = 64 << 20  # bytes to walk in vain past seams that are not sure, in the whole document
MISSES = 4  # guesses in a row that came to nothing, after which we only walk
LONGEST_SPACE = 256  # of white space that matters
NO_SPACE = re.compile(rb"[^ \t\r\n]")
AFTER_SCALAR = re.compile(rb"[ \t\r\n,\]}:]")
WHERE = re.compile(r" - at `\$(?P<path>[^`]*)`$")  # the end of what msgspec says
# One token of structure; a string that the window cuts off matches too, without its closing quote.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+("|\\?\Z)|[\[\]{}]', re.DOTALL)


class Bytes(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class CutOff(Exception):  # noqa: N818 - an event, not an error
    """The document ends before it is complete."""


Shape = TypeVar("Shape")


class Element(msgspec.Struct, Generic[Shape]):
    """One element of `entries`: decoded, or skipped; with the fields of it that had to be left out."""

    index: int
    entry: Shape | None
    skipped: tuple[Skipped, ...] = ()


class Window:
    """A stretch of the stream. Unread is `buffer[at:end]`; `at` is never 0: its neighbour may be overwritten."""

    def __init__(self, stream: Bytes) -> None:
        self.stream = stream
        self.buffer = bytearray(WINDOW + 2)
        self.at = self.end = 1
        self.before = -1  # offset in the document of buffer[0]
        self.complete = False

    @property
    def offset(self) -> int:
        return self.before + self.at

    def need(self, count: int) -> bool:
        """Make `count` unread bytes available; False at the end of the stream."""
        if self.end - self.at < count and not self.complete:
            self._fill(count)
        return self.end - self.at >= count

    def _fill(self, count: int) -> None:
        unread = self.end - self.at
        old = self.buffer
        if count + 2 > len(old):  # a new one: decoded `Raw` fields may still hold the old
            self.buffer = bytearray(count + count // 2 + 2)
        with memoryview(self.buffer) as view, memoryview(old) as source:
            view[1 : 1 + unread] = source[self.at : self.end]
            self.before += self.at - 1
            self.at, self.end = 1, 1 + unread
            while self.end - 1 < count:
                got = self.stream.readinto(view[self.end : count + 1])  # no more: what is in the cache is parsed faster
                if not got:
                    self.complete = True
                    return
                self.end += got

    def more(self) -> bool:
        """At least as much again as is unread; False at the end of the stream."""
        unread = self.end - self.at
        self.need(max(2 * unread, WINDOW))
        return self.end - self.at > unread

    def peek(self) -> int:
        """The next byte that is not white space, and the cursor on it. Raises CutOff."""
        self.space()
        return self.buffer[self.at]

    def space(self) -> bytes:
        """Pass the white space at the cursor; what it was. Raises CutOff."""
        passed = b""
        while True:
            found = NO_SPACE.search(self.buffer, self.at, self.end)
            stop = found.start() if found else self.end
            passed += self.buffer[self.at : stop][:LONGEST_SPACE]
            self.at = stop
            if found:
                return passed
            if not self.need(1):
                raise CutOff

    def shrink(self) -> None:
        """Give back the room that one huge entry took."""
        if len(self.buffer) > LONGEST_GUESS and self.end - self.at < WINDOW:
            rest = self.buffer[self.at : self.end]
            self.before += self.at - 1
            self.buffer = bytearray(WINDOW + 2)
            self.buffer[1 : 1 + len(rest)] = rest
            self.at, self.end = 1, 1 + len(rest)


class Seam:
    """What stands between two entries, learnt from what stands before the first and how that begins.

    Pretty-printed files repeat the line break and indentation: `sure`, since JSON strings hold no raw line break
    and deeper levels have another indentation. In others the first key tells an entry from the objects within it,
    most of the time.
    """

    def __init__(self, lead: bytes, first: bytes) -> None:
        indented = re.match(rb"\r?\n[ \t]+", lead)
        self.sure = indented is not None
        lead = indented[0] if indented else lead
        key = re.match(rb'\{?(\s*"[^"]*")', first)
        spaces = dict.fromkeys((lead, b"", b" ")) if key else {}  # without a key nothing tells entries from others
        self.patterns = [b"}," + space + b"{" + key[1] for space in spaces] if key else []
        if self.sure:
            self.patterns = [lead + b"}," + lead + b"{"]
        self.closing = len(lead) + 1 if self.sure else 1
        self.tails = [pattern[self.closing :] for pattern in self.patterns]
        self._found = -1  # offset of the next one, so that no stretch is searched twice
        self._clear = 0  # offset up to which there is none

    def last(self, window: Window, end: int) -> int:
        """Where the last entry ends that is followed by another before `end`; 0 for nowhere."""
        at = max((window.buffer.rfind(pattern, window.at, end) for pattern in self.patterns), default=-1)
        return at + self.closing if at >= 0 else 0

    def next(self, window: Window) -> int:
        """Where the entry at the cursor ends, if the first seam after it tells the truth; 0 for nowhere."""
        if self._found < window.offset:
            start = max(window.at, self._clear - window.before - LONGEST_SPACE)
            found = (window.buffer.find(pattern, start, window.end) for pattern in self.patterns)
            at = min((at for at in found if at >= 0), default=-1)
            if at < 0:
                self._clear = window.before + window.end
                return 0
            self._found = window.before + at
        return self._found - window.before + self.closing


class Document(Generic[Shape]):
    """One HAR document, read once, front to back; its entries decoded as `shape` (RawEntry, or dict for all of it).

    Iterate over `elements()`; when it is exhausted `log` holds the other members of `log` (pages, creator ...),
    `cut_off` the offset at which the document ends before it is complete, `trailing` that of what follows it.
    """

    def __init__(self, stream: Bytes, source: str, shape: type[Shape]) -> None:
        self.window = Window(stream)
        self.source = source
        self.many = msgspec.json.Decoder(list[shape])  # type: ignore[valid-type]  # a type made at run time
        self.one = msgspec.json.Decoder(shape)
        self.log: dict[str, Any] = {}
        self.count = 0
        self.cut_off: int | None = None
        self.trailing: int | None = None
        self.seam = Seam(b"", b"")
        self.patience = PATIENCE

    def elements(self) -> Iterator[Element[Shape]]:
        """Every element of `log.entries`. Raises CaptureError where the document is no HAR."""
        window = self.window
        seen = False
        try:
            self._open()
            for key in self._members(""):
                if key != "log":
                    self._value()
                    continue
                for name in self._members("/log"):
                    if name == "entries":
                        seen = True
                        yield from self._entries()
                    else:
                        self.log[name] = self._value()
        except CutOff:
            self.cut_off = window.before + window.end
            if not seen:
                raise CaptureError(self.source, "", "the file ends before its entries begin") from None
            return
        if not seen:
            problem = (
                "no entries: this is JSON, but not a HAR" if self.log else "no log.entries: this is JSON, but not a HAR"
            )
            raise CaptureError(self.source, "/log" if self.log else "", problem)
        self._after()

    # -- the members of `log` ------------------------------------------------------------------------------

    def _open(self) -> None:
        window = self.window
        window.need(4)
        head = bytes(window.buffer[window.at : window.end][:4])
        if head.startswith(b"\xef\xbb\xbf"):
            window.at += 3
        elif head.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(head) > 1 and b"\0" in head and b"{" in head):
            raise CaptureError(self.source, "", "UTF-16 or UTF-32 text: save it as UTF-8")
        try:
            first = window.peek()
        except CutOff:
            raise CaptureError(self.source, "", "the file is empty") from None
        if first != ord("{"):
            raise CaptureError(self.source, "", _what_it_is(bytes(window.buffer[window.at : window.end][:64])))

    def _members(self, pointer: str) -> Iterator[str]:
        """The keys of the object at the cursor; the caller reads each value before it asks for the next."""
        window = self.window
        if window.peek() != ord("{"):
            raise CaptureError(self.source, pointer, f"not an object but {kind(self._value())}")
        window.at += 1
        if window.peek() == ord("}"):
            window.at += 1
            return
        while True:
            key = self._value() if window.peek() == ord('"') else None
            if not isinstance(key, str) or window.peek() != ord(":"):
                raise CaptureError(self.source, pointer, f"not valid JSON at byte {window.offset}: no key")
            window.at += 1
            yield key
            following = window.peek()
            window.at += 1
            if following == ord("}"):
                return
            if following != ord(","):
                raise CaptureError(self.source, pointer, f"not valid JSON at byte {window.offset - 1}: no comma")

    def _value(self) -> Any:
        """The value at the cursor, whole. Raises CutOff, CaptureError."""
        window = self.window
        window.peek()
        end = self._walk()
        text = bytes(window.buffer[window.at : end])
        start, window.at = window.offset, end
        try:
            return _loads(text)
        except (ValueError, RecursionError):
            raise CaptureError(self.source, "", f"not valid JSON at byte {start}") from None

    def _after(self) -> None:
        """Trailing NULs and white space are common and harmless; anything else is told."""
        window = self.window
        try:
            while window.peek() == 0:
                window.at += 1
            self.trailing = window.offset
        except CutOff:
            pass

    # -- the array of entries ------------------------------------------------------------------------------

    def _entries(self) -> Iterator[Element[Shape]]:
        window = self.window
        if window.peek() != ord("["):
            raise CaptureError(self.source, "/log/entries", f"not an array but {kind(self._value())}")
        window.at += 1
        lead = window.space()
        if window.peek() == ord("]"):
            window.at += 1
            return
        window.need(LONGEST_SPACE)
        self.seam = Seam(lead, bytes(window.buffer[window.at : window.end][:LONGEST_SPACE]))
        misses = 0
        while True:
            batch = self._guess() if misses < MISSES else None
            misses = 0 if batch else misses + 1
            yield from batch or self._single()
            window.shrink()
            if window.peek() not in b",]":
                offset = window.offset
                window.at = self._resume()
                yield self._damaged(offset, "neither a comma nor the end of the entries", counts=False)
            following = window.peek()
            window.at += 1
            if following == ord("]"):
                return
            window.peek()

    def _guess(self) -> list[Element[Shape]] | None:
        """Several whole entries at once; None where no guess held."""
        window = self.window
        want = WINDOW
        while window.need(want) and want < LONGEST_GUESS and not self.seam.last(window, window.end):
            want *= 2  # the entry is larger than the window
        for end in self._guesses():
            batch = self._decode(window.at, end)
            if batch is not None:
                window.at = end
                return batch
        return None

    def _guesses(self) -> Iterator[int]:
        """Where a run of whole entries may end: the longest first, then ever shorter ones (to leave damage behind)."""
        window = self.window
        if window.complete:  # the array's own end may be in sight
            at = window.end
            for _ in range(4):
                at = window.buffer.rfind(b"]", window.at, at)
                last = window.buffer.rfind(b"}", window.at, max(at, window.at))
                if at < 0 or last < 0:
                    break
                if not window.buffer[last + 1 : at].strip():
                    yield last + 1
        end = window.end
        while (end := self.seam.last(window, end)) and end > window.at:
            yield end
            end = window.at + (end - window.at) // 2

    def _single(self) -> list[Element[Shape]]:
        """Exactly one element, walked to its end. A damaged one is skipped, up to where the next begins."""
        window = self.window
        start = window.offset
        try:
            end = self._walk(self.seam)
        except CutOff:
            if not self.seam.next(window):
                raise
            end = 0
        if end:
            batch = self._decode(window.at, end)
            if batch is not None:
                window.at = end
                if batch[0].entry is not None or self._at_seam():
                    return batch
                self.count -= 1  # a string that should have been a key: its opening brace is missing
        window.at = self._resume(end)
        return [self._damaged(start, "not valid JSON")]

    def _at_seam(self) -> bool:
        try:
            return self.window.peek() in b",]"
        except CutOff:
            return True

    def _resume(self, end: int = 0) -> int:
        """Where to go on after damage at the cursor: the comma before the next entry, or `end`. Raises CutOff."""
        window = self.window
        searched = 0
        while True:
            stop = end if end > window.at else window.end
            found = (window.buffer.find(tail, window.at + searched, stop) for tail in self.seam.tails)
            at = min((at for at in found if at >= 0), default=end if end > window.at else 0)
            if at:
                return at
            searched = max(0, window.end - window.at - LONGEST_SPACE)  # a seam may lie across the edge
            if not window.more():
                window.at = window.end
                raise CutOff

    def _walk(self, seam: Seam | None = None) -> int:
        """The end of the value at the cursor, token by token; linear, and as far as the value goes.

        A sure seam bounds the walk of a damaged entry; past another kind it goes on while there is patience.
        0: given up. Raises CutOff.
        """
        window = self.window
        if window.buffer[window.at] not in b'"[{':
            return self._scalar()
        at, depth = 0, 0
        while True:
            buffer, start = window.buffer, window.at
            boundary = seam.next(window) if seam is not None else 0
            stop = window.end
            if boundary and seam is not None:
                stop = boundary if seam.sure else min(stop, boundary + self.patience)
            for token in TOKEN.finditer(buffer, start + at, stop):
                first = buffer[token.start()]
                if first == ord('"'):
                    if token[1] != b'"':
                        break  # the window ends within this string: read on, and take it up again
                elif first in b"[{":
                    depth += 1
                else:
                    depth -= 1
                at = token.end() - start
                if depth == 0:
                    return start + at
            if boundary and stop < window.end:
                self.patience = max(0, self.patience - (stop - boundary))
                return 0
            if not window.more():
                self.patience = max(0, self.patience - (stop - boundary if boundary else 0))
                raise CutOff

    def _scalar(self) -> int:
        """The end of a number, true, false or null (or of what should have been one)."""
        window = self.window
        searched = 0
        while True:
            found = AFTER_SCALAR.search(window.buffer, window.at + searched, window.end)
            if found:
                return max(found.start(), window.at + 1)
            searched = window.end - window.at
            if not window.more():
                raise CutOff

    # -- decoding ------------------------------------------------------------------------------------------

    def _decode(self, start: int, end: int) -> list[Element[Shape]] | None:
        """The elements of `buffer[start:end]`, or None where that is not a sequence of whole JSON values."""
        buffer = self.window.buffer
        before, after = buffer[start - 1], buffer[end]
        buffer[start - 1], buffer[end] = ord("["), ord("]")
        try:
            with memoryview(buffer) as view:
                try:
                    entries = self.many.decode(view[start - 1 : end + 1])
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    return self._referee(bytes(view[start - 1 : end + 1]), self.window.before + start)
        finally:
            buffer[start - 1], buffer[end] = before, after
        first = self.count
        self.count += len(entries)
        return [Element(first + n, entry) for n, entry in enumerate(entries)]

    def _referee(self, text: bytes, offset: int) -> list[Element[Shape]] | None:
        """What the fast decoder refuses: lone surrogates, NaN, invalid UTF-8, odd types."""
        try:
            values = _loads(text)
        except (ValueError, RecursionError):
            return None
        elements = []
        for value in values:
            if isinstance(value, dict):
                entry, skipped = _lenient(value, f"/log/entries/{self.count}", self.one)
                elements.append(Element(self.count, entry, skipped))
                self.count += 1
            else:
                elements.append(self._skip(f"not an object but {kind(value)}", offset if len(values) == 1 else None))
        return elements

    def _skip(self, problem: str, offset: int | None = None) -> Element[Shape]:
        skipped = Skipped(f"/log/entries/{self.count}", offset, problem)
        self.count += 1
        return Element(self.count - 1, None, (skipped,))

    def _damaged(self, offset: int, problem: str, counts: bool = True) -> Element[Shape]:
        element = self._skip(f"damaged: {problem}", offset)
        self.count -= not counts
        return element


def _loads(text: bytes) -> Any:
    """JSON as leniently as it can be read: control characters, lone surrogates; NaN and infinities are null."""
    return json.loads(text.decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None, parse_float=_finite)


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def _lenient(
    value: dict[str, Any], pointer: str, decoder: msgspec.json.Decoder[Shape]
) -> tuple[Shape, tuple[Skipped, ...]]:
    """Decode what can be decoded; each member of the wrong type is left out and told."""
    skipped: list[Skipped] = []
    while True:
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        try:
            return decoder.decode(text), tuple(skipped)
        except msgspec.MsgspecError as error:
            found = WHERE.search(str(error))
            path = re.findall(r"\.([^.\[]+)|\[", found["path"]) if found else []
            skipped += _drop(value, path, pointer, str(error).split(" - at ")[0])


def _drop(value: Any, path: list[str], pointer: str, problem: str) -> list[Skipped]:
    """Remove the member at `path` (an empty step: any element of an array, each tried by itself)."""
    for depth, step in enumerate(path):
        if step == "":
            told = [(n, why) for n, item in enumerate(value) if (why := _no_message(item))]
            for n, _ in reversed(told):
                del value[n]
            return [Skipped(f"{pointer}/{n}", None, why) for n, why in told]
        pointer += f"/{step}"
        if depth == len(path) - 1:
            del value[step]
            return [Skipped(pointer, None, problem)]
        value = value[step]
    raise AssertionError(f"a field of the wrong type that is nowhere: {problem}")


def _no_message(item: object) -> str:
    """Why it is no message; "" where it is one."""
    try:
        msgspec.convert(item, RawMessage)
    except msgspec.ValidationError as error:
        return str(error)
    except UnicodeEncodeError:
        return "a lone surrogate where no text is"
    return ""


def kind(value: object) -> str:
    """What a JSON value is, without echoing it (it may be a secret)."""
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


def _what_it_is(head: bytes) -> str:
    """Why a file that does not begin with `{` is no HAR."""
    known: tuple[tuple[bytes, str], ...] = (
        (b"\x89PNG", "a PNG picture, not a HAR"),
        (b"%PDF", "a PDF, not a HAR"),
        (b"<", "HTML or XML, not a HAR"),
        (b"[", "not a HAR: it begins with [, and a HAR is an object with a log"),
        (b"\x78\x01", "zlib data (mitmproxy .zhar): decompress it first"),
        (b"\x78\x9c", "zlib data (mitmproxy .zhar): decompress it first"),
        (b"\x78\xda", "zlib data (mitmproxy .zhar): decompress it first"),
        (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
    )
    for magic, told in known:
        if head.startswith(magic):
            return told
    if re.match(rb"[\w.$]+\s*\(\s*\{", head):
        return "JSONP: remove the function call around the HAR"
    return "not JSON, so not a HAR"
