"""NetLogs: real ones against what is known to have happened, and small ones that show one thing each."""

from __future__ import annotations

import gzip
import io
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from lifetimes import contradictions, truth_of

from analyzer.formats import read
from analyzer.formats.netlog.close_frames import Bytes, CloseFrame, unmask
from analyzer.masking import mask
from analyzer.model import Capture, CaptureError, Evidence, Outcome, Policy, Report, Run, Verdict
from analyzer.outputs import render
from analyzer.pipeline import analyze

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
LOGS = sorted(CAPTURES.glob("*.netlog.json"))
TYPES = {
    "WEBSOCKET_ALIVE": 3,
    "WEBSOCKET_STATE_CHANGED": 4,
    "REQUEST_ALIVE": 5,
    "WEBSOCKET_SENT_FRAME_HEADER": 6,
    "WEBSOCKET_RECV_FRAME_HEADER": 7,
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": 8,
    "WEBSOCKET_UPGRADE_FAILURE": 9,
    "OTHER": 10,
    "URL_REQUEST_START_JOB": 11,
}
CONSTANTS = {
    "clientInfo": {"name": "Chromium", "version": "156.0.0.0"},
    "logEventTypes": TYPES,
    "netError": {"ERR_CONNECTION_REFUSED": -102, "net::OK": 0},
    "timeTickOffset": 1_795_000_000_000,
}
URL = "ws://127.0.0.1:1/ws?token=s3cr3t"
"""One event: milliseconds, the number of its source, its type, its phase, what it says."""


def event(at: int, source: int, type: str, phase: int = 0, **params: Any) -> Json:
    return {"time": str(at), "source": {"id": source, "type": 1}, "type": TYPES[type], "phase": phase, "params": params}


def state(at: int, source: int, old: str, new: str) -> Json:
    return event(at, source, "WEBSOCKET_STATE_CHANGED", old_state=old, new_state=new)


def socket(at: int, source: int = 1) -> list[Json]:
    """A socket that opens 2 ms later."""
    return [
        event(at, source, "WEBSOCKET_ALIVE", 1, state="FRESHLY_CONSTRUCTED", url=""),
        event(at, source + 1, "REQUEST_ALIVE", 1, url=URL),
        state(at, source, "FRESHLY_CONSTRUCTED", "CONNECTING"),
        state(at + 2, source, "CONNECTING", "CONNECTED"),
        event(at + 2, source + 1, "REQUEST_ALIVE", 2, net_error=-173),
    ]


def log(*events: Json) -> bytes:
    lines = ",\n".join(json.dumps(it) for it in events)
    return b'{"constants":' + json.dumps(CONSTANTS).encode() + b',\n"events": [\n' + lines.encode() + b"]}"


def report(data: bytes) -> Report:
    return analyze(read(io.BytesIO(data), "a.netlog.json"))


