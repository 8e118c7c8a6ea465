"""`har-sockets record`: a browser for people, and the HAR of what they did in it."""

from __future__ import annotations

import asyncio
import gc
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from analyzer.installation import install_hint, name_python
from analyzer.masking import Masks
from analyzer.model import SECOND, Instant
from analyzer.recorder.recording import By

if TYPE_CHECKING:
    from analyzer.formats.har.writer import Json
    from analyzer.recorder.recording import Socket

SCHEME = re.compile(r"[A-Za-z][\w+.-]*:(?!\d)")  # `localhost:3000` has none
LOCAL = re.compile(r"(?:localhost|127\.|\[::1\])")  # rarely has a certificate
SYSTEM = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")  # on the path
CHANNELS = ("chrome", "msedge")  # where Playwright knows to look for them
HOW = {
    By.RELOAD: "page reloaded",
    By.NAVIGATION: "the tab left the page",
    By.PAGE_CLOSED: "page closed",
    By.CRASH: "page crashed",
    By.OWNER_GONE: "its worker or frame ended",
    By.PAGE_GONE: "its page, frame or worker ended",
}
NETWORK = re.compile(r"net::\w+")  # the browser's own word for what went wrong
NO_BROWSER = "no Chrome, Chromium or Edge was found"


class RecordingError(Exception):
    """Nothing can be recorded, and why."""


def record(url: str, headless: bool, seconds: float | None, say: Callable[[str], None]) -> Json:
    """Open the URL in a browser; give the HAR when its last window is closed, after `seconds`, or on Ctrl-C.

    Raises RecordingError.
    """
    try:
        import playwright  # noqa: F401 - is it there?
    except ImportError:
        raise RecordingError(f"recording needs Playwright: {install_hint('playwright')}") from None
    address = url if SCHEME.match(url) else f"{'http' if LOCAL.match(url) else 'https'}://{url}"
    gc.enable()  # the program switches it off for its short commands; this one may run for hours
    return asyncio.run(_record(address, headless, seconds, say))


async def _record(url: str, headless: bool, seconds: float | None, say: Callable[[str], None]) -> Json:
    from playwright.async_api import Error, async_playwright

    from analyzer.recorder.playwright import LONGEST_CALL, Listener
    from analyzer.recorder.steps import run_async

    ended = asyncio.Event()
    with _interrupting(ended):
        async with async_playwright() as playwright:
            browser = await _launch(playwright, headless)
            context = await browser.new_context(no_viewport=True)
            teller = _Teller(say, round(time.time() * SECOND))
            listener = Listener(context, teller.tell, gone=ended.set)
            await run_async(listener.start())

            def end_with_the_last(_: object) -> None:
                if not context.pages:
                    ended.set()

            context.on("page", lambda page: page.on("close", end_with_the_last))
            browser.on("disconnected", lambda _: ended.set())
            page = await context.new_page()
            try:
                await page.goto(url, wait_until="commit")
            except Error as problem:
                if not ended.is_set():
                    reason = NETWORK.search(problem.message)
                    why = reason[0] if reason is not None else Masks().text(problem.message.splitlines()[0])
                    raise RecordingError(f"{Masks().url(url)}: cannot be opened: {why}") from None
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), seconds)
            har: Json = await run_async(listener.stop(), LONGEST_CALL)
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(browser.close(), LONGEST_CALL)
            return har


@contextmanager
def _interrupting(ended: asyncio.Event) -> Iterator[None]:
    """Ctrl-C and `kill` end the recording, not the program; a second time they do. (A loop's own handlers are not for
    Windows.)"""
    loop = asyncio.get_running_loop()

    def end(number: int, _: object) -> None:
        signal.signal(number, before[number])
        loop.call_soon_threadsafe(ended.set)

    before: dict[int, Any] = {it: signal.signal(it, end) for it in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _launch(playwright: Any, headless: bool) -> Any:
    """The first browser that can be started: of the system, else Playwright's own."""
    from playwright.async_api import Error

    chromium = playwright.chromium
    executable = next((path for name in SYSTEM if (path := shutil.which(name))), None)
    ways: list[dict[str, str]] = [{"channel": name} for name in CHANNELS[:1]]
    ways += [{"executable_path": executable}] if executable else []
    ways += [{}, *({"channel": name} for name in CHANNELS[1:])]
    problem = ""
    for way in ways:
        try:
            return await chromium.launch(headless=headless, handle_sigint=False, **way)
        except Error as error:
            if "found" not in error.message and "exist" not in error.message:  # it is there and does not start
                problem = problem or next((line for line in error.message.splitlines() if line.strip()), "")
    if not problem:
        raise RecordingError(f"{NO_BROWSER}: install one, or run: {name_python()} -m playwright install chromium")
    hint = "" if headless else " (use --headless without a display)"
    raise RecordingError(f"the browser did not start{hint}: {problem}")


class _Teller:
    """A line for each socket that opens, fails or ends; seconds from the beginning of the recording."""

    def __init__(self, say: Callable[[str], None], began: Instant) -> None:
        self._say = say
        self._began = began
        self._masks = Masks()

    def tell(self, socket: Socket, at: Instant, now: int) -> None:
        if socket.open:
            sign, what = "+", self._masks.url(socket.url)
        elif not socket.opened:
            sign, what = "!", f"failed: {self._masks.text(socket.problem or 'no reason recorded')}"
        else:
            ended = "no longer recorded" if socket.lost else "closed"
            sign, what = "-", f"{ended}: {HOW[socket.by]}" if socket.by else ended
        self._say(f"{(at - self._began) / SECOND:8.3f} s  {sign} socket #{socket.number} {what} ({now} open now)")
