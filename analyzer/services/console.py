"""Name the services that a line of the browser's console is about, by the rows of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from analyzer.patterns import Pattern
from analyzer.services import Row, compile_pattern

OF_SOCKETS = Pattern(r"(?i)web ?socket|\bwss?://")
HOST = Pattern(r"\b(?:wss?|https?)://(?:[^\s/?#'\"<>()]*@)?([^\s/?#'\"<>():]+)")  # of an address in a text


def names_socket(text: str) -> bool:
    """Say whether a text speaks of WebSockets: by that word, or with the address of one."""
    return OF_SOCKETS.search(text) is not None


def find_services(text: str, rows: Sequence[Row]) -> frozenset[str]:
    """Find the services that a text names, by their ids: in the words of their client library, else by a host, else by
    their names."""
    by_words = frozenset(row.id for row in rows if row.console and compile_pattern(row.console).search(text))
    if by_words:
        return by_words
    hosts = {host.lower() for host in HOST.findall(text)}
    by_host = frozenset(row.id for row in rows if hosts and _has_host(row, hosts))
    if by_host:
        return by_host
    names = {name.casefold() for name in _names(tuple(row.name for row in rows)).findall(text)}
    return frozenset(row.id for row in rows if row.name.casefold() in names)


def _has_host(row: Row, hosts: set[str]) -> bool:
    patterns = [compile_pattern(match.host) for match in row.match if match.host is not None]
    return any(pattern.fullmatch(host) for pattern in patterns for host in hosts)


@lru_cache(8)  # the catalogue, perhaps with rows of a user's own
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    """All names as whole words; the longest first, where one begins with another."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?i)(?<!\w)(?:{words})(?!\w)" if words else r"(?!)")
