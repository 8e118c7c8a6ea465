"""What is concluded of a socket, whatever the capture says: proven within possible, always."""

from __future__ import annotations

import io
import json
from array import array
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st

from analyzer.formats import read
from analyzer.model import (
    Accepted,
    Assume,
    Bounds,
    Capture,
    CaveatKind,
    Closes,
    Confidence,
    Coverage,
    Evidence,
    Exporter,
    File,
    Messages,
    Outcome,
    Policy,
    Report,
    Trace,
    Verdict,
)
from analyzer.pipeline import analyze

Json = dict[str, Any]
T0 = 1795459660.0  # 2026-11-23T18:47:40Z
CREATORS = {
    "WebInspector": "537.36", "Firefox": "140.0", "WebKit Web Inspector": "1.0", "Playwright": "1.65.2", "mitmproxy": "11.0", "HTTP Toolkit": "1.20",
    "@neuralegion/cypress-har-generator": "5.0", "chrome-har-capturer": "0.14", "Chrome HAR Capturer": "0.14", "gori": "1", "pcapng -> har": "1",
    "pcap2har": "1", "seleniumRobot": "5", "nobody": "0",
}  # fmt: skip


def date(seconds: float) -> str:
    whole = int(seconds * 1000)
    return f"2026-11-23T18:{47 + (40 + whole // 1000) // 60:02d}:{(40 + whole // 1000) % 60:02d}.{whole % 1000:03d}Z"


offsets = st.integers(0, 60_000).map(lambda ms: ms / 1000)
dates = (
    offsets.map(date)
    | offsets.map(date)
    | st.sampled_from(
        ["", None, "1969-12-31T23:59:59.000Z", "+058865-11-06T00:00:00Z", "1970-01-01T01:00:00.000Z", "soon"]
    )
)
durations = (
    st.integers(0, 70_000)
    | st.floats(0, 2_000)
    | st.sampled_from([None, -1, 0, 0.0002, 1e12, 1e300, -5, float("nan"), float("inf"), -1690377.0])
)
ticks = (
    offsets.map(lambda s: T0 + s) | offsets.map(lambda s: T0 + s) | offsets.map(lambda s: (T0 + s) * 1000) | offsets.map(lambda s: 5000 + s)
    | st.sampled_from([None, -1, 0, 1e308, -1e308, 1e18, float("nan")])
)  # fmt: skip
messages = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["send", "receive", "request", "response", "error", "?"]), "time": ticks},
        optional={
            "opcode": st.sampled_from([0, 1, 2, 8, 9, 10, -1, None, 1e300, 2.5]),
            "data": st.sampled_from(["", "x", None]),
        },
    ),
    max_size=5,
)
timings = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("blocked", "dns", "connect", "send", "wait", "receive"), durations)
)
closes = st.sampled_from(
    [
        None,
        "aborted",
        {"code": 1000, "reason": ""},
        {"timestamp": 12345},
        {"timestamp": T0 + 5},
        {"time": T0 + 9},
        7,
        [],
        {"code": True, "timestamp": True},
    ]
)
pagerefs = st.sampled_from(["page_1", "page_2", "page_3", "page_7", "x", None])
sockets = st.fixed_dictionaries(
    {"startedDateTime": dates, "request": st.fixed_dictionaries({"url": st.sampled_from(["wss://h/a", "ws://h/b", "https://h/c"]), "method": st.just("GET")}),
     "response": st.fixed_dictionaries({"status": st.sampled_from([101, 101, 101, 200, 0, -1, 403, 503, None])}), "_resourceType": st.just("websocket")},
    optional={"time": durations, "timings": timings, "pageref": pagerefs, "_webSocketMessages": messages, "_webSocketClose": closes, "_frameref": st.sampled_from(["f", "g"])},
)  # fmt: skip
documents = st.fixed_dictionaries(
    {"startedDateTime": dates, "_resourceType": st.just("document"), "pageref": pagerefs,
     "request": st.fixed_dictionaries({"url": st.sampled_from(["http://h/", "http://h/2"]), "method": st.just("GET"),
                                       "headers": st.lists(st.sampled_from([{"name": "Cache-Control", "value": "max-age=0"}, {"name": "Sec-Fetch-Dest", "value": "document"}]), max_size=2)}),
     "response": st.fixed_dictionaries({"status": st.sampled_from([200, 304, 204])})},
    optional={"time": durations, "timings": timings, "_frameref": st.sampled_from(["f", "g"])},
)  # fmt: skip
pages = st.lists(
    st.fixed_dictionaries(
        {"id": pagerefs, "title": st.sampled_from(["http://h/", "http://h/2", ""]), "startedDateTime": dates}
    ),
    max_size=4,
)


