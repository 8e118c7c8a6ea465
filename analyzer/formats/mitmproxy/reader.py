"""Read a flow file of mitmproxy as a capture: what a flow says of its socket becomes events with bounds.

mitmproxy stands between the browser and the server, so its instants are near those of the page, and not the same. The
bounds are those that held for the sockets of 46 runs whose true lifetimes are known (Chromium on the same machine). Of
a browser on another machine only what it sent shows that its socket was open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

from analyzer.assumptions import PROXY_ENDED
from analyzer.callstacks import EXTENSION
from analyzer.formats.devtools import endpoint, shorten, split_protocols
from analyzer.formats.mitmproxy.log import MOST_SOCKETS, Flow, Flows, Socket
from analyzer.formats.source import Source
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    Capture,
    CaptureError,
    Caveat,
    CaveatKind,
    Closed,
    Closes,
    Coverage,
    Event,
    Evidence,
    Exporter,
    File,
    Instant,
    Messages,
    Rejected,
    Requested,
    Trace,
    plural,
)

PAGE_DELAY = 250 * MILLISECOND  # by which the page learns of its open socket; measured: 213 ms at most
PAGE_CLOSE = 50 * MILLISECOND  # by which the page learned of a close before mitmproxy noted it; measured: 13 ms
PAGE_GONE = 250 * MILLISECOND  # by which mitmproxy learns that a page is gone; measured: 77 ms at most
# By which the page learns of a close later than mitmproxy; measured: 55 ms, and once 426 ms after the page itself had
# called close().
CLOSE_DELAY = 60 * MILLISECOND
FAR_DELAY = SECOND  # the same, of a page on another machine
GONE = (1001, 1006)  # the page went away, the connection broke
SWITCHED = 101
REFUSED = "status {}"

CUT_OFF = CaveatKind.CUT_OFF.caveat(
    "This file ends within a flow, so mitmproxy did not end properly. The sockets that were open then are missing."
)


class _Join(NamedTuple):
    """A place where the flows of another run may begin, and the last instant before it."""

    number: int  # of the flow that comes next
    at: Instant


class _Runs:
    """Find out where a file may hold several runs (`-w +FILE` appends).

    mitmproxy ends by writing the flows that are not over. One run ends before the next one begins, so a flow that
    began before the last instant above it is of the same run.
    """

    def __init__(self) -> None:
        self.joins: list[_Join] = []
        self.latest: Instant | None = None
        self.first: Instant | None = None
        self.has_open = False
        self._was_open = False

    def add(self, number: int, flow: Flow) -> None:
        """Take in the next flow."""
        begins = [at for at in (flow.began, flow.requested) if at is not None]
        start = min(begins, default=None)
        while self.joins and start is not None and start <= self.joins[-1].at:
            self.joins.pop()
        if self._was_open and self.latest is not None and (start is None or start > self.latest):
            self.joins.append(_Join(number, self.latest))
        self._was_open = not flow.is_over
        self.has_open = self.has_open or self._was_open
        for at in flow.instants:
            self.latest = at if self.latest is None else max(self.latest, at)
            self.first = at if self.first is None else min(self.first, at)

    @property
    def has_ended(self) -> bool:
        """Does a flow that is not over show that mitmproxy ended, and did not die?"""
        return self.has_open and (self._was_open or not self.joins)

    def coverage(self, number: int) -> Coverage:
        """Say what the file shows of the end of a socket that was open when its flow was written."""
        place = bisect_right(self.joins, number, key=lambda join: join.number)
        if place == len(self.joins):
            return Coverage(Closes.ALL, only_sent=True)
        return Coverage(Closes.WHILE_PAGE_LIVES, until=self.joins[place].at, only_sent=True)


def read(source: Source) -> Capture:
    """Read one flow file. Raises CaptureError where the file is not one, or of mitmproxy 6 or older."""
    flows, runs = Flows(source), _Runs()
    handshakes: dict[object, tuple[int, Flow]] = {}  # a flow that was saved twice counts as it was saved last
    number, version = -1, None
    for number, flow in enumerate(flows.read()):
        version = flow.version
        if not flow.is_http:
            continue
        runs.add(number, flow)
        if flow.is_handshake:
            handshakes.pop(flow.id or number, None)
            handshakes[flow.id or number] = number, flow
            if len(handshakes) > MOST_SOCKETS:
                raise CaptureError(source.name, "", f"more than {MOST_SOCKETS:,} sockets")
    if number < 0 and not flows.is_cut_off and not flows.skipped:
        raise CaptureError(source.name, "", "an empty file")
    traces = tuple(_trace(flow, _coverage(flow, number, runs), runs.latest) for number, flow in handshakes.values())
    observed = None if runs.first is None or runs.latest is None else Interval(runs.first, runs.latest + 1)
    whole = None if flows.is_cut_off or flows.skipped else observed
    exporter = Exporter("mitmproxy", "mitmproxy flows", None if version is None else str(version), "mitmproxy")
    file = File(source.name, "mitmproxy-flows", exporter, flows.count, observed, unit="flow", whole_exporter=whole)
    caveats = tuple(_caveats(flows, runs, [flow for _, flow in handshakes.values()]))
    return Capture((file,), (), traces, caveats, tuple(flows.skipped))


def _caveats(flows: Flows, runs: _Runs, handshakes: list[Flow]) -> Iterator[Caveat]:
    if flows.is_cut_off:
        yield CUT_OFF
    if flows.skipped:
        yield CaveatKind.ENTRIES_SKIPPED.caveat(f"{flows.loss} skipped: sockets and closes are possibly missing.")
    if not (flows.is_cut_off or flows.skipped or runs.has_ended):
        yield PROXY_ENDED
    machines = {flow.peer for flow in handshakes if flow.peer}
    yield CaveatKind.THROUGH_PROXY.caveat(
        "mitmproxy records what goes through it, whichever browser, tab or program it is of."
        + (f" These sockets are of {plural(len(machines), 'machine')}." if len(machines) > 1 else "")
        + ("" if all(_is_local(flow) for flow in handshakes) else FAR)
    )


FAR = " A browser on another machine may be gone long before mitmproxy notices: only what it sends shows that it lives."


def _is_local(flow: Flow) -> bool:
    """Was the client on the machine of mitmproxy, where no end of a connection is lost or late?"""
    try:
        address = ip_address(flow.peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or flow.peer == flow.own_address


def _coverage(flow: Flow, number: int, runs: _Runs) -> Coverage:
    if flow.socket is None and flow.status == SWITCHED:
        return Coverage(Closes.NONE)  # mitmproxy passed it on as bytes
    if flow.socket is not None and (flow.is_over or not _is_local(flow)):
        return Coverage(Closes.NONE, only_sent=True)
    return runs.coverage(number)


def _trace(flow: Flow, coverage: Coverage, over: Instant | None) -> Trace:
    """One socket. `over`: the last instant in the file."""
    until = over if coverage.closes is Closes.ALL else coverage.until
    if flow.socket is not None and flow.socket.closed is not None and not flow.is_migrated:
        until = flow.socket.closed
    headers = dict(flow.request_headers)
    authority = headers.get("host") or (f"{flow.host}:{flow.port}" if flow.port else flow.host)
    url = f"{'wss' if flow.scheme in ('https', 'wss') else 'ws'}://{authority}{flow.path}"
    protocols = [
        value for name, value in flow.request_headers + flow.response_headers if name == "sec-websocket-protocol"
    ]
    return Trace(
        pointer=flow.pointer,
        url=shorten(url),
        endpoint=endpoint(url),
        events=tuple(_events(flow, until)),
        messages=_messages(flow),
        protocols=split_protocols(",".join(protocols)),
        opening=() if flow.socket is None else tuple(flow.socket.opening),
        coverage=coverage,
        key=headers.get("sec-websocket-key") or None,
        extension=EXTENSION.match(headers.get("origin", "")) is not None,
    )


def _messages(flow: Flow) -> Messages:
    socket = flow.socket or Socket(flow.pointer)
    recorded = flow.socket is not None or flow.status != SWITCHED
    return Messages(socket.times, bytes(socket.directions), socket.opcodes, socket.lengths, recorded)


def _events(flow: Flow, until: Instant | None) -> Iterator[Event]:
    """The events of a socket. `until`: when its connection ended, or until when the file shows that it did not."""
    if flow.requested is not None:
        yield Requested(Bounds(flow.requested, flow.requested, Evidence.HANDSHAKE_REQUEST, flow.pointer))
    if flow.socket is None and flow.status != SWITCHED:
        if flow.has_response or flow.error:
            at = flow.answered if flow.has_response else flow.failed
            reason = REFUSED.format(flow.status) if flow.has_response else flow.error.rstrip(".")
            yield Rejected(Bounds(at, at, Evidence.HANDSHAKE_FAILED, flow.pointer), reason)
        return
    yield Accepted(_narrow_opening(flow, until))
    if flow.socket is not None and flow.socket.closed is not None and not flow.is_migrated:
        within = _narrow_close(flow.socket, flow.socket.closed, _is_local(flow))
        yield Closed(within, flow.socket.code, flow.socket.reason)


def _narrow_opening(flow: Flow, until: Instant | None) -> Bounds:
    """Bound when the page saw its socket open: it had when it sent something, or a while after the server answered."""
    socket = flow.socket or Socket(flow.pointer)
    signs = [] if socket.sent is None else [socket.sent]
    if flow.answered is not None and until is not None and _is_local(flow):
        learned = flow.answered + PAGE_DELAY
        signs += [learned] if learned < until - PAGE_GONE else []
    return Bounds(flow.answered, min(signs, default=None), Evidence.HANDSHAKE_RESPONSE, flow.pointer)


def _narrow_close(socket: Socket, at: Instant, is_local: bool) -> Bounds:
    """Bound the close as the page saw it, by who ended the connection."""
    evidence = Evidence.CLIENT_CLOSE if socket.is_closed_by_client else Evidence.SERVER_CLOSE
    if not is_local:
        return Bounds(socket.last_sent, at + FAR_DELAY, evidence, socket.pointer)
    if socket.is_closed_by_client and socket.code in GONE:
        return Bounds(at - PAGE_GONE, at, evidence, socket.pointer)  # the page went first
    return Bounds(at - PAGE_CLOSE, at + CLOSE_DELAY, evidence, socket.pointer)
