"""A run, rendered: one file a format, each `SUFFIX` and `render(run) -> bytes`; loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from analyzer.model import Run

OUTPUTS = ("text", "json", "ndjson", "csv", "markdown", "html")
SUFFIXES = {".txt": "text", ".json": "json", ".ndjson": "ndjson", ".csv": "csv", ".md": "markdown", ".html": "html"}


def render(name: str, run: Run) -> bytes:
    """The bytes of a run in the named format. Raises KeyError for one that does not exist."""
    if name not in OUTPUTS:
        raise KeyError(name)
    return cast(bytes, import_module(f"analyzer.outputs.{name}").render(run))
