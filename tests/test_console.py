"""Lines of the browser's console: which are kept, which socket they are about, what people see of them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer import Report, analyze, console, extract, masking, read
from analyzer.document import capture_document
from analyzer.formats.har.console import LONGEST_TEXT, MOST_LINES
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Bounds,
    ConsoleLine,
    Evidence,
    Instant,
    Level,
    Outcome,
    Policy,
    Run,
    Session,
    Step,
)
from analyzer.outputs import html, markdown, show, text
from analyzer.recorder import console as recorded
from analyzer.recorder.connection import decode_message
from analyzer.services.console import find_services
from analyzer.services.loading import builtin
from analyzer.wording.console import describe_nearness

ZERO = 1_790_000_000 * SECOND + 125 * MILLISECOND
STREAM = "wss://chat.stream-io-api.com/connect?api_key=k&json=%7B%22user_id%22%3A%22ann%22%7D&stream-auth-type=jwt"
WARNING = "Consecutive calls to connectUser is detected, ideally you should only call this function once in your app."
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYW5uIn0.c2lnbmF0dXJlLWNhbmFyeQ"


def pick(method: str, params: dict[str, Any], at: Instant) -> ConsoleLine | None:
    message = decode_message(json.dumps({"method": method, "params": params}).encode())
    return recorded.pick(message.method, message.params, at)


# -- which lines are kept --------------------------------------------------------------------------------------------


def call(*arguments: Any, type: str = "warning", at: float = 1795995080119.111) -> dict[str, Any]:
    """Runtime.consoleAPICalled, as Chromium 156 sends it."""
    args = [it if isinstance(it, dict) else {"type": "string", "value": it} for it in arguments]
    frame = {"functionName": "connect", "scriptId": "3", "url": "https://h/app.js", "lineNumber": 1, "columnNumber": 67}
    return {"type": type, "args": args, "timestamp": at, "stackTrace": {"callFrames": [frame]}}


def entry(text: str, **members: Any) -> dict[str, Any]:
    """Log.entryAdded."""
    return {"entry": {"source": "network", "level": "error", "text": text, "timestamp": 1795995080129.705, **members}}


def thrown(message: str) -> dict[str, Any]:
    """Runtime.exceptionThrown."""
    error = {
        "type": "object",
        "subtype": "error",
        "className": "Error",
        "description": f"Error: {message}\n    at http://localhost:35091/:7:16",
        "preview": {"properties": [{"name": "message", "type": "string", "value": message}]},
    }
    return {"timestamp": 1795995080115.381, "exceptionDetails": {"text": "Uncaught (in promise)", "exception": error}}


CLOSED = "WebSocket connection to 'ws://localhost:1/w' failed: Error in connection establishment: net::ERR_UNSAFE_PORT"
KEPT = {
    "Stream's warning": ("Runtime.consoleAPICalled", call(WARNING), WARNING),
    "what Stream throws": (
        "Runtime.exceptionThrown",
        thrown("Use client.disconnect() before trying to connect as a different user. connectUser was called twice."),
        "Uncaught (in promise) Error: Use client.disconnect() before trying to connect as a different user. connectUser "
        "was called twice.",
    ),
    "Ably's prefix": ("Runtime.consoleAPICalled", call("Ably: Auth: failed", type="error"), "Ably: Auth: failed"),
    "Ably's prefix with a time": ("Runtime.consoleAPICalled", call("09:08:07.12 Ably: x: y"), "09:08:07.12 Ably: x: y"),
    "Pusher's prefix": ("Runtime.consoleAPICalled", call('Pusher : "No"'), 'Pusher : "No"'),
    "Firebase's prefix": (
        "Runtime.consoleAPICalled",
        call("[2026-11-29T23:00:00.000Z]  @firebase/database:", "FIREBASE WARNING: set failed"),
        "[2026-11-29T23:00:00.000Z]  @firebase/database: FIREBASE WARNING: set failed",
    ),
    "Vite's prefix": ("Runtime.consoleAPICalled", call("[vite]", "failed", type="error"), "[vite] failed"),
    "the browser's own words": ("Log.entryAdded", entry(CLOSED), CLOSED),
    "the name of a service": (
        "Runtime.consoleAPICalled",
        call("connection to Action Cable lost"),
        "connection to Action Cable lost",
    ),
    "the host of a service": (
        "Log.entryAdded",
        entry("Failed to load resource: 401", url="https://chat.stream-io-api.com/channels?x=1"),
        "Failed to load resource: 401",
    ),
    "an address of a socket": (
        "Log.entryAdded",
        entry("Refused to connect to 'wss://h/p'", source="security"),
        "Refused to connect to 'wss://h/p'",
    ),
    "an assertion": ("Runtime.consoleAPICalled", call("no websocket", type="assert"), "no websocket"),
    "placeholders": (
        "Runtime.consoleAPICalled",
        call("%cWebSocket %s: %d of %o%%", "color: red", "lost", {"type": "number", "value": 3}, {"type": "undefined"}),
        "WebSocket lost: 3 of undefined%",
    ),
    "fewer arguments than placeholders": ("Runtime.consoleAPICalled", call("websocket %s"), "websocket %s"),
    "null": (
        "Runtime.consoleAPICalled",
        call("websocket", {"type": "object", "subtype": "null", "value": None}),
        "websocket null",
    ),
    "not a number": (
        "Runtime.consoleAPICalled",
        call("websocket", {"type": "number", "unserializableValue": "NaN", "description": "NaN"}),
        "websocket NaN",
    ),
}


@pytest.mark.parametrize(("method", "params", "words"), KEPT.values(), ids=KEPT)
def test_a_warning_that_names_a_socket_a_service_or_its_client_is_kept(
    method: str, params: dict[str, Any], words: str
) -> None:
    line = pick(method, params, ZERO * 2)
    assert line is not None
    assert line.text == words


PASSED_OVER = {
    "a log": ("Runtime.consoleAPICalled", call(WARNING, type="log")),
    "a warning about something else": ("Runtime.consoleAPICalled", call("Each child in a list should have a key.")),
    "a part of a word": ("Runtime.consoleAPICalled", call("probably Slackline and notmqtt")),
    "a resource of another host": ("Log.entryAdded", entry("Failed to load", url="https://h.example/x.png")),
    "a worker's line as its page's": ("Log.entryAdded", entry(WARNING, source="worker")),
    "information": ("Log.entryAdded", entry(CLOSED, level="info")),
    "nothing": ("Runtime.consoleAPICalled", {"type": "warning", "args": []}),
    "another event": ("Network.webSocketClosed", {"requestId": "1"}),
}


@pytest.mark.parametrize(("method", "params"), PASSED_OVER.values(), ids=PASSED_OVER)
def test_other_lines_are_passed_over(method: str, params: dict[str, Any]) -> None:
    assert pick(method, params, ZERO) is None


def test_a_line_has_its_own_instant_its_level_and_the_code_that_wrote_it() -> None:
    line = pick("Runtime.consoleAPICalled", call(WARNING), ZERO * 2)
    assert line is not None and line.code is not None
    assert (line.at, line.level) == (1795995080_119_111, Level.WARNING)
    assert (line.code.function, line.code.url, line.code.line) == ("connect", "https://h/app.js", 2)
    earlier = pick("Runtime.consoleAPICalled", call(WARNING), ZERO)
    assert earlier is not None and earlier.at == ZERO  # nothing was written after it was read


def test_objects_show_no_contents() -> None:
    """Nor does the preview that the browser sends along."""
    config = {"type": "object", "className": "Config", "description": "Config", "preview": {"properties": [TOKEN]}}
    tokens = {"type": "object", "subtype": "array", "className": "Array", "description": f"Array(1) {TOKEN}"}
    line = pick("Runtime.consoleAPICalled", call("WebSocket", config, tokens), ZERO)
    assert line is not None
    assert line.text == "WebSocket Config Array"


def test_what_no_file_can_hold_is_replaced() -> None:
    """A page may write half of a surrogate pair, which is no character."""
    line = pick("Runtime.consoleAPICalled", call("WebSocket \ud800."), ZERO)
    assert line is not None
    assert line.text == "WebSocket \ufffd."


def test_a_long_text_is_cut() -> None:
    line = pick("Runtime.consoleAPICalled", call("WebSocket" + "x" * 1_000_000), ZERO)
    assert line is not None
    assert len(line.text) == LONGEST_TEXT


FIELDS = [
    "type",
    "args",
    "entry",
    "exceptionDetails",
    "exception",
    "value",
    "description",
    "level",
    "text",
    "timestamp",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(recorded.EVENTS)), st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5))
def test_whatever_comes_in_raises_nothing(method: str, params: dict[str, Any]) -> None:
    """A browser of another version may send something else."""
    pick(method, params, ZERO)


def test_every_pattern_of_the_catalogue_names_its_own_services_alone() -> None:
    assert find_services(WARNING, builtin()) == {"stream-chat", "stream-video"}
    assert find_services("WS failed with code 40 and reason - no", builtin()) == {"stream-chat"}
    assert find_services("Ably: x", builtin()) == {"ably"}
    assert find_services("probably: x", builtin()) == frozenset()


# -- the socket that a line is about ---------------------------------------------------------------------------------


def at(seconds: float) -> Instant:
    return ZERO + round(seconds * SECOND)


def bounds(low: float, high: float | None = None) -> Bounds:
    return Bounds(at(low), at(low if high is None else high), Evidence.CLOSE_RECORD)


def line(text: str, seconds: float, page: str | None = "page_1", clock: int = 0) -> ConsoleLine:
    return ConsoleLine(at(seconds), Level.WARNING, text, page, clock=clock)


def capture(
    sockets: Sequence[tuple[float, str]],
    lines: Sequence[dict[str, Any]] = (),
    *,
    pages: Sequence[str] = ("page_1",),
    dropped: int = 0,
) -> bytes:
    """A recording with sockets that are requested, open 10 ms later and close 5 s after that."""
    entries = [
        {
            "pageref": pages[number % len(pages)],
            "startedDateTime": stamp(start),
            "time": 5010,
            "request": {"method": "GET", "url": url, "headers": []},
            "response": {"status": 101, "headers": [], "content": {}},
            "timings": {"send": 0, "wait": 10, "receive": 0},
            "_resourceType": "websocket",
            "_webSocketMessages": [],
            "_webSocketClose": {"timestamp": at(start + 5.01) / SECOND},
        }
        for number, (start, url) in enumerate(sockets)
    ]
    own: dict[str, Any] = {"until": stamp(60), "console": list(lines), "consoleDropped": dropped}
    listed = [
        {"id": page, "startedDateTime": stamp(0), "title": "https://h/", "_tab": page, "_kind": "load"}
        for page in pages
    ]
    log = {"creator": {"name": "har-sockets", "version": "1"}, "_harSockets": own, "pages": listed, "entries": entries}
    return json.dumps({"log": {"version": "1.2", **log}}).encode()


def stamp(seconds: float) -> str:
    from analyzer.formats.har.writer import date

    return date(at(seconds))


def written(text: str, seconds: float, page: str = "page_1") -> dict[str, Any]:
    return {"time": at(seconds) / SECOND, "level": "warning", "message": text, "pageref": page}


def report_of(data: bytes) -> Report:
    return analyze(read(io.BytesIO(data), "chat.har"))


def about(sockets: Sequence[tuple[float, str]], text: str, seconds: float, **more: Any) -> tuple[Any, ...] | None:
    (only,) = report_of(capture(sockets, [written(text, seconds)], **more)).capture.console
    near = only.about
    return near and (near.session, near.named, near.step, near.after // MILLISECOND)


PLAIN = "wss://h.example/chat"
LONG = "wss://h.example/chat?token=" + "a" * 1200 + "&end=1"
CASES = {
    "just before a socket": ([(1, STREAM), (3, STREAM)], WARNING, 2.997, ("s2", False, Step.REQUESTED, -3)),
    "just after a socket": ([(1, STREAM), (3, STREAM)], WARNING, 3.3, ("s2", False, Step.OPENED, 290)),
    "near a close": ([(1, PLAIN)], "websocket gone", 6.02, ("s1", False, Step.CLOSED, 10)),
    "of a service: none of another": ([(2, PLAIN)], WARNING, 2.001, None),
    "of a service, with another nearer": (
        [(2, PLAIN), (2.5, STREAM)],
        WARNING,
        2.001,
        ("s2", False, Step.REQUESTED, -499),
    ),
    "more than a second away": ([(1, STREAM)], WARNING, 2.02, None),
    "by address, however far": ([(1, PLAIN)], f"cannot use {PLAIN}.", 40, ("s1", True, Step.CLOSED, 33990)),
    "by an address that the browser shortened": (
        [(1, LONG)],
        f"WebSocket connection to '{LONG[:511]}...{LONG[-510:]}' failed",
        1.5,
        ("s1", True, Step.OPENED, 490),
    ),
    "with the address of no socket here": ([(1, PLAIN)], "Refused to connect to 'wss://other.example/'", 1, None),
    "of no socket at all": ([], WARNING, 1, None),
}


@pytest.mark.parametrize(("sockets", "words", "seconds", "expected"), CASES.values(), ids=CASES)
def test_a_line_is_about_the_socket_that_it_names_or_the_nearest_one(
    sockets: list[tuple[float, str]], words: str, seconds: float, expected: tuple[Any, ...] | None
) -> None:
    assert about(sockets, words, seconds) == expected


def test_a_line_is_about_no_socket_of_another_page() -> None:
    sockets = [(1.0, STREAM), (1.2, STREAM)]
    assert about(sockets, WARNING, 1.0, pages=("page_2", "page_1")) == ("s2", False, Step.REQUESTED, -200)


def session(id: str, url: str = PLAIN, **members: Any) -> Session:
    plain = report_of(capture([(1, url)])).sessions[0]
    return msgspec.structs.replace(plain, id=id, **members)


def test_bounds_are_no_instant() -> None:
    """Of a socket that was requested between 1 and 2 s nothing more is known at 1.5 s."""
    wide = session("s1", created=bounds(1, 2), opened=None, closed=None, outcome=Outcome.CONNECTING)
    inside, after = (console.relate([line("websocket", it)], [wide])[0].about for it in (1.5, 2.25))
    assert inside is not None and (inside.after, inside.exact) == (0, False)
    assert after is not None and (after.after, after.exact) == (SECOND // 4, False)
    assert describe_nearness(inside) == "about when socket #1 was requested"
    assert describe_nearness(after) == "at least 250 ms after socket #1 was requested"


def test_instants_of_different_clocks_are_not_compared() -> None:
    assert console.relate([line("websocket", 1, clock=-1)], [session("s1")])[0].about is None


@given(st.lists(st.floats(0, 20), min_size=1, max_size=8), st.floats(0, 20))
def test_no_socket_is_nearer_than_the_one_that_a_line_is_about(starts: list[float], moment: float) -> None:
    """Against looking at each step of each socket."""
    plain = session("s1")
    sockets = [
        msgspec.structs.replace(plain, id=f"s{n}", created=bounds(start), opened=bounds(start + 0.5), closed=None)
        for n, start in enumerate(starts, 1)
    ]
    instants = [it.latest for socket in sockets for it in (socket.created, socket.opened) if it is not None]
    nearest = min(abs(at(moment) - it) for it in instants if it is not None)
    near = console.relate([line("websocket", moment)], sockets)[0].about
    assert (near is None) == (nearest > SECOND)
    assert near is None or abs(near.after) == nearest


# -- what people see -------------------------------------------------------------------------------------------------


def masked(data: bytes) -> Run:
    return masking.mask(Run((report_of(data),), (), Policy()))


def test_every_report_shows_the_line_beside_its_socket() -> None:
    run = masked(capture([(1, STREAM), (3, STREAM)], [written(WARNING, 2.997)]))
    words = " ".join(text.render(run, width=400).decode().split())
    assert f"Browser console · 2.00 s warning: {WARNING} (3 ms before socket #2 was requested)" in words
    for page in (html.render(run).decode(), markdown.render(run).decode()):
        assert "3 ms before socket #2" in re.sub("<[^>]*>|`", "", page)
    first, second = (show.text(run, it).decode() for it in run.reports[0].sessions)
    assert "connectUser" in second and "3 ms before it was requested" in second
    assert "connectUser" not in first


def test_equal_lines_are_one_with_their_number() -> None:
    data = capture([(1, PLAIN)], [written("websocket lost", 1.1 + n / 100) for n in range(3)], dropped=7)
    words = " ".join(text.render(masked(data), width=200).decode().split())
    assert words.count("websocket lost") == 1
    assert "and 2 times more" in words
    assert "and 7 later lines that the recording did not keep" in words


def test_no_secret_of_a_line_leaves() -> None:
    """In texts, in addresses within them, and in the call stack."""
    stack = {"stack": {"callFrames": [{"functionName": TOKEN, "url": f"https://h/a.js?key=canary-key&t={TOKEN}"}]}}
    url = "wss://h.example/chat?token=canary-token"
    lines = [
        written(f"WebSocket connection to '{url}' failed, token=canary-named {TOKEN}", 1),
        {**written("websocket of ann: canary-token", 1), "_initiator": stack},
    ]
    data = capture([(1, url), (2, STREAM)], lines)
    run = masked(data)
    pages = [
        text.render(run),
        html.render(run),
        markdown.render(run),
        json.dumps(capture_document(run.reports[0])).encode(),
    ]
    pages += [extract.extract(io.BytesIO(data)).data, *(show.text(run, it) for it in run.reports[0].sessions)]
    for page in pages:
        for secret in (b"canary", TOKEN.encode(), b" ann:"):
            assert secret not in page
    assert b"canary-token" in json.dumps(capture_document(report_of(data))).encode()  # else this tries nothing


def test_an_extract_keeps_the_lines_masked() -> None:
    data = capture([(1, STREAM)], [written(f"{WARNING} {TOKEN}", 1.001)], dropped=2)
    again = report_of(extract.extract(io.BytesIO(data)).data)
    (only,) = again.capture.console
    assert only.text.startswith(WARNING) and TOKEN not in only.text
    assert (only.page, again.capture.console_dropped) == ("page_1", 2)


def test_several_captures_of_one_run_keep_their_lines_and_pages() -> None:
    from analyzer.merge import merge

    data = [capture([(start, STREAM)], [written(WARNING, start)]) for start in (1, 9)]
    report = analyze(merge([read(io.BytesIO(it), f"{name}.har") for name, it in zip("ab", data, strict=True)]))
    ids = [it.about and it.about.session for it in report.capture.console]
    assert ids == ["s1", "s2"]
    assert [it.pointer for it in report.capture.console] == [f"{it}.har#/log/_harSockets/console/0" for it in "ab"]


def test_what_is_no_line_is_passed_over() -> None:
    damaged: list[Any] = [None, 1, "x", {}, {"time": "x", "level": "warning", "message": "a"}, written("", 1)]
    damaged += [{"time": 1.0, "level": "warning", "message": "a"}, {**written("b", 1), "level": ["warning"]}]
    report = report_of(capture([(1, PLAIN)], [*damaged, written("websocket", 1)]))
    assert [it.text for it in report.capture.console] == ["websocket"]
    assert report.capture.console[0].pointer == f"/log/_harSockets/console/{len(damaged)}"
    assert not report.capture.hides_sockets


def test_no_more_lines_are_read_than_are_written() -> None:
    report = report_of(capture([(1, PLAIN)], [written(f"websocket {n}", 1) for n in range(MOST_LINES + 5)]))
    assert len(report.capture.console) == MOST_LINES


def test_a_line_changes_no_answer() -> None:
    plain, with_lines = (capture([(1, STREAM), (2, STREAM)], it) for it in ((), [written(WARNING, 2)]))
    documents = [capture_document(report_of(it)) for it in (plain, with_lines)]
    for document in documents:
        for name in ("console", "sha256", "content_sha256", "bytes", "files"):
            del document[name]
    assert documents[0] == documents[1]
