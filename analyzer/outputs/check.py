"""Write what the gate decides: one line per capture (PASS, FAIL, UNDECIDED) with rule and reason, one line for all.

A line stays within `WIDEST` columns: the reason gives way, never the path. `verbose` adds what a line has no room for:
the reason in full, since when, its cause, what to do, what it rests on, and the command that shows more.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich.cells import cell_len

from analyzer import gate
from analyzer.gate import Judgement, Result
from analyzer.model import Report, Run, Value, name_source
from analyzer.wording import judgements, titles
from analyzer.wording.medium import BAD, GOOD, NARROWEST, STRONG, UNSURE, Medium

WIDEST = 120  # columns of a line
MARK = max(map(len, Result))
MARGIN = " " * (MARK + 2)  # under the path
REASON = 44  # columns; where the path leaves fewer, the reason gets a line of its own
STYLES = {Result.PASS: GOOD, Result.FAIL: BAD, Result.UNDECIDED: UNSURE}


class Line(Value, frozen=True):
    """Hold what the gate says of one capture. Text of captures is not yet harmless."""

    result: Result
    source: str
    rule: str  # or the id of the caveat that leaves it undecided; empty for a capture that passes
    sentence: str
    others: tuple[str, ...] = ()  # other rules that fail it
    details: tuple[str, ...] = ()  # only where they are asked for
    is_whole: bool = False  # a terminal shows all of the sentence: it says what to do, and nothing else does


class Paragraph(msgspec.Struct, frozen=True):
    """Hold a text, harmless, with what stands in the margin before its first line, and in which style."""

    text: str
    mark: str = MARGIN
    style: str = ""


def render(
    run: Run, *, width: int | None = None, color: bool = False, unicode: bool = True, verbose: bool = False
) -> bytes:
    """Render the gate for people and logs, in UTF-8 (ASCII unless `unicode`). Without `width` no line is wrap, so
    that a log can be searched."""
    medium = Medium(max(min(width or WIDEST, WIDEST), NARROWEST), unicode)
    wraps = width is not None
    paragraphs = [it for line in _lines(run, verbose) for it in _write(line, medium, wraps, verbose)]
    total = medium.safe(_total(run, verbose), 4000)
    if not wraps and not color:  # a log: without rich's Text, which takes a tenth of a start
        lines = [*(it.mark + it.text for it in paragraphs), total]
        return "".join(f"{line.rstrip()}\n" for line in lines).encode("utf-8")
    return _paint(paragraphs, total, medium, wraps, color)


def _paint(paragraphs: Iterable[Paragraph], total: str, medium: Medium, wraps: bool, color: bool) -> bytes:
    from rich.text import Text

    from analyzer.wording.terminal import encode, wrap

    lines: list[Text] = []
    for paragraph in paragraphs:
        text = Text(paragraph.text)
        first, *rest = wrap(text, medium, MARGIN) if wraps else [Text(MARGIN).append_text(text)]
        lines += [Text().append(paragraph.mark, paragraph.style).append_text(first[len(MARGIN) :]), *rest]
    last = Text(total, STRONG)
    return encode([*lines, *(wrap(last, medium) if wraps else [last])], color)


def _write(line: Line, medium: Medium, wraps: bool, verbose: bool) -> list[Paragraph]:
    mark = f"{line.result:<{MARK}}  "
    path = medium.safe(name_source(line.source), 4000) + ": "
    lead = f"{medium.safe(line.rule)}: " if line.rule else ""
    others = f" (and {', '.join(line.others)})" if line.others else ""
    room = WIDEST - len(MARGIN) - cell_len(path)
    apart = room < REASON  # the path takes nearly the whole line
    room = WIDEST - len(MARGIN) if apart else room
    if verbose or (line.is_whole and wraps):
        sentence = medium.safe(line.sentence, 4000)
    else:
        sentence = judgements.shorten(line.sentence, room - len(lead) - len(others), medium)
    in_details = line.result is not Result.PASS and line.details
    reason = f"{lead.removesuffix(': ')}{others}" if in_details else f"{lead}{sentence}{others}"
    first, *rest = [path.rstrip(), reason] if apart else [path + reason]
    rest += [medium.safe(it, 4000) for it in line.details]
    return [Paragraph(first, mark, STYLES[line.result]), *map(Paragraph, rest)]


def _lines(run: Run, verbose: bool) -> Iterable[Line]:
    for report in run.reports:
        yield _line(report, gate.judge(report, run.policy), run, verbose)
    for file in run.unreadable:
        yield Line(Result.UNDECIDED, file.source, "", f"{titles.PROBLEM}: {file.problem}", is_whole=True)


def _line(report: Report, judgement: Judgement, run: Run, verbose: bool) -> Line:
    source = report.capture.source
    details = judgements.details_of(report, judgement, run.policy, run.zone) if verbose else ()
    match judgement.result:
        case Result.PASS:
            return Line(
                Result.PASS, source, "", judgements.explain_pass(report, judgement, run.policy), details=details
            )
        case Result.FAIL:
            first = judgement.failing[0]
            others = judgements.other_rules(judgement)
            return Line(Result.FAIL, source, first.rule, judgements.message(first, run.policy), others, details)
        case _:
            rule, sentence = judgements.open_question(report, judgement)
            return Line(Result.UNDECIDED, source, rule, sentence, details=details)


def _total(run: Run, verbose: bool) -> str:
    """Count the captures, and name the option that shows more where there is more."""
    total, hint = judgements.total_sentence(run), " Details: --verbose."
    more = any(gate.judge(report, run.policy).result is not Result.PASS for report in run.reports)
    return total + hint if more and not verbose and len(total + hint) <= WIDEST else total


def render_accepted(run: Run, path: str) -> bytes:
    """Say what a baseline that was just written holds, and what it does not do."""
    medium = Medium(NARROWEST, unicode=True)
    return "".join(f"{medium.safe(line, 4000)}\n" for line in judgements.describe_baseline(run, path)).encode("utf-8")
