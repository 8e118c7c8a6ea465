"""What leaves open whether sockets were open at the same time: of some the close, of others the opening.

An instant is unknown where its bounds are wide. It matters where another socket's instant may lie within them: the
close of one and the opening of another in either order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analyzer.model import MILLISECOND, Instant, Outcome, Session

FOREVER: Instant = 1 << 62
KNOWN = 10 * MILLISECOND  # bounds no wider than this give the instant
NAMED = 4


class Unknown(NamedTuple):
    """The sockets of which the close, and those of which the opening is unknown where it matters."""

    closes: tuple[Session, ...]
    openings: tuple[Session, ...]


class _Range(NamedTuple):
    """From when to when one socket may have opened, and may have closed."""

    session: Session
    opened: tuple[Instant, Instant]
    closed: tuple[Instant, Instant]


def find(sessions: Iterable[Session]) -> Unknown:
    """The instants that decide whether any two of these were open at the same time, and are not known."""
    ranges = [it for session in sessions if (it := _range(session)) is not None]
    latest_opening = _Extreme([(it.opened[0], it.opened[1]) for it in ranges])
    earliest_close = _Extreme([(-it.closed[1], -it.closed[0]) for it in ranges])
    closes, openings = [], []
    for n, (session, opened, closed) in enumerate(ranges):
        if _wide(closed) and latest_opening.of_others_below(closed[1], n) > closed[0]:
            closes.append(session)
        if _wide(opened) and -earliest_close.of_others_below(-opened[0], n) < opened[1]:
            openings.append(session)
    return Unknown(tuple(closes), tuple(openings))


def sentence(unknown: Unknown) -> str:
    """The same in words, to stand behind a colon."""
    saved = [it for it in unknown.closes if it.outcome is Outcome.OPEN]
    if saved and len(saved) == len(unknown.closes) and not unknown.openings:  # saved before others were (--together)
        return f"{_names(saved)} may have stayed open after {'its' if len(saved) == 1 else 'their'} capture was saved"
    parts = [f"when {_names(unknown.closes)} closed"] if unknown.closes else []
    parts += [f"when {_names(unknown.openings)} opened"] if unknown.openings else []
    if not parts:
        return "one closed and the next opened too near to each other to tell which came first"
    return f"{' and '.join(parts)} is not known"


def _range(session: Session) -> _Range | None:
    proven, possible = session.proven, session.possible
    if possible is None:
        return None
    opened = session.opened.latest if session.opened is not None else None
    latest = possible.start if opened is None else max(possible.start, opened)
    if proven is not None and proven.end is None:
        return _Range(session, (possible.start, latest), (FOREVER, FOREVER))
    earliest = possible.start if proven is None or proven.end is None else proven.end
    return _Range(session, (possible.start, latest), (earliest, FOREVER if possible.end is None else possible.end))


def _wide(bounds: tuple[Instant, Instant]) -> bool:
    return bounds[1] - bounds[0] > KNOWN


class _Extreme:
    """Of pairs (place, value): the largest value of those below a place, one of them left out."""

    def __init__(self, pairs: Sequence[tuple[Instant, Instant]]) -> None:
        order = sorted(range(len(pairs)), key=lambda n: pairs[n])
        self.places = [pairs[n][0] for n in order]
        self.best: list[tuple[int, Instant, Instant]] = []  # who has the largest, that, and the second largest
        who, most, second = -1, -FOREVER, -FOREVER
        for n in order:
            value = pairs[n][1]
            if value > most:
                who, most, second = n, value, most
            else:
                second = max(second, value)
            self.best.append((who, most, second))

    def of_others_below(self, place: Instant, this: int) -> Instant:
        n = bisect_left(self.places, place) - 1
        if n < 0:
            return -FOREVER
        who, most, second = self.best[n]
        return second if who == this else most


def _names(sessions: Sequence[Session]) -> str:
    names = [session.name for session in sessions]
    if len(names) > NAMED:
        return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1:,} others"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
