"""The pytest plugin: record each test's sockets with Playwright, and give a verdict at the end of the test.

Every run of pytest loads it where har-sockets is installed, so it imports nothing else until a test is recorded. It
does nothing until a project turns it on: with `check_every_test` in conftest.py, with `--sockets`, with `sockets` in
the ini file, or with a test that takes the fixture. A test's marker wins over the command line, the command line over
conftest.py, and conftest.py over the ini file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from analyzer.testing.fixture import (
    ASKED,
    DEFAULT_OUTPUT,
    FIXTURE,
    MODES,
    OPTIONS,
    RECORDED,
    SETTING_UP,
    SocketRecording,
    check_value,
    keep,
    read_ini,
    read_settings,
)


@pytest.fixture
def socket_recording(request: pytest.FixtureRequest) -> Iterator[SocketRecording]:
    """Record the sockets of every browser that this test uses, until the test ends."""
    yield from keep(request.node)


@pytest.fixture
def async_socket_recording(socket_recording: SocketRecording) -> SocketRecording:
    """The same."""
    return socket_recording


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockets", "WebSockets (har-sockets)")
    modes = "record: write one HAR per test; check: also fail a test whose sockets overlap; off: do nothing"
    group.addoption("--sockets", choices=MODES, help=modes)
    group.addoption("--sockets-output", metavar="DIR", help=f"folder for the HARs (default: {DEFAULT_OUTPUT})")
    parser.addini("sockets", f"for every test that uses a browser of Playwright: {modes}", default="off")
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
        ASKED.append("sockets")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before any browser of a test starts: each Chromium gets a port."""
    if ASKED or any(FIXTURE in getattr(item, "fixturenames", ()) for item in session.items):
        from analyzer.testing.browsers import wrap_playwright

        _require_websockets()
        wrap_playwright(SETTING_UP)


def _require_websockets() -> None:
    """Raises UsageError: without it each test would end in an error."""
    if find_spec("websockets") is None:
        from analyzer.installation import install_hint

        raise pytest.UsageError(f"recording the sockets of tests needs websockets: {install_hint('playwright')}")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    """A browser belongs to the fixtures that start it."""
    SETTING_UP.append(fixturedef.argname)
    try:
        return (yield)
    finally:
        SETTING_UP.pop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """The verdict is part of the test, not of its teardown: it fails, and does not only end in error."""
    if RECORDED in item.stash:
        item.stash[RECORDED].wait()
    try:
        result = yield
    except BaseException:
        if RECORDED in item.stash:
            item.stash[RECORDED].end()
        raise
    if RECORDED in item.stash and item.stash[RECORDED].end():
        settings = read_settings(item)
        if settings.pop("mode") == "check":
            path = item.stash[RECORDED].path
            problem = _violation(path, {"allow_empty": True, **settings})
            if problem is not None:
                message = problem.replace(str(path), _shorten(path, item.config))
                pytest.fail(message, pytrace=False)  # a traceback would show only plugins that wrap the test
    return result


def _shorten(path: Path, config: pytest.Config) -> str:
    """The path from where pytest was started, if that is above."""
    folder = config.invocation_params.dir
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


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
    if has_page and recording is not None and recording.is_written:
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
