"""Describe the findings of a capture for QA: where in the file one can see them, why it happened, what to do.

Text that may come from a capture is harmless here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from analyzer import gate
from analyzer.model import Confidence, Finding, Instant, Report, Rule, Severity, Value, count_rest
from analyzer.timeline import Axis, axis_of
from analyzer.version import HOME, PUBLISHED
from analyzer.wording import instants, proof
from analyzer.wording.harmless import safe

PLACES = 6  # pointers that are named one by one


class FindingWords(Value, frozen=True):
    """Hold a finding in words: where in the file it can be seen, why it happened, what to do."""

    severity: Severity
    certain: bool
    in_baseline: bool  # so it passes
    rule: str
    message: str
    matters: str | None  # why; only with the first finding of a rule
    page: str | None  # address of the rule's manual; none until the project has one
    proof: tuple[str, ...]
    cause: str | None
    remedy: str | None
    link: str | None


def describe_findings(report: Report, zone: tzinfo = UTC, rules: Sequence[Rule] = ()) -> list[FindingWords]:
    """Describe the findings, the gravest first, then by rule. A remedy stands once, as does why a rule matters.

    `rules`: for why they matter.
    """
    ranks = {severity: -rank for rank, severity in enumerate(Severity)}
    places = {rule: n for n, rule in enumerate(dict.fromkeys(finding.rule for finding in report.findings))}
    ordered = sorted(report.findings, key=lambda finding: (ranks[finding.severity], places[finding.rule]))
    importance = {rule.id: rule.importance for rule in rules}
    axis = axis_of(report)
    remedies: set[str | None] = set()
    words = []
    for finding in ordered:
        repeated = finding.remedy in remedies
        remedies.add(finding.remedy)
        words.append(_describe(finding, report, axis, zone, importance.pop(finding.rule, ""), repeated))
    return words


def _describe(finding: Finding, report: Report, axis: Axis, zone: tzinfo, matters: str, repeated: bool) -> FindingWords:
    return FindingWords(
        severity=finding.severity,
        certain=finding.confidence is Confidence.PROVEN,
        in_baseline=gate.is_in_baseline(finding, report.policy),
        rule=finding.rule,
        message=safe(finding.message, 600),
        matters=matters or None,
        page=f"{HOME}/blob/HEAD/docs/rules/{finding.rule}.md" if PUBLISHED else None,
        proof=(
            *(safe(line, 600) for line in proof.lines(finding.proof)),
            *_proof(finding, report, axis, zone),
        ),
        cause=_write_cause(finding),
        remedy=None if finding.remedy is None or repeated else safe(finding.remedy, 600),
        link=finding.link if finding.link and finding.link.startswith("https://") else None,
    )


def _write_cause(finding: Finding) -> str | None:
    if finding.explanation is None:
        return finding.silence
    return f"{safe(finding.explanation, 600)} ({finding.cause})"


def _proof(finding: Finding, report: Report, axis: Axis, zone: tzinfo) -> Iterable[str]:
    """Say where in the file one can see it."""
    sessions = report.named(finding.sessions)

    def write(at: Instant) -> str:
        return instants.write_date(report.capture, "", at, zone) or instants.since(at, axis)

    for session in sessions[:PLACES]:
        ends = " to " + write(session.proven.end) if session.proven and session.proven.end else ""
        open_at = f", certainly open from {write(session.proven.start)}{ends}" if session.proven else ""
        yield f"{session.name}: {safe(session.pointer, 120)}{open_at}"
    if rest := count_rest(len(sessions) - PLACES, "socket"):
        yield rest
    if not sessions:
        yield from (safe(pointer, 120) for pointer in finding.pointers[:PLACES] if pointer)
