"""Keep of the entries of a HAR what an extract needs, while the file is read; choose those that the answer rests on.

Sockets and documents are kept whole, without the data of messages. Of any other entry a sketch is kept, and only those
come along that alone show something: the first and last sign of life of each page, how ordinary requests are sent, that
the clock was set, in which order entries stand, which script opened a socket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec

from analyzer.formats.devtools import initiator, scripts, text_of
from analyzer.formats.har.entry import is_redirect
from analyzer.formats.har.fields import (
    Ticks,
    duration,
    headers,
    instant,
    is_document,
    is_socket,
    json_of,
    may_be_document,
    payload_length,
)
from analyzer.formats.har.gather import CLOCK_STEP, SAMPLES
from analyzer.formats.har.masked import LONGEST_SEARCHED, frames_of, ordinary_headers
from analyzer.formats.har.order import ORDER_SLACK
from analyzer.formats.har.raw import RawEntry, RawMessage
from analyzer.formats.har.side_file import read_attachment
from analyzer.formats.har.writer import Json
from analyzer.formats.json_stream.array import Element
from analyzer.formats.source import Attachment
from analyzer.model import Discreet, Instant
from analyzer.shapes.tokens import RUN, opaque

OF_A_FRAME = ("functionName", "url", "scriptId", "lineNumber", "columnNumber")
ASKED_BY_PAGE = ("parser", "script")  # types of initiators
Same = TypeVar("Same")


class Original(Discreet, msgspec.Struct):
    """One entry: its place in the file, its page, and between which instants it lies (None: it has no date)."""

    index: int
    page: str | None
    start: Instant | None
    end: Instant


class Whole(Original):
    """A socket or a document.

    messages: without their data; None: the entry has no list of them. with_data: how many of them had data.
    """

    entry: RawEntry
    is_socket: bool
    messages: list[RawMessage] | None = None
    with_data: int = 0


class Sketch(Original):
    """Any other entry: start, length, page, type; who asked for it, and how.

    url: of a script. status: of a redirect; 0: it is none. initiator: with the innermost frame of its stack alone.
    """

    kind: str | None
    started: str | None
    time: float | None
    method: str | None
    url: str | None
    status: float
    sent: tuple[tuple[str, str], ...]
    initiator: Json


class Stripped(Discreet, msgspec.Struct):
    """The messages of a socket without their data, and what must not leave with them."""

    listed: bool = True  # the entry has a list of messages, be it an empty one
    bare: list[RawMessage] = []
    secrets: set[str] = set()
    with_data: int = 0

    def add(self, messages: Sequence[RawMessage]) -> None:
        """Take the messages that follow. Chrome's text of an error is the browser's own, not data."""
        for message in messages:
            if message.type == "error":
                self.bare.append(message)
                continue
            data = message.data or ""
            self.with_data += bool(data)
            self.secrets.update(filter(opaque, RUN.findall(data[:LONGEST_SEARCHED])))
            length = payload_length(message)
            self.bare.append(RawMessage(message.type, message.time, message.opcode, None, length))


class Collected(Ticks):
    """The messages of a socket that has too many to be read at once: for the analysis, and for the extract."""

    stripped: Stripped = msgspec.field(default_factory=Stripped)

    def add(self, messages: Sequence[RawMessage]) -> None:
        """Take the messages that follow."""
        super().add(messages)
        self.stripped.add(messages)


class Originals:
    """What is kept of the entries, in the order of the file."""

    def __init__(self) -> None:
        self.log: Json | None = None  # its other members; None: no HAR was read
        self.entries: list[Whole | Sketch] = []
        self.damaged = 0  # entries that could not be read
        self.secrets: set[str] = set()  # in the data of messages
        self._opening: set[str] = set()  # addresses of scripts that open sockets
        self._equal: dict[object, Any] = {}  # equal values once in memory

    def collect(self) -> Collected:
        """Begin to take the messages of a socket that has too many to be read at once."""
        return Collected()

    def add(self, element: Element[RawEntry], attachment: Attachment) -> None:
        """Keep what is needed of the next entry."""
        entry = element.value
        if entry is None:
            self.damaged += 1
            return
        collected = element.collector if isinstance(element.collector, Collected) else None
        start = instant(entry.startedDateTime)
        place = (element.index, self._once(entry.pageref), start, (start or 0) + (duration(entry.time) or 0))
        if is_socket(entry) or (collected is not None and collected.any):
            self._opening.update(scripts(initiator(json_of(entry.initiator))))
            stripped = collected.stripped if collected is not None else _strip(entry, attachment)
            self.secrets |= stripped.secrets
            messages = stripped.bare if stripped.listed else None
            self.entries.append(Whole(*place, _own(entry), True, messages, stripped.with_data))
        elif is_document(entry) or may_be_document(entry):
            self.entries.append(Whole(*place, _own(entry), False))
        else:
            self.entries.append(self._sketch(place, entry))

    def witnesses(self) -> frozenset[int]:
        """Choose the entries, neither sockets nor documents, that alone show something."""
        dated = [it for it in self.entries if it.start is not None]
        others = [it for it in dated if isinstance(it, Sketch)]
        asked_by_page = [it for it in others if it.initiator.get("type") in ASKED_BY_PAGE]
        chosen = {*_extremes(others), *_extremes(asked_by_page), *_samples(others), *_steps(dated), *_disorder(dated)}
        chosen |= {it.index for it in others if it.status or it.url in self._opening}
        return frozenset(chosen & {it.index for it in others})

    def _sketch(self, place: tuple[int, str | None, Instant | None, Instant], entry: RawEntry) -> Sketch:
        script = (entry.resource_type or "").lower() == "script"
        return Sketch(
            *place,
            kind=self._once(entry.resource_type),
            started=entry.startedDateTime,
            time=entry.time,
            method=self._once(entry.request.method),
            url=entry.request.url or "" if script else None,
            status=(entry.response.status or 0) if is_redirect(entry) else 0,
            sent=self._once(tuple(ordinary_headers(headers(entry.request.headers)))),
            initiator=self._initiator(json_of(entry.initiator), script),
        )

    def _initiator(self, value: object, script: bool) -> Json:
        """The type of an initiator, and the innermost frame of its stack; of a script its address, too."""
        if not isinstance(value, dict):
            return self._once_json({})
        stack = value.get("stack")
        frames = [_frame(frame) for frame in (frames_of(stack) if isinstance(stack, dict) else [])[:1]]
        url = text_of(value.get("url")) if script else None
        return self._once_json(
            {
                "type": text_of(value.get("type")),
                **({} if url is None else {"url": url}),
                **({"stack": {"callFrames": frames}} if frames else {}),
            }
        )

    def _once(self, value: Same) -> Same:
        same: Same = self._equal.setdefault(value, value)
        return same

    def _once_json(self, value: Json) -> Json:
        same: Json = self._equal.setdefault(("json", repr(value)), value)
        return same


Dated: TypeAlias = Sequence[Whole | Sketch]


def _strip(entry: RawEntry, attachment: Attachment) -> Stripped:
    """Take the messages of an entry, or of its side file."""
    messages = entry.messages
    if messages is None and entry.response.content is not None and entry.response.content.side_file:
        messages, _ = read_attachment(attachment, entry.response.content.side_file)
    stripped = Stripped(listed=messages is not None)
    stripped.add(messages or [])
    return stripped


def _own(entry: RawEntry) -> RawEntry:
    """Copy an entry, so that it holds no part of the window on the file, and no messages."""
    return msgspec.structs.replace(
        entry,
        request=msgspec.structs.replace(entry.request, headers=entry.request.headers.copy()),
        response=msgspec.structs.replace(entry.response, headers=entry.response.headers.copy()),
        initiator=entry.initiator.copy(),
        close=entry.close.copy(),
        attribution=msgspec.Raw(b"null"),
        messages=None,
    )


def _frame(frame: Json) -> Json:
    return {name: frame[name] for name in OF_A_FRAME if isinstance(frame.get(name), str | int)}


# -- which of the other entries the answer rests on ----------------------------------------------------------------


def _extremes(entries: Dated) -> Iterator[int]:
    """The first and the last of each page, and of all by their end: one that was over before the file goes on."""
    by_page: dict[str | None, list[Whole | Sketch]] = {}
    for entry in entries:
        by_page.setdefault(entry.page, []).append(entry)
    for page in by_page.values():
        yield min(page, key=_start).index
        yield max(page, key=_start).index
    if entries:
        yield max(entries, key=lambda entry: entry.end).index


def _samples(entries: Dated) -> Iterator[int]:
    """The first of each page, by which it is told how ordinary requests are sent."""
    counts: Counter[str | None] = Counter()
    for entry in entries:
        counts[entry.page] += 1
        if counts[entry.page] <= SAMPLES:
            yield entry.index


def _steps(entries: Dated) -> Iterator[int]:
    """Those between which the clock of a page ran backwards."""
    before: dict[str | None, Whole | Sketch] = {}
    for entry in entries:
        last = before.get(entry.page)
        if last is not None and _start(entry) < _start(last) - CLOCK_STEP:
            yield from (last.index, entry.index)
        before[entry.page] = entry


def _disorder(entries: Dated) -> Iterator[int]:
    """Those that started after what follows them, and those that outlast what follows them: no order of close."""
    latest: Whole | Sketch | None = None
    for entry in entries:
        if latest is not None and _start(entry) < _start(latest):
            yield latest.index
        latest = entry if latest is None or _start(entry) > _start(latest) else latest
    earliest: Whole | Sketch | None = None
    for entry in reversed(entries):
        if earliest is not None and entry.end > earliest.end + ORDER_SLACK:
            yield from (entry.index, earliest.index)
            return
        earliest = entry if earliest is None or entry.end < earliest.end else earliest


def _start(entry: Whole | Sketch) -> Instant:
    return entry.start or 0
