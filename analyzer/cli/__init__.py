"""The command line: options in, library called, bytes written, exit status chosen. It has no opinions.

One file a command; what they share: `options` (groups of options), `running` (captures -> run -> bytes), `screen`.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from analyzer.cli.analyze import analyze
from analyzer.cli.check import check
from analyzer.cli.compare import compare
from analyzer.cli.extract import extract
from analyzer.cli.record import record
from analyzer.cli.report import report
from analyzer.cli.rules import rules
from analyzer.cli.show import show
from analyzer.cli.summary import summary
from analyzer.cli.timeline import timeline
from analyzer.version import VERSION

COMMANDS = (analyze, check, show, timeline, report, extract, compare, summary, rules, record)  # as --help lists them

EXAMPLES = """\b
Examples:
  har-sockets chat.har                         who was open when, and every overlap
  har-sockets captures/ 'more/*.har.gz'        many captures, a line each
  har-sockets chat.har --format json           the same for programs
  har-sockets check captures/                  the gate for CI: exit status by policy
  har-sockets show chat.har 2                  all about socket #2
  har-sockets timeline chat.har -o chart.png   the picture
  har-sockets report chat.har -o report.html   a page to sign and to share
  har-sockets extract chat.har -o small.har    only the sockets, masked, for a ticket
  har-sockets compare before.har after.har     what a change did
  har-sockets record URL -o chat.har           a browser whose sockets are recorded

\b
Exit status: 0 done, 2 wrong usage, 3 a capture could not be read;
of check also 1 the policy is violated, 4 it cannot be told, 5 no sockets."""


class DefaultCommand(TyperGroup):
    """`har-sockets CAPTURE...` is `har-sockets analyze CAPTURE...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = ("--help", "--version", "--install-completion", "--show-completion")
        if args and args[0] not in self.commands and not args[0].startswith(own):
            args = ["analyze", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=DefaultCommand, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        print(f"har-sockets {VERSION}")
        raise typer.Exit


@app.callback(epilog=EXAMPLES)
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """WebSockets in a HAR: who was open when, every moment with more than one open, and how sure that is.

    `har-sockets CAPTURE...` is short for `har-sockets analyze CAPTURE...`.
    """


for each in COMMANDS:
    app.command(epilog=EXAMPLES if each is analyze else None)(each)


def _interrupted(*_: object) -> NoReturn:
    """Ctrl-C: files that are half written are removed on the way out; the status is a shell's for it."""
    raise SystemExit(128 + signal.SIGINT)


def main() -> NoReturn:
    """The entry point. Never returns; the process ends with the status of the contract."""
    status: object = 0
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except SystemExit as leaving:
        status = leaving.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else 1)  # what the operating system frees needs no tidying up
