"""What the chart's parts promise by themselves: words that fit, ticks at round places, groups in an order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from analyzer.model import MILLISECOND, SECOND
from analyzer.outputs.chart import clock, lanes, lettering

NOON = 1_767_268_800 * SECOND
DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("plain $x$ <b>", "plain $x$ <b>", id="what is harmless stays"),
        pytest.param("a\0\n\x1bb", "a\ufffd\ufffd\ufffdb", id="control characters"),
        pytest.param("a\u202eb\u2066", "a\ufffdb\ufffd", id="bidi overrides"),
        pytest.param("\ud800", "\ufffd", id="lone surrogates"),
        pytest.param("e\u0301\u0301\u0301\u0301!", "e\u0301\u0301!", id="marks piled up on a letter"),
    ],
)
def test_text_of_a_capture_is_made_harmless(text: str, words: str) -> None:
    assert lettering.clean(text) == words


@given(st.text(), st.floats(0, 5), st.sampled_from([7.0, 13.0]), st.booleans())
def test_what_is_shortened_fits(text: str, room: float, size: float, bold: bool) -> None:
    assert lettering.inches(lettering.short(text, room, size, bold), size, bold) <= room


@given(st.text(), st.floats(0, 5), st.integers(1, 4))
def test_what_is_wrapped_fits(text: str, room: float, lines: int) -> None:
    wrapped = lettering.wrap(text, room, 9, lines)
    assert len(wrapped) <= lines
    assert all(lettering.inches(line, 9) <= room for line in wrapped)


def test_the_middle_of_a_long_address_gives_way() -> None:
    assert re.fullmatch(
        r"wss://chat\.ex.*….*/socket", lettering.short("wss://chat.example/" + "x" * 99 + "/socket", 2, 8)
    )


@pytest.mark.parametrize(
    ("length", "since", "by_clock"),
    [
        pytest.param(900, ["0 ms", "0.2 ms", "0.4 ms"], "12:00:00.000200", id="less than a millisecond"),
        pytest.param(90 * MILLISECOND, ["0 ms", "20 ms", "40 ms"], "12:00:00.020", id="milliseconds"),
        pytest.param(9 * SECOND, ["0 s", "2 s", "4 s"], "12:00:02.000", id="seconds"),
        pytest.param(900 * SECOND, ["0:00 min", "5:00 min", "10:00 min"], "12:05:00", id="minutes"),
        pytest.param(9_000 * SECOND, ["0:00 h", "0:30 h", "1:00 h"], "12:30:00", id="hours"),
        pytest.param(9 * DAY, ["0 d", "2 d", "4 d"], "2026-01-03", id="days"),
    ],
)
def test_ticks_are_at_round_distances_from_the_start(length: int, since: list[str], by_clock: str) -> None:
    ticks = clock.ticks(NOON, NOON, NOON + length, 5)
    assert [re.sub(r"\.0 ", " ", tick.since) for tick in ticks[:3]] == since
    assert ticks[1].clock == by_clock


def test_another_day_is_told() -> None:
    assert [tick.clock for tick in clock.ticks(NOON, NOON, NOON + DAY, 4)][2] == "01-02 00:00"


@given(st.integers(0, 10**16), st.integers(-(10**12), 10**12), st.integers(1, 10**17), st.integers(2, 30))
def test_ticks_are_few_apart_and_within(origin: int, offset: int, length: int, most: int) -> None:
    begin = origin + offset
    ticks = clock.ticks(origin, begin, begin + length, most)
    assert len(ticks) <= most + 1
    assert all(begin <= tick.at <= begin + length for tick in ticks)
    assert len({tick.since for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/app/?q=1#f", "/app/"),
        ("https://x.example", "x.example"),
        ("about:blank", "about:blank"),
        ("A title", "A title"),
    ],
)
def test_a_page_goes_by_its_path(url: str, name: str) -> None:
    assert lanes.page_name(url) == name
