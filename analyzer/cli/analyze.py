"""`har-sockets analyze`, and `har-sockets CAPTURE...`."""

from analyzer.cli.delivery import Delivery
from analyzer.cli.options import GATE, Allowed, Captures, Masking, Reading, Spread, command_with
from analyzer.cli.running import deliver, finish, make_run, select, stream, with_default_output
from analyzer.cli.screen import one_terminal, refuse, tell


@command_with(hidden=(*GATE, "title", "meta"))
def analyze(
    captures: Captures,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
) -> None:
    """Show which sockets were open, when, and every overlap.

    Example: har-sockets chat.har
    """
    if delivery.open_ and not delivery.files():
        delivery = with_default_output(delivery, captures, "report.html")._replace(format=delivery.format or "text")
    elif delivery.output is not None:
        delivery = with_default_output(delivery, captures, "report.html")  # in a folder
    if spread.resume and spread.selects:
        refuse("--resume continues a file with all captures: leave out --top and --only")
    if delivery.streams() and not spread.together and not spread.selects:
        stream(captures, reading, masking, allowed, delivery, spread)
    run = make_run(captures, reading, masking, allowed, delivery, spread)
    selection = select(run, spread, delivery)
    deliver(selection, delivery, "text")
    if one_terminal() and delivery.format in (None, "text") and not delivery.quiet and not delivery.files():
        from analyzer.cli.next_step import suggest_next

        suggestion = suggest_next(selection, captures)
        if suggestion is not None:
            tell("")
            tell(suggestion)
    finish(run, delivery, selection)
