"""Make pandas DataFrames of results.

Instants are timezone-aware (UTC), durations are seconds in columns that end in `_s`.

Every function takes a Report, a Run or a list of these. Secrets and users are masked; no frame holds message data.
Several values in one cell are a tuple, which can be grouped and merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer import arguments, triage
from analyzer.document import finding_document, overlap_document, seconds, timestamp
from analyzer.document.table import columns, flat_sessions
from analyzer.intervals import Interval, episodes, peak
from analyzer.masking import mask
from analyzer.model import Confidence, Duration, Finding, Messages, Overlap, Policy, Report, Run, Session, Severity
from analyzer.triage import Row
from analyzer.wording import harmless

if TYPE_CHECKING:
    import pandas

Results: TypeAlias = Report | Run | Iterable[Report | Run]

INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")
CAPTURES = ["source", "name", "verdict", "result", "rank", "exporter", "start", "end", "recorded_s", "sessions"]
CAPTURES += ["opened", "complete", "proven_peak", "possible_peak", "overlap_s", "overlap_is_lower_bound"]
CAPTURES += ["overlap_at_most_s", "errors", "warnings", "notes", "providers", "services", "users", "causes"]
LENGTH = ["duration_s", "duration_is_lower_bound", "at_most_s"]
OVERLAPS = ["source", "overlap", "confidence", "start", "end", *LENGTH, "peak", "sessions", "dev_only"]
FINDINGS = ["source", "rule", "severity", "confidence", "message", "start", "end", *LENGTH, "sessions", "overlap"]
FINDINGS += ["dev_only", "cause", "cause_confidence", "remedy", "link", "fingerprint"]
SESSIONS = ["source", "id", "service", "identity_user", "outcome", "opened_earliest", "opened_latest", "open_s"]
SESSIONS += ["open_at_most_s", "closed_earliest", "closed_latest", "rules"]
SESSIONS += [name for name in columns() if name not in SESSIONS]
MESSAGES = ["source", "session", "time", "direction", "type", "length"]
DIRECTIONS = ("received", "sent")
TYPES = ("text", "binary")  # of opcodes 1 and 2 (RFC 6455, section 5.2)


def captures_frame(results: Results, *, redaction_key: str | None = None) -> pandas.DataFrame:
    """Make a frame with one row per capture, in the order of the run.

    source, name: its path as given, and the short name that a notebook shows and that `run[name]` takes.
    verdict, result: the verdict, and the same in words, which name an overlap with a dev server only.
    rank: 1 is the most urgent.
    exporter: the program that wrote the capture.
    start, end, recorded_s: the stretch that the capture witnesses.
    sessions, opened: how many sockets there are, and how many of them opened.
    complete: False where sockets may be missing from the file.
    proven_peak, possible_peak: how many sockets of the file were open at the same time, certainly and possibly.
    overlap_s: for how long two or more were certainly open. 0 can be an overlap, too, an instant at least: filter by
    `verdict`, not by this column.
    overlap_is_lower_bound: the certain overlaps possibly lasted longer than `overlap_s`.
    overlap_at_most_s: for how long two or more were open at most. NaN: there is no upper bound, as where sockets may be
    missing.
    errors, warnings, notes: how many findings there are.
    providers, services: the ids and the names of the services, in a tuple.
    users: how many users are known.
    causes: the ids of the causes, in a tuple.

    `redaction_key`: see `load`.
    """
    reports = _reports(results, redaction_key)
    rows = [triage.row(report, report.policy) for report in reports]
    order = sorted(range(len(rows)), key=lambda place: rows[place].urgency)
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    names = harmless.names(Run(reports, (), Policy()))
    capture_rows = [
        _capture_row(report, row, ranks[place], names[report.capture.source])
        for place, (report, row) in enumerate(zip(reports, rows, strict=True))
    ]
    return _make_frame(capture_rows, CAPTURES)


def sessions_frame(
    results: Results, show_secrets: bool = False, *, redaction_key: str | None = None
) -> pandas.DataFrame:
    """Make a frame with one row per socket: the columns of the CSV (docs/json.md) and `service`, those that are asked
    for most often first.

    source, id: the capture, and the socket in it.
    service: the name of the service; `provider` has its id.
    identity_user: the user, masked: `user-1`, `user-2` ... by first appearance in this frame. `user-1` of another frame
    can be somebody else: make one frame of all results, or give a `redaction_key`.
    outcome: `closed`, `open`, `failed`, `connecting` or `unknown`.
    opened_earliest, opened_latest, closed_earliest, closed_latest: the bounds of both instants. NaT: not known.
    open_s: for how long the socket was certainly open, a lower bound unless `open_at_most_s` is equal. NaN: it never
    opened.
    open_at_most_s: for how long it was open at most. NaN: it never opened, or there is no upper bound.
    rules: the ids of the rules whose findings name the socket, in a tuple.

    `show_secrets`: mask nothing. `redaction_key`: see `load`.
    """
    rows = [
        {**row, "service": session.provider and session.provider.name, "rules": tuple(row["rules"].split())}
        for report in _reports(results, redaction_key, show_secrets)
        for row, session in zip(flat_sessions(report), report.sessions, strict=True)
    ]
    return _make_frame(rows, SESSIONS)


def overlaps_frame(results: Results, *, redaction_key: str | None = None) -> pandas.DataFrame:
    """Make a frame with one row per overlap, certain (`proven`) and possible.

    source, overlap: the capture, and the overlap in it: `o1`, `o2` ... `findings_frame` has the same two columns:
    `findings.merge(overlaps, on=["source", "overlap"])`.
    confidence: `proven` (certain) or `possible`.
    start, end: NaT as end: still so when the capture was saved, or without an upper bound.
    duration_s: for how long it certainly lasted. 0: an instant at least. NaN: it is only possible, so no length is
    certain.
    duration_is_lower_bound: if certain: it possibly lasted longer; if possible: there is no upper bound.
    at_most_s: for how long it lasted at most. NaN: there is no upper bound.
    peak: how many sockets were open at the same time at most.
    sessions: the ids of the sockets, in a tuple.
    dev_only: without the sockets of development servers it is no overlap.

    `redaction_key`: see `load`.
    """
    rows = [
        {
            **overlap_document(overlap),
            **_length_of(overlap),
            "source": report.capture.source,
            "overlap": f"o{number}",
            "sessions": overlap.sessions,
            "dev_only": _is_dev_only(overlap, report),
        }
        for report in _reports(results, redaction_key)
        for number, overlap in enumerate(report.overlaps, 1)
    ]
    return _make_frame(rows, OVERLAPS)


def findings_frame(results: Results, *, redaction_key: str | None = None) -> pandas.DataFrame:
    """Make a frame with one row per finding, by the policy of the report.

    source, rule, severity, confidence, message: the capture, and what the rule says of it.
    start, end: its stretch of time. NaT as end: it has no end.
    duration_s, duration_is_lower_bound, at_most_s: the length of this stretch, as in `overlaps_frame`. Of a finding
    about one socket: for how long that socket was open. NaN and False: it has no stretch.
    sessions: the ids of the sockets, in a tuple.
    overlap: the overlap that it is about: `o1`, `o2` ... of `overlaps_frame`; None for any other finding.
    dev_only: it concerns development alone.
    cause, cause_confidence: the id of the cause, `likely` or `certain`.
    remedy, link: what to do, and where to read more.
    fingerprint: equal for the same fault in another capture.

    `redaction_key`: see `load`.
    """
    rows = [
        {
            **finding_document(finding),
            **_length_of_finding(finding, report, stretches),
            "source": report.capture.source,
            "sessions": finding.sessions,
            "overlap": _overlap_id(finding, report, stretches),
        }
        for report in _reports(results, redaction_key)
        for stretches in [_map_stretches(report)]
        for finding in report.findings
    ]
    return _make_frame(rows, FINDINGS)


def messages_frame(results: Results, *, redaction_key: str | None = None) -> pandas.DataFrame:
    """Make a frame with one row per message, in the order of the file; never what the message says.

    source, session: the capture, and the socket in it.
    time: NaT where the exporter's clock is not known.
    direction: `sent` or `received`.
    type: `text` or `binary`.
    length: bytes of payload.

    All but time and length are categories. No rows for exporters that do not record messages. `redaction_key`: see
    `load`; it masks what is secret in `source`.
    """
    import pandas

    traffic = [(r.capture.source, it.id, it.messages) for r in _reports(results, redaction_key) for it in r.sessions]
    traffic = [(source, id, messages) for source, id, messages in traffic if messages.directions]
    parts = [messages for _, _, messages in traffic]
    counts = [len(messages.directions) for messages in parts]
    return pandas.DataFrame(
        {
            "source": _repeat([source for source, _, _ in traffic], counts),
            "session": _repeat([id for _, id, _ in traffic], counts),
            "time": pandas.DatetimeIndex(_concatenate([_times(it) for it in parts], "M8[us]")).tz_localize("UTC"),
            "direction": _categorize(_concatenate([bytearray(it.directions) for it in parts], "u1"), DIRECTIONS),
            "type": _categorize(_concatenate([it.opcodes for it in parts], "i1") - 1, TYPES),
            "length": _concatenate([it.lengths for it in parts], "i8"),
        },
        columns=MESSAGES,
    )


def _times(messages: Messages) -> Any:
    """Convert the instants to numpy: either none is known, or all are."""
    import numpy

    if not len(messages.times):
        return numpy.full(len(messages.directions), "NaT", "M8[us]")
    return numpy.asarray(messages.times, "i8").view("M8[us]")


def _concatenate(parts: Sequence[Any], kind: str) -> Any:
    """Join the parts into one array."""
    import numpy

    return numpy.concatenate([numpy.asarray(part, kind) for part in parts]) if parts else numpy.empty(0, kind)


def _repeat(names: Sequence[str], counts: Sequence[int]) -> Any:
    """Repeat each name once per message."""
    import numpy

    categories = list(dict.fromkeys(names))
    places = {name: place for place, name in enumerate(categories)}
    return _categorize(numpy.repeat(numpy.asarray([places[name] for name in names], "i4"), counts), categories)


def _categorize(codes: Any, names: Sequence[str]) -> Any:
    import pandas

    return pandas.Categorical.from_codes(codes, pandas.Index(names, dtype=str))


def _capture_row(report: Report, row: Row, rank: int, name: str) -> dict[str, Any]:
    capture, peaks = report.capture, report.concurrency
    grave = Counter(finding.severity for finding in report.findings)
    return {
        "source": capture.source,
        "name": name,
        "verdict": report.verdict.value,
        "result": row.words,
        "rank": rank,
        "exporter": capture.exporter.label,
        "start": None if capture.observed is None else timestamp(capture.observed.start),
        "end": None if capture.observed is None else timestamp(capture.observed.end),
        "recorded_s": _span(capture.observed),
        "sessions": row.sockets,
        "opened": sum(session.possible is not None for session in report.sessions),
        "complete": row.possible_peak is not None,
        "proven_peak": peaks.proven_peak,
        "possible_peak": peaks.possible_peak,
        "overlap_s": seconds(peaks.proven_overlap),
        "overlap_is_lower_bound": row.at_least,
        "overlap_at_most_s": seconds(None if row.possible_peak is None else _measure_at_most(report)),
        "errors": grave[Severity.ERROR],
        "warnings": grave[Severity.WARNING],
        "notes": grave[Severity.NOTE],
        "providers": tuple(dict.fromkeys(it.provider.id for it in report.sessions if it.provider is not None)),
        "services": row.services,
        "users": row.users,
        "causes": row.causes,
    }


def _span(interval: Interval | None) -> float | None:
    return None if interval is None or interval.end is None else seconds(interval.end - interval.start)


def _measure_at_most(report: Report) -> Duration | None:
    """Measure for how long two or more sockets of the file were open at most; None: nothing bounds it."""
    stretches = episodes((it.id, it.possible) for it in report.sessions if it.possible is not None)
    total = 0
    for start, end in (it.interval for it in stretches):
        if end is None:
            return None
        total += end - start
    return total


def _length_of(overlap: Overlap) -> dict[str, Any]:
    """Measure an overlap: certain is only the length of a certain one."""
    is_certain = overlap.confidence is Confidence.PROVEN
    return {
        "duration_s": seconds(overlap.duration) if is_certain else None,
        "duration_is_lower_bound": overlap.duration_is_lower_bound,
        "at_most_s": seconds(overlap.at_most),
    }


Stretch: TypeAlias = tuple[Confidence, Interval, tuple[str, ...]]
Stretches: TypeAlias = dict[Stretch, tuple[Overlap, str | None]]


def _map_stretches(report: Report) -> Stretches:
    """Map each stretch that was measured to its overlap and, where it is an overlap of the report, its id."""
    stretches: Stretches = {_stretch(it.overlap): (it.overlap, None) for it in report.excesses}
    return stretches | {_stretch(it): (it, f"o{number}") for number, it in enumerate(report.overlaps, 1)}


def _stretch(overlap: Overlap) -> Stretch:
    return overlap.confidence, overlap.interval, overlap.sessions


def _length_of_finding(finding: Finding, report: Report, stretches: Stretches) -> dict[str, Any]:
    """Measure the stretch that a finding is about."""
    if finding.interval is None:
        return {"duration_s": None, "duration_is_lower_bound": False, "at_most_s": None}
    overlap, _ = stretches.get((finding.confidence, finding.interval, finding.sessions), (None, None))
    return _length_of(_measure(finding, finding.interval, report) if overlap is None else overlap)


def _measure(finding: Finding, stretch: Interval, report: Report) -> Overlap:
    """Measure a stretch that was not measured yet. One without end lasts at least to the last evidence."""
    sessions = report.named(finding.sessions)
    start, end = stretch
    if end is None:
        end = max((it.last_sign for it in sessions if it.last_sign is not None), default=start)
    if finding.confidence is Confidence.POSSIBLE:
        around = [stretch]
    else:  # of one socket its life, of several the time in which two of them were possibly open
        lives = [(it.id, it.possible) for it in sessions if it.possible is not None]
        least = min(2, len(sessions))
        around = [it.interval for it in episodes(lives, least) if it.interval.hull(stretch) == it.interval]
    ends = [it.end - it.start for it in around if it.end is not None]
    length, at_most = max(0, end - start), max(ends, default=None)
    is_open = at_most is None if finding.confidence is Confidence.POSSIBLE else at_most != length
    return Overlap(finding.confidence, stretch, length, is_open, 0, finding.sessions, at_most)


def _overlap_id(finding: Finding, report: Report, stretches: Stretches) -> str | None:
    """Name the overlap that a finding is about: the one with all of its sockets that holds its stretch of time."""
    stretch, ids = finding.interval, set(finding.sessions)
    if stretch is None or len(ids) < 2:
        return None
    _, id = stretches.get((finding.confidence, stretch, finding.sessions), (None, None))
    if id is not None:
        return id
    with_all = [(f"o{n}", it) for n, it in enumerate(report.overlaps, 1) if ids.issubset(it.sessions)]
    alike = [(id, it) for id, it in with_all if it.confidence is finding.confidence]
    around = (id for id, it in (*alike, *with_all) if it.interval.hull(stretch) == it.interval)
    return next(around, next((id for id, it in with_all if it.interval.meet(stretch) is not None), None))


def _is_dev_only(overlap: Overlap, report: Report) -> bool:
    """Check whether fewer than two sockets that are not of a development server were open in it at the same time."""
    counted = [_life(it, overlap.confidence) for it in report.named(overlap.sessions) if not it.dev_only]
    if len(counted) == len(overlap.sessions):
        return False
    return peak(met for life in counted if life and (met := life.meet(overlap.interval)) is not None) < 2


def _life(session: Session, confidence: Confidence) -> Interval | None:
    return session.proven if confidence is Confidence.PROVEN else session.possible


def _make_frame(rows: Sequence[dict[str, Any]], names: list[str]) -> pandas.DataFrame:
    """Make a frame of these columns, with types that do not depend on the rows."""
    import pandas

    frame = pandas.DataFrame(rows, columns=names)
    for name in names:
        if name in ("start", "end") or name.endswith(INSTANTS):
            frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        elif name.endswith("_s"):
            frame[name] = frame[name].astype("float64")
    return frame


def _reports(results: Results, redaction_key: str | None, show_secrets: bool = False) -> tuple[Report, ...]:
    """List all reports, masked as one run. Raises TypeError for what holds none, ValueError for an empty key."""
    key = arguments.key("redaction_key", redaction_key)
    run = Run(tuple(_flat(results)), (), Policy())
    return mask(run, secrets=not show_secrets, users=not show_secrets, key=key).reports


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
