"""Choose round instants of an axis, and label them: since zero, and by the clock.

The only table of round steps: the HTML page gets it with its data, and its JavaScript labels by the same rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from analyzer.model import MILLISECOND, SECOND, Duration, Instant, Value
from analyzer.model.time import EPOCH
from analyzer.timeline.axis import Axis

MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

STEPS: tuple[Duration, ...] = (
    *(figure * 10**power for power in range(7) for figure in (1, 2, 5)),  # 1 us to 5 s
    *(n * SECOND for n in (10, 15, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(figure * 10**power * DAY for power in range(9) for figure in (1, 2, 5)),
)
# A step that fills a unit is counted in it; a shorter one in the unit of its axis.
UNITS: tuple[tuple[str, Duration], ...] = (("d", DAY), ("h", HOUR), ("min", MINUTE))
SHORT: tuple[tuple[str, Duration], ...] = (("s", SECOND), ("ms", MILLISECOND))


class Tick(Value, frozen=True):
    at: Instant
    label: str  # `1.5 s`, since zero


class Ruler(Value, frozen=True):
    """Hold the ticks of an axis, from its start to its end, one step apart."""

    step: Duration
    ticks: tuple[Tick, ...]


def ruler_of(axis: Axis, most: float) -> Ruler:
    """Place at most this many ticks (and one at the start) at round distances from zero; none without times."""
    step = round_step(axis.span, most)
    if not axis.has_times:
        return Ruler(step, ())
    unit = unit_of(axis)
    first = axis.start + (axis.zero - axis.start) % step
    instants = range(first, axis.start + axis.span + 1, step)
    return Ruler(step, tuple(Tick(at, label_of(at - axis.zero, step, unit)) for at in instants))


def round_step(span: Duration, most: float) -> Duration:
    """Choose the shortest round step that does not go into the span more often than `most`."""
    return next((step for step in STEPS if step * most >= span), STEPS[-1])


def unit_of(axis: Axis) -> tuple[str, Duration]:
    """Choose the unit of short steps, the same for every part of a capture: seconds, unless all of it is shorter."""
    whole = axis.whole or axis
    return SHORT[max(abs(whole.start - axis.zero), abs(whole.end - axis.zero)) < SECOND]


def label_of(at: Duration, step: Duration, unit: tuple[str, Duration]) -> str:
    """Write a distance from zero in the largest unit that the step fills, exactly: `1.5 s`, `2 min`."""
    if at == 0:
        return "0 s"
    name, size = next((row for row in UNITS if step >= row[1]), unit)
    whole, rest = divmod(abs(at), size)
    decimals = f"{rest:0{len(str(size)) - 1}}".rstrip("0")
    return f"{'-' if at < 0 else ''}{whole:,}{'.' if decimals else ''}{decimals} {name}"


def clock_labels(ruler: Ruler, axis: Axis, zone: tzinfo) -> list[str]:
    """Label the ticks by the clock: `18:53:28.485`, on another day with the date; empty where no calendar reaches."""
    moments = [moment_of(at, zone) for at in (axis.start, *(tick.at for tick in ruler.ticks))]
    return [
        "" if now is None else _clock(now, ruler.step, before is None or now.date() != before.date())
        for before, now in pairwise(moments)
    ]


def _clock(moment: datetime, step: Duration, on_another_day: bool) -> str:
    if step >= DAY:
        return f"{moment:%Y-%m-%d}"
    if on_another_day:
        return f"{moment:%m-%d %H:%M}"
    fraction = f"{moment.microsecond:06d}"[: 0 if step >= 10 * SECOND else 3 if step >= MILLISECOND else 6]
    return f"{moment:%H:%M:%S}" + (f".{fraction}" if fraction else "")


def moment_of(at: Instant, zone: tzinfo) -> datetime | None:
    """Convert an instant to date and time; None where no calendar reaches."""
    try:
        return (EPOCH + timedelta(microseconds=at)).astimezone(zone)
    except (OverflowError, ValueError):
        return None
