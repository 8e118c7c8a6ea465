"""A capture and a policy -> a report, one line a stage."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from analyzer import overlaps, sessions
from analyzer.model import Capture, Confidence, Finding, Overlap, Policy, Report, Session, Verdict
from analyzer.rules import RULES


def analyze(capture: Capture, policy: Policy | None = None) -> Report:
    """Who was open when, every overlap, every finding."""
    policy = policy or Policy()
    found = sessions.conclude(capture, policy.assume_no_bfcache)
    stretches = overlaps.find(found)
    report = Report(
        capture=capture,
        sessions=found,
        verdict=_verdict(capture, found, stretches),
        concurrency=overlaps.concurrency(found, stretches),
        overlaps=stretches,
        findings=(),
    )
    findings = (finding for rule in RULES for finding in rule.check(report, policy))
    return msgspec.structs.replace(report, findings=tuple(_fingerprinted(f, report) for f in findings))


def _verdict(capture: Capture, found: Sequence[Session], stretches: Sequence[Overlap]) -> Verdict:
    if any(overlap.confidence is Confidence.PROVEN for overlap in stretches):
        return Verdict.OVERLAP
    if stretches:
        return Verdict.POSSIBLE_OVERLAP
    if any(caveat.hides_sockets for caveat in capture.caveats):
        return Verdict.INCONCLUSIVE
    return Verdict.NO_OVERLAP if found else Verdict.NO_SOCKETS


def _fingerprinted(finding: Finding, report: Report) -> Finding:
    """The same for the same fault in another capture: rule, endpoints and code that opened; no times, no ids."""
    parts = {finding.rule}
    for session in report.named(finding.sessions):
        code = session.initiator
        parts.add(f"{session.endpoint} {code.function if code else ''}")
    import hashlib

    digest = hashlib.sha256("\n".join(sorted(parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return msgspec.structs.replace(finding, fingerprint=digest[:16])
