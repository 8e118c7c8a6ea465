"""Flow files of mitmproxy: real ones against what is known to have happened, and small ones that show one thing each."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flow_files import dump
from hypothesis import given, strategies as st
from lifetimes import contradictions, truth_of

from analyzer.formats import read
from analyzer.formats.mitmproxy.tnetstring import StringError, Strings, decode
from analyzer.model import Capture, CaptureError, Direction, Evidence, Outcome, Report, Session, Verdict
from analyzer.pipeline import analyze

CAPTURES = Path(__file__).parent / "captures"
FILES = sorted([*CAPTURES.glob("*.mitm"), *CAPTURES.glob("*.flows")])
START = 1_795_000_000.0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEADERS = {
    "Host": "h.example:81",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Protocol": "chat, v2",
}
HERE, THERE = ["127.0.0.1", 51000], ["192.168.0.7", 51000]


def message(
    at: float, data: bytes = b"x", sent: bool = True, *, dropped: bool = False, injected: bool = False
) -> list[Any]:
    return [1, sent, data, START + at, dropped, injected]


def request(at: float, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "path": b"/ws?token=s3cr3t",
        "scheme": b"http",
        "host": "10.0.0.1",
        "port": 81,
        "headers": [[name.encode(), value.encode()] for name, value in headers.items()],
        "content": b"the body",
        "timestamp_start": START + at,
        "timestamp_end": START + at,
    }


def response(at: float, status: int = 101) -> dict[str, Any]:
    return {
        "status_code": status,
        "reason": b"",
        "headers": [[b"Upgrade", b"websocket"], [b"Sec-WebSocket-Protocol", b"v2"]],
        "content": b"x",
        "timestamp_start": START + at,
        "timestamp_end": START + at,
    }


def socket(
    messages: list[list[Any]], end: float | None, by_client: bool | None = True, code: int | None = 1000
) -> dict[str, Any]:
    return {
        "messages": messages,
        "closed_by_client": None if end is None else by_client,
        "close_code": None if end is None else code,
        "close_reason": None if end is None else "bye",
        "timestamp_end": None if end is None else START + end,
    }


def flow(at: float = 0.0, id: str = "", peer: list[Any] = HERE, **parts: Any) -> dict[str, Any]:
    """One flow, whose request came at that second; what is not given is as of a socket that is still open."""
    parts = {"headers": HEADERS, "websocket": socket([message(at + 0.1)], None)} | parts
    return {
        "websocket": parts["websocket"],
        "response": parts.get("response", response(at + 0.01)),
        "request": request(at, parts["headers"]),
        "backup": None,
        "metadata": parts.get("metadata", {}),
        "client_conn": {"peername": peer, "sockname": ["192.168.0.2", 8080], "timestamp_start": START + at, "id": "c"},
        "error": parts.get("error"),
        "id": id or f"flow at {at}",
        "type": parts.get("type", "http"),
        "version": parts.get("version", 21),
    }


def page(at: float) -> dict[str, Any]:
    """A flow that is no socket, and over."""
    return flow(at, headers={"Host": "h.example"}, websocket=None, response=response(at + 0.01, 200))


def report(*flows: dict[str, Any]) -> Report:
    return analyze(read(io.BytesIO(b"".join(map(dump, flows))), "a.mitm"))


def only(*flows: dict[str, Any]) -> Session:
    (session,) = report(*flows).sessions
    return session


def ids(capture: Capture) -> set[str]:
    return {caveat.id for caveat in capture.caveats}


def seconds(at: int | None) -> float | None:
    return None if at is None else round(at / 1e6 - START, 3)


# -- real files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_claim_about_a_real_file_contradicts_what_happened(path: Path) -> None:
    answer = analyze(read(path))
    assert not contradictions(answer, truth_of(path))
    assert len(answer.sessions) >= len(truth_of(path)["sockets"]) - 1  # one that was refused has no flow


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_that_is_cut_off_claims_nothing_of_what_is_lost(path: Path) -> None:
    whole, truth = path.read_bytes(), truth_of(path)
    chance = random.Random(17)
    for _ in range(30):
        end = chance.randrange(1, len(whole) - 1)
        capture = read(io.BytesIO(whole[:end]), path.name)
        answer = analyze(capture)
        assert "cut-off" in ids(capture) or "assumed-proxy-ended" in ids(capture), end
        assert answer.verdict is not Verdict.NO_OVERLAP or "cut-off" not in ids(capture), end
        until = 0.0 if capture.observed is None else (capture.observed.end or 0) / 1000
        assert not [it for it in contradictions(answer, truth, until) if "peak" in it], end


@pytest.mark.parametrize("path", FILES[:3], ids=lambda path: path.name)
def test_packed_it_says_the_same(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.mitm.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed).traces == read(path).traces


@pytest.mark.parametrize(("number", "format"), [(7, "14"), (9, "18"), (12, "21")])
def test_the_version_is_that_of_the_format(number: int, format: str) -> None:
    capture = read(CAPTURES / f"mitmproxy-version-{number}.mitm")
    assert (capture.exporter.id, capture.exporter.version, capture.format) == ("mitmproxy", format, "mitmproxy-flows")
    reasons = {(session.close_code, session.close_reason) for session in analyze(capture).sessions}
    assert {(1000, "bye"), (1011, "oops")} <= reasons


def test_two_runs_in_one_file_are_no_overlap() -> None:
    answer = analyze(read(CAPTURES / "mitmproxy-two-runs.mitm"))
    assert (len(answer.sessions), answer.verdict) == (2, Verdict.POSSIBLE_OVERLAP)


# -- what a flow says --------------------------------------------------------------------------------------------


def test_a_socket_has_the_address_the_key_and_the_protocols_of_its_handshake() -> None:
    (trace,) = report(flow()).capture.traces
    assert (trace.url, trace.endpoint) == ("ws://h.example:81/ws?token=s3cr3t", "ws://h.example:81/ws")
    assert (trace.key, trace.protocols, trace.extension) == (KEY, ("chat", "v2"), False)


def test_a_socket_of_an_extension_is_known_by_its_origin() -> None:
    (trace,) = report(flow(headers=HEADERS | {"Origin": "chrome-extension://abcdef"})).capture.traces
    assert trace.extension


@pytest.mark.parametrize(
    ("by_client", "code", "bounds", "evidence"),
    [
        pytest.param(True, 1000, (1.95, 2.06), Evidence.CLIENT_CLOSE, id="the page closed it"),
        pytest.param(True, 1001, (1.75, 2.0), Evidence.CLIENT_CLOSE, id="the page went away"),
        pytest.param(True, 1006, (1.75, 2.0), Evidence.CLIENT_CLOSE, id="the browser's connection broke"),
        pytest.param(False, 1011, (1.95, 2.06), Evidence.SERVER_CLOSE, id="the server closed it"),
        pytest.param(False, 1006, (1.95, 2.06), Evidence.SERVER_CLOSE, id="the server's connection broke"),
    ],
)
def test_a_close_is_bounded_by_who_closed(by_client: bool, code: int, bounds: Any, evidence: Evidence) -> None:
    session = only(flow(websocket=socket([message(0.1)], 2.0, by_client, code)), page(3))
    closed = session.closed
    assert closed is not None
    assert ((seconds(closed.earliest), seconds(closed.latest)), closed.evidence) == (bounds, evidence)
    assert (session.outcome, session.close_code, session.close_reason) == (Outcome.CLOSED, code, "bye")


def test_a_socket_is_certain_from_the_first_message_that_its_page_sent() -> None:
    received, sent = message(0.02, b"hello", False), message(0.1, b"hi")
    session = only(flow(websocket=socket([received, sent], None)))
    assert session.proven is not None
    assert seconds(session.proven.start) == 0.1
    assert session.proven.end is None


def test_a_silent_socket_is_certain_a_while_after_the_answer_if_the_file_goes_on() -> None:
    silent = flow(0, websocket=socket([], None))
    assert only(silent).proven is None
    session = only(page(5), silent)
    assert session.proven is not None
    assert seconds(session.proven.start) == 0.26


def test_a_message_that_the_page_received_does_not_show_that_the_page_is_still_there() -> None:
    messages = [message(0.1), message(1.99, b"push", False)]
    session = only(flow(websocket=socket(messages, 2.0, True, 1001)), page(3))
    assert session.proven is not None
    assert seconds(session.proven.end) == 1.75
    assert session.messages.received == 1


def test_messages_that_one_side_never_saw_count_for_the_other_alone() -> None:
    messages = [
        message(0.1, b"sent, not passed on", dropped=True),
        message(0.2, b"from the server, not passed on", False, dropped=True),
        message(0.3, b"to the page by mitmproxy", False, injected=True),
        message(0.4, b"to the server by mitmproxy", injected=True),
    ]
    (trace,) = report(flow(websocket=socket(messages, None))).capture.traces
    assert [(it.direction, it.text) for it in trace.opening] == [
        (Direction.SEND, "sent, not passed on"),
        (Direction.RECEIVE, "to the page by mitmproxy"),
    ]
    assert (trace.messages.sent, trace.messages.received) == (1, 1)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        pytest.param({"response": response(1, 403)}, "status 403", id="refused by the server"),
        pytest.param(
            {"response": None, "error": {"msg": "Connection killed.", "timestamp": START + 1}},
            "Connection killed",
            id="no answer",
        ),
    ],
)
def test_a_handshake_without_a_socket_failed(parts: dict[str, Any], problem: str) -> None:
    session = only(flow(websocket=None, **parts))
    assert (session.outcome, session.problem) == (Outcome.FAILED, problem)
    assert session.closed is not None
    assert seconds(session.closed.latest) == 1.0


def test_a_handshake_without_an_answer_was_still_on() -> None:
    assert only(flow(websocket=None, response=None)).outcome is Outcome.CONNECTING


def test_a_socket_that_mitmproxy_did_not_read_ended_nobody_knows_when() -> None:
    session = only(flow(websocket=None), page(9))
    assert session.proven is None
    assert (session.outcome, session.messages.sent) == (Outcome.UNKNOWN, None)
    assert session.possible is not None
    assert session.possible.end is None


def test_a_flow_of_an_old_format_that_was_converted_lacks_the_end_of_its_socket() -> None:
    converted = flow(websocket=socket([message(0.1)], 0.2), metadata={"duplicated": "This WebSocket flow ..."})
    assert only(converted, page(9)).outcome is Outcome.UNKNOWN


def test_a_flow_that_was_saved_twice_counts_as_it_was_saved_last() -> None:
    session = only(flow(id="a"), page(4), flow(id="a", websocket=socket([message(0.1)], 5.0)))
    assert session.outcome is Outcome.CLOSED


@pytest.mark.parametrize("kind", ["tcp", "udp", "dns"])
def test_flows_of_other_kinds_are_passed_over(kind: str) -> None:
    answer = report(flow(type=kind), page(1))
    assert (answer.sessions, answer.capture.records, answer.verdict) == ((), 2, Verdict.NO_SOCKETS)


# -- what the file as a whole says -------------------------------------------------------------------------------


def test_without_an_open_flow_it_is_assumed_that_mitmproxy_ended() -> None:
    closed = flow(websocket=socket([message(0.1)], 2.0))
    assert "assumed-proxy-ended" in ids(report(closed).capture)
    assert "assumed-proxy-ended" not in ids(report(closed, flow(1)).capture)


def test_open_sockets_of_one_run_overlap() -> None:
    """The page of the second one was asked for while the first one was open."""
    assert report(page(0.5), page(3), flow(0), flow(2)).verdict is Verdict.OVERLAP


def test_an_open_socket_may_have_closed_before_what_was_appended() -> None:
    answer = report(flow(0), page(5), flow(6))
    assert answer.verdict is Verdict.POSSIBLE_OVERLAP
    assert answer.sessions[0].proven is not None
    assert seconds(answer.sessions[0].proven.end) == 0.1


def test_a_flow_that_began_before_shows_that_nothing_was_appended() -> None:
    older = page(7) | {"client_conn": {"peername": HERE, "timestamp_start": START + 0.05}}
    assert report(flow(0), flow(6), older).verdict is Verdict.OVERLAP


def test_of_a_browser_on_another_machine_only_what_it_sends_shows_that_it_lives() -> None:
    messages = [message(0.1), message(1.0), message(8.0, b"push", False)]
    answer = report(flow(websocket=socket(messages, None), peer=THERE), page(9))
    (session,) = answer.sessions
    assert session.proven is not None
    assert (session.outcome, seconds(session.proven.end)) == (Outcome.UNKNOWN, 1.0)
    assert [it.message for it in answer.capture.caveats if "another machine" in it.message]


# -- what cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(7, id="mitmproxy 5"),
        pytest.param(11, id="mitmproxy 6"),
        pytest.param([0, 18, 2], id="mitmproxy 0.18"),
    ],
)
def test_an_old_format_is_refused_with_the_way_out(version: Any) -> None:
    with pytest.raises(CaptureError, match=r"mitmproxy 6 or older.*mitmdump -nr OLD -w NEW"):
        report(flow(version=version))


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param({"version": None}, id="no version"),
        pytest.param({"websocket": {"messages": [[1, True]]}}, id="a message without its data"),
        pytest.param(
            {"websocket": {"messages": [[1, True, b"x", float("nan"), False, False]]}}, id="a message without a time"
        ),
        pytest.param({"request": [1, 2]}, id="a request that is a list"),
        pytest.param({"k" * 200: 1}, id="a long key"),
    ],
)
def test_a_damaged_flow_is_skipped_and_the_others_are_read(damaged: dict[str, Any]) -> None:
    answer = report(flow(0), flow(1) | damaged, flow(2))
    assert [it.pointer for it in answer.capture.skipped] == ["/1"]
    assert (len(answer.sessions), "entries-skipped" in ids(answer.capture)) == (2, True)


def test_what_follows_the_flows_is_named() -> None:
    capture = read(io.BytesIO(dump(flow()) + b"rubbish"), "a.mitm")
    assert (len(capture.traces), len(capture.skipped)) == (1, 1)
    assert capture.hides_sockets


@pytest.mark.parametrize("data", [b"", b"1", b"x", b"99999999999999:", b"5:hello,", b"0:~", b"2:{}]", b"3:1:a,]"])
def test_what_is_no_flow_file_raises_a_capture_error_or_is_skipped(data: bytes) -> None:
    from analyzer.formats.mitmproxy.reader import read as read_flows
    from analyzer.formats.source import Source

    try:
        capture = read_flows(Source(io.BytesIO(data), "x"))
    except CaptureError:
        return
    assert capture.skipped or "cut-off" in ids(capture)


def test_bodies_and_long_messages_are_not_held() -> None:
    large = bytes(1 << 24)
    whole = page(0) | {"response": response(0.1, 200) | {"content": large}}
    spoken = flow(1, websocket=socket([message(1.1, large), message(1.2, b"y")], None))
    data = io.BytesIO(dump(whole) + dump(spoken))
    del whole, spoken
    tracemalloc.start()
    (trace,) = read(data, "a.mitm").traces
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(trace.messages.lengths) == [len(large), 1]
    assert (trace.opening[0].cut, peak < 4 << 20) == (True, True)


# -- typed netstrings --------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(VALUES)
def test_what_was_written_is_read(value: Any) -> None:
    data = dump(value)
    strings = Strings(io.BytesIO(data))
    try:
        assert strings.value(strings.length()) == value
    except StringError:
        assert data.count(b"}") + data.count(b"]") > 8  # too deep


@given(st.binary(max_size=60))
def test_no_value_raises_anything_else(data: bytes) -> None:
    for tag in (b",", b"#", b"^", b"!", b"~", b"]", b"}"):
        try:
            decode(tag, data)
        except StringError as error:
            assert str(error)
