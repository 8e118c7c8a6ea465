"""What the gate says: a line a capture (PASS, FAIL, ????) with why, since when and the command that shows more; then
one line for all."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from rich.text import Text

from analyzer import assumptions, gate
from analyzer.gate import Judgement, Result
from analyzer.model import TOGETHER, Caveat, Finding, Policy, Report, Run, Unreadable, Verdict
from analyzer.outputs import terminal, verdict
from analyzer.outputs.terminal import BAD, FAINT, GOOD, NARROWEST, STRONG, UNSURE, Medium, count, wrapped

MARGIN = " " * 6  # under the mark
STYLES = {Result.PASS: GOOD, Result.FAIL: BAD, Result.UNDECIDED: UNSURE}
PASSED = {
    "overlap": "several open at once, as the policy allows",
    "possible-overlap": "perhaps several open at once, as the policy allows",
    "no-overlap": "never more than one open",
}
ENDINGS = {
    0: "Every capture passes.",
    gate.VIOLATED: "The policy is violated.",
    gate.UNREADABLE: "A capture could not be read.",
    gate.EMPTY: "In a capture no socket opened: nothing was checked (--allow-empty passes it).",
    gate.UNDECIDED: "It cannot be told whether the policy is kept (--allow-undecided passes that).",
}


def render(run: Run, *, width: int | None = None, color: bool = False, unicode: bool = True) -> bytes:
    """The gate for people and logs, in UTF-8 (ASCII unless `unicode`). Without `width` a capture is one line, however
    long: what reads logs can search it."""
    medium = Medium(max(width or 0, NARROWEST), unicode)
    lines: list[Text] = []
    for mark, said, more in entries(run):
        head = Text().append(f"{mark}  ", f"{STRONG} {STYLES[mark]}")
        if width is None:
            lines.append(head.append(medium.safe(" ".join(filter(None, (said, more))), 4000)))
        else:
            first, *rest = wrapped(Text(medium.safe(said, 4000)), medium, MARGIN)
            lines += [head.append_text(first[len(MARGIN) :]), *rest]
            lines += wrapped(Text(medium.safe(more, 4000), FAINT), medium, MARGIN) if more else []
    total = Text(medium.safe(total_sentence(run), 4000), STRONG)
    lines += [total] if width is None else wrapped(total, medium)
    return terminal.printed(lines, color)


def entries(run: Run) -> Iterable[tuple[Result, str, str]]:
    """For each capture the mark, what is said, and the command that shows more; text of captures is not yet safe."""
    for report in run.reports:
        judgement = gate.judge(report, run.policy)
        shown = f"{report.capture.source}: {reason(report, judgement, run.policy)}"
        yield judgement.result, shown, "" if judgement.result is Result.PASS else command(report)
    for it in run.unreadable:
        yield Result.UNDECIDED, unreadable(it), ""


def unreadable(it: Unreadable) -> str:
    return f"{it.source}: cannot be read: {it.problem}"


def command(report: Report) -> str:
    """The one that shows more."""
    source = report.capture.source
    if source == "-":
        return "More: har-sockets analyze -"
    sources = source.split(TOGETHER) if report.capture.format == "merged" else [source]
    names = [f"./{name}" if name.startswith("-") else name for name in sources]
    together = "--together " if len(names) > 1 else ""
    return f"More: har-sockets analyze {together}{' '.join(map(shlex.quote, names))}"


def reason(report: Report, judgement: Judgement, policy: Policy) -> str:
    """Why the gate says so, and what that rests on though the capture does not show it."""
    assumed = "; ".join(assumptions.gist(caveat) for caveat in _assumed(report, judgement))
    why = _why(report, judgement, policy)
    return f"{why.rstrip('.')}. Assumed: {assumed}." if assumed else why


def _assumed(report: Report, judgement: Judgement) -> list[Caveat]:
    """A pass may rest on a socket's having closed, a failure on its having been open."""
    given = [caveat for caveat in report.capture.caveats if caveat.assumed]
    match judgement.result:
        case Result.PASS:
            return [caveat for caveat in given if caveat.id != assumptions.PAGE_ALIVE.id]
        case Result.FAIL:
            failing = report.named(dict.fromkeys(id for finding in judgement.failing for id in finding.sessions))
            rests = {session.assumes.id for session in failing if session.assumes is not None}
            return [caveat for caveat in given if caveat.id in rests or caveat in assumptions.BY_WORD.values()]
        case _:
            return [caveat for caveat in given if caveat in assumptions.BY_WORD.values()]


