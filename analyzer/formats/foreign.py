"""Name a file that is not a HAR by its first bytes, never by its name, and say what to export instead.

A row is tried only where reading failed, so that none can keep a HAR from being read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FROM_DEVTOOLS = "in Chrome DevTools choose Network > Export HAR"
RECORD = "record one with `har-sockets record URL -o chat.har`"
EITHER = f"{FROM_DEVTOOLS}, or {RECORD}"
ZLIB = "zlib data (mitmproxy .zhar): save the HAR as .har instead: `save.har @all chat.har`"
CHARLES = "a Charles session, not a HAR: in Charles choose File > Export Session > HTTP Archive (.har)"
PLAYWRIGHT_PART = "a part of a Playwright trace: give the whole trace.zip, or zip its folder, and give that"
PLAYWRIGHT = "parts of Playwright traces, without exactly one `trace.network`: give each trace.zip by itself"
FIDDLER = "a Fiddler archive (.saz), not a HAR: in Fiddler choose File > Export Sessions > HTTPArchive v1.2"
PROXYMAN = "a Proxyman log, not a HAR: in Proxyman choose File > Export > HAR"
PICTURE = f"a picture, not a HAR: {FROM_DEVTOOLS}"

# Per row: how such a file begins, white space before text left out; what it is, and what to do. The patterns are not
# compiled here: that would cost each start 4 ms, and they are needed only where reading failed.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM.{4}\0{4}|\0\0\0.ftyp(?:heic|avif|mif1)", PICTURE),
    (rb"\0\0\0.ftyp|\x1a\x45\xdf\xa3", f"a video, not a HAR: {FROM_DEVTOOLS}"),
    (rb"%PDF", f"a PDF, not a HAR: {FROM_DEVTOOLS}"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "a 7z or RAR archive: unpack it, and give the folder"),
    (rb".{257}ustar", "a tar archive: unpack it, and give the folder"),
    (rb"PK\x05\x06", f"an empty zip: {FROM_DEVTOOLS}"),
    (rb"\x7fELF|MZ[^\x09-\x7e]|[\xcf\xce]\xfa\xed\xfe|\xca\xfe\xba\xbe", f"a program, not a HAR: {FROM_DEVTOOLS}"),
    (rb"SQLite format 3\0", f"a database, not a HAR: {FROM_DEVTOOLS}"),
    (rb"\x78[\x01\x9c\xda]", ZLIB),
    (rb"version https://git-lfs", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
    (
        rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\x0a\x0d\x0d\x0a",
        f"a packet capture (pcap), not a HAR: {EITHER}",
    ),
    (rb"\xac\xed\x00\x05.*(?:xk72|[Cc]harles)", CHARLES),
    (rb"<\?xml.{0,200}charles|<charles-session", CHARLES),
    (
        rb"(?i)(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head)\b",
        "a web page, not a HAR. Was a login or error page saved in its place? Sign in and download the HAR again",
    ),
    (rb"<", f"HTML or XML, not a HAR: {FROM_DEVTOOLS}"),
    (
        rb'\{.{0,3000}?"traceEvents"\s*:\s*\[|\{\s*"traceEvents"|\[\s*\{[^{}]{0,300}(?:\{[^{}]{0,300}\}[^{}]{0,300})?"ph"\s*:',
        f"a Chrome Performance trace, not a HAR: {FROM_DEVTOOLS}",
    ),
    (
        rb'\{\s*"(?:type"\s*:\s*"resource-snapshot|version"\s*:\s*\d+\s*,\s*"type"\s*:\s*"context-options)',
        PLAYWRIGHT_PART,
    ),
    (
        rb"\[\d+[.,]\d+\]\[(?:INFO|DEBUG|WARNING|SEVERE)\]:",
        f"a chromedriver log, not a HAR: {RECORD}",
    ),
    (
        rb"[\[{][\s\[{]*(?:u?\"[^\"]{0,100}\"\s*:[\s\[{]*){0,3}(?:u?'|None\b|True\b|False\b)",
        "a Python object as text, not JSON: write the file with `json.dump`",
    ),
    (
        rb'\[\s*\{\s*"(?:status"\s*:\s*"[A-Z]+"|method".{0,300}"(?:actualPort|protocolVersion)"|protocolVersion")',
        CHARLES,
    ),
    (
        rb'\{\s*"(?:error|errors|message|statusCode)"\s*:',
        "the answer of a server that reports an error, not a HAR: download the file again",
    ),
    (
        rb'\{\s*"format"\s*:\s*\d+\s*,\s*"tool"\s*:\s*\{\s*"name"\s*:\s*"har-sockets"',
        "results of har-sockets, not a capture: give it the captures again",
    ),
    (
        rb'\{"source":"(?:[^"\\]|\\.)*",(?:"sha256":(?:"\w+"|null),"bytes"|"problem"):',
        "results of har-sockets, not a capture: `har-sockets summary` reads them",
    ),
    (rb'\{\s*"info"\s*:\s*\{\s*"_postman_id"', f"a Postman collection, not a HAR: {EITHER}"),
    (
        rb'\[\s*\{.{0,1000}?"startedDateTime"\s*:',
        'only the entries of a HAR: write {"log": {"version": "1.2", "entries": ...}} around them',
    ),
    (rb"\[", f"a JSON array, not a HAR: {FROM_DEVTOOLS}"),
    (rb"curl: \(\d+\)|Traceback \(most recent", "the error message of a program, not a HAR: run that again"),
    (
        rb"//|/\*|[\"']use strict[\"']|[!(;]*function\b|(?:import|export|const|let|var|class)\s+[\w${*\"'(\[]",
        f"JavaScript, not a HAR: {FROM_DEVTOOLS}",
    ),
    (rb"[\w.$]+\s*\(\s*\{", "JSONP, not a HAR: remove the function call around it"),
    (
        rb"\n(?:[\x01-\x7f]|[\x80-\xff]{1,4}[\x00-\x7f])[\x08\x0a\x12\x1a-\x7a\x80-\xff](?=.{0,500}[\x00-\x08])",
        f"a Perfetto trace, not a HAR: {FROM_DEVTOOLS}",
    ),
)

# Per row: a file in such a zip; what the zip is, and what to do.
MEMBERS: tuple[tuple[str, str], ...] = (
    (
        r"(?:.*/)?(?:[\w-]*trace\.(?:trace|network)|test\.trace)$",
        PLAYWRIGHT,
    ),
    (
        r"raw/\d+_[csmw]\.(?:txt|xml)$",
        FIDDLER,
    ),
    (r"request_\d+_", PROXYMAN),
    (r"(?:\d+/)*\d+(?:\.xml|-meta\.json)$", CHARLES),
    (r"word/|xl/|ppt/|\[Content_Types\]\.xml$", f"an Office document, not a HAR: {FROM_DEVTOOLS}"),
)


def recognize(head: bytes) -> str | None:
    """Name a file that begins so, and what to do; None where no row matches."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((advice for pattern, advice in BEGINNINGS if _begins(head, pattern) or _begins(text, pattern)), None)


def _begins(text: bytes, pattern: bytes) -> bool:
    return re.match(pattern, text, re.DOTALL) is not None


def recognize_zip(names: Iterable[str]) -> str | None:
    """Name a zip that holds these files, likewise."""
    listed = list(names)
    return next((advice for pattern, advice in MEMBERS if any(re.match(pattern, name) for name in listed)), None)
