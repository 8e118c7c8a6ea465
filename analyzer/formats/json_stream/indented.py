"""Cut bodies out of an indented document, where each member has a line of its own: a text ends where its line does.

A JSON string holds no raw line break, so two searches at the speed of memory find a body: its key, then the line break.
No byte between them is looked at by itself, as `elide` does, which needs numpy for that.

Why a text ends there. `elide` shows that the quote behind the key and its colon opens a string. That it ends where the
line does is the style of the document: each of its first lines (`SAMPLE`) holds one member, value or bracket; the key
stands first in its line; and the line ends in a quote that nothing escapes, or that and a comma. No quote at either end
of the text (`EDGE`) ends it sooner, and no other element begins within. Where one of these fails, nothing is cut any
more; and where a part of the text is gone by then, what the parser refuses takes the place of the mark.
"""

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.formats.json_stream.elide import MARK, QUOTE, is_odd
from analyzer.patterns import Pattern

SAMPLE = 1 << 15  # bytes that show the style
FEWEST = 8  # lines of them
SHORTEST = 2048  # bytes of text that are worth a cut
EDGE = 512  # bytes of a text at which we look for a quote that ends it
PROBE = 2 << 20  # bytes in which bodies pay for the search, where they are a quarter of them
INDENT = 64  # bytes before a key, at most
REFUSED = b'"]'  # takes the place of MARK: it ends the string, and an array that is none
ENDING = b'",\r'  # at most, of a line
RETURN, COMMA = ord("\r"), ord(",")
STRING = rb'"(?:[^"\\]|\\.)*+"'
LINE = Pattern(
    rb"[ \t]*+(?:(?:%b(?P<colon>[ \t]*+:[ \t]*+))?(?:%b|-?\d[\d.eE+-]*+|true|false|null|\{\}|\[\]|[\[{])|[\]}]),?\r?"
    % (STRING, STRING)
)
SAFE = Pattern(rb"[\x20-\x5b\x5d-\x7f]{8}")  # no escape, pair of escapes or character goes on behind these
BARE = Pattern(rb'(?<!\\)(?:\\\\)*+"')


def learn_opening(sample: bytes, key: str) -> bytes | None:
    """What stands before a text, where each member has a line of its own; None where that is not so."""
    lines = [LINE.fullmatch(line) for line in sample[: sample.rfind(b"\n") + 1].split(b"\n")[1:-1]]
    colons = {line["colon"] for line in lines if line is not None} - {None}
    if len(lines) < FEWEST or None in lines or len(colons) != 1:
        return None
    return b'"%b"%b"' % (key.encode(), colons.pop())


class _Text(NamedTuple):
    """A text that goes on beyond the block: how many of its last bytes were left, and whether others are gone."""

    size: int
    is_cut: bool


