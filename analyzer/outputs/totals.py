"""Summarise many results: how often sockets overlap, by service, client, exporter and day; findings by rule and cause.

In come capture objects of the JSON (docs/json.md), as NDJSON holds them. Out comes one frame, `COLUMNS`, a row for each
name of each table: `captures` in which it occurs; in how many of them sockets overlap (`overlap`) or the result is
undecided (`undecided`); the median and the highest number of sockets certainly open at the same time; the median of the
time with two or more open (ms, of captures with an overlap); the most urgent of the captures, and the one with the
highest peak. For a service peaks are those of one user, where users are not known of one address; else those of the
whole capture. A service that is not known goes by its address.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from analyzer import triage
from analyzer.installation import install_hint
from analyzer.model import MILLISECOND, Value, format_duration, plural
from analyzer.outputs import NotInstalled, captures, listing, markdown
from analyzer.outputs.csv import harmless
from analyzer.outputs.document import FORMAT, Json, pretty
from analyzer.outputs.ndjson_results import Facts, Results, service_names
from analyzer.triage import Row
from analyzer.version import VERSION
from analyzer.wording import terminal
from analyzer.wording.harmless import safe, safe_middle
from analyzer.wording.results import UNREADABLE
from analyzer.wording.terminal import FAINT, STRONG, Medium, heading, wrap

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    "by", "name", "captures", "overlap", "overlap_share", "undecided", "peak_median", "peak_highest",
    "overlap_ms_median", "worst_capture", "peak_capture",
)  # fmt: skip
TABLES = {
    "all": "All captures",
    "service": "By service or address (peak per user)",
    "user": "By user",
    "client": "By client library",
    "exporter": "By exporter",
    "day": "By day",
    "rule": "Findings, by rule",
    "cause": "Findings, by likely cause",
    "undecided": "Undecided or unreadable, and why",
}
HEADS = ("", "captures", "overlap", "undecided", "median peak", "highest peak", "median overlap", "worst capture")
COUNTED = ("rule", "cause", "undecided")  # tables in which only captures are worth a column
MEANINGS = (
    "Overlap: captures in which 2 or more sockets of the application were certainly open at the same time, and their "
    "share. "
    "Undecided: possible overlap or inconclusive. "
    "A service that is unknown goes by its address. "
    "Peak: how many sockets of one capture (of one user, by service) were certainly open at the same time. "
    "Median overlap: how long 2 or more were open, over the captures with an overlap. "
    "A capture with several services, clients or users counts in the row of each. "
    "Worst capture: the most urgent one of the row."
)
NO_SOCKET = "no socket"  # in place of a service
ROWS, SHORT = 40, 5  # of a table, for people: on a page, and on a screen
WORST = 5  # captures that are listed unless asked for more


def frame(results: Results, worst: int = 0) -> pandas.DataFrame:
    """Return the tables as one frame, `COLUMNS`: each by number of captures, then by name.

    With `worst` a last column, `worst_captures`, has so many of them in a list, the most urgent first.
    """
    import pandas

    items: list[Facts | Row] = [*results.captures, *results.unreadable]
    every = sorted(items, key=lambda item: _row(item).urgency)
    rows = pandas.DataFrame(
        [row for item in every for row in (_unread(item) if isinstance(item, Row) else _rows(item))],
        columns=["by", "name", "source", "overlap", "undecided", "peak", "overlap_ms"],
    )
    rows = rows.sort_values("overlap", ascending=False, kind="stable")  # a service's own overlaps first
    rows["overlap_ms"] = rows["overlap_ms"].where(rows["overlap"].astype(bool))
    grouped = rows.groupby(["by", "name"], sort=True)
    table = grouped.agg(
        captures=("source", "size"),
        overlap=("overlap", "sum"),
        undecided=("undecided", "sum"),
        peak_median=("peak", "median"),
        peak_highest=("peak", "max"),
        overlap_ms_median=("overlap_ms", "median"),
        worst_capture=("source", "first"),
    )
    table["peak_capture"] = (
        rows.sort_values("peak", ascending=False, kind="stable").groupby(["by", "name"])["source"].first()
    )
    columns = list(COLUMNS)
    if worst:
        table["worst_captures"] = grouped["source"].agg(lambda sources: list(sources[:worst]))
        columns.append("worst_captures")
    table = table.reset_index()
    table["overlap_share"] = table["overlap"] / table["captures"]
    unread = table["name"].str.startswith(f"{UNREADABLE}: ") & (table["by"] == "undecided")
    table.loc[unread, ["overlap", "overlap_share", "undecided", "peak_median", "peak_highest", "peak_capture"]] = None
    order = {name: n for n, name in enumerate(TABLES)}
    table["order"] = table["by"].map(order)
    table = table.sort_values(["order", "captures", "name"], ascending=[True, False, True])
    days = table["by"] == "day"
    table = pandas.concat([table[~days & (table["order"] < order["day"])], table[days].sort_values("name"),
                          table[table["order"] > order["day"]]])  # fmt: skip
    counts = dict.fromkeys(("captures", "overlap", "undecided", "peak_highest"), "Int64")
    return table.reset_index(drop=True)[columns].astype(counts)


def _row(item: Facts | Row) -> Row:
    return item if isinstance(item, Row) else item.row


def _unread(row: Row) -> Iterator[tuple[str, str, str, bool, bool, float, float]]:
    yield "undecided", f"{UNREADABLE}: {_kind(row.problem or '')}", _plain(row.source), False, False, 0, 0


def _rows(facts: Facts) -> Iterator[tuple[str, str, str, bool, bool, float, float]]:
    undecided, source = facts.row.result in triage.UNDECIDED, _plain(facts.row.source)

    def row(by: str, name: str, peak: int | None = None) -> tuple[str, str, str, bool, bool, float, float]:
        overlap = facts.overlap if peak is None else peak > 1
        return (
            by,
            _plain(name),
            source,
            overlap,
            undecided,
            facts.row.proven_peak if peak is None else peak,
            facts.overlap_ms,
        )

    yield row("all", "all")
    yield from (row("service", name, peak) for name, peak in (facts.service or {NO_SOCKET: 0}).items())
    yield from (row("user", name, peak) for name, peak in facts.user.items())
    yield from (row("client", name) for name in facts.client)
    yield row("exporter", facts.exporter)
    yield row("day", facts.day)
    yield from (row("rule", f"{rule} ({severity})") for rule, severity in dict.fromkeys(facts.findings))
    yield from (row("cause", cause) for cause in facts.row.causes)
    if undecided:
        reasons = list(dict.fromkeys(facts.caveats)) or ["no close is recorded"]
        yield from (row("undecided", f"{facts.row.words}: {reason}") for reason in reasons)


def _plain(text: str) -> str:
    """Escape lone surrogates, for which pandas' strings (Arrow, UTF-8) have no form."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _kind(problem: str) -> str:
    """Shorten a problem to what does not differ from file to file."""
    return safe(problem.partition(" at ")[0].rpartition(": ")[2] or problem, 80)


