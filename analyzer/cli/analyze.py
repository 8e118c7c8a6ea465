"""`har-sockets analyze`, and `har-sockets CAPTURE...`."""

from analyzer.cli.options import Allowed, Captures, Delivery, Masking, Reading, Spread, command
from analyzer.cli.running import ask, deliver, finish, stream


@command
def analyze(
    captures: Captures,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
) -> None:
    """Who was open when, every overlap, every finding."""
    if delivery.streams() and not spread.together:
        stream(captures, reading, masking, allowed, delivery, spread)
    run = ask(captures, reading, masking, allowed, delivery, spread)
    deliver(run, delivery, "text")
    finish(run, delivery)
