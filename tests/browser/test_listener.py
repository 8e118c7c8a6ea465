"""The listener in a real browser that somebody else started and drives, against the server's own log.

What was open before the listener came, what opens as the first act of a worker, window or frame, and pages that are
stuck, hostile, or kept: no verdict may be wrong, and none undecided without a reason.
"""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest
from browsers import COMPARES_INSTANTS, Late, chromium
from chrome import Chrome
from socket_server import Seen, SocketServer

from analyzer import Report, Verdict, analyze, read
from analyzer.formats.har.own_fields import STARTED_LATE
from analyzer.model import MILLISECOND, SECOND, Outcome, Session
from analyzer.recorder.listener import Listener

TOLERANCE = 20 * MILLISECOND  # between the server's log, which is late on a busy machine, and what is claimed
PERIOD = 0.5  # seconds for a step to take effect
LONGEST_WAIT = 15.0  # seconds for a socket to open


def opens(name: str, query: str = "", port: str = "PORT") -> str:
    """A socket. What a test runs has the number in the place of PORT: not every script has an address of its own."""
    return f"{name} = new WebSocket(`ws://127.0.0.1:{port}/ws/{name}{query}`)"


def served(name: str, query: str = "") -> str:
    return f"<script>{opens(name, query, '${location.port}')}</script>"


def frame(address: str, attributes: str = "") -> str:
    return (
        f"f = document.createElement('iframe'); f.src = {address!r}; {attributes}; document.documentElement.append(f)"
    )


def worker(kind: str = "Worker", path: str = "/b.js") -> str:
    return f"w = new {kind}({path!r})"


A, B, C = opens("a"), opens("b"), opens("c")
IN_A_STRING = B.replace("`", "\\'")
PAGES = {
    "/blank": "<title>blank</title>",
    "/a": served("a"),
    "/b": served("b"),
    "/a-and-b": served("a") + served("b"),
    "/b.js": opens("b", port="${location.port}"),
    "/nested.js": worker(),
    "/slow": served("a", "?delay=1500"),
    "/beats": served("a", "?beat=50"),
    "/refused": served("a", "?status=403"),
    "/closed-by-server": served("a", "?close=300&code=4002"),
}
ELSEWHERE = "http://localhost:PORT"
NO_OVERLAP, OVERLAP, POSSIBLE = Verdict.NO_OVERLAP, Verdict.OVERLAP, Verdict.POSSIBLE_OVERLAP


class Tab:
    """A tab in a browser context of its own, so that no test finds what another one left."""

    def __init__(self, chrome: Chrome, server: SocketServer) -> None:
        self.chrome, self.server = chrome, server
        self.target = self.session = ""
        self.contexts: list[str] = []
        self.seen: list[Seen] = []

    async def open(self, path: str) -> None:
        context = await self.chrome.connection.call("Target.createBrowserContext")
        self.contexts.append(str(context["browserContextId"]))
        self.target, self.session = await self.open_in(self.contexts[-1], path)
        script = f"document.readyState === 'complete' && location.pathname === {path!r}"
        until = time.monotonic() + LONGEST_WAIT
        while not await self._evaluate(script) and time.monotonic() < until:
            await asyncio.sleep(0.05)

    async def _evaluate(self, script: str) -> Any:
        answer = await self.chrome.connection.call("Runtime.evaluate", self.session, LONGEST_WAIT, expression=script)
        return answer["result"].get("value")

    async def wait_for(self, number: int, seconds: float) -> None:
        """Wait until so many sockets have opened; a busy machine takes its time."""
        until = time.monotonic() + seconds
        while sum(seen.opened is not None for seen in self.server.seen()) < number and time.monotonic() < until:
            await asyncio.sleep(0.05)

    async def open_in(self, context: str, path: str) -> tuple[str, str]:
        return await self.chrome.open(self.server.url(path), browserContextId=context)

    async def run(self, script: str) -> None:
        await self.chrome.run(self.session, script.replace("PORT", str(self.server.port)))

    async def send(self, method: str, **params: str) -> None:
        """Send a call, and do not wait for its answer: a page that is stuck has none."""
        expression = {name: value.replace("PORT", str(self.server.port)) for name, value in params.items()}
        self.chrome.connection.send(method, self.session, **expression)
        await asyncio.sleep(PERIOD)


Step = str | Callable[[Tab], Awaitable[None]]


class Case(NamedTuple):
    path: str
    steps: tuple[Step, ...]
    verdict: Verdict
    outcomes: str  # name:outcome, in the order of the names