class Table(Value, frozen=True):
    """Hold one table in words; the last cell of each row is the path of a capture."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int  # rows that are not shown
    highest: str  # the path of the capture with the highest peak, where there is one row for all


def tables(results: Results, most: int = ROWS) -> list[Table]:
    """Put the frame in words; a table has at most so many rows."""
    every = frame(results)
    tables = []
    for by, title in TABLES.items():
        rows = every[every["by"] == by].to_dict("records")
        if rows:
            counted = by in COUNTED
            body = tuple(
                (*cells[:2], cells[-1]) if counted else cells
                for cells in map(_cells, rows[-most:] if by == "day" else rows[:most])
            )
            heads = (*HEADS[:2], HEADS[-1]) if counted else HEADS
            highest = safe(rows[0]["peak_capture"], 4_000) if by == "all" and rows[0]["peak_highest"] else ""
            tables.append(Table(title, heads, body, max(0, len(rows) - most), highest))
    return tables


def _cells(row: dict[Any, Any]) -> tuple[str, ...]:
    import pandas

    def cell(name: str, words: Callable[[Any], str]) -> str:
        return "" if pandas.isna(row[name]) else words(row[name])

    share = cell("overlap_share", lambda value: f" ({value:.0%})") if row["captures"] > 1 else ""
    return (
        safe(_name(row), 80),
        f"{row['captures']:,}",
        cell("overlap", lambda value: f"{value:,}{share if value else ''}"),
        cell("undecided", lambda value: f"{value:,}"),
        cell("peak_median", lambda value: f"{value:g}"),
        cell("peak_highest", lambda value: f"{value:,}"),
        cell("overlap_ms_median", lambda value: format_duration(round(value * MILLISECOND)) if value else "0 s"),
        safe(row["worst_capture"], 4_000),
    )


def _name(row: dict[Any, Any]) -> str:
    """Name a row for people: a service by its name, an address without its scheme."""
    name = str(row["name"])
    return service_names().get(name, name.partition("://")[2] or name) if row["by"] == "service" else name


def sentence(results: Results) -> str:
    """Say what was counted."""
    number = len(results.captures)
    words = [plural(number, "capture")]
    if results.whole is not None:
        every, only = number + len(results.unreadable), ", ".join(results.only)
        words = [f"{every:,} of {plural(results.whole, 'capture')} shown: {only}"]
    if results.unreadable:
        words.append(f"{len(results.unreadable):,} unreadable")
    words += (
        [f"{plural(results.repeated, 'repeated result')} left out (the same file again)"] if results.repeated else []
    )
    if results.broken:
        words.append(f"{plural(len(results.broken), 'line')} not understood")
    return safe(", ".join(words), 400) + "."


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
        if table.left:
            more = f"{table.left:,} more: {'--format csv has them all' if verbose else '--verbose'}"
            lines += wrap(Text(more, FAINT), medium, "   ")
    if results.captures or results.unreadable:
        lines += [Text(), *wrap(Text(MEANINGS, FAINT), medium, "   ")]
        lines += wrap(Text(NEXT, FAINT), medium, "   ")
    return terminal.encode(lines, color)


NEXT = "The captures of one row: --only RESULT|RULE|CAUSE|SERVICE --worst 20, as in --only duplicate-connection."


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
        if table.left:
            lines += [f"and {table.left:,} more: `--format csv` has them all", ""]
    return "\n".join([*lines, MEANINGS, ""]).encode("utf-8")


def _md(cell: str) -> str:
    return markdown.escape(cell, 200)


def csv(results: Results, worst: int = WORST) -> bytes:
    table = frame(results)
    for column in ("name", "worst_capture", "peak_capture"):
        table[column] = table[column].map(harmless)
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "backslashreplace")


def capture_table(results: Results, worst: int = WORST) -> bytes:
    """Write all captures as CSV, one per row."""
    return captures.table(results.rows)


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
            "worst": [captures.capture_row(it) for it in results.rows[:worst]],
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
