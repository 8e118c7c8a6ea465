"""Read single fields of an entry: dates, durations, headers, the clock of its messages. Pure functions."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from analyzer import callstacks
from analyzer.formats import devtools
from analyzer.formats.devtools import split_protocols, text_of
from analyzer.formats.har.raw import RawEntry, RawHeader, RawMessage, RawTimings
from analyzer.formats.json_stream.crowded import is_crowded
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Attribution,
    Client,
    Direction,
    Discreet,
    Duration,
    Evidence,
    Identity,
    Instant,
    Opening,
    Provider,
    Where,
)
from analyzer.model.time import EPOCH
from analyzer.patterns import Pattern

MICROSECOND = timedelta(microseconds=1)
YEAR_2000, YEAR_2200 = 946_684_800 * SECOND, 7_258_118_400 * SECOND  # outside is no date of a capture
ENDLESS = 1e19  # ticks; beyond is no time in any unit
RECEIVE_THRESHOLD = 0.0005  # ms; CDP resolves 0.001, re-imported files carry noise of 0.0002
FOREVER = 366 * 24 * 3600 * SECOND  # a message further from its socket's start does not belong to that clock
LONGEST_DURATION = FOREVER / MILLISECOND  # in milliseconds, as HAR has them
HEADERS = msgspec.json.Decoder(list[RawHeader])
PROTOCOL = "sec-websocket-protocol"
USER_CONTEXT = Pattern(r"(?:\d{1,9}:)?context_\d{1,9}")
SENT, RECEIVED = 1, 0
DIRECTIONS: dict[str | None, int] = {  # as Chrome has them, and as cypress-har-generator has them
    "send": SENT,
    "request": SENT,
    "receive": RECEIVED,
    "response": RECEIVED,
}
OPENING = 4  # messages of which the beginning is kept
CLOSED_BY = {
    "reload": Evidence.PAGE_RELOADED,
    "navigation": Evidence.PAGE_LEFT,
    "page-closed": Evidence.PAGE_CLOSED,
    "page-gone": Evidence.PAGE_GONE,  # of an extract
    "connection-end": Evidence.CONNECTION_END,
    "return": Evidence.CLOSE_ON_RETURN,  # recorded when the back/forward cache brought its page back
}
LONGEST_MESSAGE = 1 << 53  # bytes; what is longer is no length
CLOSE_OPCODE, CONTROL_OPCODES = 8, (8, 9, 10)  # RFC 6455 section 5.2
ERROR_OPCODE = -1  # Chrome's: what it shows is not a frame but its own text
TEXT, BINARY = 1.0, 2.0  # likewise; as the numbers are decoded, since these are compared faster
DATA = (TEXT, BINARY, 0.0, None)  # 0 and none: text, as far as anybody knows


class Ticks(Discreet, msgspec.Struct):
    """The messages of one socket as the file has them: times in ticks of a clock that is not known yet."""

    ticks: array[float] = msgspec.field(default_factory=lambda: array("d"))  # NaN where there is none
    directions: bytearray = msgspec.field(default_factory=bytearray)
    opcodes: array[int] = msgspec.field(default_factory=lambda: array("b"))
    lengths: array[int] = msgspec.field(default_factory=lambda: array("q"))
    control: list[tuple[float, int]] = []  # (ticks, opcode) of close, ping and pong frames
    error: str | None = None  # what Chrome writes of a socket that failed; the first text that is not empty
    failed: float = 0.0  # ticks of the last error
    opening: list[Opening] = []  # the beginning of the first messages
    any: bool = False  # there are messages, of whatever kind

    def add(self, messages: Sequence[RawMessage]) -> None:
        """The messages that follow. A capture may have a million: one pass, and no call for an ordinary one."""
        self.any = self.any or len(messages) > 0
        ticks, directions, opcodes = self.ticks.append, self.directions.append, self.opcodes.append
        lengths, others = self.lengths.append, []
        left = OPENING - len(self.opening)
        for message in messages:
            direction, opcode, data, time = DIRECTIONS.get(message.type), message.opcode, message.data, message.time
            text = opcode == TEXT
            if direction is None or not (text or opcode in DATA):
                others.append(message)
                continue
            ticks(math.nan if time is None else time)
            directions(direction)
            opcodes(1 if text or opcode != BINARY else 2)
            ordinary = text and data is not None and message.length is None and data.isascii()
            lengths(len(data) if ordinary else payload_length(message))  # type: ignore[arg-type]  # data is a text
            if left > 0:
                left -= 1
                self.opening.append(_opening(message))
        if others:
            self._others(others)

    def _others(self, messages: Sequence[RawMessage]) -> None:
        self.control += [(m.time or 0.0, int(m.opcode)) for m in messages if m.opcode in CONTROL_OPCODES]
        for message in messages:
            if message.type == "error" or message.opcode == ERROR_OPCODE:
                self.error = self.error or message.data or ""
                self.failed = max(self.failed, message.time or 0.0)

    @property
    def samples(self) -> tuple[float, ...]:
        """A few times that show what clock they are of."""
        times = (*self.ticks[:1], *self.ticks[-1:])
        return times if times or self.error is None else (self.failed,)


def ticks(messages: Sequence[RawMessage]) -> Ticks:
    collected = Ticks()
    collected.add(messages)
    return collected


def is_socket(entry: RawEntry) -> bool:
    """Any of the marks that real exporters write. The mere key `_webSocketMessages` is none (cypress-har-generator
    has it on every entry)."""
    kind = (entry.resource_type or "").lower()
    if kind == "websocket" or entry.response.status == 101 or entry.messages:
        return True
    url = entry.request.url or ""
    if url[:6].lower().startswith(("ws:/", "wss:/")):
        return True
    if kind not in ("", "other") or b"websocket" not in bytes(entry.request.headers).lower():
        return False
    sent = headers(entry.request.headers)
    return sent.get("upgrade", "").lower() == "websocket" or sent.get(":protocol", "").lower() == "websocket"


def is_document(entry: RawEntry) -> bool:
    """A request for a document, of a tab or of an iframe."""
    if entry.resource_type is not None:
        return entry.resource_type.lower() == "document"
    mime = (entry.response.content.mimeType or "") if entry.response.content else ""
    if "html" not in mime.lower():
        return False
    return headers(entry.request.headers).get("sec-fetch-mode") == "navigate"


def may_be_document(entry: RawEntry) -> bool:
    """A request that lacks the exporter's mark and looks like one for a document: HTML that was asked for as a
    browser asks for a page. An iframe's looks the same, and so may the HTML that a script asks for."""
    request, response = entry.request, entry.response
    mime = (response.content.mimeType or "") if response.content else ""
    if entry.resource_type is not None or request.method != "GET" or "html" not in mime.lower():
        return False
    if not (200 <= (response.status or 0) < 300 or response.status == 304):
        return False
    sent = headers(request.headers)
    by_script = "x-requested-with" in sent or sent.get("sec-fetch-dest", "document") != "document"
    return not by_script and "html" in sent.get("accept", "text/html")


