"""Judge a report by its policy: the exit status, JUnit and annotations follow from this.

A capture that shows no socket, or that is undecided, passes only where the policy allows it.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.model import Finding, Policy, Report, Run, Value

# Exit statuses (docs/decisions/0011-exit-statuses.md); where several hold, the first of this order.
VIOLATED, UNREADABLE, EMPTY, UNDECIDED = 1, 3, 5, 4


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


class Judgement(Value, frozen=True):
    """The result of one capture."""

    result: Result
    status: int  # the exit status that it asks for
    failing: tuple[Finding, ...]  # the most severe first
    accepted: tuple[Finding, ...]  # would fail, but are in the baseline


def judge(report: Report, policy: Policy) -> Judgement:
    """Judge violations first, then a capture in which no socket opened, then an undecided one."""
    bad = sorted(
        (it for it in report.findings if fails(it, policy)), key=lambda finding: finding.severity.rank, reverse=True
    )
    result, status = Result.PASS, 0
    if bad:
        result, status = Result.FAIL, VIOLATED
    elif not has_opened(report, policy) and not policy.allow_empty:
        result, status = Result.UNDECIDED, EMPTY
    elif is_undecided(report) and not policy.allow_undecided and policy.fail_on is not None:
        result, status = Result.UNDECIDED, UNDECIDED
    return Judgement(result, status, tuple(bad), tuple(it for it in report.findings if is_in_baseline(it, policy)))


def has_opened(report: Report, policy: Policy) -> bool:
    """Did any socket open, among those that are in the scope of the policy?"""
    return any(session.possible is not None and policy.reaches(session.where) for session in report.sessions)


def fails(finding: Finding, policy: Policy) -> bool:
    return policy.fails(finding.severity) and not policy.accepts(finding)


def is_in_baseline(finding: Finding, policy: Policy) -> bool:
    """Does this finding pass only because the baseline holds it?"""
    return policy.fails(finding.severity) and policy.accepts(finding)


def absent(run: Run) -> int:
    """Count the findings in the baseline that no capture has. 0 where a capture may hide one."""
    if not run.policy.baseline or run.unreadable or any(is_undecided(report) for report in run.reports):
        return 0
    fingerprints = {key for report in run.reports for key in report.accepted}
    fingerprints |= {
        key
        for report in run.reports
        for finding in report.findings
        for key in (finding.fingerprint, *finding.former_fingerprints)
    }
    return len(run.policy.baseline - fingerprints)


def is_undecided(report: Report) -> bool:
    """Decide whether what happened may break the policy, though the capture does not prove it.

    Sockets may be missing from the capture; or the sockets in it may have been open for as long as they possibly were,
    and then the policy would be broken (`Report.unsure`). A capture that cannot break the policy is decided, whatever
    the verdict.
    """
    return report.unsure or report.capture.hides_sockets


def exit_status(run: Run) -> int:
    """Choose the status: 1 violated, 3 one capture unreadable, 5 no socket opened in one, 4 one undecided, 0 passed."""
    statuses = {judge(report, run.policy).status for report in run.reports}
    statuses |= {UNREADABLE} if run.unreadable else set()
    return next((status for status in (VIOLATED, UNREADABLE, EMPTY, UNDECIDED) if status in statuses), 0)
