"""The recorder without a browser: events in, HAR out, and what the analyzer says of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer import Report, Verdict, analyze, read
from analyzer.document import session_document
from analyzer.formats.har.own_fields import CUT_SHORT, HEARD_LATE, STARTED_LATE
from analyzer.intervals import Interval
from analyzer.model import MILLISECOND, SECOND, Bounds, ConsoleLine, Level, Outcome, PageKind
from analyzer.recorder.cdp import COMMIT_SLACK, GONE_AFTER, GONE_BEFORE, MARGIN, SWAP_SLACK, Cdp
from analyzer.recorder.document import Recorded, unite
from analyzer.recorder.recording import By, Recording

ZERO = (
    1_790_000_000 * SECOND + 125 * MILLISECOND
)  # when the recordings here begin; dates that are all whole seconds are cut ones
END = ZERO + 60 * SECOND
HANDSHAKE = {"Sec-WebSocket-Protocol": "chat", "Cookie": "secret=1", "Authorization": "Bearer secret"}


def at(seconds: float) -> int:
    return ZERO + round(seconds * SECOND)


def opened(
    recording: Recording, id: str, start: float, tab: str | None = "t", url: str = "wss://h.example/chat"
) -> None:
    """Requested at `start`, answered 10 ms later."""
    recording.request(id, f"{url}?id={id}", at(start), tab=tab, headers=HANDSHAKE)
    recording.answer(id, at(start) + 10 * MILLISECOND, 101, "Switching Protocols", {"Upgrade": "websocket"})


def said(recording: Recording) -> Report:
    return analyze(read(io.BytesIO(json.dumps(Recorded(recording, END).har()).encode()), "recorded.har"))


def one(recording: Recording) -> Any:
    (session,) = said(recording).sessions
    return session


def bounds(low: float, high: float) -> tuple[int, int]:
    return at(low), at(high)


def bounds_of(first: Bounds | None) -> tuple[int | None, int | None]:
    assert first is not None
    return first.earliest, first.latest


def test_a_socket_is_open_from_the_answer_to_its_close_to_the_microsecond() -> None:
    recording = Recording()
    opened(recording, "a", 1.000_001)
    recording.end("a", at(2.000_003))
    session = one(recording)
    assert session.proven == Interval(at(1.010_001), at(2.000_003))
    assert (session.outcome, session.possible) == (Outcome.CLOSED, session.proven)
    assert (session.opened.evidence, session.closed.evidence) == ("handshake-response", "close-record")


def test_what_has_not_ended_is_open_at_the_end_of_the_recording() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    opened(recording, "b", 2)
    report = said(recording)
    assert [session.outcome for session in report.sessions] == [Outcome.OPEN, Outcome.OPEN]
    (overlap,) = report.overlaps
    assert (overlap.interval, overlap.duration) == (Interval(at(2.01), None), END - at(2.01))


def test_an_end_within_bounds_is_proven_to_the_first_and_possible_to_the_last() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    recording.end("a", at(3), at(2), By.PAGE_CLOSED)
    session = one(recording)
    assert (session.proven, session.possible) == (Interval(at(1.01), at(2)), Interval(at(1.01), at(3)))
    assert session.closed.evidence == "page-closed"


def test_a_message_is_a_sign_of_life_within_the_bounds_of_an_end() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    recording.message("a", at(2.5), True, 1, "x", 1)
    recording.end("a", at(3), at(2), By.CRASH)
    assert bounds_of(one(recording).closed) == bounds(2.5, 3)


def test_a_document_takes_its_sockets_along_before_the_next_one_has_one_open() -> None:
    recording = Recording()
    recording.page("t", "https://h.example/", PageKind.LOAD, at(0), committed=at(0))
    opened(recording, "a", 1)
    recording.page("t", "https://h.example/", PageKind.RELOAD, at(2), committed=at(2))
    recording.end("a", at(2.2), at(2), By.RELOAD, in_process=True)
    opened(recording, "b", 2.1)
    report = said(recording)
    assert (report.verdict, bounds_of(report.sessions[0].closed)) == (Verdict.NO_OVERLAP, bounds(2, 2.11))


def test_the_next_document_in_another_process_may_have_one_open_earlier() -> None:
    """Measured with Chromium 156: up to 93 ms before the server saw the close of the first."""
    browser = Browser()
    browser.open(1, "1.1")
    browser.load(5, "https://other.example/", "l1")
    browser.open(5.21, "1.2")
    report = browser.report()
    assert (report.verdict, bounds_of(report.sessions[0].closed)) == (
        Verdict.POSSIBLE_OVERLAP,
        (at(5.1), at(5.2) + SWAP_SLACK),
    )


def test_another_tab_does_not_shorten_it() -> None:
    recording = Recording()
    opened(recording, "a", 1, tab="t")
    recording.end("a", at(2.2), at(2), By.RELOAD)
    opened(recording, "b", 2.1, tab="other")
    report = said(recording)
    assert (report.verdict, bounds_of(report.sessions[0].closed)) == (Verdict.POSSIBLE_OVERLAP, bounds(2, 2.2))


def test_another_tab_or_worker_that_ends_does_not_end_it() -> None:
    recording = Recording()
    opened(recording, "a", 1, tab="t")
    assert [recording.alive(tab="other"), recording.alive(owner="w"), recording.alive()] == [[], [], []]
    assert [socket.id for socket in recording.alive(tab="t")] == ["a"]


def test_a_socket_that_is_lost_from_sight_is_unknown_from_its_last_sign_of_life() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    recording.message("a", at(2), False, 1, "x", 1)
    recording.lost("a", at(3))
    session = one(recording)
    assert (session.outcome, session.possible) == (Outcome.UNKNOWN, Interval(at(1.01), None))
    assert session.proven == Interval(at(1.01), at(2) + 1)


def test_a_handshake_that_is_lost_from_sight_may_have_succeeded_later() -> None:
    """Its page went into the back/forward cache, where Chromium lets it go on (tests/browser/test_cases.py)."""
    recording = Recording()
    recording.request("a", "wss://h.example/chat", at(1), tab="t", headers=HANDSHAKE)
    recording.lost("a", at(3), alive=at(2))
    opened(recording, "b", 4, tab="other")
    report = said(recording)
    assert report.verdict is Verdict.POSSIBLE_OVERLAP
    assert (report.sessions[0].outcome, report.sessions[0].possible) == (Outcome.UNKNOWN, Interval(at(1), None))


def test_a_handshake_that_is_in_sight_to_the_end_has_not_succeeded() -> None:
    recording = Recording()
    recording.request("a", "wss://h.example/chat", at(1), tab="t", headers=HANDSHAKE)
    opened(recording, "b", 4, tab="other")
    report = said(recording)
    assert (report.verdict, report.sessions[0].outcome) == (Verdict.NO_OVERLAP, Outcome.CONNECTING)


def test_a_close_that_somebody_removed_leaves_no_sign_of_life() -> None:
    """`time` runs to the latest instant at which it may have closed: it was not surely open then."""
    recording = Recording()
    opened(recording, "a", 1)
    recording.end("a", at(3), at(2), By.RELOAD)
    document = Recorded(recording, END).har()
    (entry,) = document["log"]["entries"]
    del entry["_webSocketClose"]
    (session,) = analyze(read(io.BytesIO(json.dumps(document).encode()), "edited.har")).sessions
    assert (session.outcome, session.proven) == (Outcome.UNKNOWN, Interval(at(1.01), at(1.01) + 1))


def test_an_end_that_is_reported_later_may_have_come_at_any_time_since_it_was_lost() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    recording.lost("a", at(3), alive=at(2))
    recording.end("a", at(9))
    session = one(recording)
    assert (session.outcome, bounds_of(session.closed)) == (Outcome.CLOSED, bounds(2, 9))
    assert session.proven == Interval(at(1.01), at(2))


def test_a_socket_was_open_until_it_was_lost_in_an_extract_too(tmp_path: Path) -> None:
    from analyzer.extract import extract

    recording = Recording()
    opened(recording, "a", 1)
    recording.lost("a", at(3), alive=at(2))
    path = tmp_path / "recorded.har"
    path.write_text(json.dumps(Recorded(recording, END).har()))
    small = analyze(read(io.BytesIO(extract(str(path)).data), "small.har"))
    for (session,) in (said(recording).sessions, small.sessions):
        assert (session.outcome, session.proven) == (Outcome.UNKNOWN, Interval(at(1.01), at(2) + 1))


def test_a_message_that_nobody_knows_the_instant_of_is_no_sign_of_life() -> None:
    recording = Recording()
    recording.request("a", "wss://h.example/chat", at(1), by=at(9))
    recording.message("a", None, False, 1, "hello", 5)
    recording.end("a", at(9), at(1))
    session = one(recording)
    assert (session.outcome, session.proven, session.messages.received) == (Outcome.CLOSED, None, 1)
    assert session.possible == Interval(at(1), at(9))


def test_a_failed_handshake_was_never_open() -> None:
    recording = Recording()
    recording.request("a", "wss://h.example/chat", at(1))
    recording.problem("a", "Error during WebSocket handshake: Unexpected response code: 403")
    recording.end("a", at(1.5))
    session = one(recording)
    assert (session.outcome, session.possible, bounds_of(session.closed)) == (Outcome.FAILED, None, bounds(1.5, 1.5))
    assert session.problem == "Unexpected response code: 403"


def test_a_handshake_without_an_answer_is_still_connecting() -> None:
    recording = Recording()
    recording.request("a", "wss://h.example/chat", at(1))
    assert one(recording).outcome is Outcome.CONNECTING


def test_messages_are_counted_and_the_first_ones_kept() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    for number, data in enumerate(["short", "é" * 5000, *"cdef"]):
        recording.message("a", at(2 + number), number % 2 == 0, 1, data, len(data.encode()))
    (entry,) = Recorded(recording, END).har()["log"]["entries"]
    assert [len(message["data"]) for message in entry["_webSocketMessages"]] == [5, 5000, 1, 1, 0, 0]
    session = one(recording)
    assert (session.messages.sent, session.messages.received) == (3, 3)
    assert list(session.messages.lengths) == [5, 10_000, 1, 1, 1, 1]
    assert (session.messages.first, session.messages.last) == bounds(2, 7)


def test_cookies_and_authorization_are_not_written() -> None:
    recording = Recording()
    opened(recording, "a", 1)
    text = json.dumps(Recorded(recording, END).har())
    assert ("secret" in text, "Sec-WebSocket-Protocol" in text) == (False, True)


def test_pages_say_how_they_were_loaded() -> None:
    recording = Recording()
    for second, (tab, url, kind) in enumerate(
        [
            ("x", "/a", "load"),
            ("y", "/a", "load"),
            ("x", "/a", "reload"),
            ("x", "/b", "navigation"),
            ("x", "/a", "navigation"),
        ]
    ):
        recording.page(tab, f"https://h.example{url}", PageKind(kind), at(second), committed=at(second))
    pages = said(recording).capture.pages
    assert [(page.kind, page.returned) for page in pages] == [
        ("load", False), ("load", False), ("reload", False), ("navigation", False), ("navigation", True),
    ]  # fmt: skip


# -- the form of the file --------------------------------------------------------------------------------------


class Named(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    version: str


class Timings(msgspec.Struct, forbid_unknown_fields=True):
    onContentLoad: float
    onLoad: float


class HarPage(msgspec.Struct):
    startedDateTime: datetime
    id: str
    title: str
    pageTimings: Timings


class Pair(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    value: str


class Request(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    url: str
    httpVersion: str
    cookies: list[Pair]
    headers: list[Pair]
    queryString: list[Pair]
    headersSize: int
    bodySize: int


class Content(msgspec.Struct, forbid_unknown_fields=True):
    size: int
    mimeType: str


class Response(msgspec.Struct):
    status: int
    statusText: str
    httpVersion: str
    cookies: list[Pair]
    headers: list[Pair]
    content: Content
    redirectURL: str
    headersSize: int
    bodySize: int


class Phases(msgspec.Struct, forbid_unknown_fields=True):
    send: float
    wait: float
    receive: float


class Message(msgspec.Struct):
    type: str
    time: float
    opcode: int
    data: str


class Entry(msgspec.Struct):
    startedDateTime: datetime
    time: float
    request: Request
    response: Response
    cache: dict[str, Any]
    timings: Phases
    pageref: str | None = None
    messages: list[Message] = msgspec.field(name="_webSocketMessages", default_factory=list)


class Log(msgspec.Struct):
    version: str
    creator: Named
    browser: Named
    pages: list[HarPage]
    entries: list[Entry]


def whole() -> Recording:
    """One of everything."""
    recording = Recording()
    answer = {"answered": at(0.1), "status": 200, "mime": "text/html", "committed": at(0.2)}
    recording.page("t", "https://h.example/?a=1&a=2", PageKind.LOAD, at(0), **answer)
    opened(recording, "a", 1)
    recording.message("a", at(2), True, 2, "AAEC", 3)
    recording.end("a", at(3), at(2.5), By.NAVIGATION)
    opened(recording, "b", 4, tab=None)
    recording.request("c", "wss://h.example/[", at(5), initiator={"type": "script"})
    recording.end("c", at(6))
    recording.request("d", "wss://h.example/d", at(7))
    return recording


def test_the_file_is_a_har_1_2_with_all_that_it_requires() -> None:
    har = Recorded(whole(), END, "chromium", "156").har()
    log = msgspec.convert(har["log"], Log)
    assert (log.version, log.creator.name, log.browser.name) == ("1.2", "har-sockets", "chromium")
    ids = {page.id for page in log.pages}
    assert all(entry.pageref is None or entry.pageref in ids for entry in log.entries)
    assert [entry.startedDateTime for entry in log.entries] == sorted(entry.startedDateTime for entry in log.entries)
    own = {key for entry in har["log"]["entries"] for key in entry} - {*Entry.__struct_fields__}
    assert all(key.startswith("_") for key in own)


def test_a_golden_capture_is_a_har_1_2_too(captures: Any) -> None:
    (path,) = captures.glob("recorder-*.har")
    msgspec.convert(json.loads(path.read_text("utf-8"))["log"], Log)


def test_a_golden_capture_is_right_against_the_servers_log(captures: Any) -> None:
    (path,) = captures.glob("recorder-*.har")
    truth = json.loads(path.with_suffix(".truth.json").read_text("utf-8"))["sockets"]
    for session, answer in zip(analyze(read(path)).sessions, truth, strict=True):
        for first, millis in ((session.opened, answer["client_open_ms"]), (session.closed, answer["server_close_ms"])):
            if millis is not None:
                low, high = bounds_of(first)
                assert (low or 0) - 20 * MILLISECOND <= millis * MILLISECOND <= (high or 0) + 20 * MILLISECOND
        assert (session.outcome is Outcome.OPEN) == (answer["outcome"] == "open_at_export")


def test_an_extract_of_it_gives_the_same(tmp_path: Any) -> None:
    from analyzer.extract import extract

    path = tmp_path / "recorded.har"
    path.write_text(json.dumps(Recorded(whole(), END).har()))
    small = analyze(read(io.BytesIO(extract(str(path)).data), "small.har"))
    plain = [{**session_document(it), "url": "", "pointer": ""} for it in small.sessions]
    assert plain == [{**session_document(it), "url": "", "pointer": ""} for it in analyze(read(path)).sessions]
    assert small.capture.observed == analyze(read(path)).capture.observed


# -- the DevTools protocol -------------------------------------------------------------------------------------

BOOT = 1_000 * SECOND  # on the browser's clock, ZERO


class Browser:
    """Messages of the protocol, at seconds from ZERO."""

    def __init__(self, keeps_pages: bool = False, off: int = 0, document: bool = True, boot: int = BOOT) -> None:
        self.cdp = Cdp(Recording(), ZERO - BOOT, keeps_pages)
        self.off = off  # of the wall clock, in microseconds
        self.boot = boot  # on the clock of this browser, ZERO
        self.attach("p", "page")
        if document:
            self.load(0, "https://h.example/", "l0")

    def attach(self, session: str, kind: str, parent: str = "") -> None:
        self.cdp.attach(session, {"targetId": f"id-{session}", "type": kind}, parent, paused=True)

    def send(self, session: str, method: str, second: float, **params: Any) -> None:
        stamp = {"timestamp": (self.boot + round(second * SECOND)) / SECOND}
        self.cdp.message(session, method, {**stamp, **params}, at(second) + 30 * MILLISECOND)

    def load(self, second: float, url: str, loader: str, kind: str = "differentDocument", **headers: str) -> None:
        """Asked for at `second`, answered 100 ms later, committed 200 ms later."""
        common = {"frameId": "id-p", "loaderId": loader}
        self.cdp.message("p", "Page.frameStartedNavigating", {**common, "url": url, "navigationType": kind}, at(second))
        wall = (at(second) + self.off) / SECOND
        request = {**common, "type": "Document", "request": {"url": url}, "wallTime": wall}
        self.send("p", "Network.requestWillBeSent", second, **request)
        answer = {"status": 200, "mimeType": "text/html", "headers": headers}
        self.send("p", "Network.responseReceived", second + 0.1, **common, type="Document", response=answer)
        self.send("p", "Page.lifecycleEvent", second + 0.2, **common, name="init")

    def open(self, second: float, id: str, session: str = "p") -> None:
        self.cdp.message(session, "Network.webSocketCreated", {"requestId": id, "url": f"wss://h/{id}"}, at(second))
        request = {"request": {"headers": {}}, "wallTime": (at(second) + self.off) / SECOND}
        self.send(session, "Network.webSocketWillSendHandshakeRequest", second, requestId=id, **request)
        answer = {"status": 101, "statusText": "Switching Protocols", "headers": {}}
        self.send(session, "Network.webSocketHandshakeResponseReceived", second + 0.01, requestId=id, response=answer)

    def report(self) -> Report:
        return said(self.cdp.recording)


def test_instants_are_those_of_the_browsers_clock_however_late_they_are_read() -> None:
    browser = Browser()
    browser.open(1, "1.1")
    browser.send("p", "Network.webSocketClosed", 2, requestId="1.1")
    (session,) = browser.report().sessions
    assert session.proven == Interval(at(1.01), at(2))


def test_the_pair_of_clocks_that_the_browser_tells_is_not_trusted_to_a_millisecond() -> None:
    browser = Browser(off=14 * MILLISECOND)
    browser.open(1, "1.1")
    assert bounds_of(browser.report().sessions[0].opened) == bounds(1.01, 1.01)


def test_a_socket_that_closed_while_its_target_answered_was_open_until_the_question_at_least() -> None:
    """A close before the answer was put off until that, when the next socket may have been open."""
    browser = Browser()
    browser.cdp.list_older("p", [("wss://h/1.1", 1, at(0.5))], at(1), at(1.2))
    browser.send("p", "Network.webSocketClosed", 1.1, requestId="1.1")
    browser.open(1.12, "1.2")
    browser.cdp.older.check("p", [3], at(1.3), at(1.4))
    report = browser.report()
    assert (report.verdict, bounds_of(report.sessions[0].closed)) == (Verdict.NO_OVERLAP, bounds(1.1, 1.1))


@pytest.mark.parametrize("off", [-3600, -2, 2, 3600])
def test_a_browser_of_another_machine_is_on_our_clock_from_the_reading_of_its_first_event(off: int) -> None:
    browser = Browser(off=off * SECOND)
    browser.open(1, "1.1")
    assert bounds_of(browser.report().sessions[0].opened) == bounds(1.04, 1.04)
    assert browser.cdp.ahead == off * SECOND - 30 * MILLISECOND


@pytest.mark.parametrize("boot", [BOOT, 5 * SECOND], ids=["our uptime", "another uptime"])
@pytest.mark.parametrize("off", [-3600, -2, 2, 3600])
def test_an_older_socket_of_another_machine_is_on_one_clock_with_the_sockets_that_follow_it(
    off: int, boot: int
) -> None:
    """The next one opens when the close of the first is heard. By the browser's wall clock that was before, so that an
    overlap was proven."""
    browser = Browser(off=off * SECOND, document=False, boot=boot)
    browser.cdp.pulse = at(1.9)
    browser.cdp.list_older("p", [("wss://h/1.1", 1, at(0))], at(1), at(1))
    browser.send("p", "Network.webSocketClosed", 2, requestId="1.1")
    browser.open(2.05, "1.2")
    browser.cdp.older.check("p", [3], at(2.1), at(2.1))
    report = browser.report()
    older, last = (bounds_of(session.closed or session.opened) for session in report.sessions)
    assert last == bounds(2.09, 2.09)
    lag = 2.08 - 1.9 + GONE_BEFORE / SECOND  # of the first event, at most
    assert older == (bounds(2, 2 + lag) if boot == BOOT else bounds(1.4, 2.03 + lag))


@pytest.mark.parametrize("off", [-3600, -2, 2, 3600])
def test_a_tab_of_another_machine_goes_on_the_clock_of_its_sockets(off: int) -> None:
    """That it went is not stamped. By the browser's wall clock the next socket opened long before or after that."""
    browser = Browser(off=off * SECOND, document=False, boot=5 * SECOND)
    browser.attach("q", "page")
    browser.cdp.list_older("q", [("wss://h/1.1", 1, at(0))], at(1), at(1))
    browser.cdp.pulse = at(1.9)
    browser.open(2, "1.2")
    browser.cdp.pulse = at(3)
    browser.cdp.detach("q", at(3.1))
    browser.open(5, "1.3")
    report = browser.report()
    lag = 2.03 - 1.9 + GONE_BEFORE / SECOND
    assert bounds_of(report.sessions[0].closed) == bounds(3 - MARGIN / SECOND, 3.1 + GONE_AFTER / SECOND + lag)
    assert [bounds_of(session.opened) for session in report.sessions[1:]] == [bounds(2.04, 2.04), bounds(5.04, 5.04)]
    assert report.overlaps[0].interval == Interval(at(2.04), at(3) - MARGIN)


