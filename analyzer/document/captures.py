"""Write what is known of one capture as a row: of CSV, and of the JSON that counts many captures."""

from __future__ import annotations

from analyzer import triage
from analyzer.document import Json
from analyzer.model import MILLISECOND
from analyzer.triage import Row


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
