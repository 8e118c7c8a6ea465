"""Write JUnit XML for the test report of a CI service: one suite and one test per capture.

The report is red exactly where `check` would end with a status other than 0:

- a capture that violates the policy is a *failure*, with its findings in the text;
- a capture that passes because its findings are in the baseline is *skipped*;
- an undecided capture, and one in which no socket opened, is an *error*; where the policy accepts it, it is *skipped*;
- a capture that cannot be read is an *error*.

`time` is how long the capture recorded: the same input gives the same bytes. `file` stands on the suite, because the
schema of Jenkins' xUnit plugin refuses it on a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from analyzer import gate
from analyzer.document import timestamp
from analyzer.gate import Judgement, Result
from analyzer.model import SECOND, Duration, Finding, Policy, Report, Run, Unreadable, count_rest, join_some
from analyzer.wording import counts, facts, harmless, judgements, proof, titles, verdict
from analyzer.wording.findings import PLACES
from analyzer.wording.instants import has_dates

CLASS = "har-sockets"  # of every test: readers show it as a group
COUNTS = ("tests", "failures", "errors")
ERRORS = {gate.EMPTY: "no-socket-opened", gate.UNDECIDED: "undecided", gate.UNREADABLE: "unreadable"}
IN_BASELINE = "in-the-baseline"
NOTES = 20  # findings that do not fail, each with a line
LONGEST = 600  # characters of one text


def render(run: Run) -> bytes:
    suites = Element("testsuites", name=harmless.safe(run.title or CLASS))
    suites.extend(_suite(report, run) for report in run.reports)
    suites.extend(map(_unreadable, run.unreadable))
    if (nothing := counts.no_match(run)) is not None:
        SubElement(suites, "testsuite", name=nothing, tests="0", failures="0", errors="0", skipped="0", time="0.000")
    for name in COUNTS:
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    suites.set("time", _seconds(sum(_measure(report) for report in run.reports)))
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(report: Report, run: Run) -> Element:
    judgement = gate.judge(report, run.policy)
    suite, test = _suite_of_one(report.capture.source, _measure(report))
    if report.capture.observed is not None and has_dates(report.capture):
        suite.set("timestamp", (timestamp(report.capture.observed.start) or "")[:19])  # ISO 8601 without a zone
    properties = Element("properties")
    suite.insert(0, properties)
    for key, value in _properties(report, judgement, run):
        SubElement(properties, "property", name=harmless.safe(key), value=harmless.safe(value, LONGEST))
    reason = harmless.safe(judgements.reason(report, judgement, run.policy, run.zone), LONGEST)
    if judgement.result is Result.FAIL:
        lines = (line for finding in judgement.failing for line in _details(finding, run.policy))
        _add(suite, test, "failure", judgement.failing[0].rule, reason, "\n".join([*lines, _more(report)]))
    elif judgement.result is not Result.PASS:
        _add(suite, test, "error", ERRORS[judgement.status], reason, _more(report))
    elif not report.opened or gate.is_undecided(report):
        _add(suite, test, "skipped", ERRORS[gate.UNDECIDED if report.opened else gate.EMPTY], reason)
    elif judgement.accepted or report.accepted:
        _add(suite, test, "skipped", IN_BASELINE, reason)
    SubElement(test, "system-out").text = "\n".join(_notes(report, run.policy))
    return suite


def _unreadable(file: Unreadable) -> Element:
    suite, test = _suite_of_one(file.source, 0)
    problem = f"This capture {titles.PROBLEM}: {harmless.safe(file.problem, LONGEST)}"
    _add(suite, test, "error", ERRORS[gate.UNREADABLE], problem)
    return suite


def _suite_of_one(source: str, recorded: Duration) -> tuple[Element, Element]:
    name, time = harmless.safe(source, 4000), _seconds(recorded)
    suite = Element("testsuite", name=name, tests="1", failures="0", errors="0", skipped="0", time=time)
    if source != "-":
        suite.set("file", name)
    return suite, SubElement(suite, "testcase", name=name, classname=CLASS, time=time)


def _add(suite: Element, test: Element, result: str, type: str, message: str, details: str = "") -> None:
    """Give a test its result, and count it in its suite."""
    counted = {"failure": "failures", "error": "errors", "skipped": "skipped"}[result]
    suite.set(counted, "1")
    SubElement(test, result, type=type, message=message).text = details or None


def _measure(report: Report) -> Duration:
    observed = report.capture.observed
    return 0 if observed is None or observed.end is None else max(0, observed.end - observed.start)


def _seconds(duration: Duration) -> str:
    return f"{duration / SECOND:.3f}"


def _properties(report: Report, judgement: Judgement, run: Run) -> Iterable[tuple[str, str]]:
    yield from run.meta
    yield "result", judgement.result
    yield "verdict", report.verdict
    yield "sockets", str(len(report.sessions))
    yield "policy", facts.describe_policy(run.policy)
    yield "recorded with", report.capture.exporter.label
    if report.capture.sha256 is not None:
        yield "sha256", report.capture.sha256


def _more(report: Report) -> str:
    return harmless.safe(judgements.command(report), LONGEST)


def _notes(report: Report, policy: Policy) -> Iterable[str]:
    """Yield the verdict, then the findings that do not fail, then the limits of the capture."""
    yield from (harmless.safe(sentence, LONGEST) for sentence in verdict.verdict_sentences(report, policy))
    notes = [finding for finding in report.findings if not gate.fails(finding, policy)]
    for finding in notes[:NOTES]:
        prefix = "in the baseline: " if gate.is_in_baseline(finding, policy) else ""
        yield prefix + harmless.safe(_headline(finding, policy), LONGEST)
    if rest := count_rest(len(notes) - NOTES, "finding"):
        yield rest
    yield from (f"limit of this capture: {harmless.safe(it.message, LONGEST)}" for it in report.capture.caveats[:NOTES])


def _headline(finding: Finding, policy: Policy) -> str:
    return f"{finding.severity} {finding.rule}: {judgements.message(finding, policy)}"


def _details(finding: Finding, policy: Policy) -> Iterable[str]:
    yield harmless.safe(_headline(finding, policy), LONGEST)
    if finding.pointers:
        yield harmless.safe(f"  in the file: {join_some(finding.pointers, PLACES)}", LONGEST)
    if finding.explanation:
        yield harmless.safe(f"  {finding.explanation} ({finding.cause})", LONGEST)
        yield from (harmless.safe(f"    {line}", LONGEST) for line in proof.lines(finding.proof)[:PLACES])
    if finding.remedy:
        yield harmless.safe(f"  what to do: {finding.remedy}", LONGEST)
    if finding.link:
        yield harmless.safe(f"  see: {finding.link}")
