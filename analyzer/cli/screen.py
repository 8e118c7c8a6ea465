"""Write data to standard output, everything else to standard error, and files atomically."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NoReturn, TypedDict

import typer

from analyzer.cli import ansi

USAGE = 2
_written: ContextVar[dict[Path, bool] | None] = ContextVar("written", default=None)
PATIENCE = 1.0  # seconds of silence on standard input before we say that we wait


class Terminal(TypedDict):
    width: int
    color: bool
    unicode: bool


def terminal() -> Terminal:
    """What standard output can show (https://no-color.org, FORCE_COLOR)."""
    import shutil

    able = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and ansi.enable(sys.stdout)
    color = bool(os.environ.get("FORCE_COLOR")) or (able and not os.environ.get("NO_COLOR"))
    unicode = (sys.stdout.encoding or "").lower().startswith("utf") and os.environ.get("TERM") != "dumb"
    return {"width": max(40, shutil.get_terminal_size((80, 24)).columns), "color": color, "unicode": unicode}


def can_redraw() -> bool:
    """Is standard error a terminal on which lines can be written over?"""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and ansi.enable(sys.stderr)


def is_piped() -> bool:
    """Check whether a pipe or a file brings something to standard input; wait for it, and say so."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, or it is closed
        return False
    if not stat.S_ISFIFO(mode) and not stat.S_ISREG(mode):
        return False
    if os.name == "posix" and not select.select([sys.stdin], [], [], PATIENCE)[0]:
        say("waiting for a capture on standard input")
    reader: Any = sys.stdin.buffer
    return bool(reader.peek(1))


def one_place() -> bool:
    """Do results and problems go to the same screen, file or pipe, as with `2>&1`?"""
    try:
        out, errors = (os.fstat(it.fileno()) for it in (sys.stdout, sys.stderr))
    except (OSError, ValueError):  # one is closed, or is no file
        return False
    return one_terminal() or (out.st_ino != 0 and os.path.samestat(out, errors))


def one_terminal() -> bool:
    """Do results and problems go to the same screen?"""
    return sys.stdout.isatty() and sys.stderr.isatty()


def show(data: bytes) -> None:
    """Data, to standard output."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head`: nobody wants the rest
            refuse(f"standard output cannot be written: {error.strerror}")


@contextmanager
def collect_written() -> Iterator[dict[Path, bool]]:
    """Collect the paths of all files that are written in this context; True where an earlier file was replaced."""
    paths: dict[Path, bool] = {}
    token = _written.set(paths)
    try:
        yield paths
    finally:
        _written.reset(token)


def note_written(path: Path, replaced: bool = False) -> None:
    """Note that a file was written, maybe in place of an earlier one. A pipe or device needs no receipt."""
    paths = _written.get()
    if paths is not None and path.is_file():
        paths.setdefault(path, replaced)


def write(path: Path, data: bytes) -> None:
    """A file, atomically: a report that fails leaves no half file. A link stays one; a pipe or device is written to."""
    if str(path) == "-":
        refuse("- is standard output, which takes no file: name one")
    place, replaced = Path(os.path.realpath(path)), path.is_file()
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with open(path, "wb", buffering=0) as stream:
                stream.write(data)
        else:
            replace(place, [data])
    except OSError as error:
        refuse(f"{path}: cannot be written: {error.strerror}")
    note_written(path, replaced)


def replace(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that takes the place of the one of this name when it is whole. Raises OSError."""
    import tempfile

    file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    try:
        with file:
            file.writelines(parts)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(file.name, 0o666 & ~umask)  # a temporary file is its owner's alone
        os.replace(file.name, path)  # after it was closed: Windows moves no open file
    except BaseException:  # Ctrl-C, too
        os.unlink(file.name)
        raise


def append(path: Path, data: bytes, most: int) -> bool:
    """At the end of a file, unless it would then be larger than this."""
    try:
        with path.open("ab") as file:
            fits = file.tell() + len(data) <= most
            if fits:
                file.write(data)
            return fits
    except OSError as error:
        refuse(f"{path}: cannot be written: {error.strerror}")


def say(problem: str) -> None:
    """One line about a problem, to standard error."""
    tell(f"har-sockets: {problem}")


def tell(line: str) -> None:
    """One line, to standard error; what a terminal would obey is spelled out."""
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
    print(text.encode(errors="backslashreplace").decode(), file=sys.stderr, flush=True)


def refuse(problem: str) -> NoReturn:
    """Wrong usage: say why, and leave with the status for it."""
    say(problem)
    raise typer.Exit(USAGE)
