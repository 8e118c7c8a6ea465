"""Sessions -> episodes of concurrency: one sweep over the proven intervals, one over the possible ones."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.intervals import Episode, Interval, episodes, peak
from analyzer.model import MILLISECOND, Bounds, Concurrency, Confidence, Duration, Overlap, Report, Session

EXACT = 10 * MILLISECOND  # bounds no wider than this give the instant


def find(sessions: Sequence[Session], k: int = 2) -> tuple[Overlap, ...]:
    """Every stretch with `k` or more open at once, proven ones first, each in order of time.

    A possible stretch is left out where it says nothing new: it holds no socket that is not in a proven one
    within it. Sockets whose times are of different clocks prove nothing about each other.
    """
    by_id = {session.id: session for session in sessions}
    possible = [
        _possible(episode, by_id) for episode in episodes(((s.id, s.possible) for s in sessions if s.possible), k)
    ]
    proven = [
        _proven(episode, by_id, possible)
        for clock in sorted({session.clock for session in sessions})
        for episode in episodes(((s.id, s.proven) for s in sessions if s.proven and s.clock == clock), k)
    ]
    return (*proven, *(overlap for overlap in possible if not _told(overlap, proven)))


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
        # What the clocks of the others showed at that moment is not known: their peaks may have coincided.
        possible_peak=sum(peak(s.possible for s in sessions if s.possible and s.clock == clock) for clock in clocks),
        proven_overlap=sum(o.duration for o in overlaps if o.confidence is Confidence.PROVEN),
    )


def _told(possible: Overlap, proven: Sequence[Overlap]) -> bool:
    within = [o for o in proven if _intersect(o.interval, possible.interval)]
    return bool(within) and set(possible.sessions) <= {id for o in within for id in o.sessions}


def _intersect(a: Interval, b: Interval) -> bool:
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _possible(episode: Episode[str], by_id: dict[str, Session]) -> Overlap:
    endless = episode.interval.end is None
    length = _length(episode, by_id)
    at_most = None if endless else length
    return Overlap(Confidence.POSSIBLE, episode.interval, length, endless, episode.peak, episode.keys, at_most)


def _proven(episode: Episode[str], by_id: dict[str, Session], possible: Sequence[Overlap]) -> Overlap:
    """None lasts longer than the possible stretch around it."""
    start, end = episode.interval
    members = [by_id[key] for key in episode.keys]
    around = next((o for o in possible if _intersect(o.interval, episode.interval)), None)
    begun = [s for s in members if s.proven is not None and s.proven.start == start]
    ended = [s for s in members if s.proven is not None and s.proven.end == end]
    return Overlap(
        confidence=Confidence.PROVEN,
        interval=episode.interval,
        duration=_length(episode, by_id),
        duration_is_lower_bound=not (any(_exact(s.opened) for s in begun) and any(_exact(s.closed) for s in ended)),
        peak=episode.peak,
        sessions=episode.keys,
        at_most=around.at_most if around is not None else None,
    )


def _length(episode: Episode[str], by_id: dict[str, Session]) -> Duration:
    """One without end lasts at least to the last evidence of any of its sockets."""
    start, end = episode.interval
    if end is None:
        seen = (by_id[key].last_seen for key in episode.keys)
        end = max((at for at in seen if at is not None), default=start)
    return max(0, end - start)


def _exact(bounds: Bounds | None) -> bool:
    """Do they give the instant?"""
    return (
        bounds is not None
        and bounds.earliest is not None
        and bounds.latest is not None
        and bounds.latest - bounds.earliest <= EXACT
    )
