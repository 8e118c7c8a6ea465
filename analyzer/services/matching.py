"""Match a socket against the rows of the catalogue, and read whom it belongs to."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec

from analyzer.memo import LONGEST, memoize_last
from analyzer.model import Attribution, Client, Direction, Discreet, Identity, Opening, Provider, Trace
from analyzer.patterns import Pattern
from analyzer.services import Match, Place, Row, Where, compile_pattern

PARTS = Pattern(r"(?:([A-Za-z][\w+.-]*):)?(?://(?:[^/?#]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?")  # RFC 3986, B
# A host on which a developer's own server runs (RFC 6761, RFC 1918, RFC 6762).
DEV_HOST = (
    r"(?:.+\.)?(?:localhost|local|test)|127\..+|\[::1\]|0\.0\.0\.0|10\..+|192\.168\..+"
    r"|172\.(?:1[6-9]|2\d|3[01])\..+"
)
# Of a regular expression: signs that stand for themselves, from its beginning and to its end.
LITERAL = r"(?:\\[^\w]|[^\\.^$*+?{}\[\]|()])"
BEGINNING, END = Pattern(rf"(?:{LITERAL}(?![*+?{{]))*"), Pattern(rf"(?:(?<!\\){LITERAL})*\Z")
ESCAPE = Pattern(r"\\(.)", re.DOTALL)
UNSURE = Pattern(r"\||\(\?(?!:)|\\[xuUN\d]")  # alternatives, inline flags, escapes of several characters
UNKNOWN = Attribution()
NAME, VERSION = Pattern(r"[\w@][\w@/. +-]{0,40}"), Pattern(r"v?\d[\w.+-]{0,30}")


class _View(Discreet, msgspec.Struct):
    """Hold the parts of one trace that the rows look at."""

    host: str
    port: int | None
    path: str
    query: dict[str, str]  # as it is written: few of its values are asked for, but these by several places
    decoded: dict[str, str]
    protocols: tuple[str, ...]
    sent: list[Opening]
    received: list[Opening]
    scripts: tuple[str, ...]
    address: str  # host and port, as in a URL
    sends: bool  # something was sent on it, or that was not recorded
    parsed: dict[str, Any]  # texts that were taken for JSON: several places of a row lie within one

    def value(self, key: str) -> str:
        if key not in self.decoded:
            self.decoded[key] = unquote_plus(self.query[key], errors="replace")
        return self.decoded[key]

    def texts(self, where: Where, key: str | None) -> Iterable[tuple[str, bool]]:
        """Return the texts at a place, each with whether it is cut off."""
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
    """Attribute a socket by the first row that matches. Whatever the capture holds, this raises nothing."""
    own = trace.attribution
    if own is not None:  # a capture that we extracted
        provider = next((_provider(row) for row in rows if own.provider and row.id == own.provider.id), None)
        return msgspec.structs.replace(own, provider=provider)
    view = _view(trace)
    row = _matching(rows, view)
    if row is None:
        return UNKNOWN
    app, user = _first(row.app, view), _first(row.user, view)
    name, version, runtime = (_client(it, view) for it in (row.client.name, row.client.version, row.client.runtime))
    version = version if version is not None and VERSION.fullmatch(version) else None
    return Attribution(
        provider=_provider(row),
        identity=Identity(app, user) if app is not None or user is not None else None,
        client=Client(name, version, runtime) if name is not None or version is not None else None,
        secrets=tuple(dict.fromkeys(value for place in row.secrets for value in _values(place, view))),
        has_contents=_has_contents(trace) if row.names_user_in_messages else None,
    )


@lru_cache(256)  # one value for all sockets of a service
def _provider(row: Row) -> Provider:
    return row.provider


def _has_contents(trace: Trace) -> bool:
    """Would the capture show what the messages of this socket say? A socket without messages hides nothing."""
    messages = trace.messages
    return any(it.text for it in trace.opening) or (messages.recorded and not messages.directions)


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
        decoded={},
        protocols=trace.protocols,
        sent=[it for it in trace.opening if it.direction is Direction.SEND],
        received=[it for it in trace.opening if it.direction is Direction.RECEIVE],
        scripts=trace.scripts,
        address=address.lower(),
        sends=trace.messages.sent != 0,
        parsed={},
    )


class _Candidate(msgspec.Struct, frozen=True):
    """A row with one of its conditions, as far as it is not yet checked."""

    row: Row
    match: Match
    beginning: str = ""  # of each path that fits
    end: str = ""


class _Catalogue:
    """Rows as the key of a cache: compared by identity, as a key of a hundred rows costs more than the answer."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows


_unite = lru_cache(8)(_Catalogue)  # each capture of a folder has the same rows in a tuple of its own


@memoize_last  # each socket of a capture asks about the same tuple
def _catalogue(rows: tuple[Row, ...]) -> _Catalogue:
    return _unite(rows)


def _matching(rows: Sequence[Row], view: _View) -> Row | None:
    has = bool(view.protocols), bool(view.scripts), bool(view.sent), bool(view.received)
    handshake = _catalogue(tuple(rows)), view.port, frozenset(view.query), *has
    if len(view.host) + len(view.path) + sum(map(len, view.query)) <= LONGEST:
        candidates = _at(view.path, view.host, *handshake)
    else:
        candidates = _fit_path(_fit_host(_of.__wrapped__(*handshake), view.host), view.path)
    return next((it.row for it in candidates if _matches(it.match, view)), None)


@lru_cache(1024)  # the same addresses come again within a capture, and in every capture of a folder
def _at(path: str, *address: Any) -> Sequence[_Candidate]:
    """List the conditions that a socket of this address may meet, in the order of the rows."""
    return _fit_path(_on(*address), path)


