"""Word what the gate decides of a capture, and why: the reason, what it rests on, what to do, the command for more.

Text of captures is not yet harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from rich.cells import cell_len

from analyzer import assumptions, gate, unknowns
from analyzer.gate import Judgement, Result
from analyzer.installation import is_typeable
from analyzer.model import (
    Caveat,
    CaveatKind,
    Finding,
    Initiator,
    Policy,
    Report,
    Run,
    Verdict,
    count_rest,
    name_source,
    plural,
)
from analyzer.patterns import Pattern
from analyzer.wording import counts, results, verdict
from analyzer.wording.captures import write_arguments
from analyzer.wording.medium import Medium

NAMED = 20  # findings per capture that `verbose` writes in full
MORE = "More: "
CLAUSE = Pattern(r"[.:;] |(?<! or more)(?<! of them) for (?:at least )?(?=\d)")
WHOSE = Pattern(r"( sockets?) of (?:(?! sockets?).)+?(?= overlapped)")
DANGLING = Pattern(r"(?:,?\s+(?:and|at|by|for|in|least|most|of|than|the|to|up))+$")  # what a number or name follows
PASSED = {
    "overlap": "overlap that the policy allows",
    "possible-overlap": "possible overlap that the policy allows",
    "no-overlap": "no overlap",
}
ENDINGS = {
    0: "Every capture passes.",
    gate.VIOLATED: "The policy is violated.",
    gate.UNREADABLE: "A capture could not be read.",
    gate.EMPTY: "No socket opened, so nothing was checked (--allow-empty accepts it).",
    gate.UNDECIDED: "It is not certain that the policy holds (--allow-undecided accepts it).",
}


def shorten(sentence: str, cells: int, medium: Medium) -> str:
    """Cut a sentence to this many cells: after a clause that fits, else after a word, with an ellipsis."""
    text, sign = medium.safe(sentence.rstrip("."), 4000), medium.signs.ellipsis
    words = text.replace(" were open at the same time", " overlapped")
    for wording in (text, words):
        fitting = [it for it in (*_clauses(wording), wording) if cell_len(it) <= cells]
        if fitting and cell_len(fitting[-1]) >= min(cells, cell_len(wording)) // 2:
            return fitting[-1]
    bare = WHOSE.sub(r"\1", words)  # the number of sockets says more than their address
    fitting = [it for it in (*_clauses(bare), bare) if cell_len(it) <= cells]
    if bare != words and fitting:
        return fitting[-1]
    beginning = medium.short(words, cells).removesuffix(sign)
    whole_words = DANGLING.sub("", beginning.rpartition(" ")[0])
    return (
        (whole_words if len(whole_words) > len(beginning) // 2 else beginning).rstrip(" ,") + sign if beginning else ""
    )


def _clauses(text: str) -> Iterable[str]:
    """Yield the beginnings of a text that end with a clause, the shortest first."""
    return (text[: stop.start()] for stop in CLAUSE.finditer(text))


def other_rules(judgement: Judgement) -> tuple[str, ...]:
    """List the rules that fail a capture beside its first finding: `limit-exceeded`, `2 more duplicate-connection`."""
    first, *others = judgement.failing
    tally = Counter(finding.rule for finding in others)
    return tuple(
        f"{many:,} more {rule}" if rule == first.rule else f"{many:,} × {rule}" if many > 1 else rule
        for rule, many in tally.items()
    )


def command(report: Report) -> str:
    """Name the command that shows more; nothing where no keyboard can write the name of the capture."""
    if not is_typeable(report.capture.source):
        return ""
    return f"{MORE}har-sockets analyze {write_arguments(report.capture)}"


def reason(report: Report, judgement: Judgement, policy: Policy, zone: tzinfo = UTC) -> str:
    """Write in full why the gate decides so, with what that rests on though the capture does not show it."""
    sentences = [*_grounds(report, judgement, policy, zone), *_assumptions(report, judgement)]
    if judgement.failing:
        sentences[0] = f"{judgement.failing[0].severity} {judgement.failing[0].rule}: {sentences[0]}"
    return " ".join(f"{it.rstrip('.')}." for it in sentences) if len(sentences) > 1 else sentences[0]


def details_of(report: Report, judgement: Judgement, policy: Policy, zone: tzinfo = UTC) -> tuple[str, ...]:
    """List what a line has no room for, each a sentence or two: reason, cause, advice, assumptions, command."""
    if judgement.result is Result.PASS:
        return (*_causes(report), *_assumptions(report, judgement))
    cause = [it.explanation for it in judgement.failing[:1] if it.explanation]
    remedy = [it.remedy for it in judgement.failing[:1] if it.remedy]
    grounds = _grounds(report, judgement, policy, zone, whole=True)
    return (*grounds, *cause, *remedy, *_assumptions(report, judgement), *filter(None, (command(report),)))


def _causes(report: Report) -> Iterable[str]:
    """List the causes of overlaps that pass, each once with its advice."""
    causes = (f"{it.explanation} {it.remedy or ''}".rstrip() for it in report.findings if it.explanation)
    return dict.fromkeys(causes)


def _also(judgement: Judgement, report: Report, policy: Policy, zone: tzinfo, whole: bool) -> list[str]:
    """Name the findings that fail the capture beside the first: each in a sentence, or their rules in one."""
    others = judgement.failing[1:]
    if not whole:
        return [f"Also: {', '.join(other_rules(judgement))}."] if others else []
    sentences = [
        f"Also {finding.rule}: {message(finding, policy).rstrip('.')}{_since(finding, report, zone)}."
        for finding in others[:NAMED]
    ]
    return sentences + ([f"{rest.capitalize()}."] if (rest := count_rest(len(others) - NAMED, "finding")) else [])


def _grounds(report: Report, judgement: Judgement, policy: Policy, zone: tzinfo, whole: bool = False) -> list[str]:
    match judgement.result, judgement.status:
        case Result.PASS, _:
            return [explain_pass(report, judgement, policy)]
        case Result.FAIL, _:
            first = judgement.failing[0]
            return [
                f"{message(first, policy).rstrip('.')}{_since(first, report, zone)}.",
                *_also(judgement, report, policy, zone, whole),
            ]
        case _, gate.EMPTY:
            return [_nothing(report), verdict.advice(report)]
        case _:
            return [_explain_undecided(report, policy, zone), verdict.advice(report)]


def _assumptions(report: Report, judgement: Judgement) -> list[str]:
    gists = "; ".join(assumptions.gist(caveat) for caveat in _relevant_caveats(report, judgement))
    return [f"Assumed: {gists}."] if gists else []


def _relevant_caveats(report: Report, judgement: Judgement) -> list[Caveat]:
    """List the assumptions that a result rests on: a pass on a close, a failure on a socket that was still open."""
    caveats = [caveat for caveat in report.capture.caveats if caveat.assumed]
    match judgement.result:
        case Result.PASS:
            return [caveat for caveat in caveats if caveat.id != assumptions.PAGE_ALIVE.id]
        case Result.FAIL:
            failing = report.named(dict.fromkeys(id for finding in judgement.failing for id in finding.sessions))
            rests = {session.assumes.id for session in failing if session.assumes is not None}
            return [caveat for caveat in caveats if caveat.id in rests or caveat in assumptions.BY_WORD.values()]
        case _:
            return [caveat for caveat in caveats if caveat in assumptions.BY_WORD.values()]


def message(finding: Finding, policy: Policy) -> str:
    """Write what a finding says, and first that it exceeds the baseline, where it does."""
    accepted = policy.accepted_peak(finding)
    if accepted is None or finding.peak is None or finding.peak <= accepted:
        return finding.message
    return f"peak {finding.peak:,}, {accepted:,} in the baseline: {finding.message}"


def _since(finding: Finding, report: Report, zone: tzinfo) -> str:
    if finding.interval is None:
        return ""
    from analyzer.timeline import axis_of  # a layer that a line by itself has no need of
    from analyzer.wording import instants

    axis = axis_of(report)
    start = finding.interval.start
    date = instants.write_date(report.capture, "", start, zone)
    return f"; since {instants.since(start, axis)}" + (f" ({date})" if date else "")


def _nothing(report: Report) -> str:
    if report.sessions:
        return verdict.none_opened(report)
    if not gate.is_undecided(report):
        return "No WebSocket was recorded."
    # A file may be of another program than its name says: `.har` of a flow file.
    return f"{report.capture.exporter.label} recorded no WebSocket; some may be missing."


def open_question(report: Report, judgement: Judgement) -> tuple[str, str]:
    """Name the rule or caveat that leaves the capture undecided, and why in short."""
    if judgement.status == gate.EMPTY:
        return "nothing-recorded", _nothing(report)
    open_findings = _possible(report)
    if open_findings:
        first = open_findings[0]
        alike = [report.named(it.sessions) for it in open_findings if it.rule == first.rule == "possible-overlap"]
        return first.rule, unknowns.in_short(alike) if alike else first.message
    hidden = _hidden(report)
    return (
        (hidden[0].id, hidden[0].message) if hidden else ("undecided", "more sockets were possibly open than certainly")
    )


def _possible(report: Report) -> Sequence[Finding]:
    """List the findings that are possible, first those that the policy does not allow in any case."""
    possible = [finding for finding in report.findings if finding.confidence != "proven"]
    return [finding for finding in possible if finding.remedy] or possible


def _hidden(report: Report) -> Sequence[Caveat]:
    """List the limits that leave a capture undecided: sockets may be missing, or of another tab."""
    caveats = report.capture.caveats
    hidden = [caveat for caveat in caveats if caveat.hides_sockets]
    return hidden or [caveat for caveat in caveats if caveat.id == CaveatKind.TAB_UNKNOWN]


def _explain_undecided(report: Report, policy: Policy, zone: tzinfo) -> str:
    """Explain in the verdict's words; where it is about more than the policy leaves undecided, in the finding's."""
    possible = _possible(report)
    all_of_it = {it.sessions for it in possible} in (set(), {it.sessions for it in report.overlaps})
    whole = report.verdict is Verdict.POSSIBLE_OVERLAP and all_of_it
    if whole or report.verdict is Verdict.INCONCLUSIVE:
        sentence = " ".join(verdict.verdict_sentences(report, policy)[:2])
    else:
        messages = [finding.message for finding in possible] + [caveat.message for caveat in _hidden(report)]
        sentence = f"Undecided: {next(iter(messages), 'more sockets were possibly open than certainly.')}"
    first = next(iter(possible), None)
    return (
        sentence if first is None or first.interval is None else f"{sentence.rstrip('.')}{_since(first, report, zone)}."
    )


def explain_pass(report: Report, judgement: Judgement, policy: Policy) -> str:
    words = PASSED.get(report.verdict, "")
    if results.kind(report, policy) is results.Kind.FOREIGN_OVERLAP:
        headline = verdict.headline(report, policy)
        words = headline[0].lower() + headline[1:]
    if judgement.accepted:
        words = f"{plural(len(judgement.accepted), 'finding')} in the baseline"
    elif report.accepted and report.opened and not gate.is_undecided(report):
        words = f"{plural(len(report.accepted), 'possible finding')} in the baseline"
    elif not report.opened:
        return f"no socket{' opened' if report.sessions else ''}, which is allowed"
    elif gate.is_undecided(report):
        words = "undecided, which is allowed"
    return f"{words} ({counts.count_sockets(report, policy)})"


def _openers(report: Report, finding: Finding) -> Iterable[Initiator | None]:
    return (session.initiator for session in report.named(finding.sessions))


def name_result(report: Report, policy: Policy) -> str:
    """Say how `check` judges a capture: `FAIL: duplicate-connection, limit-exceeded.`"""
    judgement = gate.judge(report, policy)
    rules = ", ".join(dict.fromkeys(finding.rule for finding in judgement.failing))
    return f"{judgement.result}{f': {rules}' if rules else ''}."


def total_sentence(run: Run) -> str:
    """Count the captures by result, and say what that means."""
    tally = Counter(gate.judge(report, run.policy).result for report in run.reports)
    tally[Result.UNDECIDED] += len(run.unreadable)
    order = (Result.FAIL, Result.UNDECIDED, Result.PASS)
    tallies = [f"{tally[result]:,} {result}" for result in order if tally[result]]
    total = plural(tally.total(), "capture")
    settings = f" Settings: {run.policy.file}." if run.policy.file else ""
    absent = gate.absent(run)
    advice = "remove it if it is fixed" if absent == 1 else "remove those that are fixed"
    over = f" {plural(absent, 'finding')} in the baseline did not occur: {advice}." if absent else ""
    return f"{total}: {', '.join(tallies)}. {ENDINGS[gate.exit_status(run)]}{over}{settings}"


def first_problem(run: Run, status: int) -> str:
    """Say in one line, `PATH: POINTER: problem`, why the gate ends with this status: 1, 4 or 5."""
    judged = [(report, gate.judge(report, run.policy)) for report in run.reports]
    (report, judgement), *others = [(report, it) for report, it in judged if it.status == status]
    source, more = name_source(report.capture.source), f" (and {plural(len(others), 'more capture')})" if others else ""
    if status != gate.VIOLATED:
        nothing = "no socket opened" if report.sessions else "no sockets"
        what = nothing if status == gate.EMPTY else f"undecided ({report.verdict})"
        return f"{source}: {what}{more}"
    first = judgement.failing[0]
    place = f"{first.pointers[0]}: " if first.pointers else ""
    return f"{source}: {place}fails the policy: {first.rule}{more}"


def describe_baseline(run: Run, path: str) -> list[str]:
    """Say what a baseline that was just written holds, and what it does not do."""
    judged = [(report, gate.judge(report, run.policy)) for report in run.reports]
    undecided = sum(judgement.result is Result.UNDECIDED for _, judgement in judged)
    fingerprints = {finding.fingerprint for _, judgement in judged for finding in judgement.accepted}
    placed = {
        finding.fingerprint
        for report, judgement in judged
        for finding in judgement.accepted
        if any(code is not None and (code.component or code.function) for code in _openers(report, finding))
    }
    captures = plural(sum(bool(judgement.accepted) for _, judgement in judged), "capture")
    lines = [f"{path}: written, {plural(len(fingerprints), 'finding')} (in {captures})."]
    if anywhere := len(fingerprints - placed):
        subject = "finding has no call stack: it" if anywhere == 1 else "findings have no call stack: each"
        lines.append(f"{anywhere:,} {subject} also accepts the same fault elsewhere at this address.")
    if undecided:
        subject = "capture stays undecided, unless its" if undecided == 1 else "captures stay undecided, unless their"
        lines.append(f"{undecided:,} {subject} possible fault is in the baseline.")
    return lines
