"""Read the values of options: words in any case, numbers, durations, time zones.

What a reader cannot use it refuses, with what to write instead; each is a `parser` for typer.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo

import typer

from analyzer import choices, durations
from analyzer.choices import Choice
from analyzer.patterns import Pattern

LARGEST = 1_000_000
EXPONENT = Pattern(r"[+-]?[\d.]+[eE][+-]?\d+")


def among(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what a shell completes from these words."""
    return lambda incomplete: [str(word) for word in words if word.startswith(incomplete)]


def word(choice: Choice) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        try:
            return choice.choose(text)
        except ValueError as problem:
            raise typer.BadParameter(f"{text}: {problem}") from None

    return read


def words(choice: Choice) -> Callable[[str], str]:
    """Return a reader of one of these words, or of several with commas between them, which stay one text."""
    read = word(choice)
    return lambda text: ",".join(read(each) for each in text.split(",") if each.strip()) or read(text)


def whole(least: int, most: int = LARGEST) -> Callable[[object], int]:
    """Return a reader of whole numbers."""

    def read(value: object) -> int:
        text = str(value)
        if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not least <= int(text) <= most:
            raise typer.BadParameter(f"{text}: give a whole number from {least:,} to {most:,}")
        return int(text)

    return read


def number(least: float, most: float) -> Callable[[object], float]:
    """Return a reader of numbers for typer's `parser`."""

    def read(value: object) -> float:
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise typer.BadParameter(f"{value}: give a number from {least:g} to {most:g}")
        return number

    return read


def duration(bare_unit: str) -> Callable[[str], str]:
    """Return a reader of durations, which leaves them as they were written. A bare number counts in this unit."""

    def read(text: str) -> str:
        if EXPONENT.fullmatch(text.strip()):
            raise typer.BadParameter(f"{text}: write the number out, such as 1000 for 1e3")
        try:
            durations.parse(text, bare_unit)
        except ValueError as problem:
            raise typer.BadParameter(f"{text}: {problem}") from None
        return text

    return read


def seconds(text: str) -> float:
    """Read a duration in seconds."""
    return durations.parse(duration("s")(text), "s") / durations.MICROSECONDS["s"]


def zone_name(name: str) -> str:
    """Read the name of a time zone."""
    zone(name)
    return name


def zone(name: str | None) -> tzinfo:
    """Return the time zone of this name: `local`, `UTC` (also where none is given) or an IANA name in any case.

    Raises BadParameter.
    """
    if name is None or name.lower() in ("utc", "z"):
        return UTC
    if name.lower() == "local":
        from dateutil import tz

        zone = os.environ.get("TZ", "")
        local: tzinfo = tz.gettz() or tz.tzlocal()
        if zone and isinstance(local, tz.tzlocal) and zone.upper() not in ("UTC", "GMT"):  # UTC under that name
            raise typer.BadParameter(f"{name}: the environment variable TZ is no time zone: {zone}")
        return local
    from zoneinfo import ZoneInfo, available_timezones

    by_folded_name = {known.lower(): known for known in available_timezones()}
    folded = name.lower().replace(" ", "_")
    if folded in by_folded_name:
        return ZoneInfo(by_folded_name[folded])
    cities = {known.rpartition("/")[2]: known for known in sorted(by_folded_name, reverse=True)}
    near = choices.nearest(folded, by_folded_name) or cities.get(choices.nearest(folded, cities) or "")
    hint = "give" if near is None else f"did you mean {by_folded_name[near]}? Give"
    raise typer.BadParameter(f"{name}: {hint} local, UTC or a name such as Europe/Berlin")