def ids(capture: Capture) -> set[str]:
    return {caveat.id for caveat in capture.caveats}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_no_claim_about_a_real_log_contradicts_what_happened(path: Path) -> None:
    answer = analyze(read(path))
    assert not contradictions(answer, truth_of(path))
    assert answer.verdict in (Verdict.OVERLAP, Verdict.NO_OVERLAP)
    assert len(answer.sessions) == len(truth_of(path)["sockets"])


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_a_log_that_is_cut_off_counts_up_to_its_last_event(path: Path) -> None:
    """Its whole lines are what a browser that was killed leaves, so they are read at some 60 places."""
    whole = path.read_bytes()
    truth = truth_of(path)
    ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
    for end in ends[2 :: max(1, len(ends) // 60)]:
        capture = read(io.BytesIO(whole[: end + 1]), path.name)
        until = 0.0 if capture.observed is None else (capture.observed.end or 0) / 1000
        assert not contradictions(analyze(capture), truth, until), end


def test_packed_it_says_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "a.netlog.json.gz"
    packed.write_bytes(gzip.compress(LOGS[0].read_bytes()))
    assert read(packed).traces == read(LOGS[0]).traces


def test_the_exporter_is_the_browser_that_the_log_names() -> None:
    exporter = report(log(*socket(1))).capture.exporter
    assert (exporter.id, exporter.name, exporter.version) == ("chrome-netlog", "Chromium", "156.0.0.0")


def test_a_socket_is_certain_from_the_first_frame_that_its_page_sent() -> None:
    sent = event(30, 2, "WEBSOCKET_SENT_FRAME_HEADER", opcode=1, payload_length=5, final=True)
    received = event(10, 2, "WEBSOCKET_RECV_FRAME_HEADER", opcode=1, payload_length=7, final=True)
    (session,) = report(log(*socket(1), received, sent, event(900, 9, "OTHER"))).sessions
    assert (session.outcome, session.messages.sent, session.messages.received) == (Outcome.OPEN, 1, 1)
    assert session.opened is not None and session.opened.earliest is not None and session.opened.latest is not None
    assert session.opened.latest - session.opened.earliest == 28_000


def test_frames_of_one_message_count_once() -> None:
    frames = [
        event(10, 2, "WEBSOCKET_RECV_FRAME_HEADER", opcode=2, payload_length=7, final=False),
        event(11, 2, "WEBSOCKET_RECV_FRAME_HEADER", opcode=0, payload_length=3, final=True),
    ]
    (session,) = report(log(*socket(1), *frames)).sessions
    assert (list(session.messages.lengths), list(session.messages.opcodes)) == ([10], [2])


def test_a_page_that_goes_takes_its_socket_with_it() -> None:
    gone = [state(500, 1, "CONNECTED", "SEND_CLOSED"), event(501, 1, "WEBSOCKET_ALIVE", 2)]
    (session,) = report(log(*socket(1), *gone)).sessions
    assert session.outcome is Outcome.CLOSED and session.closed is not None
    assert session.closed.evidence is Evidence.PAGE_GONE
    assert session.closed.latest == (1_795_000_000_502) * 1000


def test_a_message_that_came_after_its_page_had_gone_proves_nothing() -> None:
    received = event(995, 2, "WEBSOCKET_RECV_FRAME_HEADER", opcode=1, payload_length=7, final=True)
    gone = [state(1000, 1, "CONNECTED", "SEND_CLOSED"), event(1001, 1, "WEBSOCKET_ALIVE", 2)]
    (session,) = report(log(*socket(1), received, *gone)).sessions
    assert session.proven is not None and session.proven.end == (1_795_000_000_501) * 1000


def test_a_close_that_is_not_answered_leaves_the_socket_open() -> None:
    (session,) = report(log(*socket(1), state(500, 1, "CONNECTED", "SEND_CLOSED"), event(900, 9, "OTHER"))).sessions
    assert session.outcome is Outcome.OPEN


def test_a_handshake_that_failed_has_its_reason() -> None:
    begin = socket(1)[:3]
    statement = event(
        5, 2, "WEBSOCKET_UPGRADE_FAILURE", message="Error during WebSocket handshake: Unexpected response code: 404"
    )
    ends = [state(5, 1, "CONNECTING", "CLOSED"), event(5, 2, "REQUEST_ALIVE", 2, net_error=-102)]
    (refused,) = report(log(*begin, *ends)).sessions
    assert (refused.outcome, refused.problem) == (Outcome.FAILED, "net::ERR_CONNECTION_REFUSED")
    (rejected,) = report(log(*begin, statement, *ends)).sessions
    assert (rejected.outcome, rejected.problem) == (Outcome.FAILED, "Unexpected response code: 404")


def test_who_gave_up_a_handshake_is_not_logged() -> None:
    """The page called close() while it was connecting, or it went away: in both cases its channel ends, without an error."""
    ends = [event(5, 1, "WEBSOCKET_ALIVE", 2), event(7, 2, "REQUEST_ALIVE", 2)]
    (session,) = report(log(*socket(1)[:3], *ends)).sessions
    assert (session.outcome, session.problem) == (Outcome.FAILED, "the log does not say why")


def test_two_handshakes_at_once_belong_each_to_its_channel() -> None:
    first, second = socket(1), socket(1, 3)
    mixed = [first[0], second[0], second[1], first[1], *first[2:], *second[2:]]
    keys = [
        event(2, number, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", headers=[f"Sec-WebSocket-Key: {number}"])
        for number in (2, 4)
    ]
    assert [it.key for it in report(log(*mixed, *keys)).sessions] == ["2", "4"]


def test_a_log_that_lost_its_beginning_hides_sockets() -> None:
    frame = event(10, 2, "WEBSOCKET_RECV_FRAME_HEADER", opcode=1, payload_length=7)
    answer = report(log(event(1, 9, "OTHER"), frame, state(500, 1, "CLOSE_WAIT", "CLOSED")))
    assert len(answer.sessions) == 1  # the frame and the state are of one socket
    assert "beginning-lost" in ids(answer.capture)
    assert answer.verdict is Verdict.INCONCLUSIVE


def test_a_second_log_in_the_file_hides_sockets() -> None:
    """Two logs of one value per line, joined with `cat`: their sources have the same numbers."""
    lines = [{"type": "constants", "constants": CONSTANTS}, *({"type": "event", "event": it} for it in socket(1000))]
    one = b"\n".join(json.dumps(it).encode() for it in [*lines, {"type": "end"}]) + b"\n"
    assert report(one).verdict is Verdict.NO_OVERLAP
    both = report(one + one)
    assert both.verdict is Verdict.INCONCLUSIVE
    assert "trailing-data" in ids(both.capture)
    assert len(both.sessions) == 1


def test_a_socket_that_is_older_than_the_log_is_open_from_its_beginning() -> None:
    older = event(1, 1, "WEBSOCKET_ALIVE", 1, state="CONNECTED", url=URL)
    frame = event(9010, 2, "WEBSOCKET_SENT_FRAME_HEADER", opcode=1, payload_length=7)
    answer = report(log(older, event(9000, 9, "OTHER"), frame, event(9900, 9, "OTHER")))
    (session,) = answer.sessions
    assert session.url == URL and session.opened is not None
    assert (session.opened.earliest, session.opened.latest) == (1_795_000_000_001_000, 1_795_000_009_011_000)
    assert answer.capture.observed is not None and answer.capture.observed.start == 1_795_000_009_000_000
    assert not ids(answer.capture)


def test_no_output_shows_a_token_of_an_address() -> None:
    key = event(
        2, 2, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", headers=["Sec-WebSocket-Protocol: bearer.c4n4ry0000000001"]
    )
    answer = report(log(*socket(1), key, event(900, 9, "OTHER")))
    for name in ("text", "json", "csv", "html", "markdown"):
        text = render(name, mask(Run((answer,), (), Policy())))
        assert b"s3cr3t" not in text and b"c4n4ry" not in text, name


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"constants":{"logEventTypes":{}},"events":[]}', id="no offset of time"),
        pytest.param(b'{"constants":{"timeTickOffset":1}}', id="no events"),
        pytest.param(b'{"type":"constants","constants":{}}\n', id="lines without types"),
        pytest.param(b'{"constants":{"timeTickOffset":"x","logEventTypes":{"A":"b"}},"events":[{}]}', id="no numbers"),
    ],
)
def test_what_is_not_a_netlog_is_one_error(data: bytes) -> None:
    with pytest.raises(CaptureError):
        read(io.BytesIO(data), "a")


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 200))
def test_any_bytes_are_a_capture_or_a_capture_error(noise: bytes, at: int, length: int) -> None:
    data = log(*socket(1), *socket(40, 5), state(90, 1, "CONNECTED", "CLOSED"), event(95, 1, "WEBSOCKET_ALIVE", 2))
    for start in (b"", data[: min(at, 300)]):
        try:
            analyze(read(io.BytesIO(start + noise + data[at + length :]), "a"))
            analyze(read(io.BytesIO(data[:at] + noise + data[at + length :]), "a"))
        except CaptureError as error:
            assert "\n" not in error.problem


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["CONNECTED", URL]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "headers", "id", "x"]), inner),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["time", "source", "type", "phase", "params"]), VALUES)))
def test_any_value_in_an_event_is_read_or_skipped(changes: list[tuple[int, str, Any]]) -> None:
    events = [*socket(1), *socket(40, 5), state(90, 1, "CONNECTED", "CLOSED"), event(95, 1, "WEBSOCKET_ALIVE", 2)]
    for n, key, value in changes:
        events[n % len(events)][key] = value
    analyze(read(io.BytesIO(log(*events)), "a"))


