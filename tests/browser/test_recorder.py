"""The recorder in a real browser, against the server's own log: verdict, and bounds within 20 ms."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browsers import COMPARES_INSTANTS, Late, chromium, find_endpoint
from socket_server import Seen, SocketServer
from typer.testing import CliRunner

from analyzer import Report, Verdict, analyze, read
from analyzer.cli import app
from analyzer.extract import extract
from analyzer.model import SECOND, Bounds, Outcome, Session

TOLERANCE = 20_000  # microseconds between the server's log and what is claimed
# From the server's answer to readyState OPEN: a page or worker that only just starts reads it later (measured: 28 ms).
ANSWER_READ = 100_000
SEEN_SLACK = 2 * SECOND  # a message that was read late, in a browser that tells no instants


def opens(name: str, query: str = "") -> str:
    return f"new WebSocket(`ws://${{location.host}}/ws/{name}{query}`)"


def calm(script: str, millis: int = 200) -> str:
    """As applications do, not in a page's first moment: a busy page handles an answer later than it comes."""
    return f"setTimeout(() => {{ {script} }}, {millis})"


def html(script: str) -> str:
    return f"<script>{calm(script)}</script>"


A, B = f"a = {opens('a')}", f"b = {opens('b')}"
PAGES = {
    "/blank": "<title>blank</title>",
    "/one": html(A),
    "/other": html(B),
    "/at-once": f"<script>{B}</script>",
    "/beats": html(f"a = {opens('a', '?beat=20')}; a.onopen = () => a.send('hello')"),
    "/two": html(f"{A}; setTimeout(() => {{ {B} }}, 100)"),
    "/handover": html(f"{A}; a.onopen = () => a.close(); a.onclose = () => setTimeout(() => {{ {B} }}, 100)"),
    "/refused": html(f"a = {opens('a', '?status=403')}"),
    "/early": html(f"a = {opens('a', '?delay=400')}; setTimeout(() => a.close(), 100)"),
    "/slow": html(f"a = {opens('a', '?delay=60000')}"),
    "/code": html(f"{A}; a.onopen = () => a.close(4001, 'enough')"),
    "/server": html(f"a = {opens('a', '?close=200&code=4002')}"),
    "/frame": "<iframe src='/other'></iframe>",
    "/foreign": "<script>document.write(`<iframe src='http://localhost:${location.port}/later'></iframe>`)</script>",
    "/worker": "<script>w = new Worker('/worker.js')</script>",
    "/worker.js": calm(B, 500),
    "/worker-at-once": "<script>w = new Worker('/worker-at-once.js')</script>",
    "/worker-at-once.js": B,
    "/service": "<script>navigator.serviceWorker.register('/service.js')</script>",
    "/service.js": B,
    "/shared": "<script>w = new SharedWorker('/shared.js')</script>",
    "/shared.js": B,
    "/asleep": html(f"a = {opens('a', '?close=500')}; setTimeout(() => {{ b = {opens('b', '?beat=100')} }}, 1500)"),
    "/asleep-reload": html(f"{A}; if (!name) setTimeout(() => {{ name = 'again'; location.reload() }}, 1500)"),
    "/asleep-popup": html("w = open('/one'); setTimeout(() => w.close(), 1500)"),
    "/asleep-worker": html("w = new Worker('/worker-at-once.js'); setTimeout(() => w.terminate(), 1000)"),
    "/asleep-refused": html("a = new WebSocket('ws://127.0.0.1:1/ws/a')"),
    "/connecting": html(f"a = {opens('a', '?delay=1200')}"),
    "/written-popup": html(
        "w = open('about:blank'); w.a = new w.WebSocket(`ws://${location.host}/ws/a`);"
        "setTimeout(() => { w.document.open(); w.document.write('x'); w.document.close() }, 700)"
    ),
    "/popup": "<script>open('/later')</script>",
    "/later": f"<script>{calm(B, 600)}</script>",
    "/popup-at-once": "<script>open('/at-once')</script>",
    "/popup-of-the-same": f"<script>{A}; open('/the-same')</script>",
    "/the-same": f"<script>{A}</script>",
}


