"""The projects in examples/, and the runners of docs/testing.md: with one socket a test passes, with two it fails.

Each is run as somebody who copies it runs it. What the server of the examples prints is the truth. Without the tools
(`make test-snippets` puts them there) these tests are skipped, unless REQUIRE_SNIPPETS=1.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from browsers import chromium
from test_snippets import NODE_TOOLS

from tests.documents import ROOT, add_programs, blocks

EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs/testing.md"
FAILURE = "concurrent-sockets: 2 sockets"
TEXTS = {"one": "hello", "two": "hello hello"}  # what the server's pages show
BROWSER = "process.env.BROWSER"  # the script that starts this machine's browser


class Example(NamedTuple):
    """How an example finds the browser of this machine, and runs one of its tests."""

    name: str
    only: str  # the option that chooses a test by its title
    file: str = ""  # in this one
    old: str = ""
    new: str = ""


PROJECTS = (
    Example(
        "playwright-test",
        "--grep",
        "playwright.config.mjs",
        "use: {",
        f"use: {{ launchOptions: {{ executablePath: {BROWSER} }},",
    ),
    Example("puppeteer", "--test-name-pattern"),
    Example(
        "selenium", "--test-name-pattern", "chat.test.mjs", "new Options()", f"new Options().setBinaryPath({BROWSER})"
    ),
)


class Runner(NamedTuple):
    """How to run a snippet of the page."""

    kind: str
    needs: str  # a package of npm, a module of Python, or a program
    file: str  # the snippet is saved as this
    command: tuple[str, ...]
    more: tuple[tuple[str, str], ...] = ()  # files beside it: name, text
    changes: tuple[tuple[str, str], ...] = ()  # for the browser of this machine: old, new


WEBDRIVERIO = """\
export const config = {
  framework: 'mocha', specs: ['./*.test.mjs'], logLevel: 'error',
  capabilities: [
    { browserName: 'chrome', 'goog:chromeOptions': { binary: process.env.BROWSER, args: ['headless=new'] } },
  ],
};
"""
CHROME = "chrome:headless:cdpPort=9444 --disable-back-forward-cache"
RUNNERS = (
    Runner(
        "js runner=webdriverio",
        "@wdio/cli",
        "chat.test.mjs",
        ("node_modules/.bin/wdio", "run", "wdio.conf.mjs"),
        (("wdio.conf.mjs", WEBDRIVERIO),),
    ),
    Runner(
        "js runner=testcafe",
        "testcafe",
        "chat.js",
        ("node_modules/.bin/testcafe", CHROME, "chat.js", "--hostname", "127.0.0.1"),
        (("har-sockets.toml", 'per = "endpoint"\n'),),
    ),
    Runner(
        "robotframework",
        "SeleniumLibrary",
        "chat.robot",
        (sys.executable, "-m", "robot", "chat.robot"),
        changes=(
            (
                "headlesschrome",
                'headlesschrome    options=binary_location="%{BROWSER}"    service=executable_path="%{SE_CHROMEDRIVER}"',
            ),
        ),
    ),
    Runner(
        "js runner=firefox",
        "firefox-esr",
        "chat.mjs",
        ("node", "chat.mjs"),
        changes=(
            ("browser: 'firefox'", "browser: 'firefox', executablePath: process.env.FIREFOX"),
            ("https://chat.example'", "https://chat.example/one'"),
            (
                "// ... your steps",
                "await page.waitForFunction((text) => document.body.innerText === text, {}, 'hello');",
            ),
        ),
    ),
)


def skip(reason: str) -> None:
    (pytest.fail if os.environ.get("REQUIRE_SNIPPETS") == "1" else pytest.skip)(f"{reason}: make test-snippets")


def copy(example: Example, folder: Path) -> Path:
    """Copy an example, point it to this machine's browser, and install what it needs."""
    project = folder / example.name
    shutil.copytree(EXAMPLES / example.name, project, ignore=shutil.ignore_patterns("node_modules"))
    if example.file:
        text = (project / example.file).read_text()
        assert example.old in text
        (project / example.file).write_text(text.replace(example.old, example.new))
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--silent"]
    done = subprocess.run(command, cwd=project, env=environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def environment(folder: Path) -> dict[str, str]:
    """Variables with which the tools find this machine's browser, and the tests this checkout's program."""
    browser = folder / "google-chrome"
    if not browser.exists():
        browser.write_text(f'#!/bin/sh\nexec {chromium()} --no-sandbox "$@"\n')
        browser.chmod(0o755)
        add_programs(folder)
    driver = shutil.which("chromedriver") or ""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": f"{folder / 'bin'}:{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),  # Firefox starts only in one's own
        "BROWSER": str(browser),
        "FIREFOX": shutil.which("firefox-esr") or "",
        "PUPPETEER_EXECUTABLE_PATH": str(browser),
        "PUPPETEER_SKIP_DOWNLOAD": "1",
        "SE_CHROMEDRIVER": driver,
        "CHROMEDRIVER_PATH": driver,
    }


