"""The index of many captures in a real browser: search, sort, filter, group, open, by mouse, keyboard and touch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import html
from analyzer.painting import packing
from analyzer.pipeline import analyze
from tests.browser.conftest import wait_for_paint, wait_for_value
from tests.test_text import report, socket

AXE = Path(__file__).parent / "axe.min.js"
SAMPLES = sorted((Path(__file__).parent.parent.parent / "sample_hars").glob("*.har"))
NARROW = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def samples() -> list[Report]:
    return [analyze(read(path)) for path in SAMPLES]


@pytest.fixture(scope="module")
def index(samples: list[Report], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples in two folders, four of them in full, the others packed; and one that is unreadable."""
    reports = tuple(
        msgspec.structs.replace(sample, capture=sample.capture.with_file(source=f"all/team-{n % 2}/{path.name}"))
        for n, (sample, path) in enumerate(zip(samples, SAMPLES, strict=True))
    )
    path = tmp_path_factory.mktemp("index") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "IN_FULL", 4)
        patch.setattr(packing, "CHUNK", 50_000)
        unreadable = (Unreadable("all/team-1/broken.har", "not JSON"),)
        path.write_bytes(html.render(masking.mask(Run(reports, unreadable, Policy()))))
    return path


def names(page: Any) -> list[str]:
    return list(page.eval_on_selector_all(".board tbody th[scope=row]", "cells => cells.map(it => it.textContent)"))


def status(page: Any) -> str:
    return str(page.inner_text(".choose [role=status]"))


def wait_until_opened(page: Any, name: str) -> None:
    page.locator(f".capture.opened h2:text-is('{name}')").wait_for()


def test_the_index_is_the_view_and_a_capture_opens_in_its_place(opened: Any, index: Path) -> None:
    analysis = opened(index)
    page = analysis.page
    assert page.locator(".capture:visible").count() == 0
    assert status(page) == f"{len(SAMPLES) + 1} captures"
    first = names(page)[0]
    page.click(f"text={first}")
    wait_until_opened(page, first)
    assert page.locator(".board").is_hidden()
    page.locator(".opened .live .lane").first.wait_for()
    assert page.inner_text(".between span") == f"1 of {len(SAMPLES)}"
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.click(".between >> text=Next")
    wait_until_opened(page, names(page)[1])
    page.click(".between >> text=Previous")
    page.click(".between >> text=All captures")
    page.locator(".board").wait_for()
    assert page.evaluate("document.activeElement.textContent") == first
    assert (analysis.asked, analysis.wrong) == ([index.as_uri()], [])


def test_packed_captures_open_as_the_others_do(opened: Any, index: Path) -> None:
    analysis = opened(index)
    page = analysis.page
    ids = page.eval_on_selector_all(".board a", "links => links.map(it => it.hash)")
    assert (len(ids), page.locator("article").count()) == (len(SAMPLES), 4)
    for id in ids:
        page.evaluate(f"location.hash = '{id}'")
        page.wait_for_selector(f"{id}.opened")
        sockets = int(page.evaluate(f"document.querySelector('{id} .sockets')?.tBodies[0].rows.length ?? 0"))
        wait_for_value(page, page.locator(f"{id} .lane").count, sockets)
        assert page.locator(".capture:visible").count() == 1
    assert analysis.wrong == []


def test_the_address_opens_a_capture_and_history_goes_back(opened: Any, index: Path) -> None:
    page = opened(index).page
    last = page.eval_on_selector_all(".board a", "links => links.at(-1).hash")
    page.goto(f"{index.as_uri()}#?q=stream")
    page.reload()
    assert page.input_value(".choose [type=search]") == "stream"
    page.evaluate(f"location.hash = '{last}'")
    page.wait_for_selector(f"{last}.opened")
    assert page.inner_text(".between span") == "", "it is not among those that are chosen"
    page.go_back()
    page.wait_for_selector(".board", state="visible")
    assert all("stream" in name for name in names(page))
    page.goto("about:blank")
    page.goto(f"{index.as_uri()}{last}")
    page.wait_for_selector(f"{last}.opened")


