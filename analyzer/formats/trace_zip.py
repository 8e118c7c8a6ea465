"""Open the zip of a Playwright trace: what it says of its browser contexts, then the requests that they made.

A trace has per context a log (`trace.trace`, of several contexts `0-trace.trace`) and a log of its network
(`trace.network`), whose lines are the entries of a HAR; messages of sockets are in `resources/`. As one stream it is
one line about the contexts, which `Contexts` describes, then the lines of all network logs. Facts are from Playwright's
server/trace/recorder/tracing.ts (1.65), and were tried with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from analyzer.formats import archive, compression
from analyzer.formats.compression import Guarded, Progress
from analyzer.formats.json_stream.lines import Line, Pieces, split
from analyzer.model import CaptureError, Caveat, Discreet
from analyzer.patterns import Pattern

if TYPE_CHECKING:
    from zipfile import ZipFile

KIND = "playwright-trace"
LONGEST_LINE = 1 << 16  # bytes of a line of `trace.trace` that are looked at: what is longer is the picture of a page
MOST_PAGES = 10_000
BLOCK = 1 << 16
Shape = TypeVar("Shape")
AT_START = 50.0  # milliseconds in which Playwright writes down the pages that are there when a trace begins
OPTIONS = Pattern(rb'\{"version":\d+,"type":"context-options"|\{"type":"context-options"')
PAGE = Pattern(rb'\{"type":"event","time":[\d.]+,"class":"BrowserContext","method":"page"')
# A page that is blank and empty, where the next one is about to take its place.
EMPTY = Pattern(
    rb'\{"type":"frame-snapshot","snapshot":\{[^{}]{0,200}"pageId":"([^"]{1,200})"[^{}]{0,200}"frameUrl":"about:blank",'
    rb'"html":\["HTML",\{\},\["HEAD",\{\},\["BASE",\{"href":"about:blank"\}\]\],\["BODY"\]\]'
)


class RawOptions(Discreet, msgspec.Struct, frozen=True):
    """The first line of `trace.trace`. wallTime: in Unix ms, at the instant monotonicTime of Playwright's own clock."""

    version: int = 0
    browserName: str = ""
    playwrightVersion: str | None = None
    wallTime: float = 0.0
    monotonicTime: float = 0.0


class RawParams(Discreet, msgspec.Struct, frozen=True):
    pageId: str = ""


class RawPage(Discreet, msgspec.Struct, frozen=True):
    """The line that is written when a page opens, and for each page that is there when the trace begins."""

    time: float
    params: RawParams = RawParams()


class Context(Discreet, msgspec.Struct):
    """What the log of one browser context says of it.

    version: of Playwright's format of traces. browser: empty for requests that a test made without one.
    began: Unix ms. pages: when each opened, in Unix ms, by its id; of one that was there before, when the trace began.
    earlier: those that were there before, and not blank.
    """

    version: int
    browser: str
    playwright: str | None
    began: float
    pages: dict[str, float] = {}
    earlier: list[str] = []


class Contexts(Discreet, msgspec.Struct, tag=KIND):
    """The first line of the stream. missing: how many contexts have no log that can be read."""

    contexts: list[Context]
    missing: int = 0


class TraceStream(Pieces):
    """The stream, and what is wrong with it, or with the log of a context."""

    def __init__(self, parts: Mapping[str, Guarded], networks: Iterable[str]) -> None:
        self._parts = parts
        super().__init__(self._lines(list(networks)))

    @property
    def damages(self) -> list[Caveat]:
        return [damage for part in self._parts.values() for damage in part.damages]

    def _lines(self, networks: list[str]) -> Iterator[bytes]:
        contexts = [context for name in networks if (context := self._context(log_of(name))) is not None]
        yield msgspec.json.encode(Contexts(contexts, len(networks) - len(contexts))) + b"\n"
        for name in networks:
            yield from _blocks(self._parts[name])
            yield b"\n"

    def _context(self, name: str) -> Context | None:
        """Read the log of a context; None where there is none, or nothing of it can be read."""
        part = self._parts.get(name)
        try:
            return None if part is None else read_context(split(part, LONGEST_LINE))
        except CaptureError:
            if part is None or part.count:
                raise
            return None  # damaged from its first byte on


def find_networks(names: Iterable[str]) -> list[str]:
    """Find the network logs of a trace among the files of a zip: those of one folder, in the order of contexts."""
    matches = [match for name in names if (match := re.fullmatch(r"(.*/)?(?:(\d{1,6})-)?trace\.network", name))]
    folders = sorted({match[1] or "" for match in matches})
    ordered = sorted((int(match[2] or 0), match[0]) for match in matches if (match[1] or "") == folders[0])
    return [name for _, name in ordered] if len(folders) == 1 else []


def is_trace(path: str) -> bool:
    """Is the zip at this path a Playwright trace, by the names of its files?"""
    return bool(find_networks(archive.list_names(path)))


def log_of(network: str) -> str:
    """Name the log of the context whose network log this is."""
    return f"{network.removesuffix('.network')}.trace"


def open_trace(
    whole: ZipFile, source: str, networks: Iterable[str], progress: Progress | None, packed: int
) -> TraceStream:
    """Open a trace as one stream. `packed`: the bytes that the zip takes up. Raises what `zipfile` raises."""
    networks = list(networks)
    names = set(archive.list_members(whole))
    logs = [log for network in networks if (log := log_of(network)) in names]
    parts = {name: open_member(whole, source, name, progress, packed) for name in (*logs, *networks)}
    return TraceStream(parts, networks)


def open_member(whole: ZipFile, source: str, name: str, progress: Progress | None, packed: int) -> Guarded:
    """Open one file of a zip, by its name in `list_members`. Raises what `zipfile` raises, and KeyError."""
    info = archive.find_member(whole, name)
    share = info.compress_size / max(1, info.file_size)  # of the file, in what is unpacked
    report = None if progress is None else partial(_pass_on, progress, share)
    return compression.open_member(whole, info, source, packed, report)


def _pass_on(progress: Progress, share: float, count: int) -> None:
    progress(round(count * share))


def _blocks(part: Guarded) -> Iterator[bytes]:
    while block := part.read(BLOCK):
        yield block


def read_context(lines: Iterable[Line]) -> Context | None:
    """Read the log of a context; None where its first line does not say what it is."""
    context: Context | None = None
    options = RawOptions()
    is_start = True  # no more than pages that were there before has been written
    for line in lines:
        if context is None:
            options = _decode(line, OPTIONS, RawOptions) or options
            if not options.version:
                return None
            context = Context(options.version, options.browserName, options.playwrightVersion, options.wallTime)
        elif (page := _decode(line, PAGE, RawPage)) is not None:
            since = page.time - options.monotonicTime
            if len(context.pages) < MOST_PAGES:
                context.pages.setdefault(page.params.pageId, options.wallTime + since)
                if is_start and since < AT_START:
                    context.earlier.append(page.params.pageId)
        else:
            is_start = False
            empty = EMPTY.match(line.text)
            if empty is not None and (name := empty[1].decode("utf-8", "replace")) in context.earlier:
                context.earlier.remove(name)
    return context


def _decode(line: Line, start: re.Pattern[bytes], shape: type[Shape]) -> Shape | None:
    """Decode a line that begins so; None for any other, and for one that is damaged."""
    if not line.is_whole or start.match(line.text) is None:
        return None
    try:
        return msgspec.json.decode(line.text, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
