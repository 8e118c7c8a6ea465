"""Hear what Playwright itself reports of pages and sockets, and keep count of what has been read by when.

These events see every socket and carry no instants: they fill in what the DevTools protocol missed, and are all there
is in Firefox and WebKit. A pulse says by when all that happened has been read.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from greenlet import greenlet
from playwright.async_api import BrowserContext as AsyncContext, Error
from playwright.sync_api import BrowserContext as SyncContext

from analyzer.formats.har.own_fields import CUT_SHORT, WORKERS
from analyzer.model import SECOND, Duration, Instant, PageKind
from analyzer.recorder.cdp import EMPTY, GONE_AFTER, GONE_BEFORE
from analyzer.recorder.mixed import MixedCdp
from analyzer.recorder.recording import By, Observer, Recording
from analyzer.recorder.steps import Steps, run_async, run_sync
from analyzer.recorder.targets import clock_offset

SEEN = "seen/"  # how ids of sockets begin that only Playwright's events told of
PULSE = 0.05  # seconds between an answer of the browser and the next question
BLOCKED = SECOND // 4  # the loop was not run for so long: events wait to be read
SEEN_SLACK = 2 * SECOND  # Playwright's events come that late at most, by a machine that is not overrun


class PageEvents:
    """Listens to the pages of one context by Playwright's own events."""

    def __init__(
        self, context: SyncContext | AsyncContext, observer: Observer | None, gone: Callable[[], None] | None
    ) -> None:
        self._context: Any = context
        self._async = isinstance(context, AsyncContext)
        self._observer = observer
        self._gone = gone
        self._until: Instant | None = None  # the end of the recording, once it has one
        self._session: Any = None  # CDP, of the browser
        self._keeps_pages = True
        self._contexts: dict[str, MixedCdp] = {}  # by the protocol's id; other contexts of the browser are told of too
        self._own: str | None = None  # the id of our context
        self._names: dict[Any, str] = {}  # page -> its tab, as it is called here
        self._tabs: dict[str, str] = {}  # tab -> target
        self._requests: dict[str, Any] = {}  # tab -> the last request for a document
        self._seen = Recording(None)  # by Playwright's own events
        self._ids = count(1)
        self._tasks: set[Any] = set()
        self._running = 0  # the same of the sync API
        self._pulse: Instant = 0  # all that had happened by then has been read
        self._beaten: Instant = 0  # the last look at the clock, of a browser that cannot be asked
        self._timer: asyncio.TimerHandle | None = None
        self._beating: Any = None  # the task of a question that is not answered: without a name it may be collected
        self._offset: Duration = clock_offset()

    def _cut_short(self) -> None:
        """The browser or its driver does not answer: from the last answer on nothing is known."""
        if self._until is not None:
            return
        self._until = self._pulse
        for cdp in self._contexts.values():
            cdp.cut_short()
        for socket in self._seen.sockets.values():
            if not socket.ended:
                self._may_have_opened(socket.id)
                self._seen.lost(socket.id, self._pulse)
                self._seen.caveat(CUT_SHORT)
        if self._gone is not None:
            self._gone()

    def _cdp(self, context: str) -> MixedCdp:
        if context not in self._contexts:
            self._contexts[context] = MixedCdp(Recording(self._observer), self._offset, self._keeps_pages)
            self._contexts[context].pulse = self._pulse
        return self._contexts[context]

    # -- Playwright's own events -----------------------------------------------------------------------------

    def _page(self, page: Any, new: bool = True) -> None:
        tab = self._tab(page)
        page.on("websocket", lambda socket: self._websocket(tab, socket))
        page.on("request", lambda request: self._request(tab, page, request))
        page.on("framenavigated", lambda frame: self._commit(tab, page, frame))
        page.on("domcontentloaded", lambda _: self._load(tab, page))
        if new:
            self._load(tab, page)  # Playwright reports a popup once it has a document, which may be complete by then
        if self._session is None:
            page.on("worker", lambda _: self._seen.caveat(WORKERS))
        page.on("close", lambda _: self._close_page(tab, By.PAGE_CLOSED))
        page.on("crash", lambda _: self._close_page(tab, By.CRASH))
        if self._session is not None:
            self._run(self._identify(tab, page))

    def _identify(self, tab: str, page: Any) -> Steps:
        """Which target is this page, and which is our context?"""
        with suppress(Error):  # it is gone again
            session = yield self._context.new_cdp_session(page)
            info = (yield session.send("Target.getTargetInfo"))["targetInfo"]
            self._own, self._tabs[tab] = str(info.get("browserContextId")), str(info["targetId"])
            yield session.detach()

    def _tab(self, page: Any) -> str:
        """What it is called here."""
        return self._names.setdefault(page, f"tab_{len(self._names) + 1}")

    def _request(self, tab: str, page: Any, request: Any) -> None:
        """A request: for the page's next document?"""
        with suppress(Error):  # of a service worker: it has no frame
            if request.is_navigation_request() and request.frame == page.main_frame:
                self._requests[tab] = request

    def _commit(self, tab: str, page: Any, frame: Any) -> None:
        """The main frame has another document, or another fragment: only a document is asked for."""
        request = self._requests.pop(tab, None) if frame == page.main_frame else None
        if request is None:
            return
        before = [known.url for known in self._seen.pages if known.tab == tab]
        again = request.headers.get("cache-control") in ("max-age=0", "no-cache") and before[-1:] == [request.url]
        now, since = self._now(), self._since()
        if self._session is None:  # else the protocol knows better
            for socket in self._seen.alive(tab=tab):
                self._may_have_opened(socket.id)
                if again:
                    self._seen.end(socket.id, now, since, By.RELOAD)
                else:
                    self._seen.lost(socket.id, now)  # it may live on in the back/forward cache
        kind = PageKind.RELOAD if again else PageKind.NAVIGATION
        self._seen.page(tab, request.url, kind, self._pulse, committed=now)

    def _load(self, tab: str, page: Any) -> None:
        """The first document of a popup may have been asked for before there was a page to hear it from."""
        if page.url not in EMPTY and all(known.tab != tab for known in self._seen.pages):
            self._seen.page(tab, page.url, PageKind.LOAD, self._pulse, committed=self._now())

    def _websocket(self, tab: str, socket: Any) -> None:
        id = f"{SEEN}{next(self._ids)}"
        self._seen.request(id, socket.url, self._since(), by=self._now(), tab=tab)
        socket.on("framesent", lambda data: self._frame(id, True, data))
        socket.on("framereceived", lambda data: self._frame(id, False, data))
        socket.on("socketerror", lambda text: self._seen.problem(id, str(text)))
        socket.on("close", lambda _: self._end(id))

    def _frame(self, id: str, sent: bool, data: str | bytes) -> None:
        text = data if isinstance(data, str) else base64.b64encode(data).decode("ascii")
        length = len(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else len(data)
        now = self._now()
        at = now if now - self._pulse <= SEEN_SLACK else None
        self._seen.message(id, at, sent, 1 if isinstance(data, str) else 2, text, length)

    def _may_have_opened(self, id: str) -> None:
        """Nobody tells of the handshake's answer, only of some that failed."""
        problem = (self._seen.sockets[id].problem or "").lower()
        if "handshake" not in problem and "establish" not in problem:
            self._seen.open_without_answer(id)

    def _end(self, id: str) -> None:
        self._may_have_opened(id)
        self._seen.end(id, self._now(), self._since())

    def _close_page(self, tab: str, by: By) -> None:
        """A page was closed, or crashed."""
        now = self._now()
        for socket in self._seen.alive(tab=tab):
            self._may_have_opened(socket.id)
            earliest = socket.last_sign if by is By.CRASH else self._pulse - GONE_BEFORE
            self._seen.end(socket.id, now + GONE_AFTER, earliest, by)
        if self._own is not None and tab in self._tabs and by is By.PAGE_CLOSED:
            self._cdp(self._own).page_closed(self._tabs[tab], now)

    # -- time ------------------------------------------------------------------------------------------------

    def _now(self) -> Instant:
        """By a clock that nobody sets."""
        return round(time.perf_counter() * SECOND) + self._offset

    def _since(self) -> Instant:
        """What Playwright reports now did not happen before: a test that blocks delays its events by any time."""
        return self._pulse - SEEN_SLACK

    def _beat(self) -> None:
        """Called by the event loop. Under the sync API a call needs a greenlet, as Playwright's own events have."""
        if self._session is None:
            self._look()
        elif self._async:
            self._beating = asyncio.ensure_future(run_async(self._ask_for_a_sign()))
        else:
            greenlet(run_sync).switch(self._ask_for_a_sign())

    def _ask_for_a_sign(self) -> Steps:
        """When the browser answers, all that it had reported before the question has been read. However long the test
        blocks, and whatever waits meanwhile, this holds; and it shows whether somebody is still there."""
        question = self._now()
        try:
            yield self._session.send("Browser.getVersion")
        except Error:
            self._cut_short()
            return
        self._pulse = question
        for cdp in self._contexts.values():
            cdp.pulse = question
        self._beat_again()

    def _look(self) -> None:
        """A browser that cannot be asked: after a gap it takes a second to read what waited."""
        now = self._now()
        if now - self._beaten > BLOCKED:
            self._pulse = min(self._pulse, self._beaten)
            self._beaten = now + SECOND  # until then nothing is concluded
        elif now >= self._beaten:
            self._pulse = self._beaten = now
        self._beat_again()

    def _beat_again(self) -> None:
        if self._until is None:
            self._timer = asyncio.get_running_loop().call_later(PULSE, self._beat)

    def _run(self, steps: Steps) -> None:
        """From within an event."""
        if not self._async:
            self._running += 1
            try:
                run_sync(steps)
            finally:
                self._running -= 1
            return
        task = asyncio.ensure_future(run_async(steps))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
