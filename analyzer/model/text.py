"""Names, numbers and lists in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.patterns import Pattern

TOGETHER = " + "  # between the sources of several captures that are told as one


def join_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def join_some(words: Sequence[str], most: int, separator: str = ", ") -> str:
    """Join the first few, and count the others: `a, b and 3 more`."""
    left = len(words) - most
    return separator.join(words[:most]) + (f"{separator.rstrip(', ')} and {left:,} more" if left > 0 else "")


def count_rest(left: int, what: str = "", where: str = "") -> str:
    """Count what a list leaves out: `and 3 more sockets: --format json has them all`; empty where that is nothing."""
    if left <= 0:
        return ""
    return f"and {plural(left, f'more {what}') if what else f'{left:,} more'}{f': {where}' if where else ''}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 socket`, `5,000 sockets`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def name_source(source: str) -> str:
    """Name a capture for people: the JSON has `-` for standard input."""
    return "standard input" if source == "-" else source


def file_name(source: str) -> str:
    """The name of a capture's file, without the folders that it is in; of several captures those of all."""
    names = (re.split(r"[/\\]", it.partition("?")[0])[-1] for it in source.split(TOGETHER))
    return "".join(it if it.isprintable() else "?" for it in TOGETHER.join(names))


HOST = Pattern(r"wss?://[\w.:[\]-]{1,100}(?=[/?#]|$)")  # of an address; what follows may be secret
