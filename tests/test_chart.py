"""What the chart's parts promise by themselves: words that fit, and are harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from analyzer.model import Page, PageKind
from analyzer.outputs.chart import lettering
from analyzer.wording import timeline


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
    ("url", "name"),
    [
        ("https://x.example/app/?q=1#f", "/app/"),
        ("https://x.example", "x.example"),
        ("about:blank", "about:blank"),
        ("A title", "A title"),
    ],
)
def test_a_page_goes_by_its_path(url: str, name: str) -> None:
    assert timeline.page_name(Page("p", url, None, PageKind.LOAD)) == name
