"""Two captures compared, for a terminal, programs, a pull request and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.text import Text

from analyzer.compare import Change, Comparison, Side, Standing
from analyzer.model import Duration, Finding, Group, Report, Run, Scope, Value, spoken
from analyzer.outputs import html, markdown, services, summary, terminal
from analyzer.outputs.document import FORMAT, Json, finding_document, milliseconds, policy_document, pretty
from analyzer.outputs.terminal import BAD, FAINT, GOOD, STRONG, UNSURE, Medium, heading, wrapped
from analyzer.version import VERSION

COLUMNS = ("", "Sockets", "Most open at once", "Two or more open")
GROUPS = 200  # that are told
STYLES = {Standing.FEWER: GOOD, Standing.MORE: BAD, Standing.SAME: STRONG, Standing.UNTOLD: UNSURE}
TONES = {Standing.FEWER: "good", Standing.MORE: "bad", Standing.SAME: "unsure", Standing.UNTOLD: "unsure"}
SIGNS = {Standing.FEWER: "✓", Standing.MORE: "✗", Standing.SAME: "=", Standing.UNTOLD: "?"}
PARTS = (("Gone", "gone"), ("New", "added"), ("Still there", "same"))
TITLE = "Two captures compared"


# -- words -------------------------------------------------------------------------------------------------


def sentence(comparison: Comparison) -> str:
    """What changed, as far as both captures prove it."""
    was, is_now = comparison.whole.before, comparison.whole.after
    match comparison.standing:
        case Standing.FEWER:
            return f"Fewer open at once: {_peak(is_now)}, before {_peak(was)}."
        case Standing.MORE:
            return f"More open at once: {_peak(is_now)}, before {_peak(was)}."
        case Standing.SAME:
            return f"As many open at once as before: {_peak(is_now)}."
        case Standing.UNTOLD:
            peaks = f"{_peak(is_now)}, before {_peak(was)}"
            return f"Cannot tell if more or fewer were open at once: {peaks}{_why(comparison)}."


def _why(comparison: Comparison) -> str:
    """Which of the captures may not show every socket."""
    named = (("before", comparison.before), ("after", comparison.after))
    hidden = [word for word, report in named if any(it.hides_sockets for it in report.capture.caveats)]
    return f"; the capture {' and the one '.join(hidden)} may not show every socket" if hidden else ""


class Row(Value, frozen=True):
    """A group, as the cells of a table, each `before → after`."""

    name: str
    cells: tuple[str, ...]


def rows(comparison: Comparison) -> list[Row]:
    several = len(comparison.groups) > 1
    told = [Row("all sockets", _cells(comparison.whole))] if several or not comparison.groups else []
    return told + [Row(_name(change), _cells(change)) for change in comparison.groups[:GROUPS]]


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
    """What is certain, and what is not ruled out."""
    if side.proven_peak == side.possible_peak:
        return f"{side.proven_peak:,}"
    return f"{side.proven_peak:,} to {side.possible_peak:,}"


def _length(side: Side) -> str:
    if side.proven_peak < 2:
        return "none certain" if side.possible_peak > 1 else "none"
    return ("≥ " if side.overlap_is_lower_bound else "") + _spoken(side.proven_overlap)


def _spoken(length: Duration) -> str:
    return spoken(length) if length else "an instant"


def _findings(comparison: Comparison) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    for title, name in PARTS:
        found: tuple[Finding, ...] = getattr(comparison, name)
        yield f"{title}: {len(found):,}", found


def _sides(comparison: Comparison, run: Run) -> list[tuple[str, str, str]]:
    """Which capture is which, with its verdict."""
    named = (("before", comparison.before), ("after", comparison.after))
    return [
        (word, summary.safe_middle(it.capture.source, 200), summary.sentences(it, run.policy)[0]) for word, it in named
    ]


# -- a terminal --------------------------------------------------------------------------------------------


def text(comparison: Comparison, run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    medium = Medium(width, unicode)
    plain = (lambda it: it) if unicode else (lambda it: it.replace("≥", "at least"))
    sign = (
        SIGNS[comparison.standing]
        if unicode
        else {"✓": "[OK]", "✗": "[X]", "=": "[=]", "?": "[?]"}[SIGNS[comparison.standing]]
    )
    said = Text(medium.safe(sentence(comparison)), STYLES[comparison.standing])
    lines = wrapped(said, medium, f" {sign} ")
    lines.append(Text())
    for word, source, verdict in _sides(comparison, run):
        line = Text(f"{word:<8}", FAINT).append(medium.safe(source), STRONG).append(f": {medium.safe(verdict)}")
        lines += wrapped(line, medium, "   ", " " * 11)
    lines += [Text(), *_table(COLUMNS, [(row.name, *row.cells) for row in rows(comparison)], medium, plain)]
    left = len(comparison.groups) - GROUPS
    lines += wrapped(Text(f"and {left:,} more: --format json has them all", FAINT), medium, "   ") if left > 0 else []
    lines += heading("Findings")
    for title, found in _findings(comparison):
        lines += wrapped(Text(title, STRONG), medium, "   ")
        for it in found[: summary.PLACES]:
            told = Text(f"{it.severity} ", FAINT).append(medium.safe(it.message)).append(f" ({it.rule})", FAINT)
            lines += wrapped(told, medium, f"   {medium.signs.dot} ")
        if len(found) > summary.PLACES:
            lines += wrapped(
                Text(f"and {len(found) - summary.PLACES:,} more: --format json has them all", FAINT), medium, "     "
            )
    return terminal.printed(lines, color)


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], medium: Medium, plain: Callable[[str], str]
) -> list[Text]:
    cells = [[medium.safe(plain(it)) for it in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    widths[0] = max(8, min(widths[0], medium.width - 3 - sum(width + 2 for width in widths[1:])))
    told = []
    for n, row in enumerate(cells):
        first = medium.short_middle(row[0], widths[0])
        line = "   " + "  ".join(it.ljust(width) for it, width in zip((first, *row[1:]), widths, strict=True))
        told.append(Text(line[: medium.width], FAINT if n == 0 else ""))
    return told


# -- programs ----------------------------------------------------------------------------------------------


def json(comparison: Comparison, run: Run) -> bytes:
    """One object (docs/json.md)."""
    return pretty(
        {
            "format": FORMAT,
            "tool": {"name": "har-sockets", "version": VERSION},
            "policy": policy_document(run.policy),
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
    )


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
    """One page without scripts, in the looks of the report."""
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
