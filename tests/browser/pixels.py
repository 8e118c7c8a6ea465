"""Find what a reader would call a fault in pictures of a page: blank places, words without ink, words cut off, and on
paper headings that stand alone and words that are missing.

Each check returns sentences; none means that the picture is good. Pixels are CSS pixels, 96 per inch, also on paper.
"""

from __future__ import annotations

import colorsys
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

INCH = 96
MILLIMETER = INCH / 25.4
BLANK = 25 * MILLIMETER  # rows that are all alike, and taller than this, are a blank place
FOOT = 0.4  # of a sheet that may stay empty below what did not fit on it
ALIKE = 10  # levels of a colour channel that nobody can distinguish
Image.MAX_IMAGE_PIXELS = None  # a report of many captures is a tall picture
SIZES = {"A4": (210, 297), "Letter": (215.9, 279.4)}  # mm

# Each line of text that the document has and shows: words, where it is, the part that its boxes let through, and what
# cuts the rest: "" nothing, "scroll" one can scroll to it, "ellipsis" three dots say so, "cut".
WORDS = """(place => {
    const lines = [], style = new Map(), look = element => {
        if (!style.has(element)) style.set(element, getComputedStyle(element));
        return style.get(element);
    };
    const walker = document.createTreeWalker(document.querySelector(place), NodeFilter.SHOW_TEXT);
    const range = document.createRange(), width = document.documentElement.clientWidth;
    for (let node; (node = walker.nextNode());) {
        const holder = node.parentElement, text = node.data.trim();
        if (!text || holder.closest('script, style, option, title, desc, .aloud')) continue;
        if (holder.checkVisibility && !holder.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            if (box.width < 2 || box.height < 2) continue;
            let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom], why = '', fixed = false;
            for (let at = holder; at && at !== document.body; at = at.parentElement) {
                const { overflowX, overflowY, textOverflow, clipPath, position } = look(at);
                if (clipPath !== 'none') right = left;
                if (overflowX === 'visible' && overflowY === 'visible') continue;
                const outer = at.getBoundingClientRect();
                const edges = [outer.left, outer.top, outer.right, outer.bottom];
                const beyond = [edges[0] - left, edges[1] - top, right - edges[2], bottom - edges[3]];
                const scrolls = /auto|scroll/.test(overflowX + overflowY);
                const dots = textOverflow === 'ellipsis' && beyond[1] < 2 && beyond[3] < 2;
                const most = Math.max(beyond[0], beyond[2], beyond[1] - box.height / 4, beyond[3] - box.height / 4);
                if (most > 1.5 && why !== 'cut') why = scrolls ? 'scroll' : dots || why ? why || 'ellipsis' : 'cut';
                left = Math.max(left, edges[0]); top = Math.max(top, edges[1]);
                right = Math.min(right, edges[2]); bottom = Math.min(bottom, edges[3]);
            }
            if (!why && (left < -1.5 || right > width + 1.5)) why = 'cut';
            lines.push([text.slice(0, 60), [left + scrollX, top + scrollY, right + scrollX, bottom + scrollY], why]);
        }
    }
    return lines;
})"""


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class Line(NamedTuple):
    """A line of text: where it is, and what hides a part of it."""

    words: str
    box: Box
    hidden: str = ""


class Sheet(NamedTuple):
    """One printed page."""

    image: Any
    lines: Sequence[Line]


# -- reading -------------------------------------------------------------------------------------------------------


