"""`har-sockets compare`."""

from typing import Annotated

import typer

from analyzer.cli.options import Allowed, Delivery, Masking, Reading, command
from analyzer.cli.running import answer, finish, one, spared
from analyzer.cli.screen import show, terminal, write


@command
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A HAR file.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another, of the same steps after a change.")],
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
) -> None:
    """What a change did: sockets, most open at once, time with several open, findings gone, new and still there.

    Formats: text, json, markdown, html.

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
