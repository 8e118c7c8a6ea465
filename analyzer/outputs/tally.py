"""Many results in few tables: what overlaps how often, by service, client, exporter and day; rules; what is not told.

In come capture objects of the JSON (docs/json.md), as NDJSON holds them. Out comes one frame, `COLUMNS`, a row for each
name of each table: `captures` in which it occurs, in how many of them sockets overlap (`overlap`) or it cannot be told
(`cannot_tell`), the median and the worst of the most certainly open at once, the median of the time with two or more
open (ms, of captures with an overlap). For a service peaks are those of one user, where users are not known of one
address; else those of the whole capture.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from analyzer.installation import install_hint
from analyzer.model import MILLISECOND, Run, Value, Verdict, spoken
from analyzer.outputs import NotInstalled, markdown, terminal
from analyzer.outputs.csv import harmless
from analyzer.outputs.document import Json, capture_document
from analyzer.outputs.summary import HEADLINES, safe
from analyzer.outputs.terminal import FAINT, STRONG, Medium, count, heading, wrapped
from analyzer.outputs.verdict import Kind

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    "by", "name", "captures", "overlap", "overlap_share", "cannot_tell", "peak_median", "peak_worst",
    "overlap_ms_median",
)  # fmt: skip
TABLES = {
    "all": "All captures",
    "service": "By service (peaks per user)",
    "client": "By client library",
    "exporter": "By exporter",
    "day": "By day",
    "rule": "Findings, by rule",
    "cause": "Findings, by cause",
    "untold": "What could not be told, and why",
}
HEADS = (
    "",
    "captures",
    "overlap",
    "cannot tell",
    "peak",
    "worst",
    "overlap time",
)  # the last three: median, most, median
COUNTED = ("rule", "cause", "untold")  # tables in which only the captures are worth a column
UNTOLD = (Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)
ROWS = 40  # of a table, for people


class Results(Value, frozen=True):
    """What was read: capture objects, and what else stood in the files."""

    captures: tuple[Json, ...]
    unreadable: tuple[Json, ...]  # {"source", "problem"}: captures that could not be read
    repeated: int  # results of a capture whose content was there before: counted once
    broken: tuple[str, ...]  # lines that are no result: where, and why


def results(lines: Iterable[tuple[str, bytes]]) -> Results:
    """The results in lines of NDJSON, each with its place for people (`file:line`)."""
    captures: dict[str, Json] = {}
    unreadable: dict[str, Json] = {}
    broken: list[str] = []
    repeated = 0
    for place, line in lines:
        if not line.strip():
            continue
        try:
            told = _result(line)
        except ValueError as problem:
            broken.append(f"{place}: {problem}")
            continue
        known = unreadable if "problem" in told else captures
        key = told.get("sha256") or told["source"]
        repeated += key in known
        known.setdefault(key, told)
    return Results(tuple(captures.values()), tuple(unreadable.values()), repeated, tuple(broken))


def of_run(run: Run) -> Results:
    """The same of a run, each capture as often as it was asked for."""
    unreadable = tuple({"source": it.source, "problem": it.problem} for it in run.unreadable)
    return Results(tuple(_facts(capture_document(report)) for report in run.reports), unreadable, 0, ())


def _result(line: bytes) -> Json:
    """One line. Raises ValueError for what is no result."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not JSON (cut off?)") from None
    if not isinstance(told, dict) or not isinstance(told.get("source"), str):
        raise ValueError("not a result of har-sockets (--format ndjson)")
    if "problem" in told:
        return {"source": told["source"], "problem": str(told["problem"])}
    try:
        return _facts(told)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("not a result of har-sockets (--format ndjson)") from None


