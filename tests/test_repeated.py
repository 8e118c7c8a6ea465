"""A socket that a file holds twice (several exports of one tab, `jq -s`) is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer.model import Report
from tests import small_har


@pytest.mark.parametrize(
    ("change", "sockets"),
    [
        pytest.param({}, 1, id="all of it is the same"),
        pytest.param({"startedDateTime": "2026-09-21T14:13:20.501Z"}, 2, id="another start"),
        pytest.param({"time": 2600.0}, 2, id="another length"),
    ],
)
def test_a_socket_without_a_key_that_a_file_has_twice_is_one(
    change: dict[str, Any], sockets: int, report: Callable[..., Report]
) -> None:
    """Its headers were removed: the instants of its messages tell."""
    twice = small_har.socket(0.5, 3.0, times=(2.0,))
    analysis = report(small_har.har(twice, {**twice, **change}))
    assert len(analysis.sessions) == sockets
    assert len(analysis.sessions[0].also) == 2 - sockets


def test_twins_that_say_nothing_stay_two(report: Callable[..., Report]) -> None:
    idle = {**small_har.socket(0.5, 3.0), "_webSocketMessages": [], "time": 2500.0}
    assert len(report(small_har.har(idle, idle)).sessions) == 2
