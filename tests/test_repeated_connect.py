"""The same user connected again and again: which openings count, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from analyzer import analyze, read
from analyzer.model import Finding, Report, Severity
from tests.small_har import Json, failed, har, socket, stack

CAPTURES = Path(__file__).parent / "captures"
URL = "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22{}%22%7D&api_key=k&stream-auth-type=jwt"
APP, MOUNT, AGAIN = (
    ["connectUser", "openChat"],
    ["connectUser", "openChat", "commitHookEffectListMount"],
    ["_reconnect"],
)
STRICT = [*MOUNT, "commitDoubleInvokeEffectsInDEV"]
QUOTE = (
    'The documentation of Stream Chat says: "it should only be used once per session per user". '
    "The page did close each connection before the next one."
)
Reporting = Callable[[Any], Report]


def visit(n: float, functions: Sequence[str] = APP, end: float | None = 1.5, user: str = "alice", **more: Any) -> Json:
    """A socket from the second `2 * n` on, for so many seconds."""
    end = None if end is None else 2 * n + end
    return socket(2 * n, end, url=URL.format(user), calls=stack("_connect", *functions), **more)


def visits(number: int, functions: Sequence[str] = APP, **more: Any) -> list[Json]:
    return [visit(n, functions, **more) for n in range(1, number + 1)]


def repeated(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == "repeated-connect"]


@pytest.mark.parametrize(
    ("sockets", "ids"),
    [
        pytest.param(visits(4), ["s1", "s2", "s3", "s4"], id="four calls"),
        pytest.param(visits(3), [], id="three: logged out and in again"),
        pytest.param(visits(3, MOUNT), ["s1", "s2", "s3"], id="three, each from a mount"),
        pytest.param(visits(2, MOUNT), [], id="two mounts"),
        pytest.param([*visits(2), *(visit(n, AGAIN) for n in (3, 4, 5))], [], id="the client reconnected by itself"),
        pytest.param([visit(n, user=name) for n, name in enumerate("abcabc", 1)], [], id="other users"),
        pytest.param(visits(5, ["connectUser", "onDisconnect"]), [], id="in a handler of the close"),
        pytest.param([*visits(3), visit(4.5, end=None), visit(5), visit(6)], ["s1", "s2", "s3", "s4"],
                     id="the last ones while another is open: duplicate-connection says that"),
        pytest.param([visit(n / 20, end=9) for n in range(4, 9)], [], id="all of them at once"),
        pytest.param(visits(5, end=2.1), ["s1", "s2", "s3", "s4", "s5"], id="handed over within the tolerance"),
        pytest.param([visit(1 + n / 2, f, end=0.9) for n, f in enumerate([MOUNT, STRICT] * 2)], [],
                     id="StrictMode mounts twice"),
        pytest.param([*visits(3), failed(8, 8.1, url=URL.format("alice"), calls=stack("_connect", *APP)), visit(5)], [],
                     id="a new attempt after one that failed"),
        pytest.param([socket(2 * n, 2 * n + 1, calls=stack("connectUser")) for n in range(1, 7)], [],
                     id="a service that asks for nothing"),
    ],
)  # fmt: skip
def test_which_calls_count(sockets: list[Json], ids: list[str], report: Reporting) -> None:
    assert [list(finding.sessions) for finding in repeated(report(har(*sockets, saved=20)))] == ([ids] if ids else [])


@pytest.mark.parametrize(
    ("functions", "place"),
    [
        pytest.param(APP, ", each time from openChat()", id="its caller"),
        pytest.param(MOUNT, ", each time a component was mounted", id="an effect, some time after the last close"),
    ],
)
def test_the_place_of_the_calls(functions: list[str], place: str, report: Reporting) -> None:
    (finding,) = repeated(report(har(*visits(4, functions), saved=20)))
    assert finding.message == f"connectUser() ran 4 times for one user on this page{place}. {QUOTE}"


def test_the_component_that_mounts_anew(report: Reporting) -> None:
    sockets = visits(3, MOUNT)
    for item in sockets:
        item["_initiator"]["stack"]["parent"] = {"description": "<ChatPage>", "callFrames": []}
    (finding,) = repeated(report(har(*sockets, saved=20)))
    assert finding.message.startswith(
        "connectUser() ran 3 times for one user on this page, once per mount of <ChatPage>."
    )


def test_an_effect_that_runs_again_at_once_may_be_an_update(report: Reporting) -> None:
    (finding,) = repeated(report(har(*visits(4, MOUNT, end=1.9), saved=20)))
    assert finding.message.startswith(
        "connectUser() ran 4 times for one user on this page, each time a component was mounted or updated. "
    )


def test_a_real_chat_page_that_the_router_mounts_anew() -> None:
    (finding,) = analyze(read(CAPTURES / "chrome-bug-stream-each-visit.har")).findings
    assert (finding.rule, finding.severity) == ("repeated-connect", Severity.NOTE)
    assert (
        finding.message
        == f"connectUser() ran 4 times for one user on this page, each time a component was mounted. {QUOTE}"
    )
    assert finding.link == "https://getstream.io/chat/docs/javascript/instantiating_the_client"
    assert (finding.remedy or "").startswith("Keep one client per session.")


@pytest.mark.parametrize(
    "name", ["chrome-S1-correct", "chrome-S2-overuse", "chrome-S5-drop-reconnect", "chrome-S7-hook-strict"]
)
def test_nothing_repeats(name: str) -> None:
    assert repeated(analyze(read(CAPTURES / f"{name}.har"))) == []


def test_a_function_that_the_build_left_without_a_name_is_not_named(report: Reporting) -> None:
    sockets = [
        socket(2 * n, 2 * n + 1.5, url=URL.format("alice"), calls=stack(*[""] * 9, "openChat")) for n in range(1, 5)
    ]
    (finding,) = repeated(report(har(*sockets)))
    assert finding.message == (
        f"The application connected 4 times for one user on this page, each time from openChat(). {QUOTE}"
    )
