"""The checks of pictures themselves: each fires on a page that has its fault, and is silent on one that has not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.browser import pixels

WORDS = "<p>The report says which sockets were open at the same time.</p>"
TEXT = WORDS * 4
HEADING = "4 sockets of one user of Stream Chat were open at the same time: 2 or more for at least 3 s"


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 600, "height": 500})
    yield context.new_page()
    context.close()


@pytest.fixture
def screen(tab: Any) -> Callable[[str], tuple[Any, list[pixels.Line]]]:
    """A document -> its whole picture and its lines."""

    def take(body: str) -> tuple[Any, list[pixels.Line]]:
        tab.set_content(f"<body style='font:16px sans-serif;margin:20px'>{body}")
        return pixels.read_picture(tab.screenshot(full_page=True)), pixels.read_lines(tab)

    return take


@pytest.fixture
def paper(tab: Any) -> Callable[[str], list[pixels.Sheet]]:
    def take(body: str) -> list[pixels.Sheet]:
        tab.set_content(f"<style>@page {{ margin: 15mm }} h2 {{ break-after: auto }}</style>{body}")
        return pixels.read_sheets(tab.pdf(format="A4", prefer_css_page_size=True, print_background=True))

    return take


@pytest.mark.parametrize(
    "hole",
    [
        "<div style='height:200px'></div>",
        "<div style='height:200px;border:1px solid'></div>",
        "<div style='height:200px;border:1px solid;background:#eee'></div>",
    ],
)
def test_a_blank_place_is_reported_and_the_end_is_not(screen: Any, hole: str) -> None:
    assert len(pixels.find_blanks(screen(TEXT + hole + TEXT)[0])) == 1
    assert pixels.find_blanks(screen(TEXT)[0]) == []


def test_an_empty_page_and_an_empty_frame_at_the_end_are_reported(screen: Any) -> None:
    assert pixels.find_blanks(screen("")[0]) == ["nothing at all"]
    frame = "<div style='height:900px;border:1px solid;border-bottom:0;margin-bottom:-20px'></div>"
    assert len(pixels.find_blanks(screen(TEXT + frame)[0])) == 1


def test_words_without_ink_are_reported(screen: Any) -> None:
    image, lines = screen(
        "<p>Here.</p><p style='color:#fff'>White on white.</p>"
        "<div style='position:relative'>Covered.<div style='position:absolute;inset:0;background:#ddd'></div></div>"
        "<div style='height:3000px'></div><div style='content-visibility:auto;contain-intrinsic-size:auto 80px'>Late.</div>"
    )
    assert pixels.find_unpainted(image, lines) == [
        f"no ink at: {text}" for text in ("White on white.", "Covered.", "Late.")
    ]


def test_words_that_nobody_should_see_need_no_ink(screen: Any) -> None:
    image, lines = screen(
        "<p>Here.</p><details><summary>More</summary><p>Folded.</p></details><p hidden>Hidden.</p>"
        "<p style='visibility:hidden'>Invisible.</p><p style='position:absolute;clip-path:inset(50%)'>Aloud.</p>"
    )
    assert pixels.find_unpainted(image, lines) == []


@pytest.mark.parametrize(
    ("style", "is_cut"),
    [
        ("overflow:hidden", True),
        ("overflow:hidden;text-overflow:ellipsis", False),
        ("overflow:auto", False),
        ("overflow:visible;position:absolute;left:560px", True),  # beyond the window
        ("", False),
    ],
)
def test_words_that_are_cut_are_reported(screen: Any, style: str, is_cut: bool) -> None:
    _, lines = screen(f"<div style='width:60px;white-space:nowrap;{style}'>A name that is too long</div>")
    assert pixels.find_cut(lines) == ["cut: A name that is too long"] * is_cut


def test_words_cut_by_a_picture_are_reported(screen: Any) -> None:
    svg = "<svg width=80 height=20 style='overflow:{}'><text x=10 y=14>chat.example</text></svg>"
    assert pixels.find_cut(screen(svg.format("hidden"))[1]) == ["cut: chat.example"]
    assert pixels.find_cut(screen(svg.format("visible"))[1]) == []


def test_lines_cut_in_half_are_reported(screen: Any) -> None:
    """Three dots do not help a line whose lower half is missing."""
    style = "height:10px;line-height:20px;overflow:hidden;text-overflow:ellipsis"
    assert pixels.find_cut(screen(f"<div style='{style}'>Half</div>")[1]) == ["cut: Half"]


def test_words_over_words_are_reported(screen: Any) -> None:
    _, lines = screen(
        "<p style='position:relative'>3 development<span style='position:absolute;left:0;top:6px'>1 allowed</span>"
    )
    assert pixels.find_collisions(lines) == ["one over the other: 3 development | 1 allowed"]
    assert pixels.find_collisions(screen(TEXT)[1]) == []


def test_good_paper_has_no_fault(paper: Any) -> None:
    sheets = paper("<h2>Findings</h2>" + WORDS * 60 + "<h2>Sockets</h2>" + WORDS)
    assert len(sheets) > 1
    assert pixels.find_on_paper(sheets, ["Findings", "Sockets"]) == []
    assert pixels.find_missing(sheets, ["The report says which sockets were open at the same time."]) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (TEXT + "<div style='break-inside:avoid;height:900px;border:1px solid'>One</div>", "sheet 1 of 2: nothing from"),
        ("<div style='break-after:page'>" + TEXT + "</div>" + TEXT, "sheet 1 of 2: nothing from"),
        (TEXT + "<div style='break-before:page;height:300px'></div>", "sheet 2 of 2: nothing at all"),
        ("<div style='height:850px'>" + WORDS * 16 + "</div><h2>Sockets</h2><div style='break-before:page'>One", "with nothing below: Sockets"),
        (TEXT + "<h2 style='break-before:page'>Sockets</h2>", "nothing below: Sockets"),
        ("<p style='height:930px'>One<h2 style='font-size:30px;orphans:1;widows:1'>" + HEADING + "</h2>", "nothing below: 4 sockets"),
        ("<style>@page { margin: 0 }</style><p style='margin-left:-13px'>A line</p>", "beyond its edge: A line"),
        ("<p style='color:#fff'>White</p>" + TEXT, "sheet 1 of 1: no ink at: White"),
    ],
)  # fmt: skip
def test_faults_of_paper_are_reported(paper: Any, body: str, fault: str) -> None:
    assert any(fault in each for each in pixels.find_on_paper(paper(body), ["Sockets", HEADING]))


def test_what_is_not_on_paper_is_reported(paper: Any) -> None:
    sheets = paper(TEXT + "<p>re-connect</p><p style='margin-left:-70px'>A line that begins outside</p>")
    missing = pixels.find_missing(sheets, ["report says", "reconnect", "A line that begins outside", "eight nine"])
    assert missing == ["not on paper: A line that begins outside", "not on paper: eight nine"]


def test_colors_are_counted_by_their_names() -> None:
    image = np.full((10, 40, 3), 255, np.uint8)
    for place, color in enumerate(((161, 35, 15), (247, 220, 174), (10, 99, 80), (27, 58, 92))):
        image[:, place * 5] = color
    image[:, 39] = 90  # grey
    assert pixels.count_hues(image) == {"red": 10, "amber": 10, "green": 10, "blue": 10}
