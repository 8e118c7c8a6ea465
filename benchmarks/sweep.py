"""How fast the steps of concurrency are found, against pure Python: `python benchmarks/sweep.py [INTERVALS]`.

From numpy arrays, and from intervals as the program has them. CPU seconds; only the ratios say something.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from unittest import mock

import numpy

from analyzer import intervals
from analyzer.intervals import NEVER, Interval


def seconds(work: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def measure(count: int) -> tuple[float, float]:
    """Return how many times as long pure Python takes as the sweep over arrays, and as the one over intervals."""
    chance = random.Random(1)  # noqa: S311 - the same every time
    starts = [chance.randrange(10**12) for _ in range(count)]
    spans = [Interval(at, at + chance.randrange(1, 10**9)) for at in starts]
    ends = [NEVER if span.end is None else span.end for span in spans]
    arrays = numpy.array(starts), numpy.array(ends)
    fast, given = seconds(lambda: intervals.steps(*arrays)), seconds(lambda: intervals.sweep(spans))
    with mock.patch.object(intervals, "MANY", count):
        plain = seconds(lambda: intervals.sweep(spans), 1)
    return plain / fast, plain / given


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    fast, given = measure(count)
    print(f"{count:,} intervals: {fast:.0f} times as fast from arrays, {given:.1f} times as they come")


if __name__ == "__main__":
    main()