@pytest.mark.parametrize(
    ("clock", "closed"),
    [pytest.param(BOOT, (2, 2), id="our clock"), pytest.param(5 * SECOND, (1, 2.03), id="another machine's clock")],
)
def test_a_close_that_comes_before_the_pair_of_clocks_is_not_taken_for_the_instant_of_its_reading(
    clock: int, closed: tuple[float, float]
) -> None:
    """It was read after the next socket had opened, which waited for this close: an overlap was proven."""
    browser = Browser(document=False)
    browser.cdp.list_older("p", [("wss://h/1.1", 1, at(0))], at(1), at(1))
    event = {"requestId": "1.1", "timestamp": (clock + 2 * SECOND) / SECOND}
    browser.cdp.message("p", "Network.webSocketClosed", event, at(2) + 30 * MILLISECOND)
    browser.cdp.older.check("p", [3], at(2.1), at(2.1))
    assert bounds_of(browser.report().sessions[0].closed) == bounds(*closed)


@pytest.mark.parametrize(
    ("kind", "url", "headers", "slack", "evidence"),
    [
        pytest.param("reload", "https://h.example/", {}, COMMIT_SLACK, "page-reloaded", id="reload"),
        pytest.param("differentDocument", "https://h.example/b", {}, COMMIT_SLACK, "page-left", id="navigation"),
        pytest.param("differentDocument", "https://other/", {}, SWAP_SLACK, "page-left", id="another site"),
        pytest.param(
            "differentDocument", "https://h.example/b", {"Cross-Origin-Opener-Policy": "same-origin"},
            SWAP_SLACK, "page-left", id="another process for the same site",
        ),
    ],
)  # fmt: skip
def test_a_document_that_is_replaced_ends_its_sockets(
    kind: str, url: str, headers: dict[str, str], slack: int, evidence: str
) -> None:
    browser = Browser()
    browser.open(1, "1.1")
    browser.load(5, url, "l1", kind, **headers)
    (session,) = browser.report().sessions
    assert bounds_of(session.closed) == (at(5.1), at(5.2) + slack)
    assert session.closed is not None
    assert session.closed.evidence == evidence


