"""Check values that people give. Every function raises ValueError, in one sentence that names the setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from analyzer import choices
from analyzer.durations import Microseconds, microseconds

Word = TypeVar("Word", bound=StrEnum)


# Other words for the same, on the command line, in a settings file and in Python.
SCOPES = {"address": "endpoint", "provider": "service", "file": "capture"}
APP_MODES = {"dev": "development", "prod": "production"}
SEVERITIES = {"warn": "warning", "info": "note", "notice": "note", "err": "error"}
NEVER = ("never", "none", "nothing", "off", "ignore")


def word(setting: str, value: object, words: type[Word], aliases: Mapping[str, str] = {}) -> Word:
    """Return the word that was given, in any case or by an alias, as the member of an enumeration."""
    names = tuple(word.value for word in words)
    try:
        return words(choices.Choice(names, aliases).choose(str(value)))
    except ValueError:
        raise ValueError(f"{setting}: {value!r} is none of {', '.join(names)}{hint(value, names)}") from None


def is_never(value: object) -> bool:
    """Does this switch a severity off?"""
    return value is None or str(value).strip().lower() in NEVER


def hint(value: object, words: Iterable[str]) -> str:
    """Ask for the nearest word, where one is near."""
    near = choices.nearest(str(value).casefold(), words)
    return "" if near is None else f"; did you mean {near!r}?"


def count(setting: str, value: object, least: int) -> int:
    """Return a whole number that is not less than `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{setting}: {value!r} is not a whole number")
    if value < least:
        raise ValueError(f"{setting}: {value} is less than {least}")
    return value


def switch(setting: str, value: object) -> bool:
    """Return True or False, and take nothing else for either."""
    if not isinstance(value, bool):
        raise ValueError(f"{setting}: {value!r} is neither True nor False")
    return value


def key(setting: str, value: object) -> str | None:
    """Return the key of a keyed hash, or None. An empty one is refused: anybody can compute its masks."""
    if value is None or (isinstance(value, str) and value):
        return value
    raise ValueError(f"{setting}: the key is empty: is its variable set?" if value == "" else f"{setting}: not a text")


def duration(setting: str, value: timedelta | str | float) -> Microseconds:
    """Return a duration; a number counts in milliseconds."""
    try:
        return microseconds(value, "ms")
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def texts(setting: str, value: object) -> tuple[str, ...]:
    """Return one text, or several, as several."""
    items = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"{setting}: expected texts, not {value!r}")
    return items
