"""Whose socket it is: the catalogue of WebSocket services, and what a socket's trace shows by it.

`catalogue.toml` has one row a service, the most specific first: the first row that matches counts. Users put their
own before it (`--providers`). A row is checked when it is loaded; those of the program are packed when they are written
(`make services`), since reading TOML and checking it takes a quarter of the start.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote, unquote_plus

import msgspec

from analyzer.memo import LONGEST
from analyzer.model import Attribution, Client, Direction, Discreet, Identity, Limit, Opening, Provider, Trace, Value

PARTS = re.compile(r"(?:([A-Za-z][\w+.-]*):)?(?://(?:[^/?#]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?")  # RFC 3986, B
# A host on which a developer's own server runs (RFC 6761, RFC 1918, RFC 6762).
DEV_HOST = (
    r"(?:.+\.)?(?:localhost|local|test)|127\..+|\[::1\]|0\.0\.0\.0|10\..+|192\.168\..+"
    r"|172\.(?:1[6-9]|2\d|3[01])\..+"
)
NAME, VERSION = re.compile(r"[\w@][\w@/. +-]{0,40}"), re.compile(r"v?\d[\w.+-]{0,30}")
SCOPES = ("user", "app", "unit", "project", "database", "account", "token", "channel")
SOURCE = Path(__file__).with_name("catalogue.toml")
PACKED = SOURCE.with_suffix(".json")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
Where = Literal["query", "path", "host", "protocol", "sent", "received"]


class CatalogueError(Exception):
    """A catalogue that cannot be used: which row, and why."""


class Match(Value, frozen=True, forbid_unknown_fields=True):
    """Conditions that must all hold. Patterns are regular expressions; all but `sent`, `received` and `script` fit
    the whole of what they are held against."""

    host: str | None = None  # without the port
    port: int | None = None
    path: str | None = None
    query: dict[str, str] = msgspec.field(default_factory=dict)  # by key, of the decoded value; "" for any value
    protocol: str | None = None  # one of the subprotocols offered or selected
    sent: str | None = None  # how one of the first messages begins
    received: str | None = None
    script: str | None = None  # somewhere in the URL of code in the initiator's stack
    dev_host: bool = False  # the host is a developer's own
    by_page: bool = False  # a script that stands in a page opened it, and its path begins with that page's
    receives_only: bool = False  # nothing was sent on it, as far as messages are recorded


class Place(Value, frozen=True, forbid_unknown_fields=True, rename={"where": "in"}):
    """Where a value stands: in a part of the handshake or in a first message; then, step by step, within that."""

    where: Where
    key: str | None = None  # of the query
    pattern: str | None = None  # the first group of this regular expression
    base64: bool = False
    jwt: bool = False  # the claims of a JSON Web Token
    json: str | None = None  # a member, dotted


class ClientPlaces(Value, frozen=True, forbid_unknown_fields=True):
    """Where name, version and runtime of the client library stand; the name may be given."""

    name: str | Place | None = None
    version: Place | None = None
    runtime: Place | None = None


class Verified(Value, frozen=True, forbid_unknown_fields=True):
    """What a row was checked against, and when."""

    date: str
    by: str  # the package and its version, or the page


class Row(Value, frozen=True, forbid_unknown_fields=True, eq=False):  # each is itself, so that it can be a key
    """One service of the catalogue."""

    id: str
    name: str
    match: tuple[Match, ...]  # any of them
    verified: Verified | None = None  # every row of the program has it
    app: tuple[Place, ...] = ()  # the first that yields something counts
    user: tuple[Place, ...] = ()
    client: ClientPlaces = ClientPlaces()
    secrets: tuple[Place, ...] = ()  # beside the values of the query, which are always masked
    limits: tuple[Limit, ...] = ()
    per_page: int = 1
    billing: str | None = None
    remedy: str | None = None
    link: str | None = None
    dev_only: bool = False

    @property
    def provider(self) -> Provider:
        return Provider(
            self.id, self.name, self.dev_only, self.limits, self.per_page, self.billing, self.remedy, self.link
        )


# How msgspec words what is wrong with a row, and how TOML's users would; its names of types.
PLAIN = (
    (re.compile(r"^Object missing required field"), "needs"),
    (re.compile(r"^Object contains unknown field"), "there is no field"),
    (re.compile(r"^Invalid enum value"), "there is no place"),
    (re.compile(r"^Expected (.+), got (.+)$"), r"must be \1, not \2"),
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


@cache
def builtin() -> tuple[Row, ...]:
    """The rows that come with the program."""
    return msgspec.json.decode(PACKED.read_bytes(), type=tuple[Row, ...])


def load(path: Path) -> tuple[Row, ...]:
    """The rows of a catalogue file. Raises CatalogueError, naming the row, for one that cannot work."""
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
    rows = tuple(_row(item, number) for number, item in enumerate(listed, 1))
    ids = [row.id for row in rows]
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise CatalogueError(f"provider {twice}: this id is used twice")
    return rows


def _row(item: Any, number: int) -> Row:
    name = f"provider {item['id']}" if isinstance(item, dict) and isinstance(item.get("id"), str) else f"row {number}"
    try:
        row = msgspec.convert(item, Row)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{name}: {_plain(str(error))}") from None
    if problem := next(_problems(row), None):
        raise CatalogueError(f"{name}: {problem}")
    return row


def _plain(error: str) -> str:
    """Write an error of msgspec in the words of TOML: `limits, entry 1: needs `scope``."""
    problem, _, path = error.partition(" - at `$")
    for pattern, words in PLAIN:
        problem = pattern.sub(words, problem)
    if problem.startswith("must be "):
        problem = re.sub(r"`([a-z |]+)`", lambda found: _types(found[1]), problem)
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
    """What is wrong with a row beyond its shape."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id):
        yield f"id {row.id!r}: use lower case words with hyphens"
    if not row.match or Match() in row.match:
        yield "match: a row that names no condition would match every socket"
    if row.per_page < 1 or any(limit.max < 1 for limit in row.limits):
        yield "per_page and the max of a limit must be 1 or more"
    verified = () if row.verified is None else (row.verified.date,)
    for date in (*verified, *(limit.checked for limit in row.limits)):
        if not DATE.fullmatch(date):
            yield f"{date!r}: write the date as YYYY-MM-DD"
    for limit in row.limits:
        if limit.scope not in SCOPES:
            yield f"scope {limit.scope!r}: not one of {', '.join(SCOPES)}"
    for match in row.match:
        if match.port is not None and not 0 < match.port < 65536:
            yield f"port {match.port}: must be from 1 to 65535"
        if match.host is not None and re.search(r"[A-Z]", re.sub(r"\\.|\[[^]]*\]", "", match.host)):
            yield f"host {match.host!r}: write it in lower case"
    for link in (row.link, *(limit.source for limit in row.limits)):
        if link is not None and not link.startswith("https://"):
            yield f"{link}: a source or link must be an https:// URL"
    places = [*row.app, *row.user, *row.secrets, row.client.name, row.client.version, row.client.runtime]
    patterns = [p for m in row.match for p in (m.host, m.path, m.protocol, m.sent, m.received, m.script)]
    patterns += [p for m in row.match for p in m.query.values()]
    for place in places:
        if isinstance(place, Place):
            patterns.append(place.pattern)
            if (place.where == "query") != (place.key is not None):
                yield "a place in the query needs a key, and no other place has one"
            if place.pattern is not None and _groups(place.pattern) == 0:
                yield f"pattern {place.pattern!r}: it needs a group, whose text is the value"
    for pattern in patterns:
        try:
            _regex(pattern or "")
        except re.error as error:
            yield f"pattern {pattern!r}: {error}"


