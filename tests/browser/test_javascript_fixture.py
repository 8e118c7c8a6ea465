"""The fixture of docs/testing.md for Playwright Test, in a real browser.

The node and the playwright-core that Playwright for Python brings run it; `test.extend` of @playwright/test is played by
`PLAYWRIGHT_TEST`, which gives a fixture what the real one gives: its own option, `use`, and what identifies the test. As
the real one does, it hands the options to every context of the test.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import playwright
import pytest
from browsers import chromium
from socket_server import SocketServer

from analyzer import Verdict, analyze, read
from tests.documents import ROOT, block

CONNECT = """<script>function connect(query) {
  const socket = new WebSocket(`ws://${location.host}/ws/${query}`);
  socket.beats = 0;
  socket.onmessage = () => { socket.beats++; };
  return socket;
}</script>"""
PAGES = {
    "/talking": f"{CONNECT}<script>a = connect('a?beat=100'); b = connect('b?beat=100')</script>",
    "/silent": f"{CONNECT}<script>a = connect('a'); a.onopen = () => {{ b = connect('b?beat=100') }}</script>",
    "/one": f"{CONNECT}<script>a = connect('a?beat=100')</script>",
}
PLAYWRIGHT_TEST = """
export const expect = undefined;
export const test = { extend: (fixtures) => fixtures };
"""
RUN = """
import { createRequire } from 'node:module';
import { test } from './sockets.mjs';

const [, , driver, executablePath, address, title, beating, reloads] = process.argv;
const { chromium } = createRequire(import.meta.url)(driver);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const project = { name: 'chromium' };
const titlePath = ['chat.spec.mjs', title];
const testInfo = { project, titlePath, testId: 'f10c-12ed', repeatEachIndex: 0, retry: 0 };
await test.contextOptions({ contextOptions: {} }, async (options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wait = () => page.waitForFunction((names) => [...names].every((name) => window[name]?.beats > 2), beating);
  await page.goto(address);
  await wait();
  if (reloads) {
    await page.reload();
    await wait();
  }
  await context.close();
  const own = await browser.newContext({ ...options, viewport: null });
  await (await own.newPage()).goto('about:blank');
  await own.close();
}, testInfo);
await browser.close();
"""
NAMES = """
import { test } from './sockets.mjs';

for (const testInfo of JSON.parse(process.argv[2])) {
  await test.contextOptions({ contextOptions: { locale: 'de' } }, async (options) => {
    const { locale, recordHar } = { ...options };
    console.log(JSON.stringify([locale, recordHar.path, recordHar.path]));
  }, testInfo);
}
"""
DRIVER = Path(playwright.__file__).parent / "driver"


def run_node(folder: Path, script: str, *arguments: str) -> str:
    """Run a script beside the fixture of the page."""
    package = folder / "node_modules/@playwright/test"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"type": "module", "exports": "./index.mjs"}')
    (package / "index.mjs").write_text(PLAYWRIGHT_TEST)
    (folder / "sockets.mjs").write_text(block(ROOT / "docs/testing.md", "js"), "utf-8")
    (folder / "run.mjs").write_text(script)
    command = [next(DRIVER.glob("node*")), "run.mjs", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("address", "beating", "reloads", "verdict"),
    [
        pytest.param("talking", "ab", False, Verdict.OVERLAP, id="both sockets are active"),
        pytest.param("silent", "b", False, Verdict.POSSIBLE_OVERLAP, id="one is silent"),
        pytest.param("one", "a", True, Verdict.NO_OVERLAP, id="one socket and a reload"),
    ],
)
def test_the_captures_of_the_fixture_give_what_the_page_says(
    address: str, beating: str, reloads: bool, verdict: Verdict, tmp_path: Path
) -> None:
    browser = chromium()
    with SocketServer(PAGES) as server:
        url = f"http://127.0.0.1:{server.port}/{address}"
        arguments = [str(DRIVER / "package"), browser, url, "opens / one socket", beating, *(["reloads"] * reloads)]
        run_node(tmp_path, RUN, *arguments)
    first, own = sorted((tmp_path / "captures").iterdir())
    assert first.name.startswith("chromium-chat-spec-mjs-opens-one-socket-f10c-12ed-0-0-")
    assert analyze(read(first)).verdict is verdict
    assert analyze(read(own)).verdict is Verdict.NO_SOCKETS


def info(title: str = "opens", project: str = "chromium", test: str = "a", repeated: int = 0, retry: int = 0) -> object:
    """What identifies a test. Playwright gives each title and project another id."""
    return {
        "project": {"name": project},
        "titlePath": ["чат.spec.mjs", title],
        "testId": test,
        "repeatEachIndex": repeated,
        "retry": retry,
    }


def test_no_two_contexts_share_a_capture(tmp_path: Path) -> None:
    titles = ["a!", "a?", "чат", "日本", "💬" * 300, "/", "../../x"]
    infos = [info(title, test=str(n)) for n, title in enumerate(titles)]
    infos += [info(project="", test="b"), info(repeated=1), info(retry=1), info(repeated=1, retry=1)]
    rows = [json.loads(line) for line in run_node(tmp_path, NAMES, json.dumps(infos)).splitlines()]
    paths = [path for _, *both in rows for path in both]
    assert len(set(paths)) == len(paths) == 2 * len(infos)
    assert {locale for locale, *_ in rows} == {"de"}
    for path in paths:
        folder, name = path.split("/")  # no title leaves the folder
        assert (folder, name.endswith(".har"), len(name.encode()) <= 255) == ("captures", True, True)
