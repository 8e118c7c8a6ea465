"""Many captures: expand what was asked for, and results as they come."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from analyzer.model import CaptureError, Policy, Report, Unreadable
from analyzer.pipeline import analyze
from analyzer.providers import Row
from analyzer.readers import read

SUFFIXES = (".har", ".har.gz", ".har.zst", ".har.zip")
STANDARD_INPUT = "-"


class NothingToRead(Exception):  # noqa: N818 - what it says, not an error of ours
    """What was asked for holds no capture: no such file, a folder without captures, a glob without a match."""


def expand(asked: Iterable[str]) -> list[str]:
    """The captures meant by files, folders (searched recursively), globs and `-`. Raises NothingToRead."""
    found: list[str] = []
    for name in asked:
        if name == STANDARD_INPUT or os.path.isfile(name):
            found.append(name)
        elif os.path.isdir(name):
            inside = sorted(
                str(path) for path in Path(name).rglob("*") if path.name.lower().endswith(SUFFIXES) and path.is_file()
            )
            if not inside:
                raise NothingToRead(f"{name}: no captures in this folder ({', '.join(SUFFIXES)})")
            found += inside
        elif os.path.exists(name):
            found.append(name)  # a pipe, a device
        elif glob.has_magic(name):
            matches = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
            if not matches:
                raise NothingToRead(f"{name}: no file matches")
            found += matches
        else:
            raise NothingToRead(f"{name}: no such file")
    return list(dict.fromkeys(found))


def results(sources: Iterable[str], policy: Policy, catalogue: Sequence[Row] = ()) -> Iterator[Report | Unreadable]:
    """One result a capture, as they come; one that cannot be read does not stop the others."""
    for source in sources:
        try:
            capture = read(sys.stdin.buffer, source) if source == STANDARD_INPUT else read(source)
        except CaptureError as error:
            told = f"{error.pointer}: {error.problem}" if error.pointer else error.problem
            yield Unreadable(source, told)
        else:
            yield analyze(capture, policy, catalogue)
