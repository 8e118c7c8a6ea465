"""Render a run: one module per format, with `SUFFIX` and `render(run) -> bytes`, imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from analyzer.model import Run

OUTPUTS = ("text", "json", "ndjson", "csv", "captures", "markdown", "junit", "sarif", "github", "html", "parquet")
STREAMED = OUTPUTS[:-2]  # that may go to standard output
PICTURES = ("png", "svg", "pdf")  # of the timeline
SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".txt": "text",
    ".json": "json",
    ".ndjson": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".xml": "junit",
    ".sarif": "sarif",
    ".png": "png",
    ".svg": "svg",
    ".pdf": "pdf",
}


class NotInstalled(Exception):  # noqa: N818 - what it says, not an error of ours
    """Name the library that a format needs and that is missing, and how to get it."""


def render(name: str, run: Run) -> bytes:
    """Render a run in the named format. Raises KeyError for one that does not exist, NotInstalled."""
    if name in PICTURES:
        return cast(bytes, import_module("analyzer.outputs.timeline").render(run, name))
    if name not in OUTPUTS:
        raise KeyError(name)
    return cast(bytes, import_module(f"analyzer.outputs.{name}").render(run))