class Case(NamedTuple):
    do: Callable[[Any, SocketServer], None]
    verdict: Verdict
    outcomes: str  # name:outcome, in the order of the request
    kinds: str = "load"


def visit(path: str, *then: Callable[[Any, SocketServer], None]) -> Callable[[Any, SocketServer], None]:
    def do(page: Any, server: SocketServer) -> None:
        page.goto(server.url(path))
        for step in (*then, wait):
            step(page, server)

    return do


def wait(page: Any, server: SocketServer) -> None:
    """For a while; what runs Playwright's loop may be the newest page, as this one may be gone."""
    if page.context.pages:
        page.context.pages[-1].wait_for_timeout(700)
    else:
        time.sleep(0.5)


def reload(page: Any, server: SocketServer) -> None:
    wait(page, server)
    page.reload()


def goto(path: str, host: str = "127.0.0.1") -> Callable[[Any, SocketServer], None]:
    def do(page: Any, server: SocketServer) -> None:
        wait(page, server)
        page.goto(server.url(path, host))

    return do


def back(page: Any, server: SocketServer) -> None:
    wait(page, server)
    page.go_back()


def run(script: str) -> Callable[[Any, SocketServer], None]:
    def do(page: Any, server: SocketServer) -> None:
        wait(page, server)
        page.evaluate(script)

    return do


def blocked(page: Any, server: SocketServer) -> None:
    """The test itself does not listen for a while: Playwright's events come late then."""
    wait(page, server)
    page.evaluate("setTimeout(() => a.close(), 100); 0")
    time.sleep(0.5)


def asleep(seconds: float) -> Callable[[Any, SocketServer], None]:
    """As a test that waits by time.sleep, or a person at a breakpoint."""

    def do(page: Any, server: SocketServer) -> None:
        time.sleep(seconds)

    return do


def set_content(page: Any, server: SocketServer) -> None:
    wait(page, server)
    page.set_content("<title>written</title>")


def blank(page: Any, server: SocketServer) -> None:
    wait(page, server)
    page.goto("about:blank")


def closed_context(page: Any, server: SocketServer) -> None:
    wait(page, server)
    page.context.close()


def second_tab(page: Any, server: SocketServer) -> None:
    other = page.context.new_page()
    other.goto(server.url("/other"))


def closed_tab(page: Any, server: SocketServer) -> None:
    page.context.new_page()
    wait(page, server)
    page.close()


def crash(page: Any, server: SocketServer) -> None:
    from playwright.sync_api import Error

    page.context.new_page()
    wait(page, server)
    with pytest.raises(Error):
        page.goto("chrome://crash", timeout=5000)


