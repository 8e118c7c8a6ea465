"""Read a Playwright trace as the HAR that it holds: its lines are the entries of a HAR, in the order of their ends.

In the order in which they were created they are the HAR of the same run, and prove what that proves: Playwright records
no close, in a trace neither. Entries are put in order in a temporary file, so that memory does not grow with them.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, cast

import msgspec

from analyzer.formats.compression import Prefixed
from analyzer.formats.har import reader
from analyzer.formats.har.fields import instant
from analyzer.formats.json_stream.lines import Line, Pieces, split
from analyzer.formats.source import Source
from analyzer.formats.trace_zip import KIND, Contexts
from analyzer.model import Capture, CaptureError, Caveat, CaveatKind, Discreet

NEWEST = 10  # version of Playwright's format of traces that was tried: that of Playwright 1.65
LONGEST_HEAD, LONGEST_ENTRY = 8 << 20, 16 << 20  # bytes of a line
IN_MEMORY = 16 << 20  # bytes of entries; more go to a temporary file
BEFORE_PLAYWRIGHT = "0"  # the version of one that does not write its own, as none before 1.50 does
NO_VALUE = b"null"  # an entry that could not be read

NEWER = CaveatKind.EXPORTER_UNKNOWN.caveat(
    "This trace is of a newer version of Playwright than har-sockets knows, so it is unknown which sockets are missing."
)
BEGAN_LATE = CaveatKind.RECORDED_LATE.caveat(
    "The trace began when a page had already loaded. Sockets that opened before are possibly missing."
)
LOG_MISSING = CaveatKind.RECORDED_LATE.caveat(
    "The log of a browser context is missing or damaged, so it is unknown what opened before the trace began."
)
NO_BROWSER = CaveatKind.FILTERED.caveat("This trace has only requests that a test made without a browser.")
NO_REQUESTS = CaveatKind.FILTERED.caveat(
    "This trace has no requests of a browser: Playwright writes them only where a trace has snapshots."
)
NO_CLOSES = CaveatKind.CLOSES_NOT_RECORDED.caveat(
    "Playwright does not record when a socket closed: a trace proves no more than its HAR would."
)


class RawMoment(Discreet, msgspec.Struct, frozen=True):
    """When an entry was created. monotonic: in milliseconds since Playwright started."""

    startedDateTime: str | None = None
    monotonic: float | None = msgspec.field(default=None, name="_monotonicTime")
    kind: str | None = msgspec.field(default=None, name="_resourceType")
    pageref: str | None = None


class RawLine(Discreet, msgspec.Struct, frozen=True):
    """A line of `trace.network`."""

    type: str
    snapshot: msgspec.Raw


MOMENT = msgspec.json.Decoder(RawMoment)
LINE = msgspec.json.Decoder(RawLine)


class Entries:
    """The entries of all network logs: where each begins in a file, and when it was created."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._places = array("q", [0])
        self._identities = array("q")
        self._monotonic = array("d")
        self._starts = array("q")
        self._is_monotonic = True
        self.of_browser = 0  # requests of a page, not of the test
        self.documents: dict[str, int] = {}  # by page, the start of its first document

    def add(self, line: Line) -> None:
        """Take a line of a network log."""
        entry, moment = _read_line(line)
        if entry is None:
            return
        at = instant(moment.startedDateTime)
        start = at if at is not None else self._starts[-1] if self._starts else 0
        self._is_monotonic = self._is_monotonic and (moment.monotonic is not None or entry == NO_VALUE)
        before = self._monotonic[-1] if self._monotonic else 0.0
        self._monotonic.append(before if moment.monotonic is None else moment.monotonic)
        self._starts.append(start)
        self._identities.append(_identify(entry, moment))
        self._places.append(self._places[-1] + self._file.write(entry))
        self.of_browser += moment.kind is not None or moment.pageref is not None
        if at is not None and moment.kind == "document" and moment.pageref is not None:
            self.documents[moment.pageref] = min(at, self.documents.get(moment.pageref, at))

    def read_in_order(self) -> Iterator[bytes]:
        """Give the entries in the order in which they were created."""
        keys: Sequence[float] = self._monotonic if self._is_monotonic else self._starts
        order = array("q", sorted(range(len(keys)), key=keys.__getitem__))
        for n, place in enumerate(order):
            following = order[n + 1] if n + 1 < len(order) else place
            is_repeated = following != place and self._identities[following] == self._identities[place] != 0
            if not is_repeated:
                self._file.seek(self._places[place])
                yield self._file.read(self._places[place + 1] - self._places[place])


