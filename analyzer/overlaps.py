"""Sessions -> episodes of concurrency: one sweep over the proven intervals, one over the possible ones."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

from analyzer import openings
from analyzer.intervals import Episode, Interval, episodes, peak, runs
from analyzer.model import (
    MILLISECOND,
    Bounds,
    Concurrency,
    Confidence,
    Duration,
    Excess,
    Group,
    Overlap,
    Policy,
    Relation,
    Scope,
    Session,
    Value,
)

Pairs: TypeAlias = tuple[tuple[str, str | None], ...]

SCOPES = {"endpoint": Scope.ENDPOINT, "user_context": Scope.CONTEXT}  # what is in common in place of a user
EXACT = 10 * MILLISECOND  # bounds no wider than this give the instant


def find(sessions: Sequence[Session], k: int = 2) -> tuple[Overlap, ...]:
    """Every stretch with `k` or more open at once, proven ones first, each in order of time.

    A possible stretch is left out where it says nothing new: it holds no socket that is not in a proven one
    within it. Sockets whose times are of different clocks prove nothing about each other.
    """
    by_id = {session.id: session for session in sessions}
    possibly = _possibly(sessions)
    stretches = episodes(possibly, k)
    if not stretches:  # proven lies within possible
        return ()
    possible = [_possible(episode, by_id) for episode in stretches]
    around = _Around(possible)
    proven = [
        _proven(episode, by_id, around)
        for items in _proven_by_clock(sessions)
        for episode in (stretches if items == possibly else episodes(items, k))
    ]
    return (*proven, *around.uncertain(proven))


def together(sessions: Sequence[Session], confidence: Confidence = Confidence.PROVEN) -> list[list[Session]]:
    """The lots of sessions of which each was open at the same time as another one of its lot, in the order given."""
    if len(sessions) < 3:
        met = len(sessions) == 2 and openings.is_concurrent(sessions[0], sessions[1], confidence)
        return [list(sessions)] if met else []
    place = {session.id: n for n, session in enumerate(sessions)}
    stretches = (it for it in find(sessions) if it.confidence is confidence)
    return [[sessions[n] for n in sorted(place[id] for id in stretch.sessions)] for stretch in stretches]


def excesses(
    sessions: Sequence[Session], policy: Policy, all_stretches: tuple[Overlap, ...] | None = None
) -> tuple[Excess, ...]:
    """Every proven stretch with more open than the policy allows within its scope, and how they belong together.

    Sockets of one user are reported by themselves; those of several users, services or unknown ones together.
    `all_stretches`: what `find` returns for these sessions, if it has been called.
    """
    all_stretches = find(sessions) if all_stretches is None else all_stretches
    result: list[Excess] = []
    for part in _parts(sessions, policy):
        for same in by_user(part):
            by_design = same[0].provider.per_page if same[0].provider is not None else 1
            stretches = _of_some(same, max(policy.max_open, by_design) + 1, sessions, all_stretches)
            result += [Excess(Relation.SAME_USER, o) for o in stretches if o.confidence is Confidence.PROVEN]
        result += _find_mixed(part, policy.max_open, sessions, all_stretches)
    return tuple(result)


def possible_excesses(
    sessions: Sequence[Session], policy: Policy, all_stretches: tuple[Overlap, ...]
) -> tuple[Overlap, ...]:
    """Find every stretch in which more may have been open than the policy allows within its scope."""
    stretches = [
        o for part in _parts(sessions, policy) for o in _of_some(part, policy.max_open + 1, sessions, all_stretches)
    ]
    return tuple(overlap for overlap in stretches if overlap.confidence is Confidence.POSSIBLE)


def _of_some(
    some: Sequence[Session], k: int, sessions: Sequence[Session], all_stretches: tuple[Overlap, ...]
) -> tuple[Overlap, ...]:
    """`find` of some of the sessions: mostly these are all of them, and two at once are asked for."""
    return all_stretches if k == 2 and len(some) == len(sessions) else find(some, k)


def groups(sessions: Sequence[Session], per: Scope, whole: Concurrency | None = None) -> tuple[Group, ...]:
    """The sessions in groups: by user, where nothing else is asked for; each session is in one. `whole`: what
    `concurrency` tells of all of them, if that is known."""
    result = []
    by_context = per is Scope.USER and count_by_context(sessions)
    for key, members in partition(sessions, Scope.USER if per is Scope.CAPTURE else per, by_context):
        peaks = whole if whole is not None and len(members) == len(sessions) else concurrency(members, ())
        provider = members[0].provider if len({s.provider for s in members}) == 1 else None
        result.append(
            Group(
                per=key.per,
                key=key.pairs,
                sessions=tuple(session.id for session in members),
                proven_peak=peaks.proven_peak,
                possible_peak=peaks.possible_peak,
                provider=provider,
                limits=tuple(limit for limit in provider.limits if limit.scope == "user") if provider else (),
            )
        )
    return tuple(result)


class Key(Value, frozen=True):
    """What the sessions of one part have in common."""

    per: Scope
    pairs: Pairs


def count_by_context(sessions: Iterable[Session]) -> bool:
    """Do the sockets of unknown users all have a browser context? Then each context stands for one user.

    Where one of them has none it may belong to any context, so that none of them can be told apart by it.
    """
    return all(session.user_context is not None for session in sessions if session.user is None)


def partition(sessions: Iterable[Session], per: Scope, by_context: bool = False) -> list[tuple[Key, list[Session]]]:
    """The sessions that are counted together, by first appearance. Of an unknown user or service: by endpoint.

    by_context: of an unknown user by its browser context, which is one login (docs/decisions/0016).
    """
    members = list(sessions)
    if per is Scope.CAPTURE:
        return [(Key(per, ()), members)] if members else []
    if per is Scope.CONTEXT and any(session.user_context is None for session in members):  # it may be of any context
        return [(Key(per, (("user_context", None),)), members)]
    parts: dict[Pairs, list[Session]] = {}
    for session in members:
        parts.setdefault(_in_common(session, per, by_context), []).append(session)
    return [(Key(SCOPES.get(pairs[0][0], per), pairs), it) for pairs, it in parts.items()]


def by_user(sessions: Iterable[Session]) -> list[list[Session]]:
    """Group the sockets of which the user is known, by user, in the order of first appearance."""
    users: dict[tuple[str, str | None, str], list[Session]] = {}
    for session in sessions:
        if (user := session.user) is not None:
            users.setdefault(user, []).append(session)
    return list(users.values())


def _in_common(session: Session, per: Scope, by_context: bool) -> Pairs:
    match per:
        case Scope.CONTEXT:
            return (("user_context", session.user_context),)
        case Scope.PAGE:
            return (("page", session.page),)
        case Scope.SERVICE if session.provider is not None:
            return (("provider", session.provider.id),)
        case Scope.USER if session.user is not None:
            return tuple(zip(("provider", "app", "user"), session.user, strict=True))
        case Scope.USER if by_context:
            return (("user_context", session.user_context),)
        case _:
            return (("endpoint", session.endpoint),)


def _parts(sessions: Sequence[Session], policy: Policy) -> list[list[Session]]:
    """What the policy counts, in the parts that it counts together."""
    counted = list(filter(policy.counts, sessions))
    return [part for _, part in partition(counted, policy.per, count_by_context(counted))]


class _Mixed:
    """Those that are open at one instant: is that more than allowed, and how do they belong together?"""

    def __init__(self, by_id: dict[str, Session], allowed: int) -> None:
        self.by_id = by_id
        self.allowed = allowed
        self.open = self.unknown = 0
        self.units: Counter[tuple[str | None, ...]] = Counter()  # a user, or a socket of which none is known
        self.services: Counter[str] = Counter()  # units by service

    def enter(self, id: str) -> None:
        self._count(id, 1)

    def leave(self, id: str) -> None:
        self._count(id, -1)

    def _count(self, id: str, step: int) -> None:
        session = self.by_id[id]
        unit = session.user or (id,)
        before = self.units[unit] > 0
        self.units[unit] += step
        changed = (self.units[unit] > 0) - before
        if not self.units[unit]:
            del self.units[unit]
        self.open += step
        if session.provider is None:
            self.unknown += step
        elif changed:
            self.services[session.provider.id] += changed
            if not self.services[session.provider.id]:
                del self.services[session.provider.id]

    def label(self) -> Relation | None:
        if self.open <= self.allowed or len(self.units) < 2:
            return None
        apart = not self.unknown and len(self.services) == len(self.units)
        return Relation.UNRELATED if apart else Relation.RELATED


def _find_mixed(
    sessions: Sequence[Session], allowed: int, everyone: Sequence[Session], all_stretches: tuple[Overlap, ...]
) -> list[Excess]:
    """The stretches in which more than allowed are open, and not all of one user. `all_stretches`: what
    `find` returns for everyone.

    What is related remains so when further sockets join: the possible stretch around a related one is that one's.
    """
    if len(sessions) <= allowed or len({session.user or session.id for session in sessions}) < 2:
        return []
    if all(session.provider is None for session in sessions):  # each by itself: whatever is open at once is related
        stretches = _of_some(sessions, allowed + 1, everyone, all_stretches)
        return [Excess(Relation.RELATED, it) for it in stretches if it.confidence is Confidence.PROVEN]
    by_id = {session.id: session for session in sessions}
    possible: dict[Hashable, list[Overlap]] = {}
    possibly = _possibly(sessions)
    labelled = runs(possibly, _Mixed(by_id, allowed))
    for label, episode in labelled:
        possible.setdefault(label, []).append(_possible(episode, by_id))
    around = {label: _Around(stretches) for label, stretches in possible.items()}
    return [
        Excess(Relation(str(label)), _proven(episode, by_id, around.get(label, _Around(()))))
        for items in _proven_by_clock(sessions)
        for label, episode in (labelled if items == possibly else runs(items, _Mixed(by_id, allowed)))
    ]


def _possibly(sessions: Iterable[Session]) -> list[tuple[str, Interval]]:
    return [(s.id, s.possible) for s in sessions if s.possible]


def _proven_by_clock(sessions: Sequence[Session]) -> list[list[tuple[str, Interval]]]:
    return [[(s.id, s.proven) for s in alike if s.proven] for alike in _by_clock(sessions)]


def _by_clock(sessions: Sequence[Session]) -> list[list[Session]]:
    clocks: dict[int, list[Session]] = {}
    for session in sessions:
        clocks.setdefault(session.clock, []).append(session)
    return [clocks[clock] for clock in sorted(clocks)]


def concurrency(sessions: Sequence[Session], overlaps: Sequence[Overlap]) -> Concurrency:
    if len(sessions) == 1:  # as most groups are where the address differs from socket to socket
        (session,) = sessions
        (proven, possible) = (it is not None and not it.empty for it in (session.proven, session.possible))
        return Concurrency(int(proven), int(possible), add_up(overlaps))
    clocks = _by_clock(sessions)
    return Concurrency(
        proven_peak=max((peak(s.proven for s in alike if s.proven) for alike in clocks), default=0),
        # What the clocks of the others showed at that moment is not known: their peaks may have coincided.
        possible_peak=sum(peak(s.possible for s in alike if s.possible) for alike in clocks),
        proven_overlap=add_up(o for o in overlaps if o.confidence is Confidence.PROVEN),
    )


def add_up(overlaps: Iterable[Overlap]) -> Duration:
    """For how long at least one of these lasted. Those of different clocks may be of the same time: it counts once."""
    total, until = 0, 0
    for start, end in sorted((o.interval.start, o.interval.start + o.duration) for o in overlaps):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total


class _Around:
    """The possible stretches of one sweep: apart from each other, in order of time."""

    def __init__(self, stretches: Sequence[Overlap]) -> None:
        self.stretches = stretches
        self.starts = [overlap.interval.start for overlap in stretches]

    def place(self, interval: Interval) -> int:
        """The index of the stretch that this interval lies in; -1 for none. (Proven lies within possible.)"""
        n = bisect_right(self.starts, interval.start) - 1
        return n if n >= 0 and _contains(self.stretches[n].interval, interval) else -1

    def uncertain(self, proven: Sequence[Overlap]) -> list[Overlap]:
        """Those that hold a socket that is in no proven stretch within them."""
        certain: dict[int, set[str]] = {}
        for overlap in proven:
            certain.setdefault(self.place(overlap.interval), set()).update(overlap.sessions)
        return [it for n, it in enumerate(self.stretches) if n not in certain or not certain[n].issuperset(it.sessions)]


def _contains(a: Interval, b: Interval) -> bool:
    return a.start <= b.start and (a.end is None or (b.end is not None and b.end <= a.end))


def _possible(episode: Episode[str], by_id: dict[str, Session]) -> Overlap:
    endless = episode.interval.end is None
    length = _length(episode, by_id)
    at_most = None if endless else length
    return Overlap(Confidence.POSSIBLE, episode.interval, length, endless, episode.peak, episode.keys, at_most)


def _proven(episode: Episode[str], by_id: dict[str, Session], possible: _Around) -> Overlap:
    """None lasts longer than the possible stretch around it."""
    start, end = episode.interval
    members = [by_id[key] for key in episode.keys]
    place = possible.place(episode.interval)
    begun = [s for s in members if s.proven is not None and s.proven.start == start]
    ended = [s for s in members if s.proven is not None and s.proven.end == end]
    return Overlap(
        confidence=Confidence.PROVEN,
        interval=episode.interval,
        duration=_length(episode, by_id),
        duration_is_lower_bound=not (any(_exact(s.opened) for s in begun) and any(_exact(s.closed) for s in ended)),
        peak=episode.peak,
        sessions=episode.keys,
        at_most=possible.stretches[place].at_most if place >= 0 else None,
    )


def _length(episode: Episode[str], by_id: dict[str, Session]) -> Duration:
    """One without end lasts at least to the last evidence of any of its sockets."""
    start, end = episode.interval
    if end is None:
        signs = (by_id[key].last_sign for key in episode.keys)
        end = max((at for at in signs if at is not None), default=start)
    return max(0, end - start)


def _exact(bounds: Bounds | None) -> bool:
    """Do they give the instant?"""
    return (
        bounds is not None
        and bounds.earliest is not None
        and bounds.latest is not None
        and bounds.latest - bounds.earliest <= EXACT
    )
