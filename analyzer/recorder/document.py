"""A Recording -> HAR 1.2, as a document or as bytes.

What the members that begin with `_` mean: docs/recording.md; formats/har/exporters.py has a row for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import msgspec

from analyzer.formats.har import console, own_fields, writer
from analyzer.formats.har.writer import NOT_KNOWN, Json
from analyzer.model import MILLISECOND, SECOND, Duration, Instant, PageKind
from analyzer.recorder.recording import Page, Recording, Socket

UNWRITTEN = ("cookie", "set-cookie", "authorization", "proxy-authorization")  # headers that nobody should hand on
AT_ONCE = 4096  # messages that are encoded together
MESSAGES = "_webSocketMessages"
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True, repr=False)  # it holds addresses with their secrets
class Recorded:
    """A recording that ended at `until`, or a look at one that goes on.

    `offset`: the epoch minus the browser's monotonic clock. `signs`: of a recording that was cut short, or may yet be,
    target -> the instant until which all of its events were read. What is open is certain until then alone.
    """

    recording: Recording
    until: Instant
    browser: str = ""
    version: str = ""
    offset: Duration = 0
    signs: Mapping[str, Instant] | None = None
    caveats: tuple[str, ...] = ()  # ids of those that hold for now

    def har(self) -> Json:
        """The document. All of it is in memory at once: `chunks` is for large ones."""
        entries = [{**entry, MESSAGES: list(socket.messages)} if socket else entry for entry, socket in _entries(self)]
        return _log(self, entries)

    def chunks(self) -> Iterator[bytes]:
        """The same document as JSON, each entry on a line of its own, a few thousand messages at a time."""
        before, _, after = _encode(_log(self, [])).rpartition(b"[]")
        yield before + b"["
        separator = b"\n"
        for entry, socket in _entries(self):
            yield separator + _encode(entry)[:-1]
            if socket is not None:
                yield f',"{MESSAGES}":['.encode()
                first = True
                for some in _batches(socket.messages):
                    yield (b"" if first else b",") + _encode(some)[1:-1]
                    first = False
                yield b"]"
            yield b"}"
            separator = b",\n"
        yield b"]" + after + b"\n"


def unite(parts: Sequence[Recorded]) -> Recorded:
    """Several browsers of one machine, recorded at the same time, in one document. They end one after another: it ends
    with the first of those that have a socket open then. A browser that went before has none."""
    if len(parts) == 1:
        return parts[0]
    whole, open_until = Recording(), [part.until for part in parts if part.recording.has_alive]
    until = min(open_until, default=max(part.until for part in parts))
    for number, part in enumerate(parts, 1):
        recording, ids = part.recording, dict[str | None, str]()
        for page in recording.pages:
            ids[page.id] = f"page_{len(whole.pages) + 1}"
            whole.pages.append(replace(page, id=ids[page.id]))
        for socket in recording.sockets.values():
            if socket.requested <= until:
                id = f"{number}/{socket.id}"
                whole.sockets[id] = _cut(replace(socket, id=id, page=ids.get(socket.page)), until)
        whole.console += [msgspec.structs.replace(line, page=ids.get(line.page)) for line in recording.console]
        whole.console_dropped += recording.console_dropped
        whole.caveats += [caveat for caveat in recording.caveats if caveat not in whole.caveats]
    first = parts[0]
    return Recorded(whole, until, first.browser, first.version, first.offset)


def _cut(socket: Socket, until: Instant) -> Socket:
    """What is known of a socket by `until`: one that certainly ended later was open then."""
    earliest = socket.latest if socket.earliest is None else socket.earliest
    if earliest is None or earliest < until:
        return socket
    return replace(socket, latest=None, earliest=None, by=None)


def _log(recorded: Recorded, entries: list[Json]) -> Json:
    recording = recorded.recording
    pages = sorted(recording.pages, key=lambda page: page.committed)
    tabs = {tab: f"tab_{n}" for n, tab in enumerate(dict.fromkeys(page.tab for page in pages), 1)}
    caveats = list(dict.fromkeys((*recording.caveats, *recorded.caveats)))
    return writer.log(
        writer.CREATOR,
        [_page(page, tabs[page.tab], kind) for page, kind in zip(pages, _kinds(pages), strict=True)],
        entries,
        browser={"name": recorded.browser, "version": recorded.version},
        own=own_fields.statement(
            writer.date(recorded.until),
            caveats,
            console=console.write(sorted(recording.console, key=lambda line: line.at)),
            console_dropped=recording.console_dropped,
        ),
    )


def _kinds(pages: Sequence[Page]) -> Iterator[PageKind]:
    """What a tab begins with is a load; another document that is no reload came by navigation."""
    begun: set[str] = set()
    for page in pages:
        named = page.kind in (PageKind.LOAD, PageKind.NAVIGATION)
        first = PageKind.NAVIGATION if page.tab in begun else PageKind.LOAD
        yield first if named else page.kind
        begun.add(page.tab)


def _entries(recorded: Recorded) -> Iterator[tuple[Json, Socket | None]]:
    """The entries in the order of their requests; with those of sockets the socket whose messages are to be written."""
    recording = recorded.recording
    documents: list[Page | Socket] = [page for page in recording.pages if page.answered is not None]
    parts = documents + list(recording.sockets.values())
    contexts = _name_contexts(recording.sockets.values())
    for part in sorted(parts, key=lambda part: part.started if isinstance(part, Page) else part.requested):
        if isinstance(part, Page):
            yield _document_entry(part), None
        else:
            entry = _socket_entry(part, recorded.signs) | own_fields.user_context_of(contexts.get(part.context))
            yield entry, None if part.older else part


def _name_contexts(sockets: Iterable[Socket]) -> dict[str | None, str]:
    """Short names for the browser contexts, in the order in which their first sockets were reported."""
    used = dict.fromkeys(socket.context for socket in sockets if socket.context is not None)
    return {context: f"context_{n}" for n, context in enumerate(used, 1)}


def _batches(messages: Iterable[Json]) -> Iterator[list[Json]]:
    """Take them some thousands at a time: all at once would be many times what is kept of them."""
    rest = iter(messages)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _page(page: Page, tab: str, kind: PageKind) -> Json:
    timings = {"onContentLoad": NOT_KNOWN, "onLoad": NOT_KNOWN}
    return writer.page(page.id, writer.date(page.started), page.url, timings, tab, kind.value)


def _document_entry(page: Page) -> Json:
    assert page.answered is not None
    wait = (page.answered - page.started) / MILLISECOND
    return writer.entry(
        {"pageref": page.id, "startedDateTime": writer.date(page.started), "time": wait},
        _request(page.url, {}),
        writer.response(page.status, [], page.mime, size=0),
        {"send": 0, "wait": wait, "receive": 0},
        {"_resourceType": "document"},
    )


def _socket_entry(socket: Socket, signs: Mapping[str, Instant] | None) -> Json:
    failed = socket.latest is not None and not socket.opened
    cut = signs is not None and not socket.ended and not socket.lost
    status = socket.status or (101 if cut or socket.lost else 0)  # what was connecting may have opened since
    headers = _headers(socket.response_headers)
    response = writer.response(status, headers, "x-unknown", text=socket.status_text, size=0)
    if failed:
        response["_failureText"] = socket.problem or "closed before the connection was established"
    answered = socket.answered
    if answered is None and socket.seen_open is not None:
        answered = socket.requested  # at the earliest
    wait = NOT_KNOWN if answered is None else (answered - socket.requested) / MILLISECOND
    page = {} if socket.page is None else {"pageref": socket.page}
    lost, sign = socket.lost or cut, socket.last_sign
    if signs is not None and cut:
        sign = max(sign, signs.get(socket.owner or "", 0))
    request_ended = max(socket.requested, socket.requested_by or 0)  # by then nothing had been heard of it yet
    return writer.entry(
        {**page, "startedDateTime": writer.date(socket.requested), "time": _time(socket, sign if lost else None)},
        _request(socket.url, socket.request_headers),
        response,
        {"send": 0, "wait": wait, "receive": 0},
        {
            "_resourceType": "websocket",
            **({} if socket.requested_by is None else {"_requestedBy": socket.requested_by / SECOND}),
            **({} if socket.seen_open is None else {"_openedBy": socket.seen_open / SECOND}),
            **({} if socket.initiator is None else {"_initiator": socket.initiator}),
            **({"_webSocketClose": _close(socket)} if socket.latest is not None and not failed else {}),
            **({"_aliveAt": sign / SECOND} if lost and socket.opened and sign > request_ended else {}),
        },
    )


def _time(socket: Socket, sign: Instant | None) -> float:
    """Milliseconds from the request to the end; -1: it has not ended; to `sign`, the last one: its end is not known."""
    if sign is not None:
        return (sign - socket.requested) / MILLISECOND
    return -1 if socket.latest is None else (socket.latest - socket.requested) / MILLISECOND


def _close(socket: Socket) -> Json:
    """Write the close. Browsers report no code and no reason to those who listen."""
    return own_fields.close_record(socket.latest, socket.earliest, None if socket.by is None else socket.by.value)


def _request(url: str, headers: Mapping[str, str]) -> Json:
    return writer.request(url, _headers(headers), query=writer.query(url), body_size=0)


def _headers(headers: Mapping[str, str]) -> list[Json]:
    return writer.pairs((name, value) for name, value in headers.items() if name.lower() not in UNWRITTEN)
