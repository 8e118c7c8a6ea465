"""A phone: fingers choose, pinch and pan; the details are a sheet at the foot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import wait_for_paint, wait_for_value

OVERUSE = "chrome-S2-overuse"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def phone(opened: Any, page_of: Callable[..., Path]) -> Any:
    page = opened(page_of(OVERUSE), **PHONE).page
    page.locator(".lanes").scroll_into_view_if_needed()
    return page


def seconds(page: Any) -> float:
    """How long the stretch in view is; of the whole capture more than any."""
    words = str(page.inner_text(".state")).partition(", ")[2]
    number, unit, *_ = [*words.split(), "", ""]
    return 1e9 if words == "the whole capture" else float(number) * (0.001 if unit == "ms" else 1)


def touch(page: Any, kind: str, *points: tuple[float, float]) -> None:
    if not hasattr(page, "fingers"):
        page.fingers = page.context.new_cdp_session(page)  # one knows which fingers are down
    places = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
    page.fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    wait_for_paint(page)


def wait_until_still(page: Any) -> None:
    """Wait until two painted frames change nothing of the stretch in view."""
    before = -1.0
    while (now := seconds(page)) != before:
        before = now
        wait_for_paint(page)


def test_a_tap_opens_a_sheet_and_a_tap_outside_closes_it(phone: Any) -> None:
    phone.tap("#lane-3")
    sheet = phone.get_by_role("region", name="Socket 3 of user-1")
    sheet.wait_for()
    box = sheet.bounding_box()
    assert box["height"] <= 0.6 * 844 + 1
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    assert (box["x"], box["width"]) == (0, 390)
    assert sheet.evaluate("it => it.scrollHeight > it.clientHeight")
    lane = phone.locator("#lane-3").bounding_box()
    assert lane["y"] + lane["height"] <= box["y"], "the bar is not hidden by its own sheet"
    phone.tap("#lane-1")
    phone.get_by_role("region", name="Socket 1 of user-1").wait_for()  # another bar changes it
    phone.tap("h1")
    phone.locator(".pane").wait_for(state="hidden")
    phone.tap("#lane-2")
    phone.get_by_role("button", name="Close").tap()
    phone.locator(".pane").wait_for(state="hidden")


def test_two_fingers_zoom(phone: Any) -> None:
    box = phone.locator(".lanes").bounding_box()
    y, middle = box["y"] + box["height"] / 2, box["x"] + box["width"] / 2
    touch(phone, "touchStart", (middle - 30, y), (middle + 30, y))
    for apart in (45, 60, 90, 120):
        touch(phone, "touchMove", (middle - apart, y), (middle + apart, y))
    touch(phone, "touchEnd")
    wait_for_value(phone, lambda: 0.5 < seconds(phone) < 1.5, True)  # four times as near
    wait_until_still(phone)
    near = seconds(phone)
    assert 0.5 < near < 1.5
    assert phone.locator(".pane").is_hidden(), "a pinch is not a tap"
    touch(phone, "touchStart", (middle, y))
    touch(phone, "touchMove", (middle - 60, y))
    touch(phone, "touchMove", (middle - 120, y))
    before = phone.inner_text(".state")
    touch(phone, "touchEnd")
    assert seconds(phone) == near
    assert "from" in before
    touch(phone, "touchStart", (middle - 120, y), (middle + 120, y))
    for apart in (60, 30, 15):
        touch(phone, "touchMove", (middle - apart, y), (middle + apart, y))
    touch(phone, "touchEnd")
    wait_for_value(phone, lambda: seconds(phone) > near, True)


def test_a_finger_pans_and_opens_nothing(phone: Any) -> None:
    phone.get_by_role("button", name="Zoom in").tap()
    wait_for_value(phone, lambda: "from" in phone.inner_text(".state"), True)
    before = phone.inner_text(".state")
    box = phone.locator("#lane-2").bounding_box()
    y = box["y"] + 10
    touch(phone, "touchStart", (300, y))
    for x in (280, 240, 180, 120):
        touch(phone, "touchMove", (x, y))
    touch(phone, "touchEnd")
    wait_for_value(phone, lambda: phone.inner_text(".state") != before, True)
    assert phone.locator(".pane").is_hidden()


@pytest.mark.parametrize("place", [".lanes", ".live .levels"])
def test_a_swipe_on_the_timeline_scrolls_the_page(phone: Any, place: str) -> None:
    before = phone.evaluate("scrollY")
    box = phone.locator(place).bounding_box()
    y = box["y"] + box["height"] / 2
    touch(phone, "touchStart", (195, y))
    for up in (20, 60, 120, 180):
        touch(phone, "touchMove", (195, y - up))
    touch(phone, "touchEnd")
    wait_for_value(phone, lambda: phone.evaluate("scrollY") > before + 50, True)


def test_every_control_can_be_hit(phone: Any) -> None:
    phone.get_by_role("button", name="Filter").tap()
    phone.get_by_role("combobox", name="Outcome").select_option("open when saved")
    assert phone.get_by_role("button", name="Filter (1)").is_visible()
    small = phone.eval_on_selector_all(
        ".tools button",
        "all => all.map(it => it.getBoundingClientRect()).filter(it => it.height && it.height < 40).length",
    )
    assert small == 0
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_words_stay_within_the_picture(phone: Any) -> None:
    boxes = phone.eval_on_selector_all(
        ".lane .label", "all => all.map(it => it.getBoundingClientRect()).map(it => [it.left, it.right])"
    )
    assert all(left >= 0 and right <= 390 for left, right in boxes)
