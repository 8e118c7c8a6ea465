"""Describe each exporter in one row: how it fills in what HAR 1.2 leaves open.

HAR has no field for the close of a WebSocket and none for the time of the export; each exporter leaves other
traces. A row can be read, tested and cited. The last, UNKNOWN, is the one that claims least. The rows that no
capture in tests/captures shows (gori, pcapng-utils, pcap2har, seleniumRobot) follow those programs' sources.
"""

from __future__ import annotations

import re
from enum import Enum

from analyzer.model import SECOND, Caveat, CaveatKind, Closes, Value


class Close(Enum):
    """Where a row's exporter records that a socket closed. A message with opcode 8 counts for every exporter."""

    RECEIVE_TIMING = "timings.receive above 0: closed at start + time"
    CLOSE_RECORD = "_webSocketClose: closed at its timestamp if that is epoch, else at start + time"
    ENTRY_TIME = "time that is not -1: closed at start + time"
    CLOSE_FRAME = "only a close frame (opcode 8)"


class Opened(Enum):
    """What bounds the instant at which the handshake was answered. The request bounds it from below for all."""

    WAIT = "timings.wait runs to the last activity: from above, and exact where there were no messages"
    TIME = "time is that of the handshake alone, always a little short: from below"
    MESSAGES = "the first message: from above"
    ANSWERED = "timings.wait ends with the handshake's answer: exact"


class Tabs(Enum):
    """What an entry's pageref names."""

    DOCUMENT = "one document; numbered in order of load, page_1, page_2 ..."
    TAB = "one tab, for all the documents that it loads"
    STATED = "one document; its page names the tab, and how it was loaded (_tab, _kind)"
    NOTHING = "nothing that bounds a socket"


class Omits(Enum):
    """Which sockets an exporter leaves out."""

    NONE = ""
    OPEN = "sockets that were still open"
    PERHAPS_OPEN = "perhaps, sockets that were still open"
    ALL = "all sockets"
    UNKNOWN = "unknown"


class Row(Value, frozen=True):
    id: str
    label: str  # for people
    creators: tuple[str, ...]  # how log.creator.name begins, in lower case
    close: Close = Close.CLOSE_FRAME
    closes: Closes = Closes.NONE
    opened: Opened = Opened.MESSAGES
    tabs: Tabs = Tabs.NOTHING
    omits: Omits = Omits.NONE
    records_messages: bool = True
    lists_no_messages: bool = False  # where there were none it writes an empty list: without one they are not known
    in_order_of_start: bool = False  # so that a start before the one above shows that the clock was set, or an edit
    in_order_of_close: bool = False
    out_of_order_means_order_of_close: bool = False
    bfcache_off_in: tuple[str, ...] = ()  # log.browser.name, where the exporter's browser has no back/forward cache
    close_slack: int = 0  # microseconds by which a recorded close may be off, either way
    start_slack: int = 0  # microseconds by which startedDateTime may be early: it is cut, not rounded
    wait_gives_start: bool = False  # the last message minus timings.wait is the exact start
    accepts_with_200: bool = False  # it writes status 200 for a handshake over HTTP/2 that succeeded
    writes_failure: bool = False  # `_failureText` alone shows that a handshake failed: status 0 is still CONNECTING
    has_message_times: bool = True  # they are true
    may_lag: bool = False  # an export may be behind when sockets are opened in a flood
    limits: tuple[Caveat, ...] = ()  # of every capture
    is_known: bool = True
    behind: tuple[Row, ...] = ()  # rows of what may be behind the creator's name
    chrome_up_to: int | None = None  # of those: it is for these versions; None: for what Chrome did not record itself
    versions_below: tuple[int, ...] = ()  # this row is for older versions only
    has_own_version: bool = True  # log.creator.version is that of the program (Chrome and WebKit write a constant)

    @property
    def coarse(self) -> bool:
        """Do dates bound an instant, and no more? A socket may have lived within their slack."""
        return self.start_slack >= SECOND

    @property
    def versions(self) -> str:
        """The program, with its version where the row is for some alone: `Playwright before 1.61`."""
        below = ".".join(map(str, self.versions_below))
        return f"{self.label} before {below}" if below else self.label


