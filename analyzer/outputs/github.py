"""Write for GitHub Actions: annotations as workflow commands, and the page of the step's summary.

GitHub shows 10 errors and 10 warnings per step, so the first command sums up all captures. Text is escaped as GitHub's
runner reads it: `%`, `\\r` and `\\n` in a message, also `:` and `,` in a property.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from analyzer import gate
from analyzer.gate import Result
from analyzer.model import Finding, Policy, Report, Run, Value, count_rest, plural
from analyzer.painting import markdown
from analyzer.painting.text_timeline import draw_timeline
from analyzer.wording import harmless, judgements, results, titles

MOST = 10  # of each kind that GitHub shows
ROWS = 200  # captures in the table of the summary
OPEN = 3  # captures that are explained without a click
FEW = 20  # captures that may have room for advice and timelines
SUMMARY = 1 << 20  # bytes that GitHub takes of a step
SMALL, PER_CAPTURE = 4_096, 256  # bytes that the page of a step has, at least and for each of many captures


def render(run: Run) -> bytes:
    """Render the commands: one that sums up, then the gravest findings, each with its capture."""
    status = gate.exit_status(run)
    errors, warnings = list(_errors(run)), list(_warnings(run))
    level = "error" if status else "notice"
    errors = errors[: MOST - 1] if level == "error" else errors
    lines = [_command(level, judgements.total_sentence(run), title="har-sockets"), *errors[:MOST], *warnings[:MOST]]
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
    """Hold how much the page of a step says of each capture that does not pass."""

    letters: int  # of a reason
    advice: bool = False  # with cause, remedy and command
    with_timeline: bool = False


DETAILS = (
    Detail(600, advice=True, with_timeline=True),
    Detail(600, advice=True),
    *map(Detail, (400, 250, 150, 100, 60)),
)


class Row(Value, frozen=True):
    """Hold a capture on the page of a step."""

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
        ("Result", "Capture", "Sockets", "Peak", "Rule or verdict"),
        [(it.result, it.name, it.sockets, it.peak, it.what) for it in rows],
    )
    yield from (f"## {_title(run)}", "")
    yield from (f"**{markdown.escape(judgements.total_sentence(run))}**", "", *table, "")
    if rest := count_rest(len(run.reports) + len(run.unreadable) - len(rows), "capture"):
        yield from (rest, "")
    explained = [row for row in rows if row.reason]
    if explained:
        opened = " open" if len(explained) <= OPEN else ""
        yield from (f"<details{opened}><summary>Why: {plural(len(explained), 'capture')}</summary>", "")
        for row in explained:
            yield f"- **{row.name}**: {row.reason}"
            yield from (f"  - {line}" for line in row.more)
            if detail.with_timeline and row.report is not None and row.report.sessions:
                drawing = markdown.code_block(draw_timeline(row.report, markdown.DRAWING))
                yield from ("", *(f"  {line}" for line in drawing), "")
        yield from ("", "</details>", "")


def _title(run: Run) -> str:
    """Name the program, and count what fails, or else what is undecided."""
    results = [gate.judge(report, run.policy).result for report in run.reports]
    failing, undecided = results.count(Result.FAIL), results.count(Result.UNDECIDED) + len(run.unreadable)
    counts = [f"{failing:,} {'fails' if failing == 1 else 'fail'}"] if failing else []
    if undecided:
        counts.append(f"{undecided:,} undecided")
    total = plural(len(results) + len(run.unreadable), "capture")
    return f"har-sockets: {', '.join([total, *(counts or ['all pass'])])}"


def _rows(run: Run, detail: Detail) -> Iterable[Row]:
    """Yield what does not pass, the worst first; then what passes."""
    names = harmless.names(run)
    judged = [(report, gate.judge(report, run.policy)) for report in run.reports]
    order = (gate.VIOLATED, gate.EMPTY, gate.UNDECIDED, 0)  # as of the exit status
    judged.sort(
        key=lambda pair: (order.index(pair[1].status), -max((f.severity.rank for f in pair[1].failing), default=0))
    )
    violated = sum(judgement.status == gate.VIOLATED for _, judgement in judged)
    rows = (_row(report, judgement, names[report.capture.source], run, detail) for report, judgement in judged)
    yield from islice(rows, violated)
    for file in run.unreadable:
        name, problem = markdown.escape(harmless.name(file.source)), markdown.escape(file.problem, detail.letters)
        yield Row("**unreadable**", name, "", "", "", problem)
    yield from rows


def _row(report: Report, judgement: gate.Judgement, name: str, run: Run, detail: Detail) -> Row:
    passes = judgement.result is Result.PASS
    words = results.headline(report, run.policy).words
    rules = dict.fromkeys(finding.rule for finding in judgement.failing)
    baseline = dict.fromkeys(f"{finding.rule} (in the baseline)" for finding in judgement.accepted)
    if report.accepted and passes:
        words = f"{words} (in the baseline)"
    details = () if passes else judgements.details_of(report, judgement, run.policy, run.zone)
    return Row(
        result=str(judgement.result) if passes else f"**{judgement.result}**",
        name=markdown.escape(name, 120),
        sockets=f"{len(report.sessions):,}",
        peak=report.peak,
        what=", ".join([*rules, *baseline]) or words,
        reason=markdown.escape(judgements.shorten(details[0], detail.letters, harmless.PAPER)) if details else "",
        more=tuple(map(markdown.escape, details[1:])) if detail.advice else (),
        report=report,
    )


def _errors(run: Run) -> Iterable[str]:
    for file in run.unreadable:
        yield _command(
            "error", f"{titles.PROBLEM.capitalize()}: {file.problem}", file=file.source, title="har-sockets: unreadable"
        )
    failing = sorted(_failing(run), key=lambda pair: pair[1].severity.rank, reverse=True)
    yield from (_finding(finding, report, run.policy) for report, finding in failing)


def _warnings(run: Run) -> Iterable[str]:
    for report in run.reports:
        judgement = gate.judge(report, run.policy)
        if judgement.result is Result.UNDECIDED:
            message = f"{judgements.reason(report, judgement, run.policy, run.zone)} {judgements.command(report)}"
            title = "har-sockets: no socket opened" if judgement.status == gate.EMPTY else "har-sockets: undecided"
            yield _command("warning", message, file=report.capture.source, title=title)


def _failing(run: Run) -> Iterable[tuple[Report, Finding]]:
    for report in run.reports:
        yield from ((report, finding) for finding in gate.judge(report, run.policy).failing)


def _finding(finding: Finding, report: Report, policy: Policy) -> str:
    """Annotate a finding that fails: an error, whatever its severity, because the build fails for it."""
    parts = (judgements.message(finding, policy), finding.explanation, finding.remedy, judgements.command(report))
    return _command(
        "error", " ".join(filter(None, parts)), file=report.capture.source, title=f"har-sockets: {finding.rule}"
    )


def _command(level: str, message: str, **properties: str) -> str:
    pairs = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value != "-")
    return f"::{level} {pairs}::{_data(message)}"


def _data(text: str) -> str:
    """Escape as `escapeData` of @actions/core."""
    return harmless.safe(text, 1500).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape as `escapeProperty` of @actions/core."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
