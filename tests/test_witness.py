"""The browser's own log as second witness: what it changes in a recording, and what it must not."""

from __future__ import annotations

import io
import json
from array import array
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer import Report, Verdict, analyze, read
from analyzer.formats.har.own_fields import CUT_SHORT, DISAGREE, HEARD_LATE, SHARED_WORKER
from analyzer.formats.netlog.reader import PAGE_GONE
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    Closed,
    Evidence,
    Instant,
    Messages,
    Outcome,
    PageKind,
    Rejected,
    Requested,
    Trace,
)
from analyzer.recorder.cdp import Cdp
from analyzer.recorder.document import Recorded
from analyzer.recorder.recording import By, Recording, Socket
from analyzer.recorder.witness import LATE, Log, Span, meet, refine, unite

ZERO = 1_790_000_000 * SECOND + 125 * MILLISECOND
UNTIL = 20  # seconds, when the recordings here end
URL = "wss://h.example/chat"


def at(seconds: float) -> Instant:
    return ZERO + round(seconds * SECOND)


def record(recording: Recording, id: str, start: float = 1, tab: str = "t", **options: Any) -> Socket:
    """Requested at `start`, answered 10 ms later. Its key is its id; `key=False`: it has none."""
    headers = {"Sec-WebSocket-Key": id} if options.get("key", True) else {}
    recording.request(id, options.get("url", URL), at(start), tab=tab, owner=options.get("owner", tab), headers=headers)
    if options.get("answered", True):
        recording.answer(id, at(start) + 10 * MILLISECOND, 101, "Switching Protocols", options.get("headers", {}))
    return recording.sockets[id]


def trace(
    key: str | None,
    start: float = 1,
    gone: float | None = None,
    closed: float | None = None,
    failed: float | None = None,
    **members: Any,
) -> Trace:
    """A socket as the reader of NetLogs has it: connected 9 ms after `start`, `gone` with its page, or `closed`."""
    begun = at(start)
    tick = MILLISECOND
    events: list[Any] = [Requested(Bounds(begun, begun + tick, Evidence.HANDSHAKE_REQUEST))]
    if failed is not None:
        events.append(Rejected(Bounds(at(failed), at(failed) + tick, Evidence.HANDSHAKE_FAILED), "net::ERR_FAILED"))
    else:
        connected = begun + 9 * MILLISECOND
        events.append(Accepted(Bounds(connected, connected + 251 * MILLISECOND, Evidence.HANDSHAKE_RESPONSE)))
    if gone is not None:
        earliest = max(at(gone) - PAGE_GONE, begun + 9 * MILLISECOND)
        events.append(Closed(Bounds(earliest, at(gone) + tick, Evidence.PAGE_GONE)))
    if closed is not None:
        events.append(Closed(Bounds(at(closed), at(closed) + tick, Evidence.CLOSE_SEEN)))
    nothing = Messages(array("q"), b"", array("b"), array("q"))
    return Trace(
        **{
            "pointer": f"/events/{key}",
            "url": URL,
            "endpoint": URL,
            "events": tuple(events),
            "messages": nothing,
            "key": key,
            "origin": "https://h.example",
            **members,
        }
    )


def log(*traces: Trace, start: float = 0, end: float = UNTIL + 1, whole: bool = True, complete: bool = True) -> Log:
    return Log(traces, at(start), at(end), whole, complete)


def witness(recording: Recording, netlog: Log, until: float = UNTIL) -> Recorded:
    return unite(Recorded(recording, at(until)), netlog)


def judge(recorded: Recorded) -> Report:
    return analyze(read(io.BytesIO(json.dumps(recorded.har()).encode()), "recorded.har"))


def end(socket: Socket) -> tuple[str, float | None, float | None]:
    """Its state, and the bounds of its end in seconds; of one that was lost the last sign of life."""
    if socket.latest is not None and socket.earliest is not None:
        return "ended", (socket.earliest - ZERO) / SECOND, (socket.latest - ZERO) / SECOND
    return ("lost", (socket.last_sign - ZERO) / SECOND, None) if socket.lost else ("open", None, None)


# -- the end of a socket that both have ------------------------------------------------------------------------


