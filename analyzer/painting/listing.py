"""Write many captures as text: one line per capture, the most urgent first, and a line that counts all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os.path import commonprefix

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer import triage
from analyzer.model import Run, Value, join_words, name_source
from analyzer.triage import Row
from analyzer.wording import counts, results, titles
from analyzer.wording.medium import BAD, FAINT, STRONG, TONES, Medium
from analyzer.wording.results import Kind
from analyzer.wording.terminal import wrap

LONG = 30  # lines; above that the way to the worst ones is named
NARROW = 140  # columns of a terminal; below that a long result has a short form
PATH, LEAST = 40, 12  # cells that a path gets at least, and beside peak and overlap
SERVICE, USERS, CAUSE = 24, 24, 28  # cells at most
SHORT = {
    results.RESULTS[Kind.FOREIGN_OVERLAP]: "dev-server overlap",
    results.EXTENSION_ONLY: "extension overlap",
    results.OTHER_TAB_ONLY: "other tab's overlap",
}


class Column(Value, frozen=True):
    head: str
    cell: Callable[[Row], str]
    right: bool = False  # a number
    most: int = 1_000  # cells, on a terminal


FIXED = (
    Column("peak", lambda row: row.peak if row.sockets else "", True),
    Column("overlap time", lambda row: row.length, True),
)
OPTIONAL = (  # the first ones first, as far as there is room
    Column("likely cause", lambda row: ", ".join(row.causes), most=CAUSE),
    Column("service", lambda row: counts.name_some(row.targets), most=SERVICE),
    Column("sockets", lambda row: "" if row.problem else f"{row.sockets:,}", True),
    Column("users", lambda row: counts.name_some(row.user_names), most=USERS),
)
SHOWN = ("sockets", "peak", "overlap time", "service", "users", "likely cause")  # from left to right


def lines(run: Run, medium: Medium, *, cut: bool) -> list[Text]:
    """Write the table and the counts. `cut`: no line is wider than the medium; else every path is written in full."""
    rows = triage.worst_first(triage.distinct(triage.rows(run)))
    if not rows:
        return closing(run, medium)
    return [*table(rows, medium, cut=cut), *order(rows, medium), Text(), *closing(run, medium)]


def order(rows: Sequence[Row], medium: Medium) -> list[Text]:
    """Say in which order the captures stand, where there are several."""
    return wrap(Text(counts.WORST_FIRST, FAINT), medium) if len(rows) > 1 else []


def closing(run: Run, medium: Medium) -> list[Text]:
    """Write what is shown of what was asked for, and the counts of the whole run."""
    lines: list[Text] = []
    if run.selection is not None:
        lines = wrap(Text(medium.safe(triage.describe_selection(run.selection, run))), medium)
    elif len(run.reports) + len(run.unreadable) > LONG:
        lines = wrap(Text("Only the worst: --top 20. Only some: --only overlap, --only undecided.", FAINT), medium)
    return lines + wrap(Text(triage.run_total(run), STRONG), medium)


def table(rows: Sequence[Row], medium: Medium, *, cut: bool) -> list[Text]:
    """Write one line per capture under a line of heads; name below what a wider terminal would show."""
    columns, left_out = _columns(rows, medium, cut)
    folder, paths = _paths(rows, medium, cut)
    marks = [results.mark(row.result, medium.signs) for row in rows]
    sign = max(len(mark) for mark, _ in marks) + 1
    labels = [_result(row, medium, cut) for row in rows]
    result = _width(labels, "result")
    widths = [_width([medium.safe(column.cell(row)) for row in rows], column.head, column.most if cut else 1_000)
              for column in columns]  # fmt: skip
    heads = [f"{column.head:>{width}}" if column.right else f"{column.head:<{width}}"
             for column, width in zip(columns, widths, strict=True)]  # fmt: skip
    first = "  ".join((" " * sign + f"{'result':<{result}}", *heads, "capture" + (f" in {folder}" if folder else "")))
    lines = [Text(medium.short(first, medium.width) if cut else first, FAINT)]
    for row, (mark, tone), words, path in zip(rows, marks, labels, paths, strict=True):
        line = Text().append(f"{mark:<{sign}}", TONES[tone])
        line.append(_cell(words, result, False, medium), TONES[tone])
        for column, width in zip(columns, widths, strict=True):
            line.append("  " + _cell(column.cell(row), width, column.right, medium))
        times = _times(row, medium)
        place = path + times + (f": {medium.safe(row.problem)}" if row.problem else "")
        room = medium.width - line.cell_len - 2
        lines.append(line.append("  " + (short_path(path, room - len(times), medium) + times if cut else place)))
        if cut and row.problem:
            lines += wrap(Text(f"{titles.PROBLEM}: {medium.safe(row.problem)}", BAD), medium, " " * (sign + 2))
    if left_out:
        more = join_words([column.head for column in left_out])
        lines += wrap(Text(f"A wider terminal, or `| less -S`, also shows: {more}.", FAINT), medium)
    return lines


def _times(row: Row, medium: Medium) -> str:
    """Write how many captures a row stands for: ` ×9`."""
    return "" if row.repeats == 1 else f" {'×' if medium.unicode else 'x'}{row.repeats:,}"


HEADS = ("result", "sockets", "peak", "overlap time", "service", "users", "likely cause", "capture")


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row under HEADS, for other outputs."""
    times = f" ×{row.repeats:,}" if row.repeats > 1 else ""
    by_head = {column.head: column.cell(row) for column in (*FIXED, *OPTIONAL)}
    path = name_source(row.source) + times + (f": {row.problem}" if row.problem else "")
    return (row.words, *(by_head[head] for head in SHOWN), path)


