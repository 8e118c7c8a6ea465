"""`har-sockets watch`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from analyzer import gate
from analyzer.cli import settings
from analyzer.cli.delivery import Delivery
from analyzer.cli.options import Allowed, Masking, Reading, command_with
from analyzer.cli.receipt import give_receipts
from analyzer.cli.running import analyze_all, default_output, render
from analyzer.cli.screen import append, refuse, show, tell, terminal, write
from analyzer.fleet import NothingToRead, find
from analyzer.installation import name_program, quote
from analyzer.masking import Masks
from analyzer.model import Report, Run, plural

# Files of downloads that are not complete, in Chromium, Firefox, Safari, Opera, curl and wget, and by editors.
PARTIAL = (".crdownload", ".part", ".download", ".opdownload", ".partial", ".tmp", ".swp", "~")
QUIET = 1.0  # seconds without a change after which a file counts as complete
PATIENCE = 10.0  # seconds for a file that ends in the middle of its JSON or zip
TICK = 250  # milliseconds from one look at the waiting files to the next
END_OF_ZIP, LONGEST_END = b"PK\x05\x06", 1 << 16


@command_with(
    without=("output", "format", "title", "meta", "quiet"),
    hidden=("allow_undecided", "allow_empty", "verbose"),
    meanings={
        "out": "Add each result to a file of lines, as it comes: ndjson:FILE; repeatable.",
        "open_": "Open the report of each capture, too: CAPTURE.report.html in the current folder.",
        "any_": "Analyse each new file that is a capture, whatever its suffix.",
    },
)
def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder where captures are saved.")],
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
) -> None:
    """Analyse each capture that is newly saved in a folder.

    Point it at the download folder of your browser and export HARs. The
    terminal rings when a capture violates the policy. Ctrl-C ends it with a
    summary.

    \b
    Example:
      har-sockets watch ~/Downloads --open
      har-sockets watch ~/Downloads --out ndjson:today.ndjson
    """
    from analyzer.outputs import ndjson
    from analyzer.wording import facts

    if not folder.is_dir():
        refuse(f"{folder}: {'this is a file: watch takes a folder' if folder.exists() else 'no such folder'}")
    files = [path for _, path in delivery._replace(open_=False).choose_files(("ndjson",))]
    for path in files:
        check_growing(path, masking)
    policy = settings.policy(settings.combine(reading, allowed))
    masks = Masks(not masking.show_secrets, not masking.show_users, masking.redaction_key)
    gc.enable()  # the program switches it off for its short commands; this one may run for days
    runs: list[Run] = []
    with _interrupting() as stopped:
        beginning = f"Watching {folder} for new captures. Policy: {facts.describe_policy(policy)} Ctrl-C ends."
        try:
            for path in list_saved(folder, stopped, lambda: tell(beginning)):
                new = _analyse(path, delivery, allowed, reading, masking, masks)
                runs += new
                for run, file in product(new, files):
                    append(
                        file, b"".join([*map(ndjson.line, run.reports), *map(ndjson.line, run.unreadable)]), sys.maxsize
                    )
        except OSError as problem:
            refuse(f"{folder}: cannot be watched: {problem.strerror or problem}")
    tell(summarise(runs))
    for file in files if runs else ():
        tell(f"Next: {name_program()} summary {quote(str(file))}")


def check_growing(path: Path, masking: Masking) -> None:
    """Refuse a file to which results cannot be added."""
    if not path.absolute().parent.is_dir():
        refuse(f"{path}: cannot be written: there is no folder {path.parent}")
    if path.is_file() and path.stat().st_size and masking.redaction_key is None and not masking.show_users:
        refuse(f"{path}: exists, and user-1 may be somebody else there: name a new file, or give --redaction-key")


def _analyse(
    path: Path, delivery: Delivery, allowed: Allowed, reading: Reading, masking: Masking, masks: Masks
) -> list[Run]:
    """Analyse a new file and print what people read; a file that is not a capture is passed over."""
    from analyzer.formats import is_capture, is_named_capture
    from analyzer.formats.archive import is_zip

    named = is_named_capture(str(path))
    if not named and not (reading.any_ and (is_zip(str(path)) or is_capture(str(path)))):
        return []
    try:
        names = find([str(path)], reading.any_).captures
    except NothingToRead:  # it was moved away
        return []
    run = analyze_all(names, reading, masking, allowed, delivery._replace(open_=False), masks=masks)
    width = terminal()["width"] if sys.stdout.isatty() else None
    show(describe(run, f"{datetime.now(delivery.zone() if delivery.tz else None):%H:%M:%S}", width).encode())
    if sys.stderr.isatty() and any(gate.judge(report, run.policy).failing for report in run.reports):
        print("\a", end="", file=sys.stderr, flush=True)
    if delivery.open_ and run.reports:
        with give_receipts({"open_": True}):
            write(default_output([str(path)], "report.html"), render("html", run))
    return [run]


def describe(run: Run, clock: str, width: int | None = None) -> str:
    """Describe the captures of a run: the verdict, then the findings that violate the policy, with cause and remedy.

    `width`: of the terminal, in which long lines are wrapped.
    """
    lines: list[str] = []
    for report in run.reports:
        lines += [f"{clock}  {report.capture.source}", *_wrap(_describe(report, run), width)]
    for capture in run.unreadable:
        lines += [f"{clock}  {capture.source}", *_wrap([f"Cannot be read: {capture.problem}"], width)]
    return "".join(f"{_printable(line)}\n" for line in lines)


def _wrap(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Indent lines; those of a terminal are as wide as it is."""
    for line in lines:
        if width is None:
            yield f"  {line}"
        else:
            yield from textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="    ")


