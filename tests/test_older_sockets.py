"""Sockets that are older than the recording: what a target lists, and what becomes of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from analyzer import analyze, read
from analyzer.model import MILLISECOND, SECOND, Outcome, Report
from analyzer.recorder.document import Recorded
from analyzer.recorder.older import CLOSED, CONNECTING, OPEN, WORLD_GONE, OlderSockets
from analyzer.recorder.recording import Recording
from analyzer.recorder.targets import Target

ZERO = 1_790_000_000 * SECOND + 125 * MILLISECOND
CLOSING = 2


def at(seconds: float) -> int:
    return ZERO + round(seconds * SECOND)


class Page:
    """A page that is first heard 10 s after its document began."""

    def __init__(self, *states: int, reported: tuple[str, ...] = ()) -> None:
        self.recording = Recording()
        self.older = OlderSockets(self.recording)
        for number, name in enumerate(reported):
            self.recording.request(f"p/{number}", f"wss://h.example/{name}", at(9.9), tab="t", owner="p")
            self.recording.answer(f"p/{number}", at(9.95), 101, "", {})
        sockets = [(f"wss://h.example/{'abcd'[number]}", state, at(0)) for number, state in enumerate(states)]
        self.older.add("p", Target("t", "page", "t"), sockets, at(10), at(10))

    def report(self) -> Report:
        har = Recorded(self.recording, at(60)).har()
        return analyze(read(io.BytesIO(json.dumps(har).encode()), "recorded.har"))

    def outcomes(self) -> list[str]:
        return [str(session.outcome) for session in self.report().sessions]


def test_a_socket_that_is_listed_as_open_was_open_from_then_on_and_perhaps_since_its_document_began() -> None:
    session: Any = Page(OPEN).report().sessions[0]
    assert session.outcome is Outcome.OPEN
    assert (session.opened.earliest, session.opened.latest) == (at(0), at(10))
    assert (session.proven.start, session.proven.end) == (at(10), None)


def test_its_messages_are_not_known_which_is_not_none() -> None:
    (session,) = Page(OPEN).report().sessions
    assert not session.messages.recorded


@pytest.mark.parametrize("state", [CLOSING, CLOSED])
def test_what_had_ended_before_is_no_part_of_the_recording(state: int) -> None:
    assert Page(state).outcomes() == []


def test_what_the_protocol_reported_too_is_one_socket() -> None:
    page = Page(OPEN, OPEN, reported=("b",))
    assert page.outcomes() == ["open", "open"]
    assert [session.url for session in page.report().sessions] == ["wss://h.example/a", "wss://h.example/b"]


def test_a_socket_that_is_still_connecting_opens_later() -> None:
    page = Page(CONNECTING)
    assert page.outcomes() == ["connecting"]
    page.older.check("p", [OPEN], at(20), at(20))
    assert page.outcomes() == ["open"]


def test_the_one_whose_state_says_so_closed_when_a_close_was_reported() -> None:
    page = Page(OPEN, OPEN)
    page.older.close("p", at(15), at(15))
    assert page.older.waits("p")
    assert page.older.check("p", [OPEN, CLOSED], at(15.2), at(15.2))
    first: Any
    second: Any
    first, second = page.report().sessions
    assert (first.outcome, second.outcome) == (Outcome.OPEN, Outcome.CLOSED)
    assert (second.closed.earliest, second.closed.latest) == (at(15), at(15))


def test_of_two_that_closed_at_once_each_closed_between_both_instants() -> None:
    page = Page(OPEN, OPEN)
    for second in (15, 15.5):
        page.older.close("p", at(second), at(second))
    page.older.check("p", [CLOSED, CLOSED], at(16), at(16))
    sessions: Any = page.report().sessions
    assert {(s.closed.earliest, s.closed.latest) for s in sessions} == {(at(15), at(15.5))}


def test_a_close_that_no_state_shows_yet_is_waited_for_and_then_a_caveat() -> None:
    page = Page(OPEN)
    page.older.close("p", at(15), at(15))
    assert not page.older.check("p", [OPEN], at(15.1), at(15.1))
    page.older.give_up("p")
    assert [caveat.id for caveat in page.report().capture.caveats] == ["recording-started-late"]


def test_a_state_that_shows_a_close_which_nobody_reported_bounds_it() -> None:
    page = Page(OPEN)
    page.older.check("p", [CLOSED], at(15), at(15))
    session: Any = page.report().sessions[0]
    assert (session.closed.earliest, session.closed.latest) == (at(10), at(15))


@pytest.mark.parametrize(("closes", "outcome"), [(1, "closed"), (0, "open")])
def test_a_document_that_went_took_its_sockets_along_only_where_that_was_reported(closes: int, outcome: str) -> None:
    page = Page(OPEN)
    for _ in range(closes):
        page.older.close("p", at(15), at(15))
    page.older.check("p", [WORLD_GONE], at(15.1), at(15.1))
    assert page.outcomes() == [outcome]


def test_a_target_without_an_answer_says_nothing() -> None:
    page = Page(OPEN)
    page.older.check("p", [None], at(15), at(15))
    assert page.outcomes() == ["open"]


def test_a_look_at_a_recording_that_goes_on_claims_nothing_after_the_last_sign() -> None:
    page: Any = Page(OPEN)
    page.recording.request("q/1", "wss://h.example/q", at(11), tab="t", owner="p")
    har = Recorded(page.recording, at(30), signs={"p": at(29)}, caveats=("recording-cut-short",)).har()
    report = analyze(read(io.BytesIO(json.dumps(har).encode()), "recorded.har"))
    older: Any
    older, connecting = report.sessions
    assert (older.outcome, older.proven.end - at(29)) == (
        Outcome.UNKNOWN,
        1,
    )  # half-open: it was open at that microsecond
    assert (connecting.outcome, connecting.proven) == (Outcome.UNKNOWN, None)
    assert [caveat.id for caveat in report.capture.caveats] == ["recording-cut-short"]


@pytest.mark.parametrize("number", [0, 1, 5000])
def test_the_bytes_are_those_of_the_document(number: int) -> None:
    page = Page(OPEN, reported=("b",))
    for count in range(number):
        page.recording.message("p/0", at(11 + count / 1000), count % 2 == 0, 1, "é" * count, count * 2)
    recorded = Recorded(page.recording, at(60), "Chrome", "156")
    assert json.loads(b"".join(recorded.chunks())) == recorded.har()