def _columns(rows: Sequence[Row], medium: Medium, cut: bool) -> tuple[list[Column], list[Column]]:
    """Choose the columns for which there is room beside the paths; return those left out as well."""
    _, paths = _paths(rows, medium, cut)
    longest = max(map(cell_len, paths))
    room = medium.width - (2 if medium.unicode else 5) - 2
    room -= _width([_result(it, medium, cut) for it in rows], "result")
    used, left_out = [], []
    for column in (*FIXED, *OPTIONAL):
        cells = [medium.safe(column.cell(it)) for it in rows]
        width = 2 + _width(cells, column.head, column.most)
        path = min(longest, LEAST if column in FIXED else PATH)
        if any(cells) and (not cut or width + path <= room):
            used.append(column)
            room -= width
        elif any(cells):
            left_out.append(column)
    return sorted(used, key=lambda column: SHOWN.index(column.head)), left_out


def _paths(rows: Sequence[Row], medium: Medium, cut: bool) -> tuple[str, list[str]]:
    """Return the folder of all captures, where a terminal has no room for whole paths, and each path within it."""
    safe = [medium.safe(name_source(it.source), 4_000) for it in rows]
    common = commonprefix(safe)  # noqa: RUF071 - cut at its last separator
    folder = common[: max(common.rfind("/"), common.rfind("\\")) + 1]
    if not cut or len(safe) < 2 or max(map(cell_len, safe)) <= PATH:
        folder = ""
    return folder, [it[len(folder) :] for it in safe]


def _result(row: Row, medium: Medium, cut: bool) -> str:
    return SHORT.get(row.words, row.words) if cut and medium.width < NARROW else row.words


def _width(cells: Sequence[str], head: str, most: int = 1_000) -> int:
    return max(len(head), min(most, max(map(cell_len, cells), default=0)))


def _cell(text: str, width: int, right: bool, medium: Medium) -> str:
    text = medium.short(text, width)
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def short_path(path: str, cells: int, medium: Medium) -> str:
    """Shorten the middle of a path to so many cells; the name of the file gives way last."""
    if cell_len(path) <= cells:
        return path
    name = path[max(path.rfind("/"), path.rfind("\\")) + 1 :]
    if name == path or cell_len(name) + len(medium.signs.ellipsis) + 1 > cells:
        return medium.short_middle(name, cells)
    return medium.short(path, cells - cell_len(name) - 1) + "/" + name
