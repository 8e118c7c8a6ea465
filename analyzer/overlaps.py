"""Sessions -> episodes of concurrency: one sweep over the proven intervals, one over the possible ones."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.intervals import Episode, Interval, episodes, peak
from analyzer.model import MILLISECOND, Concurrency, Confidence, Overlap, Report, Session

EXACT = 5 * MILLISECOND  # bounds no wider than this give the instant


def find(sessions: Sequence[Session], k: int = 2) -> tuple[Overlap, ...]:
    """Every stretch with `k` or more open at once, proven ones first, each in order of time.

    A possible stretch is left out where it says nothing new: it holds no socket that is not in a proven one
    within it. Sockets whose times are of different clocks prove nothing about each other.
    """
    by_id = {session.id: session for session in sessions}
    proven = [
        _overlap(Confidence.PROVEN, episode, by_id)
        for clock in sorted({session.clock for session in sessions})
        for episode in episodes(((s.id, s.proven) for s in sessions if s.proven and s.clock == clock), k)
    ]
    possible = [
        overlap
        for episode in episodes(((s.id, s.possible) for s in sessions if s.possible), k)
        if (overlap := _overlap(Confidence.POSSIBLE, episode, by_id)) and not _told(overlap, proven)
    ]
    return (*proven, *possible)


def proven_above(report: Report, allowed: int) -> tuple[Overlap, ...]:
    """The proven stretches with more than `allowed` open at once."""
    overlaps = report.overlaps if allowed == 1 else find(report.sessions, allowed + 1)
    return tuple(overlap for overlap in overlaps if overlap.confidence is Confidence.PROVEN)


def concurrency(sessions: Sequence[Session], overlaps: Sequence[Overlap]) -> Concurrency:
    clocks = {session.clock for session in sessions}
    return Concurrency(
        proven_peak=max(
            (peak(s.proven for s in sessions if s.proven and s.clock == clock) for clock in clocks), default=0
        ),
        possible_peak=peak(s.possible for s in sessions if s.possible),
        proven_overlap=sum(o.duration for o in overlaps if o.confidence is Confidence.PROVEN),
    )


def _told(possible: Overlap, proven: Sequence[Overlap]) -> bool:
    within = [o for o in proven if _intersect(o.interval, possible.interval)]
    return bool(within) and set(possible.sessions) <= {id for o in within for id in o.sessions}


def _intersect(a: Interval, b: Interval) -> bool:
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _overlap(confidence: Confidence, episode: Episode[str], by_id: dict[str, Session]) -> Overlap:
    """An episode without end lasts at least to the last evidence of any of its sockets."""
    interval = episode.interval
    members = [by_id[key] for key in episode.keys]
    end = interval.end
    if end is None:
        end = max((s.last_seen for s in members if s.last_seen is not None), default=interval.start)
    ended = [s for s in members if s.proven is not None and s.proven.end == interval.end]
    exact = confidence is Confidence.PROVEN and any(_exact(s) for s in ended)
    return Overlap(
        confidence=confidence,
        interval=interval,
        duration=max(0, end - interval.start),
        duration_is_lower_bound=confidence is Confidence.PROVEN and not exact,
        peak=episode.peak,
        sessions=episode.keys,
    )


def _exact(session: Session) -> bool:
    """Does the capture give the instant of its close?"""
    closed = session.closed
    return (
        closed is not None
        and closed.earliest is not None
        and closed.latest is not None
        and closed.latest - closed.earliest <= 2 * EXACT
    )
