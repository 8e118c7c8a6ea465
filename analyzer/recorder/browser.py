"""What `har-sockets record` does: start a browser, or attach to one, and save what its sockets do as it goes.

Nothing that was recorded is lost: the file is written again whenever something changed, and each of its states is a
sound recording of what had happened by then.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from analyzer.masking import Texts
from analyzer.model import ConsoleLine, Instant
from analyzer.patterns import Pattern
from analyzer.recorder.document import Recorded
from analyzer.recorder.endpoints import Endpoint, find_endpoint
from analyzer.recorder.errors import RecordingError, SaveError
from analyzer.recorder.launch import Browser, Settings, launch
from analyzer.recorder.listener import Listener
from analyzer.recorder.recording import LineObserver, Observer, Socket
from analyzer.recorder.witness import TIME, needs_time, refine, wait_for_log

Result = TypeVar("Result")
Save: TypeAlias = Callable[[Recorded, bool], None]  # a state of the recording; is it the last one?

SCHEME = Pattern(r"[A-Za-z][\w+.-]*:(?!\d)")  # `localhost:3000` has none
LOCAL = Pattern(r"(?:localhost|127\.|\[::1\])")  # rarely has a certificate
NETWORK = Pattern(r"net::\w+")  # the browser's own word for what went wrong
ABORTED = "net::ERR_ABORTED"  # by the user, who went on to another page
NO_PAGE = "net::ERR_HTTP_RESPONSE_CODE_FAILURE"  # the browser's own page is shown instead
CERTIFICATE = "net::ERR_CERT_"
FIRST_ERROR = 400  # of HTTP's statuses
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # a system has some of them

EVERY = 2.0  # seconds between two looks whether messages came in
SOON = 0.1  # seconds between two states that are saved because a socket opened or closed
SHARE = 10  # of the time at most one part in this many is spent on saving: a large recording is saved more rarely
LONGEST_QUESTION = 600.0  # seconds for a user to allow the connection


@dataclass(frozen=True)
class Request:
    """What to record."""

    url: str | None = None  # to open first
    attach: str | None = None  # to a running browser, which is left as it is: auto, a port, or an address
    settings: Settings = field(default_factory=Settings)  # of a browser that is started
    seconds: float | None = None  # the longest recording
    keeps_data: bool = True  # of messages; else only their times and lengths


@dataclass(frozen=True)
class Screen:
    """Where a person sees what happens."""

    say: Callable[[str], None]  # show a line
    hint: Callable[[str], None]  # show what the keyboard does now
    observe: Observer  # a socket opened, failed or ended
    observe_line: LineObserver  # a line about one was written to the console


@dataclass(frozen=True)
class Outcome:
    """What was recorded."""

    recorded: Recorded
    problem: str = ""  # why its last state could not be saved
    has_crashed: bool = False  # the browser, or it was killed
    is_hurried: bool = False  # a second signal came before the browser had reported everything


class Interrupted(Exception):  # noqa: N818 - nothing went wrong
    """A signal came before anything was recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def record(request: Request, save: Save, screen: Screen) -> Outcome:
    """Record until the last window is closed, the time is over, or a signal comes.

    `save` writes a state of the recording. It may raise SaveError: then the next state is tried. Raises RecordingError,
    and Interrupted.
    """
    gc.enable()  # the program switches it off for its short commands; this one may run for hours
    return asyncio.run(_record(request, save, screen))


async def _record(request: Request, save: Save, screen: Screen) -> Outcome:
    with _interrupting() as signals:
        if request.attach is not None:
            endpoint = find_endpoint(request.attach)
            if endpoint.others:
                screen.say(f"Attaching to {endpoint.name}, not to {', '.join(endpoint.others)}.")
            return await _Session(request, save, screen, signals).run(endpoint, None)
        screen.hint("The browser starts.")
        browser = await signals.unless_interrupted(launch(request.settings))
        try:
            return await _Session(request, save, screen, signals).run(Endpoint(browser.endpoint, ""), browser)
        finally:
            browser.kill()
            browser.remove_files()