SOCKETS_BAR_BFCACHE_UP_TO = 149  # in these an open socket keeps its page out of the back/forward cache (until 150..152)
# These record the close of sockets whose page is reloaded or left (from 143 on none does).
CLOSES_AT_PAGE_END_UP_TO = 141
# It writes no messages, and leaves out sockets that are open.
CHROME_OLD = Row(
    "chrome",
    "Chrome DevTools (Chrome 75 or older)",
    (),
    close=Close.RECEIVE_TIMING,
    opened=Opened.WAIT,
    tabs=Tabs.DOCUMENT,
    omits=Omits.OPEN,
    records_messages=False,
    start_slack=1_000,
    wait_gives_start=True,
    accepts_with_200=True,
    has_own_version=False,
    chrome_up_to=75,
)
# What another program recorded, imported in DevTools and exported again: its fields mean what that program meant.
IMPORTED = Row(
    "chrome",
    "another program, re-exported by Chrome DevTools",
    (),
    omits=Omits.UNKNOWN,
    start_slack=1_000,
    wait_gives_start=True,
    accepts_with_200=True,
    has_own_version=False,
)
OUT_OF_SIGHT = CaveatKind.OUT_OF_SIGHT.caveat(
    "Chrome does not record sockets that opened before DevTools, sockets of shared workers, or anything that happened "
    "while the recording was paused."
)
CHROME = Row(
    "chrome",
    "Chrome DevTools",
    ("webinspector",),
    close=Close.RECEIVE_TIMING,
    closes=Closes.WHILE_PAGE_LIVES,
    opened=Opened.WAIT,
    tabs=Tabs.DOCUMENT,
    in_order_of_start=True,
    start_slack=1_000,
    wait_gives_start=True,
    accepts_with_200=True,
    may_lag=True,
    limits=(OUT_OF_SIGHT,),
    behind=(CHROME_OLD, IMPORTED),
    has_own_version=False,
)

EXPORTERS = (
    CHROME,
    Row(
        "firefox",
        "Firefox",
        ("firefox",),
        opened=Opened.TIME,
        tabs=Tabs.TAB,
        records_messages=False,
        in_order_of_start=True,
    ),
    Row(
        "webkit",
        "Safari / WebKit Web Inspector",
        ("webkit web inspector",),
        omits=Omits.ALL,
        records_messages=False,
        has_own_version=False,
    ),
    Row(
        "playwright",
        "Playwright",
        ("playwright",),
        omits=Omits.ALL,
        records_messages=False,
        accepts_with_200=True,
        writes_failure=True,
        versions_below=(1, 61),
    ),
    # It takes seconds for milliseconds: 745 ms after the handshake's request is written as 0.745 ms after it.
    Row(
        "playwright",
        "Playwright",
        ("playwright",),
        tabs=Tabs.TAB,
        has_message_times=False,
        in_order_of_start=True,
        bfcache_off_in=("chromium",),
        accepts_with_200=True,
        writes_failure=True,
        versions_below=(1, 61, 1),
    ),
    Row(
        "playwright",
        "Playwright",
        ("playwright",),
        tabs=Tabs.TAB,
        in_order_of_start=True,
        bfcache_off_in=("chromium",),
        accepts_with_200=True,
        writes_failure=True,
    ),
    Row("mitmproxy", "mitmproxy", ("mitmproxy",), omits=Omits.PERHAPS_OPEN, out_of_order_means_order_of_close=True),
    Row(
        "http-toolkit",
        "HTTP Toolkit",
        ("http toolkit",),
        close=Close.CLOSE_RECORD,
        closes=Closes.ALL,
        close_slack=3_000,  # seen from the proxy, measured against the page's own events
    ),
    Row(
        "cypress-har-generator",
        "cypress-har-generator",
        ("@neuralegion/cypress-har-generator", "cypress-har-generator"),
        close=Close.RECEIVE_TIMING,
        opened=Opened.WAIT,
        omits=Omits.OPEN,
        in_order_of_close=True,
        start_slack=1_000,
    ),
    # What was redirected stands where its redirect was answered, and where it went to in its place.
    Row("chrome-har-capturer", "chrome-har-capturer", ("chrome har capturer", "chrome-har-capturer"), tabs=Tabs.TAB),
    Row(
        "chrome-har", "chrome-har (sitespeed.io, browsertime)", ("chrome-har",), omits=Omits.ALL, records_messages=False
    ),
    Row("puppeteer-har", "puppeteer-har", ("puppeteer-har",), omits=Omits.ALL, records_messages=False),
    Row(
        "har-sockets",
        "har-sockets",
        ("har-sockets",),
        close=Close.CLOSE_RECORD,
        closes=Closes.ALL,
        opened=Opened.ANSWERED,
        tabs=Tabs.STATED,
        lists_no_messages=True,
        in_order_of_start=True,
        accepts_with_200=True,
        writes_failure=True,
    ),
    Row("gori", "gori", ("gori",), omits=Omits.UNKNOWN),
    Row("pcapng-utils", "pcapng-utils", ("pcapng -> har",), close=Close.CLOSE_RECORD),
    Row("pcap2har", "pcap2har", ("pcap2har",)),
    Row("selenium-robot", "seleniumRobot", ("seleniumrobot",), close=Close.ENTRY_TIME, closes=Closes.ALL),
)

