"""Read captures out of a zip that holds several: each has the name of the zip, a slash and its name within.

No other file can have such a name, since a file has nothing below it. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib import import_module
from itertools import count
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from analyzer.formats.registry import SUFFIXES, is_named

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo  # most captures are in no zip, and it is slow to import

MAGIC = b"PK\x03\x04"
SEPARATORS = "/" + os.sep


def is_zip(path: str) -> bool:
    """Is this a zip by its first bytes?"""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def split(source: str) -> tuple[str, str] | None:
    """Split the name of a capture in a zip into the zip's path and the name within; None for every other name."""
    if os.path.exists(source):
        return None
    places = [at for at, letter in enumerate(source) if letter in SEPARATORS]
    end = next((at for at in places if is_zip(source[:at])), None)
    return None if end is None else (source[:end], source[end + 1 :].replace(os.sep, "/"))


def join(path: str, member: str) -> str:
    """Name a capture in a zip."""
    return f"{path}/{member}"


@cache
def list_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """List what `zipfile` raises for a zip that is damaged, encrypted, or packed in an unknown way, and the others."""
    import zipfile
    import zlib

    for module, name in (("lzma", "LZMAError"), ("compression.zstd", "ZstdError")):
        with suppress(ImportError):  # not every Python has them
            others += (getattr(import_module(module), name),)
    return (*others, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)


def open_archive(path: str) -> ZipFile:
    """Open a zip; the last one stays open, since its captures come one after another. Raises OSError, `list_errors`."""
    state = os.stat(path)
    return _archive(path, state.st_mtime_ns, state.st_size)


@lru_cache(1)
def _archive(path: str, changed: int, size: int) -> ZipFile:
    from zipfile import ZipFile

    return ZipFile(path)


def close_archives() -> None:
    """Close what `open_archive` keeps open."""
    _archive.cache_clear()
    _members.cache_clear()


def list_members(archive: ZipFile) -> list[str]:
    """List the files in a zip by a name for each, without what macOS adds."""
    return sorted(_members(archive))


def find_member(archive: ZipFile, name: str) -> ZipInfo:
    """Find a file in a zip by its name in `list_members`. Raises KeyError."""
    return _members(archive)[name]


@lru_cache(1)
def _members(archive: ZipFile) -> Mapping[str, ZipInfo]:
    """Name each file in a zip: within it, whatever its path says, and differently where several have one name."""
    members: dict[str, ZipInfo] = {}
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = {_inside(info.filename) for info in infos}
    for info in infos:
        name = _inside(info.filename)
        parts = PurePosixPath(name)
        if name and "__MACOSX" not in parts.parts and not parts.name.startswith("._"):
            if name in members:
                name = next(it for it in _number(name) if it not in names and it not in members)
            members[name] = info
    return members


def _inside(name: str) -> str:
    """Remove what leads out of the zip: nothing is written, so that only the name is at stake."""
    return "/".join(part for part in name.split("/") if part not in ("", ".", ".."))


def _number(name: str) -> Iterator[str]:
    """Number a name that is taken: `a (2).har`, `a (3).har`."""
    suffix = next((it for it in reversed(SUFFIXES) if name.lower().endswith(it)), PurePosixPath(name).suffix)
    stem, ending = name[: len(name) - len(suffix)], name[len(name) - len(suffix) :]
    return (f"{stem} ({number}){ending}" for number in count(2))


def list_captures(path: str, is_capture: Callable[[str], bool], any_name: bool = False) -> Sequence[str]:
    """List the captures in a zip by their names; where no name says so, or with `any_name`, by their content.

    `is_capture` is asked for the content of a name as `join` makes it. A zip that cannot be read has none.
    """
    members = list_names(path)
    named = [name for name in members if is_named(name)]
    if named and not any_name:
        return named
    return [name for name in members if name in named or is_capture(join(path, name))]


def list_names(path: str) -> list[str]:
    """List the files in a zip by name; none where it cannot be read."""
    try:
        return list_members(open_archive(path))
    except list_errors(OSError):
        return []


def measure(source: str) -> int:
    """Give the unpacked size of a capture in a zip; 0 where that is not known."""
    place = split(source)
    try:
        return 0 if place is None else find_member(open_archive(place[0]), place[1]).file_size
    except list_errors(KeyError, OSError):
        return 0
