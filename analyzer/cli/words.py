"""Read the words and values of options: any case, aliases, and the nearest word where one is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TypeVar

import typer

from analyzer import choices, durations
from analyzer.choices import Choice
from analyzer.cli.screen import refuse

Value = TypeVar("Value")


def choose(option: str, value: str, choice: Choice) -> str:
    """Return the word that an option's value means; refuse an unknown one."""
    return checked(option, value, lambda: choice.choose(value))


def checked(option: str, value: str, read: Callable[[], Value]) -> Value:
    """Return what `read` returns; where it raises ValueError, refuse the option's value with that reason."""
    try:
        return read()
    except ValueError as problem:
        refuse(f"{option} {value}: {problem}")


def whole(least: int, most: int | None = None) -> Callable[[object], int]:
    """Return a reader of whole numbers for typer's `parser`."""

    def read(value: object) -> int:
        text = str(value)
        if not text.isascii() or not text.isdigit() or not least <= int(text[:10]) <= (most or int(text[:10])):
            raise typer.BadParameter(f"{text}: give a whole number, {_bounds(least, most)}")
        return int(text)

    return read


def number(least: float, most: float) -> Callable[[object], float]:
    """Return a reader of numbers for typer's `parser`."""

    def read(value: object) -> float:
        try:
            found = float(str(value))
        except ValueError:
            found = math.nan
        if not least <= found <= most:
            raise typer.BadParameter(f"{value}: give a number, {_bounds(least, most)}")
        return found

    return read


def _bounds(least: float, most: float | None) -> str:
    return f"{least:g} or more" if most is None else f"{least:g} to {most:g}"


def seconds(text: str) -> float:
    """Read a duration in seconds for typer's `parser`; a number without a unit counts in seconds."""
    try:
        return durations.parse(text, "s") / durations.MICROSECONDS["s"]
    except ValueError as problem:
        raise typer.BadParameter(f"{text}: {problem}") from None


def zone(name: str | None) -> tzinfo:
    """Return the time zone of this name: `local`, `UTC` (also where none is given) or an IANA name in any case."""
    if name is None or name.lower() in ("utc", "z"):
        return UTC
    if name.lower() == "local":
        from dateutil import tz

        local: tzinfo = tz.gettz() or tz.tzlocal()
        return local
    from zoneinfo import ZoneInfo, available_timezones

    by_folded_name = {known.lower(): known for known in available_timezones()}
    folded = name.lower().replace(" ", "_")
    if folded in by_folded_name:
        return ZoneInfo(by_folded_name[folded])
    cities = {known.rpartition("/")[2]: known for known in sorted(by_folded_name, reverse=True)}
    near = choices.nearest(folded, by_folded_name) or cities.get(choices.nearest(folded, cities) or "")
    hint = "" if near is None else f"did you mean {by_folded_name[near]}? "
    refuse(f"--tz {name}: {hint}Give local, UTC or a name such as Europe/Berlin")