def _groups(pattern: str) -> int | None:
    try:
        return _regex(pattern).groups
    except re.error:
        return None


# -- what a trace tells ----------------------------------------------------------------------------------------


class _View(Discreet, msgspec.Struct):
    """One trace, taken apart as the rows want it."""

    host: str
    port: int | None
    path: str
    query: dict[str, str]  # as it is written: few of its values are asked for
    protocols: tuple[str, ...]
    sent: list[Opening]
    received: list[Opening]
    scripts: tuple[str, ...]
    address: str  # host and port, as in a URL
    sends: bool  # something was sent on it, or that was not recorded
    parsed: dict[str, Any]  # texts that were taken for JSON: several places of a row lie within one

    def value(self, key: str) -> str:
        return unquote_plus(self.query[key], errors="replace")

    def texts(self, where: Where, key: str | None) -> Iterable[tuple[str, bool]]:
        """What stands at a place, and whether it is cut off."""
        match where:
            case "query":
                return [(self.value(key), False)] if key in self.query else []
            case "path":
                return [(self.path, False)]
            case "host":
                return [(self.host, False)]
            case "protocol":
                return [(unquote(protocol), False) for protocol in self.protocols]
            case "sent":
                return [(it.text, it.cut) for it in self.sent]
            case "received":
                return [(it.text, it.cut) for it in self.received]


