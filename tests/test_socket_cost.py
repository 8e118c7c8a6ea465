"""Count what one more socket costs, in calls of Python functions: unlike times, these are the same on every machine.

Measured is how many calls each step makes for 400 sockets beyond those for 200. Sockets are equal, or each has an
address, a token and a function of its own, which no cache has met before.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

import pytest
from shapes import one_page, socket

from analyzer import document, masking, outputs, pipeline
from analyzer.formats import read
from analyzer.masking.fields import FIELDS
from analyzer.masking.texts import Texts
from analyzer.model import Capture, Outcome, Policy, Report, Run, Session
from analyzer.rules import RULES
from analyzer.services import matching

FEW, MANY = 200, 400
# Calls per socket of which each overlaps the next, one in fifty more than Python 3.11 needs: what the caches hold
# differs. A change that needs more has a reason, or another way; one that needs fewer lowers the limit.
LIMITS = {
    ("equal", "analysis"): 418,
    ("equal", "masking"): 22,
    ("equal", "JSON"): 33,
    ("different", "analysis"): 629,
    ("different", "masking"): 180,
    ("different", "JSON"): 36,
}
unique = count(1)


def different(n: int) -> dict[str, Any]:
    number = next(unique)
    return socket(
        100 + n * 500,
        900,
        url=f"wss://rt.example.com/room{number}?token={number:x}c0ffee{number * 7919:x}",
        function=f"open_{'abcdefghij'[number % 10]}{number}x",
    )


def equal(n: int) -> dict[str, Any]:
    return socket(100 + n * 500, 900)


SOCKETS: dict[str, Callable[[int], dict[str, Any]]] = {"equal": equal, "different": different}


def read_capture(kind: str, number: int) -> Capture:
    har = one_page([SOCKETS[kind](n) for n in range(number)])
    return read(io.BytesIO(json.dumps(har).encode()), "sockets.har")


def count_calls(step: Callable[[], Any]) -> tuple[int, Any]:
    """Count the calls of Python functions, generators that go on included."""
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    gc.disable()  # what is freed may call a function
    sys.setprofile(note)
    try:
        result = step()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls, result


def count_steps(kind: str, number: int) -> dict[str, int]:
    capture = read_capture(kind, number)
    analysis, report = count_calls(lambda: pipeline.analyze(capture))
    assert isinstance(report, Report)
    assert [session.outcome for session in report.sessions] == [Outcome.CLOSED] * number
    run = Run((report,), (), Policy(), rules=RULES)
    masks, masked = count_calls(lambda: masking.mask(run))
    written, _ = count_calls(lambda: outputs.render("json", masked))
    return {"analysis": analysis, "masking": masks, "JSON": written}


def count_per_socket(kind: str) -> dict[str, float]:
    count_steps(kind, FEW)  # what is done once in a process
    few, many = count_steps(kind, FEW), count_steps(kind, MANY)
    return {step: (many[step] - few[step]) / (MANY - FEW) for step in few}


@pytest.mark.parametrize("kind", SOCKETS)
def test_one_more_socket_costs_no_more_calls(kind: str) -> None:
    calls = count_per_socket(kind)
    assert {step: number for step, number in calls.items() if number > LIMITS[kind, step]} == {}


@pytest.mark.parametrize("kind", SOCKETS)
def test_work_that_is_done_twice_exceeds_the_limit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: (function(*arguments), function(*arguments))[1]

    monkeypatch.setattr(matching, "attribute", twice(matching.attribute))
    monkeypatch.setattr(document, "session_document", twice(document.session_document))
    monkeypatch.setattr(Texts, "_mask_path", twice(Texts._mask_path))
    monkeypatch.setitem(FIELDS[Session], "url", twice(Texts.url))  # type: ignore[index]
    calls = count_per_socket(kind)
    assert [step for step, number in calls.items() if number <= LIMITS[kind, step]] == []
