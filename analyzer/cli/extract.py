"""Run `har-sockets extract`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from analyzer import gate
from analyzer.cli import settings
from analyzer.cli.help import OUTPUT
from analyzer.cli.options import Allowed, CapturesOfOneRun, Providers, Reading, RedactionKey, Together, command
from analyzer.cli.running import choose, default_output, find_unused, refuse_overwrite
from analyzer.cli.screen import say, show, write
from analyzer.fleet import STANDARD_INPUT, read_each
from analyzer.merge import merge
from analyzer.model import Capture, CaptureError, Unreadable, name_source, plural

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
    captures: CapturesOfOneRun,
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
    together: Together = False,
    providers: Providers = None,
    redaction_key: RedactionKey = None,
) -> None:
    """Write a small HAR: sockets only, secrets masked.

    It gives the same answer as the capture, or as several of one run with
    --together. Attach it to a ticket.

    Example: har-sockets extract chat.har -o sockets.har
    """
    from analyzer.extract import extract as make

    names = choose(captures, "extract", together)
    output = output or find_unused(default_output(names, "sockets.har"))
    if str(output) != "-":
        refuse_overwrite(names, [output])
    catalogue = settings.catalogue(settings.combine(Reading(providers=providers), Allowed()))
    try:
        small = make(_open(names), catalogue, redaction_key)
    except CaptureError as error:
        place = f"{error.pointer}: " if error.pointer else ""
        say(f"{name_source(error.source or names[0])}: {place}{error.problem}")
        raise typer.Exit(gate.UNREADABLE) from None
    if str(output) == "-":
        show(small.data)
        return
    write(output, small.data)
    for line in describe(small):
        show(f"{line}\n".encode())


def _open(names: list[str]) -> str | IO[bytes] | Capture:
    """What is extracted: one file, or several as one capture. Raises CaptureError for one that cannot be read."""
    if len(names) == 1:
        return sys.stdin.buffer if names[0] == STANDARD_INPUT else names[0]
    captures = []
    for capture in read_each(names):
        if isinstance(capture, Unreadable):
            raise CaptureError(capture.source, "", capture.problem)
        captures.append(capture)
    return merge(captures)


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
