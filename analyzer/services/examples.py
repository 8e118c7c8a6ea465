"""Examples of a catalogue: sockets that a row must claim, with all that it reads of them, and sockets that it must not.

They stand beside their row, and are checked where the TOML is loaded: the rows of the program by its tests and
`make services`, those of a user each time. Any text in them may hold what nobody writes by hand:
`<jwt {"sub":"alice"}>` is a JSON Web Token with these claims, `<base64 text>` that text in Base64 (as in a URL, without
padding), `<hex 10 2f 00>` the characters with these codes. One may stand within another.
"""

from __future__ import annotations

import re
from array import array
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from analyzer.model import Attribution, Client, Direction, Identity, Messages, Opening, Trace, Value
from analyzer.patterns import Pattern
from analyzer.services import Row, packing
from analyzer.services.matching import attribute

NOTATION = Pattern(r"<(jwt|base64|hex) ([^<>]*)>")


class Socket(Value, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hold what rows look at in a socket."""

    title: str
    url: str
    query: dict[str, str] = msgspec.field(default_factory=dict)  # decoded, to be added to the URL
    protocols: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()  # first messages
    received: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()  # URLs of the code that opened it
    recorded: bool = True  # messages were

    @property
    def trace(self) -> Trace:
        messages = [(Direction.SEND, text) for text in self.sent]
        messages += [(Direction.RECEIVE, text) for text in self.received]
        sides = bytes(direction is Direction.SEND for direction, _ in messages)
        return Trace(
            pointer="",
            url=f"{self.url}?{urlencode(self.query)}" if self.query else self.url,
            endpoint=self.url.partition("?")[0],
            events=(),
            messages=Messages(array("q"), sides, array("b"), array("q"), self.recorded),
            protocols=self.protocols,
            opening=tuple(Opening(direction, text, cut=False) for direction, text in messages),
            scripts=self.scripts,
        )


class Words(Value, frozen=True, forbid_unknown_fields=True):
    """What the client library says of itself."""

    name: str | None = None
    version: str | None = None
    runtime: str | None = None


class Example(Socket, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A socket that its row claims, and all that the row reads of it."""

    app: str | None = None
    user: str | None = None
    client: Words = Words()
    secrets: tuple[str, ...] = ()

    def find_problem(self, row: Row, rows: Sequence[Row]) -> str | None:
        """Say what the rows make of it that the example has otherwise."""
        attribution = attribute(self.trace, rows)
        if attribution.provider != row.provider:
            return f"{_claimant(attribution) or 'no row'} claims it"
        identity, client = attribution.identity or Identity(None, None), attribution.client or Client(None, None, None)
        values = {
            "app": (identity.app, self.app),
            "user": (identity.user, self.user),
            "client.name": (client.name, self.client.name),
            "client.version": (client.version, self.client.version),
            "client.runtime": (client.runtime, self.client.runtime),
            "secrets": (attribution.secrets, self.secrets),
        }
        differences = (f"{name} is {it!r}, not {own!r}" for name, (it, own) in values.items() if it != own)
        return next(differences, None)


class Counterexample(Socket, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A socket that its row leaves alone, and the row of the same file that claims it instead."""

    service: str | None = None

    def find_problem(self, row: Row, rows: Sequence[Row]) -> str | None:
        """Say what the rows make of it that the example has otherwise."""
        claimant = _claimant(attribute(self.trace, (row,))) or _claimant(attribute(self.trace, rows))
        if claimant == self.service:
            return None
        return f"{claimant or 'no row'} claims it, not {self.service or 'no row'}"


def read(row: dict[str, Any]) -> list[Example | Counterexample]:
    """Read the examples of a row. Raises msgspec.ValidationError, as for the row itself."""
    document = expand({field: row.get(field, []) for field in packing.EXAMPLES})
    examples = msgspec.convert(document, Examples)
    return [*examples.example, *examples.counterexample]


class Examples(Value, frozen=True):
    """Those of one row."""

    example: tuple[Example, ...]
    counterexample: tuple[Counterexample, ...]


def expand(value: Any) -> Any:
    """Write out all that stands in our notation, from the innermost outwards."""
    match value:
        case str():
            while value != (value := NOTATION.sub(_expand, value)):
                pass
        case dict():
            return {key: expand(item) for key, item in value.items()}
        case list():
            return list(map(expand, value))
    return value


def _expand(match: re.Match[str]) -> str:
    kind, text = match.groups()
    if kind == "hex":
        try:
            return bytes.fromhex(text).decode("latin-1")
        except ValueError:
            raise msgspec.ValidationError(f"{match[0]}: write each character as two hexadecimal digits") from None
    if kind == "jwt":
        return f"{HEADER}.{_base64(text)}.{SIGNATURE}"
    return _base64(text)


def _base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _claimant(attribution: Attribution) -> str | None:
    return attribution.provider.id if attribution.provider is not None else None


HEADER, SIGNATURE = _base64('{"alg":"HS256","typ":"JWT"}'), _base64("signature")