def attribute(trace: Trace, rows: Sequence[Row]) -> Attribution:
    """What a socket belongs to, by the first row that matches. Whatever the capture holds, it raises nothing."""
    told = trace.attribution
    if told is not None:  # a capture that we extracted
        known = next((row.provider for row in rows if told.provider and row.id == told.provider.id), None)
        return msgspec.structs.replace(told, provider=known)
    view = _view(trace)
    row = _matching(rows, view)
    if row is None:
        return Attribution()
    app, user = _first(row.app, view), _first(row.user, view)
    name, version, runtime = (_client(it, view) for it in (row.client.name, row.client.version, row.client.runtime))
    version = version if version is not None and VERSION.fullmatch(version) else None
    return Attribution(
        provider=row.provider,
        identity=Identity(app, user) if app is not None or user is not None else None,
        client=Client(name, version, runtime) if name is not None or version is not None else None,
        secrets=tuple(dict.fromkeys(value for place in row.secrets for value in _values(place, view))),
    )


def _view(trace: Trace) -> _View:
    _, _, path, query = PARTS.match(trace.url).groups("")  # type: ignore[union-attr]  # every part is optional
    address = trace.endpoint.partition("://")[2].partition("/")[0]  # with the Host header, where the URL has none
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        host, port = address, ""
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return _View(
        host=host.lower(),
        port=int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None,
        path=unquote(path, errors="replace"),
        query={unquote_plus(key, errors="replace"): value for key, value in reversed(pairs)},  # the first of several
        protocols=trace.protocols,
        sent=[it for it in trace.opening if it.direction is Direction.SEND],
        received=[it for it in trace.opening if it.direction is Direction.RECEIVE],
        scripts=trace.scripts,
        address=address.lower(),
        sends=trace.messages.sent != 0,
        parsed={},
    )


def _matching(rows: Sequence[Row], view: _View) -> Row | None:
    where = tuple(rows), view.host, view.port, frozenset(view.query)
    has = bool(view.protocols), bool(view.scripts), bool(view.sent or view.received)
    if len(view.host) + len(view.path) + sum(map(len, view.query)) <= LONGEST:
        candidates = _at(view.path, *where, *has)
    else:
        candidates = _fitting(_on.__wrapped__(*where, *has), view.path)
    return next((row for row, match in candidates if _matches(match, view)), None)


@lru_cache(1024)  # the same addresses come again within a capture, and in every capture of a folder
def _at(path: str, *told: Any) -> tuple[tuple[Row, Match], ...]:
    """The conditions that a socket of this address may fulfil, in the order of the rows."""
    return _fitting(_on(*told), path)


def _fitting(candidates: Iterable[tuple[Row, Match]], path: str) -> tuple[tuple[Row, Match], ...]:
    return tuple((row, match) for row, match in candidates if match.path is None or _fits(match.path, path))


@lru_cache(1024)
def _on(
    rows: tuple[Row, ...],
    host: str,
    port: int | None,
    keys: frozenset[str],
    protocols: bool,
    scripts: bool,
    opening: bool,
) -> tuple[tuple[Row, Match], ...]:
    """The same by host and the keys of the query alone, and by whether it has subprotocols, code that opened it, and
    messages at all."""
    return tuple(
        (row, match)
        for row in rows
        for match in row.match
        if (match.port is None or port == match.port)
        and (match.host is None or _fits(match.host, host))
        and (not match.dev_host or _fits(DEV_HOST, host))
        and match.query.keys() <= keys
        and (protocols or match.protocol is None)
        and (scripts or match.script is None)
        and (opening or (match.sent is None and match.received is None))
    )


