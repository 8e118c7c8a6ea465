"""`har-sockets analyze`, and `har-sockets CAPTURE...`."""

from analyzer.cli.options import GATE, Allowed, Captures, Delivery, Masking, Reading, Spread, command_with
from analyzer.cli.running import ask, deliver, finish, selected, stream
from analyzer.cli.screen import refuse


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
    if spread.resume and spread.selects:
        refuse("--resume continues a file with all captures: leave out --top and --only")
    if delivery.streams() and not spread.together and not spread.selects:
        stream(captures, reading, masking, allowed, delivery, spread)
    run = ask(captures, reading, masking, allowed, delivery, spread)
    deliver(selected(run, spread), delivery, "text")
    finish(run, delivery)
