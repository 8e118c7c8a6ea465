"""Fit text into a medium: its width, its signs, text that acts on nothing.

Everything here is pure, and without what a terminal needs: pages and charts import it, too.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from analyzer.model import Value

NARROWEST = 40
MARGIN = "   "  # before every line under a headline

# The six plain colours, bold and dim can be read in every common theme. Bright colours cannot: bright black is the
# background in Solarized. Nor can bold ones, which many terminals show bright. Dim leaves a contrast of 2 there, so
# only lines and dots are dim, and what is said beside (FAINT) has the terminal's own colour.
BAD, UNSURE, GOOD, FAINT, STRONG, LINES = "red", "yellow", "green", "none", "bold", "dim"
TONES = {"bad": BAD, "unsure": UNSURE, "good": GOOD}


class Signs(Value, frozen=True):
    """Hold the signs that are drawn: one set for most terminals, one in ASCII. Only marks are wider than a cell."""

    overlap: str
    fine: str
    unsure: str
    nothing: str
    unreadable: str
    certain: str
    possible: str
    goes_on: str
    no_end: str
    connecting: str
    failed: str
    page: str
    guide: str
    heavy: str
    line: str
    corner: str
    tick: str
    dot: str
    ellipsis: str
    arrow: str
    sent: str
    received: str
    zero: str
    steps: str  # from few to many


# fmt: off
UNICODE = Signs(
    "✗", "✓", "?", "–", "!", "█", "░", "►", "?", "╌", "×", "▼", "┊", "━", "─", "├", "┼", "·", "…", "→", "→", "←",
    "·", "▁▂▃▄▅▆▇█",
)
ASCII = Signs(
    "[X]", "[OK]", "[?]", "[-]", "[!]", "#", ".", ">", "?", "-", "x", "v", ":", "=", "-", "+", "+", "-", "...", "->",
    "->", "<-", "0", ".:-=+*%#",
)
# fmt: on
# Our own typography, where it comes in with a rule's sentence.
PLAIN = str.maketrans(
    {
        "—": "-",
        "–": "-",
        "…": "...",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "·": "-",
        "→": "->",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "−": "-",
    }
)  # fmt: skip


class Medium(Value, frozen=True):
    """Describe a terminal: how wide, and whether it can show more than ASCII."""

    width: int
    unicode: bool

    @property
    def signs(self) -> Signs:
        return UNICODE if self.unicode else ASCII

    def safe(self, text: str, most: int = 400) -> str:
        """Make text of a capture act on nothing: what is not printable is written as `\\x1b`, `\\u202e`.

        Controls of the terminal, line ends, bidi overrides, lone surrogates, marks piled up on one letter; and what
        is longer than `most`.
        """
        cut = len(text) > most
        text = text[:most]
        if not (text.isascii() and text.isprintable()):
            text = text.translate(PLAIN) if not self.unicode else text
            text = "".join(map(self._character, text, " " + text, "  " + text))
        return text + self.signs.ellipsis if cut else text

    def _character(self, character: str, before: str, before_that: str) -> str:
        if character.isascii() and character.isprintable():
            return character
        piled = cell_len(character) == 0 and cell_len(before) == 0 and cell_len(before_that) == 0
        if self.unicode and character.isprintable() and not piled:
            return character
        return (
            character.encode("ascii", "backslashreplace").decode("ascii")
            if not character.isascii()
            else f"\\x{ord(character):02x}"
        )

    def short(self, text: str, cells: int) -> str:
        """Cut the text, harmless, to at most this many cells: its end gives way to an ellipsis."""
        text, sign = self.safe(text), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        return (set_cell_size(text, max(0, cells - len(sign))).rstrip() + sign)[: max(cells, 0)] if cells > 0 else ""

    def short_middle(self, text: str, cells: int) -> str:
        """Cut an address likewise: host and end of the path stay."""
        text, sign = self.safe(text), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        head = set_cell_size(text, max(0, cells - len(sign)) // 2).rstrip()
        return head + self.short_left(text, cells - cell_len(head))

    def short_address(self, text: str, cells: int) -> str:
        """Cut `host/path` likewise: the path gives way, and the host only where it has no room by itself."""
        text = self.safe(text)
        host, slash, path = text.partition("/")
        room = cells - cell_len(host)
        if cell_len(text) <= cells or room <= len(self.signs.ellipsis):
            return self.short_middle(text, cells)
        return host + self.short_left(slash + path, room)

    def short_left(self, text: str, cells: int) -> str:
        """Cut a path likewise: the beginning gives way."""
        text, sign = self.safe(text, 4000), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        end = ""
        for character in reversed(text):
            if cell_len(character + end) > cells - len(sign):
                break
            end = character + end
        return sign + end
