"""Two users in one test: the sockets of each browser context count by themselves, where nobody knows whose they are."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from analyzer import Policy, analyze, read
from analyzer.extract import extract
from analyzer.gate import Result, judge
from analyzer.merge import merge
from analyzer.model import MILLISECOND, SECOND, Capture
from analyzer.recorder.document import Recorded
from analyzer.recorder.recording import Recording

BEGIN = 1_790_000_000 * SECOND + 125 * MILLISECOND
STREAM = "wss://chat.stream-io-api.com/connect?api_key=key12345&json=%7B%22user_id%22%3A%22{}%22%7D"
OWN = "wss://h.example/chat/{}"


def record(*sockets: tuple[str, str | None]) -> dict[str, Any]:
    """A recording in which all sockets are open at the end: address and browser context of each."""
    recording = Recording()
    for n, (url, context) in enumerate(sockets):
        recording.request(str(n), url, BEGIN + n * SECOND, tab=context or "t", context=context)
        recording.answer(str(n), BEGIN + n * SECOND + MILLISECOND, 101, "Switching Protocols", {})
    return Recorded(recording, BEGIN + 60 * SECOND).har()


def captured(har: dict[str, Any], name: str = "recorded.har") -> Capture:
    return read(io.BytesIO(json.dumps(har).encode()), name)


def judged(har: dict[str, Any], **policy: Any) -> str:
    settings = Policy(**policy)
    return judge(analyze(captured(har), settings), settings).result.value


@pytest.mark.parametrize(
    ("sockets", "per", "result"),
    [
        pytest.param([(OWN, "A"), (OWN, "B")], "user", "PASS", id="two contexts, one socket each"),
        pytest.param([(OWN, "A"), (OWN, "A")], "user", "FAIL", id="two sockets in one context"),
        pytest.param([(OWN, "A"), (OWN, "B")], "capture", "FAIL", id="unless all sockets count together"),
        pytest.param([(OWN, "A"), (OWN, "B"), (OWN, "B")], "context", "FAIL", id="per context: two in one"),
        pytest.param([(OWN, "A"), (OWN, "B")], "context", "PASS", id="per context: one in each"),
        pytest.param([(OWN, None), (OWN, None)], "context", "FAIL", id="per context, none known: together"),
        pytest.param([(OWN, "A"), (OWN, None)], "context", "FAIL", id="per context, one not known: it may be of any"),
        pytest.param([(OWN.format(1), "A"), (OWN.format(2), "A")], "user", "FAIL", id="a path may differ in each socket"),
        pytest.param([(OWN, "A"), (OWN, None)], "user", "FAIL", id="one without a context may be of any: by address"),
        pytest.param([(OWN.format(1), "A"), (OWN.format(2), None)], "user", "PASS", id="then another address is apart"),
        pytest.param([(STREAM.format("ann"), "A"), (STREAM.format("bob"), "B")], "user", "PASS", id="two known users"),
        pytest.param([(STREAM.format("ann"), "A"), (STREAM.format("ann"), "B")], "user", "FAIL", id="one known user, in two contexts"),
        pytest.param([(STREAM.format("ann"), "A"), (STREAM.format("bob"), "A")], "user", "PASS", id="two known users, in one context"),
        pytest.param([(STREAM.format("ann"), "A"), (OWN, "A")], "user", "PASS", id="a known user, and one socket of whoever"),
    ],
)  # fmt: skip
def test_a_context_is_a_login(sockets: list[tuple[str, str | None]], per: str, result: str) -> None:
    assert judged(record(*sockets), per=per) == result


@pytest.mark.parametrize(
    ("sockets", "how"),
    [
        pytest.param([(OWN, "A"), (OWN, "B")], "2 of the sockets is unknown, so they are counted by browser context", id="by context"),
        pytest.param([(OWN, "A"), (OWN, None)], "2 of the sockets is unknown, so they are counted by address", id="by address"),
        pytest.param([(STREAM.format("ann"), "A"), (OWN, "B")], "1 of the sockets is unknown, so they are counted by browser context", id="one known"),
    ],
)  # fmt: skip
def test_the_result_says_how_it_counted(sockets: list[tuple[str, str | None]], how: str) -> None:
    report = analyze(captured(record(*sockets)), Policy(per="user"))
    (caveat,) = [it for it in report.capture.caveats if it.id == "user-unknown"]
    assert how in caveat.message


def test_the_groups_are_those_that_count() -> None:
    report = analyze(captured(record((OWN, "A"), (OWN, "B"), (OWN, "B"))), Policy(per="user"))
    assert [(group.per.value, group.key, len(group.sessions)) for group in report.groups] == [
        ("context", (("user_context", "context_1"),), 1),
        ("context", (("user_context", "context_2"),), 2),
    ]


def test_a_name_that_the_recorder_does_not_give_is_no_context() -> None:
    """It may be a secret, and everybody could write it."""
    har = record((OWN, "A"), (OWN, "B"))
    for entry, name in zip(har["log"]["entries"], ["ann@example.com", {"a": 1}], strict=True):
        entry["_userContext"] = name
    assert [session.user_context for session in analyze(captured(har)).sessions] == [None, None]


def test_an_extract_gives_the_same_answer() -> None:
    report = analyze(captured(record((OWN, "A"), (OWN, "B"))), Policy(per="user"))
    small = extract(report.capture).data
    assert judged(json.loads(small), per="user") == judge(report, Policy(per="user")).result.value == Result.PASS


def test_contexts_of_two_recordings_are_apart() -> None:
    both = [captured(record((OWN.format(n), "A")), f"{n}.har") for n in range(2)]
    report = analyze(merge(both), Policy(per="user"))
    assert [session.user_context for session in report.sessions] == ["1:context_1", "2:context_1"]
    assert judge(report, Policy(per="user")).result is Result.PASS
