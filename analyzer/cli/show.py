"""Run `har-sockets show`."""

import os
import re
from typing import Annotated

import typer

from analyzer.cli.delivery import Delivery
from analyzer.cli.options import Masking, Reading, Spread, Together, command_with, or_piped
from analyzer.cli.running import choose, finish, make_run, refuse_overwrite
from analyzer.cli.screen import is_piped, refuse, show as put, terminal, write
from analyzer.fleet import STANDARD_INPUT
from analyzer.model import Report, Session, name_source
from analyzer.patterns import Pattern

NUMBER = Pattern(r"(?:#|s#?)?([0-9]+)", re.IGNORECASE)  # of a socket: 2, s2, #2
FORMATS = ("text", "json", "markdown", "html")


@command_with(
    without=("title", "meta", "tz"),
    hidden=("any_",),
    meanings={
        "verbose": "Show every call of the stack, also those of frameworks.",
        "format": "Print as text, json, markdown or html.",
        "out": "Write one more format to a file; repeatable.",
    },
)
def show(
    captures: Annotated[
        list[str],
        typer.Argument(
            default_factory=list,
            callback=or_piped,
            metavar="CAPTURE... [SOCKET]",
            help="A HAR file, or - for standard input; with --together several captures of one run. Then the number "
            "of the socket, such as 2 or s2; without it: a list of all.",
        ),
    ],
    together: Together = False,
    *,
    delivery: Delivery,
    reading: Reading,
    masking: Masking,
) -> None:
    """Show one socket in detail, or list the sockets of a capture.

    Handshake, page, the code that opened it, times and sizes of messages (never
    their data).

    Example: har-sockets show chat.har 2
    """
    captures, socket = _split(captures, together)
    delivery.refuse_pictures(*captures)
    files = delivery.choose_files(FORMATS)
    names = choose(captures, "show", together)
    refuse_overwrite(names, [path for _, path in files])
    run = make_run(names, reading, masking, spread=Spread(together=together))
    finish(run)
    report = run.reports[0]
    from analyzer.outputs import show as one_socket, show_list

    session = None if socket is None else _session(report, socket)

    def render(format: str) -> bytes:
        return show_list.RENDERERS[format](run) if session is None else one_socket.RENDERERS[format](run, session)

    for format, path in files:
        write(path, render(format))
    if not delivery.prints:
        return
    if delivery.format not in (None, "text"):
        put(render(delivery.format))
    elif session is None:
        put(show_list.render(report, **terminal()))
    else:
        put(one_socket.render(report, session, **terminal(), verbose=delivery.verbose))


def _split(captures: list[str], together: bool) -> tuple[list[str], str | None]:
    """Tell the captures from the number of the socket behind them, if there is one."""
    *others, last = captures
    is_number, is_file = NUMBER.fullmatch(last) is not None, os.path.exists(last)
    if not others:
        is_second = is_number and not is_file and is_piped()  # `cat chat.har | har-sockets show 2`
        return ([STANDARD_INPUT], last) if is_second else (captures, None)
    is_socket = not (together and is_file) if is_number else not (together or is_file)
    return (others, last) if is_socket else (captures, None)


def _session(report: Report, name: str) -> Session:
    number = NUMBER.fullmatch(name)
    if number is None or not 1 <= int(number[1][:9]) <= len(report.sessions):
        have = f"this capture has #1 to #{len(report.sessions)}" if report.sessions else "this capture has none"
        refuse(f"{name_source(report.capture.source)}: no socket {name}: {have}")
    return report.sessions[int(number[1]) - 1]
