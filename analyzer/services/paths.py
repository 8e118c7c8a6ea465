"""Paths over a call stack: the functions of a client library, from the one that opened the socket outwards.

`_connect < connect < openConnection < connectUser` fits a stack whose innermost frames have these names. Minifiers
keep the names of methods and take those of functions and classes, so a part of a path may end in `~`: with that name,
or with none that is left. `~` alone is a function without a name, `()` one that never had one. `?` behind a part: it
may be missing. `...` stands for as few of the library's inner functions as possible, and of those without a name;
`....` for as many as possible. Parts are regular expressions that fit a whole name, without its class and without the
digits that bundlers append.

To compile each path as one regular expression would take longer than all else that a small capture needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from math import inf

import msgspec

from analyzer.memo import memoize
from analyzer.patterns import Pattern

SUFFIX = Pattern(r"[$_]?\d+$")  # what a bundler appends to a name that is taken
SHORT = Pattern(r"#?[A-Za-z_$][\w$]{0,2}")  # as minifiers name functions; a name of people may be as short
LONGEST = 200  # characters of a name
CALLEE = Pattern(r"_callee\d*\$?")  # as Babel names the generator of an async function
ENGINE_NAMES = {
    "eval",
    "<computed>",
}  # of nameless functions: in a module that webpack runs by `eval`; of a computed key
SEPARATOR = " < "
NAMELESS = "~"
ANONYMOUS = "()"
END = "\n"  # of a name
FEW, MANY = "...", "...."
ANY = f"{NAMELESS}[^{END}]*{END}"
GROUPS = frozenset("([")  # of a regular expression: a `|` may be within one
SIGNS = frozenset(r"\.?*+{^$")  # likewise, of one that fits more than its own characters

Fits = Callable[[str], bool]


@memoize(4096)
def own_name(function: str | None) -> str:
    """Return the name without its class and a bundler's digits: `connect` of `async Client.connect2`."""
    if not function or len(function) > LONGEST:
        return ""
    name = function.rpartition(".")[2].rpartition(" ")[2]
    if name in ENGINE_NAMES:
        return ""
    return "_callee" if CALLEE.fullmatch(name) else SUFFIX.sub("", name) or name


@memoize(4096)
def mark(function: str | None) -> str:
    """Return the name as paths compare it: behind a `~` if a minifier may have made it."""
    name = own_name(function).replace(END, " ")
    return NAMELESS + name if not name or SHORT.fullmatch(name) else name


def write(functions: Iterable[str | None]) -> str:
    """Write marked names as one text, for the regular expressions of `frames`."""
    return "".join([mark(function) + END for function in functions])


def is_nameless(function: str | None) -> bool:
    """Has it no name, or one as minifiers make them?"""
    return _is_marked(mark(function))


def _is_marked(name: str) -> bool:
    return name.startswith(NAMELESS)


def list_beginnings(path: str, inside: str) -> list[Fits]:
    """List what tells of the innermost function of a stack, by its marked name, whether the path may fit: any of it."""
    beginnings: list[Fits] = []
    for text in path.split(SEPARATOR):  # no further than needed: most paths have no more to do with a stack
        part = _read_part(text, inside)
        beginnings.append(part.fits)
        if part.least:
            break
    return beginnings


def count(path: str, inside: str, names: Sequence[str]) -> int | None:
    """Count the functions, of which these are the marked names, that the path fits from the innermost outwards."""
    return _find_end(_read_path(path, inside), names, 0, set())


class Part(msgspec.Struct, frozen=True):
    """One part of a path: the names that it fits, how many of them, and whether as many as possible are tried first."""

    fits: Fits
    least: int = 1
    most: float = 1
    greedy: bool = True

    def ends(self, names: Sequence[str], start: int) -> range:
        """List where the part may end that begins here, in the order in which to try."""
        end = start
        while end < len(names) and end - start < self.most and self.fits(names[end]):
            end += 1
        shortest = start + self.least
        return range(end, shortest - 1, -1) if self.greedy else range(shortest, end + 1)


def _find_end(parts: Sequence[Part], names: Sequence[str], start: int, dead: set[tuple[int, int]]) -> int | None:
    """Find where these parts end that begin at that name. `dead`: how many parts were left where they did not fit."""
    if not parts:
        return start
    if (len(parts), start) not in dead:
        part = parts[0]
        # Of a gap in which a dead one begins, all other ends are those of that one: linear, however long a stack is.
        is_longer = part.most == inf and (len(parts), start + 1) in dead and part.fits(names[start])
        ends = range(start, start + 1) if is_longer else part.ends(names, start)
        for end in ends:
            last = _find_end(parts[1:], names, end, dead)
            if last is not None:
                return last
        dead.update((len(parts), begin) for begin in (ends if part.most == inf else (start,)))
    return None


@cache
def _read_path(path: str, inside: str) -> tuple[Part, ...]:
    return tuple(_read_part(text, inside) for text in path.split(SEPARATOR))


@cache
def _read_part(text: str, inside: str) -> Part:
    if text in (FEW, MANY):
        inner = _fit_part(inside) if inside else _is_marked
        return Part(lambda name: _is_marked(name) or inner(name), least=0, most=inf, greedy=text == MANY)
    name = text.removesuffix("?")
    return Part(_fit_part(name), least=int(name == text))


@cache  # many paths begin with the same names
def _fit_part(part: str) -> Fits:
    if part == NAMELESS:
        return _is_marked
    if part == ANONYMOUS:
        return NAMELESS.__eq__
    if part.endswith(NAMELESS):
        fits = fit_name(part[:-1])
        return lambda name: name.startswith(NAMELESS) or fits(name)
    names, others = _divide(part)
    if not others:
        return names.union(NAMELESS + name for name in names).__contains__
    fits = fit_name(part)
    return lambda name: fits(name) or (name.startswith(NAMELESS) and fits(name[1:]))


@cache
def fit_name(pattern: str) -> Fits:
    """Return what tells whether a regular expression fits a whole name."""
    names, others = _divide(pattern)
    if not others:
        return names.__contains__
    rest = Pattern("|".join(others))  # which is compiled when it is used
    return lambda name: name in names or rest.fullmatch(name) is not None


def _divide(pattern: str) -> tuple[frozenset[str], list[str]]:
    """Divide a regular expression into names and the rest. Most have nothing but names between `|`."""
    patterns = [pattern] if GROUPS.intersection(pattern) else _list_both(pattern.split("|"))
    others = [it for it in patterns if not SIGNS.isdisjoint(it) or not GROUPS.isdisjoint(it)]
    return frozenset(patterns).difference(others), others


def _list_both(patterns: list[str]) -> list[str]:
    """Write `_?name` as the two names that it fits."""
    return [name for it in patterns for name in ((it[0] + it[2:], it[2:]) if it[1:2] == "?" else (it,))]


def last_part(path: str) -> str:
    """Return the pattern of the names of the outermost function of a path."""
    return path.rpartition(SEPARATOR)[2].rstrip("?~.")


def last_name(path: str) -> str | None:
    """Return the name of the outermost function of a path, if the path gives one name."""
    name = last_part(path)
    return name if name.isidentifier() else None
