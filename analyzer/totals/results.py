"""Read results back from lines of NDJSON, and hold of each capture what totals need."""

from __future__ import annotations

import json as codec
from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from analyzer import triage
from analyzer.document import Json, capture_document
from analyzer.model import Run, Value
from analyzer.patterns import Pattern
from analyzer.services import loading
from analyzer.triage import Row
from analyzer.wording.results import Kind

MASKED_BY_NUMBER = Pattern(r"user-\d+ ")  # means somebody else in another file


class Facts(Value, frozen=True):
    """Hold what the tables need of a capture object, which may have thousands of sessions."""

    row: Row
    overlap: bool
    overlap_ms: float
    service: dict[str, int]  # the highest peak by service, or address where that is not known
    user: dict[str, int]  # the highest peak by user and service
    client: tuple[str, ...]
    exporter: str
    day: str
    findings: tuple[tuple[str, str], ...]  # rule, severity
    caveats: tuple[str, ...]


class Results(Value, frozen=True):
    """Hold what was read: captures, and what else the files contain."""

    captures: tuple[Facts, ...]
    unreadable: tuple[Row, ...]  # captures that could not be read
    repeated: int = 0  # results of a capture whose content was there before: counted once
    broken: tuple[str, ...] = ()  # lines that are no result: where, and why
    only: tuple[str, ...] = ()  # results, rules and causes that were asked for
    whole: int | None = None  # captures before that

    @property
    def rows(self) -> list[Row]:
        """Return the rows of all captures, the most urgent first."""
        return triage.worst_first([*(it.row for it in self.captures), *self.unreadable])


def read_results(lines: Iterable[tuple[str, bytes]]) -> Results:
    """Read the results in lines of NDJSON, each with its place for people (`file:line`)."""
    captures: dict[str, Facts] = {}
    unreadable: dict[str, Row] = {}
    broken: list[str] = []
    files: set[str] = set()
    repeated = 0
    for place, line in lines:
        files.add(place.rpartition(":")[0])
        if not line.strip():
            continue
        try:
            result = _result(line)
        except ValueError as problem:
            broken.append(f"{place}: {problem}")
            continue
        if isinstance(result, Row):
            repeated += result.source in unreadable
            unreadable.setdefault(result.source, result)
        else:
            key = result.row.content or result.row.source
            repeated += key in captures
            captures.setdefault(key, result)
    facts = [it if len(files) == 1 else _without_numbers(it) for it in captures.values()]
    return Results(tuple(facts), tuple(unreadable.values()), repeated, tuple(broken))


def _without_numbers(facts: Facts) -> Facts:
    """Leave out users that are masked by a number: each file has its own."""
    users = {name: peak for name, peak in facts.user.items() if not MASKED_BY_NUMBER.match(name)}
    return msgspec.structs.replace(facts, user=users)


def collect_results(run: Run) -> Results:
    """Collect the results of a run, captures with the same content once."""
    rows = [triage.row(it, run.policy) for it in run.reports]
    first = {it.source: it for it in triage.distinct(rows)}
    captures = [_facts(capture_document(report), row) for report, row in zip(run.reports, rows, strict=True)
                if first.pop(row.source, None)]  # fmt: skip
    unreadable = tuple(triage.unreadable(it.source, it.problem) for it in run.unreadable)
    return Results(tuple(captures), unreadable, len(rows) - len(captures))


def select(results: Results, only: Sequence[str]) -> Results:
    """Reduce results to the captures that have one of these results, rules or causes."""
    if not only:
        return results
    return msgspec.structs.replace(
        results,
        captures=tuple(it for it in results.captures if triage.matches(it.row, only)),
        unreadable=tuple(it for it in results.unreadable if triage.matches(it, only)),
        only=tuple(only),
        whole=len(results.captures) + len(results.unreadable),
    )


@cache
def service_names() -> dict[str, str]:
    """Return the names of the known services by id."""
    return {row.id: row.name for row in loading.builtin()}


def _result(line: bytes) -> Facts | Row:
    """Read one line. Raises ValueError for what is not a result."""
    try:
        document = codec.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not JSON (cut off?)") from None
    if not isinstance(document, dict) or not isinstance(document.get("source"), str):
        raise ValueError("not a result of har-sockets (--format ndjson)")
    if "problem" in document:
        return triage.unreadable(document["source"], str(document["problem"]))
    try:
        return _facts(document, triage.row_of_document(document, service_names()))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("not a result of har-sockets (--format ndjson)") from None


def _facts(document: Json, row: Row) -> Facts:
    provider = {it["endpoint"]: it["provider"] for it in document["sessions"]}  # groups of unknown users go by address
    peaks = [
        (str(name), group["proven_peak"])
        for group in document["groups"]
        if (name := group["key"].get("provider") or provider.get(endpoint := group["key"].get("endpoint")) or endpoint)
    ]
    users = [
        (f"{key['user']} ({service_names().get(key['provider'], key['provider'])})", group["proven_peak"])
        for group in document["groups"]
        if (key := group["key"]).get("user") and key.get("provider")
    ]
    clients = {" ".join(filter(None, (c["name"], c["version"]))) for it in document["sessions"] if (c := it["client"])}
    exporter, observed = document["exporter"], document["observed"]
    return Facts(
        row=row,
        overlap=row.result == Kind.OVERLAP,
        overlap_ms=float(document["concurrency"]["proven_overlap_ms"]),
        service=_highest(peaks),
        user=_highest(users),
        client=tuple(sorted(clients)),
        exporter=" ".join(str(it) for it in (exporter["id"], exporter["version"]) if it),
        day=observed["start"][:10] if observed and observed["start"] else "no date",
        findings=tuple((str(it["rule"]), str(it["severity"])) for it in document["findings"]),
        caveats=tuple(str(it["id"]) for it in document["caveats"]),
    )


def _highest(peaks: Sequence[tuple[str, int]]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for name, peak in peaks:
        highest[name] = max(peak, highest.get(name, 0))
    return highest