# -- mode Everything: the bytes ----------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def frame(opcode: int, payload: bytes, mask: bytes = b"") -> bytes:
    """A frame of RFC 6455, section 5.2; with a mask as a client sends it."""
    length = len(payload)
    short = length if length < 126 else 126 if length < 1 << 16 else 127
    size = b"" if length < 126 else length.to_bytes(2 if short == 126 else 8)
    return bytes([0x80 | opcode, short | (0x80 if mask else 0)]) + size + mask + unmask(payload, mask)


def received(*parts: bytes) -> CloseFrame | None:
    connection = Bytes()
    for part in parts:
        connection.add(b64encode(part).decode())
    return connection.close


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 9, 10]), st.integers(0, 70_000)), max_size=4),
    st.integers(1000, 4999),
    st.text(max_size=20),
    st.sampled_from([b"", b"\x01\x02\x03\x04"]),
    st.lists(st.integers(0, 300_000), max_size=8),
)
def test_a_close_frame_is_found_however_its_bytes_are_split(
    frames: list[tuple[int, int]], code: int, reason: str, mask: bytes, cuts: list[int]
) -> None:
    before = b"".join(frame(opcode, b"\x88" * min(size, 125 if opcode > 8 else size), mask) for opcode, size in frames)
    data = HEAD + before + frame(8, code.to_bytes(2) + reason.encode(), mask) + frame(1, b"after", mask)
    ends = sorted({min(cut, len(data)) for cut in cuts})
    parts = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    assert received(*parts) == CloseFrame(code, reason)


