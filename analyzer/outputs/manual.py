"""The manual of rules, from their docstrings: for a terminal, and as pages of Markdown (docs/rules/)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.text import Text

from analyzer.model import Rule, Severity
from analyzer.outputs import terminal
from analyzer.outputs.terminal import BAD, FAINT, NARROWEST, STRONG, UNSURE, Medium, headline, wrapped

COLOURS = {Severity.ERROR: BAD, Severity.WARNING: BAD, Severity.NOTE: UNSURE}
WIDEST = 100  # letters of a line; more do not read well
LEAD = re.compile(r"(How it is detected|Why it matters|What to do):\s+(\w)")
SHOWN = (
    "`har-sockets rules RULE` explains one rule. `har-sockets check` fails on warnings and errors; --fail-on changes "
    "that."
)


def render_list(rules: Sequence[Rule], *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """A line a rule: id, severity, title."""
    medium = Medium(max(NARROWEST, min(width, WIDEST)), unicode)
    names = max(len(rule.id) for rule in rules) + 2
    beside = medium.width >= names + 40  # else the titles stand below
    lines = []
    for rule in rules:
        head = Text(f"{rule.id:<{names}}", STRONG).append(f"{rule.severity:<9}", COLOURS[rule.severity])
        first, *rest = wrapped(Text(rule.title), medium, " " * head.cell_len if beside else "  ")
        lines += [head.append_text(first[head.cell_len :]), *rest] if beside else [head, first, *rest]
    return terminal.printed([*lines, Text(), *wrapped(Text(SHOWN, FAINT), medium)], color)


def render(rule: Rule, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """The page of one rule."""
    medium = Medium(max(NARROWEST, min(width, WIDEST)), unicode)
    lines = [headline(Text(rule.id, STRONG), medium), Text()]
    lines += wrapped(Text(rule.title, STRONG).append(f" ({rule.severity})", COLOURS[rule.severity]), medium)
    for paragraph in paragraphs(rule):
        lines += [Text(), *wrapped(Text(paragraph), medium)]
    return terminal.printed(lines, color)


def markdown(rule: Rule) -> str:
    """The page of one rule, as docs/rules/ has it."""
    told = [LEAD.sub(lambda it: f"**{it[1]}.** {it[2].upper()}", paragraph) for paragraph in paragraphs(rule)]
    return "\n\n".join([f"# {rule.id}", f"{rule.title}. Severity: {rule.severity}.", *told]) + "\n"


def paragraphs(rule: Rule) -> list[str]:
    """The manual without the line ends of the source."""
    return [" ".join(paragraph.split()) for paragraph in rule.manual.split("\n\n")]