def test_search_by_name_service_user_rule_and_cause(opened: Any, index: Path) -> None:
    page = opened(index).page
    for words, few in (
        ("Stream", 5),
        ("user-2", 1),
        ("duplicate-connection", 2),
        ("strict-mode-double", 1),
        ("broken", 1),
    ):
        page.fill(".choose [type=search]", words)
        assert len(names(page)) == few, words
        assert status(page) == f"{few} of {len(SAMPLES) + 1} captures"
    page.fill(".choose [type=search]", "stream several")
    assert names(page) == ["stream-chat-connect-on-every-mount.har"]
    page.wait_for_url(lambda url: "q=stream+several" in url)
    page.fill(".choose [type=search]", "nothing like it")
    assert page.get_by_text("No capture matches.").is_visible()
    page.fill(".choose [type=search]", "")
    assert len(names(page)) == len(SAMPLES) + 1
    page.wait_for_url(lambda url: url.endswith("#?"))


def test_chips_of_one_kind_widen_and_of_another_narrow(opened: Any, index: Path) -> None:
    page = opened(index).page

    def press(name: str) -> int:
        button = page.get_by_role("button", name=re.compile(rf"^(✓ )?{name} \d"))
        button.click()
        return int(button.inner_text().split()[-1])

    overlaps = press("overlap")
    assert len(names(page)) == overlaps
    assert overlaps + press("no overlap") == len(names(page))
    press("no overlap")
    page.click("text=More filters")
    press("FAIL")
    press("duplicate-connection")
    assert page.evaluate("[...document.querySelectorAll('.choose [aria-pressed=true]')].map(it => it.dataset.key)") == [
        "overlap", "FAIL", "rule:duplicate-connection",
    ]  # fmt: skip
    assert len(names(page)) == 2
    address = page.evaluate("location.href")
    again = opened(index).page
    again.goto(address)
    again.reload()
    assert names(again) == names(page)
    assert again.inner_text(".choose summary") == "More filters 2"
    assert again.locator("[data-key=FAIL]").is_visible(), "filters that are on are in sight"
    press("duplicate-connection")
    press("FAIL")
    press("overlap")
    press("unreadable")
    assert names(page) == ["broken.har"]


def test_every_column_sorts_both_ways(opened: Any, index: Path) -> None:
    page = opened(index).page
    urgency = names(page)
    assert page.get_attribute(".board th[aria-sort]", "aria-sort") == "ascending"
    for column in ("Capture", "Sockets", "Peak", "Overlap time", "Findings", "Service", "User", "Likely cause"):
        head = page.locator(".board").get_by_role("columnheader", name=column)
        head.get_by_role("button").click()
        once, way = names(page), head.get_attribute("aria-sort")
        head.get_by_role("button").click()
        assert {way, head.get_attribute("aria-sort")} == {"ascending", "descending"}
        assert sorted(once) == sorted(names(page)) == sorted(urgency)
        assert once != names(page), column
    page.locator(".board").get_by_role("columnheader", name="Sockets").get_by_role("button").click()
    many = page.eval_on_selector_all(".board tbody tr", "rows => rows.map(it => +it.dataset.n.split(' ')[0])")
    assert many == sorted(many, reverse=True)
    page.locator(".board").get_by_role("columnheader", name="Verdict").get_by_role("button").click()
    assert names(page) == urgency


def test_groups_by_folder_and_service(opened: Any, index: Path) -> None:
    page = opened(index).page
    page.select_option(".choose select", label="folder")
    heads = page.eval_on_selector_all(".board .group", "heads => heads.map(it => [it.scope, it.textContent])")
    assert sorted(heads) == [
        ["rowgroup", f"team-0 · {(len(SAMPLES) + 1) // 2}"],
        ["rowgroup", f"team-1 · {len(SAMPLES) // 2 + 1}"],
    ]
    page.select_option(".choose select", label="service")
    assert "Stream Chat · 5" in page.eval_on_selector_all(".board .group", "heads => heads.map(it => it.textContent)")
    assert len(names(page)) == len(SAMPLES) + 1
    page.reload()
    assert page.locator(".board .group").count() > 3
    page.select_option(".choose select", label="nothing")
    assert page.locator(".board .group").count() == 0


