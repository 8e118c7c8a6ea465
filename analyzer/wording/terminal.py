"""Share what `text`, `show` and `check` need: width and signs of a terminal, harmless text, bars of time, words.

Everything here is pure: values in, strings and `rich.text.Text` out; only `printed` turns them into bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from analyzer import openings
from analyzer.intervals import Interval, sweep
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Bounds,
    Duration,
    Instant,
    Outcome,
    Page,
    PageKind,
    Report,
    Session,
    Value,
    plural,
    spoken,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NARROWEST = 40
EXACT = 10 * MILLISECOND  # bounds no wider than this are shown as one instant
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

# The six plain colours, bold and dim can be read in every common theme. Bright colours cannot: bright black is the
# background in Solarized. Nor can bold ones, which many terminals show bright. Dim leaves a contrast of 2 there, so
# only lines and dots are dim, and what is said beside (FAINT) has the terminal's own colour.
BAD, UNSURE, GOOD, FAINT, STRONG, LINES = "red", "yellow", "green", "none", "bold", "dim"


class Signs(Value, frozen=True):
    """What is drawn; one set for terminals that can, one in ASCII. All but the marks are one cell wide."""

    overlap: str
    fine: str
    unsure: str
    nothing: str
    certain: str
    possible: str
    goes_on: str
    no_end: str
    connecting: str
    failed: str
    page: str
    guide: str
    heavy: str
    line: str
    corner: str
    tick: str
    dot: str
    ellipsis: str
    arrow: str
    sent: str
    received: str
    zero: str
    steps: str  # from few to many


# fmt: off
UNICODE = Signs(
    "✗", "✓", "?", "–", "█", "░", "►", "?", "╌", "×", "▼", "┊", "━", "─", "├", "┼", "·", "…", "→", "→", "←",
    "·", "▁▂▃▄▅▆▇█",
)
ASCII = Signs(
    "[X]", "[OK]", "[?]", "[-]", "#", ".", ">", "?", "-", "x", "v", ":", "=", "-", "+", "+", "-", "...", "->", "->",
    "<-", "0", ".:-=+*%#",
)
# fmt: on
# Our own typography, where it comes in with a rule's sentence.
PLAIN = str.maketrans(
    {
        "—": "-",
        "–": "-",
        "…": "...",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "·": "-",
        "→": "->",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
    }
)  # fmt: skip


class Medium(Value, frozen=True):
    """A terminal: how wide, and whether it can show more than ASCII."""

    width: int
    unicode: bool

    @property
    def signs(self) -> Signs:
        return UNICODE if self.unicode else ASCII

    def safe(self, text: str, most: int = 400) -> str:
        """Text from a capture, so that it acts on nothing: what is not printable is written as `\\x1b`, `\\u202e`.

        Controls of the terminal, line ends, bidi overrides, lone surrogates, marks piled up on one letter; and what
        is longer than `most`.
        """
        cut = len(text) > most
        text = text[:most]
        if not (text.isascii() and text.isprintable()):
            text = text.translate(PLAIN) if not self.unicode else text
            text = "".join(map(self._character, text, " " + text, "  " + text))
        return text + self.signs.ellipsis if cut else text

    def _character(self, it: str, before: str, before_that: str) -> str:
        if it.isascii() and it.isprintable():
            return it
        piled = cell_len(it) == 0 and cell_len(before) == 0 and cell_len(before_that) == 0
        if self.unicode and it.isprintable() and not piled:
            return it
        return it.encode("ascii", "backslashreplace").decode("ascii") if not it.isascii() else f"\\x{ord(it):02x}"

    def short(self, text: str, cells: int) -> str:
        """The text, harmless, in at most this many cells: its end gives way to an ellipsis."""
        text, sign = self.safe(text), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        return (set_cell_size(text, max(0, cells - len(sign))).rstrip() + sign)[: max(cells, 0)] if cells > 0 else ""

    def short_middle(self, text: str, cells: int) -> str:
        """The same for addresses: host and end of the path stay."""
        text, sign = self.safe(text), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        head = set_cell_size(text, max(0, cells - len(sign)) // 2).rstrip()
        return head + self.short_left(text, cells - cell_len(head))

    def short_address(self, text: str, cells: int) -> str:
        """The same for `host/path`: the path gives way, and the host only where it has no room by itself."""
        text = self.safe(text)
        host, slash, path = text.partition("/")
        room = cells - cell_len(host)
        if cell_len(text) <= cells or room <= len(self.signs.ellipsis):
            return self.short_middle(text, cells)
        return host + self.short_left(slash + path, room)

    def short_left(self, text: str, cells: int) -> str:
        """The same for paths: the beginning gives way."""
        text, sign = self.safe(text, 4000), self.signs.ellipsis
        if cell_len(text) <= cells:
            return text
        kept = ""
        for character in reversed(text):
            if cell_len(character + kept) > cells - len(sign):
                break
            kept = character + kept
        return sign + kept


def printed(lines: Iterable[Text], color: bool) -> bytes:
    """The lines as a terminal gets them. Nothing of the surroundings (variables, real terminals) is asked."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=1_000_000,  # every line was fitted by who made it
        height=1,
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        force_interactive=False,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for line in lines:
        line.rstrip()
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    return out.getvalue().encode("utf-8")


