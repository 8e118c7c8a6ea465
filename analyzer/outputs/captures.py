"""Write one row per capture as CSV, the most urgent first (RFC 4180): what a spreadsheet sorts and filters."""

from __future__ import annotations

from analyzer import triage
from analyzer.document.captures import capture_row, columns
from analyzer.model import Run
from analyzer.painting.spreadsheet import write_table


def render(run: Run) -> bytes:
    """Write all captures of a run, also those with the same content."""
    return write_table(columns(), map(capture_row, triage.worst_first(triage.rows(run))))
