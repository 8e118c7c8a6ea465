"""What measures speed: it must fail where it measures nothing, and write its tables where the page has a place for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
SAMPLE = ROOT / "sample_hars" / "dev-server-beside-app.har"


class Scripts(NamedTuple):
    bench: ModuleType
    growth: ModuleType
    race: ModuleType
    targets: ModuleType


@pytest.fixture(scope="module")
def scripts() -> Iterator[Scripts]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        import bench
        import growth
        import race
        import targets

        yield Scripts(bench, growth, race, targets)
        for module in (bench, growth, race, targets):
            sys.modules.pop(module.__name__)


def test_who_takes_part_counts_the_same_sockets(scripts: Scripts) -> None:
    costs = scripts.race.race(str(SAMPLE), 1)

    assert {"haralyzer", "json.load", "msgspec", "bare read"} < set(costs)
    assert {cost.sockets for name, cost in costs.items() if name != "bare read"} == {"3"}
    assert all(cost.seconds > 0 and cost.mebibytes > 1 for cost in costs.values())


def test_who_counts_otherwise_is_no_contender(scripts: Scripts) -> None:
    with pytest.raises(SystemExit, match="do not agree"):
        scripts.race.medians({name: [sys.executable, "-c", f"print({name})"] for name in ("1", "2")}, 1)


def test_a_command_that_fails_has_no_cost(scripts: Scripts) -> None:
    with pytest.raises(SystemExit, match="status 3"):
        scripts.race.cost([sys.executable, "-c", "import sys; sys.exit(3)"])


def test_the_page_has_a_place_for_each_table(scripts: Scripts) -> None:
    page = PAGE.read_text("utf-8")

    for name in ("machine", "peers", "targets"):
        written = scripts.bench.put(page, name, "a | table")
        assert written != page and "a | table" in written
        assert scripts.bench.put(written, name, "a | table") == written
    with pytest.raises(SystemExit, match="no place for others"):
        scripts.bench.put(page, "others", "")


def test_the_page_has_a_row_of_every_target(scripts: Scripts) -> None:
    """Each target says by which command it is measured: those are on the page."""
    page = PAGE.read_text("utf-8")
    commands = ("start", "sockets", "compressed", "netlog", "body", "hostile")

    assert set(commands) < set(scripts.targets.TARGETS)
    for command in (*(f"bench.py --only {name}" for name in commands), "race.py", "fleet.py", "page.py", "growth.py"):
        assert f"`{command}" in page


def test_a_figure_beyond_its_target_is_not_reached(scripts: Scripts) -> None:
    at_most, at_least = scripts.targets.at_most, scripts.targets.at_least

    assert [at_most("", value, 40, "ms", "").reached for value in (39.9, 40.1)] == [True, False]
    assert [at_least("", value, 3, "").reached for value in (2.9, 3.1)] == [False, True]
    assert "**no**" in scripts.bench.write(at_most("", 50, 40, "ms", ""))


def test_what_grows_most_is_named(scripts: Scripts) -> None:
    def growth(shape: str, step: str, small: float, large: float) -> object:
        return scripts.growth.Growth(shape, step, small, large, 4)

    steps = [growth("chain", name, 0.1, 0.4) for name in ("read", "analysis", "masks", "json")]
    most, longest = scripts.growth.worst([*steps, growth("chain", "html", 0.1, 1.6), growth("chain", "extract", 1, 2)])

    assert (most.step, round(most.exponent, 2)) == ("html", 2.0)
    assert longest == ("chain", "html", pytest.approx(0.4 * 3 + 1.6))
