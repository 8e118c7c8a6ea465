"""One table of round steps, one way to label: exact, few enough, the same whoever paints."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from analyzer.model import MILLISECOND, SECOND
from analyzer.timeline import Axis, clock_labels, ruler_of
from analyzer.timeline.ticks import DAY, HOUR, MINUTE, STEPS

PACKAGE = Path(__file__).parent.parent / "analyzer"
NOON = 1_767_268_800 * SECOND


@pytest.mark.parametrize(
    ("length", "since", "by_clock"),
    [
        pytest.param(1_000, ["0 s", "0.2 ms", "0.4 ms"], "12:00:00.000200", id="a millisecond"),
        pytest.param(90 * MILLISECOND, ["0 s", "20 ms", "40 ms"], "12:00:00.020", id="milliseconds"),
        pytest.param(2 * SECOND, ["0 s", "0.5 s", "1 s"], "12:00:00.500", id="parts of seconds"),
        pytest.param(9 * SECOND, ["0 s", "2 s", "4 s"], "12:00:02.000", id="seconds"),
        pytest.param(70 * SECOND, ["0 s", "15 s", "30 s"], "12:00:15", id="quarters of a minute"),
        pytest.param(900 * SECOND, ["0 s", "5 min", "10 min"], "12:05:00", id="minutes"),
        pytest.param(9_000 * SECOND, ["0 s", "30 min", "60 min"], "12:30:00", id="half hours"),
        pytest.param(9 * HOUR, ["0 s", "2 h", "4 h"], "14:00:00", id="hours"),
        pytest.param(9 * DAY, ["0 s", "2 d", "4 d"], "2026-01-03", id="days"),
        pytest.param(5_000 * DAY, ["0 s", "1,000 d", "2,000 d"], "2028-09-27", id="years"),
    ],
)
def test_ticks_are_at_round_distances_from_zero(length: int, since: list[str], by_clock: str) -> None:
    axis = Axis(NOON, NOON + length, NOON)
    ruler = ruler_of(axis, 5)
    assert [tick.label for tick in ruler.ticks[:3]] == since
    assert clock_labels(ruler, axis, UTC)[1] == by_clock


def test_another_day_has_its_date() -> None:
    axis = Axis(NOON, NOON + DAY, NOON)
    assert clock_labels(ruler_of(axis, 4), axis, UTC)[2] == "01-02 00:00"


def test_a_part_is_labelled_like_the_whole() -> None:
    whole = Axis(NOON, NOON + 90 * SECOND, NOON)
    part = Axis(NOON + SECOND, NOON + SECOND + 2 * MILLISECOND, NOON, whole)
    assert [tick.label for tick in ruler_of(part, 2).ticks] == ["1 s", "1.001 s", "1.002 s"]


@given(st.integers(0, 10**16), st.integers(-(10**12), 10**12), st.integers(1, 10**17), st.integers(2, 30))
def test_ticks_are_few_apart_and_within(zero: int, offset: int, length: int, most: int) -> None:
    axis = Axis(zero + offset, zero + offset + length, zero)
    ticks = ruler_of(axis, most).ticks
    assert len(ticks) <= most + 1
    assert all(axis.start <= tick.at <= axis.start + axis.span for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


def test_an_axis_without_times_has_no_ticks() -> None:
    assert ruler_of(Axis(0, 0, 0), 10).ticks == ()


UNITS = {"d": DAY, "h": HOUR, "min": MINUTE, "s": SECOND, "ms": MILLISECOND}


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**15), st.integers(2, 30))
def test_a_label_is_exact(offset: int, length: int, most: int) -> None:
    for tick in ruler_of(Axis(NOON + offset, NOON + offset + length, NOON), most).ticks:
        number, unit = tick.label.replace(",", "").split(" ")
        whole, _, decimals = number.lstrip("-").partition(".")
        size = UNITS[unit]
        exact = int(whole) * size + (int(decimals) * size // 10 ** len(decimals) if decimals else 0)
        assert exact == abs(tick.at - NOON)
        assert number.startswith("-") == (tick.at < NOON)


def test_steps_grow_and_divide_what_they_are_counted_in() -> None:
    assert sorted(set(STEPS)) == list(STEPS)
    for step in STEPS:
        assert next(size for size in (*UNITS.values(), 1) if step >= size) in (1, SECOND, MILLISECOND) or (
            step % next(size for size in UNITS.values() if step >= size) == 0
        )


def test_there_is_one_table_of_round_steps() -> None:
    table = re.compile(r"10, *15, *30|1, *2, *5, *10|2, *3, *6, *12")
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]
    assert [it.name for it in files if table.search(it.read_text("utf-8"))] == ["ticks.py"]
