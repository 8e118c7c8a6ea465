"""The command line: options in, library called, bytes written, exit status chosen. It has no opinions."""

from __future__ import annotations

import gc
import sys
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

from analyzer import fleet, outputs
from analyzer.model import MILLISECOND, Policy, Report, Run, Unreadable

UNREADABLE, USAGE = 3, 2


class DefaultCommand(TyperGroup):
    """`har-sockets CAPTURE...` is `har-sockets analyze CAPTURE...`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        own = {"--help", "--version", "--install-completion", "--show-completion"}
        if args and args[0] not in self.commands and args[0] not in own:
            args = ["analyze", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=DefaultCommand, rich_markup_mode=None, no_args_is_help=True, add_completion=True)


@app.callback()
def root() -> None:
    """Who was open when."""


@app.command()
def analyze(
    captures: Annotated[list[str], typer.Argument(metavar="CAPTURE...", show_default=False)],
    format: Annotated[str, typer.Option(metavar="NAME")] = "text",
) -> None:
    run = _run(captures, Policy())
    sys.stdout.buffer.write(outputs.render(format, run))
    _tell(run)


def _run(captures: list[str], policy: Policy) -> Run:
    try:
        sources = fleet.expand(captures)
    except fleet.NothingToRead as problem:
        print(f"har-sockets: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE) from None
    results = list(fleet.results(sources, policy))
    return Run(
        tuple(r for r in results if isinstance(r, Report)), tuple(r for r in results if isinstance(r, Unreadable)), policy
    )


def _tell(run: Run) -> None:
    for it in run.unreadable:
        print(f"har-sockets: {it.source}: {it.problem}", file=sys.stderr)
    if run.unreadable:
        raise typer.Exit(UNREADABLE)


def main() -> NoReturn:
    gc.disable()  # a short life with few cycles: collecting costs a tenth of the start-up
    app()
    raise AssertionError
