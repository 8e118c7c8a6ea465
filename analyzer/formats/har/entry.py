"""Turn a raw entry into a value, once: nothing after this looks at headers, timings or raw fields.

An entry is a `Socket` or any other `Request`. Neither holds a part of the window on the file, so a socket can be kept
until the whole file is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from analyzer.callstacks import of_extension
from analyzer.formats.devtools import initiator, scripts, shorten
from analyzer.formats.har.fields import (
    LONGEST_DURATION,
    RECEIVE_THRESHOLD,
    Headers,
    Stated,
    Ticks,
    answer_delay,
    attribution,
    by_extension,
    close_bounds,
    close_code,
    context,
    duration,
    endpoint,
    epoch_of,
    epoch_seconds,
    header,
    headers,
    initiator_type,
    instant,
    is_document,
    is_extended_connect,
    is_socket,
    json_of,
    may_be_document,
    protocols,
    stated_of,
    ticks,
    user_context,
)
from analyzer.formats.har.raw import RawEntry, RawMessage, RawRequest
from analyzer.formats.har.reloads import MAX_AGE, NO_CACHE, Ask, ask
from analyzer.formats.har.side_file import read_attachment
from analyzer.formats.source import Attachment
from analyzer.model import SECOND, Attribution, Discreet, Duration, Evidence, Initiator, Instant, Skipped, SkipReason
from analyzer.patterns import Pattern

# What a browser shows rather than saves.
SHOWN = ("text/", "application/xhtml", "application/xml", "application/json", "application/pdf", "image/", "x-unknown")
MOST_STACKS = 100_000  # that are decoded once; as many as there are sockets at most
LONGEST_SOCKET_URL = 1 << 16  # characters
FIRST = 50  # entries in which a User-Agent is sought
USER_AGENT = Pattern(rb"Chrome/(\d{1,4})\.")
SCRIPT = Pattern(rb'"scriptId"\s*:\s*"(\d{1,15})"\s*,\s*"url"\s*:\s*"([^"\\]+)"')  # of a stack's innermost frame
WORKERS = ("worker", "sharedworker", "serviceworker")
DIRECTIVES = tuple((word, word.encode()) for word in (MAX_AGE, NO_CACHE))  # of Cache-Control


class CloseRecord(Discreet, msgspec.Struct, frozen=True):
    """What `_webSocketClose` states. `at`: None where its time is none since the epoch."""

    at: Instant | None
    earliest: Instant | None
    evidence: Evidence
    code: int | None
    reason: str | None


class Entry(Discreet, msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What any entry has."""

    index: int
    url: str
    pageref: str | None
    frame: str | None
    started: Instant | None
    kind: str  # the type of the resource, in lower case
    chrome: int | None = None  # the version that the User-Agent names; looked for in the first entries alone

    @property
    def pointer(self) -> str:
        return f"/log/entries/{self.index}"


class Socket(Entry, frozen=True, kw_only=True, gc=False):
    """The entry of a socket.

    answer_delay: from its start until the response's headers came.
    requested_by, opened_by: it was sent, and answered, by then, unless an extract states that there is no such bound.
    alive: an instant at which it was open.
    monotonic_start: its start on the browser's monotonic clock, negative, where it was unanswered at export.
    """

    endpoint: str
    wait: Duration | None
    receive: Duration | None
    total: Duration | None  # `time`
    milliseconds_waited: float | None  # `wait` with all its digits
    is_sentinel: bool  # Chrome's date for a handshake that was never sent
    is_unending: bool  # `time` is -1: it had no end yet
    has_receive: bool  # timings.receive is above 0
    answer_delay: Duration | None
    monotonic_start: Duration | None
    requested_by: Instant | None
    opened_by: Instant | None
    is_opened_by_unknown: bool
    alive: Instant | None
    status: float
    is_extended_connect: bool  # over HTTP/2 or 3, where status 200 accepts (RFC 8441)
    failure: str | None  # Playwright's text
    initiator: Initiator | None
    by_script: bool
    scripts: tuple[str, ...]
    protocols: tuple[str, ...]
    attribution: Attribution | None
    close: CloseRecord | None
    ticks: Ticks | None  # None: the entry has no list of messages
    clock: int = 0
    context: str | None = None  # as a capture that we extracted states it
    user_context: str | None = None
    key: str | None = None  # Sec-WebSocket-Key
    has_list: bool = True  # the entry has a list of messages, be it an empty one
    also: tuple[str, ...] = ()  # pointers of further entries that stand for the same socket
    extension: bool | None = False
    stated: Stated = Stated()
    skipped: tuple[Skipped, ...] = ()  # of its side file

    @property
    def is_chromes_own(self) -> bool:
        """Did Chrome record it? DevTools writes its own name over a HAR that it imported from another program, but what
        that did not record stays missing. All of 329 sockets that Chrome recorded have these three."""
        return self.kind == "websocket" and self.has_list and self.initiator is not None and bool(self.initiator.stack)


