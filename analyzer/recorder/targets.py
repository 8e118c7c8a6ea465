"""Hold what the DevTools protocol reports of a target, and of a navigation of its main frame."""

from __future__ import annotations

import time
from dataclasses import dataclass

from analyzer.model import SECOND, Duration, Instant


@dataclass(slots=True, repr=False)  # it holds addresses with their secrets
class Target:
    """What the protocol attaches to."""

    id: str  # of a page or iframe also the id of its main frame
    kind: str
    tab: str | None  # the id of the page that it belongs to
    context: str | None = None  # the browser context that it is in
    paused: bool = False  # until it was heard
    attached: Instant = 0  # when that was read


@dataclass(slots=True, repr=False)  # it holds addresses with their secrets
class Navigation:
    """A navigation of a main frame, by its loader."""

    url: str = ""
    type: str = ""
    requested: Instant | None = None
    answered: Instant | None = None
    status: int = 0
    mime: str = ""
    may_swap: bool = False  # Cross-Origin-Opener-Policy can ask for another process


def clock_offset() -> Duration:
    """Epoch minus our monotonic clock, which is that of browsers too: the quickest of some readings."""
    readings = []
    for _ in range(20):
        before, wall, after = time.perf_counter(), time.time(), time.perf_counter()
        readings.append((after - before, wall - (before + after) / 2))
    return round(min(readings)[1] * SECOND)
