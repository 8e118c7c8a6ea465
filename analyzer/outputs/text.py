"""What people read in a terminal: the verdict in plain words, the timeline drawn, findings, what the file cannot show.

Up to five captures are told in full; above that one line each and a summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import dedent

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.model import (
    Caveat,
    Finding,
    Outcome,
    Page,
    PageKind,
    Policy,
    Report,
    Run,
    Session,
    Severity,
    Skipped,
    Unreadable,
    Value,
    Verdict,
    spoken,
)
from analyzer.outputs import origins, proof, services, terminal, verdict
from analyzer.outputs.document import tried
from analyzer.outputs.terminal import BAD, FAINT, GOOD, NARROWEST, STRONG, UNSURE, Axis, Medium, count, heading, wrapped
from analyzer.outputs.verdict import Kind

SUFFIX = ".txt"
IN_FULL = 5  # captures; above that one line each
ROWS = 100  # sockets; above that they are summed up
SHOWN = 24  # of these the rows of so many
PROOF = 4  # lines, of a cause
ADDRESSES, GROUPS, FINDINGS, CAVEATS, SKIPPED = 12, 8, 4, 10, 5
MARGIN = "   "
BEGAN, ENDED, AT_ONCE = "opened", "how it ended", "up to {} at once"
ALL = "--format csv has them all"
ACCENT = "cyan"


def render(run: Run, *, width: int = 80, color: bool = False, unicode: bool = True) -> bytes:
    """The run for people, in UTF-8 (in ASCII unless `unicode`), no line wider than `width` (at least 40)."""
    medium = Medium(max(width, NARROWEST), unicode)
    lines: list[Text] = []
    several = len(run.reports) + len(run.unreadable)
    if several > IN_FULL:
        lines += [line for report in run.reports for line in _short(report, run.policy, medium)]
        lines += [line for it in run.unreadable for line in _unreadable(it, medium)]
    else:
        for report in run.reports:
            lines += [*_full(report, run.policy, medium), Text()]
        for it in run.unreadable:
            lines += [*_unreadable(it, medium), Text()]
    if several != 1:
        lines += [Text()] * (several > IN_FULL) + _summary(run, medium)
    while lines and not lines[-1].plain:
        lines.pop()
    return terminal.printed(lines, color)


def timeline(report: Report, medium: Medium) -> str:
    """Draw the timeline with characters, for a page that shows them as they are."""
    return dedent(terminal.printed(_timeline(report, medium), False).decode("utf-8")).strip("\n")


# -- many captures -----------------------------------------------------------------------------------------

TALLIES = {
    Kind.OVERLAP: "several open at once",
    Kind.POSSIBLE_OVERLAP: "cannot rule it out",
    Kind.INCONCLUSIVE: "cannot tell",
    Kind.FOREIGN_OVERLAP: "one of the app's",
    Kind.NO_OVERLAP: "never more than one",
    Kind.NONE_OPENED: "no socket opened",
    Kind.NO_SOCKETS: "no sockets",
}


def _short(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    """One line: mark, verdict, sockets, most at once, file."""
    kind = verdict.kind(report, policy)
    mark, style = _mark(kind, medium)
    line = Text().append(f"{mark:<4} " if not medium.unicode else f"{mark} ", style)
    line.append(f"{TALLIES[kind]:<20}  ", style)
    line.append(f"{count(len(report.sessions), 'socket'):>11}  {_most(report):<12}  ")
    return [line.append(medium.short_left(report.capture.source, medium.width - line.cell_len))]


def _most(report: Report) -> str:
    """How many were open at once: what is proven bounds it from below, what is possible from above."""
    proven, possible = report.concurrency.proven_peak, report.concurrency.possible_peak
    hidden = verdict.sockets_hidden(report)
    if proven == possible and not hidden and report.verdict is not Verdict.OVERLAP:
        return f"at most {possible}" if report.sessions else ""
    if report.verdict is Verdict.POSSIBLE_OVERLAP and not hidden:
        return f"at most {possible}"
    if report.verdict is Verdict.NO_OVERLAP:
        return f"at most {possible}"
    return f"at least {proven}" if proven else ""


def _unreadable(it: Unreadable, medium: Medium) -> list[Text]:
    sign = "!" if medium.unicode else "[!]"
    text = Text().append(f"{medium.short_left(it.source, medium.width - 8)}: ", STRONG)
    text.append(f"cannot be read: {medium.safe(it.problem)}", BAD)
    return wrapped(text, medium, f"{sign:<4} " if not medium.unicode else f"{sign} ")


def _summary(run: Run, medium: Medium) -> list[Text]:
    tally = Counter(verdict.kind(report, run.policy) for report in run.reports)
    told = [f"{words} {tally[kind]:,}" for kind, words in TALLIES.items() if tally[kind]]
    told += [f"cannot be read {len(run.unreadable):,}"] if run.unreadable else []
    total = count(len(run.reports) + len(run.unreadable), "capture")
    return wrapped(Text(f"{total}: {', '.join(told)}." if told else f"{total}.", STRONG), medium)


# -- one capture -------------------------------------------------------------------------------------------


def _full(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    return [
        *_header(report, medium),
        Text(),
        *_verdict(report, policy, medium),
        *_timeline(report, medium),
        *_services(report, policy, medium),
        *_origins(report, medium),
        *_tried(report, medium),
        *_errors(report, medium),
        *_findings(report.findings, medium),
        *_caveats(report.capture.caveats, medium),
        *_skipped(report.capture.skipped, medium),
    ]


def _header(report: Report, medium: Medium) -> list[Text]:
    capture, dot = report.capture, f" {medium.signs.dot} "
    title = Text(medium.short_left(capture.source, medium.width - 8), STRONG)
    counts = [count(len(capture.pages), "page")] if capture.pages else []
    counts += [count(len(report.sessions), "socket"), count(capture.entries, "entry", "entries")]
    told = [f"recorded with {medium.short(capture.exporter.label, 48)}{dot}{', '.join(counts)}"]
    if capture.observed is not None:
        start, end = capture.observed
        told.append(f"{spoken((end or start) - start)} seen, from {terminal.utc(start)}")
    if cell_len(dot.join(told)) <= medium.width - len(MARGIN):
        told = [dot.join(told)]
    return [
        terminal.headline(title, medium),
        *(line for it in told for line in wrapped(Text(it, FAINT), medium, MARGIN)),
    ]


def _mark(kind: Kind, medium: Medium) -> tuple[str, str]:
    signs = medium.signs
    match kind:
        case Kind.OVERLAP:
            return signs.overlap, BAD
        case Kind.POSSIBLE_OVERLAP | Kind.INCONCLUSIVE:
            return signs.unsure, UNSURE
        case Kind.NO_OVERLAP:
            return signs.fine, GOOD
        case _:
            return signs.nothing, UNSURE


def _verdict(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    mark, style = _mark(verdict.kind(report, policy), medium)
    said, *more = verdict.verdict_sentences(report, policy)
    first = f" {mark} "
    lines = wrapped(Text(medium.safe(said, 2000), STRONG), medium, first)
    lines[0].stylize(f"{STRONG} {style}", 0, len(first))
    return lines + [line for it in more for line in wrapped(Text(medium.safe(it, 2000)), medium, " " * len(first))]


# -- the timeline ------------------------------------------------------------------------------------------


class Layout(Value, frozen=True):
    """How a row is divided: name, bar (its last cell is what comes after the end), opened, how it ended."""

    medium: Medium
    name: int
    bar: int
    opened: int
    ended: int

    def row(self, name: str, drawn: Text, opened: str = "", ended: str = "", style: str = "") -> Text:
        line = Text(MARGIN).append(self._cell(name, self.name), style).append_text(drawn)
        line.append(" " * (len(MARGIN) + self.name + 2 + self.bar + 2 - line.cell_len))
        if self.opened:
            line.append(set_cell_size(opened, self.opened), style)
        return line.append(self.medium.short(ended, self.ended), style)

    def _cell(self, text: str, cells: int) -> str:
        return set_cell_size(self.medium.short_address(text, cells), cells + 2)


def _layout(names: Iterable[str], opened: Iterable[str], ended: Iterable[str], medium: Medium) -> Layout:
    """Names and words get what they need, within limits; the bars all the rest."""
    room = medium.width - len(MARGIN) - 4
    shown = [medium.safe(it) for it in names]
    hosts = max(cell_len(it.partition("/")[0]) for it in shown) + 2  # which one it is comes before how its path goes on
    name = min(max(9, *map(cell_len, shown)), max(9, room // 4, min(hosts, room * 2 // 5)))
    began = max(len(BEGAN), *(len(it) for it in opened)) + 2
    end = min(max(len(AT_ONCE), *(cell_len(it) for it in ended)), max(16, room * 9 // 20), room - name - 16)
    began = began if room - name - end - began >= 24 else 0  # the picture first
    return Layout(medium, name, room - name - began - end, began, end)


def _timeline(report: Report, medium: Medium) -> list[Text]:
    if not report.sessions:
        return []
    shown = _shown(report)
    names = _names(report, shown)
    groups = _groups(report) if len(shown) < len(report.sessions) else []
    axis = terminal.axis_of(report, 1)
    pages = {page.id: page for page in report.capture.pages}
    opened = {s.id: terminal.when(s.opened, axis) for s in shown}
    ended = {s.id: medium.safe(terminal.ending(s, pages, axis, short=True)) for s in shown}
    layout = _layout([*names.values(), *(name for name, _ in groups)], opened.values(), ended.values(), medium)
    axis = Axis(axis.start, axis.end, layout.bar - 1, axis.start)
    crowd = terminal.proven_levels(report.sessions, axis)
    marks = terminal.loads(report, axis)
    common = _addresses(report)[0]
    title = f"Timeline of {medium.short_address(common, medium.width - 16)}" if common else "Timeline"
    lines = heading(title) + _ruler(axis, layout)
    lines += [layout.row("page", _page_marks(marks, axis, medium))] if marks else []
    lines += _concurrency(report, axis, crowd, layout)
    left_out = len(report.sessions) - len(shown)
    if left_out:
        whole, axis = axis, terminal.around(shown, axis)
        crowd, marks = terminal.proven_levels(report.sessions, axis), []
        lines += _group_rows(groups, whole, layout) + heading("The first of them") + _ruler(axis, layout)
    guides = [column for column, _ in marks[1:]]
    for session in shown:
        drawn = terminal.bar(session, axis, medium, guides, crowd)
        lines.append(layout.row(names[session.id], drawn, opened[session.id], ended[session.id]))
    lines += wrapped(Text(f"and {left_out:,} more: {ALL}", FAINT), medium, MARGIN) if left_out else []
    return lines + _legend(shown, medium)


def _ruler(axis: Axis, layout: Layout) -> list[Text]:
    labels, line = terminal.ruler(axis, layout.medium)
    return [layout.row("", labels, BEGAN, ENDED, FAINT), layout.row("", line)]


def _group_rows(groups: Sequence[tuple[str, Sequence[Session]]], axis: Axis, layout: Layout) -> list[Text]:
    """How many of each address were open, with how they ended."""
    lines = []
    for name, sessions in groups[:ADDRESSES]:
        drawn = terminal.concurrency(terminal.proven_levels(sessions, axis), layout.medium, True)
        lines.append(layout.row(name, drawn, "", _outcomes(sessions), STRONG))
    more = f"and {count(len(groups) - ADDRESSES, 'more address', 'more addresses')}: {ALL}"
    return lines + (wrapped(Text(more, FAINT), layout.medium, MARGIN) if len(groups) > ADDRESSES else [])


def _shown(report: Report) -> list[Session]:
    """The sockets that get a row, by when they began; of very many those of the first overlaps."""
    sessions: Sequence[Session] = report.sessions
    if len(sessions) > ROWS:
        ids = dict.fromkeys(id for overlap in report.overlaps[:SHOWN] for id in overlap.sessions[:SHOWN])
        sessions = report.named(list(ids)[:SHOWN]) if ids else sessions[:SHOWN]
    return sorted(sessions, key=_began)


def _began(session: Session) -> int:
    """Those of which no beginning is known come last."""
    for bounds in (session.created, session.opened, session.closed):
        if bounds is not None and bounds.earliest is not None:
            return bounds.earliest
    return 1 << 62


def _addresses(report: Report) -> tuple[str, list[str]]:
    """What all endpoints have in common (a host, or the whole of one), and for each socket what is left."""
    places = [session.endpoint.partition("://")[2] for session in report.sessions]
    if len(set(places)) == 1:
        return places[0], [""] * len(places)
    hosts = {place.partition("/")[0] for place in places}
    if len(hosts) == 1:
        return hosts.pop(), ["/" + place.partition("/")[2] for place in places]
    return "", places


def _names(report: Report, shown: Sequence[Session]) -> dict[str, str]:
    places = dict(zip((session.id for session in report.sessions), _addresses(report)[1], strict=True))
    return {s.id: f"#{s.id[1:]} {places[s.id]}" if places[s.id] else s.name for s in shown}


def _groups(report: Report) -> list[tuple[str, list[Session]]]:
    """The sockets by address, most first."""
    common, places = _addresses(report)
    found: dict[str, list[Session]] = {}
    for session, place in zip(report.sessions, places, strict=True):
        found.setdefault(place or common, []).append(session)
    return sorted(found.items(), key=lambda group: -len(group[1]))


OUTCOMES = {
    Outcome.OPEN: "open when saved",
    Outcome.CLOSED: "closed",
    Outcome.UNKNOWN: "end unknown",
    Outcome.CONNECTING: "never seen to open",
    Outcome.FAILED: "never opened",
}


def _outcomes(sessions: Sequence[Session]) -> str:
    tally = Counter(session.outcome for session in sessions)
    return ", ".join(f"{tally[outcome]:,} {words}" for outcome, words in OUTCOMES.items() if tally[outcome])


def _page_marks(marks: Sequence[tuple[int, Page]], axis: Axis, medium: Medium) -> Text:
    """Where pages were loaded, with what kind of load it was where there is room."""
    cells = [" "] * axis.columns
    for column, _ in marks:
        cells[column] = medium.signs.page
    for n, (column, page) in enumerate(marks):
        until = marks[n + 1][0] if n + 1 < len(marks) else axis.columns
        word = "" if page.kind is PageKind.UNKNOWN else page.kind
        if column + len(word) + 1 < until:
            cells[column + 1 : column + 1 + len(word)] = word
    return Text("".join(cells), ACCENT)


def _concurrency(report: Report, axis: Axis, proven: Sequence[int], layout: Layout) -> list[Text]:
    """How many were open at once: what is certain, and what is possible where that is more."""
    least, most = report.concurrency.proven_peak, report.concurrency.possible_peak
    rows = []
    if least:
        sure = most == least and not verdict.sockets_hidden(report)
        drawn = terminal.concurrency(proven, layout.medium, True)
        rows.append(layout.row("how many", drawn, "", AT_ONCE.format(least) if sure else f"{least} at least"))
    if most > least:
        drawn = terminal.concurrency(terminal.possible_levels(report.sessions, axis), layout.medium, False)
        rows.append(layout.row("perhaps", drawn, "", AT_ONCE.format(most)))
    return rows


def _legend(shown: Sequence[Session], medium: Medium) -> list[Text]:
    signs = medium.signs
    endless = [s for s in shown if s.outcome is Outcome.CONNECTING or (s.possible and s.possible.end is None)]
    used = [
        (signs.certain, "certainly open", any(s.proven for s in shown)),
        (signs.possible, "may have been open", any(s.possible and s.possible != s.proven for s in shown)),
        (signs.goes_on, "still open", any(s.proven and s.proven.end is None for s in shown)),
        (signs.no_end, "no end known", any(s.created and not (s.proven and s.proven.end is None) for s in endless)),
        (signs.connecting, "connecting", any(s.possible is None and s.created for s in shown)),
        (signs.failed, "failed", any(s.outcome is Outcome.FAILED and s.created for s in shown)),
    ]
    told = "   ".join(f"{sign} {words}" for sign, words, seen in used if seen)
    return wrapped(Text(told, FAINT), medium, MARGIN) if told else []


def _services(report: Report, policy: Policy, medium: Medium) -> list[Text]:
    told = services.told(report, policy)
    if not told:
        return []
    lines = heading("Services")
    for it in told[:GROUPS]:
        line = Text(medium.safe(it.name), STRONG).append(f": {medium.safe(it.sentences, 2000)}", "")
        lines += wrapped(line, medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(told) - GROUPS, medium)


def _origins(report: Report, medium: Medium) -> list[Text]:
    """The code that opened them, where the capture recorded it."""
    told = origins.sentences(report)
    if not told:
        return []
    lines = heading("Opened by")
    for it in told[:GROUPS]:
        lines += wrapped(Text(medium.safe(it, 1000)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(told) - GROUPS, medium)


# -- below it ----------------------------------------------------------------------------------------------

UNTOLD = (
    "What was tried (load, reload, leaving the page, coming back) cannot be told: this file does not show how pages "
    "were loaded."
)
TRIED = {"load": "load", "reload": "reload", "navigation": "leaving the page", "return": "coming back"}


def _tried(report: Report, medium: Medium) -> list[Text]:
    return [Text(), *wrapped(Text(tried_sentence(report)), medium, MARGIN)]


def tried_sentence(report: Report) -> str:
    """Which of the things that QA should do the capture shows. A file without loads of pages shows none."""
    pages = report.capture.pages
    done = tried(pages)
    if not done:
        return UNTOLD
    rest = [name for name in TRIED if name not in done]
    told = f"Tried: {_listed(done)}."
    gone = any(caveat.id == "earlier-pages-missing" for caveat in report.capture.caveats)
    if rest and (gone or any(page.kind is PageKind.UNKNOWN or not page.recorded for page in pages)):
        return f"{told}   Cannot tell: {_listed(rest)} (how each page was loaded is not known)."
    return f"{told}   Not tried in this recording: {_listed(rest)}." if rest else told


def _listed(names: Sequence[str]) -> str:
    words = [TRIED[name] for name in names]
    if names[-2:] == ["navigation", "return"]:
        words[-2:] = ["leaving the page and coming back"]
    return ", ".join(words)


def _errors(report: Report, medium: Medium) -> list[Text]:
    """The errors that closed open sockets, in the browser's words: the table may have no room for them."""
    broken: dict[str, list[str]] = {}
    for session in report.sessions:
        if session.outcome is Outcome.CLOSED and session.problem:
            broken.setdefault(session.problem, []).append(f"#{session.id[1:]}")
    if not broken:
        return []
    lines = heading("Closed by an error")
    for problem, ids in list(broken.items())[:GROUPS]:
        more = f" and {len(ids) - ADDRESSES:,} more" if len(ids) > ADDRESSES else ""
        told = f"{', '.join(ids[:ADDRESSES])}{more}: {medium.safe(problem, 1000)}"
        lines += wrapped(Text(told), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(broken) - GROUPS, medium)


