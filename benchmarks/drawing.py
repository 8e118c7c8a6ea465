"""How fast the chart of many sockets is drawn, against the same picture with its bars drawn by matplotlib's `barh`.

    python benchmarks/drawing.py [SOCKETS]

CPU seconds, medians of 5 (of 3 for barh); matplotlib is imported and warm. Both draw the same marks into a PNG; only
the boxes of the bars differ: one path a kind here, one Rectangle a bar there. Only the ratio says something.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest import mock

from analyzer import overlaps
from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    Bounds,
    Capture,
    Exporter,
    File,
    Messages,
    Outcome,
    Policy,
    Report,
    Run,
    Scope,
    Session,
    Verdict,
)
from analyzer.outputs import chart, timeline
from analyzer.outputs.chart.marks import Boxes

SOCKETS = 10_000
NOON = 1_767_268_800 * SECOND


def run_of(sockets: int) -> Run:
    """Sockets that open one after the other and live for a while; one in ten without an end."""
    chance = random.Random(1)  # noqa: S311  # the same picture every time
    sessions, at = [], NOON
    for number in range(1, sockets + 1):
        at += round(chance.expovariate(50) * SECOND)
        opened = at + round(chance.uniform(0.02, 0.3) * SECOND)
        last = opened + round(chance.expovariate(0.05) * SECOND)
        closed = None if number % 10 == 0 else last + SECOND
        sessions.append(
            Session(
                id=f"s{number}",
                pointer=f"/log/entries/{number}",
                url="wss://chat.example/ws",
                endpoint="wss://chat.example/ws",
                page=None,
                initiator=None,
                outcome=Outcome.UNKNOWN if closed is None else Outcome.CLOSED,
                created=Bounds(at, at, "handshake-request"),
                opened=Bounds(at, opened, "first-message"),
                closed=None if closed is None else Bounds(last, closed, "page-reloaded"),
                proven=Interval(opened, last),
                possible=Interval(at, closed),
                last_seen=last,
                close_code=None,
                close_reason=None,
                messages=Messages(array("q", (opened, last)), b"\1\0", array("B", (1, 1)), array("q", (2, 2))),
            )
        )
    found = overlaps.find(sessions)
    exporter = Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools")
    capture = Capture((File("many.har", "har", exporter, sockets, Interval(NOON, at)),), (), ())
    counts = overlaps.concurrency(sessions, found)
    groups = overlaps.groups(sessions, Scope.CAPTURE)
    return Run((Report(capture, tuple(sessions), Verdict.OVERLAP, counts, found, groups, (), ()),), (), Policy())


def barh(axes: Any, mark: Any) -> Any:
    """The boxes of a mark as one call of `barh` draws them; every other mark as it is."""
    if not isinstance(mark, Boxes) or len(mark.boxes) < 100:
        return drawn(axes, mark)
    rows = [(top + bottom) / 2 for _, top, _, bottom in mark.boxes]
    widths = [right - left for left, _, right, _ in mark.boxes]
    heights = [bottom - top for _, top, _, bottom in mark.boxes]
    lefts = [left for left, _, _, _ in mark.boxes]
    before = axes.get_xlim(), axes.get_ylim()
    bars = axes.barh(rows, widths, heights, lefts, color=mark.look.fill, linewidth=mark.look.width)
    axes.set(xlim=before[0], ylim=before[1])
    for bar in bars:
        bar.set_zorder(3)
    return None


drawn = timeline._artist


def seconds(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        gc.collect()
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


class Drawing(NamedTuple):
    """What a chart costs, in CPU seconds."""

    boxes: int
    ours: float
    barh: float
    layout: float

    @property
    def times(self) -> float:
        return self.barh / self.ours


def measure(sockets: int) -> Drawing:
    run = run_of(sockets)
    gc.disable()  # as `har-sockets` does
    timeline.render(run_of(3))  # fonts
    placed = chart.picture(run, 12.0)
    boxes = sum(len(mark.boxes) for mark in placed.marks if isinstance(mark, Boxes))
    ours = seconds(lambda: timeline.draw(placed, "png"), 5)
    layout = seconds(lambda: chart.picture(run, 12.0), 5)
    with mock.patch.object(timeline, "_artist", barh):
        theirs = seconds(lambda: timeline.draw(placed, "png"), 3)
    return Drawing(boxes, ours, theirs, layout)


def main() -> None:
    sockets = int(sys.argv[1]) if sys.argv[1:] else SOCKETS
    took = measure(sockets)
    with_layout = (took.barh + took.layout) / (took.ours + took.layout)
    print(f"{sockets:,} sockets, {took.boxes:,} boxes, PNG of 12 inches at 150 dpi")
    print(f"  drawing            {took.ours:7.3f} s")
    print(f"  drawing with barh  {took.barh:7.3f} s    {took.times:.1f} times as long")
    print(f"  layout             {took.layout:7.3f} s    with it {with_layout:.1f} times")


if __name__ == "__main__":
    main()
