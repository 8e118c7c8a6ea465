"""Sort captures by urgency, count them by result, and select those that are asked for.

A row is made from a report (`row`), or from a capture object of the JSON (`row_of_document`), as NDJSON has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

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
    describe_peak,
    format_duration,
)
from analyzer.wording import results
from analyzer.wording.counts import repeats_sentence, selection_sentence, total_sentence
from analyzer.wording.results import RESULTS, UNREADABLE, Kind, name_result

ORDER = tuple(RESULTS)
OVERLAP_RULES = frozenset(
    ("duplicate-connection", "limit-exceeded", "concurrent-sockets", "unrelated-sockets", "brief-overlap",
     "possible-overlap")
)  # fmt: skip
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
    services: tuple[str, ...] = ()  # that are known
    service_ids: tuple[str, ...] = ()  # the same, by id
    targets: tuple[str, ...] = ()  # services, or addresses where unknown, of the sockets that made the result
    user_names: tuple[str, ...] = ()  # that are known
    causes: tuple[str, ...] = ()
    severity: Severity | None = None  # of the gravest finding
    rules: frozenset[str] = frozenset()
    problem: str | None = None  # why it is unreadable
    content: str | None = None  # the hash of the capture's content, packed or not
    repeats: int = 1  # captures that this row stands for: the same content under several names

    @property
    def users(self) -> int:
        """Count the users that are known."""
        return len(self.user_names)

    @property
    def urgency(self) -> tuple[int, int, Duration, int]:
        """Return the key that sorts the most urgent first: result, gravest finding, overlap time, peak."""
        grave = -1 if self.severity is None else self.severity.rank
        return ORDER.index(self.result), -grave, -self.overlap, -self.proven_peak

    @property
    def peak(self) -> str:
        """Write the peak: `2`; `1 to 2` where more is possible; `≥ 1` where sockets may be missing."""
        return describe_peak(self.proven_peak, self.possible_peak)

    @property
    def length(self) -> str:
        """Write the overlap time: `2.23 s`, `≥ 2.23 s`; of an overlap that is only possible `≤ 26 ms`."""
        if self.proven_peak > 1:
            return ("≥ " if self.at_least else "") + (format_duration(self.overlap) if self.overlap else "0 s")
        return f"≤ {format_duration(self.at_most)}" if self.at_most is not None else ""


def row(report: Report, policy: Policy) -> Row:
    """Make the row of a report."""
    kind = results.kind(report, policy)
    proven = [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]
    limits = [overlap.at_most for overlap in report.overlaps] if kind is Kind.POSSIBLE_OVERLAP else []
    peaks = report.concurrency
    sockets = _order_by_involvement(
        {it.id: it for it in report.sessions},
        [(it.severity, it.rule, it.sessions) for it in report.findings],
        [overlap.sessions for overlap in report.overlaps],
    )
    services = {it.provider.id: it.provider.name for it in report.sessions if it.provider is not None}
    return Row(
        source=report.capture.source,
        result=kind,
        words=name_result(kind, (it.dev_only for it in report.sessions), map(results.is_of_other_tab, report.sessions)),
        sockets=len(report.sessions),
        proven_peak=peaks.proven_peak,
        possible_peak=None if report.capture.hides_sockets else peaks.possible_peak,
        overlap=peaks.proven_overlap,
        at_least=any(overlap.duration_is_lower_bound for overlap in proven),
        at_most=None if not limits or None in limits else sum(limit or 0 for limit in limits),
        services=tuple(services.values()),
        service_ids=tuple(services),
        targets=tuple(
            dict.fromkeys(
                session.provider.name if session.provider else _bare(session.endpoint) for session in sockets.involved
            )
        ),
        user_names=_users(
            (session.provider.id, session.identity.app, session.identity.user)
            for session in sockets.every
            if session.provider is not None and session.identity is not None
        ),
        causes=tuple(dict.fromkeys(it.cause for it in report.findings if it.cause)),
        severity=max((it.severity for it in report.findings), key=lambda severity: severity.rank, default=None),
        rules=frozenset(it.rule for it in report.findings),
        content=report.capture.content_sha256,
    )


class _Sockets(NamedTuple):
    """Hold the sockets of a capture: those that made its result, the worst first, and all, these first."""

    involved: list[Any]
    every: list[Any]


def _order_by_involvement(
    sockets: Mapping[str, Any],
    findings: Iterable[tuple[Severity, str, Sequence[str]]],
    overlaps: Iterable[Sequence[str]],
) -> _Sockets:
    """Order sockets by what they have to do with the result: those of the gravest overlap finding, of any overlap."""
    grave = sorted(
        (finding for finding in findings if finding[1] in OVERLAP_RULES), key=lambda finding: -finding[0].rank
    )
    ids = [id for _, _, sessions in grave for id in sessions] or [id for sessions in overlaps for id in sessions]
    first = [sockets[id] for id in dict.fromkeys(ids) if id in sockets]
    named = {id for id in ids if id in sockets}
    every = [*first, *(it for id, it in sockets.items() if id not in named)]
    return _Sockets(first or every, every)


def _users(identities: Iterable[tuple[str, str | None, str | None]]) -> tuple[str, ...]:
    """Name the users, each once per service and app."""
    return tuple(user for _, _, user in dict.fromkeys(identities) if user)


def _bare(endpoint: str) -> str:
    """Shorten an address for a table: without its scheme."""
    return endpoint.partition("://")[2] or endpoint


def unreadable(source: str, problem: str) -> Row:
    """Make the row of a capture that could not be read."""
    return Row(source, UNREADABLE, RESULTS[UNREADABLE], problem=problem)


def row_of_document(document: dict[str, Any], services: dict[str, str]) -> Row:
    """Make the row of a capture object of the JSON. `services`: names by id. Raises KeyError, TypeError, ValueError."""
    sessions, findings = document["sessions"], document["findings"]
    peaks, overlaps = document["concurrency"], document["overlaps"]
    kind = _kind(document)
    sockets = _order_by_involvement(
        {it["id"]: it for it in sessions},
        [(Severity(it["severity"]), it["rule"], it["sessions"]) for it in findings],
        [it["sessions"] for it in overlaps],
    )
    service_ids = tuple(dict.fromkeys(it["provider"] for it in sessions if it["provider"]))
    hidden = kind is Kind.INCONCLUSIVE  # the only result that says so in the JSON
    return Row(
        source=document["source"],
        result=kind,
        words=name_result(
            kind, (bool(it["dev_only"]) for it in sessions), (it.get("scope") == "browser" for it in sessions)
        ),
        sockets=len(sessions),
        proven_peak=int(peaks["proven_peak"]),
        possible_peak=None if hidden else int(peaks["possible_peak"]),
        overlap=round(float(peaks["proven_overlap_ms"]) * MILLISECOND),
        at_least=any(it["duration_is_lower_bound"] for it in overlaps if it["confidence"] == Confidence.PROVEN),
        services=tuple(services.get(it, it) for it in service_ids),
        service_ids=service_ids,
        targets=tuple(
            dict.fromkeys(
                services.get(session["provider"], session["provider"])
                if session["provider"]
                else _bare(session["endpoint"])
                for session in sockets.involved
            )
        ),
        user_names=_users(
            (session["provider"], session["identity"]["app"], session["identity"]["user"])
            for session in sockets.every
            if session["provider"] and session["identity"]
        ),
        causes=tuple(dict.fromkeys(it["cause"] for it in findings if it["cause"])),
        severity=max(
            (Severity(finding["severity"]) for finding in findings), key=lambda severity: severity.rank, default=None
        ),
        rules=frozenset(it["rule"] for it in findings),
        content=document.get("content_sha256") or document["sha256"],
    )


def _kind(document: dict[str, Any]) -> Kind:
    """Sort a verdict for a glance, by the default policy: the lines do not hold that of the run."""
    stated, sessions = Verdict(document["verdict"]), document["sessions"]
    if stated is Verdict.NO_OVERLAP and not any(it["possible"] for it in sessions):
        return Kind.NONE_OPENED
    others = [it for it in sessions if it["dev_only"] or it.get("extension") or it.get("scope") == "browser"]
    if stated is Verdict.OVERLAP and others:
        counted = [it for it in sessions if it not in others]
        if _peak(counted, "proven") < 2:
            return Kind.FOREIGN_OVERLAP if _peak(counted, "possible") < 2 else Kind.POSSIBLE_OVERLAP
    return Kind(stated)


def _peak(sessions: Sequence[dict[str, Any]], key: str) -> int:
    return peak(Interval(_instant(it[key]["start"]), _instant(it[key]["end"])) for it in sessions if it[key])


def _instant(timestamp: Any) -> Any:
    return None if timestamp is None else round(datetime.fromisoformat(timestamp).timestamp() * 1_000_000)


def rows(run: Run) -> list[Row]:
    """Make the rows of a run in the order of its captures, the unreadable ones last."""
    return [*(row(it, run.policy) for it in run.reports), *(unreadable(it.source, it.problem) for it in run.unreadable)]


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Sort the most urgent first; equally urgent ones keep their order."""
    return sorted(rows, key=lambda row: row.urgency)


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Unite the rows of captures with the same content and result under the first name, and count them."""
    by_content: dict[Row, Row] = {}
    for row in rows:
        key = content(row)
        first = by_content.setdefault(key, row)
        if first is not row:
            by_content[key] = msgspec.structs.replace(first, repeats=first.repeats + 1)
    return list(by_content.values())


def totals(rows: Iterable[Row]) -> tuple[tuple[str, int], ...]:
    """Count the captures by result, in words, the most urgent first."""
    tally = Counter((ORDER.index(it.result), it.words) for it in rows)
    return tuple((words, number) for (_, words), number in sorted(tally.items()))


def run_total(run: Run) -> str:
    """Write the counts of a whole run, whatever of it is shown."""
    if run.selection is not None:
        return total_sentence(run.selection.totals) + repeats_sentence(run.selection.repeated)
    every = rows(run)
    return total_sentence(totals(every)) + repeats_sentence(len(every) - len(distinct(every)))


# -- which of them are asked for -------------------------------------------------------------------------------


def meaning(word: str, ids: Iterable[str] = (), services: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the results that a word asks for, or the rule, cause or service that it names.

    `ids`: of rules and causes. `services`: names by id. Raises ValueError, with the nearest word.
    """
    for id, name in (services or {}).items():
        if word.strip().casefold() in (id.casefold(), name.casefold()):
            return (id,)
    ids = tuple(ids)
    typed = word.strip().lower().replace("_", "-").replace(" ", "-")
    if typed not in ids and (near := choices.nearest(typed, (*RESULT.words, *RESULT.aliases, *ids))) in ids:
        raise ValueError(f"did you mean {near}?")
    result = typed if typed in ids else RESULT.choose(word)
    return tuple(str(it) for it in UNDECIDED) if result == "undecided" else (result,)


