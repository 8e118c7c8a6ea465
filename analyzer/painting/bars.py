"""Draw lives of sockets, levels and an axis of time with characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from analyzer.intervals import Interval
from analyzer.timeline import Grid, Lane, ruler_of
from analyzer.wording.medium import BAD, GOOD, LINES, UNSURE, Medium

APART = 12  # columns between two ticks, about


def bar(lane: Lane, grid: Grid, medium: Medium, guides: Iterable[int], crowd: Sequence[int]) -> Text:
    """Draw one socket's life, a cell per column and one for what comes after: certain, possible, connecting.

    `crowd`: how many are certainly open, by column.
    """
    signs, session = medium.signs, lane.session
    cells: list[tuple[str, str]] = [(" ", "")] * (grid.columns + 1)
    for column in guides:
        cells[column] = (signs.guide, LINES)
    connecting = lane.connecting if session.possible is None else None
    for interval, sign, end in (
        (connecting, signs.connecting, signs.no_end),
        (session.possible, signs.possible, signs.no_end),
        (session.proven, signs.certain, signs.goes_on),
    ):
        for column in _list_cells(interval, grid):
            style = BAD if crowd[min(column, grid.columns - 1)] > 1 else GOOD
            cells[column] = (sign if column < grid.columns else end, style if sign == signs.certain else UNSURE)
    if lane.failed is not None:
        cells[grid.column(lane.failed)] = (signs.failed, BAD)
    return join(cells)


def _list_cells(interval: Interval | None, grid: Grid) -> Iterable[int]:
    """List the cells that an interval touches; one without end also touches what comes after the last column."""
    if interval is None:
        return ()
    cells = grid.cells(interval)
    return range(cells.start, cells.stop + 1) if interval.end is None else cells


def join(cells: Iterable[tuple[str, str]]) -> Text:
    """Join cells, each a sign and a style."""
    line = Text()
    for style, run in groupby(cells, key=lambda cell: cell[1]):
        line.append("".join(sign for sign, _ in run), style or None)
    return line


def concurrency(row: Sequence[int], medium: Medium, sure: bool, allowed: int = 1) -> Text:
    """Draw how many were open, column by column: digits, or from 10 on heights; red where more than are allowed."""
    most = max(row, default=0)
    several, one = (BAD, GOOD) if sure else (UNSURE, "")
    return join((height(level, most, medium), several if level > allowed else one if level else LINES) for level in row)


def height(level: int, most: int, medium: Medium) -> str:
    """Write a number in one cell: a digit; where some have two, a step of a scale."""
    if most >= 10:
        return step(level, most, medium)
    return str(level) if level else medium.signs.zero


def step(level: int, most: int, medium: Medium) -> str:
    steps = medium.signs.steps
    return steps[(level * len(steps) - 1) // most] if level else " "


def ruler(grid: Grid, medium: Medium) -> tuple[Text, Text]:
    """Draw the time axis: labels, and the line under them."""
    signs = medium.signs
    labels, line = [" "] * grid.columns, [signs.line] * grid.columns
    line[0] = signs.corner
    free = 0
    for at, label in ((tick.at, tick.label) for tick in ruler_of(grid.axis, grid.columns / APART).ticks):
        column = grid.column(at)
        if column >= free and column + len(label) <= grid.columns:
            labels[column : column + len(label)] = label
            line[column] = signs.corner if column == 0 else signs.tick
            free = column + len(label) + 1
    return Text("".join(labels)), Text("".join(line), LINES)
