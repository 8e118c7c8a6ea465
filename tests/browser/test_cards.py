"""Findings as cards, and their links: finding, bar and row lead to each other, without JavaScript too."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

MOUNTS, STRICT = "../../sample_hars/stream-chat-connect-on-every-mount", "../../sample_hars/stream-chat-strictmode-hook"
OVERUSE, FAILED = "chrome-S2-overuse", "chrome-10-failed"
LAPTOP = {"width": 1366, "height": 657}


def test_the_first_finding_is_above_the_fold(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS), viewport=LAPTOP).page
    tops = page.evaluate("""() => ['.said', '.levels', '.finding h4'].map(
        (part) => document.querySelector(part).getBoundingClientRect())""")
    verdict, count, finding = (box["y"] for box in tops)
    assert verdict < count < finding < LAPTOP["height"] - 24, "a line of it at least"


def test_the_parts_stand_in_the_order_of_the_questions(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS)).page
    assert page.locator(".capture h3").all_inner_texts() == [
        "Timeline",
        "Findings",
        "Sockets",
        "Services and their limits",
        "Coverage and limits of this capture",
        "About this capture",
        "Legend",
    ]
    assert page.locator("details.foot[open]").count() == 0


def test_a_card_says_what_why_what_to_do_and_where(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS)).page
    card = page.locator("#f1")
    labels = ["Likely cause", "What to do", "Opened by", "Proof", "Where"]
    assert card.locator("dt").all_inner_texts() == labels
    assert "connectUser() < <Widget>, app.js:47186" in card.inner_text()
    assert "your code" not in card.inner_text()
    card.get_by_text("Call stack").click()
    assert re.search(r"→ your code: \(anonymous\) \(app\.js:47186:\d+\)", card.inner_text())


def test_what_is_only_possible_looks_so(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(STRICT)).page
    card = page.locator(".finding.possible").first
    assert "· possible" in card.inner_text()
    assert card.evaluate("card => getComputedStyle(card).borderLeftStyle") == "dashed"
    certain = opened(page_of(MOUNTS)).page.locator("#f1")
    assert certain.evaluate("card => getComputedStyle(card).borderLeftStyle") == "solid"


@pytest.mark.parametrize("name", [MOUNTS, OVERUSE, FAILED, STRICT])
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_every_link_within_the_page_leads_somewhere(
    opened: Any, page_of: Callable[..., Path], name: str, scripts: bool
) -> None:
    page = opened(page_of(name), java_script_enabled=scripts).page
    ids = {element.get_attribute("id") for element in page.locator("[id]").all()}
    targets = {link.get_attribute("href").removeprefix("#") for link in page.locator("a[href^='#']").all()}
    assert targets
    assert targets <= ids


def test_finding_and_rows_link_to_each_other(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS), java_script_enabled=False).page
    page.locator("#f1").get_by_role("link", name="#3").first.click()
    page.wait_for_url("**#s3")
    assert page.locator("tr:target th").inner_text() == "3"
    page.locator("tr:target").get_by_role("link", name="f1").click()
    page.wait_for_url("**#f1")
    page.locator(".captions").get_by_role("link", name="#2").click()
    page.wait_for_url("**#s2")


def test_of_several_captures_each_has_its_own_anchors(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE, FAILED), java_script_enabled=False).page
    assert page.locator("#c1-f1, #c1-s1, #c2-s1").count() == 3
    ids = [element.get_attribute("id") for element in page.locator("[id]").all()]
    assert len(ids) == len(set(ids))


def test_a_finding_can_be_linked_to(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS)).page
    sign = page.locator("#f1 .anchor")
    assert sign.evaluate("it => getComputedStyle(it).opacity") == "0"
    sign.focus()
    assert sign.evaluate("it => getComputedStyle(it).opacity") == "1"
    page.keyboard.press("Enter")
    page.wait_for_url("**#f1")


def test_headings_go_down_one_level_at_a_time(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(OVERUSE, FAILED), java_script_enabled=False).page
    levels = [int(tag[1]) for tag in page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(it => it.tagName)")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


# -- paper ---------------------------------------------------------------------------------------------------------


def page_rules(page: Any) -> list[str]:
    rules = page.evaluate("[...document.styleSheets[0].cssRules].map(rule => rule.constructor.name + rule.cssText)")
    return [rule for rule in rules if rule.startswith("CSSPageRule")]


def test_paper_has_title_and_release_at_its_top(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS, title="Chat: QA", meta=(("release", "12.0"), ("build", "7")))).page
    (rule,) = page_rules(page)
    assert '@top-left { content: "Chat: QA"; }' in rule
    assert '@top-right { content: "release 12.0 · build 7"; }' in rule
    (rule,) = page_rules(opened(page_of(MOUNTS, title="W" * 150)).page)
    assert max(map(len, re.findall("W+", rule))) <= 15, "no browser breaks a word there"


@pytest.mark.parametrize(
    "title", ['"; } * { display: none } "', "</style><script>window.hacked = 1</script>", "\\", "\n*/"]
)
def test_a_title_stays_within_its_string(opened: Any, page_of: Callable[..., Path], title: str) -> None:
    analysis = opened(page_of(MOUNTS, title=title))
    harmless = opened(page_of(MOUNTS, title="a")).page
    count = "document.styleSheets[0].cssRules.length"
    assert analysis.wrong == []
    assert analysis.page.evaluate(count) == harmless.evaluate(count)
    assert len(page_rules(analysis.page)) == 1
    assert analysis.page.locator("h1").is_visible()
    assert analysis.page.evaluate("window.hacked") is None


def test_paper_is_light_and_has_colours(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS), color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    ink, red = page.evaluate("[document.body, document.querySelector('.sign')].map(it => getComputedStyle(it).color)")
    assert (ink, red) == ("rgb(28, 33, 38)", "rgb(161, 35, 15)")
    assert page.locator("details .stack").first.is_visible()
    assert page.locator("details .legend").first.is_visible()


def test_nothing_on_paper_is_kept_in_one_piece_that_is_taller_than_a_sixth_of_it(
    opened: Any, page_of: Callable[..., Path]
) -> None:
    page = opened(page_of(MOUNTS), viewport={"width": 690, "height": 1_000}).page
    page.emulate_media(media="print")
    tall = page.evaluate("""() => [...document.querySelectorAll('body *')].filter((it) =>
        !it.matches('.sign-off') && getComputedStyle(it).breakInside.startsWith('avoid') && it.getBoundingClientRect().height > 167
    ).map((it) => it.outerHTML.slice(0, 80))""")
    assert tall == []


def test_the_block_to_sign_is_on_one_sheet(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS, OVERUSE, FAILED, sign_off=True), viewport={"width": 690, "height": 1_000}).page
    page.emulate_media(media="print")
    block = page.locator(".sign-off")
    assert block.evaluate("it => getComputedStyle(it).breakInside") == "avoid"
    assert block.bounding_box()["height"] < 900
    assert block.locator("tbody tr").count() == 3
    assert block.locator("dt").all_inner_texts()[-4:] == ["Name", "Role", "Date", "Signature"]


# -- a phone -------------------------------------------------------------------------------------------------------


def test_on_a_phone_rows_are_cards_with_every_cell(opened: Any, page_of: Callable[..., Path]) -> None:
    page = opened(page_of(MOUNTS), viewport={"width": 390, "height": 844}).page
    row = page.locator("#s1")
    for cell in row.locator("td").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    names = row.locator("td").evaluate_all("cells => cells.map(cell => getComputedStyle(cell, '::before').content)")
    assert names[:2] == ['"Address"', '"Service"']
    assert names[-1] == '"Findings"'
