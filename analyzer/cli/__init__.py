"""The command line: read options, call the library, write bytes, choose the exit status.

Each command has its file. They share `options` (groups of options), `running` (captures -> run -> bytes), `screen`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from analyzer import choices
from analyzer.cli.help import Command, sections
from analyzer.cli.screen import is_piped, refuse
from analyzer.patterns import Pattern
from analyzer.version import VERSION

USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, which typer keeps to itself

# As --help lists them, with the first line of each one's help: to import all of them takes longer than all else there.
COMMANDS = {
    "analyze": "Show which sockets were open, when, and every overlap.",
    "check": "Check captures against a policy (for CI).",
    "report": "Write a report (HTML, Markdown, JUnit, SARIF, CSV or JSON).",
    "timeline": "Draw the timeline as PNG, SVG or PDF.",
    "show": "Show one socket in detail, or list the sockets of a capture.",
    "record": "Open a browser and record its sockets exactly.",
    "extract": "Write a small HAR: sockets only, secrets masked.",
    "compare": "Compare two captures, before and after a change.",
    "summary": "Summarise many results by service, client, exporter and day.",
    "watch": "Analyse each capture that is newly saved in a folder.",
    "rules": "Explain the rules and causes.",
}

QUESTIONS = ("help", "version", "completion")  # answered as commands, and not listed among them
ANSWERS = {  # of `help` about these
    "help": "har-sockets help [COMMAND]: show the options and examples of a command",
    "version": "har-sockets version: show the version",
    "completion": "har-sockets completion [SHELL]: print the completion script of bash, zsh, fish or powershell\n"
    "har-sockets completion install: install it for the current shell",
}
ALIASES = {"analyse": "analyze", "summarise": "summary", "summarize": "summary"}
HINTS = {  # what other programs call them
    "diff": "compare",
    "chart": "timeline",
    "draw": "timeline",
    "plot": "timeline",
    "picture": "timeline",
    "html": "report",
    "lint": "check",
    "test": "check",
    "validate": "check",
    "verify": "check",
    "stats": "summary",
    "causes": "rules",
    "explain": "rules",
    "manual": "rules",
    "capture": "record",
    "sanitize": "extract",
    "sanitise": "extract",
    "mask": "extract",
    "inspect": "show",
}
NEAR = 0.75  # share of letters that a word has in common with the command that is meant
BARE = Pattern(r"[A-Za-z][\w-]*")  # a word that is no path: no dot, no slash, no glob
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
OWN = ("--help", "-h", "--version", "-V", "--install-completion", "--show-completion")

EXAMPLES = """\b
Examples:
  har-sockets chat.har                        verdict, timeline and findings
  har-sockets captures/                       many captures together
  har-sockets check captures/                 PASS, FAIL or UNDECIDED, for CI
  har-sockets report chat.har -o report.html  a page to share
  har-sockets timeline chat.har -o chart.png  a picture
  har-sockets show chat.har 2                 details of socket #2
  har-sockets watch ~/Downloads               each capture that is saved there
  har-sockets record https://chat.example -o chat.har
                                              a browser that records exactly
  har-sockets extract chat.har -o small.har   sockets only, secrets masked
  har-sockets compare before.har after.har    what a change did

\b
Exit status:
  0  done, and with `check`: every capture passes
  1  `check`: the policy is violated; `record --max-open`: more were open
  2  wrong usage, such as an unknown option or no such file
  3  a capture could not be read; `record`: the browser went away
  4  `check`: a capture is undecided
  5  `check`: no socket opened in a capture"""


class Commands(TyperGroup):
    """The commands, each loaded when it is used. `har-sockets CAPTURE...` is `har-sockets analyze CAPTURE...`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _load_command(cmd_name) if cmd_name in COMMANDS else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing and is_piped():
            args = ["analyze"]
        return super().parse_args(ctx, _add_command(args, not ctx.resilient_parsing) if args else args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except USAGE_ERROR as problem:
            from analyzer.cli.usage import explain

            refuse(explain(problem, COMMANDS, _load_command))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["CAPTURE... | COMMAND", "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        for heading, rows in sections(self, ctx).items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def _load_command(name: str) -> Any:
    alone = typer.Typer(context_settings=HELP, rich_markup_mode=None, add_completion=False)
    alone.command(name, cls=Command)(getattr(import_module(f"analyzer.cli.{name}"), name))
    return typer.main.get_command(alone)


def _add_command(args: list[str], may_refuse: bool) -> list[str]:
    """Put the command that is meant before its arguments."""
    word, *rest = args
    if word in COMMANDS or word.startswith(OWN):
        return args
    if not os.path.exists(word):
        if word in ALIASES:
            return [ALIASES[word], *rest]
        if word in QUESTIONS:
            return _help(rest) if word == "help" else _completion(rest) if word == "completion" else ["--version"]
        near = HINTS.get(word) or choices.nearest(word, (*COMMANDS, "help"), NEAR)
        if may_refuse and near is not None and word.isalpha():
            refuse(f"{word}: no such file or command: did you mean `har-sockets {near}`?")
        if may_refuse and BARE.fullmatch(word):
            refuse(f"{word}: no such file or command. The commands: {', '.join(COMMANDS)}")
    return ["analyze", *args]


def _help(rest: list[str]) -> list[str]:
    if not rest:
        return ["--help"]
    name = ALIASES.get(rest[0], rest[0])
    if name in COMMANDS:
        return [name, "--help"]
    if name in ANSWERS:
        print(ANSWERS[name])
        raise typer.Exit
    near = HINTS.get(name) or choices.nearest(name, COMMANDS)
    hint = f"choose {choices.alternatives(COMMANDS)}" if near is None else f"did you mean `har-sockets help {near}`?"
    refuse(f"help {name}: no such command: {hint}")


def _completion(rest: list[str]) -> list[str]:
    """Print the completion script of a shell, of the current one where none is named; or install it."""
    if rest[:1] == ["install"]:
        return ["--install-completion"]
    if not rest:
        return ["--show-completion"]
    if rest[0] not in SHELLS:
        refuse(f"completion {rest[0]}: choose {choices.alternatives((*SHELLS, 'install'))}")
    os.environ["_HAR_SOCKETS_COMPLETE"] = f"source_{rest[0]}"  # how typer is asked for it
    app(prog_name="har-sockets")
    raise typer.Exit


HELP = {"help_option_names": ["--help", "-h"]}
app = typer.Typer(
    context_settings=HELP, cls=Commands, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False
)


def _version(is_on: bool) -> None:
    if is_on:
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


def run_command() -> int:
    """Run the command that the arguments of this process name; return the status of the contract."""
    status: object = 0
    try:
        app()
    except SystemExit as leaving:
        status = leaving.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status if isinstance(status, int) else 1
