"""One capture object a line, as they come; an unreadable one is `{"source", "problem"}`."""

from __future__ import annotations

import json

from analyzer.model import Run
from analyzer.outputs.document import capture_document

SUFFIX = ".ndjson"


def render(run: Run) -> bytes:
    lines = [capture_document(report) for report in run.reports]
    lines += [{"source": it.source, "problem": it.problem} for it in run.unreadable]
    return "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")
