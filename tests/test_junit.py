"""JUnit XML: read by a strict reader, valid by the schema of Jenkins' xUnit plugin, true."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
import xmlschema

from analyzer import gate, masking
from analyzer.formats import read
from analyzer.model import Capture, Policy, Report, Run, Severity, Unreadable
from analyzer.outputs import junit
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from tests.test_hostile import HOSTILE, run

HERE = Path(__file__).parent
CAPTURES = HERE / "captures"
SCHEMA = xmlschema.XMLSchema(HERE / "schemas/junit-10.xsd")
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))
OVERUSE = "chrome-S2-overuse.har"


@cache
def capture(name: str) -> Capture:
    return read(CAPTURES / name, source=name)


def make_run(names: Iterable[str], policy: Policy = Policy(), *bad: Unreadable) -> Run:  # noqa: B008 - frozen
    reports: tuple[Report, ...] = tuple(analyze(capture(name), policy) for name in names)
    return masking.mask(Run(reports, bad, policy, rules=RULES))


def suites(run: Run) -> junitparser.JUnitXml:
    data = junit.render(run)
    SCHEMA.validate(io.BytesIO(data))
    return junitparser.JUnitXml.fromstring(data)


def results(run: Run) -> dict[str, str]:
    """What became of the test of each capture."""
    result = {}
    for suite in suites(run):
        (case,) = suite
        assert case.name == suite.name
        result[case.name] = type(case.result[0]).__name__ if case.result else "passed"
    return result


def only(run: Run, tag: str) -> ElementTree.Element:
    (element,) = ElementTree.fromstring(junit.render(run)).iter(tag)
    return element


def test_one_test_per_capture() -> None:
    assert list(results(make_run(ALL))) == ALL


def test_the_counts_are_those_of_the_tests() -> None:
    run = make_run(ALL, Policy(), Unreadable("bad.har", "no log"))
    root, tally = ElementTree.fromstring(junit.render(run)), Counter(results(run).values())
    assert root.attrib.items() >= {
        ("tests", str(len(ALL) + 1)),
        ("failures", str(tally["Failure"])),
        ("errors", str(tally["Error"])),
    }
    assert sum(int(suite.get("skipped", "")) for suite in root) == tally["Skipped"]


POLICIES = [
    Policy(),
    Policy(allow_undecided=True),
    Policy(allow_empty=True),
    Policy(allow_undecided=True, allow_empty=True),
]


@pytest.mark.parametrize("policy", POLICIES, ids=["strict", "undecided allowed", "empty allowed", "both allowed"])
def test_a_test_is_red_exactly_where_the_gate_does_not_pass(policy: Policy) -> None:
    run = make_run(ALL, policy)
    result = results(run)
    for report in run.reports:
        expected = {0: {"passed", "Skipped"}, gate.VIOLATED: {"Failure"}}
        status = gate.judge(report, policy).status
        assert result[report.capture.source] in expected.get(status, {"Error"})


def test_a_failure_names_the_finding_its_place_and_what_to_do() -> None:
    failure = only(make_run([OVERUSE]), "failure")
    assert failure.get("type") == "duplicate-connection"
    assert "4 sockets of one user" in failure.get("message", "")
    assert "in the file: /log/entries/4, /log/entries/5" in (failure.text or "")
    assert "what to do: Keep one client per session" in (failure.text or "")
    assert (failure.text or "").splitlines()[-1] == f"More: har-sockets analyze {OVERUSE}"


def test_notes_and_limits_are_in_the_output_of_the_test() -> None:
    result = only(make_run(["chrome-16-hmr.har"], Policy(fail_on=Severity.ERROR)), "system-out").text or ""
    assert "note dev-server-socket: " in result
    assert "\nlimit of this capture: Chrome does not " in result


def test_of_many_notes_some_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "NOTES", 0)
    assert "and 2 more findings" in (only(make_run(["chrome-16-hmr.har"]), "system-out").text or "").splitlines()


def test_known_findings_pass_and_are_named() -> None:
    baseline = frozenset(finding.fingerprint for finding in make_run([OVERUSE]).reports[0].findings)
    run = make_run([OVERUSE], Policy(baseline=baseline))
    assert results(run) == {OVERUSE: "Skipped"}
    assert only(run, "skipped").attrib == {
        "type": "in-the-baseline",
        "message": "1 finding in the baseline (4 sockets)",
    }
    assert "\nin the baseline: error duplicate-connection: 4 sockets of one user" in (
        only(run, "system-out").text or ""
    )


UNDECIDED, EMPTY = "cypress-har-generator-H.har", "playwright-1.60-A.har"


@pytest.mark.parametrize(
    ("name", "type", "allowed"),
    [
        (UNDECIDED, "undecided", Policy(allow_undecided=True)),
        (EMPTY, "no-socket-opened", Policy(allow_empty=True, allow_undecided=True)),
    ],
)
def test_an_undecided_capture_is_an_error_or_skipped_where_that_is_allowed(
    name: str, type: str, allowed: Policy
) -> None:
    assert only(make_run([name]), "error").get("type") == type
    assert only(make_run([name], allowed), "skipped").get("type") == type


def test_an_unreadable_capture_is_an_error() -> None:
    error = only(make_run([], Policy(), Unreadable("bad.har", "the file is empty")), "error")
    assert error.attrib == {"type": "unreadable", "message": "This capture cannot be read: the file is empty"}


def test_file_and_times_are_those_of_the_capture() -> None:
    run = make_run([OVERUSE])
    suite, test = only(run, "testsuite"), only(run, "testcase")
    observed = run.reports[0].capture.observed
    assert observed is not None
    assert observed.end is not None
    assert suite.get("file") == OVERUSE
    assert suite.get("time") == test.get("time") == f"{(observed.end - observed.start) / 1e6:.3f}"
    assert float(test.get("time", "")) > 1


def test_standard_input_is_no_file() -> None:
    report = analyze(read(CAPTURES / OVERUSE, source="-"))
    assert "file" not in only(Run((report,), (), Policy(), rules=RULES), "testsuite").attrib


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
