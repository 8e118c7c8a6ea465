"""Instants and durations: integers, microseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

Instant: TypeAlias = int
Duration: TypeAlias = int
SECOND: Duration = 1_000_000
MILLISECOND: Duration = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # what instants with a date count from


def format_duration(duration: Duration) -> str:
    """A duration for people, to three figures: `0.76 ms`, `703 ms`, `2.23 s`, `41.5 s`, `4 min 10 s`, `2 h 5 min`."""
    if duration < 10 * MILLISECOND:
        return f"{duration / MILLISECOND:.2g} ms"
    if duration < SECOND - MILLISECOND // 2:
        return f"{duration / MILLISECOND:.0f} ms"
    if duration < 60 * SECOND - SECOND // 20:
        return f"{duration / SECOND:.2f} s" if duration < 10 * SECOND else f"{duration / SECOND:.1f} s"
    minutes, seconds = divmod(round(duration / SECOND), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
