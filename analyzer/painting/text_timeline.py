"""Write the timeline of a capture with characters: a row per socket, page loads, how many were open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import dedent

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.model import Outcome, PageKind, Report, Session, Value, plural
from analyzer.painting import bars
from analyzer.timeline import Axis, Grid, Lane, Layout, Load, Section, around, choose, lay_out, proven_steps
from analyzer.wording import instants, lifetimes, terminal
from analyzer.wording.medium import MARGIN, STRONG, Medium
from analyzer.wording.terminal import heading, wrap
from analyzer.wording.timeline import AT_END, MARKS, titles

ROWS = 100  # sockets; more are summed up by group
SHOWN, GROUPS = 24, 12  # rows of sockets and of groups, where they are summed up
PICTURE = 22  # columns that the bars need
ALL = "--format csv has them all"
NBSP = "\N{NO-BREAK SPACE}"
# In this order outcomes are counted.
BEGAN, LASTED, ENDED = "opened", "open for", "how it ended"


def draw_timeline(report: Report, medium: Medium) -> str:
    """Draw the timeline with characters, for a page that shows them as they are."""
    return dedent(terminal.encode(timeline_lines(report, medium), False).decode("utf-8")).strip("\n")


def timeline_lines(report: Report, medium: Medium) -> list[Text]:
    """Write the lines of the timeline; none for a capture without sockets."""
    if not report.sessions:
        return []
    layout = lay_out(report, report.policy)
    lanes = _select(report, layout)
    left_out = len(report.sessions) - len(lanes)
    groups = _groups(layout.sections) if left_out else []
    rows = _rows(report, [lane.session for lane in lanes], layout.axis, medium)
    columns = _divide(list(rows.values()), (name for name, _ in groups), medium)
    grid = Grid(layout.axis, columns.bar - 1)
    loads = [load for load in layout.loads if load.at >= layout.axis.start]
    common = _addresses(report)[0]
    title = f"Timeline of {medium.short_address(common, medium.width - 16)}" if common else "Timeline"
    lines = heading(title) + _ruler(grid, columns)
    if loads:
        lines.append(columns.row(Row("page", "", "", ""), _page_marks(loads, grid, medium)))
    lines += _concurrency(report, layout, grid, columns)
    if left_out:
        lines += _group_rows(groups, len(layout.sections) - len(groups), grid, columns)
        grid, loads = Grid(around([lane.session for lane in lanes], layout.axis), grid.columns), []
        lines += heading("The first of them") + _ruler(grid, columns)
    guides, crowd = [grid.column(load.at) for load in loads[1:]], grid.highest(layout.proven)
    lives = {lane.session.id: bars.bar(lane, grid, medium, guides, crowd) for lane in lanes}
    lines += [columns.row(rows[id], bar) for id, bar in lives.items()]
    if left_out:
        lines += wrap(Text(f"and {left_out:,} more: {ALL}"), medium, MARGIN)
    return lines + _legend(list(lives.values()), medium)


class Row(Value, frozen=True):
    """Hold what stands beside the bar of one socket."""

    name: str
    opened: str
    length: str
    ended: str


class Columns(Value, frozen=True):
    """Divide a row: name, bar (its last cell is what comes after the end), and three columns of words."""

    medium: Medium
    name: int
    bar: int
    opened: int  # 0: no room for this column
    length: int
    ended: int

    def row(self, words: Row, picture: Text, style: str = "") -> Text:
        line = Text(MARGIN).append(self._cell(words.name, self.name), style).append_text(picture)
        line.append(" " * (len(MARGIN) + self.name + 2 + self.bar + 2 - line.cell_len))
        if self.opened:
            line.append(set_cell_size(words.opened, self.opened), style)
        if self.length:
            line.append(set_cell_size(words.length, self.length), style)
        return line.append(self.medium.short(words.ended, self.ended), style)

    def _cell(self, text: str, cells: int) -> str:
        return set_cell_size(self.medium.short_address(text, cells), cells + 2)


def _divide(rows: Sequence[Row], names: Iterable[str], medium: Medium) -> Columns:
    """Give names and words what they need, within limits, and the bars the rest.

    Where that is little, the columns `opened` and `open for` give way: the picture comes first.
    """
    room = medium.width - len(MARGIN) - 4
    labels = [medium.safe(label) for label in (*(row.name for row in rows), *names)]
    hosts = max(cell_len(label.partition("/")[0]) for label in labels) + 2  # a host is more than how its path goes on
    name = min(max(9, *map(cell_len, labels)), max(9, room // 4, min(hosts, room * 2 // 5)))
    opened = max(len(BEGAN), *(len(row.opened) for row in rows)) + 2
    lasted = max(len(LASTED), *(len(row.length) for row in rows)) + 2
    ended = max(len(ENDED), len("peak 10 at least"), *(cell_len(row.ended) for row in rows))
    ended = min(ended, max(26, room // 3), room - name - 16)
    opened = opened if room - name - ended - opened - lasted >= PICTURE else 0
    lasted = lasted if room - name - ended - opened - lasted >= PICTURE else 0
    return Columns(medium, name, room - name - opened - lasted - ended, opened, lasted, ended)


def _rows(report: Report, sessions: Sequence[Session], axis: Axis, medium: Medium) -> dict[str, Row]:
    """Write the words beside each bar, by socket."""
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


def _ruler(grid: Grid, columns: Columns) -> list[Text]:
    labels, line = bars.ruler(grid, columns.medium)
    return [columns.row(Row("", BEGAN, LASTED, ENDED), labels), columns.row(Row("", "", "", ""), line)]


def _groups(sections: Sequence[Section]) -> list[tuple[str, Section]]:
    """Choose the groups that get a row, each with its title."""
    names = titles(sections)
    return [(names[n], sections[n]) for n in choose(sections, GROUPS)]


def _group_rows(groups: Sequence[tuple[str, Section]], left_out: int, grid: Grid, columns: Columns) -> list[Text]:
    """Draw how many sockets of each group were open, with how they ended."""
    lines = []
    for name, section in groups:
        sessions = [lane.session for lane in section.lanes]
        picture = bars.concurrency(grid.highest(proven_steps(sessions)), columns.medium, True)
        ends = ", ".join(lifetimes.count_outcomes(sessions))
        lines.append(columns.row(Row(name, "", "", ends), picture, STRONG))
    more = f"and {plural(left_out, 'more group')}: {ALL}"
    return lines + (wrap(Text(more), columns.medium, MARGIN) if left_out else [])


def _select(report: Report, layout: Layout) -> list[Lane]:
    """Choose the sockets that get a row, by when they began; of very many those of the first overlaps."""
    lanes = sorted(layout.lanes, key=lambda lane: lane.order)
    if len(lanes) <= ROWS:
        return lanes
    ids = dict.fromkeys(id for overlap in report.overlaps[:SHOWN] for id in overlap.sessions[:SHOWN])
    chosen = set(list(ids)[:SHOWN]) or {session.id for session in report.sessions[:SHOWN]}
    return [lane for lane in lanes if lane.session.id in chosen]


def _addresses(report: Report) -> tuple[str, list[str]]:
    """Split off what all endpoints have in common (a host, or the whole of one) from what each socket has besides."""
    places = [session.endpoint.partition("://")[2] for session in report.sessions]
    if len(set(places)) == 1:
        return places[0], [""] * len(places)
    hosts = {place.partition("/")[0] for place in places}
    if len(hosts) == 1:
        return hosts.pop(), ["/" + place.partition("/")[2] for place in places]
    return "", places


def _names(report: Report, sessions: Sequence[Session]) -> dict[str, str]:
    """Name what sets each socket apart from the others: its service or address, its user, where there are several."""
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


def _page_marks(loads: Sequence[Load], grid: Grid, medium: Medium) -> Text:
    """Mark where pages were loaded, with what kind of load it was where there is room."""
    cells = [" "] * grid.columns
    places = [grid.column(load.at) for load in loads]
    for column in places:
        cells[column] = medium.signs.page
    for column, until, load in zip(places, [*places[1:], grid.columns], loads, strict=True):
        word = "" if load.page.kind is PageKind.UNKNOWN else load.page.kind
        if column + len(word) + 1 < until:
            cells[column + 1 : column + 1 + len(word)] = word
    return Text("".join(cells))


def _concurrency(report: Report, layout: Layout, grid: Grid, columns: Columns) -> list[Text]:
    """Draw how many were open at the same time: what is certain, and what is possible where that is more."""
    least, most = report.concurrency.proven_peak, report.concurrency.possible_peak
    rows = []
    if least:
        exact = most == least and not report.capture.hides_sockets
        picture = bars.concurrency(grid.highest(layout.proven), columns.medium, True)
        rows.append(columns.row(Row("how many", "", "", f"peak {least:,}{'' if exact else ' at least'}"), picture))
    if most > least:
        picture = bars.concurrency(grid.highest(layout.possible), columns.medium, False)
        bound = "or more" if report.capture.hides_sockets else "at most"
        rows.append(columns.row(Row("possible", "", "", f"peak {most:,} {bound}"), picture))
    return rows


def _legend(lives: Sequence[Text], medium: Medium) -> list[Text]:
    """Explain the signs that are drawn."""
    signs, characters = medium.signs, {sign for bar in lives for sign in bar.plain}
    meanings = {
        signs.certain: MARKS["proven"],
        signs.possible: MARKS["possible"],
        signs.goes_on: AT_END,
        signs.no_end: lifetimes.OUTCOMES[Outcome.UNKNOWN].brief,
        signs.connecting: MARKS["connecting"],
        signs.failed: lifetimes.OUTCOMES[Outcome.FAILED].brief,
    }
    entries = [f"{sign} {meaning}".replace(" ", NBSP) for sign, meaning in meanings.items() if sign in characters]
    lines = wrap(Text("   ".join(entries)), medium, MARGIN) if entries else []
    return [Text(line.plain.replace(NBSP, " ")) for line in lines]
