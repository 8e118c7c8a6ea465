"""One JSON object for the whole run (docs/json.md)."""

from __future__ import annotations

import json

from analyzer.model import Run
from analyzer.outputs.document import run_document

SUFFIX = ".json"


def render(run: Run) -> bytes:
    # ASCII: lone surrogates and control characters of a capture stay escaped.
    return (json.dumps(run_document(run), indent=2) + "\n").encode("ascii")