class Navigation(Discreet, msgspec.Struct, frozen=True):
    """A request that put a document in the place of another."""

    ask: Ask
    destination: str | None  # Sec-Fetch-Dest
    answered: Instant | None


class Script(NamedTuple):
    """A script, by its address and the browser's id: another document has another one."""

    url: str
    id: str


class Request(Entry, frozen=True, kw_only=True, gc=False):
    """An entry other than a socket.

    redirect: how it was asked for, where it may have been for a document and led to another address.
    by: the type of its initiator, where that is needed: of a document, and without a page.
    is_parsed, is_scripted: the parser of its page, or code, asked for it. script: the innermost of that code.
    destination, loader: of a script, or an iframe's document: Sec-Fetch-Dest, and whose parser met it.
    """

    ended: Instant
    is_document: bool = False
    has_failed: bool = False  # a navigation of a tab, so that an error page took the place of the page
    redirect: Ask | None = None
    navigation: Navigation | None = None
    is_unmarked: bool = False  # it lacks the exporter's mark of a document, and looks like one
    by: str | None = None
    is_parsed: bool = False
    is_scripted: bool = False
    script: Script | None = None
    destination: str = ""
    loader: str | None = None
    directives: tuple[str, ...] = ()  # of Cache-Control
    has_referer: bool = False


class RawLoader(Discreet, msgspec.Struct, gc=False):
    url: str | None = None


LOADER = msgspec.json.Decoder(RawLoader)


class Opener(NamedTuple):
    """What opened a socket, and what follows from that."""

    code: Initiator | None
    is_script: bool
    scripts: tuple[str, ...]
    is_extension: bool


