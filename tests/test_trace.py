"""Performance traces: real ones against what is known to have happened, and small ones that show one thing each.

The captures are thinned: of events that nobody reads one in forty is left, and the last one of each thread. Their truth
is on the clock of the trace, in milliseconds.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from lifetimes import SLACK_MS, contradictions, truth_of

from analyzer.extract import extract
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Capture, CaptureError, Clock, Evidence, Outcome, PageKind, Policy, Report, Run, Verdict
from analyzer.outputs import STREAMED, render
from analyzer.pipeline import analyze

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
TRACES = sorted([*CAPTURES.glob("*.trace.json"), *CAPTURES.glob("*.trace.json.gz")])
KEPT = ("trace-09-nav-return", "trace-kept-page-closed")  # a page in the back/forward cache reports a close late
LATE = ("trace-begun-late", "trace-left-by-link", "trace-one-tab-begun-late")
URL = "ws://127.0.0.1:1/ws?token=s3cr3t"
PAGE = "http://127.0.0.1:1/app/"
SECOND = 1_000_000
TIMELINE = "devtools.timeline"


def event(at: float, name: str, pid: int = 1, tid: int = 1, ph: str = "I", cat: str = TIMELINE, **data: Any) -> Json:
    """One event. `at`: seconds."""
    args = {"data": data}
    return {"args": args, "cat": cat, "name": name, "ph": ph, "pid": pid, "tid": tid, "ts": at * SECOND, "tts": 5}


def begin(at: float = 1, **data: Any) -> Json:
    return {**event(at, "TracingStartedInBrowser", 9, 9), "args": {"data": data} if data else {}}


def commit(at: float, url: str = PAGE, frame: str = "F", pid: int = 1, **data: Any) -> Json:
    return event(at, "CommitLoad", pid, ph="X", frame=frame, url=url, **{"isOutermostMainFrame": True} | data)


def socket(at: float, id: int = 5, pid: int = 1, frame: str = "F", **data: Any) -> list[Json]:
    """A socket that opens 2 ms later."""
    return [
        event(at, "WebSocketCreate", pid, identifier=id, url=URL, frame=frame, **data),
        event(at + 0.001, "WebSocketSendHandshakeRequest", pid, identifier=id, frame=frame),
        event(at + 0.002, "WebSocketReceiveHandshakeResponse", pid, identifier=id, frame=frame),
    ]


def close(at: float, id: int = 5, pid: int = 1) -> Json:
    return event(at, "WebSocketDestroy", pid, identifier=id, frame="F")


def processes(at: float, *pids: int) -> Json:
    args = {"chrome_active_processes": {"pid": list(pids)}}
    return {
        "args": args,
        "cat": "__metadata",
        "name": "ActiveProcesses",
        "ph": "I",
        "pid": 0,
        "tid": 0,
        "ts": at * SECOND,
    }


def idle(at: float, pid: int = 1) -> Json:
    return event(at, "RunTask", pid, ph="X")


def whole(*events: Json) -> Json:
    return {"traceEvents": [begin(), commit(2), *events]}


def capture(value: object) -> Capture:
    return read(io.BytesIO(json.dumps(value).encode()), "a.trace.json")


def report(*events: Json) -> Report:
    return analyze(capture(whole(*events)))


def ids(capture: Capture) -> set[str]:
    return {caveat.id for caveat in capture.caveats}


def unpack(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def end_of(capture: Capture) -> float:
    return 0.0 if capture.observed is None else (capture.observed.end or 0) / 1000


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_no_claim_about_a_real_trace_contradicts_what_happened(path: Path) -> None:
    answer = analyze(read(path))
    assert not contradictions(answer, truth_of(path), end_of(answer.capture))


@pytest.mark.parametrize(
    "path", [path for path in TRACES if not path.name.startswith(KEPT + LATE)], ids=lambda path: path.name
)
def test_a_trace_that_begins_before_its_page_is_decided(path: Path) -> None:
    assert analyze(read(path)).verdict in (Verdict.OVERLAP, Verdict.NO_OVERLAP)


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_a_trace_that_is_cut_off_counts_up_to_its_last_event(path: Path) -> None:
    data, truth = unpack(path), truth_of(path)
    for end in range(len(data) // 21, len(data), len(data) // 20):
        try:
            cut = read(io.BytesIO(data[:end]), path.name)
        except CaptureError:
            continue
        assert not contradictions(analyze(cut), truth, end_of(cut) + SLACK_MS), end


@pytest.mark.parametrize("name", LATE)
def test_a_trace_that_began_after_its_page_does_not_claim_that_nothing_overlapped(name: str) -> None:
    (path,) = (it for it in TRACES if it.name.startswith(name + "."))
    answer = analyze(read(path))
    assert answer.verdict is Verdict.INCONCLUSIVE and "recorded-late" in ids(answer.capture)


@pytest.mark.parametrize(("name", "verdict"), [(KEPT[0], Verdict.OVERLAP), (KEPT[1], Verdict.POSSIBLE_OVERLAP)])
def test_a_socket_of_a_kept_page_is_open_as_its_page_sees_it(name: str, verdict: Verdict) -> None:
    """The second process was silent at the end: nothing shows that it was still there."""
    (path,) = (it for it in TRACES if it.name.startswith(name + "."))
    assert analyze(read(path)).verdict is verdict


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda events: {"traceEvents": events}, id="an object"),
        pytest.param(lambda events: {"metadata": {"source": "DevTools"}, "traceEvents": events}, id="DevTools"),
        pytest.param(lambda events: {"traceEvents": events, "metadata": {"product": "x"}}, id="metadata at the end"),
        pytest.param(lambda events: events, id="an array"),
    ],
)
def test_every_shape_says_the_same(shape: Any) -> None:
    events = whole(*socket(3), idle(9))["traceEvents"]
    assert [it.url for it in capture(shape(events)).traces] == [URL]
    assert capture(shape(events)).files[0].clock is Clock.RELATIVE


def test_an_array_without_its_bracket_is_cut_off() -> None:
    text = json.dumps(whole(*socket(3), *(idle(at) for at in (9, 10, 11, 12)))["traceEvents"])
    answer = analyze(read(io.BytesIO(text[:-1].encode()), "a.trace.json"))
    assert "cut-off" in ids(answer.capture) and answer.verdict is Verdict.NO_OVERLAP


def test_a_socket_is_certain_from_its_first_message() -> None:
    sent = event(3.01, "WebSocketSend", identifier=5, dataLength=7)
    (session,) = report(*socket(3), sent, close(5), idle(9)).sessions
    assert session.outcome is Outcome.CLOSED and session.proven is not None
    assert (session.proven.start, session.proven.end) == (3_010_000, 5_000_000)
    assert (list(session.messages.lengths), session.messages.sent) == ([7], 1)


def test_a_socket_that_opened_as_the_trace_ended_is_certain_at_no_instant() -> None:
    (session,) = report(*socket(3), idle(3.003)).sessions
    assert session.proven is None and session.possible is not None


def test_a_handshake_that_was_not_answered_failed_if_it_ended() -> None:
    failed, connecting = socket(3)[:2], socket(4, id=6)[:2]
    one, other = report(*failed, close(3.5), *connecting, idle(9)).sessions
    assert (one.outcome, other.outcome) == (Outcome.FAILED, Outcome.CONNECTING)


def test_a_process_that_is_missing_from_the_list_took_its_sockets_with_it() -> None:
    there, gone = [processes(at, 1, 2) for at in (3.5, 4)], [processes(at, 2) for at in (4.5, 5)]
    (session,) = report(*socket(3), *there, idle(4.2), *gone, idle(9, pid=2)).sessions
    assert session.closed is not None and session.closed.evidence is Evidence.PAGE_GONE
    assert (session.closed.earliest, session.closed.latest) == (4_200_000, 4_500_000)


def test_a_process_that_fell_silent_may_have_ended() -> None:
    """Async events of a dead process come 0.9 s late, so they are no signs of life."""
    late = {**event(6, "PipelineReporter", ph="e")}
    late.pop("tts")
    (session,) = report(*socket(3), idle(4), late, idle(9, pid=2)).sessions
    assert session.outcome is Outcome.UNKNOWN and session.proven is not None
    assert session.proven.end == 4_000_001


def test_a_process_that_was_silent_for_a_moment_is_taken_for_alive_and_that_is_said() -> None:
    assert "assumed-page-alive" in ids(report(*socket(3), idle(8.7), idle(9, pid=2)).capture)
    assert "assumed-page-alive" not in ids(report(*socket(3), idle(8.95), idle(9, pid=2)).capture)


def test_nothing_is_taken_for_alive_after_which_another_process_opened_a_socket() -> None:
    first, _ = report(*socket(3), idle(8.7), commit(2.5, frame="G", pid=2), *socket(8.8, pid=2, frame="G")).sessions
    assert first.outcome is Outcome.UNKNOWN


def test_a_frame_that_the_browser_removed_took_its_sockets_with_it() -> None:
    removed = event(5, "FrameDeletedInBrowser", pid=9, frame="F")
    (session,) = report(*socket(3), idle(4.9), removed, idle(9, pid=9)).sessions
    assert session.closed is not None and session.closed.evidence is Evidence.PAGE_GONE


def test_a_page_that_was_left_keeps_its_socket_while_its_process_runs() -> None:
    answer = report(*socket(3), idle(4), commit(5, PAGE + "b"), idle(9))
    (session,) = answer.sessions
    assert session.outcome is Outcome.OPEN
    assert session.assumes is not None and session.assumes.id == "assumed-kept-open"


def test_a_page_that_was_left_may_have_gone_with_its_process() -> None:
    (session,) = report(*socket(3), idle(4), commit(5, PAGE + "b"), idle(9, pid=2)).sessions
    assert session.outcome is Outcome.UNKNOWN and session.proven is not None
    assert session.proven.end is not None and session.proven.end < 5_000_000


def test_the_close_of_a_page_that_was_left_may_be_reported_late() -> None:
    (session,) = report(*socket(3), idle(4), commit(5, PAGE + "b"), close(8), idle(9)).sessions
    assert session.closed is not None and session.closed.latest == 8_000_000
    assert session.closed.earliest is not None and session.closed.earliest < 5_000_000


def test_a_page_that_was_reloaded_reports_the_close_before_that() -> None:
    (session,) = report(*socket(3), close(4.99), commit(5), idle(9)).sessions
    assert session.closed is not None and session.closed.earliest == session.closed.latest == 4_990_000


def test_one_commit_that_two_processes_report_is_one_page() -> None:
    by_browser = event(2.9, "FrameCommittedInBrowser", pid=9, frame="F", url=PAGE + "b", isOutermostMainFrame=True)
    pages = report(by_browser, commit(3, PAGE + "b"), commit(4, PAGE + "b"), commit(5)).capture.pages
    kinds = [PageKind.LOAD, PageKind.NAVIGATION, PageKind.UNKNOWN, PageKind.NAVIGATION]
    assert [page.kind for page in pages] == kinds
    assert (pages[1].started, pages[3].returned) == (3_000_000, True)


def test_a_worker_and_an_iframe_are_named() -> None:
    inner = commit(2.5, frame="G", isOutermostMainFrame=False, parent="F")
    worker = event(4, "WebSocketCreate", identifier=7, url=URL, workerId="W")
    page, iframe, other = report(*socket(3), inner, *socket(3.5, 6, frame="G"), worker, idle(9)).sessions
    assert (page.context, iframe.context, other.context) == (None, "iframe", "worker")
    assert (page.page, iframe.page, other.page) == ("page_1", "page_1", None)


def test_lines_and_columns_of_a_stack_count_from_one() -> None:
    frame = {"functionName": "connect", "url": PAGE + "a.js", "lineNumber": 2, "columnNumber": 161, "scriptId": "9"}
    (session,) = report(*socket(3, stackTrace=[frame]), idle(9)).sessions
    assert session.initiator is not None
    assert (session.initiator.function, session.initiator.line, session.initiator.column) == ("connect", 2, 161)


def test_a_socket_that_is_older_than_the_trace_is_open_from_its_first_message() -> None:
    answer = report(event(3, "WebSocketReceive", identifier=5, dataLength=1), close(5), idle(9))
    (session,) = answer.sessions
    assert session.proven is not None and (session.proven.start, session.proven.end) == (3_000_000, 5_000_000)
    assert "recorded-late" in ids(answer.capture)


@pytest.mark.parametrize(
    ("events", "caveat"),
    [
        pytest.param([{**commit(2), "cat": "v8"}], "sockets-not-exported", id="without the category of sockets"),
        pytest.param([commit(2)], "beginning-lost", id="without its beginning"),
        pytest.param([begin(), idle(3)], "recorded-late", id="without a page"),
        pytest.param([begin(frames=[{"frame": "F", "url": PAGE}]), commit(2)], "recorded-late", id="begun in a page"),
        pytest.param(
            [begin(frames=[{"frame": "F", "url": "about:blank"}]), commit(2)], "out-of-sight", id="of one tab"
        ),
        pytest.param([begin(), commit(2), idle(3), {"name": 1, "ts": []}], "entries-skipped", id="damaged"),
    ],
)
def test_what_limits_a_trace_is_said(events: list[Json], caveat: str) -> None:
    answer = analyze(capture({"traceEvents": events}))
    assert caveat in ids(answer.capture)
    assert (answer.verdict is Verdict.NO_SOCKETS) == (caveat == "out-of-sight")


def test_a_trace_in_no_order_that_is_cut_off_proves_no_socket_open() -> None:
    text = json.dumps(whole(*socket(3), *(idle(9 - at) for at in range(4)), close(5)))
    answer = analyze(read(io.BytesIO(text[: text.rindex("WebSocketDestroy")].encode()), "a.trace.json"))
    assert [it.outcome for it in answer.sessions] == [Outcome.UNKNOWN]
    assert answer.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("data", [b"{}", b"[", b'{"traceEvents":{}}', b'{"traceEvents":[', b'[{"ph":"M"'])
def test_what_is_no_trace_is_refused_or_empty(data: bytes) -> None:
    try:
        assert not read(io.BytesIO(data), "a.trace.json").traces
    except CaptureError as error:
        assert "\n" not in error.problem


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    ),
    st.sampled_from(["args", "ts", "pid", "tid", "ph", "tts", "cat"]),
    st.integers(0, 6),
)
def test_no_value_of_a_field_breaks_the_reader(value: Any, field: str, place: int) -> None:
    events = whole(*socket(3), close(5), idle(9))["traceEvents"]
    events[place][field] = value
    analyze(capture({"traceEvents": events}))


def test_no_output_shows_a_secret_or_a_date() -> None:
    """A trace has no date, so its instants are shown in seconds; JSON counts them from 1970, and says so."""
    answer = report(*socket(3), close(5), idle(9))
    run = mask(Run((answer,), (), Policy()))
    for form in ("text", "markdown", "html", "junit"):
        text = render(form, run).decode()
        assert "s3cr3t" not in text and "1970" not in text, form
    document = json.loads(render("json", run))
    assert document["captures"][0]["clock"] == "relative"


def test_a_finding_and_a_chart_of_a_trace_have_no_date() -> None:
    """Two sockets at once, so that every output has findings with instants."""
    answer = report(*socket(3), *socket(4, id=6), idle(9))
    run = mask(Run((answer,), (), Policy()))
    assert answer.verdict is Verdict.OVERLAP
    for form in ("text", "markdown", "html", "junit", "github", "svg"):
        assert "1970" not in render(form, run).decode(), form


CANARIES = {
    "the address of the socket": "c4n4ry0000000001",
    "the address of the page": "c4n4ry0000000002",
    "a script": "c4n4ry0000000003",
    "the metadata": "c4n4ry0000000004",
    "a frame": "c4n4ry0000000005",
    "an event that nobody reads": "c4n4ry0000000006",
}


def test_no_output_and_no_extract_holds_a_secret() -> None:
    """A trace holds every address with its query, those of scripts and frames, too."""
    address, page, script, metadata, frame, other = CANARIES.values()
    stack = [{"functionName": "f", "url": f"{PAGE}a.js?token={script}", "lineNumber": 2, "columnNumber": 1}]
    opening = socket(3, stackTrace=stack)
    opening[0]["args"]["data"]["url"] = f"ws://127.0.0.1:1/ws?token={address}"
    events = [
        begin(frames=[{"frame": "F", "url": f"{PAGE}?token={frame}"}]),
        commit(2, f"{PAGE}?token={page}"),
        *opening,
        event(4, "ResourceSendRequest", url=f"{PAGE}?token={other}"),
        close(5),
        idle(9),
    ]
    small = capture({"metadata": {"source": "DevTools", "key": metadata}, "traceEvents": events})
    run = mask(Run((analyze(small),), (), Policy()))
    forms = {name: render(name, run).decode() for name in STREAMED}
    forms["extract"] = extract(small).data.decode()
    for name, text in forms.items():
        assert not [what for what, canary in CANARIES.items() if canary in text], name
