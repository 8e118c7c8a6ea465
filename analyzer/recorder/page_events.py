"""What Playwright itself reports of the pages and sockets of a browser -> a Recording.

For browsers without the DevTools protocol (Firefox, WebKit) and for a Chromium that cannot be reached. These events
carry no instants: what they report happened before they are read, and a test that blocks keeps them from being read.
Nothing is asked, so the sync and the async API are the same here but for the end.
"""

from __future__ import annotations

import asyncio
import base64
import time
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

from playwright.async_api import BrowserContext as AsyncContext, Error

from analyzer.formats.har.own_fields import AS_SEEN, CUT_SHORT, STARTED_LATE, WORKERS
from analyzer.model import SECOND, Duration, Instant, PageKind
from analyzer.recorder.cdp import EMPTY, GONE_AFTER, GONE_BEFORE
from analyzer.recorder.document import Recorded
from analyzer.recorder.recording import By, Recording
from analyzer.recorder.targets import clock_offset

PULSE = 0.05  # seconds between two looks at the clock
BLOCKED = SECOND // 4  # the loop was not run for so long: events wait to be read
SEEN_SLACK = 2 * SECOND  # Playwright's events come that late at most, by a machine that is not overrun
LONGEST_CALL = 15.0  # seconds, for the browser or its driver to answer at all
RELOADS = ("max-age=0", "no-cache")  # Cache-Control of the request for a document that is loaded again

_names = count(1)