def test_keys_alone(opened: Any, index: Path) -> None:
    page = opened(index).page
    first, second, third = names(page)[:3]
    page.keyboard.press("/")
    page.keyboard.type("har")
    assert page.input_value(".choose [type=search]") == "har", "letters are letters while typing"
    page.keyboard.press("Enter")
    focus = "document.activeElement.textContent"
    assert page.evaluate(focus) == first
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focus) == third
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    wait_until_opened(page, second)
    page.keyboard.press("j")
    wait_until_opened(page, third)
    page.keyboard.press("k")
    wait_until_opened(page, second)
    page.keyboard.press("u")
    wait_for_value(page, lambda: page.evaluate(focus), second)
    page.keyboard.press("Enter")
    page.wait_for_selector(".opened")
    page.keyboard.press("Escape")
    page.wait_for_selector(".board", state="visible")
    page.wait_for_url(lambda url: url.endswith("#?q=har"))


def test_escape_closes_the_pane_before_the_capture(opened: Any, index: Path) -> None:
    page = opened(index).page
    page.click(f"text={names(page)[0]}")
    page.click(".opened .lane >> nth=1")
    assert page.locator(".pane:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".pane:visible").count() == 0
    assert page.locator(".opened").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector(".board", state="visible")


def test_a_phone_shows_cards_that_open_by_a_tap(opened: Any, index: Path) -> None:
    page = opened(index, **NARROW).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    inside = "cells => cells.filter(it => it.offsetWidth).every(it => it.getBoundingClientRect().right <= 390)"
    assert page.eval_on_selector_all(".board tbody td, .board tbody th", inside)
    page.locator(".choose button").nth(0).tap()
    page.locator(".choose [aria-pressed=true]").wait_for()
    first = names(page)[0]
    page.locator(".board a").first.tap()
    wait_until_opened(page, first)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".between a").first.tap()
    page.wait_for_selector(".board", state="visible")
    rows = page.locator(".board").aria_snapshot()
    assert "- row " in rows, "also as cards it is a table"
    assert "rowheader" in rows


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(opened: Any, index: Path, scheme: str) -> None:
    for settings in ({}, NARROW):
        page = opened(index, color_scheme=scheme, bypass_csp=True, **settings).page
        page.evaluate(AXE.read_text("utf-8"))
        run = "axe.run({resultTypes: ['violations']}).then(it => it.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
        for state in ("#?", "#?only=overlap,FAIL&q=stream", "#?by=0&sort=-peak", "#?q=nothing+like+it", "#c1"):
            page.evaluate(f"location.hash = '{state}'")
            wait_for_paint(page)
            assert page.evaluate(run) == [], state


def test_thousands_of_rows_come_as_they_are_scrolled_to(opened: Any, tmp_path: Path) -> None:
    one = report(socket(0, 1))
    reports = tuple(
        msgspec.structs.replace(one, capture=one.capture.with_file(source=f"c/{n}.har", sha256=f"{n:064}"))
        for n in range(1_000)
    )
    path = tmp_path / "many.html"
    path.write_bytes(html.render(Run(reports, (), Policy())))
    page = opened(path).page
    assert len(names(page)) == 200
    page.evaluate("scrollTo(0, document.querySelector('.board').getBoundingClientRect().bottom)")
    page.wait_for_selector(".board tbody tr:nth-child(400)", state="attached")
    page.fill(".choose [type=search]", "999.har")
    assert names(page) == ["999.har"]
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#c1000.opened")


def test_paper_has_the_index_and_the_details_in_the_page(opened: Any, index: Path) -> None:
    page = opened(index).page
    page.emulate_media(media="print")
    assert page.locator("article:visible").count() == 4
    assert page.get_by_text("Details of the 4 worst follow").is_visible()
    assert page.locator(".choose").is_hidden()
    page.emulate_media(media="screen")
    page.click(f"text={names(page)[6]}")
    page.wait_for_selector(".opened")
    page.emulate_media(media="print")
    assert page.locator("article:visible").count() == 1, "who opened a capture prints that one"


