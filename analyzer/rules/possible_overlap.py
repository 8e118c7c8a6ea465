"""Sockets were possibly open at the same time: the file neither proves nor excludes it.

Why it matters: a HAR has no field for the close of a socket. Where the exporter does not record closes, the capture
does not show whether an older socket had closed when the next one opened. `check` reports such a capture as UNDECIDED.
It passes a possible overlap that cannot break the policy: one that was certainly shorter than the tolerance (250 ms by
default), or one that the policy allows.

Three or more that the same code made, of the same addresses and users, are one finding. It names all their sockets, and
lasts from the first to the last of them.

What to do: record so that the capture is conclusive. The finding says how, for the program that wrote the capture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import advice, overlaps, unknowns
from analyzer.model import Closes, Confidence, Finding, Overlap, Policy, Report, Rule, Severity
from analyzer.model.sentence import Sentence, count, length

LEFT = "If the back/forward cache was off during the recording, pass --assume no-bfcache."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in overlaps.possible_excesses(report.sessions, policy, report.overlaps):
        yield report.finding(
            RULE.id,
            RULE.severity,
            Sentence(
                "Possible overlap of {} of {}{}: {}.",
                _many(overlap),
                report.endpoints(overlap.sessions),
                _most(overlap, policy),
                unknowns.of_sockets(report.named(overlap.sessions)),
            ),
            overlap.sessions,
            confidence=Confidence.POSSIBLE,
            interval=overlap.interval,
            peak=overlap.peak,
            remedy=None if overlap.brief(policy.tolerance) else _remedy(report, overlap),
        )


def fold(report: Report, findings: Sequence[Finding]) -> Sentence:
    sockets = {id: None for finding in findings for id in finding.sessions}
    parts = [report.named(finding.sessions) for finding in findings]
    return Sentence(
        "{} possible overlaps of {} of {}: {}.",
        len(findings),
        count(len(sockets), "socket"),
        report.endpoints(sockets),
        unknowns.of_several(parts),
    )


def _many(overlap: Overlap) -> Sentence:
    if overlap.peak < len(overlap.sessions):
        return Sentence("up to {} of {} sockets", overlap.peak, len(overlap.sessions))
    return Sentence("{} sockets", overlap.peak)


def _most(overlap: Overlap, policy: Policy) -> Sentence:
    if overlap.at_most is None:
        return Sentence("")
    if overlap.brief(policy.tolerance):
        return Sentence(" ({} at most, below the tolerance of {})", length(overlap.at_most), length(policy.tolerance))
    return Sentence(" ({} at most)", length(overlap.at_most))


def _remedy(report: Report, overlap: Overlap) -> str:
    """Say what decides it: whether the page that was left was kept with its sockets; else what the exporter's row says.

    The former counts where closes are recorded as long as a page lives.
    """
    capture = report.capture
    ended = {page.id for page in capture.pages if page.end is not None}
    filtered = any(caveat.id == "filtered" for caveat in capture.caveats)
    by_page = any(trace.coverage.closes is Closes.WHILE_PAGE_LIVES for trace in capture.traces)
    if by_page and ended and not filtered:
        unclosed = unknowns.find(report.named(overlap.sessions)).closes
        if any(session.page in ended for session in unclosed):
            return LEFT
    return advice.to_decide(capture)


RULE = Rule(
    "possible-overlap",
    "Sockets were possibly open at the same time",
    Severity.NOTE,
    check,
    counts=True,
    has_cause=True,
    fold=fold,
)
