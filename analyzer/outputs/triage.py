"""Sort captures by urgency, count them by result, and select those that are asked for.

A row is made from a report (`row`), or from a capture object of the JSON (`row_of_document`), as NDJSON has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from analyzer import choices
from analyzer.choices import Choice
from analyzer.intervals import Interval, peak
from analyzer.model import (
    MILLISECOND,
    Confidence,
    Duration,
    Policy,
    Report,
    Run,
    Selection,
    Severity,
    Unreadable,
    Value,
    Verdict,
    enumerated,
    plural,
    spoken,
)
from analyzer.outputs import verdict
from analyzer.outputs.verdict import Kind

UNREADABLE = "unreadable"
RESULTS = {  # the most urgent first
    Kind.OVERLAP: "overlap",
    Kind.POSSIBLE_OVERLAP: "possible overlap",
    Kind.INCONCLUSIVE: "inconclusive",
    Kind.FOREIGN_OVERLAP: "overlap with a dev server only",
    Kind.NONE_OPENED: "no socket opened",
    Kind.NO_SOCKETS: "no sockets",
    Kind.NO_OVERLAP: "no overlap",
    UNREADABLE: "unreadable",
}
EXTENSION_ONLY = "overlap with an extension only"
ORDER = tuple(RESULTS)
UNDECIDED = (Kind.POSSIBLE_OVERLAP, Kind.INCONCLUSIVE)
RESULT = Choice(  # what `--only` takes, beside the ids of rules and causes
    (*ORDER, "undecided"),
    {
        "possible": Kind.POSSIBLE_OVERLAP,
        "dev-server": Kind.FOREIGN_OVERLAP,
        "extension": Kind.FOREIGN_OVERLAP,
        "failed": Kind.NONE_OPENED,
    },
)


class Row(Value, frozen=True):
    """Hold what one capture shows, for a table of many."""

    source: str
    result: str  # a Kind, or UNREADABLE
    words: str  # the same for people
    sockets: int = 0
    proven_peak: int = 0
    possible_peak: int | None = 0  # None: sockets may be missing, so nothing bounds it
    overlap: Duration = 0  # with two or more certainly open
    at_least: bool = False  # the overlap may have lasted longer
    at_most: Duration | None = None  # a possible overlap, where it is bounded
    services: tuple[str, ...] = ()
    users: int = 0  # that are known
    causes: tuple[str, ...] = ()
    severity: Severity | None = None  # of the gravest finding
    rules: frozenset[str] = frozenset()
    problem: str | None = None  # why it is unreadable

    @property
    def urgency(self) -> tuple[int, int, Duration, int]:
        """Return the key that sorts the most urgent first: result, gravest finding, overlap time, peak."""
        grave = -1 if self.severity is None else self.severity.rank
        return ORDER.index(self.result), -grave, -self.overlap, -self.proven_peak

    @property
    def peak(self) -> str:
        """Write the peak: `2`; `1 to 2` where more is possible; `≥ 1` where sockets may be missing."""
        if self.possible_peak is None:
            return f"≥ {self.proven_peak:,}"
        if self.possible_peak > self.proven_peak:
            return f"{self.proven_peak:,} to {self.possible_peak:,}"
        return f"{self.proven_peak:,}"

    @property
    def length(self) -> str:
        """Write the overlap time: `2.23 s`, `≥ 2.23 s`; of an overlap that is only possible `≤ 26 ms`."""
        if self.proven_peak > 1:
            return ("≥ " if self.at_least else "") + (spoken(self.overlap) if self.overlap else "0 s")
        return f"≤ {spoken(self.at_most)}" if self.at_most is not None else ""


def row(report: Report, policy: Policy) -> Row:
    """Make the row of a report."""
    kind = verdict.kind(report, policy)
    proven = [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]
    limits = [overlap.at_most for overlap in report.overlaps] if kind is Kind.POSSIBLE_OVERLAP else []
    peaks = report.concurrency
    identities = {
        (session.provider.id, session.identity.app, session.identity.user)
        for session in report.sessions
        if session.provider is not None and session.identity is not None and session.identity.user is not None
    }
    return Row(
        source=report.capture.source,
        result=kind,
        words=_words(kind, (session.dev_only for session in report.sessions)),
        sockets=len(report.sessions),
        proven_peak=peaks.proven_peak,
        possible_peak=None if verdict.sockets_hidden(report) else peaks.possible_peak,
        overlap=peaks.proven_overlap,
        at_least=any(overlap.duration_is_lower_bound for overlap in proven),
        at_most=None if not limits or None in limits else sum(limit or 0 for limit in limits),
        services=tuple(dict.fromkeys(it.provider.name for it in report.sessions if it.provider is not None)),
        users=len(identities),
        causes=tuple(dict.fromkeys(it.cause for it in report.findings if it.cause)),
        severity=max((it.severity for it in report.findings), key=lambda it: it.rank, default=None),
        rules=frozenset(it.rule for it in report.findings),
    )


def unreadable(source: str, problem: str) -> Row:
    """Make the row of a capture that could not be read."""
    return Row(source, UNREADABLE, RESULTS[UNREADABLE], problem=problem)


def row_of_document(document: dict[str, Any], services: dict[str, str]) -> Row:
    """Make the row of a capture object of the JSON. `services`: names by id. Raises KeyError, TypeError, ValueError."""
    sessions, findings = document["sessions"], document["findings"]
    peaks, overlaps = document["concurrency"], document["overlaps"]
    kind = _kind(document)
    identities = {
        (it["provider"], it["identity"]["app"], it["identity"]["user"])
        for it in sessions
        if it["provider"] and it["identity"] and it["identity"]["user"]
    }
    hidden = kind is Kind.INCONCLUSIVE  # the only result that says so in the JSON
    return Row(
        source=document["source"],
        result=kind,
        words=_words(kind, (bool(it["dev_only"]) for it in sessions)),
        sockets=len(sessions),
        proven_peak=int(peaks["proven_peak"]),
        possible_peak=None if hidden else int(peaks["possible_peak"]),
        overlap=round(float(peaks["proven_overlap_ms"]) * MILLISECOND),
        at_least=any(it["duration_is_lower_bound"] for it in overlaps if it["confidence"] == Confidence.PROVEN),
        services=tuple(
            dict.fromkeys(services.get(it["provider"], it["provider"]) for it in sessions if it["provider"])
        ),
        users=len(identities),
        causes=tuple(dict.fromkeys(it["cause"] for it in findings if it["cause"])),
        severity=max((Severity(it["severity"]) for it in findings), key=lambda it: it.rank, default=None),
        rules=frozenset(it["rule"] for it in findings),
    )


def _kind(document: dict[str, Any]) -> Kind:
    """Sort a verdict for a glance, by the default policy: the lines do not hold that of the run."""
    found, sessions = Verdict(document["verdict"]), document["sessions"]
    if found is Verdict.NO_OVERLAP and not any(it["possible"] for it in sessions):
        return Kind.NONE_OPENED
    others = [it for it in sessions if it["dev_only"] or it.get("extension")]
    if found is Verdict.OVERLAP and others:
        counted = [it for it in sessions if it not in others]
        if _peak(counted, "proven") < 2:
            return Kind.FOREIGN_OVERLAP if _peak(counted, "possible") < 2 else Kind.POSSIBLE_OVERLAP
    return Kind(found)


def _peak(sessions: Sequence[dict[str, Any]], key: str) -> int:
    return peak(Interval(_instant(it[key]["start"]), _instant(it[key]["end"])) for it in sessions if it[key])


def _instant(timestamp: Any) -> Any:
    return None if timestamp is None else round(datetime.fromisoformat(timestamp).timestamp() * 1_000_000)


def _words(kind: Kind, development: Iterable[bool]) -> str:
    """Name the result for people; where only an extension overlapped, say so."""
    return EXTENSION_ONLY if kind is Kind.FOREIGN_OVERLAP and not any(development) else RESULTS[kind]


def rows(run: Run) -> list[Row]:
    """Make the rows of a run in the order of its captures, the unreadable ones last."""
    return [*(row(it, run.policy) for it in run.reports), *(unreadable(it.source, it.problem) for it in run.unreadable)]


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Sort the most urgent first; equally urgent ones keep their order."""
    return sorted(rows, key=lambda it: it.urgency)


