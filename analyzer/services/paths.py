"""Paths over a call stack: the functions of a client library, from the one that opened the socket outwards.

`_connect < connect < openConnection < connectUser` fits a stack whose innermost frames have these names. Minifiers
keep the names of methods and take those of functions and classes, so a part of a path may end in `~`: with that name,
or with none that is left. `~` alone is a function without a name, `()` one that never had one. `?` behind a part: it
may be missing. `...` stands for as few of the library's inner functions as possible, and of those without a name;
`....` for as many as possible. Parts are regular expressions that fit a whole name, without its class and without the
digits that bundlers append.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

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
NAMELESS = "~"
ANONYMOUS = "()"
END = "\n"  # of a name
GAPS = {"...": "?", "....": ""}  # as few frames as possible, or as many
ANY = f"{NAMELESS}[^{END}]*{END}"


@memoize(4096)
def own_name(function: str | None) -> str:
    """Return the name without its class and a bundler's digits: `connect` of `async Client.connect2`."""
    if not function or len(function) > LONGEST:
        return ""
    name = function.rpartition(".")[2].rpartition(" ")[2]
    if name in ENGINE_NAMES:
        return ""
    return "_callee" if CALLEE.fullmatch(name) else SUFFIX.sub("", name) or name


def write(functions: Iterable[str | None]) -> str:
    """Write names as one text for `compile_path` to read; mark those that a minifier may have made."""
    return "".join(map(_write, functions))


def is_nameless(function: str | None) -> bool:
    """Has it no name, or one as minifiers make them?"""
    return _write(function).startswith(NAMELESS)


@memoize(4096)
def _write(function: str | None) -> str:
    name = own_name(function).replace(END, " ")
    return f"{NAMELESS if not name or SHORT.fullmatch(name) else ''}{name}{END}"


@cache
def compile_path(path: str, inside: str = "") -> re.Pattern[str]:
    """Return the regular expression that fits `write` of a stack which begins with this path."""
    return re.compile("".join(_compile(part, inside) for part in path.split(" < ")))


def _compile(part: str, inside: str) -> str:
    if part in GAPS:
        one = f"{ANY}|{NAMELESS}?(?:{inside}){END}" if inside else ANY
        return f"(?:{one})*{GAPS[part]}"
    optional = part.endswith("?")
    name = part[:-1] if optional else part
    names = _names(name)
    return f"(?:{names})?" if optional else f"(?:{names})"


def _names(name: str) -> str:
    if name == NAMELESS:
        return ANY
    if name == ANONYMOUS:
        return NAMELESS + END
    if name.endswith(NAMELESS):
        return f"{ANY}|(?:{name[:-1]}){END}"
    return f"{NAMELESS}?(?:{name}){END}"


def last_part(path: str) -> str:
    """Return the pattern of the names of the outermost function of a path."""
    return path.rpartition(" < ")[2].rstrip("?~.")


def last_name(path: str) -> str | None:
    """Return the name of the outermost function of a path, if the path gives one name."""
    name = last_part(path)
    return name if name.isidentifier() else None
