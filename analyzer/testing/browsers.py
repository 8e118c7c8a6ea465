"""Know each browser that a run of tests starts with Playwright, each context of it, and how to listen to it.

Playwright's own methods are wrapped, whoever calls them: a fixture of pytest-playwright, one that a project put in its
place, or a test. (The fixture `browser_type_launch_args` is replaced by many projects, and no other launch asks it.)
Every Chromium gets a port of its own for the DevTools protocol, beside the pipe that Playwright keeps using.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeAlias

from analyzer.patterns import Pattern
from analyzer.recorder.endpoints import ACTIVE_PORT, find_endpoint, read_active_port
from analyzer.recorder.errors import RecordingError

Steps: TypeAlias = Generator[Any, Any, Any]

OWN_PORT = "--remote-debugging-port=0"  # one that is free; the browser writes it into its profile
PORT = Pattern(r"--remote-debugging-port=(\d+)")
PROFILE = Pattern(r'--user-data-dir="?(.+?)"?(?= "?--|\s*$)')
LONGEST_WRITING = 5.0  # seconds, for a browser that has started to write its port


@dataclass(frozen=True, eq=False)
class Running:
    """A browser. `handle`: Playwright's Browser, or the context of a profile that has no Browser. `endpoint`: the
    websocket of a Chromium; None: it cannot be listened to. `fixtures`: those that were being set up as it started."""

    handle: Any
    endpoint: str | None
    fixtures: frozenset[str] = frozenset()

    @property
    def contexts(self) -> list[Any]:
        return self.handle.contexts if hasattr(self.handle, "contexts") else [self.handle]

    @property
    def id(self) -> object:
        """The same for the same browser, however often somebody connected to it."""
        return self if self.endpoint is None else self.endpoint.rpartition("/")[2]

    def is_used_by(self, fixtures: Iterable[str]) -> bool:
        """May a test with these fixtures have one of its pages already?"""
        return not self.fixtures or not self.fixtures.isdisjoint(fixtures)


class Browsers:
    """Those that run. `watchers` learn of each browser, and of each context that somebody makes: (browser, context or
    None)."""

    def __init__(self) -> None:
        self.running: list[Running] = []
        self.setting_up: Sequence[str] = ()  # the fixtures that are being set up now
        self.watchers: list[Callable[[Running, Any], None]] = []

    def add(self, handle: Any, endpoint: str | None) -> Running:
        browser = Running(handle, endpoint, frozenset(self.setting_up))
        self.running.append(browser)
        closed = "close" if _is_context(handle) else "disconnected"
        handle.on(closed, lambda _: self.running.remove(browser) if browser in self.running else None)
        for watch in list(self.watchers):
            watch(browser, None)
        return browser

    def add_context(self, context: Any, browser: Any) -> None:
        """A context was made, of a browser that is known or was started before anybody looked."""
        running = next((it for it in self.running if it.handle == browser), None) or self.add(browser, None)
        for watch in list(self.watchers):
            watch(running, context)


BROWSERS = Browsers()


def wrap_playwright(setting_up: Sequence[str]) -> None:
    """Wrap what starts browsers and contexts. Nothing is done where Playwright is not installed.

    setting_up: lists at any time the fixtures that are being set up.
    """
    BROWSERS.setting_up = setting_up
    _wrap_playwright()


@cache
def _wrap_playwright() -> None:
    try:
        from playwright import async_api, sync_api
    except ImportError:
        return
    for api in (sync_api, async_api):
        for name, steps in ALL.items():
            _wrap(api.BrowserType, name, steps)
        _wrap(api.Browser, "new_context", _make_context)
        _wrap(api.Browser, "new_page", _make_page)


def _wrap(kind: Any, name: str, steps: Callable[..., Steps]) -> None:
    original = getattr(kind, name)
    if inspect.iscoroutinefunction(original):

        @wraps(original)
        async def call_async(self: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            return await _run_async(steps(original, self, *args, **options))

        setattr(kind, name, call_async)
    else:

        @wraps(original)
        def call_sync(self: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            return _run_sync(steps(original, self, *args, **options))

        setattr(kind, name, call_sync)


def _run_sync(steps: Steps) -> Any:
    """Run steps whose results are those of the sync API."""
    __tracebackhide__ = True
    value = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration as end:
            return end.value


async def _run_async(steps: Steps) -> Any:
    """Run steps whose results are awaitables of the async API."""
    __tracebackhide__ = True
    proceed: Callable[[Any], Any] = steps.send
    value: Any = None
    while True:
        try:
            step = proceed(value)
        except StopIteration as end:
            return end.value
        try:
            proceed, value = steps.send, await step
        except (Exception, asyncio.CancelledError) as problem:
            proceed, value = steps.throw, problem


# -- what is wrapped ---------------------------------------------------------------------------------------------


def _launch(original: Any, kind: Any, **options: Any) -> Steps:
    __tracebackhide__ = True
    browser = yield original(kind, **_with_port(kind, options))
    BROWSERS.add(browser, (yield from _find_own_endpoint(kind, browser)))
    return browser


def _launch_profile(original: Any, kind: Any, user_data_dir: Any, **options: Any) -> Steps:
    __tracebackhide__ = True
    if kind.name == "chromium" and str(user_data_dir):
        with suppress(OSError):  # that of the last run would be taken for this one's
            (Path(user_data_dir) / ACTIVE_PORT).unlink(missing_ok=True)
    context = yield original(kind, user_data_dir, **_with_port(kind, options))
    handle = context.browser or context
    BROWSERS.add(handle, (yield from _find_own_endpoint(kind, handle)))
    return context


def _connect(original: Any, kind: Any, *args: Any, **options: Any) -> Steps:
    """To a server of Playwright's, which may be anywhere."""
    __tracebackhide__ = True
    browser = yield original(kind, *args, **options)
    BROWSERS.add(browser, None)
    return browser