def test_the_end_of_a_page_lies_where_both_witnesses_have_it() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5.25), at(4.9), By.RELOAD)
    witness(recording, log(trace("a", gone=5.1)))
    assert end(socket) == ("ended", 4.9, 5.101)
    assert socket.by is By.RELOAD


def test_the_bounds_are_never_wider_than_those_of_the_protocol() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5), at(4.8), By.CRASH)
    witness(recording, log(trace("a", gone=5.4)))
    assert end(socket) == ("ended", 4.9, 5.0)


def test_a_close_that_the_page_reported_first_stays_to_the_microsecond() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5.000_003))
    witness(recording, log(trace("a", closed=5.000)))
    assert end(socket) == ("ended", 5.000003, 5.000003)


def test_the_server_sees_an_opening_before_a_busy_page_learns_of_it() -> None:
    """Measured with Chromium 156: 2.4 s in a flood of messages. Another one may close meanwhile."""
    recording = Recording()
    record(recording, "a", 0)
    recording.end("a", at(2))
    record(recording, "b", 2.9, answered=False)
    recording.answer("b", at(3), 101, "Switching Protocols", {})
    report = judge(witness(recording, log(trace("a", 0, closed=2), trace("b", 1))))
    opened = report.sessions[1].opened
    assert opened is not None
    assert (opened.earliest, opened.latest) == (at(1.009), at(3))
    assert report.verdict == "possible-overlap"


def test_the_server_sees_a_close_before_the_page_learns_of_it() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5.000_003))
    witness(recording, log(trace("a", closed=4.95)))
    assert end(socket) == ("ended", 4.95, 5.000003)


def test_the_connection_of_a_worker_or_frame_that_the_page_ends_may_outlive_it() -> None:
    """Measured with Chromium 156 under load: 163 ms, by the server and by the wire."""
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5))
    witness(recording, log(trace("a", gone=5.163)))
    assert end(socket) == ("ended", 5, 5.164)


def test_a_busy_page_may_learn_of_a_close_long_after_the_network() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(9))
    record(recording, "b", 7, tab="another")
    refined = witness(recording, log(trace("a", closed=5), trace("b", 7)))
    assert end(socket) == ("ended", 5, 9)
    assert recording.caveats == []
    assert judge(refined).verdict == "possible-overlap"  # for the server there was none, for the page there was


def test_a_page_cannot_report_a_close_long_before_the_network() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5))
    witness(recording, log(trace("a", closed=6)))
    assert end(socket) == ("ended", 5, 6.001)
    assert recording.caveats == [DISAGREE.id]


def test_witnesses_that_contradict_each_other_are_both_possible() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5), at(4.5), By.NAVIGATION)
    refined = witness(recording, log(trace("a", closed=7)))
    assert end(socket) == ("ended", 4.5, 7.001)
    assert recording.caveats == [DISAGREE.id]
    assert "contradictory" in {caveat.id for caveat in judge(refined).capture.caveats}


def test_an_end_that_the_log_does_not_have_is_none() -> None:
    """As with a document that was emptied: the protocol had concluded that its sockets went."""
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5), at(4.5), By.NAVIGATION)
    witness(recording, log(trace("a", gone=UNTIL + 0.8)))
    assert end(socket) == ("lost", 4.5, None)
    assert recording.caveats == [DISAGREE.id]


def test_what_ends_with_the_browser_after_the_recording_is_open_at_its_end() -> None:
    recording = Recording()
    socket = record(recording, "a")
    refined = witness(recording, log(trace("a", gone=UNTIL + 0.05)))
    assert end(socket) == ("open", None, None)
    assert judge(refined).sessions[0].outcome is Outcome.OPEN


def test_a_page_that_was_left_kept_its_socket_open_until_the_recording_ended() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.lost("a", at(5))
    witness(recording, log(trace("a", gone=UNTIL + PAGE_GONE / SECOND + 0.01)))
    assert end(socket) == ("open", None, None)


def test_a_page_that_was_left_may_have_gone_just_before_the_end() -> None:
    """The log is late with the end of a page, so that it may have come before that of the recording."""
    recording = Recording()
    socket = record(recording, "a")
    recording.lost("a", at(5))
    witness(recording, log(trace("a", gone=UNTIL + 0.1)))
    assert end(socket) == ("lost", UNTIL + 0.1 - PAGE_GONE / SECOND, None)


