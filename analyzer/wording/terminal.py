"""Write text for a terminal.

Everything here is pure: values in, strings and `rich.text.Text` out; only `encode` turns them into bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.text import Text

from analyzer.patterns import Pattern
from analyzer.wording.medium import LINES, MARGIN, STRONG, Medium

if TYPE_CHECKING:
    from rich.console import Console


def encode(lines: Iterable[Text], color: bool) -> bytes:
    """Encode lines for a terminal. Nothing of the surroundings (variables, real terminals) is asked."""
    if not color:  # without rich's console, which takes 5 ms to import
        return "".join(map(_write_plain, lines)).encode("utf-8")
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=1_000_000,  # every line was fitted by who made it
        height=1,
        color_system="standard",
        force_terminal=True,
        force_jupyter=False,
        force_interactive=False,
        no_color=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for line in lines:
        line.rstrip()
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    return out.getvalue().encode("utf-8")


def _write_plain(line: Text) -> str:
    line.rstrip()
    line.expand_tabs(8)  # as a console does
    return line.plain + line.end


def wrap(text: Text, medium: Medium, first: str = "", rest: str | None = None) -> list[Text]:
    """Break the text into lines that fit, the first after `first`, the others after `rest` (by default as far in).

    A mask stays in one piece: `<token 1>`.
    """
    indent = " " * cell_len(first) if rest is None else rest
    room = max(10, medium.width - max(cell_len(first), cell_len(indent)))
    console = cast("Console", None)  # looked at only where lines are justified
    lines = _join_masks(text).wrap(console, room, justify="default", overflow="fold") or [Text()]
    return [Text(first if n == 0 else indent).append_text(_split_masks(line)) for n, line in enumerate(lines)]


MASK = Pattern(r"<token (\w+)>")
NO_BREAK, BREAK = "\ue000", "\x1f"  # stand for a space within a mask, and a break beside one; no shown text has them


def _join_masks(text: Text) -> Text:
    """Let no line break within a mask, and let one break before and after it."""
    if "<token " not in text.plain:
        return text
    joined, end = Text(style=text.style), 0
    for match in MASK.finditer(text.plain):
        joined.append_text(text[end : match.start()])
        mask = text[match.start() : match.end()]
        mask.plain = f"<token{NO_BREAK}{match[1]}>"
        joined.append(BREAK).append_text(mask).append(BREAK)
        end = match.end()
    return joined.append_text(text[end:])


def _split_masks(line: Text) -> Text:
    """Undo what `_join_masks` did."""
    if NO_BREAK not in line.plain and BREAK not in line.plain:
        return line
    line = Text(style=line.style).join(line.split(BREAK, allow_blank=True))
    line.plain = line.plain.replace(NO_BREAK, " ")
    return line


def headline(title: Text, medium: Medium) -> Text:
    """Write a line across: `━━ title ━━━━`."""
    sign = medium.signs.heavy
    line = Text().append(sign * 2 + " ", LINES).append_text(title).append(" ")
    return line.append(sign * max(0, medium.width - line.cell_len), LINES)


def heading(title: str) -> list[Text]:
    return [Text(), Text(MARGIN).append(title, STRONG)]
