"""`har-sockets timeline`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from analyzer import choices
from analyzer.cli.help import OUTPUT
from analyzer.cli.options import POLICY, Allowed, Captures, Delivery, Masking, Reading, Spread, command_with
from analyzer.cli.running import ask, deliver, finish, selected
from analyzer.cli.screen import refuse, say, write
from analyzer.model import SECOND, Instant

PICTURES = (".png", ".svg", ".pdf")


@command_with(
    hidden=(*POLICY, "format", "title", "meta", "verbose", "quiet", "resume"),
    meanings={"output": "Write the picture to this file: .png, .svg or .pdf."},
)
def timeline(
    captures: Captures,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", rich_help_panel=OUTPUT, help="Begin here: 1.5s after the start, or a date."
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", rich_help_panel=OUTPUT, help="End here, likewise.")
    ] = None,
    width: Annotated[
        float,
        typer.Option(min=6, max=60, metavar="INCHES", rich_help_panel=OUTPUT, help="Width of the picture [12]."),
    ] = 12.0,
    dpi: Annotated[
        int, typer.Option(min=50, max=600, metavar="N", rich_help_panel=OUTPUT, help="Pixels per inch [150].")
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
    Several captures are drawn one below the other, at most 8.

    Example: har-sockets timeline chat.har -o chart.png --from 1.5 --to 4
    """
    output = delivery.output
    if output is None:
        refuse("timeline needs a file for the picture: -o chart.png")
    kind = output.suffix.lower()
    if kind not in PICTURES:
        refuse(f"{output}: a picture ends in {choices.alternatives(PICTURES)}")
    whole = ask(captures, reading, masking, allowed, delivery, spread, output=output)
    run = selected(whole, spread)
    if run.reports:
        from analyzer.outputs import timeline as chart
        from analyzer.outputs.chart import PANELS

        try:
            drawn = chart.render(run, kind[1:], width=width, dpi=dpi, start=_when(start), end=_when(end))
        except ValueError as problem:
            refuse(f"--from {start or 'the start'} --to {end or 'the end'}: {problem}")
        write(output, drawn)
        if len(run.reports) > PANELS:
            say(f"{output}: the first {PANELS} of {len(run.reports)} captures are drawn")
    deliver(run, delivery)
    finish(whole)


def _when(text: str | None) -> Instant | timedelta | None:
    """Seconds from the first instant of each capture, or a date."""
    if text is None:
        return None
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        pass
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text}: neither seconds nor a date like 2026-11-23T18:00:00Z")
    return round((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * SECOND)
