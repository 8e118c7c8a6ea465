"""Sockets that our sentences name are links; what a sentence quotes is text."""

from __future__ import annotations

import pytest

from analyzer.model import Policy
from analyzer.model.sentence import Sentence, name
from analyzer.painting.links import link
from analyzer.painting.part import Part, part_of
from tests.test_text import report, socket

LINK = '<a href="#s2">#2</a>'


@pytest.fixture(scope="module")
def part() -> Part:
    return part_of(report(socket(0, 1), socket(0, 1, n=1)), Policy(), "c1", 10)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("#2 opened.", f"{LINK} opened.", id="a socket"),
        pytest.param("(#2, #7)", f"({LINK}, #7)", id="only those of the capture"),
        pytest.param("/app#2, a##2, C#2", "/app#2, a##2, C#2", id="no part of a word"),
        pytest.param("<b>#2</b>", f"&lt;b&gt;{LINK}&lt;/b&gt;", id="the rest is escaped"),
        pytest.param(Sentence("{} is {}", name("<#2>"), Sentence("#{}", 2)), f"&lt;#2&gt; is {LINK}", id="no quote"),
    ],
)
def test_sockets_are_linked(text: str, html: str, part: Part) -> None:
    assert link(text, part) == html


def test_links_have_the_prefix_of_their_capture() -> None:
    several = part_of(report(socket(0, 1)), Policy(), "c3", 10, "c3-")
    assert link("#1", several) == '<a href="#c3-s1">#1</a>'
