"""The projects in examples/, each as somebody who copies its folder runs it: one test passes, the other fails.

npm installs what package.json names; what each server noted is the truth. Without npm's packages (`make test-snippets`
puts them there) these tests are skipped, unless REQUIRE_SNIPPETS=1.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from browsers import chromium
from test_snippets import NODE_TOOLS

from tests.documents import ROOT, add_programs

EXAMPLES = ROOT / "examples"
FAILURE = "concurrent-sockets: 2 sockets"


class Example(NamedTuple):
    """How an example finds the browser of this machine, and runs one of its tests."""

    name: str
    only: str  # the option that chooses a test by its title
    change: tuple[str, str, str] = ("", "", "")  # in this file: old, new


PROJECTS = (
    Example("playwright-test", "--grep", ("sockets.mjs", "launch({", "launch({ executablePath: process.env.BROWSER,")),
    Example("puppeteer", "--test-name-pattern"),
    Example(
        "selenium",
        "--test-name-pattern",
        ("sockets.mjs", "new Options()", "new Options().setBinaryPath(process.env.BROWSER)"),
    ),
)


def copy(example: Example, folder: Path) -> Path:
    """Copy an example, point it to this machine's browser, and install what it needs."""
    project = folder / example.name
    shutil.copytree(EXAMPLES / example.name, project, ignore=shutil.ignore_patterns("node_modules"))
    file, old, new = example.change
    if file:
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--silent"]
    done = subprocess.run(command, cwd=project, env=environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def environment(folder: Path) -> dict[str, str]:
    """Variables with which the tools find this machine's browser, and the tests this checkout's program."""
    browser = folder / "browser"
    if not browser.exists():
        browser.write_text(f'#!/bin/sh\nexec {chromium()} --no-sandbox "$@"\n')
        browser.chmod(0o755)
        add_programs(folder)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BROWSER": str(browser),
        "PUPPETEER_EXECUTABLE_PATH": str(browser),
        "PUPPETEER_SKIP_DOWNLOAD": "1",
        "SE_CHROMEDRIVER": shutil.which("chromedriver") or "",
    }


def run(example: Example, project: Path, title: str, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "test", "--", f"{example.only}={title}"],
        cwd=project,
        env={**environment(folder), "PORT": str(port)},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def peak(output: str) -> int:
    """The truth: how many sockets the server had open at the same time."""
    return max(map(int, re.findall(r"server: (\d+) open", output)))


@pytest.mark.slow
@pytest.mark.parametrize("example", PROJECTS, ids=lambda example: example.name)
def test_one_socket_passes_and_two_fail(example: Example, tmp_path: Path) -> None:
    if not NODE_TOOLS.is_dir() or shutil.which("chromedriver") is None:
        reason = "npm's packages or chromedriver are not installed: make test-snippets"
        (pytest.fail if os.environ.get("REQUIRE_SNIPPETS") == "1" else pytest.skip)(reason)
    project = copy(example, tmp_path)
    port = unused_port()
    done = run(example, project, "one socket", tmp_path, port)
    assert (done.returncode, peak(done.stdout)) == (0, 1), done.stdout + done.stderr
    done = run(example, project, "two sockets", tmp_path, port)
    assert (done.returncode, peak(done.stdout)) == (1, 2), done.stdout + done.stderr
    assert FAILURE in done.stdout


def test_every_example_is_run() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir()) == [example.name for example in PROJECTS]


def test_the_servers_are_the_same() -> None:
    """Each folder is complete by itself, so each has its own copy."""
    assert len({(EXAMPLES / example.name / "server.mjs").read_text() for example in PROJECTS}) == 1
