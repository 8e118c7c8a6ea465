"""Write the comparison of two captures, or of two folders, for a terminal, programs, a pull request and a browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rich.text import Text

from analyzer.compare import Change, Comparison, Paired, Result, Side
from analyzer.model import Finding, Group, Report, Run, Scope, Value, describe_peak, enumerated, plural, spoken
from analyzer.outputs import html, markdown
from analyzer.outputs.document import Json, finding_document, milliseconds, pretty, run_head
from analyzer.version import VERSION
from analyzer.wording import facts, harmless, services, terminal
from analyzer.wording.coverage import describe_coverage
from analyzer.wording.findings import PLACES
from analyzer.wording.terminal import BAD, FAINT, GOOD, STRONG, UNSURE, Medium, heading, wrap

COLUMNS = ("", "Sockets", "Peak", "Overlap time")
GROUPS = 200  # that are shown
MISSING = 3  # services without a socket that are named
SIGNS = {
    Result.MORE: "✗",
    Result.NOT_OPENED: "?",
    Result.UNDECIDED: "?",
    Result.SAME: "=",
    Result.REDUCED: "✗",
    Result.POSSIBLY_RESOLVED: "?",
    Result.RESOLVED: "✓",
}
STYLES = {"✗": BAD, "?": UNSURE, "=": STRONG, "✓": GOOD}
TONES = {"✗": "bad", "?": "unsure", "=": "unsure", "✓": "good"}
PARTS = (("Gone", "gone"), ("New", "added"), ("Still there", "same"))
UNPROVEN = "Not proven gone"
TITLE = "Two captures compared"


# -- words -------------------------------------------------------------------------------------------------


def sentence(comparison: Comparison) -> str:
    """Say what changed, as far as both captures prove it."""
    was, is_now = comparison.whole.before, comparison.whole.after
    peaks = f"peak {_peak(is_now)}, before {_peak(was)}"
    match comparison.result:
        case Result.RESOLVED:
            rest = " The policy allows the overlap that remains." if is_now.proven_peak > 1 else ""
            return f"Fewer sockets open at the same time: {peaks}.{rest}"
        case Result.REDUCED:
            return f"Fewer, but {comparison.remaining:,} sockets are still open at the same time: {peaks}."
        case Result.POSSIBLY_RESOLVED:
            return f"Fewer, but {_remaining(comparison)}: {peaks}."
        case Result.MORE:
            return f"More sockets open at the same time: {peaks}."
        case Result.SAME:
            return f"As many sockets open at the same time as before: peak {_peak(is_now)}."
        case Result.NOT_OPENED:
            return f"{_missing(comparison)} opened no socket in the capture after: nothing is proven."
        case Result.UNDECIDED:
            return f"Undecided whether more or fewer sockets were open at the same time: {peaks}{_why(comparison)}."


def _remaining(comparison: Comparison) -> str:
    """Describe an overlap after that is only possible, or brief."""
    if comparison.remaining:
        tolerance = spoken(comparison.after.policy.tolerance)
        return f"{comparison.remaining:,} sockets are still open at the same time for less than {tolerance}"
    return f"up to {comparison.whole.after.possible_peak:,} sockets are possibly still open at the same time"


def _missing(comparison: Comparison) -> str:
    """Name the services or addresses that opened no socket after."""
    names = [_name(change) for change in comparison.missing]
    more = [f"{len(names) - MISSING:,} more"] if len(names) > MISSING else []
    return enumerated([*names[:MISSING], *more])


def steps(comparison: Comparison) -> str:
    """Ask for captures of the same steps, where the two captures show a difference; empty where they show none."""
    before, after = comparison.before, comparison.after
    counts = (
        ("socket", len(before.sessions), len(after.sessions)),
        ("page", len(before.capture.pages), len(after.capture.pages)),
    )
    different = [f"{plural(old, what)} before, {new:,} after" for what, old, new in counts if old != new]
    if different:
        return f"{'; '.join(different)}: compare captures of the same steps."
    return "" if describe_coverage(before) == describe_coverage(after) else "Compare captures of the same steps."


def _why(comparison: Comparison) -> str:
    """Name the captures that may not show every socket."""
    named = (("before", comparison.before), ("after", comparison.after))
    hidden = [word for word, report in named if report.capture.hides_sockets]
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
    return harmless.safe_middle(services.title(group), 120)


def _cells(change: Change) -> tuple[str, ...]:
    was, is_now = change.before, change.after
    pairs = (
        (f"{was.sessions:,}", f"{is_now.sessions:,}"),
        (_peak(was), _peak(is_now)),
        (_length(was), _length(is_now)),
    )
    return tuple(before if before == after else f"{before} → {after}" for before, after in pairs)


def _peak(side: Side) -> str:
    return describe_peak(side.proven_peak, side.possible_peak if side.whole else None)


def _length(side: Side) -> str:
    if side.proven_peak < 2:
        return "possible" if side.possible_peak > 1 else "none"
    return ("≥ " if side.overlap_is_lower_bound else "") + (
        spoken(side.proven_overlap) if side.proven_overlap else "0 s"
    )


def _findings(comparison: Comparison) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    unproven = comparison.result in (Result.NOT_OPENED, Result.UNDECIDED)
    for title, name in PARTS:
        findings: tuple[Finding, ...] = getattr(comparison, name)
        changed = _count_change(comparison, findings[0]) if name == "same" and len(findings) == 1 else ""
        words = UNPROVEN if name == "gone" and unproven else title
        yield f"{words}: {len(findings):,}{_in_brackets(changed)}", findings


def _count_change(comparison: Comparison, finding: Finding) -> str:
    """Count the sockets of a finding that is still there, before and after: `4 → 2 sockets`; empty where equal."""
    pairs = zip(comparison.same_before, comparison.same, strict=True)
    old = next((len(was.sessions) for was, is_now in pairs if is_now is finding), len(finding.sessions))
    return "" if old == len(finding.sessions) else f"{old:,} → {plural(len(finding.sessions), 'socket')}"


def _ids(comparison: Comparison, finding: Finding) -> str:
    """Name the rule of a finding, and what changed in it."""
    changed = _count_change(comparison, finding) if len(comparison.same) > 1 else ""
    return "; ".join(filter(None, (finding.rule, changed)))


def _sides(comparison: Comparison, run: Run) -> list[tuple[str, str, str]]:
    """Name each capture with its verdict and the steps that it covers."""
    named = (("before", comparison.before), ("after", comparison.after))
    return [
        (
            word,
            harmless.safe_middle(report.capture.source, 200),
            f"{facts.sentences(report, run.policy)[0]} {describe_coverage(report)}",
        )
        for word, report in named
    ]


# -- a terminal --------------------------------------------------------------------------------------------


def text(
    comparison: Comparison,
    run: Run,
    *,
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    verbose: bool = False,
) -> bytes:
    """Write the comparison. `verbose`: every finding, with cause and advice."""
    medium = Medium(width, unicode)
    sign = _sign(comparison.result, medium)
    answer = Text(medium.safe(sentence(comparison), 1000), STYLES[SIGNS[comparison.result]])
    lines = wrap(answer, medium, f" {sign} ")
    lines.append(Text())
    for word, source, verdict in _sides(comparison, run):
        line = Text(f"{word:<8}", FAINT).append(medium.safe(source), STRONG).append(f": {medium.safe(verdict)}")
        lines += wrap(line, medium, "   ", " " * 11)
    lines += [Text(), *_table(COLUMNS, [(row.name, *row.cells) for row in rows(comparison)], medium)]
    left = len(comparison.groups) - GROUPS
    lines += wrap(Text(f"and {left:,} more: --format json has them all", FAINT), medium, "   ") if left > 0 else []
    if advice := steps(comparison):
        lines += [Text(), *wrap(Text(advice), medium, "   ")]
    lines += heading("Findings")
    for title, findings in _findings(comparison):
        lines += wrap(Text(_plain(title, medium), STRONG), medium, "   ")
        visible = findings if verbose else findings[:PLACES]
        for finding in visible:
            line = Text(f"{finding.severity} ", FAINT).append(medium.safe(finding.message, 1000))
            line.append(f" ({_plain(_ids(comparison, finding), medium)})", FAINT)
            lines += wrap(line, medium, f"   {medium.signs.dot} ")
            if verbose and findings is not comparison.gone:
                lines += _reasons(finding, medium)
        if len(findings) > len(visible):
            lines += wrap(Text(f"and {len(findings) - len(visible):,} more: --verbose", FAINT), medium, "     ")
    return terminal.encode(lines, color)


def _reasons(finding: Finding, medium: Medium) -> list[Text]:
    """Write the cause of a finding, and what to do."""
    named = (("", finding.explanation), (f"{medium.signs.arrow} ", finding.remedy))
    return [
        line for sign, words in named if words for line in wrap(Text(medium.safe(words, 1000)), medium, f"     {sign}")
    ]


def _sign(result: Result, medium: Medium) -> str:
    sign = SIGNS[result]
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
    return pretty({**run_head(run), **_document(comparison)})


def _document(comparison: Comparison) -> Json:
    return {
        "standing": comparison.standing,
        "result": comparison.result,
        "missing": [dict(it.key) for it in comparison.missing],
        "before": _capture(comparison.before),
        "after": _capture(comparison.after),
        "whole": {"before": _side(comparison.whole.before), "after": _side(comparison.whole.after)},
        "groups": [
            {"key": dict(change.key), "before": _side(change.before), "after": _side(change.after)}
            for change in comparison.groups
        ],
        "findings": {
            "added": [finding_document(it) for it in comparison.added],
            "gone": [finding_document(it) for it in comparison.gone],
            "same": [finding_document(it) for it in comparison.same],
            "same_before": [finding_document(it) for it in comparison.same_before],
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


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def md(comparison: Comparison, run: Run) -> bytes:
    lines: list[str] = [f"# {markdown.escape(run.title or TITLE)}", ""]
    lines += [f"**{SIGNS[comparison.result]} {markdown.escape(sentence(comparison), 1000)}**", ""]
    lines += [
        f"- {word}: {markdown.escape(source)}: {markdown.escape(verdict)}"
        for word, source, verdict in _sides(comparison, run)
    ]
    lines += [
        "",
        *markdown.table(COLUMNS, [(markdown.escape(row.name, 120), *row.cells) for row in rows(comparison)[:100]]),
        "",
    ]
    lines += [advice, ""] if (advice := steps(comparison)) else []
    for title, findings in _findings(comparison):
        lines += [f"### {title}", ""]
        for finding in findings[: markdown.SIZES[2].findings]:
            change = _in_brackets(_count_change(comparison, finding))
            lines.append(f"- **{finding.severity}** `{finding.rule}`: {markdown.escape(finding.message)}{change}")
        left = len(findings) - markdown.SIZES[2].findings
        lines += [f"- and {left:,} more: `--format json` has them all"] if left > 0 else []
        lines += [""] if findings else []
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def page(comparison: Comparison, run: Run) -> bytes:
    """Write one page without scripts, in the style of the report."""
    return html.static(
        "comparison.html",
        comparison=comparison,
        run=run,
        title=harmless.safe(run.title, 200) if run.title else TITLE,
        said=harmless.safe(sentence(comparison), 1000),
        sign=SIGNS[comparison.result],
        tone=TONES[SIGNS[comparison.result]],
        sides=_sides(comparison, run),
        columns=COLUMNS,
        rows=rows(comparison),
        left=max(0, len(comparison.groups) - GROUPS),
        steps=steps(comparison),
        parts=list(_findings(comparison)),
        changed=lambda finding: _in_brackets(_count_change(comparison, finding)),
    )


RENDERERS: dict[str, Callable[[Comparison, Run], bytes]] = {"text": text, "json": json, "markdown": md, "html": page}


# -- two folders -------------------------------------------------------------------------------------------

PAIR_COLUMNS = ("", "Sockets", "Peak", "Overlap time", "Findings", "Capture")
PAIRS = 400  # that are shown
RESULTS = {
    Result.MORE: "more open at the same time",
    Result.NOT_OPENED: "without a socket of the service after",
    Result.UNDECIDED: "undecided",
    Result.SAME: "as many as before",
    Result.REDUCED: "fewer but still overlapping",
    Result.POSSIBLY_RESOLVED: "fewer but possibly still overlapping",
    Result.RESOLVED: "fewer",
}


def pairs_sentence(paired: Paired) -> str:
    """Count the pairs: `12 pairs of captures: 1 more open at the same time, 3 fewer.`"""
    tally = Counter(it.result for _, it in paired.pairs)
    counts = [f"{tally[result]:,} {words}" for result, words in RESULTS.items() if tally[result]]
    total = plural(len(paired.pairs), "pair", "pairs")
    return f"{total} of captures{': ' if counts else ''}{', '.join(counts)}."


def _pair_cells(name: str, comparison: Comparison) -> tuple[str, ...]:
    findings = (("+", comparison.added), ("−", comparison.gone), ("=", comparison.same))
    return (
        *_cells(comparison.whole),
        " ".join(f"{sign}{len(group):,}" for sign, group in findings if group) or "none",
        name,
    )


def _list_unpaired(paired: Paired) -> Iterable[tuple[str, tuple[str, ...]]]:
    named = (("Only before", paired.only_before), ("Only after", paired.only_after))
    return ((title, names) for title, names in named if names)


MARKS = "Findings: + new, − gone, = still there."


def pairs_text(paired: Paired, run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """Write one line per pair, those with more open at the same time first. No path is cut: lines may be wider."""
    medium = Medium(width, unicode)
    cells = [PAIR_COLUMNS[1:], *(_pair_cells(name, it) for name, it in paired.pairs)]
    table = [[_plain(cell, medium) for cell in row] for row in cells]
    widths = [max(len(row[n]) for row in table) for n in range(len(table[0]) - 1)]
    signs = ["", *(_sign(it.result, medium) for _, it in paired.pairs)]
    lines = []
    for at, (sign, row) in enumerate(zip(signs, table, strict=True)):
        style = STYLES[SIGNS[paired.pairs[at - 1][1].result]] if at else ""
        line = Text().append(f"{sign:<{max(map(len, signs))}} ", style)
        line.append("  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]))
        lines.append(line)
    for title, names in _list_unpaired(paired):
        lines += [Text(), *wrap(Text(f"{title}: {medium.safe(', '.join(names), 4_000)}"), medium)]
    lines += [
        Text(),
        *wrap(Text(_plain(MARKS, medium)), medium),
        *wrap(Text(pairs_sentence(paired), STRONG), medium),
    ]
    return terminal.encode(lines, color)


def pairs_json(paired: Paired, run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty(
        {
            **run_head(run),
            "pairs": [{"name": name, **_document(it)} for name, it in paired.pairs],
            "only_before": list(paired.only_before),
            "only_after": list(paired.only_after),
            "unreadable": [{"source": it.source, "problem": it.problem} for it in run.unreadable],
        }
    )


def pairs_md(paired: Paired, run: Run) -> bytes:
    rows = [
        [SIGNS[pair.result], *(markdown.escape(cell, 200) for cell in _pair_cells(name, pair))]
        for name, pair in paired.pairs[:PAIRS]
    ]
    lines = [f"# {markdown.escape(run.title or FOLDERS)}", "", f"**{pairs_sentence(paired)}**", ""]
    lines += [*markdown.table(PAIR_COLUMNS, rows), "", MARKS, ""] if rows else []
    left = len(paired.pairs) - PAIRS
    lines += [f"and {left:,} more: `--format json` has them all", ""] if left > 0 else []
    for title, names in _list_unpaired(paired):
        lines += [f"{title}: {markdown.escape(', '.join(names), 2_000)}", ""]
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")


def pairs_page(paired: Paired, run: Run) -> bytes:
    return html.static(
        "pairs.html",
        run=run,
        title=harmless.safe(run.title, 200) if run.title else FOLDERS,
        said=pairs_sentence(paired),
        tone=TONES[SIGNS[paired.pairs[0][1].result]] if paired.pairs else "unsure",
        heads=PAIR_COLUMNS,
        rows=[(SIGNS[it.result], *_pair_cells(name, it)) for name, it in paired.pairs[:PAIRS]],
        left=max(0, len(paired.pairs) - PAIRS),
        marks=MARKS,
        unpaired=[(title, ", ".join(names)) for title, names in _list_unpaired(paired)],
    )


FOLDERS = "Two folders of captures compared"
PAIRED: dict[str, Callable[[Paired, Run], bytes]] = {
    "text": pairs_text,
    "json": pairs_json,
    "markdown": pairs_md,
    "html": pairs_page,
}