def _opening(message: RawMessage) -> Opening:
    """Keep the beginning of one of the first messages."""
    direction = Direction.SEND if DIRECTIONS[message.type] == SENT else Direction.RECEIVE
    return devtools.opening(direction, message.opcode == BINARY, message.data or "")


def payload_length(message: RawMessage) -> int:
    """Count the bytes of the payload."""
    if message.length is not None:
        return int(message.length) if 0 <= message.length <= LONGEST_MESSAGE else 0
    return devtools.payload_length(message.opcode == BINARY, message.data or "")


def message_clock(sockets: Iterable[Ticks]) -> float | None:
    """Microseconds a tick, for the whole file by majority; 0 for monotonic seconds, None where there is no clock."""
    votes: dict[float | None, int] = {}
    for ticks in sockets:
        for sample in ticks.samples:
            unit = _unit(sample)
            votes[unit] = votes.get(unit, 0) + 1
    return max(votes, key=lambda unit: votes[unit]) if votes else None


def _unit(ticks: float) -> float | None:
    if ticks > 1e17:
        return 1e-3
    if ticks > 1e14:
        return 1.0
    if ticks > 1e11:
        return 1e3
    if ticks >= 1e9:
        return 1e6
    return 0.0 if ticks > 0 else None


def instant(date: str | None) -> Instant | None:
    """ISO 8601 -> Instant; None for what is no date of ours: empty, of 1969 or 1970, or with a year of six digits."""
    if not date:
        return None
    try:
        parsed = datetime.fromisoformat(date)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    at = (parsed - EPOCH) // MICROSECOND
    return at if YEAR_2000 <= at < YEAR_2200 else None


