"""Notice that sockets were opened faster than an export keeps up with, until the very end of a file.

Chrome's DevTools handle what the browser tells one by one. In a flood they fall behind (measured: of 157 sockets opened
in 2.5 s the export held 109, and one as open that had closed 0.9 s before): the file ends in the middle of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import SECOND, Caveat, CaveatKind, Instant, Requested, Trace

FLOOD = 20  # openings a second: the fastest that a real capture without a flood shows is 11
UNTIL = 2  # of the times between two openings: so long after the last one the file goes on at most


def caveat(traces: Iterable[Trace], end: Instant) -> Caveat | None:
    """That the export may be behind, where openings come thick and fast until the end of what the file shows."""
    late = [at for trace in traces if (at := _start_of(trace)) is not None and end - SECOND < at <= end]
    if len(late) < FLOOD or end - max(late) > UNTIL * SECOND // len(late):
        return None
    message = (
        f"{len(late):,} sockets were opened in the last second of this file, so the export may lag behind. Later "
        "sockets, and closes shortly before the export, may be missing."
    )
    return CaveatKind.EXPORT_BEHIND.caveat(message)


def _start_of(trace: Trace) -> Instant | None:
    requested = next((event for event in trace.events if isinstance(event, Requested)), None)
    return requested.within.earliest if requested is not None else None
