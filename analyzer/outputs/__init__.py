"""Render a run: one module per format, with `render(run) -> bytes`, imported when it is used.

A format is one row of `ROWS` and one module of its name. Command line, completion, suffixes and tests follow from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

import msgspec

from analyzer.model import Run


class Output(msgspec.Struct, frozen=True):
    """Describe a format."""

    name: str  # also of its module
    suffixes: tuple[str, ...] = ()  # of files that are in it
    is_printed: bool = True  # on standard output, with `--format`


ROWS = (
    Output("text", (".txt",)),
    Output("json", (".json",)),
    Output("ndjson", (".ndjson",)),
    Output("csv", (".csv",)),
    Output("captures"),
    Output("markdown", (".md",)),
    Output("junit", (".xml",)),
    Output("sarif", (".sarif",)),
    Output("github"),
    Output("html", (".html", ".htm"), is_printed=False),
    Output("parquet", (".parquet",), is_printed=False),
)
OUTPUTS = tuple(row.name for row in ROWS)
STREAMED = tuple(row.name for row in ROWS if row.is_printed)
PICTURES = ("png", "svg", "pdf")  # of the timeline
SUFFIXES = {suffix: row.name for row in ROWS for suffix in row.suffixes} | {f".{name}": name for name in PICTURES}


class NotInstalled(Exception):  # noqa: N818 - what it says, not an error of ours
    """Name the library that a format needs and that is missing, and how to get it."""


def render(name: str, run: Run) -> bytes:
    """Render a run in the named format. Raises KeyError for one that does not exist, NotInstalled."""
    if name in PICTURES:
        return cast(bytes, import_module("analyzer.outputs.timeline").render(run, name))
    if name not in OUTPUTS:
        raise KeyError(name)
    return cast(bytes, import_module(f"analyzer.outputs.{name}").render(run))
