"""`har-sockets report`."""

from typing import Annotated

import msgspec
import typer

from analyzer.cli import help as headings
from analyzer.cli.delivery import Delivery
from analyzer.cli.options import GATE, Allowed, Captures, Masking, Reading, Spread, command_with
from analyzer.cli.running import deliver, finish, make_run, select, with_default_output
from analyzer.cli.screen import refuse, say
from analyzer.outputs import PICTURES

SIGNED = {"html", "markdown"}
SignOff = Annotated[
    bool,
    typer.Option(
        "--sign-off",
        rich_help_panel=headings.OUTPUT,
        help="End the report (HTML, Markdown) with a block for QA to sign.",
    ),
]


@command_with(
    hidden=(*GATE, "resume", "verbose"),
    meanings={"output": "Write the report here, not to CAPTURE.report.html; its suffix selects the format."},
)
def report(
    captures: Captures,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
    sign_off: SignOff = False,
) -> None:
    """Write a report (HTML, Markdown, JUnit, SARIF, CSV or JSON).

    The suffix selects the format: .html, .md, .txt, .json, .ndjson, .csv,
    .parquet, .xml (JUnit), .sarif. An HTML report is one file that needs no
    network. With .png, .svg or .pdf only the picture is written; for the report
    as PDF, print the HTML report in a browser.

    Example: har-sockets report chat.har --open --title "Release 4.2"
    """
    if delivery.format is None or delivery.output is not None:  # --format alone prints
        delivery = with_default_output(delivery, captures, "report.html")
    if sign_off and not SIGNED & {delivery.format, *(name for name, _ in delivery.files())}:
        refuse("--sign-off: the block to sign is part of HTML and Markdown: add -o FILE.html")
    run = make_run(captures, reading, masking, allowed, delivery, spread)
    deliver(msgspec.structs.replace(select(run, spread), sign_off=sign_off), delivery)
    written = [name for name, _ in delivery.files()]
    if run.reports and delivery.format is None and all(name in PICTURES for name in written):
        output = delivery.files()[0][1]
        page = output.with_suffix(".html")
        say(f"{output}: the picture only. For the report, write {page}; for the report as PDF, print {page}")
    finish(run)
