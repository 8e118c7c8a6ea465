"""Client libraries: how their code looks on a call stack, their known faults and habits. Rows: clients.toml."""

# Annotations are no texts here: msgspec compiles each of those when it first reads a value.
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from analyzer.model import MILLISECOND, Client, Duration, Provider, Value
from analyzer.patterns import Pattern
from analyzer.services import Verified, packing, paths
from analyzer.services.paths import Fits

SOURCE = Path(__file__).with_name("clients.toml")
NUMBERS = Pattern(r"v?(\d+(?:\.\d+)*)")


class Habit(Value, frozen=True, forbid_unknown_fields=True):
    """What a library does by design, and what to do about it where that makes the causes of these names.

    says: one clause, for the end of a sentence.
    """

    causes: tuple[str, ...]
    says: str
    remedy: str
    link: str
    verified: Verified


class Fault(Habit, frozen=True, forbid_unknown_fields=True):
    """A known fault of versions from `since` up to and with `until`, which makes the causes of these names."""

    since: str
    until: str
    shape: str | None = None  # a path that shows it: other versions open otherwise, or have no such cause


class Paths(Value, frozen=True, forbid_unknown_fields=True):
    """The ways in which a library opens a socket, each from the function that did so outwards."""

    calls: tuple[str, ...] = ()
    retries: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    wraps: tuple[str, ...] = ()


class Library(Value, frozen=True, forbid_unknown_fields=True):
    """One client library. What the fields mean: clients.toml."""

    id: str
    name: str
    package: str
    verified: Verified
    services: tuple[str, ...] = ()
    paths: Paths = Paths()
    weak: Paths = Paths()
    over: tuple[str, ...] = ()
    inside: str = ""
    again: str = ""
    client: str | None = None
    keeps: bool = False
    operations: bool = False
    beats: int | None = None
    fault: tuple[Fault, ...] = ()
    habit: tuple[Habit, ...] = ()

    def opens_again(self, function: str | None) -> bool:
        """Is it a function by which the library opens anew by itself?"""
        return _fits(self.again, function)

    def has(self, function: str | None) -> bool:
        """May it be a function of the library's, by its name?"""
        return _fits(self.inside, function) or _fits(self._calls, function)

    @property
    def _calls(self) -> str:
        """A pattern of the functions that an application calls."""
        return "|".join(dict.fromkeys(it for it in map(paths.last_part, (*self.paths.calls, *self.weak.calls)) if it))

    @property
    def heartbeat(self) -> Duration | None:
        return None if self.beats is None else self.beats * MILLISECOND

    def find_fault(self, cause: str, client: Client | None, names: Sequence[str] = ()) -> Fault | None:
        """The fault that makes this cause, where client and version, or the stack (its names as `paths.mark` has
        them), show that it has it."""
        version = numbers(client.version) if client is not None and self._is_name(client.name) else ()
        faults = (it for it in self.fault if cause in it.causes)
        if version:
            return next((it for it in faults if numbers(it.since) <= version <= numbers(it.until)), None)
        return next((it for it in faults if it.shape and paths.count(it.shape, "", names) is not None), None)

    def find_habit(self, cause: str) -> Habit | None:
        """What the library does by design, of any version, that makes this cause."""
        return next((it for it in self.habit if cause in it.causes), None)

    def _is_name(self, client: str | None) -> bool:
        return self.client is not None and paths.fit_name(self.client)(client or "")


class Way(msgspec.Struct, frozen=True):
    """One path of one library."""

    library: Library
    path: str
    weak: bool = False  # believed only where the service is the library's
    hook: bool = False  # a framework called its outermost function, so that no code of the application is around it
    retry: bool = False  # the library opened by itself


def numbers(version: str | None) -> tuple[int, ...]:
    """`9.53.0` -> (9, 53, 0); nothing of what is no version. What comes before a release counts as that release."""
    match = NUMBERS.match(version or "")
    return tuple(int(it) for it in match[1].split(".")[:4] if len(it) < 10) if match else ()


class Libraries(Value, frozen=True):
    """The rows of one file."""

    library: tuple[Library, ...]


@cache
def libraries() -> tuple[Library, ...]:
    """The rows that come with the program, packed as the catalogue is."""
    return msgspec.json.decode(packing.read(SOURCE), type=Libraries).library


def library(provider: Provider | None) -> Library | None:
    """The library of that service's sockets."""
    return _by_service().get(provider.id) if provider is not None else None


@cache
def _by_service() -> dict[str, Library]:
    """The first row of each service."""
    return {service: row for row in reversed(libraries()) for service in row.services}


@lru_cache(1024)
def ways(first: str) -> tuple[Way, ...]:
    """The paths of all libraries that may fit where the function which opens the socket has this marked name."""
    return _choose(_ways(), _by_beginning(_ways), first)


@lru_cache(1024)
def wraps(first: str) -> tuple[Way, ...]:
    """Likewise of libraries that use another one: their paths begin at the function which called that."""
    return _choose(_wraps(), _by_beginning(_wraps), first)


def _choose(ways: tuple[Way, ...], by_beginning: dict[Fits, list[int]], first: str) -> tuple[Way, ...]:
    numbers = {number for fits, beginning in by_beginning.items() if fits(first) for number in beginning}
    return tuple(ways[number] for number in sorted(numbers))


@cache
def _by_beginning(list_ways: Callable[[], tuple[Way, ...]]) -> dict[Fits, list[int]]:
    """Group ways, by their numbers, by what fits the innermost function: most begin as others do."""
    groups: dict[Fits, list[int]] = {}
    for number, way in enumerate(list_ways()):
        for fits in paths.list_beginnings(way.path, way.library.inside):
            groups.setdefault(fits, []).append(number)
    return groups


@cache
def _ways() -> tuple[Way, ...]:
    return tuple(
        Way(row, path, weak, group is of.hooks, group is of.retries)
        for row in libraries()
        for of, weak in ((row.paths, False), (row.weak, True))
        for group in (of.calls, of.retries, of.hooks)
        for path in group
    )


@cache
def _wraps() -> tuple[Way, ...]:
    return tuple(Way(row, path) for row in libraries() for path in row.paths.wraps)


def _fits(pattern: str, function: str | None) -> bool:
    return bool(pattern) and paths.fit_name(pattern)(paths.own_name(function))
