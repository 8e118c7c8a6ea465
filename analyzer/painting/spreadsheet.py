"""Write tables as CSV (RFC 4180), so that no text of a capture runs as a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Write rows under a line of heads; several values of one cell have `; ` between them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: harmless(_cell(value)) for key, value in row.items()})
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _escape(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def harmless(value: object) -> object:
    """Keep text of a capture from running as a formula."""
    if isinstance(value, str):
        plain = value if value.isprintable() else "".join(map(_escape, value))
        return "'" + plain if plain.startswith(FORMULA) and plain != "-" else plain
    return value
