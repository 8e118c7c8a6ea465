"""A client that reconnected and left the old socket open: what shows it, and what only looks alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shapes import STREAM, one_page, socket

from analyzer.causes import reconnect_without_close
from analyzer.model import Report

REFUSED = "Error in connection establishment: net::ERR_CONNECTION_REFUSED"
OPEN: dict[str, Any] = {}
FAILED = {"problem": REFUSED}


def again(ms: float, life: float | None = None, **how: Any) -> dict[str, Any]:
    return socket(ms, life, function="_reconnect", **how)


def named(report: Report) -> list[str]:
    """The sockets that are said to have been opened by a reconnect."""
    proofs = [it for f in report.findings if f.cause == reconnect_without_close.ID for it in f.proof]
    return [it.pointer for it in proofs if it.statement == "opened by a reconnect"]


@pytest.mark.parametrize(
    ("sockets", "count"),
    [
        pytest.param([socket(100), again(3000)], 1, id="the old one was open"),
        pytest.param([socket(100), again(3000), again(9000)], 2, id="twice"),
        pytest.param([socket(100, 2000), again(3000), again(3050)], 0, id="twins that replace one that closed"),
        pytest.param([socket(100, 2000), *(again(3000 + n * 50) for n in range(3))], 0, id="triplets"),
        pytest.param(
            [socket(100, 2000), again(3000, **FAILED), again(4000), again(4050)],
            0,
            id="twins that replace a failed attempt",
        ),
        pytest.param(
            [
                socket(100, 2000),
                again(3000, **FAILED),
                *(again(4000 + n * 20, **FAILED) for n in range(2)),
                *(again(5000 + n * 50) for n in range(4)),
            ],
            0,
            id="twins of twins",
        ),
        pytest.param(
            [socket(100, 2000), again(3000, **FAILED), again(4000, **FAILED), again(6000)],
            0,
            id="one that retries until it is let in",
        ),
        pytest.param([socket(100, 2000), again(3000, 2000), again(6000)], 0, id="each one closed before the next"),
        pytest.param([again(100), again(3000)], 0, id="it only ever connects by a function of that name"),
        pytest.param([socket(100, 8000), again(3000, 1000)], 1, id="the old one outlived the new one"),
        pytest.param([socket(100, url="wss://h/a"), again(3000, url="wss://h/b")], 0, id="another address"),
    ],
)
def test_a_reconnect_that_left_the_old_socket_open(
    report: Callable[..., Report], sockets: list[dict[str, Any]], count: int
) -> None:
    assert len(named(report(one_page(sockets)))) == count


def test_another_user_was_not_replaced(report: Callable[..., Report]) -> None:
    sockets = [socket(100, url=STREAM.format(1)), again(3000, url=STREAM.format(2))]
    assert named(report(one_page(sockets))) == []
    same = [socket(100, url=STREAM.format(1)), again(3000, url=STREAM.format(1))]
    assert len(named(report(one_page(same)))) == 1


def test_a_finding_names_only_its_own_sockets(report: Callable[..., Report]) -> None:
    """Two overlaps, one after the other: each is explained by its own pair."""
    analysis = report(one_page([socket(100, 9000), again(2000, 9000), again(20_000, 9000), again(22_000, 9000)]))
    messages = [{p.pointer for p in f.proof} for f in analysis.findings if f.cause == reconnect_without_close.ID]
    assert messages == [{"/log/entries/1", "/log/entries/2"}]
