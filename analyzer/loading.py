"""Load captures however they are given: a file, a folder, a pattern, a list, an open file or the text itself."""

from __future__ import annotations

import glob
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, TypeAlias, TypeVar, overload

import msgspec

from analyzer import arguments, fleet
from analyzer.fleet import sources
from analyzer.fleet.sources import NothingToRead
from analyzer.formats import read
from analyzer.model import Capture, CaptureError, Policy, Report, Run, Unreadable, bare
from analyzer.patterns import Pattern
from analyzer.pipeline import analyze
from analyzer.rules import RULES

Document: TypeAlias = bytes | IO[bytes] | IO[str] | Mapping[str, Any] | Capture | Report
Folders: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Source: TypeAlias = str | os.PathLike[str] | Document

IN_PYTHON = (  # what an error of the command proposes -> the same for Python
    (Pattern("--any reads"), "any_name=True reads"),
    (
        Pattern(r"curl -Lo (\S+) 'URL', then har-sockets \S+"),
        r"urllib.request.urlretrieve(URL, '\1'), then load('\1')",
    ),
    (
        Pattern("har-sockets record URL"),
        "run the command `har-sockets record URL`, then load the file that it writes",
    ),
)
LONGEST_NAME = 4096  # characters of a path; a longer text is the capture itself
EXPECTED = "a path, a folder, a pattern, an open file, the content of a HAR (text, bytes or dict), or a list of these"


@overload
def load(  # type: ignore[overload-overlap]
    source: Document,
    policy: Policy | None = None,
    *,
    any_name: bool = False,
    redaction_key: str | None = None,
    source_maps: Folders = (),
) -> Report: ...
@overload  # a str can be iterated, too
def load(  # type: ignore[overload-overlap]
    source: str | os.PathLike[str],
    policy: Policy | None = None,
    *,
    any_name: bool = False,
    redaction_key: str | None = None,
    source_maps: Folders = (),
) -> Report | Run: ...
@overload
def load(
    source: Iterable[Source],
    policy: Policy | None = None,
    *,
    any_name: bool = False,
    redaction_key: str | None = None,
    source_maps: Folders = (),
) -> Run: ...


@bare
def load(
    source: Source | Iterable[Source],
    policy: Policy | None = None,
    *,
    any_name: bool = False,
    redaction_key: str | None = None,
    source_maps: Folders = (),
) -> Report | Run:
    """Read captures and analyse them: a Report for one capture, a Run for a collection.

    One capture gives a Report: a file, an open file, the content of a HAR (text, bytes or dict), a Capture, or a
    Report, which is analysed again. A collection gives a Run, also where it holds one capture only: a folder (searched
    recursively), a pattern such as `captures/*.har`, an archive with several captures, a list, or a Run. With the extra
    `cluster` a name can be a URL such as `s3://bucket/captures/*.har`. Download a file of the web (`https://`) first.

    `any_name`: read each file of a folder or an archive that is a capture by its content, whatever its name.

    `redaction_key`: mask with a keyed hash, as the option `--redaction-key` does, in all frames, plots and notebooks of
    the result. One user then has one name in all frames and on all machines that use this key. Without it users are
    numbered by first appearance, once per frame, plot or table, so `user-1` of two frames can be two users. Frames of
    the same results give the same numbers.

    `source_maps`: a folder with the source maps of a build, or several. They are used where a capture has none itself.

    What a list or a folder names and cannot be read, a missing file too, is in `run.unreadable`, and the others are
    analysed. Raises CaptureError where a single capture cannot be read or a single name matches nothing, TypeError for
    anything else, ValueError for an empty key.
    """
    policy = Policy() if policy is None else policy
    key = arguments.key("redaction_key", redaction_key)
    maps = _folders(source_maps)
    if isinstance(source, str | os.PathLike) and not _is_content(source):
        return _with_key(_load_name(os.fspath(source), policy, any_name, maps), key)
    if _is_one(source):
        return _with_key(_load_one(source, policy, "capture", maps), key)
    if isinstance(source, Iterable):
        return _with_key(_run(_results(source, policy, any_name, maps), policy), key)
    raise TypeError(f"load takes {EXPECTED}, not {type(source).__name__}")


