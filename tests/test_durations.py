"""Durations are read as people write them, and refused in words that help."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from analyzer.durations import LONGEST, microseconds, parse
from analyzer.model import format_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", 250_000),
        ("250 MS", 250_000),
        ("2s", 2_000_000),
        (" 1.5 s ", 1_500_000),
        (".5s", 500_000),
        ("1m", 60_000_000),
        ("1 min", 60_000_000),
        ("2 hours", 7_200_000_000),
        ("1d", 86_400_000_000),
        ("7us", 7),
        ("7µs", 7),
        ("0", 0),
        ("250", 250_000),
        ("4 min 10 s", 250_000_000),
        ("1m30s", 90_000_000),
        ("0.0000015s", 2),
    ],
)
def test_a_duration_is_read(text, expected):
    assert parse(text, "ms") == expected


def test_a_bare_number_counts_in_the_given_unit():
    assert (parse("2", "s"), parse("2", "ms"), microseconds(2, "s"), microseconds(0.5, "ms")) == (
        2_000_000,
        2_000,
        2_000_000,
        500,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is not a duration: write 250ms, 1.5s or 2m"),
        ("soon", "'soon' is not a duration: write 250ms, 1.5s or 2m"),
        ("-1s", "'-1s' is not a duration: write 250ms, 1.5s or 2m"),
        ("2 weeks", "'2 weeks' has an unknown unit 'weeks': use ms, s, m, h or d"),
        ("1m 30", "'1m 30' has a number without a unit: write 250ms, 1.5s or 2m"),
        ("2,000 ms", "'2,000 ms' has a number without a unit: write 250ms, 1.5s or 2m"),
        ("1_000ms", "'1_000ms' has a number without a unit: write 250ms, 1.5s or 2m"),
        ("9" * 5000 + "s", "'" + "9" * 30 + "…' is longer than 10,000 days"),
        ("s\n\x1b[31m" + "x" * 99, "'s??[31m" + "x" * 23 + "…' is not a duration: write 250ms, 1.5s or 2m"),
    ],
)
def test_what_is_no_duration_is_refused(text, problem):
    with pytest.raises(ValueError, match=re.escape(problem) + "$"):
        parse(text, "ms")


@pytest.mark.parametrize("value", [timedelta(seconds=-1), -1, float("nan"), float("inf"), True, None, b"1s", 1e300])
def test_a_value_that_is_no_duration_is_refused(value):
    with pytest.raises(ValueError, match=r"is not a duration|is longer than"):
        microseconds(value, "ms")


def test_a_timedelta_keeps_its_length():
    assert microseconds(timedelta(milliseconds=250, microseconds=1), "s") == 250_001


@given(st.integers(0, LONGEST))
def test_what_the_outputs_print_is_read_back(duration):
    """To the three figures that are printed."""
    assert parse(format_duration(duration), "ms") == pytest.approx(
        duration, rel=0.05, abs=1_000_000 if duration > 60_000_000 else 1_000
    )


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        assert 0 <= parse(text, "ms") <= LONGEST
    except ValueError as refused:
        assert len(str(refused)) < 140


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0 ms"),
        ("7us", "7 µs"),
        ("0.5", "500 µs"),
        ("250ms", "250 ms"),
        ("1234ms", "1234 ms"),
        ("1.005ms", "1.005 ms"),
        ("1.5s", "1.5 s"),
        ("2m", "120 s"),
    ],
)
def test_a_duration_is_shown_exactly(text: str, expected: str) -> None:
    duration = parse(text, "ms")
    assert repr(duration) == str(duration) == expected
    assert parse(expected, "ms") == duration
