"""The snippets of docs/capturing.md in a real browser: a page with one socket passes, two that overlap fail.

Each snippet is taken out of the page as it stands. Only what belongs to a reader's machine is replaced: the address of the
page, the line "... your steps", and the path of the browser. Tools of Node are in `.venv/snippets` (`make test-snippets`
puts them there); a tool that is missing skips its snippet, unless REQUIRE_SNIPPETS=1.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from browsers import chromium
from socket_server import LOG, SocketServer

from tests.documents import ROOT, Block, blocks

PAGE = ROOT / "docs/capturing.md"
NODE_TOOLS = ROOT / ".venv/snippets/node_modules"
ADDRESS = "https://chat.example"
ONE = "new WebSocket(`ws://${location.host}/ws/chat?token=1`)"
OTHER = "new WebSocket(`ws://${location.host}/ws/chat?token=2`)"
PAGES = {"/one": f"<script>hello({ONE})</script>", "/two": f"<script>hello({ONE}); hello({OTHER})</script>"}
PAGES = {
    path: f"<script>hello = (s) => {{ s.onopen = () => s.send('hello') }}</script>{text}"
    for path, text in PAGES.items()
}
SOCKETS = {"/one": 1, "/two": 2}
EXIT = {"/one": 0, "/two": 1}

# What the line "... your steps" stands for: wait until the server has opened the sockets, then a moment more.
JAVASCRIPT_STEPS = """\
for (let open = 0; open < SOCKETS; await new Promise((next) => setTimeout(next, 50)))
  open = (await (await fetch('LOG')).json()).filter((socket) => socket.opened).length;
await new Promise((next) => setTimeout(next, 700));
"""
PYTHON_STEPS = """\
import json as _json, time as _time, urllib.request as _request
while sum(socket["opened"] is not None for socket in _json.load(_request.urlopen("LOG"))) < SOCKETS: _time.sleep(0.05)
_time.sleep(0.7)
"""
PLAYWRIGHT_SPEC = """\
import { test } from 'TEST';
test('chat', async ({ page }) => {
  await page.goto('https://chat.example');
  // ... your steps
});
"""
PLAYWRIGHT_CONFIG = "export default { use: { launchOptions: { executablePath: process.env.BROWSER } } };"
PYTEST_TEST = """\
def test_chat(page):
    page.goto("https://chat.example")
    # ... your steps
