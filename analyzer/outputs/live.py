"""Draw a recording while it runs: how many sockets are open, a bar per socket that grows, and who opened it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analyzer.intervals import Interval, sweep
from analyzer.model import SECOND, Duration, Instant, Value, format_duration, join_some, plural
from analyzer.painting import bars
from analyzer.timeline import Axis, Grid
from analyzer.wording import terminal
from analyzer.wording.instants import EXACT
from analyzer.wording.medium import BAD, GOOD, LINES, NARROWEST, STRONG, UNSURE, Medium

SPANS = tuple(it * SECOND for it in (10, 20, 30, 60, 120))  # time that is drawn: the first that the recording fits
STEP = 30 * SECOND  # by which the last of them slides
MANY = "how many"
LOW = 13  # lines; where there are fewer, only count, axis, sockets and hint are drawn
MOST = 20  # rows of sockets
PLACES, NAMED = 3, (4, 2, 1)  # lines that say who opened sockets; how many sockets each of them names
MARGIN = " "


class Life(Value, frozen=True):
    """What is known of one socket by now. Its texts are masked.

    began: when it opened, or failed to. certain, possible: until when it was open, at least and at most; None: it
    still is, or that is not known. ending: how it ended; empty while it is open. opener: the code that opened it.
    counts: it is one of the sockets whose number is limited. older: it was open when the recording began to listen.
    """

    number: int
    name: str
    began: Instant
    opener: str = ""
    certain: Instant | None = None
    possible: Instant | None = None
    ending: str = ""
    failed: bool = False
    counts: bool = True
    older: bool = False

    @property
    def open(self) -> bool:
        return not self.ending

    @property
    def lost(self) -> bool:
        """It may still be open, but nothing is recorded of it any more."""
        return not self.open and self.possible is None


class Scene(Value, frozen=True):
    """A recording at one instant.

    lives: the sockets that are open, or ended within the time that is drawn, by number. earlier: how many others
    there were. peak: how many were open at the same time so far. hint: what the keyboard does now.
    """

    start: Instant
    now: Instant
    lives: tuple[Life, ...] = ()
    earlier: int = 0
    peak: int = 0
    allowed: int = 1
    hint: str = ""


def count_open(lives: Iterable[Life]) -> int:
    """Count the sockets that are open now, of those whose number is limited."""
    return sum(life.open and life.counts for life in lives)


def find_peak(lives: Iterable[Life]) -> int:
    """Return how many were certainly open at the same time, of those whose number is limited."""
    return max((level for _, level in sweep(_certain(lives))), default=0)


class Excess(NamedTuple):
    """More sockets than allowed are open from an instant on."""

    at: Instant
    words: str


def find_excess(scene: Scene, after: Instant) -> Excess | None:
    """Find the last excess that began after an instant, and say which sockets were open and who opened the last."""
    level, begins = 0, None
    for at, new in sweep(_certain(scene.lives)):
        if level <= scene.allowed < new and at > after:
            begins = at, new
        level = new
    if begins is None:
        return None
    at, level = begins
    counted = [life for life in scene.lives if life.counts and not life.failed]
    last = [life for life in counted if life.began == at]
    if all(life.older for life in last):
        return Excess(at, f"{plural(level, 'socket')} open, {scene.allowed:,} allowed: open before the recording began")
    others = [life for life in counted if life.began < at and (life.certain is None or life.certain > at)]
    opener = next((f" by {life.opener}" for life in last if life.opener), "")
    while_open = f" while {_ids(others)} {'was' if len(others) == 1 else 'were'} open" if others else ""
    return Excess(
        at, f"{plural(level, 'socket')} open, {scene.allowed:,} allowed: {_ids(last)} opened{opener}{while_open}"
    )


def _ids(lives: Sequence[Life]) -> str:
    return join_some([f"#{life.number}" for life in lives], NAMED[0])


def window(start: Instant, now: Instant) -> Interval:
    """Choose the time that is drawn: the whole recording with room in which bars grow, or its last minutes."""
    span = next((it for it in SPANS if now - start < it), SPANS[-1])
    slid = max(0, (now - start - span) // STEP + 1) * STEP
    return Interval(start + slid, start + slid + span)


def draw(scene: Scene, medium: Medium, height: int) -> list[Text]:
    """Draw at most `height` lines (4 or more), none wider than the medium (40 cells or more)."""
    medium = Medium(max(medium.width, NARROWEST), medium.unicode)
    low = height < LOW
    above, below = (2, 1) if low else (6, len(_openers(scene.lives, medium)) + 1)  # lines that are not of sockets
    rows = _select(scene.lives, min(MOST, max(1, height - above - below)))
    layout = _lay_out(rows, scene, medium)
    start, end = window(scene.start, scene.now)
    grid = Grid(Axis(start, end or start, scene.start), layout.bar)
    crowd = grid.highest(sweep(_certain(scene.lives, scene.now)))
    labels, line = bars.ruler(grid, medium)
    if not labels.plain.strip():  # no round instant has room
        labels = Text(_in_seconds(start - scene.start))
    lines = [_count(scene, medium), layout.row("", labels)]
    if not low:
        left_out = scene.earlier + len(scene.lives) - len(rows)
        hidden = count_open(scene.lives) - count_open(rows)
        title = terminal.headline(Text(f"Recording, {_in_seconds(scene.now - scene.start)}", STRONG), medium)
        many = _crowd(crowd, scene, grid, medium)
        lines = [title, *lines, layout.row("", line), layout.row(MANY, many)]
        open_too = "" if not hidden else ", all open" if hidden == left_out else f", {hidden:,} of them open"
        lines.append(Text(f"{MARGIN}and {left_out:,} earlier{open_too}" if left_out else ""))
    for life in rows:
        style = STRONG if life.open else ""
        lines.append(layout.row(_label(life), _bar(life, scene, grid, crowd, medium), _states(life, scene.now), style))
    hint = [Text(MARGIN + medium.short(scene.hint, medium.width - 10))] if scene.hint else []
    openers = [] if low else _openers(rows, medium)
    return [*lines, *openers, *hint]


# -- its parts -----------------------------------------------------------------------------------------------------


class _Columns(NamedTuple):
    """How wide the parts of a row are."""

    label: int
    bar: int
    state: int
    medium: Medium

    def row(self, label: str, picture: Text, states: Sequence[str] = (), style: str = "") -> Text:
        """Write a row, with the first of the states that fits."""
        picture.truncate(self.bar, pad=True)
        state = next((it for it in states if cell_len(it) <= self.state), states[-1] if states else "")
        line = Text(MARGIN).append(set_cell_size(self.medium.short(label, self.label), self.label), style or None)
        return line.append(" ").append_text(picture).append(f" {self.medium.short(state, self.state)}")


def _lay_out(rows: Sequence[Life], scene: Scene, medium: Medium) -> _Columns:
    """Give labels and states the room that they need, but leave two fifths of the width to the bars."""
    width = medium.width - len(MARGIN) - 2
    labels = [MANY, *(_label(life) for life in rows)]
    states = [state for life in rows for state in _states(life, scene.now)[:1]]
    label = min(max(map(cell_len, labels)), max(14, width * 3 // 10), 34)
    state = min(max(map(cell_len, states), default=0), max(10, width * 3 // 5 - label))
    return _Columns(label, width - label - state, state, medium)


def _select(lives: Sequence[Life], most: int) -> list[Life]:
    """Choose the sockets that get a row: those that are open, then the newest; by number."""
    return sorted(sorted(lives, key=_rank, reverse=True)[:most], key=lambda life: life.number)


def _rank(life: Life) -> tuple[bool, int]:
    return life.open, life.number


def _certain(lives: Iterable[Life], now: Instant | None = None) -> Iterator[Interval]:
    """List when each was certainly open, of those whose number is limited."""
    for life in lives:
        if life.counts and not life.failed:
            yield Interval(life.began, life.certain if life.certain is not None else now and max(now, life.began) + 1)


def _count(scene: Scene, medium: Medium) -> Text:
    """Say how many are open now, red where that is too many, and whether it was too many before."""
    now, signs = count_open(scene.lives), medium.signs
    mark, style = (signs.overlap, BAD) if now > scene.allowed else (signs.fine, GOOD) if now else (signs.nothing, "")
    lost = sum(life.lost for life in scene.lives)
    parts = [(f"{MARGIN}{mark} {now:,} open now", style), (f", {scene.allowed:,} allowed", "")]
    parts += [(f", peak {scene.peak:,}", BAD)] if scene.peak > scene.allowed else []
    parts += [(f", {lost:,} unknown", UNSURE)] if lost else []
    line = Text()
    for words, look in parts:
        if line.cell_len + cell_len(words) <= medium.width:
            line.append(words, look or None)
    return line


def _crowd(crowd: Sequence[int], scene: Scene, grid: Grid, medium: Medium) -> Text:
    """Draw how many were open, column by column, until now."""
    passed = crowd[: grid.column(scene.now) + 1]
    return bars.concurrency(passed, medium, True, scene.allowed)


def _bar(life: Life, scene: Scene, grid: Grid, crowd: Sequence[int], medium: Medium) -> Text:
    signs, cells = medium.signs, [(" ", "")] * grid.columns
    until = max(scene.now, life.began) if life.certain is None else life.certain
    if life.failed:
        if life.began >= grid.axis.start:
            cells[grid.column(life.began)] = (signs.failed, BAD)
        return bars.join(cells)
    if life.possible is not None and life.possible > until:
        for column in grid.cells(Interval(until, life.possible)):
            cells[column] = (signs.possible, UNSURE)
    for column in grid.cells(Interval(life.began, until + 1)):
        too_many = life.counts and crowd[column] > scene.allowed
        cells[column] = (signs.certain, BAD if too_many else GOOD if life.open else LINES)
    last = grid.column(until)
    if life.open:
        cells[last] = (signs.goes_on, cells[last][1])
    elif life.lost:
        cells[last] = (signs.no_end, UNSURE)
    return bars.join(cells)


def _label(life: Life) -> str:
    return f"#{life.number} {life.name}"


def _states(life: Life, now: Instant) -> list[str]:
    """Say for how long it was open, and how it ended: in full, then in the fewest words."""
    if life.failed:
        return [life.ending, "failed"]
    uncounted = "" if life.counts else ", not counted"
    if life.open:
        lasted = f"{'≥ ' if life.older else ''}{_in_seconds(now - life.began)}"
        return [f"{lasted}{uncounted}", lasted]
    least = (life.certain or life.began) - life.began
    exact = not life.older and life.possible is not None and life.possible - life.began - least <= EXACT
    lasted = f"{'' if exact else '≥ '}{format_duration(least) if least else '0 s'}"
    return [f"{lasted}, {life.ending}{uncounted}", f"{lasted}, {life.ending}", lasted]


def _openers(lives: Sequence[Life], medium: Medium) -> list[Text]:
    """Name the code that opened sockets, first that of those which are open, then of the newest."""
    places: dict[str, list[int]] = {}
    for life in sorted(lives, key=_rank, reverse=True):
        if life.opener:
            places.setdefault(life.opener, []).append(life.number)
    return [_opener(place, numbers, medium) for place, numbers in list(places.items())[:PLACES]]


def _opener(place: str, numbers: Sequence[int], medium: Medium) -> Text:
    """Write `#1, #2 and 3 more: opened by <Chat>, app.js:12`; the fewer sockets are named, the less room there is."""
    for named in NAMED:
        ids = [f"#{number}" for number in (*sorted(numbers[:named]), *numbers[named:])]
        start = f"{MARGIN}{join_some(ids, named)}: opened by "
        if cell_len(start) + cell_len(place) <= medium.width:
            break
    return Text(start + medium.short_left(place, medium.width - cell_len(start)))


def _in_seconds(duration: Duration) -> str:
    """Write a time that goes on, in whole seconds: `12 s`, `1 min 12 s`."""
    seconds = max(0, duration) // SECOND
    return f"{seconds} s" if seconds < 60 else format_duration(seconds * SECOND)
