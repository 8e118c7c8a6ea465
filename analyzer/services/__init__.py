"""Name the service behind each socket: the rows of the catalogue, and whom a socket belongs to.

`catalogue.toml` has one row per service, the most specific first: the first row that matches counts. Users put their
own rows before it (`--providers`). `loading` checks a row, and its `examples`, when it is loaded; the rows of the
program are packed by the build (`packing`), because reading and checking TOML takes a quarter of the start. `matching`
applies the rows to a socket; `clients` knows the client libraries.
"""

# Annotations are no texts here: msgspec compiles each of those when it first reads a value.
import re
from functools import cache
from typing import Literal

import msgspec

from analyzer.model import Limit, Provider, Value

Where = Literal["query", "path", "host", "protocol", "sent", "received"]


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
    secrets: tuple[Place, ...] = ()  # beside the values of the query, which are masked anyway
    limits: tuple[Limit, ...] = ()
    per_page: int = 1
    billing: str | None = None
    remedy: str | None = None
    link: str | None = None
    once: str | None = None  # a sentence of that page: one connection per user and session
    dev_only: bool = False
    console: str | None = None  # somewhere in what its client library writes to the browser's console

    @property
    def names_user_in_messages(self) -> bool:
        return any(place.where in ("sent", "received") for place in self.user)

    @property
    def provider(self) -> Provider:
        return Provider(
            self.id,
            self.name,
            self.dev_only,
            self.limits,
            self.per_page,
            self.billing,
            self.remedy,
            self.link,
            self.once,
        )


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