"""
WEBDRIVERIO_TEST = """\
it('chats', async () => {
  await browser.url('https://chat.example');
  // ... your steps
});
"""
TESTCAFE_TEST = """\
fixture('chat').page('https://chat.example');
test('chats', async (t) => {
  // ... your steps
});
"""
# Cypress itself is a download of its own: its hook is called as it calls it, and Chromium gets the arguments.
CYPRESS_START = """\
import { spawn } from 'node:child_process';
import config from './cypress.config.mjs';
const hooks = {};
config.e2e.setupNodeEvents((name, hook) => { hooks[name] = hook; }, { projectRoot: process.cwd() });
const { args } = hooks['before:browser:launch']({ name: 'chrome', family: 'chromium' }, { args: [] });
const browser = spawn(process.env.BROWSER, [...args, '--user-data-dir=profile', 'https://chat.example']);
// ... your steps
browser.kill();
await new Promise((next) => browser.on('exit', next));
"""
JAVASCRIPT_BROWSER = ("launch({ args", "launch({ executablePath: process.env.BROWSER, args")
SELENIUM_BROWSER = (
    "options = webdriver.ChromeOptions()",
    "options = webdriver.ChromeOptions(); options.binary_location = __import__('os').environ['BROWSER']",
)


class Recipe(NamedTuple):
    """How to run one snippet."""

    file: str  # the snippet is saved as this
    command: tuple[str, ...]
    needs: str = ""  # a package of npm, a module of Python, or a program
    more: tuple[tuple[str, str], ...] = ()  # files beside it: name, text
    changes: tuple[tuple[str, str], ...] = ()  # for the browser of this machine: old, new
    check: tuple[str, ...] = ("net.json",)
    slow: bool = True


PLAYWRIGHT_TEST = ("node_modules/.bin/playwright", "test")
RECIPES = {
    "chrome": Recipe("run.sh", ("sh", "run.sh"), slow=False),
    "playwright-test": Recipe(
        "playwright.config.mjs",
        PLAYWRIGHT_TEST,
        "@playwright/test",
        (("chat.spec.mjs", PLAYWRIGHT_SPEC.replace("TEST", "@playwright/test")),),
        (("launchOptions: {", "launchOptions: { executablePath: process.env.BROWSER,"),),
        ("net-0.json",),
    ),
    "playwright-test-each": Recipe(
        "sockets.mjs",
        PLAYWRIGHT_TEST,
        "@playwright/test",
        (
            ("chat.spec.mjs", PLAYWRIGHT_SPEC.replace("TEST", "./sockets.mjs")),
            ("playwright.config.mjs", PLAYWRIGHT_CONFIG),
        ),
        check=("netlogs",),
    ),
    "playwright": Recipe("run.mjs", ("node", "run.mjs"), "@playwright/test", changes=(JAVASCRIPT_BROWSER,)),
    "playwright-python": Recipe(
        "run.py",
        (sys.executable, "run.py"),
        "playwright",
        changes=(("launch(", "launch(executable_path=__import__('os').environ['BROWSER'], "),),
        slow=False,
    ),
    "pytest-playwright": Recipe(
        "conftest.py",
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
        "pytest_playwright",
        (("test_chat.py", PYTEST_TEST),),
        (('"args"', '"executable_path": os.environ["BROWSER"], "args"'),),
        ("net-main.json",),
    ),
    "selenium": Recipe("run.py", (sys.executable, "run.py"), "selenium", changes=(SELENIUM_BROWSER,)),
    "selenium-webdriver": Recipe(
        "run.mjs",
        ("node", "run.mjs"),
        "selenium-webdriver",
        changes=(("new chrome.Options()", "new chrome.Options().setBinaryPath(process.env.BROWSER)"),),
    ),
    "puppeteer": Recipe("run.mjs", ("node", "run.mjs"), "puppeteer"),
    "webdriverio": Recipe(
        "wdio.conf.mjs",
        ("node_modules/.bin/wdio", "run", "wdio.conf.mjs"),
        "@wdio/cli",
        (("chat.test.mjs", WEBDRIVERIO_TEST),),
        (
            ("// ... your settings", "framework: 'mocha', specs: ['./*.test.mjs'], logLevel: 'error',"),
            ("'goog:chromeOptions': {}", "'goog:chromeOptions': { binary: process.env.BROWSER }"),
        ),
        ("net-0-0.json",),
    ),
    "cypress": Recipe(
        "cypress.config.mjs", ("node", "run.mjs"), "cypress", (("run.mjs", CYPRESS_START),), check=("net-*.json",)
    ),
    "testcafe": Recipe(
        "run.sh",
        ("sh", "run.sh"),
        "testcafe",
        (("tests/chat.js", TESTCAFE_TEST),),
        (("npx testcafe", "node_modules/.bin/testcafe"), ("har-sockets check net.json --per endpoint", "")),
        ("net.json", "--per", "endpoint"),
    ),
    "together": Recipe(
        "run.mjs",
        ("node", "run.mjs"),
        "@playwright/test",
        changes=(JAVASCRIPT_BROWSER,),
        check=("--together", "run.har", "net.json"),
    ),
    "performance-log": Recipe(
        "run.py", (sys.executable, "run.py"), "selenium", changes=(SELENIUM_BROWSER,), check=("run.perflog.json",)
    ),
}


def name_of(each: Block) -> str:
    return each.mode.removeprefix("snippet=")


SNIPPETS = {name_of(each): each for each in blocks(PAGE) if each.mode.startswith("snippet=")}


def missing(recipe: Recipe) -> str:
    """The reason why a snippet can't be run here; empty if it can."""
    if recipe.needs == "selenium" and shutil.which("chromedriver") is None:
        return "no chromedriver on the path"
    if recipe.command[0] == sys.executable:
        is_here = importlib.util.find_spec(recipe.needs) is not None
    else:
        is_here = not recipe.needs or (NODE_TOOLS / recipe.needs).is_dir()
    return "" if is_here else f"{recipe.needs} is not installed: make test-snippets"


