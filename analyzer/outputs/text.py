"""Write what people read in a terminal, in the order in which they ask: verdict, timeline, findings with cause and
remedy, opened by, services, what is covered, limits of the capture.

Up to five captures are shown in full, more with one line each and a summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import zip_longest
from textwrap import dedent

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.model import (
    MATTERS,
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
    name_source,
    plural,
    spoken,
)
from analyzer.outputs import bars, listing
from analyzer.outputs.document import list_covered_steps
from analyzer.timeline.axis import Axis, around, axis_of, page_loads
from analyzer.timeline.levels import possible_levels, proven_levels
from analyzer.wording import instants, lifetimes, origins, proof, results, services, terminal, verdict
from analyzer.wording.results import Kind
from analyzer.wording.terminal import BAD, GOOD, NARROWEST, STRONG, UNSURE, Medium, heading, wrap

SUFFIX = ".txt"
IN_FULL = 5  # captures; more get one line each
ROWS = 100  # sockets; more are summed up by address
SHOWN = 24  # rows, where they are summed up
PROOF = 3  # lines per cause; --verbose shows all
ADDRESSES, GROUPS, FINDINGS, CAVEATS, SKIPPED = 12, 8, 4, 10, 5
MARGIN = "   "
INSET = MARGIN + " " * 9  # under a finding
PICTURE = 22  # columns that the bars need
NBSP = "\N{NO-BREAK SPACE}"
BEGAN, LASTED, ENDED = "opened", "open for", "how it ended"
ALL = "--format csv has them all"


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
        lines += listing.closing(run, medium) if several != 1 or whole != 1 else []
    while lines and not lines[-1].plain:
        lines.pop()
    return terminal.encode(lines, color)


def timeline(report: Report, medium: Medium) -> str:
    """Draw the timeline with characters, for a page that shows them as they are."""
    return dedent(terminal.encode(_timeline(report, medium), False).decode("utf-8")).strip("\n")


def _unreadable(file: Unreadable, medium: Medium) -> list[Text]:
    sign = "!" if medium.unicode else "[!]"
    text = Text().append(f"{medium.short_left(name_source(file.source), medium.width - 8)}: ", STRONG)
    text.append(f"cannot be read: {medium.safe(file.problem)}", BAD)
    return wrap(text, medium, f"{sign:<4} " if not medium.unicode else f"{sign} ")


# -- one capture -------------------------------------------------------------------------------------------


def _full(report: Report, run: Run, medium: Medium, verbose: bool) -> list[Text]:
    return [
        *_header(report, run.zone, medium),
        Text(),
        *_verdict(report, run.policy, medium),
        *_timeline(report, medium),
        *_findings(report.findings, run, medium, verbose),
        *_errors(report, medium),
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
    counts += [plural(len(report.sessions), "socket"), plural(capture.entries, "entry", "entries")]
    facts = [f"recorded with {medium.short(capture.exporter.label, 48)}{dot}{', '.join(counts)}"]
    if capture.observed is not None:
        start, end = capture.observed
        facts.append(f"{spoken((end or start) - start)} recorded, from {instants.stamp(start, zone)}")
    if cell_len(dot.join(facts)) <= medium.width - len(MARGIN):
        facts = [dot.join(facts)]
    return [
        terminal.headline(title, medium),
        *(line for fact in facts for line in wrap(Text(fact), medium, MARGIN)),
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
    mark, style = _mark(results.kind(report, policy), medium)
    answer, *more = verdict.verdict_sentences(report, policy)
    first = f" {mark} "
    lines = wrap(Text(medium.safe(answer, 2000), STRONG), medium, first)
    lines[0].stylize(f"not bold {style}", 0, len(first))
    return lines + [line for it in more for line in wrap(Text(medium.safe(it, 2000)), medium, " " * len(first))]


# -- the timeline ------------------------------------------------------------------------------------------


class Row(Value, frozen=True):
    """What stands beside the bar of one socket."""

    name: str
    opened: str
    lasted: str
    ended: str


class Layout(Value, frozen=True):
    """How a row is divided: name, bar (its last cell is what comes after the end), and three columns of words."""

    medium: Medium
    name: int
    bar: int
    opened: int  # 0: no room for this column
    lasted: int
    ended: int

    def row(self, words: Row, picture: Text, style: str = "") -> Text:
        line = Text(MARGIN).append(self._cell(words.name, self.name), style).append_text(picture)
        line.append(" " * (len(MARGIN) + self.name + 2 + self.bar + 2 - line.cell_len))
        if self.opened:
            line.append(set_cell_size(words.opened, self.opened), style)
        if self.lasted:
            line.append(set_cell_size(words.lasted, self.lasted), style)
        return line.append(self.medium.short(words.ended, self.ended), style)

    def _cell(self, text: str, cells: int) -> str:
        return set_cell_size(self.medium.short_address(text, cells), cells + 2)


def _layout(rows: Sequence[Row], names: Iterable[str], medium: Medium) -> Layout:
    """Names and words get what they need, within limits, and the bars the rest. Where that is little, the columns
    `opened` and `open for` give way: the picture comes first."""
    room = medium.width - len(MARGIN) - 4
    labels = [medium.safe(label) for label in (*(row.name for row in rows), *names)]
    hosts = max(cell_len(label.partition("/")[0]) for label in labels) + 2  # a host is more than how its path goes on
    name = min(max(9, *map(cell_len, labels)), max(9, room // 4, min(hosts, room * 2 // 5)))
    opened = max(len(BEGAN), *(len(row.opened) for row in rows)) + 2
    lasted = max(len(LASTED), *(len(row.lasted) for row in rows)) + 2
    ended = max(len(ENDED), len("peak 10 at least"), *(cell_len(row.ended) for row in rows))
    ended = min(ended, max(22, room // 3), room - name - 16)
    opened = opened if room - name - ended - opened - lasted >= PICTURE else 0
    lasted = lasted if room - name - ended - opened - lasted >= PICTURE else 0
    return Layout(medium, name, room - name - opened - lasted - ended, opened, lasted, ended)


def _timeline(report: Report, medium: Medium) -> list[Text]:
    if not report.sessions:
        return []
    sessions = _select(report)
    groups = _groups(report) if len(sessions) < len(report.sessions) else []
    axis = axis_of(report, 1)
    rows = _rows(report, sessions, axis, medium)
    layout = _layout(list(rows.values()), (name for name, _ in groups), medium)
    axis = Axis(axis.start, axis.end, layout.bar - 1, axis.start)
    crowd = proven_levels(report.sessions, axis)
    marks = page_loads(report, axis)
    common = _addresses(report)[0]
    title = f"Timeline of {medium.short_address(common, medium.width - 16)}" if common else "Timeline"
    lines = heading(title) + _ruler(axis, layout)
    lines += [layout.row(Row("page", "", "", ""), _page_marks(marks, axis, medium))] if marks else []
    lines += _concurrency(report, axis, crowd, layout)
    left_out = len(report.sessions) - len(sessions)
    if left_out:
        whole, axis = axis, around(sessions, axis)
        crowd, marks = proven_levels(report.sessions, axis), []
        lines += _group_rows(groups, whole, layout) + heading("The first of them") + _ruler(axis, layout)
    guides = [column for column, _ in marks[1:]]
    lives = {session.id: bars.bar(session, axis, medium, guides, crowd) for session in sessions}
    lines += [layout.row(rows[id], bar) for id, bar in lives.items()]
    lines += wrap(Text(f"and {left_out:,} more: {ALL}"), medium, MARGIN) if left_out else []
    return lines + _legend(list(lives.values()), medium)


def _rows(report: Report, sessions: Sequence[Session], axis: Axis, medium: Medium) -> dict[str, Row]:
    """The words beside each bar, by socket."""
    pages = {page.id: page for page in report.capture.pages}
    names = _names(report, sessions)
    saved = report.capture.observed.end if report.capture.observed is not None else None
    return {
        session.id: Row(
            names[session.id],
            medium.safe(instants.when(session.opened, axis, sign=True)),
            medium.safe(lifetimes.time_open(session, saved)),
            medium.safe(lifetimes.ending(session, pages, axis, short=True)),
        )
        for session in sessions
    }


def _ruler(axis: Axis, layout: Layout) -> list[Text]:
    labels, line = bars.ruler(axis, layout.medium)
    return [layout.row(Row("", BEGAN, LASTED, ENDED), labels), layout.row(Row("", "", "", ""), line)]


def _group_rows(groups: Sequence[tuple[str, Sequence[Session]]], axis: Axis, layout: Layout) -> list[Text]:
    """How many of each address were open, with how they ended."""
    lines = []
    for name, sessions in groups[:ADDRESSES]:
        picture = bars.concurrency(proven_levels(sessions, axis), layout.medium, True)
        lines.append(layout.row(Row(name, "", "", _outcomes(sessions)), picture, STRONG))
    more = f"and {plural(len(groups) - ADDRESSES, 'more address', 'more addresses')}: {ALL}"
    return lines + (wrap(Text(more), layout.medium, MARGIN) if len(groups) > ADDRESSES else [])


def _select(report: Report) -> list[Session]:
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


def _names(report: Report, sessions: Sequence[Session]) -> dict[str, str]:
    """What sets each socket apart from the others: its service or address, and its user, where there are several."""
    places = dict(zip((session.id for session in report.sessions), _addresses(report)[1], strict=True))
    addresses: dict[str, set[str]] = {}
    for session in report.sessions:
        if session.provider is not None:
            addresses.setdefault(session.provider.name, set()).add(session.endpoint)
    users = {session.user for session in report.sessions if session.user is not None}
    names = {}
    for session in sessions:
        place = places[session.id]
        if place and session.provider is not None and len(addresses[session.provider.name]) == 1:
            place = session.provider.name  # says more than its address
        user = session.user[2] if session.user is not None and len(users) > 1 else ""
        label = ", ".join(filter(None, (place, user)))
        names[session.id] = f"#{session.id[1:]} {label}" if label else session.name
    return names


def _groups(report: Report) -> list[tuple[str, list[Session]]]:
    """The sockets by address, most first."""
    common, places = _addresses(report)
    by_address: dict[str, list[Session]] = {}
    for session, place in zip(report.sessions, places, strict=True):
        by_address.setdefault(place or common, []).append(session)
    return sorted(by_address.items(), key=lambda group: -len(group[1]))


OUTCOMES = {
    Outcome.OPEN: "open when saved",
    Outcome.CLOSED: "closed",
    Outcome.UNKNOWN: "close unknown",
    Outcome.CONNECTING: "still connecting",
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
    return Text("".join(cells))


def _concurrency(report: Report, axis: Axis, proven: Sequence[int], layout: Layout) -> list[Text]:
    """How many were open at the same time: what is certain, and what is possible where that is more."""
    least, most = report.concurrency.proven_peak, report.concurrency.possible_peak
    rows = []
    if least:
        exact = most == least and not report.capture.hides_sockets
        picture = bars.concurrency(proven, layout.medium, True)
        rows.append(layout.row(Row("how many", "", "", f"peak {least:,}{'' if exact else ' at least'}"), picture))
    if most > least:
        picture = bars.concurrency(possible_levels(report.sessions, axis), layout.medium, False)
        bound = "or more" if report.capture.hides_sockets else "at most"
        rows.append(layout.row(Row("possible", "", "", f"peak {most:,} {bound}"), picture))
    return rows


def _legend(lives: Sequence[Text], medium: Medium) -> list[Text]:
    """What the signs mean that are drawn."""
    signs, characters = medium.signs, {sign for bar in lives for sign in bar.plain}
    meanings = {
        signs.certain: "certainly open",
        signs.possible: "possibly open",
        signs.goes_on: "still open at the end",
        signs.no_end: "no end known",
        signs.connecting: "connecting",
        signs.failed: "failed",
    }
    entries = [f"{sign} {meaning}".replace(" ", NBSP) for sign, meaning in meanings.items() if sign in characters]
    lines = wrap(Text("   ".join(entries)), medium, MARGIN) if entries else []
    return [Text(line.plain.replace(NBSP, " ")) for line in lines]


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
    """The code that opened them, where the capture recorded it."""
    places = origins.sentences(report)
    if not places:
        return []
    lines = heading("Opened by")
    for place in places[:GROUPS]:
        lines += wrap(Text(medium.safe(place, 1000)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(places) - GROUPS, medium)


# -- below it ----------------------------------------------------------------------------------------------

STEPS = {"load": "load", "reload": "reload", "navigation": "navigation", "return": "back"}
NO_PAGES = (
    f"This recording covers: unknown. The file does not show how pages were loaded ({', '.join(STEPS.values())})."
)


def _coverage(report: Report, medium: Medium) -> list[Text]:
    return [Text(), *wrap(Text(describe_coverage(report)), medium, MARGIN)]


def describe_coverage(report: Report) -> str:
    """Say which of the steps that QA should take the capture covers."""
    pages = report.capture.pages
    done = list_covered_steps(pages)
    if not done:
        return NO_PAGES
    rest = ", ".join(words for name, words in STEPS.items() if name not in done)
    covered = f"This recording covers: {', '.join(STEPS[name] for name in done)}."
    if not rest:
        return covered
    gone = any(caveat.id == "earlier-pages-missing" for caveat in report.capture.caveats)
    if gone or any(page.kind is PageKind.UNKNOWN or not page.recorded for page in pages):
        return f"{covered} Unknown: {rest} (the file does not show how each page was loaded)."
    return f"{covered} It does not cover: {rest}."


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
        line = f"{', '.join(ids[:ADDRESSES])}{more}: {medium.safe(problem, 1000)}"
        lines += wrap(Text(line), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(broken) - GROUPS, medium)


def _findings(findings: Sequence[Finding], run: Run, medium: Medium, verbose: bool) -> list[Text]:
    """The most severe first, then by rule: what, likely cause, proof, and what to do once per capture.

    `verbose`: all of them, and why each rule matters.
    """
    if not findings:
        return []
    by_rule: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((-finding.severity.rank, finding.rule), []).append(finding)
    lines = heading("Findings")
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
    """The sentence, with the id of its rule or cause behind it."""
    return Text(f"{sentence} [{id}]" if id else sentence)


def _cause(finding: Finding, medium: Medium, verbose: bool) -> list[Text]:
    """Why it happened, and where that can be seen."""
    lines = []
    if finding.explanation is not None:
        lines += wrap(_with_id(medium.safe(finding.explanation, 1000), finding.cause), medium, INSET)
    steps = proof.lines(finding.proof, whole=verbose)
    visible = steps if verbose else steps[:PROOF]
    for line in visible:
        lines += wrap(Text(medium.safe(line, 1000)), medium, f"{INSET}{medium.signs.dot} ")
    if len(steps) > len(visible):
        lines += wrap(Text(f"and {len(steps) - len(visible):,} more: --verbose"), medium, f"{INSET}{medium.signs.dot} ")
    return lines


SEVERITIES = {Severity.ERROR: BAD, Severity.WARNING: BAD, Severity.NOTE: STRONG}


def _caveats(caveats: Sequence[Caveat], medium: Medium) -> list[Text]:
    if not caveats:
        return []
    lines = heading("Limits of this capture")
    # First those that the answer rests on: none of them is left out.
    weighty = sorted(caveats, key=lambda caveat: not (caveat.hides_sockets or caveat.assumed))
    for caveat in weighty[:CAVEATS]:
        lines += wrap(Text(medium.safe(caveat.message)), medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(caveats) - CAVEATS, medium)


def _unread_parts(skipped: Sequence[Skipped], medium: Medium) -> list[Text]:
    if not skipped:
        return []
    lines = heading("Could not be read")
    for part in skipped[:SKIPPED]:
        line = Text().append(medium.safe(part.pointer or "/"), STRONG).append(f": {medium.safe(part.problem)}")
        lines += wrap(line, medium, f"{MARGIN}{medium.signs.dot} ")
    return lines + _more(len(skipped) - SKIPPED, medium)


def _more(number: int, medium: Medium) -> list[Text]:
    return [Text(f"{MARGIN}{medium.signs.dot} and {number:,} more")] if number > 0 else []
