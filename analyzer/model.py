"""The words of the domain, as frozen values. What they mean: docs/architecture.md.

Every instant is an integer, microseconds since the Unix epoch (UTC); every duration likewise in microseconds.
Datetimes, floats and strings of time exist only at the edges (readers, outputs).
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from enum import Enum, StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeAlias, TypeVar, overload

import msgspec

from analyzer import arguments
from analyzer.durations import Microseconds
from analyzer.intervals import Interval
from analyzer.views import Maskable, Picturable, Viewable

TOGETHER = " + "  # between the sources of several captures that are told as one
Instant: TypeAlias = int
Duration: TypeAlias = int

SECOND: Duration = 1_000_000
MILLISECOND: Duration = 1_000

PLAIN = (bool, int, float, Enum, Interval)  # what holds no text of a capture
MANY = (tuple, list, array, bytes, bytearray, frozenset, dict)


class Discreet:
    """What may hold text of a capture: its repr shows none, so that no notebook, log, traceback or failing assertion
    does. Shown are numbers, words of our own (`own_words`), and how many there are of the rest.
    """

    __slots__ = ()
    __struct_fields__: ClassVar[tuple[str, ...]]
    own_words: ClassVar[frozenset[str]] = frozenset()  # fields whose text is ours

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        fields = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [
            (name, len(value) if isinstance(value, MANY) and not isinstance(value, PLAIN) else value)
            for name, value in fields
            if isinstance(value, PLAIN + MANY) or (name in self.own_words and value is not None)
        ]

    def __repr__(self) -> str:
        said = "".join(f" {name}={value!s}" for name, value in self.__rich_repr__())
        return f"<{type(self).__name__}{said}>"


class Value(Discreet, msgspec.Struct, frozen=True):
    """Base of all values: immutable, compared by content.

    A msgspec struct rather than a dataclass: 25 frozen dataclasses cost 11 ms of a start-up of 100.
    """

    own_words = frozenset({"id", "evidence", "rule", "cause", "session", "scope", "mode"})


def spoken(duration: Duration) -> str:
    """A duration for people, to three figures: `0.76 ms`, `703 ms`, `2.23 s`, `41.5 s`, `4 min 10 s`, `2 h 5 min`."""
    if duration < 10 * MILLISECOND:
        return f"{duration / MILLISECOND:.2g} ms"
    if duration < SECOND - MILLISECOND // 2:
        return f"{duration / MILLISECOND:.0f} ms"
    if duration < 60 * SECOND - SECOND // 20:
        return f"{duration / SECOND:.2f} s" if duration < 10 * SECOND else f"{duration / SECOND:.1f} s"
    minutes, seconds = divmod(round(duration / SECOND), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


NAMED, LONG = 5, 400  # addresses that are named one by one, and letters of all of them


def enumerated(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def plural(number: int, one: str, many: str = "") -> str:
    """`1 socket`, `5,000 sockets`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def name_source(source: str) -> str:
    """Name a capture for people: the JSON has `-` for standard input."""
    return "standard input" if source == "-" else source


