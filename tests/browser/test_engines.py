"""The page in the engines of Firefox and Safari: the same words, a timeline, no blank place, and paper from Firefox."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chats, engines, pixels

pytestmark = pytest.mark.slow  # each engine takes seconds to start
ENGINES = ("firefox", "webkit")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with ExitStack() as stack:
        if request.param == "firefox":
            yield stack.enter_context(engines.start_firefox(tmp_path_factory.mktemp("profile")))
        else:
            yield stack.enter_context(engines.start_webkit(random.randint(20_000, 29_999)))


@pytest.mark.parametrize(("sockets", "width"), [(4, 1_280), (12, 390), (60, 1_280)])
def test_nothing_is_blank_or_cut(engine: Any, page_of: Callable[..., Path], sockets: int, width: int) -> None:
    engine.open(page_of(chats.chat(sockets)), width, 900)
    if isinstance(engine, engines.WebKit):  # its pictures end with its window
        tall = engine.evaluate("document.documentElement.scrollHeight")
        engine.open(page_of(chats.chat(sockets)), width, min(tall + 200, 8_900))
    image, lines = pixels.read_picture(engine.take_picture()), pixels.read_lines(engine)
    assert len(lines) > 50
    visible = [line for line in lines if line.box.bottom < len(image)]
    assert pixels.find_blanks(image) == []
    assert pixels.find_unpainted(image, visible) == []
    assert pixels.find_cut(lines) == []


def test_a_click_on_a_bar_shows_its_socket(engine: Any, page_of: Callable[..., Path]) -> None:
    engine.open(page_of(chats.chat(4)), 1_280, 900)
    assert engine.evaluate("document.querySelectorAll('.lane').length") == 4
    engine.click("#lane-3")
    assert engine.evaluate("location.hash") == "#s3"
    assert "Socket 3" in engine.evaluate("document.querySelector('.pane').textContent")


@pytest.mark.parametrize("paper", list(pixels.SIZES))
def test_its_paper_has_no_fault(engine: Any, page_of: Callable[..., Path], paper: str) -> None:
    engine.open(page_of(chats.chat(12)), 1_280, 900)
    sheets = pixels.read_sheets(engine.print_page(*pixels.SIZES[paper]))
    headings = engine.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(it => it.textContent)")
    rows = engine.evaluate("[...document.querySelectorAll('.sockets tbody tr')].map(row => row.cells[0].textContent + row.cells[1].textContent)")  # fmt: skip
    assert pixels.find_on_paper(sheets, headings) == []
    assert pixels.find_missing(sheets, rows) == []