def case(path: str, *steps: Step, verdict: Verdict = NO_OVERLAP, ends: str) -> Case:
    return Case(path, steps, verdict, ends)


async def close(tab: Tab) -> None:
    await tab.chrome.close(tab.target)


async def open_another(tab: Tab) -> None:
    await tab.open_in(tab.contexts[0], "/b")


async def open_for_another_user(tab: Tab) -> None:
    context = await tab.chrome.connection.call("Target.createBrowserContext")
    tab.contexts.append(str(context["browserContextId"]))
    await tab.open_in(tab.contexts[-1], "/b")


async def crash(tab: Tab) -> None:
    await tab.send("Page.crash")


async def loop_for_ever(tab: Tab) -> None:
    await tab.send("Runtime.evaluate", expression="for (;;);")


async def ask_the_user(tab: Tab) -> None:
    await tab.send("Page.enable")  # while a dialog is open nobody answers that
    await tab.send("Runtime.evaluate", expression=f"if (confirm('Log in?')) {{ {B} }} else {{ {C} }}")


async def accept(tab: Tab) -> None:
    await tab.chrome.connection.call("Page.handleJavaScriptDialog", tab.session, 5.0, accept=True)
    await asyncio.sleep(PERIOD)


async def go_back(tab: Tab) -> None:
    await tab.run("setTimeout(() => history.back())")


async def stop_service_workers(tab: Tab) -> None:
    for info in (await tab.chrome.connection.call("Target.getTargets"))["targetInfos"]:
        if info["type"] == "service_worker":
            await tab.chrome.close(info["targetId"])


