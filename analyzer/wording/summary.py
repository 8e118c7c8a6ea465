"""What a report for QA says in words beside the verdict: HTML and Markdown say the same.

Every text that may come from a capture is made harmless here (what is not printable is written as `\\x1b`); escaping
for the medium is left to the output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from analyzer import gate
from analyzer.intervals import Interval
from analyzer.model import (
    Confidence,
    Duration,
    Finding,
    Group,
    Outcome,
    Policy,
    Report,
    Rule,
    Run,
    Scope,
    Session,
    Severity,
    Value,
    enumerated,
    name_source,
    plural,
    spoken,
)
from analyzer.version import HOME, PUBLISHED
from analyzer.wording import proof, services, terminal, triage, verdict
from analyzer.wording.terminal import Axis, Medium
from analyzer.wording.verdict import Kind

PAPER = Medium(120, unicode=True)
TITLE = "WebSocket report"
INSTANT = 10  # microseconds: the file gives one instant, not a length
PLACES = 6  # pointers that are named one by one


class Headline(Value, frozen=True):
    """A verdict at a glance: a sign, a few words, and how it is to look. Never the look alone."""

    sign: str
    words: str
    tone: str  # bad, unsure, good


LOOKS = {  # by result: sign and tone
    Kind.OVERLAP: ("✗", "bad"),
    Kind.POSSIBLE_OVERLAP: ("?", "unsure"),
    Kind.INCONCLUSIVE: ("?", "unsure"),
    Kind.NO_OVERLAP: ("✓", "good"),
}
UNREADABLE = Headline("!", "Unreadable", "bad")


class FindingWords(Value, frozen=True):
    """A finding, in words: where in the file it can be seen, why it happened, what to do."""

    severity: Severity
    certain: bool
    in_baseline: bool  # so it passes
    rule: str
    message: str
    matters: str | None  # why; only with the first finding of a rule
    page: str | None  # address of the rule's manual; none until the project has one
    proof: tuple[str, ...]
    cause: str | None
    remedy: str | None
    link: str | None


def safe(text: str, most: int = 300) -> str:
    """Text of a capture that acts on nothing and is not longer than this."""
    plain = PAPER.safe(text, most)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def safe_middle(text: str, most: int) -> str:
    """The same for addresses: host and end of the path stay."""
    text = safe(text, 4_000)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most - most // 2 - 1) :]}"


def name(source: str) -> str:
    """The file's own name."""
    source = name_source(source)
    return safe_middle(source.replace("\\", "/").rstrip("/").rpartition("/")[2] or source, 120)


def names(run: Run) -> dict[str, str]:
    """The shortest end of each capture's path that no other has, by source."""
    shortest: dict[str, str] = {}
    left = dict.fromkeys([*(report.capture.source for report in run.reports), *(it.source for it in run.unreadable)])
    for depth in range(1, 9):
        ends = {source: "/".join(source.replace("\\", "/").split("/")[-depth:]) for source in left}
        uses = Counter(ends.values())
        shortest |= {source: name(source) if depth == 1 else safe_middle(end, 120) for source, end in ends.items()}
        left = {source: None for source, end in ends.items() if uses[end] > 1}
    return shortest


def headline(report: Report, policy: Policy) -> Headline:
    row = triage.row(report, policy)
    sign, tone = LOOKS.get(Kind(row.result), ("–", "unsure"))
    return Headline(sign, row.words[0].upper() + row.words[1:], tone)


def totals(run: Run) -> str:
    """`16 captures: 8 overlap, 1 unreadable`, the worst first; of the whole run, whatever of it is shown."""
    total = triage.run_total(run).rstrip(".")
    if run.selection is None:
        return total
    selection = triage.selection_sentence(run.selection, run).rstrip(".")
    return f"{total}. {selection}"


def worst_first(run: Run) -> list[Report]:
    """The reports, the most urgent first; of those of the same content and result the first."""
    first: dict[triage.Row, tuple[triage.Row, Report]] = {}
    for report in run.reports:
        row = triage.row(report, run.policy)
        first.setdefault(triage.content(row), (row, report))
    return [report for _, report in sorted(first.values(), key=lambda pair: pair[0].urgency)]


def repeats(run: Run) -> dict[str, str]:
    """What the name of a capture is followed by that stands for several of the same content: ` ×9`, by source."""
    rows = triage.distinct(triage.row(it, run.policy) for it in run.reports)
    return {it.source: f" ×{it.repeats:,}" for it in rows if it.repeats > 1}


def sentences(report: Report, policy: Policy) -> list[str]:
    return [safe(sentence, 600) for sentence in verdict.verdict_sentences(report, policy)]


