"""The Chrome DevTools Protocol -> a Recording: pure, one message at a time.

The protocol stamps its events on the browser's monotonic clock, so it does not matter how late they are read. What it
does not stamp (a target went) lies between the last question that the browser answered and the reading.

A recording has one clock, ours. Of a browser that does not share it the first event that names its clocks counts as
having happened when it was read: its events are late on ours, all by the same time, which is within known bounds.

Measured (tests/browser/test_recorder.py, Chromium 156):
- a document that is replaced takes its sockets with it and nothing reports their close: within the same site they
  are gone when the next document commits (the lifecycle event "init"), else up to 299 ms later (another process);
- of an iframe in the same process, and of a worker that is terminated, closes are reported;
- a crash is reported up to 0.5 s after it;
- document.open() repeats "init" with the same loader, and closes nothing; a javascript: URL has no "init" of its own,
  and the closes are reported;
- frames of other sites and workers of a page that goes into the back/forward cache are reported to be gone, 12 ms
  before their page, and their sockets stay open;
- a page that returns from the back/forward cache has its sockets closed at that moment, and what closed while it was
  there is reported only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from analyzer.formats.har.own_fields import CUT_SHORT, HEARD_LATE, STARTED_LATE
from analyzer.formats.har.writer import Json
from analyzer.model import MILLISECOND, SECOND, Duration, Instant, PageKind
from analyzer.patterns import Pattern
from analyzer.recorder.messages import measure
from analyzer.recorder.older import OlderSockets
from analyzer.recorder.recording import By, Recording
from analyzer.recorder.targets import Navigation, Target

# From the commit of a document to the closes of the one before, in another process and in the same one. Measured on a
# machine that is too busy, 20 each: 299 ms at most, and 56 ms.
SWAP_SLACK, COMMIT_SLACK = 400 * MILLISECOND, 100 * MILLISECOND
GONE_BEFORE = 500 * MILLISECOND  # by which a busy page's report may reach the browser late
# A target went: its sockets close at most so long before all that had been read by then, and after that reading.
# Measured on a machine that is too busy, 267 of iframes, pages and shared workers: 9 ms after, and 381 ms.
MARGIN, GONE_AFTER = 50 * MILLISECOND, 400 * MILLISECOND
GOES_BEFORE = SECOND  # into the back/forward cache frames and workers go with their page, and are reported before it
SAME_CLOCK = SECOND // 2  # the browser's clock and ours agree so far: one machine, whose monotonic clock they share
DOCUMENTS = ("page", "iframe", "webview")  # types of targets that show documents; Electron has the last
TABS = ("page", "webview")
LOADED = ("DOMContentLoaded", "load")  # lifecycle events
EMPTY = ("", ":", "about:blank")  # addresses of a tab's first, empty document
STATUS = Pattern(r"response code: (\d{3})")
KINDS = {
    "reload": PageKind.RELOAD,
    "reloadBypassingCache": PageKind.RELOAD,
    "BackForwardCacheRestore": PageKind.RESTORE,
}


class Cdp:
    """Feeds a Recording with the messages of one browser.

    `wall_minus_monotonic`: our clocks, in microseconds; used where the browser shares them. `keeps_pages`: the
    back/forward cache is on, so a document that is left may live on, sockets and all.
    """

    def __init__(self, recording: Recording, wall_minus_monotonic: Duration, keeps_pages: bool = False) -> None:
        self.recording = recording
        self.pulse: Instant = 0  # all that the browser had reported by then has been read
        self._ours = wall_minus_monotonic
        self._offset: Duration | None = None  # epoch, by our clock, minus the browser's clock
        self.ahead: Duration = 0  # the browser's wall clock minus ours, where it has another one
        self.keeps_pages = keeps_pages
        self._targets: dict[str, Target] = {}  # by session
        self._detached: set[str] = set()  # sessions whose target the browser itself reported to be gone
        self._navigations: dict[str, Navigation] = {}  # by loader
        self._loader: dict[str, str] = {}  # page or iframe -> loader of its document
        self._loaded: set[str] = set()  # pages and iframes whose document had loaded before they were attached to
        self._isolated: set[str] = set()  # pages and iframes whose document asked for a process of its own
        self._address: dict[str, str] = {}  # page or iframe -> URL of its document
        self._last: dict[str, Instant] = {}  # session -> its last stamped event
        self.older = OlderSockets(recording)

    @property
    def offset(self) -> Duration:
        """The epoch, by our clock, minus the browser's clock."""
        return self._ours if self._offset is None else self._offset

    def tab_of(self, session: str) -> str | None:
        """The tab that a target belongs to."""
        target = self._targets.get(session)
        return target.tab if target is not None else None

    def signs(self) -> dict[str, Instant]:
        """By session until when everything that happened to its sockets has been read."""
        return {session: self._last_sign(session) for session in self._targets}

    # -- targets ---------------------------------------------------------------------------------------------

    def attach(self, session: str, info: Json, parent: str = "", paused: bool = False, at: Instant = 0) -> None:
        """`info`: the protocol's TargetInfo; `parent`: the session of the target that has it; `paused`: it did nothing
        before it was heard, as the browser says; `at`: when that was read."""
        id, kind, above = str(info["targetId"]), str(info["type"]), self._targets.get(parent)
        tab = id if kind in TABS else above.tab if above is not None else None
        context = str(info["browserContextId"]) if "browserContextId" in info else None
        self._targets[session] = Target(id, kind, tab, context, paused, at)

    def document(self, session: str, tree: Json, at: Instant, new: bool) -> bool:
        """The document of a page or an iframe, as it answered at `at`: the protocol's FrameTree. If it was committed
        before the listening, nothing else reports it: in a `new` target it is a page of the recording.

        True: its target was said to wait for us, and may have not. Chromium 156 says so of a tab in a new window that a
        driver opens with an address, now and then (measured: 4 of 40 had loaded)."""
        target, frame = self._targets[session], tree["frame"]
        loader, url = str(frame.get("loaderId", "")), str(frame.get("url", ""))
        if frame["id"] != target.id or target.id in self._address:  # that was heard
            return False
        self._loader[target.id] = loader
        if url in EMPTY:
            return False
        self._address[target.id] = url
        if not (new and target.kind in TABS):
            return False
        navigation = self._navigation(loader)
        # Else its document was heard from the request on.
        may_be_late = target.paused and navigation.requested is None
        answered = navigation.answered or at
        self._add_page(target, url, navigation, navigation.requested or min(self.pulse, answered, at), at)
        for socket in self.recording.sockets.values():
            if socket.owner == session and socket.page is None:  # it was quicker than the answer
                socket.page = self.recording.pages[-1].id
        if may_be_late and target.id in self._loaded:  # what it opened and closed by then nobody lists
            self.recording.caveat(HEARD_LATE)
        target.paused = target.paused and not may_be_late
        return may_be_late

    def _add_page(self, target: Target, url: str, navigation: Navigation, started: Instant, committed: Instant) -> None:
        kind = KINDS.get(navigation.type, PageKind.NAVIGATION)
        self.recording.page(
            target.id,
            url,
            kind,
            started,
            answered=navigation.answered,
            status=navigation.status,
            mime=navigation.mime,
            committed=committed,
        )

    def list_older(
        self, session: str, sockets: Sequence[tuple[str, int, Instant]], question: Instant, at: Instant
    ) -> None:
        """All sockets of a target that ran before it was heard: URL, readyState, and since when there may be one."""
        self.older.add(session, self._targets[session], sockets, question, at)

    def stuck(self, session: str) -> None:
        """The target does not answer: its sockets may have opened or closed since its last event."""
        for socket in self.recording.alive(owner=session):
            self.recording.lost(socket.id, self.pulse, self._last.get(session, 0))

    def detach(self, session: str, at: Instant) -> None:
        """The target went, as was read at `at`."""
        target = self._targets.get(session)
        if target is not None:
            self._detached.add(session)
            self._remove(session, target, at + self.older.lag, self.pulse - MARGIN, None)

    def cut_short(self) -> None:
        """Nothing more is heard of any target that the browser has not reported to be gone: a page that is missed cuts
        the recording short, a worker that outlived all pages does not."""
        if any(it.kind in TABS for session, it in self._targets.items() if session not in self._detached):
            self.recording.caveat(CUT_SHORT)
        for socket in self.recording.sockets.values():
            self.recording.lost(socket.id, self.pulse, self._last_sign(socket.owner or ""))

    def _last_sign(self, session: str) -> Instant:
        """What the target's sockets did by then has been read."""
        return max(self.pulse - GONE_BEFORE, self._last.get(session, 0))

    def _remove(self, session: str, target: Target, at: Instant, earliest: Instant, by: By | None) -> None:
        page = target.kind in TABS
        by = by or (By.PAGE_CLOSED if page else By.OWNER_GONE)
        for socket in self.recording.list_unended(tab=target.tab if page else None, owner=session):
            self.recording.end(socket.id, at + GONE_AFTER, earliest, by)

    # -- messages --------------------------------------------------------------------------------------------

    def message(self, session: str, method: str, params: Json, at: Instant) -> None:
        """One event of an attached target, as read at `at`."""
        target = self._targets.get(session)
        handler = _HANDLERS.get(method)
        if target is None or handler is None:
            return
        stamped = self._at(params, at)
        if stamped is not None:  # some report late what was earlier
            self._last[session] = max(stamped, self._last.get(session, 0))
        handler(self, session, target, params, at + self.older.lag if stamped is None else stamped)

    def _at(self, params: Json, at: Instant) -> Instant | None:
        """The own instant of an event that was read at `at`; None: it has none, or nothing says by which clock."""
        ticks, wall = params.get("timestamp"), params.get("wallTime")
        if ticks is None:
            return None
        stamp: Instant = round(ticks * SECOND)
        if self._offset is None:
            if wall is None:
                is_ours = 0 <= at - (stamp + self._ours) < SAME_CLOCK
                return stamp + self._ours if is_ours else None
            # The pair is read off two clocks one after the other, by a process that may be interrupted in between
            # (measured: by up to 14 ms). Ours was read with care.
            self._offset = self._ours
            if abs(round((wall - ticks) * SECOND) - self._ours) >= SAME_CLOCK:
                self._offset, self.ahead = at - stamp, round(wall * SECOND) - at
                self.older.allow_lag(at - (self.pulse - GONE_BEFORE))
        return stamp + self._offset

    def _miss(self, session: str) -> None:
        """An event of a socket whose creation was not reported. What was there before the target was heard, the target
        itself lists."""
        if self._targets[session].paused:
            self.recording.caveat(STARTED_LATE)

    def _create(self, session: str, target: Target, params: Json, at: Instant) -> None:
        """The constructor ran; the protocol does not say when, but events of one target come in their order."""
        initiator = params.get("initiator")
        self.recording.request(
            f"{session}/{params['requestId']}",
            str(params["url"]),
            min(self._last.get(session, self.pulse - GONE_BEFORE), at),
            by=at,
            tab=target.tab,
            owner=session,
            context=target.context,
            initiator=initiator if isinstance(initiator, dict) else None,
        )

    def _handshake(self, session: str, target: Target, params: Json, at: Instant) -> None:
        """Sent: now its instant is exact."""
        key = f"{session}/{params['requestId']}"
        socket = self.recording.sockets.get(key)
        if socket is None:
            self._miss(session)
            return
        socket.requested, socket.requested_by, socket.last_sign = at, None, at
        socket.request_headers = _strings(params.get("request", {}).get("headers", {}))

    def _response(self, session: str, target: Target, params: Json, at: Instant) -> None:
        answer = params["response"]
        key, text = f"{session}/{params['requestId']}", str(answer.get("statusText", ""))
        self.recording.answer(key, at, int(answer["status"]), text, _strings(answer.get("headers", {})))

    def _frame(self, session: str, params: Json, at: Instant, sent: bool) -> None:
        frame = params["response"]
        self.frame(session, str(params["requestId"]), at, sent, int(frame["opcode"]), str(frame.get("payloadData", "")))

    def frame(self, session: str, request: str, at: Instant, sent: bool, opcode: int, data: str) -> None:
        """A message passed; there are many, and this is all that is done with one."""
        key = f"{session}/{request}"
        if opcode not in (1, 2) or self.older.has(session, key):
            return  # control frames; and of several that are older nobody knows whose it is
        if not self.recording.message(key, at, sent, opcode, data, measure(opcode, data)):
            self._miss(session)

    def at(self, session: str, ticks: float) -> Instant | None:
        """The instant of an event of a session that carries no wall clock; None before any event had one."""
        if self._offset is None:
            return None
        stamped = round(ticks * SECOND) + self._offset
        if stamped > self._last.get(session, 0):
            self._last[session] = stamped
        return stamped

    def _send(self, session: str, target: Target, params: Json, at: Instant) -> None:
        self._frame(session, params, at, sent=True)

    def _receive(self, session: str, target: Target, params: Json, at: Instant) -> None:
        self._frame(session, params, at, sent=False)

    def _error(self, session: str, target: Target, params: Json, at: Instant) -> None:
        key, text = f"{session}/{params['requestId']}", str(params.get("errorMessage", ""))
        socket = self.recording.sockets.get(key)
        if socket is not None and not socket.opened:
            status = STATUS.search(text)
            socket.status = int(status[1]) if status else socket.status
            self.recording.problem(key, text)

    def _close(self, session: str, target: Target, params: Json, at: Instant) -> None:
        key = f"{session}/{params['requestId']}"
        if self.older.has(session, key):
            is_stamped = self._at(params, at) is not None
            self.older.close(session, at if is_stamped else self._last_sign(session), at)
        elif not self.recording.end(key, at):
            self._miss(session)

    # -- documents -------------------------------------------------------------------------------------------

    def _navigates(self, session: str, target: Target, params: Json, at: Instant) -> None:
        if target.kind in DOCUMENTS and params["frameId"] == target.id:
            navigation = self._navigation(str(params.get("loaderId", "")))
            navigation.url, navigation.type = str(params["url"]), str(params.get("navigationType", ""))

    def _document_request(self, session: str, target: Target, params: Json, at: Instant) -> None:
        if params.get("type") == "Document" and params.get("frameId") == target.id:
            navigation = self._navigation(str(params["loaderId"]))
            navigation.url = str(params["request"]["url"])
            navigation.requested = navigation.requested or at

    def _document_response(self, session: str, target: Target, params: Json, at: Instant) -> None:
        if params.get("type") == "Document" and params.get("frameId") == target.id:
            navigation, answer = self._navigation(str(params["loaderId"])), params["response"]
            navigation.answered, navigation.status, navigation.mime = at, int(answer["status"]), answer["mimeType"]
            names = {str(name).lower() for name in answer.get("headers", {})}
            navigation.may_swap = "cross-origin-opener-policy" in names

    def _lifecycle(self, session: str, target: Target, params: Json, at: Instant) -> None:
        """ "init": a document was committed in this frame, or document.open() emptied the one that is there, which
        keeps its loader and its sockets."""
        if target.kind not in DOCUMENTS or params["frameId"] != target.id:
            return
        loader = str(params["loaderId"])
        if params["name"] in LOADED and round(params["timestamp"] * SECOND) + self.offset < target.attached:
            self._loaded.add(target.id)  # it is repeated for who comes late
        before = self._loader.setdefault(target.id, "" if params["name"] == "init" else loader)
        if params["name"] == "init" and loader != before:
            self._loader[target.id] = loader
            self._commit(session, target, self._navigation(loader), at)

    def _restore(self, session: str, target: Target, params: Json, at: Instant) -> None:
        """Only what has no "init": a page that comes back from the back/forward cache."""
        frame = params["frame"]
        if params.get("type") == "BackForwardCacheRestore" and frame["id"] == target.id:
            restored = Navigation(url=str(frame["url"]), type="BackForwardCacheRestore")
            self._loader[target.id] = str(frame.get("loaderId"))
            self._commit(session, target, restored, min(self._last.get(session, at), at))

    def _navigation(self, loader: str) -> Navigation:
        return self._navigations.setdefault(loader, Navigation())

    def _commit(self, session: str, target: Target, navigation: Navigation, at: Instant) -> None:
        """A document took the place of another: the sockets of that one went with it."""
        before = self._address.get(target.id)
        self._address[target.id] = navigation.url
        kind = KINDS.get(navigation.type, PageKind.NAVIGATION)
        same_origin = before is not None and _origin(before) == _origin(navigation.url)
        same_process = same_origin and not navigation.may_swap and target.id not in self._isolated
        (self._isolated.add if navigation.may_swap else self._isolated.discard)(target.id)
        page = target.kind in TABS
        certain = kind is PageKind.RELOAD or not (self.keeps_pages and page)  # no document of a frame is kept alone
        for socket in self.recording.alive(tab=target.tab if page else None, owner=session):
            earliest = min(navigation.answered or navigation.requested or socket.last_sign, at)
            if certain:
                by = By.RELOAD if kind is PageKind.RELOAD else By.NAVIGATION
                in_process = same_process and socket.owner == session
                slack = COMMIT_SLACK if in_process else SWAP_SLACK if socket.owner == session else GONE_AFTER
                self.recording.end(socket.id, at + slack, earliest, by, in_process)
            else:
                self.recording.lost(socket.id, at, earliest)
        if page and target.tab is not None:
            self.recording.leave(target.tab, at, None if certain else at - GOES_BEFORE + GONE_AFTER)
        if page and navigation.url not in EMPTY:
            self._add_page(target, navigation.url, navigation, navigation.requested or at, at)

    def _crash(self, session: str, target: Target, params: Json, at: Instant) -> None:
        """Also of a worker that ended."""
        if target.kind in DOCUMENTS:
            self._remove(session, target, at, self._last.get(session, 0), By.CRASH)
        else:
            self._remove(session, target, at, self.pulse - MARGIN, None)


_HANDLERS: dict[str, Any] = {
    "Network.webSocketCreated": Cdp._create,
    "Network.webSocketWillSendHandshakeRequest": Cdp._handshake,
    "Network.webSocketHandshakeResponseReceived": Cdp._response,
    "Network.webSocketFrameSent": Cdp._send,
    "Network.webSocketFrameReceived": Cdp._receive,
    "Network.webSocketFrameError": Cdp._error,
    "Network.webSocketClosed": Cdp._close,
    "Network.requestWillBeSent": Cdp._document_request,
    "Network.responseReceived": Cdp._document_response,
    "Page.frameStartedNavigating": Cdp._navigates,
    "Page.frameNavigated": Cdp._restore,
    "Page.lifecycleEvent": Cdp._lifecycle,
    "Inspector.targetCrashed": Cdp._crash,
}
HANDLED = frozenset(_HANDLERS)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _strings(headers: Json) -> dict[str, str]:
    return {str(name): str(value) for name, value in headers.items()}
