"""JUnit XML, for what CI shows as tests: a suite a capture, a case a rule and group of sockets.

A case fails by a finding that fails the gate, is skipped where it cannot be told, and is an error where the capture
cannot be read. The names are the same in the next run, so that CI can tell since when a case fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from analyzer import gate
from analyzer.model import Confidence, Finding, Policy, Report, Run, Unreadable, Value
from analyzer.outputs import proof, services, summary, verdict
from analyzer.outputs.document import timestamp

SUFFIX = ".xml"
WHOLE = "all sockets"
GROUPS = 200  # told one by one; further ones only where a finding is about them
READING = "read the capture"


class Case(Value, frozen=True):
    """A rule, held against one group of sockets."""

    rule: str
    group: str
    failing: tuple[Finding, ...]
    known: tuple[Finding, ...]
    others: tuple[Finding, ...]  # told, and let pass
    untold: str | None  # why it cannot be told


def render(run: Run) -> bytes:
    suites = Element("testsuites", name=summary.safe(run.title or "har-sockets"))
    for report in run.reports:
        suites.append(_suite(report, run))
    for it in run.unreadable:
        suites.append(_error(it))
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(report: Report, run: Run) -> Element:
    name = summary.safe(report.capture.source, 4000)
    found = cases(report, run)
    failed, skipped = sum(bool(case.failing) for case in found), sum(_skipped(case) for case in found)
    suite = Element("testsuite", name=name, tests=str(len(found)), failures=str(failed), errors="0")
    suite.set("skipped", str(skipped))
    suite.set("time", "0.000")
    if report.capture.observed is not None:
        suite.set("timestamp", (timestamp(report.capture.observed.start) or "")[:19])  # ISO 8601 without a zone
    properties = SubElement(suite, "properties")
    for key, value in _properties(report, run):
        SubElement(properties, "property", name=summary.safe(key), value=summary.safe(value, 600))
    for case in found:
        _case(SubElement(suite, "testcase", name=f"{case.rule}: {case.group}", classname=name, time="0.000"), case)
    return suite


def _properties(report: Report, run: Run) -> Iterable[tuple[str, str]]:
    judgement = gate.judge(report, run.policy)
    yield from run.meta
    yield "result", judgement.result
    yield "verdict", report.verdict
    yield "said", " ".join(verdict.verdict_sentences(report, run.policy))
    yield "policy", summary.allowed(run.policy)
    yield "recorded with", report.capture.exporter.label
    if report.capture.sha256 is not None:
        yield "sha256", report.capture.sha256


def _case(element: Element, case: Case) -> None:
    if case.failing:
        more = f" (and {len(case.failing) - 1:,} more)" if len(case.failing) > 1 else ""
        message = summary.safe(case.failing[0].message, 600) + more
        failure = SubElement(element, "failure", type=case.rule, message=message)
        failure.text = "\n".join(_told(case.failing))
    elif case.untold is not None:
        SubElement(element, "skipped", message=summary.safe(case.untold, 600))
    said = [f"Known, by the baseline: {line}" for line in _told(case.known)] + list(_told(case.others))
    if said:
        SubElement(element, "system-out").text = "\n".join(said)


def _skipped(case: Case) -> bool:
    return case.untold is not None and not case.failing


def _told(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        yield summary.safe(f"{finding.severity}: {finding.message}", 600)
        if finding.pointers:
            more = f" and {len(finding.pointers) - summary.PLACES:,} more" * (len(finding.pointers) > summary.PLACES)
            yield summary.safe(f"  in the file: {', '.join(finding.pointers[: summary.PLACES])}{more}", 600)
        if finding.explanation:
            yield summary.safe(f"  {finding.explanation} ({finding.cause})", 600)
        yield from (summary.safe(f"    {line}", 600) for line in proof.lines(finding.proof)[: summary.PLACES])
        if finding.remedy:
            yield summary.safe(f"  what to do: {finding.remedy}", 600)
        if finding.link:
            yield summary.safe(f"  see: {finding.link}")


def _error(it: Unreadable) -> Element:
    name, problem = summary.safe(it.source, 4000), summary.safe(it.problem, 600)
    suite = Element("testsuite", name=name, tests="1", failures="0", errors="1", skipped="0", time="0.000")
    case = SubElement(suite, "testcase", name=READING, classname=name, time="0.000")
    SubElement(case, "error", type="unreadable", message=problem).text = problem
    return suite


# -- which cases there are -------------------------------------------------------------------------------------


def cases(report: Report, run: Run) -> list[Case]:
    """Every rule that is not off, with every group; what is about several groups, or none, is about all sockets."""
    groups = {session: place for place, members in _groups(report).items() for session in members}
    places = list(dict.fromkeys(groups.values()))
    whole = places[0] if len(places) == 1 else WHOLE
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        found.setdefault((finding.rule, _place(finding, groups, whole)), []).append(finding)
    shown = dict.fromkeys((*places[:GROUPS], *(place for _, place in found), whole))
    unsure = _untold(report, run.policy, groups, whole)
    return [
        _sorted(rule, place, found.get((rule, place), ()), run.policy, unsure(place) if counts else None)
        for rule, counts in _rules(run, report)
        for place in shown
    ]


def _sorted(rule: str, place: str, found: Sequence[Finding], policy: Policy, untold: str | None) -> Case:
    failing = tuple(finding for finding in found if gate.fails(finding, policy))
    known = tuple(finding for finding in found if gate.known(finding, policy))
    others = tuple(it for it in found if not gate.fails(it, policy) and not gate.known(it, policy))
    return Case(rule, place, failing, known, others, untold)


def _rules(run: Run, report: Report) -> list[tuple[str, bool]]:
    """The ids of all rules that were applied, each with whether it cannot be told where the count cannot."""
    off = {rule for rule, severity in run.policy.severities if severity is None}
    told = {finding.rule: False for finding in report.findings}
    known = {rule.id: rule.counts or not report.opened for rule in run.rules if rule.id not in off}
    return list({**known, **{rule: counts for rule, counts in told.items() if rule not in known}}.items())


def _groups(report: Report) -> dict[str, tuple[str, ...]]:
    """The sockets of each group, by a name of its own."""
    found: dict[str, tuple[str, ...]] = {}
    for group in report.groups:
        name = summary.safe(services.title(group))
        same = sum(other == name or other.startswith(f"{name} (") for other in found) if name in found else 0
        found[f"{name} ({same + 1})" if same else name] = group.sessions
    return found


def _place(finding: Finding, groups: dict[str, str], whole: str) -> str:
    places = {groups[session] for session in finding.sessions if session in groups}
    return places.pop() if len(places) == 1 else whole


def _untold(report: Report, policy: Policy, groups: dict[str, str], whole: str) -> Callable[[str], str | None]:
    """Why a group's sockets cannot be counted for sure; None where they can."""
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    if hidden or not report.opened:
        nothing = verdict.none_opened(report) if report.sessions else "No WebSocket was recorded."
        said = f"Cannot tell: {hidden[0]}" if hidden else nothing
        return lambda _: f"{said} {verdict.advice(report)}"
    perhaps: dict[str, str] = {}
    if not gate.undecided(report):
        return perhaps.get
    for finding in report.findings:
        if finding.confidence is Confidence.POSSIBLE:
            said = f"{finding.message} {finding.remedy or ''}".strip()
            for place in (_place(finding, groups, whole), *(groups[session] for session in finding.sessions)):
                perhaps.setdefault(place, said)
    if not perhaps:
        perhaps[whole] = " ".join(verdict.verdict_sentences(report, policy))
    return perhaps.get