class IndentedElider:
    """Cuts texts out of one stream, block by block. `opening`: what stands before each. `common`: a key that each
    element has."""

    def __init__(self, opening: bytes, common: str = "") -> None:
        self.has_failed = False  # the document has another style
        self._opening = opening
        self._common = b'"%b"' % common.encode() if common else b""  # in a string its quotes would be escaped
        self._begin, self._lead = opening, 0  # what we look for, and how much of it stands before the key
        self._text: _Text | None = None
        self._count = self._gone = 0  # bytes of the current probe, and those of them that were cut

    @property
    def is_idle(self) -> bool:
        """Does the search cost more than it gains?"""
        return self.has_failed or (self._count >= PROBE and self._gone < PROBE // 4)

    @property
    def pending(self) -> int:
        """How many of the last bytes that were kept belong to a text that goes on."""
        return 0 if self._text is None else self._text.size + len(MARK)

    def forget(self) -> None:
        """Give up the text that goes on: the parser has passed it."""
        self._text = None

    def cut(self, buffer: bytearray, view: memoryview, start: int, end: int) -> tuple[int, list[tuple[int, int]]]:
        """Cut the bodies out of `buffer[start:end]`, the block that came in last; what is kept moves up.

        `view` is one of `buffer`. Returns where the kept bytes end, and the cuts: (index of the byte behind it, bytes
        that are gone).
        """
        if self.has_failed:
            return end, []
        if self._count >= PROBE:
            self._count = self._gone = 0
        self._count += end - start
        cuts = []
        stop = at = start - (0 if self._text is None else self._text.size)  # before `stop` all is in its place
        for text, closing, is_cut in self._texts(buffer, start, end):
            if stop != at:
                view[stop : stop + text - at] = view[at:text]
            stop += text - at
            gone = closing - text
            if not is_cut:
                view[stop : stop + len(MARK)] = MARK
                stop += len(MARK)
                gone -= len(MARK)
            cuts.append((stop, gone))
            self._gone += gone
            at = closing
        if stop != at:
            view[stop : stop + end - at] = view[at:end]
        return stop + end - at, cuts

    def _texts(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """From where to where the texts reach that are worth a cut, and whether a part of each is gone already."""
        if self._text is None:
            text, is_cut = self._next(buffer, max(1, start - self._lead - len(self._opening)), end), False
        else:
            text, is_cut = start - self._text.size, self._text.is_cut
            self._text = None
        while text:
            line = buffer.find(b"\n", max(text, start), end)
            closing = self._safe(buffer, text, is_cut, end) if line < 0 else self._closing(buffer, text, line)
            pays = closing > text and (is_cut or closing - text >= SHORTEST)
            if pays and not self.has_failed:
                self.has_failed = _may_end(buffer, text, closing, end if line < 0 else closing) or (
                    self._has_element(buffer, text, closing)
                )
            if self.has_failed:
                if is_cut:
                    buffer[text - len(MARK) : text] = REFUSED
                return
            if pays:
                yield text, closing, is_cut
            if line < 0:
                self._text = _Text(end - (closing if pays else text), is_cut or pays)
                return
            text, is_cut = self._next(buffer, line, end), False

    def _next(self, buffer: bytearray, start: int, end: int) -> int:
        """Where the next text begins; 0 for nowhere."""
        while (place := buffer.find(self._begin, start, end)) >= 0:
            key = place + self._lead
            text = key + len(self._opening)
            if text <= end and buffer.startswith(self._opening, key):
                return text if self._lead or self._learn_indent(buffer, key) else 0
            start = place + 1
        return 0

    def _learn_indent(self, buffer: bytearray, key: int) -> bool:
        """Learn what stands before a key in its line; False where it is more than white space. It is then part of what
        we look for: a long text is found three times as fast, and all bodies of a HAR are equally deep."""
        line = buffer.rfind(b"\n", max(0, key - INDENT), key)
        if line < 0 or buffer[line + 1 : key].strip(b" \t"):
            self.has_failed = True
            return False
        self._begin = bytes(buffer[line:key]) + self._opening[: self._opening.index(b'"', 1)]
        self._lead = key - line
        return True

    def _safe(self, buffer: bytearray, text: int, is_cut: bool, end: int) -> int:
        """Up to where a text may be cut that goes on beyond `end`, so that its edge stays, and no escape is parted."""
        if end - text < 2 * EDGE + (0 if is_cut else SHORTEST):
            return text
        safe = SAFE.search(buffer, end - 2 * EDGE, end - EDGE)
        return text if safe is None else safe.end()

    def _has_element(self, buffer: bytearray, text: int, closing: int) -> bool:
        """Does another element begin before the text's last quote? Nor does one where no quote
        is at all, which is soon clear."""
        if not self._common or buffer.find(QUOTE, text, closing) < 0:
            return False
        return buffer.find(self._common, text, closing) >= 0

    def _closing(self, buffer: bytearray, text: int, line: int) -> int:
        """The quote that ends the text whose line ends here."""
        at = line - 1
        at -= buffer[at] == RETURN
        at -= buffer[at] == COMMA
        self.has_failed = at < text or buffer[at] != QUOTE or is_odd(buffer, text, at)
        return at


def _may_end(buffer: bytearray, text: int, closing: int, end: int) -> bool:
    """Does a quote end the text before `closing`? We look at its edges alone. Where the text goes on beyond `end`, its
    own quote may be among the last bytes, which therefore do not count."""
    last = (closing, end - len(ENDING)) if end > closing else (max(text, closing - EDGE), closing)
    return _has_bare(buffer, text, min(text + EDGE, closing)) or _has_bare(buffer, *last)


def _has_bare(buffer: bytearray, start: int, end: int) -> bool:
    """Is a quote there that nothing escapes?"""
    quotes = buffer.count(QUOTE, start, end)
    if not quotes or (quotes == buffer.count(b'\\"', start, end) and buffer.find(b'\\\\"', start, end) < 0):
        return False
    return BARE.search(buffer, start, end) is not None
