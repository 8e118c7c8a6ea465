"""Help as people read it: options under headings, each in one shape, at most 80 columns."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import typer
from typer.core import TyperCommand

INPUT, POLICY, OUTPUT, PRIVACY, MANY = "Input", "Policy", "Output", "Privacy", "Many captures"
RECORDING = "Recording"
HEADINGS = ("Arguments", RECORDING, INPUT, POLICY, OUTPUT, PRIVACY, MANY, "Options")
NAMES = 26  # columns for the names of options; longer ones get a line of their own


class Command(TyperCommand):
    """A command whose help lists its options by heading."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            words = list(args)  # which the parser empties
            rest = super().parse_args(ctx, args)
            if not ctx.resilient_parsing:
                _check_once(self, ctx, words)
            return rest
        except Exception as problem:  # of click, which does not always say which command it is about
            if getattr(problem, "ctx", ctx) is None:
                vars(problem)["ctx"] = ctx
            raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [*(str(it.metavar) for it in self.params if it.param_type_name == "argument"), "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        rows = sections(self, ctx)
        widest = max(len(name) for section in rows.values() for name, _ in section if len(name) <= NAMES)
        for heading, ((name, meaning), *others) in rows.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), meaning), *others], col_max=NAMES)


def _check_once(command: Any, ctx: Any, args: list[str]) -> None:
    """Refuse a second `--output`: the first file would not be written."""
    _, _, order = command.make_parser(ctx).parse_args(args=args)
    if [it.name for it in order].count("output") > 1:
        raise typer.BadParameter("--output can be given once: write further files with --out NAME:PATH", ctx)


def sections(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """Return the listed options of a command by heading, each with its names and its meaning."""
    rows = defaultdict(list)
    for parameter in command.get_params(ctx):
        if parameter.param_type_name == "argument":
            rows["Arguments"].append((str(parameter.metavar), str(parameter.help)))
        elif not parameter.hidden:
            required = " [required]" if parameter.required else ""
            rows[parameter.rich_help_panel or "Options"].append((_names(parameter), f"{parameter.help}{required}"))
    return {heading: rows[heading] for heading in HEADINGS if heading in rows}


def _names(option: Any) -> str:
    """Return the names of an option, short ones first, and what stands for its value."""
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {option.metavar}"