EMPTIED = "document.open(); document.write('<title>new'); document.close()"
ONE, BOTH = Verdict.NO_OVERLAP, Verdict.OVERLAP
CASES = {
    "one socket, still open at the end": Case(visit("/one"), ONE, "a:open"),
    "messages": Case(visit("/beats"), ONE, "a:open"),
    "two that overlap": Case(visit("/two"), BOTH, "a:open b:open"),
    "one after the other": Case(visit("/handover"), ONE, "a:closed b:open"),
    "reload": Case(visit("/one", reload), ONE, "a:closed a:open", "load reload"),
    "three reloads": Case(
        visit("/one", reload, reload, reload), ONE, "a:closed a:closed a:closed a:open", "load reload reload reload"
    ),
    "navigation": Case(visit("/one", goto("/other")), ONE, "a:closed b:open", "load navigation"),
    "navigation to another site": Case(
        # In another process the next one may be open before the network drops this one (measured: 93 ms).
        visit("/one", goto("/other", "localhost")),
        Verdict.POSSIBLE_OVERLAP,
        "a:closed b:open",
        "load navigation",
    ),
    "navigation and back": Case(
        visit("/one", goto("/blank"), back), ONE, "a:closed a:open", "load navigation navigation"
    ),
    "handshake refused": Case(visit("/refused"), ONE, "a:failed"),
    "closed while connecting": Case(visit("/early"), ONE, "a:failed"),
    "still connecting at the end": Case(visit("/slow"), ONE, "a:connecting"),
    "closed by the page with a code": Case(visit("/code"), ONE, "a:closed"),
    "closed by the server": Case(visit("/server"), ONE, "a:closed"),
    "iframe": Case(visit("/frame"), ONE, "b:open"),
    "iframe removed": Case(visit("/frame", run("document.querySelector('iframe').remove()")), ONE, "b:closed"),
    "iframe left": Case(visit("/frame", run("document.querySelector('iframe').src = '/blank'")), ONE, "b:closed"),
    "iframe of another site": Case(visit("/foreign", wait), ONE, "b:open"),
    "iframe of another site removed": Case(
        visit("/foreign", wait, run("document.querySelector('iframe').remove()")), ONE, "b:closed"
    ),
    "worker": Case(visit("/worker"), ONE, "b:open"),
    "worker terminated": Case(visit("/worker", run("w.terminate()")), ONE, "b:closed"),
    "page with a worker left": Case(visit("/worker", goto("/blank")), ONE, "b:closed", "load navigation"),
    "two tabs": Case(visit("/one", second_tab), BOTH, "a:open b:open", "load load"),
    "tab closed": Case(visit("/one", closed_tab), ONE, "a:closed"),
    "tab crashed": Case(visit("/one", crash), ONE, "a:closed"),
    "popup": Case(visit("/popup", wait), ONE, "b:open", "load load"),
    "closed while the test was busy": Case(visit("/one", blocked), ONE, "a:closed"),
    "one after the other while the test sleeps": Case(visit("/asleep", asleep(8)), ONE, "a:closed b:open"),
    "reload while the test sleeps": Case(visit("/asleep-reload", asleep(3)), ONE, "a:closed a:open", "load reload"),
    "document.open()": Case(visit("/one", run(EMPTIED), wait), ONE, "a:open"),
    "document.open(), then another socket": Case(visit("/one", run(EMPTIED), run(f"{B}; 0")), BOTH, "a:open b:open"),
    "document.open() while connecting": Case(visit("/connecting", run(EMPTIED), wait), ONE, "a:open"),
    "content set by the test": Case(visit("/one", set_content), ONE, "a:open"),
    "a javascript: URL in place of the document": Case(
        visit("/one", run("location = 'javascript:\"new\"'; 0")), ONE, "a:closed"
    ),
    "about:blank": Case(visit("/one", blank), ONE, "a:closed"),
    "context closed by the test": Case(visit("/one", closed_context), ONE, "a:closed"),
    "tab closed while connecting": Case(visit("/slow", closed_tab), ONE, "a:failed"),
}


# Opened before anybody could listen, perhaps: known, if less exactly.
AT_ONCE = {
    "a popup that opens one at once": visit("/popup-at-once"),
    "a worker that opens one at once": visit("/worker-at-once"),
    "a worker that opens one at once, left": visit("/worker-at-once", goto("/blank")),
    "a worker that opens one at once, its tab closed": visit("/worker-at-once", closed_tab),
    "a service worker that opens one at once": visit("/service"),
    "a shared worker that opens one at once": visit("/shared"),
    "a popup of about:blank, written by its opener": visit("/written-popup", wait),
    "a popup that opens and closes while the test sleeps": visit("/asleep-popup", asleep(3)),
    "a worker that runs and ends while the test sleeps": visit("/asleep-worker", asleep(3)),
    "a service worker that starts while the test sleeps": visit("/service", asleep(3)),
}


