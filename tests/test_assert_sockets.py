"""What a test that fails is advised to do fits a test, and no bound reads as an instant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.formats.har.own_fields import CUT_SHORT
from analyzer.model import MILLISECOND, SECOND
from analyzer.pipeline import analyze
from analyzer.recorder.document import Recorded
from analyzer.recorder.recording import By, Recording
from analyzer.testing import assert_sockets
from tests.test_user_contexts import BEGIN, captured

CLOSED = BEGIN + 3 * SECOND


def message(paths: str, end: Callable[[Recording], object], *caveats: str) -> str:
    """The message about a socket per path, a second apart, which `end` ends."""
    recording = Recording()
    for n, path in enumerate(paths):
        recording.request(path, f"wss://h.example/{path}", BEGIN + n * SECOND)
        recording.answer(path, BEGIN + n * SECOND + MILLISECOND, 101, "", {})
    end(recording)
    capture = captured(Recorded(recording, BEGIN + 60 * SECOND, caveats=caveats).har())
    with pytest.raises(AssertionError) as failure:
        assert_sockets(analyze(capture))
    return str(failure.value)


def test_the_advice_names_the_argument_and_not_the_option() -> None:
    assert 'count each address separately with per="endpoint".' in message("ab", lambda _: None)


def test_the_advice_fits_a_browser_that_ended() -> None:
    lost = message("a", lambda recording: recording.lost("a", CLOSED), CUT_SHORT.id)
    assert "what to do: Record again, and end the recording before the browser or the test ends." in lost


def test_bounds_of_a_close_are_no_instant() -> None:
    exact = message("ab", lambda recording: recording.end("a", CLOSED))
    assert ", closed " in exact
    assert ", closed by " not in exact
    assert ", closed by " in message(
        "ab", lambda recording: recording.end("a", CLOSED, CLOSED - SECOND // 2, By.PAGE_CLOSED)
    )
