"""Show one entry, or the sockets and pages alone, as haralyzer objects: the API that Python users of HARs know.

haralyzer reads whole files into memory and stumbles over what real exporters leave out (`connection`, `pageref`,
bodies); here it gets only what is asked for, with the gaps filled by what HAR 1.2 says for "not known".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from haralyzer import HarEntry, HarPage, HarParser
from haralyzer.http import Request, Response

from analyzer.formats.har.raw import LAYOUT
from analyzer.formats.json_stream.array import Document
from analyzer.formats.source import open_source
from analyzer.model import Capture, CaptureError, Instant, Report, Session, bare
from analyzer.model.time import EPOCH

DEFAULT_PORTS = {"wss": 443, "https": 443, "ws": 80, "http": 80}
NO_PAGE = "no-page"  # haralyzer's own "unknown" holds only entries without a pageref, and these it cannot show


class _Discreet:
    """haralyzer shows addresses, and what is secret in them, in the repr of its objects."""

    def __repr__(self) -> str:
        return f"<{type(self).__mro__[2].__name__}>"

    __str__ = __repr__


class _Request(_Discreet, Request):  # type: ignore[misc]  # haralyzer has no types
    pass


class _Response(_Discreet, Response):  # type: ignore[misc]  # haralyzer has no types
    pass


class _Entry(_Discreet, HarEntry):  # type: ignore[misc]  # haralyzer has no types
    @property
    def request(self) -> Request:
        return _Request(entry=self.raw_entry["request"])

    @property
    def response(self) -> Response:
        return _Response(url=self.url, entry=self.raw_entry["response"])


class _Page(_Discreet, HarPage):  # type: ignore[misc]  # haralyzer has no types
    @property
    def entries(self) -> list[HarEntry]:
        return [_Entry(entry.raw_entry) for entry in super().entries]


class _Parser(_Discreet, HarParser):  # type: ignore[misc]  # haralyzer has no types
    @property
    def pages(self) -> list[HarPage]:
        return [_Page(page.page_id, har_parser=self) for page in super().pages]


@bare
def haralyzer_entry(capture: Capture, session: Session) -> HarEntry:
    """Read the entry of one socket as a `haralyzer.HarEntry`.

    Reads the file again; raises CaptureError where that is not possible. The entry is not masked.
    """
    entry = _entries(capture, {session.pointer})[0].get(session.pointer)
    if entry is None:
        raise CaptureError(capture.source, session.pointer, "this entry is no longer there: the file has changed")
    return _Entry(_valid(entry, capture))


@bare
def haralyzer_har(capture: Capture | Report) -> HarParser:
    """Read the sockets, their pages and the documents of these as a `haralyzer.HarParser`.

    Reads the file again; raises CaptureError where that is not possible. Nothing in it is masked.
    """
    if isinstance(capture, Report):
        capture = capture.capture
    wanted = {trace.pointer for trace in capture.traces}
    by_pointer, log = _entries(capture, wanted, documents=True)
    entries = [_valid(entry, capture) for entry in by_pointer.values()]
    listed = {page.get("id"): page for page in log.get("pages") or [] if isinstance(page, dict)}
    used = dict.fromkeys(entry["pageref"] for entry in entries)  # haralyzer cannot open a page without entries
    pages = [_valid_page({"id": ref, **listed.get(ref, {})}, capture) for ref in used]
    return _Parser(
        {
            "log": {
                "version": "1.2",
                "creator": {"name": capture.exporter.name or "unknown", "version": capture.exporter.version or ""},
                "browser": log.get("browser") or {"name": "", "version": ""},
                "pages": pages,
                "entries": entries,
            }
        }
    )


def _entries(
    capture: Capture, pointers: Iterable[str], documents: bool = False
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The entries at these pointers (and documents), whole, by pointer in the order of the file; the rest of `log`."""
    if capture.source == "-":
        raise CaptureError("-", "", "standard input cannot be read twice: save the capture to a file")
    wanted = set(pointers)
    entries = {}
    with open_source(capture.source) as (source, _):
        document = Document(source.stream, source.name, LAYOUT, dict, whole=True)
        for element in document.elements():
            pointer = f"/log/entries/{element.index}"
            entry = element.value
            if entry is not None and (pointer in wanted or (documents and entry.get("_resourceType") == "document")):
                entries[pointer] = entry
    return entries, document.members


def _valid(entry: dict[str, Any], capture: Capture) -> dict[str, Any]:
    """The entry with every member that HAR 1.2 asks for."""
    request, response = _object(entry.get("request")), _object(entry.get("response"))
    url = _string(request.get("url"))
    content = _object(response.get("content"))
    sizes = {"headersSize": -1, "bodySize": -1}
    time = entry.get("time")
    return {
        **entry,
        "startedDateTime": _date(entry.get("startedDateTime"), capture),
        "time": time if isinstance(time, int | float) else -1,
        "pageref": _string(entry.get("pageref")) or NO_PAGE,
        "connection": str(_port(url)),
        "serverIPAddress": _string(entry.get("serverIPAddress")),
        "cache": _object(entry.get("cache")),
        "timings": {"send": -1, "wait": -1, "receive": -1, **_object(entry.get("timings"))},
        "request": {
            **sizes,
            **{"httpVersion": "", "cookies": [], "queryString": []},
            **request,
            "url": url,
            "method": _string(request.get("method")) or "GET",
            "headers": _headers(request),
        },
        "response": {
            **sizes,
            **{"status": 0, "statusText": "", "httpVersion": "", "cookies": [], "redirectURL": "", "_transferSize": 0},
            **{key: value for key, value in response.items() if value is not None},
            "headers": _headers(response),
            "content": {"size": 0, "mimeType": "x-unknown", "text": "", **content},
        },
    }


def _valid_page(page: dict[str, Any], capture: Capture) -> dict[str, Any]:
    return {
        **page,
        "id": _string(page.get("id")) or NO_PAGE,
        "title": _string(page.get("title")),
        "startedDateTime": _date(page.get("startedDateTime"), capture),
        "pageTimings": {"onContentLoad": -1, "onLoad": -1, **_object(page.get("pageTimings"))},
    }


def _headers(message: dict[str, Any]) -> list[dict[str, str]]:
    headers = message.get("headers")
    items = headers if isinstance(headers, list) else []
    return [{"name": str(h.get("name", "")), "value": str(h.get("value", ""))} for h in items if isinstance(h, dict)]


def _date(date: object, capture: Capture) -> str:
    """The date as it stands if it is one, else the start of what the capture witnesses."""
    if isinstance(date, str):
        try:
            datetime.fromisoformat(date)
        except ValueError:
            pass
        else:
            return date
    start: Instant = capture.observed.start if capture.observed is not None else 0
    return (EPOCH + timedelta(microseconds=start)).isoformat()


def _port(url: str) -> int:
    scheme, _, rest = url.partition("://")
    port = rest.partition("/")[0].rpartition("@")[2].rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() and len(port) < 6 else DEFAULT_PORTS.get(scheme.lower(), 0)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
