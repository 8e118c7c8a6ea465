"""`har-sockets extract`."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Capture, Providers, RedactionKey, catalogue, command
from analyzer.cli.running import UNREADABLE, sources
from analyzer.cli.screen import refuse, say, show, write
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

    (source, *others) = sources([capture])
    if others:
        refuse(f"{capture}: `extract` takes one capture, this is {len(others) + 1}")
    try:
        made = make(source, catalogue(providers), redaction_key)
    except CaptureError as error:
        say(str(error))
        raise typer.Exit(UNREADABLE) from None
    write(output, made.data)
    for label, counts in (("kept", made.kept), ("removed", made.removed), ("dropped", (("entries", made.dropped),))):
        told = ", ".join(f"{what} {number:,}" for what, number in counts)
        show(f"{label + ':':<9}{told or 'nothing'}\n".encode())
