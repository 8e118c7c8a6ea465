"""The pytest plugin: record each test's sockets with Playwright, and give a verdict at the end of the test.

Every run of pytest loads it where har-sockets is installed, so it imports nothing else until a test is recorded. It
does nothing until a project turns it on: with `check_every_test` in conftest.py, with `--sockets`, with `sockets` in
the ini file, or with a test that takes the fixture. A test's marker wins over the command line, the command line over
conftest.py, and conftest.py over the ini file.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from analyzer.model import Report

MODES = ("off", "record", "check")
FIXTURE, ASYNC_FIXTURE = "socket_recording", "async_socket_recording"
LONGEST_NAME = 150  # of a file
DEFAULT_OUTPUT = "test-results/sockets"
SCOPES, SEVERITIES = ("capture", "page", "endpoint", "service", "user"), ("note", "warning", "error")
OPTIONS: dict[str, tuple[type, tuple[str, ...] | None, str]] = {  # name -> type, words; on the command line and in ini
    "per": (str, SCOPES, "the scope in which sockets are counted together"),
    "max_open": (int, None, "how many sockets may be open at the same time"),
    "tolerance": (int, None, "milliseconds; a shorter overlap is allowed"),
    "fail_on": (str, SEVERITIES, "the lowest severity that fails a test"),
}
NAMED = pytest.StashKey[dict[str, Any]]()  # what check_every_test says, by item
RECORDED = pytest.StashKey["SocketRecording"]()


class SocketRecording:
    """The recording of one test. `path` is the HAR, which `stop` writes, at the latest when the test ends."""

    def __init__(self, path: Path, stop: Callable[[], Any]) -> None:
        self.path = path
        self.stopped = False
        self._stop = stop

    def stop(self) -> Path:
        """End the recording and write the HAR."""
        if not self.stopped:
            self.stopped = True
            har = self._stop()
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps(har, indent=1) + "\n", "utf-8")
            except OSError as error:
                __tracebackhide__ = True
                raise pytest.UsageError(f"{self.path}: cannot be written: {error.strerror}") from None
        return self.path

    def report(self) -> Report:
        """End the recording and analyse it."""
        from analyzer import analyze, read

        return analyze(read(self.stop()))


def check_every_test(**policy: Any) -> Any:
    """Make a fixture for conftest.py that records and checks every test below it that uses Playwright's `context`.

    `policy` takes the arguments of `assert_sockets`, and `mode="record"` for recordings without a verdict.
    """

    return every_test({"mode": "check", **policy})


def every_test(named: dict[str, Any]) -> Any:
    """The fixture. It is automatic, so it comes before any fixture of the test that has a page."""

    @pytest.fixture(autouse=True)
    def sockets_of_every_test(request: pytest.FixtureRequest) -> None:
        request.node.stash[NAMED] = named
        if "context" in request.node.fixturenames and _settings(request.node)["mode"] != "off":
            request.getfixturevalue(_fixture(request.node))

    return sockets_of_every_test


@pytest.fixture
def socket_recording(request: pytest.FixtureRequest, context: Any) -> Iterator[SocketRecording]:
    """Record the sockets of this test's context (pytest-playwright) until the test ends."""
    from analyzer.recorder.playwright import Listener
    from analyzer.recorder.steps import run_sync

    listener = Listener(context)
    run_sync(listener.start())
    yield from keep(request.node, lambda: run_sync(listener.stop()))


def keep(item: pytest.Item, stop: Callable[[], Any]) -> Iterator[SocketRecording]:
    """A recording that the end of the test finds."""
    recording = item.stash[RECORDED] = SocketRecording(_path(item), stop)
    yield recording
    recording.stop()


