"""`har-sockets extract`."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer import gate
from analyzer.cli import settings
from analyzer.cli.options import Allowed, Capture, Providers, Reading, RedactionKey, command
from analyzer.cli.running import one
from analyzer.cli.screen import say, show, write
from analyzer.model import CaptureError


@command
def extract(
    capture: Capture,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.har", help="The small HAR.")],
    providers: Providers = None,
    redaction_key: RedactionKey = None,
) -> None:
    """A small, masked HAR with only the sockets, to attach to a ticket: it gives the same answer.

    Example: har-sockets extract chat.har -o sockets.har
    """
    from analyzer.extract import extract as make

    catalogue = settings.catalogue(settings.settings(Reading(providers=providers), Allowed()))
    try:
        made = make(one(capture, "extract"), catalogue, redaction_key)
    except CaptureError as error:
        say(str(error))
        raise typer.Exit(gate.UNREADABLE) from None
    write(output, made.data)
    for label, counts in (("kept", made.kept), ("removed", made.removed), ("dropped", (("entries", made.dropped),))):
        told = ", ".join(f"{what} {number:,}" for what, number in counts)
        show(f"{label + ':':<9}{told or 'nothing'}\n".encode())
