"""Learn what stands between two elements of an array from what stands before the first, and how that begins."""

from analyzer.formats.json_stream.window import LONGEST_SPACE, Window
from analyzer.patterns import Pattern

INDENTED, KEY = Pattern(rb"\r?\n[ \t]+"), Pattern(rb'\{?(\s*"[^"]*")(?=\s*:)')


class Separator:
    """Pretty-printed files repeat the line break and indentation: `sure`, since JSON strings hold no raw line break
    and deeper levels have another indentation. In others the first key tells an element from the objects within it,
    most of the time.
    """

    def __init__(self, lead: bytes, first: bytes) -> None:
        indented = INDENTED.match(lead)
        self.sure = indented is not None
        lead = indented[0] if indented else lead
        key = KEY.match(first)
        spaces = dict.fromkeys((lead, b"", b" ")) if key else {}  # without a key nothing tells entries from others
        self.patterns = [b"}," + space + b"{" + key[1] for space in spaces] if key else []
        if self.sure:
            self.patterns = [lead + b"}," + lead + b"{"]
        self.closing = len(lead) + 1 if self.sure else 1
        self.tails = [pattern[self.closing :] for pattern in self.patterns]
        self.forget()

    def forget(self) -> None:
        """Places have changed (`Window.elide`)."""
        self._next = -1  # place of the next one, so that no stretch is searched twice
        self._clear = 0  # place up to which there is none
        self._moves = 0  # of the window, when that was so

    def last(self, window: Window, end: int) -> int:
        """Where the last element ends that is followed by another before `end`; 0 for nowhere.

        The separator before the first element is the likely one: a search for one that does not occur passes all bytes.
        """
        places = (window.buffer.rfind(pattern, window.at, end) for pattern in self.patterns)
        at = next((at for at in places if at >= 0), -1)
        return at + self.closing if at >= 0 else 0

    def next(self, window: Window) -> int:
        """Where the element at the cursor ends, if the first separator after it is a true one; 0 for nowhere."""
        if self._next < window.place(window.at):
            self._clear, self._moves = window.follow(self._clear, self._moves), len(window.moves)
            start = max(window.at, window.index(self._clear) - LONGEST_SPACE)
            places = (window.buffer.find(pattern, start, window.end) for pattern in self.patterns)
            at = min((at for at in places if at >= 0), default=-1)
            if at < 0:
                self._clear = window.place(window.end)
                return 0
            self._next = window.place(at)
        return window.index(self._next) + self.closing