def _facts(told: Json) -> Json:
    """What the tables need of a capture object: it may hold thousands of sessions."""
    peaks = told["concurrency"]
    provider = {it["endpoint"]: it["provider"] for it in told["sessions"]}  # groups of unknown users go by address
    peaks_of = [
        (name, it["proven_peak"])
        for it in told["groups"]
        if (name := it["key"].get("provider") or provider.get(it["key"].get("endpoint")))
    ]
    clients = {" ".join(filter(None, (c["name"], c["version"]))) for it in told["sessions"] if (c := it["client"])}
    exporter = told["exporter"]
    return {
        "source": told["source"],
        "sha256": told["sha256"],
        "verdict": str(Verdict(told["verdict"])),
        "peak": int(peaks["proven_peak"]),
        "overlap_ms": float(peaks["proven_overlap_ms"]),
        "service": {name: max(peak for it, peak in peaks_of if it == name) for name, _ in peaks_of},
        "client": sorted(clients),
        "exporter": " ".join(str(it) for it in (exporter["id"], exporter["version"]) if it),
        "day": told["observed"]["start"][:10] if told["observed"] and told["observed"]["start"] else "no date",
        "rule": [(it["rule"], it["severity"]) for it in told["findings"]],
        "cause": [it["cause"] for it in told["findings"] if it["cause"]],
        "caveats": [it["id"] for it in told["caveats"]],
    }


def frame(found: Results) -> pandas.DataFrame:
    """The tables as one frame, `COLUMNS`: each by number of captures, then by name."""
    import pandas

    rows = pandas.DataFrame(
        [row for capture in found.captures for row in _rows(capture)],
        columns=["by", "name", "source", "overlap", "cannot_tell", "peak", "overlap_ms"],
    )
    rows["overlap_ms"] = rows["overlap_ms"].where(rows["overlap"])
    grouped = rows.groupby(["by", "name"], sort=True).agg(
        captures=("source", "size"),
        overlap=("overlap", "sum"),
        cannot_tell=("cannot_tell", "sum"),
        peak_median=("peak", "median"),
        peak_worst=("peak", "max"),
        overlap_ms_median=("overlap_ms", "median"),
    )
    told = grouped.reset_index()
    unread = Counter(_kind(it["problem"]) for it in found.unreadable)
    more = [{"by": "untold", "name": f"cannot be read: {why}", "captures": many} for why, many in unread.items()]
    if more:
        told = pandas.concat([told, pandas.DataFrame(more)], ignore_index=True)
    told["overlap_share"] = told["overlap"] / told["captures"]
    order = {name: n for n, name in enumerate(TABLES)}
    told["order"] = told["by"].map(order)
    told = told.sort_values(["order", "captures", "name"], ascending=[True, False, True])
    days = told["by"] == "day"
    told = pandas.concat([told[~days & (told["order"] < order["day"])], told[days].sort_values("name"),
                          told[told["order"] > order["day"]]])  # fmt: skip
    counts = dict.fromkeys(("captures", "overlap", "cannot_tell", "peak_worst"), "Int64")
    return told.reset_index(drop=True)[list(COLUMNS)].astype(counts)


def _rows(it: Json) -> Iterator[tuple[str, str, str, bool, bool, float, float]]:
    overlap, untold = it["verdict"] == Verdict.OVERLAP, it["verdict"] in UNTOLD

    def row(by: str, name: str, peak: int | None = None) -> tuple[str, str, str, bool, bool, float, float]:
        several = overlap if peak is None else peak > 1
        return (
            by,
            _plain(name),
            _plain(it["source"]),
            several,
            untold,
            it["peak"] if peak is None else peak,
            it["overlap_ms"],
        )

    yield row("all", "all")
    yield from (row("service", name, peak) for name, peak in it["service"].items())
    yield from (row("client", name) for name in it["client"])
    yield row("exporter", it["exporter"])
    yield row("day", it["day"])
    yield from (row("rule", f"{rule} ({severity})") for rule, severity in dict.fromkeys(map(tuple, it["rule"])))
    yield from (row("cause", cause) for cause in dict.fromkeys(it["cause"]))
    if untold:
        reasons = list(dict.fromkeys(it["caveats"])) or ["no close is recorded"]
        words = HEADLINES[Kind(it["verdict"])].words.lower()
        yield from (row("untold", f"{words}: {reason}") for reason in reasons)


