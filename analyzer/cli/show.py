"""`har-sockets show`."""

from typing import Annotated

import typer

from analyzer.cli.options import Capture, Delivery, Masking, Reading, command_with
from analyzer.cli.running import ask, finish, one
from analyzer.cli.screen import refuse, terminal
from analyzer.cli.screen import show as put
from analyzer.model import Report, Session

FORMATS = "Print as text, json, markdown or html."


@command_with(without=("title", "meta"), hidden=("any_", "verbose"), meanings={"format": FORMATS})
def show(
    capture: Capture,
    socket: Annotated[str, typer.Argument(metavar="SOCKET", help="The number of the socket, such as 2 or s2.")],
    delivery: Delivery,
    reading: Reading,
    masking: Masking,
) -> None:
    """Show one socket in detail.

    Handshake, page, the code that opened it, times and sizes of messages (never
    their data).

    Example: har-sockets show chat.har 2
    """
    run = ask([one(capture, "show")], reading, masking)
    finish(run)
    report = run.reports[0]
    from analyzer.outputs import show as screen

    put(screen.render(report, _session(report, socket), **terminal()))


def _session(report: Report, name: str) -> Session:
    number = name.lower().removeprefix("s").removeprefix("#")
    if not number.isascii() or not number.isdigit() or not 1 <= int(number[:9]) <= len(report.sessions):
        have = f"it has #1 to #{len(report.sessions)}" if report.sessions else "it has none"
        refuse(f"{report.capture.source}: no socket {name}: {have}")
    return report.sessions[int(number) - 1]
