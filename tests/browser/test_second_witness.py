"""A recording and the log of the same browser, against the server's own log."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browsers import COMPARES_INSTANTS, Late, chromium
from chrome import Chrome
from socket_server import Seen, SocketServer
from test_record_command import finish, start, wait_for_line

from analyzer import Report, Verdict, analyze, read
from analyzer.formats.netlog.reader import PAGE_GONE
from analyzer.model import MILLISECOND, SECOND, Outcome, Session
from analyzer.recorder.document import Recorded
from analyzer.recorder.listener import Listener
from analyzer.recorder.witness import LATE, refine

TOLERANCE = 20 * MILLISECOND  # between the server's log and what is claimed
A, B = (f"new WebSocket(`ws://${{location.host}}/ws/{name}`)" for name in "ab")
PAGES = {
    "/a": f"<script>a = {A}</script>",
    "/leaves": f"<script>a = {A}; setTimeout(() => {{ location.href = '/b' }}, 1500)</script>",
    "/b": f"<script>b = {B}</script>",
    "/closed-by-server": "<script>a = new WebSocket(`ws://${location.host}/ws/a?close=400&after=b`)</script>",
    "/worker": "<script>w = new Worker('/worker.js')</script>",
    "/worker.js": f"a = {A}",
    "/shared": "<script>w = new SharedWorker('/worker.js')</script>",
}


Steps = Callable[[Chrome, SocketServer], Awaitable[None]]


class Case(NamedTuple):
    do: Steps
    verdict: Verdict
    outcomes: str  # of the sockets, in the order of their requests
    width: int = PAGE_GONE // MILLISECOND + 1  # milliseconds: of the bounds of a close, at most


def then(script: str, path: str = "/a", sockets: int = 2) -> Steps:
    """Open a page, and when its socket is open run a script; `sockets`: that open in all."""

    async def do(chrome: Chrome, server: SocketServer) -> None:
        _, session = await chrome.open(server.url(path))
        await server.wait_for(1)
        await chrome.run(session, script.replace("PORT", str(server.port)))
        await server.wait_for(sockets)
        await asyncio.sleep(0.8)

    return do


async def close_tab(chrome: Chrome, server: SocketServer) -> None:
    tab, _ = await chrome.open(server.url("/a"))
    await server.wait_for(1)
    await chrome.close(tab)


async def close_tab_in_cache(chrome: Chrome, server: SocketServer) -> None:
    tab, session = await chrome.open(server.url("/a"))
    await server.wait_for(1)
    await chrome.run(session, "location.href = '/b'")
    await server.wait_for(2)
    await asyncio.sleep(0.8)
    await chrome.close(tab)


async def close_tab_of_shared_worker(chrome: Chrome, server: SocketServer) -> None:
    tab, _ = await chrome.open(server.url("/shared"))
    await server.wait_for(1)
    await chrome.close(tab)


async def kill_page(chrome: Chrome, server: SocketServer) -> None:
    await chrome.open(server.url("/a"))
    await server.wait_for(1)
    chrome.kill("--type=renderer")
    await asyncio.sleep(0.8)


async def kill_network(chrome: Chrome, server: SocketServer) -> None:
    """Its log begins anew, and has nothing of what was before."""
    _, session = await chrome.open(server.url("/a"))
    await server.wait_for(1)
    chrome.kill("NetworkService")
    await asyncio.sleep(0.8)
    await chrome.run(session, B)
    await server.wait_for(2)


async def end_browser(chrome: Chrome, server: SocketServer) -> None:
    """In order, as by its menu. A signal ends it so quickly that its log may be cut off."""
    await chrome.open(server.url("/a"))
    await server.wait_for(1)
    with suppress(Exception):
        await chrome.connection.call("Browser.close", timeout=5.0)
    await chrome.wait_for_end()


async def kill_browser(chrome: Chrome, server: SocketServer) -> None:
    await chrome.open(server.url("/a"))
    await server.wait_for(1)
    os.killpg(chrome.process.pid, signal.SIGKILL)
    await chrome.wait_for_end()


ELSEWHERE = "location.href = 'http://localhost:PORT/b'"
CASES = {
    "reload": Case(then("location.reload()"), Verdict.NO_OVERLAP, "closed open"),
    "cache": Case(then("location.href = '/b'"), Verdict.OVERLAP, "open open"),
    "cache, another site": Case(then(ELSEWHERE), Verdict.OVERLAP, "open open"),
    "cache, closed by the server": Case(
        then("location.href = '/b'", "/closed-by-server"), Verdict.OVERLAP, "closed open", 1
    ),
    "cache, tab closed": Case(close_tab_in_cache, Verdict.OVERLAP, "closed closed"),
    "closed by the page": Case(then(f"a.close(); a.onclose = () => {B}"), Verdict.NO_OVERLAP, "closed open", 5),
    "tab closed": Case(close_tab, Verdict.NO_OVERLAP, "closed"),
    "worker terminated": Case(then("w.terminate()", "/worker", 1), Verdict.NO_OVERLAP, "closed"),
    "page of a worker reloaded": Case(then("location.reload()", "/worker"), Verdict.NO_OVERLAP, "closed open"),
    "tab of a shared worker closed": Case(close_tab_of_shared_worker, Verdict.NO_OVERLAP, "closed"),
    "page killed": Case(kill_page, Verdict.NO_OVERLAP, "closed"),
    "network process killed": Case(kill_network, Verdict.NO_OVERLAP, "closed open"),
    "browser ended": Case(end_browser, Verdict.NO_OVERLAP, "closed"),
    "browser killed": Case(kill_browser, Verdict.INCONCLUSIVE, "unknown"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as running:
        yield running


async def record(chrome: Chrome, do: Callable[[], Awaitable[None]]) -> Recorded:
    listener, endpoint = Listener(), await chrome.find_endpoint()
    await listener.start(endpoint)
    await chrome.drive(endpoint)
    await do()
    recorded = await listener.stop()
    if any(socket.lost for socket in recorded.recording.sockets.values()):
        await asyncio.sleep(PAGE_GONE / SECOND)  # the log may be that late with the end of a page
    with suppress(Exception):
        await chrome.connection.call("Browser.close", timeout=5.0)
    await chrome.wait_for_end()
    await chrome.connection.close()
    return recorded


def judge(recorded: Recorded) -> Report:
    return analyze(read(io.BytesIO(json.dumps(recorded.har()).encode()), "recorded.har"))


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", CASES)
def test_both_witnesses_together(server: SocketServer, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    server.forget()
    chrome = Chrome(tmp_path, chromium())
    try:
        recorded = asyncio.run(asyncio.wait_for(record(chrome, lambda: case.do(chrome, server)), 60))
    finally:
        chrome.end()
    before = {session.key: session for session in judge(recorded).sessions}
    refined = refine(recorded, chrome.netlog)
    report = judge(refined)
    assert [session.outcome for session in report.sessions] == case.outcomes.split()
    assert report.verdict is case.verdict
    for session, own in zip(report.sessions, server.seen(), strict=True):
        _check(session, own, refined.until)
        if session.outcome is Outcome.CLOSED:
            width = _measure(session)
            assert width <= case.width * MILLISECOND
            earlier = before.get(session.key)  # the log may have one that was missed
            # The network may see earlier than a busy page what the page reports: then both are bounds.
            assert earlier is None or earlier.outcome is not Outcome.CLOSED or width <= _measure(earlier) + LATE


def _measure(session: Session) -> int:
    assert session.closed is not None
    assert session.closed.earliest is not None
    assert session.closed.latest is not None
    return session.closed.latest - session.closed.earliest


def _check(session: Session, own: Seen, until: int) -> None:
    """The server's instants lie within the bounds: of a close, those at which it may have been."""
    assert session.proven is not None
    assert session.possible is not None
    assert own.opened is not None
    opened = round(own.opened * SECOND)
    if session.opened is None or not (session.opened.earliest or 0) - 5 * TOLERANCE <= opened:
        raise Late(f"opened {opened}, {session.opened}")
    if opened - TOLERANCE > (session.opened.latest or until):
        raise Late(f"opened {opened}, {session.opened}")
    if (
        own.closed is None
        or own.earliest_end is None
        or session.outcome is not Outcome.CLOSED
        or session.closed is None
    ):
        return
    earliest_end, closed = round(own.earliest_end * SECOND), round(own.closed * SECOND)
    earliest, latest = session.closed.earliest or 0, session.closed.latest or until
    if earliest - TOLERANCE > closed or latest + TOLERANCE < earliest_end:
        raise Late(f"closed {earliest_end} to {closed}, {session.closed}")


def test_record_reads_the_log_of_its_browser(server: SocketServer, tmp_path: Path) -> None:
    """Whether a page in the back/forward cache has its socket still only the log shows."""
    chromium()
    output = tmp_path / "left.har"
    process = start(server.url("/leaves"), "--headless", "-o", output)
    wait_for_line(process, "+ socket #2")
    assert finish(process)[0] == 0
    report = analyze(read(output))
    assert [session.outcome for session in report.sessions] == [Outcome.OPEN, Outcome.OPEN]
    assert report.verdict is Verdict.OVERLAP


def test_the_log_may_not_be_there(tmp_path: Path) -> None:
    recorded: Any = Recorded(Listener().recording, 0)
    assert refine(recorded, tmp_path / "net.json") is recorded