@pytest.mark.parametrize(
    ("data", "close"),
    [
        pytest.param(HEAD + frame(8, b""), CloseFrame(1005, ""), id="a close frame without a code"),
        pytest.param(HEAD + frame(8, b"\x03"), None, id="half a code"),
        pytest.param(HEAD + frame(8, b"\x00\x01"), None, id="a code that is none"),
        pytest.param(HEAD + frame(8, b"\x03\xe8\xff"), CloseFrame(1000, "\ufffd"), id="a reason that is no UTF-8"),
        pytest.param(HEAD + frame(9, b"x" * 200) + frame(8, b"\x03\xe8"), None, id="a control frame that is too long"),
        pytest.param(HEAD + frame(8, b"\x03\xe8oops")[:-1], None, id="a close frame that is cut off"),
        pytest.param(b"HTTP/1.1 404 No\r\n\r\n" + frame(8, b"\x03\xe8"), None, id="a handshake that failed"),
        pytest.param(b"\x16\x03\x01" * 200_000, None, id="no HTTP"),
    ],
)
def test_of_bytes_only_a_close_frame_after_the_handshake_counts(data: bytes, close: CloseFrame | None) -> None:
    assert received(data) == close


def test_bytes_that_are_no_base64_end_the_reading() -> None:
    connection = Bytes()
    connection.add(b64encode(HEAD).decode())
    connection.add("?")
    connection.add(b64encode(frame(8, b"\x03\xe8")).decode())
    assert connection.close is None


