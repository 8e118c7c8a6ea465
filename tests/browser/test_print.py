"""On paper nothing is blank, torn apart, cut or missing, and the colours that mean something are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.formats import read
from analyzer.model import Report
from analyzer.pipeline import analyze
from tests.browser import chats, pixels

SLOW = pytest.mark.slow
SAMPLES = Path(__file__).parent.parent.parent / "sample_hars"
REPORTS: dict[str, Callable[[], tuple[Report, ...]]] = {
    "1 socket": lambda: (chats.chat(1),),
    "2 sockets": lambda: (chats.chat(2),),
    "4 sockets": lambda: (chats.chat(4),),
    "12 sockets": lambda: (chats.chat(12),),
    "60 sockets": lambda: (chats.chat(60),),
    "60 sockets of one address": lambda: (chats.one_address(60),),
    "16 captures": lambda: chats.suite(16),
    "500 sockets": lambda: (chats.chat(500),),
    "5,000 sockets": lambda: (chats.chat(5_000),),
    "100 captures": lambda: chats.suite(100),
}
NAMES = [pytest.param(name, marks=SLOW) if "00 " in name else name for name in REPORTS]
HEADINGS = "headings => headings.map(heading => heading.textContent)"
ROWS = "rows => rows.map(row => row.cells[0].textContent + row.cells[1].textContent)"
TEXTS = "items => items.map(item => item.textContent)"


def print_page(page: Any, paper: str = "A4") -> list[pixels.Sheet]:
    return pixels.read_sheets(page.pdf(format=paper, prefer_css_page_size=True, print_background=True))


@pytest.mark.parametrize("paper", list(pixels.SIZES))
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_blank_torn_or_missing(opened: Any, page_of: Callable[..., Path], name: str, paper: str) -> None:
    page = opened(page_of(*REPORTS[name]())).page
    sheets = print_page(page, paper)
    rows = page.eval_on_selector_all(".sockets tbody tr", ROWS)
    findings = page.eval_on_selector_all(".findings > li > p:first-child", TEXTS)
    assert len(rows) >= 1
    assert pixels.find_on_paper(sheets, page.eval_on_selector_all("h1, h2, h3, h4", HEADINGS)) == []
    assert pixels.find_missing(sheets, [*rows, *findings]) == []


@SLOW
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.har")), ids=lambda path: path.stem)
def test_samples_have_no_fault_on_paper(opened: Any, page_of: Callable[..., Path], path: Path) -> None:
    page = opened(page_of(analyze(read(path)))).page
    assert pixels.find_on_paper(print_page(page), page.eval_on_selector_all("h1, h2, h3, h4", HEADINGS)) == []


@pytest.mark.parametrize("paper", list(pixels.SIZES))
def test_a_sheet_has_the_size_of_the_paper(opened: Any, page_of: Callable[..., Path], paper: str) -> None:
    sheets = print_page(opened(page_of(chats.chat(4))).page, paper)
    wide, tall = (size * pixels.MILLIMETER for size in pixels.SIZES[paper])
    for sheet in sheets:
        assert sheet.image.shape[:2] == (pytest.approx(tall, abs=2), pytest.approx(wide, abs=2))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_are_on_paper(opened: Any, page_of: Callable[..., Path], scheme: str) -> None:
    """The red of a verdict and the colour of an overlap, on white, also where the screen is dark."""
    sheet = print_page(opened(page_of(chats.chat(4)), color_scheme=scheme).page)[0]
    hues = pixels.count_hues(sheet.image)
    assert hues["red"] > 1_000
    assert hues["amber"] > 1_000
    assert (sheet.image > 200).all(axis=2).mean() > 0.8