def test_what_a_worker_of_a_page_that_is_replaced_had_open_may_close_later() -> None:
    """As of an iframe of another site: measured up to 381 ms after the browser reported that it is gone."""
    browser = Browser()
    browser.attach("w", "worker", "p")
    browser.open(1, "1.1", "w")
    browser.load(5, "https://h.example/", "l1", "reload")
    browser.open(5.3, "1.2")
    assert bounds_of(browser.report().sessions[0].closed) == (at(5.1), at(5.2) + GONE_AFTER)


@pytest.mark.parametrize(("parsed", "caveats"), [(0.5, [HEARD_LATE.id]), (1.2, [])])
def test_a_tab_that_did_not_wait_as_the_browser_says_is_asked_and_heard_late(parsed: float, caveats: list[str]) -> None:
    """Chromium 156, of a tab in a new window: its socket was missing without a word (tests/browser/test_listener.py)."""
    browser = Browser(document=False)
    browser.cdp.attach("q", {"targetId": "id-q", "type": "page"}, paused=True, at=at(1))
    empty = {"frame": {"id": "id-q", "loaderId": "l0", "url": "about:blank"}}
    assert not browser.cdp.document("q", empty, at(1), new=True)
    browser.send("q", "Page.lifecycleEvent", parsed, frameId="id-q", loaderId="l1", name="DOMContentLoaded")
    late = {"frame": {"id": "id-q", "loaderId": "l1", "url": "https://h.example/"}}
    assert browser.cdp.document("q", late, at(2), new=True)
    assert browser.cdp.recording.caveats == caveats


