"""Write a HAR 1.2 document: its log, pages, entries, requests and responses. Nothing else in the program writes one.

A length or a size that nobody knows is -1, as HAR 1.2 asks. The members that begin with `_` are in own_fields.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from analyzer.model import Calls, Frame, Initiator, Instant
from analyzer.version import VERSION

Json: TypeAlias = dict[str, Any]
CREATOR: Json = {"name": "har-sockets", "version": VERSION}
NOT_KNOWN = -1
NO_TIMINGS: Json = {"send": NOT_KNOWN, "wait": NOT_KNOWN, "receive": NOT_KNOWN}


def log(
    creator: Json,
    pages: list[Json],
    entries: list[Json],
    *,
    browser: Json | None = None,
    comment: str | None = None,
    own: Mapping[str, Any] | None = None,
) -> Json:
    """Write the whole document. `own`: what a capture of our own states of itself (own_fields.py)."""
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            **({} if browser is None else {"browser": browser}),
            **({} if comment is None else {"comment": comment}),
            **({"_harSockets": own} if own else {}),
            "pages": pages,
            "entries": entries,
        }
    }


def page(id: str, started: str, title: str, timings: Json, tab: str | None = None, kind: str | None = None) -> Json:
    """Write a page. `tab`, `kind`: in which tab, and how it was loaded."""
    return {
        "startedDateTime": started,
        "id": id,
        "title": title,
        "pageTimings": timings,
        **({} if tab is None else {"_tab": tab}),
        **({} if kind is None else {"_kind": kind}),
    }


def entry(head: Json, request: Json, response: Json, timings: Json, more: Json | None = None) -> Json:
    """Write an entry. `head`: its page, start and length; `more`: what stands at its end."""
    return {**head, "request": request, "response": response, "cache": {}, "timings": timings, **(more or {})}


def request(
    url: str,
    headers: list[Json],
    *,
    method: str = "GET",
    version: str = "HTTP/1.1",
    query: list[Json] | None = None,
    body_size: int = NOT_KNOWN,
) -> Json:
    """Write a request, without cookies and body."""
    return {
        "method": method,
        "url": url,
        "httpVersion": version,
        "cookies": [],
        "headers": headers,
        "queryString": query or [],
        "headersSize": NOT_KNOWN,
        "bodySize": body_size,
    }


def response(
    status: float,
    headers: list[Json],
    mime: str,
    *,
    text: str = "",
    version: str = "HTTP/1.1",
    size: int = NOT_KNOWN,
) -> Json:
    """Write a response, without cookies and body."""
    return {
        "status": status,
        "statusText": text,
        "httpVersion": version,
        "cookies": [],
        "headers": headers,
        "content": {"size": size, "mimeType": mime},
        "redirectURL": "",
        "headersSize": NOT_KNOWN,
        "bodySize": NOT_KNOWN,
    }


def pairs(items: Iterable[tuple[str, str]]) -> list[Json]:
    """Write headers or parameters."""
    return [{"name": name, "value": value} for name, value in items]


def query(url: str) -> list[Json]:
    """Write the parameters of an address; none where it is no valid address."""
    try:
        return pairs(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:
        return []


def date(at: Instant) -> str:
    """Write an instant exactly: a float of this size would lose a microsecond."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def initiator(code: Initiator | None) -> Json | None:
    """Write the code that opened a socket as Chrome does, with the async parents of its stack."""
    if code is None:
        return None
    stack: Json | None = None
    for calls in reversed(code.stack):
        stack = _calls(calls) if stack is None else {**_calls(calls), "parent": stack}
    if stack is not None:
        return {"type": "script", "stack": stack}
    line = {} if code.line is None else {"lineNumber": code.line - 1}
    return {"type": "other", **({} if code.url is None else {"url": code.url}), **line}


def _calls(calls: Calls) -> Json:
    label = {} if calls.label is None else {"description": calls.label}
    return {"callFrames": [_frame(frame) for frame in calls.frames], **label}


def _frame(frame: Frame) -> Json:
    """Write a frame. The format counts lines and columns from 0."""
    return {
        "functionName": frame.function or "",
        "url": frame.url or "",
        **({} if frame.script is None else {"scriptId": frame.script}),
        **({} if frame.line is None else {"lineNumber": frame.line - 1}),
        **({} if frame.column is None else {"columnNumber": frame.column - 1}),
    }
