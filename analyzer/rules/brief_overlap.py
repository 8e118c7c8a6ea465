"""More WebSockets than allowed were open at the same time, but only for a moment.

Why it matters: usually it does not. A hand-over from one connection to the next, or React's StrictMode, which
mounts every component twice in development, takes 1 to 70 ms in real captures. Such overlaps are told, and they
count in the verdict; they do not fail a check unless they last longer than the tolerance (250 ms by default).

What to do: nothing, if it happens once where a connection is replaced. If it happens on every render or route,
the connection is opened in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Report, Rule, Severity, describe


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in (excess.overlap for excess in report.excesses):
        if overlap.brief(policy.tolerance):
            yield report.finding(
                RULE.id,
                RULE.severity,
                f"{len(overlap.sessions):,} sockets of {report.endpoints(overlap.sessions)}: "
                f"{describe(overlap, policy.max_open + 1)}, a hand-over or a double mount.",
                overlap.sessions,
                interval=overlap.interval,
            )


RULE = Rule(
    "brief-overlap", "Several sockets open at once, for a moment", Severity.NOTE, check, counts=True, has_cause=True
)
