"""JUnit XML: read by a strict reader, valid by the schema of Jenkins' xUnit plugin, true."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
import xmlschema

from analyzer import redaction
from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import junit
from analyzer.pipeline import analyze
from analyzer.readers import read
from analyzer.rules import RULES
from tests.test_hostile import HOSTILE, run

HERE = Path(__file__).parent
CAPTURES = HERE / "captures"
SCHEMA = xmlschema.XMLSchema(HERE / "schemas/junit-10.xsd")
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))


def made(names: Iterable[str], policy: Policy = Policy(), *bad: Unreadable) -> Run:  # noqa: B008 - frozen
    reports: tuple[Report, ...] = tuple(analyze(read(CAPTURES / name, source=name), policy) for name in names)
    return redaction.masked(Run(reports, bad, policy, rules=RULES))


def suites(run: Run) -> junitparser.JUnitXml:
    data = junit.render(run)
    SCHEMA.validate(io.BytesIO(data))
    return junitparser.JUnitXml.fromstring(data)


def results(run: Run) -> dict[str, list[str]]:
    """The cases by what became of them."""
    found: dict[str, list[str]] = {"Failure": [], "Skipped": [], "Error": [], "passed": []}
    for suite in suites(run):
        for case in suite:
            found[type(case.result[0]).__name__ if case.result else "passed"].append(case.name)
    return found


def test_a_suite_a_capture_and_a_case_a_rule_and_group() -> None:
    told = suites(made(ALL))
    assert [suite.name for suite in told] == ALL
    for suite in told:
        cases = [(case.classname, case.name) for case in suite]
        assert len(set(cases)) == len(cases)
        assert {name.partition(": ")[0] for _, name in cases} == {rule.id for rule in RULES}


def test_the_counts_are_those_of_the_cases() -> None:
    run = made(ALL, Policy(), Unreadable("bad.har", "no log"))
    root, told = ElementTree.fromstring(junit.render(run)), results(run)
    counted = {"failures": len(told["Failure"]), "errors": len(told["Error"]), "tests": sum(map(len, told.values()))}
    assert {name: int(root.get(name, "")) for name in counted} == counted
    assert sum(int(suite.get("skipped", "")) for suite in root) == len(told["Skipped"])


def test_what_fails_the_gate_is_a_failure() -> None:
    told = results(made(["chrome-S2-overuse.har"]))
    assert told["Failure"] == ["duplicate-connection: Stream Chat, user-1"]
    assert (told["Skipped"], told["Error"], len(told["passed"])) == ([], [], len(RULES) - 1)


def test_a_finding_about_several_groups_is_about_all_sockets() -> None:
    told = results(made(["chrome-S4-two-users.har"]))
    assert told["Failure"] == ["concurrent-sockets: all sockets"]
    assert "duplicate-connection: Stream Chat, user-2" in told["passed"]


def test_a_failure_says_where_and_what_to_do() -> None:
    root = ElementTree.fromstring(junit.render(made(["chrome-S2-overuse.har"])))
    (failure,) = root.iter("failure")
    assert failure.get("type") == "duplicate-connection"
    assert "in the file: /log/entries/4, /log/entries/5" in (failure.text or "")
    assert "what to do: Create the client once" in (failure.text or "")


def test_what_is_known_by_the_baseline_passes_and_is_told() -> None:
    name = "chrome-S2-overuse.har"
    known = frozenset(finding.fingerprint for finding in made([name]).reports[0].findings)
    run = made([name], Policy(baseline=known))
    assert results(run)["Failure"] == []
    (told,) = ElementTree.fromstring(junit.render(run)).iter("system-out")
    assert (told.text or "").startswith("Known, by the baseline: error: 4 sockets of one user")


COUNTING = sorted(rule.id for rule in RULES if rule.counts)


@pytest.mark.parametrize(
    "name",
    ["chrome-09b-nav-back-nobfcache.har", "cypress-har-generator-H.har"],
    ids=["possible-overlap", "inconclusive"],
)
def test_what_cannot_be_told_is_skipped(name: str) -> None:
    told = results(made([name]))
    assert sorted(case.partition(": ")[0] for case in told["Skipped"]) == COUNTING
    assert not told["Failure"]
    assert told["passed"]


def test_a_capture_without_sockets_is_skipped_as_a_whole() -> None:
    told = results(made(["playwright-1.60-A.har"]))
    assert (len(told["Skipped"]), told["passed"], told["Failure"]) == (len(RULES), [], [])


def test_what_cannot_be_read_is_an_error() -> None:
    (suite,) = suites(made([], Policy(), Unreadable("bad.har", "the file is empty")))
    (case,) = suite
    assert (case.name, case.result[0].message) == ("read the capture", "the file is empty")


def test_a_rule_that_is_off_has_no_case() -> None:
    told = results(made(["chrome-S2-overuse.har"], Policy(severities=(("duplicate-connection", None),))))
    assert len(told["passed"]) == len(RULES) - 1


def test_two_captures_of_one_name_are_two_suites() -> None:
    report = analyze(read(CAPTURES / ALL[0], source="a/x.har"))
    other = analyze(read(CAPTURES / ALL[1], source="b/x.har"))
    assert [suite.name for suite in suites(Run((report, other), (), Policy(), rules=RULES))] == ["a/x.har", "b/x.har"]


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_is_valid_and_text(content: str) -> None:
    harmless = [node.tag for node in ElementTree.fromstring(junit.render(run("a"))).iter()]
    data = junit.render(run(content))
    SCHEMA.validate(io.BytesIO(data))
    assert {node.tag for node in ElementTree.fromstring(data).iter()} == set(harmless)
