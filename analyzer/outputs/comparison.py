"""Write the comparison of two captures for a terminal, programs, a pull request and a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from analyzer.compare import Comparison
from analyzer.document import pretty, run_head
from analyzer.document.comparison import comparison_document
from analyzer.model import Finding, Run, count_rest
from analyzer.painting import markdown, templates
from analyzer.wording import counts, harmless, terminal, titles
from analyzer.wording.comparison import (
    GROUPS,
    SIGNS,
    STYLES,
    TONES,
    count_change,
    describe_sides,
    finding_parts,
    ids_of,
    in_brackets,
    list_groups,
    sentence,
    sign_of,
    steps,
)
from analyzer.wording.findings import PLACES
from analyzer.wording.medium import FAINT, STRONG, Medium
from analyzer.wording.terminal import heading, wrap

FINDINGS = 20  # of each kind, in Markdown
COLUMNS = ("", "Sockets", "Peak", "Overlap time")
TITLE = "Two captures compared"


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
    sign = sign_of(comparison.result, medium)
    answer = Text(medium.safe(sentence(comparison), 1000), STYLES[SIGNS[comparison.result]])
    lines = wrap(answer, medium, f" {sign} ")
    lines.append(Text())
    for word, source, verdict in describe_sides(comparison, run):
        line = Text(f"{word:<8}", FAINT).append(medium.safe(source), STRONG).append(f": {medium.safe(verdict)}")
        lines += wrap(line, medium, "   ", " " * 11)
    lines += [Text(), *_table(COLUMNS, [(row.name, *row.cells) for row in list_groups(comparison)], medium)]
    if rest := count_rest(len(comparison.groups) - GROUPS, where=counts.IN_JSON):
        lines += wrap(Text(rest, FAINT), medium, "   ")
    if advice := steps(comparison):
        lines += [Text(), *wrap(Text(advice), medium, "   ")]
    lines += heading(titles.FINDINGS)
    for title, findings in finding_parts(comparison):
        lines += wrap(Text(medium.safe(title, 4_000), STRONG), medium, "   ")
        visible = findings if verbose else findings[:PLACES]
        for finding in visible:
            line = Text(f"{finding.severity} ", FAINT).append(medium.safe(finding.message, 1000))
            line.append(f" ({medium.safe(ids_of(comparison, finding), 4_000)})", FAINT)
            lines += wrap(line, medium, f"   {medium.signs.dot} ")
            if verbose and finding in comparison.after.findings:
                lines += _reasons(finding, medium)
        if rest := count_rest(len(findings) - len(visible), where="--verbose"):
            lines += wrap(Text(rest, FAINT), medium, "     ")
    return terminal.encode(lines, color)


def _reasons(finding: Finding, medium: Medium) -> list[Text]:
    """Write the cause of a finding, and what to do."""
    named = (("", finding.explanation), (f"{medium.signs.arrow} ", finding.remedy))
    return [
        line for sign, words in named if words for line in wrap(Text(medium.safe(words, 1000)), medium, f"     {sign}")
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], medium: Medium) -> list[Text]:
    cells = [[medium.safe(it, 4_000) for it in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    widths[0] = max(8, min(widths[0], medium.width - 3 - sum(width + 2 for width in widths[1:])))
    lines = []
    for n, row in enumerate(cells):
        first = medium.short_middle(row[0], widths[0])
        line = "   " + "  ".join(it.ljust(width) for it, width in zip((first, *row[1:]), widths, strict=True))
        lines.append(Text(line[: medium.width], FAINT if n == 0 else ""))
    return lines


def json(comparison: Comparison, run: Run) -> bytes:
    """Write one JSON object (docs/json.md)."""
    return pretty({**run_head(run), **comparison_document(comparison)})


def md(comparison: Comparison, run: Run) -> bytes:
    lines: list[str] = [f"# {markdown.escape(run.title or TITLE)}", ""]
    lines += [f"**{SIGNS[comparison.result]} {markdown.escape(sentence(comparison), 1000)}**", ""]
    lines += [
        f"- {word}: {markdown.escape(source)}: {markdown.escape(verdict)}"
        for word, source, verdict in describe_sides(comparison, run)
    ]
    lines += [
        "",
        *markdown.table(
            COLUMNS, [(markdown.escape(row.name, 120), *row.cells) for row in list_groups(comparison)[:100]]
        ),
        "",
    ]
    if advice := steps(comparison):
        lines += [advice, ""]
    for title, findings in finding_parts(comparison):
        lines += [f"### {title}", ""]
        for finding in findings[:FINDINGS]:
            change = in_brackets(count_change(comparison, finding))
            lines.append(f"- **{finding.severity}** `{finding.rule}`: {markdown.escape(finding.message)}{change}")
        if rest := count_rest(len(findings) - FINDINGS, where=markdown.IN_JSON):
            lines.append(f"- {rest}")
        if findings:
            lines.append("")
    return markdown.encode(lines)


def page(comparison: Comparison, run: Run) -> bytes:
    """Write one page without scripts, in the style of the report."""
    return templates.render(
        "comparison.html",
        comparison=comparison,
        run=run,
        title=harmless.safe(run.title, 200) if run.title else TITLE,
        answer=harmless.safe(sentence(comparison), 1000),
        sign=SIGNS[comparison.result],
        tone=TONES[SIGNS[comparison.result]],
        sides=describe_sides(comparison, run),
        columns=COLUMNS,
        rows=list_groups(comparison),
        left=len(comparison.groups) - GROUPS,
        steps=steps(comparison),
        parts=list(finding_parts(comparison)),
        changed=lambda finding: in_brackets(count_change(comparison, finding)),
    )


RENDERERS: dict[str, Callable[[Comparison, Run], bytes]] = {"text": text, "json": json, "markdown": md, "html": page}
