"""Read the names in our code: which values, functions and modules are not named as the house style asks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LONGEST_MODULE = 420  # lines: two or three screens more, and a module has a second reason to be opened

# A participle says how a value came to be, not what it is.
BANNED = {
    **dict.fromkeys(("told", "said", "heard"), "what it is: caveats, row, sentence, message"),
    **dict.fromkeys(("found", "given", "asked", "meant", "taken", "drawn", "made", "worked"), "what it is: the noun"),
    **dict.fromkeys(("shown", "seen", "known", "kept", "held", "spared"), "what it is: selection, report, window, baseline"),
}  # fmt: skip
IRREGULAR = {
    "told", "found", "said", "shown", "known", "held", "kept", "meant", "asked", "given", "seen", "made", "drawn",
    "taken", "built", "sent", "written", "spoken", "shut", "met", "bound", "gone", "heard", "unheard", "begun",
    "done", "left",
}  # fmt: skip
NOT_PARTICIPLES = {"need", "embed", "feed", "seed", "speed", "exceed", "proceed", "shed"}  # verbs that end so


class Name(NamedTuple):
    """A name where it is bound."""

    name: str
    line: int


def values(tree: ast.AST) -> Iterator[Name]:
    """Yield the names of values (variables, parameters), but for those of comprehensions of one line."""
    short = set(_in_short_comprehensions(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in short:
            yield Name(node.id, node.lineno)
        elif isinstance(node, ast.arg):
            yield Name(node.arg, node.lineno)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs) and node.name is not None:
            yield Name(node.name, node.lineno)


def _in_short_comprehensions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            targets = [generator.target for generator in node.generators if node.lineno == node.end_lineno]
            yield from (part for target in targets for part in ast.walk(target))


def functions(tree: ast.AST) -> Iterator[Name]:
    """Yield the names of functions that are not properties."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            if not decorators & {"property", "cached_property"}:
                yield Name(node.name, node.lineno)


def is_participle(name: str) -> bool:
    """Does the name of a function begin with a participle, not with a verb: `masked`, `_told`?"""
    word = name.strip("_").partition("_")[0]
    return word in IRREGULAR or (word.endswith("ed") and word not in NOT_PARTICIPLES)


def faults(path: str, source: str) -> Iterator[str]:
    """Yield a line per value with a banned name."""
    for name, line in values(ast.parse(source)):
        if name in BANNED:
            yield f"{path}:{line}: {name} names a value (write {BANNED[name]})"
        elif name == "it":
            yield f"{path}:{line}: it outside a comprehension of one line (write what it is)"


SCRIPT_NAMES = re.compile(
    r"\b(?:const|let|var)\s+(?P<value>\w+)|\b(?:const|let|var)\s*[\[{](?P<values>[^=\n]*?)[\]}]\s*(?:=|of\b)"
    r"|,\s*(?P<next>\w+) = |\bfunction \w+\((?P<parameters>[^)]*)\)|\((?P<arguments>[\w\s,\[\]]*)\) =>"
)
SHORT_ARROW = re.compile(r"\(it(?:, \w+)*\) => [^{\n]*$", re.MULTILINE)  # as a comprehension of one line
TEMPLATE_NAMES = re.compile(
    r"\{% (?:set (?P<set>[\w, ]+?) =|for (?P<each>[\w, ]+?) in |macro \w+\((?P<parameters>[^)]*)\))"
)


def names_in_page(path: str, source: str) -> Iterator[str]:
    """Yield a line per value with a banned name in a script or a template of the page."""
    if path.endswith(".js"):
        source = SHORT_ARROW.sub("", source)
    for match in (SCRIPT_NAMES if path.endswith(".js") else TEMPLATE_NAMES).finditer(source):
        words = re.findall(r"\w+", " ".join(group for group in match.groups() if group))
        line = source.count("\n", 0, match.start()) + 1
        yield from (f"{path}:{line}: {word} names a value" for word in words if word in {*BANNED, "it"})


def modules(root: Path, *folders: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the source of every module below these folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text("utf-8")
