"""The hostile corpus in a real browser, a capture each on one page: nothing executes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analyzer.model import Policy, Run, Unreadable
from analyzer.outputs import html
from tests.test_hostile import HOSTILE, hostile


def test_nothing_executes(opened: Any, tmp_path: Path) -> None:
    everything = "".join(HOSTILE.values())
    unreadable = tuple(Unreadable(content, content) for content in HOSTILE.values())
    path = tmp_path / "hostile.html"
    path.write_bytes(
        html.render(
            Run(tuple(map(hostile, HOSTILE.values())), unreadable, Policy(), everything, ((everything, everything),))
        )
    )
    opened_page = opened(path)
    for number in range(1, len(HOSTILE) + 1):
        opened_page.page.evaluate(f"location.hash = 'c{number}'")
        opened_page.page.wait_for_selector(f"#c{number} .lane")
    opened_page.page.evaluate("""() => {
        for (const button of document.querySelectorAll('th button')) button.click();
        for (const lanes of document.querySelectorAll('.lanes')) {
            for (const key of ['ArrowDown', 'Enter', '0', 'End']) lanes.dispatchEvent(new KeyboardEvent('keydown', { key }));
        }
        for (const lane of document.querySelectorAll('.lane')) lane.dispatchEvent(new PointerEvent('pointermove', { bubbles: true }));
    }""")
    opened_page.page.evaluate("""async () => {
        window.copied = [];
        navigator.clipboard.writeText = (text) => { copied.push(text); return Promise.resolve(); };
        HTMLAnchorElement.prototype.click = () => {};
        for (const lane of document.querySelectorAll('.lane')) lane.click();
        for (const name of ['Copy as Markdown', 'Save as SVG', 'Save as PNG', 'Filter']) {
            for (const button of document.querySelectorAll(`[aria-label="${name}"], .pane .actions button`)) {
                if ([button.textContent, button.ariaLabel].includes(name)) button.click();
            }
        }
    }""")
    opened_page.page.wait_for_timeout(300)
    assert opened_page.page.evaluate("copied.length") > 0
    assert (opened_page.asked, opened_page.wrong) == ([path.as_uri()], [])
    assert opened_page.page.evaluate("[window.hacked, document.scripts.length, document.images.length]") == [
        None,
        2 + len(HOSTILE),
        0,
    ]  # our two, and the data of each capture
    assert (
        opened_page.page.evaluate("document.querySelectorAll('[onerror], [onload], iframe, object, form, base').length")
        == 0
    )
