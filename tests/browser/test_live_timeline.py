"""The timeline that one can move: words on its bars, what overlaps, zoom, selection, switches, in every state."""

from __future__ import annotations

import io
import json
import re
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import SECOND, Messages, Policy, Report, Run
from analyzer.painting.part import part_of
from analyzer.pipeline import analyze
from tests.browser.conftest import CAPTURES, wait_for_paint, wait_for_value
from tests.browser.test_page import AXE, FAILED, OVERUSE, RELOADS, many, numbers, state
from tests.test_text import START, report, socket

__all__ = ("many",)


def labels(page: Any) -> list[str]:
    return list(page.eval_on_selector_all(".lane .label", "all => all.map(it => it.textContent)"))


@pytest.mark.parametrize("name", [OVERUSE, RELOADS, FAILED, "firefox-D", "mitmproxy-C.savehar", "webkit-D"])
def test_captions_are_those_of_python(opened: Any, page_of: Callable[..., Path], name: str) -> None:
    page = opened(page_of(name)).page
    run = masking.mask(Run((analyze(read(CAPTURES / f"{name}.har")),), (), Policy()))
    rows = part_of(run.reports[0], run.policy, "c1", 100).rows
    for row in rows[:8]:
        number, _, place = row.label.partition(" ")
        words = " · ".join(filter(None, (place, str(row.caption))))
        assert f"{number} {words}" in labels(page)


def test_the_part_that_overlaps_is_marked_on_the_bar(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(socket(0, 6, n=0), socket(2, 4, n=1), socket(8, 9, n=2)))).page
    assert page.locator("#lane-1 path.overlapping").count() == 1
    assert page.locator("#lane-3 path.overlapping").count() == 0
    fill = page.eval_on_selector("#lane-1 path.overlapping", "path => getComputedStyle(path).fill")
    assert "overlapping" in fill, "a pattern, not a colour alone"
    bar, part = (
        page.locator(f"#lane-1 path.{kind}").evaluate("path => path.getBBox().width")
        for kind in ("proven", "overlapping")
    )
    assert part == pytest.approx(bar / 3, abs=1)


def test_words_of_bars_stay_in_view(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.focus(".lanes")
    page.keyboard.press("End")
    page.keyboard.press("f")
    wait_for_paint(page)
    plot = page.locator(".lanes").bounding_box()
    for box in (it.bounding_box() for it in page.locator(".lane .label").all()):
        assert box["x"] >= plot["x"] - 1
        assert box["x"] + box["width"] <= plot["x"] + plot["width"] + 1


@pytest.mark.parametrize("wide", [390, 1200])
def test_a_long_opener_leaves_its_times_whole(opened: Any, page_of: Callable[..., Path], wide: int) -> None:
    page = opened(page_of(OVERUSE), viewport={"width": wide, "height": 800}).page
    page.eval_on_selector("#lane-3 .label span", "it => { it.textContent = ' ' + 'useChat() '.repeat(30) + '· '; }")
    label = page.locator("#lane-3 .label")
    assert label.evaluate("it => it.lastChild.data") == "by 2.39 s – still open"
    ends = label.evaluate("""it => {
        const words = document.createRange();
        words.selectNode(it.lastChild);
        return [words.getBoundingClientRect().right, it.getBoundingClientRect().right];
    }""")
    assert ends[0] <= ends[1]


def test_very_many_lanes_have_their_words_beside_the_bar(
    opened: Any, page_of: Callable[..., Path], many: Report
) -> None:
    page = opened(page_of(many)).page
    assert page.locator(".lane").first.bounding_box()["height"] == 20
    assert labels(page)[0].startswith("#1 ")


def test_certain_and_possible_have_a_scale_each_where_one_is_flat(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(*(socket(n, None, n=n) for n in range(30))))).page
    titles = page.eval_on_selector_all(".live .levels .peak", "all => all.map(it => it.textContent)")
    assert titles == ["open sockets: certain peak 1", "open sockets: possible peak 30"]