def monotonic_date(date: str | None) -> Instant | None:
    if date is None or not date.startswith("1970-"):
        return None
    try:
        return (datetime.fromisoformat(date) - EPOCH) // MICROSECOND
    except (ValueError, TypeError):
        return None


def duration(value: float | None) -> Duration | None:
    """Milliseconds of HAR -> Duration; None for -1, "not known", and for what cannot be (a century, infinity)."""
    return round(value * MILLISECOND) if value is not None and 0 <= value < LONGEST_DURATION else None


def answer_delay(timings: RawTimings) -> Duration | None:
    """How long until the response's headers came: the sum of the phases before (HAR 1.2: ssl lies within connect)."""
    if duration(timings.wait) is None:
        return None
    phases = (timings.blocked, timings.dns, timings.connect, timings.send, timings.wait)
    return sum([round(it * MILLISECOND) for it in phases if it is not None and 0 <= it < LONGEST_DURATION])


def epoch_of(close: object) -> Instant | None:
    """A close record's own instant, if it is epoch seconds (HTTP Toolkit's is its process clock)."""
    if not isinstance(close, dict):
        return None
    return next((at for key in ("timestamp", "time") if (at := epoch_seconds(close.get(key))) is not None), None)


def epoch_seconds(value: object) -> Instant | None:
    """An instant, if it is a number that can be one in seconds since the epoch."""
    return round(value * SECOND) if isinstance(value, int | float) and 1e9 < value < 1e11 else None


def close_bounds(close: dict[str, Any]) -> tuple[Instant | None, Evidence]:
    """What our own recorder adds to an instant: not before when it closed, and what took it along."""
    evidence = CLOSED_BY.get(text_of(close.get("_by")) or "", Evidence.CLOSE_RECORD)
    return epoch_seconds(close.get("_earliest")), evidence


def close_code(close: object) -> tuple[int | None, str | None]:
    """RFC 6455 section 7.4. HTTP Toolkit writes "aborted" where no close frame came."""
    if isinstance(close, dict):
        code, reason = close.get("code"), close.get("reason")
        return (code if isinstance(code, int) else None), (reason if isinstance(reason, str) and reason else None)
    return None, (close if isinstance(close, str) else None)


class Headers:
    """The headers of a request or response. A look at their bytes saves decoding them for one that is not there."""

    __slots__ = ("_is_escaped", "_raw", "_text", "_values")

    def __init__(self, raw: msgspec.Raw) -> None:
        self._raw = raw
        self._text = bytes(raw).lower()
        self._is_escaped = b"\\u" in self._text  # so a name may be written otherwise
        self._values: dict[str, str] | None = None

    def get(self, name: str) -> str:
        """One header, by its name in lower case; empty where there is none."""
        if self._values is None and not self._is_escaped and name.encode() not in self._text:
            return ""
        return self.all().get(name, "")

    def all(self) -> dict[str, str]:
        """All of them, by their names in lower case."""
        if self._values is None:
            self._values = headers(self._raw)
        return self._values


def endpoint(url: str, sent: Headers) -> str:
    """Name the address of a socket; of a URL without a host with that of the headers, which are rarely looked at."""
    address = devtools.endpoint(url)
    return devtools.endpoint(url, sent.get("host") or sent.get(":authority")) if ":///" in address else address


def protocols(sent: Headers, answered: Headers) -> tuple[str, ...]:
    """The subprotocols offered, and the one selected (RFC 6455, sections 11.3.4 and 4.2.2)."""
    names = f"{sent.get(PROTOCOL)},{answered.get(PROTOCOL)}"
    return () if names == "," else split_protocols(names)


