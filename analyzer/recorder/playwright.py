"""A Playwright browser context -> a Recording, with Playwright's sync and its async API alike.

In Chromium sockets are listened to by the DevTools protocol, by way of the browser as a whole: each page that the test
opens before the test gets it; popups, iframes of other sites and workers nearly always before they run. Playwright's
own events see every socket, but carry no instants: they fill in what the protocol missed, and are all there is in
Firefox and WebKit.

What has to be called is written once, as generators that yield each result of a call: the sync API returns results,
the async API awaitables (`run_sync`, `run_async`: steps.py).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

from playwright.async_api import BrowserContext as AsyncContext, Error
from playwright.sync_api import BrowserContext as SyncContext

from analyzer.formats.har.own_fields import AS_SEEN
from analyzer.formats.har.writer import Json
from analyzer.model import Instant
from analyzer.recorder.cdp import DOCUMENTS
from analyzer.recorder.document import Recorded
from analyzer.recorder.mixed import MixedCdp
from analyzer.recorder.older import OPEN
from analyzer.recorder.playwright_events import SEEN, SEEN_SLACK, PageEvents
from analyzer.recorder.recording import Observer, Recording
from analyzer.recorder.steps import Steps, run_async, run_sync

Path: TypeAlias = tuple[str, ...]  # sessions, from a page inwards
DISCOVERED = ("page", "shared_worker", "service_worker")  # types of targets
ALONE = ("shared_worker", "service_worker")  # of no page: Playwright does not report their sockets
LONGEST_WAIT = 5.0  # seconds, for pages to tell what they have not told yet: a page may be stuck
LONGEST_START = 10.0  # seconds, for a new page to be listened to
LONGEST_CALL = 15.0  # seconds, for the browser or its driver to answer at all
# A prototype that is made from WebSocket's is among them, and has no state.
STATES = "function() { return this.flatMap(it => { try { return [[it.url, it.readyState]] } catch { return [] } }) }"
NO_BFCACHE = "--disable-back-forward-cache"


class Listener(PageEvents):
    """Listens to one context, from `start` to `stop`, which gives the HAR."""

    def __init__(
        self,
        context: SyncContext | AsyncContext,
        observer: Observer | None = None,
        gone: Callable[[], None] | None = None,  # called where the browser, or what drives it, goes away
    ) -> None:
        super().__init__(context, observer, gone)
        self._targets: dict[Path, MixedCdp] = {}  # listened to
        self._attached: set[str] = set()  # ids of targets
        self._pages: dict[str, Path] = {}  # id of a target -> the way to it, once it has been asked to tell
        self._begun = False  # targets that appear from now on are new
        self._documents: dict[Path, int] = {}  # the question for the document of a target
        self._heard: dict[Path, Instant] = {}  # since when a target is heard, at the latest
        self._early: set[Path] = set()  # pages that may have opened sockets before they were heard
        self._settled: set[Path] = set()  # targets whose own targets appear from now on as they start
        self._known: dict[Path, int] = {}  # how many sockets were known when a target was asked for its own
        self._waiting: dict[int, Path] = {}  # calls into targets that are not answered
        self._answers: dict[int, Json] = {}  # of those that somebody waits for
        self._answered: dict[int, Callable[[Json], None]] = {}  # what to do with an answer, before what comes after it
        self._still_open: Counter[str] = Counter()  # URLs, as the pages themselves say at the end

    # -- from outside ----------------------------------------------------------------------------------------

    def start(self) -> Steps:
        browser = self._context.browser
        if browser is not None and speaks_cdp(browser):
            self._session = yield browser.new_browser_cdp_session()
            info = yield self._session.send("SystemInfo.getInfo")
            self._keeps_pages = NO_BFCACHE not in info.get("commandLine", "")
            self._session.on("Target.targetCreated", self._create)
            self._session.on("Target.detachedFromTarget", self._detach)
            self._session.on("Target.receivedMessageFromTarget", self._message)
            yield self._session.send("Target.setDiscoverTargets", {"discover": True})  # those that there are come first
            self._begun = True
        else:
            self._seen = Recording(self._observer)
            self._seen.caveat(AS_SEEN)
        self._pulse = self._beaten = self._now()
        self._context.on("page", self._page)
        for page in self._context.pages:
            self._page(page, new=False)
        self._beat()
        if self._session is not None:
            for page in self._context.pages:
                yield from self._until_heard(page)
            self._context.new_page = self._opening(self._context.new_page)

    def stop(self) -> Steps:
        """The HAR. What is still open stays open in it."""
        until = self._now()  # what is open then is still open when each page has told all that happened before
        vars(self._context).pop("new_page", None)
        try:
            yield from self._flush()
        except Error:
            self._cut_short()
        self._until = self._until or until
        if self._timer is not None:
            self._timer.cancel()
        with suppress(Error):
            self._context.remove_listener("page", self._page)
            if self._session is not None:
                yield self._session.detach()
        browser = self._context.browser
        name = browser.browser_type.name if browser is not None else ""
        version = browser.version if browser is not None else ""
        return Recorded(self._finish(), self._until, name, version).har()

    # -- the DevTools protocol -------------------------------------------------------------------------------

    def _create(self, event: Json) -> None:
        self._run(self._discover(event["targetInfo"], self._since(), self._begun))

    def _discover(self, info: Json, since: Instant, new: bool) -> Steps:
        """A target. Iframes and dedicated workers come by way of their page, which is quicker."""
        if info["type"] not in DISCOVERED or info["targetId"] in self._attached:
            return
        self._attached.add(info["targetId"])
        cdp = self._cdp(str(info.get("browserContextId")))
        try:
            params = {"targetId": info["targetId"], "flatten": False}
            path: Path = ((yield self._session.send("Target.attachToTarget", params))["sessionId"],)
            yield from self._listen(path, info, cdp, new)
            yield from self._until_answered(self._documents.get(path))
            if new and self._documents.get(path) in self._waiting and path in self._targets:
                cdp.miss_page()
            if info["type"] in ALONE or path in self._early:
                yield from self._ask_for_older(path, info["type"], cdp, since)
        except Error:  # it is gone again
            if info["type"] == "page" and new and self._now() - since > 2 * SEEN_SLACK:
                cdp.miss_page()

    def _relate(self, path: Path, info: Json, cdp: MixedCdp) -> Steps:
        """A worker or an iframe of another site, of the target at `path[:-1]`."""
        if info["targetId"] not in self._attached:
            self._attached.add(info["targetId"])
            above, since = path[:-1], self._since()
            early = above not in self._settled
            with suppress(Error):  # it is gone again
                yield from self._listen(path, info, cdp, new=False)
                if early:
                    yield from self._until_answered(self._documents.get(above))
                if early and above in self._early:
                    yield from self._ask_for_older(path, info["type"], cdp, since)

    def _ask_for_older(self, path: Path, kind: str, cdp: MixedCdp, since: Instant) -> Steps:
        """The sockets that a target opened, not before `since`, until it was heard."""
        states = yield from self._sockets_in(path)
        now = self._now()
        cdp.add_older("/".join(path), states or [], since, now, self._known.pop(path, None))
        # What closes after a page is heard is reported, so that a socket would have to close before.
        since_heard = now if kind in ALONE else self._heard.get(path, now)
        if states is not None and since_heard - since <= 2 * SEEN_SLACK:
            return
        if kind == "service_worker":
            cdp.miss_service_worker()
        elif "/".join(path[:1]) in cdp.late:
            cdp.miss_page()

    def _listen(self, path: Path, info: Json, cdp: MixedCdp, new: bool) -> Steps:
        """`new`: it appeared after the recording began."""
        self._targets[path] = cdp
        cdp.attach("/".join(path), info, "/".join(path[:-1]))
        id = next(self._ids)
        self._answered[id] = lambda _: self._heard.update({path: self._now()})
        yield self._send(id, path, "Network.enable", {})  # first: what comes before its arrival is missed
        if info["type"] in DOCUMENTS:
            yield self._call(path, "Page.enable")
            yield self._call(path, "Page.setLifecycleEventsEnabled", enabled=True)
            # Nobody tells of a document that was committed before; what is told from now on comes after the answer.
            self._documents[path] = id = next(self._ids)
            self._answered[id] = lambda answer: self._document(path, cdp, answer, new)
            yield self._send(id, path, "Page.getFrameTree", {})
        id = next(self._ids)
        self._answered[id] = lambda _: self._settled.add(path)
        auto = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        yield self._send(id, path, "Target.setAutoAttach", auto)
        self._pages[info["targetId"]] = path

    def _document(self, path: Path, cdp: MixedCdp, answer: Json, new: bool) -> None:
        if "frameTree" in answer and cdp.document("/".join(path), answer["frameTree"], self._now(), new):
            self._early.add(path)

    def _until_heard(self, page: Any) -> Steps:
        """Wait until nothing that the page will do is missed."""
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until and not page.is_closed():
            path = self._pages.get(self._tabs.get(self._tab(page), ""))
            if path is not None and path not in self._waiting.values():
                return
            yield self._session.send("Browser.getVersion")  # what has come in meanwhile is read

    def _opening(self, new_page: Callable[[], Any]) -> Callable[[], Any]:
        """Playwright's `new_page`, which gives a page that is listened to."""

        def sync_page() -> Any:
            page = new_page()
            with suppress(Error):  # it is closed again, or the browser is
                run_sync(self._until_heard(page))
            return page

        async def async_page() -> Any:
            page = await new_page()
            with suppress(Error):
                await run_async(self._until_heard(page))
            return page

        return async_page if self._async else sync_page

    def _call(self, path: Path, method: str, **params: Any) -> Any:
        """Call into the target at the end of the path: each call is wrapped in one to the target before."""
        id = next(self._ids)
        return self._send(id, path, method, params)

    def _ask(self, path: Path, method: str, **params: Any) -> Steps:
        """The result of a call; empty where there is none in time."""
        id = next(self._ids)
        self._answers[id] = {}
        yield self._send(id, path, method, params)
        yield from self._until_answered(id)
        return self._answers.pop(id)

    def _until_answered(self, id: int | None) -> Steps:
        until = time.monotonic() + LONGEST_WAIT
        while id in self._waiting and self._waiting[id] in self._targets and time.monotonic() < until:
            yield self._session.send("Browser.getVersion")

    def _send(self, id: int, path: Path, method: str, params: Json) -> Any:
        self._waiting[id] = path
        message: Json = {"id": id, "method": method, "params": params}
        for session in reversed(path):
            wrapped = {"sessionId": session, "message": json.dumps(message)}
            message = {"id": next(self._ids), "method": "Target.sendMessageToTarget", "params": wrapped}
        return self._session.send("Target.sendMessageToTarget", message["params"])

    def _message(self, event: Json, above: Path = ()) -> None:
        path = (*above, event["sessionId"])
        cdp, message = self._targets.get(path), json.loads(event["message"])
        self._waiting.pop(message.get("id"), None)
        if message.get("id") in self._answers:
            self._answers[message["id"]] = message.get("result", {})
        if message.get("id") in self._answered:
            self._answered.pop(message["id"])(message.get("result", {}))
        if cdp is None or "method" not in message:
            return
        method, params = message["method"], message.get("params", {})
        if method == "Target.receivedMessageFromTarget":
            self._message(params, path)
        elif method == "Target.attachedToTarget":
            self._run(self._relate((*path, params["sessionId"]), params["targetInfo"], cdp))
        elif method == "Target.detachedFromTarget":
            self._detach(params, path)
        else:
            cdp.message("/".join(path), method, params, self._now())

    def _detach(self, event: Json, above: Path = ()) -> None:
        path = (*above, event["sessionId"])
        for below in [it for it in self._targets if it[: len(path)] == path]:
            self._targets.pop(below).detach("/".join(below), self._now())

    def _flush(self) -> Steps:
        """Wait until every page and worker has told what happened before."""
        yield from list(self._tasks)
        until = time.monotonic() + LONGEST_WAIT
        while self._running and time.monotonic() < until:  # a popup that has just been opened, say
            yield self._session.send("Browser.getVersion")
        if self._session is None:
            yield self._context.cookies()  # the answer comes after all that Playwright reports
            return
        self._waiting.clear()
        for path in list(self._targets):
            with suppress(Error):  # it went in this moment
                yield self._call(path, "Runtime.evaluate", expression="0")
        until = time.monotonic() + LONGEST_WAIT
        while any(path in self._targets for path in self._waiting.values()) and time.monotonic() < until:
            yield self._session.send("Browser.getVersion")
        stuck = {path for path in self._waiting.values() if path in self._targets}
        for path in stuck:
            self._targets[path].stuck("/".join(path))
        alive = sum(not socket.ended for socket in self._seen.sockets.values())
        reported = [] if self._own is None else self._cdp(self._own).recording.sockets.values()
        if self._own is not None and alive > sum(it.open and not it.older for it in reported):
            for path in [it for it in self._targets if it not in stuck]:
                with suppress(Error):
                    states = yield from self._sockets_in(path)
                    self._still_open.update(url for url, state in states or [] if state == OPEN)

    def _sockets_in(self, path: Path) -> Steps:
        """URL and readyState of the sockets in a page or worker, also of those that opened before it was heard; None:
        no answer."""
        prototype = (yield from self._ask(path, "Runtime.evaluate", expression="WebSocket.prototype")).get("result", {})
        if "objectId" not in prototype:
            return None
        sockets = yield from self._ask(path, "Runtime.queryObjects", prototypeObjectId=prototype["objectId"])
        objects = sockets.get("objects", {}).get("objectId")
        if objects is None:
            return None
        states = yield from self._ask(
            path, "Runtime.callFunctionOn", objectId=objects, functionDeclaration=STATES, returnByValue=True
        )
        yield self._call(path, "Runtime.releaseObject", objectId=objects)  # else closed sockets are kept from now on
        return states.get("result", {}).get("value")

    def _finish(self) -> Recording:
        """Unite what the protocol reported with what only Playwright's own events did."""
        self._match_tabs()
        supplement = self._seen
        for socket in supplement.sockets.values():
            if not socket.ended:
                self._may_have_opened(socket.id)
            socket.tab = self._tabs.get(socket.tab or "", socket.tab)
        for page in supplement.pages:
            page.tab = self._tabs.get(page.tab, page.tab)
        recording = supplement if self._own is None else self._cdp(self._own).finish(supplement)
        self._lose_silent(recording)
        return recording

    def _match_tabs(self) -> None:
        """Find the targets of tabs that closed before they could be asked."""
        if self._own is None:
            return
        for tab in self._names.values():
            if tab not in self._tabs:
                target = self._cdp(self._own).match(tab, self._seen, self._tabs.values())
                if target is not None:
                    self._tabs[tab] = target

    def _lose_silent(self, recording: Recording) -> None:
        """Give up sockets that the pages do not have any more: Playwright does not report every end."""
        silent = [it for it in recording.sockets.values() if it.id.startswith(SEEN) and not it.ended]
        urls = Counter(it.url for it in silent)
        reported = Counter(it.url for it in recording.sockets.values() if it.open) - urls
        for socket in silent:
            if self._still_open[socket.url] - reported[socket.url] < urls[socket.url]:
                recording.lost(socket.id, self._now())


def speaks_cdp(browser: Any) -> bool:
    """Of the browsers that Playwright drives only Chromium tells sockets with their instants."""
    return bool(browser.browser_type.name == "chromium")
