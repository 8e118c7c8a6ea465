"""No blank place, no word without ink, nothing cut: pictures of whole pages, and of each screenful while scrolling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.formats import read
from analyzer.pipeline import analyze
from tests.browser import chats, pixels
from tests.browser.conftest import wait_for_paint

SAMPLES = Path(__file__).parent.parent.parent / "sample_hars"
DESK = {"viewport": {"width": 1280, "height": 900}}
SCREENS: dict[str, dict[str, Any]] = {
    "desk": DESK,
    "laptop": {"viewport": {"width": 1366, "height": 657}},
    "dark": {**DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True},  # a whole picture is taken without touch
    "zoomed": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},  # 200 % on 1280 px
    "forced": {**DESK, "forced_colors": "active"},
    "calm": {**DESK, "reduced_motion": "reduce"},
}
SLOW = pytest.mark.slow
QUICK = [*((4, screen) for screen in SCREENS), (1, "desk"), (2, "phone"), (12, "zoomed"), (60, "phone"), (60, "laptop")]
REST = [(sockets, screen) for sockets in (1, 2, 12, 60, 500, 5_000) for screen in SCREENS]
CASES = [*QUICK, *(pytest.param(*case, marks=SLOW) for case in REST if case not in QUICK)]


def take(page: Any, **options: Any) -> Any:
    return pixels.read_picture(page.screenshot(scale="css", timeout=90_000, **options))


def find_faults(image: Any, lines: list[pixels.Line]) -> list[str]:
    return [
        *pixels.find_blanks(image),
        *pixels.find_unpainted(image, lines),
        *pixels.find_cut(lines),
        *pixels.find_collisions(lines),
    ]


def list_inside(page: Any, lines: list[pixels.Line]) -> list[pixels.Line]:
    """List the lines that are wholly in the window, where they are in it."""
    start, tall = page.evaluate("scrollY"), page.viewport_size["height"]
    moved = [
        line._replace(box=line.box._replace(top=line.box.top - start, bottom=line.box.bottom - start)) for line in lines
    ]
    return [line for line in moved if line.box.top >= 0 and line.box.bottom <= tall]


def scroll(page: Any) -> Iterator[tuple[Any, list[pixels.Line]]]:
    """Yield each screenful, and its lines."""
    top = 0
    while top < page.evaluate("document.documentElement.scrollHeight"):
        page.evaluate(f"scrollTo(0, {top})")
        wait_for_paint(page)
        yield take(page), list_inside(page, pixels.read_lines(page))
        top += page.viewport_size["height"]


@pytest.mark.parametrize(("sockets", "screen"), CASES)
def test_the_whole_page_has_no_blank_place(
    opened: Any, page_of: Callable[..., Path], sockets: int, screen: str
) -> None:
    page = opened(page_of(chats.chat(sockets)), **SCREENS[screen]).page
    assert find_faults(take(page, full_page=True), pixels.read_lines(page)) == []


@pytest.mark.parametrize(("sockets", "screen"), [(4, "desk"), (12, "phone"), pytest.param(500, "zoomed", marks=SLOW)])
def test_no_screenful_is_blank(opened: Any, page_of: Callable[..., Path], sockets: int, screen: str) -> None:
    page = opened(page_of(chats.chat(sockets)), has_touch=screen == "phone", **SCREENS[screen]).page
    for image, lines in scroll(page):
        assert pixels.find_unpainted(image, lines) == []
        assert pixels.find_blanks(image, len(image) / 2) == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("captures", [16, pytest.param(100, marks=SLOW)])
def test_many_captures_have_no_blank_place(
    opened: Any, page_of: Callable[..., Path], captures: int, screen: str
) -> None:
    page = opened(page_of(*chats.suite(captures)), **SCREENS[screen]).page
    assert find_faults(take(page, full_page=True), pixels.read_lines(page)) == []


@SLOW
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.har")), ids=lambda path: path.stem)
def test_samples_have_no_blank_place_on_a_phone(opened: Any, page_of: Callable[..., Path], path: Path) -> None:
    page = opened(page_of(analyze(read(path))), **SCREENS["phone"]).page
    assert find_faults(take(page, full_page=True), pixels.read_lines(page)) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_without_javascript_there_is_no_blank_place(opened: Any, page_of: Callable[..., Path], screen: str) -> None:
    page = opened(page_of(chats.chat(12)), java_script_enabled=False, **SCREENS[screen]).page
    assert pixels.find_blanks(take(page, full_page=True)) == []


# What a reader does before the picture is taken: opens a pane, the filters, one of many captures.
STATES: dict[str, Callable[[Any], object]] = {
    "pane": lambda page: page.locator(".lane").nth(1).click(),
    "filter": lambda page: page.get_by_role("button", name="Filter").click(),
    "menu": lambda page: page.get_by_role("button", name="Save").click(),
    "details": lambda page: page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })"),
}


@pytest.mark.parametrize("screen", ["laptop", "dark", "phone", "zoomed", "forced"])
@pytest.mark.parametrize("state", [*STATES])
def test_no_state_is_blank_or_cut(opened: Any, page_of: Callable[..., Path], state: str, screen: str) -> None:
    page = opened(page_of(chats.chat(4)), **SCREENS[screen]).page
    STATES[state](page)
    wait_for_paint(page)
    place = ".pane" if state == "pane" else "body"  # on a narrow window the pane covers other words
    image, lines = take(page), list_inside(page, pixels.read_lines(page, place))
    assert len(lines) > 5
    assert pixels.find_unpainted(image, lines) == []
    assert pixels.find_cut(lines) == []
    assert pixels.find_blanks(image, len(image) / 2) == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("address", ["#?q=inbox&only=overlap", "#c3"])
def test_no_view_of_many_captures_is_blank(
    opened: Any, page_of: Callable[..., Path], address: str, screen: str
) -> None:
    page = opened(page_of(*chats.suite(16)), **SCREENS[screen]).page
    page.evaluate("address => { location.hash = address; }", address)
    if address.startswith("#c"):
        page.locator(".opened .lane").first.wait_for()
    wait_for_paint(page)
    assert find_faults(take(page, full_page=True), pixels.read_lines(page)) == []