def often(names: Iterable[str]) -> list[Any]:
    """Leave to `make test-all` those that wait for seconds, but one."""
    rare = [name for name in names if "while the test sleeps" in name and not name.startswith("reload")]
    return [pytest.param(name, marks=pytest.mark.slow) if name in rare else name for name in names]


def test_the_socket_of_a_popup_does_not_end_with_its_opener(browser: Any, server: SocketServer) -> None:
    """Both are of one URL, and asked for at nearly the same time."""
    for _ in range(2):
        har, server_side = recorded(browser, server, visit("/popup-of-the-same", wait, goto("/two"), wait))
        sessions = report_of(har).sessions
        assert [truth.closed is None for truth in server_side].count(False) == 1
        assert sum(session.outcome is Outcome.CLOSED for session in sessions) == 1
        assert report_of(har).concurrency.proven_peak == 3


def listening(browser: Any) -> Any:
    """The recorder at a browser that somebody else drives."""
    from analyzer.recorder.thread import ListenerThread

    listener = ListenerThread(find_endpoint(browser))
    listener.wait()
    return listener


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as running:
        yield running


def recorded(
    browser: Any,
    server: SocketServer,
    do: Callable[[Any, SocketServer], None],
    listen: Callable[[Any], Any] = listening,
) -> tuple[Any, list[Seen]]:
    """The HAR of one context, and what the server saw of it by then."""
    server.forget()
    context = browser.new_context()
    listener = listen(browser)
    do(context.new_page(), server)
    har, truth = listener.stop().har(), server.seen()
    context.close()
    return har, truth


def report_of(har: Any) -> Report:
    return analyze(read(io.BytesIO(json.dumps(har).encode()), "recorded.har"))


def off(bounds: Bounds | None, truth: float, earliest: float | None = None) -> int:
    """Microseconds by which the truth, or all from `earliest` to it, lies outside of the bounds."""
    assert bounds is not None and bounds.earliest is not None and bounds.latest is not None
    at, since = round(truth * SECOND), round((earliest or truth) * SECOND)
    return max(bounds.earliest - at, since - bounds.latest, 0)


def agrees(report: Report, server_side: list[Seen]) -> list[tuple[int, int]]:
    """Each session against the server's log: (off, width) of its bounds in microseconds."""
    figures = []
    assert len(report.sessions) == len(server_side)
    for session, truth in zip(report.sessions, server_side, strict=True):
        assert session.url.partition("/ws/")[2].partition("?")[0] == truth.name
        if session.outcome in (Outcome.FAILED, Outcome.CONNECTING):
            continue
        assert truth.opened is not None
        claims = [(session.opened, truth.opened, truth.opened)]
        if session.outcome is Outcome.CLOSED:
            assert truth.closed is not None
            claims.append((session.closed, truth.closed, truth.earliest_end))
        else:
            assert truth.closed is None
        for bounds, at, since in claims:
            assert bounds is not None and bounds.latest is not None and bounds.earliest is not None
            figures.append((off(bounds, at, since), bounds.latest - bounds.earliest))
    return figures


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(CASES))
def test_the_verdict_is_decided_and_the_bounds_are_those_of_the_server(
    name: str, browser: Any, server: SocketServer, tmp_path: Path
) -> None:
    case = CASES[name]
    har, truth = recorded(browser, server, case.do)
    if len(truth) < len(case.outcomes.split()):
        raise Late(f"the page was left before it connected: the server saw {truth}")
    report = report_of(har)
    outcomes = " ".join(f"{s.url.partition('/ws/')[2].partition('?')[0]}:{s.outcome}" for s in report.sessions)
    assert (outcomes, report.verdict) == (case.outcomes, case.verdict)
    assert " ".join(page.kind for page in report.capture.pages) == case.kinds
    assert report.capture.caveats == ()
    assert_same_after_extract(har, report, tmp_path)
    figures = agrees(report, truth)
    print(name, figures)  # `pytest -s` shows them
    if any(distance > TOLERANCE for distance, _ in figures):
        raise Late(f"microseconds off the server's log, and width of the bounds: {figures}")


