"""Write one capture as numbers and words for the JavaScript of the page: report/time.js reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from analyzer.intervals import Interval
from analyzer.model import Instant, Session
from analyzer.painting.part import Part, Row
from analyzer.timeline import Axis, Steps, unit_of
from analyzer.wording import lifetimes, origins, timeline
from analyzer.wording.harmless import safe, safe_middle


def encode(part: Part) -> str:
    """Encode a capture for JavaScript; `<` and line ends are escaped, so that nothing ends the element around it."""
    text = json.dumps(_data(part), separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(part: Part) -> dict[str, Any]:
    layout, words = part.layout, _Words()
    axis = layout.axis
    array = next((_array(row.session.pointer) for row in part.rows), "")
    sockets = [
        [*_socket(row, number, axis, words, array)] for number, block in enumerate(part.blocks) for row in block.rows
    ]
    return {
        "id": part.id,
        "span": axis.end - axis.start,
        "wide": axis.span,
        "zero": axis.zero - axis.start,
        "unit": unit_of(axis) if axis.has_times else None,
        "terse": part.terse,
        "sections": [[block.title, block.note, block.common] for block in part.blocks],
        "loads": [
            [load.at - axis.start, timeline.load_kind(load.page), timeline.page_name(load.page)]
            for load in layout.loads
        ],
        "bands": [_places(interval, axis) for interval in layout.overlaps],
        "limits": [[it.level, timeline.limit(it), timeline.short_limit(it)] for it in layout.limits],
        "highest": layout.highest,
        "proven": _changes(layout.proven, axis),
        "possible": _changes(layout.possible, axis),
        "outcomes": {outcome.value: each.brief for outcome, each in lifetimes.OUTCOMES.items()},
        "array": array,
        "sockets": sockets,
        "words": list(words.places),
    }


class _Words:
    """Number texts, each once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


def _socket(row: Row, section: int, axis: Axis, words: _Words, array: str) -> Iterator[Any]:
    """Yield the fields of a socket in the order in which report/time.js names them. `array`: that most stand in."""
    session = row.session
    yield from (int(session.id[1:]), section, words(row.address), words(row.service), words(row.user))
    yield from (words(session.outcome.value), row.opened, words(row.ended))
    for interval in (row.lane.connecting, session.possible, session.proven):
        yield from _places(interval, axis)
    yield _place(row.lane.failed, axis)
    yield from (session.messages.sent, session.messages.received)
    yield from (words(safe(session.page or "", 60)), words(_initiator(session)))
    entry = session.pointer.removeprefix(array) if array else ""
    yield int(entry) if entry.isdecimal() and entry.isascii() and len(entry) < 10 else safe(session.pointer, 120)
    yield words(session.opened.evidence.sentence if session.opened else "")
    yield words(safe(lifetimes.how_ended(session), 300))
    ticks = [_place(tick, axis) // 1_000 for tick in row.ticks]  # milliseconds, each from the one before
    yield [tick - before for before, tick in zip([0, *ticks], ticks, strict=False)]


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


def _places(interval: Interval | None, axis: Axis) -> tuple[int, int]:
    """Begin and end, counted from the beginning of the axis; -1: none, or no end."""
    return (-1, -1) if interval is None else (_place(interval.start, axis), _place(interval.end, axis))


def _place(at: Instant | None, axis: Axis) -> int:
    return -1 if at is None else max(0, at - axis.start)


def _initiator(session: Session) -> str:
    return safe_middle(origins.name_call(session) + origins.describe_opener(session), 160)
