"""The pages of `show` and `compare`, in a real browser: readable for machines that read aloud, and no link leads astray."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.program import run

AXE = Path(__file__).parent / "axe.min.js"
SAMPLES = Path(__file__).parent.parent.parent / "sample_hars"
MOUNTS, USERS = str(SAMPLES / "stream-chat-connect-on-every-mount.har"), str(SAMPLES / "stream-chat-two-users.har")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    for name in ("before", "after"):
        (folder / name).mkdir()
        shutil.copy(MOUNTS, folder / name)
        shutil.copy(USERS if name == "before" else MOUNTS, folder / name / "users.har")
    run("show", MOUNTS, "3", "-o", str(folder / "socket.html"))
    run("show", USERS, "-o", str(folder / "sockets.html"))
    run("compare", MOUNTS, USERS, "-o", str(folder / "comparison.html"))
    run("compare", str(folder / "before"), str(folder / "after"), "-o", str(folder / "pairs.html"))
    run("report", MOUNTS, "-o", str(folder / "signed.html"), "--sign-off", "--title", "Chat", "--meta", "release=1")
    return folder


PAGES = ["socket", "sockets", "comparison", "pairs", "signed"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_has_nothing_to_say(opened: Any, folder: Path, name: str, scheme: str) -> None:
    analysis = opened(folder / f"{name}.html", color_scheme=scheme, bypass_csp=True)
    page = analysis.page
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.evaluate(AXE.read_text("utf-8"))
    items = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(it => it.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    assert items == []
    assert analysis.wrong == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_links_lead_somewhere_and_nothing_runs_out_of_the_window(
    opened: Any, folder: Path, name: str, width: int
) -> None:
    page = opened(folder / f"{name}.html", viewport={"width": width, "height": 800}).page
    targets = page.eval_on_selector_all("a[href^='#']", "links => links.map(link => link.hash.slice(1))")
    assert [it for it in targets if page.locator(f"[id='{it}']").count() != 1] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_list_of_sockets_links_bars_to_rows(opened: Any, folder: Path) -> None:
    page = opened(folder / "sockets.html").page
    page.locator(".captions").get_by_role("link", name="#2").click()
    page.locator("tr:target").wait_for()
    assert page.locator("tr:target td").first.inner_text() == "#2"
