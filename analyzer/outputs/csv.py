"""Write one row per session as CSV, with a header line (RFC 4180)."""

from __future__ import annotations

from analyzer.document.table import columns, flat_sessions
from analyzer.model import Run
from analyzer.painting.spreadsheet import write_table


def render(run: Run) -> bytes:
    return write_table(columns(), (row for report in run.reports for row in flat_sessions(report)))
