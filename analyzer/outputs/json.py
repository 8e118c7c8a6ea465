"""One JSON object for the whole run (docs/json.md)."""

from __future__ import annotations

import json

import msgspec

from analyzer.model import Run
from analyzer.outputs.document import run_document

SUFFIX = ".json"


def render(run: Run) -> bytes:
    # ASCII: lone surrogates and control characters of a capture stay escaped. `json` indents in Python, msgspec in C.
    document = run_document(run)
    try:
        return msgspec.json.format(json.dumps(document).encode("ascii"), indent=2) + b"\n"
    except msgspec.DecodeError:  # it refuses lone surrogates
        return json.dumps(document, indent=2).encode("ascii") + b"\n"