@lru_cache(1024)
def _on(host: str, *handshake: Any) -> Sequence[_Candidate]:
    """The same for all paths of a host."""
    return _fit_host(_of(*handshake), host)


@lru_cache(1024)
def _of(
    catalogue: _Catalogue,
    port: int | None,
    keys: frozenset[str],
    protocols: bool,
    scripts: bool,
    sends: bool,
    receives: bool,
) -> Sequence[_Candidate]:
    """The same for all hosts: by port and the keys of the query, and by whether it has subprotocols, code that opened
    it, and messages that were sent and received at all."""
    return [
        _Candidate(row, match, *_find_ends(match.path or ""))
        for row in catalogue.rows
        for match in row.match
        if (match.port is None or port == match.port)
        and match.query.keys() <= keys
        and (protocols or match.protocol is None)
        and (scripts or match.script is None)
        and (sends or match.sent is None)
        and (receives or match.received is None)
    ]


def _fit_host(candidates: Iterable[_Candidate], host: str) -> Sequence[_Candidate]:
    near = candidates if _fits(DEV_HOST, host) else [it for it in candidates if not it.match.dev_host]
    return [it for it in near if it.match.host is None or _fits(it.match.host, host)]


def _fit_path(candidates: Iterable[_Candidate], path: str) -> Sequence[_Candidate]:
    near = [it for it in candidates if path.startswith(it.beginning) and path.endswith(it.end)]
    return [it for it in near if it.match.path is None or _fits(it.match.path, path)]


def _matches(match: Match, view: _View) -> bool:
    """Check all the other conditions: first those that most rows have which come as far."""
    if match.sent is not None and not _begins(match.sent, view.sent):
        return False
    if match.received is not None and not _begins(match.received, view.received):
        return False
    for key, pattern in match.query.items():
        if pattern and not _fits(pattern, view.value(key)):
            return False
    if match.protocol is not None and not any(_fits(match.protocol, it) for it in view.protocols):
        return False
    if match.by_page and not _by_page(view):
        return False
    if match.receives_only and view.sends:
        return False
    return match.script is None or any(compile_pattern(match.script).search(url) for url in view.scripts)


def _by_page(view: _View) -> bool:
    """Is all the code that opened it that of one page of the same server, with whose path its own begins?"""
    pages = {url.partition("?")[0] for url in view.scripts}
    if len(pages) != 1:
        return False
    _, host, path, _ = PARTS.match(pages.pop()).groups("")  # type: ignore[union-attr]
    return host.lower() == view.address and view.path.startswith(f"{unquote(path, errors='replace') or '/'}/")


def _fits(pattern: str, text: str) -> bool:
    beginning, end = _find_ends(pattern)
    if not (text.startswith(beginning) and text.endswith(end)):
        return False
    return compile_pattern(pattern).fullmatch(text) is not None


def _begins(pattern: str, messages: Iterable[Opening]) -> bool:
    beginning, _ = _find_ends(pattern)
    for message in messages:  # a generator costs more than the comparison
        if message.text.startswith(beginning) and compile_pattern(pattern).match(message.text):
            return True
    return False


@cache
def _find_ends(pattern: str) -> tuple[str, str]:
    """Find with which characters a text must begin and end that fits: most patterns need not be compiled for that."""
    if UNSURE.search(pattern):
        return "", ""
    beginning, end = (ESCAPE.sub(r"\1", match[0]) for match in (BEGINNING.match(pattern), END.search(pattern)) if match)
    return beginning, end


def _client(place: str | Place | None, view: _View) -> str | None:
    """Return a word of the client's own, or None for a text that looks like anything else."""
    word = _first((place,), view) if isinstance(place, Place) else place
    return word if word is not None and NAME.fullmatch(word) else None


def _first(places: Iterable[Place], view: _View) -> str | None:
    return next((value for place in places for value in _values(place, view)), None)


def _values(place: Place, view: _View) -> Iterator[str]:
    """Yield the values at a place; none where the place does not look as the row says."""
    for text, cut in view.texts(place.where, place.key):
        value = _within(text, place)
        if place.json is None:
            yield from [value] if value else []
        else:
            if value not in view.parsed:
                view.parsed[value] = _json(value, cut)
            with suppress(RecursionError):  # json.loads goes deeper than Python may from 3.12 on
                yield from _strings(_member(view.parsed[value], place.json))


def _within(text: str, place: Place) -> str:
    """Return the part of a text that the place means: by its pattern, decoded."""
    if place.pattern is not None:
        match = compile_pattern(place.pattern).search(text)
        text = (match[1] or "") if match else ""
    if place.base64:
        text = _decode_base64(text)
    if place.jwt:
        text = _decode_base64(text.split(".")[1]) if text.count(".") == 2 else ""
    return text


def _decode_base64(text: str) -> str:
    """Decode Base64, either alphabet, with or without padding; return an empty text for anything else."""
    try:
        return urlsafe_b64decode(
            text.replace("+", "-").replace("/", "_").rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        ).decode()
    except (ValueError, UnicodeError):
        return ""


def _json(text: str, cut: bool) -> Any:
    """Parse JSON; of a text that is cut off, the complete part. Return None where the text is not JSON."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(_complete(text) if cut else text)
    except (ValueError, RecursionError):
        return None


def _complete(text: str) -> str:
    """End JSON that is cut off after its last whole member."""
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
    """Return the member at a dotted path, or of that very name; of an array, that of its first element."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _strings(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value: itself, or all that it holds; a number as it is written."""
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