class PageEvents:
    """Listens to a browser by Playwright's own events, from now until `stop`.

    `browser`: a Browser of either API, or the context of a profile.
    """

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._recording = Recording()
        self._recording.caveat(AS_SEEN)
        self._contexts: dict[Any, str] = {}  # with the name of each
        self._tabs: dict[Any, str] = {}  # page -> name
        self._requests: dict[str, Any] = {}  # tab -> the last request for a document
        self._offset: Duration = clock_offset()
        self._pulse = self._beaten = self._now()  # all that had happened by then has been read; the last look
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        for context in getattr(browser, "contexts", [browser]):
            self.listen(context)
        self._beat()

    def listen(self, context: Any) -> None:
        """Listen to a context too, which may have been made just now."""
        if context in self._contexts:
            return
        name = self._contexts[context] = f"events/{next(_names)}"
        context.on("page", partial(self._page, name))
        context.on("serviceworker", lambda _: self._recording.caveat(WORKERS))
        context.on("close", lambda _: self._contexts.pop(context, None))
        for page in context.pages:
            if page.url not in EMPTY:
                self._recording.caveat(STARTED_LATE)
            self._page(name, page, new=False)

    def stop(self) -> Recorded:
        """End the recording. What did not end is not known from now on."""
        if self._ended:
            return self._describe()
        try:
            self._flush()
        except (Error, TimeoutError):
            self._recording.caveat(CUT_SHORT)
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        for socket in self._recording.sockets.values():
            if not socket.ended:
                self._may_have_opened(socket.id)
                self._recording.lost(socket.id, self._pulse)
        return self._describe()

    def _describe(self) -> Recorded:
        browser = getattr(self._browser, "browser_type", None)
        version = self._browser.version if browser is not None else ""
        return Recorded(self._recording, self._pulse, browser.name if browser is not None else "", version)

    def _flush(self) -> None:
        """Read all that Playwright has reported: the answer to a question comes after it. Where the test's own loop is
        running nothing can be asked: then the recording ends with what has been read for certain."""
        for context in list(self._contexts):
            until = self._now()
            if not isinstance(context, AsyncContext):
                context.cookies()
            elif context._loop.is_running():
                return
            else:
                context._loop.run_until_complete(asyncio.wait_for(context.cookies(), LONGEST_CALL))
            self._pulse = max(self._pulse, until)

    # -- what Playwright reports -----------------------------------------------------------------------------

    def _page(self, context: str, page: Any, new: bool = True) -> None:
        if self._ended or page in self._tabs:
            return
        tab = self._tabs[page] = f"{context}/{len(self._tabs) + 1}"
        page.on("websocket", partial(self._websocket, context, tab))
        page.on("request", partial(self._request, tab, page))
        page.on("framenavigated", partial(self._commit, tab, page))
        page.on("domcontentloaded", lambda _: self._load(tab, page))
        page.on("worker", lambda _: self._recording.caveat(WORKERS))
        page.on("close", lambda _: self._close_page(tab, By.PAGE_CLOSED))
        page.on("crash", lambda _: self._close_page(tab, By.CRASH))
        if new:
            self._load(tab, page)  # Playwright reports a popup once it has a document, which may be complete by then

    def _request(self, tab: str, page: Any, request: Any) -> None:
        """A request: for the page's next document?"""
        with suppress(Error):  # of a service worker: it has no frame
            if request.is_navigation_request() and request.frame == page.main_frame:
                self._requests[tab] = request

    def _commit(self, tab: str, page: Any, frame: Any) -> None:
        """The main frame has another document, or another fragment: only a document is asked for."""
        request = self._requests.pop(tab, None) if frame == page.main_frame else None
        if request is None or self._ended:
            return
        before = [known.url for known in self._recording.pages if known.tab == tab]
        again = request.headers.get("cache-control") in RELOADS and before[-1:] == [request.url]
        now = self._now()
        for socket in self._recording.alive(tab=tab):
            self._may_have_opened(socket.id)
            if again:
                self._recording.end(socket.id, now, self._since(), By.RELOAD)
            else:
                self._recording.lost(socket.id, now)  # it may live on in the back/forward cache
        kind = PageKind.RELOAD if again else PageKind.NAVIGATION
        self._recording.page(tab, request.url, kind, self._pulse, committed=now)

    def _load(self, tab: str, page: Any) -> None:
        """The first document of a popup may have been asked for before there was a page to hear it from."""
        if not self._ended and page.url not in EMPTY and all(known.tab != tab for known in self._recording.pages):
            self._recording.page(tab, page.url, PageKind.LOAD, self._pulse, committed=self._now())

    def _websocket(self, context: str, tab: str, socket: Any) -> None:
        if self._ended:
            return
        id = f"{tab}/{len(self._recording.sockets) + 1}"
        self._recording.request(id, socket.url, self._since(), by=self._now(), tab=tab, context=context)
        socket.on("framesent", lambda data: self._frame(id, True, data))
        socket.on("framereceived", lambda data: self._frame(id, False, data))
        socket.on("socketerror", lambda text: self._recording.problem(id, str(text)))
        socket.on("close", lambda _: self._end(id))

    def _frame(self, id: str, sent: bool, data: str | bytes) -> None:
        if self._ended:
            return
        text = data if isinstance(data, str) else base64.b64encode(data).decode("ascii")
        length = len(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else len(data)
        now = self._now()
        at = now if now - self._pulse <= SEEN_SLACK else None
        self._recording.message(id, at, sent, 1 if isinstance(data, str) else 2, text, length)

    def _may_have_opened(self, id: str) -> None:
        """Nothing reports the handshake's answer, only some that failed."""
        problem = (self._recording.sockets[id].problem or "").lower()
        if "handshake" not in problem and "establish" not in problem:
            self._recording.open_without_answer(id)

    def _end(self, id: str) -> None:
        if not self._ended:
            self._may_have_opened(id)
            self._recording.end(id, self._now(), self._since())

    def _close_page(self, tab: str, by: By) -> None:
        """A page was closed, or crashed."""
        if self._ended:
            return
        now = self._now()
        for socket in self._recording.alive(tab=tab):
            self._may_have_opened(socket.id)
            earliest = socket.last_sign if by is By.CRASH else self._pulse - GONE_BEFORE
            self._recording.end(socket.id, now + GONE_AFTER, earliest, by)

    # -- time ------------------------------------------------------------------------------------------------

    def _now(self) -> Instant:
        """By a clock that nobody sets."""
        return round(time.perf_counter() * SECOND) + self._offset

    def _since(self) -> Instant:
        """What Playwright reports now did not happen before: a test that blocks delays its events by any time."""
        return self._pulse - SEEN_SLACK

    def _beat(self) -> None:
        """Called by the event loop. After a gap it takes a second to read what waited."""
        now = self._now()
        if now - self._beaten > BLOCKED:
            self._pulse = min(self._pulse, self._beaten)
            self._beaten = now + SECOND  # until then nothing is concluded
        elif now >= self._beaten:
            self._pulse = self._beaten = now
        if not self._ended:
            self._timer = self._browser._loop.call_later(PULSE, self._beat)