class CaptureError(Exception):
    """A capture cannot be read. Its message never quotes the file.

    source: the capture.
    pointer: the place in it, a JSON Pointer, or empty.
    problem: what is wrong, in one line.
    """

    def __init__(self, source: str, pointer: str, problem: str) -> None:
        super().__init__(f"{source}: {pointer}: {problem}" if pointer else f"{source}: {problem}")
        self.source = source
        self.pointer = pointer
        self.problem = problem


Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def bare(reads: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let a CaptureError of a function hold what it says and no more: neither the error behind it nor the frames that
    it came through, which hold the text of the file."""

    @wraps(reads)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        try:
            return reads(*args, **kwargs)
        except CaptureError as error:
            said = CaptureError(error.source, error.pointer, error.problem)
        raise said

    return called


def file_name(source: str) -> str:
    """The name of a capture's file, without the folders that it is in; of several captures those of all."""
    names = (re.split(r"[/\\]", it.partition("?")[0])[-1] for it in source.split(TOGETHER))
    return "".join(it if it.isprintable() else "?" for it in TOGETHER.join(names))


class Direction(StrEnum):
    SEND = "send"
    RECEIVE = "receive"


class Confidence(StrEnum):
    PROVEN = "proven"
    POSSIBLE = "possible"


class Severity(StrEnum):
    """As SARIF has it."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the least grave."""
        return list(Severity).index(self)

    def at_least(self, threshold: Severity) -> bool:
        return self.rank >= threshold.rank


class Verdict(StrEnum):
    """Say what a capture as a whole shows. It counts every socket, whatever the policy.

    OVERLAP: two or more sockets were certainly open at the same time.
    POSSIBLE_OVERLAP: that is possible, and not certain.
    INCONCLUSIVE: nothing overlaps, but sockets may be missing from the file.
    NO_OVERLAP: all sockets are there, and none overlap, not even possibly.
    NO_SOCKETS: there are none.
    """

    OVERLAP = "overlap"
    POSSIBLE_OVERLAP = "possible-overlap"
    INCONCLUSIVE = "inconclusive"
    NO_OVERLAP = "no-overlap"
    NO_SOCKETS = "no-sockets"


class Outcome(StrEnum):
    """Where a socket's life stood when the capture ended."""

    CLOSED = "closed"
    OPEN = "open"
    FAILED = "failed"
    CONNECTING = "connecting"
    UNKNOWN = "unknown"  # it opened, and the capture cannot say whether it closed


class PageKind(StrEnum):
    """How a document came to be loaded."""

    LOAD = "load"
    RELOAD = "reload"
    NAVIGATION = "navigation"
    RESTORE = "restore"  # from the back/forward cache
    UNKNOWN = "unknown"


class Silence(StrEnum):
    """What it means that an exporter shows no close of a socket that opened."""

    OPEN = "open"  # it was open at export: this exporter records every close
    OPEN_IF_PAGE_LIVES = "open-if-page-lives"  # Chrome: reported, unless the page itself went away
    NOTHING = "nothing"  # closes are not recorded


class Assume(StrEnum):
    """What somebody says of a capture, where the capture itself does not."""

    NO_BFCACHE = "no-bfcache"  # the back/forward cache was off
    BFCACHE = "bfcache"  # it was on, where an answer would assume that it was off
    RECORDED_FROM_START = "recorded-from-start"  # DevTools was open before the page, and nothing was cleared


class Skipped(Value, frozen=True):
    """A part of the capture that could not be read, and why."""

    pointer: str
    offset: int | None  # bytes from the start of the (uncompressed) document
    problem: str


class Caveat(Value, frozen=True):
    """Why the capture as a whole may show less than happened. `hides_sockets`: whole sockets may be missing. `assumed`:
    the answer rests on it, though the capture does not show it."""

    id: str
    message: str
    hides_sockets: bool = False
    assumed: bool = False


class Bounds(Value, frozen=True):
    """The bounds within which an instant lies, and what says so. None: no bound on that side."""

    earliest: Instant | None
    latest: Instant | None
    evidence: str
    pointer: str = ""


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
    evidence: str
    pointer: str


class Closed(Value, frozen=True):
    """readyState CLOSED. `code` and `reason` as in RFC 6455 section 7.4, where the exporter records them.

    `problem`: the error that closed it, in the browser's words.
    """

    within: Bounds
    code: int | None = None
    reason: str | None = None
    problem: str | None = None


class Silent(Value, frozen=True):
    """The field that would tell of a close is there, and tells of none: what that means, `Silence` says."""

    pointer: str


Event: TypeAlias = Requested | Accepted | Rejected | Active | Closed | Silent


class Messages(Value, frozen=True):
    """The data messages of one socket, in the order of the file; the arrays run in parallel.

    `times` is empty where the exporter's clock is unknown, while the counts still hold.
    """

    times: array[int]  # Instants
    directions: bytes  # 1 sent, 0 received
    opcodes: array[int]  # RFC 6455 section 5.2: 1 text, 2 binary
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


class Frame(Value, frozen=True):
    """One function on a call stack, with where in it the next one was called. Line and column count from 1."""

    function: str | None
    url: str | None
    line: int | None
    column: int | None
    script: str | None = None  # the browser's id of the script: one URL may be loaded several times

    @property
    def named(self) -> str:
        """`function (url:line:column)`, as far as it is known."""
        place = ":".join(str(it) for it in (self.url, self.line, self.column) if it is not None)
        return f"{self.function or '(anonymous)'} ({place})" if place else self.function or "(anonymous)"


class Calls(Value, frozen=True):
    """The frames of one turn of the event loop, innermost first."""

    frames: tuple[Frame, ...]
    label: str | None = None  # how they scheduled the turn after them: `await`, `setTimeout`; React: `<Component>`


class Initiator(Value, frozen=True):
    """The code that opened the socket. Line and column count from 1."""

    function: str | None
    component: str | None  # the React component, `<Widget>`
    url: str | None
    line: int | None
    column: int | None
    own: bool = True  # the application's own code, as far as names and URLs tell; False: a library's, all through
    stack: tuple[Calls, ...] = ()  # the whole of it, async parents included

    @property
    def frames(self) -> Iterator[Frame]:
        return (frame for calls in self.stack for frame in calls.frames)

    @property
    def place(self) -> str:
        """`url:line:column`, as far as it is known."""
        return ":".join(str(it) for it in (self.url, self.line, self.column) if it is not None)


class Opening(Value, frozen=True):
    """The data of one of a socket's first messages, as text (bytes as Latin-1): it tells whose socket it is."""

    direction: Direction
    text: str
    cut: bool  # it goes on


class Limit(Value, frozen=True):
    """How many connections a service documents that it allows."""

    scope: str  # within which they are counted: user, app, ...
    max: int
    source: str  # URL
    checked: str  # the date on which the source said so
    mode: str | None = None  # development, production, or a plan of the service; None: always


class Provider(Value, frozen=True):
    """A WebSocket service, or the socket of a dev server, as far as outputs and rules need to know it."""

    id: str
    name: str
    dev_only: bool = False
    limits: tuple[Limit, ...] = ()
    per_page: int = 1  # sockets that one page opens by design
    billing: str | None = None
    remedy: str | None = None
    link: str | None = None


class Identity(Value, frozen=True):
    """Whom a session belongs to. None: the capture does not tell."""

    app: str | None
    user: str | None


class Client(Value, frozen=True):
    """The library that opened the socket."""

    name: str | None
    version: str | None
    runtime: str | None


class Affiliation(Value, frozen=True):
    """What a socket belongs to, as far as its URL, subprotocols, first messages and initiator tell.

    `secrets`: values that must leave no output, wherever else they occur.
    """

    provider: Provider | None = None
    identity: Identity | None = None
    client: Client | None = None
    secrets: tuple[str, ...] = ()


HOST = re.compile(r"wss?://[\w.:[\]-]{1,100}(?=[/?#]|$)")  # of an address; what follows may be secret


class Watch(Value, frozen=True):
    """How long a close of this socket would have been recorded: as long as its document lived."""

    until: Instant | None  # its document's last sign of life
    to_the_end: bool = False  # it still lived when the capture was saved
    assumes: Caveat | None = None  # what that rests on


class Trace(Value, frozen=True):
    """All events of one socket, in the order in which they happened, with what the entry says beside them.

    `pointer`: its entry, or the one that tells most where several stand for it; `also`: the others.
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
    affiliation: Affiliation | None = None  # as a capture that we wrote ourselves tells it (extract)
    context: str | None = None  # where its code ran, if not in the page itself: iframe, worker
    watch: Watch | None = None
    key: str | None = None  # Sec-WebSocket-Key
    also: tuple[str, ...] = ()
    extension: bool = False  # a browser extension opened it, and not the page


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


class Exporter(Value, frozen=True):
    """The program that wrote the capture. `id` is ours; `name` and `version` as the file has them."""

    id: str
    name: str | None
    version: str | None
    label: str  # for people


class Capture(Value, frozen=True):
    """Hold what was read of one capture. Nothing is concluded yet: `analyze` does that.

    source: its name in outputs.
    sha256, bytes: of the file; the hash is None above 32 MiB.
    content_sha256: of the unpacked capture, so that it is the same for `a.har` and `a.har.gz`.
    format, exporter: what the file is, and the program that wrote it: `exporter.id`, `exporter.label`.
    observed: the first and the last instant that anything in the file witnesses.
    entries: how many requests the file has.
    pages: the documents, in order.
    caveats: the limits of this capture, each with `id` and `message`.
    skipped: parts that could not be read, each with `pointer` and `problem`.
    """

    source: str
    sha256: str | None
    bytes: int
    format: str
    exporter: Exporter
    observed: Interval | None  # first and last instant that anything in the file witnesses
    entries: int
    pages: tuple[Page, ...]
    traces: tuple[Trace, ...]
    silence: Silence
    in_order_of_close: bool  # entries stand in the order in which they ended
    records_messages: bool
    caveats: tuple[Caveat, ...]
    skipped: tuple[Skipped, ...]
    content_sha256: str | None = None

    @property
    def hides_sockets(self) -> bool:
        """May whole sockets be missing from the capture?"""
        return any(caveat.hides_sockets for caveat in self.caveats)

    def __repr__(self) -> str:
        counts = f"{plural(len(self.traces), 'socket')} in {self.entries:,} entries"
        return f"<Capture {file_name(self.source)}: {self.exporter.id}, {counts}>"


class Session(Value, frozen=True):
    """Hold what a capture shows of one socket.

    id: `s1`, `s2`, ...
    pointer: its place in the file, a JSON Pointer.
    url, endpoint: its address, with and without the query. They are not masked.
    page: id of the page that it belongs to.
    initiator: the code that opened it.
    outcome: `closed`, `open` (when the capture was saved), `failed`, `connecting` or `unknown` (it opened, and the
    capture does not show whether it closed).
    created, opened, closed: the `earliest` and `latest` instant of the handshake's request, of the opening, of the
    close, with the `evidence`. None: it did not happen, or nothing is known.
    proven: the interval in which it was certainly open. An end of None: still open when the capture was saved.
    possible: the interval in which it was possibly open. An end of None: no upper bound. `proven` lies within it.
    close_code, close_reason: as in RFC 6455, where the exporter records them.
    messages: `sent` and `received`, how many; times, directions and lengths, never data. `messages_frame` has them all.
    provider, identity, client: the service, app and user, and the client library, where known.
    problem: why the handshake failed, or the error that closed an open socket.
    """

    id: str
    pointer: str
    url: str
    endpoint: str
    page: str | None
    initiator: Initiator | None
    outcome: Outcome
    created: Bounds | None
    opened: Bounds | None
    closed: Bounds | None
    proven: Interval | None
    possible: Interval | None
    last_seen: Instant | None  # its own last sign of life
    close_code: int | None
    close_reason: str | None
    messages: Messages
    problem: str | None = None  # why the handshake failed, or the error that closed an open socket
    clock: int = 0
    affiliation: Affiliation = Affiliation()
    context: str | None = None  # where its code ran, if not in the page itself: iframe, worker
    assumes: Caveat | None = None  # what its outcome rests on
    key: str | None = None  # Sec-WebSocket-Key: 16 random bytes, so another socket has another one
    also: tuple[str, ...] = ()  # pointers of further entries that stand for the same socket
    extension: bool = False  # a browser extension opened it, and not the page

    def __repr__(self) -> str:
        host = HOST.match(self.endpoint)
        sent, received = self.messages.sent, self.messages.received
        counts = "" if sent is None or received is None else f", {sent:,} sent, {received:,} received"
        return f"<Session #{self.id[1:]}{' ' + host[0] if host else ''}: {self.outcome}{counts}>"

    @property
    def provider(self) -> Provider | None:
        return self.affiliation.provider

    @property
    def identity(self) -> Identity | None:
        return self.affiliation.identity

    @property
    def client(self) -> Client | None:
        return self.affiliation.client

    @property
    def dev_only(self) -> bool:
        """It belongs to a development server: hot or live reload."""
        provider = self.affiliation.provider
        return provider is not None and provider.dev_only

    @property
    def user(self) -> tuple[str, str | None, str] | None:
        """(service, app, user): equal for sockets of the same user of the same app; None where that is not known."""
        provider, identity = self.affiliation.provider, self.affiliation.identity
        if provider is None or identity is None or identity.user is None:
            return None
        return provider.id, identity.app, identity.user

    @property
    def name(self) -> str:
        """For people: `socket #1` of s1."""
        return f"socket #{self.id[1:]}"

    def proves(self, said: str, frame: Frame | None = None) -> Proof:
        """What can be seen of this socket, or in this frame of its stack."""
        return Proof(self.id, self.pointer, said, frame)


class Overlap(Value, frozen=True):
    """Hold one overlap: a stretch of time with two or more sockets open.

    confidence: `proven` (certain) or `possible`.
    interval: `start` and `end`. An end of None: still so when the capture was saved.
    duration: microseconds; a minimum where `duration_is_lower_bound`.
    at_most: it cannot have lasted longer. None: no upper bound.
    peak: how many were open at the same time at most, though not for all of that time.
    sessions: the ids of all sockets that took part.
    """

    confidence: Confidence
    interval: Interval
    duration: Duration
    duration_is_lower_bound: bool
    peak: int
    sessions: tuple[str, ...]  # Session.id
    at_most: Duration | None = None  # it cannot have lasted longer; None: no upper bound

    def __repr__(self) -> str:
        if self.confidence is Confidence.POSSIBLE:
            length = "" if self.at_most is None else f", ≤ {spoken(self.at_most)}"
        else:
            length = f", {'≥ ' * self.duration_is_lower_bound}{spoken(self.duration)}"
        return f"<Overlap {self.confidence}: {', '.join(self.sessions)}{length}>"

    def brief(self, tolerance: Duration) -> bool:
        """It ended, and surely lasted less than the tolerance: a hand-over, not two connections kept."""
        return self.at_most is not None and self.at_most < tolerance


def describe_peak(proven: int, possible: int | None) -> str:
    """Write a peak with its bounds: `2`, `1 to 3`, or `≥ 2` if nothing bounds it (None)."""
    if possible is None:
        return f"≥ {proven:,}"
    return f"{proven:,}" if possible <= proven else f"{proven:,} to {possible:,}"


def describe(overlap: Overlap, least: int = 2) -> str:
    """Say how long `least` or more sockets were open, and how many at most: `2 or more for at least 2.23 s, peak 4`.

    The peak never stands for the whole length.
    """
    many = "both" if len(overlap.sessions) == 2 else f"{least}{' or more' if overlap.peak > least else ' of them'}"
    details = [many + _length(overlap)]
    details += [f"peak {overlap.peak:,}"] if overlap.peak > least else []
    details += ["still open when the capture was saved"] if overlap.interval.end is None else []
    return ", ".join(details)


def describe_overlap(overlap: Overlap, whose: str, least: int = 2) -> str:
    """Say which sockets overlapped, without a full stop: `2 sockets of HOST were open at the same time for 1.2 s`."""
    number = len(overlap.sessions)
    some = overlap.peak < number
    sockets = f"{f'Up to {overlap.peak:,} of ' if some else ''}{plural(number, 'socket')} of {whose}"
    were = "were open at the same time"
    if number > max(2, least) or overlap.peak < number:
        return f"{sockets} {were}: {describe(overlap, least)}"
    last = ", still open when the capture was saved" if overlap.interval.end is None else ""
    return f"{sockets} {were}{_length(overlap)}{last}"


def _length(overlap: Overlap) -> str:
    """The length of an overlap with its bounds: ` for at least 2.23 s and at most 3 s`."""
    if not overlap.duration:
        return ""
    sure = overlap.at_most is not None and spoken(overlap.at_most) == spoken(overlap.duration)
    least = "at least " if overlap.duration_is_lower_bound and not sure else ""
    most = f" and at most {spoken(overlap.at_most)}" if least and overlap.at_most is not None else ""
    return f" for {least}{spoken(overlap.duration)}{most}"


class CauseConfidence(StrEnum):
    """How certain a cause is. LIKELY: another cause can look the same in this capture."""

    LIKELY = "likely"
    CERTAIN = "certain"


class Finding(Value, frozen=True):
    """Hold what a rule says of some sockets.

    rule: its id (docs/rules).
    severity: `note`, `warning` or `error`.
    confidence: `proven` (certain) or `possible`.
    message: one sentence.
    interval: the stretch of time that it is about, or None.
    sessions, pointers: the ids of the sockets, and their places in the file.
    remedy, link: what to do, and where to read more.
    fingerprint: equal for the same fault in another capture: no times and no ids are in it.
    dev_only: it concerns development alone.
    cause: id of the cause (docs/causes), or None.
    proof: the places in the capture that show the cause.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    interval: Interval | None
    sessions: tuple[str, ...]
    pointers: tuple[str, ...]
    remedy: str | None = None
    link: str | None = None
    fingerprint: str = ""
    former_fingerprint: str = ""  # that of earlier versions, where it differs: baselines of then still match
    peak: int | None = None  # of an overlap: how many were open at the same time at most
    dev_only: bool = False  # it concerns development alone: dev servers, or a cause that production does not have
    cause: str | None = None  # Cause.id
    why: str | None = None  # that cause, in one sentence
    cause_confidence: CauseConfidence | None = None
    proof: tuple[Proof, ...] = ()  # where one can see it

    def __repr__(self) -> str:
        cause = "" if self.cause is None else f", {self.cause}"
        return f"<Finding {self.rule}: {self.severity}, {self.confidence}{cause}, {', '.join(self.sessions)}>"

    @property
    def explanation(self) -> str | None:
        """The cause as people read it: `Likely cause: ...` or `Cause: ...`."""
        if self.why is None:
            return None
        return f"{'Cause' if self.cause_confidence is CauseConfidence.CERTAIN else 'Likely cause'}: {self.why}"


class Proof(Value, frozen=True):
    """Where one can see a cause: in the stack of a socket, or in what passed over it."""

    session: str  # Session.id
    pointer: str
    said: str
    frame: Frame | None = None

    @property
    def line(self) -> str:
        """`socket #2, /log/entries/5: what: function (url:line:column)`."""
        told = f"socket #{self.session[1:]}, {self.pointer}: {self.said}"
        return told if self.frame is None else f"{told}: {self.frame.named}"


class Explanation(Value, frozen=True):
    """Why sockets were open at the same time, where the capture shows it."""

    why: str  # one sentence
    proof: tuple[Proof, ...]
    remedy: str | None = None  # None: that of the rule
    link: str | None = None
    sure: bool = True  # False: another cause that looks the same in this capture is not ruled out


class Cause(Value, frozen=True):
    """Why several sockets were open at once: a pure function over what a rule says of an overlap, proven or possible,
    and sessions in the order in which they were asked for; its module's docstring is its manual page.

    The sessions are some of the finding's that have the same `key`, each of which was open together with another of
    them: certainly, where the overlap is proven. So a cause names no socket that was alone.
    """

    id: str
    title: str
    explain: Callable[[Finding, Sequence[Session]], Explanation | None]
    key: Callable[[Session], Hashable] = lambda _: None  # None: this socket is none of the cause's business
    dev_only: bool = False  # production does not have it
    at_most: Severity | None = None  # an overlap that it explains is not graver
    of_all: bool = False  # its function gets all sessions of the capture: what closed before tells, too

    @property
    def manual(self) -> str:
        """Return its manual page: the docstring of its module."""
        return (sys.modules[self.explain.__module__].__doc__ or "").strip()


class Scope(StrEnum):
    """Within what sockets are counted together."""

    CAPTURE = "capture"
    PAGE = "page"
    ENDPOINT = "endpoint"
    SERVICE = "service"
    USER = "user"


class AppMode(StrEnum):
    """Which of a service's limits holds."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Relation(StrEnum):
    """How sockets that are open at once belong together."""

    SAME_USER = "same-user"  # same service, app and user
    RELATED = "related"  # same endpoint or service, or nothing is known about how they belong together
    UNRELATED = "unrelated"  # each of another known service


class Excess(Value, frozen=True):
    """A stretch with more sockets open than the policy allows within its scope."""

    relation: Relation
    overlap: Overlap


class Group(Value, frozen=True):
    """The sessions that are counted together, with what their service documents."""

    per: Scope
    key: tuple[tuple[str, str | None], ...]  # (name, value) pairs: provider, app, user; endpoint; page
    sessions: tuple[str, ...]  # Session.id
    proven_peak: int
    possible_peak: int
    provider: Provider | None
    limits: tuple[Limit, ...]  # those that are counted per user


class Concurrency(Value, frozen=True):
    proven_peak: int
    possible_peak: int
    proven_overlap: Duration


def _severity(rule: str, given: object) -> Severity | None:
    if arguments.is_never(given):
        return None
    return arguments.word(f"severities, {rule}", given, Severity, arguments.SEVERITIES)


class _NamesChecked(msgspec.StructMeta):
    """Refuse a value without a name, and a keyword that is no field, for which the nearest one is named."""

    def __call__(self, *args: Any, **given: Any) -> Any:
        fields: tuple[str, ...] = self.__struct_fields__
        if args:
            raise TypeError(f"{self.__name__} takes settings by name, such as {fields[0]}=...")
        for name in given:
            if name not in fields:
                raise TypeError(f"{self.__name__} has no setting {name!r}{arguments.hint(name, fields)}")
        return super().__call__(*args, **given)


class Policy(Value, frozen=True, kw_only=True, metaclass=_NamesChecked):
    """Say what is allowed. A policy decides on findings only: verdict and overlaps count every socket.

    per: count sockets together within one `capture`, `page`, `endpoint`, `service` or `user`.
    max_open: how many may be open at the same time, 1 or more.
    tolerance: a shorter overlap is brief, which is a note.
    app_mode: `development` or `production`: which of a service's documented limits to enforce. None: neither.
    count_dev_servers, count_extensions: count the sockets of development servers, of browser extensions.
    severities: per rule id `note`, `warning`, `error` or `off`, in place of the rule's own.
    fail_on: `note`, `warning` or `error`: the least severity that fails a check; `never`: no finding fails.
    allow_undecided, allow_empty: pass captures that cannot prove it; captures in which no socket opened.
    baseline: fingerprints of findings that are known, and pass.
    baseline_peaks: per fingerprint how many sockets may be open at the same time for the finding to pass.
    assume: `no-bfcache`, `bfcache`, `recorded-from-start`: what the capture does not show.
    ghost_beats: heartbeats that a socket may miss before it counts as a ghost.
    storm_opens: reconnects per minute that count as a storm.
    outlives: how long a socket may stay open after its page was left.

    A duration is a `timedelta`, a text such as `"250ms"` or `"1.5 s"`, or a number of milliseconds. The policy holds
    it in microseconds. Raises ValueError for a value and TypeError for a name that it does not know.
    """

    per: Scope = Scope.CAPTURE
    max_open: int = 1
    tolerance: Microseconds = Microseconds(250 * MILLISECOND)
    app_mode: str | None = None
    count_dev_servers: bool = False
    count_extensions: bool = False
    severities: tuple[tuple[str, Severity | None], ...] = ()  # None: off
    fail_on: Severity | None = Severity.WARNING  # None: never
    allow_undecided: bool = False
    allow_empty: bool = False
    baseline: frozenset[str] = frozenset()
    baseline_peaks: tuple[tuple[str, int], ...] = ()
    assume: frozenset[Assume] = frozenset()
    ghost_beats: int = 2  # one may be late
    storm_opens: int = 10  # a client that waits twice as long after each failure makes 7
    outlives: Microseconds = Microseconds(1 * SECOND)  # the swap of documents takes 0.2 s
    file: str | None = None  # the settings file that it is from, as far as options do not say else

    if TYPE_CHECKING:  # wider than the fields: they hold what is given in one form

        def __init__(
            self,
            *,
            per: Scope | str = "capture",
            max_open: int = 1,
            tolerance: timedelta | str | float = "250ms",
            app_mode: str | None = None,
            count_dev_servers: bool = False,
            count_extensions: bool = False,
            severities: Mapping[str, Severity | str | None] | Iterable[tuple[str, Severity | str | None]] = (),
            fail_on: Severity | str | None = "warning",
            allow_undecided: bool = False,
            allow_empty: bool = False,
            baseline: Iterable[str] = (),
            baseline_peaks: Mapping[str, int] | Iterable[tuple[str, int]] = (),
            assume: Assume | str | Iterable[Assume | str] = (),
            ghost_beats: int = 2,
            storm_opens: int = 10,
            outlives: timedelta | str | float = "1s",
            file: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        pairs = self.severities.items() if isinstance(self.severities, Mapping) else self.severities
        peaks = self.baseline_peaks.items() if isinstance(self.baseline_peaks, Mapping) else self.baseline_peaks
        assumed = (self.assume,) if isinstance(self.assume, str) else self.assume
        checked: dict[str, Any] = {
            "per": arguments.word("per", self.per, Scope, arguments.SCOPES),
            "max_open": arguments.count("max_open", self.max_open, 1),
            "tolerance": arguments.duration("tolerance", self.tolerance),
            "app_mode": self.app_mode and arguments.word("app_mode", self.app_mode, AppMode, arguments.APP_MODES).value,
            "severities": tuple((rule, _severity(rule, given)) for rule, given in pairs),
            "fail_on": None
            if arguments.is_never(self.fail_on)
            else arguments.word("fail_on", self.fail_on, Severity, arguments.SEVERITIES),
            "baseline": frozenset(arguments.texts("baseline", self.baseline)),
            "baseline_peaks": tuple((key, arguments.count("baseline_peaks", peak, 1)) for key, peak in peaks),
            "assume": frozenset(arguments.word("assume", it, Assume) for it in arguments.texts("assume", assumed)),
            "ghost_beats": arguments.count("ghost_beats", self.ghost_beats, 1),
            "storm_opens": arguments.count("storm_opens", self.storm_opens, 2),
            "outlives": arguments.duration("outlives", self.outlives),
        }
        for name in ("count_dev_servers", "count_extensions", "allow_undecided", "allow_empty"):
            checked[name] = arguments.switch(name, getattr(self, name))
        for name, value in checked.items():
            msgspec.structs.force_setattr(self, name, value)

    def fails(self, severity: Severity) -> bool:
        """Check whether a finding of this severity fails, unless it is in the baseline."""
        return self.fail_on is not None and severity.at_least(self.fail_on)

    def accepts(self, finding: Finding) -> bool:
        """Check whether the baseline holds a finding, with no fewer sockets open at the same time."""
        accepted = self.accepted_peak(finding)
        return self.holds(finding) and (accepted is None or finding.peak is None or finding.peak <= accepted)

    def holds(self, finding: Finding) -> bool:
        """Check whether the baseline holds a finding, whatever its peak."""
        return not self.baseline.isdisjoint((finding.fingerprint, finding.former_fingerprint))

    def accepted_peak(self, finding: Finding) -> int | None:
        """Return how many sockets the baseline accepts for a finding. None: as many as there are."""
        if not self.holds(finding):
            return None
        key = finding.fingerprint if finding.fingerprint in self.baseline else finding.former_fingerprint
        return dict(self.baseline_peaks).get(key)

    def counts(self, session: Session) -> bool:
        """Is it one of the application's, as rules count them? The others are shown, and in the verdict."""
        return (self.count_dev_servers or not session.dev_only) and (self.count_extensions or not session.extension)


class Report(Picturable, Value, frozen=True):
    """Hold the answer for one capture. In a notebook it shows verdict, chart and findings.

    capture: what was read, with its source, exporter and caveats.
    sessions: one per socket, in the order in which they were asked for; the first has the id `s1`.
    verdict: what the capture as a whole shows; it counts every socket.
    concurrency: `proven_peak` and `possible_peak`, how many sockets were open at the same time at most, certainly and
    possibly; `proven_overlap`, how long two or more were certainly open.
    overlaps: every stretch with two or more open, certain and possible.
    groups: the sockets that are counted together, with the limits of their service.
    findings: what the rules say, by the policy.
    policy: by which the findings were made.
    opened: whether any socket opened.

    An instant is an integer, microseconds since 1970 in UTC: `pandas.to_datetime(instant, unit="us", utc=True)`. A
    duration is an integer, microseconds. Frames have datetimes and seconds. `repr`, `plot` and what a notebook shows
    are masked; the fields hold what the capture holds.
    """

    capture: Capture
    sessions: tuple[Session, ...]
    verdict: Verdict
    concurrency: Concurrency
    overlaps: tuple[Overlap, ...]
    groups: tuple[Group, ...]
    excesses: tuple[Excess, ...]
    findings: tuple[Finding, ...]
    unsure: bool = False  # what the capture leaves open may break the policy
    accepted: tuple[str, ...] = ()  # fingerprints of possible findings that pass because the baseline holds them
    policy: Policy = Policy()  # by which the findings were made
    redaction_key: str | None = None  # with which all that people see is masked; None: masks are numbered

    @property
    def opened(self) -> bool:
        """Was any socket seen to open? Else nothing is shown about overlaps."""
        return any(session.possible is not None for session in self.sessions)

    @property
    def peak(self) -> str:
        """How many sockets were open at the same time at most: `2`, `1 to 3`, or `≥ 2` if some may be missing."""
        possible = None if self.capture.hides_sockets else self.concurrency.possible_peak
        return describe_peak(self.concurrency.proven_peak, possible)

    @property
    def zero(self) -> Instant:
        """From where every output counts: the first instant that the capture witnesses. 0: it has no times."""
        if self.capture.observed is not None:
            return self.capture.observed.start
        bounds = (it for session in self.sessions for it in (session.created, session.opened, session.closed))
        return min((it.earliest for it in bounds if it is not None and it.earliest is not None), default=0)

    def __repr__(self) -> str:
        grave = Counter(it.severity for it in self.findings)
        counts = [plural(len(self.sessions), "socket"), f"peak {self.peak}"]
        counts += [plural(grave[it], it) for it in (Severity.ERROR, Severity.WARNING) if grave[it]]
        return f"<Report {file_name(self.capture.source)}: {self.verdict}, {', '.join(counts)}>"

    def named(self, ids: Iterable[str]) -> tuple[Session, ...]:
        """The sessions with these ids (s1 is the first, so no search)."""
        return tuple(self.sessions[int(id[1:]) - 1] for id in ids)

    def exceeding(self, relation: Relation, tolerance: Duration) -> tuple[Overlap, ...]:
        """The stretches with more open than allowed that belong together so, and lasted more than a moment."""
        told = (it.overlap for it in self.excesses if it.relation is relation)
        return tuple(overlap for overlap in told if not overlap.brief(tolerance))

    def finding(
        self,
        rule: str,
        severity: Severity,
        message: str,
        sessions: Iterable[str],
        *,
        confidence: Confidence = Confidence.PROVEN,
        interval: Interval | None = None,
        remedy: str | None = None,
        link: str | None = None,
        proof: tuple[Proof, ...] = (),
        peak: int | None = None,
    ) -> Finding:
        """What a rule says of these sessions, with where they stand in the file."""
        ids = tuple(sessions)
        named = self.named(ids)
        return Finding(
            rule=rule,
            severity=severity,
            confidence=confidence,
            message=message,
            interval=interval,
            sessions=ids,
            pointers=tuple(session.pointer for session in named),
            remedy=remedy,
            link=link,
            dev_only=bool(named) and all(session.dev_only for session in named),
            proof=proof,
            peak=peak,
        )

    def endpoints(self, ids: Iterable[str]) -> str:
        """Where these sessions connect to, without the scheme: up to five addresses, or hosts where those are too
        long or too many. A path gives way as a whole: a part of it could not be masked."""
        found = list(dict.fromkeys(session.endpoint.partition("://")[2] for session in self.named(ids)))
        if not found:
            return "no address"
        if len(found) < 3 or (len(found) <= NAMED and sum(map(len, found)) <= LONG):
            return enumerated(found)
        hosts = list(dict.fromkeys(place.partition("/")[0] for place in found))
        several = len(hosts) < len(found)
        if len(hosts) > NAMED:
            hosts = [*hosts[:NAMED], plural(len(hosts) - NAMED, "other host")]
        return f"{len(found):,} addresses of {enumerated(hosts)}" if several else enumerated(hosts)


MATTERS = "Why it matters: "  # begins that paragraph of a manual page


class Rule(Value, frozen=True):
    """What is wrong: an id, a title for lists, how severe it mostly is, and a pure function.

    `counts`: it is about what was open at the same time, so it cannot be told where that cannot.
    """

    id: str
    title: str
    severity: Severity
    check: Callable[[Report, Policy], Iterable[Finding]]
    counts: bool = False
    has_cause: bool = False  # what it says is of an overlap, which has a cause
    ends: bool = False  # it is about sockets that end: the sooner they may have, the worse

    @property
    def manual(self) -> str:
        """Its manual page: the docstring of its module."""
        return (sys.modules[self.check.__module__].__doc__ or "").strip()

    @property
    def importance(self) -> str:
        """Why it matters, from its manual page; empty where that does not say so."""
        paragraphs = [" ".join(paragraph.split()) for paragraph in self.manual.split("\n\n")]
        said = next((it.removeprefix(MATTERS) for it in paragraphs if it.startswith(MATTERS)), "")
        return said[:1].upper() + said[1:]


class Unreadable(Maskable, Value, frozen=True):
    """Hold why a capture cannot be read."""

    source: str
    problem: str

    def __repr__(self) -> str:
        return f"<Unreadable {file_name(self.source)}: {self._mask(self.problem)}>"


class Selection(Value, frozen=True):
    """Which captures of a run are shown (`--only`, `--top`), and what the whole run shows."""

    own_words = frozenset({"only"})

    only: tuple[str, ...]  # results, rules, causes; none: all
    top: int | None  # so many, the worst first; None: all
    matching: int  # captures that `only` asks for, each content once
    totals: tuple[tuple[str, int], ...]  # captures of the whole run by result, in words
    repeated: int = 0  # captures of the whole run that are the same file as another one

    def __len__(self) -> int:
        """How many captures the whole run has."""
        return sum(number for _, number in self.totals)


class Run(Viewable, Value, frozen=True):
    """Hold the reports of several captures. In a notebook it shows a table of them, the worst first.

    reports: one per capture that could be read, in the order in which they were asked for.
    unreadable: the others, each with `source` and `problem`.
    policy: by which the findings were made.

    `len(run)` and `for report in run` count and list the reports. `run[0]` is the first one, `run["chat.har"]` the one
    with this name: the whole path, or as much of its end as no other has (KeyError for none and for several).
    """

    reports: tuple[Report, ...]
    unreadable: tuple[Unreadable, ...]
    policy: Policy
    title: str | None = None  # of the report, as whoever asks for it has it
    meta: tuple[tuple[str, str], ...] = ()  # release, build: shown at the head of a report
    rules: tuple[Rule, ...] = ()  # all that were applied, for outputs that list them
    selection: Selection | None = None  # None: all captures are shown
    zone: tzinfo = UTC  # in which people read instants; programs get UTC

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    @overload
    def __getitem__(self, key: int | str) -> Report: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Report, ...]: ...

    def __getitem__(self, key: int | str | slice) -> Report | tuple[Report, ...]:
        """Return a report by its position, or by the name of its capture."""
        return self._by_name(key) if isinstance(key, str) else self.reports[key]

    def _by_name(self, name: str) -> Report:
        sources = [report.capture.source for report in self.reports]
        end = "/" + name.replace("\\", "/").removeprefix("./")
        places = [n for n, source in enumerate(sources) if source == name]
        places = places or [n for n, it in enumerate(sources) if f"/{it}".replace("\\", "/").endswith(end)]
        if len(places) == 1:
            return self.reports[places[0]]
        if places:
            raise KeyError(f"{len(places):,} captures have the name {name!r}: give more of the path, or a number")
        raise KeyError(f"no capture has the name {name!r}{arguments.hint(name, map(file_name, sources))}")

    def __repr__(self) -> str:
        return f"<Run of {plural(len(self.reports), 'report')}, {len(self.unreadable):,} unreadable>"