HIDDEN = (
    "N = WebSocket; WebSocket = function () {}; Array.prototype.map = Array.prototype.filter = () => { throw 1 };"
    "Object.defineProperty(Object.prototype, 'url', {set() { throw 1 }}); Object.prototype.toJSON = () => 1"
)
CASES = {
    "one": case("/a", ends="a:open"),
    "closed by the page": case("/a", "a.close()", ends="a:closed"),
    "closed by the server": case("/closed-by-server", ends="a:closed"),
    "refused": case("/refused", ends="a:failed"),
    "closed in its first moment": case("/blank", f"{A}; a.close(); {B}", ends="a:failed b:open"),
    "two": case("/a", B, verdict=OVERLAP, ends="a:open b:open"),
    "the next after the close": case("/a", f"a.close(); a.onclose = () => {{ {B} }}", ends="a:closed b:open"),
    "reload": case("/a", "location.reload()", ends="a:closed a:open"),
    "left, and kept": case("/a", "location.href = '/b'", verdict=POSSIBLE, ends="a:unknown b:open"),
    "left, and back": case("/a", "location.href = '/blank'", go_back, ends="a:closed"),
    "left while connecting": case("/slow", "location.href = '/blank'", "1", ends="a:unknown"),
    "pushState": case("/a", "history.pushState({}, '', '/b')", ends="a:open"),
    "document.open()": case("/a", "document.open(); document.write('x'); document.close()", ends="a:open"),
    "javascript: address": case("/a", "location.href = 'javascript:\"x\"'", ends="a:closed"),
    "tab closed": case("/a", close, ends="a:closed"),
    "page crashed": case("/a", crash, ends="a:closed"),
    "two tabs": case("/a", open_another, verdict=OVERLAP, ends="a:open b:open"),
    "two users": case("/a", open_for_another_user, verdict=OVERLAP, ends="a:open b:open"),
    "iframe": case("/blank", frame("/b"), ends="b:open"),
    "iframe removed": case("/blank", frame("/b"), "f.remove()", ends="b:closed"),
    "iframe of another site": case("/blank", frame(ELSEWHERE + "/b"), ends="b:open"),
    "iframe of another site removed": case("/blank", frame(ELSEWHERE + "/b"), "f.remove()", ends="b:closed"),
    "srcdoc": case("/blank", frame("", f"f.srcdoc = '<script>{IN_A_STRING}</' + 'script>'"), ends="b:open"),
    "sandbox": case("/blank", frame("/b", "f.sandbox = 'allow-scripts'"), ends="b:open"),
    "data:": case("/blank", frame(f"data:text/html,<script>{B}</script>"), ends="b:open"),
    "worker": case("/blank", worker(), ends="b:open"),
    "worker terminated": case("/blank", worker(), "w.terminate()", ends="b:closed"),
    "worker of a worker": case("/blank", worker(path="/nested.js"), ends="b:open"),
    "worker of a blob": case("/blank", f"w = new Worker(URL.createObjectURL(new Blob(['{IN_A_STRING}'])))", ends="b:open"),
    "shared worker": case("/blank", worker("SharedWorker"), ends="b:open"),
    "shared worker, tab closed": case("/blank", worker("SharedWorker"), close, ends="b:closed"),
    "service worker": case("/blank", "navigator.serviceWorker.register('/b.js')", ends="b:open"),
    "service worker stopped": case(
        "/blank", "navigator.serviceWorker.register('/b.js')", stop_service_workers, ends="b:closed"
    ),
    "popup": case("/blank", "w = open('/b')", ends="b:open"),
    "popup closed": case("/blank", "w = open('/b')", "w.close()", ends="b:closed"),
    "popup without an opener": case("/blank", "open('/b', '', 'noopener')", ends="b:open"),
    "empty popup": case("/blank", f"w = open(''); w.eval({json.dumps(B)})", ends="b:open"),
    "endless loop": case("/a", loop_for_ever, ends="a:unknown"),
    "a question to the user": case("/a", ask_the_user, ends="a:unknown"),
    "a question, and the user's answer": case("/a", ask_the_user, accept, verdict=OVERLAP, ends="a:open b:open"),
    "hostile prototypes": case(
        "/blank", HIDDEN, B.replace("WebSocket", "N"), C.replace("WebSocket", "N"), verdict=OVERLAP, ends="b:open c:open"
    ),
    "a hundred workers": case(
        "/blank", f"for (let n = 0; n < 100; n++) {{ {worker()} }}", "1", "1", verdict=OVERLAP, ends=" ".join(["b:open"] * 100)
    ),
}  # fmt: skip
OLDER = {  # of each: what was there before the listener came
    "one": case("/a", ends="a:open"),
    "one, and one after": case("/a", B, verdict=OVERLAP, ends="a:open b:open"),
    "two": case("/a-and-b", verdict=OVERLAP, ends="a:open b:open"),
    "one that closes, and one after": case(
        "/a", f"a.close(); a.onclose = () => {{ {B} }}", ends="a:closed b:open"
    ),
    "one with messages, and one after": case("/beats", B, verdict=OVERLAP, ends="a:open b:open"),
    "one that is connecting": case("/slow", "1", ends="a:open"),
    "reload": case("/a", "location.reload()", ends="a:closed a:open"),
    "left, and kept": case("/a", "location.href = '/b'", verdict=POSSIBLE, ends="a:unknown b:open"),
    "tab closed": case("/a", close, ends="a:closed"),
}  # fmt: skip
BEFORE = {  # what somebody does before the listener comes; then a socket opens
    "iframe": case("/blank", frame("/b"), ends="b:open"),
    "iframe of another site": case("/blank", frame(ELSEWHERE + "/b"), ends="b:open"),
    "worker": case("/blank", worker(), ends="b:open"),
    "worker of a worker": case("/blank", worker(path="/nested.js"), ends="b:open"),
    "shared worker": case("/blank", worker("SharedWorker"), ends="b:open"),
    "service worker": case("/blank", "navigator.serviceWorker.register('/b.js')", ends="b:open"),
    "popup": case("/blank", "w = open('/b')", ends="b:open"),
    "WebSocket is wrapped": case("/blank", f"{{ const N = WebSocket; WebSocket = class extends N {{}} }} {B}", ends="b:open"),
    "WebSocket is hidden": case("/blank", f"{B}; N = WebSocket; WebSocket = function (url) {{ return new N(url) }}", ends="b:open"),
}  # fmt: skip
SILENT = {  # what does not say which sockets it has: the verdict is undecided
    "kept by the back/forward cache": case("/b", "location.href = '/blank'", ends="b:open"),
    "stuck in a loop": case("/b", loop_for_ever, ends="b:open"),
    "waits for the user": case("/b", ask_the_user, ends="b:open"),
}  # fmt: skip
OFTEN = (
    "two",
    "reload",
    "left, and kept",
    "iframe of another site",
    "shared worker",
    "popup",
    "a question to the user",
)