UNKNOWN = Row("unknown", "an unknown program", (), omits=Omits.UNKNOWN, is_known=False)


def identify(name: str | None, version: str | None) -> Row:
    """Find the row for `log.creator`; UNKNOWN for what no row knows."""
    creator_name = (name or "").strip().lower()
    for row in EXPORTERS:
        named = any(f"{creator_name} ".startswith(f"{creator} ") for creator in row.creators)
        if named and (not row.versions_below or _version(version) < row.versions_below):
            return row
    return UNKNOWN


def _version(text: str | None) -> tuple[int, ...]:
    """The leading numbers of a version; an unreadable one counts as the newest."""
    numbers = []
    for part in (text or "").split(".")[:3]:
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers) or (1 << 30,)


def label(row: Row, name: str | None, version: str | None, comment: str | None) -> str:
    """The program for people, `Firefox 153.7.0`, from what `log.creator` says.

    One that no row knows goes by its own name. A longer name than the row's is that of an addon, and so is the version
    beside it: the program's own may stand in the comment (mitmproxy's har_dump).
    """
    exact = (name or "").strip().lower() in row.creators
    own = None if exact else re.search(rf"(?i)\b{re.escape(row.label)} v?(\d+(?:\.\d+)*)", comment or "")
    if own is not None:
        return f"{row.label} {own[1]}"
    program = row.label if exact or not name else name
    return f"{program} {version}" if row.has_own_version and version and version not in program.split() else program


def caveats(row: Row, named: bool = True) -> list[Caveat]:
    """List what a capture by this exporter never shows. `named`: the file names the program that wrote it."""
    limits = [_omission(row, named)] if row.omits is not Omits.NONE else []
    if row.is_known and row.omits is not Omits.ALL and row.close is Close.CLOSE_FRAME:
        limits.append(CaveatKind.CLOSES_NOT_RECORDED.caveat(f"{row.label} does not record when a socket closed."))
    return [*limits, *row.limits]


def _omission(row: Row, named: bool) -> Caveat:
    """Say which sockets are not in the file."""
    match row.omits:
        case Omits.ALL:
            return CaveatKind.SOCKETS_NOT_EXPORTED.caveat(f"{row.versions} never writes WebSockets into a HAR.")
        case Omits.OPEN:
            return CaveatKind.OPEN_SOCKETS_NOT_EXPORTED.caveat(f"{row.label} leaves out sockets that were still open.")
        case Omits.PERHAPS_OPEN:
            return CaveatKind.OPEN_SOCKETS_NOT_EXPORTED.caveat(
                f"{row.label} leaves out sockets that were still open, unless the file was written with save.har."
            )
    if named:
        return CaveatKind.EXPORTER_UNKNOWN.caveat("It is unknown which sockets this program leaves out.")
    return CaveatKind.EXPORTER_UNKNOWN.caveat(
        "This file does not name the program that wrote it, so it is unknown which sockets are missing."
    )
