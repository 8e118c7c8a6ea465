"""The command line: options in, library called, bytes written, exit status chosen. It has no opinions.

One file a command; what they share: `options` (groups of options), `running` (captures -> run -> bytes), `screen`.
"""

from __future__ import annotations

import difflib
import os
import signal
import sys
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from analyzer.cli.help import Command
from analyzer.cli.screen import refuse
from analyzer.version import VERSION

# As --help lists them.
COMMANDS = ("analyze", "check", "report", "timeline", "show", "record", "extract", "compare", "summary", "rules")

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
of check also 1 the policy is violated, 4 it cannot be told, 5 no socket opened."""


class Commands(TyperGroup):
    """Each is loaded when it is asked for. `har-sockets CAPTURE...` is `har-sockets analyze CAPTURE...`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        alone = typer.Typer(context_settings=HELP, rich_markup_mode=None, add_completion=False)
        function = getattr(import_module(f"analyzer.cli.{cmd_name}"), cmd_name)
        alone.command(cmd_name, cls=Command, epilog=EXAMPLES if cmd_name == "analyze" else None)(function)
        return typer.main.get_command(alone)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = ("--help", "-h", "--version", "-V", "--install-completion", "--show-completion")
        if args and args[0] not in COMMANDS and not args[0].startswith(own):
            _mistyped(args[0])
            args = ["analyze", *args]
        return super().parse_args(ctx, args)


def _mistyped(word: str) -> None:
    """A word that is no file, and nearly a command, was meant as one."""
    near = difflib.get_close_matches(word, (*COMMANDS, "help"), 1, 0.75)
    if near and word.isalpha() and not os.path.exists(word):
        meant = "--help" if near == ["help"] else near[0]
        refuse(f"{word}: no such file, and no such command: har-sockets {meant}?")


HELP = {"help_option_names": ["--help", "-h"]}
app = typer.Typer(
    context_settings=HELP, cls=Commands, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False
)


def _version(asked: bool) -> None:
    if asked:
        print(f"har-sockets {VERSION}")
        raise typer.Exit


@app.callback(epilog=EXAMPLES)
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find overlapping WebSocket connections in HAR files: which sockets were open, when, and how certain that is.

    `har-sockets CAPTURE...` is short for `har-sockets analyze CAPTURE...`.
    """


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
