"""What a format reads: events, traces, pages, and the limits of the capture."""

from __future__ import annotations

from array import array
from enum import StrEnum
from functools import reduce
from typing import Any, TypeAlias

import msgspec

from analyzer.intervals import Interval
from analyzer.model.attribution import Attribution
from analyzer.model.callstack import Initiator
from analyzer.model.caveats import Caveat, CaveatKind
from analyzer.model.console import ConsoleLine
from analyzer.model.evidence import Evidence
from analyzer.model.file import Clock, Exporter, File
from analyzer.model.skips import Skipped
from analyzer.model.text import TOGETHER, file_name, plural
from analyzer.model.time import Instant
from analyzer.model.value import Value

UNITS = {"entry": "entries"}  # of the words for records those with a plural of their own


class Direction(StrEnum):
    SEND = "send"
    RECEIVE = "receive"


class PageKind(StrEnum):
    """How a document came to be loaded."""

    LOAD = "load"
    RELOAD = "reload"
    NAVIGATION = "navigation"
    RESTORE = "restore"  # from the back/forward cache
    UNKNOWN = "unknown"


class Closes(StrEnum):
    """Which closes of a socket a capture would have recorded."""

    ALL = "all"  # a socket without a recorded close was still open at the end of the capture
    WHILE_PAGE_LIVES = "while-page-lives"  # but for the close that comes with the end of its document
    NONE = "none"


class Assume(StrEnum):
    """What somebody says of a capture, where the capture itself does not."""

    NO_BFCACHE = "no-bfcache"  # the back/forward cache was off
    BFCACHE = "bfcache"  # it was on, where an answer would assume that it was off
    RECORDED_FROM_START = "recorded-from-start"  # DevTools was open before the page, and nothing was cleared


class Where(StrEnum):
    """Where a socket belongs, if a HAR of one tab and a log of the whole browser are analysed together."""

    TAB = "tab"  # a capture of the tab has it
    BROWSER = "browser"  # elsewhere in this browser: another tab, another window, an extension
    UNKNOWN = "unknown"  # only the log of the browser has it, and it may be the tab's, too


class Bounds(Value, frozen=True):
    """The bounds within which an instant lies, and what says so. None: no bound on that side."""

    earliest: Instant | None
    latest: Instant | None
    evidence: Evidence
    pointer: str = ""

    def meet(self, other: Bounds) -> Bounds | None:
        """Return what both allow, with the evidence of the one that bounds it above; None: they contradict each other.

        Of two upper bounds that are equal the narrower ones are the evidence.
        """
        lows = [at for at in (self.earliest, other.earliest) if at is not None]
        highs = [at for at in (self.latest, other.latest) if at is not None]
        low, high = max(lows, default=None), min(highs, default=None)
        if low is not None and high is not None and low > high:
            return None
        best = min(
            (self, other), key=lambda bounds: (bounds.latest is None, bounds.latest or 0, -(bounds.earliest or 0))
        )
        return Bounds(low, high, best.evidence, best.pointer)

    def hull(self, other: Bounds) -> Bounds:
        """Return the narrowest bounds that allow all that either allows."""
        low = None if self.earliest is None or other.earliest is None else min(self.earliest, other.earliest)
        high = None if self.latest is None or other.latest is None else max(self.latest, other.latest)
        return Bounds(low, high, self.evidence, self.pointer)


class Requested(Value, frozen=True):
    """The opening handshake's request was sent."""

    within: Bounds


class Accepted(Value, frozen=True):
    """The opening handshake succeeded: readyState OPEN."""

    within: Bounds


class Rejected(Value, frozen=True):
    """The opening handshake failed: the socket was never open."""

    within: Bounds
    problem: str


class Active(Value, frozen=True):
    """A sign of life other than a message: the socket was open at this instant."""

    at: Instant
    evidence: Evidence
    pointer: str


class Closed(Value, frozen=True):
    """readyState CLOSED. `code` and `reason` as in RFC 6455 section 7.4, where the exporter records them.

    `problem`: the error that closed it, in the browser's words.
    """

    within: Bounds
    code: int | None = None
    reason: str | None = None
    problem: str | None = None