def test_a_tab_that_waits_with_its_document_is_asked_too_and_was_heard_in_time() -> None:
    browser = Browser(document=False)
    browser.cdp.attach("q", {"targetId": "id-q", "type": "page"}, paused=True)
    waiting = {"frame": {"id": "id-q", "loaderId": "l1", "url": "https://h.example/"}}
    assert browser.cdp.document("q", waiting, at(2), new=True)
    assert browser.cdp.recording.caveats == []


def test_a_document_that_asked_for_a_process_of_its_own_leaves_it_to_another() -> None:
    browser = Browser()
    browser.load(1, "https://h.example/", "l1", **{"Cross-Origin-Opener-Policy": "same-origin"})
    browser.open(2, "1.1")
    browser.load(5, "https://h.example/b", "l2")
    assert bounds_of(browser.report().sessions[0].closed) == (at(5.1), at(5.2) + SWAP_SLACK)


def test_a_page_that_may_be_kept_proves_no_end_but_a_reload_does() -> None:
    browser = Browser(keeps_pages=True)
    browser.open(1, "1.1")
    browser.load(3, "https://h.example/", "l1", "reload")
    browser.open(4, "1.2")
    browser.load(5, "https://h.example/b", "l2")
    assert [session.outcome for session in browser.report().sessions] == [Outcome.CLOSED, Outcome.UNKNOWN]


