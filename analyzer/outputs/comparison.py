"""Write the comparison of two captures, or of two folders, for a terminal, programs, a pull request and a browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rich.text import Text

from analyzer.compare import Change, Comparison, Paired, Side, Standing
from analyzer.model import Finding, Group, Report, Run, Scope, Value, spoken
from analyzer.outputs import html, markdown, services, summary, terminal
from analyzer.outputs.document import FORMAT, Json, finding_document, milliseconds, policy_document, pretty
from analyzer.outputs.terminal import BAD, FAINT, GOOD, STRONG, UNSURE, Medium, heading, wrapped
from analyzer.version import VERSION

COLUMNS = ("", "Sockets", "Peak", "Overlap time")
GROUPS = 200  # that are shown
STYLES = {Standing.FEWER: GOOD, Standing.MORE: BAD, Standing.SAME: STRONG, Standing.UNDECIDED: UNSURE}
TONES = {Standing.FEWER: "good", Standing.MORE: "bad", Standing.SAME: "unsure", Standing.UNDECIDED: "unsure"}
SIGNS = {Standing.FEWER: "✓", Standing.MORE: "✗", Standing.SAME: "=", Standing.UNDECIDED: "?"}
PARTS = (("Gone", "gone"), ("New", "added"), ("Still there", "same"))
TITLE = "Two captures compared"


# -- words -------------------------------------------------------------------------------------------------


def sentence(comparison: Comparison) -> str:
    """Say what changed, as far as both captures prove it."""
    was, is_now = comparison.whole.before, comparison.whole.after
    peaks = f"peak {_peak(is_now)}, before {_peak(was)}"
    match comparison.standing:
        case Standing.FEWER:
            return f"Fewer sockets open at the same time: {peaks}."
        case Standing.MORE:
            return f"More sockets open at the same time: {peaks}."
        case Standing.SAME:
            return f"As many sockets open at the same time as before: peak {_peak(is_now)}."
        case Standing.UNDECIDED:
            return f"Undecided whether more or fewer sockets were open at the same time: {peaks}{_why(comparison)}."


def _why(comparison: Comparison) -> str:
    """Name the captures that may not show every socket."""
    named = (("before", comparison.before), ("after", comparison.after))
    hidden = [word for word, report in named if any(it.hides_sockets for it in report.capture.caveats)]
    return f"; the capture {' and the one '.join(hidden)} may not show every socket" if hidden else ""


class Row(Value, frozen=True):
    """Hold a group as the cells of a table, each `before → after`."""

    name: str
    cells: tuple[str, ...]


def rows(comparison: Comparison) -> list[Row]:
    several = len(comparison.groups) > 1
    whole = [Row("all sockets", _cells(comparison.whole))] if several or not comparison.groups else []
    return whole + [Row(_name(change), _cells(change)) for change in comparison.groups[:GROUPS]]


def _name(change: Change) -> str:
    per = Scope.USER if any(name == "user" for name, _ in change.key) else Scope.ENDPOINT
    group = Group(per, change.key, (), 0, 0, change.provider, ())
    return summary.safe_middle(services.title(group), 120)


def _cells(change: Change) -> tuple[str, ...]:
    was, is_now = change.before, change.after
    pairs = (
        (f"{was.sessions:,}", f"{is_now.sessions:,}"),
        (_peak(was), _peak(is_now)),
        (_length(was), _length(is_now)),
    )
    return tuple(before if before == after else f"{before} → {after}" for before, after in pairs)


def _peak(side: Side) -> str:
    """Write the certain and the possible peak: `2`, `1 to 2`."""
    if side.proven_peak == side.possible_peak:
        return f"{side.proven_peak:,}"
    return f"{side.proven_peak:,} to {side.possible_peak:,}"


def _length(side: Side) -> str:
    if side.proven_peak < 2:
        return "possible" if side.possible_peak > 1 else "none"
    return ("≥ " if side.overlap_is_lower_bound else "") + (
        spoken(side.proven_overlap) if side.proven_overlap else "0 s"
    )


def _findings(comparison: Comparison) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    for title, name in PARTS:
        found: tuple[Finding, ...] = getattr(comparison, name)
        yield f"{title}: {len(found):,}", found


def _sides(comparison: Comparison, run: Run) -> list[tuple[str, str, str]]:
    """Name each capture with its verdict."""
    named = (("before", comparison.before), ("after", comparison.after))
    return [
        (word, summary.safe_middle(it.capture.source, 200), summary.sentences(it, run.policy)[0]) for word, it in named
    ]


# -- a terminal --------------------------------------------------------------------------------------------


def text(comparison: Comparison, run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    medium = Medium(width, unicode)
    sign = _sign(comparison.standing, medium)
    said = Text(medium.safe(sentence(comparison)), STYLES[comparison.standing])
    lines = wrapped(said, medium, f" {sign} ")
    lines.append(Text())
    for word, source, verdict in _sides(comparison, run):
        line = Text(f"{word:<8}", FAINT).append(medium.safe(source), STRONG).append(f": {medium.safe(verdict)}")
        lines += wrapped(line, medium, "   ", " " * 11)
    lines += [Text(), *_table(COLUMNS, [(row.name, *row.cells) for row in rows(comparison)], medium)]
    left = len(comparison.groups) - GROUPS
    lines += wrapped(Text(f"and {left:,} more: --format json has them all", FAINT), medium, "   ") if left > 0 else []
    lines += heading("Findings")
    for title, found in _findings(comparison):
        lines += wrapped(Text(title, STRONG), medium, "   ")
        for it in found[: summary.PLACES]:
            line = Text(f"{it.severity} ", FAINT).append(medium.safe(it.message)).append(f" ({it.rule})", FAINT)
            lines += wrapped(line, medium, f"   {medium.signs.dot} ")
        if len(found) > summary.PLACES:
            lines += wrapped(
                Text(f"and {len(found) - summary.PLACES:,} more: --format json has them all", FAINT), medium, "     "
            )
    return terminal.printed(lines, color)


def _sign(standing: Standing, medium: Medium) -> str:
    sign = SIGNS[standing]
    return sign if medium.unicode else {"✓": "[OK]", "✗": "[X]", "=": "[=]", "?": "[?]"}[sign]


def _plain(text: str, medium: Medium) -> str:
    """Make text harmless, and ASCII where the terminal has no more."""
    if not medium.unicode:
        text = text.replace("≥", ">=").replace("→", "->").replace("−", "-")
    return medium.safe(text, 4_000)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], medium: Medium) -> list[Text]:
    cells = [[_plain(it, medium) for it in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    widths[0] = max(8, min(widths[0], medium.width - 3 - sum(width + 2 for width in widths[1:])))
    lines = []
    for n, row in enumerate(cells):
        first = medium.short_middle(row[0], widths[0])
        line = "   " + "  ".join(it.ljust(width) for it, width in zip((first, *row[1:]), widths, strict=True))
        lines.append(Text(line[: medium.width], FAINT if n == 0 else ""))
    return lines


# -- programs ----------------------------------------------------------------------------------------------


def json(comparison: Comparison, run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty({**_head(run), **_document(comparison)})


def _head(run: Run) -> Json:
    return {
        "format": FORMAT,
        "tool": {"name": "har-sockets", "version": VERSION},
        "policy": policy_document(run.policy),
    }


def _document(comparison: Comparison) -> Json:
    return {
        "standing": comparison.standing,
        "before": _capture(comparison.before),
        "after": _capture(comparison.after),
        "whole": {"before": _side(comparison.whole.before), "after": _side(comparison.whole.after)},
        "groups": [
            {"key": dict(it.key), "before": _side(it.before), "after": _side(it.after)} for it in comparison.groups
        ],
        "findings": {
            "added": [finding_document(it) for it in comparison.added],
            "gone": [finding_document(it) for it in comparison.gone],
            "same": [finding_document(it) for it in comparison.same],
        },
    }


def _capture(report: Report) -> Json:
    return {"source": report.capture.source, "sha256": report.capture.sha256, "verdict": report.verdict}


def _side(side: Side) -> Json:
    return {
        "sessions": side.sessions,
        "proven_peak": side.proven_peak,
        "possible_peak": side.possible_peak,
        "proven_overlap_ms": milliseconds(side.proven_overlap),
        "overlap_is_lower_bound": side.overlap_is_lower_bound,
    }


# -- a pull request, a browser -----------------------------------------------------------------------------


def md(comparison: Comparison, run: Run) -> bytes:
    shown: list[str] = [f"# {markdown.escaped(run.title or TITLE)}", ""]
    shown += [f"**{SIGNS[comparison.standing]} {sentence(comparison)}**", ""]
    shown += [
        f"- {word}: {markdown.escaped(source)}: {markdown.escaped(said)}"
        for word, source, said in _sides(comparison, run)
    ]
    shown += [
        "",
        *markdown.table(COLUMNS, [(markdown.escaped(row.name, 120), *row.cells) for row in rows(comparison)[:100]]),
        "",
    ]
    for title, found in _findings(comparison):
        shown += [f"### {title}", ""]
        shown += [
            f"- **{it.severity}** `{it.rule}`: {markdown.escaped(it.message)}"
            for it in found[: markdown.SIZES[2].findings]
        ]
        left = len(found) - markdown.SIZES[2].findings
        shown += [f"- and {left:,} more: `--format json` has them all"] if left > 0 else []
        shown += [""] if found else []
    return "\n".join([*shown, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def page(comparison: Comparison, run: Run) -> bytes:
    """Write one page without scripts, in the style of the report."""
    return html.static(
        "comparison.html",
        comparison=comparison,
        run=run,
        title=summary.safe(run.title, 200) if run.title else TITLE,
        said=sentence(comparison),
        sign=SIGNS[comparison.standing],
        tone=TONES[comparison.standing],
        sides=_sides(comparison, run),
        columns=COLUMNS,
        rows=rows(comparison),
        left=max(0, len(comparison.groups) - GROUPS),
        parts=list(_findings(comparison)),
    )


RENDERERS: dict[str, Callable[[Comparison, Run], bytes]] = {"text": text, "json": json, "markdown": md, "html": page}


# -- two folders -------------------------------------------------------------------------------------------

PAIR_COLUMNS = ("", "Sockets", "Peak", "Overlap time", "Findings", "Capture")
PAIRS = 400  # that are shown
STANDINGS = {
    Standing.MORE: "more open at the same time",
    Standing.UNDECIDED: "undecided",
    Standing.SAME: "as many as before",
    Standing.FEWER: "fewer",
}


def pairs_sentence(paired: Paired) -> str:
    """Count the pairs: `12 pairs of captures: 1 more open at the same time, 3 fewer.`"""
    tally = Counter(it.standing for _, it in paired.pairs)
    counts = [f"{tally[standing]:,} {words}" for standing, words in STANDINGS.items() if tally[standing]]
    total = terminal.count(len(paired.pairs), "pair", "pairs")
    return f"{total} of captures{': ' if counts else ''}{', '.join(counts)}."


def _pair_cells(name: str, it: Comparison) -> tuple[str, ...]:
    findings = (("+", it.added), ("−", it.gone), ("=", it.same))
    return (*_cells(it.whole), " ".join(f"{sign}{len(found):,}" for sign, found in findings if found) or "none", name)


def _unpaired(paired: Paired) -> Iterable[tuple[str, tuple[str, ...]]]:
    named = (("Only before", paired.only_before), ("Only after", paired.only_after))
    return ((title, names) for title, names in named if names)


MARKS = "Findings: + new, − gone, = still there."


def pairs_text(paired: Paired, run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Write one line per pair, those with more open at the same time first. No path is cut: lines may be wider."""
    medium = Medium(width, unicode)
    cells = [PAIR_COLUMNS[1:], *(_pair_cells(name, it) for name, it in paired.pairs)]
    shown = [[_plain(cell, medium) for cell in row] for row in cells]
    widths = [max(len(row[n]) for row in shown) for n in range(len(shown[0]) - 1)]
    signs = ["", *(_sign(it.standing, medium) for _, it in paired.pairs)]
    lines = []
    for at, (sign, row) in enumerate(zip(signs, shown, strict=True)):
        style = STYLES[paired.pairs[at - 1][1].standing] if at else ""
        line = Text().append(f"{sign:<{max(map(len, signs))}} ", style)
        line.append("  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]))
        lines.append(line)
    for title, names in _unpaired(paired):
        lines += [Text(), *wrapped(Text(f"{title}: {medium.safe(', '.join(names), 4_000)}"), medium)]
    lines += [
        Text(),
        *wrapped(Text(_plain(MARKS, medium)), medium),
        *wrapped(Text(pairs_sentence(paired), STRONG), medium),
    ]
    return terminal.printed(lines, color)


def pairs_json(paired: Paired, run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty(
        {
            **_head(run),
            "pairs": [{"name": name, **_document(it)} for name, it in paired.pairs],
            "only_before": list(paired.only_before),
            "only_after": list(paired.only_after),
            "unreadable": [{"source": it.source, "problem": it.problem} for it in run.unreadable],
        }
    )


def pairs_md(paired: Paired, run: Run) -> bytes:
    rows = [
        [SIGNS[it.standing], *(markdown.escaped(cell, 200) for cell in _pair_cells(name, it))]
        for name, it in paired.pairs[:PAIRS]
    ]
    lines = [f"# {markdown.escaped(run.title or FOLDERS)}", "", f"**{pairs_sentence(paired)}**", ""]
    lines += [*markdown.table(PAIR_COLUMNS, rows), "", MARKS, ""] if rows else []
    left = len(paired.pairs) - PAIRS
    lines += [f"and {left:,} more: `--format json` has them all", ""] if left > 0 else []
    for title, names in _unpaired(paired):
        lines += [f"{title}: {markdown.escaped(', '.join(names), 2_000)}", ""]
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def pairs_page(paired: Paired, run: Run) -> bytes:
    return html.static(
        "pairs.html",
        run=run,
        title=summary.safe(run.title, 200) if run.title else FOLDERS,
        said=pairs_sentence(paired),
        tone=TONES[paired.pairs[0][1].standing] if paired.pairs else "unsure",
        heads=PAIR_COLUMNS,
        rows=[(SIGNS[it.standing], *_pair_cells(name, it)) for name, it in paired.pairs[:PAIRS]],
        left=max(0, len(paired.pairs) - PAIRS),
        marks=MARKS,
        unpaired=[(title, ", ".join(names)) for title, names in _unpaired(paired)],
    )


FOLDERS = "Two folders of captures compared"
PAIRED: dict[str, Callable[[Paired, Run], bytes]] = {
    "text": pairs_text,
    "json": pairs_json,
    "markdown": pairs_md,
    "html": pairs_page,
}