def matches(row: Row, only: Sequence[str]) -> bool:
    """Check whether a row has one of these results, rules, causes or services; without any of them it does."""
    return not only or not {row.result, *row.rules, *row.causes, *row.service_ids}.isdisjoint(only)


def select(run: Run, only: Sequence[str] = (), top: int | None = None) -> Run:
    """Reduce a run to the captures that are asked for, and keep the counts of the whole.

    With `top` these are the worst, the worst first, captures with the same content counted once; else they keep the
    order in which they were given.
    """
    if not only and top is None:
        return run
    every = rows(run)
    captures: list[Report | Unreadable] = [*run.reports, *run.unreadable]
    chosen = [(it, capture) for it, capture in zip(every, captures, strict=True) if matches(it, only)]
    unlike = worst_first(distinct(it for it, _ in chosen))
    if top is not None:
        ranks = {content(it): n for n, it in enumerate(unlike[:top])}
        chosen = [it for it in chosen if content(it[0]) in ranks]
        chosen.sort(key=lambda pair: ranks[content(pair[0])])
    selected = [capture for _, capture in chosen]
    return msgspec.structs.replace(
        run,
        reports=tuple(it for it in selected if isinstance(it, Report)),
        unreadable=tuple(it for it in selected if isinstance(it, Unreadable)),
        selection=Selection(tuple(only), top, len(unlike), totals(every), len(every) - len(distinct(every))),
    )