@COMPARES_INSTANTS
@pytest.mark.parametrize("name", often(AT_ONCE))
def test_a_socket_that_is_quicker_than_the_listening_is_not_lost(name: str, browser: Any, server: SocketServer) -> None:
    har, server_side = recorded(browser, server, AT_ONCE[name])
    if not server_side:
        raise Late("the page was left before it connected: the server saw nothing")
    (truth,) = server_side
    (session,) = report_of(har).sessions
    assert truth.opened is not None
    assert session.outcome is (Outcome.OPEN if truth.closed is None else Outcome.CLOSED)
    assert session.possible is not None
    within(session, truth)


@COMPARES_INSTANTS
@pytest.mark.parametrize(
    "name",
    ["one socket, still open at the end", "messages", "two that overlap", "one after the other", "reload", "navigation",
     "handshake refused", "closed by the server", "iframe removed", "worker", "two tabs", "tab closed", "popup",
     "one after the other while the test sleeps", "document.open()"],
)  # fmt: skip
def test_without_the_protocol_nothing_wrong_is_claimed(name: str, browser: Any, server: SocketServer) -> None:
    """As with Firefox and WebKit: Playwright's own events alone."""
    from analyzer.recorder.page_events import PageEvents

    har, server_side = recorded(browser, server, CASES[name].do, PageEvents)
    report = report_of(har)
    caveats = {caveat.id for caveat in report.capture.caveats}
    assert "instants-as-seen" in caveats
    assert ("workers-not-heard" in caveats) == (name == "worker")
    assert len(report.sessions) == len(server_side)
    for session, truth in zip(report.sessions, server_side, strict=True):
        if truth.opened is None:
            assert session.outcome is Outcome.FAILED
            continue
        within(session, truth, SEEN_SLACK)
    assert report.verdict in (CASES[name].verdict, Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)


def within(session: Session, truth: Seen, late: int = TOLERANCE) -> None:
    """Raise Late where more is proven than the server saw, or less possible; `late`: the slack of a last message."""
    assert truth.opened is not None and session.possible is not None
    opened, closed = truth.opened * SECOND, float("inf") if truth.closed is None else truth.closed * SECOND
    earliest_end = closed if truth.earliest_end is None else truth.earliest_end * SECOND
    possible, proven = session.possible, session.proven
    early = possible.start <= opened + ANSWER_READ and (
        possible.end is None or possible.end >= earliest_end - TOLERANCE
    )
    sound = proven is None or (proven.start >= opened - TOLERANCE and (proven.end or 0) <= closed + late)
    if not (early and sound):
        raise Late(f"proven {proven}, possible {possible}, but the server saw {truth}")


@pytest.fixture(scope="module")
def caching(browser: Any) -> Iterator[Any]:
    """A browser with the back/forward cache, as people have it."""
    launched = browser.browser_type.launch(
        executable_path=chromium(), args=["--no-sandbox"], ignore_default_args=["--disable-back-forward-cache"]
    )
    yield launched
    launched.close()


def returned(page: Any, server: SocketServer) -> None:
    """Not by go_back, which waits for a load: a page from the cache has none."""
    wait(page, server)
    page.evaluate("setTimeout(() => history.back(), 0)")
    wait(page, server)


