"""Fold equal findings into one: a fault that repeats is one fault, not thirteen.

Findings are equal if they have the same fingerprint (rule, addresses, users and opening code), and the same severity,
cause and remedy. So a baseline that holds one of them holds the folded one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from analyzer.intervals import Interval
from analyzer.model import Finding, Report

ALIKE = 3  # from so many on they are one


def fold(
    findings: Iterable[Finding], report: Report, describe: Callable[[Report, Sequence[Finding]], str]
) -> list[Finding]:
    """Return the findings, equal ones as one at the place of the first. `describe`: its message."""
    lots: dict[object, list[Finding]] = {}
    for finding in findings:
        key = finding.fingerprint, finding.severity, finding.confidence, finding.explanation, finding.remedy
        lots.setdefault(key, []).append(finding)
    return [it for lot in lots.values() for it in ([_unite(lot, report, describe)] if len(lot) >= ALIKE else lot)]


def _unite(lot: Sequence[Finding], report: Report, describe: Callable[[Report, Sequence[Finding]], str]) -> Finding:
    places = {id: pointer for finding in lot for id, pointer in zip(finding.sessions, finding.pointers, strict=True)}
    return msgspec.structs.replace(
        lot[0],
        message=describe(report, lot),
        interval=_hull([finding.interval for finding in lot if finding.interval is not None]),
        sessions=tuple(places),
        pointers=tuple(places.values()),
        peak=max((finding.peak for finding in lot if finding.peak is not None), default=None),
        proof=tuple(dict.fromkeys(proof for finding in lot for proof in finding.proof)),
    )


def _hull(intervals: Sequence[Interval]) -> Interval | None:
    """From the start of the first to the end of the last, as long as each of them has one."""
    if not intervals:
        return None
    ends = [interval.end for interval in intervals if interval.end is not None]
    return Interval(min(it.start for it in intervals), max(ends) if len(ends) == len(intervals) else None)
