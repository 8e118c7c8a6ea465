"""Find the instants that decide whether sockets overlapped, and that the capture does not show.

An instant is unknown where its bounds are wide. It matters where another socket's instant may lie within them: the
close of one socket and the opening of another in either order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from analyzer.model import MILLISECOND, Instant, Outcome, Report, Session
from analyzer.model.sentence import Sentence, chain

FOREVER: Instant = 1 << 62
KNOWN = 10 * MILLISECOND  # bounds no wider than this give the instant
NAMED = 4


class Unknown(msgspec.Struct, frozen=True):
    """The sockets whose close is unknown, and those whose opening is, where it matters."""

    closes: tuple[Session, ...]
    openings: tuple[Session, ...]


class _Range(NamedTuple):
    """When one socket may have opened and closed: the earliest and the latest instant of each."""

    session: Session
    opened: tuple[Instant, Instant]
    closed: tuple[Instant, Instant]


def find(sessions: Iterable[Session]) -> Unknown:
    """Find the unknown instants that decide whether any two of these sockets overlapped."""
    ranges = [it for it in map(_range, sessions) if it is not None]
    latest_opening = _Extreme([(it.opened[0], it.opened[1]) for it in ranges])
    earliest_close = _Extreme([(-it.closed[1], -it.closed[0]) for it in ranges])
    closes, openings = [], []
    for n, (session, opened, closed) in enumerate(ranges):
        if _wide(closed) and latest_opening.of_others_below(closed[1], n) > closed[0]:
            closes.append(session)
        if _wide(opened) and -earliest_close.of_others_below(-opened[0], n) < opened[1]:
            openings.append(session)
    return Unknown(tuple(closes), tuple(openings))


def sentence(unknown: Unknown) -> Sentence:
    """Write the same in words, to stand behind a colon."""
    saved = [it for it in unknown.closes if it.outcome is Outcome.OPEN]
    if saved and len(saved) == len(unknown.closes) and not unknown.openings:  # saved before others were (--together)
        whose = Sentence("its" if len(saved) == 1 else "their")
        return Sentence("{} may have stayed open after {} capture was saved", _names(saved), whose)
    parts = [Sentence("when {} closed", _names(unknown.closes))] if unknown.closes else []
    parts += [Sentence("when {} opened", _names(unknown.openings))] if unknown.openings else []
    if not parts:
        return Sentence("the file does not show which came first, a close or the next opening")
    return Sentence("the file does not show {}", chain(parts, " and "))


def of_sockets(sessions: Sequence[Session]) -> Sentence:
    """Write why it is undecided whether these overlapped; of two sockets, which order of events is unknown."""
    unknown = find(sessions)
    if len(sessions) == 2:
        first, second = sorted(sessions, key=_began)
        in_order = first not in unknown.openings and second not in unknown.closes
        if in_order and first.outcome is not Outcome.OPEN:
            return Sentence("the file does not show whether {} had closed when {} opened", first.name, second.name)
    return sentence(unknown)


def of_overlaps(report: Report) -> Sentence:
    """Write the same of all possible overlaps of a report."""
    if len(report.overlaps) == 1:
        return of_sockets(report.named(report.overlaps[0].sessions))
    return of_several(report.named(overlap.sessions) for overlap in report.overlaps)


def of_several(overlaps: Iterable[Sequence[Session]]) -> Sentence:
    """Write the same of these overlaps, each given by its sockets."""
    return sentence(_of_all(overlaps))


def in_short(overlaps: Iterable[Sequence[Session]]) -> str:
    """Name the unknown instants of these overlaps in few words: `close of #1 unknown`."""
    unknown = _of_all(overlaps)
    parts = []
    for event, sessions in (("close", unknown.closes), ("opening", unknown.openings)):
        if sessions:
            parts.append(f"{event if len(sessions) == 1 else event + 's'} of {_numbers(sessions)}")
    return f"{' and '.join(parts)} unknown" if parts else "order of a close and the next opening unknown"


def _of_all(overlaps: Iterable[Sequence[Session]]) -> Unknown:
    parts = [find(sessions) for sessions in overlaps]
    closes = {session.id: session for unknown in parts for session in unknown.closes}
    openings = {session.id: session for unknown in parts for session in unknown.openings}
    return Unknown(tuple(closes.values()), tuple(openings.values()))


def _began(session: Session) -> Instant:
    return session.possible.start if session.possible is not None else FOREVER


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
        order = sorted(range(len(pairs)), key=pairs.__getitem__)
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


def _names(sessions: Sequence[Session]) -> Sentence:
    """`socket #1`, `sockets #1 and #3`."""
    return Sentence("socket {}" if len(sessions) == 1 else "sockets {}", _numbers(sessions))


def _numbers(sessions: Sequence[Session]) -> Sentence:
    """`#1`, `#1 and #3`; of many the first few."""
    first = sorted(sessions, key=lambda session: int(session.id[1:]))
    if len(first) > NAMED:
        first = first[: NAMED - 1]
    numbers = [session.number for session in first]
    if len(first) < len(sessions):
        numbers.append(Sentence("{} others", len(sessions) - len(first)))
    return chain(numbers, last=" and ")