Event: TypeAlias = Requested | Accepted | Rejected | Active | Closed


class Messages(Value, frozen=True):
    """The data messages of one socket, in the order of the file; the arrays run in parallel.

    `times` is empty where the exporter's clock is unknown, while the counts still hold.
    """

    times: array[int]  # Instants
    directions: bytes  # 1 sent, 0 received
    opcodes: array[int]  # RFC 6455 section 5.2: 1 text, 2 binary; 0 where the file does not say
    lengths: array[int]  # bytes of payload
    recorded: bool = True  # False: this exporter does not record messages
    first: Instant | None = None  # of `times`, whatever their order; worked out once
    last: Instant | None = None

    def __post_init__(self) -> None:
        if len(self.times):
            msgspec.structs.force_setattr(self, "first", min(self.times))
            msgspec.structs.force_setattr(self, "last", max(self.times))

    @property
    def sent(self) -> int | None:
        return self.directions.count(1) if self.recorded else None

    @property
    def received(self) -> int | None:
        return self.directions.count(0) if self.recorded else None


class Opening(Value, frozen=True):
    """The data of one of a socket's first messages, as text (bytes as Latin-1): it tells whose socket it is."""

    direction: Direction
    text: str
    cut: bool  # it goes on


class Coverage(Value, frozen=True):
    """What the capture would have recorded of one socket.

    closes: which closes.
    until: with WHILE_PAGE_LIVES, the last sign of life of its document: up to then a close would have been recorded.
    to_the_end: its document still lived when the capture ended.
    assumes: what that rests on.
    end: when its file ended, if another file of the run goes on: what happened to the socket after that is not known.
    only_sent: of its messages only those that were sent show that it was open: the recorder stands between the page
    and the server (a proxy, Chrome's network stack), and a message that it received reaches the page later, or never.
    """

    closes: Closes = Closes.NONE
    until: Instant | None = None
    to_the_end: bool = False
    assumes: Caveat | None = None
    end: Instant | None = None
    only_sent: bool = False


class Place(Value, frozen=True):
    """Where a socket stands in one of the files of a capture."""

    file: int  # the place of the file in `Capture.files`
    pointer: str


class Trace(Value, frozen=True):
    """All events of one socket, in the order in which they happened, with what its record says beside them.

    `pointer`, `file`: its record, or the one that tells most where several stand for it; `also`: the others.
    """

    pointer: str
    url: str
    endpoint: str  # ws or wss, host, port, path: no query
    events: tuple[Event, ...]
    messages: Messages
    page: str | None = None  # Page.id
    initiator: Initiator | None = None
    clock: int = 0  # traces of different clocks cannot be compared (the machine's clock was set in between)
    protocols: tuple[str, ...] = ()  # Sec-WebSocket-Protocol: those offered, and the one selected
    opening: tuple[Opening, ...] = ()
    scripts: tuple[str, ...] = ()  # URLs of the code in the initiator's stack, async parents included
    attribution: Attribution | None = None  # as a capture that we wrote ourselves tells it (extract)
    context: str | None = None  # where its code ran, if not in the page itself: iframe, worker
    user_context: str | None = None  # the browser context that it belongs to: its cookies, a login of its own
    coverage: Coverage = Coverage()
    key: str | None = None  # Sec-WebSocket-Key
    file: int = 0  # the place of its file in `Capture.files`
    also: tuple[Place, ...] = ()
    extension: bool | None = False  # a browser extension opened it, and not the page; None: nothing shows who did
    origin: str | None = None  # of the code that opened it
    where: Where | None = None  # None: the capture is of one scope

    @property
    def signs(self) -> tuple[Instant, ...]:
        """The first and the last of the messages that show that the socket was open; empty where none does."""
        messages = self.messages
        if not self.coverage.only_sent:
            return tuple(at for at in (messages.first, messages.last) if at is not None)
        sent = [at for at, direction in zip(messages.times, messages.directions, strict=False) if direction]
        return (min(sent), max(sent)) if sent else ()


class PageEnd(Value, frozen=True):
    """How a document came to its end: another one took its place."""

    within: Bounds
    by: PageKind
    final: bool  # its sockets die with it; else the back/forward cache may keep them connected
    successor: str  # Page.id
    assumes: Caveat | None = None  # what `final` rests on