def _matches(match: Match, view: _View) -> bool:
    """All the other conditions."""
    for key, pattern in match.query.items():
        if pattern and not _fits(pattern, view.value(key)):
            return False
    if match.protocol is not None and not any(_fits(match.protocol, it) for it in view.protocols):
        return False
    if match.by_page and not _by_page(view):
        return False
    if match.receives_only and view.sends:
        return False
    if match.script is not None and not any(_regex(match.script).search(url) for url in view.scripts):
        return False
    return (match.sent is None or _begins(match.sent, view.sent)) and (
        match.received is None or _begins(match.received, view.received)
    )


def _by_page(view: _View) -> bool:
    """Is all the code that opened it that of one page of the same server, with whose path its own begins?"""
    pages = {url.partition("?")[0] for url in view.scripts}
    if len(pages) != 1:
        return False
    _, host, path, _ = PARTS.match(pages.pop()).groups("")  # type: ignore[union-attr]
    return host.lower() == view.address and view.path.startswith(f"{unquote(path, errors='replace') or '/'}/")


def _fits(pattern: str, text: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


def _begins(pattern: str, messages: Iterable[Opening]) -> bool:
    return any(_regex(pattern).match(it.text) for it in messages)


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def _client(place: str | Place | None, view: _View) -> str | None:
    """A word of the client's own: what looks like anything else is none."""
    told = _first((place,), view) if isinstance(place, Place) else place
    return told if told is not None and NAME.fullmatch(told) else None


def _first(places: Iterable[Place], view: _View) -> str | None:
    return next((value for place in places for value in _values(place, view)), None)


def _values(place: Place, view: _View) -> Iterator[str]:
    """What stands at a place; nothing where it does not stand there as the row says."""
    for text, cut in view.texts(place.where, place.key):
        found = _within(text, place)
        if place.json is None:
            yield from [found] if found else []
        else:
            if found not in view.parsed:
                view.parsed[found] = _json(found, cut)
            with suppress(RecursionError):  # json.loads goes deeper than Python may from 3.12 on
                yield from _strings(_member(view.parsed[found], place.json))


def _within(text: str, place: Place) -> str:
    """What the place means of a text: by its pattern, decoded."""
    if place.pattern is not None:
        found = _regex(place.pattern).search(text)
        text = (found[1] or "") if found else ""
    if place.base64:
        text = _decode_base64(text)
    if place.jwt:
        text = _decode_base64(text.split(".")[1]) if text.count(".") == 2 else ""
    return text


def _decode_base64(text: str) -> str:
    """Base64, either alphabet, with or without padding; empty where it is none."""
    try:
        return urlsafe_b64decode(
            text.replace("+", "-").replace("/", "_").rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        ).decode()
    except (ValueError, UnicodeError):
        return ""


def _json(text: str, cut: bool) -> Any:
    """What the text holds; of one that is cut off, what is complete. None where it is no JSON."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(_complete(text) if cut else text)
    except (ValueError, RecursionError):
        return None


def _complete(text: str) -> str:
    """JSON that is cut off, ended after its last whole member."""
    closers: list[str] = []
    whole, end = "", 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', text):
        match token[0]:
            case "{" | "[":
                closers.append("}" if token[0] == "{" else "]")
            case "}" | "]":
                if not closers:
                    break
                closers.pop()
            case ",":
                whole, end = "".join(reversed(closers)), token.start()
    return text[:end] + whole


def _member(value: Any, path: str) -> Any:
    """The member at a dotted path, or of that very name; of an array, that of its first element."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _strings(value: Any) -> Iterator[str]:
    """The texts in a JSON value: itself, or all that it holds; a number as it is written."""
    match value:
        case str():
            yield from [value] if value else []
        case bool() | None:
            pass
        case int() | float():
            yield str(value)
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)