def totals(rows: Iterable[Row]) -> tuple[tuple[str, int], ...]:
    """Count the captures by result, in words, the most urgent first."""
    tally = Counter((ORDER.index(it.result), it.words) for it in rows)
    return tuple((words, number) for (_, words), number in sorted(tally.items()))


def total_sentence(counts: Iterable[tuple[str, int]]) -> str:
    """Write the counts: `16 captures: 8 overlap, 3 possible overlap, 5 no overlap.`"""
    counts = list(counts)
    total = plural(sum(number for _, number in counts), "capture")
    return f"{total}: {', '.join(f'{number:,} {words}' for words, number in counts)}." if counts else f"{total}."


def run_total(run: Run) -> str:
    """Write the counts of a whole run, whatever of it is shown."""
    return total_sentence(totals(rows(run)) if run.selection is None else run.selection.totals)


# -- which of them are asked for -------------------------------------------------------------------------------


def meaning(word: str, ids: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the results that a word asks for, or the rule or cause that it names. `ids`: of rules and causes.

    Raises ValueError, with the nearest word.
    """
    ids = tuple(ids)
    typed = word.strip().lower().replace("_", "-").replace(" ", "-")
    if typed not in ids and (near := choices.nearest(typed, (*RESULT.words, *RESULT.aliases, *ids))) in ids:
        raise ValueError(f"did you mean {near}?")
    found = typed if typed in ids else RESULT.choose(word)
    return tuple(str(it) for it in UNDECIDED) if found == "undecided" else (found,)


def matches(it: Row, only: Sequence[str]) -> bool:
    """Check whether a row has one of these results, rules or causes; without any of them it does."""
    return not only or it.result in only or not it.rules.isdisjoint(only) or not set(it.causes).isdisjoint(only)


def select(run: Run, only: Sequence[str] = (), top: int | None = None) -> Run:
    """Reduce a run to the captures that are asked for, and keep the counts of the whole.

    With `top` these are the worst, the worst first; else they keep the order in which they were given.
    """
    if not only and top is None:
        return run
    every = rows(run)
    captures: list[Report | Unreadable] = [*run.reports, *run.unreadable]
    chosen = [(it, capture) for it, capture in zip(every, captures, strict=True) if matches(it, only)]
    matching = len(chosen)
    if top is not None:
        chosen = sorted(chosen, key=lambda it: it[0].urgency)[:top]
    kept = [capture for _, capture in chosen]
    return msgspec.structs.replace(
        run,
        reports=tuple(it for it in kept if isinstance(it, Report)),
        unreadable=tuple(it for it in kept if isinstance(it, Unreadable)),
        selection=Selection(tuple(only), top, matching, totals(every)),
    )


def no_match(run: Run) -> str | None:
    """Say that no capture of a run is among those that were asked for; None where one is."""
    if run.selection is None or run.selection.matching:
        return None
    total = sum(number for _, number in run.selection.totals)
    none = f"none of {total:,} captures matches" if total > 1 else "the capture does not match"
    return f"{none} --only {','.join(run.selection.only)}"


def selection_sentence(selection: Selection, shown: int) -> str:
    """Say what is shown: `Shown: the 5 worst with overlap; 7 more match.`"""
    what = f" with {enumerated(selection.only)}" if selection.only else ""
    left = selection.matching - shown
    if not selection.matching:
        return f"No capture{what}."
    if left > 0:
        return f"Shown: the {shown:,} worst{what}; {left:,} more{' match' if what else ''}."
    return f"Shown: {plural(shown, 'capture')}{what}."