def test_a_close_that_is_reported_after_the_return_of_its_page_lies_between_both() -> None:
    browser = Browser(keeps_pages=True)
    browser.open(1, "1.1")
    browser.load(5, "https://h.example/b", "l1")
    frame = {"id": "id-p", "url": "https://h.example/", "loaderId": "l0"}
    browser.send("p", "Page.frameNavigated", 8, type="BackForwardCacheRestore", frame=frame)
    browser.send("p", "Network.webSocketClosed", 8.1, requestId="1.1")
    (session,) = browser.report().sessions
    assert (session.outcome, bounds_of(session.closed)) == (Outcome.CLOSED, bounds(5.1, 8.1))


@pytest.mark.parametrize(
    ("keeps_pages", "kind", "gone", "outcome"),
    [
        (True, "differentDocument", 5.95, Outcome.UNKNOWN),  # into the cache, perhaps
        (True, "differentDocument", 4, Outcome.CLOSED),  # long before
        (True, "reload", 5.95, Outcome.CLOSED),
        (False, "differentDocument", 5.95, Outcome.CLOSED),
    ],
)
def test_a_worker_may_go_into_the_cache_with_its_page(
    keeps_pages: bool, kind: str, gone: float, outcome: Outcome
) -> None:
    browser = Browser(keeps_pages)
    browser.attach("w", "worker", "p")
    browser.open(1, "1.1", "w")
    browser.cdp.pulse = at(gone - 0.05)
    browser.cdp.detach("w", at(gone))
    browser.load(5.8, "https://h.example/b", "l1", kind)
    (session,) = browser.report().sessions
    assert session.outcome is outcome


