"""The details of a socket: by click, by keyboard, by an address; in the words of `har-sockets show`."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Policy, Run
from analyzer.pipeline import analyze
from analyzer.wording.harmless import safe
from analyzer.wording.socket import Section, describe_socket, find_partners
from tests.browser.conftest import CAPTURES, wait_for_paint, wait_for_value
from tests.test_canaries import HARS, leaks

OVERUSE, FAILED = "chrome-S2-overuse", "chrome-10-failed"
TIMES = ("outcome", "requested", "opened", "closed", "failed", "close code", "certainly open", "possibly open")
ABOUT = ("address", "service", "page", "in the file")
FACTS = """pane => Object.fromEntries([...pane.querySelectorAll('dl')].flatMap(list => [...list.querySelectorAll('dt')]
    .map(term => [term.textContent, term.nextElementSibling.textContent])))"""


def facts(page: Any) -> dict[str, str]:
    return dict(page.eval_on_selector(".pane", FACTS))


def words_of_show(sections: list[Section]) -> dict[str, str]:
    return {fact.label: safe(fact.words, 300) for section in sections for fact in section.facts}


@pytest.mark.parametrize("name", sorted(path.stem for path in CAPTURES.glob("*.har"))[::20])
def test_the_pane_and_show_say_the_same(opened: Any, page_of: Callable[..., Path], name: str) -> None:
    report = masking.mask(Run((analyze(read(CAPTURES / f"{name}.har")),), (), Policy())).reports[0]
    if not report.sessions:
        pytest.skip("a capture without sockets has no pane")
    page = opened(page_of(name)).page
    for session in report.sessions[:12]:
        number = int(session.id[1:])
        page.evaluate(f"location.hash = 's{number}'")
        page.get_by_role("region", name=re.compile(rf"^Socket {number}\b")).wait_for()
        here, there = facts(page), words_of_show(describe_socket(report, session))
        for label in (*ABOUT, *TIMES):
            assert here.get(label) == there.get(label), (session, label)
        for label in ("sent", "received", "time", "first to last"):
            assert here.get(label) == there.get(label), (session, label)
        partners = find_partners(report, session)
        assert names(here["certain"]) == [int(it.id[1:]) for it in partners.certain[:12]]
        assert names(here.get("possible", "")) == [int(it.id[1:]) for it in partners.possible[:12]]


def names(words: str) -> list[int]:
    return [int(number) for number in re.findall(r"#(\d+)", words)]


def test_a_click_opens_it_beside_the_timeline(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    wide = page.locator(".live .chart").bounding_box()["width"]
    page.click("#lane-3")
    pane = page.get_by_role("region", name="Socket 3 of user-1")
    assert pane.is_visible()
    page.wait_for_url("**#s3")
    assert page.locator("tr.chosen").get_attribute("id") == "s3"
    assert page.locator(".live .chart").bounding_box()["width"] < wide - 300
    box, chart = pane.bounding_box(), page.locator(".live .chart").bounding_box()
    assert box["x"] >= chart["x"] + chart["width"]
    assert (box["y"], box["height"]) == (0, page.viewport_size["height"]), (
        "of the whole window, and with its own scroll bar"
    )
    for part in ("header.top", ".findings", ".rows", "footer"):
        below = page.locator(part).first.bounding_box()
        assert below["x"] + below["width"] <= box["x"], "the page makes room, so nothing lies under it"
    pane.get_by_role("button", name="Close").click()
    assert pane.is_hidden()
    assert page.locator(".live .chart").bounding_box()["width"] == wide


def test_first_stands_what_readers_look_for(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.click("#lane-3")
    titles = page.eval_on_selector_all(".pane h4", "all => all.map(it => it.textContent)")
    assert titles[:4] == ["Lifetime", "Open at the same time", "Opened by", "Findings"]
    assert titles[-1] == "URL"
    heights = {it.bounding_box()["y"] for it in page.locator(".pane .actions button").all()}
    assert len(heights) == 1, "actions stand in one row"


def test_without_its_capture_no_pane_takes_room(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE, FAILED)).page
    wide = page.locator("body").bounding_box()["width"]
    page.evaluate("location.hash = 'c2-s4'")
    page.locator("#c2-pane").wait_for()
    assert page.locator("body").bounding_box()["width"] < wide
    page.evaluate("location.hash = 'c1'")
    page.locator("#c2-pane").wait_for(state="hidden")
    assert page.locator("body").bounding_box()["width"] == wide


def test_an_address_without_a_capture_names_none_of_several(opened: Any, page_of: Callable[..., Path]) -> None:
    result = opened(page_of(OVERUSE, FAILED))
    page = result.page
    page.evaluate("location.hash = 'c2'")
    page.locator("#c2-lane-1").wait_for()
    page.evaluate("location.hash = 's1'")
    page.wait_for_timeout(100)  # nothing happens
    assert page.locator("#c2 .live").is_visible()
    assert (page.locator(".pane:visible").count(), result.wrong) == (0, [])


def test_enter_goes_into_it_and_escape_back(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.focus(".lanes")
    page.keyboard.press("ArrowDown")
    assert page.locator(".pane").is_hidden()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "pane"
    page.keyboard.press("Escape")
    assert page.locator(".pane").is_hidden()
    assert page.evaluate("document.activeElement.className") == "lanes"
    page.keyboard.press("Enter")
    page.focus(".lanes")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("region", name="Socket 2 of user-1").is_visible(), "the pane follows"


def test_partners_and_rows_link_both_ways(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.click("#lane-3")
    page.locator(".pane").get_by_role("link", name="#1", exact=True).click()
    page.get_by_role("region", name="Socket 1 of user-1").wait_for()
    page.wait_for_url("**#s1")
    page.go_back()
    page.get_by_role("region", name="Socket 3 of user-1").wait_for()
    page.locator(".sockets").get_by_role("link", name="4", exact=True).click()
    page.get_by_role("region", name="Socket 4 of user-1").wait_for()
    assert page.get_attribute(".lanes", "aria-activedescendant") == "lane-4"
    page.get_by_role("button", name="Its row in the table").click()
    assert page.evaluate("document.activeElement.textContent") == "4"


def test_an_address_opens_a_socket(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.goto(page.url + "#s2")
    page.reload()
    page.get_by_role("region", name="Socket 2 of user-1").wait_for()
    wait_for_paint(page)  # last it goes to the bar
    assert 0 < page.locator("#lane-2").bounding_box()["y"] < 600, "the bar is in view, not the row"
    assert page.get_attribute("#lane-2", "aria-selected") == "true"
    for wrong in ("#s99", "#s", "#f99", "#c9-s1", "#<b>"):
        page.evaluate(f"location.hash = '{wrong}'")
    page.wait_for_timeout(50)  # nothing happens
    assert page.get_by_role("region", name="Socket 2 of user-1").is_visible()


def test_of_several_captures_an_address_opens_the_right_one(opened: Any, page_of: Callable[..., Path]) -> None:
    result = opened(page_of(OVERUSE, FAILED))
    page = result.page
    page.evaluate("location.hash = 'c2-s4'")
    page.locator("#c2-pane").wait_for()
    wait_for_paint(page)
    assert page.get_attribute("#c2-lane-4", "aria-selected") == "true"
    assert page.locator("#c1-pane").is_hidden()
    assert result.wrong == []


def test_markdown_holds_what_the_pane_holds(opened: Any, page_of: Callable[..., Path]) -> None:
    result = opened(page_of(OVERUSE))
    page = result.page
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.click("#lane-3")
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_text("copied", exact=True).wait_for()
    text = page.evaluate("window.copied")
    assert text.startswith("### Socket 3 of `user-1`\n")
    for label, words in facts(page).items():
        assert f"- {label}: `{words}`\n" in text
    assert "```text\n" in text
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_url("**#s3")
    assert page.evaluate("window.copied") == page.url
    assert result.wrong == []


def test_it_copies_where_the_clipboard_refuses(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.evaluate("""() => {
        navigator.clipboard.writeText = () => Promise.reject(new Error('no'));
        document.execCommand = (name) => { window.copied = [name, getSelection().toString()]; };
    }""")
    page.click("#lane-1")
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_text("copied", exact=True).wait_for()
    assert page.evaluate("window.copied")[1].startswith("### Socket 1 of ")
    assert page.locator("textarea").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Copy as Markdown"


def test_the_stack_is_folded_and_whole(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE)).page
    page.click("#lane-1")
    assert page.locator(".pane .stack").is_hidden()
    page.locator(".pane summary").click()
    assert "→ your code: " in page.inner_text(".pane .stack")


def test_no_secret_is_in_the_pane_or_its_markdown(opened: Any, page_of: Callable[..., Path]) -> None:
    report = analyze(read(io.BytesIO(json.dumps(HARS["chrome"]).encode())))
    page = opened(page_of(report)).page
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    lanes, copies = page.locator(".lane").all(), set()
    for lane in lanes:
        lane.click()
        page.evaluate("window.copied = ''")
        page.get_by_role("button", name="Copy as Markdown").click()
        wait_for_value(page, lambda: page.evaluate("copied !== ''"), True)
        copies.add(page.evaluate("copied"))
        assert leaks(page.inner_html(".pane") + page.evaluate("copied")) == []
    assert len(copies) == len(lanes), "each is of its own lane"
