"""A report and its policy -> does it pass? What the exit status, JUnit and annotations say alike.

A gate that saw nothing, or cannot tell, does not pass unless it is told to.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.model import Finding, Policy, Report, Run, Value

# Exit statuses (docs/decisions/0011-exit-statuses.md); where several hold, the first of this order.
VIOLATED, UNREADABLE, EMPTY, UNDECIDED = 1, 3, 5, 4


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    UNTOLD = "????"


class Judgement(Value, frozen=True):
    """What the gate says of one capture."""

    result: Result
    status: int  # the exit status that it asks for
    failing: tuple[Finding, ...]  # the gravest first
    known: tuple[Finding, ...]  # that would fail, and are in the baseline


def judge(report: Report, policy: Policy) -> Judgement:
    """Violations first, then a capture in which no socket opened, then one that cannot be told."""
    bad = sorted((it for it in report.findings if fails(it, policy)), key=lambda it: it.severity.rank, reverse=True)
    result, status = Result.PASS, 0
    if bad:
        result, status = Result.FAIL, VIOLATED
    elif not report.opened and not policy.allow_empty:
        result, status = Result.UNTOLD, EMPTY
    elif undecided(report) and not policy.allow_undecided and policy.fail_on is not None:
        result, status = Result.UNTOLD, UNDECIDED
    return Judgement(result, status, tuple(bad), tuple(it for it in report.findings if known(it, policy)))


def fails(finding: Finding, policy: Policy) -> bool:
    return policy.fails(finding.severity) and finding.fingerprint not in policy.baseline


def known(finding: Finding, policy: Policy) -> bool:
    """Would it fail, were it not in the baseline?"""
    return policy.fails(finding.severity) and finding.fingerprint in policy.baseline


def undecided(report: Report) -> bool:
    """Can it not be told whether the policy is kept: may what happened break it, by all that the capture shows?

    Sockets may be missing from it; or those that are there may have been open for as long as they possibly were, and
    then the policy would be broken (`Report.unsure`). What breaks it in no case is decided, whatever the verdict.
    """
    return report.unsure or any(caveat.hides_sockets for caveat in report.capture.caveats)


def exit_status(run: Run) -> int:
    """1 violated, 3 a capture could not be read, 5 no socket opened in one, 4 one cannot be told, 0 all pass."""
    found = {judge(report, run.policy).status for report in run.reports}
    found |= {UNREADABLE} if run.unreadable else set()
    return next((status for status in (VIOLATED, UNREADABLE, EMPTY, UNDECIDED) if status in found), 0)