def often(names: dict[str, Case]) -> list[Any]:
    """Leave to `make test-all` what one of the others covers."""
    return [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as running:
        yield running


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    running = Chrome(tmp_path_factory.mktemp("chrome"), chromium())
    yield running
    running.end()


async def record(tab: Tab, case: Case, after: tuple[Step, ...] | None) -> Any:
    """The HAR of a browser in which somebody opens a page and does some steps, and `after` them the listener comes and
    these are done; None: it comes first."""
    number = len([end for end in case.outcomes.split() if not end.endswith("failed")])
    listener, endpoint = Listener(), await tab.chrome.find_endpoint()
    await tab.chrome.drive(endpoint)
    if after is None:
        await listener.start(endpoint)
    try:
        await tab.open(case.path)
        await tab.wait_for(min(number, PAGES[case.path].count("new WebSocket")), LONGEST_WAIT)
        if after == ():  # it comes right after the page
            await listener.start(endpoint)
        for step in case.steps:
            await do(tab, step)
            await tab.wait_for(number, LONGEST_WAIT if step is case.steps[-1] else 2)
        if after:
            await listener.start(endpoint)
        for step in after or ():
            await do(tab, step)
            await tab.wait_for(number + len(after), LONGEST_WAIT)
        tab.seen = tab.server.seen()
        return (await listener.stop()).har()
    finally:
        for context in tab.contexts:
            await tab.chrome.connection.call("Target.disposeBrowserContext", timeout=20.0, browserContextId=context)
        await tab.chrome.connection.close()


async def do(tab: Tab, step: Step) -> None:
    if isinstance(step, str):
        await tab.run(step)
    else:
        await step(tab)


def report_of(tab: Tab, case: Case, after: tuple[Step, ...] | None = None) -> Report:
    """Judge the recording, in which no instant may contradict the server's log."""
    tab.server.forget()
    har = asyncio.run(asyncio.wait_for(record(tab, case, after), 90))
    report = analyze(read(io.BytesIO(json.dumps(har).encode()), "recorded.har"))
    sessions = [session for session in report.sessions if session.outcome is not Outcome.FAILED]
    for name in {name_of(session) for session in sessions}:
        same = [session for session in sessions if name_of(session) == name]
        for session, truth in zip(same, [seen for seen in tab.seen if seen.name == name and seen.opened], strict=False):
            check(session, truth)
    return report


def name_of(session: Session) -> str:
    return session.url.partition("/ws/")[2].partition("?")[0]


def check(session: Session, truth: Seen) -> None:
    """What is certain was so, and what was so is possible."""
    assert truth.opened is not None
    assert session.possible is not None
    proven, end = session.proven, session.possible.end
    assert truth.closed is not None or end is None
    assert truth.closed is None or proven is None or proven.end is not None
    opened, earliest_end = round(truth.opened * SECOND), round((truth.earliest_end or 0) * SECOND)
    is_late = proven is not None and proven.start < opened - TOLERANCE
    if is_late or (end is not None and end < earliest_end - TOLERANCE):
        raise Late(
            f"the server saw it from {opened} to {earliest_end} at least; proven {proven}, possible {session.possible}"
        )


def outcomes_of(report: Report) -> str:
    return " ".join(sorted(f"{name_of(session)}:{session.outcome}" for session in report.sessions))


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(CASES))
def test_every_socket_is_recorded_from_its_first_act(name: str, chrome: Chrome, server: SocketServer) -> None:
    case = CASES[name]
    report = report_of(Tab(chrome, server), case)
    assert (outcomes_of(report), report.verdict) == (" ".join(sorted(case.outcomes.split())), case.verdict)
    assert report.capture.caveats == ()


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(OLDER))
def test_sockets_that_are_older_than_the_recording_are_in_it(name: str, chrome: Chrome, server: SocketServer) -> None:
    case = OLDER[name]
    report = report_of(Tab(chrome, server), case, ())
    assert (outcomes_of(report), report.verdict) == (" ".join(sorted(case.outcomes.split())), case.verdict)
    assert report.capture.caveats == ()


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(BEFORE))
def test_older_sockets_are_listed_wherever_they_are(name: str, chrome: Chrome, server: SocketServer) -> None:
    case = BEFORE[name]
    report = report_of(Tab(chrome, server), case, (C.replace("WebSocket", "(globalThis.N || WebSocket)"),))
    assert (outcomes_of(report), report.verdict) == ("b:open c:open", Verdict.OVERLAP)


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(SILENT))
def test_a_page_that_does_not_say_what_it_has_decides_nothing(name: str, chrome: Chrome, server: SocketServer) -> None:
    """The server sees two open; the recording has the second one alone."""
    case = SILENT[name]
    report = report_of(Tab(chrome, server), case, (open_for_another_user,))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [caveat.id for caveat in report.capture.caveats] == [STARTED_LATE.id]
