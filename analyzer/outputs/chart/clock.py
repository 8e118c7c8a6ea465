"""Place the ticks of the time axis, and label them with times from the start and times of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from analyzer.model import MILLISECOND, SECOND, Duration, Instant
from analyzer.timeline.ticks import DAY, HOUR, MINUTE
from analyzer.wording.instants import moment_of

STEPS: tuple[Duration, ...] = (
    *(figure * 10**power for power in range(7) for figure in (1, 2, 5)),  # 1 us to 5 s
    *(10 * SECOND, 20 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR),
    *(figure * 10**power * DAY for power in range(9) for figure in (1, 2, 5)),
)


class Tick(NamedTuple):
    at: Instant
    since: str  # 1.5 s
    clock: str  # 18:53:28.485; empty where no calendar reaches


def ticks(origin: Instant, begin: Instant, finish: Instant, most: int, zone: tzinfo = UTC) -> list[Tick]:
    """Place at most so many ticks, at round distances from the origin; `zone` is that of the clock."""
    step = next((step for step in STEPS if (finish - begin) <= step * most), STEPS[-1])
    places = range(-(-(begin - origin) // step) * step, finish - origin + 1, step)
    moments = [moment_of(origin + place, zone) for place in places]
    days = [_date(moment) for moment in moments]
    return [
        Tick(origin + place, _since(place, step, finish - origin), _clock(moment, step, day != before))
        for place, moment, day, before in zip(
            places, moments, days, [_date(moment_of(begin, zone)), *days], strict=False
        )
    ]


def _date(moment: datetime | None) -> str:
    """Write a date: `2026-11-23`; empty where no calendar reaches."""
    return moment.strftime("%Y-%m-%d") if moment is not None else ""


def _since(place: Duration, step: Duration, longest: Duration) -> str:
    if step % DAY == 0:
        return f"{place // DAY:,} d"
    if longest < SECOND:
        return f"{place / MILLISECOND:.{_decimals(step, MILLISECOND)}f} ms"
    if longest <= 2 * MINUTE or step < SECOND:
        return f"{place / SECOND:.{_decimals(step, SECOND)}f} s"
    sign, seconds = "-" if place < 0 else "", abs(place) // SECOND
    minutes, seconds = divmod(seconds, 60)
    if longest < HOUR:
        return f"{sign}{minutes}:{seconds:02d} min"
    hours = f"{sign}{minutes // 60}:{minutes % 60:02d}"
    return f"{hours} h" if step % MINUTE == 0 else f"{hours}:{seconds:02d} h"


def _decimals(step: Duration, unit: Duration) -> int:
    """Count the digits after the point that set one tick apart from the next."""
    digits = 0
    while step * 10**digits % unit:
        digits += 1
    return digits


def _clock(moment: datetime | None, step: Duration, another_day: bool) -> str:
    if moment is None:
        return ""
    if step % DAY == 0:
        return f"{moment:%Y-%m-%d}"
    if another_day:
        return f"{moment:%m-%d %H:%M}"
    fraction = f"{moment.microsecond:06d}"[: 0 if step >= 10 * SECOND else 3 if step >= MILLISECOND else 6]
    return f"{moment:%H:%M:%S}" + (f".{fraction}" if fraction else "")
