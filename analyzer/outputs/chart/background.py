"""Place what lies behind the lanes: the pages, and the stretches with more than one socket open."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import Page, plural
from analyzer.outputs.chart.lanes import ROWS
from analyzer.outputs.chart.legend import LOOKS
from analyzer.outputs.chart.lettering import inches, short
from analyzer.outputs.chart.marks import PIXEL, Align, Boxes, Mark, Strokes, Words
from analyzer.outputs.chart.panel import GREY, MIDDLE, TINY, Panel, span_of
from analyzer.wording import timeline

NARROW = 0.06  # inches: lines at both ends would hide a stretch that is not wider


def _bands(panel: Panel) -> list[tuple[float, float, Page]]:
    begins = [panel.x(load.at) for load in panel.layout.loads]
    pages = [load.page for load in panel.layout.loads]
    return list(zip(begins, [*begins[1:], panel.right], pages, strict=False))  # the last one ends with the plot


def page_bands(panel: Panel, top: float, plot: float, bottom: float) -> list[Mark]:
    """Place a band for each page, every other one tinted, with its kind and name above if there is room."""
    bands = _bands(panel)
    tinted = [(left, top, right, bottom) for left, right, _ in bands[::2] if right > left]
    marks: list[Mark] = [Boxes(f"page-{panel.number}", LOOKS["page"], tinted)]
    base = (top + plot) / 2 + TINY * MIDDLE
    for left, right, page in bands:
        room = right - left - 0.08
        if room <= 0:
            continue
        word, whole = timeline.load_kind(page), timeline.page_name(page)
        name = short(whole, max(0, room - inches(f"{word} ", TINY)), TINY)
        label = f"{word} {name}" if len(name) > 2 or name == whole else word
        if inches(label, TINY) <= room:
            marks.append(Words(label, left + 0.05, base, TINY, GREY))
    if bands:
        marks.append(Words(plural(len(bands), "page"), panel.left - 0.08, base, TINY, GREY, align=Align.RIGHT))
    return marks


def page_begins(panel: Panel, top: float, bottom: float) -> list[Mark]:
    """Place a line where each page begins; of thousands one per pixel at most, as more show nothing."""
    begins: list[float] = []
    for left, _, _ in _bands(panel):
        if panel.left < left < panel.right and (not begins or left - begins[-1] >= PIXEL):
            begins.append(left)
    return [Strokes(f"page-begin-{panel.number}", LOOKS["page-begin"], [(x, top, x, bottom) for x in begins])]


def _unite(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Make one of those that overlap in the picture: thousands in the height of all lanes take a third of a second."""
    united: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if united and left < united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], right)
        else:
            united.append((left, right))
    return united


def overlap_bands(panel: Panel, top: float, bottom: float) -> list[Mark]:
    """Shade the stretches with two or more open, with a line where each begins and ends."""
    marks: list[Mark] = []
    layout = panel.layout
    for name, intervals in (("possible-overlap", layout.possible_overlaps), ("overlap", layout.overlaps)):
        spans = [span for interval in intervals if (span := span_of(panel, interval))]
        ends = [
            x for left, right in spans if right - left > NARROW for x in (left, right) if panel.left < x < panel.right
        ]
        shades = [(left, top, right, bottom) for left, right in _unite(spans)]
        marks.append(Boxes(f"{name}-{panel.number}", LOOKS[name]._replace(edge=None, width=0), shades))
        if len(spans) <= ROWS:
            marks.append(Strokes(f"{name}-ends-{panel.number}", LOOKS[name], [(x, top, x, bottom) for x in ends]))
    return marks
