"""Say how each kind of mark looks, and what it means."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.outputs.chart.lettering import inches
from analyzer.outputs.chart.marks import Boxes, Curve, Look, Mark, Strokes, Words
from analyzer.outputs.chart.panel import (
    AMBER,
    AMBER_EDGE,
    CREAM,
    FAINT,
    INK,
    MARGIN,
    MIDDLE,
    NAVY,
    RED,
    STEEL,
    TINT,
    TINY,
)
from analyzer.wording.timeline import MARKS

POINT = 0.09  # inches: how far a bar without an end runs out into a point

LOOKS = {
    "page": Look(TINT),
    "page-begin": Look(edge=FAINT, width=0.8),
    "possible-overlap": Look(CREAM, AMBER_EDGE, 0.8, dashes=(3, 2)),
    "overlap": Look(AMBER, AMBER_EDGE, 0.8),
    "possible": Look("#ffffff", STEEL, 0.6, "//////"),
    "possible-thin": Look("#a9b8c8"),
    "connecting": Look(edge="#000000", width=1.3),
    "proven": Look(NAVY),
    "overlapping": Look(RED, "#ffffff", 0.0, "\\\\\\\\"),
    "overlapping-thin": Look(RED),
    "sent": Look(edge="#000000", width=0.8),
    "received": Look(edge="#000000", width=0.8),
    "failed": Look(edge=RED, width=1.4),
    "count-possible": Look(edge=STEEL, width=1.2, dashes=(3, 1.5)),
    "count-proven": Look(edge=NAVY, width=1.7),
    "limit": Look(edge=RED, width=1.1, dashes=(6, 2, 1.2, 2)),
}
MEANINGS = {  # in the order of the legend
    "proven": MARKS["proven"],
    "overlap": MARKS["overlap"],
    "possible": MARKS["possible"],
    "possible-thin": f"{MARKS['possible']} (thin lanes)",
    "possible-overlap": MARKS["possible-overlap"],
    "proven-endless": MARKS["proven-endless"],
    "possible-endless": MARKS["possible-endless"],
    "connecting": MARKS["connecting"],
    "failed": MARKS["failed"],
    "sent": "message sent",
    "received": "message received",
    "limit": "limit",
}


def look_of(name: str) -> Look:
    """Return the look of a kind of mark; one without an end runs out into a point."""
    kind = name.removesuffix("-endless")
    return LOOKS[kind] if kind == name else LOOKS[kind]._replace(point=POINT)


def legend_of(marks: Sequence[Mark], width: float, top: float) -> tuple[list[Mark], float]:
    """Explain the marks that are there, and no other, in one line if they fit."""
    there = {mark.name.rpartition("-")[0] for mark in marks if not isinstance(mark, Words) and _content(mark)}
    there |= {name.removesuffix("-endless") for name in there}
    if "overlapping-endless" in there or "proven-endless" in there:  # one of the three says it
        there = there - {"possible-endless"} | {"proven-endless"}
    legend: list[Mark] = []
    x, y = MARGIN, top + 0.14
    for name in (name for name in MEANINGS if name in there):
        wide = 0.38 + inches(MEANINGS[name], TINY)
        if x + wide > width - MARGIN:
            x, y = MARGIN, y + 0.17
        legend += _swatch(name, x, y)
        legend.append(Words(MEANINGS[name], x + 0.38, y + TINY * MIDDLE, TINY, INK))
        x += wide + 0.16
    return legend, y + 0.13 if legend else top


def _content(mark: Boxes | Strokes | Curve) -> bool:
    match mark:
        case Boxes(boxes=boxes):
            return bool(boxes)
        case Strokes(strokes=lines):
            return bool(lines)
        case Curve(points=points):
            return bool(points)


def _swatch(name: str, x: float, y: float) -> list[Mark]:
    look, right = look_of(name), x + 0.32
    box = [(x, y - 0.05, right, y + 0.05)]
    at = [x + 0.08, x + 0.16, x + 0.24]
    gid = f"legend-{name}"
    match name:
        case "sent":
            bar = Boxes(f"{gid}-bar", LOOKS["proven"], [(x, y - 0.01, right, y + 0.05)])
            return [bar, Strokes(gid, look, [(it, y - 0.07, it, y - 0.01) for it in at])]
        case "received":
            bar = Boxes(f"{gid}-bar", LOOKS["proven"], [(x, y - 0.05, right, y + 0.01)])
            return [bar, Strokes(gid, look, [(it, y + 0.01, it, y + 0.07) for it in at])]
        case "failed":
            middle, arm = x + 0.16, 0.045
            ends = ((middle - arm, middle + arm), (middle + arm, middle - arm))
            return [Strokes(gid, look, [(start, y - arm, end, y + arm) for start, end in ends])]
        case "overlap":
            bar = Boxes(f"{gid}-bar", LOOKS["overlapping"], [(x + 0.05, y - 0.04, right - 0.05, y + 0.04)])
            return [Boxes(gid, look, [(x, y - 0.07, right, y + 0.07)]), bar]
        case _ if look.fill is None:
            return [Strokes(gid, look, [(x, y, right, y)])]
        case _:
            return [Boxes(gid, look, box)]