def wrapped(text: Text, medium: Medium, first: str = "", rest: str | None = None) -> list[Text]:
    """The text in lines that fit, the first after `first`, the others after `rest` (by default as far in).

    A mask stays in one piece: `<token 1>`.
    """
    indent = " " * cell_len(first) if rest is None else rest
    room = max(10, medium.width - max(cell_len(first), cell_len(indent)))
    ruler = Console(file=io.StringIO(), width=room, legacy_windows=False, _environ={})
    lines = _joined_masks(text).wrap(ruler, room, overflow="fold") or [Text()]
    return [Text(first if n == 0 else indent).append_text(_parted(line)) for n, line in enumerate(lines)]


MASK = re.compile(r"<token (\w+)>")
NO_BREAK, BREAK = "\ue000", "\x1f"  # stand for a space within a mask, and a break beside one; no shown text has them


def _joined_masks(text: Text) -> Text:
    """Let no line break within a mask, and let one break before and after it."""
    if "<token " not in text.plain:
        return text
    joined, end = Text(style=text.style), 0
    for found in MASK.finditer(text.plain):
        joined.append_text(text[end : found.start()])
        mask = text[found.start() : found.end()]
        mask.plain = f"<token{NO_BREAK}{found[1]}>"
        joined.append(BREAK).append_text(mask).append(BREAK)
        end = found.end()
    return joined.append_text(text[end:])


def _parted(line: Text) -> Text:
    """Undo what `_joined_masks` did."""
    if NO_BREAK not in line.plain and BREAK not in line.plain:
        return line
    line = Text(style=line.style).join(line.split(BREAK, allow_blank=True))
    line.plain = line.plain.replace(NO_BREAK, " ")
    return line


def headline(title: Text, medium: Medium) -> Text:
    """A line across: `━━ title ━━━━`."""
    sign = medium.signs.heavy
    line = Text().append(sign * 2 + " ", LINES).append_text(title).append(" ")
    return line.append(sign * max(0, medium.width - line.cell_len), LINES)


def heading(title: str) -> list[Text]:
    return [Text(), Text("   ").append(title, STRONG)]


count = plural


def stamp(at: Instant, zone: tzinfo = UTC) -> str:
    """Write an instant as people read it: `2026-11-23 18:53:27.985 UTC`; `no date` where no calendar reaches."""
    moment = moment_of(at, zone)
    return "no date" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}.{moment:%f}"[:-3] + f" {zone_name(moment)}"


def moment_of(at: Instant, zone: tzinfo) -> datetime | None:
    """Convert an instant to date and time; None where no calendar reaches."""
    try:
        return (EPOCH + timedelta(microseconds=at)).astimezone(zone)
    except (OverflowError, ValueError):
        return None


def zone_name(moment: datetime) -> str:
    """Name the zone of a moment: `UTC`, `CET`; where the zone has no name, `UTC+05:45`."""
    name = moment.tzname() or ""
    if name[:1] not in ("+", "-"):
        return name
    return f"UTC{name[:3]}{':' if name[3:] else ''}{name[3:]}"


