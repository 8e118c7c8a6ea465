"""Whom a socket belongs to: service, app, user, client library."""

# Annotations are no texts here: msgspec compiles each of those when it first reads a value.
from analyzer.model.value import Value


class Limit(Value, frozen=True):
    """How many connections a service documents that it allows."""

    scope: str  # within which they are counted: user, app, ...
    max: int
    source: str  # URL
    checked: str  # the date on which the source said so
    mode: str | None = None  # development, production, or a plan of the service; None: always


class Provider(Value, frozen=True, cache_hash=True):
    """A WebSocket service, or the socket of a dev server, as far as outputs and rules need to know it."""

    id: str
    name: str
    dev_only: bool = False
    limits: tuple[Limit, ...] = ()
    per_page: int = 1  # sockets that one page opens by design
    billing: str | None = None
    remedy: str | None = None
    link: str | None = None
    once: str | None = None  # what its documentation says, if a user shall connect once per session


class Identity(Value, frozen=True):
    """Whom a session belongs to. None: the capture does not tell."""

    app: str | None
    user: str | None


class Client(Value, frozen=True):
    """The library that opened the socket."""

    name: str | None
    version: str | None
    runtime: str | None


class Attribution(Value, frozen=True, cache_hash=True):
    """What a socket belongs to, as far as its URL, subprotocols, first messages and initiator tell.

    `secrets`: values that must leave no output, wherever else they occur.
    `has_contents`: does the capture have the contents of its messages? None: its service names no user there.
    """

    provider: Provider | None = None
    identity: Identity | None = None
    client: Client | None = None
    secrets: tuple[str, ...] = ()
    has_contents: bool | None = None