def test_a_page_in_the_cache_goes_with_its_tab() -> None:
    browser = Browser(keeps_pages=True)
    browser.open(1, "1.1")
    browser.load(5, "https://h.example/b", "l1")
    browser.cdp.pulse = at(8.9)
    browser.cdp.detach("p", at(9))
    assert bounds_of(browser.report().sessions[0].closed) == (at(5.1), at(9) + GONE_AFTER)


@pytest.mark.parametrize("loader", ["l0", "heard later"])
def test_document_open_keeps_the_document_and_its_sockets(loader: str) -> None:
    browser = Browser()
    common = {"frameId": "id-p", "loaderId": loader}
    if loader != "l0":  # a popup: its document was there before the listening
        browser = Browser(document=False)
        browser.send("p", "Page.lifecycleEvent", 0.5, **common, name="commit")
    browser.open(1, "1.1")
    browser.send("p", "Page.lifecycleEvent", 5, **common, name="init")
    browser.open(6, "1.2")
    report = browser.report()
    assert ([session.outcome for session in report.sessions], report.verdict) == (["open", "open"], Verdict.OVERLAP)
    assert len(report.capture.pages) == (loader == "l0")


def test_a_page_that_comes_back_is_a_restore() -> None:
    browser = Browser(keeps_pages=True)
    browser.load(3, "https://h.example/b", "l1")
    frame = {"id": "id-p", "url": "https://h.example/"}
    browser.send("p", "Page.frameNavigated", 4, type="BackForwardCacheRestore", frame=frame)
    assert [page.kind for page in browser.report().capture.pages] == ["load", "navigation", "restore"]


