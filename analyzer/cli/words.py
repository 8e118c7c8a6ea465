"""Read the words and values of options: any case, aliases, and the nearest word where one is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import TypeVar

from analyzer import choices
from analyzer.cli.screen import refuse

Value = TypeVar("Value")
FORMATS = {
    "md": "markdown",
    "xml": "junit",
    "htm": "html",
    "txt": "text",
    "jsonl": "ndjson",
    "pq": "parquet",
    "annotations": "github",
}


def choose(option: str, value: str, words: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Return the word that an option's value means; refuse an unknown one."""
    return checked(option, value, lambda: choices.choose(value, words, aliases))


def checked(option: str, value: str, read: Callable[[], Value]) -> Value:
    """Return what `read` returns; where it raises ValueError, refuse the option's value with that reason."""
    try:
        return read()
    except ValueError as problem:
        refuse(f"{option} {value}: {problem}")


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
