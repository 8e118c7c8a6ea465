"""Name a file that is not read by its first bytes, never by its name, and say what to record or export instead.

A row is tried only where reading failed, so that none can keep a capture from being read. All advice is here: where a
recording must be made anew, that of a NetLog, which decides every verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FROM_DEVTOOLS = "in Chrome DevTools choose Network > Export HAR"
NETLOG = "start Chrome with --log-net-log=FILE, and give that log"
IN_CHROME = "use Chrome, started with --log-net-log=FILE, and give that log"
UNREAD = "a capture that har-sockets reads"  # for sentences: "not a capture that ..."
UNPACK = "unpack it, and give the folder"


def advise_mistake(what: str) -> str:
    """Advise somebody who gave another file by mistake."""
    return f"{what}, not a capture: {FROM_DEVTOOLS}"


def advise_unread(what: str, way: str = NETLOG) -> str:
    """Advise somebody who gave a capture that is not read."""
    return f"{what}, which har-sockets does not read: {way}"


def advise_encrypted(what: str) -> str:
    """Advise somebody who gave an encrypted file."""
    return f"{what}: decrypt it first, and give what is in it"


ZLIB = "zlib data (mitmproxy .zhar): save the HAR as .har instead: `save.har @all chat.har`"
CHARLES = advise_unread("a Charles session")
FIDDLER = advise_unread("a Fiddler archive (.saz)")
PROXYMAN = advise_unread("a Proxyman log", "in Proxyman choose File > Export > HAR")
PLAYWRIGHT_PART = "a part of a Playwright trace: give the whole trace.zip, or zip its folder, and give that"
PLAYWRIGHT = "parts of Playwright traces, without exactly one `trace.network`: give each trace.zip by itself"
PLAYWRIGHT_REPORT = "a page of Playwright's report: give its folder with --any, which reads the traces in it"
PICTURE = advise_mistake("a picture")

# Per row: how such a file begins, white space before text left out; what it is, and what to do. The patterns are not
# compiled here: that would cost each start 4 ms, and they are needed only where reading failed.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM.{4}\0{4}|\0\0\0.ftyp(?:heic|avif|mif1)", PICTURE),
    (rb"\0\0\0.ftyp|\x1a\x45\xdf\xa3", advise_mistake("a video")),
    (rb"%PDF", advise_mistake("a PDF")),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", f"a 7z or RAR archive: {UNPACK}"),
    (rb".{257}ustar", f"a tar archive: {UNPACK}"),
    (rb"BZh\d1AY&SY|\xfd7zXZ\0|\x04\x22\x4d\x18", "compressed with bzip2, xz or LZ4: decompress it first"),
    (rb"PK\x05\x06", f"an empty zip: {FROM_DEVTOOLS}"),
    (rb"-----BEGIN PGP MESSAGE|[\x84\x85].{1,2}\x03|\x8c\x0d\x04", advise_encrypted("encrypted with PGP (gpg)")),
    (rb"age-encryption\.org/|-----BEGIN AGE|Salted__|-----BEGIN PKCS7", advise_encrypted("an encrypted file")),
    (rb"\x7fELF|MZ[^\x09-\x7e]|[\xcf\xce]\xfa\xed\xfe|\xca\xfe\xba\xbe", advise_mistake("a program")),
    (rb"SQLite format 3\0", advise_mistake("a database")),
    (rb"bplist00.*WebMainResource", advise_unread("a web archive of Safari", IN_CHROME)),
    (rb"\x78[\x01\x9c\xda]", ZLIB),
    (rb"version https://git-lfs", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
    (rb"(?:eyJ|ew0K|ewo)[\w+/\s-]{40}|H4sI[\w+/]{8}", "base64 text: decode it first (`base64 -d FILE > chat.har`)"),
    (
        rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\x0a\x0d\x0d\x0a",
        advise_unread("a packet capture (pcap)"),
    ),
    (rb"\xac\xed\x00\x05.*(?:xk72|[Cc]harles)", CHARLES),
    (rb"<\?xml.{0,200}charles|<charles-session", CHARLES),
    (rb"(?i)<!doctype html>.{0,2000}<title>Playwright Test Report", PLAYWRIGHT_REPORT),
    (rb"(?i)<!doctype html>.{0,2000}<title>[^<]{0,100}Mochawesome", advise_unread("a report of Cypress")),
    (
        rb"(?i)(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head)\b",
        "a web page, not a capture. Was a login or error page saved in its place? Sign in and download the file again",
    ),
    (rb"<", advise_mistake("HTML or XML")),
    (
        rb'\{\s*"(?:type"\s*:\s*"resource-snapshot|version"\s*:\s*\d+\s*,\s*"type"\s*:\s*"context-options)',
        PLAYWRIGHT_PART,
    ),
    (
        rb"\[\d+[.,]\d+\]\[(?:INFO|DEBUG|WARNING|SEVERE)\]:",
        advise_unread("chromedriver's own log, without events"),
    ),
    (
        rb"[\[{(][\s\[{(]*(?:u?\"[^\"]{0,100}\"\s*:[\s\[{]*){0,3}(?:u?'|None\b|True\b|False\b)",
        "a Python object as text, not JSON: write the file with `json.dump`",
    ),
    (
        rb'\[?\s*\{[^{}\[\]]{0,3000}?"source"\s*:\s*"(?:console-api|javascript|network|security|deprecation|other)"',
        'the console log of a browser, without sockets: save `get_log("performance")` as JSON instead',
    ),
    (
        rb'\[?\s*\{(?:[^{}\[\]]{0,300}?)"method"\s*:\s*"(?:network|log|browsingContext|script|session)\.[a-z]',
        advise_unread("a WebDriver BiDi log, without sockets"),
    ),
    (
        rb'\{\s*"meta"\s*:\s*\{.{0,4000}?"(?:product|processType|interval)"\s*:',
        advise_unread("a Firefox profile", IN_CHROME),
    ),
    (
        rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC - )?\[(?:[A-Z][\w ]{0,40} )?\d+: ?[^\]\n]{1,80}\]: [A-Z]/",
        advise_unread("a log of Firefox (MOZ_LOG)", IN_CHROME),
    ),
    (
        rb'\{\s*"version"\s*:\s*\d+\s*,\s*"recording"\s*:\s*\{',
        advise_unread("a timeline of Safari", IN_CHROME),
    ),
    (
        rb'\{\s*"(?:stats|reporterStats)"\s*:\s*\{\s*"(?:suites|tests)"|\{\s*"config"\s*:\s*\{\s*"configFile"',
        advise_unread("the results of tests"),
    ),
    (
        rb'\[\s*\{\s*"(?:status"\s*:\s*"[A-Z]+"|method".{0,300}"(?:actualPort|protocolVersion)"|protocolVersion")',
        CHARLES,
    ),
    (
        rb'\{\s*"(?:error|errors|message|statusCode)"\s*:',
        "the answer of a server that reports an error, not a capture: download the file again",
    ),
    (
        rb'\{\s*"format"\s*:\s*\d+\s*,\s*"tool"\s*:\s*\{\s*"name"\s*:\s*"har-sockets"',
        "results of har-sockets, not a capture: give it the captures again",
    ),
    (
        rb'\{"source":"(?:[^"\\]|\\.)*",(?:"sha256":(?:"\w+"|null),"bytes"|"problem"):',
        "results of har-sockets, not a capture: `har-sockets summary` reads them",
    ),
    (rb'\{\s*"info"\s*:\s*\{\s*"_postman_id"', advise_mistake("a Postman collection")),
    (
        rb'\[\s*\{.{0,1000}?"startedDateTime"\s*:',
        'only the entries of a HAR: write {"log": {"version": "1.2", "entries": ...}} around them',
    ),
    (rb"\[", f"a JSON array, not {UNREAD}: {FROM_DEVTOOLS}"),
    (rb"curl: \(\d+\)|Traceback \(most recent", "the error message of a program, not a capture: run that again"),
    (
        rb"//|/\*|[\"']use strict[\"']|[!(;]*function\b|(?:import|export|const|let|var|class)\s+[\w${*\"'(\[]",
        advise_mistake("JavaScript"),
    ),
    (rb"[\w.$]+\s*\(\s*\{", "JSONP, not a HAR: remove the function call around it"),
    (
        rb"\n(?:[\x01-\x7f]|[\x80-\xff]{1,4}[\x00-\x7f])[\x08\x0a\x12\x1a-\x7a\x80-\xff](?=.{0,500}[\x00-\x08])",
        advise_unread("a Perfetto trace"),
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
    (r"word/|xl/|ppt/|\[Content_Types\]\.xml$", advise_mistake("an Office document")),
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
