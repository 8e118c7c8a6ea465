"""Workflow commands of GitHub Actions: annotations of a run, all in one first; and the page for the step's summary.

GitHub shows 10 errors and 10 warnings a step. The text is escaped as its runner reads it: `%`, `\\r`, `\\n` in what is
said, also `:` and `,` in properties.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from analyzer import gate
from analyzer.gate import Result
from analyzer.model import Finding, Report, Run, Severity, Value, plural
from analyzer.outputs import check, markdown, summary, text, verdict

MOST = 10  # of each kind that GitHub shows
ROWS = 200  # captures in the table of the summary
OPEN = 3  # captures that are explained without a click
FEW = 20  # captures that may have room for advice and timelines
SUMMARY = 1 << 20  # bytes that GitHub takes of a step
SMALL, PER_CAPTURE = 4_096, 256  # bytes that the page of a step has, at least and for each of many captures


def render(run: Run) -> bytes:
    """Everything in one line first, then the gravest, each with its capture."""
    status = gate.exit_status(run)
    errors, warnings = list(_errors(run)), list(_warnings(run))
    level = "error" if status else "notice"
    errors = errors[: MOST - 1] if level == "error" else errors
    lines = [_command(level, check.total_sentence(run), title="har-sockets"), *errors[:MOST], *warnings[:MOST]]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def step_summary(run: Run) -> bytes:
    """Write the page of a step in Markdown: the result of each capture, the worst first, and why, folded away."""
    captures = len(run.reports) + len(run.unreadable)
    room = min(SUMMARY, max(SMALL, PER_CAPTURE * captures))
    for detail in DETAILS if captures <= FEW else DETAILS[2:]:
        page = "\n".join(_summary(run, detail)).encode("utf-8")
        if len(page) <= room:
            break
    return page


class Detail(Value, frozen=True):
    """How much the page of a step says of each capture that does not pass."""

    letters: int  # of a reason
    advice: bool = False  # with cause, remedy and command
    drawn: bool = False  # with the timeline


DETAILS = (Detail(600, advice=True, drawn=True), Detail(600, advice=True), *map(Detail, (400, 250, 150, 100, 60)))


class Row(Value, frozen=True):
    """A capture on the page of a step."""

    result: str
    name: str
    sockets: str
    peak: str
    what: str
    reason: str
    more: tuple[str, ...] = ()
    report: Report | None = None


def _summary(run: Run, detail: Detail) -> Iterable[str]:
    rows = [*islice(_rows(run, detail), ROWS)]
    table = markdown.table(
        ("Result", "Capture", "Sockets", "Peak", "What"),
        [(it.result, it.name, it.sockets, it.peak, it.what) for it in rows],
    )
    yield from (f"**{markdown.escaped(check.total_sentence(run))}**", "", *table, "")
    left = len(run.reports) + len(run.unreadable) - len(rows)
    if left:
        yield from (f"and {plural(left, 'more capture')}", "")
    explained = [row for row in rows if row.reason]
    if explained:
        opened = " open" if len(explained) <= OPEN else ""
        yield from (f"<details{opened}><summary>Why: {plural(len(explained), 'capture')}</summary>", "")
        for row in explained:
            yield f"- **{row.name}**: {row.reason}"
            yield from (f"  - {line}" for line in row.more)
            if detail.drawn and row.report is not None and row.report.sessions:
                drawing = markdown.code_block(text.timeline(row.report, markdown.DRAWING))
                yield from ("", *(f"  {line}" for line in drawing), "")
        yield from ("", "</details>", "")


def _rows(run: Run, detail: Detail) -> Iterable[Row]:
    """What does not pass, the worst first; then what passes."""
    names = summary.names(run)
    judged = [(report, gate.judge(report, run.policy)) for report in run.reports]
    order = (gate.VIOLATED, gate.EMPTY, gate.UNDECIDED, 0)  # as of the exit status
    judged.sort(key=lambda it: (order.index(it[1].status), -max((f.severity.rank for f in it[1].failing), default=0)))
    violated = sum(judgement.status == gate.VIOLATED for _, judgement in judged)
    rows = (_row(report, judgement, names[report.capture.source], run, detail) for report, judgement in judged)
    yield from islice(rows, violated)
    for it in run.unreadable:
        name, problem = markdown.escaped(summary.name(it.source)), markdown.escaped(it.problem, detail.letters)
        yield Row("**unreadable**", name, "", "", "", problem)
    yield from rows


def _row(report: Report, judgement: gate.Judgement, name: str, run: Run, detail: Detail) -> Row:
    passes = judgement.result is Result.PASS
    words = summary.headline(report, run.policy).words
    rules = dict.fromkeys(finding.rule for finding in judgement.failing)
    least, most = report.concurrency.proven_peak, report.concurrency.possible_peak
    hidden = verdict.sockets_hidden(report)
    reason = "" if passes else check.reason(report, judgement, run.policy)
    if judgement.failing:  # the rule stands in the table
        left = len(judgement.failing) - 1
        reason = judgement.failing[0].message + (f" And {plural(left, 'more finding')}." if left else "")
    more: list[str] = []
    if detail.advice and not passes:
        first = next(iter(judgement.failing), None)
        more += [] if first is None else [it for it in (first.why, first.remedy) if it]
        more += [check.command(report)]
    return Row(
        result=str(judgement.result) if passes else f"**{judgement.result}**",
        name=markdown.escaped(name, 120),
        sockets=f"{len(report.sessions):,}",
        peak=f"≥ {least:,}" if hidden else f"{most:,}" if least == most else f"{least:,} to {most:,}",
        what=", ".join(rules) or words,
        reason=markdown.escaped(reason, detail.letters),
        more=tuple(markdown.escaped(it) for it in more),
        report=report,
    )


def _errors(run: Run) -> Iterable[str]:
    for it in run.unreadable:
        yield _command("error", f"Cannot be read: {it.problem}", file=it.source, title="har-sockets: cannot be read")
    for report, finding in _failing(run):
        if finding.severity is Severity.ERROR:
            yield _finding("error", finding, report)


def _warnings(run: Run) -> Iterable[str]:
    for report, finding in _failing(run):
        if finding.severity is not Severity.ERROR:
            yield _finding("warning", finding, report)
    for report in run.reports:
        judgement = gate.judge(report, run.policy)
        if judgement.result is Result.UNTOLD:
            said = f"{check.reason(report, judgement, run.policy)} {check.command(report)}"
            title = "har-sockets: no socket opened" if judgement.status == gate.EMPTY else "har-sockets: cannot tell"
            yield _command("warning", said, file=report.capture.source, title=title)


def _failing(run: Run) -> Iterable[tuple[Report, Finding]]:
    for report in run.reports:
        yield from ((report, finding) for finding in gate.judge(report, run.policy).failing)


def _finding(level: str, finding: Finding, report: Report) -> str:
    said = f"{finding.message} {finding.why or ''} {finding.remedy or ''} {check.command(report)}"
    return _command(level, said, file=report.capture.source, title=f"har-sockets: {finding.rule}")


def _command(level: str, said: str, **properties: str) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value != "-")
    return f"::{level} {told}::{_data(said)}"


def _data(text: str) -> str:
    """As `escapeData` of @actions/core."""
    said = summary.safe(text, 1500)
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As `escapeProperty` of @actions/core."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
