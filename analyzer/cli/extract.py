"""`har-sockets extract`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from analyzer import gate
from analyzer.cli import settings
from analyzer.cli.help import OUTPUT
from analyzer.cli.options import Allowed, PipedCapture, Providers, Reading, RedactionKey, command
from analyzer.cli.running import default_output, one, spared, unused
from analyzer.cli.screen import say, show, write
from analyzer.fleet.sources import STANDARD_INPUT
from analyzer.model import CaptureError


@command
def extract(
    capture: PipedCapture,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.har",
            help="Write the small HAR here, not to CAPTURE.sockets.har; - for standard output.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    providers: Providers = None,
    redaction_key: RedactionKey = None,
) -> None:
    """Write a small HAR: sockets only, secrets masked.

    It gives the same answer as the capture. Attach it to a ticket.

    Example: har-sockets extract chat.har -o sockets.har
    """
    from analyzer.extract import extract as make

    name = one(capture, "extract")
    output = output or unused(default_output([name], "sockets.har"))
    if str(output) != "-":
        spared([name], [output])
    catalogue = settings.catalogue(settings.held(Reading(providers=providers), Allowed()))
    try:
        with _seekable(name) as path:
            made = make(path, catalogue, redaction_key)
    except CaptureError as error:
        say(f"{name}: {error.pointer}: {error.problem}" if error.pointer else f"{name}: {error.problem}")
        raise typer.Exit(gate.UNREADABLE) from None
    if str(output) == "-":
        show(made.data)
        return
    write(output, made.data)
    for label, counts in (("kept", made.kept), ("removed", made.removed), ("dropped", (("entries", made.dropped),))):
        told = ", ".join(f"{what} {number:,}" for what, number in counts)
        show(f"{label + ':':<9}{told or 'nothing'}\n".encode())


@contextmanager
def _seekable(name: str) -> Iterator[str]:
    """A path that can be read more than once: of standard input a copy."""
    if name != STANDARD_INPUT:
        yield name
        return
    import shutil
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="har-sockets-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield copy.name
