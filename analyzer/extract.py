"""A capture -> a small, masked HAR with only its sockets, to attach to a ticket. By allow-list: what is not named here
does not come along.

Kept are the WebSocket entries, pages and documents; of the other entries those that the answer rests on (the first and
last sign of life of each page, how ordinary requests are sent, what shows that the clock was set or in which order
entries stand), stripped to start, length, page, type and who asked. Of messages stay time, type, opcode and length.
What a socket belongs to is written beside it (`_harSockets`), since its masked URL no longer tells; likewise caveats
that come from damage of the original.

The result is analysed before it leaves: it must give the same sessions, verdict and overlaps, and hold nothing that
was removed.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from analyzer.formats import opened, read
from analyzer.formats.har.entry import Attachment, is_redirect, read_attachment
from analyzer.formats.har.exporters import EXPORTERS
from analyzer.formats.har.fields import (
    duration,
    epoch_seconds,
    headers,
    initiator,
    initiator_type,
    instant,
    is_document,
    is_socket,
    json_of,
    may_be_document,
    payload_length,
    scripts as scripts_of,
    text_of,
)
from analyzer.formats.har.gather import CLOCK_STEP, SAMPLES
from analyzer.formats.har.order import ORDER_SLACK
from analyzer.formats.har.own_fields import member
from analyzer.formats.har.raw import RawEntry, RawMessage, RawTimings
from analyzer.formats.json_stream.array import Document
from analyzer.masking import ALNUM, LONG_ENOUGH, Masks, has_host, masked
from analyzer.masking.shapes import RUN, opaque
from analyzer.model import CaptureError, Instant, Policy, Report, Run, Value, bare
from analyzer.outputs.document import Json, overlap_document, pretty, session_document
from analyzer.pipeline import analyze
from analyzer.services import Row
from analyzer.version import VERSION

# Headers by which entries are told apart (formats/har/fields.py, formats/har/reader.py), and what their values may be.
DIRECTIVE = r"(?:no-cache|no-store|no-transform|only-if-cached|(?:max-age|max-stale|min-fresh)=\d{1,9})"
HEADERS = {
    "upgrade": r"(?i:websocket)",
    ":protocol": r"(?i:websocket)",
    "cache-control": rf"(?i:{DIRECTIVE}(?:\s*,\s*{DIRECTIVE})*)",
    "sec-fetch-dest": r"[a-z]{1,20}",
    "sec-fetch-mode": r"[a-z-]{1,20}",
    "sec-fetch-site": r"[a-z-]{1,20}",
    "sec-websocket-key": r"[A-Za-z0-9+/]{22}==",
    "sec-purpose": r"(?:prefetch|prerender|;|\s|anonymous-client-ip)*",
    "purpose": r"(?:prefetch|prerender|preview)",
}
ORDINARY = ("cache-control", "sec-fetch-dest", "sec-purpose", "purpose")  # those that tell something of any request
CHROME = re.compile(r"Chrome/(\d{1,4})\.")  # of a User-Agent
HOSTS = ("host", ":authority")  # for a URL that has none
SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie", "sec-websocket-protocol")
DATE = re.compile(r"[-+\d:.TZ ]{0,40}")
ERROR = re.compile(r"(?:net::ERR_[A-Z0-9_]{1,60})?")
METHOD, KIND = re.compile(r"[A-Z]{0,10}"), re.compile(r"[A-Za-z-]{0,20}")  # a request's; a resource's, a message's
HTTP_VERSION = re.compile(r"(?:HTTP/[\d.]{1,3}|h[23](?:-\d\d)?|unknown)?", re.IGNORECASE)
MIME = re.compile(
    r"(?:text|image|audio|video|font|application|multipart|x-unknown)(?:/[a-z0-9.+-]{1,40})?", re.IGNORECASE
)
PROGRAM_VERSION = re.compile(r"v?\d[\w.+-]{0,40}|[\da-f]{7,8}")
KNOWN_PROGRAM = re.compile(  # browsers, and tools that save HARs
    r"(?:(?:Google|Microsoft|Mozilla|Mobile|Headless|Samsung) ?)?"
    r"(?:Chrome|Chromium|Firefox|Safari|WebKit|Edge?|Edg|Opera|Brave|Vivaldi|Electron|Internet(?: Explorer)?|msedge|"
    r"Charles(?: Proxy)?|Fiddler(?: Everywhere| Classic)?|Proxyman|Insomnia|Postman|Burp Suite|BrowserMob Proxy|"
    r"Puppeteer|Selenium|Cypress|TestCafe|WebPageTest|Requestly|Reqable|OWASP ZAP)\b",
    re.IGNORECASE,
)
MASK = re.compile(r"<token (\w+)>")
FRAMES = 64  # of a stack
LONGEST_LOOKED_AT = 4096  # characters of a message, for what must not be in the result
NOTE = "Extracted by har-sockets {}: only sockets, pages and documents; masked; message data removed."
SAME = re.compile(r"<token \w+>|user-\w+")
OWN = re.compile(r"<token \w+>|%3Ctoken%20\w+%3E|user-\w+")  # masks
VALUES = re.compile(r"^(?:[A-Za-z][\w+.-]*:)?(?://)?[^/?#]*|(?<=[?&])[^=&]*=")  # all of an address but path and values
Line: TypeAlias = tuple[int, Instant, Instant, str | None]  # of an entry: its index, start, end, page


class Extract(Value, frozen=True):
    """The small HAR, and what became of the rest: (what, how many)."""

    data: bytes
    kept: tuple[tuple[str, int], ...]
    removed: tuple[tuple[str, int], ...]
    dropped: int  # entries


@bare
def extract(source: str, catalogue: Sequence[Row] = (), key: str | None = None) -> Extract:
    """Extract the sockets of the capture at a path.

    Raises CaptureError where it cannot be read, and where the result would not say the same or would hold something
    that was removed: then nothing leaves.
    """
    if source == "-":
        raise CaptureError("-", "", "standard input cannot be read twice: save the capture to a file")
    report = analyze(read(source), catalogue=catalogue)
    for witnesses in (_witnesses(source), None):
        small = _Small(report, Masks(key=key), witnesses)
        small.fill(source)
        data = small.data(report, catalogue)
        if _answer(_analyzed(data, catalogue)) == _answer(report):
            small.check(source)
            return small.extract(data)
    raise CaptureError(source, "", "its extract would not give the same answer, so none was written")


def _analyzed(data: bytes, catalogue: Sequence[Row]) -> Report:
    return analyze(read(io.BytesIO(data), "extract"), catalogue=catalogue)


def _answer(report: Report) -> Any:
    """What must stay the same: sessions, verdict, overlaps; but for places in the file and the names of masks."""
    shown = masked(Run((report,), (), Policy())).reports[0]
    sessions = [
        {**session_document(session), "pointer": None, "seen_in": len(session.also)} for session in shown.sessions
    ]
    said = json.dumps([shown.verdict, sessions, [overlap_document(overlap) for overlap in shown.overlaps]])
    return SAME.sub("<>", said)


# -- which of the other entries the answer rests on ------------------------------------------------------------


def _entries(source: str) -> Iterator[tuple[int, RawEntry, Attachment]]:
    with opened(source) as (stream, name, beside, _):
        for element in Document(stream, name, RawEntry).elements():
            if element.entry is not None:
                yield element.index, element.entry, beside


def _witnesses(source: str) -> frozenset[int]:
    """Of the entries that are neither sockets nor documents, those that alone show something."""
    lines: list[Line] = []
    others: list[Line] = []
    asking: list[Line] = []  # their pages' parsers and scripts asked for them
    tells: set[int] = set()
    opening: set[str] = set()  # scripts that open sockets
    scripts: dict[str, list[int]] = {}  # each load: a page and its iframes have one of their own
    for index, entry, _ in _entries(source):
        if is_socket(entry):
            opening.update(scripts_of(initiator(json_of(entry.initiator))))
        elif (entry.resource_type or "").lower() == "script":
            scripts.setdefault(entry.request.url or "", []).append(index)
        at = instant(entry.startedDateTime)
        if at is not None:
            line = (index, at, at + (duration(entry.time) or 0), entry.pageref)
            lines.append(line)
            if not is_socket(entry) and not _documents(entry):
                others.append(line)
                if initiator_type(entry.initiator) in ("parser", "script"):
                    asking.append(line)
                if is_redirect(entry):
                    tells.add(index)
    kept = {*_extremes(others), *_extremes(asking), *_samples(others), *_steps(lines), *_disorder(lines), *tells}
    kept |= {index for url in opening for index in scripts.get(url, ())}
    return frozenset(kept & {index for index, *_ in others})


def _extremes(lines: Sequence[Line]) -> Iterator[int]:
    """The first and the last of each page, and of all by their end; one that was over before the file goes on."""
    by_page: dict[str | None, list[Line]] = {}
    for line in lines:
        by_page.setdefault(line[3], []).append(line)
    for page in by_page.values():
        yield min(page, key=lambda line: line[1])[0]
        yield max(page, key=lambda line: line[1])[0]
    if lines:
        yield max(lines, key=lambda line: line[2])[0]


def _samples(lines: Sequence[Line]) -> Iterator[int]:
    """The first of each page, by which it is told how ordinary requests are sent."""
    taken: Counter[str | None] = Counter()
    for index, _, _, page in lines:
        taken[page] += 1
        if taken[page] <= SAMPLES:
            yield index


def _steps(lines: Sequence[Line]) -> Iterator[int]:
    """Those between which the clock of a page ran backwards."""
    before: dict[str | None, Line] = {}
    for line in lines:
        last = before.get(line[3])
        if last is not None and line[1] < last[1] - CLOCK_STEP:
            yield from (last[0], line[0])
        before[line[3]] = line


def _disorder(lines: Sequence[Line]) -> Iterator[int]:
    """Those that started after what follows them, and those that outlast what follows them: no order of close."""
    latest: Line | None = None
    for line in lines:
        if latest is not None and line[1] < latest[1]:
            yield latest[0]
        latest = line if latest is None or line[1] > latest[1] else latest
    earliest: Line | None = None
    for line in reversed(lines):
        if earliest is not None and line[2] > earliest[2] + ORDER_SLACK:
            yield from (line[0], earliest[0])
            return
        earliest = line if earliest is None or line[2] < earliest[2] else earliest


# -- the small HAR ---------------------------------------------------------------------------------------------


def _documents(entry: RawEntry) -> bool:
    """Does it show that a page was loaded, with the exporter's mark or without?"""
    return is_document(entry) or may_be_document(entry)


