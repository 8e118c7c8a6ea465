"""Which addresses are open at once is the first question: hosts are named in full, a path gives way before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer import outputs
from analyzer.masking import mask
from analyzer.model import Policy, Report, Run, join_words, plural
from analyzer.outputs import check, text
from analyzer.outputs.chart.lettering import short
from analyzer.rules import RULES
from analyzer.wording.medium import Medium

Json = dict[str, Any]
T0 = 1_767_225_600  # 2026-01-01T00:00:00Z


def socket(url: str, n: int) -> Json:
    return {
        "startedDateTime": f"2026-01-01T00:00:{n:02}.000Z",
        "time": 60_000.0,
        "_resourceType": "websocket",
        "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "app", "url": "https://a/x.js"}]}},
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 101, "headers": []},
        "timings": {"wait": 59_999.0, "receive": 1.0},
        "_webSocketMessages": [
            {"type": "send", "time": T0 + n + 0.5, "opcode": 1, "data": "x"},
            {"type": "send", "time": T0 + n + 59.999, "opcode": 1, "data": "x"},
        ],
    }


def har(*urls: str) -> Json:
    entries = [socket(url, n) for n, url in enumerate(urls)]
    return {"log": {"creator": {"name": "WebInspector"}, "pages": [], "entries": entries}}


HOSTS = ("one", "two", "three", "four", "five")
URLS = [f"wss://{host}.realtime.example/api/v2/websocket" for host in HOSTS]


def of_all(items: Report) -> str:
    return items.endpoints(session.id for session in items.sessions)


@pytest.mark.parametrize(
    ("urls", "message"),
    [
        pytest.param(["wss://a/x"], "a/x", id="one"),
        pytest.param(["wss://a/x", "wss://a/x", "wss://b/y"], "a/x and b/y", id="two"),
        pytest.param(["wss://a/x", "wss://b/y", "wss://c/z"], "a/x, b/y and c/z", id="three"),
        pytest.param([f"wss://{n}/x" for n in "abcde"], "a/x, b/x, c/x, d/x and e/x", id="five"),
        pytest.param([f"wss://{n}/x" for n in "abcdef"], "a, b, c, d, e and 1 other host", id="six hosts"),
        pytest.param([f"wss://{n}/x" for n in "abcdefgh"], "a, b, c, d, e and 3 other hosts", id="eight hosts"),
        pytest.param([f"wss://a/{n}" for n in range(7)], "7 addresses of a", id="many of one host"),
        pytest.param([f"wss://{n}/{'x' * 150}" for n in "abc"], "a, b and c", id="long paths give way"),
        pytest.param([f"wss://a/{n}{'x' * 150}" for n in range(3)], "3 addresses of a", id="long paths of one host"),
    ],
)
def test_up_to_five_are_named(urls: list[str], message: str, report: Callable[..., Report]) -> None:
    assert of_all(report(har(*urls))) == message


@pytest.mark.parametrize("many", [3, 4, 5])
def test_text_finding_and_gate_name_every_host(many: int, report: Callable[..., Report]) -> None:
    analysis = report(har(*URLS[:many]))
    run = mask(Run((analysis,), (), Policy(), rules=RULES))
    text = {
        "text": outputs.render("text", run),
        "check": check.render(run, verbose=True),
        "markdown": outputs.render("markdown", run),
    }
    messages = [it.message for it in run.reports[0].findings if it.rule == "concurrent-sockets"]
    assert len(messages) == 1
    for host in HOSTS[:many]:
        assert f"{host}.realtime.example" in messages[0]
        for name, each in text.items():
            assert f"{host}.realtime.example" in each.decode(), name


@pytest.mark.parametrize("width", [80, 100, 120])
def test_lanes_keep_the_host(width: int, report: Callable[..., Report]) -> None:
    lines = text.render(Run((report(har(*URLS[:3])),), (), Policy()), width=width).decode().splitlines()
    lanes = [line for line in lines if line.startswith("   #")]
    assert [line.split()[1].partition("/")[0].partition("…")[0] for line in lanes] == [
        f"{host}.realtime.example" for host in HOSTS[:3]
    ]


def test_a_secret_in_a_long_path_is_masked_wherever_addresses_are_named(report: Callable[..., Report]) -> None:
    secret = "kQzvWnXb7rLpYsHd3f9QaB21kQzvWnXb7rLpYsHd"
    analysis = report(har(*(f"wss://{host}.example/v1/{secret}{n}/{'x' * 60}" for n, host in enumerate(HOSTS[:3]))))
    run = mask(Run((analysis,), (), Policy(), rules=RULES))
    for name in ("text", "json", "markdown", "html"):
        assert secret[:12] not in outputs.render(name, run).decode(), name


@pytest.mark.parametrize(
    ("address", "cells", "expected"),
    [
        pytest.param("h.example/a/b", 13, "h.example/a/b", id="it fits"),
        pytest.param("h.example/long/path", 14, "h.example…path", id="the path gives way"),
        pytest.param("h.example/long/path", 11, "h.example…h", id="all of it but the end"),
        pytest.param("very.long.host.example/path", 12, "very.…e/path", id="no room for the host"),
    ],
)
def test_an_address_is_cut_in_its_path(address: str, cells: int, expected: str) -> None:
    assert Medium(80, True).short_address(address, cells) == expected


def test_the_chart_cuts_an_address_in_its_path() -> None:
    assert short("three.realtime.example/api/v2/websocket", 1.9, 8).startswith("three.realtime.example…")


def test_words_are_listed_and_counted() -> None:
    assert [join_words("abc"[:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [plural(n, "socket") for n in (0, 1, 5000)] == ["0 sockets", "1 socket", "5,000 sockets"]
