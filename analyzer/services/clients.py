"""Client libraries: how their code looks on a call stack, and known faults of their versions. Rows: clients.toml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from analyzer.model import MILLISECOND, Client, Duration, Provider, Value
from analyzer.services import Verified

SOURCE = Path(__file__).with_name("clients.toml")
PACKED = SOURCE.with_suffix(".json")
SUFFIX = re.compile(r"[$_]?\d+$")  # what a bundler appends to a name that is taken
NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)")


class Fault(Value, frozen=True, forbid_unknown_fields=True):
    """A known fault of versions from `since` up to and with `until`, which makes the cause of that name."""

    cause: str
    since: str
    until: str
    says: str
    remedy: str
    link: str
    verified: Verified


class Library(Value, frozen=True, forbid_unknown_fields=True):
    """One client library. What the fields mean: clients.toml."""

    provider: str
    verified: Verified
    name: str | None = None  # a pattern: how the catalogue tells it of a socket; None: it does not
    inside: str = ""
    call: str = ""
    around: str = ""
    again: str = ""
    keeps: bool = False
    beats: int | None = None
    fault: tuple[Fault, ...] = ()

    def is_inside(self, function: str | None) -> bool:
        return _fits(self.inside, function)

    def is_call(self, function: str | None) -> bool:
        return _fits(self.call, function)

    def is_around(self, function: str | None) -> bool:
        return _fits(self.around, function)

    def opens_again(self, function: str | None) -> bool:
        return _fits(self.again, function)

    @property
    def heartbeat(self) -> Duration | None:
        return None if self.beats is None else self.beats * MILLISECOND

    def find_fault(self, cause: str, client: Client | None) -> Fault | None:
        """The fault that makes this cause, where client and version are known to have it."""
        if self.name is None or client is None or _regex(self.name).fullmatch(client.name or "") is None:
            return None
        version = numbers(client.version)
        having = (it for it in self.fault if version and numbers(it.since) <= version <= numbers(it.until))
        faults = (it for it in having if it.cause == cause)
        return next(faults, None)


def numbers(version: str | None) -> tuple[int, ...]:
    """`9.53.0` -> (9, 53, 0); nothing of what is no version. What comes before a release counts as that release."""
    match = NUMBERS.match(version or "")
    return tuple(int(it) for it in match[1].split(".")[:4] if len(it) < 10) if match else ()


@cache
def libraries() -> tuple[Library, ...]:
    """The rows that come with the program, packed as the catalogue is."""
    return msgspec.json.decode(PACKED.read_bytes(), type=tuple[Library, ...])


def load(path: Path) -> tuple[Library, ...]:
    """The rows as they are written."""
    import tomllib

    return msgspec.convert(tomllib.loads(path.read_text("utf-8"))["client"], tuple[Library, ...])


def library(provider: Provider | None) -> Library | None:
    """The library of that service's sockets."""
    return next((it for it in libraries() if provider is not None and it.provider == provider.id), None)


def _fits(pattern: str, function: str | None) -> bool:
    """A name with its class before it (`StableWSConnection.onclose`, `async e.connect`), and digits behind it."""
    if not pattern or not function or len(function) > 200:
        return False
    name = function.rpartition(".")[2].rpartition(" ")[2]
    return _regex(pattern).fullmatch(name) is not None or _regex(pattern).fullmatch(SUFFIX.sub("", name)) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
