"""Find the date of captures that have none, by the handshakes that they share with captures that have one.

A performance trace counts from the start of the machine. The HAR of the same run dates each handshake within a
millisecond of the trace's event for it, so that the difference between both is the same for every socket.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple, TypeVar, overload

import msgspec

from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Active,
    Bounds,
    Capture,
    Clock,
    Coverage,
    Duration,
    Event,
    Instant,
    Messages,
    Page,
    PageEnd,
    Requested,
    Trace,
)

E = TypeVar("E", bound=Event)

AGREE = 4 * MILLISECOND  # by which the differences of one run differ; measured: 1 ms at most
ABOUT = 10 * SECOND  # by which a capture's own word about its beginning may be wrong; measured: 0.37 s at most
MOST_OF_ONE_ADDRESS = 200  # handshakes that are compared with each other
MOST_DIFFERENCES = 100_000


class _Handshake(NamedTuple):
    """When the request of a handshake was sent, and its key."""

    at: Instant
    key: str | None


def find_dates(captures: Sequence[Capture]) -> list[Capture]:
    """Return the captures, those without a date on the clock of the others where shared handshakes tell it.

    Where they do not, a capture begins with the others: that is a place on the axis, and its clock remains its own.
    """
    dated = [capture for capture in captures if capture.clock is Clock.WALL]
    if not dated:
        return list(captures)
    return [capture if capture.clock is Clock.WALL else _find_date(capture, dated) for capture in captures]


def _find_date(capture: Capture, dated: Sequence[Capture]) -> Capture:
    offset = find_offset(capture, dated)
    if offset is not None:
        moved = shift(capture, offset)
        files = tuple(msgspec.structs.replace(file, clock=Clock.WALL) for file in moved.files)
        return msgspec.structs.replace(moved, files=files)
    starts = [other.observed.start for other in dated if other.observed is not None]
    if not starts or capture.observed is None:
        return capture
    return shift(capture, min(starts) - capture.observed.start)


def find_offset(capture: Capture, dated: Sequence[Capture]) -> Duration | None:
    """What is added to the instants of a capture to have those of the others: microseconds.

    The difference on which most pairs of handshakes of one address agree; None where none does, or where another one
    has as many. One that says about when it began is moved nowhere else. Of others, two runs with one socket each pass
    for one: nothing tells them apart.
    """
    differences = sorted(islice(filter(_bound(capture), _differences(capture, dated)), MOST_DIFFERENCES))
    counts = [bisect_right(differences, first + AGREE) - place for place, first in enumerate(differences)]
    most = max(counts, default=0)
    places = [place for place, count in enumerate(counts) if count == most]
    if not places or differences[places[-1]] - differences[places[0]] > AGREE:
        return None
    return differences[places[0] + most // 2]


def _bound(capture: Capture) -> Callable[[Duration], bool]:
    """Say which differences the capture's own word about its beginning allows."""
    began, observed = capture.files[0].began, capture.observed
    if began is None or observed is None:
        return lambda _: True
    expected = began - observed.start
    return lambda difference: abs(difference - expected) <= ABOUT


def _differences(capture: Capture, dated: Sequence[Capture]) -> Iterator[Duration]:
    """The differences of all pairs of handshakes that may be one: of one key, or where a key is missing."""
    own, others = _handshakes([capture]), _handshakes(dated)
    for address, starts in own.items():
        for one, other in product(starts, others.get(address, ())):
            if one.key == other.key or not (one.key and other.key):
                yield other.at - one.at


def _handshakes(captures: Sequence[Capture]) -> dict[str, list[_Handshake]]:
    """The first handshakes of each address."""
    handshakes: dict[str, list[_Handshake]] = {}
    for trace in (trace for capture in captures for trace in capture.traces):
        at = start_of(trace)
        lot = handshakes.setdefault(trace.url.partition("#")[0], [])
        if at is not None and len(lot) < MOST_OF_ONE_ADDRESS:
            lot.append(_Handshake(at, trace.key))
    return handshakes


def start_of(trace: Trace) -> Instant | None:
    """When the request of a handshake was sent, or, where only that is known, when it may have been sent first."""
    bounds = next((event.within for event in trace.events if isinstance(event, Requested)), None)
    if bounds is None or bounds.earliest is None:
        return None
    return bounds.earliest if bounds.latest is None else bounds.latest


# -- shift -------------------------------------------------------------------------------------------------------


def shift(capture: Capture, offset: Duration) -> Capture:
    """Add a duration to every instant of a capture."""
    return msgspec.structs.replace(
        capture,
        files=tuple(
            msgspec.structs.replace(file, observed=_shift_interval(file.observed, offset)) for file in capture.files
        ),
        pages=tuple(_shift_page(page, offset) for page in capture.pages),
        traces=tuple(_shift_trace(trace, offset) for trace in capture.traces),
        console=tuple(msgspec.structs.replace(line, at=line.at + offset) for line in capture.console),
    )


@overload
def _add(at: Instant, offset: Duration) -> Instant: ...
@overload
def _add(at: None, offset: Duration) -> None: ...
@overload
def _add(at: Instant | None, offset: Duration) -> Instant | None: ...
def _add(at: Instant | None, offset: Duration) -> Instant | None:
    return None if at is None else at + offset


def _shift_interval(interval: Interval | None, offset: Duration) -> Interval | None:
    return None if interval is None else Interval(interval.start + offset, _add(interval.end, offset))


def _shift_bounds(bounds: Bounds, offset: Duration) -> Bounds:
    earliest, latest = _add(bounds.earliest, offset), _add(bounds.latest, offset)
    return msgspec.structs.replace(bounds, earliest=earliest, latest=latest)


def _shift_page(page: Page, offset: Duration) -> Page:
    end: PageEnd | None = page.end and msgspec.structs.replace(page.end, within=_shift_bounds(page.end.within, offset))
    return msgspec.structs.replace(page, started=_add(page.started, offset), end=end)


def _shift_trace(trace: Trace, offset: Duration) -> Trace:
    messages, coverage = trace.messages, trace.coverage
    return msgspec.structs.replace(
        trace,
        events=tuple(_shift_event(event, offset) for event in trace.events),
        messages=Messages(
            array("q", (at + offset for at in messages.times)),
            messages.directions,
            messages.opcodes,
            messages.lengths,
            messages.recorded,
        ),
        coverage=_shift_coverage(coverage, offset),
    )


def _shift_coverage(coverage: Coverage, offset: Duration) -> Coverage:
    until, end = _add(coverage.until, offset), _add(coverage.end, offset)
    return msgspec.structs.replace(coverage, until=until, end=end)


def _shift_event(event: E, offset: Duration) -> E:
    if isinstance(event, Active):
        return msgspec.structs.replace(event, at=event.at + offset)
    return msgspec.structs.replace(event, within=_shift_bounds(event.within, offset))
