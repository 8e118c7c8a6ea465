"""Results written as they come, so that memory does not grow with their number: NDJSON lines, a Parquet dataset.

A file of lines grows as `FILE.part` and gets its name when all is done. With `--resume` what stands there is taken
over, line by line, where the capture is still the same by content. `FILE.resume` says with which options that was
written, and, so that masks go on as they began, what was named `user-1`, as a hash (with `--redaction-key` nothing).
The hash's salt stands in the same file, so it hides no value from someone who can guess it: a user's name, a short id.
It vouches for `FILE` once it says that this is finished, and till then for `FILE.part` and `FILE.old`, and for
nothing else.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import msgspec

from analyzer.cli.screen import note_written, refuse, say, show, write
from analyzer.fleet import NoWorkers
from analyzer.formats.source import hash_file
from analyzer.masking import Masks, mask_result
from analyzer.masking.names import digest
from analyzer.model import Report, Run, Unreadable, name_source
from analyzer.outputs import ndjson

Result = Report | Unreadable
FINISHED = b'"finished"\n'
EVERY = 0.02  # seconds in which lines of small captures wait for each other


class Sink(Protocol):
    """Where results go, one by one, already masked."""

    def take(self, result: Result) -> None: ...

    def finish(self) -> None: ...


class Printed:
    """Lines on standard output."""

    def take(self, result: Result) -> None:
        show(ndjson.line(result))

    def finish(self) -> None:
        pass


class Known(NamedTuple):
    """A line of an earlier run."""

    sha256: str | None
    place: int  # bytes from the start
    length: int


class Lines:
    """A file of lines that is finished under its name, and may take over those of an earlier run."""

    def __init__(self, path: Path, options: str, resume: bool) -> None:
        self.path = path
        self.part, self._old, names = (path.with_name(path.name + end) for end in (".part", ".old", ".resume"))
        self._known: dict[str, Known] = {}
        self._earlier: IO[bytes] | None = None
        self._waiting: list[bytes] = []
        self._due = 0.0
        self._plain = not path.exists() or path.is_file()  # else a pipe or device, which is written as it comes
        with self._writing():
            if not self._plain:
                self.part, resume = path, False
            if resume:
                self._take_over(names, options)
            elif self._plain:  # written with whatever options
                self._old.unlink(missing_ok=True)
            self._file = open(self.part, "wb")  # noqa: SIM115 - open as long as results come
            self.names = Names(names, options, bool(self._known)) if self._plain else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            advice = f"; --resume goes on with {self.part}" if self._plain and self.part.exists() else ""
            refuse(f"{self.path}: cannot be written: {error.strerror}{advice}")

    def _take_over(self, names: Path, options: str) -> None:
        """What was written before, whole lines, as `FILE.old`: a run that is broken off again loses none of it."""
        before = [it for it in (self._old, self.part, self.path) if it.is_file()]
        data = names.read_bytes() if names.is_file() else b""
        if before and b"\n" not in data:
            say(f"--resume: without {names} {before[0]} does not show how it was made: all captures are read again")
            return
        finished = data.endswith(FINISHED)
        lines = {line.source: line for it in before if (it == self.path) == finished for line in _lines(it)}
        if lines:
            if json.loads(data.partition(b"\n")[0])["options"] != options:  # before any file is touched
                refuse("--resume: the earlier run had other options: give the same, or write to another file")
            new = self._old.with_name(self._old.name + ".new")
            with open(new, "wb") as file:
                for line in lines.values():
                    self._known[line.source] = Known(line.sha256, file.tell(), len(line.data))
                    file.write(line.data)
            os.replace(new, self._old)
            self._earlier = open(self._old, "rb")  # noqa: SIM115

    def has(self, source: str) -> bool:
        """An earlier run wrote of this capture, and its content is still the same."""
        line = self._known.get(source)
        return line is not None and line.sha256 is not None and line.sha256 == hash_file(source)

    def count_others(self, sources: Iterable[str]) -> int:
        """Count the earlier results of other captures than these: the file will not have them."""
        return len(self._known.keys() - set(sources))

    def earlier(self, source: str) -> bytes:
        """The line that the earlier run wrote."""
        assert self._earlier is not None
        self._earlier.seek(self._known[source].place)
        return self._earlier.read(self._known[source].length)

    def take(self, result: Result) -> None:
        self.write(ndjson.line(result))

    def write(self, line: bytes) -> None:
        self._waiting.append(line)
        if time.monotonic() > self._due:
            self.flush()

    def flush(self) -> None:
        """What waits, and before it the names that it uses."""
        with self._writing():
            if self.names is not None:
                self.names.keep()
            self._file.write(b"".join(self._waiting))
            self._file.flush()
        self._waiting.clear()
        self._due = time.monotonic() + EVERY

    def finish(self) -> None:
        self.flush()
        with self._writing():
            self._file.close()
            if self._earlier is not None:
                self._earlier.close()
            if self._plain:
                os.replace(self.part, self.path)
                note_written(self.path)
            if self.names is not None:
                self.names.finish()
            self._old.unlink(missing_ok=True)


class _Line(NamedTuple):
    source: str
    sha256: str | None
    data: bytes


def _lines(path: Path) -> Iterator[_Line]:
    """The whole lines of an earlier run; one that could not be read is tried again."""
    with open(path, "rb") as file:
        for data in file:
            try:
                record = json.loads(data)
                if data.endswith(b"\n") and "problem" not in record:
                    yield _Line(record["source"], record["sha256"], data)
            except (ValueError, TypeError, KeyError):
                continue  # cut off


class Names:
    """The options of a run and the ordinals of its masks, kept so that a later one can go on with them. Values are kept
    as hashes: whoever has the file can try out whether a value is among them."""

    def __init__(self, path: Path, options: str, continued: bool) -> None:
        self._path = path
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts = {"token": 0, "user": 0}
        self._new: list[str] = []
        self._salt = os.urandom(16).hex()
        if continued:
            self._read()
        self._file = open(path, "a" if continued else "w", encoding="ascii")  # noqa: SIM115
        if not continued:
            self._file.write(json.dumps({"options": options, "salt": self._salt}) + "\n")
            self._file.flush()

    def _read(self) -> None:
        data = self._path.read_bytes().removesuffix(FINISHED)
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.splitlines()
        head = json.loads(lines[0])
        os.truncate(self._path, len(whole))  # without the end of a line, which a full disk or a kill leaves
        self._salt = head["salt"]
        for line in dict.fromkeys(lines[1:]):  # one may stand twice: Ctrl-C may come while they are written
            kind, hashed = json.loads(line)
            self._counts[kind] += 1
            self._numbers[kind, hashed] = self._counts[kind]

    def ordinal(self, kind: str, value: str) -> int:
        hashed = digest(self._salt, kind, value)[:32]
        if (kind, hashed) not in self._numbers:
            self._counts[kind] += 1
            self._numbers[kind, hashed] = self._counts[kind]
            self._new.append(json.dumps([kind, hashed]) + "\n")
        return self._numbers[kind, hashed]

    def keep(self) -> None:
        if self._new:
            self._file.write("".join(self._new))
            self._file.flush()
            self._new.clear()

    def finish(self) -> None:
        """The file of lines has its name."""
        self._file.write(FINISHED.decode("ascii"))
        self._file.close()


class Stream:
    """The results of a run on their way to their sinks."""

    def __init__(self, sinks: Sequence[Sink], lines: Lines | None, masks: Masks, prints: bool) -> None:
        self._sinks = sinks
        self._lines = lines
        self._masks = masks
        self._prints = prints
        self.unreadable = 0
        self.count = 0

    def add(self, result: Result) -> None:
        """Write a new result, masked."""
        result = mask_result(result, self._masks)
        if isinstance(result, Unreadable):
            self.unreadable += 1
            say(f"{name_source(result.source)}: {result.problem}")
        for sink in self._sinks:
            sink.take(result)
        self.count += 1

    def repeat(self, name: str) -> None:
        """Write what an earlier run wrote about a capture."""
        assert self._lines is not None
        line = self._lines.earlier(name)
        self._lines.write(line)
        if self._prints:
            show(line)
        self.count += 1

    def explain_interruption(self, problem: BaseException, total: int) -> None:
        """Write what waits, and say how to continue; leave where the workers are gone."""
        advice = ""
        if self._lines is not None:
            self._lines.flush()
            if self._lines.names is not None:  # a pipe has none
                advice = f"; --resume goes on with {self._lines.part}"
        if isinstance(problem, NoWorkers):
            refuse(f"{problem}{advice}")
        say(f"interrupted: {self.count:,} of {total:,} captures are done{advice}")

    def finish(self) -> None:
        for sink in self._sinks:
            sink.finish()


class Dataset:
    """A folder of Parquet files, a row a session."""

    ROWS = 50_000  # of a file

    def __init__(self, folder: Path, run: Run, render: Callable[[Run], bytes]) -> None:
        self.folder, self._run, self._render = folder, run, render
        self._reports: list[Report] = []
        self._rows = self._files = 0

    def take(self, result: Result) -> None:
        if isinstance(result, Report):
            self._reports.append(result)
            self._rows += len(result.sessions)
            if self._rows >= self.ROWS:
                self._write()

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        run = msgspec.structs.replace(self._run, reports=tuple(self._reports))
        write(self.folder / f"part-{self._files:05}.parquet", self._render(run))
        self._files, self._rows, self._reports = self._files + 1, 0, []

    def finish(self) -> None:
        if self._reports or not self._files:
            self._write()
        for path in self.folder.glob("part-*.parquet"):  # of an earlier run that had more
            number = path.stem.removeprefix("part-")
            if number.isdecimal() and int(number) >= self._files:
                path.unlink()
