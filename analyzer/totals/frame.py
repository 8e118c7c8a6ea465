"""Count many results: how often sockets overlap, by service, client, exporter and day; findings by rule and cause.

In come capture objects of the JSON (docs/json.md), as NDJSON holds them. Out comes one frame, `COLUMNS`, a row for each
name of each table: `captures` in which it occurs; in how many of them sockets overlap (`overlap`) or the result is
undecided (`undecided`); the median and the highest number of sockets certainly open at the same time; the median of the
time with two or more open (ms, of captures with an overlap); the most urgent of the captures, and the one with the
highest peak. For a service peaks are those of one user, where users are not known of one address; else those of the
whole capture. A service that is not known goes by its address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer import triage
from analyzer.totals.results import Facts, Results
from analyzer.triage import Row
from analyzer.wording.harmless import safe
from analyzer.wording.results import UNREADABLE

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    "by", "name", "captures", "overlap", "overlap_share", "undecided", "peak_median", "peak_highest",
    "overlap_ms_median", "worst_capture", "peak_capture",
)  # fmt: skip
TABLES = ("all", "service", "user", "client", "exporter", "day", "rule", "cause", "undecided")
NO_SOCKET = "no socket"  # in place of a service


def frame(results: Results, worst: int = 0) -> pandas.DataFrame:
    """Return the tables as one frame, `COLUMNS`: each by number of captures, then by name.

    With `worst` a last column, `worst_captures`, lists at most this many, the most urgent first.
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