def test_the_end_of_a_page_that_was_left_is_in_the_log() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.lost("a", at(5))
    refined = witness(recording, log(trace("a", gone=8)))
    assert end(socket) == ("ended", 7.5, 8.001)
    (session,) = judge(refined).sessions
    assert session.closed is not None
    assert session.closed.evidence == "page-gone"


def test_a_server_closed_what_a_page_in_the_cache_had() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.lost("a", at(5))
    witness(recording, log(trace("a", closed=8)))
    assert end(socket) == ("ended", 8, 8.001)
    assert socket.by is None


def test_a_page_that_lives_may_not_have_learnt_of_a_close_by_the_end() -> None:
    recording = Recording()
    socket = record(recording, "a")
    witness(recording, log(trace("a", closed=UNTIL - 0.05)))
    assert end(socket) == ("lost", UNTIL - 0.05, None)
    assert recording.caveats == []


# -- the browser went away -------------------------------------------------------------------------------------


def cut_short(recording: Recording, id: str, alive: float) -> None:
    recording.caveat(CUT_SHORT)
    recording.lost(id, at(UNTIL), at(alive))


def test_a_browser_that_its_user_closed_ended_its_sockets_and_the_recording() -> None:
    recording = Recording()
    socket = record(recording, "a")
    cut_short(recording, "a", UNTIL - 0.5)
    refined = witness(recording, log(trace("a", gone=UNTIL + 0.2), end=UNTIL + 0.3))
    assert end(socket) == ("ended", UNTIL - 0.3, UNTIL + 0.201)
    assert (recording.caveats, refined.until) == ([], at(UNTIL + 0.3))


def test_a_log_that_is_cut_off_proves_that_sockets_were_open_until_shortly_before() -> None:
    recording = Recording()
    socket = record(recording, "a")
    cut_short(recording, "a", 3)
    refined = witness(recording, log(trace("a"), end=UNTIL - 1, complete=False))
    assert end(socket) == ("lost", UNTIL - 1 - PAGE_GONE / SECOND, None)
    assert (recording.caveats, refined.until) == ([CUT_SHORT.id], at(UNTIL))


def test_a_log_that_ends_early_proves_nothing_of_later() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(15), at(14), By.RELOAD)
    witness(recording, log(trace("a"), end=10, complete=False))
    assert end(socket) == ("ended", 14, 15)


@pytest.mark.parametrize(("passed", "total"), [(1, 3), (3, 3)], ids=["two were lost", "none was lost"])
def test_the_last_messages_before_a_crash_are_in_the_log(passed: int, total: int) -> None:
    recording = Recording()
    socket = record(recording, "a")
    for n in range(passed):
        recording.message("a", at(2 + n), True, 1, "hello", 5)
    recording.end("a", at(6), at(2 + passed), By.CRASH)
    times = array("q", [at(2 + n) for n in range(total)])
    sent = Messages(times, b"\1" * total, array("b", [1] * total), array("q", [5] * total))
    witness(recording, log(trace("a", gone=5.6, messages=sent)))
    messages = list(socket.messages)
    assert [message["time"] for message in messages] == [it / SECOND for it in times]
    assert [message.get("_length", len(message["data"])) for message in messages] == [5] * total


def test_a_message_that_came_when_the_page_had_perhaps_gone_is_none_of_it() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(6), at(2), By.CRASH)
    received = Messages(array("q", [at(3), at(5.8)]), b"\0\0", array("b", [1, 1]), array("q", [5, 5]))
    witness(recording, log(trace("a", gone=5.9, messages=received)))
    assert [message["time"] for message in socket.messages] == [at(3) / SECOND]