def _connect_over_cdp(original: Any, kind: Any, endpoint_url: str, **options: Any) -> Steps:
    __tracebackhide__ = True
    browser = yield original(kind, endpoint_url, **options)
    endpoint = None
    with suppress(RecordingError):
        endpoint = find_endpoint(endpoint_url).url
    BROWSERS.add(browser, endpoint)
    return browser


def _make_context(original: Any, browser: Any, **options: Any) -> Steps:
    __tracebackhide__ = True
    context = yield original(browser, **options)
    BROWSERS.add_context(context, browser)
    return context


def _make_page(original: Any, browser: Any, **options: Any) -> Steps:
    """Of a context of its own."""
    __tracebackhide__ = True
    page = yield original(browser, **options)
    BROWSERS.add_context(page.context, browser)
    return page


ALL: dict[str, Callable[..., Steps]] = {
    "launch": _launch,
    "launch_persistent_context": _launch_profile,
    "connect": _connect,
    "connect_over_cdp": _connect_over_cdp,
}


def _with_port(kind: Any, options: dict[str, Any]) -> dict[str, Any]:
    args = list(options.get("args") or ())
    if kind.name != "chromium" or any(PORT.match(arg) for arg in args):
        return options
    return {**options, "args": [*args, OWN_PORT]}


def _find_own_endpoint(kind: Any, handle: Any) -> Steps:
    """The websocket of a Chromium that was started here; None: it has none, or tells nobody."""
    from playwright.async_api import Error

    if kind.name != "chromium":
        return None
    try:
        if _is_context(handle):
            session = yield handle.new_cdp_session(handle.pages[0])
        else:
            session = yield handle.new_browser_cdp_session()
        line = str((yield session.send("SystemInfo.getInfo")).get("commandLine", ""))
        yield session.detach()
    except (Error, IndexError):  # it does not answer, or has no page to ask
        return None
    return _read_endpoint(line)


def _read_endpoint(line: str) -> str | None:
    """The websocket that a browser with this command line listens at."""
    port, profile = PORT.search(line), PROFILE.search(line)
    if port is not None and int(port[1]):
        with suppress(RecordingError):
            endpoint = find_endpoint(port[1]).url
            return endpoint if _ask_command_line(endpoint) == line else None  # of two with one port the first has it
    if port is None or profile is None:
        return None
    until = monotonic() + LONGEST_WRITING
    while (active := read_active_port(Path(profile[1]))) is None and monotonic() < until:
        sleep(0.01)
    return None if active is None else f"ws://127.0.0.1:{active[0]}{active[1]}"


def _ask_command_line(endpoint: str) -> str | None:
    """The command line of the browser that listens there; None: it does not say."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    try:
        with connect(endpoint, proxy=None, open_timeout=LONGEST_WRITING) as socket:
            socket.send(json.dumps({"id": 1, "method": "SystemInfo.getInfo"}))
            return str(json.loads(socket.recv(LONGEST_WRITING))["result"]["commandLine"])
    except (OSError, TimeoutError, WebSocketException, ValueError, KeyError):
        return None


def _is_context(handle: Any) -> bool:
    return not hasattr(handle, "contexts")
