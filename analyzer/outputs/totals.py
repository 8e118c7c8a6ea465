"""Write what was counted of many results: how often sockets overlap, by service, client, exporter and day."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.text import Text

from analyzer.document import FORMAT, Json, pretty
from analyzer.document.captures import capture_row, columns
from analyzer.installation import install_hint
from analyzer.model import count_rest
from analyzer.outputs import NotInstalled
from analyzer.painting import listing, markdown, spreadsheet
from analyzer.totals.frame import TABLES, frame
from analyzer.totals.results import Results
from analyzer.totals.tables import MEANINGS, NEXT, ROWS, sentence, tables
from analyzer.version import VERSION
from analyzer.wording import counts, terminal
from analyzer.wording.harmless import safe_middle
from analyzer.wording.medium import FAINT, STRONG, Medium
from analyzer.wording.terminal import heading, wrap

SHORT = 5  # rows of a table on a screen
WORST = 5  # captures that are listed unless asked for more


def text(
    results: Results,
    worst: int = WORST,
    *,
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    cut: bool = False,
    verbose: bool = True,
) -> bytes:
    """Write the tables for people. `cut`: no line is wider than `width`; else every path is written in full.

    `verbose`: with more than the first rows of each table.
    """
    medium = Medium(width, unicode)
    lines = wrap(Text(sentence(results), STRONG), medium)
    rows = results.rows[:worst]
    if rows:
        lines += heading("The worst capture" if len(rows) == 1 else f"The {len(rows):,} worst captures")
        inner = Medium(width - 3, unicode)
        lines += _indent([*listing.table(rows, inner, cut=cut), *listing.order(rows, inner)])
    for table in tables(results, ROWS if verbose else SHORT):
        lines += heading(table.title)
        lines += _columns((table.heads, *table.rows), medium, cut)
        if table.highest:
            path = listing.short_path(table.highest, medium.width - 17, medium) if cut else table.highest
            lines.append(Text(f"   Highest peak: {path}", FAINT))
        if rest := count_rest(table.left, where=counts.IN_CSV if verbose else "--verbose"):
            lines += wrap(Text(rest, FAINT), medium, "   ")
    if results.captures or results.unreadable:
        lines += [Text(), *wrap(Text(MEANINGS, FAINT), medium, "   ")]
        lines += wrap(Text(NEXT, FAINT), medium, "   ")
    return terminal.encode(lines, color)


def _indent(lines: Iterable[Text]) -> list[Text]:
    return [Text("   ").append_text(line) for line in lines]


def _columns(rows: Sequence[Sequence[str]], medium: Medium, cut: bool) -> list[Text]:
    """Align numbers to the right. On a narrow terminal the last columns are left out, and the worst capture has a line
    of its own under its row."""
    paths, cells = [row[-1] for row in rows], [row[:-1] for row in rows]
    widths = [_widest(cells, n) for n in range(len(cells[0]))]
    while cut and len(widths) > 2 and 3 + min(widths[0], 20) + sum(width + 2 for width in widths[1:]) > medium.width:
        widths, cells = widths[:-1], [row[:-1] for row in cells]
    numbers = sum(width + 2 for width in widths[1:])
    first = min(widths[0], max(8, medium.width - 3 - numbers)) if cut else widths[0]
    room = medium.width - 3 - first - numbers - 2
    beside = not cut or room >= min(listing.PATH, max(map(len, paths)))
    lines = _heads(cells[0], widths, first, paths[0] if beside else "")
    for row, path in zip(cells[1:], paths[1:], strict=True):
        line = f"   {medium.short(row[0], first):<{first}}"
        line += "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        place = listing.short_path(path, room if beside else medium.width - 12, medium) if cut else path
        lines.append(Text(f"{line}  {place}" if beside else line))
        lines += [] if beside else [Text(f"{' ' * 5}worst: {place}", FAINT)]
    return lines


def _widest(cells: Sequence[Sequence[str]], n: int) -> int:
    """Return the width of a column whose head has its words above each other."""
    return max([*map(len, cells[0][n].split(" ")), *(len(row[n]) for row in cells[1:])])


def _heads(heads: Sequence[str], widths: Sequence[int], first: int, last: str) -> list[Text]:
    """Write the heads in two lines, so that the columns are narrow."""
    lines = []
    for n in (0, 1):
        words = [head.rpartition(" ")[0::2][n] for head in heads[1:]]
        line = " " * (3 + first) + "".join(f"  {it:>{width}}" for it, width in zip(words, widths[1:], strict=True))
        if n and last:
            line += f"  {last}"
        if line.strip():
            lines.append(Text(line, FAINT))
    return lines


def md(results: Results, worst: int = WORST) -> bytes:
    lines = ["# Captures in numbers", "", sentence(results), ""]
    rows = results.rows[:worst]
    if rows:
        lines += ["## The worst captures" if len(rows) > 1 else "## The worst capture", ""]
        lines += [*markdown.table(listing.HEADS, [[*map(_md, listing.cells(it))] for it in rows]), ""]
    for table in tables(results):
        cells = [(_md(row[0]), *row[1:-1], markdown.escape(safe_middle(row[-1], 200))) for row in table.rows]
        lines += [f"## {table.title}", "", *markdown.table(table.heads, cells), ""]
        if rest := count_rest(table.left, where=markdown.IN_CSV):
            lines += [rest, ""]
    return "\n".join([*lines, MEANINGS, ""]).encode("utf-8")


def _md(cell: str) -> str:
    return markdown.escape(cell, 200)


def csv(results: Results, worst: int = WORST) -> bytes:
    table = frame(results)
    for column in ("name", "worst_capture", "peak_capture"):
        table[column] = table[column].map(spreadsheet.harmless)
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "backslashreplace")


def capture_table(results: Results, worst: int = WORST) -> bytes:
    """Write all captures as CSV, one per row."""
    return spreadsheet.write_table(columns(), map(capture_row, results.rows))


def parquet(results: Results, worst: int = WORST) -> bytes:
    """Write the frame as Parquet. Raises NotInstalled without pyarrow."""
    data = io.BytesIO()
    try:
        frame(results).to_parquet(data, index=False, engine="pyarrow")
    except ImportError:
        raise NotInstalled(f"parquet needs pyarrow: {install_hint('parquet')}") from None
    return data.getvalue()


def json(results: Results, worst: int = WORST) -> bytes:
    """Write one JSON object (docs/json.md)."""
    every = frame(results, max(1, worst))
    return pretty(
        {
            "format": FORMAT,
            "tool": {"name": "har-sockets", "version": VERSION},
            "only": list(results.only),
            "captures": len(results.captures),
            "unreadable": len(results.unreadable),
            "repeated": results.repeated,
            "not_understood": list(results.broken),
            "worst": [capture_row(it) for it in results.rows[:worst]],
            "tables": {by: [_record(it) for it in every[every["by"] == by].to_dict("records")] for by in TABLES},
        }
    )


def _record(row: dict[Any, Any]) -> Json:
    import pandas

    fields = {key: value for key, value in row.items() if key not in ("by", "worst_capture")}
    return {
        key: None if pandas.api.types.is_scalar(value) and pandas.isna(value) else value
        for key, value in fields.items()
    }


RENDERERS: dict[str, Callable[[Results, int], bytes]] = {
    "text": text,
    "json": json,
    "csv": csv,
    "captures": capture_table,
    "markdown": md,
    "parquet": parquet,
}