@pytest.mark.parametrize(
    ("go", "low", "high"),
    [
        pytest.param(lambda b: b.cdp.detach("w", at(5)), at(4.9) - MARGIN, at(5) + GONE_AFTER, id="a worker went"),
        pytest.param(lambda b: b.cdp.detach("p", at(5)), at(4.9) - MARGIN, at(5) + GONE_AFTER, id="its page"),
        pytest.param(
            lambda b: b.cdp.message("p", "Inspector.targetCrashed", {}, at(5)), at(3), at(5) + GONE_AFTER, id="a crash"
        ),
    ],
)  # fmt: skip
def test_a_target_that_went_ends_its_sockets(go: Callable[[Browser], None], low: int, high: int) -> None:
    browser = Browser()
    browser.attach("w", "worker", "p")
    browser.open(1, "1.1", "w")
    browser.send("p", "Network.responseReceived", 3, type="Image")
    browser.cdp.pulse = at(4.9)
    go(browser)
    assert bounds_of(browser.report().sessions[0].closed) == (low, high)


def test_where_the_browser_goes_away_what_was_recorded_is_marked() -> None:
    browser = Browser()
    browser.open(1, "1.1")
    browser.cdp.pulse = at(4.9)
    browser.cdp.cut_short()
    report = browser.report()
    assert ([it.id for it in report.capture.caveats], report.verdict) == ([CUT_SHORT.id], Verdict.INCONCLUSIVE)
    (session,) = report.sessions
    assert (session.outcome, session.proven) == (Outcome.UNKNOWN, Interval(at(1.01), at(4.9) - GONE_BEFORE + 1))


def test_what_was_open_at_once_before_the_browser_went_away_is_proven() -> None:
    browser = Browser()
    browser.open(1, "1.1")
    browser.open(2, "1.2")
    browser.cdp.pulse = at(4.9)
    browser.cdp.cut_short()
    assert browser.report().verdict is Verdict.OVERLAP


def test_a_browser_that_is_closed_in_order_says_so_before() -> None:
    browser = Browser()
    browser.attach("s", "service_worker")  # of which it does not say so
    browser.open(1, "1.1")
    browser.open(2, "2.1", "s")
    browser.cdp.pulse = at(4.9)
    browser.cdp.detach("p", at(5))
    browser.cdp.cut_short()
    report = browser.report()
    assert ([session.outcome for session in report.sessions], report.capture.caveats) == (["closed", "unknown"], ())


def test_an_iframe_of_another_site_ends_only_its_own_sockets() -> None:
    browser = Browser()
    browser.attach("f", "iframe", "p")
    browser.open(1, "1.1")
    browser.open(1, "2.1", "f")
    browser.cdp.detach("f", at(5))
    assert [session.outcome for session in browser.report().sessions] == [Outcome.OPEN, Outcome.CLOSED]


def test_a_socket_whose_request_was_not_sent_was_made_after_what_came_before_it_however_late_that_is_read() -> None:
    browser = Browser()
    browser.cdp.message("p", "Network.webSocketCreated", {"requestId": "1.1", "url": "wss://h/a"}, at(9))
    browser.send("p", "Network.webSocketFrameError", 1.1, requestId="1.1", errorMessage="net::ERR_CONNECTION_REFUSED")
    browser.send("p", "Network.webSocketClosed", 1.1, requestId="1.1")
    (session,) = browser.report().sessions
    assert (bounds_of(session.created), bounds_of(session.closed)) == (bounds(0.2, 1.1), bounds(1.1, 1.1))


def test_a_refused_handshake_has_its_status() -> None:
    browser = Browser()
    browser.cdp.message("p", "Network.webSocketCreated", {"requestId": "1.1", "url": "wss://h/a"}, at(1))
    text = "Error during WebSocket handshake: Unexpected response code: 403"
    browser.send("p", "Network.webSocketFrameError", 1.1, requestId="1.1", errorMessage=text)
    browser.send("p", "Network.webSocketClosed", 1.1, requestId="1.1")
    (session,) = browser.report().sessions
    assert (session.outcome, session.problem) == (Outcome.FAILED, "Unexpected response code: 403")