@COMPARES_INSTANTS
@pytest.mark.parametrize(
    ("do", "outcomes", "verdicts"),
    [
        pytest.param(visit("/one", goto("/blank")), "a:unknown", {ONE}, id="left"),
        pytest.param(visit("/one", goto("/blank"), returned), "a:closed", {ONE}, id="left and returned"),
        pytest.param(
            visit("/server", goto("/blank"), returned), "a:closed", {ONE}, id="closed meanwhile by the server"
        ),
        pytest.param(visit("/beats", goto("/blank"), returned), "a:closed", {ONE}, id="messages meanwhile"),
        pytest.param(
            visit("/one", goto("/other"), returned),
            "a:closed b:unknown",
            {Verdict.POSSIBLE_OVERLAP},
            id="another meanwhile",
        ),
        pytest.param(visit("/one", goto("/blank"), closed_tab), "a:closed", {ONE}, id="left, and the tab closed"),
        pytest.param(visit("/one", reload), "a:closed a:open", {ONE}, id="reload"),
    ],
)
def test_what_the_back_forward_cache_kept_ends_within_the_bounds(
    do: Callable[[Any, SocketServer], None], outcomes: str, verdicts: set[Verdict], caching: Any, server: SocketServer
) -> None:
    har, server_side = recorded(caching, server, do)
    report = report_of(har)
    result = " ".join(f"{it.url.partition('/ws/')[2].partition('?')[0]}:{it.outcome}" for it in report.sessions)
    assert (result, report.capture.caveats) == (outcomes, ())
    assert report.verdict in verdicts
    for session, truth in zip(report.sessions, server_side, strict=True):
        within(session, truth)


def assert_same_after_extract(har: Any, report: Report, folder: Path) -> None:
    path = folder / "recorded.har"
    path.write_text(json.dumps(har), "utf-8")
    small = analyze(read(io.BytesIO(extract(str(path)).data), "small.har"))
    assert small.verdict is report.verdict
    assert [(s.proven, s.possible, s.opened, s.outcome) for s in small.sessions] == [
        (s.proven, s.possible, s.opened, s.outcome) for s in report.sessions
    ]
    assert [page.kind for page in small.capture.pages] == [page.kind for page in report.capture.pages]


@COMPARES_INSTANTS
def test_two_recordings_made_at_once_are_one_timeline(browser: Any, server: SocketServer, tmp_path: Path) -> None:
    """A user in two windows, each with one socket: no recording by itself shows more than one open."""
    files = [tmp_path / "first.har", tmp_path / "second.har"]
    hars, (a, b) = recorded_at_once(browser, server)
    for file, har in zip(files, hars, strict=True):
        file.write_text(json.dumps(har))
        assert report_of(har).verdict is Verdict.NO_OVERLAP
    result = CliRunner().invoke(app, [*map(str, files), "--together", "--format", "json"])
    (capture,) = json.loads(result.stdout)["captures"]
    assert capture["verdict"] == "overlap"
    assert "clocks-as-they-are" in {caveat["id"] for caveat in capture["caveats"]}
    (overlap,) = capture["overlaps"]
    assert overlap["confidence"] == "proven"
    assert a.closed is not None and b.opened is not None
    claimed = [datetime.fromisoformat(overlap[end]).timestamp() for end in ("start", "end")]
    distances = [abs(claimed[0] - b.opened) * SECOND, abs(claimed[1] - a.closed) * SECOND]
    if max(distances) > TOLERANCE:
        raise Late(f"microseconds off the server's log: {distances}")


def recorded_at_once(browser: Any, server: SocketServer) -> tuple[list[Any], list[Seen]]:
    """The HARs of two browsers: the first one's socket is open, the second one's opens, the first one's closes."""
    server.forget()
    second = browser.browser_type.launch(executable_path=chromium(), args=["--no-sandbox"])
    contexts = [browser.new_context(), second.new_context()]
    listeners = [listening(browser), listening(second)]
    page, other = (context.new_page() for context in contexts)
    page.goto(server.url("/one"))
    wait(page, server)
    other.goto(server.url("/other"))
    wait(other, server)
    page.evaluate("a.close(); 0")
    wait(page, server)
    hars, truth = [listener.stop().har() for listener in listeners], server.seen()
    contexts[0].close()
    second.close()
    return hars, truth
