"""pandas DataFrames of results. Instants are timezone-aware (UTC), durations are seconds in columns that end in `_s`.

Every function takes a Report, a Run or a list of these. Secrets and users are masked, with equal masks for equal
values in all of its rows; no frame holds message data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.intervals import Interval
from analyzer.model import Messages, Policy, Report, Run, Severity
from analyzer.outputs import triage
from analyzer.outputs.document import columns, finding_document, flat_sessions, overlap_document, seconds, timestamp
from analyzer.outputs.triage import Row
from analyzer.redaction import masked

if TYPE_CHECKING:
    import pandas

Results: TypeAlias = Report | Run | Iterable[Report | Run]

INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")
CAPTURES = ["source", "verdict", "result", "rank", "exporter", "start", "end", "recorded_s", "sessions", "opened"]
CAPTURES += ["proven_peak", "possible_peak", "overlap_s", "errors", "warnings", "notes", "services", "users", "causes"]
OVERLAPS = ["source", "confidence", "start", "end", "duration_ms", "duration_is_lower_bound", "peak", "sessions"]
OVERLAPS += ["duration_s", "at_most_s"]
FINDINGS = ["source", "rule", "severity", "confidence", "message", "start", "end", "duration_s", "sessions", "dev_only"]
FINDINGS += ["cause", "remedy", "link", "fingerprint"]
MESSAGES = ["source", "session", "time", "direction", "type", "length"]
DIRECTIONS = ("received", "sent")
TYPES = ("text", "binary")  # of opcodes 1 and 2 (RFC 6455, section 5.2)


def captures_frame(results: Results) -> pandas.DataFrame:
    """Make a frame with one row per capture, in the order of the run.

    Columns: `source`, `verdict`; `result`: the same in words, which name an overlap with a dev server only; `rank`: 1
    is the most urgent; `exporter`; `start`, `end` and `recorded_s`: the stretch that the capture witnesses;
    `sessions`: sockets, `opened`: those that opened; `proven_peak`, `possible_peak`: sockets open at the same time,
    certain and possible; `overlap_s`: how long two or more were certainly open; `errors`, `warnings`, `notes`:
    findings; `services` and `causes`: names and ids in a list; `users`: how many are known.
    """
    reports = _reports(results)
    rows = [triage.row(report, report.policy) for report in reports]
    order = sorted(range(len(rows)), key=lambda place: rows[place].urgency)
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    found = [_capture_row(*pair, ranks[place]) for place, pair in enumerate(zip(reports, rows, strict=True))]
    return _dated(found, CAPTURES)


def sessions_frame(results: Results, show_secrets: bool = False) -> pandas.DataFrame:
    """Make a frame with one row per socket: the columns of the CSV (docs/json.md).

    Instants are `datetime64[us, UTC]`, NaT where not known. `open_s`: for how long the socket was certainly open, in
    seconds, a lower bound unless `open_at_most_s` is equal; NaN where it never opened. `show_secrets`: mask nothing.
    """
    return _dated([row for report in _reports(results, show_secrets) for row in flat_sessions(report)], columns())


def overlaps_frame(results: Results) -> pandas.DataFrame:
    """Make a frame with one row per overlap, certain (`proven`) and possible.

    Columns: `source`, `confidence`, `start`, `end` (NaT: still open when the capture was saved), `duration_ms`,
    `duration_is_lower_bound`, `peak`: how many were open at most, `sessions`: ids in a list, `duration_s`, and
    `at_most_s`: the upper bound of its length (NaN: there is none).
    """
    rows = [
        {
            **overlap_document(overlap),
            "source": report.capture.source,
            "duration_s": seconds(overlap.duration),
            "at_most_s": seconds(overlap.at_most),
        }
        for report in _reports(results)
        for overlap in report.overlaps
    ]
    return _dated(rows, OVERLAPS)


def findings_frame(results: Results) -> pandas.DataFrame:
    """Make a frame with one row per finding, by the policy of the report.

    Columns: `source`, `rule`, `severity`, `confidence`, `message`, `start`, `end`, `duration_s` (NaN: no end is
    known), `sessions`: ids in a list, `dev_only`, `cause`, `remedy`, `link`, `fingerprint`: equal for the same fault
    in another capture.
    """
    rows = [
        {**finding_document(finding), "source": report.capture.source, "duration_s": _length(finding.interval)}
        for report in _reports(results)
        for finding in report.findings
    ]
    return _dated(rows, FINDINGS)


def messages_frame(results: Results) -> pandas.DataFrame:
    """Make a frame with one row per message, in the order of the file; never what the message says.

    Columns: `source`, `session`, `time` (NaT where the exporter's clock is not known), `direction` (`sent`,
    `received`), `type` (`text`, `binary`), `length`: bytes of payload. All but time and length are categories.
    No rows for exporters that do not record messages.
    """
    import pandas

    found = [(r.capture.source, it.id, it.messages) for r in _reports(results) for it in r.sessions]
    found = [(source, id, messages) for source, id, messages in found if messages.directions]
    parts = [messages for _, _, messages in found]
    counts = [len(messages.directions) for messages in parts]
    return pandas.DataFrame(
        {
            "source": _repeated([source for source, _, _ in found], counts),
            "session": _repeated([id for _, id, _ in found], counts),
            "time": pandas.DatetimeIndex(_joined([_times(it) for it in parts], "M8[us]")).tz_localize("UTC"),
            "direction": _named(_joined([bytearray(it.directions) for it in parts], "u1"), DIRECTIONS),
            "type": _named(_joined([it.opcodes for it in parts], "i1") - 1, TYPES),
            "length": _joined([it.lengths for it in parts], "i8"),
        },
        columns=MESSAGES,
    )


def _times(messages: Messages) -> Any:
    """Convert the instants to numpy: either none is known, or all are."""
    import numpy

    if not len(messages.times):
        return numpy.full(len(messages.directions), "NaT", "M8[us]")
    return numpy.asarray(messages.times, "i8").view("M8[us]")


def _joined(parts: Sequence[Any], kind: str) -> Any:
    """Join the parts into one array."""
    import numpy

    return numpy.concatenate([numpy.asarray(part, kind) for part in parts]) if parts else numpy.empty(0, kind)


def _repeated(names: Sequence[str], counts: Sequence[int]) -> Any:
    """Repeat each name once per message."""
    import numpy

    categories = list(dict.fromkeys(names))
    places = {name: place for place, name in enumerate(categories)}
    return _named(numpy.repeat(numpy.asarray([places[name] for name in names], "i4"), counts), categories)


def _named(codes: Any, names: Sequence[str]) -> Any:
    import pandas

    return pandas.Categorical.from_codes(codes, pandas.Index(names, dtype=str))


def _capture_row(report: Report, row: Row, rank: int) -> dict[str, Any]:
    capture, peaks = report.capture, report.concurrency
    grave = Counter(finding.severity for finding in report.findings)
    return {
        "source": capture.source,
        "verdict": report.verdict.value,
        "result": row.words,
        "rank": rank,
        "exporter": capture.exporter.label,
        "start": None if capture.observed is None else timestamp(capture.observed.start),
        "end": None if capture.observed is None else timestamp(capture.observed.end),
        "recorded_s": _length(capture.observed),
        "sessions": row.sockets,
        "opened": sum(session.possible is not None for session in report.sessions),
        "proven_peak": peaks.proven_peak,
        "possible_peak": peaks.possible_peak,
        "overlap_s": seconds(peaks.proven_overlap),
        "errors": grave[Severity.ERROR],
        "warnings": grave[Severity.WARNING],
        "notes": grave[Severity.NOTE],
        "services": list(row.services),
        "users": row.users,
        "causes": list(row.causes),
    }


def _length(interval: Interval | None) -> float | None:
    return None if interval is None or interval.end is None else seconds(interval.end - interval.start)


def _dated(rows: Sequence[dict[str, Any]], names: list[str]) -> pandas.DataFrame:
    """Make a frame of these columns, with types that do not depend on the rows."""
    import pandas

    frame = pandas.DataFrame(rows, columns=names)
    for name in names:
        if name in ("start", "end") or name.endswith(INSTANTS):
            frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        elif name.endswith("_s"):
            frame[name] = frame[name].astype("float64")
    return frame


def _reports(results: Results, show_secrets: bool = False) -> tuple[Report, ...]:
    """List all reports, masked as one run. Raises TypeError for what holds none."""
    run = Run(tuple(_flat(results)), (), Policy())
    return masked(run, secrets=not show_secrets, users=not show_secrets).reports


def _flat(results: object) -> Iterator[Report]:
    if isinstance(results, Report):
        yield results
    elif isinstance(results, Run):
        yield from results.reports
    elif isinstance(results, Iterable) and not isinstance(results, str | bytes):
        for item in results:
            yield from _flat(item)
    else:
        kind = type(results).__name__
        raise TypeError(f"a frame is made of a Report, a Run or a list of these, not of {kind}: load returns one")
