"""GitHub's workflow commands: escaped as its runner reads them, all in one first, at most 10 + 10; the step summary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import gate, masking
from analyzer.cli import app
from analyzer.formats import read
from analyzer.model import Policy, Run, Unreadable
from analyzer.outputs import github
from analyzer.pipeline import analyze
from tests.test_hostile import HOSTILE, LINKS, kinds, run, shown

CAPTURES = Path(__file__).parent / "captures"
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))
OVERUSE = str(CAPTURES / "chrome-S2-overuse.har")
EMPTY = "playwright-1.60-A.har"
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def make_run(names: Sequence[str], *bad: Unreadable) -> Run:
    reports = tuple(analyze(read(CAPTURES / name, source=name)) for name in names)
    return masking.mask(Run(reports, bad, Policy()))


def parse(run: Run) -> list[tuple[str, dict[str, str], str]]:
    """As the runner does it: split first, then unescape."""
    result = []
    for line in github.render(run).decode("utf-8").splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        level, properties, words = match.groups()
        pairs = dict(it.split("=", 1) for it in properties.split(","))
        result.append((level, {key: unescape(value) for key, value in pairs.items()}, unescape(words)))
    return result


def unescape(text: str) -> str:
    for sign, code in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        text = text.replace(code, sign)
    return text


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        pytest.param("100%", "100%25", "100%25", id="percent"),
        pytest.param("%0A", "%250A", "%250A", id="what looks escaped already"),
        pytest.param("a: b, c", "a: b, c", "a%3A b%2C c", id="colon and comma, in properties only"),
        pytest.param("a::b", "a::b", "a%3A%3Ab", id="the sign of commands"),
    ],
)
def test_text_is_escaped(text: str, data: str, value: str) -> None:
    assert github._command("error", text, title=text) == f"::error title={value}::{data}"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\u2028", "\x0b", "\x85"])
def test_no_line_end_is_left(end: str) -> None:
    (line,) = github._command("error", f"a{end}::error::b", title=f"a{end}b").splitlines()
    assert line.startswith("::error title=a")


def test_all_in_one_comes_first_then_the_gravest() -> None:
    result = parse(make_run(ALL))
    assert result[0][::2] == ("error", f"{len(ALL)} captures: " + result[0][2].partition(": ")[2])
    assert "The policy is violated." in result[0][2]
    assert [properties["title"] for _, properties, _ in result[1:4]] == ["har-sockets: duplicate-connection"] * 3
    assert result[1][1]["file"] == "chrome-S2-overuse.har"


def test_no_more_than_github_shows() -> None:
    bad = [Unreadable(f"{n}.har", "the file is empty") for n in range(30)]
    levels = [level for level, _, _ in parse(make_run(ALL, *bad))]
    assert (levels.count("error"), levels.count("warning"), levels[0]) == (10, 10, "error")


def test_what_passes_is_one_notice() -> None:
    assert parse(make_run(["chrome-08-refresh3.har"])) == [
        ("notice", {"title": "har-sockets"}, "1 capture: 1 PASS. Every capture passes.")
    ]


def test_what_cannot_be_told_is_a_warning_that_says_how_to_record() -> None:
    _, (level, properties, words) = parse(make_run(["playwright-1.60-A.har"]))
    assert (level, properties["title"]) == ("warning", "har-sockets: no socket opened")
    assert "`--log-net-log=net.json`" in words


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_gives_no_command_of_its_own(content: str) -> None:
    assert [level for level, _, _ in parse(run(content))] == [level for level, _, _ in parse(run("a"))]
    assert b"\r" not in github.render(run(content))


SAMPLES = sorted((Path(__file__).parent.parent / "sample_hars").glob("*.har"))


def sample_run(policy: Policy = Policy()) -> Run:  # noqa: B008 - frozen
    reports = tuple(analyze(read(path, source=f"sample_hars/{path.name}"), policy) for path in SAMPLES)
    return masking.mask(Run(reports, (), policy))


def cells(page: str) -> list[list[str]]:
    """The rows of the only table, without its head."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return rows[1:]


def test_the_summary_of_sixteen_captures_is_short_and_names_each() -> None:
    data = github.step_summary(sample_run())
    assert len(SAMPLES) == 16
    assert len(data) <= 4_096
    assert {row[1] for row in cells(data.decode())} == {path.name for path in SAMPLES}


def test_in_the_summary_the_worst_come_first() -> None:
    run = make_run(ALL[::8], Unreadable("bad.har", "the file is empty"))
    results = [row[0].strip("*") for row in cells(github.step_summary(run).decode())]
    order = ["FAIL", "unreadable", gate.judge(make_run([EMPTY]).reports[0], Policy()).result, "PASS"]
    assert [it for n, it in enumerate(results) if it not in results[:n]] == order
    assert [order.index(it) for it in results] == sorted(order.index(it) for it in results)


def test_the_summary_of_one_failure_explains_it() -> None:
    page = github.step_summary(make_run(["chrome-S2-overuse.har"])).decode()
    assert "| **FAIL** | chrome-S2-overuse.har | 4 | 4 | duplicate-connection |" in page
    assert "<details open>" in page
    assert "Keep one client per session" in page
    assert page.count("socket #") == 4  # in the timeline
    assert len(page.encode()) <= 4_096


def test_what_passes_is_not_explained() -> None:
    page = github.step_summary(make_run(["chrome-08-refresh3.har"])).decode()
    assert "| PASS | chrome-08-refresh3.har | " in page
    assert "details" not in page


def test_sockets_that_a_capture_may_hide_make_the_peak_a_lower_bound() -> None:
    (row,) = cells(github.step_summary(make_run([EMPTY])).decode())
    assert row[3] == "≥ 0"


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_adds_nothing_to_the_summary(content: str) -> None:
    assert not kinds(github.step_summary(run(content)).decode()) - kinds(github.step_summary(run("a")).decode())
    assert re.findall(LINKS, shown(github.step_summary(run(content)).decode())) == []


def test_the_summary_of_two_hundred_captures_fits() -> None:
    data = github.step_summary(make_run((ALL * 4)[:250]))
    assert len(data) <= 250 * github.PER_CAPTURE
    assert b"and 50 more captures" in data


def test_the_step_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("# Of another command\n")
    done = CliRunner().invoke(app, ["check", OVERUSE, "--format", "github"], env={"GITHUB_STEP_SUMMARY": str(page)})
    assert done.exit_code == 1
    assert done.stdout.startswith("::error title=har-sockets::1 capture: 1 FAIL. The policy is violated.\n")
    assert page.read_text().startswith("# Of another command\n")
    assert "| **FAIL** | " in page.read_text()


def test_a_summary_that_is_full_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_bytes(b"x" * (github.SUMMARY - 100))
    done = CliRunner().invoke(app, ["check", OVERUSE, "--format", "github"], env={"GITHUB_STEP_SUMMARY": str(page)})
    assert page.stat().st_size == github.SUMMARY - 100
    assert "not written" in done.stderr


def test_without_the_format_no_summary_is_written(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    CliRunner().invoke(app, ["check", OVERUSE], env={"GITHUB_STEP_SUMMARY": str(page)})
    assert not page.exists()