class _Small:
    """The small HAR while it is made: what is kept of each entry, and what was removed."""

    def __init__(self, report: Report, masks: Masks, witnesses: frozenset[int] | None) -> None:
        self.masks = masks
        self.masks.learn(report.sessions)
        self.masks.meet(report)
        self.sessions = {session.pointer: session for session in report.sessions}
        self.witnesses = witnesses  # None: all
        self.entries: list[Json] = []
        self.log: Json = {}
        self.told: list[str] = []
        self.ordered: bool | None = None  # whether entries stand in order of close, where the rest no longer shows it
        self.kept: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.dropped = 0
        self.secrets: set[str] = set()  # that must not be in the result
        self.texts: list[str] = []  # in the result, that come from the capture

    def fill(self, source: str) -> None:
        with opened(source) as (stream, name, beside, _):
            document = Document(stream, name, RawEntry)
            for element in document.elements():
                if element.entry is not None:
                    self._add(element.index, element.entry, beside)
                else:
                    self.dropped += 1
            self.log = document.log

    def _add(self, index: int, entry: RawEntry, beside: Attachment) -> None:
        if is_socket(entry):
            self.kept["sockets"] += 1
            self.entries.append(self._socket(f"/log/entries/{index}", entry, beside))
        elif _documents(entry):
            self.kept["documents"] += 1
            self.entries.append(self._whole(entry))
        elif self.witnesses is None or index in self.witnesses:
            self.kept["other entries (stripped)"] += 1
            self.entries.append(self._stripped(entry))
        else:
            self.dropped += 1

    def _stripped(self, entry: RawEntry) -> Json:
        """Start, length, page and type; who asked for it, and how. Of a script its address and that of the document
        which loaded it, too, and of a redirect that it is one."""
        script = (entry.resource_type or "").lower() == "script"
        status = entry.response.status if is_redirect(entry) else 0
        return {
            **self._head(entry),
            "_initiator": self._asked(json_of(entry.initiator), ("type", "url") if script else ("type",)),
            "request": _request(
                _word(METHOD, entry.request.method) or "GET" if status else "GET",
                self._url(entry.request.url or "") if script else "about:blank",
                "",
                self._ordinary(entry.request.headers),
            ),
            "response": _response(status, "", [], "x-unknown"),
            "cache": {},
            "timings": {"send": -1, "wait": -1, "receive": -1},
        }

    def _asked(self, value: object, members: Sequence[str]) -> Json:
        """These members of an initiator, and the script of its innermost frame."""
        whole = {"type": "unknown", **self._initiator(value)}
        innermost = whole.get("stack", {}).get("callFrames", [])[:1]
        kept = {name: whole[name] for name in members if name in whole}
        return {**kept, **({"stack": {"callFrames": innermost}} if innermost else {})}

    def _ordinary(self, raw: msgspec.Raw) -> list[Json]:
        """The headers of any request that tell something: their names, and what their values may be."""
        sent = headers(raw)
        kept = [(name, sent[name]) for name in ORDINARY if name in sent and re.fullmatch(HEADERS[name], sent[name])]
        kept += [("referer", "about:blank")] if "referer" in sent else []
        kept += [("user-agent", agent)] if (agent := _agent(sent.get("user-agent", ""))) else []
        return [{"name": name, "value": value} for name, value in kept]

    def _head(self, entry: RawEntry) -> Json:
        """What any entry begins with. An absent length stays absent: it means something."""
        page, kind = self._name(entry.pageref), _word(KIND, entry.resource_type)
        return {
            **({"pageref": page} if page is not None else {}),
            **({"_resourceType": kind} if kind is not None else {}),
            "startedDateTime": entry.startedDateTime if DATE.fullmatch(entry.startedDateTime or "") else "",
            "time": entry.time,
        }

    def _whole(self, entry: RawEntry) -> Json:
        """A socket or a document, without bodies, cookies and all but a few headers."""
        request, response = entry.request, entry.response
        mime = (response.content.mimeType if response.content is not None else None) or ""
        failure = {} if response.failure is None else {"_failureText": self._text(response.failure)}
        failure |= {} if response.error is None else {"_error": _word(ERROR, response.error) or ""}
        frame = {} if entry.frame is None else {"_frameref": self._name(entry.frame)}
        return {
            **self._head(entry),
            **frame,
            "_initiator": self._initiator(json_of(entry.initiator)),
            "request": _request(
                _word(METHOD, request.method) or "",
                self._url(request.url or ""),
                _word(HTTP_VERSION, request.httpVersion) or "",
                self._headers(request.headers, host=not has_host(request.url or "")),
            ),
            "response": {
                **_response(
                    response.status,
                    _word(HTTP_VERSION, response.httpVersion) or "",
                    self._headers(response.headers),
                    _mime(mime),
                ),
                **failure,
            },
            "cache": {},
            "timings": _timings(entry.timings),
        }

    def _socket(self, pointer: str, entry: RawEntry, beside: Attachment) -> Json:
        messages = entry.messages
        if messages is None and entry.response.content is not None and entry.response.content.file:
            messages, _ = read_attachment(beside, entry.response.content.file)
        close = json_of(entry.close)
        return {
            **self._whole(entry),
            **({} if messages is None else {"_webSocketMessages": [self._message(it) for it in messages]}),
            **({} if close is None else {"_webSocketClose": self._close(close)}),
            **({} if epoch_seconds(entry.requested_by) is None else {"_requestedBy": entry.requested_by}),
            **({} if epoch_seconds(entry.alive) is None else {"_aliveAt": entry.alive}),
            "_harSockets": self._affiliation(pointer),
        }

    def _message(self, message: RawMessage) -> Json:
        """Time, type, opcode and length. Chrome's text of an error is the browser's own, not data."""
        kept: Json = {"type": _word(KIND, message.type), "time": message.time, "opcode": message.opcode, "data": ""}
        data = message.data or ""
        if message.type == "error":
            return {**kept, "data": self._text(data)}
        self.removed["messages' data"] += bool(data)
        self.secrets.update(filter(opaque, RUN.findall(data[:LONGEST_LOOKED_AT])))
        return {**kept, "_length": payload_length(message)}

    def _close(self, close: object) -> object:
        if not isinstance(close, dict):
            return self._text(close) if isinstance(close, str) else {}
        told = ("code", "timestamp", "time", "_earliest")
        numbers = {key: close[key] for key in told if isinstance(close.get(key), int | float)}
        reason, by = text_of(close.get("reason")), _word(KIND, text_of(close.get("_by")))
        return {
            **numbers,
            **({} if reason is None else {"reason": self._text(reason)}),
            **({} if by is None else {"_by": by}),
        }

    def _affiliation(self, pointer: str) -> Json:
        """What the socket belongs to, masked."""
        session = self.sessions.get(pointer)
        told = session.affiliation if session is not None else None
        if told is None:
            return {}
        identity, client = self.masks.identity(told.identity), told.client
        said = {
            "provider": told.provider.id if told.provider is not None else None,
            "app": self._encoded(identity.app) if identity is not None and identity.app is not None else None,
            "user": identity.user if identity is not None else None,
            "client": client.name if client is not None else None,
            "version": client.version if client is not None else None,
            "runtime": client.runtime if client is not None else None,
            "context": session.context if session is not None else None,
            "extension": True if session is not None and session.extension else None,
        }
        return {key: value for key, value in said.items() if value is not None}

    def _initiator(self, value: object) -> Json:
        """Functions and places of the stack, async parents included."""
        if not isinstance(value, dict):
            return {}
        kept: Json = {"type": _word(KIND, text_of(value.get("type"))) or "unknown"}
        if (url := text_of(value.get("url"))) is not None:
            kept["url"] = self._url(url)
        if isinstance(line := value.get("lineNumber"), int):
            kept["lineNumber"] = line
        stack = self._stack(value.get("stack"), FRAMES)
        return {**kept, "stack": stack} if stack is not None else kept

    def _stack(self, stack: object, most: int) -> Json | None:
        if not isinstance(stack, dict) or most <= 0:
            return None
        frames = stack.get("callFrames")
        listed = [frame for frame in (frames if isinstance(frames, list) else []) if isinstance(frame, dict)][:most]
        kept: Json = {"callFrames": [self._frame(frame) for frame in listed]}
        if (description := text_of(stack.get("description"))) is not None:
            kept["description"] = self._kept(self.masks.word(description))
        parent = self._stack(stack.get("parent"), most - max(1, len(listed)))
        return {**kept, "parent": parent} if parent is not None else kept

    def _frame(self, frame: Json) -> Json:
        numbers = {key: frame[key] for key in ("lineNumber", "columnNumber") if isinstance(frame.get(key), int)}
        name, url = text_of(frame.get("functionName")) or "", text_of(frame.get("url")) or ""
        id = text_of(frame.get("scriptId")) or ""
        script = {"scriptId": id} if re.fullmatch(r"\d{1,9}", id) else {}
        return {"functionName": self._kept(self.masks.word(name)), "url": self._url(url), **script, **numbers}

    def _headers(self, raw: msgspec.Raw, host: bool = False) -> list[Json]:
        kept = []
        for name, value in headers(raw).items():
            if name in HEADERS and re.fullmatch(HEADERS[name], value):
                kept.append({"name": name, "value": value})
            elif name == "referer":
                kept.append({"name": name, "value": self._url(value)})
            elif name == "user-agent" and (agent := _agent(value)):
                kept.append({"name": name, "value": agent})
            elif name in HOSTS and host:
                kept.append({"name": name, "value": self._kept(value)})
            elif name == "content-disposition" and value.lower().startswith("attachment"):
                kept.append({"name": name, "value": "attachment"})
            else:
                self.removed["headers"] += 1
                self.secrets.update(filter(opaque, RUN.findall(value)))
                if name in SECRET_HEADERS:
                    self.secrets.update(part for part in re.split(r"[\s;,=]+", value) if len(part) >= LONG_ENOUGH)
        return kept

    # -- text of the capture, masked ---------------------------------------------------------------------------

    def _url(self, url: str) -> str:
        shown = self.masks.url(url)
        self.texts.append(VALUES.sub(" ", shown))
        return self._encoded(shown)

    def _text(self, text: str) -> str:
        return self._kept(self.masks.text(text))

    def _title(self, title: str) -> str:
        shown = self.masks.title(title)
        self.texts.append(VALUES.sub(" ", shown))
        return self._encoded(shown)

    def _name(self, name: str | None) -> str | None:
        """The id of a page or frame."""
        return None if name is None else self._kept(self._encoded(self.masks.page_id(name)))

    def _encoded(self, text: str) -> str:
        """Masks as they may stand in a URL, and are known again by."""
        return MASK.sub(r"%3Ctoken%20\1%3E", text)

    def _kept(self, text: str) -> str:
        self.texts.append(text)
        return text

    # -- the whole ---------------------------------------------------------------------------------------------

    def data(self, report: Report, catalogue: Sequence[Row]) -> bytes:
        """The document; with the caveats of the original that cannot be seen in it any more."""
        bare = self._document()
        again = _analyzed(bare, catalogue).capture
        known = {caveat.id for caveat in again.caveats}
        self.told = [caveat.id for caveat in report.capture.caveats if caveat.id not in known]
        ordered = report.capture.in_order_of_close
        self.ordered = None if ordered is again.in_order_of_close else ordered
        return bare if not self.told and self.ordered is None else self._document()

    def _document(self) -> bytes:
        until = text_of(member(self.log, "_harSockets").get("until")) or ""
        told: Json = {"until": until} if until and DATE.fullmatch(until) else {}
        told |= {"caveats": self.told} if self.told else {}
        told |= {} if self.ordered is None else {"inOrderOfClose": self.ordered}
        creator, browser = (self._program(self.log.get(name)) for name in ("creator", "browser"))
        log = {
            "version": "1.2",
            "creator": creator,
            **({"browser": browser} if "browser" in self.log else {}),
            "comment": NOTE.format(VERSION),
            **({"_harSockets": told} if told else {}),
            "pages": self._pages(),
            "entries": self.entries,
        }
        return pretty({"log": log})

    def _program(self, value: object) -> Json:
        it = value if isinstance(value, dict) else {}
        version = (text_of(it.get("version")) or "").strip()
        return {
            "name": program_name(text_of(it.get("name")) or ""),
            "version": version if PROGRAM_VERSION.fullmatch(version) and not opaque(version) else "",
        }

    def _pages(self) -> list[Json]:
        listed = self.log.get("pages")
        return [self._page(it) for it in (listed if isinstance(listed, list) else []) if isinstance(it, dict)]

    def _page(self, page: Json) -> Json:
        date = text_of(page.get("startedDateTime")) or ""
        return {
            "startedDateTime": date if DATE.fullmatch(date) else "",
            "id": self._name(text_of(page.get("id"))) or "",
            "title": self._title(text_of(page.get("title")) or ""),
            "pageTimings": {},
            **({} if (tab := self._name(text_of(page.get("_tab")))) is None else {"_tab": tab}),
            **({} if (kind := _word(KIND, text_of(page.get("_kind")))) is None else {"_kind": kind}),
        }

    def check(self, source: str) -> None:
        """Raises CaptureError where something that was removed is still there.

        What has no shape of a secret may be an ordinary word that stands elsewhere too (`websocket`, a host).
        """
        text = OWN.sub(" ", "\n".join(dict.fromkeys(self.texts)))
        hidden = (it for it in self.secrets | set(self.masks.tokens) if len(it) >= LONG_ENOUGH and opaque(it))
        words = {word.casefold() for word in ALNUM.findall(text)}
        users = (user.casefold() for user in self.masks.users)
        if any(it in text for it in hidden) or any(user in words for user in users):
            raise CaptureError(source, "", "its extract would still contain a secret or a user, so none was written")

    def extract(self, data: bytes) -> Extract:
        pages = len(self._pages())
        kept = {**self.kept, **({"pages": pages} if pages else {})}
        masks = {"values masked": len(self.masks.tokens), "users masked": len(self.masks.users)}
        removed = {**masks, **self.removed}
        return Extract(
            data=data,
            kept=tuple((what, number) for what, number in kept.items() if number),
            removed=tuple((what, number) for what, number in removed.items() if number),
            dropped=self.dropped,
        )