def test_the_wheel_zooms_on_the_ruler_and_scrolls_on_lanes(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(*(socket(n, n + 0.5, n=n) for n in range(60))))).page
    page.hover(".live .ruler")
    page.mouse.wheel(0, -300)
    wait_for_value(page, lambda: "the whole capture" in state(page), False)
    page.get_by_role("button", name="Show all of the capture").click()
    page.hover(".lanes")
    page.mouse.wheel(0, 300)
    wait_for_value(page, lambda: page.evaluate("document.querySelector('.lanes').scrollTop > 0"), True)
    assert state(page).endswith("the whole capture")


@pytest.mark.parametrize("place", ["ruler", "Shift"])
def test_a_stretch_is_selected_by_dragging(opened: Any, page_of: Callable[..., Path], place: str) -> None:
    page = opened(page_of(OVERUSE)).page
    box = page.locator(".live .ruler" if place == "ruler" else ".lanes").bounding_box()
    y = box["y"] + box["height"] / 2
    if place == "Shift":
        page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, y, steps=5)
    assert page.locator(".selection").is_visible()
    page.mouse.up()
    page.keyboard.up("Shift")
    assert page.locator(".selection").is_hidden()
    match = re.fullmatch(r"4 sockets, ([\d.]+) (m?)s from ([\d.]+) s", state(page))
    assert match is not None
    assert float(match[1]) * (0.001 if match[2] else 1) == pytest.approx(0.9, abs=0.02)
    assert page.locator(".pane").is_hidden()


