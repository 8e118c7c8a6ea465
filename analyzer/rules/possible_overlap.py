"""It cannot be ruled out that several WebSockets were open at the same time.

Why it matters: a HAR has no field for the close of a socket. Where the exporter leaves no trace of it, a socket
that was opened later may or may not have met the one before. A gate must not pass what it cannot see. It passes what is
allowed in any case: sockets that cannot have been open together for as long as the tolerance (250 ms by default), or
that the policy allows.

What to do: record so that the capture can tell: the finding says how, for the program that wrote the capture.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import advice, overlaps, unknowns
from analyzer.model import Confidence, Finding, Overlap, Policy, Report, Rule, Severity, spoken

LEFT = "If the back/forward cache was off while this was recorded, say so: --assume no-bfcache."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in overlaps.possible_excesses(report.sessions, policy, report.overlaps):
        yield report.finding(
            RULE.id,
            RULE.severity,
            f"Cannot rule out that {_many(overlap)} of {report.endpoints(overlap.sessions)} were open "
            f"at once{_most(overlap, policy)}: {unknowns.sentence(unknowns.find(report.named(overlap.sessions)))}.",
            overlap.sessions,
            confidence=Confidence.POSSIBLE,
            interval=overlap.interval,
            remedy=None if overlap.brief(policy.tolerance) else _remedy(report, overlap),
        )


def _many(overlap: Overlap) -> str:
    if overlap.peak < len(overlap.sessions):
        return f"up to {overlap.peak} of {len(overlap.sessions)} sockets"
    return "both sockets" if overlap.peak == 2 else f"all {overlap.peak} sockets"


def _most(overlap: Overlap, policy: Policy) -> str:
    if overlap.at_most is None:
        return ""
    allowed = f", which the tolerance of {spoken(policy.tolerance)} allows" if overlap.brief(policy.tolerance) else ""
    return f", for at most {spoken(overlap.at_most)}{allowed}"


def _remedy(report: Report, overlap: Overlap) -> str:
    """A page of Chrome's that was left may have been kept with its sockets; else what the exporter's row says."""
    ended = {page.id for page in report.capture.pages if page.end is not None}
    filtered = any(caveat.id == "filtered" for caveat in report.capture.caveats)
    left = (
        report.capture.exporter.id == "chrome"
        and not filtered
        and any(session.page in ended for session in unknowns.find(report.named(overlap.sessions)).closes)
    )
    return LEFT if left else advice.to_decide(report.capture)


RULE = Rule(
    "possible-overlap",
    "Several sockets open at once cannot be ruled out",
    Severity.NOTE,
    check,
    counts=True,
    has_cause=True,
)
