"""Lay one socket out in time: while it was connecting, when it failed, its first and last sign."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.intervals import NEVER, Interval
from analyzer.model import Confidence, Instant, Outcome, Report, Session, Value
from analyzer.timeline.axis import Axis, signs_of


class Lane(Value, frozen=True):
    """Hold the lane of one socket, with what its intervals and messages do not say."""

    session: Session
    connecting: Interval | None  # from the handshake's request until it opened or failed; no end: for ever
    failed: Instant | None
    life: Interval | None  # from its first to its last sign; None: it has no times
    overlapping: tuple[Interval, ...] = ()  # the parts of `session.proven` with another socket certainly open too

    @property
    def order(self) -> tuple[Instant, int]:
        """Return what lanes are sorted by: when they begin; those without times come last."""
        return (self.life.start if self.life is not None else NEVER, int(self.session.id[1:]))

    def is_within(self, axis: Axis) -> bool:
        """Check whether it has a sign on the axis; one without times is always drawn."""
        if self.life is None:
            return True
        return self.life.start <= axis.end and (self.life.end is None or self.life.end >= axis.start)


def lanes_of(report: Report) -> list[Lane]:
    """Lay out every socket. Between two overlaps at most one is open, so that all parts together are few."""
    by_id = {session.id: session.proven for session in report.sessions}
    parts: dict[str, list[Interval]] = {}
    for overlap in report.overlaps:
        for id in overlap.sessions if overlap.confidence is Confidence.PROVEN else ():
            if (proven := by_id[id]) is not None and (part := proven.meet(overlap.interval)) is not None:
                parts.setdefault(id, []).append(part)
    return [lane_of(session, parts.get(session.id, ())) for session in report.sessions]


def lane_of(session: Session, overlapping: Iterable[Interval] = ()) -> Lane:
    signs = signs_of(session)
    connecting = _connecting(session)
    endless = [it for it in (connecting, session.possible) if it is not None and it.end is None]
    life = Interval(min(signs), None if endless else max(signs)) if signs else None
    return Lane(session, connecting, _failure(session), life, tuple(overlapping))


def _connecting(session: Session) -> Interval | None:
    if session.created is None or session.created.earliest is None:
        return None
    start = session.created.earliest
    if session.outcome is Outcome.CONNECTING:
        return Interval(start, None)
    if session.outcome is Outcome.FAILED:
        return Interval(start, _failure(session))
    until = session.opened
    ends = (until.latest, until.earliest) if until is not None else ()
    return Interval(start, next((end for end in ends if end is not None), start))


def _failure(session: Session) -> Instant | None:
    if session.outcome is not Outcome.FAILED:
        return None
    bounds = [it for it in (session.closed, session.created) if it is not None]
    return next((at for it in bounds for at in (it.latest, it.earliest) if at is not None), None)
