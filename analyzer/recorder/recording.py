"""What happened to the sockets of a browser: when each was requested, opened and closed. Knows no browser.

A `Recording` gets events with their instants. An end is exact, or lies within bounds (a page went, and its sockets with
it), or is not known. document.py writes it as a HAR.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from analyzer.formats.har import console
from analyzer.formats.har.writer import Json
from analyzer.model import Caveat, ConsoleLine, Duration, Instant, PageKind
from analyzer.recorder.messages import Messages


class By(StrEnum):
    """What ended a socket, where it was not the socket itself."""

    RELOAD = "reload"
    NAVIGATION = "navigation"
    PAGE_CLOSED = "page-closed"
    CRASH = "crash"
    OWNER_GONE = "owner-gone"  # the worker or the iframe that had it
    PAGE_GONE = "page-gone"  # any of these, as the browser's own log shows


@dataclass(slots=True, repr=False)  # it holds addresses with their secrets
class Socket:
    """One socket while it is recorded."""

    id: str
    url: str
    requested: Instant  # not before
    number: int = 0  # in the order of telling, from 1
    requested_by: Instant | None = None  # not after; None: exactly then
    page: str | None = None
    tab: str | None = None
    owner: str | None = None  # the target of the browser that has it
    context: str | None = None  # the browser context of that target
    older: bool = False  # than the listening to its owner, which was asked for it
    request_headers: Mapping[str, str] = field(default_factory=dict)
    initiator: Json | None = None
    answered: Instant | None = None
    seen_open: Instant | None = None  # open then, and opened since `answered` or the request; None: at `answered`
    opened: bool = False
    status: int = 0
    status_text: str = ""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    messages: Messages = field(default_factory=Messages)
    last_sign: Instant = 0
    earliest: Instant | None = None  # of its end
    latest: Instant | None = None
    by: By | None = None
    lost: bool = False  # nothing more was heard of it, perhaps not even its end

    @property
    def ended(self) -> bool:
        return self.latest is not None

    @property
    def open(self) -> bool:
        return self.opened and not self.ended and not self.lost

    def put_off(self, lag: Duration) -> None:
        """What is said to be by some instant may be as much later."""
        for name in ("requested_by", "seen_open", "latest"):
            if (by := getattr(self, name)) is not None:
                setattr(self, name, by + lag)


@dataclass(slots=True, repr=False)  # it holds addresses with their secrets
class Page:
    """One document in a tab."""

    id: str
    tab: str
    url: str
    kind: PageKind
    started: Instant
    answered: Instant | None = None
    status: int = 0
    mime: str = ""
    committed: Instant = 0  # it took the place of the one before
    context: str | None = None  # the browser context of its tab


LineObserver: TypeAlias = Callable[[ConsoleLine], None]  # a line was written to the console
Observer: TypeAlias = Callable[[Socket, Instant, int], None]  # a socket opened, failed or ended; how many are open now


class Recording:
    """Gathers what happened. Instants are microseconds since the epoch.

    `keeps_data`: False keeps of messages the instants and lengths alone.
    """

    def __init__(self, observer: Observer | None = None, keeps_data: bool = True) -> None:
        self.sockets: dict[str, Socket] = {}
        self.pages: list[Page] = []
        self.caveats: list[str] = []
        self.console: list[ConsoleLine] = []
        self.console_dropped = 0  # lines after these
        self._console_size = 0  # characters
        self._written: set[tuple[Instant, str]] = set()  # lines that are kept
        self._observer = observer
        self._keeps_data = keeps_data
        self._current: dict[str, str] = {}  # tab -> id of its page
        self._unended: dict[str, Socket] = {}
        self._open_now: set[str] = set()
        self._gone: dict[str, list[Socket]] = {}  # tab -> what its frames and workers took along, within bounds
        self._left: dict[str, list[Socket]] = {}  # tab -> what a document that was left took along, within bounds

    def copy(self) -> Recording:
        """Return a recording that can be made more exact while this one is written. Messages are shared."""
        other = copy.copy(self)
        other.sockets = {id: replace(socket) for id, socket in self.sockets.items()}
        other.pages = [replace(page) for page in self.pages]
        other.caveats = list(self.caveats)
        return other

    # -- what happened ---------------------------------------------------------------------------------------

    def page(self, tab: str, url: str, kind: PageKind, at: Instant, **details: Any) -> Page:
        """A document took the place of the one before in its tab, if any."""
        page = Page(f"page_{len(self.pages) + 1}", tab, url, kind, at, **details)
        self.pages.append(page)
        self._current[tab] = page.id
        return page

    def request(
        self,
        id: str,
        url: str,
        at: Instant,
        *,
        by: Instant | None = None,
        tab: str | None = None,
        owner: str | None = None,
        context: str | None = None,
        headers: Mapping[str, str] | None = None,
        initiator: Json | None = None,
    ) -> None:
        """The request of the opening handshake was sent: at `at`, or between that and `by`."""
        self.sockets[id] = self._unended[id] = Socket(
            id,
            url,
            at,
            number=len(self.sockets) + 1,
            requested_by=by,
            page=self._current.get(tab) if tab is not None else None,
            tab=tab,
            owner=owner,
            context=context,
            request_headers=headers or {},
            initiator=initiator,
            last_sign=at,
        )

    def answer(self, id: str, at: Instant, status: int, text: str, headers: Mapping[str, str]) -> None:
        """The handshake was answered. Over HTTP/2 success is 200 (RFC 8441)."""
        socket = self.sockets.get(id)
        if socket is None or socket.ended:
            return
        socket.answered, socket.status, socket.status_text, socket.response_headers = at, status, text, headers
        if status in (101, 200):
            self._open(socket, at)

    def message(self, id: str, at: Instant | None, sent: bool, opcode: int, data: str, length: int) -> bool:
        """A data message passed; `at` None: nobody knows when. False: the socket is not known."""
        socket = self.sockets.get(id)
        if socket is None:
            return False
        if at is None:
            self.open_without_answer(id)
        elif not socket.opened:
            self._open(socket, at)
        socket.messages.add(at, sent, opcode, data, length, self._keeps_data)
        socket.last_sign = max(socket.last_sign, at or 0)
        return True

    def problem(self, id: str, text: str) -> None:
        """The browser's own words on what went wrong: the first ones count."""
        socket = self.sockets.get(id)
        if socket is not None and socket.problem is None and not socket.ended:
            socket.problem = text

    def end(
        self,
        id: str,
        latest: Instant,
        earliest: Instant | None = None,
        by: By | None = None,
        in_process: bool = False,
    ) -> bool:
        """It is closed, or its handshake failed: not before `earliest` (None: exactly at `latest`), nor after `latest`.

        `in_process`: the next document of its tab runs in the process that had it, which closes it first.

        The end of a socket that was lost may have come at any time since then: a browser reports it late, when the
        page returns from the back/forward cache. False: the socket is not known.
        """
        socket = self.sockets.get(id)
        if socket is None:
            return False
        if socket.ended:
            return True
        if socket.lost:
            earliest, socket.lost = socket.last_sign, False
            if not socket.opened:
                self.open_without_answer(id)
        socket.latest = max(latest, socket.last_sign)
        socket.earliest = socket.latest if earliest is None else min(max(earliest, socket.last_sign), socket.latest)
        socket.by = by
        if socket.requested_by is not None:
            socket.requested_by = min(socket.requested_by, socket.latest)
        self._unended.pop(id, None)
        if socket.tab is not None and (in_process or by is By.OWNER_GONE):
            ended = self._left if in_process else self._gone
            ended.setdefault(socket.tab, []).append(socket)
        self._tell(socket, socket.latest)
        return True

    def lost(self, id: str, at: Instant, alive: Instant = 0) -> None:
        """From `at` on nothing is known of it: its page may be in the back/forward cache, or nobody listens any more.
        Its handshake may be answered then.

        `alive`: it had not ended by then.
        """
        socket = self.sockets[id]
        if socket.ended or socket.lost:
            return
        socket.lost = True
        socket.last_sign = max(socket.last_sign, alive)
        self._tell(socket, at)

    def leave(self, tab: str, at: Instant, kept_since: Instant | None) -> None:
        """The document of a tab was replaced. `kept_since`: it may have been kept, with those of its frames and workers
        whose sockets were not certain to be closed by then."""
        for socket in self._gone.pop(tab, ()):
            if kept_since is None or socket.latest is None or socket.earliest is None or socket.latest <= kept_since:
                continue
            alive = socket.earliest
            self.revoke(socket.id)
            self.lost(socket.id, at, alive)

    def revoke(self, id: str) -> None:
        """That it ended within its bounds was concluded from what meant something else."""
        socket = self._unended[id] = self.sockets[id]
        socket.earliest = socket.latest = socket.by = None

    def open_without_answer(self, id: str) -> None:
        """It is or was open; nobody knows when the handshake was answered."""
        socket = self.sockets[id]
        socket.opened, socket.status = True, socket.status or 101
        if socket.open:
            self._open_now.add(id)

    def see_open(self, id: str, at: Instant, by: Instant) -> None:
        """It was open at `at`; it had opened by `by`."""
        socket = self.sockets[id]
        socket.seen_open = by
        self._open(socket, at)

    def say(self, line: ConsoleLine, tab: str | None) -> ConsoleLine | None:
        """A line was written to the console of this tab. Return it with its page; None if it is one that is known: the
        browser reports those of a page again when that returns from the back/forward cache."""
        key = (line.at, line.text)
        if key in self._written:
            return None
        line = msgspec.structs.replace(line, page=self._current.get(tab) if tab is not None else None)
        self._console_size += console.measure(line)
        if len(self.console) < console.MOST_LINES and self._console_size <= console.MOST_CHARACTERS:
            self.console.append(line)
            self._written.add(key)
        else:
            self.console_dropped += 1
        return line

    def caveat(self, caveat: Caveat) -> None:
        """One of OF_THE_RECORDING (formats/har/own_fields.py)."""
        if caveat.id not in self.caveats:
            self.caveats.append(caveat.id)

    @property
    def has_alive(self) -> bool:
        """Is there a socket that is known not to have ended?"""
        return any(not socket.lost for socket in self._unended.values())

    def alive(self, tab: str | None = None, owner: str | None = None) -> list[Socket]:
        """The sockets of a tab or of an owner that are known not to have ended."""
        return [socket for socket in self.list_unended(tab, owner) if not socket.lost]

    def list_unended(self, tab: str | None = None, owner: str | None = None) -> list[Socket]:
        """The same, with those that were lost."""
        return [s for s in self._unended.values() if s.tab == tab is not None or s.owner == owner is not None]

    def _open(self, socket: Socket, at: Instant) -> None:
        socket.opened = True
        socket.status = socket.status or 101
        socket.last_sign = max(socket.last_sign, at)
        self._before_the_next(socket, at)
        self._tell(socket, at)

    def _before_the_next(self, opened: Socket, at: Instant) -> None:
        """The sockets of a document are gone before the next one of the same process has one open. That of another
        process may be quicker: measured by up to 93 ms."""
        if opened.tab is None:
            return
        waiting = []
        for socket in self._left.pop(opened.tab, ()):
            if socket.page == opened.page:
                waiting.append(socket)
            elif socket.latest is not None and socket.earliest is not None and socket.latest > at:
                socket.latest = max(socket.earliest, at)
        if waiting:
            self._left[opened.tab] = waiting

    def _tell(self, socket: Socket, at: Instant) -> None:
        if socket.open:
            self._open_now.add(socket.id)
        else:
            self._open_now.discard(socket.id)
        if self._observer is not None:
            self._observer(socket, at, len(self._open_now))
