"""Which captures are meant, and each of them read: files, folders, globs, URLs, standard input."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from analyzer.model import Capture, CaptureError
from analyzer.readers import Progress, read

SUFFIXES = (".har", ".har.gz", ".har.zst", ".har.zip")
STANDARD_INPUT = "-"
CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
HIDDEN = "***"


class NothingToRead(Exception):  # noqa: N818 - what it says, not an error of ours
    """What was asked for holds no capture: no such file, a folder without captures, a glob without a match."""


def expand(asked: Iterable[str]) -> list[str]:
    """The captures meant by files, folders (searched recursively), globs, URLs and `-`. Raises NothingToRead."""
    found: list[str] = []
    for name in asked:
        if name == STANDARD_INPUT or os.path.isfile(name):
            found.append(name)
        elif os.path.isdir(name):
            inside = sorted(
                str(path)
                for path in Path(name).rglob("*")
                if path.name.lower().endswith(SUFFIXES) and (path.is_file() or not path.exists())  # a link to nowhere
            )
            if not inside:
                raise NothingToRead(f"{name}: no captures in this folder ({', '.join(SUFFIXES)})")
            found += inside
        elif os.path.exists(name):
            found.append(name)  # a pipe, a device
        elif "://" in name:
            found += _remote(name)
        elif glob.has_magic(name):
            matches = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
            if not matches:
                raise NothingToRead(f"{name}: no file matches")
            found += matches
        else:
            raise NothingToRead(f"{name}: no such file")
    return list(dict.fromkeys(found))


def _remote(url: str) -> list[str]:
    """The captures at a URL of `fsspec`: a file, a folder, a glob. Raises NothingToRead."""
    try:
        import fsspec
    except ModuleNotFoundError:
        raise NothingToRead(f"{shown(url)}: needs fsspec: pip install 'har-sockets[cluster]'") from None
    try:
        files, path = fsspec.core.url_to_fs(url)
        if glob.has_magic(path):
            found = files.glob(path)
        elif files.isdir(path):
            found = [it for it in files.find(path) if it.lower().endswith(SUFFIXES)]
        else:
            found = [path] if files.exists(path) else []
    except Exception as error:  # drivers raise anything: no such scheme, not installed, no network, not allowed
        raise NothingToRead(f"{shown(url)}: {_problem(error, url)}") from None
    if not found:
        raise NothingToRead(f"{shown(url)}: no captures there ({', '.join(SUFFIXES)})")
    return [files.unstrip_protocol(it) for it in sorted(found)]


def capture(source: str, progress: Progress | None = None) -> Capture:
    """One capture, read. Raises CaptureError."""
    if source == STANDARD_INPUT:
        return read(sys.stdin.buffer, source, progress)
    if not _is_url(source):
        return read(source, progress=progress)
    import fsspec

    try:
        stream = fsspec.open(source, "rb").open()
    except Exception as error:  # as in _remote
        raise CaptureError(shown(source), "", _problem(error, source)) from None
    with stream:
        return read(stream, shown(source), progress)


def size(source: str) -> int:
    """Bytes of a file; 0 where that is not known beforehand."""
    try:
        return os.stat(source).st_size if not _is_url(source) else 0
    except OSError:
        return 0


def absolute(source: str) -> str:
    """Its name in whatever folder it is asked for."""
    return source if _is_url(source) else os.path.abspath(source)


def shown(source: str) -> str:
    """Its name in every output: of a URL without user, password and the values of its query, which let others in."""
    if not _is_url(source):
        return source
    address, asked, query = source.partition("?")
    names = [name if equals else "" for name, equals, _ in (pair.partition("=") for pair in query.split("&"))]
    hidden = "&".join(f"{name}={HIDDEN}" if name else HIDDEN for name in names)
    return CREDENTIALS.sub(f"{HIDDEN}@", address) + asked + (hidden if asked else "")


def _problem(error: Exception, source: str) -> str:
    """What a driver says, which may quote the URL, or parts of it."""
    said = (str(error) or type(error).__name__).replace(source, shown(source))
    address, _, query = source.partition("?")
    values = [pair.rpartition("=")[2] for pair in query.split("&")]
    parts = [it for found in CREDENTIALS.findall(address) for it in (found, *found[:-1].split(":"))]
    secrets = {it for part in (query, *values, *parts) for it in (part, unquote(part)) if len(it) > 2}
    for part in sorted(secrets, key=len, reverse=True):
        said = said.replace(part, HIDDEN)
    return said


def _is_url(name: str) -> bool:
    return "://" in name and not os.path.exists(name)
