"""Workflow commands of GitHub Actions: annotations of a run, all in one first; and the page for the step's summary.

GitHub shows 10 errors and 10 warnings a step. The text is escaped as its runner reads it: `%`, `\\r`, `\\n` in what is
said, also `:` and `,` in properties.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from analyzer import gate
from analyzer.gate import Result
from analyzer.model import Finding, Report, Run, Severity, plural
from analyzer.outputs import check, markdown, summary

MOST = 10  # of each kind that GitHub shows
ROWS = 200  # captures in the table of the summary
SUMMARY = 1 << 20  # bytes that GitHub takes of a step


def render(run: Run) -> bytes:
    """Everything in one line first, then the gravest, each with its capture."""
    status = gate.exit_status(run)
    errors, warnings = list(_errors(run)), list(_warnings(run))
    level = "error" if status else "notice"
    errors = errors[: MOST - 1] if level == "error" else errors
    lines = [_command(level, check.total_sentence(run), title="har-sockets"), *errors[:MOST], *warnings[:MOST]]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def step_summary(run: Run) -> bytes:
    """Markdown: what the gate says of each capture, then the report."""
    shown = [f"**{markdown.escaped(check.total_sentence(run))}**", ""]
    rows = list(islice(check.entries(run), ROWS))
    shown += ["| | |", "|---|---|", *(f"| {mark} | {markdown.escaped(said, 400)} |" for mark, said, _ in rows), ""]
    left = len(run.reports) + len(run.unreadable) - len(rows)
    shown += [f"and {plural(left, 'more capture')}", ""] if left else []
    return "\n".join(shown).encode("utf-8") + markdown.render(run)


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
        if judgement.result is Result.UNDECIDED:
            said = f"{check.reason(report, judgement, run.policy)} {check.command(report)}"
            title = "har-sockets: no socket opened" if judgement.status == gate.EMPTY else "har-sockets: cannot tell"
            yield _command("warning", said, file=report.capture.source, title=title)


def _failing(run: Run) -> Iterable[tuple[Report, Finding]]:
    for report in run.reports:
        yield from ((report, finding) for finding in gate.judge(report, run.policy).failing)


def _finding(level: str, finding: Finding, report: Report) -> str:
    said = f"{finding.message} {finding.explanation or ''} {finding.remedy or ''} {check.command(report)}"
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
