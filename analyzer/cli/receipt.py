"""Show on a terminal which files were written and what to do with them, and open them where that is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from analyzer.cli.screen import collect_written, tell
from analyzer.installation import name_program, quote

PAGES = (".html", ".htm")
OPENED = (*PAGES, ".png", ".svg", ".pdf")  # what people open with a double click
PART = "part-*.parquet"
UNITS = ("bytes", "KB", "MB", "GB")


class Written(msgspec.Struct, frozen=True):
    """A file, or a folder of files, that a command wrote."""

    path: Path
    size: int
    files: int = 0  # of a folder
    replaced: bool = False  # an earlier file of this name


@contextmanager
def give_receipts(options: Mapping[str, object]) -> Iterator[None]:
    """Give a receipt for each file that is written in this context, and open the first that `--open` can mean.

    `given`: the options of the command.
    """
    with collect_written() as paths:
        try:
            yield
        finally:
            written = list_written(paths, [path for path, replaced in paths.items() if replaced])
            opened = bool(options.get("open_")) and bool(written)
            if sys.stderr.isatty() and not options.get("quiet"):
                for file in written:
                    tell(describe(file, is_baseline=file.path == options.get("write_baseline"), opened=opened))
            if opened:
                problem = open_file(min(written, key=lambda file: file.path.suffix.lower() not in OPENED).path)
                if problem is not None:
                    tell(f"har-sockets: {problem}")


def list_written(paths: Iterable[Path], replaced: Collection[Path] = ()) -> list[Written]:
    """List what was written: files in the order of writing, the parts of a Parquet folder as one.

    `replaced`: those that took the place of an earlier file.
    """
    entries: dict[Path, Written] = {}
    for path in dict.fromkeys(paths):
        try:
            size = path.stat().st_size
        except OSError:  # it was removed again, or its folder was
            continue
        place = path.parent if path.match(PART) else path
        before = entries.get(place, Written(place, 0))
        entries[place] = Written(place, before.size + size, before.files + (place != path), path in replaced)
    return list(entries.values())


def describe(written: Written, *, is_baseline: bool = False, opened: bool = False) -> str:
    """Name a file, its size and the next command for it, in one line."""
    many = f"{written.files:,} {'file' if written.files == 1 else 'files'}, " if written.files else ""
    name = f"{written.path}{os.sep}" if written.files else str(written.path)
    instead = ", in place of the earlier file" if written.replaced and not written.files else ""
    line = f"Wrote {name} ({many}{format_size(written.size)}){instead}."
    hint = suggest(written.path, is_baseline=is_baseline, opened=opened)
    return f"{line} {hint}" if hint else line


def suggest(path: Path, *, is_baseline: bool = False, opened: bool = False) -> str:
    """Say what to do with a file; nothing where every reader knows."""
    suffix, name = path.suffix.lower(), quote(str(path))
    if is_baseline:
        return f"Use it: {name_program()} check CAPTURE --baseline {name}"
    if suffix == ".ndjson":
        return f"Next: {name_program()} summary {name}"
    if suffix == ".har":
        return f"Next: {name_program()} {name}"
    opener = None if opened or suffix not in OPENED else name_opener()
    return f"Open it: {opener} {name}" if opener else ""


def format_size(size: int) -> str:
    """Format a number of bytes as people read it: `48 KB`, `1.2 MB`."""
    if size < 1000:
        return f"{size} {'byte' if size == 1 else UNITS[0]}"
    number, power = float(size), 0
    while round(number) >= 1000 and power < len(UNITS) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.1f} {UNITS[power]}" if number < 10 and power > 1 else f"{number:.0f} {UNITS[power]}"


def name_opener() -> str | None:
    """Name the command with which a person opens a file here; None where there is none, or no display."""
    if sys.platform == "win32":
        return "start"
    if sys.platform == "darwin":
        return "open"
    if not has_display():
        return None
    import shutil

    return next((name for name in ("wslview", "xdg-open") if shutil.which(name)), None)


def has_display() -> bool:
    """Can a window be shown?"""
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def can_open() -> bool:
    """Can a file be opened for a person to look at?"""
    return bool(os.environ.get("BROWSER")) or has_display()


def open_file(path: Path) -> str | None:
    """Open a file with the program that this system has for it, or with `BROWSER`; return what prevented it."""
    nowhere = f"{path}: cannot be opened here: no display. Open it on another computer, or set BROWSER"
    if os.environ.get("BROWSER") or (has_display() and path.suffix.lower() in PAGES):
        import webbrowser

        return None if webbrowser.open(path.absolute().as_uri()) else f"{path}: no browser could be started"
    import subprocess

    opener = name_opener()
    if opener is None:
        return nowhere if not has_display() else f"{path}: cannot be opened: install xdg-open, or set BROWSER"
    try:
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606 - the file was just written by this program
            return None
        subprocess.run([opener, str(path.absolute())], check=True, capture_output=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return f"{path}: {opener} could not open it"
    return None