def run(command: Sequence[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, encoding="utf-8", timeout=180, check=False
    )


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def peak(output: str) -> int:
    """The truth: how many sockets the server had open at the same time."""
    return max(map(int, re.findall(r"server: (\d+) open", output)), default=0)


@pytest.mark.slow
@pytest.mark.parametrize("example", PROJECTS, ids=lambda example: example.name)
def test_one_socket_passes_and_two_fail(example: Example, tmp_path: Path) -> None:
    if not NODE_TOOLS.is_dir() or shutil.which("chromedriver") is None:
        skip("npm's packages or chromedriver are not installed")
    project = copy(example, tmp_path)
    variables = {**environment(tmp_path), "PORT": str(unused_port())}
    done = run(["npm", "test", "--", f"{example.only}=one socket"], project, variables)
    assert (done.returncode, peak(done.stdout)) == (0, 1), done.stdout + done.stderr
    done = run(["npm", "test", "--", f"{example.only}=two sockets"], project, variables)
    assert (done.returncode, peak(done.stdout)) == (1, 2), done.stdout + done.stderr
    assert FAILURE in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", list(TEXTS))
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.kind.rpartition("=")[2])
def test_a_runner_of_the_page_judges_its_test(runner: Runner, path: str, tmp_path: Path) -> None:
    if not NODE_TOOLS.is_dir() or shutil.which("chromedriver") is None:
        skip("npm's packages or chromedriver are not installed")
    if runner.needs == "firefox-esr" and shutil.which("firefox-esr") is None:
        pytest.skip("Firefox is not installed")
    if runner.needs == "SeleniumLibrary" and importlib.util.find_spec(runner.needs) is None:
        skip("Robot Framework is not installed")
    (text,) = (each.text for each in blocks(PAGE) if f"{each.language} {each.mode}".strip() == runner.kind)
    for old, new in runner.changes:
        assert old in text
        text = text.replace(old, new)
    port = unused_port()
    text = text.replace("https://chat.example/one", f"http://localhost:{port}/{path}")
    for old, new in (("'hello'", f"'{TEXTS[path]}'"), ("    hello\n", f"    {TEXTS[path]}\n")):
        text = text.replace(old, new)
    for file, content in ((runner.file, text), *runner.more):
        (tmp_path / file).write_text(content)
    for file in ("record.mjs", "server.mjs"):
        shutil.copy(EXAMPLES / "puppeteer" / file, tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE_TOOLS)
    variables = {**environment(tmp_path), "PORT": str(port)}
    with subprocess.Popen(
        ["node", "server.mjs"], cwd=tmp_path, env=variables, stdout=subprocess.PIPE, encoding="utf-8"
    ) as server:
        done = run(runner.command, tmp_path, variables)
        server.kill()
        assert server.stdout is not None
        counted = peak(server.stdout.read())
    assert (counted, done.returncode == 0) == ((1, True) if path == "one" else (2, False)), done.stdout + done.stderr
    assert path == "one" or FAILURE in done.stdout or "2 sockets were open" in done.stderr


def test_every_example_is_run() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir()) == [example.name for example in PROJECTS]


@pytest.mark.parametrize("file", ["server.mjs", "record.mjs"])
def test_what_the_examples_share_is_the_same(file: str) -> None:
    """Each folder is complete by itself, so each has its own copy."""
    assert len({(EXAMPLES / example.name / file).read_text() for example in PROJECTS}) == 1
