"""An export that is behind in a flood of openings says so; others don't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_har import CHROME, har, socket

from analyzer import gate
from analyzer.model import Policy, Report


def flood(number: int, gap: float, start: float = 1.0, life: float = 0.01) -> list[dict[str, Any]]:
    """So many sockets, one after the other, each closed at once."""
    return [socket(start + n * gap, start + n * gap + life, opened=start + n * gap + life / 2) for n in range(number)]


@pytest.mark.parametrize(
    ("sockets", "saved", "behind"),
    [
        pytest.param(flood(157, 0.016), None, True, id="63 a second, until the end"),
        pytest.param(flood(60, 0.04), None, True, id="25 a second, until the end"),
        pytest.param(flood(157, 0.016), 60, False, id="a flood, and the recording went on"),
        pytest.param(flood(157, 0.016), 4, False, id="a flood, and the recording went on for a moment"),
        pytest.param(flood(60, 0.1, life=0.05), None, False, id="10 a second"),
        pytest.param(flood(19, 0.01), None, False, id="few, though in one go"),
        pytest.param(flood(12, 0.5), None, False, id="a storm, not a flood"),
        pytest.param([], None, False, id="none"),
    ],
)
def test_a_flood_until_the_very_end_is_told(
    sockets: list[dict[str, Any]], saved: float | None, behind: bool, report: Callable[..., Report]
) -> None:
    result = report(har(*sockets, saved=saved))
    assert ("export-behind" in {caveat.id for caveat in result.capture.caveats}) is behind


def test_what_may_be_missing_is_not_passed(report: Callable[..., Report]) -> None:
    policy = Policy(storm_opens=1000)
    assert gate.judge(report(har(*flood(157, 0.016)), storm_opens=1000), policy).status == gate.UNDECIDED
    assert gate.judge(report(har(*flood(157, 0.016), saved=60), storm_opens=1000), policy).status == 0


def test_it_is_told_of_the_program_that_is_known_to_fall_behind(report: Callable[..., Report]) -> None:
    for creator, behind in ((CHROME, True), ({"name": "HTTP Toolkit", "version": "1"}, False)):
        ids = {caveat.id for caveat in report(har(*flood(157, 0.016), creator=creator)).capture.caveats}
        assert ("export-behind" in ids) is behind
