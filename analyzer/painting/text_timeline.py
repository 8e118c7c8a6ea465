"""Write the timeline of a capture with characters: a row per socket, page loads, how many were open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import dedent

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.model import Outcome, Page, PageKind, Report, Session, Value, plural
from analyzer.painting import bars
from analyzer.timeline.axis import Axis, around, axis_of, page_loads
from analyzer.timeline.levels import possible_levels, proven_levels
from analyzer.wording import instants, lifetimes, terminal
from analyzer.wording.terminal import MARGIN, STRONG, Medium, heading, wrap

ROWS = 100  # sockets; more are summed up by address
SHOWN, ADDRESSES = 24, 12  # rows of sockets and of addresses, where they are summed up
PICTURE = 22  # columns that the bars need
ALL = "--format csv has them all"
NBSP = "\N{NO-BREAK SPACE}"
# In this order outcomes are counted.
ORDER = (Outcome.OPEN, Outcome.CLOSED, Outcome.UNKNOWN, Outcome.CONNECTING, Outcome.FAILED)
BEGAN, LASTED, ENDED = "opened", "open for", "how it ended"


def draw_timeline(report: Report, medium: Medium) -> str:
    """Draw the timeline with characters, for a page that shows them as they are."""
    return dedent(terminal.encode(timeline_lines(report, medium), False).decode("utf-8")).strip("\n")


def timeline_lines(report: Report, medium: Medium) -> list[Text]:
    """Write the lines of the timeline; none for a capture without sockets."""
    if not report.sessions:
        return []
    sessions = _select(report)
    groups = _groups(report) if len(sessions) < len(report.sessions) else []
    axis = axis_of(report, 1)
    rows = _rows(report, sessions, axis, medium)
    layout = _layout(list(rows.values()), (name for name, _ in groups), medium)
    axis = Axis(axis.start, axis.end, layout.bar - 1, axis.zero)
    crowd = proven_levels(report.sessions, axis)
    marks = page_loads(report, axis)
    common = _addresses(report)[0]
    title = f"Timeline of {medium.short_address(common, medium.width - 16)}" if common else "Timeline"
    lines = heading(title) + _ruler(axis, layout)
    if marks:
        lines.append(layout.row(Row("page", "", "", ""), _page_marks(marks, axis, medium)))
    lines += _concurrency(report, axis, crowd, layout)
    left_out = len(report.sessions) - len(sessions)
    if left_out:
        whole, axis = axis, around(sessions, axis)
        crowd, marks = proven_levels(report.sessions, axis), []
        lines += _group_rows(groups, whole, layout) + heading("The first of them") + _ruler(axis, layout)
    guides = [column for column, _ in marks[1:]]
    lives = {session.id: bars.bar(session, axis, medium, guides, crowd) for session in sessions}
    lines += [layout.row(rows[id], bar) for id, bar in lives.items()]
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


def _layout(rows: Sequence[Row], names: Iterable[str], medium: Medium) -> Columns:
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


def _ruler(axis: Axis, layout: Columns) -> list[Text]:
    labels, line = bars.ruler(axis, layout.medium)
    return [layout.row(Row("", BEGAN, LASTED, ENDED), labels), layout.row(Row("", "", "", ""), line)]


def _group_rows(groups: Sequence[tuple[str, Sequence[Session]]], axis: Axis, layout: Columns) -> list[Text]:
    """Draw how many sockets of each address were open, with how they ended."""
    lines = []
    for name, sessions in groups[:ADDRESSES]:
        picture = bars.concurrency(proven_levels(sessions, axis), layout.medium, True)
        lines.append(layout.row(Row(name, "", "", _outcomes(sessions)), picture, STRONG))
    more = f"and {plural(len(groups) - ADDRESSES, 'more address', 'more addresses')}: {ALL}"
    return lines + (wrap(Text(more), layout.medium, MARGIN) if len(groups) > ADDRESSES else [])


def _select(report: Report) -> list[Session]:
    """Choose the sockets that get a row, by when they began; of very many those of the first overlaps."""
    sessions: Sequence[Session] = report.sessions
    if len(sessions) > ROWS:
        ids = dict.fromkeys(id for overlap in report.overlaps[:SHOWN] for id in overlap.sessions[:SHOWN])
        sessions = report.named(list(ids)[:SHOWN]) if ids else sessions[:SHOWN]
    return sorted(sessions, key=_began)


def _began(session: Session) -> int:
    """Return when a socket began; those without a known beginning come last."""
    for bounds in (session.created, session.opened, session.closed):
        if bounds is not None and bounds.earliest is not None:
            return bounds.earliest
    return 1 << 62


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


def _groups(report: Report) -> list[tuple[str, list[Session]]]:
    """Group the sockets by address, most first."""
    common, places = _addresses(report)
    by_address: dict[str, list[Session]] = {}
    for session, place in zip(report.sessions, places, strict=True):
        by_address.setdefault(place or common, []).append(session)
    return sorted(by_address.items(), key=lambda group: -len(group[1]))


def _outcomes(sessions: Sequence[Session]) -> str:
    tally = Counter(session.outcome for session in sessions)
    return ", ".join(f"{tally[outcome]:,} {lifetimes.OUTCOMES[outcome].brief}" for outcome in ORDER if tally[outcome])


def _page_marks(marks: Sequence[tuple[int, Page]], axis: Axis, medium: Medium) -> Text:
    """Mark where pages were loaded, with what kind of load it was where there is room."""
    cells = [" "] * axis.columns
    for column, _ in marks:
        cells[column] = medium.signs.page
    for n, (column, page) in enumerate(marks):
        until = marks[n + 1][0] if n + 1 < len(marks) else axis.columns
        word = "" if page.kind is PageKind.UNKNOWN else page.kind
        if column + len(word) + 1 < until:
            cells[column + 1 : column + 1 + len(word)] = word
    return Text("".join(cells))


def _concurrency(report: Report, axis: Axis, proven: Sequence[int], layout: Columns) -> list[Text]:
    """Draw how many were open at the same time: what is certain, and what is possible where that is more."""
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
    """Explain the signs that are drawn."""
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
