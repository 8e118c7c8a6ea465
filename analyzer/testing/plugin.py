"""The pytest plugin: record each test's sockets with Playwright, and give a verdict at the end of the test.

Every run of pytest loads it where har-sockets is installed, so it imports nothing else until a test is recorded. It
does nothing until a project turns it on: with `check_every_test` in conftest.py, with `--sockets`, with `sockets` in
the ini file, or with a test that takes the fixture. A test's marker wins over the command line, the command line over
conftest.py, and conftest.py over the ini file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from analyzer.testing.fixture import (
    DEFAULT_OUTPUT,
    MODES,
    OPTIONS,
    RECORDED,
    SocketRecording,
    check_value,
    keep,
    read_ini,
    read_settings,
)


@pytest.fixture
def socket_recording(request: pytest.FixtureRequest, context: Any) -> Iterator[SocketRecording]:
    """Record the sockets of this test's context (pytest-playwright) until the test ends."""
    from analyzer.recorder.playwright import Listener
    from analyzer.recorder.steps import run_sync

    listener = Listener(context)
    run_sync(listener.start())
    yield from keep(request.node, lambda: run_sync(listener.stop()))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockets", "WebSockets (har-sockets)")
    modes = "record: write one HAR per test; check: also fail a test whose sockets overlap; off: do nothing"
    group.addoption("--sockets", choices=MODES, help=modes)
    group.addoption("--sockets-output", metavar="DIR", help=f"folder for the HARs (default: {DEFAULT_OUTPUT})")
    parser.addini("sockets", f"for every test that uses Playwright's context: {modes}", default="off")
    parser.addini("sockets_output", "folder for the HARs", default=DEFAULT_OUTPUT)
    for name, (kind, words, text) in OPTIONS.items():
        option = f"--sockets-{name.replace('_', '-')}"
        group.addoption(option, dest=f"sockets_{name}", type=kind, choices=words, help=text)
        parser.addini(f"sockets_{name}", f"{text}{': ' + ', '.join(words) if words else ''}", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "sockets(mode, **policy): off, record or check, and the policy of this test, e.g. max_open=2 (har-sockets)",
    )
    check_value("sockets", config.getini("sockets"), str, MODES)
    for name, (kind, words, _) in OPTIONS.items():
        if read_ini(config, name):
            check_value(f"sockets_{name}", read_ini(config, name), kind, words)
    if (config.getoption("sockets") or config.getini("sockets")) != "off":
        from analyzer.testing import every_test

        config.pluginmanager.register(every_test, "har-sockets-every-test")
    if config.pluginmanager.hasplugin("playwright-asyncio"):
        from analyzer.testing import async_fixture

        config.pluginmanager.register(async_fixture, "har-sockets-asyncio")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """The verdict is part of the test, not of its teardown: it fails, and does not only end in error."""
    try:
        result = yield
    except BaseException:
        if RECORDED in item.stash:
            item.stash[RECORDED].stop()
        raise
    if RECORDED in item.stash:
        path, settings = item.stash[RECORDED].stop(), read_settings(item)
        if settings.pop("mode") == "check":
            problem = _violation(path, {"allow_empty": True, **settings})
            if problem is not None:
                pytest.fail(problem, pytrace=False)  # a traceback would show only plugins that wrap the test
    return result


def _violation(path: Path, policy: dict[str, Any]) -> str | None:
    """Check a recording, and return what violates the policy; None where nothing does."""
    from analyzer.testing.verdict import assert_sockets

    try:
        assert_sockets(path, **policy)
    except AssertionError as problem:
        return str(problem)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Into pytest-html's report, where that is installed: the recording, and what it says."""
    report: Any = yield
    recording = item.stash.get(RECORDED, None)
    has_page = call.when == "call" and item.config.pluginmanager.hasplugin("html")
    if has_page and recording is not None and recording.path.is_file():
        from pytest_html import extras

        text = extras.text(_text(recording.path), name="sockets")
        page = item.config.getoption("htmlpath", None) or ""
        link = Path(os.path.relpath(recording.path, Path(page).absolute().parent)).as_posix()
        report.extras = [*getattr(report, "extras", []), text, extras.url(quote(link), name="HAR")]
    return report  # type: ignore[no-any-return]


def _text(path: Path) -> str:
    from analyzer.formats import read
    from analyzer.masking import mask
    from analyzer.model import Policy, Run
    from analyzer.outputs import text
    from analyzer.pipeline import analyze

    run = mask(Run((analyze(read(path)),), (), Policy()))
    return text.render(run, width=120).decode()
