"""Write what people read in a terminal, in the order in which they ask: verdict, timeline, findings with cause and
remedy, opened by, services, what is covered, limits of the capture.

Up to five captures are shown in full, more with one line each and a summary.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from itertools import zip_longest

import msgspec
from rich.cells import cell_len
from rich.text import Text

from analyzer.model import (
    MATTERS,
    Caveat,
    Finding,
    Outcome,
    Policy,
    Report,
    Run,
    Severity,
    Skipped,
    Unreadable,
    count_rest,
    format_duration,
    join_some,
    name_source,
    plural,
)
from analyzer.painting import listing
from analyzer.painting.text_timeline import timeline_lines
from analyzer.wording import console, instants, origins, proof, results, services, terminal, titles, verdict
from analyzer.wording.coverage import list_coverage
from analyzer.wording.medium import BAD, MARGIN, NARROWEST, STRONG, TONES, Medium
from analyzer.wording.terminal import heading, wrap

IN_FULL = 5  # captures; more get one line each
PROOF = 3  # lines per cause; --verbose shows all
SOCKETS, GROUPS, FINDINGS, CAVEATS, SKIPPED = 12, 8, 4, 10, 5
INSET = MARGIN + " " * 9  # under a finding


def render(
    run: Run,
    *,
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    cut: bool = False,
    verbose: bool = False,
) -> bytes:
    """Render the run for people, in UTF-8 (ASCII unless `unicode`), no line wider than `width` (at least 40).

    Only the lines of many captures may be wider, unless `cut`: a file or a pipe gets every path in full. `verbose`
    shows every finding, and every line of its proof.
    """
    medium = Medium(max(width, NARROWEST), unicode)
    several = len(run.reports) + len(run.unreadable)
    lines: list[Text] = []
    whole = several if run.selection is None else len(run.selection)
    if whole > IN_FULL:
        lines = listing.lines(run, medium, cut=cut)
    else:
        for report in run.reports:
            lines += [*_full(report, run, medium, verbose), Text()]
        for file in run.unreadable:
            lines += [*_unreadable(file, medium), Text()]
        if several != 1 or whole != 1:
            lines += listing.closing(run, medium)
    while lines and not lines[-1].plain:
        lines.pop()
    return terminal.encode(lines, color)


def _unreadable(file: Unreadable, medium: Medium) -> list[Text]:
    text = Text().append(f"{medium.short_left(name_source(file.source), medium.width - 8)}: ", STRONG)
    text.append(f"{titles.PROBLEM}: {medium.safe(file.problem)}", BAD)
    sign = medium.signs.unreadable
    return wrap(text, medium, f"{sign} " if medium.unicode else f"{sign:<4} ")


# -- one capture -------------------------------------------------------------------------------------------


def _full(report: Report, run: Run, medium: Medium, verbose: bool) -> list[Text]:
    return [
        *_header(report, run.zone, medium),
        Text(),
        *_verdict(report, run.policy, medium),
        *timeline_lines(report, medium),
        *_findings(report.findings, run, medium, verbose),
        *_errors(report, medium),
        *_console(report, medium),
        *_origins(report, medium),
        *_services(report, run.policy, medium),
        *_coverage(report, medium),
        *_caveats(report.capture.caveats, medium),
        *_unread_parts(report.capture.skipped, medium),
    ]


def _header(report: Report, zone: tzinfo, medium: Medium) -> list[Text]:
    capture, dot = report.capture, f" {medium.signs.dot} "
    title = Text(medium.short_left(name_source(capture.source), medium.width - 8), STRONG)
    counts = [plural(len(capture.pages), "page")] if capture.pages else []
    counts += [plural(len(report.sessions), "socket"), capture.count_records()]
    facts = [f"recorded with {medium.short(capture.exporter.label, 48)}{dot}{', '.join(counts)}"]
    if capture.observed is not None:
        start, end = capture.observed
        begun = instants.write_date(capture, ", from ", start, zone)
        facts.append(f"{format_duration((end or start) - start)} recorded{begun}")
    if cell_len(dot.join(facts)) <= medium.width - len(MARGIN):
        facts = [dot.join(facts)]
    return [
        terminal.headline(title, medium),
        *(line for fact in facts for line in wrap(Text(fact), medium, MARGIN)),
    ]


def _verdict(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    mark, tone = results.mark(results.kind(report, policy), medium.signs)
    answer, *more = verdict.verdict_sentences(report, policy)
    first = f" {mark} "
    lines = wrap(Text(medium.safe(answer, 2000), STRONG), medium, first)
    lines[0].stylize(f"not bold {TONES[tone]}", 0, len(first))
    return lines + [line for it in more for line in wrap(Text(medium.safe(it, 2000)), medium, " " * len(first))]


# -- the timeline ------------------------------------------------------------------------------------------


def _services(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    entries = services.list_services(report, policy)
    if not entries:
        return []
    lines = heading("Services")
    for service in entries[:GROUPS]:
        line = Text().append(medium.safe(service.name), STRONG).append(f": {medium.safe(service.sentences, 2000)}")
        line.highlight_regex(services.EXCEEDED, BAD)
        lines += wrap(line, medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(entries) - GROUPS, medium)


def _origins(report: Report, medium: Medium) -> list[Text]:
    """Name the code that opened the sockets, where the capture recorded it."""
    places = origins.sentences(report)
    if not places:
        return []
    lines = heading(titles.OPENED_BY)
    for place in places[:GROUPS]:
        lines += wrap(Text(medium.safe(place, 1000)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(places) - GROUPS, medium)


# -- below it ----------------------------------------------------------------------------------------------


def _coverage(report: Report, medium: Medium) -> list[Text]:
    return [Text(), *(line for it in list_coverage(report) for line in wrap(Text(it), medium, MARGIN))]


def _errors(report: Report, medium: Medium) -> list[Text]:
    """List the errors that closed open sockets, in the browser's words: the table may have no room for them."""
    broken: dict[str, list[str]] = {}
    for session in report.sessions:
        if session.outcome is Outcome.CLOSED and session.problem:
            broken.setdefault(session.problem, []).append(f"#{session.id[1:]}")
    if not broken:
        return []
    lines = heading("Closed by an error")
    for problem, ids in list(broken.items())[:GROUPS]:
        line = f"{join_some(ids, SOCKETS)}: {medium.safe(problem, 1000)}"
        lines += wrap(Text(line), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(broken) - GROUPS, medium)


