"""Write one JSON object for the whole run (docs/json.md)."""

from __future__ import annotations

from analyzer.document import pretty, run_document
from analyzer.model import Run


def render(run: Run) -> bytes:
    return pretty(run_document(run))
