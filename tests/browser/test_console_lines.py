"""Lines of the console of a real Chromium, beside the sockets that they are about."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from browsers import chromium
from socket_server import SocketServer
from test_record_command import PATIENCE, finish, start, wait_for_line

from analyzer import Report, analyze, masking, read
from analyzer.model import MILLISECOND, SECOND, ConsoleLine, Level, Policy, Run
from analyzer.outputs import show, text
from analyzer.recorder.launch import Settings, launch
from analyzer.recorder.listener import Listener

WARNING = "Consecutive calls to connectUser is detected, ideally you should only call this function once in your app."
# As stream-chat 9.53.0 does it: the second call on a client that is connecting warns, and a second client does not.
SDK = f"""
class StreamChat {{
  connectUser(user) {{
    if (this.promise) {{ console.warn({WARNING!r}); return this.promise; }}
    const json = encodeURIComponent(JSON.stringify({{user_id: user}}));
    const query = `json=${{json}}&api_key=key&authorization=eyJhbGciOiJIUzI1NiJ9.e30.x&stream-auth-type=jwt`;
    this.ws = new WebSocket(`ws://${{location.host}}/connect?${{query}}`);
    return this.promise = new Promise(done => this.ws.onopen = done);
  }}
}}
const wait = ms => new Promise(done => setTimeout(done, ms));
"""
PAGES = {
    "/sdk.js": SDK,
    "/chat": """<script src=/sdk.js></script><script>
        console.log('WebSocket: of no matter'); console.warn('Each child in a list should have a key.');
        (async () => {
            const first = new StreamChat(), second = new StreamChat();
            await first.connectUser('ann'); await wait(1500);
            await Promise.all([second.connectUser('ann'), second.connectUser('ann')]);
            document.title = 'done'; })()</script>""",
    "/worker.js": """console.warn('WebSocket in a worker');
        new WebSocket(`ws://${location.host}/ws/refused?status=500`).onerror = () => postMessage('refused')""",
    "/worker": """<script>new Worker('/worker.js').onmessage = () => {
        console.warn('WebSocket in the page'); document.title = 'done' }</script>""",
    "/said": "<script>console.error('WebSocket said on load'); document.title = 'done'</script>",
    "/plain": "<title>plain</title>",
    "/many": """<script>
        let object = {}; const reference = new WeakRef(object); console.log(object); object = null;
        for (let n = 0; n < 1500; n++) console.log({n});  // V8 itself keeps the last 1,000
        document.title = 'done'</script>""",
    "/quiet": "<script>console.warn('of no matter'); document.title = 'done'</script>",
    "/objects": """<script>
        for (let n = 0; n < 200; n++) console.log({n, data: new Array(100_000).fill(n)});
        console.error('WebSocket', {token: 'canary'}, new Error('lost'), [1], null, 7n);
        document.title = 'done'</script>""",
}


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as running:
        yield running


Steps: TypeAlias = Callable[[Listener, str], Coroutine[Any, Any, None]]  # with the browser's endpoint


def record(steps: Steps) -> tuple[Report, list[ConsoleLine]]:
    """Record what happens in a Chromium of its own; with the lines as they came in."""
    chromium()
    lines: list[ConsoleLine] = []

    async def run() -> bytes:
        browser = await launch(Settings(headless=True))
        try:
            listener = Listener(line_observer=lines.append)
            await listener.start(browser.endpoint)
            await steps(listener, browser.endpoint)
            recorded = await listener.stop()
            return b"".join(recorded.chunks())
        finally:
            browser.kill()
            browser.remove_files()

    return analyze(read(io.BytesIO(asyncio.run(run())), "chat.har")), lines


def opening(address: str) -> Steps:
    async def steps(listener: Listener, _: str) -> None:
        await listener.open_tab(address, reuse=True)
        await until_titled(listener, "done")

    return steps


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.05)


async def until_titled(listener: Listener, title: str) -> None:
    async def is_titled() -> bool:
        infos = (await listener._call("Target.getTargets"))["targetInfos"]
        return any(it["title"] == title for it in infos)

    await until(is_titled)


def test_the_warning_of_a_client_stands_beside_its_socket(server: SocketServer) -> None:
    server.forget()
    report, lines = record(opening(server.url("/chat")))
    (line,) = report.capture.console
    assert (line.text, line.level, [it.text for it in lines]) == (WARNING, Level.WARNING, [WARNING])
    assert line.code is not None and line.code.url == server.url("/chat")  # not the SDK, which wrote it
    assert line.about is not None and (line.about.session, line.about.named) == ("s2", False)
    first, second = (truth.opened * SECOND for truth in server.seen() if truth.opened is not None)
    assert first + 1.4 * SECOND < line.at < second + 500 * MILLISECOND
    run = masking.mask(Run((report,), (), Policy()))
    words = " ".join(text.render(run, width=300).decode().split())
    assert WARNING in words and "socket #2" in words.partition(WARNING)[2]
    assert "ann" not in words
    assert [WARNING in " ".join(show.text(run, it).decode().split()) for it in report.sessions] == [False, True]


def test_the_record_command_shows_a_line_as_it_comes_and_keeps_it(server: SocketServer, tmp_path: Path) -> None:
    chromium()
    path = tmp_path / "chat.har"
    process = start(server.url("/chat"), "--headless", "-o", path)
    quote = wait_for_line(process, "! console ")
    assert quote.partition("! console ")[2] == f"warning: {WARNING}\n"
    assert "! console" not in finish(process)[1]
    (line,) = analyze(read(path)).capture.console
    assert line.about is not None and line.about.session == "s2"


def test_a_worker_warns_once_and_the_browser_names_its_socket(server: SocketServer) -> None:
    report, _ = record(opening(server.url("/worker")))
    warned, failed, last = report.capture.console  # what the page itself says comes after what it says of its worker
    assert last.text == "WebSocket in the page"
    assert warned.text == "WebSocket in a worker"
    assert failed.text.endswith("failed: Error during WebSocket handshake: Unexpected response code: 500")
    assert failed.about is not None and (failed.about.session, failed.about.named) == ("s1", True)
    assert abs(failed.about.after) < SECOND


def test_no_line_comes_again_when_a_page_is_left_returned_to_or_reloaded(server: SocketServer) -> None:
    async def steps(listener: Listener, _: str) -> None:
        await opening(server.url("/said"))(listener, "")
        (session,) = listener._tabs.values()
        await listener._call("Page.navigate", session, url=server.url("/plain"))
        await until_titled(listener, "plain")
        history = await listener._call("Page.getNavigationHistory", session)
        entry = history["entries"][history["currentIndex"] - 1]["id"]
        await listener._call("Page.navigateToHistoryEntry", session, entryId=entry)
        await until_titled(listener, "done")
        await listener._call("Page.reload", session)

        async def has_written() -> bool:
            return len(listener.recording.console) > 1

        await until(has_written)
        await listener._call("Runtime.evaluate", session, expression="console.warn('WebSocket: all has been reported')")

    report, _ = record(steps)
    lines, kinds = report.capture.console, {page.id: page.kind for page in report.capture.pages}
    assert list(kinds.values()) == ["load", "navigation", "restore", "reload"]
    assert [kinds[line.page or ""] for line in lines] == ["load", "reload", "reload"]
    assert lines[-1].text == "WebSocket: all has been reported"


def test_what_was_written_before_the_listening_has_its_own_instant(server: SocketServer) -> None:
    starts, lines = [], []

    async def steps(listener: Listener, endpoint: str) -> None:
        await opening(server.url("/said"))(listener, endpoint)
        await asyncio.sleep(1)
        starts.append(listener._now())
        late = Listener()
        await late.start(endpoint)
        lines.extend((await late.stop()).recording.console)

    report, _ = record(steps)
    assert [line.at for line in lines] == [line.at for line in report.capture.console]
    assert starts[0] - lines[0].at > SECOND


def test_objects_of_the_console_show_no_contents(server: SocketServer) -> None:
    report, _ = record(opening(server.url("/objects")))
    (line,) = report.capture.console
    assert line.text == "WebSocket Object Error: lost Array null 7n"


def test_what_a_page_writes_is_freed_as_if_nobody_listened(server: SocketServer) -> None:
    async def steps(listener: Listener, _: str) -> None:
        await opening(server.url("/many"))(listener, "")
        (session,) = listener._tabs.values()

        async def is_freed() -> bool:
            await listener._call("HeapProfiler.collectGarbage", session)
            answer = await listener._call("Runtime.evaluate", session, expression="typeof reference.deref()")
            return bool(answer["result"]["value"] == "undefined")

        await until(is_freed)

    record(steps)


def test_a_page_that_writes_nothing_has_no_lines(server: SocketServer) -> None:
    report, lines = record(opening(server.url("/quiet")))
    assert (report.capture.console, lines) == ((), [])
