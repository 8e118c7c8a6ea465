"""List the formats of captures, and guess from the first bytes of a file which of them it is.

To add a format: one module that reads it, one row here (CONTRIBUTING.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from analyzer.patterns import Pattern

HEAD = 4096  # bytes that a guess looks at
SPACE = b"\xef\xbb\xbf \t\r\n"  # a byte order mark, too
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Answer(msgspec.Struct, frozen=True):
    """Say whether a file is of a format: MINE, NOT_MINE, or mine and broken, with what is wrong and what to do."""

    is_mine: bool
    problem: str = ""


MINE, NOT_MINE = Answer(is_mine=True), Answer(is_mine=False)


def broken(problem: str) -> Answer:
    """Answer that the file is of this format and cannot be read, and why."""
    return Answer(is_mine=True, problem=problem)


class Format(msgspec.Struct, frozen=True):
    """One format of captures.

    id: its name in results.
    suffixes: of files that are surely of this format: a search of folders takes them by name.
    sniff: whether a file that begins with these bytes is of this format.
    module: where its `read(source: Source) -> Capture` is; imported when it is needed.
    """

    id: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], Answer]
    module: str


LOG_KEY = rb"(?:version|creator|browser|pages|entries|comment|_\w*)"
# The beginning of a HAR: its log, by the keys that a log has. Server logs in JSON have a `log` too.
HAR_LOG = Pattern(rb'\{.*?"log"\s*:\s*\{\s*"' + LOG_KEY + rb'"\s*:', re.DOTALL)


def sniff_har(head: bytes) -> Answer:
    """Recognise a HAR by its `log`. One in UTF-16 is recognised as well, and reported as broken."""
    is_wide = head[:2] in UTF_16
    text = head.decode("utf-16", "ignore").encode() if is_wide else head
    if HAR_LOG.match(text.lstrip(SPACE)) is None:
        return NOT_MINE
    return broken("UTF-16 or UTF-32 text: save it as UTF-8") if is_wide else MINE


def begin_with(pattern: bytes) -> Callable[[bytes], Answer]:
    """Recognise a file by how its text begins. `re` compiles the pattern when it is first needed, and keeps it."""
    return lambda head: NOT_MINE if re.match(pattern, head.lstrip(SPACE), re.DOTALL) is None else MINE


# An event of the Chrome DevTools Protocol; chromedriver's performance log has it as a string.
CDP_EVENT = rb'\\?"method\\?"\s*:\s*\\?"(?:Network|Page|Target|Runtime|Fetch|Tracing|DOM|Log)\.'

HAR = Format("har", (".har",), sniff_har, "analyzer.formats.har.reader")
# One JSON document, or one value per line.
NETLOG_START = rb'\{\s*(?:"type"\s*:\s*"constants"\s*,\s*)?"constants"\s*:\s*\{'
NETLOG = Format("netlog", (".netlog.json",), begin_with(NETLOG_START), "analyzer.formats.netlog.reader")
# An array of events, or one per line; either within an object; each in an envelope of chromedriver, or not.
CDP_START = (
    rb'(?:\{(?:\s*"browser"\s*:\s*\{[^{}]*\}\s*,)?[^{}\[\]]*"(?:events|value)"\s*:\s*)?'
    rb'\[?\s*\{(?:[^{}\[\]]{0,300}?|[^{}\[\]]{0,300}?"message"\s*:.{0,200}?)'
) + CDP_EVENT
CDP_LOG = Format(
    "cdp-log",
    (".cdp.json", ".perflog.json"),
    begin_with(CDP_START),
    "analyzer.formats.cdp_log.reader",
)
# The first key of a flow, which differs from version to version.
FLOW_KEY = rb"(?:websocket|response|request|backup|timestamp_created|client_conn|server_conn|error|id|type|version)"
FLOWS = Format(
    "mitmproxy-flows",
    (".mitm", ".flows"),
    begin_with(rb"\d{1,12}:\d{1,2}:" + FLOW_KEY + rb"[;,]"),
    "analyzer.formats.mitmproxy.reader",
)

# An object with the events in it, which DevTools writes after its metadata; or the events alone. In each event `ph`
# stands before any array.
TRACE_START = (
    rb'\{(?:\s*"metadata"\s*:\s*\{\s*"source"\s*:\s*"DevTools"'
    rb'|\s*"metadata"\s*:\s*\{.{0,3000}?\}\s*,\s*"traceEvents"\s*:\s*\['
    rb'|[^\[\]{}]{0,1000}?"traceEvents"\s*:\s*\[)'
    rb'|\[\s*\{[^{}]{0,300}(?:\{[^{}]{0,300}\}[^{}]{0,300})?"ph"\s*:\s*"'
)
TRACE = Format("chrome-trace", (".trace.json",), begin_with(TRACE_START), "analyzer.formats.trace.reader")

# One line of what `trace_zip` makes of the zip: no file begins so.
PLAYWRIGHT_TRACE = Format(
    "playwright-trace",
    (".trace.zip",),
    begin_with(rb'\{"type":"playwright-trace"'),
    "analyzer.formats.har.playwright_trace",
)

FORMATS = (HAR, NETLOG, CDP_LOG, TRACE, FLOWS, PLAYWRIGHT_TRACE)  # the first one that recognises a file reads it

PACKED = (".gz", ".zst", ".zip")
ALL_NAMES = tuple(suffix for row in FORMATS for suffix in row.suffixes)
NAMES = tuple(suffix for suffix in ALL_NAMES if not suffix.endswith(PACKED))  # how the name of an unpacked capture ends
SUFFIXES = (
    *(suffix + packed for suffix in NAMES for packed in ("", *PACKED)),
    *(it for it in ALL_NAMES if it not in NAMES),
)
WHOLE_NAME = "trace.zip"  # what Playwright Test calls its traces, each in the folder of its test
SEARCHED = f"{', '.join(NAMES)}; each also {', '.join(PACKED)}; {WHOLE_NAME}"  # for people
# Of some formats captures are often called just `.json`, like many other files: their first bytes decide. A HAR is
# called `.har` by every exporter, so that one under another name was renamed, and `--any` takes it.
SHARED = (".json", ".json.gz", ".json.zst")
IN_SHARED = tuple(row for row in FORMATS if any(suffix.endswith(SHARED) for suffix in row.suffixes))


def is_named(name: str) -> bool:
    """Is this the name of a capture, in a folder or a zip?"""
    return name.lower().endswith(SUFFIXES) or re.split(r"[/\\]", name)[-1].lower() == WHOLE_NAME


class Guess(NamedTuple):
    """Say what a file is: its format, or None; what is wrong with it, or empty."""

    format: Format | None
    problem: str = ""


def guess(head: bytes) -> Guess:
    """Guess the format of a file that begins with these bytes. Pure: it looks at nothing else, not even at the name."""
    for row in FORMATS:
        answer = row.sniff(head)
        if answer.is_mine:
            return Guess(row, answer.problem)
    return Guess(None)
