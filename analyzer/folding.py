"""Fold equal findings into one: a fault that repeats is one fault, not thirteen.

Findings are equal if they have the same fingerprint (rule, addresses, users and opening code), and the same severity,
cause and remedy. So a baseline that holds one of them holds the folded one. Two certain overlaps of one cause are one
mechanism; otherwise it takes three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import msgspec

from analyzer.intervals import Interval
from analyzer.model import Confidence, Finding, Report
from analyzer.model.sentence import Sentence

Describe: TypeAlias = Callable[[Report, Sequence[Finding]], Sentence]
ALIKE, OF_ONE_CAUSE = 3, 2  # so many equal findings, or more, become one


def fold(findings: Iterable[Finding], report: Report, describe: Describe) -> list[Finding]:
    """Return the findings, equal ones as one at the place of the first. `describe`: its message."""
    lots: dict[object, list[Finding]] = {}
    for finding in findings:
        cause = finding.cause, finding.cause_confidence
        key = finding.fingerprint, finding.severity, finding.confidence, cause, finding.remedy, finding.link
        lots.setdefault(key, []).append(finding)
    return [it for lot in lots.values() for it in ([_unite(lot, report, describe)] if _are_many(lot) else lot)]


def _are_many(lot: Sequence[Finding]) -> bool:
    is_known = lot[0].cause is not None and lot[0].confidence is Confidence.PROVEN
    return len(lot) >= (OF_ONE_CAUSE if is_known else ALIKE)


def _unite(lot: Sequence[Finding], report: Report, describe: Describe) -> Finding:
    places = {id: pointer for finding in lot for id, pointer in zip(finding.sessions, finding.pointers, strict=True)}
    return msgspec.structs.replace(
        lot[0],
        message=describe(report, lot),
        why=_explain(lot),
        interval=_hull([finding.interval for finding in lot if finding.interval is not None]),
        sessions=tuple(places),
        pointers=tuple(places.values()),
        peak=max((finding.peak for finding in lot if finding.peak is not None), default=None),
        proof=tuple(dict.fromkeys(proof for finding in lot for proof in finding.proof)),
    )


def _explain(lot: Sequence[Finding]) -> Sentence | None:
    """Return the cause in words. Numbers in it may differ from finding to finding: then they are those of the first."""
    first = lot[0].why
    if first is None or all(finding.why == first for finding in lot):
        return first
    return Sentence("{} (the first time).", first.clause)


def _hull(intervals: Sequence[Interval]) -> Interval | None:
    """From the start of the first to the end of the last, as long as each of them has one."""
    if not intervals:
        return None
    ends = [interval.end for interval in intervals if interval.end is not None]
    return Interval(min(it.start for it in intervals), max(ends) if len(ends) == len(intervals) else None)