class _Session:
    """One recording, from the connection to the last state that is saved."""

    def __init__(self, request: Request, save: Save, screen: Screen, signals: _Signals) -> None:
        self._request = request
        self._save = save
        self._screen = screen
        self._signals = signals
        # Nobody can answer the dialogs of a browser without a window; else they are the user's.
        has_window = request.attach is not None or not request.settings.headless
        self._listener = Listener(
            self._observe,
            line_observer=self._observe_line,
            keeps_data=request.keeps_data,
            dismisses_dialogs=not has_window,
        )
        self._threads = ThreadPoolExecutor(1)
        self._changed = asyncio.Event()
        self._has_problem = False  # the last state could not be saved, and that was said

    async def run(self, endpoint: Endpoint, browser: Browser | None) -> Outcome:
        await self._signals.unless_interrupted(self._connect(endpoint))
        if browser is None:  # a program that started this one waits for the line
            self._screen.say(f"Attached to {endpoint.name}.")
        self._screen.hint("Ctrl-C ends the recording.")
        saving = asyncio.ensure_future(self._save_as_it_goes())
        try:
            await self._listen(saving, is_ours=browser is not None)
        finally:
            saving.cancel()
        self._screen.hint("Ctrl-C again saves immediately." if self._signals.number else "")
        outcome = await self._end(browser)
        try:
            self._save(outcome.recorded, True)
        except SaveError as problem:
            return replace(outcome, problem=str(problem))
        return outcome

    # -- the beginning ---------------------------------------------------------------------------------------

    async def _connect(self, endpoint: Endpoint) -> None:
        if not endpoint.asks:
            await self._listener.start(endpoint.url)
            return
        self._screen.say(f"Allow the connection in the window of {endpoint.name}, which asks: Allow remote debugging?")
        await self._listener.start(endpoint.url, LONGEST_QUESTION)

    async def _listen(self, saving: asyncio.Task[None], is_ours: bool) -> None:
        """Open the page, and listen until the recording is to end. `saving` ends only with a fault, which is raised."""
        ends: list[Awaitable[Any]] = [saving, self._signals.first.wait(), self._listener.gone.wait()]
        if is_ours:
            ends.append(self._listener.last_tab_closed.wait())
        over = asyncio.ensure_future(_wait_for_first(ends, self._request.seconds))
        opening = asyncio.ensure_future(self._open(is_ours))
        try:
            await asyncio.wait([over, opening], return_when=asyncio.FIRST_COMPLETED)
            if not over.done():
                opening.result()
                await over
            elif not opening.done() and not self._listener.recording.pages and not self._listener.gone.is_set():
                self._screen.say(f"har-sockets: {self._name_page()}: the server has not answered")
        finally:
            for task in (over, opening):
                task.cancel()
            await asyncio.gather(over, opening, return_exceptions=True)

    async def _open(self, is_ours: bool) -> None:
        """Open the page that was asked for; a page may take any time to answer."""
        if self._request.url is None:
            return
        url = complete(self._request.url)
        masked = self._name_page()
        try:
            status = await self._listener.open_tab(url, reuse=is_ours)
        except RecordingError as problem:
            if self._listener.gone.is_set():  # the recording ends for that reason, with what it has
                return
            reason = NETWORK.search(str(problem))
            why = reason[0] if reason is not None else Texts().text(str(problem))
            if why == NO_PAGE:
                self._screen.say(f"har-sockets: {masked}: the server answered with an error status, and no page")
            if why in (NO_PAGE, ABORTED):
                return
            hint = " (--ignore-https-errors accepts it)" if why.startswith(CERTIFICATE) and is_ours else ""
            raise RecordingError(f"{masked}: cannot be opened: {why}{hint}") from None
        self._changed.set()
        if status is not None and status >= FIRST_ERROR:
            self._screen.say(f"har-sockets: {masked}: the server answered with status {status}")

    def _name_page(self) -> str:
        """The address that was asked for, masked."""
        return Texts().url(complete(self._request.url or ""))

    # -- saving ----------------------------------------------------------------------------------------------

    def _observe(self, socket: Socket, at: Instant, open_now: int) -> None:
        self._changed.set()
        self._screen.observe(socket, at, open_now)

    def _observe_line(self, line: ConsoleLine) -> None:
        self._changed.set()
        self._screen.observe_line(line)

    async def _save_as_it_goes(self) -> None:
        size = 0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):  # wait_for of Python 3.11 can lose a cancellation
                    await self._changed.wait()
            if not self._changed.is_set() and self._size() == size:
                continue
            self._changed.clear()
            size = self._size()
            start = time.thread_time()  # of this thread: waiting costs nothing
            self._save_state(self._listener.snapshot())
            await asyncio.sleep(max(SOON, SHARE * (time.thread_time() - start)))

    def _size(self) -> int:
        """Count what only grows: messages and pages come without a word to the observer."""
        recording = self._listener.recording
        return len(recording.pages) + sum(len(socket.messages) for socket in recording.sockets.values())

    def _save_state(self, recorded: Recorded) -> None:
        """Save what is known by now. Where that fails the recording goes on, and the next state is tried again."""
        try:
            self._save(recorded, False)
            self._has_problem = False
        except SaveError as problem:
            if not self._has_problem:
                self._screen.say(f"har-sockets: the recording cannot be saved now, and goes on: {problem}")
            self._has_problem = True

    # -- the end ---------------------------------------------------------------------------------------------

    async def _end(self, browser: Browser | None) -> Outcome:
        """End the recording and the browser, if it is ours; a second signal cuts that short."""
        has_gone = self._listener.gone.is_set()
        stopping = asyncio.ensure_future(self._listener.stop())
        await self._unless_hurried(stopping)
        if not stopping.done():
            stopping.cancel()
            return Outcome(self._listener.snapshot(), is_hurried=True)
        recorded = stopping.result()
        if browser is None:
            return Outcome(recorded)
        self._save_state(recorded)  # what follows takes a while
        if needs_time(recorded) and not has_gone:
            await self._unless_hurried(asyncio.ensure_future(asyncio.sleep(TIME)))
        ending = asyncio.ensure_future(browser.close())
        await self._unless_hurried(ending)
        has_crashed = has_gone and ending.done() and not ending.result()
        await self._unless_hurried(asyncio.ensure_future(wait_for_log(browser.net_log)))
        # In a thread, so that a second signal is heard; a long recording has a large log.
        refining = self._threads.submit(refine, replace(recorded, recording=recorded.recording.copy()), browser.net_log)
        await self._unless_hurried(asyncio.wrap_future(refining))
        return Outcome(refining.result() if refining.done() else recorded, has_crashed=has_crashed)

    async def _unless_hurried(self, step: asyncio.Future[Any]) -> None:
        """Wait for a step of the end, or for a second signal."""
        await _wait_for_first([_settle(step), self._signals.second.wait()])


