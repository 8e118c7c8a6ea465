"""Decode the parts that are read of the events of a trace, in any of the three shapes in which people save one.

{"traceEvents": [...]}                     CDP and Puppeteer
{"metadata": {...}, "traceEvents": [...]}  DevTools; chrome://tracing has the metadata at the end
[...]                                      the events alone, as older tools write them
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.formats.compression import Prefixed
from analyzer.formats.json_stream.array import Document, Run
from analyzer.formats.json_stream.layout import Layout
from analyzer.formats.source import Source
from analyzer.model import Skipped

ADVICE = "in Chrome DevTools choose Performance > Save profile"
LABEL = "a performance trace"
LARGEST_METADATA = 1 << 20  # DevTools may put the source code of all scripts into it
MOST_SKIPPED = 1000
HEAD = 256
EVENTS, METADATA = "traceEvents", "metadata"


class RawEvent(msgspec.Struct, gc=False):
    """One event. `ts`: microseconds of the machine's monotonic clock; `tts`: of its thread's own clock."""

    name: str = ""
    cat: str = ""
    ph: str = ""
    pid: int = -1
    tid: int = -1
    ts: float = 0
    tts: float | None = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class Frame(msgspec.Struct):
    """A frame that was there when the trace began."""

    frame: str = ""
    parent: str = ""
    url: str = ""
    isOutermostMainFrame: bool | None = None


class Processes(msgspec.Struct):
    """The processes that were there."""

    pid: list[int] = []


class Data(msgspec.Struct):
    """What is read of an event of a page."""

    identifier: int | None = None
    url: str = ""
    frame: str = ""
    workerId: str = ""
    parent: str = ""
    isMainFrame: bool | None = None
    isOutermostMainFrame: bool | None = None
    dataLength: float = 0
    stackTrace: Any = None
    frames: list[Frame] | None = None


class Args(msgspec.Struct):
    """The arguments of an event."""

    data: Data = msgspec.field(default_factory=Data)
    frame: str = ""
    chrome_active_processes: Processes | None = None


ARGS = msgspec.json.Decoder(Args)


class Events:
    """The events of a trace, one after the other; then what could not be read.

    Iterate over `runs()` once; then `metadata` holds what stands beside the events, `is_cut_off` whether the file ends
    early, `trailing` the byte at which something follows the trace.
    """

    def __init__(self, source: Source) -> None:
        head = bytearray(HEAD)
        with memoryview(head) as view:
            start = bytes(view[: source.stream.readinto(view) or 0])
        is_array = start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
        layout = Layout(() if is_array else (EVENTS,), LABEL, ADVICE, "events", members={METADATA: LARGEST_METADATA})
        stream = Prefixed(start, source.stream)
        self._document = Document(stream, source.name, layout, RawEvent, size=source.size)
        self.pointer = layout.pointer  # of the array
        self.skipped: list[Skipped] = []
        self.is_cut_off = False
        self.trailing: int | None = None

    @property
    def metadata(self) -> object:
        """What stands beside the events."""
        return self._document.members.get(METADATA)

    def runs(self) -> Iterator[Run[RawEvent]]:
        """Every event, as many at once as were decoded at once. Raises CaptureError where the file is no trace."""
        for run in self._document.runs():
            for skipped in run.skipped.values():
                self.skipped += skipped[: max(0, MOST_SKIPPED - len(self.skipped))]
            yield run
        self.is_cut_off = self._document.cut_off is not None
        self.trailing = self._document.trailing


def decode_args(raw: msgspec.Raw) -> Args:
    """Decode the arguments of an event; nothing, where they are not what is expected."""
    try:
        return ARGS.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Args()
