"""Draw lives of sockets, levels and an axis of time with characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from analyzer.intervals import Interval
from analyzer.model import Outcome, Session
from analyzer.timeline.axis import Axis
from analyzer.timeline.ticks import label_of, round_step
from analyzer.wording.terminal import BAD, GOOD, LINES, UNSURE, Medium


def bar(session: Session, axis: Axis, medium: Medium, guides: Iterable[int], crowd: Sequence[int]) -> Text:
    """Draw one socket's life, a cell per column and one for what comes after: certain, possible, connecting.

    `crowd`: how many are certainly open, by column.
    """
    signs = medium.signs
    cells: list[tuple[str, str]] = [(" ", "")] * (axis.columns + 1)
    for column in guides:
        cells[column] = (signs.guide, LINES)
    created = session.created.earliest if session.created is not None else None
    if session.possible is None and created is not None:
        failed = session.outcome is Outcome.FAILED
        until = (session.closed.latest if session.closed is not None else None) or created
        for column in axis.cells(Interval(created, until + 1 if failed else None)):
            cells[column] = (signs.connecting, UNSURE)
        cells[axis.column(until) if failed else -1] = (signs.failed, BAD) if failed else (signs.no_end, UNSURE)
    if session.possible is not None:
        for column in axis.cells(session.possible):
            cells[column] = (signs.possible, UNSURE)
        if session.possible.end is None:
            cells[-1] = (signs.no_end, UNSURE)
    if session.proven is not None:
        for column in axis.cells(session.proven):
            cells[column] = (signs.certain, BAD if crowd[column] > 1 else GOOD)
        if session.proven.end is None:
            cells[-1] = (signs.goes_on, BAD if crowd[-1] > 1 else GOOD)
    return join(cells)


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


def ruler(axis: Axis, medium: Medium) -> tuple[Text, Text]:
    """Draw the time axis: labels, and the line under them."""
    signs, step = medium.signs, round_step(axis)
    labels, line = [" "] * axis.columns, [signs.line] * axis.columns
    line[0] = signs.corner
    free = 0
    for at in range(axis.start + (axis.zero - axis.start) % step, axis.end + 1, step):
        column, label = axis.column(at), label_of(at - axis.zero, step, axis.end - axis.start)
        if column >= free and column + len(label) <= axis.columns:
            labels[column : column + len(label)] = label
            line[column] = signs.corner if column == 0 else signs.tick
            free = column + len(label) + 1
    return Text("".join(labels)), Text("".join(line), LINES)
