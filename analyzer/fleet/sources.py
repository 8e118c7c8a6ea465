"""Find the captures that are meant, and read each: files, folders, globs, zips, URLs, standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

import msgspec

from analyzer.formats import archive, is_capture, is_named_capture, read
from analyzer.formats.compression import Progress
from analyzer.formats.registry import SEARCHED, SUFFIXES, is_named
from analyzer.formats.trace_zip import is_trace
from analyzer.installation import install_hint
from analyzer.model import Capture, CaptureError, join_words
from analyzer.patterns import Pattern

LIKELY = (".json", ".txt", ".zip", ".gz", ".zst", ".log")  # of files that may be captures under another name
SIDE_FILE = Pattern("[0-9a-f]{40}")  # what Playwright names the bodies beside a HAR
KINDS = 4  # suffixes that are named
STANDARD_INPUT = "-"
CREDENTIALS = Pattern(r"(?<=://)[^/?#]*@")
HIDDEN = "***"


class NothingToRead(Exception):  # noqa: N818 - what it says, not an error of ours
    """What was asked for holds no capture: no such file, a folder without captures, a glob without a match."""


class Found(msgspec.Struct, frozen=True):
    """Hold the captures, and how many other files lie beside them, by suffix.

    Without `--any` only those count that may be captures under another name.
    """

    captures: list[str]
    passed_over: Counter[str] = Counter()


def expand(names: Iterable[str]) -> list[str]:
    """List the captures meant by files, folders (searched recursively), globs, zips, URLs and `-`.

    Raises NothingToRead.
    """
    return find(names).captures


def find(names: Iterable[str], any_name: bool = False) -> Found:
    """Find the captures that are meant. `any_name`: in a folder and a zip each file that is a capture by its content.

    Raises NothingToRead.
    """
    whole = _join([_find_one(name, any_name) for name in names])
    archive.close_archives()
    return Found(list(dict.fromkeys(whole.captures)), whole.passed_over)


def _join(parts: Iterable[Found]) -> Found:
    whole = Found([], Counter())
    for part in parts:
        whole.captures.extend(part.captures)
        whole.passed_over.update(part.passed_over)
    return whole


def _find_one(name: str, any_name: bool) -> Found:
    """Find the captures that one name means. Raises NothingToRead."""
    if name == STANDARD_INPUT or os.path.isfile(name):
        return _in_file(name, any_name)
    if os.path.isdir(name):
        return _in_folder(name, any_name)
    if os.path.exists(name) or archive.split(name) is not None:  # a pipe, a device; a capture in a zip
        return Found([name])
    if "://" in name:
        return _remote(name)
    if not glob.has_magic(name):
        raise NothingToRead(f"{name}: no such file")
    matches = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
    if not matches:
        raise NothingToRead(f"{name}: no file matches")
    return _join(_in_file(path, any_name) for path in matches)


def _in_file(path: str, any_name: bool) -> Found:
    """The file itself, or where it is a zip with several captures, each of these."""
    if path == STANDARD_INPUT or not archive.is_zip(path) or is_trace(path):
        return Found([path])
    inside = archive.list_captures(path, is_capture, any_name)
    alone = len(inside) == 1 and inside[0].lower().endswith(".har")  # Playwright's, which is read as it is
    if alone or not inside:
        return Found([path])
    others = Counter() if any_name else _suffixes(set(archive.list_names(path)) - set(inside))
    return Found([archive.join(path, name) for name in inside], others)


def _in_folder(folder: str, any_name: bool) -> Found:
    """Search a folder. Raises NothingToRead."""
    files, closed = _walk(folder)
    sure = {path for path in files if path in closed or is_named(path)}
    visible = [path for path in files if path in sure or not _is_hidden(path, folder)]
    if any_name:
        captures = [it for path in visible for it in _by_content(path, path in sure)]
        if not captures:
            raise NothingToRead(f"{folder}: no file in this folder is a HAR{_count(visible)}")
        others = set(visible) - set(map(file_of, captures))
        return Found(captures, Counter(Path(path).suffix.lower() for path in others))
    named = [path for path in visible if path in sure or is_named_capture(path)]
    if not named:
        raise NothingToRead(f"{folder}: no captures in this folder ({SEARCHED}){_others(files)}")
    inside = _join(_in_file(path, False) for path in named)
    inside.passed_over.update(_suffixes(set(visible) - set(named)))
    return inside


def _suffixes(paths: Iterable[str]) -> Counter[str]:
    """Count the files that may be captures under another name, by suffix; no side file of Playwright is one."""
    names = map(PurePath, paths)
    return Counter(
        path.suffix.lower()
        for path in names
        if (path.suffix.lower() in LIKELY or ".har" in path.name.lower())
        and not (SIDE_FILE.fullmatch(path.stem) and path.suffix.lower() != ".zip")
    )


def _walk(folder: str) -> tuple[list[str], set[str]]:
    """List the files in a folder, and the folders in it that may not be read, whose captures would be missed.

    Links to folders are not followed: they may lead round in circles. Raises NothingToRead.
    """
    files: list[str] = []
    closed: set[str] = set()

    def note(problem: OSError) -> None:
        if isinstance(problem, PermissionError):
            closed.add(str(Path(problem.filename)))

    for place, _, names in os.walk(folder, onerror=note):
        paths = (str(Path(place, name)) for name in names)
        files += [path for path in paths if os.path.isfile(path) or os.path.islink(path)]
    if str(Path(folder)) in closed:
        raise NothingToRead(f"{folder}: this folder may not be read")
    return sorted([*files, *closed]), closed


def _by_content(path: str, named: bool) -> list[str]:
    """The captures in a file of any name; none where its content is something else."""
    if archive.is_zip(path) and not is_trace(path):
        inside = archive.list_captures(path, is_capture, True)
        return _in_file(path, True).captures if inside or named else []
    return [path] if named or is_capture(path) else []


def _is_hidden(path: str, folder: str) -> bool:
    return any(part.startswith(".") for part in Path(path).relative_to(folder).parts)


def _others(files: list[str]) -> str:
    """What a folder without HARs holds instead, and what to do."""
    likely = _suffixes(files)
    if likely:
        return f". It holds {join_words(list_suffixes(likely))} files: --any reads files of any name"
    return _count(files)


def list_suffixes(files: Counter[str]) -> list[str]:
    """Write how many files have each suffix, the most frequent first: `200 .json`, `100 .zip`, `3 without suffix`."""
    ordered = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    listed = [f"{number:,} {suffix or 'without suffix'}" for suffix, number in ordered[:KINDS]]
    rest = sum(number for _, number in ordered[KINDS:])
    return [*listed, f"{rest:,} others"] if rest else listed


def _count(files: list[str]) -> str:
    if not files:
        return ". It is empty"
    return f". It holds {len(files):,} other {'file' if len(files) == 1 else 'files'}"


def file_of(source: str) -> str:
    """Name the file that a capture is in: itself, or a zip."""
    place = archive.split(source)
    return source if place is None else place[0]


def _remote(url: str) -> Found:
    """The captures at a URL of `fsspec`: a file, a folder, a glob. Raises NothingToRead."""
    try:
        import fsspec
    except ModuleNotFoundError:
        raise NothingToRead(_download(url) or f"{mask_name(url)}: needs fsspec: {install_hint('cluster')}") from None
    others: Counter[str] = Counter()
    try:
        files, path = fsspec.core.url_to_fs(url)
        if glob.has_magic(path):
            matches = files.glob(path)
        elif files.isdir(path):
            every = files.find(path)
            matches = [it for it in every if is_named(it)]
            others = _suffixes(set(every) - set(matches))
        else:
            matches = [path] if files.exists(path) else []
    except Exception as error:  # drivers raise anything: no such scheme, not installed, no network, not allowed
        is_unsupported = isinstance(error, ImportError) or url.lower().startswith(("ws:", "wss:"))
        advice = _download(url) if is_unsupported else None
        raise NothingToRead(advice or f"{mask_name(url)}: {_problem(error, url)}") from None
    if not matches:
        raise NothingToRead(f"{mask_name(url)}: no captures there ({SEARCHED})")
    return Found([files.unstrip_protocol(it) for it in sorted(matches)], others)


def _download(url: str) -> str | None:
    """What to do with a web address, which most installations cannot read."""
    scheme, _, path = urlsplit(url)[:3]
    if scheme in ("ws", "wss"):
        return f"{mask_name(url)}: the address of a socket. Record the page that opens it: har-sockets record URL"
    if scheme not in ("http", "https"):
        return None
    if not path.lower().endswith((*SUFFIXES, *LIKELY)):
        return f"{mask_name(url)}: a web address. Record its sockets: har-sockets record URL"
    name = Path(path).name
    return f"{mask_name(url)}: a web address. Download the file first: curl -Lo {name} 'URL', then har-sockets {name}"


def capture(source: str, progress: Progress | None = None) -> Capture:
    """One capture, read. Raises CaptureError."""
    if source == STANDARD_INPUT:
        return read(sys.stdin.buffer, source, progress)
    if not _is_url(source):
        return read(source, source, progress)
    import fsspec

    try:
        stream = fsspec.open(source, "rb").open()
    except Exception as error:  # as in _remote
        raise CaptureError(mask_name(source), "", _problem(error, source)) from None
    with stream:
        return read(stream, mask_name(source), progress)


def size(source: str) -> int:
    """Bytes of a file; 0 where that is not known beforehand."""
    try:
        return os.stat(source).st_size
    except OSError:
        return archive.measure(source)


def absolute(source: str) -> str:
    """Its name in whatever folder it is asked for."""
    if _is_url(source):
        return source
    place = archive.split(source)
    return os.path.abspath(source) if place is None else archive.join(os.path.abspath(place[0]), place[1])


def mask_name(source: str) -> str:
    """Its name in every output: of a URL without user, password and the values of its query, which let others in."""
    if not _is_url(source):
        return source
    address, separator, query = source.partition("?")
    names = [name if equals else "" for name, equals, _ in (pair.partition("=") for pair in query.split("&"))]
    hidden = "&".join(f"{name}={HIDDEN}" if name else HIDDEN for name in names)
    return CREDENTIALS.sub(f"{HIDDEN}@", address) + separator + (hidden if separator else "")


def _problem(error: Exception, source: str) -> str:
    """What a driver says, which may quote the URL, or parts of it."""
    message = (str(error) or type(error).__name__).replace(source, mask_name(source))
    address, _, query = source.partition("?")
    values = [pair.rpartition("=")[2] for pair in query.split("&")]
    parts = [it for found in CREDENTIALS.findall(address) for it in (found, *found[:-1].split(":"))]
    secrets = {it for part in (query, *values, *parts) for it in (part, unquote(part)) if len(it) > 2}
    for part in sorted(secrets, key=len, reverse=True):
        message = message.replace(part, HIDDEN)
    return message


def _is_url(name: str) -> bool:
    return "://" in name and not os.path.exists(name) and archive.split(name) is None
