"""A browser -> a Recording: every socket of its pages, iframes, workers and windows, from its first act on.

Each target that starts is paused until it is heard, so that nothing of it is missed. Targets that were there before are
asked for the sockets that they have. Nothing changes a page: tabs stay where they are, and dialogs are the user's.

Measured with Chromium 156: a shared worker, a service worker, a popup and an iframe of another site whose first line
opens a socket are all heard from its creation on, on an idle machine and on a busy one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from analyzer.formats.har.own_fields import CUT_SHORT, STARTED_LATE
from analyzer.formats.har.writer import Json
from analyzer.model import SECOND, Instant
from analyzer.recorder import console
from analyzer.recorder.cdp import DOCUMENTS, EMPTY, HANDLED, TABS, Cdp
from analyzer.recorder.connection import OPENING, CallError, Connection, decode_params
from analyzer.recorder.document import Recorded
from analyzer.recorder.errors import RecordingError
from analyzer.recorder.inventory import WORLDS, Inventory
from analyzer.recorder.recording import LineObserver, Observer, Recording
from analyzer.recorder.targets import clock_offset

HEARD = (*DOCUMENTS, "worker", "shared_worker", "service_worker", "background_page")  # types of targets with sockets
OF_THE_BROWSER = ("shared_worker", "service_worker")  # it reports them itself, whichever page has them, too
PULSE = 0.05  # seconds between an answer of the browser and the next question
LONGEST_PAUSE = 2.0  # seconds for a target that starts to answer what it is asked
LONGEST_WAIT = 5.0  # seconds for targets to answer what they are asked: a page may be stuck
LONGEST_CALL = 15.0  # seconds for the browser itself to answer
NO_BFCACHE = "--disable-back-forward-cache"
QUIET: Json = {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0, "maxPostDataSize": 0}  # no bodies are kept for us
AUTO_ATTACH: Json = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}


class Frame(msgspec.Struct):
    """A frame of a socket, as the protocol reports it."""

    opcode: float
    data: str = msgspec.field(name="payloadData", default="")


class FrameEvent(msgspec.Struct):
    """`Network.webSocketFrameSent` and `Network.webSocketFrameReceived`."""

    request: str = msgspec.field(name="requestId")
    timestamp: float
    response: Frame


_decode_frame = msgspec.json.Decoder(FrameEvent).decode
FRAMES = {"Network.webSocketFrameSent": True, "Network.webSocketFrameReceived": False}


class Listener:
    """Listens to one browser, from `start` to `stop`.

    `observer` learns of each socket that opens, fails or ends, `line_observer` of each line of the console about one.
    `keeps_data`: False keeps of messages their instants and lengths alone. `dismisses_dialogs`: of a browser that
    nobody sees; else a dialog is the user's.
    """

    def __init__(
        self,
        observer: Observer | None = None,
        *,
        line_observer: LineObserver | None = None,
        keeps_data: bool = True,
        dismisses_dialogs: bool = False,
    ) -> None:
        self.recording = Recording(observer, keeps_data)
        self._line_observer = line_observer
        self._dismisses_dialogs = dismisses_dialogs
        self._offset = clock_offset()
        self._cdp = Cdp(self.recording, self._offset)
        self._connection: Connection | None = None
        self._browser, self._version = "", ""
        self._kinds: dict[str, str] = {}  # session -> type of its target
        self._settled: dict[str, asyncio.Future[None]] = {}  # session -> done when nothing of it is missed any more
        self._tabs: dict[str, str] = {}  # target of a tab -> its session
        self._addresses: dict[str, str] = {}  # target of a tab -> address of its document
        self._crashed: set[str] = set()  # sessions whose page is there no more
        self._inventory = Inventory(self._cdp, self._send, self._now)
        self._writing: set[str] = set()  # sessions of targets that wrote to the console since the last beat
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = False  # targets that appear from now on are new
        self._last_tab = asyncio.Event()

    # -- from outside ----------------------------------------------------------------------------------------

    async def start(self, endpoint: str, opening: float = OPENING) -> None:
        """Connect to `ws://.../devtools/browser/...` and listen to all that is there. Raises RecordingError.

        `opening`: seconds for the browser to accept the connection, for which it may ask its user.
        """
        self._connection = await Connection.open(endpoint, self._receive, opening)
        try:
            version = await self._call("Browser.getVersion")
            self._browser, _, self._version = str(version.get("product", "")).partition("/")
            self._cdp.keeps_pages = await self._keeps_pages()
            await self._beat_once()
            await self._call("Target.setDiscoverTargets", discover=True)
            await self._call("Target.setAutoAttach", **AUTO_ATTACH)
            self._begun = True
            await self._settle()
        except (CallError, TimeoutError) as problem:
            await self._connection.close()
            reason = str(problem) or "no answer in time"
            raise RecordingError(f"the browser does not answer: {reason}") from None
        self._run(self._beat())

    @property
    def gone(self) -> asyncio.Event:
        """The browser ended, or closed the connection."""
        assert self._connection is not None
        return self._connection.gone

    @property
    def last_tab_closed(self) -> asyncio.Event:
        """There were tabs, and the last one was closed."""
        return self._last_tab

    async def open_tab(self, url: str, reuse: bool = False) -> int | None:
        """Show an address in a new tab, or in one that is still empty; give the HTTP status of its document, if it has
        one. Raises RecordingError."""
        try:
            empty = [tab for tab, address in self._addresses.items() if address in EMPTY and tab in self._tabs]
            tab = empty[0] if reuse and empty else await self._new_tab()
            await asyncio.wait([self._settled[self._tabs[tab]]], timeout=LONGEST_CALL)
            answer = await self._send("Page.navigate", self._tabs[tab], url=url)  # a server may take any time to answer
        except (CallError, TimeoutError, KeyError) as problem:
            raise RecordingError(f"the browser did not open a page: {problem}") from None
        if "errorText" in answer and not answer.get("isDownload"):
            raise RecordingError(str(answer["errorText"]))
        until = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < until and not self.gone.is_set():  # the protocol may report the document later
            status = next((page.status for page in reversed(self.recording.pages) if page.tab == tab), 0)
            if status:
                return status
            await asyncio.sleep(PULSE)
        return None

    def snapshot(self) -> Recorded:
        """What is known by now, as if the browser had gone away: what is open is certain until the last sign of it."""
        missing = [STARTED_LATE.id] if self._inventory.unlisted else []
        return self._describe(self._cdp.pulse, self._cdp.signs(), [CUT_SHORT.id, *missing])

    async def stop(self) -> Recorded:
        """End the recording, and leave the browser as it is."""
        assert self._connection is not None
        until = self._now()  # what is open then is still open when each target has reported all that happened before
        if not self.gone.is_set():
            await self._flush()
        for task in self._tasks:
            task.cancel()
        if self._inventory.unlisted:
            self._cdp.older.miss()
        if self.gone.is_set():
            self._cdp.cut_short()
            until = self._cdp.pulse
        await self._connection.close()
        return self._describe(until)

    # -- the connection --------------------------------------------------------------------------------------

    def _call(self, method: str, session: str = "", **params: Any) -> Coroutine[Any, Any, Json]:
        assert self._connection is not None
        return self._connection.call(method, session, LONGEST_CALL, **params)

    def _send(self, method: str, session: str = "", **params: Any) -> asyncio.Future[Json]:
        assert self._connection is not None
        return self._connection.send(method, session, **params)

    def _run(self, steps: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(steps)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _describe(
        self, until: Instant, signs: dict[str, Instant] | None = None, caveats: Sequence[str] = ()
    ) -> Recorded:
        recording, offset = self.recording, self._cdp.offset
        return Recorded(recording, until, self._browser, self._version, offset, signs, tuple(caveats))

    async def _keeps_pages(self) -> bool:
        """Is the back/forward cache on?"""
        with suppress(CallError):  # not every browser has it
            return NO_BFCACHE not in (await self._call("SystemInfo.getInfo")).get("commandLine", "")
        return True

    async def _beat_once(self) -> None:
        """When the browser answers, all that it had reported before the question has been read."""
        question = self._now()
        await self._call("Browser.getVersion")
        self._cdp.pulse = question

    async def _beat(self) -> None:
        while not self.gone.is_set():
            with suppress(CallError, TimeoutError):  # it is stopped, say: then nothing is concluded
                await self._beat_once()
            self._let_go()
            await asyncio.sleep(PULSE)

    def _let_go(self) -> None:
        """Let go of the objects that pages wrote to the console: else none of them is ever freed, because we listen."""
        for session in self._writing & self._kinds.keys() - self._crashed:
            self._send("Runtime.releaseObjectGroup", session, objectGroup="console")
        self._writing.clear()

    def _now(self) -> Instant:
        """By a clock that nobody sets."""
        return round(time.perf_counter() * SECOND) + self._offset

    # -- what comes in ---------------------------------------------------------------------------------------

    def _receive(self, session: str, method: str, params: msgspec.Raw) -> None:
        if method in FRAMES:
            self._receive_frame(session, params, FRAMES[method])
        elif method in _OF_TARGETS:
            _OF_TARGETS[method](self, session, decode_params(params))
        elif session in self._kinds and method in console.EVENTS:
            self._say(session, method, params)
        elif session in self._kinds:
            self._receive_event(session, method, params)

    def _receive_event(self, session: str, method: str, params: msgspec.Raw) -> None:
        if method in WORLDS:
            self._inventory.note_world(session, method, decode_params(params))
        elif method in HANDLED:
            if method == "Inspector.targetCrashed":
                self._crashed.add(session)
            self._cdp.message(session, method, decode_params(params), self._now())
            if self._cdp.older.waits(session):
                self._run(self._inventory.check(session))
        elif method == "Inspector.targetReloadedAfterCrash":
            self._crashed.discard(session)
        elif method == "Page.javascriptDialogOpening" and self._dismisses_dialogs:
            leaves = decode_params(params).get("type") == "beforeunload"
            self._send("Page.handleJavaScriptDialog", session, accept=leaves)

    def _say(self, session: str, method: str, params: msgspec.Raw) -> None:
        line = console.pick(method, params, self._now(), self._cdp.ahead)
        self._writing.add(session)
        new = None if line is None else self.recording.say(line, self._cdp.tab_of(session))
        if new is not None and self._line_observer is not None:
            self._line_observer(new)

    def _receive_frame(self, session: str, params: msgspec.Raw, sent: bool) -> None:
        event = _decode_frame(params)
        at = self._cdp.at(session, event.timestamp)
        if session in self._kinds:
            now = self._now() if at is None else at
            self._cdp.frame(session, event.request, now, sent, int(event.response.opcode), event.response.data)

    # -- targets ---------------------------------------------------------------------------------------------

    def _attach(self, parent: str, event: Json) -> None:
        session, info, waits = event["sessionId"], event["targetInfo"], bool(event.get("waitingForDebugger"))
        kind = info["type"]
        if kind not in HEARD or (kind in OF_THE_BROWSER and parent):
            self._send("Runtime.runIfWaitingForDebugger", session)
            self._send("Target.detachFromTarget", parent, sessionId=session)
            return
        self._kinds[session] = kind
        # What opened a window can write into it, and run code there, while it waits; not with `noopener`.
        is_fresh = waits and not info.get("canAccessOpener", "openerId" in info)
        self._cdp.attach(session, info, parent, paused=is_fresh, at=self._now())
        if kind in TABS:
            self._tabs[info["targetId"]] = session
            self._last_tab.clear()
        self._note_address(session, {"targetInfo": info})
        listening = self._send("Network.enable", session, **QUIET)
        answers = [listening]
        if kind in DOCUMENTS:
            self._send("Page.enable", session)
            self._send("Page.setLifecycleEventsEnabled", session, enabled=True)
            tree, new = self._send("Page.getFrameTree", session), self._begun or waits
            tree.add_done_callback(lambda answer: self._note_document(session, answer, new, listening))
            answers.append(tree)
        answers += [self._send("Runtime.enable", session), self._send("Log.enable", session)]
        answers.append(self._send("Target.setAutoAttach", session, **AUTO_ATTACH))
        # Only then: of a call that is not answered the next process of a tab learns after its scripts have begun.
        settled = self._settled[session] = _when_answered(answers)
        settled.add_done_callback(lambda _: self._send("Runtime.runIfWaitingForDebugger", session))
        if not is_fresh:
            self._list_older(session, info["targetId"], listening)

    def _list_older(self, session: str, target: str, listening: asyncio.Future[Json]) -> None:
        tab = target if self._kinds[session] in TABS else ""
        self._run(self._inventory.take(session, tab, listening))

    def _note_document(
        self, session: str, answer: asyncio.Future[Json], new: bool, listening: asyncio.Future[Json]
    ) -> None:
        if answer.cancelled() or answer.exception() is not None or session not in self._kinds:
            return
        tree = answer.result()["frameTree"]
        if self._cdp.document(session, tree, self._now(), new):
            self._list_older(session, tree["frame"]["id"], listening)

    def _note_address(self, _: str, event: Json) -> None:
        info = event["targetInfo"]
        if info["type"] in TABS:
            self._addresses[info["targetId"]] = str(info.get("url", ""))

    def _detach(self, _: str, event: Json) -> None:
        session = str(event["sessionId"])
        if self._kinds.pop(session, None) is None:
            return
        self._settled.pop(session, None)
        self._inventory.forget(session)
        for tab in [tab for tab, its_session in self._tabs.items() if its_session == session]:
            del self._tabs[tab]
            if not self._tabs:
                self._last_tab.set()
        self._cdp.detach(session, self._now())

    async def _new_tab(self) -> str:
        tab = str((await self._call("Target.createTarget", url="about:blank"))["targetId"])
        until = time.monotonic() + LONGEST_CALL
        while tab not in self._tabs and time.monotonic() < until:
            await self._call("Browser.getVersion")  # what has come in meanwhile is read
        return tab

    # -- the end ---------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Wait until every target that is there has been heard."""
        until = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < until:
            await self._call("Browser.getVersion")
            running = [task for task in self._tasks if not task.done()]
            if not running:
                return
            await asyncio.wait(running, timeout=max(until - time.monotonic(), 0))

    async def _flush(self) -> None:
        """Wait until every target has reported what happened before."""
        alive = [session for session in self._kinds if session not in self._crashed]
        answers = {session: self._send("Runtime.evaluate", session, expression="0") for session in alive}
        with suppress(CallError, TimeoutError):
            await self._call("Browser.getVersion")
        if answers:
            await asyncio.wait(answers.values(), timeout=LONGEST_WAIT)
        for session, answer in answers.items():
            if not answer.done() and session in self._kinds:
                self._cdp.stuck(session)
        await self._inventory.check_all()
        with suppress(CallError, TimeoutError):
            await self._beat_once()


def _when_answered(answers: Sequence[asyncio.Future[Json]]) -> asyncio.Future[None]:
    """Give what is done when all of these are, or after a while: no tab waits for a process that does not answer."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    waiting = len(answers)

    def end() -> None:
        if not done.done():
            done.set_result(None)

    def count(_: asyncio.Future[Json]) -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            timer.cancel()
            end()

    timer = loop.call_later(LONGEST_PAUSE, end)
    for answer in answers:
        answer.add_done_callback(count)
    return done


_OF_TARGETS: dict[str, Callable[[Listener, str, Json], None]] = {
    "Target.attachedToTarget": Listener._attach,
    "Target.detachedFromTarget": Listener._detach,
    "Target.targetCreated": Listener._note_address,
    "Target.targetInfoChanged": Listener._note_address,
}