def fill(text: str, server: SocketServer, page: str) -> str:
    """Put this test's address and steps into a text."""
    for comment, steps in (("//", JAVASCRIPT_STEPS), ("#", PYTHON_STEPS)):
        lines = steps.replace("SOCKETS", str(SOCKETS[page])).replace("LOG", server.url(LOG))
        for indent in re.findall(rf"^( *){comment} \.\.\. your steps$", text, re.MULTILINE):
            text = text.replace(f"{indent}{comment} ... your steps\n", textwrap.indent(lines, indent))
    return text.replace(ADDRESS, server.url(page))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables with which the tools find this machine's browser, without a screen and as any user."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/google-chrome"
    program.write_text(
        f'#!/bin/sh\necho $$ > {tmp_path}/browser.pid\nexec {chromium()} --no-sandbox --headless=new "$@"\n'
    )
    program.chmod(0o755)
    driver = shutil.which("chromedriver") or ""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": "",
        "BROWSER": str(program),
        "PUPPETEER_EXECUTABLE_PATH": str(program),
        "SE_CHROMEDRIVER": driver,
        "CHROMEDRIVER_PATH": driver,
    }


@pytest.fixture
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as started:
        yield started


def run(command: tuple[str, ...], folder: Path, environment: dict[str, str], until: Callable[[], bool] | None) -> None:
    """Run a tool to its end, which must be a good one; with `until` a browser that is closed once that is so."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        if until is not None:
            wait_until(until)
            os.kill(int((folder / "browser.pid").read_text()), signal.SIGTERM)
        output = process.communicate(timeout=120)[0].decode("utf-8", "replace")
        assert until is not None or process.returncode == 0, output[-2000:]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            time.sleep(0.7)
            return
        time.sleep(0.05)
    pytest.fail("the browser opened no socket within 30 s")


def check(arguments: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", "check", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_every_snippet_has_a_recipe() -> None:
    assert sorted(SNIPPETS) == sorted(RECIPES)


@pytest.mark.parametrize("page", list(PAGES))
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if each.slow else ()) for name, each in RECIPES.items()]
)
def test_the_log_of_a_snippet_is_judged_right(
    name: str, page: str, tmp_path: Path, server: SocketServer, environment: dict[str, str]
) -> None:
    recipe = RECIPES[name]
    if reason := missing(recipe):
        (pytest.fail if os.environ.get("REQUIRE_SNIPPETS") == "1" else pytest.skip)(reason)
    text = SNIPPETS[name].text
    for old, new in recipe.changes:
        assert old in text
        text = text.replace(old, new)
    for file, content in ((recipe.file, text), *recipe.more):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(fill(content, server, page))
    if NODE_TOOLS.is_dir():
        (tmp_path / "node_modules").symlink_to(NODE_TOOLS)
    opened = SOCKETS[page]
    # When the server answers, the browser may not have read that; when it says hello, it has.
    until = (lambda: sum(each.messages > 0 for each in server.seen()) >= opened) if name == "chrome" else None
    run(recipe.command, tmp_path, environment, until)
    assert len(server.seen()) == opened
    done = check(recipe.check, tmp_path)
    verdict = done.stdout.partition(" ")[0]
    assert (done.returncode, verdict) == (EXIT[page], ("PASS", "FAIL")[EXIT[page]]), done.stdout + done.stderr
