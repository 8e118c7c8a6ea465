"""Choose round instants of an axis, and label them."""

from __future__ import annotations

from analyzer.model import MILLISECOND, SECOND, Duration, Instant
from analyzer.timeline.axis import Axis

MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def round_instants(axis: Axis, most: int) -> list[tuple[Instant, str]]:
    """Choose round instants of the axis, about `most`, each with its label."""
    step = round_step(Axis(axis.start, axis.end, 12 * most, axis.zero))
    span = axis.end - axis.start
    first = axis.start + (axis.zero - axis.start) % step
    return [(at, label_of(at - axis.zero, step, span)) for at in range(first, axis.end + 1, step)]


def round_step(axis: Axis) -> Duration:
    """Choose a round duration, so that ticks stand some twelve columns apart."""
    wanted = max(1, (axis.end - axis.start) * 12 // axis.columns)
    rounds = [unit * n for unit in (10**k for k in range(7)) for n in (1, 2, 5)]
    rounds += [n * SECOND for n in (10, 15, 30)] + [n * MINUTE for n in (1, 2, 5, 10, 15, 30)]
    rounds += [n * HOUR for n in (1, 2, 3, 6, 12)] + [DAY * 2**k for k in range(20)]
    return next((it for it in rounds if it >= wanted), wanted)


def label_of(at: Duration, step: Duration, span: Duration) -> str:
    """Write a distance from the start in the largest unit that the step fills: `1.5 s`, `2 min`."""
    if at == 0:
        return "0 s"
    smallest = (SECOND, "s") if span >= SECOND else (MILLISECOND, "ms")
    unit, name = next((unit for unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")) if step >= unit[0]), smallest)
    return f"{at / unit:g} {name}"
