"""Files that are no HAR: what they are by their first bytes, never by their name, and the way out.

A row is looked at only where reading failed, so that none can keep a HAR from being read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HEAD = 4096  # bytes that are looked at
FROM_DEVTOOLS = "save a HAR from the Network panel of Chrome DevTools (Export HAR)"
RECORD = "record a HAR with `har-sockets record`, or save one from Chrome DevTools"
ZLIB = "zlib data (mitmproxy .zhar): decompress it first"
CHARLES = "a Charles session, not a HAR: in Charles choose File > Export Session > HTTP Archive (.har)"
CDP_EVENT = rb'\\?"method\\?"\s*:\s*\\?"(?:Network|Page|Target|Runtime|Fetch|Tracing|DOM|Log)\.'

# Each row: how such a file begins (white space before text left out), and what it is with the way out.
BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), told)
    for pattern, told in (
        (rb"\x89PNG", "a PNG picture, not a HAR"),
        (rb"%PDF", "a PDF, not a HAR"),
        (rb"\x78[\x01\x9c\xda]", ZLIB),
        (rb"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
        (
            rb"\d+:(?=.{0,4000}(?:\d+:(?:websocket|response|client_conn|server_conn|request|backup|certificate)[;,]))",
            "a mitmproxy flow file, not a HAR: convert it with `mitmdump -nr FLOWS --set hardump=OUT.har`",
        ),
        (
            rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\x0a\x0d\x0d\x0a",
            f"a packet capture (pcap), not a HAR: {RECORD}",
        ),
        (rb"\xac\xed\x00\x05.*(?:xk72|[Cc]harles)", CHARLES),
        (rb"<\?xml.{0,200}charles|<charles-session", CHARLES),
        (
            rb"(?i)(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head)\b",
            "an HTML page, not a HAR: perhaps a login or error page that was saved in its place; download it again",
        ),
        (rb"<", "HTML or XML, not a HAR"),
        (
            rb'\{\s*"constants"\s*:|\{\s*"events"\s*:\s*\[',
            f"a Chrome NetLog (chrome://net-export), not a HAR: {FROM_DEVTOOLS}",
        ),
        (
            rb'\{.{0,3000}?"traceEvents"\s*:\s*\[|\{\s*"traceEvents"|\[\s*\{[^{}]{0,300}(?:\{[^{}]{0,300}\}[^{}]{0,300})?"ph"\s*:',
            f"a Chrome Performance trace, not a HAR: {FROM_DEVTOOLS}",
        ),
        (
            rb'\{\s*"(?:type"\s*:\s*"resource-snapshot|version"\s*:\s*\d+\s*,\s*"type"\s*:\s*"context-options)',
            "a part of a Playwright trace, not a HAR: record one with `recordHar` (Playwright 1.61 or later)",
        ),
        (
            rb"\[\d+[.,]\d+\]\[(?:INFO|DEBUG|WARNING|SEVERE)\]:|\[?\s*\{\s*\"level\"\s*:.{0,200}" + CDP_EVENT,
            f"a log of chromedriver, not a HAR: {RECORD}",
        ),
        (rb"\[?\s*\{.{0,1000}?" + CDP_EVENT, f"a log of Chrome DevTools Protocol events, not a HAR: {RECORD}"),
        (
            rb"[\[{][\s\[{]*(?:u?\"[^\"]{0,100}\"\s*:[\s\[{]*){0,3}(?:u?'|None\b|True\b|False\b)",
            "a Python object as text, not JSON: write it with `json.dump`",
        ),
        (
            rb'\[\s*\{\s*"(?:status"\s*:\s*"[A-Z]+"|method".{0,300}"(?:actualPort|protocolVersion)"|protocolVersion")',
            CHARLES,
        ),
        (rb'\{\s*"info"\s*:\s*\{\s*"_postman_id"', f"a Postman collection, not a HAR: {RECORD}"),
        (
            rb'\[\s*\{.{0,1000}?"startedDateTime"\s*:',
            'the entries of a HAR without what is around them: write {"log": {"version": "1.2", "entries": ...}}',
        ),
        (rb"\[", "not a HAR: it begins with [, and a HAR is an object with a log"),
        (rb"[\w.$]+\s*\(\s*\{", "JSONP: remove the function call around the HAR"),
        (
            rb"\n(?:[\x01-\x7f]|[\x80-\xff]{1,4}[\x00-\x7f])[\x08\x0a\x12\x1a-\x7a\x80-\xff](?=.{0,500}[\x00-\x08])",
            f"a Perfetto trace, not a HAR: {FROM_DEVTOOLS}",
        ),
    )
)

# By the names of what a zip holds; each row: one of its files, and what it is.
MEMBERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (
            r"(?:.*/)?[\w-]*trace\.(?:trace|network)$|(?:.*/)?\d+-trace\.(?:trace|network)$",
            "a Playwright trace, not a HAR: record one with `recordHar` (Playwright 1.61 or later)",
        ),
        (
            r"raw/\d+_[csmw]\.(?:txt|xml)$",
            "a Fiddler archive (.saz), not a HAR: in Fiddler choose File > Export Sessions > HTTPArchive v1.2",
        ),
        (r"request_\d+_", "a Proxyman log, not a HAR: in Proxyman choose File > Export > HAR"),
        (r"(?:\d+/)*\d+(?:\.xml|-meta\.json)$", CHARLES),
    )
)


def recognized(head: bytes) -> str | None:
    """What a file is that begins so, and the way out; None for what no row knows."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((told for pattern, told in BEGINNINGS if pattern.match(head) or pattern.match(text)), None)


def recognized_zip(names: Iterable[str]) -> str | None:
    """The same of a zip that holds these files."""
    listed = list(names)
    return next((told for pattern, told in MEMBERS if any(map(pattern.match, listed))), None)