def _describe(report: Report, run: Run) -> Iterable[str]:
    from analyzer.wording.verdict import verdict_sentences

    yield from verdict_sentences(report, run.policy)
    for finding in gate.judge(report, run.policy).failing:
        yield f"{finding.severity}: {finding.message} ({finding.rule})"
        if finding.explanation is not None:
            yield f"{finding.explanation} ({finding.cause})"
        if finding.remedy is not None:
            yield f"What to do: {finding.remedy}"


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def summarise(runs: Iterable[Run]) -> str:
    """Count the captures of a watch by result: `3 captures: 2 no overlap, 1 overlap.`"""
    from analyzer.wording.results import RESULTS, UNREADABLE, kind

    results: Counter[str] = Counter()
    for run in runs:
        results.update(RESULTS[kind(report, run.policy)] for report in run.reports)
        results.update(RESULTS[UNREADABLE] for _ in run.unreadable)
    listed = ", ".join(f"{number:,} {result}" for result, number in results.most_common())
    return f"{plural(results.total(), 'capture')}{f': {listed}' if listed else ''}."


# -- which files are new, and complete ---------------------------------------------------------------------------


class Waiting(NamedTuple):
    """A file that has changed: how it was at the last look, and since when."""

    state: tuple[int, int]  # bytes, time of its last change
    since: float


def list_saved(folder: Path, stopped: threading.Event, begin: Callable[[], object]) -> Iterator[Path]:
    """List files of a folder as they are saved, each when it is complete, until the event is set. Raises OSError.

    `begin` is called once, when no file that is saved from then on is missed.
    """
    from watchfiles import Change, watch

    waiting: dict[Path, Waiting] = {}
    done: dict[Path, tuple[int, int]] = {}
    changes = watch(
        folder,
        watch_filter=lambda change, path: change is not Change.deleted and not is_partial(Path(path), folder),
        step=50,
        debounce=TICK,
        rust_timeout=TICK,
        yield_on_timeout=True,
        stop_event=stopped,
        raise_interrupt=False,
    )
    for number, changed in enumerate(changes):
        if number == 0:
            begin()
        now = time.monotonic()
        for _, name in sorted(changed):
            waiting.setdefault(folder / _inside(Path(name), folder), Waiting((0, 0), now))
        for path, before in list(waiting.items()):
            state = read_state(path)
            if state is None or state == done.get(path):  # it was renamed, or only touched
                del waiting[path]
            elif state != before.state:
                waiting[path] = Waiting(state, now)
            elif now - before.since >= (QUIET if is_complete(path) else PATIENCE):
                del waiting[path]
                done[path] = state
                yield path


def is_partial(path: Path, folder: Path) -> bool:
    """Is this the file of a download that goes on, or a hidden file?"""
    hidden = any(part.startswith(".") for part in _inside(path, folder).parts)
    return hidden or path.name.lower().endswith(PARTIAL)


def _inside(path: Path, folder: Path) -> Path:
    """The path of a file as seen from the folder that is watched; the system may name that by its real path."""
    above = next((it for it in (folder.absolute(), folder.resolve()) if it in path.parents), None)
    return Path(path.name) if above is None else path.relative_to(above)


def read_state(path: Path) -> tuple[int, int] | None:
    """Read size and time of the last change; None for what is no file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return (state.st_size, state.st_mtime_ns) if path.is_file() else None


def is_complete(path: Path) -> bool:
    """Does the file end as its kind ends, and does no download to it go on beside it?"""
    if any(path.with_name(path.name + suffix).exists() for suffix in PARTIAL):
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(4)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LONGEST_END))
            end = file.read()
    except OSError:
        return False
    if head.startswith(b"PK"):
        return END_OF_ZIP in end
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return end.rstrip().endswith((b"}", b"]"))
    return bool(head)


@contextmanager
def _interrupting() -> Iterator[threading.Event]:
    """Let Ctrl-C and `kill` end the watch, not the program; a second time they end that, too."""
    stopped = threading.Event()

    def stop(number: int, _: object) -> None:
        stopped.set()
        signal.signal(number, before[number])

    before: dict[int, Any] = {it: signal.signal(it, stop) for it in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