def _console(report: Report, medium: Medium) -> list[Text]:
    """List warnings and errors of the browser's console, with the socket that each was near."""
    entries = console.list_entries(report)
    if not entries:
        return []
    lines = heading(console.TITLE)
    for entry in entries[:GROUPS]:
        lines += wrap(Text(medium.safe(entry.sentence, 1000)), medium, f"{MARGIN}{medium.signs.dot} ")
    lines += _more(len(entries) - GROUPS, medium)
    if dropped := console.describe_dropped(report):
        lines.append(Text(f"{MARGIN}{medium.signs.dot} {dropped}"))
    return lines


def _findings(findings: Sequence[Finding], run: Run, medium: Medium, verbose: bool) -> list[Text]:
    """Write the findings, the most severe first, then by rule: what, likely cause, proof, and what to do once.

    `verbose`: all of them, and why each rule matters.
    """
    if not findings:
        return []
    by_rule: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((-finding.severity.rank, finding.rule), []).append(finding)
    lines = heading(titles.FINDINGS)
    importance = {rule.id: rule.importance for rule in run.rules} if verbose else {}
    remedies: set[str] = set()
    for (_, rule), members in sorted(by_rule.items(), key=lambda item: item[0][0]):
        visible = members if verbose else members[:FINDINGS]
        alike: list[Finding] = []  # neighbours that one cause explains
        for finding, following in zip_longest(visible, visible[1:]):
            first = f"{MARGIN}{finding.severity:<7}  "
            block = wrap(_with_id(medium.safe(finding.message, 1000), rule), medium, first)
            block[0].stylize(SEVERITIES[finding.severity], 0, len(first))
            lines += block
            alike.append(finding)
            if (
                following is None
                or None in (finding.why, following.why)
                or following.explanation != finding.explanation
            ):
                together = tuple(line for it in alike for line in it.proof)
                lines += _cause(msgspec.structs.replace(finding, proof=together), medium, verbose)
                alike = []
        if len(members) > len(visible):
            lines += wrap(Text(f"and {len(members) - len(visible):,} more of {rule}: --verbose"), medium, INSET)
        if importance.get(rule):
            lines += wrap(Text(f"{MATTERS}{importance[rule]}"), medium, INSET)
        for remedy in dict.fromkeys(it.remedy for it in visible if it.remedy and it.remedy not in remedies):
            lines += wrap(Text(medium.safe(remedy, 1000)), medium, f"{INSET}{medium.signs.arrow} ")
            remedies.add(remedy)
    return lines


def _with_id(sentence: str, id: str | None) -> Text:
    """Write a sentence with the id of its rule or cause behind it."""
    return Text(f"{sentence} [{id}]" if id else sentence)


def _cause(finding: Finding, medium: Medium, verbose: bool) -> list[Text]:
    """Write why it happened, and where the file shows that."""
    lines = []
    if finding.explanation is not None:
        lines += wrap(_with_id(medium.safe(finding.explanation, 1000), finding.cause), medium, INSET)
    elif finding.silence is not None:
        lines += wrap(Text(finding.silence), medium, INSET)
    steps = proof.lines(finding.proof, whole=verbose)
    visible = steps if verbose else steps[:PROOF]
    for line in visible:
        lines += wrap(Text(medium.safe(line, 1000)), medium, f"{INSET}{medium.signs.dot} ")
    if rest := count_rest(len(steps) - len(visible), where="--verbose"):
        lines += wrap(Text(rest), medium, f"{INSET}{medium.signs.dot} ")
    return lines


SEVERITIES = {Severity.ERROR: BAD, Severity.WARNING: BAD, Severity.NOTE: STRONG}


def _caveats(caveats: Sequence[Caveat], medium: Medium) -> list[Text]:
    if not caveats:
        return []
    lines = heading(titles.LIMITS)
    # First those that the answer rests on: none of them is left out.
    weighty = sorted(caveats, key=lambda caveat: not (caveat.hides_sockets or caveat.assumed))
    for caveat in weighty[:CAVEATS]:
        lines += wrap(Text(medium.safe(caveat.message)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(caveats) - CAVEATS, medium)


def _unread_parts(skipped: Sequence[Skipped], medium: Medium) -> list[Text]:
    if not skipped:
        return []
    lines = heading(titles.SKIPPED)
    for part in skipped[:SKIPPED]:
        line = Text().append(medium.safe(part.pointer or "/"), STRONG).append(f": {medium.safe(part.problem)}")
        lines += wrap(line, medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(skipped) - SKIPPED, medium)


def _more(number: int, medium: Medium) -> list[Text]:
    rest = count_rest(number)
    return [Text(f"{MARGIN}{medium.signs.dot} {rest}")] if rest else []
