"""Which instants leave open whether sockets were open at the same time: against looking at every pair."""

from __future__ import annotations

from array import array

from hypothesis import given, strategies as st

from analyzer import unknowns
from analyzer.intervals import Interval
from analyzer.model import MILLISECOND, Bounds, Messages, Outcome, Session

EMPTY = Messages(array("q"), b"", array("b"), array("q"))


def at(tick: int) -> int:
    """Far enough apart to be unknown."""
    return tick * 100 * MILLISECOND


def session(number: int, opened: tuple[int, int], closed: tuple[int, int | None]) -> Session:
    """One that opened and closed within these bounds."""
    (start, latest), (earliest, end) = opened, closed
    proven = Interval(at(latest), at(earliest)) if latest < earliest else None
    return Session(
        id=f"s{number}", pointer=f"/{number}", url="wss://h/ws", endpoint="wss://h/ws", page=None, initiator=None,
        outcome=Outcome.UNKNOWN, created=None, opened=Bounds(at(start), at(latest), "x"), closed=None, proven=proven,
        possible=Interval(at(start), None if end is None else at(end)), last_seen=None, close_code=None,
        close_reason=None, messages=EMPTY,
    )  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> list[Session]:
    items = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        points = sorted(draw(st.lists(st.integers(0, 12), min_size=4, max_size=4)))
        end = None if draw(st.booleans()) else points[3]
        if end is not None and end <= points[0]:
            end = None
        items.append(session(number, (points[0], points[1]), (points[2], end)))
    return items


@given(lives())
def test_it_is_as_looking_at_every_pair_says(sessions: list[Session]) -> None:
    ranges = {it.id: unknowns._range(it) for it in sessions}
    closes, openings = set(), set()
    for one in sessions:
        for other in sessions:
            a, b = ranges[one.id], ranges[other.id]
            if one is other or a is None or b is None:
                continue
            if b.opened[0] < a.closed[1] and b.opened[1] > a.closed[0]:
                closes |= {one.id} if unknowns._wide(a.closed) else set()
                openings |= {other.id} if unknowns._wide(b.opened) else set()
    items = unknowns.find(sessions)
    assert ({it.id for it in items.closes}, {it.id for it in items.openings}) == (closes, openings)


def test_what_is_known_to_milliseconds_is_known() -> None:
    assert not unknowns._wide((0, unknowns.KNOWN))
    assert unknowns._wide((0, unknowns.KNOWN + MILLISECOND))