def test_a_log_with_all_bytes_has_codes_and_reasons() -> None:
    path = CAPTURES / "netlog-everything-16-server-close.netlog.json.gz"
    answer = analyze(read(path))
    truth = json.loads(path.with_name(path.name.removesuffix("netlog.json.gz") + "truth.json").read_text("utf-8"))
    assert not contradictions(answer, truth)
    codes = {it["sec_websocket_key"]: it["close_code"] for it in truth["sockets"]}
    given_codes = {it.key: it.close_code for it in answer.sessions if it.close_code is not None}
    assert given_codes == {key: code for key, code in codes.items() if code != 1006}  # 1006: no frame came
    assert [it.close_reason for it in answer.sessions] == ["oops", "token expired", None, None]


def test_an_extension_is_known_by_the_origin_of_its_request() -> None:
    headers = event(
        2,
        2,
        "HTTP_TRANSACTION_SEND_REQUEST_HEADERS",
        headers=["Origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop"],
    )
    (trace,) = report(log(*socket(1), headers)).capture.traces
    assert trace.extension


@pytest.mark.parametrize(
    ("initiator", "origin", "is_extension"),
    [
        pytest.param("chrome-extension://abcdefghijklmnopabcdefghijklmnop", None, True, id="an extension"),
        pytest.param("https://a.test", "https://a.test", False, id="a page"),
        pytest.param("not an origin", None, False, id="the browser itself"),
    ],
)
def test_who_asked_is_known_before_anything_is_sent(initiator: str, origin: str | None, is_extension: bool) -> None:
    job = event(1, 2, "URL_REQUEST_START_JOB", 1, initiator=initiator)
    (trace,) = report(log(*socket(1)[:3], job)).capture.traces
    assert (trace.origin, trace.extension) == (initiator if is_extension else origin, is_extension)


def test_a_request_that_is_older_than_the_log_shows_that_its_beginning_is_lost() -> None:
    begin, end = (event(at, 5, "REQUEST_ALIVE", phase, url="https://a.test/") for at, phase in ((1, 1), (2, 2)))
    assert "beginning-lost" not in ids(report(log(begin, end)).capture)
    older = event(3, 4, "REQUEST_ALIVE", 2)
    assert "beginning-lost" in ids(report(log(begin, end, older)).capture)


def test_sockets_that_only_receive_overlap_until_the_last_event_that_shows_them() -> None:
    """The socket is still open at the end, so what it received dates how long at least the two were open."""
    messages = [event(at, 1, "WEBSOCKET_RECV_FRAME_HEADER", payload_length=4, opcode=1) for at in (5000, 9000)]
    answer = report(log(*socket(1000), *socket(2000, 11), *messages, event(9500, 99, "OTHER")))
    (overlap,) = answer.overlaps
    assert overlap.interval.end is None
    assert overlap.duration >= 6_500_000


def test_the_axis_of_the_text_counts_from_the_start_of_a_log_with_older_sockets() -> None:
    older = event(1000, 1, "WEBSOCKET_ALIVE", 1, state="CONNECTED", url=URL)
    frame = event(21_010, 1, "WEBSOCKET_SENT_FRAME_HEADER", opcode=1, payload_length=7)
    answer = report(log(older, event(21_000, 9, "OTHER"), frame, event(29_000, 9, "OTHER")))
    text = render("text", mask(Run((answer,), (), Policy()))).decode()
    (ruler,) = (line for line in text.splitlines() if "how it ended" in line)
    assert ruler.split()[:4] == ["-15", "s", "0", "s"]


def test_only_a_log_of_several_sockets_says_that_it_does_not_show_their_tabs() -> None:
    assert "whole-browser" not in ids(report(log(*socket(1000))).capture)
    assert "whole-browser" in ids(report(log(*socket(1000), *socket(2000, 11))).capture)


def test_names_of_events_that_are_no_object_are_one_error() -> None:
    with pytest.raises(CaptureError, match="no names of events"):
        read(io.BytesIO(b'{"constants":{"logEventTypes":5},"events":[]}'))


def test_events_without_a_usable_time_are_named() -> None:
    answer = report(log(*socket(1), {**event(2, 9, "OTHER"), "time": "soon"}))
    assert "entries-skipped" in ids(answer.capture) and answer.verdict is Verdict.INCONCLUSIVE
