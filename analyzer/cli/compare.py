"""`har-sockets compare`."""

from typing import Annotated

import typer

from analyzer.cli.options import GATE, Allowed, Delivery, Masking, Reading, command_with
from analyzer.cli.running import answer, finish, one, spared
from analyzer.cli.screen import show, terminal, write


@command_with(
    hidden=(*GATE, "any_", "title", "meta", "verbose"), meanings={"format": "Print as text, json, markdown or html."}
)
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The capture before the change.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The capture of the same steps after it.")],
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
) -> None:
    """Compare two captures, before and after a change.

    Sockets, peak, overlap time, and findings that are gone, new or still there.

    Example: har-sockets compare before.har after.har --out markdown:change.md
    """
    from analyzer.outputs import comparison as outputs

    delivery.check(tuple(outputs.RENDERERS), tuple(outputs.RENDERERS))
    names = [one(before, "compare"), one(after, "compare")]
    spared(names, [path for _, path in delivery.files()])
    run = answer(names, reading, masking, allowed, delivery)
    finish(run)
    from analyzer.compare import compare as compared

    comparison = compared(*run.reports)
    for name, path in delivery.files():
        write(path, outputs.RENDERERS[name](comparison, run))
    if not delivery.quiet:
        name = delivery.format or "text"
        show(
            outputs.text(comparison, run, **terminal()) if name == "text" else outputs.RENDERERS[name](comparison, run)
        )
