"""Turn raw entries into values, once: nothing after this looks at headers, timings or raw fields.

An entry is a `Socket` or any other `Request`. Neither holds a part of the window on the file, so a socket can be kept
until the whole file is read.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from analyzer.formats.devtools import shorten
from analyzer.formats.har.fields import (
    Stated,
    Ticks,
    answer_delay,
    duration,
    header,
    headers,
    initiator_type,
    instant,
    is_document,
    may_be_document,
)
from analyzer.formats.har.raw import RawEntry, RawRequest
from analyzer.formats.har.reloads import MAX_AGE, NO_CACHE, Ask, ask
from analyzer.model import Attribution, Discreet, Duration, Evidence, Initiator, Instant, Skipped
from analyzer.patterns import Pattern

# What a browser shows rather than saves.
SHOWN = ("text/", "application/xhtml", "application/xml", "application/json", "application/pdf", "image/", "x-unknown")
FIRST = 50  # entries in which a User-Agent is sought
USER_AGENT = Pattern(rb"Chrome/(\d{1,4})\.")
SCRIPT = Pattern(rb'"scriptId"\s*:\s*"(\d{1,15})"\s*,\s*"url"\s*:\s*"([^"\\]+)"')  # of a stack's innermost frame
WORKERS = ("worker", "sharedworker", "serviceworker")
DESTINATIONS = {"script": b"worker", "document": b"frame"}  # by the kind of an entry, of which part of Sec-Fetch-Dest
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


Script: TypeAlias = tuple[str, str]  # its address, and the browser's id: another document has another one


class DocumentRequest(Discreet, msgspec.Struct, frozen=True, gc=False):
    """What only the request for a document has.

    has_failed: a navigation of a tab, so that an error page took the place of the page.
    """

    has_failed: bool
    navigation: Navigation | None


class Signs(Discreet, msgspec.Struct, frozen=True, gc=False):
    """What another request shows of the document that made it.

    is_parsed, is_scripted: the parser of its page, or code, asked for it. script: the innermost of that code.
    is_unmarked: it lacks the exporter's mark of a document, and looks like one.
    """

    is_parsed: bool = False
    is_scripted: bool = False
    script: Script | None = None
    is_unmarked: bool = False


class Sample(Discreet, msgspec.Struct, frozen=True, gc=False):
    """What a few requests of each page are looked at for. directives: of Cache-Control."""

    directives: tuple[str, ...] = ()
    has_referer: bool = False


NO_SIGNS, NO_SAMPLE = Signs(), Sample()


class Request(Entry, frozen=True, kw_only=True, gc=False):
    """An entry other than a socket. (A struct of more than 15 names takes six times as long to build.)

    redirect: how it was asked for, where it may have been for a document and led to another address.
    by: the type of its initiator, where that is needed: of a document, and without a page.
    destination, loader: of a script, or an iframe's document: Sec-Fetch-Dest, and whose parser met it.
    """

    ended: Instant
    document: DocumentRequest | None = None
    redirect: Ask | None = None
    by: str | None = None
    signs: Signs = NO_SIGNS
    destination: str = ""
    loader: str | None = None
    sample: Sample = NO_SAMPLE


class RawLoader(Discreet, msgspec.Struct, gc=False):
    url: str | None = None


LOADER = msgspec.json.Decoder(RawLoader)


def chrome_version(index: int, request: RawRequest) -> int | None:
    """The version of Chrome that the User-Agent names."""
    version = USER_AGENT.search(request.headers) if index < FIRST else None
    return None if version is None else int(version[1])


def read_request(index: int, raw: RawEntry, is_sampled: bool = False) -> Request:
    """Read an entry other than a socket. `is_sampled`: its Cache-Control and Referer are not needed."""
    request, started, kind = raw.request, instant(raw.startedDateTime), (raw.resource_type or "").lower()
    redirect, by, document, signs, sample = None, None, None, NO_SIGNS, NO_SAMPLE
    if started is not None:  # what it was for, and who asked for it, matters only with a date
        if (raw.response.status or 0) >= 300 and is_redirect(raw):
            redirect = ask(request, headers(request.headers), None)
        if is_document(raw):
            by = initiator_type(raw.initiator)
            document = _document(raw, started, redirect, by)
        elif raw.pageref is None:
            by = initiator_type(raw.initiator)
        else:
            signs = _signs(raw)
            sample = NO_SAMPLE if is_sampled else _sample(request)
    destination = _destination(kind, raw) if kind in DESTINATIONS else ""
    return Request(
        index=index,
        url=request.url or "",
        pageref=raw.pageref,
        frame=raw.frame,
        started=started,
        kind=kind,
        chrome=chrome_version(index, request) if index < FIRST else None,
        ended=(started or 0) + (duration(raw.time) or 0),
        document=document,
        redirect=redirect,
        by=by,
        signs=signs,
        destination=destination,
        loader=_loader(raw) if kind == "script" and destination not in WORKERS else None,
        sample=sample,
    )


def _document(raw: RawEntry, started: Instant, redirect: Ask | None, by: str | None) -> DocumentRequest:
    navigation = None
    if redirect is None:
        sent = headers(raw.request.headers)
        if _replaces(raw, sent):
            delay = answer_delay(raw.timings)
            answered = None if delay is None else started + delay
            navigation = Navigation(ask(raw.request, sent, by), sent.get("sec-fetch-dest"), answered)
    return DocumentRequest(_is_failed_navigation(raw, by), navigation)


def _signs(raw: RawEntry) -> Signs:
    code, is_unmarked = bytes(raw.initiator), may_be_document(raw)
    is_parsed, is_scripted = b'"parser"' in code, b'"script"' in code
    innermost = SCRIPT.search(code) if is_parsed or is_scripted else None
    if innermost is None:
        return Signs(is_parsed, is_scripted, None, is_unmarked)
    id, url = innermost.groups()
    return Signs(is_parsed, is_scripted, (url.decode("utf-8", "replace"), id.decode()), is_unmarked)


def _sample(request: RawRequest) -> Sample:
    sent = bytes(request.headers).lower()
    return Sample(tuple([word for word, text in DIRECTIVES if text in sent]), b'"referer"' in sent)


def _destination(kind: str, raw: RawEntry) -> str:
    """Sec-Fetch-Dest, where it tells of a worker or an iframe."""
    if DESTINATIONS[kind] not in bytes(raw.request.headers):
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
