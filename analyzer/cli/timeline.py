"""`har-sockets timeline`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

import typer

from analyzer import choices, durations
from analyzer.cli import words
from analyzer.cli.delivery import Delivery
from analyzer.cli.help import OUTPUT
from analyzer.cli.options import Allowed, Captures, Masking, Reading, Spread, command_with
from analyzer.cli.running import default_output, deliver, finish, in_folder, make_run, select, write_picture
from analyzer.cli.screen import refuse, say
from analyzer.model import SECOND, Instant, join_words
from analyzer.outputs import PICTURES

# These decide on findings, which the picture does not have.
INERT = [name for name in Allowed._fields if name not in ("tolerance", "count_dev_servers", "count_extensions")]
UNSEEN = [name for name in Allowed._fields if name != "tolerance"]  # the policy does not change the picture else


def _when(text: str | None, zone: tzinfo) -> Instant | timedelta | None:
    """Return a date, in this zone unless it names one, or a duration from the first instant of each capture."""
    if text is None:
        return None
    try:
        date = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return timedelta(microseconds=durations.parse(text, "s"))
    return round((date if date.tzinfo else date.replace(tzinfo=zone)).timestamp() * SECOND)


def _time(text: str) -> str:
    """Read a date or a duration, and leave it as it was written."""
    try:
        _when(text, UTC)
    except ValueError as problem:
        raise typer.BadParameter(f"{text}: {problem}, or a date such as 2026-11-23T18:53:28Z") from None
    return text


@command_with(
    hidden=(*UNSEEN, "format", "meta", "verbose", "quiet", "resume"),
    meanings={
        "output": "Write the picture here, not to CAPTURE.timeline.png: .png, .svg or .pdf.",
        "title": "Title of the picture.",
    },
)
def timeline(
    captures: Captures,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            parser=_time,
            rich_help_panel=OUTPUT,
            help="Begin here: 1.5s after the start, or a date.",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", parser=_time, rich_help_panel=OUTPUT, help="End here, likewise."),
    ] = None,
    width: Annotated[
        float,
        typer.Option(
            parser=words.number(6, 60), metavar="INCHES", rich_help_panel=OUTPUT, help="Width of the picture [12]."
        ),
    ] = 12.0,
    dpi: Annotated[
        int,
        typer.Option(parser=words.whole(50, 600), metavar="N", rich_help_panel=OUTPUT, help="Pixels per inch [150]."),
    ] = 150,
    *,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
) -> None:
    """Draw the timeline as PNG, SVG or PDF.

    Solid bars: certainly open. Hatched: possibly open. Shaded: overlaps.
    Several captures are drawn one below the other; of more than 8 the worst 8.

    Example: har-sockets timeline chat.har -o chart.png --from 1.5s --to 4s
    """
    output = in_folder(delivery.output or default_output(captures, "timeline.png"), captures, "timeline.png")
    kind = output.suffix.lower().removeprefix(".")
    if kind not in PICTURES:
        refuse(f"{output}: a picture ends in {choices.alternatives(f'.{it}' for it in PICTURES)}")
    since, until = (_when(it, delivery.zone()) for it in (start, end))
    delivery = delivery._replace(output=None, open_=False)
    whole = make_run(captures, reading, masking, allowed, delivery, spread, output=output)
    run = select(whole, spread)
    try:
        write_picture(output, run, kind, width=width, dpi=dpi, start=since, end=until)
    except ValueError as problem:
        refuse(f"--from {start or 'the start'} --to {end or 'the end'}: {problem}")
    inert = [f"--{name.replace('_', '-')}" for name in INERT if getattr(allowed, name)]
    if inert and not delivery.files() and delivery.format is None:
        say(f"timeline draws every socket: {join_words(inert)} {'changes' if len(inert) == 1 else 'change'} no bar")
    deliver(run, delivery)
    finish(whole)
