"""Write one row per capture as CSV, the most urgent first (RFC 4180): what a spreadsheet sorts and filters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from analyzer import triage
from analyzer.model import MILLISECOND, Run
from analyzer.outputs.csv import harmless
from analyzer.outputs.document import Json
from analyzer.triage import Row

SUFFIX = ".csv"


def render(run: Run) -> bytes:
    """Write all captures of a run, also those with the same content."""
    return table(triage.worst_first(triage.rows(run)))


def table(rows: Iterable[Row]) -> bytes:
    """Write rows as CSV; several values of one cell have `; ` between them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: harmless(_cell(value)) for key, value in capture_row(row).items()})
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def capture_row(row: Row) -> Json:
    """Return what is known of one capture, by column."""
    return {
        "source": row.source,
        "result": row.result,
        "severity": row.severity,
        "sessions": row.sockets,
        "proven_peak": row.proven_peak,
        "possible_peak": row.possible_peak,
        "proven_overlap_ms": row.overlap / MILLISECOND,
        "overlap_is_lower_bound": row.at_least,
        "services": list(row.services),
        "overlapping": list(row.targets),
        "users": row.users,
        "user_names": list(row.user_names),
        "causes": list(row.causes),
        "rules": sorted(row.rules),
        "problem": row.problem,
        "content_sha256": row.content,
    }


def columns() -> list[str]:
    """Name the columns."""
    return list(capture_row(triage.unreadable("", "")))
