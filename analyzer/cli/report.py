"""`har-sockets report`."""

from analyzer import choices, outputs
from analyzer.cli.options import GATE, Allowed, Captures, Delivery, Masking, Reading, Spread, command_with
from analyzer.cli.running import ask, deliver, finish, rendered, selected
from analyzer.cli.screen import refuse, write


@command_with(
    hidden=(*GATE, "resume", "verbose"),
    meanings={"output": "Write the report to this file; its suffix selects the format."},
)
def report(
    captures: Captures,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
) -> None:
    """Write a report (HTML, Markdown, JUnit, SARIF, CSV or JSON).

    The suffix selects the format: .html, .md, .txt, .json, .ndjson, .csv,
    .parquet, .xml (JUnit), .sarif. An HTML report is one file that needs no
    network.

    Example: har-sockets report chat.har -o report.html --title "Release 4.2"
    """
    output = delivery.output
    if output is None:
        refuse("report needs a file: -o report.html")
    name = outputs.SUFFIXES.get(output.suffix.lower())
    if name is None:
        refuse(f"{output}: a report ends in {choices.alternatives(outputs.SUFFIXES)}")
    run = ask(captures, reading, masking, allowed, delivery, spread, output=output)
    shown = selected(run, spread)
    write(output, rendered(name, shown))
    deliver(shown, delivery)
    finish(run)