def facts(report: Report, zone: tzinfo = UTC, file: str | None = None) -> list[tuple[str, str]]:
    """Where it comes from. `file`: its name among others, instead of the last part of its path."""
    capture = report.capture
    parts = [plural(len(capture.pages), "page")] if capture.pages else []
    parts += [plural(len(report.sessions), "socket"), plural(capture.entries, "entry", "entries")]
    rows = [("File", file or name(capture.source)), ("Recorded with", safe(capture.exporter.label, 100))]
    rows += [("Contains", ", ".join(parts))]
    if capture.observed is not None:
        start, end = capture.observed
        rows.append(("Covers", f"{spoken((end or start) - start)}, from {terminal.stamp(start, zone)}"))
    if capture.sha256 is not None:
        rows.append(("SHA-256", capture.sha256))
    return rows


def figures(report: Report) -> list[tuple[str, str]]:
    """The numbers that one looks for first."""
    peaks = report.concurrency
    rows = [
        ("socket" if len(report.sessions) == 1 else "sockets", f"{len(report.sessions):,}"),
        ("peak", report.peak),
    ]
    proven = [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]
    if proven and peaks.proven_overlap:
        least = "≥ " if any(overlap.duration_is_lower_bound for overlap in proven) else ""
        rows.append(("with 2 or more open", least + spoken(peaks.proven_overlap)))
    return rows


def describe_policy(policy: Policy) -> str:
    """The policy in words. It decides on findings; the verdict counts every socket."""
    scope = "address" if policy.per is Scope.ENDPOINT else policy.per.value
    parts = [f"at most {plural(policy.max_open, 'open socket')} per {scope}"]
    parts += [f"overlaps under {spoken(policy.tolerance)} are notes"] if policy.tolerance else []
    parts += [f"service limits of {policy.app_mode} mode are enforced"] if policy.app_mode else []
    sockets = {"dev-server sockets": policy.count_dev_servers, "extension sockets": policy.count_extensions}
    for counted, words in ((True, "count"), (False, "are ignored")):
        kinds = [kind for kind, counts in sockets.items() if counts is counted]
        parts += [f"{enumerated(kinds)} {words}"] if kinds else []
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
    return "no end known"


def _write_length(length: Duration) -> str:
    return "an instant" if length < INSTANT else spoken(length)


def head(run: Run) -> list[tuple[str, str]]:
    """What whoever asked for the report says of it: release, build."""
    return [(safe(key, 80), safe(value, 300)) for key, value in run.meta]


# -- services --------------------------------------------------------------------------------------------------


def group_name(group: Group) -> str:
    return safe_middle(services.title(group), 120)


# -- findings --------------------------------------------------------------------------------------------------


def findings(report: Report, zone: tzinfo = UTC, rules: Sequence[Rule] = ()) -> list[FindingWords]:
    """The gravest first, then by rule, each in the order of time. A remedy stands once, as does why a rule matters.

    `rules`: for why they matter.
    """
    ranks = {severity: -rank for rank, severity in enumerate(Severity)}
    places = {rule: n for n, rule in enumerate(dict.fromkeys(finding.rule for finding in report.findings))}
    ordered = sorted(report.findings, key=lambda finding: (ranks[finding.severity], places[finding.rule]))
    importance = {rule.id: rule.importance for rule in rules}
    remedies: set[str | None] = set()
    words = []
    for finding in ordered:
        repeated = finding.remedy in remedies
        remedies.add(finding.remedy)
        words.append(_describe(finding, report, zone, importance.pop(finding.rule, ""), repeated))
    return words


def _describe(finding: Finding, report: Report, zone: tzinfo, matters: str, repeated: bool) -> FindingWords:
    return FindingWords(
        severity=finding.severity,
        certain=finding.confidence is Confidence.PROVEN,
        in_baseline=gate.known(finding, report.policy),
        rule=finding.rule,
        message=safe(finding.message, 600),
        matters=matters or None,
        page=f"{HOME}/blob/HEAD/docs/rules/{finding.rule}.md" if PUBLISHED else None,
        proof=(
            *(safe(line, 600) for line in proof.lines(finding.proof)),
            *_proof(finding, report.named(finding.sessions), zone),
        ),
        cause=None if finding.explanation is None else f"{safe(finding.explanation, 600)} ({finding.cause})",
        remedy=None if finding.remedy is None or repeated else safe(finding.remedy, 600),
        link=finding.link if finding.link and finding.link.startswith("https://") else None,
    )


def _proof(finding: Finding, sessions: Sequence[Session], zone: tzinfo) -> Iterable[str]:
    """Where in the file one can see it."""
    for session in sessions[:PLACES]:
        ends = " to " + terminal.stamp(session.proven.end, zone) if session.proven and session.proven.end else ""
        open_at = f", certainly open from {terminal.stamp(session.proven.start, zone)}{ends}" if session.proven else ""
        yield f"{session.name}: {safe(session.pointer, 120)}{open_at}"
    if len(sessions) > PLACES:
        yield f"and {plural(len(sessions) - PLACES, 'more socket')}"
    if not sessions:
        yield from (safe(pointer, 120) for pointer in finding.pointers[:PLACES] if pointer)
