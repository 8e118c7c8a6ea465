"""Record one test's sockets: the recording, its settings, and the fixture that records every test.

Every run of pytest loads this where har-sockets is installed, so it imports nothing else until a test is recorded.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from analyzer.model import Report
    from analyzer.testing.recorder import Recorder

MODES = ("off", "record", "check")
FIXTURE = "socket_recording"
DEFAULTS = {"per": "user"}  # two users in one test are the test of a chat
LONGEST_NAME = 150  # of a file
DEFAULT_OUTPUT = "test-results/sockets"
SCOPES, SEVERITIES = ("capture", "context", "page", "endpoint", "service", "user"), ("note", "warning", "error")
OPTIONS: dict[str, tuple[type, tuple[str, ...] | None, str]] = {  # name -> type, words; on the command line and in ini
    "per": (str, SCOPES, "the scope in which sockets are counted together"),
    "max_open": (int, None, "how many sockets may be open at the same time"),
    "tolerance": (int, None, "milliseconds; a shorter overlap is allowed"),
    "fail_on": (str, SEVERITIES, "the lowest severity that fails a test"),
}
NAMED = pytest.StashKey[dict[str, Any]]()  # what check_every_test says, by item
RECORDED = pytest.StashKey["SocketRecording"]()
SETTING_UP: list[str] = []  # the fixtures that are being set up, the outermost first
ASKED: list[str] = []  # by which settings a project asked for recordings


class SocketRecording:
    """The recording of one test. `path` is the HAR, which `stop` writes, at the latest when the test ends."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        self.path = path
        self.is_written = False
        self._recorder: Recorder | None = recorder

    def wait(self) -> None:
        """Wait until nothing is missed any more."""
        if self._recorder is not None:
            self._recorder.wait()

    def stop(self) -> Path:
        """End the recording and write the HAR."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorded = recorder.stop()
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("wb") as file:
                    file.writelines(recorded.chunks())
                self.is_written = True
            except OSError as error:
                __tracebackhide__ = True
                raise pytest.UsageError(f"{self.path}: cannot be written: {error.strerror}") from None
        return self.path

    def end(self) -> bool:
        """End it with the test; write the HAR where there was a browser, and return whether there is one."""
        if self._recorder is not None and not self._recorder.has_browser:
            self._recorder.stop()
            self._recorder = None
        self.stop()
        return self.is_written

    def report(self) -> Report:
        """End the recording and analyse it."""
        from analyzer.formats import read
        from analyzer.pipeline import analyze

        return analyze(read(self.stop()))


def check_every_test(**policy: Any) -> Any:
    """Make a fixture for conftest.py that records and checks every test below it that uses a browser of Playwright.

    `policy` takes the arguments of `assert_sockets`, and `mode="record"` for recordings without a verdict.
    """

    ASKED.append("check_every_test")
    return every_test({"mode": "check", **policy})


def every_test(named: dict[str, Any]) -> Any:
    """The fixture. It is automatic, so it comes before any fixture of the test that has a page."""

    @pytest.fixture(autouse=True)
    def sockets_of_every_test(request: pytest.FixtureRequest) -> None:
        request.node.stash[NAMED] = named
        try:
            settings = read_settings(request.node)
        except pytest.UsageError as problem:  # of a marker, which no command line is checked for
            raise pytest.fail.Exception(str(problem), pytrace=False) from None
        if settings["mode"] != "off":
            request.getfixturevalue(FIXTURE)

    return sockets_of_every_test


def keep(item: pytest.Item) -> Iterator[SocketRecording]:
    """A recording that the end of the test finds."""
    from analyzer.testing.recorder import Recorder

    recording = item.stash[RECORDED] = SocketRecording(_name_file(item), Recorder(getattr(item, "fixturenames", ())))
    yield recording
    recording.end()


# -- settings --------------------------------------------------------------------------------------------------


def read_settings(item: pytest.Item) -> dict[str, Any]:
    """`mode`, and what assert_sockets takes. Raises UsageError."""
    __tracebackhide__ = True
    config = item.config
    settings: dict[str, Any] = {"mode": config.getini("sockets"), **DEFAULTS}
    settings |= {name: kind(read_ini(config, name)) for name, (kind, *_) in OPTIONS.items() if read_ini(config, name)}
    named: dict[str, Any] = item.stash.get(NAMED, {})
    settings |= named
    options = {"mode": config.getoption("sockets"), **{name: config.getoption(f"sockets_{name}") for name in OPTIONS}}
    settings |= {name: value for name, value in options.items() if value is not None}
    for marker in reversed(list(item.iter_markers("sockets"))):  # the closest last
        settings |= {**marker.kwargs, **({"mode": marker.args[0]} if marker.args else {})}
    from analyzer.testing.verdict import assert_sockets

    names = ["mode", *list(inspect.signature(assert_sockets).parameters)[1:]]
    for name in settings:
        if name not in names:
            raise pytest.UsageError(f"{item.nodeid}: sockets: {name}: not one of {', '.join(names)}")
    check_value(f"{item.nodeid}: mode", settings["mode"], str, MODES)
    for name, (kind, words, _) in OPTIONS.items():
        if name in settings:
            check_value(f"{item.nodeid}: {name}", str(settings[name]), kind, words)
            settings[name] = kind(settings[name])
    return settings


def check_value(name: str, value: str, kind: type, words: tuple[str, ...] | None) -> None:
    """Raises UsageError for what the setting cannot be."""
    __tracebackhide__ = True
    if words is not None and value not in words:
        raise pytest.UsageError(f"{name} = {value}: not one of {', '.join(words)}")
    if kind is int and not value.isdecimal():
        raise pytest.UsageError(f"{name} = {value}: not a number")
    if name.endswith("max_open") and int(value) < 1:
        raise pytest.UsageError(f"{name} = {value}: must be 1 or more")


def read_ini(config: pytest.Config, name: str) -> str:
    return str(config.getini(f"sockets_{name}"))


def _name_file(item: pytest.Item) -> Path:
    folder = Path(item.config.getoption("sockets_output") or item.config.getini("sockets_output"))
    name = re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")
    parameters = item.nodeid.partition("[")[2].removesuffix("]")
    if re.search(r"[^\w.-]", parameters) or len(name) > LONGEST_NAME:  # `a b` and `a/b` would be of one name
        name = f"{name[:LONGEST_NAME]}-{hashlib.sha256(item.nodeid.encode()).hexdigest()[:8]}"
    return (item.config.rootpath / folder if not folder.is_absolute() else folder) / f"{name}.har"
