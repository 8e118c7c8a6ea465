"""Write one row per capture as CSV, the most urgent first (RFC 4180): what a spreadsheet sorts and filters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from analyzer.model import MILLISECOND, Run
from analyzer.outputs.csv import harmless
from analyzer.outputs.document import Json
from analyzer.wording import triage
from analyzer.wording.triage import Row

SUFFIX = ".csv"


def render(run: Run) -> bytes:
    """Write all captures of a run, also those with the same content."""
    return table(triage.worst_first(triage.rows(run)))


def table(rows: Iterable[Row]) -> bytes:
    """Write rows as CSV; several values of one cell have `; ` between them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(), lineterminator="\r\n")
    writer.writeheader()
    for it in rows:
        writer.writerow({key: harmless(_cell(value)) for key, value in capture_row(it).items()})
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def capture_row(it: Row) -> Json:
    """Return what is known of one capture, by column."""
    return {
        "source": it.source,
        "result": it.result,
        "severity": it.severity,
        "sessions": it.sockets,
        "proven_peak": it.proven_peak,
        "possible_peak": it.possible_peak,
        "proven_overlap_ms": it.overlap / MILLISECOND,
        "overlap_is_lower_bound": it.at_least,
        "services": list(it.services),
        "overlapping": list(it.targets),
        "users": it.users,
        "user_names": list(it.user_names),
        "causes": list(it.causes),
        "rules": sorted(it.rules),
        "problem": it.problem,
        "content_sha256": it.content,
    }


def columns() -> list[str]:
    """Name the columns."""
    return list(capture_row(triage.unreadable("", "")))
