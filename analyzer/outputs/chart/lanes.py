"""Choose how high the lanes of a picture are, and put groups together for which there is no room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from analyzer.model import Report, Scope, plural
from analyzer.outputs.chart.marks import PIXEL
from analyzer.timeline import Lane, Layout, Section, choose
from analyzer.wording import timeline

ROWS = 60  # sockets with a row each; with more, large groups get thin lanes
FEW_ROWS = 32  # that small groups keep beside large ones
ALONE = 8  # groups that are shown by themselves beside others that are put together
TALLEST, THINNEST, COMFORTABLE = 0.34, 0.17, 10  # inches a row, with few and with many of them; how many are few
LEAST = 0.45  # inches of a group in thin lanes
HEADING = 0.27  # inches above a group


class Stack(NamedTuple):
    """Hold the lanes below one heading, with their height."""

    title: str
    detail: str
    lanes: Sequence[Lane]
    common: int  # letters with which every address begins
    lane: float = 0.0  # inches per socket

    @property
    def height(self) -> float:
        return self.lane * len(self.lanes)


def stacks_of(report: Report, layout: Layout, highest: float) -> list[Stack]:
    """Stack the sections of a capture.

    Each socket gets a row while there is room (`highest` inches); then large groups get thin lanes. Of many groups the
    most important ones are shown by themselves, and the others together.
    """
    total, most = len(layout.lanes), int(min(ROWS, highest / THINNEST))
    sections, titles = layout.sections, timeline.titles(layout.sections)
    crowded = total > most and len(sections) > ALONE + 1
    alone = choose(sections, ALONE) if crowded else range(len(sections))
    stacks = [_stack(report, sections[n], titles[n], layout) for n in alone]
    if crowded:
        stacks.append(_together([section for n, section in enumerate(sections) if n not in alone]))
    if total > most:
        return _thin(stacks, min(FEW_ROWS, most // 2), highest)
    many = max(0, total - COMFORTABLE) / (ROWS - COMFORTABLE)
    return [it._replace(lane=TALLEST - (TALLEST - THINNEST) * many) for it in stacks]


def _stack(report: Report, section: Section, title: str, layout: Layout) -> Stack:
    per_address = section.groups[0].per is Scope.ENDPOINT  # its title, or the labels of its lanes, are addresses
    where = "" if per_address else report.endpoints(section.groups[0].sessions)
    detail = timeline.note(section, layout.axis) + (f"  ·  {where}" if where else "")
    return Stack(title, detail, section.lanes, timeline.common(section))


def _together(rest: Sequence[Section]) -> Stack:
    lanes = sorted((lane for section in rest for lane in section.lanes), key=lambda lane: lane.order)
    return Stack(f"{len(rest):,} other groups", plural(len(lanes), "socket"), lanes, 0)


def _thin(stacks: Sequence[Stack], rows: int, highest: float) -> list[Stack]:
    """Keep the smallest groups in rows while there is room, and share out the rest of the height among the others."""
    in_rows, total = set(), 0
    for number in sorted(range(len(stacks)), key=lambda number: len(stacks[number].lanes)):
        total += len(stacks[number].lanes)
        if total <= rows:
            in_rows.add(number)
    few = sum(len(stacks[number].lanes) for number in in_rows)
    left = highest - THINNEST * few - HEADING * len(stacks)
    many = sum(len(stack.lanes) for stack in stacks) - few
    return [
        _note_thin_lanes(
            stack._replace(lane=THINNEST if n in in_rows else min(THINNEST, max(left / many, LEAST / len(stack.lanes))))
        )
        for n, stack in enumerate(stacks)
    ]


def _note_thin_lanes(stack: Stack) -> Stack:
    """Add that a line is more than one socket, where lanes are thinner than what can be drawn."""
    if stack.lane >= PIXEL:
        return stack
    return stack._replace(detail=f"{stack.detail}  ·  one line per {math.ceil(PIXEL / stack.lane)} sockets")
