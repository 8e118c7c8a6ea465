"""Help as people read it: options under headings, each in one shape, at most 80 columns."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from typer.core import TyperCommand

INPUT, POLICY, OUTPUT, PRIVACY, MANY = "Input", "Policy", "Output", "Privacy", "Many captures"
HEADINGS = ("Arguments", INPUT, POLICY, OUTPUT, PRIVACY, MANY, "Options")
NAMES = 26  # columns for the names of options; longer ones get a line of their own


class Command(TyperCommand):
    """A command whose help lists its options by heading."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections = defaultdict(list)
        for parameter in self.get_params(ctx):
            if not getattr(parameter, "hidden", False):
                is_argument = parameter.param_type_name == "argument"
                heading = "Arguments" if is_argument else getattr(parameter, "rich_help_panel", None) or "Options"
                sections[heading].append((_names(parameter, ctx), _meaning(parameter)))
        widest = max(len(name) for rows in sections.values() for name, _ in rows if len(name) <= NAMES)
        for heading in sorted(sections, key=HEADINGS.index):
            (name, meaning), *others = sections[heading]
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), meaning), *others], col_max=NAMES)


def _names(parameter: Any, ctx: Any) -> str:
    """The names of a parameter, short ones first, and what stands for its value."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    names = ", ".join(sorted(parameter.opts, key=len))
    return names if parameter.is_flag else f"{names} {parameter.make_metavar(ctx=ctx)}"


def _meaning(parameter: Any) -> str:
    required = parameter.required and parameter.param_type_name == "option"
    return f"{parameter.help} [required]" if required else str(parameter.help)