def _why(report: Report, judgement: Judgement, policy: Policy) -> str:
    match judgement.result, judgement.status:
        case Result.FAIL, _:
            first, *others = judgement.failing
            more = f" And {count(len(others), 'more finding')}." if others else ""
            return f"{first.severity} {first.rule}: {first.message.rstrip('.')}{_since(first, report)}.{more}"
        case Result.UNDECIDED, gate.EMPTY:
            return f"{_nothing(report)} {verdict.advice(report)}"
        case Result.UNDECIDED, _:
            return f"{_cannot_tell(report, policy)} {verdict.advice(report)}"
        case _:
            return _passed(report, judgement)


def _since(finding: Finding, report: Report) -> str:
    if finding.interval is None:
        return ""
    axis = terminal.axis_of(report, 1)
    return f"; since {terminal.since(finding.interval.start, axis)} ({terminal.stamp(finding.interval.start)})"


def _nothing(report: Report) -> str:
    if report.sessions:
        return verdict.none_opened(report)
    sure = not gate.undecided(report)
    return (
        "No WebSocket was recorded."
        if sure
        else "No WebSocket is in this file, which does not mean that there was none."
    )


def _cannot_tell(report: Report, policy: Policy) -> str:
    """The verdict's own words; where that is of more than the policy leaves undecided, what is not known beside it."""
    told = [finding for finding in report.findings if finding.confidence != "proven"]
    perhaps = [finding for finding in told if finding.remedy] or told  # without what the policy allows in any case
    all_of_it = {it.sessions for it in perhaps} in (set(), {it.sessions for it in report.overlaps})
    whole = report.verdict is Verdict.POSSIBLE_OVERLAP and all_of_it
    if whole or report.verdict is Verdict.INCONCLUSIVE:
        said = " ".join(verdict.verdict_sentences(report, policy)[:2])
    else:
        hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
        messages = [finding.message for finding in perhaps] + hidden
        said = f"Cannot tell: {next(iter(messages), 'more may have been open at once than is certain.')}"
    first = next(iter(perhaps), None)
    return said if first is None or first.interval is None else f"{said.rstrip('.')}{_since(first, report)}."


def _passed(report: Report, judgement: Judgement) -> str:
    said = PASSED.get(report.verdict, "")
    if judgement.known:
        said = f"{count(len(judgement.known), 'finding')}, known by the baseline"
    elif not report.opened:
        return f"no socket{' opened' if report.sessions else ''}, which is allowed"
    elif gate.undecided(report):
        said = "cannot tell, which is allowed"
    return f"{said} ({count(len(report.sessions), 'socket')})"


def total_sentence(run: Run) -> str:
    """How many captures pass, and what that means."""
    tally = Counter(gate.judge(report, run.policy).result for report in run.reports)
    tally[Result.UNDECIDED] += len(run.unreadable)
    told = [f"{tally[result]:,} {result}" for result in (Result.FAIL, Result.UNDECIDED, Result.PASS) if tally[result]]
    total = count(tally.total(), "capture")
    settings = f" Settings: {run.policy.file}." if run.policy.file else ""
    return f"{total}: {', '.join(told)}. {ENDINGS[gate.exit_status(run)]}{settings}"


def first_problem(run: Run, status: int) -> str:
    """In one line, `PATH: POINTER: problem`, why the gate ends with this status: 1, 4 or 5."""
    judged = [(report, gate.judge(report, run.policy)) for report in run.reports]
    (report, judgement), *others = [(report, it) for report, it in judged if it.status == status]
    source, more = report.capture.source, f" (and {count(len(others), 'more capture')})" if others else ""
    if status != gate.VIOLATED:
        nothing = "no socket opened" if report.sessions else "no sockets"
        what = nothing if status == gate.EMPTY else f"cannot tell ({report.verdict})"
        return f"{source}: {what}{more}"
    first = judgement.failing[0]
    place = f"{first.pointers[0]}: " if first.pointers else ""
    return f"{source}: {place}{first.severity} {first.rule}{more}"


def render_accepted(run: Run, path: str) -> bytes:
    """What a baseline that was just written holds, in one line."""
    judged = [gate.judge(report, run.policy) for report in run.reports]
    known, untold = sum(len(it.known) for it in judged), sum(it.result is Result.UNDECIDED for it in judged)
    said = f"{path}: written, {count(known, 'finding')} of {count(sum(bool(it.known) for it in judged), 'capture')}"
    rest = f" {count(untold, 'capture')} cannot be told, which a baseline does not change." if untold else ""
    return terminal.printed([Text(Medium(NARROWEST, unicode=True).safe(f"{said}.{rest}", 4000))], False)
