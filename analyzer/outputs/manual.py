"""Write the manual of rules, from their docstrings: for a terminal, and as pages of Markdown (docs/rules/)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from analyzer.model import Cause, Rule, Severity
from analyzer.patterns import Pattern
from analyzer.wording import terminal
from analyzer.wording.manual import CODE, paragraphs
from analyzer.wording.medium import BAD, FAINT, NARROWEST, STRONG, UNSURE, Medium
from analyzer.wording.terminal import headline, wrap

COLOURS = {Severity.ERROR: BAD, Severity.WARNING: BAD, Severity.NOTE: UNSURE}
WIDEST = 100  # letters of a line; more do not read well
ROOM = 31  # columns that a title needs beside its id
LINK = Pattern(r"\[([^]]+)\]\([^)]+\)")  # of Markdown: a terminal shows its text alone
SHOWN = "`har-sockets rules NAME` explains one. `har-sockets check` fails on warnings and errors, see --fail-on."


def render_list(
    rules: Sequence[Rule], causes: Sequence[Cause], *, width: int = 80, color: bool = False, unicode: bool = True
) -> bytes:
    """Print one line per rule, with id, severity and title, and one per cause."""
    medium = Medium(max(NARROWEST, min(width, WIDEST)), unicode)
    names = max(map(len, [*(rule.id for rule in rules), *(cause.id for cause in causes)])) + 2
    lines = [Text("Rules", STRONG)]
    for rule in rules:
        head = Text(f"{rule.id:<{names}}", STRONG).append(f"{rule.severity:<9}", COLOURS[rule.severity])
        lines += _write_entry(head, rule.title, medium)
    lines += [Text(), Text("Causes of overlaps", STRONG)]
    for cause in causes:
        lines += _write_entry(Text(f"{cause.id:<{names}}", STRONG), cause.title, medium)
    return terminal.encode([*lines, Text(), *wrap(Text(SHOWN, FAINT), medium)], color)


def _write_entry(head: Text, title: str, medium: Medium) -> list[Text]:
    beside = medium.width >= head.cell_len + ROOM  # else the title stands below
    first, *rest = wrap(Text(title), medium, " " * head.cell_len if beside else "  ")
    return [head.append_text(first[head.cell_len :]), *rest] if beside else [head, first, *rest]


def render(page: Rule | Cause, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Print the page of one rule or cause."""
    medium = Medium(max(NARROWEST, min(width, WIDEST)), unicode)
    title = Text(page.title, STRONG)
    if isinstance(page, Rule):
        title.append(f" ({page.severity})", COLOURS[page.severity])
    lines = [headline(Text(page.id, STRONG), medium), Text(), *wrap(title, medium)]
    for paragraph in paragraphs(page):
        code = paragraph.splitlines() if paragraph.startswith(CODE) else []
        lines += [
            Text(),
            *(
                [Text(medium.short(line, medium.width)) for line in code]
                or wrap(Text(LINK.sub(r"\1", paragraph)), medium)
            ),
        ]
    return terminal.encode(lines, color)
