"""The algebra against brute force: counting every instant."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from analyzer import intervals as algebra
from analyzer.intervals import Episode, Interval, episodes, peak, sweep

HORIZON = 24  # instants -2 .. 23; an open end holds to the horizon and beyond
INSTANTS = range(-2, HORIZON)
intervals = st.builds(Interval, st.integers(0, 12), st.none() | st.integers(-1, 14))
many = st.lists(intervals, max_size=9)


def holds(interval: Interval, instant: int) -> bool:
    return interval.start <= instant and (interval.end is None or instant < interval.end)


def level(spans: list[Interval], instant: int) -> int:
    return sum(holds(span, instant) for span in spans)


def by_counting(spans: list[Interval], k: int) -> list[Episode[int]]:
    """The episodes, told by looking at every instant."""
    items: list[Episode[int]] = []
    begun: int | None = None
    for instant in INSTANTS:
        if level(spans, instant) >= k:
            begun = instant if begun is None else begun
        elif begun is not None:
            items.append(counted(spans, begun, instant))
            begun = None
    if begun is not None:
        items.append(counted(spans, begun, None))
    return items


def counted(spans: list[Interval], start: int, end: int | None) -> Episode[int]:
    instants = range(start, HORIZON if end is None else end)
    keys = {n for n, span in enumerate(spans) if any(holds(span, at) for at in instants)}
    return Episode(Interval(start, end), max(level(spans, at) for at in instants), tuple(keys))


def unordered(items: list[Episode[int]]) -> list[tuple[Interval, int, set[int]]]:
    return [(episode.interval, episode.peak, set(episode.keys)) for episode in items]


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@given(many)
def test_episodes_are_what_counting_every_instant_finds(k: int, spans: list[Interval]) -> None:
    assert unordered(episodes(enumerate(spans), k)) == unordered(by_counting(spans, k))


@pytest.mark.parametrize("k", [1, 2, 3])
@given(many)
def test_numpy_gives_the_same_episodes_in_the_same_order(k: int, spans: list[Interval]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plain = episodes(enumerate(spans), k)
        patch.setattr(algebra, "MANY", 0)
        assert episodes(enumerate(spans), k) == plain


@given(many)
def test_numpy_gives_the_same_steps(spans: list[Interval]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plain = sweep(spans), peak(spans)
        patch.setattr(algebra, "MANY", 0)
        assert (sweep(spans), peak(spans)) == plain


@given(many)
def test_peak_is_the_most_that_counting_every_instant_finds(spans: list[Interval]) -> None:
    assert peak(spans) == max(level(spans, instant) for instant in INSTANTS)


@given(many)
def test_sweep_gives_the_level_at_every_instant(spans: list[Interval]) -> None:
    steps = sweep(spans)
    messages = [next((count for point, count in reversed(steps) if point <= at), 0) for at in INSTANTS]
    assert messages == [level(spans, at) for at in INSTANTS]


@given(many)
def test_sweep_has_one_step_a_point_and_only_where_the_level_changes(spans: list[Interval]) -> None:
    steps = sweep(spans)
    levels = [0, *(count for _, count in steps)]
    assert [point for point, _ in steps] == sorted({point for point, _ in steps})
    assert all(before != after for before, after in itertools.pairwise(levels))


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(spans: list[Interval], random: object) -> None:
    items = list(enumerate(spans))
    random.shuffle(items)  # type: ignore[attr-defined]
    assert unordered(episodes(items)) == unordered(episodes(enumerate(spans)))


@given(many)
def test_keys_stand_in_order_of_first_start(spans: list[Interval]) -> None:
    for episode in episodes(enumerate(spans)):
        starts = [spans[key].start for key in episode.keys]
        assert starts == sorted(starts)


@given(many)
def test_the_peak_of_episodes_is_the_peak_of_all(spans: list[Interval]) -> None:
    highest = max((episode.peak for episode in episodes(enumerate(spans))), default=0)
    assert highest == (peak(spans) if peak(spans) >= 2 else 0)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="nothing holds nothing"),
        pytest.param([(0, 5)], [], id="one alone is no episode"),
        pytest.param([(0, 5), (5, 9)], [], id="touching is not overlapping"),
        pytest.param([(0, 9), (1, 3), (3, 5)], [(1, 5, 2, "ABC")], id="hand-over is one episode"),
        pytest.param([(0, 9), (1, 3), (4, 5)], [(1, 3, 2, "AB"), (4, 5, 2, "AC")], id="a gap makes two episodes"),
        pytest.param([(0, 3), (1, 5), (3, 9)], [(1, 5, 2, "ABC")], id="hand-over of the first goes on"),
        pytest.param([(0, None), (7, None)], [(7, None, 2, "AB")], id="two open ends overlap for ever"),
        pytest.param([(0, None), (2, 4)], [(2, 4, 2, "AB")], id="an open end overlaps what comes later"),
        pytest.param([(0, 9), (4, 4)], [], id="an interval that ends where it starts is empty"),
        pytest.param([(0, 9), (5, 4)], [], id="an interval that ends before it starts is empty"),
        pytest.param([(0, 9), (0, 9), (0, 9)], [(0, 9, 3, "ABC")], id="three alike have a peak of three"),
        pytest.param([(0, 9), (2, 4), (4, 6), (4, 6)], [(2, 6, 3, "ABCD")], id="a hand-over to two raises the peak"),
        pytest.param([(0, 9), (2, 4), (2, 4), (4, 6)], [(2, 6, 3, "ABCD")], id="a hand-over from two keeps the peak"),
        pytest.param(
            [(0, 4), (0, 4), (4, 8), (4, 8)], [(0, 8, 2, "ABCD")], id="all change at one point and it is one episode"
        ),
    ],
)
def test_episodes(spans: list[tuple[int, int | None]], expected: list[tuple[int, int | None, int, str]]) -> None:
    items = episodes(zip("ABCDEFGH", (Interval(*span) for span in spans), strict=False))
    assert [(*e.interval, e.peak, "".join(e.keys)) for e in items] == expected
