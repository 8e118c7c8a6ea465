"""Run `har-sockets extract`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer import gate
from analyzer.cli import settings
from analyzer.cli.help import OUTPUT
from analyzer.cli.options import Allowed, PipedCapture, Providers, Reading, RedactionKey, command
from analyzer.cli.running import default_output, find_unused, one, refuse_overwrite
from analyzer.cli.screen import say, show, write
from analyzer.fleet.sources import STANDARD_INPUT
from analyzer.model import CaptureError, name_source, plural

if TYPE_CHECKING:
    from analyzer.extract import Extract

MASKED = " masked"  # how such a count ends
NAMES = {  # of what an extract counts: one, several
    "documents": ("document", "documents"),
    "other entries (stripped)": ("other entry without its content", "other entries without their content"),
    "sockets": ("socket", "sockets"),
    "pages": ("page", "pages"),
    "values masked": ("value", "values"),
    "users masked": ("user", "users"),
    "headers": ("header", "headers"),
    "messages' data": ("message's data", "messages' data"),
}


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
    output = output or find_unused(default_output([name], "sockets.har"))
    if str(output) != "-":
        refuse_overwrite([name], [output])
    catalogue = settings.catalogue(settings.combine(Reading(providers=providers), Allowed()))
    try:
        small = make(sys.stdin.buffer if name == STANDARD_INPUT else name, catalogue, redaction_key)
    except CaptureError as error:
        place = f"{error.pointer}: " if error.pointer else ""
        say(f"{name_source(name)}: {place}{error.problem}")
        raise typer.Exit(gate.UNREADABLE) from None
    if str(output) == "-":
        show(small.data)
        return
    write(output, small.data)
    for line in describe(small):
        show(f"{line}\n".encode())


def describe(small: "Extract") -> list[str]:
    """Say what an extract kept, removed and dropped."""
    counts = {
        "Kept": _counts(small.parts),
        "Masked": _counts(it for it in small.removed if it[0].endswith(MASKED)),
        "Removed": _counts(it for it in small.removed if not it[0].endswith(MASKED)),
        "Dropped": plural(small.dropped, "entry", "entries") if small.dropped else "",
    }
    return [f"{verb}: {count or 'nothing'}." for verb, count in counts.items()]


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    """Write counts that are not 0: `4 sockets, 1 page`."""
    return ", ".join(plural(number, *NAMES.get(what, (what, what))) for what, number in counts if number)
