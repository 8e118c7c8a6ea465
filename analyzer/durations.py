"""Read durations as people write them, `250ms`, `1.5 s`, `4 min 10 s`, in whole microseconds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from analyzer.patterns import Pattern

if TYPE_CHECKING:
    from decimal import Decimal

MICROSECONDS = {  # per unit
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
ALIASES = {
    **dict.fromkeys(("µs", "μs", "microsecond", "microseconds"), "us"),  # the micro sign and the Greek letter
    **dict.fromkeys(("msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
}
EXAMPLES = "write 250ms, 1.5s or 2m"
LONGEST = 10_000 * MICROSECONDS["d"]  # more is a slip of the pen

_PART = Pattern(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([^\W\d_]*)")
_SHOWN = 30  # characters of a text that is no duration


class Microseconds(int):
    """Hold a duration in whole microseconds. A plain number could as well count in milliseconds or seconds."""

    __slots__ = ()

    def __repr__(self) -> str:
        number = int(self)
        if number % MICROSECONDS["ms"]:
            return f"{number / MICROSECONDS['ms']:.15g} ms" if number > MICROSECONDS["ms"] else f"{number} µs"
        in_seconds = number >= MICROSECONDS["s"] and number % (MICROSECONDS["s"] // 10) == 0
        return f"{number / MICROSECONDS['s']:.15g} s" if in_seconds else f"{number // MICROSECONDS['ms']} ms"


def parse(text: str, bare_unit: str) -> Microseconds:
    """Return the microseconds of a duration such as `250ms`, `1.5 s`, `1m` or `4 min 10 s`.

    A number without a unit counts in `bare_unit`, a key of MICROSECONDS. A fraction of a microsecond is rounded.
    Raises ValueError, in a sentence that shows how to write a duration.
    """
    from decimal import Decimal  # a hundredth of a start

    total, at = Decimal(0), 0
    words = text.strip()
    while at < len(words) or not at:
        part = _PART.match(words, at)
        if part is None:
            raise ValueError(f"{_quote(text)} is not a duration: {EXAMPLES}")
        number, unit = part[1], part[2].lower()
        if not unit and (at or part.end() < len(words)):  # `1m 30`, `1 30s`: of what?
            raise ValueError(f"{_quote(text)} has a number without a unit: {EXAMPLES}")
        unit = ALIASES.get(unit, unit or bare_unit)
        if unit not in MICROSECONDS:
            raise ValueError(f"{_quote(text)} has an unknown unit {_quote(part[2])}: use ms, s, m, h or d")
        total += Decimal(number) * MICROSECONDS[unit]
        at = part.end()
    return _whole(total, text)


def microseconds(value: timedelta | str | float, bare_unit: str) -> Microseconds:
    """Return the microseconds of a timedelta, a text as `parse` takes it, or a number that counts in `bare_unit`.

    Microseconds stay as they are. Raises ValueError for a value that is no duration, or a negative one.
    """
    if isinstance(value, Microseconds):
        return value
    from decimal import Decimal

    if isinstance(value, timedelta):
        return _whole(Decimal(value // timedelta(microseconds=1)), value)
    if isinstance(value, str):
        return parse(value, bare_unit)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{type(value).__name__} is not a duration: give a timedelta, '250ms' or a number")
    exact = Decimal(str(value))
    return _whole(exact * MICROSECONDS[bare_unit] if exact.is_finite() else exact, value)


def _whole(exact: Decimal, value: object) -> Microseconds:
    if exact.is_nan() or exact < 0:
        raise ValueError(f"{_quote(value)} is not a duration: it must be 0 or more")
    if exact > LONGEST:
        raise ValueError(f"{_quote(value)} is longer than {LONGEST // MICROSECONDS['d']:,} days")
    return Microseconds(exact.to_integral_value())


def _quote(value: object) -> str:
    """Quote what was given, cut where it is long: it may be a whole file."""
    text = str(value)
    excerpt = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "'" + "".join(c if c.isprintable() else "?" for c in excerpt) + "'"
