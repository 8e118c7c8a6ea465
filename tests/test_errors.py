"""Errors of sockets, as Chrome writes them among the messages: when they came, what they ended, in which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from analyzer import outputs
from analyzer.masking import mask
from analyzer.model import Evidence, Policy, Report, Run, Session
from analyzer.outputs import show
from analyzer.rules import RULES
from tests.small_har import stack

Json = dict[str, Any]
T0 = 1_767_225_600.125  # 2026-01-01T00:00:00.125Z: dates in whole seconds alone would be cut ones
INVALID = "Invalid frame header"


def date(seconds: float) -> str:
    return dt.datetime.fromtimestamp(T0 + seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(at: float, data: str = "x", type: str = "receive", opcode: int = 1) -> Json:
    return {"type": type, "time": T0 + at, "opcode": opcode, "data": data}


def error(at: float, text: str | None = "") -> Json:
    return message(at, text, "error", -1)  # type: ignore[arg-type]


def socket(*messages: Json, status: int = 101, wait: float = 0, receive: float = 1, **more: Any) -> Json:
    """It was asked for at 1 s; `wait` s later was its last activity, and `receive` ms after that it was gone."""
    return {
        "startedDateTime": date(1),
        "time": wait * 1000 + receive,
        "_initiator": {"type": "script", "stack": stack("connect")},
        "_resourceType": "websocket",
        "pageref": "page_1",
        "request": {"method": "GET", "url": "wss://h.example/ws", "headers": []},
        "response": {"status": status, "headers": []},
        "timings": {"blocked": -1, "send": 0, "wait": wait * 1000, "receive": receive},
        "_webSocketMessages": list(messages),
        **more,
    }


@pytest.fixture
def chrome(report: Callable[..., Report]) -> Callable[..., Report]:
    """A page with one socket, by Chrome DevTools or another."""

    def do(entry: Json, creator: str = "WebInspector", version: str = "537.36") -> Report:
        page = {"id": "page_1", "title": "https://h.example/", "startedDateTime": date(0)}
        loaded = {
            **socket(_webSocketMessages=None, _resourceType="document", startedDateTime=date(0), status=200),
            "time": 50,
            "request": {"method": "GET", "url": "https://h.example/", "headers": []},
            "timings": {"wait": 40, "receive": 10},
        }
        made_by = {"name": creator, "version": version}
        return report({"log": {"creator": made_by, "pages": [page], "entries": [loaded, entry]}})

    return do


def only(report: Report) -> Session:
    (session,) = report.sessions
    return session


def said(report: Report) -> dict[str, str]:
    """What every output for people and programs says."""
    run = mask(Run((report,), (), Policy(), rules=RULES))
    names = ("text", "json", "csv", "html", "markdown")
    output = {name: outputs.render(name, run).decode().replace("\\", "") for name in names}
    output["show"] = show.render(run.reports[0], run.reports[0].sessions[0]).decode()
    return {name: " ".join(text.split()) for name, text in output.items()}


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        pytest.param(socket(error(4.3), status=0, wait=3.3), False, id="the error of a slow handshake"),
        pytest.param(socket(status=0, wait=3.3), False, id="a handshake that failed slowly, without a text"),
        pytest.param(socket(message(2), error(5, INVALID), wait=4), False, id="an error after the last message"),
        pytest.param(socket(error(5, INVALID), wait=4), False, id="an error as the only sign"),
        pytest.param(socket(message(2), error(3, INVALID), wait=4), True, id="something after the error"),
        pytest.param(socket(message(2), wait=4), True, id="something after the last message"),
        pytest.param(socket(wait=0.2), False, id="no message, and a quick answer"),
    ],
)
def test_messages_were_removed_only_where_something_came_later_than_all_that_is_there(
    entry: Json, missing: bool, chrome: Callable[..., Report]
) -> None:
    result = [caveat.message for caveat in chrome(entry).capture.caveats if caveat.id == "messages-removed"]
    assert result == (["Messages were removed from this file."] if missing else [])


def test_a_handshake_that_was_answered_late_is_no_proof_of_removed_messages(chrome: Callable[..., Report]) -> None:
    (output,) = (it.message for it in chrome(socket(wait=3)).capture.caveats if it.id == "messages-removed")
    assert output == "A handshake took longer than 1 s, or messages were removed from this file."


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        pytest.param(socket(error(4.3), status=0, wait=3.3), 4.3, id="a handshake that failed"),
        pytest.param(socket(message(2), error(5, INVALID), wait=4), 5.0, id="an open socket that broke"),
        pytest.param(socket(message(2), error(5, INVALID), wait=4, receive=0), 5.0, id="without a close"),
    ],
)
def test_what_was_seen_goes_to_the_last_error(entry: Json, end: float, chrome: Callable[..., Report]) -> None:
    observed = chrome(entry).capture.observed
    assert observed is not None
    assert observed.end == pytest.approx((T0 + end) * 1e6, abs=2_000)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(socket(message(2), error(5, INVALID), wait=4), id="its close was seen"),
        pytest.param(socket(message(2), error(5, INVALID), wait=4, receive=0), id="its close is not in the file"),
        pytest.param(socket(error(5, INVALID), wait=4), id="no message before it"),
        pytest.param(socket(message(2), error(4.9, ""), error(5, INVALID), wait=4), id="an empty one came before"),
    ],
)
def test_an_error_on_an_open_socket_closed_it_and_every_output_quotes_it(
    entry: Json, chrome: Callable[..., Report]
) -> None:
    result = chrome(entry)
    session = only(result)
    assert (session.outcome, session.problem) == ("closed", INVALID)
    assert session.closed is not None and session.closed.earliest is not None
    assert session.closed.earliest == pytest.approx((T0 + 5) * 1e6, abs=2_000)
    for name, text in said(result).items():
        assert INVALID in text, name
    assert "closed by an error: Invalid frame header" in said(result)["show"]


def test_a_socket_that_broke_is_gone_when_the_next_one_opens(chrome: Callable[..., Report]) -> None:
    broken = socket(message(2), error(5, INVALID), wait=4, receive=0)
    result = chrome(broken)
    assert only(result).possible is not None and only(result).possible.end is not None  # type: ignore[union-attr]


def test_the_text_of_an_error_is_masked_as_other_texts_are(chrome: Callable[..., Report]) -> None:
    result = chrome(socket(message(2), error(5, "broke at wss://h.example/ws?token=kQzvWnXb7r"), wait=4))
    for name, text in said(result).items():
        assert "kQzvWnXb7r" not in text, name
        assert "broke at" in text, name


@pytest.mark.parametrize("status", [0, 101, 200])
@pytest.mark.parametrize(
    "text",
    [
        "Error during WebSocket handshake: Unexpected response code: 200",
        "Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
        "Error in connection establishment: net::ERR_CONNECTION_RESET",
        "Connection closed before receiving a handshake response",
        "WebSocket opening handshake was canceled",
        "WebSocket opening handshake timed out",
        "Establishing a tunnel via proxy server failed.",
        "HTTP Authentication failed; no valid credentials available",
        "WebSocket is closed before the connection is established.",
    ],
)
def test_a_socket_whose_handshake_failed_by_the_files_own_words_never_opened(
    text: str, status: int, chrome: Callable[..., Report]
) -> None:
    session = only(chrome(socket(error(1.02, text), status=status, wait=0.02)))
    assert (session.outcome, session.opened, session.possible) == ("failed", None, None)
    assert session.problem is not None and text.rstrip(".").endswith(session.problem)


def test_no_sentence_ends_twice(chrome: Callable[..., Report]) -> None:
    result = chrome(
        socket(error(1.02, "WebSocket is closed before the connection is established."), status=0, wait=0.02)
    )
    for name, output in said(result).items():
        assert ".." not in output.replace("...", "") and ".," not in output, name


def test_in_playwright_the_text_of_the_failure_says_so(chrome: Callable[..., Report]) -> None:
    text = "Error during WebSocket handshake: Unexpected response code: 200"
    entry = socket(status=200, response={"status": 200, "headers": [], "_failureText": text})
    assert only(chrome(entry, "Playwright", version="1.65")).outcome == "failed"


def test_what_passed_over_a_socket_is_no_error_of_it(chrome: Callable[..., Report]) -> None:
    text = "Error during WebSocket handshake: Unexpected response code: 200"
    session = only(chrome(socket(message(2, text), wait=1)))
    assert (session.outcome, session.problem) == ("closed", None)
    session = only(chrome(socket(message(2, "kept to itself", opcode=5), wait=1)))
    assert session.problem is None


@pytest.mark.parametrize("text", ["", None])
@pytest.mark.parametrize("status", [0, 101])
def test_an_empty_text_means_that_no_reason_was_recorded(
    text: str | None, status: int, chrome: Callable[..., Report]
) -> None:
    result = chrome(socket(error(3, text), status=status, wait=2))
    assert only(result).problem == "no reason recorded"
    for name, output in said(result).items():
        assert "no reason recorded" in output, name
        assert "no answer" not in output, name


def test_of_a_socket_with_messages_it_is_not_said_that_none_followed(chrome: Callable[..., Report]) -> None:
    assert "no message" not in " ".join(row.sentence for row in Evidence)
    result = chrome(socket(*(message(1.5 + n) for n in range(13)), wait=12.5))
    assert "no message followed" not in said(result)["show"]
