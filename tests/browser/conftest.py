"""A real browser: Chromium, driven by Playwright. Without one these tests are skipped, and the summary says so;
with REQUIRE_BROWSER=1 that is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Policy, Report, Run
from analyzer.outputs import html
from analyzer.pipeline import analyze

if hasattr(signal, "SIGHUP"):  # who runs tests with `nohup` ignores it, and so would the programs that they start
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
CAPTURES = Path(__file__).parent.parent / "captures"
CHROMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 30  # seconds that a machine which is overrun may take
# After timers of no length, what changed is painted in the next frame; its sizes may change what the frame after that has.
PAINTED = """() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))))"""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """That these tests did not run is told also where pytest is quiet."""
    skipped = [it for it in terminalreporter.stats.get("skipped", ()) if it.nodeid.startswith("tests/browser/")]
    if skipped:
        reason = skipped[0].longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(
            f"SKIPPED the {len(skipped)} tests in a real browser (tests/browser): {reason}", yellow=True
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    items = next(filter(None, map(shutil.which, CHROMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        items, missing = None, "Playwright is not installed"
    else:
        missing = f"no browser: none of {', '.join(CHROMES)} is on the PATH"
    if items is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, and {missing}")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=items, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Reports, or names of golden captures -> the page, as a file."""
    options: dict[object, Path] = {}
    reports: list[object] = []  # as long as these live, no other one has their id

    def do(*call: Report | str, **more: Any) -> Path:
        key = (*(it if isinstance(it, str) else id(it) for it in call), *more)
        if key not in options:
            run = tuple(analyze(read(CAPTURES / f"{it}.har")) if isinstance(it, str) else it for it in call)
            reports.append(run)
            path = tmp_path_factory.mktemp("page") / "report.html"
            path.write_bytes(html.render(masking.mask(Run(run, **{"unreadable": (), "policy": Policy(), **more}))))
            options[key] = path
        return options[key]

    return do


def wait_for_paint(page: Any) -> None:
    """Wait until a page has painted what changed."""
    page.evaluate(PAINTED)


def wait_for_value(page: Any, read: Callable[[], Any], value: Any) -> None:
    """Wait until what is read from a page is this value. Our pages forbid the `eval` of Playwright's wait_for_function."""
    until = time.monotonic() + PATIENCE
    while (last := read()) != value and time.monotonic() < until:
        page.wait_for_timeout(20)
    assert last == value


class Opened:
    """A page in the browser, with all that it did which it should not."""

    def __init__(self, context: Any, path: Path, scripts: bool) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.goto(path.as_uri())
        if scripts:
            if self.page.locator("main > .capture .live").count():
                self.page.locator(".lane").first.wait_for(state="attached")  # its numbers may be packed
            wait_for_paint(self.page)


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def do(path: Path, **settings: Any) -> Opened:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings}))
        return Opened(contexts[-1], path, settings.get("java_script_enabled", True))

    yield do
    for context in contexts:
        context.close()
