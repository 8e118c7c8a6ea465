"""Write what a report for QA says beside the verdict: where a capture comes from, its numbers, its policy, lengths.

Text that may come from a capture is harmless here; escaping for the medium is left to the output.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from analyzer.intervals import Interval
from analyzer.model import (
    Confidence,
    Duration,
    Group,
    Outcome,
    Policy,
    Reach,
    Report,
    Run,
    Scope,
    Session,
    format_duration,
    join_words,
    plural,
)
from analyzer.timeline import Axis
from analyzer.wording import instants, lifetimes, services, verdict
from analyzer.wording.harmless import name, safe, safe_middle

TITLE = "WebSocket report"
INSTANT = 10  # microseconds: the file gives one instant, not a length


def sentences(report: Report, policy: Policy) -> list[str]:
    """Write the verdict, harmless."""
    return [safe(sentence, 600) for sentence in verdict.verdict_sentences(report, policy)]


def facts(report: Report, zone: tzinfo = UTC, file: str | None = None) -> list[tuple[str, str]]:
    """List where a capture comes from. `file`: its name among others, instead of the last part of its path."""
    capture = report.capture
    parts = [plural(len(capture.pages), "page")] if capture.pages else []
    parts += [plural(len(report.sessions), "socket"), capture.count_records()]
    rows = [("File", file or name(capture.source)), ("Recorded with", safe(capture.exporter.label, 100))]
    rows += [("Contains", ", ".join(parts))]
    if capture.observed is not None:
        start, end = capture.observed
        begun = instants.write_date(capture, ", from ", start, zone)
        rows.append(("Covers", f"{format_duration((end or start) - start)}{begun}"))
    if capture.sha256 is not None:
        rows.append(("SHA-256", capture.sha256))
    return rows


def describe_origin(report: Report, zone: tzinfo = UTC) -> str:
    """Say in a line what a capture is: `4 sockets · Chrome DevTools · 3.52 s from 2026-11-23 18:53:27.985 UTC`."""
    rows = dict(facts(report, zone))
    parts = (
        plural(len(report.sessions), "socket"),
        rows["Recorded with"],
        rows.get("Covers", "").replace(", from", " from"),
    )
    return " · ".join(filter(None, parts))


def figures(report: Report) -> list[tuple[str, str]]:
    """List the numbers that one looks for first."""
    peaks = report.concurrency
    rows = [
        ("socket" if len(report.sessions) == 1 else "sockets", f"{len(report.sessions):,}"),
        ("peak", report.peak),
    ]
    proven = [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]
    if proven and peaks.proven_overlap:
        least = "≥ " if any(overlap.duration_is_lower_bound for overlap in proven) else ""
        rows.append(("with 2 or more open", least + format_duration(peaks.proven_overlap)))
    return rows


def describe_policy(policy: Policy) -> str:
    """Describe the policy. It decides on findings; the verdict counts every socket."""
    scope = "address" if policy.per is Scope.ENDPOINT else policy.per.value
    parts = [f"at most {plural(policy.max_open, 'open socket')} per {scope}"]
    if policy.scope is not None:
        whose = "the whole browser" if policy.scope is Reach.BROWSER else "the tab"
        parts.append(f"the sockets of {whose} count")
    if policy.tolerance:
        parts.append(f"overlaps under {format_duration(policy.tolerance)} are notes")
    if policy.app_mode:
        parts.append(f"service limits of {policy.app_mode} mode are enforced")
    sockets = {"dev-server sockets": policy.count_dev_servers, "extension sockets": policy.count_extensions}
    for counted, words in ((True, "count"), (False, "are ignored")):
        kinds = [kind for kind, counts in sockets.items() if counts is counted]
        if kinds:
            parts.append(f"{join_words(kinds)} {words}")
    return "; ".join(parts) + "."


def length(interval: Interval | None, axis: Axis) -> str:
    """Write its length, `3.25 s`; `≥ 3.25 s` where it has no end."""
    if interval is None:
        return "–"
    if interval.end is None:
        return f"≥ {_write_length(axis.end - interval.start)}"
    return _write_length(interval.end - interval.start)


def longest(session: Session, axis: Axis) -> str:
    """Write how long it was open at most, until the capture was saved: `≤ 3.30 s`."""
    possible = session.possible
    if possible is None:
        return "–"
    if possible.end is not None:
        return f"≤ {_write_length(possible.end - possible.start)}"
    if session.outcome is Outcome.OPEN:
        return f"≤ {_write_length(axis.end - possible.start)}"
    return lifetimes.OUTCOMES[Outcome.UNKNOWN].brief


def _write_length(length: Duration) -> str:
    return "an instant" if length < INSTANT else format_duration(length)


def head(run: Run) -> list[tuple[str, str]]:
    """List what the user noted about the report with `--meta`: release, build."""
    return [(safe(key, 80), safe(value, 300)) for key, value in run.meta]


# -- services --------------------------------------------------------------------------------------------------


def group_name(group: Group) -> str:
    """Name a group, harmless."""
    return safe_middle(services.title(group), 120)


# -- findings --------------------------------------------------------------------------------------------------