# -- words -------------------------------------------------------------------------------------------------

BY_AN_ERROR = "closed by an error"


def how_ended(session: Session) -> str:
    """Name what shows that it closed or failed; the error that closed it comes first."""
    if session.outcome is Outcome.CLOSED and session.problem:
        return f"{BY_AN_ERROR}: {session.problem}"
    return session.closed.evidence.sentence if session.closed is not None else ""


def since(at: Instant, axis: Axis) -> str:
    """Write an instant from the start of the capture, in a unit that fits the whole: `0.31 s`."""
    if SECOND <= axis.end - axis.start < MINUTE:
        return f"{(at - axis.zero) / SECOND:.2f} s"
    sign = "-" if at < axis.zero else ""  # a page began before anything of it was recorded
    hours, seconds = divmod(abs(at - axis.zero) // SECOND, 3600)
    if hours:  # a place in time, unlike a length, is given to the second
        return f"{sign}{hours:,} h {seconds // 60} min {seconds % 60} s"
    return sign + spoken(abs(at - axis.zero)) if at != axis.zero else "0 s"


def when(bounds: Bounds | None, axis: Axis, sign: bool = False) -> str:
    """Write bounds as `0.31 s`, `by 0.31 s` or `after 0.31 s`; empty where nothing is known. `sign`: `≤ 0.31 s` for a
    column, where `by` could name who did it."""
    if bounds is None or (bounds.earliest is None and bounds.latest is None):
        return ""
    if bounds.latest is None:
        assert bounds.earliest is not None
        return f"after {since(bounds.earliest, axis)}"
    if bounds.earliest is not None and bounds.latest - bounds.earliest <= EXACT:
        return since(bounds.latest, axis)
    return f"{'≤' if sign else 'by'} {since(bounds.latest, axis)}"


def gone(session: Session) -> Bounds | None:
    """Return the bounds of its close, narrowed by what else bounds `possible`."""
    closed = session.closed
    if closed is None or session.possible is None or session.outcome is not Outcome.CLOSED:
        return closed
    ends = [at for at in (closed.latest, session.possible.end) if at is not None]
    return Bounds(closed.earliest, min(ends, default=None), closed.evidence, closed.pointer)


def lasted(session: Session, saved: Instant | None) -> str:
    """Say how long it was open: `1.94 s`, `≥ 3.25 s`, `≤ 26 ms`; empty where it never opened or nothing bounds it.

    One that was still open when the capture was saved was open until then.
    """
    possible, proven = session.possible, session.proven
    if possible is None:
        return ""
    most = None if possible.end is None else possible.end - possible.start
    if proven is None:
        return "" if most is None else f"≤ {_duration(most)}"
    end = max(proven.start, saved or 0, session.last_seen or 0) if proven.end is None else proven.end
    least = end - proven.start
    exact = most is not None and most - least <= EXACT
    return _duration(least) if exact else f"≥ {_duration(least)}" if least else "≥ an instant"


def _duration(duration: Duration) -> str:
    return spoken(duration) if duration else "0 s"


def ending(session: Session, pages: dict[str, Page], axis: Axis, short: bool = False) -> str:
    """Say how it ended and how that is known, in few words. `short`: without the words of an error."""
    match session.outcome:
        case Outcome.CLOSED:
            closed = gone(session)
            timed = closed is not None and closed.latest is not None
            if session.problem:
                how = BY_AN_ERROR if short else how_ended(session)
                return f"{when(closed, axis)}, {how}" if timed else how
            if closed is None or closed.latest is None:
                return "closed, time unknown"
            return f"{when(closed, axis)}, {closed.evidence.ending}"
        case Outcome.OPEN:
            return "open when saved"
        case Outcome.FAILED:
            if openings.abandoned(session):
                return "closed while connecting"
            return f"never opened: {_terse(session.problem)}" if session.problem else "never opened"
        case Outcome.CONNECTING:
            return "still connecting"
        case Outcome.UNKNOWN:
            left = session.page is not None and (page := pages.get(session.page)) is not None and page.end is not None
            return "page left, close unknown" if left else "close unknown"


def _terse(problem: str) -> str:
    """Chrome's sentences, without what all of them have."""
    for start in ("Error in connection establishment: net::", "Error during WebSocket handshake: ", "net::"):
        problem = problem.removeprefix(start)
    return problem.replace("Unexpected response code: ", "HTTP ").removeprefix("Unexpected ")


# -- time, drawn -------------------------------------------------------------------------------------------


class Axis(Value, frozen=True):
    """Instants -> columns. Every instant from start to end has one; what lies outside is drawn at the edge."""

    start: Instant
    end: Instant
    columns: int
    zero: Instant  # from where people count: Report.zero

    def column(self, at: Instant) -> int:
        span = self.end - self.start + 1
        return min(self.columns - 1, max(0, (at - self.start) * self.columns // span))

    def cells(self, interval: Interval) -> range:
        """The columns that the interval touches: one at least."""
        first = self.column(interval.start)
        last = self.columns - 1 if interval.end is None else self.column(max(interval.start, interval.end - 1))
        return range(first, last + 1)


def axis_of(report: Report, columns: int) -> Axis:
    """From the first to the last instant that anything in the capture tells of."""
    observed = report.capture.observed
    points: list[Instant] = [] if observed is None else [observed.start, observed.end or observed.start]
    for session in report.sessions:
        for bounds in (session.created, session.opened, gone(session)):
            points += [] if bounds is None else [at for at in (bounds.earliest, bounds.latest) if at is not None]
    start, end = min(points, default=0), max(points, default=0)
    # A page begins a little before its first request. One that is much older would squeeze all the rest.
    early = [p.started for p in report.capture.pages if p.started is not None and p.kind is not PageKind.RESTORE]
    near = [at for at in early if start - (end - start) // 20 <= at < start]
    return Axis(min([start, *near]), end, columns, report.zero)


def around(sessions: Sequence[Session], axis: Axis) -> Axis:
    """The part of the axis in which these sockets lived."""
    lives = [s.possible for s in sessions if s.possible is not None]
    begun = [max(axis.start, it.start) for it in lives]
    ended = [axis.end if it.end is None else min(axis.end, it.end) for it in lives]
    return Axis(min(begun, default=axis.start), max(ended, default=axis.end), axis.columns, axis.zero)


def loads(report: Report, axis: Axis) -> list[tuple[int, Page]]:
    """The columns in which pages were loaded. A page that came back from the cache repeats its old date: left out."""
    pages = [p for p in report.capture.pages if p.kind is not PageKind.RESTORE]
    return [(axis.column(p.started), p) for p in pages if p.started is not None and axis.start <= p.started <= axis.end]


def levels(intervals: Iterable[Interval], axis: Axis) -> list[int]:
    """For each column, the most that hold at once at some instant of it."""
    found = [0] * axis.columns
    steps = sweep(intervals)
    for n, (at, level) in enumerate(steps):
        until = steps[n + 1][0] if n + 1 < len(steps) else None
        for column in axis.cells(Interval(at, until)):
            found[column] = max(found[column], level)
    return found


def proven_levels(sessions: Sequence[Session], axis: Axis) -> list[int]:
    """As `levels`. Sockets whose times are of different clocks prove nothing about each other."""
    clocks = {session.clock for session in sessions}
    each = [levels((s.proven for s in sessions if s.proven and s.clock == clock), axis) for clock in clocks]
    return [max(column) for column in zip(*each, strict=True)] if each else [0] * axis.columns


def possible_levels(sessions: Sequence[Session], axis: Axis) -> list[int]:
    return levels((s.possible for s in sessions if s.possible), axis)


def bar(session: Session, axis: Axis, medium: Medium, guides: Iterable[int], crowd: Sequence[int]) -> Text:
    """One socket's life, a cell a column and one for what comes after: certain, possible, connecting.

    `crowd`: how many are certainly open, by column.
    """
    signs = medium.signs
    cells: list[tuple[str, str]] = [(" ", "")] * (axis.columns + 1)
    for column in guides:
        cells[column] = (signs.guide, LINES)
    created = session.created.earliest if session.created is not None else None
    if session.possible is None and created is not None:
        failed = session.outcome is Outcome.FAILED
        until = (session.closed.latest if session.closed is not None else None) or created
        for column in axis.cells(Interval(created, until + 1 if failed else None)):
            cells[column] = (signs.connecting, UNSURE)
        cells[axis.column(until) if failed else -1] = (signs.failed, BAD) if failed else (signs.no_end, UNSURE)
    if session.possible is not None:
        for column in axis.cells(session.possible):
            cells[column] = (signs.possible, UNSURE)
        if session.possible.end is None:
            cells[-1] = (signs.no_end, UNSURE)
    if session.proven is not None:
        for column in axis.cells(session.proven):
            cells[column] = (signs.certain, BAD if crowd[column] > 1 else GOOD)
        if session.proven.end is None:
            cells[-1] = (signs.goes_on, BAD if crowd[-1] > 1 else GOOD)
    return _joined(cells)


def _joined(cells: Iterable[tuple[str, str]]) -> Text:
    line = Text()
    for style, run in groupby(cells, key=lambda cell: cell[1]):
        line.append("".join(sign for sign, _ in run), style or None)
    return line


def concurrency(row: Sequence[int], medium: Medium, sure: bool) -> Text:
    """How many at once, column by column: digits, or from 10 on heights."""
    most = max(row, default=0)
    several, one = (BAD, GOOD) if sure else (UNSURE, "")
    return _joined((height(level, most, medium), several if level > 1 else one if level else LINES) for level in row)


def height(level: int, most: int, medium: Medium) -> str:
    """A digit; where some have two, a step of a scale."""
    if most >= 10:
        return step(level, most, medium)
    return str(level) if level else medium.signs.zero


def step(level: int, most: int, medium: Medium) -> str:
    steps = medium.signs.steps
    return steps[(level * len(steps) - 1) // most] if level else " "


def ruler(axis: Axis, medium: Medium) -> tuple[Text, Text]:
    """The time axis: labels, and the line under them."""
    signs, step = medium.signs, _step(axis)
    labels, line = [" "] * axis.columns, [signs.line] * axis.columns
    line[0] = signs.corner
    free = 0
    for at in range(axis.start + (axis.zero - axis.start) % step, axis.end + 1, step):
        column, label = axis.column(at), _label(at - axis.zero, step, axis.end - axis.start)
        if column >= free and column + len(label) <= axis.columns:
            labels[column : column + len(label)] = label
            line[column] = signs.corner if column == 0 else signs.tick
            free = column + len(label) + 1
    return Text("".join(labels)), Text("".join(line), LINES)


def marks(axis: Axis, most: int) -> list[tuple[Instant, str]]:
    """Round instants of the axis, about `most`, each with its label."""
    step = _step(Axis(axis.start, axis.end, 12 * most, axis.zero))
    span = axis.end - axis.start
    first = axis.start + (axis.zero - axis.start) % step
    return [(at, _label(at - axis.zero, step, span)) for at in range(first, axis.end + 1, step)]


def _step(axis: Axis) -> Duration:
    """A round duration, so that ticks stand some twelve columns apart."""
    wanted = max(1, (axis.end - axis.start) * 12 // axis.columns)
    rounds = [unit * n for unit in (10**k for k in range(7)) for n in (1, 2, 5)]
    rounds += [n * SECOND for n in (10, 15, 30)] + [n * MINUTE for n in (1, 2, 5, 10, 15, 30)]
    rounds += [n * HOUR for n in (1, 2, 3, 6, 12)] + [DAY * 2**k for k in range(20)]
    return next((it for it in rounds if it >= wanted), wanted)


def _label(at: Duration, step: Duration, span: Duration) -> str:
    if at == 0:
        return "0 s"
    smallest = (SECOND, "s") if span >= SECOND else (MILLISECOND, "ms")
    unit, name = next((unit for unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")) if step >= unit[0]), smallest)
    return f"{at / unit:g} {name}"
