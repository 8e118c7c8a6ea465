"""The HTML report in a real browser: offline, quiet, usable by keyboard, readable for machines that read aloud."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import Report, Unreadable
from tests.browser.conftest import wait_for_paint, wait_for_value
from tests.test_text import report, socket

AXE = Path(__file__).parent / "axe.min.js"
OVERUSE, RELOADS, FAILED = "chrome-S2-overuse", "chrome-08-refresh3", "chrome-10-failed"


@pytest.fixture(scope="module")
def many() -> Report:
    """3 000 sockets of 300 addresses, one after the other and side by side."""
    return report(
        *(socket(n * 0.01, n * 0.01 + 0.5, url=f"wss://h{n % 30}.example/{n % 10}", n=n) for n in range(3_000))
    )


def state(page: Any) -> str:
    return str(page.inner_text(".state"))


def numbers(page: Any) -> list[str]:
    return list(page.eval_on_selector_all(".sockets tbody th", "cells => cells.map(cell => cell.textContent)"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_asks_for_nothing_and_complains_of_nothing(opened: Any, page_of: Callable[..., Path], scheme: str) -> None:
    path = page_of(OVERUSE, RELOADS, FAILED, "webkit-D")
    analysis = opened(path, color_scheme=scheme)
    assert analysis.asked == [path.as_uri()]
    assert analysis.wrong == []


def test_no_other_script_runs(opened: Any, page_of: Callable[..., Path]) -> None:
    analysis = opened(page_of(OVERUSE))
    analysis.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
    )
    assert analysis.page.evaluate("window.ran") is None
    wait_for_value(analysis.page, lambda: any("Content Security Policy" in text for text in analysis.wrong), True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Any, page_of: Callable[..., Path], scheme: str) -> None:
    path = page_of(OVERUSE, FAILED, "webkit-D", "firefox-D", unreadable=(Unreadable("a.har", "not JSON"),))
    page = opened(path, color_scheme=scheme, bypass_csp=True).page
    page.click("text=chrome-S2-overuse.har")
    page.focus(".lanes")
    page.keyboard.press("ArrowDown")
    page.evaluate(AXE.read_text("utf-8"))
    items = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(it => it.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    assert items == []


def test_without_javascript_the_picture_and_the_table_are_there(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE), java_script_enabled=False).page
    assert page.locator(".static svg.plot[role=img]").first.is_visible()
    assert page.locator(".live").is_hidden()
    assert page.locator(".sockets tbody tr").count() == 4
    assert "Overlap: " in page.inner_text(".verdict")


def test_the_sockets_on_screen_are_in_the_accessibility_tree(
    opened: Any, page_of: Callable[..., Path], many: Report
) -> None:
    page = opened(page_of(many)).page
    tree = page.locator(".lanes").aria_snapshot()
    details = re.findall(r"option \"socket (\d+), ", tree)
    assert details
    assert len(details) < 100, "only those on screen"
    assert page.get_attribute(".lane", "aria-setsize") == "3000"


def test_zoom_and_pan_by_buttons_wheel_and_drag(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    assert state(page) == "4 sockets, the whole capture"
    page.click("[aria-label='Zoom in']")
    zoomed = state(page)
    assert re.fullmatch(r"4 sockets, 1\.\d\d s from [\d.]+ s", zoomed)
    page.focus(".lanes")
    page.keyboard.press("ArrowRight")
    assert state(page) != zoomed
    later = state(page)
    box = page.locator(".live .levels").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 40, steps=4)
    page.mouse.up()
    assert state(page) != later
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    wait_for_paint(page)
    assert float(re.search(r", ([\d.]+) (ms|s) from", state(page))[1]) != float(re.search(r", ([\d.]+)", zoomed)[1])
    page.click("[aria-label='Show all of the capture']")
    assert state(page) == "4 sockets, the whole capture"


def test_by_keyboard_alone(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.focus(".lanes")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.get_attribute(".lanes", "aria-activedescendant")
    assert (chosen, page.get_attribute(f"#{chosen}", "aria-selected")) == ("lane-2", "true")
    page.keyboard.press("End")
    assert page.get_attribute(".lanes", "aria-activedescendant") == "lane-4"
    page.keyboard.press("f")
    assert "ms from 3." in state(page) or "s from 3." in state(page)
    page.keyboard.press("0")
    assert state(page) == "4 sockets, the whole capture"
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert "the whole capture" not in state(page)
    page.keyboard.press("Escape")
    assert page.get_attribute(".lanes", "aria-activedescendant") is None


def test_partners_follow_the_pointer(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.hover("#lane-3")
    assert page.inner_text(".tip") == "#3 overlaps #1, #2, #4"
    assert page.locator(".lane.partner").count() == 3
    page.hover("h1")
    assert page.locator(".tip").is_hidden()
    assert page.locator(".lane.partner").count() == 0


def test_filters_act_on_timeline_and_table(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(FAILED)).page
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("combobox", name="Outcome").select_option("never opened")
    assert state(page).startswith("9 of 10 sockets")
    wait_for_paint(page)
    assert (page.locator(".lane").count(), len(numbers(page))) == (9, 9)
    page.get_by_role("searchbox", name="Text").fill("nohost")
    wait_for_paint(page)
    assert (page.locator(".lane").count(), numbers(page)) == (1, ["2"])
    page.get_by_role("searchbox", name="Text").fill("nothing like it")
    assert page.get_by_text("No socket matches.").is_visible()
    page.get_by_role("searchbox", name="Text").fill("")
    page.get_by_role("combobox", name="Outcome").select_option("all")
    assert state(page).startswith("10 sockets")


def test_filters_by_service_and_user(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of("../../sample_hars/stream-chat-two-users")).page
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("combobox", name="User").select_option("user-2")
    assert numbers(page) == ["2"]
    page.get_by_role("combobox", name="Service").select_option("Stream Chat")
    wait_for_paint(page)
    assert page.locator(".lane").count() == 1


def test_the_table_sorts_both_ways(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(FAILED)).page
    page.get_by_role("button", name="Address").click()
    up = page.eval_on_selector_all(".sockets td:nth-child(2)", "cells => cells.map(cell => cell.textContent)")
    assert up == sorted(up)
    assert page.get_attribute("th:has-text('Address')", "aria-sort") == "ascending"
    page.get_by_role("button", name="Address").click()
    down = page.eval_on_selector_all(".sockets td:nth-child(2)", "cells => cells.map(cell => cell.textContent)")
    assert down == sorted(up, reverse=True)
    assert page.get_attribute("th:has-text('Address')", "aria-sort") == "descending"


@pytest.mark.parametrize("name", [OVERUSE, RELOADS, FAILED, "chrome-20-storm", "firefox-D", "mitmproxy-C.savehar"])
def test_rows_say_the_same_with_and_without_javascript(opened: Any, page_of: Callable[..., Path], name: str) -> None:
    page = opened(page_of(name)).page
    rows = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    before = page.eval_on_selector_all(".sockets tbody tr", rows)
    page.get_by_role("button", name="#").click()  # from up to down
    page.get_by_role("button", name="#").click()
    assert page.eval_on_selector_all(".sockets tbody tr", rows) == before


def test_ten_lanes_or_thousands_are_all_reachable(opened: Any, page_of: Callable[..., Path], many: Report) -> None:
    page = opened(page_of(many)).page
    assert page.locator(".sockets tbody tr").count() == 1_000  # without JavaScript, and on paper
    assert page.locator(".sockets tbody tr:visible").count() == 200
    page.get_by_role("button", name="Show 500 more of 2,800").click()
    assert page.locator(".sockets tbody tr").count() == 700
    page.focus(".lanes")
    page.keyboard.press("End")
    wait_for_paint(page)
    last = page.get_attribute(".lanes", "aria-activedescendant")
    assert page.get_attribute(f"#{last}", "aria-posinset") == "3000"
    assert page.locator(f"#{last}").is_visible()


@pytest.mark.parametrize("width", [400, 700, 1280, 1600])
def test_nothing_runs_out_of_the_window(opened: Any, page_of: Callable[..., Path], width: int) -> None:
    page = opened(page_of(OVERUSE, FAILED, RELOADS), viewport={"width": width, "height": 900}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1_000, 1_200, 1_500])
def test_no_column_of_the_table_is_cut_off(opened: Any, page_of: Callable[..., Path], width: int) -> None:
    page = opened(page_of(OVERUSE), viewport={"width": width, "height": 900}).page
    assert page.eval_on_selector(".scroll:has(.sockets)", "box => box.scrollWidth - box.clientWidth") <= 0


def test_paper_has_all_of_it(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.emulate_media(media="print")
    assert page.locator(".static").is_visible()
    assert page.locator(".live").is_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll:has(.sockets)')).maxHeight") == "none"
    assert page.pdf().startswith(b"%PDF")