class EntryReader:
    """Reads the entries of one file; call stacks that repeat are decoded once.

    `is_sampled`: were the headers of enough requests of this page looked at?
    """

    def __init__(self, attachment: Attachment, is_sampled: Callable[[str | None], bool]) -> None:
        self.attachment = attachment
        self.is_sampled = is_sampled
        self._openers: dict[bytes, Opener] = {}

    def read(self, index: int, raw: RawEntry, peeled: Ticks | None = None) -> Socket | Request:
        """Read one entry. `peeled`: its messages, where there were too many to be read at once."""
        if is_socket(raw) or (peeled is not None and peeled.any):
            return self._socket(index, raw, peeled)
        return read_request(index, raw, self.is_sampled(raw.pageref))

    def _socket(self, index: int, raw: RawEntry, peeled: Ticks | None) -> Socket:
        request, timings, blocked = raw.request, raw.timings, raw.timings.blocked
        messages, skipped = self._messages(index, raw)
        opener = self._opener(bytes(raw.initiator))
        sent, answered = Headers(request.headers), Headers(raw.response.headers)
        extracted = json_of(raw.attribution)
        url = request.url or ""
        is_blocked = blocked is not None and -LONGEST_DURATION < blocked < -1001
        return Socket(
            index=index,
            url=url if len(url) <= LONGEST_SOCKET_URL else shorten(url),
            pageref=raw.pageref,
            frame=raw.frame,
            started=instant(raw.startedDateTime),
            kind=(raw.resource_type or "").lower(),
            chrome=_chrome(index, request),
            endpoint=endpoint(url if len(url) <= LONGEST_SOCKET_URL else shorten(url), sent),
            wait=duration(timings.wait),
            receive=duration(timings.receive),
            total=duration(raw.time),
            milliseconds_waited=timings.wait,
            is_sentinel=(raw.startedDateTime or "").startswith("1969-12-31"),
            is_unending=raw.time == -1,
            has_receive=(timings.receive or 0) > RECEIVE_THRESHOLD,
            answer_delay=answer_delay(timings),
            monotonic_start=round((blocked / 1000 + 1) * SECOND) if blocked is not None and is_blocked else None,
            requested_by=epoch_seconds(raw.requested_by),
            opened_by=epoch_seconds(raw.opened_by),
            is_opened_by_unknown=raw.opened_by == -1,
            alive=epoch_seconds(raw.alive),
            status=raw.response.status or 0,
            is_extended_connect=is_extended_connect(raw),
            failure=raw.response.failure,
            initiator=opener.code,
            by_script=opener.is_script,
            scripts=opener.scripts,
            protocols=protocols(sent, answered),
            attribution=attribution(extracted),
            close=_close(raw),
            ticks=peeled if peeled is not None else None if messages is None else ticks(messages),
            context=context(extracted),
            user_context=user_context(raw.user_context),
            key=sent.get("sec-websocket-key") or None,
            has_list=messages is not None or peeled is not None,
            extension=by_extension(opener.code is not None, opener.is_extension, sent, extracted),
            stated=stated_of(extracted),
            skipped=skipped,
        )

    def _opener(self, raw: bytes) -> Opener:
        """What opened the socket; a client that reconnects has the same stack each time."""
        same = self._openers.get(raw)
        if same is None:
            value = json_of(msgspec.Raw(raw))
            code, is_script = initiator(value), isinstance(value, dict) and value.get("type") == "script"
            same = Opener(code, is_script, scripts(code), of_extension(code))
            if len(self._openers) < MOST_STACKS:
                self._openers[raw] = same
        return same

    def _messages(self, index: int, raw: RawEntry) -> tuple[list[RawMessage] | None, tuple[Skipped, ...]]:
        """The messages of an entry, or those of its side file, with what is wrong there."""
        if raw.messages is not None or raw.response.content is None or not raw.response.content.side_file:
            return raw.messages, ()
        messages, problems = read_attachment(self.attachment, raw.response.content.side_file)
        pointer = f"/log/entries/{index}/response/content/_file"
        return messages, tuple(Skipped(pointer, None, problem, SkipReason.SIDE_FILE) for problem in problems)


def _close(raw: RawEntry) -> CloseRecord | None:
    record = json_of(raw.close)
    if record is None:
        return None
    at = epoch_of(record)
    earliest, evidence = (None, Evidence.CLOSE_RECORD) if at is None else close_bounds(record)
    return CloseRecord(at, earliest, evidence, *close_code(record))


def _chrome(index: int, request: RawRequest) -> int | None:
    """The version of Chrome that the User-Agent names."""
    version = USER_AGENT.search(request.headers) if index < FIRST else None
    return None if version is None else int(version[1])


# -- entries that are no sockets -----------------------------------------------------------------------------------


def read_request(index: int, raw: RawEntry, is_sampled: bool = False) -> Request:
    """Read an entry other than a socket. `is_sampled`: its Cache-Control and Referer are not needed."""
    started, kind = instant(raw.startedDateTime), (raw.resource_type or "").lower()
    destination = _destination(kind, raw)
    more: dict[str, Any] = {}  # a struct that is built once costs half of one that is built and then replaced
    if started is not None:  # what it was for, and who asked for it, matters only with a date
        redirect = ask(raw.request, headers(raw.request.headers), None) if is_redirect(raw) else None
        more = _document(raw, started, redirect) if is_document(raw) else _ordinary(raw, redirect, is_sampled)
    return Request(
        index=index,
        url=raw.request.url or "",
        pageref=raw.pageref,
        frame=raw.frame,
        started=started,
        kind=kind,
        chrome=_chrome(index, raw.request),
        ended=(started or 0) + (duration(raw.time) or 0),
        destination=destination,
        loader=_loader(raw) if kind == "script" and destination not in WORKERS else None,
        **more,
    )


