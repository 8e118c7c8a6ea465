"""Fit words into a picture: make text of a capture harmless, measure it in DejaVu Sans, cut and wrap it.

Pure, from a table: no font is asked, so that the same words take the same room on every machine.
"""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
BOLD = 1.15  # times as wide
LONGEST = 2_000  # characters of one text that are looked at

# Hundredths of the size, for the 95 printable characters of ASCII from the blank on (a test compares the font).
_ASCII = (
    *(32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34),
    *(84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99),
    *(69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52),
    *(39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),
)
_WIDE, _OTHER = 105, 75  # East Asian; anything else

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_PILED = 2  # marks on one letter; more would reach into other rows


def clean(text: str, most: int = LONGEST) -> str:
    """Make text of a capture safe: no control characters, bidi overrides or surrogates; the middle goes first."""
    if len(text) > most:
        tail = most // 3
        text = f"{text[: most - tail - 1]}{ELLIPSIS}{text[-tail:]}"
    if text.isascii() and text.isprintable():
        return text
    characters, piled = [], 0
    for character in text:
        category = unicodedata.category(character)
        piled = piled + 1 if category in _MARKS else 0
        if piled <= _PILED:
            characters.append("\ufffd" if category in _UNSAFE else character)
    return "".join(characters)


def inches(text: str, size: float, bold: bool = False) -> float:
    """Measure how wide the text is at this size in points."""
    total = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            total += _ASCII[code - 32]
        else:
            total += _WIDE if unicodedata.east_asian_width(character) in "WFA" else _OTHER
    return total * size / 7200 * (BOLD if bold else 1)


def short(text: str, room: float, size: float, bold: bool = False) -> str:
    """Cut the text to this many inches: its middle gives way, so that host and end of a path stay."""
    text = clean(text)
    if inches(text, size, bold) <= room:
        return text
    low, high = 0, len(text)  # the most characters that fit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if inches(_cut(text, middle), size, bold) <= room else (low, middle - 1)
    return _cut(text, low) if low else ""


def _cut(text: str, characters: int) -> str:
    head, host = characters - characters // 2, text.find("/")
    head = host if head < host < characters else head  # of an address the path gives way first
    return f"{text[:head].rstrip()}{ELLIPSIS}{text[len(text) - (characters - head) :].lstrip()}"


def wrap(text: str, room: float, size: float, lines: int, bold: bool = False, at: str = " ") -> list[str]:
    """Break the text into at most so many lines, `at` these; the last one loses its middle if it is too long."""
    words = [word for word in clean(text).split(at) if word]
    done: list[str] = []
    while words and len(done) < lines - 1:
        count = 1
        while count < len(words) and inches(at.join(words[: count + 1]), size, bold) <= room:
            count += 1
        done.append(short(at.join(words[:count]), room, size, bold))  # a word that no line holds is cut
        words = words[count:]
    return [*done, short(at.join(words), room, size, bold)] if words else done