class RawUrl(Discreet, msgspec.Struct, frozen=True):
    method: str | None = None
    url: str | None = None


class RawIdentity(Discreet, msgspec.Struct, frozen=True):
    request: RawUrl = RawUrl()
    frame: str | None = msgspec.field(default=None, name="_frameref")


IDENTITY = msgspec.json.Decoder(RawIdentity)


def read(source: Source) -> Capture:
    """Read one trace. Raises CaptureError where it cannot be read. An observer sees its entries as those of a HAR."""
    lines = split(source.stream, LONGEST_ENTRY)
    head = next(lines, Line(b"", is_whole=True))
    try:
        contexts = msgspec.json.decode(head.text, type=Contexts)
    except msgspec.MsgspecError:
        raise CaptureError(source.name, "", "not a Playwright trace") from None
    with cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY)) as file:
        entries = Entries(file)
        for line in lines:
            entries.add(line)
        stream = Pieces(_write(contexts, entries))
        capture = reader.read(source._replace(stream=Prefixed(b"", stream), size=0))
    limits = list(_caveats(contexts, entries))
    own = {caveat.id for caveat in limits}
    caveats = (*limits, *(caveat for caveat in capture.caveats if caveat.id not in own))
    capture = capture.with_file(format=KIND, saved_as="trace")
    return msgspec.structs.replace(capture, caveats=caveats)


def _identify(entry: bytes, moment: RawMoment) -> int:
    """Identify an entry that is written when a part of the trace ends, and again when it is complete. 0: it is not of a
    request (what stands for the same socket is united later), or damaged, which its reader says."""
    if moment.monotonic is None or moment.kind == "websocket":
        return 0
    try:
        return hash((moment, IDENTITY.decode(entry)))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0


def _read_line(line: Line) -> tuple[bytes | None, RawMoment]:
    """Read an entry, and when it was created. None: the line is none; NO_VALUE: it is damaged, or too long."""
    if not line.text.strip():
        return None, RawMoment()
    try:
        if line.is_whole:
            raw = LINE.decode(line.text)
            return (
                (bytes(raw.snapshot), MOMENT.decode(raw.snapshot))
                if raw.type == "resource-snapshot"
                else (None, RawMoment())
            )
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    return NO_VALUE, RawMoment()


def _write(contexts: Contexts, entries: Entries) -> Iterator[bytes]:
    """Write the HAR of a trace."""
    first = contexts.contexts[0] if contexts.contexts else None
    browsers = [context.browser for context in contexts.contexts if context.browser]
    pages = {id: at for context in reversed(contexts.contexts) for id, at in context.pages.items()}
    log = {
        "version": "1.2",
        "creator": {"name": "Playwright", "version": (first.playwright if first else None) or BEFORE_PLAYWRIGHT},
        "browser": {"name": browsers[0] if len(set(browsers)) == 1 else "", "version": ""},
        "pages": [{"id": id, "startedDateTime": _date(at), "title": ""} for id, at in pages.items()],
    }
    yield b'{"log":' + msgspec.json.encode(log)[:-1] + b',"entries":['
    for n, entry in enumerate(entries.read_in_order()):
        yield b"," + entry if n else entry
    yield b"]}}"


def _date(at: float) -> str:
    """Write Unix ms as HAR does; empty for what is no date."""
    try:
        return datetime.fromtimestamp(at / 1000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _caveats(contexts: Contexts, entries: Entries) -> Iterator[Caveat]:
    """List the limits of a trace beside those of its HAR."""
    yield NO_CLOSES
    browsers = [context for context in contexts.contexts if context.browser]
    if not entries.of_browser:
        yield NO_REQUESTS if browsers else NO_BROWSER
    if any(context.version > NEWEST for context in contexts.contexts):
        yield NEWER
    began = [(id, context.began) for context in browsers for id in context.earlier]
    if any(entries.documents.get(id, at * 1000) >= at * 1000 for id, at in began):
        yield BEGAN_LATE
    elif contexts.missing:
        yield LOG_MISSING
