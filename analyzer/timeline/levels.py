"""Count how many sockets were open, and list the limits to compare that with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeAlias

from analyzer.intervals import sweep
from analyzer.model import Instant, Limit, Policy, Provider, Report, Session, Value

Steps: TypeAlias = tuple[tuple[Instant, int], ...]  # from then on this many

BEYOND = 3  # limits above this many times the peak are named, not drawn: the line would be flat


class Line(Value, frozen=True):
    """Hold a limit: of a service, or the one of the policy."""

    level: int
    provider: Provider | None = None
    limit: Limit | None = None


def proven_steps(sessions: Sequence[Session]) -> Steps:
    """Count how many were certainly open: the most of any clock, as clocks prove nothing about each other."""
    clocks = sorted({session.clock for session in sessions if session.proven})
    each = [sweep(s.proven for s in sessions if s.proven and s.clock == clock) for clock in clocks]
    if len(each) < 2:
        return tuple(each[0]) if each else ()
    changes = sorted((at, n, level) for n, steps in enumerate(each) for at, level in steps)
    levels = [0] * len(each)
    peaks: list[tuple[Instant, int]] = []
    for at, here in groupby(changes, key=lambda change: change[0]):
        for _, n, level in here:
            levels[n] = level
        peaks.append((at, max(levels)))
    return tuple(peaks)


def possible_steps(sessions: Sequence[Session]) -> Steps:
    """Count how many were possibly open."""
    return tuple(sweep(s.possible for s in sessions if s.possible))


def highest_of(steps: Steps) -> int:
    return max([level for _, level in steps], default=0)


def lines_of(report: Report, policy: Policy) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """List what the policy allows and what the services document: limits on the scale, and limits beyond it."""
    room = max(4, BEYOND * report.concurrency.possible_peak)
    providers = {s.provider.id: s.provider for s in report.sessions if s.provider is not None}
    lines = [Line(policy.max_open)]
    lines += [Line(limit.max, provider, limit) for provider in providers.values() for limit in provider.limits]
    return tuple(it for it in lines if it.level <= room), tuple(it for it in lines if it.level > room)
