"""The page's ticks are Python's: the same instants with the same labels, however far somebody zooms in or out."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import SECOND
from analyzer.painting.templates import read_asset
from analyzer.timeline import Axis, ruler_of, unit_of
from analyzer.timeline.ticks import DAY, STEPS, UNITS, label_of, round_step
from tests.browser.conftest import wait_for_paint

NOON = 1_767_268_800 * SECOND
SPANS = (300, 90_000, 999_999, 3 * SECOND, 75 * SECOND, 4_000 * SECOND, DAY, 400 * DAY)


def windows() -> Iterator[tuple[Axis, int, int, int]]:
    """List windows of axes of any length, from the whole to some microseconds, with how many ticks they may have."""
    chance = random.Random(1)  # the same windows every time
    for span in SPANS:
        axis = Axis(NOON, NOON + span, NOON + chance.randrange(-span // 20, span // 2 + 1))
        wide = axis.span
        while wide >= 20:
            start = chance.randrange(axis.span - wide + 1)
            for most in (1, 4, 9, 14):
                yield axis, start, start + wide, most
            wide = wide * 3 // 5


def test_javascript_places_and_labels_ticks_as_python_does(browser: Any) -> None:
    cases = [
        {"from": start, "to": end, "most": most, "zero": axis.zero - axis.start, "unit": unit_of(axis)}
        for axis, start, end, most in windows()
    ]
    assert len(cases) > 500
    script = f"""(cases) => {{
        const TICKS = {json.dumps({"steps": STEPS, "units": UNITS})};
        {read_asset("time.js")}
        return cases.map((it) => marks(it.from, it.to, it, it.most));
    }}"""
    page = browser.new_page()
    by_javascript = page.evaluate(script, cases)
    page.close()
    for (axis, start, end, most), ticks in zip(windows(), by_javascript, strict=True):
        zero, step = axis.zero - axis.start, round_step(end - start, most)
        instants = range(zero - (zero - start) // step * step, end + 1, step)
        assert ticks == [[at, label_of(at - zero, step, unit_of(axis))] for at in instants], (axis, start, end)
        part = Axis(axis.start + start, axis.start + end, axis.zero, axis)
        if part.span == end - start:  # no picture but the page shows less than a millisecond
            assert ticks == [[it.at - axis.start, it.label] for it in ruler_of(part, most).ticks], (axis, start, end)


@pytest.mark.parametrize("name", ["chrome-S2-overuse", "chrome-08-refresh3"])
def test_labels_on_the_page_are_those_of_python(opened: Any, page_of: Callable[..., Path], name: str) -> None:
    """Read the labels that are painted, at several levels of zoom, and compare each with Python's for its window."""
    page = opened(page_of(name)).page
    data = json.loads(page.evaluate("document.querySelector('.data').textContent"))
    whole = Axis(0, data["span"], data["zero"])
    for _ in range(6):
        labels = page.eval_on_selector_all(".live text.time", "all => all.map(it => it.textContent)")
        assert len(labels) > 2
        steps = {
            tuple(tick.label for tick in ruler_of(Axis(0, data["wide"], data["zero"], whole), most).ticks)
            for most in (data["wide"] / step for step in STEPS if step * 100_000 > data["wide"])
        }
        assert any(re.search(re.escape("|".join(labels)), "|".join(each)) for each in steps), labels
        page.click("[aria-label='Zoom in']")
        wait_for_paint(page)