# -- hooks -----------------------------------------------------------------------------------------------------


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
    _checked("sockets", config.getini("sockets"), str, MODES)
    for name, (kind, words, _) in OPTIONS.items():
        if _ini(config, name):
            _checked(f"sockets_{name}", _ini(config, name), kind, words)
    if (config.getoption("sockets") or config.getini("sockets")) != "off":
        from analyzer.testing import every_test as asked

        config.pluginmanager.register(asked, "har-sockets-every-test")
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
        path, settings = item.stash[RECORDED].stop(), _settings(item)
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
    shown = call.when == "call" and item.config.pluginmanager.hasplugin("html")
    if shown and recording is not None and recording.path.is_file():
        from pytest_html import extras

        told = extras.text(_text(recording.path), name="sockets")
        page = item.config.getoption("htmlpath", None) or ""
        link = Path(os.path.relpath(recording.path, Path(page).absolute().parent)).as_posix()
        report.extras = [*getattr(report, "extras", []), told, extras.url(quote(link), name="HAR")]
    return report  # type: ignore[no-any-return]


# -- settings --------------------------------------------------------------------------------------------------


def _settings(item: pytest.Item) -> dict[str, Any]:
    """`mode`, and what assert_sockets takes. Raises UsageError."""
    __tracebackhide__ = True
    config = item.config
    found: dict[str, Any] = {"mode": config.getini("sockets")}
    found |= {name: kind(_ini(config, name)) for name, (kind, *_) in OPTIONS.items() if _ini(config, name)}
    named: dict[str, Any] = item.stash.get(NAMED, {})
    found |= named
    given = {"mode": config.getoption("sockets"), **{name: config.getoption(f"sockets_{name}") for name in OPTIONS}}
    found |= {name: value for name, value in given.items() if value is not None}
    for marker in reversed(list(item.iter_markers("sockets"))):  # the closest last
        found |= {**marker.kwargs, **({"mode": marker.args[0]} if marker.args else {})}
    from analyzer.testing.verdict import assert_sockets

    known = ["mode", *list(inspect.signature(assert_sockets).parameters)[1:]]
    for name in found:
        if name not in known:
            raise pytest.UsageError(f"{item.nodeid}: sockets: {name}: not one of {', '.join(known)}")
    _checked(f"{item.nodeid}: mode", found["mode"], str, MODES)
    for name, (kind, words, _) in OPTIONS.items():
        if name in found:
            _checked(f"{item.nodeid}: {name}", str(found[name]), kind, words)
            found[name] = kind(found[name])
    return found


def _checked(name: str, value: str, kind: type, words: tuple[str, ...] | None) -> None:
    """Raises UsageError for what the setting cannot be."""
    __tracebackhide__ = True
    if words is not None and value not in words:
        raise pytest.UsageError(f"{name} = {value}: not one of {', '.join(words)}")
    if kind is int and not value.isdecimal():
        raise pytest.UsageError(f"{name} = {value}: not a number")
    if name.endswith("max_open") and int(value) < 1:
        raise pytest.UsageError(f"{name} = {value}: must be 1 or more")


def _ini(config: pytest.Config, name: str) -> str:
    return str(config.getini(f"sockets_{name}"))


def _fixture(item: pytest.Item) -> str:
    """Which of the two goes with this test's Playwright."""
    return ASYNC_FIXTURE if inspect.iscoroutinefunction(getattr(item, "obj", None)) else FIXTURE


def _path(item: pytest.Item) -> Path:
    folder = Path(item.config.getoption("sockets_output") or item.config.getini("sockets_output"))
    name = re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")
    parameters = item.nodeid.partition("[")[2].removesuffix("]")
    if re.search(r"[^\w.-]", parameters) or len(name) > LONGEST_NAME:  # `a b` and `a/b` would be of one name
        name = f"{name[:LONGEST_NAME]}-{hashlib.sha256(item.nodeid.encode()).hexdigest()[:8]}"
    return (item.config.rootpath / folder if not folder.is_absolute() else folder) / f"{name}.har"


def _text(path: Path) -> str:
    from analyzer import Policy, Run, analyze, read
    from analyzer.masking import masked
    from analyzer.outputs import text

    run = masked(Run((analyze(read(path)),), (), Policy()))
    return text.render(run, width=120).decode()