def test_without_javascript_or_after_a_fault_all_of_it_is_there(opened: Any, index: Path) -> None:
    page = opened(index, java_script_enabled=False).page
    assert page.locator("article:visible").count() == 4
    assert page.locator(".board tbody tr:visible").count() == len(SAMPLES) + 1
    assert page.locator(".choose").is_hidden()
    assert page.get_by_text("those of the others need JavaScript").is_visible()
    page = opened(index).page
    page.evaluate("setTimeout(() => { throw new Error('a fault'); })")
    wait_for_paint(page)
    assert page.locator("article:visible").count() == 4


def test_a_browser_that_cannot_unpack_has_the_static_page(index: Path, browser: Any) -> None:
    context = browser.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    page.goto(index.as_uri())
    packed = page.get_attribute(".packed", "data-ids").split()[0]
    page.evaluate(f"location.hash = '{packed}'")
    wait_for_value(page, page.locator("article:visible").count, 4)
    assert page.locator(".static:visible").count() == 4
    assert page.locator(".live:visible").count() == 0
    context.close()


def test_one_large_capture_is_drawn_from_packed_numbers(opened: Any, page_of: Callable[..., Path]) -> None:
    large = report(*(socket(n * 0.01, n * 0.01 + 0.5, url=f"wss://h{n % 30}.example/{n}", n=n) for n in range(4_000)))
    path = page_of(large)
    assert "data-packed" in path.read_text("utf-8")
    analysis = opened(path)
    assert analysis.page.inner_text(".state").startswith("4,000 sockets")
    assert analysis.wrong == []


def test_a_chip_is_as_wide_as_its_words_and_legible_below_the_pointer(opened: Any, index: Path) -> None:
    for settings in ({}, NARROW):
        page = opened(index, **settings).page
        page.click("text=More filters")
        fits = "chips => chips.every(it => it.scrollWidth <= it.clientWidth && it.clientHeight < 40)"
        assert page.eval_on_selector_all(".choose button", fits)
    page = opened(index).page
    chip = page.locator(".choose button").first
    chip.click()
    colours = "chip => [getComputedStyle(chip).color, getComputedStyle(chip).backgroundColor]"
    below = chip.evaluate(colours)
    page.mouse.move(0, 0)
    assert chip.evaluate(colours) == below


def test_a_phone_sorts_by_a_list(opened: Any, index: Path) -> None:
    page = opened(index, **NARROW).page
    assert page.locator(".board thead").is_hidden()
    assert page.locator(".choose .hint").is_hidden(), "there are no keys"
    page.select_option(".order select", label="Sockets")
    many = page.eval_on_selector_all(".board tbody tr", "rows => rows.map(it => +it.dataset.n.split(' ')[0])")
    assert many == sorted(many, reverse=True)
    page.wait_for_url(lambda url: url.endswith("#?sort=-sockets"))
    page.reload()
    assert page.evaluate("document.querySelector('.order select').selectedOptions[0].text") == "Sockets"


def test_a_link_to_a_capture_that_is_not_here_leaves_the_index_usable(opened: Any, index: Path) -> None:
    page = opened(index).page
    page.evaluate("location.hash = '#c99999'")
    page.locator(".choose [role=status]", has_text="c99999").wait_for()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == names(page)[0]
    page.keyboard.press("Enter")
    page.wait_for_selector(".opened")
    page.evaluate("location.hash = '#c99999'")
    page.wait_for_selector(".board", state="visible")


@pytest.mark.parametrize("width", [640, 1000, 1215, 1216, 1366])
def test_names_have_room_at_every_width(opened: Any, index: Path, width: int) -> None:
    page = opened(index, viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    names_fit = "links => links.every(link => link.getClientRects().length <= 3)"
    assert page.eval_on_selector_all(".board tbody th a", names_fit)
    badges_fit = "badges => badges.every(it => it.textContent.length > 20 || it.offsetHeight < 30)"
    assert page.eval_on_selector_all(".board .badge", badges_fit)
    assert page.eval_on_selector_all(
        ".board td.num", "cells => cells.every(it => !it.offsetWidth || it.scrollWidth <= it.clientWidth)"
    )
