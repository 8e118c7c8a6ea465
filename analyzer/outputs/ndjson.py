"""Write one capture object per line, as they come; an unreadable one is `{"source", "problem"}`."""

from __future__ import annotations

from analyzer.document import capture_document, compact
from analyzer.model import Report, Run, Unreadable


def render(run: Run) -> bytes:
    results: tuple[Report | Unreadable, ...] = (*run.reports, *run.unreadable)
    return b"".join(map(line, results))


def line(result: Report | Unreadable) -> bytes:
    if isinstance(result, Unreadable):
        document = {"source": result.source, "problem": result.problem}
    else:
        document = capture_document(result)
    return compact(document) + b"\n"