@st.composite
def captures(draw: st.DrawFn, clean: bool = False) -> Json:
    name = draw(st.sampled_from(list(CREATORS)))
    log = {"creator": {"name": name, "version": CREATORS[name]}, "browser": {"name": draw(st.sampled_from(["chromium", "firefox"]))},
           "pages": draw(pages), "entries": draw(st.lists(sockets | sockets | documents, max_size=6))}  # fmt: skip
    return {"log": log}


def socket_with_a_ping(start: float, at: float) -> Json:
    """A socket whose only messages are one and a ping, at the same time."""
    messages = [{"type": "send", "time": T0 + at}, {"type": "send", "time": T0 + at, "opcode": 9}]
    return {"startedDateTime": date(start), "request": {"url": "wss://h/a", "method": "GET"}, "response": {"status": 101},
            "_resourceType": "websocket", "_webSocketMessages": messages}  # fmt: skip


def report_of(har: Json, **policy: Any) -> Report:
    return analyze(read(io.BytesIO(json.dumps(har).encode()), "test.har"), Policy(**policy))


@given(captures(), st.booleans())
def test_proven_lies_within_possible(har: Json, no_bfcache: bool) -> None:
    for session in report_of(har, assume=frozenset({Assume.NO_BFCACHE} if no_bfcache else ())).sessions:
        if session.proven is not None:
            assert session.possible is not None
            assert session.possible.start <= session.proven.start
            assert session.possible.end is None or (
                session.proven.end is not None and session.proven.end <= session.possible.end
            )


@given(captures())
def test_a_proven_interval_is_never_empty(har: Json) -> None:
    assert not any(session.proven is not None and session.proven.empty for session in report_of(har).sessions)


@given(captures())
def test_a_possible_interval_is_never_empty(har: Json) -> None:
    """Of a socket that opened: it was open at some instant."""
    assert not any(session.possible is not None and session.possible.empty for session in report_of(har).sessions)


@given(captures())
@example({"log": {"creator": {"name": "Firefox", "version": "140.0"}, "entries": [socket_with_a_ping(1, at=0)]}})
@example({"log": {"creator": {"name": "Firefox", "version": "140.0"}, "entries": [socket_with_a_ping(1, at=0.5)]}})
def test_bounds_are_in_order(har: Json) -> None:
    for session in report_of(har).sessions:
        for bounds in (session.created, session.opened, session.closed):
            assert (
                bounds is None or bounds.earliest is None or bounds.latest is None or bounds.earliest <= bounds.latest
            )


@given(captures())
def test_what_never_opened_has_no_interval(har: Json) -> None:
    for session in report_of(har).sessions:
        if session.outcome in (Outcome.FAILED, Outcome.CONNECTING):
            assert (session.opened, session.proven, session.possible) == (None, None, None)
        else:
            assert session.opened is not None and session.possible is not None


@given(captures())
def test_only_what_is_open_at_export_is_proven_without_end(har: Json) -> None:
    for session in report_of(har).sessions:
        if session.proven is not None and session.proven.end is None:
            assert (session.outcome, session.closed) == (Outcome.OPEN, None)


@given(captures())
def test_every_socket_entry_is_of_one_session(har: Json) -> None:
    """Entries that nothing tells apart (no key, the same first message at the same instant) are one socket twice."""
    entries = {f"/log/entries/{n}": entry for n, entry in enumerate(har["log"]["entries"])}
    groups = [[place.pointer for place in session.seen_in] for session in report_of(har).sessions]
    of_sockets = [pointer for pointer, entry in entries.items() if entry["_resourceType"] == "websocket"]
    assert sorted(pointer for group in groups for pointer in group) == sorted(of_sockets)
    for first, *others in groups:
        assert all(
            (entries[pointer]["request"]["url"], entries[pointer]["startedDateTime"])
            == (entries[first]["request"]["url"], entries[first]["startedDateTime"])
            for pointer in others
        )


@given(captures())
def test_the_verdict_follows_from_the_overlaps(har: Json) -> None:
    report = report_of(har)
    confidences = {overlap.confidence for overlap in report.overlaps}
    assert (report.verdict is Verdict.OVERLAP) == (Confidence.PROVEN in confidences)
    assert (report.verdict is Verdict.POSSIBLE_OVERLAP) == (confidences == {Confidence.POSSIBLE})


@given(captures())
def test_a_proven_overlap_is_of_sockets_that_are_proven_open_at_one_instant(har: Json) -> None:
    report = report_of(har)
    for overlap in report.overlaps:
        if overlap.confidence is Confidence.PROVEN:
            spans = [s.proven for s in report.named(overlap.sessions) if s.proven]
            assert any(
                sum(o.start <= at.start and (o.end is None or at.start < o.end) for o in spans) >= 2 for at in spans
            )


@given(captures())
def test_the_same_capture_gives_the_same_answer(har: Json) -> None:
    assert report_of(har) == report_of(har)


