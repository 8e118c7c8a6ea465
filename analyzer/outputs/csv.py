"""Write one row per session as CSV, with a header line (RFC 4180)."""

from __future__ import annotations

import csv
import io

from analyzer.model import Run
from analyzer.outputs.document import columns, flat_sessions

SUFFIX = ".csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(run: Run) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(), lineterminator="\r\n")
    writer.writeheader()
    for report in run.reports:
        for row in flat_sessions(report):
            writer.writerow({key: harmless(value) for key, value in row.items()})
    return text.getvalue().encode("utf-8", "backslashreplace")


def harmless(value: object) -> object:
    """Keep text of a capture from running as a formula in a spreadsheet."""
    if isinstance(value, str):
        plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
        return "'" + plain if plain.startswith(FORMULA) and plain != "-" else plain
    return value