def _document(raw: RawEntry, started: Instant, redirect: Ask | None) -> dict[str, Any]:
    """Read what only the request for a document has."""
    by, navigation = initiator_type(raw.initiator), None
    if redirect is None:
        sent = headers(raw.request.headers)
        if _replaces(raw, sent):
            delay = answer_delay(raw.timings)
            answered = None if delay is None else started + delay
            navigation = Navigation(ask(raw.request, sent, by), sent.get("sec-fetch-dest"), answered)
    return {
        "is_document": True,
        "has_failed": _is_failed_navigation(raw, by),
        "redirect": redirect,
        "navigation": navigation,
        "by": by,
    }


def _ordinary(raw: RawEntry, redirect: Ask | None, is_sampled: bool) -> dict[str, Any]:
    """Read what only a request for something else has."""
    if raw.pageref is None:
        return {"redirect": redirect, "by": initiator_type(raw.initiator)}
    code = bytes(raw.initiator)
    is_parsed = b'"parser"' in code
    is_scripted = b'"script"' in code
    innermost = SCRIPT.search(code) if is_parsed or is_scripted else None
    more: dict[str, Any] = {
        "redirect": redirect,
        "is_unmarked": may_be_document(raw),
        "is_parsed": is_parsed,
        "is_scripted": is_scripted,
        "script": None if innermost is None else Script(innermost[2].decode("utf-8", "replace"), innermost[1].decode()),
    }
    if not is_sampled:
        sent = bytes(raw.request.headers).lower()
        more["directives"] = tuple([word for word, text in DIRECTIVES if text in sent])
        more["has_referer"] = b'"referer"' in sent
    return more


def _destination(kind: str, raw: RawEntry) -> str:
    """Sec-Fetch-Dest, where it tells of a worker or an iframe."""
    word = {"script": b"worker", "document": b"frame"}.get(kind)
    if word is None or word not in bytes(raw.request.headers):
        return ""
    return headers(raw.request.headers).get("sec-fetch-dest", "")


def _loader(raw: RawEntry) -> str | None:
    """The document whose parser met the script."""
    try:
        url = LOADER.decode(raw.initiator).url
        return None if url is None else shorten(url)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def is_redirect(raw: RawEntry) -> bool:
    """Did a request that may have been for a document lead to another one? (In Chrome a hop has type "other".)"""
    status, kind = raw.response.status or 0, (raw.resource_type or "other").lower()
    if not 300 <= status < 400 or status == 304 or kind not in ("document", "other"):
        return False
    return header(raw.request.headers, "sec-fetch-dest") in ("", "document")


def _is_failed_navigation(raw: RawEntry, by: str | None) -> bool:
    """Did a navigation of a tab fail, so that an error page took the place of the page? (Not one that was cancelled, or
    became a download: ERR_ABORTED.) Where the request was not sent, nothing tells it from an iframe's for sure."""
    if (raw.response.status or 0) > 0 or raw.response.error in (None, "", "net::ERR_ABORTED"):
        return False
    destination = header(raw.request.headers, "sec-fetch-dest")
    return destination == "document" if destination else by != "parser"


def _replaces(raw: RawEntry, sent: dict[str, str]) -> bool:
    """Did this request put a document in the place of another? Not a redirect, a failure, a prefetch, a download."""
    status = raw.response.status or 0
    if not 200 <= status < 600 or status in (204, 205) or (300 <= status < 400 and status != 304):
        return False
    if raw.response.failure is not None or "prefetch" in sent.get("sec-purpose", sent.get("purpose", "")):
        return False
    if b"attachment" in bytes(raw.response.headers):
        disposition = headers(raw.response.headers).get("content-disposition", "")
        if disposition.lower().startswith("attachment"):
            return False
    mime = (raw.response.content.mimeType if raw.response.content else None) or "text/html"
    return mime.lower().startswith(SHOWN)
