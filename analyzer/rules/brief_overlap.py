"""More sockets than allowed were open at the same time, but only for a moment.

Why it matters: usually it does not. Replacing one connection with the next takes 1 to 70 ms in real captures. So does
React's StrictMode, which mounts every component twice in development. A brief overlap counts in the verdict. It does
not fail a check: only an overlap that lasts as long as the tolerance (250 ms by default) can.

Three or more that the same code made, of the same addresses and users, are one finding (two or more, if they have one
cause). It says how many there were, names all their sockets, and lasts from the first to the last of them.

What to do: nothing, if it happens once where a connection is replaced. If it happens on every render or route, move
the code that opens the connection out of the component.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model import Finding, Policy, Report, Rule, Severity, describe_overlap
from analyzer.model.sentence import Sentence, count, length


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in (excess.overlap for excess in report.excesses):
        if overlap.brief(policy.tolerance):
            yield report.finding(
                RULE.id,
                RULE.severity,
                Sentence(
                    "Brief overlap, below the tolerance of {}: {}.",
                    length(policy.tolerance),
                    describe_overlap(overlap, report.endpoints(overlap.sessions), policy.max_open + 1),
                ),
                overlap.sessions,
                interval=overlap.interval,
                peak=overlap.peak,
            )


def fold(report: Report, findings: Sequence[Finding]) -> Sentence:
    sockets = {id: None for finding in findings for id in finding.sessions}
    return Sentence(
        "{} brief overlaps, each below the tolerance of {}: {} of {}, peak {}.",
        len(findings),
        length(report.policy.tolerance),
        count(len(sockets), "socket"),
        report.endpoints(sockets),
        max(finding.peak or 0 for finding in findings),
    )


RULE = Rule("brief-overlap", "Brief overlap", Severity.NOTE, check, counts=True, has_cause=True, fold=fold)
