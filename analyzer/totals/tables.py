"""Word what was counted of many results, for people: tables, what they mean, and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.model import MILLISECOND, Value, format_duration, plural
from analyzer.totals.frame import frame
from analyzer.totals.results import Results, service_names
from analyzer.wording.harmless import safe

TITLES = {
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
ROWS = 40  # of a table, for people
NEXT = "The captures of one row: --only RESULT|RULE|CAUSE|SERVICE --worst 20, as in --only duplicate-connection."


class Table(Value, frozen=True):
    """Hold one table in words; the last cell of each row is the path of a capture."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int  # rows that are not shown
    highest: str  # the path of the capture with the highest peak, where there is one row for all
    bars: tuple[tuple[float, float], ...]  # per row: captures, and those with an overlap, in hundredths of the most


def tables(results: Results, most: int = ROWS) -> list[Table]:
    """Put the frame in words; a table has at most `most` rows."""
    every = frame(results)
    tables = []
    for by, title in TITLES.items():
        rows = every[every["by"] == by].to_dict("records")
        rows, left = rows[-most:] if by == "day" else rows[:most], max(0, len(rows) - most)
        if rows:
            counted = by in COUNTED
            body = tuple((*cells[:2], cells[-1]) if counted else cells for cells in map(_cells, rows))
            heads = (*HEADS[:2], HEADS[-1]) if counted else HEADS
            highest = safe(rows[0]["peak_capture"], 4_000) if by == "all" and rows[0]["peak_highest"] else ""
            tables.append(Table(title, heads, body, left, highest, _bars(rows, counted)))
    return tables


def _bars(rows: list[dict[Any, Any]], counted: bool) -> tuple[tuple[float, float], ...]:
    most = max(row["captures"] for row in rows)
    return tuple((100 * row["captures"] / most, 0 if counted else 100 * row["overlap"] / most) for row in rows)


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
