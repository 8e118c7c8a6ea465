"""The timeline saved as a picture from the page: what is in view, with its answer, in light colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.browser.conftest import wait_for_paint
from tests.test_text import report, socket

OVERUSE, RELOADS = "chrome-S2-overuse", "chrome-08-refresh3"
SVG = "{http://www.w3.org/2000/svg}"


def save(page: Any, kind: str) -> Path:
    if page.get_by_role("button", name=f"Save as {kind}").is_hidden():
        page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save as {kind}").click()
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    return Path(download.value.path())


def words_of(path: Path) -> list[str]:
    return [text.text or "" for text in ElementTree.parse(path).iter(f"{SVG}text")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_svg_has_answer_captions_counts_and_legend(opened: Any, page_of: Callable[..., Path], scheme: str) -> None:
    result = opened(page_of(OVERUSE), color_scheme=scheme)
    path = save(result.page, "SVG")
    words = words_of(path)
    assert "Overlap: 4 sockets" in " ".join(words)
    assert "#3 user-1 · <Widget> app.js:47186 · by 2.39 s – still open" in words
    assert {"0 s", "3 s", "open sockets: certain peak 4, possible peak 4", "certainly open", "3 development"} <= set(
        words
    )
    root = ElementTree.parse(path).getroot()
    assert (root.findtext(f"{SVG}title") or "").startswith("chrome-S2-overuse.har: Overlap")
    fills = {it.get("fill") for it in root.iter()}
    assert {"#fff", "url(#overlapping)"} <= fills, "light colours on any screen"
    assert result.wrong == []
    assert result.page.evaluate("document.documentElement.dataset.theme ?? ''") == ""


def test_png_is_the_same_at_twice_the_size(opened: Any, page_of: Callable[..., Path]) -> None:
    result = opened(page_of(OVERUSE))
    svg, png = save(result.page, "SVG").read_text("utf-8"), save(result.page, "PNG").read_bytes()
    width, height = (int(re.search(rf' {name}="(\d+)"', svg)[1]) for name in ("width", "height"))  # type: ignore[index]
    assert png.startswith(b"\x89PNG")
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (2 * width, 2 * height)
    assert result.wrong == []


def test_it_holds_what_is_in_view(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.focus(".lanes")
    page.keyboard.press("End")
    page.keyboard.press("f")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("searchbox", name="Text").fill("#4")
    wait_for_paint(page)
    words = words_of(save(page, "SVG"))
    assert [it for it in words if it.startswith("#")] == ["#4 user-1 · <Widget> app.js:47186 · by 3.52 s – still open"]
    assert "0 s" not in words


def test_it_says_what_has_no_room(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(*(socket(n, n + 0.5, n=n) for n in range(600))))).page
    words = words_of(save(page, "SVG"))
    assert sum(it.startswith("#") for it in words) == 500
    assert "and 100 more sockets" in words
    assert page.inner_text(".state") == "Saved without 100 sockets: a picture has 500 at most"


def test_words_from_right_to_left_turn_nothing_around(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(socket(0, 2, n=0, url="wss://a.example/محادثة"), socket(1, 3, n=1)))).page
    words = words_of(save(page, "SVG"))
    assert [it for it in words if "#1" in it] == ["\u2066#1 /محادثة \u2069·\u2066 0.00 s – 2.00 s\u2069"]


def test_the_menu_closes_by_escape_outside_and_after_saving(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    button, choice = (page.get_by_role("button", name=name, exact=True) for name in ("Save", "Save as PNG"))
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(300, 5),
        lambda: save(page, "SVG"),
        button.click,
    ):
        button.click()
        assert choice.is_visible()
        close()
        assert choice.is_hidden()