def content(row: Row) -> Row:
    """Return what captures with the same content have in common."""
    return msgspec.structs.replace(row, source="" if row.content is not None else row.source, repeats=1)


# -- what pages show of a run ------------------------------------------------------------------------------------------


def page_total(run: Run) -> str:
    """Write the counts for a page: `16 captures: 8 overlap, 1 unreadable`; then what of them is shown."""
    total = run_total(run).rstrip(".")
    return total if run.selection is None else f"{total}. {describe_selection(run.selection, run).rstrip('.')}"


def describe_selection(selection: Selection, run: Run) -> str:
    """Say what of a run is shown: `Shown: the 5 worst with overlap; 7 more match.`"""
    return selection_sentence(selection, len(distinct(rows(run))))


def worst_reports(run: Run) -> list[Report]:
    """Sort the reports, the most urgent first; of those of the same content and result take the first."""
    first: dict[Row, tuple[Row, Report]] = {}
    for report in run.reports:
        one = row(report, run.policy)
        first.setdefault(content(one), (one, report))
    return [report for _, report in sorted(first.values(), key=lambda pair: pair[0].urgency)]


def repeats(run: Run) -> dict[str, str]:
    """Return what follows the name of a capture that stands for several of the same content: ` ×9`, by source."""
    first = distinct(row(it, run.policy) for it in run.reports)
    return {it.source: f" ×{it.repeats:,}" for it in first if it.repeats > 1}
