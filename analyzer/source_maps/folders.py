"""Find the source maps of scripts in folders that somebody names: the output of a build, by the names of its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import PurePath
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from analyzer.model import Capture
from analyzer.source_maps import maps, references
from analyzer.source_maps.placing import Finder, ScriptMap, Unusable, place

Index: TypeAlias = Callable[[str], Mapping[str, tuple[str, ...]]]

ENDING = ".map"
MOST_FILES = 200_000  # of a folder, packages of others left out
SKIPPED = ("node_modules", ".git")
AMBIGUOUS = Unusable("is not certain: several files of the folder have its name and fit equally well")


def apply(capture: Capture, folders: Sequence[str]) -> Capture:
    """Place the frames of a capture by the maps in these folders; what is placed by a map of its own stays."""
    return place(capture, finder(tuple(folders))) if folders else capture


def finder(folders: tuple[str, ...]) -> Finder:
    """Make what finds the map of a script in folders, each of which is listed once, when it is first needed."""
    return partial(_find, folders, cache(_index))


def _find(folders: tuple[str, ...], index: Index, address: str) -> ScriptMap | Unusable | None:
    parts = _parts(address)
    if not parts:
        return None
    files = [file for folder in folders for file in index(folder).get(parts[-1], ())]
    files.sort(key=lambda file: -_common(file, parts))
    for _, group in groupby(files, lambda file: _common(file, parts)):
        maps_of_group = {answer for file in group if (answer := _read(file, address)) is not None}
        if maps_of_group:
            return AMBIGUOUS if len(maps_of_group) > 1 else maps_of_group.pop()
    return None


def _parts(address: str) -> tuple[str, ...]:
    """The names in the path of a script's address; none where it has no file name."""
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        return ()
    return tuple(part for part in path.split("/") if part) if not path.endswith("/") else ()


def _common(file: str, parts: tuple[str, ...]) -> int:
    """How many of the last names of a path are those of an address."""
    count = 0
    for mine, other in zip(reversed(PurePath(file).parts), reversed(parts), strict=False):
        if mine != other:
            break
        count += 1
    return count


def _index(folder: str) -> dict[str, tuple[str, ...]]:
    """List the scripts of a folder by their names: those with a map beside them, and those that may name one."""
    scripts: dict[str, dict[str, None]] = {}
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        count += len(names)
        if count > MOST_FILES:
            break
        for name in sorted(names):
            script = name.removesuffix(ENDING)
            if script != name or name.endswith((".js", ".mjs", ".cjs")):
                scripts.setdefault(script, {})[os.path.join(parent, script)] = None
    return {name: tuple(files) for name, files in scripts.items()}


def _read(file: str, address: str) -> ScriptMap | None:
    """Read the map of a script: the one that it names, else the one beside it."""
    data = _bytes(file)
    script = data.decode("utf-8", "replace") if data is not None else None
    reference = references.find(script, address, {}) if script is not None else None
    if reference is not None and reference.text is not None:
        return ScriptMap(reference.text, address, script)
    named = (_parts(reference.url) or ("",))[-1] if reference is not None else ""
    for name in dict.fromkeys((named, os.path.basename(file) + ENDING)):
        text = _bytes(os.path.join(os.path.dirname(file), name)) if name else None
        if text is not None:
            return ScriptMap(
                text, reference.url if reference is not None and name == named else address + ENDING, script
            )
    return None


def _bytes(file: str) -> bytes | None:
    """Read a file, and no more of it than shows that it is too large."""
    try:
        with open(file, "rb") as stream:
            return stream.read(maps.LARGEST + 1)
    except (OSError, ValueError):
        return None
