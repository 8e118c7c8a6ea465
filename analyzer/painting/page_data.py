"""Write one capture as numbers and words for the JavaScript of the page: report/time.js reads them.

A word stands once, and so does a kind: what many sockets have in common. Of each socket only numbers are left.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator
from itertools import compress
from typing import Any

from analyzer.intervals import Interval
from analyzer.model import Bounds, Confidence, Instant, Messages, Outcome, Report, Session
from analyzer.painting.part import Part, Row
from analyzer.timeline import Axis, Scale, Steps, close_bounds, unit_of
from analyzer.wording import findings, instants, lifetimes, origins, socket, timeline
from analyzer.wording.harmless import safe, safe_middle

FINE, COARSE = 24, 10  # columns of a rhythm: of few sockets, and of more than `FEW`
FEW = 1_000


def encode(part: Part) -> str:
    """Encode a capture for JavaScript; `<` and line ends are escaped, so that nothing ends the element around it."""
    text = json.dumps(_data(part), separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(part: Part) -> dict[str, Any]:
    report, layout, axis = part.report, part.layout, part.layout.axis
    kinds = _Kinds(part)
    columns = FINE if len(report.sessions) <= FEW else COARSE
    sockets = [
        [*_socket(row, number, kinds, columns)] for number, block in enumerate(part.blocks) for row in block.rows
    ]
    return {
        "id": part.id,
        "prefix": part.prefix,
        "span": axis.end - axis.start,
        "wide": axis.span,
        "zero": axis.zero - axis.start,
        "ever": -axis.start,  # what has no start begins here
        "epoch": axis.start if axis.has_times and instants.has_dates(report.capture) else None,
        "unit": unit_of(axis) if axis.has_times else None,
        "sections": [[block.title, block.note, block.common] for block in part.blocks],
        "loads": [
            [load.at - axis.start, timeline.load_kind(load.page), timeline.page_name(load.page)]
            for load in layout.loads
        ],
        "bands": [*_bands(report, axis)],
        "haze": [[*_places(interval, axis)] for interval in layout.possible_overlaps],
        "scales": [_scale(scale, axis) for scale in layout.scales],
        "findings": [[safe(it.message, 300), [int(id[1:]) for id in it.sessions]] for it in findings.sort(report)],
        "outcomes": {outcome.value: each.brief for outcome, each in lifetimes.OUTCOMES.items()},
        "saved": socket.still_open(report),
        "array": kinds.array,
        "sockets": sockets,
        "kinds": [*kinds.kinds.places],
        "stacks": [*kinds.stacks.places],
        "words": [*kinds.words.places],
    }


class _Numbers:
    """Number things, each once."""

    def __init__(self) -> None:
        self.places: dict[Hashable, int] = {}

    def __call__(self, thing: Hashable) -> int:
        return self.places.setdefault(thing, len(self.places))


class _Kinds:
    """Number what sockets have in common, in the order in which report/time.js names it."""

    def __init__(self, part: Part) -> None:
        self.report, self.axis = part.report, part.layout.axis
        self.pages = {page.id: page for page in reversed(part.report.capture.pages)}  # the first counts, as for `show`
        self.array = next((_array(row.session.pointer) for row in part.rows), "")
        self.kinds, self.words, self.stacks = _Numbers(), _Numbers(), _Numbers()
        self.by_texts: dict[tuple[Any, ...], int] = {}  # thousands of sockets have the same

    def number(self, row: Row, section: int, closed: Bounds | None) -> int:
        calls, words = socket.list_calls(row.session), tuple(self._words(row, closed))
        texts = section, row.session.clock, calls, words
        number = self.by_texts.get(texts)
        if number is None:
            kind = section, row.session.clock, self._stack(calls), *map(self.words, words)
            number = self.by_texts[texts] = self.kinds(kind)
        return number

    def _stack(self, calls: Iterable[socket.Line]) -> int:
        return self.stacks(tuple(self.words(_style(call) + safe(call.words, 400)) for call in calls))

    def _words(self, row: Row, closed: Bounds | None) -> Iterator[str]:
        session, axis = row.session, self.axis
        yield from (row.address, row.service, row.user, row.caption.who, row.caption.opener)
        yield safe(session.endpoint, 300)
        yield safe(session.url.removeprefix(session.endpoint), 300)
        yield safe(socket.describe_service(session), 300)
        yield safe_middle(origins.name_call(session) + origins.describe_opener(session), 300)
        yield from (it.evidence.sentence if it else "" for it in (session.created, session.opened, closed))
        yield from (session.outcome.value, safe(socket.outcome_of(self.report, session), 300))
        yield (
            row.ended.removeprefix(f"{instants.when(closed, axis)}, ")
            if session.outcome is Outcome.CLOSED
            else row.ended
        )
        yield safe(socket.describe_code(session), 200)
        yield safe(session.page or "", 60)
        yield safe_middle(socket.describe_page(self.pages.get(session.page or ""), session), 300)


def _style(call: socket.Line) -> str:
    """Mark a line of a stack by its first letter: our own code, or what scheduled the calls above."""
    return ">" if call.own else "~" if call.label else " "


def _socket(row: Row, section: int, kinds: _Kinds, columns: int) -> Iterator[Any]:
    """Yield the numbers of a socket in the order in which report/time.js reads them."""
    session, messages, axis = row.session, row.session.messages, kinds.axis
    closed = close_bounds(session)
    yield from (int(session.id[1:]), kinds.number(row, section, closed))
    yield from _steps([*_instants(session, closed)], axis.start)
    sizes = sum(compress(messages.lengths, messages.directions))
    yield from (messages.sent, messages.received, sizes, sum(messages.lengths) - sizes)
    entry = session.pointer.removeprefix(kinds.array) if kinds.array else ""
    yield int(entry) if entry.isdecimal() and entry.isascii() and len(entry) < 10 else safe(session.pointer, 120)
    ticks = [_place(tick, axis) // 1_000 for tick in row.ticks]  # milliseconds, each from the one before
    yield [tick - before for before, tick in zip([0, *ticks], ticks, strict=False)]
    yield _rhythm(messages, session.possible, axis, columns)


def _instants(session: Session, closed: Bounds | None) -> Iterator[Instant | None]:
    for bounds in (session.created, session.opened, closed):
        yield from (bounds.earliest, bounds.latest) if bounds is not None else (None, None)
    for interval in (session.possible, session.proven):
        yield from (interval.start, interval.end) if interval is not None else (None, None)
    yield from (session.messages.first, session.messages.last)


def _steps(instants: Iterable[Instant | None], before: Instant) -> Iterator[int | None]:
    """Count each instant from the one before it."""
    for at in instants:
        yield None if at is None else at - before
        before = before if at is None else at


def _rhythm(messages: Messages, life: Interval | None, axis: Axis, columns: int) -> str:
    """Draw how many messages came in each part of a life, as digits up to 9: those sent, then those received."""
    if life is None or not messages.times:
        return ""
    span = max(1, (axis.end if life.end is None else life.end) - life.start)
    counts, start, last = [0] * (2 * columns), life.start, columns - 1
    for at, is_sent in zip(messages.times, messages.directions, strict=True):
        column = (at - start) * columns // span
        column = 0 if column < 0 else last if column > last else column
        counts[column if is_sent == 1 else column + columns] += 1
    most = max(counts)
    return "".join(str(-(-9 * count // most)) for count in counts)


def _bands(report: Report, axis: Axis) -> Iterator[list[int]]:
    """List where two or more were certainly open: begin, end, and by which clock."""
    clocks = {session.id: session.clock for session in report.sessions}
    for overlap in report.overlaps:
        if overlap.confidence is Confidence.PROVEN:
            yield [*_places(overlap.interval, axis), clocks[overlap.sessions[0]]]


def _scale(scale: Scale, axis: Axis) -> dict[str, Any]:
    return {
        "proven": _changes(scale.proven, axis),
        "possible": _changes(scale.possible, axis),
        "highest": scale.highest,
        "limits": [[it.level, timeline.short_limit(it)] for it in scale.limits],
    }


def _changes(steps: Steps, axis: Axis) -> list[int]:
    """List how many are open as pairs of numbers, each the change from the pair before: when, and the level."""
    before, changes = (axis.start, 0), []
    for at, level in steps:
        changes += [at - before[0], level - before[1]]
        before = at, level
    return changes


def _array(pointer: str) -> str:
    """Return the part of a pointer before its last number, `/log/entries/`; none for other pointers."""
    array, slash, number = pointer.rpartition("/")
    return safe(array + slash, 120) if number.isdecimal() else ""


def _places(interval: Interval, axis: Axis) -> tuple[int, int]:
    """Begin and end, counted from the beginning of the axis; -1: no end."""
    return _place(interval.start, axis), -1 if interval.end is None else _place(interval.end, axis)


def _place(at: Instant, axis: Axis) -> int:
    return max(0, at - axis.start)
