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


def word(setting: str, given: object, words: type[Word], aliases: Mapping[str, str] = {}) -> Word:
    """Return the word that was given, in any case or by an alias, as the member of an enumeration."""
    names = tuple(word.value for word in words)
    try:
        return words(choices.Choice(names, aliases).choose(str(given)))
    except ValueError:
        raise ValueError(f"{setting}: {given!r} is none of {', '.join(names)}{hint(given, names)}") from None


def is_never(given: object) -> bool:
    """Does this switch a severity off?"""
    return given is None or str(given).strip().lower() in NEVER


def hint(given: object, words: Iterable[str]) -> str:
    """Ask for the nearest word, where one is near."""
    near = choices.nearest(str(given).casefold(), words)
    return "" if near is None else f"; did you mean {near!r}?"


def count(setting: str, given: object, least: int) -> int:
    """Return a whole number that is not less than `least`."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(f"{setting}: {given!r} is not a whole number")
    if given < least:
        raise ValueError(f"{setting}: {given} is less than {least}")
    return given


def switch(setting: str, given: object) -> bool:
    """Return True or False, and take nothing else for either."""
    if not isinstance(given, bool):
        raise ValueError(f"{setting}: {given!r} is neither True nor False")
    return given


def key(setting: str, given: object) -> str | None:
    """Return the key of a keyed hash, or None. An empty one is refused: anybody can compute its masks."""
    if given is None or (isinstance(given, str) and given):
        return given
    raise ValueError(f"{setting}: the key is empty: is its variable set?" if given == "" else f"{setting}: not a text")


def duration(setting: str, given: timedelta | str | float) -> Microseconds:
    """Return a duration; a number counts in milliseconds."""
    try:
        return microseconds(given, "ms")
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def texts(setting: str, given: object) -> tuple[str, ...]:
    """Return one text, or several, as several."""
    items = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"{setting}: expected texts, not {given!r}")
    return items