def _plain(text: str) -> str:
    """Text of a capture may hold lone surrogates, which pandas' strings (Arrow, UTF-8) have no form for."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _kind(problem: str) -> str:
    """What could not be read, without what differs from file to file."""
    return safe(problem.partition(" at ")[0].rpartition(": ")[2] or problem, 80)


# -- for people --------------------------------------------------------------------------------------------


class Table(Value, frozen=True):
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int  # rows that are not shown


def tables(found: Results) -> list[Table]:
    told = frame(found)
    made = []
    for by, title in TABLES.items():
        rows = told[told["by"] == by].to_dict("records")
        if rows:
            width = 2 if by in COUNTED else len(HEADS)
            shown = tuple(_cells(row)[:width] for row in rows[:ROWS])
            made.append(Table(title, HEADS[:width], shown, max(0, len(rows) - ROWS)))
    return made


def _cells(row: dict[Any, Any]) -> tuple[str, ...]:
    import pandas

    def told(name: str, words: Callable[[Any], str]) -> str:
        return "" if pandas.isna(row[name]) else words(row[name])

    share = told("overlap_share", lambda it: f" ({it:.0%})") if row["captures"] > 1 else ""
    return (
        safe(row["name"], 80),
        f"{row['captures']:,}",
        told("overlap", lambda it: f"{it:,}{share if it else ''}"),
        told("cannot_tell", lambda it: f"{it:,}"),
        told("peak_median", lambda it: f"{it:g}"),
        told("peak_worst", lambda it: f"{it:,}"),
        told("overlap_ms_median", lambda it: spoken(round(it * MILLISECOND)) if it else "an instant"),
    )


def sentence(found: Results) -> str:
    """What was counted."""
    told = [count(len(found.captures), "capture")]
    told += [f"{len(found.unreadable):,} that could not be read"] if found.unreadable else []
    told += [f"{count(found.repeated, 'repeated result')} left out"] if found.repeated else []
    told += [f"{count(len(found.broken), 'line')} not understood"] if found.broken else []
    return ", ".join(told) + "."


def text(found: Results, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    medium = Medium(width, unicode)
    lines = wrapped(Text(sentence(found), STRONG), medium)
    for table in tables(found):
        lines += heading(table.title)
        lines += _columns((table.heads, *table.rows), medium)
        if table.left:
            lines += wrapped(Text(f"and {table.left:,} more: --format csv has them all", FAINT), medium, "   ")
    return terminal.printed(lines, color)


def _columns(rows: Sequence[Sequence[str]], medium: Medium) -> list[Text]:
    """Numbers to the right; where the terminal is narrow the last columns are left out."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    used = len(widths)
    while used > 2 and 3 + min(widths[0], 20) + sum(width + 2 for width in widths[1:used]) > medium.width:
        used -= 1
    first = min(widths[0], medium.width - 3 - sum(width + 2 for width in widths[1:used]))
    lines = []
    for n, row in enumerate(rows):
        cells = "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:used], widths[1:used], strict=True))
        name = medium.short(row[0], first)
        lines.append(Text(f"   {name:<{first}}{cells}", FAINT if n == 0 else ""))
    return lines


def md(found: Results) -> bytes:
    lines = ["# Captures in numbers", "", sentence(found), ""]
    for table in tables(found):
        rows = [(markdown.escaped(row[0], 80), *row[1:]) for row in table.rows]
        lines += [f"## {table.title}", "", *markdown.table(table.heads, rows), ""]
        lines += [f"and {table.left:,} more: `--format csv` has them all", ""] if table.left else []
    return "\n".join(lines).encode("utf-8")


def csv(found: Results) -> bytes:
    told = frame(found)
    told["name"] = told["name"].map(harmless)
    return told.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "backslashreplace")


def parquet(found: Results) -> bytes:
    """Raises NotInstalled without pyarrow."""
    data = io.BytesIO()
    try:
        frame(found).to_parquet(data, index=False, engine="pyarrow")
    except ImportError:
        raise NotInstalled(f"parquet needs pyarrow: {install_hint('parquet')}") from None
    return data.getvalue()


RENDERERS: dict[str, Callable[[Results], bytes]] = {"text": text, "csv": csv, "markdown": md, "parquet": parquet}