def read_picture(data: bytes) -> Any:
    """Read a PNG as rows of pixels."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def read_lines(page: Any, place: str = "body") -> list[Line]:
    """List the lines of text that a document in a browser shows, in all of it or in one element."""
    return [Line(words, Box(*box), hidden) for words, box, hidden in page.evaluate(f"{WORDS}({place!r})")]


def read_sheets(data: bytes) -> list[Sheet]:
    """Read a PDF: a picture and the lines of each page."""
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        return [_read_sheet(page) for page in document]


def _read_sheet(page: Any) -> Sheet:
    image = np.asarray(page.render(scale=INCH / 72).to_pil().convert("RGB"))
    lines: list[Line] = []
    for letter in _read_letters(page):
        if lines and letter.words and _follows(lines[-1].box, letter.box):
            lines[-1] = Line(lines[-1].words + letter.words, _join(lines[-1].box, letter.box))
        else:
            lines.append(letter)
    return Sheet(image, [Line(line.words.strip(), line.box) for line in lines if line.words.strip()])


def _read_letters(page: Any) -> Iterator[Line]:
    """Yield the letters in the order in which they were printed; those of no width only part others."""
    text, height, scale = page.get_textpage(), page.get_height(), INCH / 72
    for number in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(number, loose=True)
        if right > left and top > bottom:
            letter = text.get_text_range(number, 1)
            yield Line(letter, Box(left * scale, (height - top) * scale, right * scale, (height - bottom) * scale))


def _follows(line: Box, letter: Box) -> bool:
    """Whether a letter continues a line: at its height, and neither before its end nor far behind."""
    tall, middle = line.bottom - line.top, (letter.top + letter.bottom) / 2
    return line.top < middle < line.bottom and -tall < letter.left - line.right < tall


def _join(one: Box, other: Box) -> Box:
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return Box(min(one.left, other.left), min(one.top, other.top), right, bottom)


# -- what is blank ---------------------------------------------------------------------------------------------------


def list_bands(image: Any, tall: float = BLANK) -> list[tuple[int, int]]:
    """List the bands of rows that are all alike: white paper, an empty frame, a filled box with nothing in it."""
    alike = (np.abs(np.diff(image.astype(np.int16), axis=0)) <= ALIKE).all(axis=(1, 2))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]]).astype(np.int8)))
    return [
        (int(top), int(bottom) + 1) for top, bottom in zip(edges[::2], edges[1::2], strict=True) if bottom - top >= tall
    ]


def find_blanks(image: Any, tall: float = BLANK, ends: bool = True) -> list[str]:
    """Find blank places, other than what follows the end of a document. `ends`: the document ends on this picture."""
    height = len(image)
    blanks = []
    for top, bottom in list_bands(image, tall):
        is_last = bottom >= height - 1
        if is_last and (_is_plain(image[top]) if ends else bottom - top <= FOOT * height):
            if top == 0:
                blanks.append("nothing at all")
            continue
        blanks.append(f"nothing from {top} to {bottom} px of {height}")
    return blanks


def find_unpainted(image: Any, lines: Iterable[Line]) -> list[str]:
    """Find words that are where no ink is: not painted, covered, or in the colour of their background."""
    return [
        f"no ink at: {line.words}" for line in lines if re.search(r"\w", line.words) and not _has_ink(image, line.box)
    ]


def _has_ink(image: Any, box: Box) -> bool:
    left, top, right, bottom = (max(0, round(place)) for place in box)
    part = image[top:bottom, left:right]
    return part.shape[0] < 4 or part.shape[1] < 3 or not _is_plain(part)


def _is_plain(part: Any) -> bool:
    pixels = part.reshape(-1, 3).astype(np.int16)
    return bool((np.ptp(pixels, axis=0) <= ALIKE).all())


# -- what is cut -----------------------------------------------------------------------------------------------------


def find_cut(lines: Iterable[Line]) -> list[str]:
    """Find words of which a part can neither be read nor reached."""
    return [f"cut: {line.words}" for line in lines if line.hidden == "cut"]


def find_collisions(lines: Sequence[Line]) -> list[str]:
    """Find words that are printed over other words."""
    pairs, near = [], list[Line]()
    for line in sorted(lines, key=lambda line: line.box.top):
        near = [other for other in near if other.box.bottom - line.box.top > 3]
        pairs += [f"{other.words} | {line.words}" for other in near if _is_over(other, line)]
        near.append(line)
    return [f"one over the other: {pair}" for pair in pairs]


def _is_over(line: Line, other: Line) -> bool:
    if line.words == other.words:
        return False  # two boxes of one text
    one, two = line.box, other.box
    wide = min(one.right, two.right) - max(one.left, two.left)
    tall = min(one.bottom, two.bottom) - max(one.top, two.top)
    return wide > 3 and tall > 0.3 * min(one.bottom - one.top, two.bottom - two.top)


# -- paper -----------------------------------------------------------------------------------------------------------


def find_on_paper(sheets: Sequence[Sheet], headings: Iterable[str], margin: float = 14 * MILLIMETER) -> list[str]:
    """Find the faults of all printed pages. `margin`: of each sheet, above and below, where its head and number are."""
    titles = {squeeze(heading) for heading in headings}
    problems = []
    for number, sheet in enumerate(sheets, 1):
        bottom = len(sheet.image) - margin
        image = sheet.image[round(margin) : round(bottom)]
        inside = [line for line in sheet.lines if line.box.top >= margin - 2 and line.box.bottom <= bottom + 2]
        faults = find_blanks(image, ends=number == len(sheets)) + find_unpainted(sheet.image, sheet.lines)
        faults += find_collisions(sheet.lines) + _find_beyond(sheet) + _find_lonely(inside, titles)
        problems += [f"sheet {number} of {len(sheets)}: {fault}" for fault in faults]
    return problems


def _find_beyond(sheet: Sheet) -> list[str]:
    height, width = sheet.image.shape[:2]
    return [f"beyond its edge: {line.words}" for line in sheet.lines if _is_beyond(line.box, width, height)]


def _is_beyond(box: Box, width: int, height: int) -> bool:
    """Whether letters end outside of the paper. Above and below them a line has some room of its own."""
    room = (box.bottom - box.top) / 4
    return box.left < -1 or box.right > width + 1 or box.top < -room or box.bottom > height + room


def _find_lonely(lines: Sequence[Line], titles: set[str]) -> list[str]:
    """Find a heading, or the first lines of one, at the foot of a sheet."""
    lowest = max((line.box for line in lines), key=lambda box: box.bottom, default=None)
    foot = [line for line in lines if lowest is not None and line.box.bottom > lowest.top]
    words = squeeze("".join(line.words for line in sorted(foot, key=lambda line: line.box.left)))
    is_start = len(words) > 20 and any(title.startswith(words) for title in titles)
    return [f"a heading with nothing below: {foot[0].words}"] if words in titles or is_start else []


def squeeze(text: str) -> str:
    """Leave out what differs between a document and its print: spaces, line ends, hyphens that only break lines."""
    return re.sub(r"[\s\u00ad\u200b\u2060\ufffe\u0002-]", "", unicodedata.normalize("NFKC", text))


def find_missing(sheets: Sequence[Sheet], texts: Iterable[str]) -> list[str]:
    """Find the texts that are not on paper. A page may end within one: then both halves count, of two words at least."""
    paper = squeeze("\n".join(line.words for sheet in sheets for line in sheet.lines))
    return [f"not on paper: {text}" for text in texts if squeeze(text) not in paper and not _is_torn(text, paper)]


def _is_torn(text: str, paper: str) -> bool:
    words = [squeeze(word) for word in text.split()]
    together = ["".join(pair) in paper for pair in pairwise(words)]
    return len(words) > 3 and together.count(False) <= 1 + len(together) // 12


# -- colour ----------------------------------------------------------------------------------------------------------

HUES = {"red": (345, 25), "amber": (25, 65), "green": (75, 180), "blue": (190, 260)}  # degrees


def count_hues(image: Any, step: int = 1) -> dict[str, int]:
    """Count the pixels of each colour that people have a name for; greys are in none."""
    colors, counts = np.unique(image[::step, ::step].reshape(-1, 3), axis=0, return_counts=True)
    hues = dict.fromkeys(HUES, 0)
    for color, count in zip(colors.tolist(), counts.tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in color))
        for name, (start, end) in HUES.items():
            if saturation > 0.15 and value > 0.2 and (hue * 360 - start) % 360 <= (end - start) % 360:
                hues[name] += count
    return hues