def test_a_double_click_and_a_button_zoom_to_a_socket(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.dblclick("#lane-4")
    near = state(page)
    assert "the whole capture" not in near
    page.get_by_role("button", name="Show all of the capture").click()
    page.get_by_role("button", name="Zoom to it").click()
    assert state(page) == near


def test_lanes_are_named_by_the_answer(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    tree = page.locator(".lanes").aria_snapshot()
    assert (
        'option "socket 3 of user-1, certain from 2.39 s, still open, overlaps 3 others, chat.stream-io-api.com' in tree
    )


def test_filters_are_counted_and_folded(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(FAILED)).page
    assert page.get_by_role("searchbox", name="Text").is_hidden()
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("searchbox", name="Text").fill("nohost")
    page.get_by_role("combobox", name="Outcome").select_option("never opened")
    assert page.get_by_role("button", name="Filter (2)").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert page.get_by_role("searchbox", name="Text").is_hidden()
    assert numbers(page) == ["2"]


@pytest.mark.parametrize("by", ["link", "row"])
def test_a_socket_that_the_filter_leaves_out_ends_it(opened: Any, page_of: Callable[..., Path], by: str) -> None:
    page = opened(page_of(FAILED)).page
    page.click("#lane-1")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("searchbox", name="Text").fill("nohost")
    page.get_by_role("combobox", name="Outcome").select_option("never opened")
    assert numbers(page) == ["2"]
    if by == "link":
        page.evaluate("location.hash = 's4'")
    else:
        page.get_by_role("button", name="Its row in the table").click()
        assert page.evaluate("document.activeElement.textContent") == "1"
    page.locator(".lane").nth(1).wait_for()
    total = page.locator(".lane").count()
    assert len(numbers(page)) == total > 1
    assert state(page).startswith(f"{total} sockets, ")
    assert page.get_by_role("button", name="Filter", exact=True).get_attribute("aria-expanded") == "true"
    assert page.get_by_role("searchbox", name="Text").input_value() == ""
    assert page.get_by_role("combobox", name="Outcome").input_value() == ""


def test_the_theme_is_kept(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("combobox", name="Theme").select_option("dark")
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    assert page.get_by_role("combobox", name="Theme").input_value() == "dark"
    page.get_by_role("combobox", name="Theme").select_option("as the system")
    assert page.evaluate(paper) == light


def test_times_by_the_clock(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE), timezone_id="Asia/Kathmandu").page
    page.click("#lane-1")
    page.get_by_role("combobox", name="Time").select_option("UTC")
    wait_for_paint(page)
    assert labels(page)[0].startswith("#1 user-1 · <Widget> app.js:47186 · by 18:53:28.2")
    assert re.fullmatch(r"18:53:\d\d\.\d{3}", page.locator(".live text.time").first.text_content())
    assert "Lifetime, 2026-11-23 UTC" in page.inner_text(".pane")
    assert page.locator("#s1 td:nth-child(5)").inner_text().startswith("≤ 18:53:28.2")
    page.get_by_role("combobox", name="Time").select_option("local time")
    wait_for_paint(page)
    assert "by 00:38:28.2" in labels(page)[0]
    assert "Lifetime, local time, 2026-11-24 UTC+05:45" in page.inner_text(".pane")
    page.get_by_role("combobox", name="Time").select_option("since the start")
    wait_for_paint(page)
    assert "by 0.27 s" in labels(page)[0]


def test_by_the_clock_instants_have_a_date_where_there_are_two(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(report(socket(0, 86_400, n=0), socket(60, None, n=1))), timezone_id="UTC").page
    page.get_by_role("combobox", name="Time").select_option("UTC")
    wait_for_paint(page)
    assert labels(page)[0].endswith("2025-11-23 18:48:13.000 – 2025-11-24 18:48:13.000")


def test_without_instants_there_is_no_clock(opened: Any, page_of: Callable[..., Path]) -> None:
    entry = {
        "_resourceType": "websocket",
        "request": {"method": "GET", "url": "wss://a.example/ws", "headers": []},
        "response": {"status": 101, "headers": []},
    }
    har = {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": [entry] * 2}}
    page = opened(page_of(analyze(read(io.BytesIO(json.dumps(har).encode()))))).page
    assert page.get_by_role("combobox", name="Theme").is_visible()
    assert page.get_by_role("combobox", name="Time").count() == 0


def test_storage_that_is_refused_harms_nothing(opened: Any, page_of: Callable[..., Path], browser: Any) -> None:
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })")
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(page_of(OVERUSE).as_uri())
    wait_for_paint(page)
    page.get_by_role("combobox", name="Theme").select_option("dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert (page.locator(".lane").count(), wrong) == (4, [])
    context.close()


@pytest.mark.parametrize(
    "settings", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}, {"reduced_motion": "reduce"}]
)
def test_axe_finds_nothing_in_any_state(opened: Any, page_of: Callable[..., Path], settings: dict[str, Any]) -> None:
    page = opened(page_of(OVERUSE), bypass_csp=True, **settings).page
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.click("#lane-3")
    page.locator(".pane summary").click()
    page.hover("#lane-1")
    page.evaluate(AXE.read_text("utf-8"))
    items = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(it => it.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    assert items == []


def test_paper_has_what_is_folded(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_an_error_of_somebody_else_takes_nothing_away(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.click("#lane-3")
    page.evaluate("setTimeout(() => { throw new Error('of an extension'); })")
    wait_for_paint(page)
    assert page.locator("#lane-3").is_visible()
    assert page.locator(".static").is_hidden()


def test_f_zooms_with_shift_too(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.click("#lane-4")
    page.focus(".lanes")
    page.keyboard.press("Shift+F")
    assert "the whole capture" not in state(page)


def test_messages_near_each_other_are_no_pattern(opened: Any, page_of: Callable[..., Path]) -> None:
    one = socket(0, 60)
    times = array("q", range(START, START + 60 * SECOND, 12_000))
    count = len(times)
    messages = Messages(times, bytes(count), array("b", bytes(count)), array("q", bytes(8 * count)))
    page = opened(page_of(report(msgspec.structs.replace(one, messages=messages)))).page
    places = [int(x) for x in re.findall(r"M(\d+) ", page.get_attribute(".lane path.tick", "d"))]
    assert len(places) > 50
    assert min(after - before for before, after in pairwise(places)) >= 4
