"""Load the rows of a catalogue, and say in plain words what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from analyzer.model import Value
from analyzer.patterns import Pattern
from analyzer.services import Match, Place, Row, Where, compile_pattern, packing

if TYPE_CHECKING:
    from analyzer.services.examples import Counterexample, Example

SOURCE = Path(__file__).with_name("catalogue.toml")
SCOPES = ("user", "app", "unit", "project", "database", "account", "token", "channel")
DATE = Pattern(r"\d{4}-\d\d-\d\d")
# How msgspec words what is wrong with a row, and how TOML's users would; its names of types.
PLAIN = (
    (Pattern(r"^Object missing required field"), "needs"),
    (Pattern(r"^Object contains unknown field"), "there is no field"),
    (Pattern(r"^Invalid enum value"), "there is no place"),
    (Pattern(r"^Expected (.+), got (.+)$"), r"must be \1, not \2"),
)
TYPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table { ... }",
    "null": "nothing",
}


class CatalogueError(Exception):
    """A catalogue that cannot be used: which row, and why."""


class Catalogue(Value, frozen=True):
    """The rows of one file."""

    provider: tuple[Row, ...]


@cache
def builtin() -> tuple[Row, ...]:
    """The rows that come with the program."""
    return msgspec.json.decode(packing.read(SOURCE), type=Catalogue).provider


def load(path: Path) -> tuple[Row, ...]:
    """The rows of a catalogue file. Raises CatalogueError, naming the row, for one that cannot work, or that does with
    its examples something else than they say."""
    catalogue = read(path)
    rows = tuple(catalogue)
    for row, sockets in catalogue.items():
        for socket in sockets:
            if problem := socket.find_problem(row, rows):
                raise CatalogueError(f"provider {row.id}: example {socket.title!r}: {problem}")
    return rows


def read(path: Path) -> dict[Row, list[Example | Counterexample]]:
    """The rows of a catalogue file, each with its examples, which nobody has tried."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise CatalogueError("no such file" if missing else error.strerror or "cannot be read") from None
    except (ValueError, RecursionError) as error:  # no TOML, no text, no such name (a NUL in it)
        raise CatalogueError(f"not TOML: {error}") from None
    listed = document.get("provider")
    if not isinstance(listed, list) or set(document) != {"provider"}:
        raise CatalogueError("a catalogue has [[provider]] tables and nothing else")
    rows = dict(_row(item, number) for number, item in enumerate(listed, 1))
    ids = [row.id for row in rows]
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise CatalogueError(f"provider {twice}: this id is used twice")
    return rows


def _row(item: Any, number: int) -> tuple[Row, list[Example | Counterexample]]:
    from analyzer.services import examples

    name = f"provider {item['id']}" if isinstance(item, dict) and isinstance(item.get("id"), str) else f"row {number}"
    try:
        row = msgspec.convert(packing.without_examples(item) if isinstance(item, dict) else item, Row)
        sockets = examples.read(item)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{name}: {_plain(str(error))}") from None
    if problem := next(_problems(row), None):
        raise CatalogueError(f"{name}: {problem}")
    return row, sockets


def _plain(error: str) -> str:
    """Write an error of msgspec in the words of TOML: `limits, entry 1: needs `scope``."""
    problem, _, path = error.partition(" - at `$")
    for pattern, words in PLAIN:
        problem = pattern.sub(words, problem)
    if problem.startswith("must be "):
        problem = re.sub(r"`([a-z |]+)`", lambda match: _types(match[1]), problem)
    if "`match`" in problem:
        problem += ", such as match = [{ host = 'push\\.acme\\.example' }]"
    elif "`date`" in problem or "`by`" in problem:
        problem += ', such as { date = "2026-11-23", by = "acme-push 2.1.0" }'
    elif "there is no place" in problem:
        problem += f": choose {', '.join(get_args(Where))}"
    steps = re.findall(r"\w+|\[\d+\]", path)
    place = ", ".join(f"entry {int(step[1:-1]) + 1}" if step[0] == "[" else step for step in steps)
    return f"{place}: {problem}" if place else problem


def _types(names: str) -> str:
    return " or ".join(TYPES.get(name, name) for name in names.split(" | ") if name != "null" or name == names)


def _problems(row: Row) -> Iterator[str]:
    """Yield what is wrong with a row beyond its shape."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id):
        yield f"id {row.id!r}: use lower case words with hyphens"
    if not row.match or Match() in row.match:
        yield "match: a row that names no condition would match every socket"
    yield from _problems_of_limits(row)
    for match in row.match:
        yield from _problems_of_host(match)
    for link in (row.link, *(limit.source for limit in row.limits)):
        if link is not None and not link.startswith("https://"):
            yield f"{link}: a source or link must be an https:// URL"
    values = [*row.app, *row.user, *row.secrets, row.client.name, row.client.version, row.client.runtime]
    places = [value for value in values if isinstance(value, Place)]
    for place in places:
        yield from _problems_of_place(place)
    patterns = [p for m in row.match for p in (m.host, m.path, m.protocol, m.sent, m.received, m.script)]
    patterns += [p for m in row.match for p in m.query.values()]
    for pattern in [*patterns, row.console, *(place.pattern for place in places)]:
        try:
            compile_pattern(pattern or "")
        except re.error as error:
            yield f"pattern {pattern!r}: {error}"


def _problems_of_limits(row: Row) -> Iterator[str]:
    if row.per_page < 1 or any(limit.max < 1 for limit in row.limits):
        yield "per_page and the max of a limit must be 1 or more"
    verified = () if row.verified is None else (row.verified.date,)
    for date in (*verified, *(limit.checked for limit in row.limits)):
        if not DATE.fullmatch(date):
            yield f"{date!r}: write the date as YYYY-MM-DD"
    for limit in row.limits:
        if limit.scope not in SCOPES:
            yield f"scope {limit.scope!r}: not one of {', '.join(SCOPES)}"


def _problems_of_host(match: Match) -> Iterator[str]:
    if match.port is not None and not 0 < match.port < 65536:
        yield f"port {match.port}: must be from 1 to 65535"
    if match.host is not None and re.search(r"[A-Z]", re.sub(r"\\.|\[[^]]*\]", "", match.host)):
        yield f"host {match.host!r}: write it in lower case"


def _problems_of_place(place: Place) -> Iterator[str]:
    if (place.where == "query") != (place.key is not None):
        yield "a place in the query needs a key, and no other place has one"
    if place.pattern is not None and _groups(place.pattern) == 0:
        yield f"pattern {place.pattern!r}: it needs a group, whose text is the value"


def _groups(pattern: str) -> int | None:
    try:
        return compile_pattern(pattern).groups
    except re.error:
        return None
