"""What is concluded about one socket, and about several at the same time."""

from __future__ import annotations

from enum import StrEnum

from analyzer.intervals import Interval
from analyzer.model.attribution import Attribution, Client, Identity, Provider
from analyzer.model.callstack import Frame, Initiator
from analyzer.model.capture import Bounds, Messages, Place, Where
from analyzer.model.caveats import Caveat
from analyzer.model.sentence import Kind, Quote, Sentence, assemble, chain, count, length
from analyzer.model.text import HOST
from analyzer.model.time import Duration, Instant, format_duration
from analyzer.model.value import Value


class Confidence(StrEnum):
    PROVEN = "proven"
    POSSIBLE = "possible"


class Outcome(StrEnum):
    """Where a socket's life stood when the capture ended."""

    CLOSED = "closed"
    OPEN = "open"
    FAILED = "failed"
    CONNECTING = "connecting"
    UNKNOWN = "unknown"  # it opened, and the capture cannot say whether it closed


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
    where: `tab` (a HAR of one tab has it), `browser` (elsewhere in the browser) or `unknown`; None: not divided so.
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
    attribution: Attribution = Attribution()
    context: str | None = None  # where its code ran, if not in the page itself: iframe, worker
    user_context: str | None = None  # the browser context that it belongs to, with cookies and logins of its own
    assumes: Caveat | None = None  # what its outcome rests on
    contradicts: Caveat | None = None  # what is recorded of it contradicts itself
    key: str | None = None  # Sec-WebSocket-Key: 16 random bytes, so another socket has another one
    seen_in: tuple[Place, ...] = ()  # each record that stands for it, the one of `pointer` first
    only_sent: bool = False  # of its messages only those that were sent show that it was open (Coverage)
    extension: bool | None = False  # a browser extension opened it, and not the page; None: nothing shows who did
    where: Where | None = None  # None: the capture is of one scope

    def __repr__(self) -> str:
        host = HOST.match(self.endpoint)
        sent, received = self.messages.sent, self.messages.received
        counts = "" if sent is None or received is None else f", {sent:,} sent, {received:,} received"
        return f"<Session #{self.id[1:]}{' ' + host[0] if host else ''}: {self.outcome}{counts}>"

    @property
    def provider(self) -> Provider | None:
        return self.attribution.provider

    @property
    def identity(self) -> Identity | None:
        return self.attribution.identity

    @property
    def client(self) -> Client | None:
        return self.attribution.client

    @property
    def dev_only(self) -> bool:
        """It belongs to a development server: hot or live reload."""
        provider = self.attribution.provider
        return provider is not None and provider.dev_only

    @property
    def user(self) -> tuple[str, str | None, str] | None:
        """(service, app, user): equal for sockets of the same user of the same app; None where that is not known."""
        provider, identity = self.attribution.provider, self.attribution.identity
        if provider is None or identity is None or identity.user is None:
            return None
        return provider.id, identity.app, identity.user

    @property
    def may_have_user(self) -> bool:
        """Its user is known, or its messages would name the user; other sockets have none in any capture."""
        return self.user is not None or self.attribution.has_contents is not None

    @property
    def last_sign(self) -> Instant | None:
        """The last instant at which the capture shows that it was open: of one that was still open when the capture
        was saved also a message that it received, which alone would not prove that (`only_sent`)."""
        if self.outcome is not Outcome.OPEN or self.messages.last is None:
            return self.last_seen
        return self.messages.last if self.last_seen is None else max(self.last_seen, self.messages.last)

    @property
    def name(self) -> Sentence:
        """For people: `socket #1` of s1."""
        return Sentence("socket {}", self.number)

    @property
    def number(self) -> Sentence:
        """`#1` of s1."""
        return assemble(("#", Quote(Kind.NUMBER, self.id[1:])))

    def proves(self, template: str, *values: Sentence | int, frame: Frame | None = None) -> Proof:
        """Return what can be seen of this socket, or in this frame of its stack, as a Sentence."""
        return Proof(self.id, self.pointer, Sentence(template, *values), frame)


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
            length = "" if self.at_most is None else f", ≤ {format_duration(self.at_most)}"
        else:
            length = f", {'≥ ' * self.duration_is_lower_bound}{format_duration(self.duration)}"
        return f"<Overlap {self.confidence}: {', '.join(self.sessions)}{length}>"

    def brief(self, tolerance: Duration) -> bool:
        """It ended, and surely lasted less than the tolerance: a hand-over, not two connections kept."""
        return self.at_most is not None and self.at_most < tolerance


def describe_peak(proven: int, possible: int | None) -> str:
    """Write a peak with its bounds: `2`, `1 to 3`, or `≥ 2` if nothing bounds it (None)."""
    if possible is None:
        return f"≥ {proven:,}"
    return f"{proven:,}" if possible <= proven else f"{proven:,} to {possible:,}"


def describe(overlap: Overlap, least: int = 2) -> Sentence:
    """Say how long `least` or more sockets were open, and how many at most: `2 or more for at least 2.23 s, peak 4`.

    The peak never stands for the whole length.
    """
    if len(overlap.sessions) == 2:
        many = Sentence("both{}", _length(overlap))
    else:
        many = Sentence("{} or more{}" if overlap.peak > least else "{} of them{}", least, _length(overlap))
    details = [many]
    details += [Sentence("peak {}", overlap.peak)] if overlap.peak > least else []
    details += [Sentence("still open when the capture was saved")] if overlap.interval.end is None else []
    return chain(details)


def describe_overlap(overlap: Overlap, whose: Sentence, least: int = 2) -> Sentence:
    """Say which sockets overlapped, without a full stop: `2 sockets of HOST were open at the same time for 1.2 s`."""
    number = len(overlap.sessions)
    sockets = Sentence("{} of {}", count(number, "socket"), whose)
    if overlap.peak < number:
        sockets = Sentence("Up to {} of {}", overlap.peak, sockets)
    if number > max(2, least) or overlap.peak < number:
        return Sentence("{} were open at the same time: {}", sockets, describe(overlap, least))
    last = Sentence(", still open when the capture was saved" if overlap.interval.end is None else "")
    return Sentence("{} were open at the same time{}{}", sockets, _length(overlap), last)


def _length(overlap: Overlap) -> Sentence:
    """The length of an overlap with its bounds: ` for at least 2.23 s and at most 3 s`."""
    if not overlap.duration:
        return Sentence("")
    sure = overlap.at_most is not None and format_duration(overlap.at_most) == format_duration(overlap.duration)
    if sure or not overlap.duration_is_lower_bound:
        return Sentence(" for {}", length(overlap.duration))
    if overlap.at_most is None:
        return Sentence(" for at least {}", length(overlap.duration))
    return Sentence(" for at least {} and at most {}", length(overlap.duration), length(overlap.at_most))


class Proof(Value, frozen=True):
    """Where one can see a cause: in the stack of a socket, or in what passed over it."""

    session: str  # Session.id
    pointer: str
    statement: Sentence
    frame: Frame | None = None

    @property
    def line(self) -> str:
        """`socket #2, /log/entries/5: what: function (url:line:column)`."""
        place = f"socket #{self.session[1:]}, {self.pointer}: {self.statement}"
        return place if self.frame is None else f"{place}: {self.frame.named}"
