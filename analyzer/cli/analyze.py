"""`har-sockets analyze`, and `har-sockets CAPTURE...`."""

from analyzer.cli.options import Allowed, Captures, Delivery, Masking, Reading, command
from analyzer.cli.running import ask, deliver, finish


@command
def analyze(captures: Captures, delivery: Delivery, allowed: Allowed, reading: Reading, masking: Masking) -> None:
    """Who was open when, every overlap, every finding."""
    run = ask(captures, reading, masking, allowed, delivery)
    deliver(run, delivery, "text")
    finish(run)
