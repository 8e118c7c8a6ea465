"""`har-sockets summary`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from analyzer import choices
from analyzer.cli import progress, words
from analyzer.cli.help import MANY
from analyzer.cli.options import Delivery, command_with, distinct, or_piped
from analyzer.cli.screen import refuse, say, show, terminal, write
from analyzer.outputs import NotInstalled

FORMATS = ("text", "csv", "markdown", "parquet")
MOST_TOLD = 20  # lines that are no results, one by one


@command_with(
    without=("title", "meta", "tz", "verbose"),
    meanings={
        "format": "Print as text, csv or markdown.",
        "out": "Write one more format to a file, also parquet; repeatable.",
    },
)
def summary(
    results: Annotated[
        list[str],
        typer.Argument(
            default_factory=list,
            callback=or_piped,
            metavar="FILE.ndjson...",
            help="Results of `analyze --format ndjson`, or - for standard input.",
        ),
    ],
    worst: Annotated[
        int | None,
        typer.Option(
            parser=words.whole(1), metavar="N", rich_help_panel=MANY, help="List the N worst captures with their paths."
        ),
    ] = None,
    *,
    delivery: Delivery,
) -> None:
    """Summarise many results by service, client, exporter and day.

    \b
    Example:
      har-sockets captures/ --format ndjson > results.ndjson
      har-sockets summary results.ndjson
    """
    format = delivery.format or "text"
    if format not in FORMATS[:-1]:
        refuse(f"--format {format}: choose {choices.alternatives(FORMATS[:-1])}")
    files = [_file(spec) for spec in delivery.out or ()]
    distinct([path for _, path in files])
    if any(str(path) == "-" for _, path in files):
        refuse("--out NAME:-: to standard output goes --format NAME")
    from analyzer.outputs import tally

    with progress.shown(sum(os.path.getsize(name) for name in results if os.path.isfile(name))) as advance:
        found = tally.results(line for name in results for line in _lines(name, advance))
    for problem in found.broken[:MOST_TOLD]:
        say(problem)
    if len(found.broken) > MOST_TOLD:
        say(f"{len(found.broken) - MOST_TOLD:,} more lines are no results")
    if not found.captures and not found.unreadable:
        refuse("no results in these files: `har-sockets CAPTURE... --format ndjson` writes them")
    try:
        for name, path in files:
            write(path, tally.RENDERERS[name](found))
    except NotInstalled as problem:
        refuse(str(problem))
    if not delivery.quiet:
        show(tally.text(found, **terminal()) if format == "text" else tally.RENDERERS[format](found))


def _file(spec: str) -> tuple[str, Path]:
    name, colon, path = spec.partition(":")
    if not colon or not path or name not in FORMATS:
        refuse(f"--out {spec}: give NAME:PATH with NAME one of {', '.join(FORMATS)}")
    return name, Path(path)


def _lines(name: str, advance: progress.Done | None) -> Iterator[tuple[str, bytes]]:
    try:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            for number, line in enumerate(file, 1):
                if advance is not None:
                    advance(len(line))
                yield f"{name}:{number}", line
    except OSError as error:
        refuse(f"{name}: {error.strerror or 'cannot be read'}")
