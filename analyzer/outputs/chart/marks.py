"""Define what a picture is made of: marks in inches from its top left corner, in the order of drawing.

Values only: who places them knows nothing of who draws them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias

Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom
Stroke: TypeAlias = tuple[float, float, float, float]  # x, y, x, y
Dashes: TypeAlias = tuple[float, ...]  # on, off, ... in points; none: solid

PIXEL = 1 / 150  # inches: nothing is drawn smaller


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Look(NamedTuple):
    """Hold how a mark looks. Widths are in points; `point`: the inches in which a box runs out into a point."""

    fill: str | None = None
    edge: str | None = None
    width: float = 0.0
    hatch: str | None = None
    dashes: Dashes = ()
    point: float = 0.0


class Boxes(NamedTuple):
    """Hold boxes of one look."""

    name: str
    look: Look
    boxes: list[Box]


class Strokes(NamedTuple):
    """Hold straight lines of one look."""

    name: str
    look: Look
    strokes: list[Stroke]


class Curve(NamedTuple):
    """Hold one line through many points."""

    name: str
    look: Look
    points: list[tuple[float, float]]


class Words(NamedTuple):
    """Hold one line of text, already short enough; `y` is its baseline."""

    text: str
    x: float
    y: float
    size: float
    color: str = "#000000"
    bold: bool = False
    align: Align = Align.LEFT


Mark: TypeAlias = Boxes | Strokes | Curve | Words


class Picture(NamedTuple):
    width: float
    height: float
    marks: list[Mark]
    title: str  # for those who do not see it
    description: str
