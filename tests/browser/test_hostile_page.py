"""The hostile corpus in a real browser: nothing executes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analyzer.outputs import html
from tests.test_hostile import HOSTILE, run


def test_nothing_executes(opened: Any, tmp_path: Path) -> None:
    for number, (name, content) in enumerate(HOSTILE.items()):
        path = tmp_path / f"{number}.html"
        path.write_bytes(html.render(run(content)))
        it = opened(path)
        it.page.focus(".lanes")
        it.page.keyboard.press("ArrowDown")
        it.page.get_by_role("button", name="Address").click()
        it.page.get_by_role("searchbox", name="Text").fill(content[:100].replace("\0", "").encode(errors="replace").decode())
        assert (name, it.asked, it.wrong) == (name, [path.as_uri()], [])
        assert it.page.evaluate("[window.hacked, document.scripts.length, document.images.length]") == [None, 2, 0]