@pytest.mark.parametrize("method", ["webSocketFrameReceived", "webSocketClosed"])
def test_a_socket_whose_creation_was_not_reported_is_missing(method: str) -> None:
    browser = Browser()
    frame = {"opcode": 1, "payloadData": "x"}
    browser.send("p", f"Network.{method}", 1, requestId="1.1", response=frame)
    report = browser.report()
    assert ([it.id for it in report.capture.caveats], report.verdict) == (["recording-started-late"], "inconclusive")


def popup() -> Browser:
    """A page, and a popup that nobody has asked for its document yet."""
    browser = Browser()
    browser.attach("q", "page")
    return browser


def tree(url: str, loader: str = "q0", **more: Any) -> dict[str, Any]:
    return {"frame": {"id": "id-q", "loaderId": loader, "url": url}, **more}


POPUP = "https://h.example/popup"


def test_a_document_that_was_committed_before_it_was_heard_is_a_page() -> None:
    browser = popup()
    life = {"frameId": "id-q", "loaderId": "q0"}
    for name in ("commit", "DOMContentLoaded"):  # repeated for who comes late; "init" is not
        browser.send("q", "Page.lifecycleEvent", 1, **life, name=name)
    browser.cdp.document("q", tree(POPUP), at(1.1), new=True)
    browser.send("q", "Page.lifecycleEvent", 2, **life, name="init")  # document.open()
    browser.open(3, "1.1", "q")
    report = browser.report()
    assert [page.kind for page in report.capture.pages] == ["load", "load"]
    assert [session.outcome for session in report.sessions] == [Outcome.OPEN]


def test_a_document_that_is_reported_after_the_answer_is_one_page() -> None:
    browser = popup()
    browser.cdp.document("q", tree("about:blank"), at(1), new=True)
    life = {"frameId": "id-q", "loaderId": "q1"}
    browser.cdp.message("q", "Page.frameStartedNavigating", {**life, "url": POPUP}, at(1))
    browser.send("q", "Page.lifecycleEvent", 1.2, **life, name="init")
    browser.cdp.document("q", tree(POPUP, "q1"), at(1.3), new=True)
    assert [page.kind for page in browser.report().capture.pages] == ["load", "load"]


def test_a_page_that_is_older_than_the_recording_is_not_in_it() -> None:
    browser = popup()
    browser.cdp.document("q", tree(POPUP), at(1), new=False)
    assert [page.kind for page in browser.report().capture.pages] == ["load"]


def test_of_a_target_that_does_not_answer_only_its_events_are_known() -> None:
    browser = Browser()
    browser.open(1, "1.1")
    browser.send("p", "Network.webSocketFrameSent", 3, requestId="1.1", response={"opcode": 1, "payloadData": "x"})
    browser.cdp.pulse = at(20)
    browser.cdp.stuck("p")
    session = one(browser.cdp.recording)
    assert (session.outcome, session.proven) == (Outcome.UNKNOWN, Interval(at(1.01), at(3) + 1))


def keys(value: Any) -> set[str]:
    """Every name of a member in a document."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    return set(value).union(*map(keys, value.values())) if isinstance(value, dict) else set()


def test_every_member_of_our_own_is_in_the_docs() -> None:
    recording = whole()
    recording.request("e", "wss://h.example/e", at(8), by=at(9))
    recording.caveat(STARTED_LATE)
    recording.message("d", at(8), True, 1, "x" * 9000, 9000)
    recording.lost("d", at(9))
    own = {name for name in keys(Recorded(recording, END).har()) if name.startswith("_")} | {*By} | {"until", "caveats"}
    text = (Path(__file__).parent.parent / "docs/recording.md").read_text("utf-8")
    assert {name for name in own if f"`{name}`" not in text} == set()
    assert {"_requestedBy", "_aliveAt", "_length", "_earliest", "_by", "_tab", "_kind", "_failureText"} <= own


def test_two_browsers_in_one_document() -> None:
    """They end one after another, and the document with the first of them."""
    parts = []
    for end in (10, 11):
        recording = Recording()
        recording.page("t", f"https://h.example/{end}", PageKind.LOAD, at(0), committed=at(0))
        opened(recording, str(end), 1)
        recording.say(ConsoleLine(at(2), Level.WARNING, f"WebSocket {end}"), "t")
        parts.append(Recorded(recording, at(end)))
    report = analyze(read(io.BytesIO(json.dumps(unite(parts).har()).encode()), "recorded.har"))
    assert [(session.outcome, session.page) for session in report.sessions] == [
        (Outcome.OPEN, "page_1"),
        (Outcome.OPEN, "page_2"),
    ]
    first, second = (session.proven for session in report.sessions)
    assert first == second == Interval(at(1.01), None)
    assert report.capture.observed is not None
    assert report.capture.observed.end == at(10)
    assert [(line.text, line.page) for line in report.capture.console] == [
        ("WebSocket 10", "page_1"),
        ("WebSocket 11", "page_2"),
    ]
