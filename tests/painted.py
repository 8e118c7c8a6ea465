"""Read the timeline of a capture back from what was painted: characters, the page (data and static SVG), the chart's SVG.

Nothing here asks the layout: only words, places and gids of the outputs.
"""

from __future__ import annotations

import html as entities
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import Any, NamedTuple

from analyzer.model import Duration, Report, Run
from analyzer.outputs import html, timeline
from analyzer.painting.text_timeline import timeline_lines
from analyzer.timeline.ticks import SHORT, UNITS
from analyzer.wording.medium import Medium

TICK = re.compile(r"(-?)([\d,]+)(?:\.(\d+))? (" + "|".join(name for name, _ in (*UNITS, *SHORT)) + r")\b")
EDGE = 0.02  # of the static drawing, beyond the last instant
BEFORE, AFTER = 0.01, 0.035  # of the chart's axis, beside it

Groups = list[tuple[str, list[int]]]  # title, numbers of the sockets


class Painting(NamedTuple):
    """Hold what a picture shows. Instants count from zero."""

    start: float | None  # where the axis begins and ends; None: fewer than two ticks, so that nothing can be measured
    end: float | None
    ticks: dict[Duration, str]
    groups: Groups


def instant(label: str) -> Duration:
    """Read a tick's label."""
    match = TICK.fullmatch(label)
    assert match is not None, label
    sign, whole, decimals, unit = match.groups()
    size = dict((*UNITS, *SHORT))[unit]
    at = int(whole.replace(",", "")) * size + (int(decimals) * size // 10 ** len(decimals) if decimals else 0)
    return -at if sign else at


# -- the page --------------------------------------------------------------------------------------------------


class Page(NamedTuple):
    data: dict[str, Any]
    painting: Painting  # for JavaScript
    static: Painting


def page_of(run: Run) -> Page:
    text = html.render(run).decode()
    match = re.search(r'<script[^>]*class="data"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert match is not None
    data = json.loads(match[1])
    groups: Groups = [(title, []) for title, *_ in data["sections"]]
    for number, kind, *_ in data["sockets"]:
        groups[data["kinds"][kind][0]][1].append(number)
    whole = Painting(-data["zero"], data["span"] - data["zero"], {}, groups)
    return Page(data, whole, _static(text))


def _static(text: str) -> Painting:
    places = {
        instant(entities.unescape(label)): (float(place) / 100, entities.unescape(label))
        for place, label in re.findall(r'<text class="time" x="([\d.]+)%" y="31">([^<]*)</text>', text)
    }
    groups: Groups = []
    for title, rest in re.findall(
        r'<p class="group"><b>(.*?)</b>(.*?)(?=<p class="group">|<p class="counted">)', text, re.DOTALL
    ):
        groups.append(
            (
                entities.unescape(title),
                [int(number) for number in re.findall(r'<li[^>]*><a href="#[^"]*">#(\d+)', rest)],
            )
        )
    start, end = _measure([(at, place) for at, (place, _) in places.items()], 0, 1 - EDGE)
    return Painting(start, end, {at: label for at, (_, label) in places.items()}, groups)


def _measure(places: Sequence[tuple[Duration, float]], left: float, right: float) -> tuple[float | None, float | None]:
    """Find which instants are at both ends, by the first and the last tick."""
    if len(places) < 2 or places[0][1] == places[-1][1]:
        return None, None
    (first, begin), (last, until) = places[0], places[-1]
    per_place = (last - first) / (until - begin)
    return first - (begin - left) * per_place, first + (right - begin) * per_place


# -- the chart -------------------------------------------------------------------------------------------------


def chart_of(run: Run) -> Painting:
    root = ElementTree.fromstring(timeline.render(run, "svg"))
    texts = [element for element in root.iter() if element.tag.endswith("}text")]
    words = [
        (
            float(element.get("y") or 0),
            float(element.get("x") or 0),
            "".join(element.itertext()),
            element.get("style") or "",
        )
        for element in texts
    ]
    top = min(
        (y for y, *_, style in words if _is_heading(style)), default=0.0
    )  # above are sentences: "#8 and #9 opened."
    rows = [row for row in words if row[0] >= top and (re.match(r"#\d+\b", row[2]) or _is_heading(row[3]))]
    groups: Groups = []
    for _, _, text, style in sorted(rows, key=lambda row: row[0]):
        if _is_heading(style):
            groups.append((text, []))
        else:
            groups[-1][1].append(int(re.findall(r"\d+", text)[0]))
    marks = [x for x, *_ in _strokes(root, "ticks-0")]
    labels = [(x, text) for _, x, text, _ in sorted(words, key=lambda row: row[1]) if TICK.fullmatch(text)]
    places = [(instant(text), x) for x, text in labels if any(abs(x - mark) < 0.01 for mark in marks)]
    assert len(places) == len(marks)
    frame = _strokes(root, "frame-0")
    left, right = (frame[0][0], frame[-1][2]) if frame else (0.0, 1.0)
    wide = (right - left) / (1 + BEFORE + AFTER)
    start, end = _measure(places, left + BEFORE * wide, right - AFTER * wide)
    return Painting(start, end, {instant(text): text for _, text in labels}, groups)


def _is_heading(style: str) -> bool:
    return ("700" in style or "bold" in style) and re.search(r"\b9px", style) is not None


def _strokes(root: ElementTree.Element, gid: str) -> list[list[float]]:
    """List the ends of each straight line of a mark: x, y, x, y."""
    group = next((it for it in root.iter() if it.get("id") == gid), None)
    paths = [] if group is None else [it for it in group.iter() if it.tag.endswith("}path")]
    return [[float(number) for number in re.findall(r"-?[\d.]+", path.get("d") or "")] for path in paths]


# -- characters ------------------------------------------------------------------------------------------------


class Characters(NamedTuple):
    columns: int
    places: dict[str, int]  # label -> column
    titles: list[str]  # of groups, where there are so many sockets that they are summed up
    members: list[int]  # sockets, in order


def characters_of(report: Report, width: int = 160) -> Characters:
    medium = Medium(width, unicode=True)
    lines = [line.plain for line in timeline_lines(report, medium)]
    signs = medium.signs
    line = re.compile(rf"\s+({re.escape(signs.corner)}[{re.escape(signs.line + signs.tick)}]*)\s*$")
    rulers = [n for n, text in enumerate(lines) if line.match(text)]
    match = line.match(lines[rulers[0]])
    assert match is not None
    left, columns = match.start(1), len(match[1])
    places = {}
    for label in TICK.finditer(lines[rulers[0] - 1][left : left + columns]):
        places[label[0]] = label.start()
    many = len(rulers) > 1
    above = lines[rulers[0] + 1 : rulers[1]] if many else []
    names = [
        text[:left].strip()
        for text in above
        if re.search(r"\d (closed|open|never|close|still)", text[left + columns :])
    ]
    rows = [re.match(r"\s+#(\d+)\b", text) or re.match(r"\s+socket #(\d+)", text) for text in lines]
    return Characters(columns, places, names, [int(row[1]) for row in rows if row is not None])
