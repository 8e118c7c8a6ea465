"""Map the instants of a capture to columns, and choose from when to when."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.intervals import Interval
from analyzer.model import Bounds, Instant, Outcome, Page, PageKind, Report, Session, Value


class Axis(Value, frozen=True):
    """Map instants to columns. Every instant from start to end has one; what lies outside is drawn at the edge."""

    start: Instant
    end: Instant
    columns: int
    zero: Instant  # from where people count: Report.zero

    def column(self, at: Instant) -> int:
        span = self.end - self.start + 1
        return min(self.columns - 1, max(0, (at - self.start) * self.columns // span))

    def cells(self, interval: Interval) -> range:
        """List the columns that the interval touches: one at least."""
        first = self.column(interval.start)
        last = self.columns - 1 if interval.end is None else self.column(max(interval.start, interval.end - 1))
        return range(first, last + 1)


def axis_of(report: Report, columns: int) -> Axis:
    """Span the axis from the first to the last instant that anything in the capture shows."""
    observed = report.capture.observed
    points: list[Instant] = [] if observed is None else [observed.start, observed.end or observed.start]
    for session in report.sessions:
        for bounds in (session.created, session.opened, close_bounds(session)):
            points += [] if bounds is None else [at for at in (bounds.earliest, bounds.latest) if at is not None]
    start, end = min(points, default=0), max(points, default=0)
    # A page begins a little before its first request. One that is much older would squeeze all the rest.
    early = [p.started for p in report.capture.pages if p.started is not None and p.kind is not PageKind.RESTORE]
    near = [at for at in early if start - (end - start) // 20 <= at < start]
    return Axis(min([start, *near]), end, columns, report.zero)


def around(sessions: Sequence[Session], axis: Axis) -> Axis:
    """Cut the axis to the part in which these sockets lived."""
    lives = [s.possible for s in sessions if s.possible is not None]
    starts = [max(axis.start, it.start) for it in lives]
    ends = [axis.end if it.end is None else min(axis.end, it.end) for it in lives]
    return Axis(min(starts, default=axis.start), max(ends, default=axis.end), axis.columns, axis.zero)


def page_loads(report: Report, axis: Axis) -> list[tuple[int, Page]]:
    """List the columns in which pages were loaded.

    A page that came back from the cache repeats its old date: left out.
    """
    pages = [p for p in report.capture.pages if p.kind is not PageKind.RESTORE]
    return [(axis.column(p.started), p) for p in pages if p.started is not None and axis.start <= p.started <= axis.end]


def close_bounds(session: Session) -> Bounds | None:
    """Return the bounds of its close, narrowed by what else bounds `possible`."""
    closed = session.closed
    if closed is None or session.possible is None or session.outcome is not Outcome.CLOSED:
        return closed
    ends = [at for at in (closed.latest, session.possible.end) if at is not None]
    return Bounds(closed.earliest, min(ends, default=None), closed.evidence, closed.pointer)