def test_of_compressed_messages_the_log_has_no_length() -> None:
    recording = Recording()
    socket = record(recording, "a", headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    recording.end("a", at(6), at(2), By.CRASH)
    sent = Messages(array("q", [at(3)]), b"\1", array("b", [1]), array("q", [5]))
    witness(recording, log(trace("a", gone=5.9, messages=sent)))
    assert len(socket.messages) == 0


# -- the opening -----------------------------------------------------------------------------------------------


def test_a_page_that_crashed_may_have_opened_a_socket_that_it_did_not_report() -> None:
    recording = Recording()
    socket = record(recording, "a", answered=False)
    recording.end("a", at(1.5), at(1), By.CRASH)
    refined = witness(recording, log(trace("a", gone=1.4)))
    (session,) = judge(refined).sessions
    assert socket.opened
    assert session.outcome is Outcome.CLOSED
    assert session.opened == Bounds(at(1.009), at(1.26), Evidence.HANDSHAKE_RESPONSE, session.opened.pointer)


def test_a_handshake_that_the_page_gave_up_never_opened() -> None:
    """Whatever the network did meanwhile."""
    recording = Recording()
    socket = record(recording, "a", answered=False)
    recording.end("a", at(1.5))
    witness(recording, log(trace("a", closed=1.6)))
    assert not socket.opened
    assert end(socket) == ("ended", 1.5, 1.5)


def test_a_handshake_of_which_nothing_was_heard_failed_in_the_log() -> None:
    recording = Recording()
    socket = record(recording, "a", answered=False)
    witness(recording, log(trace("a", failed=3)))
    assert end(socket) == ("ended", 3, 3.001)
    assert socket.problem == "net::ERR_FAILED"


# -- sockets that only one of them has -------------------------------------------------------------------------


def test_a_socket_that_the_protocol_missed_comes_in_without_its_page() -> None:
    recording = Recording()
    record(recording, "a")
    refined = witness(recording, log(trace("a"), trace("b", 3, closed=5), trace("c", 4)))
    _, b, c = judge(refined).sessions
    assert (b.key, b.page, b.outcome, c.outcome) == ("b", None, Outcome.CLOSED, Outcome.OPEN)
    assert (b.closed.earliest, b.closed.latest) == (at(5), at(5.001))
    assert (b.opened.earliest, b.opened.latest) == (at(3.009), at(3.26))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(trace("b", 3, extension=True, origin="chrome-extension://abc"), id="an extension"),
        pytest.param(trace("b", 3, origin=None), id="the browser itself"),
        pytest.param(trace("b", UNTIL + 0.5), id="after the recording"),
    ],
)
def test_what_is_no_socket_of_a_page_in_the_recording_stays_out(other: Trace) -> None:
    recording = Recording()
    record(recording, "a")
    witness(recording, log(trace("a"), other))
    assert list(recording.sockets) == ["a"]


def test_a_socket_that_only_the_recording_has_stays_as_it_is() -> None:
    recording = Recording()
    socket = record(recording, "a")
    recording.end("a", at(5), at(4), By.PAGE_CLOSED)
    witness(recording, log(trace("b", 3)))
    assert end(socket) == ("ended", 4, 5)


# -- without a key: HTTP/2 ---------------------------------------------------------------------------------------


def test_a_socket_without_a_key_is_recognised_by_address_and_time() -> None:
    recording = Recording()
    socket = record(recording, "a", key=False)
    recording.end("a", at(5.25), at(4.9), By.RELOAD)
    witness(recording, log(trace(None, 0.99, gone=5.1)))
    assert end(socket) == ("ended", 4.9, 5.101)
    assert list(recording.sockets) == ["a"]


def test_twins_of_one_page_are_told_apart_by_their_order() -> None:
    recording = Recording()
    for n, start in enumerate((1, 1.001)):
        recording.lost(record(recording, f"{n}", start, key=False).id, at(5))
    witness(recording, log(trace(None, 0.99, closed=8), trace(None, 0.99, closed=9)))
    assert [end(socket)[1] for socket in recording.sockets.values()] == [8, 9]


def test_twins_of_two_pages_are_not_told_apart() -> None:
    recording = Recording()
    for tab in ("one", "other"):
        recording.lost(record(recording, tab, key=False, tab=tab).id, at(5), at(5))
    witness(recording, log(trace(None, 0.99, closed=8), trace(None, 0.99, closed=9)))
    assert [end(socket) for socket in recording.sockets.values()] == [("lost", 5, None)] * 2


