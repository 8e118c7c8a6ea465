"""Span the axis of a capture: from when to when it is drawn, and from where people count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeAlias

from analyzer.memo import memoize_last
from analyzer.model import MILLISECOND, Bounds, Duration, Instant, Outcome, PageKind, Report, Session, Value

When: TypeAlias = Instant | timedelta | None  # timedelta: since the zero of the capture


class Axis(Value, frozen=True):
    """Hold the time that is drawn: all that a capture shows, or a part of it."""

    start: Instant
    end: Instant
    zero: Instant  # from where people count: Report.zero
    whole: Axis | None = None  # of the capture, where this is a part of it

    @property
    def span(self) -> Duration:
        """Return how long it is: a millisecond at least, so that a single instant has a place."""
        return max(MILLISECOND, self.end - self.start)

    @property
    def has_times(self) -> bool:
        return (self.start, self.end) != (0, 0)

    @property
    def cut_start(self) -> bool:
        """Check whether something before the start is left out."""
        return self.whole is not None and self.start > self.whole.start

    @property
    def cut_end(self) -> bool:
        """Check whether something after the end is left out."""
        return self.whole is not None and self.end < self.whole.end

    def part(self, start: When, end: When) -> Axis | None:
        """Cut out a part; None where nothing of the axis is in it."""
        first, last = max(self.start, self._at(start, self.start)), min(self.end, self._at(end, self.end))
        return Axis(first, last, self.zero, self) if first <= last else None

    def _at(self, moment: When, otherwise: Instant) -> Instant:
        if moment is None:
            return otherwise
        return self.zero + moment // timedelta(microseconds=1) if isinstance(moment, timedelta) else moment


@memoize_last
def axis_of(report: Report) -> Axis:
    """Span the axis from the first to the last instant of anything that is drawn or written."""
    observed = report.capture.observed
    points = [] if observed is None else [observed.start, observed.end or observed.start]
    # A socket that is open "since ever" has 0 for a start, which is no place in time.
    points += [at for session in report.sessions for at in signs_of(session) if at > 0]
    start, end = min(points, default=0), max(points, default=0)
    # A page begins a little before its first request. One that is much older would squeeze all the rest.
    early = start - (end - start) // 20
    pages = [p.started for p in report.capture.pages if p.started is not None and p.kind is not PageKind.RESTORE]
    pages = [at for at in pages if at >= early] if points else [at for at in pages if at > 0]
    start, end = min([*points, *pages], default=0), max([*points, *pages], default=0)
    return Axis(start, end, report.zero if observed is not None or report.zero else start)


def around(sessions: Sequence[Session], axis: Axis) -> Axis:
    """Cut the axis to the part in which these sockets lived."""
    lives = [s.possible for s in sessions if s.possible is not None]
    starts = [max(axis.start, it.start) for it in lives]
    ends = [axis.end if it.end is None else min(axis.end, it.end) for it in lives]
    return Axis(min(starts, default=axis.start), max(ends, default=axis.end), axis.zero, axis)


def signs_of(session: Session) -> list[Instant]:
    """List every instant of a socket that is drawn or written."""
    signs = [*(session.proven or ()), *(session.possible or ()), session.messages.first, session.messages.last]
    for bounds in (session.created, session.opened, close_bounds(session)):
        if bounds is not None:
            signs += (bounds.earliest, bounds.latest)
    return [at for at in signs if at is not None]


def close_bounds(session: Session) -> Bounds | None:
    """Return the bounds of its close, narrowed by what else bounds `possible`."""
    closed = session.closed
    if closed is None or session.possible is None or session.outcome is not Outcome.CLOSED:
        return closed
    ends = [at for at in (closed.latest, session.possible.end) if at is not None]
    return Bounds(closed.earliest, min(ends, default=None), closed.evidence, closed.pointer)
