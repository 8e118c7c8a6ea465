"""A report and its policy -> does it pass? What the exit status, JUnit and annotations say alike.

A gate that saw nothing, or cannot tell, does not pass unless it is told to.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from analyzer.model import Finding, Policy, Report, Run, Severity, Value, Verdict

# Exit statuses (docs/decisions/0011-exit-statuses.md); where several hold, the first of this order.
VIOLATED, UNREADABLE, EMPTY, UNDECIDED = 1, 3, 5, 4
UNTOLD = (Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    UNTOLD = "????"


class Judgement(Value, frozen=True):
    """What the gate says of one capture."""

    result: Result
    status: int  # the exit status that it asks for
    failing: tuple[Finding, ...]  # the worst first
    known: tuple[Finding, ...]  # that would fail, and are in the baseline


def judge(report: Report, policy: Policy) -> Judgement:
    """Violations first, then a capture without sockets, then one that cannot be told."""
    grave = [finding for finding in report.findings if at_least(finding.severity, policy.fail_on)]
    failing = sorted((f for f in grave if f.fingerprint not in policy.baseline), key=lambda f: -_rank(f.severity))
    known = tuple(finding for finding in grave if finding.fingerprint in policy.baseline)
    result, status = Result.PASS, 0
    if failing:
        result, status = Result.FAIL, VIOLATED
    elif not report.sessions and not policy.allow_empty:
        result, status = Result.UNTOLD, EMPTY
    elif report.verdict in UNTOLD and not policy.allow_undecided:
        result, status = Result.UNTOLD, UNDECIDED
    return Judgement(result, status, tuple(failing), known)


def exit_status(run: Run) -> int:
    """1 violated, 3 a capture could not be read, 5 one without sockets, 4 one that cannot be told, 0 all pass."""
    found = {judge(report, run.policy).status for report in run.reports}
    found |= {UNREADABLE} if run.unreadable else set()
    return next((status for status in (VIOLATED, UNREADABLE, EMPTY, UNDECIDED) if status in found), 0)


def failing(run: Run) -> Iterable[Finding]:
    """All that fails in the run, in its order."""
    return (finding for report in run.reports for finding in judge(report, run.policy).failing)


def at_least(severity: Severity, threshold: Severity) -> bool:
    return _rank(severity) >= _rank(threshold)


def _rank(severity: Severity) -> int:
    return list(Severity).index(severity)
