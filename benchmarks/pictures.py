"""Read the pictures of a capture that outputs.py rendered: do terminal, page and chart show the same?

Only what is painted counts: labels and where they stand, headings, and the numbers of the sockets below each.

- The page says in numbers from when to when it goes; the others are held against it.
- The terminal has whole columns: each of its labels has to stand in the column that the page's axis gives it.
- The static page and the chart leave some room before the first and after the last instant, the same share in every
  picture. The share that most captures have is taken for meant, and `TOLERANCE` more or less is another axis.
- Groups: how many, their sockets, and the order of both. The chart labels only some sockets of thin lanes, the static
  page only has the first ones, and the terminal has no groups but an order. Titles are counted beside that; the chart
  cuts long ones.
- Labels: where two pictures label the same instant, they write the same. How many fit depends on the room.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mode
from typing import NamedTuple
from xml.etree import ElementTree

TOLERANCE = 0.004  # of the time that is drawn
EXAMPLES = 5
MICROSECONDS = {"µs": 1, "ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6}
SVG = "{http://www.w3.org/2000/svg}"

LABEL = re.compile(r"(?<![\w.:-])(-?[\d.,:]+(?:e\+?\d+)?) (µs|ms|s|min|h|d)(?!\w)")
RULER = re.compile(r"^( +)(├[─┼├]+) *$", re.MULTILINE)
ROW = re.compile(r"^   (?:socket )?#(\d+) ")
DATA = re.compile(r'<script type="application/json" class="data">(.*?)</script>', re.DOTALL)
TIME = re.compile(r'<text class="time" x="([\d.-]+)%"[^>]*>([^<]*)</text>')
GROUP = re.compile(r'<p class="group"><b>(.*?)</b>|<ol class="captions">(.*?)</ol>', re.DOTALL)
CAPTION = re.compile(r"<li[^>]*><a [^>]*>#(\d+)</a>")
NUMBER = re.compile(r"^#(\d+)")


class Label(NamedTuple):
    """Hold a label of an axis: its words, the time from zero that they name, and where it stands."""

    words: str
    since: int
    place: float


class Group(NamedTuple):
    """Hold a group of sockets by their numbers; without a title a socket that stands alone."""

    title: str
    sockets: tuple[int, ...]


class Picture(NamedTuple):
    """Hold what one picture of a capture shows: its labels between two edges, its groups."""

    labels: tuple[Label, ...]
    left: float
    right: float
    groups: tuple[Group, ...]

    def edges(self) -> tuple[float, float] | None:
        """Work out from the labels which times the two edges stand for; None with fewer than two labels."""
        if len(self.labels) < 2:
            return None
        first, last = self.labels[0], self.labels[-1]
        scale = (last.since - first.since) / (last.place - first.place)
        return first.since - (first.place - self.left) * scale, first.since + (self.right - first.place) * scale

    @property
    def step(self) -> int | None:
        return self.labels[1].since - self.labels[0].since if len(self.labels) > 1 else None


class Pictures(NamedTuple):
    """Hold the pictures of one capture, and the axis of the page in microseconds from zero."""

    name: str
    begin: int
    end: int
    text: Picture
    page: Picture
    chart: Picture

    def margins(self, picture: Picture) -> tuple[float, float] | None:
        """Work out which share of its time a picture shows before and after the axis of the page."""
        edges, span = picture.edges(), max(1, self.end - self.begin)
        return None if edges is None else ((self.begin - edges[0]) / span, (edges[1] - self.end) / span)


# -- reading -----------------------------------------------------------------------------------------------


def read(folder: Path) -> Pictures | None:
    """Read the pictures of a capture; None where one of them is missing or shows no socket."""
    paths = [folder / name for name in ("text-120.txt", "text-80.html", "text-80.svg")]
    if not all(path.exists() for path in paths):
        return None
    text, page, chart = (path.read_text("utf-8") for path in paths)
    ruler, data = RULER.search(text), DATA.search(page)
    if ruler is None or data is None or 'id="ticks-0"' not in chart:
        return None
    capture = json.loads(data[1])
    begin = -capture["zero"]
    return Pictures(
        str(folder), begin, begin + capture["span"], read_text(text, ruler), read_page(page), read_chart(chart)
    )


def since(words: re.Match[str]) -> int:
    """Read the time that a label names, in microseconds: `1.5 s`, `1:30 min`, `2:05:30 h`."""
    number, unit = words[1].replace(",", ""), MICROSECONDS[words[2]]
    sign, total = -1 if number.startswith("-") else 1, 0.0
    for place, part in enumerate(number.lstrip("-").split(":")):
        total += float(part) * unit / 60**place
    return sign * round(total)


def read_text(text: str, ruler: re.Match[str]) -> Picture:
    """Read the axis and the order of the sockets from the report for a terminal."""
    left, marks = len(ruler[1]), ruler[2]
    above = text[: ruler.start()].splitlines()[-1]
    labels = [
        Label(words[0], since(words), words.start() - left)
        for words in LABEL.finditer(above)
        if left <= words.start() < left + len(marks)
    ]
    rows = text[ruler.end() :].partition("\n\n")[0].splitlines()
    sockets = [int(row[1]) for line in rows if (row := ROW.match(line))]
    return Picture(tuple(labels), 0, len(marks), (Group("", tuple(sockets)),))


def read_page(page: str) -> Picture:
    """Read the axis and the groups from the part of the page that needs no JavaScript."""
    labels = [
        Label(html.unescape(words), since(match), float(place))
        for place, words in TIME.findall(page)
        if (match := LABEL.fullmatch(html.unescape(words)))
    ]
    groups: list[Group] = []
    for title, names in GROUP.findall(page):
        if title:
            groups.append(Group(html.unescape(title), ()))
        elif groups:
            sockets = tuple(int(number) for number in CAPTION.findall(names))
            groups[-1] = groups[-1]._replace(sockets=groups[-1].sockets + sockets)
    return Picture(tuple(labels), 0, 100, tuple(groups))


def read_chart(chart: str) -> Picture:
    """Read the axis and the groups from the chart as SVG."""
    tree = ElementTree.fromstring(chart)  # noqa: S314 - we wrote it
    paths = {
        group.get("id", ""): [
            [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", shape)]
            for path in group.iter(f"{SVG}path")
            for shape in path.get("d", "").split("M")[1:]
        ]
        for group in tree.iter(f"{SVG}g")
    }
    frame = [number for line in paths.get("frame-0", []) for number in line[::2]]
    ticks = {round(line[0], 1) for line in paths["ticks-0"]}
    words = [(word, word.text or "", word.get("style", "")) for word in tree.iter(f"{SVG}text")]
    labels = [
        Label(text, since(match), float(word.get("x", "0")))
        for word, text, style in words
        if "text-anchor: middle" in style
        and round(float(word.get("x", "0")), 1) in ticks
        and (match := LABEL.fullmatch(text))
    ]
    boxes = [(min(box[1::2]), max(box[1::2])) for box in paths.get("headings-0", [])]
    rows = [(float(word.get("y", "0")), text, style) for word, text, style in words]
    return Picture(tuple(labels), min(frame), max(frame), tuple(chart_groups(boxes, rows)))


def chart_groups(boxes: Sequence[tuple[float, float]], rows: Sequence[tuple[float, str, str]]) -> Iterator[Group]:
    """Gather the groups of a chart: a box above each that has a heading, and above what comes after such a group."""
    titles = {
        box: next((text for y, text, style in rows if box[0] < y <= box[1] and "font-weight: 700" in style), "")
        for box in boxes
    }
    members: dict[tuple[float, float], list[int]] = {box: [] for box, title in titles.items() if title}
    groups: dict[tuple[float, float], Group] = {}
    for y, text, style in rows:
        if "anchor: end" not in style and (number := NUMBER.match(text)):
            above = max((box for box in boxes if box[0] < y), default=(0.0, 0.0))
            if above in members:
                members[above].append(int(number[1]))
                groups[above] = Group(titles[above], tuple(members[above]))
            else:
                groups[y, y] = Group(text.partition(" ")[2], (int(number[1]),))
    yield from (groups[place] for place in sorted(groups))


# -- comparing ---------------------------------------------------------------------------------------------


def columns_differ(it: Pictures) -> list[str]:
    """List the labels of the terminal that stand in another column than the axis of the page gives them."""
    wrong = []
    for label in it.text.labels:
        column = (label.since - it.begin) * int(it.text.right) // (it.end - it.begin + 1)
        if column != label.place:
            wrong.append(f"terminal: {label.words} in column {label.place:.0f}, not {column}")
    return wrong


def margins_differ(it: Pictures, name: str, picture: Picture, usual: Sequence[float]) -> list[str]:
    """Say by how much a picture begins or ends elsewhere than the page."""
    margins = it.margins(picture) or usual
    return [
        f"{name}: {margin - meant:+.1%} of the time beyond the {side} of the page"
        for side, margin, meant in zip(("begin", "end"), margins, usual, strict=True)
        if abs(margin - meant) > TOLERANCE
    ]


def titles_differ(it: Pictures) -> list[str]:
    """List the groups that the page and the chart call by different names, where both have the same groups."""
    page, chart = it.page.groups, it.chart.groups
    pairs = zip(page, chart, strict=True) if len(page) == len(chart) else ()
    return [
        f"page: {one.title!r}, chart: {other.title!r}" for one, other in pairs if not same_title(one.title, other.title)
    ]


def groups_differ(it: Pictures) -> list[str]:
    """Say where the groups of page and chart differ, and where the terminal has another order within one."""
    page, chart = it.page.groups, it.chart.groups
    order = [socket for group in it.text.groups for socket in group.sockets]
    wrong = []
    if len(page) != len(chart):
        wrong.append(f"page: {len(page)} groups, chart: {len(chart)}")
    for one, other in zip(page, chart, strict=False):
        if not is_part(other.sockets, one.sockets) and not is_part(one.sockets, other.sockets):
            wrong.append(f"page: {one.title!r} has {one.sockets[:9]}, chart: {other.sockets[:9]}")
    for group in page:
        here = [socket for socket in order if socket in group.sockets]
        if here != [socket for socket in group.sockets if socket in order]:
            wrong.append(f"terminal: order {here[:9]}, page: {group.sockets[:9]}")
    return wrong


def same_title(page: str, chart: str) -> bool:
    """Compare two titles; one of them may be cut."""
    if "…" in chart or "…" in page:
        cut, whole = (chart, page) if "…" in chart else (page, chart)
        begin, _, end = cut.partition("…")
        return whole.startswith(begin.strip()) and whole.endswith(end.strip())
    return page == chart


def is_part(some: Sequence[int], all_of_them: Sequence[int]) -> bool:
    """Check whether some numbers come in the same order in others."""
    rest = iter(all_of_them)
    return all(number in rest for number in some)


def labels_differ(it: Pictures) -> list[str]:
    """List the instants that two pictures label with different words."""
    words: dict[int, dict[str, str]] = {}
    for name, picture in (("terminal", it.text), ("page", it.page), ("chart", it.chart)):
        for label in picture.labels:
            words.setdefault(label.since, {})[name] = label.words
    return [
        ", ".join(f"{name}: {text}" for name, text in texts.items())
        for texts in words.values()
        if len(set(texts.values())) > 1
    ]


def agree(out: Path) -> int:
    """Print how many captures have pictures that disagree, and in what; 1 if any has."""
    folders = sorted({path.parent for path in out.rglob("text-80.svg") if not path.parent.name.startswith("all")})
    pictures = [it for it in map(read, folders) if it is not None]
    if not pictures:
        print("no capture has all three pictures")
        return 1
    usual = {
        name: tuple(mode(round(side, 3) for side in sides) for sides in zip(*margins, strict=True))
        for name in ("page", "chart")
        if (margins := [it.margins(getattr(it, name)) or (0.0, 0.0) for it in pictures])
    }
    wrong: dict[str, list[tuple[str, list[str]]]] = {"axis": [], "groups": [], "titles": [], "labels": []}
    for it in pictures:
        axis = columns_differ(it)
        for name, meant in usual.items():
            axis += margins_differ(it, name, getattr(it, name), meant)
        found = (axis, groups_differ(it), titles_differ(it), labels_differ(it))
        for captures, texts in zip(wrong.values(), found, strict=True):
            if texts:
                captures.append((str(Path(it.name).relative_to(out)), texts))
    print(f"{len(pictures):,} captures with all three pictures; room at the edges: {usual}")
    for what, captures in wrong.items():
        print(f"\ndisagree in {what}: {len(captures):,} of {len(pictures):,}")
        for capture, texts in captures[:EXAMPLES]:
            print(f"  {capture}")
            for text in texts[:3]:
                print(f"    {text}")
    print(f"\ndisagree in any: {len({capture for captures in wrong.values() for capture, _ in captures}):,}")
    print_steps(pictures)
    return 1 if any(wrong.values()) else 0


def print_steps(pictures: Sequence[Pictures]) -> None:
    """Print which distances between labels each kind of picture has: of one table, or of several?"""
    for name in ("text", "page", "chart"):
        steps = sorted({step for it in pictures if (step := getattr(it, name).step)})
        print(f"steps of {name}, in s: {', '.join(f'{step / 1e6:g}' for step in steps)}")
