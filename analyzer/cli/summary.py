"""Run `har-sockets summary`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import Annotated

import typer

from analyzer import choices
from analyzer.cli import progress, words
from analyzer.cli.delivery import Delivery
from analyzer.cli.help import MANY
from analyzer.cli.options import Only, command_with, or_piped
from analyzer.cli.screen import refuse, say, show, terminal, write
from analyzer.outputs import NotInstalled

SHOWN = ("text", "json", "csv", "captures", "markdown")
FORMATS = (*SHOWN, "parquet")
MOST_NAMED = 20  # lines that are not results, one by one
HOW = "`summary` reads results, not captures. Write them: har-sockets CAPTURE... --format ndjson > results.ndjson"


@command_with(
    without=("title", "meta", "tz"),
    meanings={
        "format": "Print as text, json, csv (the tables), captures (CSV, one row per capture) or markdown.",
        "verbose": "Show more than five rows of each table.",
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
        typer.Option(parser=words.whole(0), metavar="N", rich_help_panel=MANY, help="List the N worst captures [5]."),
    ] = None,
    only: Only = None,
    *,
    delivery: Delivery,
) -> None:
    """Summarise many results by service, client, exporter and day.

    Each row names its worst capture.

    \b
    Example:
      har-sockets captures/ --format ndjson > results.ndjson
      har-sockets summary results.ndjson --only duplicate-connection --worst 20
      har-sockets summary results.ndjson --out captures:captures.csv
    """
    if delivery.format == "parquet":
        refuse(f"--format parquet: choose {choices.alternatives(SHOWN)}, or -o FILE.parquet")
    files = delivery.choose_files(FORMATS)
    from analyzer.outputs import totals
    from analyzer.totals.results import read_results, select

    with progress.show_progress(sum(os.path.getsize(name) for name in results if os.path.isfile(name))) as advance:
        answers = read_results(line for name in results for line in _lines(name, advance))
    if not answers.captures and not answers.unreadable:
        refuse(f"{results[0]}: no results. {HOW}")
    for problem in answers.broken[:MOST_NAMED]:
        say(problem)
    if len(answers.broken) > MOST_NAMED:
        say(f"{len(answers.broken) - MOST_NAMED:,} more lines are not results")
    answers = select(answers, only or ())
    most = totals.WORST if worst is None else worst
    try:
        for name, path in files:
            write(path, totals.RENDERERS[name](answers, most))
    except NotInstalled as problem:
        refuse(str(problem))
    if delivery.prints:
        name = delivery.format or "text"
        as_text = partial(totals.text, **terminal(), cut=sys.stdout.isatty(), verbose=delivery.verbose)
        show(as_text(answers, most) if name == "text" else totals.RENDERERS[name](answers, most))


def _lines(name: str, advance: progress.Done | None) -> Iterator[tuple[str, bytes]]:
    if os.path.isdir(name):
        refuse(f"{name}: a folder. {HOW}")
    try:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            for number, line in enumerate(file, 1):
                if advance is not None:
                    advance(len(line))
                yield f"{name}:{number}", line
    except OSError as error:
        refuse(f"{name}: {error.strerror or 'cannot be read'}")
