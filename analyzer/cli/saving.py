"""Save a recording while it goes on: each state takes the place of the last one, so that the file is always whole."""

from __future__ import annotations

import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli.running import find_unused
from analyzer.cli.screen import note_written, refuse, replace
from analyzer.installation import install_hint
from analyzer.model import CaptureError
from analyzer.recorder.errors import SaveError

if TYPE_CHECKING:
    from analyzer.recorder.document import Recorded

DEFAULT = Path("recording.har")
TRIAL = bytes(1 << 20)  # what is written and removed before the browser starts: a recording of some minutes
GZIP = 16 + zlib.MAX_WBITS  # with the header and the trailer of a gzip file


class Output:
    """The file of a recording. `masked`: an extract of it is written, and nothing else."""

    def __init__(self, path: Path, masked: bool) -> None:
        self.path = path
        self.masked = masked
        self._is_file = path.is_file() or not path.exists()  # a pipe or a device gets the last state alone
        self._replaces = path.is_file()

    def save(self, recorded: Recorded, is_last: bool) -> None:
        """Write what is known by now. Raises SaveError."""
        if self._is_file or is_last:
            _write(self.path, self._parts(self.path, recorded), self._is_file)
        if is_last:
            note_written(self.path, self._replaces)

    def rescue(self, recorded: Recorded) -> Path | None:
        """Write it to another folder, as its own takes nothing more; None: no folder does."""
        for folder in (Path.home(), Path(tempfile.gettempdir())):  # others can often read what is in the second one
            path = find_unused(folder / self.path.name)
            try:
                _write(path, self._parts(path, recorded))
            except SaveError:
                continue
            return path
        return None

    def _parts(self, path: Path, recorded: Recorded) -> Iterator[bytes]:
        return pack(path, [_extract(recorded)] if self.masked else recorded.chunks())


def choose_output(path: Path | None, overwrite: bool) -> Path:
    """Choose the file of a recording; refuse one that cannot be written, before anything starts.

    A recording cannot be made again, so that an earlier file is not replaced unless that was asked for.
    """
    try:
        path = _name(path)
        if path.is_file() and not overwrite:
            refuse(f"{path}: this file exists already: give another name, or replace it with --overwrite")
        if path.is_file() or not path.exists():
            trial = _resolve(path).with_name(f".{path.name}.{os.getpid()}")
            replace(trial, [TRIAL])
            trial.unlink()
        list(pack(path, []))
    except OSError as problem:
        refuse(f"{path}: cannot be written: {problem.strerror}")
    except ImportError:
        refuse(f"{path}: zstandard is not installed: {install_hint('fast')}")
    return path


def _name(path: Path | None) -> Path:
    """Name the file: a number is added to the name that nobody gave, where it is taken."""
    if path is None or path.is_dir():
        return find_unused((path or Path()) / DEFAULT)
    if str(path) == "-":
        refuse("- is standard output: a recording is saved as it goes, and needs a file")
    if path.suffix.lower() == ".zip":
        refuse(f"{path}: a recording is written as .har, .har.gz or .har.zst")
    if not path.absolute().parent.is_dir():
        refuse(f"{path}: there is no such folder")
    return path


def pack(path: Path, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Compress what is written to a path as its name says. Raises ImportError."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        packer: Any = zlib.compressobj(wbits=GZIP)
    elif suffix == ".zst":
        import zstandard

        packer = zstandard.ZstdCompressor().compressobj()
    else:
        yield from parts
        return
    yield from map(packer.compress, parts)
    yield packer.flush()


def _write(path: Path, parts: Iterable[bytes], is_file: bool = True) -> None:
    try:
        if is_file:
            replace(_resolve(path), parts)
        else:
            with path.open("wb", buffering=0) as stream:
                stream.writelines(parts)
    except OSError as problem:
        raise SaveError(f"{path}: cannot be written: {problem.strerror}") from None
    except CaptureError as problem:
        raise SaveError(f"{path}: {problem.problem}") from None


def _resolve(path: Path) -> Path:
    """Follow links: a link stays one."""
    return Path(os.path.realpath(path))


def _extract(recorded: Recorded) -> bytes:
    from analyzer.extract import extract

    return extract(io.BytesIO(b"".join(recorded.chunks()))).data