def by_extension(has_code: bool, is_code_of_one: bool, sent: Headers, extracted: object) -> bool | None:
    """Did a browser extension open it: its own page or worker (browsers write it into `Origin`), or its code in a page?
    Or does a capture that we extracted say so? None: the entry has neither headers nor code."""
    stated = extracted.get("extension") if isinstance(extracted, dict) else None
    if isinstance(stated, bool):
        return stated
    if not has_code and not sent.all():
        return None
    return is_code_of_one or callstacks.EXTENSION.match(sent.get("origin")) is not None


def header(raw: msgspec.Raw, name: str) -> str:
    """One header; empty where there is none."""
    return Headers(raw).get(name)


def attribution(value: object) -> Attribution | None:
    """What a capture that we extracted says of a socket whose URL and messages no longer tell."""
    if not isinstance(value, dict):
        return None
    texts = {key: text_of(item) for key, item in value.items()}
    id = texts.get("provider")
    client = Client(texts.get("client"), texts.get("version"), texts.get("runtime"))
    return Attribution(
        provider=Provider(id, id) if id else None,
        identity=Identity(texts.get("app"), texts.get("user")) if texts.get("app") or texts.get("user") else None,
        client=client if any((client.name, client.version, client.runtime)) else None,
        has_contents=contents if isinstance(contents := value.get("contents"), bool) else None,
    )


def context(value: object) -> str | None:
    """Where its code ran, as a capture that we extracted says it."""
    stated = text_of(value.get("context")) if isinstance(value, dict) else None
    return stated if stated in ("iframe", "worker") else None


def is_extended_connect(raw: RawEntry) -> bool:
    """Was it asked for over HTTP/2 or 3, where status 200 accepts a socket (RFC 8441)?"""
    if raw.response.status != 200:
        return False
    versions = f"{raw.request.httpVersion} {raw.response.httpVersion}".lower()
    over_http2 = any(version in versions for version in ("http/2", "http/3", "h2", "h3"))
    return over_http2 or (raw.request.method or "").upper() == "CONNECT"


def user_context(raw: msgspec.Raw) -> str | None:
    """The browser context of a socket, as our recorder names it: a name of anybody else's may be a secret."""
    name = text_of(json_of(raw))
    return name if name is not None and USER_CONTEXT.fullmatch(name) else None


def initiator_type(raw: msgspec.Raw) -> str | None:
    """What asked for it: `script`, `parser`, `other`; None where the file does not say."""
    value = json_of(raw)
    return text_of(value.get("type")) if isinstance(value, dict) else None


def headers(raw: msgspec.Raw) -> dict[str, str]:
    """Names in lower case; the last of several wins. None of what holds more than anybody sends."""
    if is_crowded(bytes(raw)):
        return {}
    try:
        return {header.name.lower(): header.value for header in HEADERS.decode(raw)}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value = json_of(raw)
        items = value if isinstance(value, list) else []
        return {str(h.get("name")).lower(): str(h.get("value")) for h in items if isinstance(h, dict)}


def json_of(raw: msgspec.Raw) -> Any:
    """What a member that is rarely needed holds, as leniently as it can be read; None for what cannot, or holds more
    than anybody needs."""
    if is_crowded(bytes(raw)):
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(bytes(raw).decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


MOST_CLOCKS = 1 << 31  # numbers of clocks are below this


class Stated(msgspec.Struct, frozen=True):
    """What an extract states of a socket, since its entry does not show it.

    only_sent: of its messages only those that were sent show that it was open.
    where: where it belongs, if captures of one tab and of the browser were analysed together.
    clock: sockets of different clocks prove nothing about each other. None: its dates say which one.
    until: when the one of several captures ended that has it; others went on.
    """

    only_sent: bool = False
    where: Where | None = None
    clock: int | None = None
    until: Instant | None = None


def stated_of(value: object) -> Stated:
    """Read what `_harSockets` of a socket states; what it does not, or as no extract does, is left out."""
    if not isinstance(value, dict):
        return Stated()
    scope, clock = value.get("scope"), value.get("clock")
    return Stated(
        value.get("onlySent") is True,
        next((where for where in Where if where.value == scope), None),
        clock if type(clock) is int and 0 <= clock < MOST_CLOCKS else None,
        epoch_seconds(value.get("until")),
    )
