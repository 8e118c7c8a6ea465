"""`har-sockets report`."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer import outputs
from analyzer.cli.options import Allowed, Captures, Delivery, Masking, Reading, Spread, command
from analyzer.cli.running import ask, deliver, finish, rendered
from analyzer.cli.screen import refuse, write


@command
def report(
    captures: Captures,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The report; its suffix says the format, .html first."),
    ],
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
) -> None:
    """A report to sign or to attach: one HTML page (.html), .md for a pull request, or a file for programs.

    By suffix: .html, .md, .txt, .json, .ndjson, .csv, .parquet, .xml (JUnit), .sarif.

    Example: har-sockets report chat.har -o report.html --title "Release 4.2" --meta build=1234
    """
    name = outputs.SUFFIXES.get(output.suffix.lower())
    if name is None:
        refuse(f"{output}: a report is one of {', '.join(outputs.SUFFIXES)}")
    run = ask(captures, reading, masking, allowed, delivery, spread, output=output)
    write(output, rendered(name, run))
    deliver(run, delivery)
    finish(run)