Loaded = TypeVar("Loaded", Report, Run, Report | Run)


def _with_key(loaded: Loaded, key: str | None) -> Loaded:
    """Set the key with which all that people see of it is masked."""
    if key is None:
        return loaded
    if isinstance(loaded, Run):
        return msgspec.structs.replace(loaded, reports=tuple(_with_key(report, key) for report in loaded.reports))
    return msgspec.structs.replace(loaded, redaction_key=key)


def _is_content(source: object) -> bool:
    """Return whether this text is the capture itself, and no name."""
    if not isinstance(source, str):
        return False
    like_json = source.lstrip("\ufeff \t\r\n").startswith("{")
    return (like_json or "\n" in source or len(source) > LONGEST_NAME) and not os.path.lexists(source)


def _is_one(source: object) -> bool:
    return isinstance(source, str | bytes | Mapping | Capture | Report) or hasattr(source, "read")


def _folders(folders: Folders) -> list[str]:
    """List folders with source maps. Raises ValueError for what is no folder."""
    paths = [os.fspath(it) for it in ([folders] if isinstance(folders, str | os.PathLike) else folders)]
    for path in paths:
        if not os.path.isdir(path):
            raise ValueError("source_maps: there is no such folder")
    return paths


def _load_one(source: Any, policy: Policy, name: str, maps: Sequence[str]) -> Report:
    if isinstance(source, Report):
        if source.sessions and not source.capture.traces:
            raise CaptureError(
                source.capture.source, "", "this report no longer holds its capture: load the file again"
            )
        source = source.capture
    if isinstance(source, Capture):
        return analyze(source, policy, source_maps=maps)
    name_of_source = getattr(source, "name", None)
    capture = read(_stream(source), name_of_source if isinstance(name_of_source, str) else name)
    return analyze(capture, policy, source_maps=maps)


def _stream(source: Any) -> IO[bytes]:
    """Open the bytes of a capture whose content is given."""
    if isinstance(source, Mapping):
        source = json.dumps(source)
    elif hasattr(source, "read"):
        if not isinstance(source, io.TextIOBase):
            return source  # type: ignore[no-any-return]
        source = getattr(source, "buffer", None) or source.read()
    if isinstance(source, str):
        source = source.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _load_name(name: str, policy: Policy, any_name: bool, maps: Sequence[str]) -> Report | Run:
    names = _expand(name, any_name)
    several = os.path.isdir(name) or (glob.has_magic(name) and not os.path.lexists(name))
    if len(names) == 1 and not several:
        return analyze(sources.capture(names[0]), policy, source_maps=maps)
    return _run(fleet.results(names, policy, source_maps=maps), policy)


def _expand(name: str, any_name: bool) -> list[str]:
    try:
        return sources.find([name], any_name).captures
    except NothingToRead as nothing:
        public = sources.mask_name(name)
        problem = str(nothing).removeprefix(public).removeprefix(": ")
        for command, python in IN_PYTHON:
            problem = command.sub(python, problem)
        raise CaptureError(public or "''", "", problem) from None


def _results(
    items: Iterable[object], policy: Policy, any_name: bool, maps: Sequence[str]
) -> Iterator[Report | Unreadable]:
    for number, source in enumerate(items, 1):
        if isinstance(source, str | os.PathLike) and not _is_content(source):
            try:
                names = _expand(os.fspath(source), any_name)
            except CaptureError as error:
                yield Unreadable(error.source, error.problem)
            else:
                yield from fleet.results(names, policy, source_maps=maps)
        elif _is_one(source):
            try:
                yield _load_one(source, policy, f"capture {number}", maps)
            except CaptureError as error:
                yield Unreadable(error.source, f"{error.pointer}: {error.problem}" if error.pointer else error.problem)
        else:
            raise TypeError(f"item {number} of the list: load takes {EXPECTED}, not {type(source).__name__}")


def _run(results: Iterable[Report | Unreadable], policy: Policy) -> Run:
    items = list(results)
    reports = tuple(it for it in items if isinstance(it, Report))
    return Run(reports, tuple(it for it in items if isinstance(it, Unreadable)), policy, rules=RULES)