def complete(url: str) -> str:
    """Complete an address as people type it."""
    return url if SCHEME.match(url) else f"{'http' if LOCAL.match(url) else 'https'}://{url}"


async def _settle(task: asyncio.Future[Any]) -> None:
    """Wait for a task, whatever comes of it."""
    await asyncio.wait([task])


async def _wait_for_first(steps: Sequence[Awaitable[Any]], seconds: float | None = None) -> None:
    """Wait until one of these is done, or for so many seconds, and cancel the others. Raises what that one raises."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Signals:
    """The signals that end a recording: the first one saves, the second one saves immediately."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()
        self.number = 0  # of the first one

    def note(self, number: int) -> None:
        (self.second if self.first.is_set() else self.first).set()
        self.number = self.number or number

    async def unless_interrupted(self, steps: Coroutine[Any, Any, Result]) -> Result:
        """Give the result of these steps. Raises Interrupted where a signal comes before."""
        task = asyncio.ensure_future(steps)
        try:
            await _wait_for_first([_settle(task), self.first.wait()])
            if not task.done():
                raise Interrupted(self.number)
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextmanager
def _interrupting() -> Iterator[_Signals]:
    """Let Ctrl-C, `kill` and a terminal that is closed end the recording, and not the program. After the second one,
    they end the program. (A loop's own handlers are not for Windows.)"""
    loop = asyncio.get_running_loop()
    signals = _Signals()

    def note(number: int, _: object) -> None:
        if signals.first.is_set():
            signal.signal(number, before[number])
        loop.call_soon_threadsafe(signals.note, number)

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before: dict[int, Any] = {number: signal.signal(number, note) for number in heeded}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
