"""The fixture of docs/testing-and-ci.md for Playwright Test, in a real browser.

The node and the playwright-core that Playwright for Python brings run it; `test.extend` of @playwright/test is played by
`PLAYWRIGHT_TEST`, which gives a fixture what the real one gives: its own option, `use`, and the test's name.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import playwright
import pytest
from browsers import chromium
from socket_server import SocketServer

from analyzer import Verdict, analyze, read
from tests.documents import ROOT, block

OPEN = "new WebSocket(`ws://${location.host}/ws/%s`)"
PAGES = {
    "/talking": f"<script>a = {OPEN % 'a?beat=100'}; b = {OPEN % 'b?beat=100'}</script>",
    "/silent": f"<script>a = {OPEN % 'a'}; setTimeout(() => {{ b = {OPEN % 'b?beat=100'} }}, 300)</script>",
    "/one": f"<script>a = {OPEN % 'a?beat=100'}</script>",
}
PLAYWRIGHT_TEST = """
export const expect = undefined;
export const test = { extend: (fixtures) => fixtures };
"""
RUN = """
import { createRequire } from 'node:module';
import { test } from './sockets.mjs';

const [, , driver, executablePath, address, title, reloads] = process.argv;
const { chromium } = createRequire(import.meta.url)(driver);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const testInfo = { project: { name: 'chromium' }, titlePath: ['chat.spec.mjs', title], retry: 0 };
await test.contextOptions({ contextOptions: {} }, async (options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForTimeout(1000);
  if (reloads) {
    await page.reload();
    await page.waitForTimeout(500);
  }
  await context.close();
}, testInfo);
await browser.close();
"""


@pytest.mark.parametrize(
    ("address", "reloads", "verdict"),
    [
        pytest.param("talking", False, Verdict.OVERLAP, id="both sockets are active"),
        pytest.param("silent", False, Verdict.POSSIBLE_OVERLAP, id="one is silent"),
        pytest.param("one", True, Verdict.NO_OVERLAP, id="one socket and a reload"),
    ],
)
def test_the_captures_of_the_fixture_give_what_the_page_says(
    address: str, reloads: bool, verdict: Verdict, tmp_path: Path
) -> None:
    browser = chromium()
    package = tmp_path / "node_modules/@playwright/test"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"type": "module", "exports": "./index.mjs"}')
    (package / "index.mjs").write_text(PLAYWRIGHT_TEST)
    (tmp_path / "sockets.mjs").write_text(block(ROOT / "docs/testing-and-ci.md", "js"))
    (tmp_path / "run.mjs").write_text(RUN)
    driver = Path(playwright.__file__).parent / "driver"
    with SocketServer(PAGES) as server:
        url = f"http://127.0.0.1:{server.port}/{address}"
        arguments = [str(driver / "package"), browser, url, "opens / one socket", *(["reloads"] if reloads else [])]
        done = subprocess.run(
            [next(driver.glob("node*")), "run.mjs", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    report = analyze(read(tmp_path / "captures/chromium-chat-spec-mjs-opens-one-socket.har"))
    assert report.verdict is verdict
