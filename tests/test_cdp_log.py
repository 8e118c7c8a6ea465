"""Logs of DevTools events: real ones against what is known to have happened, and small ones that show one thing each."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from lifetimes import PAGE_SLACK_MS, contradictions, truth_of

from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Capture, CaptureError, Closes, Evidence, Outcome, PageKind, Policy, Report, Run, Verdict
from analyzer.outputs import render
from analyzer.pipeline import analyze

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
LOGS = sorted([*CAPTURES.glob("*.cdp.json"), *CAPTURES.glob("*.perflog.json")])
WALL = 1_795_000_000.0  # the wall clock at 0 of the monotonic one
PAGE = "http://127.0.0.1:1/app/"
URL = "ws://127.0.0.1:1/ws?token=s3cr3t"


def event(method: str, at: float | None = None, session: str | None = "S", **params: Any) -> Json:
    stamp = {} if at is None else {"timestamp": at}
    return {"method": method, "params": {**params, **stamp}} | ({} if session is None else {"sessionId": session})


def load(
    at: float, loader: str, url: str = PAGE, how: str = "differentDocument", session: str | None = "S"
) -> list[Json]:
    """A document is asked for, and takes its place 50 ms later."""
    frame = {"id": "F", "loaderId": loader, "url": url}
    ask = {"requestId": loader, "loaderId": loader, "type": "Document", "wallTime": WALL + at}
    return [
        event("Page.frameStartedNavigating", session=session, loaderId=loader, navigationType=how),
        event("Network.requestWillBeSent", at, session, request={"url": url, "headers": {}}, **ask),
        event("Page.frameNavigated", session=session, frame=frame, type="Navigation"),
        event("Page.domContentEventFired", at + 0.05, session),
    ]


def socket(at: float, id: str, session: str | None = "S", key: str | None = None) -> list[Json]:
    """A socket that opens 2 ms later."""
    handshake = {"headers": {"Sec-WebSocket-Key": key or id}}
    return [
        event("Network.webSocketCreated", session=session, requestId=id, url=URL),
        event(
            "Network.webSocketWillSendHandshakeRequest",
            at,
            session,
            requestId=id,
            wallTime=WALL + at,
            request=handshake,
        ),
        event(
            "Network.webSocketHandshakeResponseReceived", at + 0.002, session, requestId=id, response={"status": 101}
        ),
    ]


def message(at: float, id: str, data: str, direction: str = "Received", session: str | None = "S") -> Json:
    frame = {"opcode": 1, "payloadData": data}
    return event(f"Network.webSocketFrame{direction}", at, session, requestId=id, response=frame)


def close(at: float, id: str, session: str | None = "S") -> Json:
    return event("Network.webSocketClosed", at, session, requestId=id)


def report(*events: Json) -> Report:
    return analyze(read(io.BytesIO(json.dumps(events).encode()), "a.cdp.json"))


def ids(capture: Capture) -> set[str]:
    return {caveat.id for caveat in capture.caveats}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_no_claim_about_a_real_log_contradicts_what_happened(path: Path) -> None:
    truth = truth_of(path)
    answer = analyze(read(path))
    assert not contradictions(answer, truth)
    text = path.read_text("utf-8")
    keys = {it["sec_websocket_key"] for it in truth["sockets"] if (it.get("sec_websocket_key") or text + "-") in text}
    assert keys <= {trace.key for trace in answer.capture.traces}


def test_most_real_logs_are_decided() -> None:
    verdicts = {path.name: analyze(read(path)).verdict for path in LOGS}
    undecided = {name for name, verdict in verdicts.items() if verdict not in (Verdict.OVERLAP, Verdict.NO_OVERLAP)}
    assert undecided <= {
        "cdp-09f-nav-no-return.cdp.json",  # the back/forward cache may keep its first page
        "cdp-kept-evicted.cdp.json",  # the cache dropped its first page, and nothing shows when
        "cdp-26-late-attach.cdp.json",
        "chromedriver-11-workers.perflog.json",  # no events of its workers
    }


@pytest.mark.parametrize("path", [it for it in LOGS if it.stat().st_size < 60_000], ids=lambda path: path.name)
def test_a_log_that_ends_early_counts_up_to_its_last_event(path: Path) -> None:
    truth = truth_of(path)
    text = path.read_text("utf-8")
    values = (
        json.loads(text) if text.lstrip().startswith(("[", '{"browser"')) else [*map(json.loads, text.splitlines())]
    )
    events = values["events"] if isinstance(values, dict) else values
    for end in range(1, len(events), max(1, len(events) // 40)):
        capture = read(io.BytesIO(json.dumps(events[:end])[:-1].encode()), path.name)
        until = 0.0 if capture.observed is None else (capture.observed.end or 0) / 1000
        assert not contradictions(analyze(capture), truth, until), end


SHAPES = {
    "array": json.dumps,
    "lines": lambda events: "\n".join(json.dumps(it) for it in events),
    "events": lambda events: json.dumps({"browser": {"Browser": "Chrome/156.0.1.2"}, "events": events}),
    "value": lambda events: json.dumps({"value": events}),
    "with clocks": lambda events: json.dumps([{"wallclock_ms": 1.5, "target": "page", **it} for it in events]),
    "chromedriver": lambda events: json.dumps([enveloped(it) for it in events]),
    "chromedriver, lines": lambda events: "\n".join(json.dumps(enveloped(it)) for it in events),
    "chromedriver, Java": lambda events: json.dumps([{**enveloped(it), "type": "", "source": ""} for it in events]),
}


def enveloped(message: Json) -> Json:
    return {"level": "INFO", "message": json.dumps({"message": message, "webview": "T"}), "timestamp": 1795918648164}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_says_the_same(shape: str) -> None:
    events = [*load(1, "L", session=None), *socket(2, "1", None), message(3, "1", "x", session=None)]
    capture = read(io.BytesIO(SHAPES[shape](events).encode()), "a")
    (trace,) = capture.traces
    assert capture.format == "cdp-log" and trace.url == URL and trace.key == "1" and trace.messages.received == 1
    assert capture.exporter.id == ("chromedriver" if "chromedriver" in shape else "chrome-cdp")


def test_a_reload_closes_the_sockets_of_the_page() -> None:
    answer = report(*load(1, "L"), *socket(2, "1"), *load(4, "M", how="reload"), *socket(5, "2"))
    first, second = answer.sessions
    assert (first.outcome, second.outcome, answer.verdict) == (Outcome.CLOSED, Outcome.OPEN, Verdict.NO_OVERLAP)
    assert first.closed is not None and first.closed.evidence is Evidence.PAGE_RELOADED
    assert [page.kind for page in answer.capture.pages] == [PageKind.LOAD, PageKind.RELOAD]


def test_a_navigation_may_keep_the_sockets_of_the_page() -> None:
    answer = report(*load(1, "L"), *socket(2, "1"), *load(4, "M", f"{PAGE}other"), *socket(5, "2"))
    assert answer.sessions[0].outcome is Outcome.UNKNOWN
    assert answer.verdict is Verdict.POSSIBLE_OVERLAP


def test_a_navigation_closes_sockets_where_the_cache_is_off() -> None:
    off = event(
        "Page.backForwardCacheNotUsed", notRestoredExplanations=[{"reason": "BackForwardCacheDisabledByLowMemory"}]
    )
    answer = report(*load(1, "L"), *socket(2, "1"), *load(4, "M", f"{PAGE}other"), *socket(5, "2"), off)
    assert (answer.sessions[0].outcome, answer.verdict) == (Outcome.CLOSED, Verdict.NO_OVERLAP)


def test_a_request_for_the_next_document_is_not_a_sign_of_the_page() -> None:
    """A page that crashed is loaded anew, and nothing says when it crashed."""
    answer = report(*load(1, "L"), *socket(2, "1"), *load(9, "M", how="reload"))
    (session,) = answer.sessions
    assert session.proven is not None and session.proven.end is not None
    assert session.proven.end < (WALL + 3) * 1_000_000


def test_a_close_of_a_kept_page_is_reported_late() -> None:
    back = event("Page.frameNavigated", frame={"id": "F", "loaderId": "L", "url": PAGE}, type="BackForwardCacheRestore")
    away = load(4, "M", f"{PAGE}other")
    answer = report(*load(1, "L"), *socket(2, "1"), message(3, "1", "x"), *away, back, close(8, "1"))
    (session,) = answer.sessions
    assert session.closed is not None and session.closed.earliest == (WALL + 3) * 1_000_000
    assert session.closed.latest == (WALL + 8) * 1_000_000
    assert session.closed.evidence is Evidence.CLOSE_ON_RETURN
    assert (
        session.proven is not None
        and session.proven.end == (WALL + 8) * 1_000_000
        and "assumed-kept-open" in ids(answer.capture)
    )


@pytest.mark.parametrize("name", ["chrome-kept-survives.har", "cdp-kept-survives.cdp.json"])
@pytest.mark.parametrize("case", ["kept-survives", "kept-server-closes"])
def test_har_and_log_agree_on_a_close_that_is_reported_on_return(case: str, name: str) -> None:
    """The bounds hold what the server saw and what the page saw; that it counts as open until then is an assumption."""
    path = CAPTURES / name.replace("kept-survives", case)
    truth = json.loads((CAPTURES / f"chrome-{case}.truth.json").read_text("utf-8"))["sockets"][0]
    report = analyze(read(path))
    first = report.sessions[0]
    assert first.closed is not None and first.closed.evidence is Evidence.CLOSE_ON_RETURN
    assert first.closed.earliest is not None and first.closed.latest is not None
    ends = (truth["server_close_ms"], truth["client_close_ms"])
    assert (
        first.closed.earliest / 1000 <= min(ends)
        and first.closed.latest / 1000 >= truth["client_close_ms"] - PAGE_SLACK_MS
    )
    assert first.assumes is not None and first.assumes.id == "assumed-kept-open"
    assert report.verdict is Verdict.OVERLAP


def test_a_socket_that_two_sessions_report_is_one() -> None:
    twice = [*socket(2, "1"), *socket(2, "1", "W"), message(3, "1", "x"), message(3, "1", "x", session="W")]
    (session,) = report(*load(1, "L"), *twice).sessions
    assert session.messages.received == 1


def test_of_a_session_that_reports_no_document_nothing_is_open_for_ever() -> None:
    answer = report(*load(1, "L"), *socket(2, "1", "W"))
    assert answer.capture.traces[0].coverage.closes is Closes.NONE
    assert answer.sessions[0].outcome is Outcome.UNKNOWN


def test_a_target_that_goes_takes_its_sockets_with_it() -> None:
    gone = [event("Target.detachedFromTarget", sessionId="W"), event("Page.loadEventFired", 7)]
    answer = report(*load(1, "L"), *socket(2, "1", "W"), *gone)
    (session,) = answer.sessions
    assert session.outcome is Outcome.CLOSED and session.closed is not None
    assert (session.closed.evidence, session.closed.latest) == (Evidence.PAGE_GONE, (WALL + 7) * 1_000_000)


@pytest.mark.parametrize(
    ("how", "later", "outcome"),
    [
        ("differentDocument", 0.01, Outcome.UNKNOWN),  # kept with its page in the back/forward cache, perhaps
        ("differentDocument", 3, Outcome.CLOSED),
        ("reload", 0.01, Outcome.CLOSED),
    ],
)
def test_a_worker_that_goes_just_before_its_page_may_be_kept_with_it(how: str, later: float, outcome: Outcome) -> None:
    worker = event("Target.attachedToTarget", session="S", sessionId="W", targetInfo={"type": "worker"})
    gone = [event("Target.detachedFromTarget", sessionId="W"), event("Page.loadEventFired", 7)]
    after = load(7 + later, "L2", f"{PAGE}b", how)
    (session,) = report(*load(1, "L"), worker, *socket(2, "1", "W"), *gone, *after).sessions
    assert session.outcome is outcome


@pytest.mark.parametrize("name", ["worker", "iframe"])
def test_of_a_page_that_is_kept_no_socket_of_a_worker_or_an_iframe_is_closed(name: str) -> None:
    """Recorded with Chromium 156; the server saw these sockets open until the browser ended."""
    answer = analyze(read(Path(__file__).parent / "kept" / f"{name}.cdp.json.gz"))
    assert {session.outcome for session in answer.sessions} == {Outcome.UNKNOWN}
    assert all(session.possible is not None and session.possible.end is None for session in answer.sessions)


def test_a_refused_handshake_has_its_reason() -> None:
    words = "Error in connection establishment: net::ERR_CONNECTION_REFUSED"
    ends = [event("Network.webSocketFrameError", 3, requestId="1", errorMessage=words), close(3.01, "1")]
    (session,) = report(*load(1, "L"), socket(2, "1")[0], *ends).sessions
    assert (session.outcome, session.problem) == (Outcome.FAILED, "net::ERR_CONNECTION_REFUSED")


def test_a_log_that_began_late_hides_sockets() -> None:
    answer = report(message(3, "1", "x"), *load(4, "L"), *socket(5, "2"))
    assert "recorded-late" in ids(answer.capture)
    assert len(answer.sessions) == 2


def test_a_log_of_pages_alone_says_so_and_hides_the_sockets_of_workers() -> None:
    def log(purpose: str) -> Report:
        head = event("Network.requestWillBeSentExtraInfo", session=None, headers={"Sec-Fetch-Dest": purpose})
        return report(*load(1, "L", session=None), head, *socket(2, "1", None), close(3, "1", None))

    assert (log("script").verdict, ids(log("script").capture)) == (Verdict.NO_OVERLAP, {"pages-only"})
    assert (log("worker").verdict, ids(log("worker").capture)) == (Verdict.INCONCLUSIVE, {"pages-only"})


def test_a_window_that_the_log_lacks_hides_its_sockets() -> None:
    """Chrome reports to the page that opened it that a window opened; its own events only to who asks for them."""
    page = [*load(1, "A"), *socket(2, "1")]
    window = event("Page.windowOpen", url=PAGE, windowName="_blank", windowFeatures=["noopener"], userGesture=True)
    assert report(*page).verdict is Verdict.NO_OVERLAP
    alone = report(*page, window, close(3, "1"))
    assert (alone.verdict, ids(alone.capture)) == (Verdict.INCONCLUSIVE, {"pages-only"})
    other = load(2.5, "B", session="T")
    other[2]["params"]["frame"]["id"] = "G"
    assert report(*page, window, *other, close(3, "1")).verdict is Verdict.NO_OVERLAP
    assert report(*page, window, event("Page.windowOpen"), *other, close(3, "1")).verdict is Verdict.INCONCLUSIVE


def test_the_stack_and_the_first_messages_are_read() -> None:
    frame = {"functionName": "connect", "url": f"{PAGE}app.js", "lineNumber": 9, "columnNumber": 4, "scriptId": "7"}
    begin = socket(2, "1")
    begin[0]["params"]["initiator"] = {"type": "script", "stack": {"callFrames": [frame]}}
    capture = report(*load(1, "L"), *begin, message(3, "1", '{"user":"ann"}', "Sent")).capture
    (trace,) = capture.traces
    assert trace.initiator is not None and trace.initiator.opener.place == f"{PAGE}app.js:10:5"
    assert [it.text for it in trace.opening] == ['{"user":"ann"}']


def test_two_boots_of_a_machine_are_two_clocks() -> None:
    later = socket(2, "2")
    later[1]["params"]["wallTime"] += 5000
    capture = report(*load(1, "L"), *socket(2, "1"), *later).capture
    assert [trace.clock for trace in capture.traces] == [0, 1]
    assert "clock-stepped" in ids(capture)


def test_no_output_shows_a_token_of_an_address_or_a_message() -> None:
    begin = socket(2, "1")
    begin[1]["params"]["request"]["headers"]["Authorization"] = "Bearer c4n4ry0000000001"
    answer = report(*load(1, "L", f"{PAGE}?key=c4n4ry0000000002"), *begin, message(3, "1", "c4n4ry0000000003"))
    for name in ("text", "json", "csv", "html", "markdown"):
        text = render(name, mask(Run((answer,), (), Policy())))
        assert b"s3cr3t" not in text and b"c4n4ry" not in text, name


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 200))
def test_any_bytes_are_a_capture_or_a_capture_error(noise: bytes, at: int, length: int) -> None:
    data = json.dumps([*load(1, "L"), *socket(2, "1"), close(3, "1")]).encode()
    try:
        analyze(read(io.BytesIO(data[:at] + noise + data[at + length :]), "a"))
    except CaptureError as error:
        assert "\n" not in error.problem


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["L", "1", "F", "S"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "id", "headers", "stack"]), inner)
    ),
    max_leaves=6,
)
KEYS = ("requestId", "timestamp", "wallTime", "frame", "initiator", "response", "request", "loaderId", "sessionId")


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(KEYS), VALUES)), st.permutations(range(14)))
def test_any_value_in_an_event_is_read_or_skipped(changes: list[tuple[int, str, Any]], order: list[int]) -> None:
    events = [
        *load(1, "L"),
        *socket(2, "1"),
        message(2.5, "1", "x"),
        close(3, "1"),
        *load(4, "M", how="reload"),
        close(5, "2"),
    ]
    for n, key, value in changes:
        events[n % len(events)]["params"][key] = value
    report(*(events[n] for n in order))