@given(captures())
def test_every_answer_can_be_written_as_json(har: Json) -> None:
    """Instants stay within what a date can say."""
    from analyzer.document import capture_document

    json.dumps(capture_document(report_of(har)))


# -- by exporter -------------------------------------------------------------------------------------------


def chrome(*entries: Json, pages: list[Json] | None = None) -> Json:
    home = {
        "startedDateTime": date(0),
        "time": 5,
        "_resourceType": "document",
        "pageref": "page_1",
        "request": {"url": "http://h/", "method": "GET"},
        "response": {"status": 200},
        "timings": {"wait": 4},
    }
    listed = pages if pages is not None else [{"id": "page_1", "title": "http://h/", "startedDateTime": date(0)}]
    return {
        "log": {"creator": {"name": "WebInspector", "version": "537.36"}, "pages": listed, "entries": [home, *entries]}
    }


def socket(start: float, last: float, closed: float | None = None, status: int = 101, **others: Any) -> Json:
    """A socket of Chrome's: one message at `last`, and the close it saw, in seconds from the beginning."""
    receive = 0 if closed is None else (closed - last) * 1000
    return {
        "startedDateTime": date(start), "time": (last - start) * 1000 + receive, "_resourceType": "websocket", "pageref": "page_1",
        "request": {"url": "wss://h/s", "method": "GET"}, "response": {"status": status}, "timings": {"wait": (last - start) * 1000, "receive": receive},
        "_webSocketMessages": [{"type": "send", "time": T0 + last, "opcode": 1, "data": "x"}],
        "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "open", "scriptId": "7", "url": "http://h/app.js"}]}},
        **others,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        pytest.param([socket(1, 2, 3), socket(4, 5, 6)], Verdict.NO_OVERLAP, id="one after the other"),
        pytest.param([socket(1, 2, 4), socket(2, 3, 5)], Verdict.OVERLAP, id="one while the other"),
        pytest.param([socket(1, 2), socket(3, 4)], Verdict.OVERLAP, id="both open at export"),
        pytest.param([socket(1, 2, 3), socket(4, 5)], Verdict.NO_OVERLAP, id="a close, then one open at export"),
        pytest.param(
            [socket(1, 2), {**socket(3, 4, status=503), "_webSocketMessages": []}],
            Verdict.NO_OVERLAP,
            id="one that failed overlaps nothing",
        ),
        pytest.param(
            [socket(1, 2, pageref=None), socket(3, 4)],
            Verdict.POSSIBLE_OVERLAP,
            id="a worker's, of which no close is seen",
        ),
        pytest.param([], Verdict.NO_SOCKETS, id="none"),
    ],
)
def test_chrome(entries: list[Json], verdict: Verdict) -> None:
    assert report_of(chrome(*entries)).verdict is verdict


def test_a_ping_before_its_socket_is_told_and_proves_nothing() -> None:
    har = {"log": {"creator": {"name": "Firefox", "version": "140.0"}, "entries": [socket_with_a_ping(5, at=1)]}}
    report = report_of(har)
    assert [it.problem for it in report.capture.skipped] == [
        "message times that contradict the socket's start",
        "times of close, ping or pong frames that contradict the socket's start",
    ]
    assert report.sessions[0].proven is None


def test_a_message_alone_is_a_proven_instant() -> None:
    har = chrome(socket(1, 2))
    har["log"]["creator"]["name"] = "chrome-har-capturer"
    har["log"]["entries"][1]["timings"] = {}
    har["log"]["entries"][1]["time"] = -1
    (session,) = report_of(har).sessions
    assert (
        session.proven is not None and session.proven.end is not None and session.proven.end - session.proven.start == 1
    )


def test_a_contradiction_and_an_assumption_about_one_socket_are_both_named() -> None:
    first, second = (Bounds(at, at + 1, Evidence.FIRST_MESSAGE) for at in (1_000_000, 9_000_000))
    assumed = CaveatKind.ASSUMED_PAGE_ALIVE.caveat("Assumed: the page was still open.")
    trace = Trace(
        "/log/entries/0",
        "wss://a.example/ws",
        "wss://a.example/ws",
        (Accepted(first), Accepted(second)),
        Messages(array("q"), b"", array("b"), array("q")),
        coverage=Coverage(Closes.WHILE_PAGE_LIVES, 9_000_001, to_the_end=True, assumes=assumed),
    )
    file = File("a.har", "har", Exporter("chrome", None, None, "Chrome DevTools"), 1, None)
    report = analyze(Capture((file,), (), (trace,)))
    assert {caveat.id for caveat in report.capture.caveats} == {"assumed-page-alive", "contradictory"}
    assert report.sessions[0].opened == msgspec.structs.replace(first, latest=second.latest)
