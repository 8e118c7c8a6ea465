"""`har-sockets analyze`, and `har-sockets CAPTURE...`."""

from analyzer.cli.options import GATE, Allowed, Captures, Delivery, Masking, Reading, Spread, command_with
from analyzer.cli.running import ask, deliver, finish, stream


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
    if delivery.streams() and not spread.together:
        stream(captures, reading, masking, allowed, delivery, spread)
    run = ask(captures, reading, masking, allowed, delivery, spread)
    deliver(run, delivery, "text")
    finish(run, delivery)