class Page(Value, frozen=True):
    """One document in a tab."""

    own_words = frozenset()  # its id is the exporter's, or whatever whoever wrote the file made of it

    id: str
    url: str
    started: Instant | None
    kind: PageKind
    end: PageEnd | None = None
    returned: bool = False  # its URL was seen before, with another in between
    recorded: bool = True  # its load is in the capture; else no more than its name, or what was left of it
    shows_departure: bool = True  # without an `end` it was not left; False: the capture would not show that


class Capture(Value, frozen=True):
    """Hold what was read of one capture. Nothing is concluded yet: `analyze` does that.

    files: what it was read from: one file, or several of one run (`--together`).
    pages: the documents, in order.
    caveats: the limits of this capture, each with `id` and `message`.
    skipped: parts that could not be read, each with `pointer` and `problem`.
    console: warnings and errors of the browser's console that name a socket, a service or its client, as our recorder
    keeps them; `console_dropped`: how many more there were.

    `source`, `sha256`, `bytes`, `content_sha256`, `format`, `exporter`, `observed`, `records` and `clock` are those of
    the file. Of several files: all names, no hash, the format `merged`, all programs, and the sums.
    """

    files: tuple[File, ...]
    pages: tuple[Page, ...]
    traces: tuple[Trace, ...]
    caveats: tuple[Caveat, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    console: tuple[ConsoleLine, ...] = ()
    console_dropped: int = 0

    def locate(self, file: int, pointer: str) -> str:
        """Name a place in one of its files; of several files with the name of the file: `a.har#/log/entries/4`."""
        return f"{self.files[file].source}#{pointer}" if len(self.files) > 1 else pointer

    def with_file(self, **changes: Any) -> Capture:
        """Return the capture with these fields of its file changed (of the first, if there are several)."""
        file = msgspec.structs.replace(self.files[0], **changes)
        return msgspec.structs.replace(self, files=(file, *self.files[1:]))

    @property
    def source(self) -> str:
        return TOGETHER.join(file.source for file in self.files)

    @property
    def sha256(self) -> str | None:
        return self.files[0].sha256 if len(self.files) == 1 else None

    @property
    def content_sha256(self) -> str | None:
        return self.files[0].content_sha256 if len(self.files) == 1 else None

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def format(self) -> str:
        return self.files[0].format if len(self.files) == 1 else "merged"

    @property
    def exporter(self) -> Exporter:
        exporters = list(dict.fromkeys(file.exporter for file in self.files))
        if len(exporters) == 1:
            return exporters[0]
        return Exporter("unknown", None, None, " and ".join(dict.fromkeys(it.label for it in exporters)))

    @property
    def observed(self) -> Interval | None:
        """The first and the last instant that anything in the files witnesses."""
        stretches = [file.observed for file in self.files if file.observed is not None]
        return reduce(Interval.hull, stretches) if stretches else None

    @property
    def records(self) -> int:
        return sum(file.records for file in self.files)

    def count_records(self) -> str:
        """Say how many records it has, by the word of its format: `12 entries`; of several formats `12 records`."""
        units = {file.unit for file in self.files}
        unit = units.pop() if len(units) == 1 else "record"
        return plural(self.records, unit, UNITS.get(unit, ""))

    @property
    def clock(self) -> Clock:
        """Wall clock if any of its files has one: the others are aligned with that."""
        return Clock.WALL if any(file.clock is Clock.WALL for file in self.files) else Clock.RELATIVE

    @property
    def saved_as(self) -> str:
        return self.files[0].saved_as if len(self.files) == 1 else ""

    @property
    def hides_sockets(self) -> bool:
        """May whole sockets be missing from the capture?"""
        return any(caveat.hides_sockets for caveat in self.caveats)

    @property
    def is_damaged(self) -> bool:
        """May any byte of it be wrong?"""
        return any(caveat.id == CaveatKind.DAMAGED for caveat in self.caveats)

    def __repr__(self) -> str:
        counts = f"{plural(len(self.traces), 'socket')} in {self.count_records()}"
        return f"<Capture {file_name(self.source)}: {self.exporter.id}, {counts}>"