def test_what_may_be_a_socket_that_is_there_already_is_not_added() -> None:
    """Nor does the log then show that nothing was missed."""
    recording = Recording()
    recording.caveat(SHARED_WORKER)
    for start in (4, 6):
        record(recording, f"{start}", start, key=False)
    witness(recording, log(*(trace(None, start) for start in (1, 1.6, 2.2))))
    assert list(recording.sockets) == ["4", "6"]
    assert recording.caveats == [SHARED_WORKER.id]


def test_a_handshake_that_was_held_back_is_of_the_page_that_lived_then() -> None:
    """Chrome holds handshakes back while others are under way, so that the next page may have begun the same one."""
    recording = Recording()
    recording.request("before", URL, at(1), by=at(1.2), tab="t", owner="t")
    recording.end("before", at(4.05), at(3.9), By.RELOAD)
    recording.request("after", URL, at(4.1), by=at(4.3), tab="t", owner="t")
    witness(recording, log(trace("a", 4, gone=4.04)))
    before, after = recording.sockets.values()
    assert (before.opened, end(before)) == (True, ("ended", 4.009, 4.041))
    assert (after.opened, end(after)) == (False, ("open", None, None))


def test_a_handshake_that_was_given_up_at_once_is_no_socket_that_was_missed() -> None:
    """The network begins it later than the page gave it up, as StrictMode makes applications do."""
    recording = Recording()
    recording.request("a", URL, at(1), by=at(1.001), tab="t", owner="t")
    recording.end("a", at(1.001))
    witness(recording, log(trace(None, 1.08, failed=1.081)))
    assert list(recording.sockets) == ["a"]


@pytest.mark.parametrize(
    ("later", "status"),
    [
        pytest.param({"failed": 8}, Outcome.FAILED, id="failed"),
        pytest.param({}, Outcome.CONNECTING, id="went on"),
        pytest.param({"closed": 8}, Outcome.CLOSED, id="opened, and was closed"),
    ],
)
def test_the_log_has_what_became_of_a_handshake_whose_page_was_left(later: dict[str, Any], status: Outcome) -> None:
    recording = Recording()
    record(recording, "a", answered=False)
    recording.lost("a", at(5))
    other = trace("a", **later) if later else unanswered("a")
    (session,) = judge(witness(recording, log(other))).sessions
    assert session.outcome is status


def unanswered(key: str) -> Trace:
    whole = trace(key)
    return msgspec.structs.replace(whole, events=whole.events[:1])


# -- the log as a whole ----------------------------------------------------------------------------------------


def test_a_log_of_another_clock_changes_nothing() -> None:
    recording = Recording()
    socket = record(recording, "a", 8)
    recording.end("a", at(15), at(9), By.RELOAD)
    witness(recording, log(trace("a", 1, gone=10), trace("b", 3)))
    assert end(socket) == ("ended", 9, 15)
    assert list(recording.sockets) == ["a"]