def program_name(name: str) -> str:
    """The name of an exporter or a browser without what stands behind it; none of a program that nobody knows."""
    name = name.strip()
    creators = sorted((it for row in EXPORTERS for it in row.creators), key=len, reverse=True)
    for creator in creators:
        if f"{name.lower()} ".startswith(f"{creator} "):
            return name[: len(creator)]
    known = KNOWN_PROGRAM.match(name)
    return known[0] if known is not None else "unknown program" if name else ""


def _request(method: str, url: str, version: str, kept: list[Json]) -> Json:
    return {
        "method": method,
        "url": url,
        "httpVersion": version,
        "cookies": [],
        "headers": kept,
        "queryString": [],
        "headersSize": -1,
        "bodySize": -1,
    }


def _response(status: float | None, version: str, kept: list[Json], mime: str) -> Json:
    return {
        "status": _number(status or 0),
        "statusText": "",
        "httpVersion": version,
        "cookies": [],
        "headers": kept,
        "content": {"size": -1, "mimeType": mime},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _timings(timings: RawTimings) -> Json:
    """What HAR 1.2 asks for is -1 where it is not known; the rest is left out."""
    known = {name: getattr(timings, name) for name in timings.__struct_fields__}
    return {name: value for name, value in known.items() if value is not None} | {
        name: -1 for name in ("send", "wait", "receive") if known[name] is None
    }


def _agent(text: str) -> str | None:
    """The version of Chrome that a User-Agent names, and nothing else of it."""
    named = CHROME.search(text)
    return f"Chrome/{named[1]}.0.0.0" if named else None


def _word(kind: re.Pattern[str], word: str | None) -> str | None:
    """A word of the exporter's; empty where it is none."""
    return word if word is None or kind.fullmatch(word) else ""


def _mime(mime: str) -> str:
    """Its type alone. One that is none is nothing that a browser shows."""
    plain = mime.partition(";")[0].strip()
    return plain if not plain or MIME.fullmatch(plain) else "application/octet-stream"


def _number(value: float) -> float:
    return int(value) if value == int(value) else value
