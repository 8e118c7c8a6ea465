"""pandas DataFrames: one row a session, one row an overlap; instants are timezone-aware (UTC)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model import Policy, Report, Run
from analyzer.outputs.document import columns, flat_session, overlap_document
from analyzer.redaction import masked

if TYPE_CHECKING:
    import pandas

INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")


def sessions_frame(result: Report | Run, show_secrets: bool = False) -> pandas.DataFrame:
    """One row a session: the columns of the CSV, instants as `datetime64[us, UTC]` (NaT: not known)."""
    import pandas

    rows = [flat_session(session, report) for report in _reports(result, show_secrets) for session in report.sessions]
    frame = pandas.DataFrame(rows, columns=columns())
    for name in frame.columns:
        if name.endswith(INSTANTS):
            frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame


def overlaps_frame(result: Report | Run) -> pandas.DataFrame:
    """One row an overlap: source, confidence, start, end, duration_ms, duration_is_lower_bound, peak, sessions."""
    import pandas

    rows = [{"source": r.capture.source, **overlap_document(o)} for r in _reports(result, True) for o in r.overlaps]
    names = ["source", "confidence", "start", "end", "duration_ms", "duration_is_lower_bound", "peak", "sessions"]
    frame = pandas.DataFrame(rows, columns=names)
    for name in ("start", "end"):
        frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame


def _reports(result: Report | Run, show_secrets: bool) -> tuple[Report, ...]:
    run = result if isinstance(result, Run) else Run((result,), (), Policy())
    return masked(run, secrets=not show_secrets, users=not show_secrets).reports