def _findings(findings: Sequence[Finding], medium: Medium) -> list[Text]:
    """By severity, then by rule; the remedy once a rule, and of very many findings the first few."""
    if not findings:
        return []
    by_rule: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((-list(Severity).index(finding.severity), finding.rule), []).append(finding)
    lines = heading("Findings")
    for (_, rule), found in sorted(by_rule.items(), key=lambda item: item[0][0]):
        for finding in found[:FINDINGS]:
            first = f"{MARGIN}{finding.severity:<7}  "
            told = Text(medium.safe(finding.message, 1000)).append(f"  {rule}", FAINT)
            block = wrapped(told, medium, first)
            block[0].stylize(SEVERITIES[finding.severity], 0, len(first))
            lines += block + _cause(finding, medium)
        if len(found) > FINDINGS:
            more = f"and {len(found) - FINDINGS:,} more of {rule}: --format json has them all"
            lines += wrapped(Text(more, FAINT), medium, MARGIN + " " * 9)
        for remedy in dict.fromkeys(finding.remedy for finding in found[:FINDINGS] if finding.remedy):
            lines += wrapped(Text(medium.safe(remedy, 1000)), medium, MARGIN + " " * 9 + medium.signs.arrow + " ")
    return lines


def _cause(finding: Finding, medium: Medium) -> list[Text]:
    """Why it happened, and where one can see it."""
    margin = MARGIN + " " * 9
    lines = []
    if finding.why is not None:
        told = Text(f"Why: {medium.safe(finding.why, 1000)}").append(f"  {finding.cause}", FAINT)
        lines += wrapped(told, medium, margin)
    seen = proof.lines(finding.proof)
    for line in seen[:PROOF]:
        lines += wrapped(Text(medium.safe(line, 1000), FAINT), medium, f"{margin}{medium.signs.dot} ")
    if len(seen) > PROOF:
        lines.append(Text(f"{margin}{medium.signs.dot} and {len(seen) - PROOF} more: --format json", FAINT))
    return lines


SEVERITIES = {Severity.ERROR: f"{STRONG} {BAD}", Severity.WARNING: f"{STRONG} {BAD}", Severity.NOTE: UNSURE}


def _caveats(caveats: Sequence[Caveat], medium: Medium) -> list[Text]:
    if not caveats:
        return []
    lines = heading("What this file cannot show")
    # Those on which the answer rests first: none of them is cut off.
    weighty = sorted(caveats, key=lambda caveat: not (caveat.hides_sockets or caveat.assumed))
    for caveat in weighty[:CAVEATS]:
        lines += wrapped(Text(medium.safe(caveat.message)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(caveats) - CAVEATS, medium)


def _skipped(skipped: Sequence[Skipped], medium: Medium) -> list[Text]:
    if not skipped:
        return []
    lines = heading("Could not be read")
    for it in skipped[:SKIPPED]:
        told = Text().append(medium.safe(it.pointer or "/"), STRONG).append(f": {medium.safe(it.problem)}")
        lines += wrapped(told, medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(skipped) - SKIPPED, medium)


def _more(number: int, medium: Medium) -> list[Text]:
    return [Text(f"{MARGIN}{medium.signs.dot} and {number:,} more", FAINT)] if number > 0 else []