def test_a_log_from_the_start_has_what_the_protocol_may_have_missed() -> None:
    recording = Recording()
    record(recording, "a")
    recording.caveat(SHARED_WORKER)
    recording.caveat(HEARD_LATE)
    refined = witness(recording, log(trace("a")))
    assert judge(refined).verdict is Verdict.NO_OVERLAP
    assert recording.caveats == []


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"start": 5}, id="that began within the recording"),
        pytest.param({"end": UNTIL - 3, "complete": False}, id="that ended before it"),
        pytest.param({"whole": False}, id="with lost parts"),
    ],
)
def test_a_log(limits: dict[str, Any]) -> None:
    """Does not show what the protocol may have missed."""
    recording = Recording()
    record(recording, "a")
    recording.page("t", "https://h.example", PageKind.LOAD, at(0.5))
    recording.caveat(SHARED_WORKER)
    witness(recording, log(trace("a"), **limits))
    assert recording.caveats == [SHARED_WORKER.id]


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"constants":{'], ids=["missing", "empty", "another", "torn"])
def test_a_log_that_cannot_be_read_changes_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "net.json"
    if content is not None:
        path.write_bytes(content)
    recording = Recording()
    recording.end(record(recording, "a").id, at(5), at(4), By.RELOAD)
    recorded = Recorded(recording, at(UNTIL))
    assert refine(recorded, path) is recorded
    assert end(recording.sockets["a"]) == ("ended", 4, 5)


# -- what a browser really wrote --------------------------------------------------------------------------------

RUNS = Path(__file__).parent / "witness"  # Chromium 156 on Linux; of the events, and of the log, what is read
SERVER_LATE = 150 * MILLISECOND  # by which a server learnt of a close on the busy machine where they were made


class Run(NamedTuple):
    """A recording, and the server's own word on its sockets: by key, when it got a close frame, and when the connection
    was closed."""

    recorded: Recorded
    closes: dict[str, tuple[Instant, Instant]]


def replay(name: str) -> Run:
    first, *lines = (RUNS / f"{name}.events.jsonl").read_text().splitlines()
    head = json.loads(first)
    recording = Recording()
    cdp = Cdp(recording, head["offset"], head["keepsPages"])
    for line in lines:
        method, session, params, when, cdp.pulse = json.loads(line)
        if method == "Target.attachedToTarget":
            cdp.attach(params["sessionId"], params["targetInfo"], session)
        elif method == "Target.detachedFromTarget":
            cdp.detach(params["sessionId"], when)
        else:
            cdp.message(session, method, params, when)
    if head["until"] is None:
        cdp.cut_short()
    closes = {
        socket["key"]: (round(socket["close_frame_in"] * MILLISECOND), round(socket["tcp_close"] * MILLISECOND))
        for socket in head["sockets"]
    }
    return Run(Recorded(recording, head["until"] or cdp.pulse, offset=cdp.offset), closes)


@pytest.mark.parametrize(
    ("name", "before", "after", "outcomes", "width"),
    [
        pytest.param("reloads", "no-overlap", "no-overlap", "closed " * 5 + "open", 60, id="five reloads"),
        pytest.param("cache", "possible-overlap", "overlap", "closed open", 1, id="closed while its page was cached"),
        pytest.param("crash", "no-overlap", "no-overlap", "closed", 100, id="crashed"),
        pytest.param("exit", "overlap", "overlap", "closed closed", 501, id="the user ended the browser"),
    ],
)
def test_a_real_run(name: str, before: str, after: str, outcomes: str, width: int) -> None:
    recorded, closes = replay(name)
    assert judge(recorded).verdict == before
    refined = refine(recorded, RUNS / f"{name}.netlog.json")
    report = judge(refined)
    assert report.verdict == after
    assert [session.outcome for session in report.sessions] == outcomes.split()
    assert refined.recording.caveats == []
    for session in report.sessions:
        if session.outcome is Outcome.CLOSED:
            frame, connection = closes[session.key or ""]
            assert session.closed is not None
            assert session.closed.earliest is not None
            assert session.closed.latest is not None
            assert session.closed.earliest <= connection
            assert frame <= session.closed.latest + SERVER_LATE
            assert session.closed.latest - session.closed.earliest <= width * MILLISECOND


# -- any two witnesses -----------------------------------------------------------------------------------------

OFFSETS = st.integers(0, 3 * SECOND)


@given(st.integers(3 * SECOND, 9 * SECOND), OFFSETS, OFFSETS, OFFSETS, OFFSETS, st.booleans(), st.booleans())
def test_what_both_allow_holds_what_is_true(
    truth: int, a: int, b: int, c: int, d: int, has_ended: bool, is_gone: bool
) -> None:
    """Where both are right, so is what they say together, and it is as narrow as either."""
    one = Span(truth - a, truth + b if has_ended else None)
    other = Span(truth - c, truth + d if is_gone else None)
    both, gap = meet(one, other)
    assert gap == 0
    assert both.earliest <= truth
    assert both.latest is None or truth <= both.latest
    assert both.earliest == max(one.earliest, other.earliest)


@given(st.integers(0, 9 * SECOND), OFFSETS, st.integers(0, 9 * SECOND), OFFSETS, st.booleans())
def test_where_one_witness_is_wrong_the_other_is_not_given_up(
    low: int, length: int, other_low: int, other_length: int, has_ended: bool
) -> None:
    one = Span(low, low + length if has_ended else None)
    other = Span(other_low, other_low + other_length)
    both, gap = meet(one, other)
    if gap > LATE:
        assert both.earliest == min(low, other_low)
        assert (both.latest is None) is (one.latest is None)
        assert both.latest is None or both.latest == max(one.latest or 0, other_low + other_length)
