"""Write the comparison of two folders of captures, pair by pair, in each format."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from analyzer.compare import Paired
from analyzer.document import pretty, run_head
from analyzer.document.comparison import comparison_document
from analyzer.model import Run, count_rest
from analyzer.painting import markdown, templates
from analyzer.wording import harmless, terminal
from analyzer.wording.comparison import MARKS, SIGNS, STYLES, TONES, list_unpaired, pair_cells, pairs_sentence, sign_of
from analyzer.wording.medium import STRONG, Medium
from analyzer.wording.terminal import wrap

TITLE = "Two folders of captures compared"
COLUMNS = ("", "Sockets", "Peak", "Overlap time", "Findings", "Capture")
PAIRS = 400  # that are shown


def text(paired: Paired, run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Write one line per pair, those with more open at the same time first. No path is cut: lines may be wider."""
    medium = Medium(width, unicode)
    cells = [COLUMNS[1:], *(pair_cells(name, it) for name, it in paired.pairs)]
    table = [[medium.safe(cell, 4_000) for cell in row] for row in cells]
    widths = [max(len(row[n]) for row in table) for n in range(len(table[0]) - 1)]
    signs = ["", *(sign_of(it.result, medium) for _, it in paired.pairs)]
    lines = []
    for at, (sign, row) in enumerate(zip(signs, table, strict=True)):
        style = STYLES[SIGNS[paired.pairs[at - 1][1].result]] if at else ""
        line = Text().append(f"{sign:<{max(map(len, signs))}} ", style)
        line.append("  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]))
        lines.append(line)
    for title, names in list_unpaired(paired):
        lines += [Text(), *wrap(Text(f"{title}: {medium.safe(', '.join(names), 4_000)}"), medium)]
    lines += [
        Text(),
        *wrap(Text(medium.safe(MARKS, 4_000)), medium),
        *wrap(Text(pairs_sentence(paired), STRONG), medium),
    ]
    return terminal.encode(lines, color)


def json(paired: Paired, run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty(
        {
            **run_head(run),
            "pairs": [{"name": name, **comparison_document(it)} for name, it in paired.pairs],
            "only_before": list(paired.only_before),
            "only_after": list(paired.only_after),
            "unreadable": [{"source": it.source, "problem": it.problem} for it in run.unreadable],
        }
    )


def md(paired: Paired, run: Run) -> bytes:
    rows = [
        [SIGNS[pair.result], *(markdown.escape(cell, 200) for cell in pair_cells(name, pair))]
        for name, pair in paired.pairs[:PAIRS]
    ]
    lines = [f"# {markdown.escape(run.title or TITLE)}", "", f"**{pairs_sentence(paired)}**", ""]
    if rows:
        lines += [*markdown.table(COLUMNS, rows), "", MARKS, ""]
    if rest := count_rest(len(paired.pairs) - PAIRS, where=markdown.IN_JSON):
        lines += [rest, ""]
    for title, names in list_unpaired(paired):
        lines += [f"{title}: {markdown.escape(', '.join(names), 2_000)}", ""]
    return markdown.encode(lines)


def page(paired: Paired, run: Run) -> bytes:
    return templates.render(
        "pairs.html",
        run=run,
        title=harmless.safe(run.title, 200) if run.title else TITLE,
        answer=pairs_sentence(paired),
        tone=TONES[SIGNS[paired.pairs[0][1].result]] if paired.pairs else "unsure",
        heads=COLUMNS,
        rows=[(SIGNS[it.result], *pair_cells(name, it)) for name, it in paired.pairs[:PAIRS]],
        left=len(paired.pairs) - PAIRS,
        marks=MARKS,
        unpaired=[(title, ", ".join(names)) for title, names in list_unpaired(paired)],
    )


RENDERERS: dict[str, Callable[[Paired, Run], bytes]] = {
    "text": text,
    "json": json,
    "markdown": md,
    "html": page,
}
