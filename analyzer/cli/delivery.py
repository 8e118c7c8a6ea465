"""Choose what a command writes and prints: the options of its output, checked before a capture is read."""

import os
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import typer

from analyzer import choices, outputs
from analyzer.choices import Choice
from analyzer.cli import words
from analyzer.cli.screen import refuse
from analyzer.cli.words import among
from analyzer.installation import quote

IN_FILES = [name for name in outputs.OUTPUTS if name not in outputs.STREAMED]
FORMATS = Choice(
    (*outputs.OUTPUTS, *outputs.PICTURES),
    {"md": "markdown", "xml": "junit", "htm": "html", "txt": "text", "jsonl": "ndjson"},
)


def _plain(is_on: bool) -> bool:
    """Switch colours off as `NO_COLOR` does, for everything that asks whether a terminal takes them."""
    if is_on:
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)
    return is_on


class Delivery(NamedTuple):
    """The options that say what is written and printed."""

    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to this file; its suffix selects the format."),
    ] = None
    open_: Annotated[bool, typer.Option("--open", help="Open the file that was written.")] = False
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            parser=words.word(FORMATS),
            help=f"Print as {choices.alternatives(outputs.STREAMED)}.",
            autocompletion=among(outputs.STREAMED),
        ),
    ] = None
    out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:PATH",
            help=f"Write one more format to a file, also {choices.alternatives(IN_FILES)}; repeatable.",
        ),
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title of the report.")] = None
    meta: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Show this at the head of the report, such as build=1234; repeatable."),
    ] = None
    tz: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            parser=words.zone_name,
            help="Show times in this zone: local, UTC (default) or Europe/Berlin.",
        ),
    ] = None
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every finding and proof, and why each matters.")
    ] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing on standard output.")] = False
    no_color: Annotated[
        bool, typer.Option("--no-color", callback=_plain, help="Print without colours (also: NO_COLOR=1).")
    ] = False

    def zone(self) -> tzinfo:
        """Return the time zone that people read times in."""
        return words.zone(self.tz)

    def check(self, printable: Sequence[str] = outputs.STREAMED, written: Sequence[str] = FORMATS.words) -> None:
        """Refuse what cannot be delivered, before a capture is read: the formats to show and to write are these."""
        if self.format not in (None, *printable):
            to_file = next((end for end, name in outputs.SUFFIXES.items() if name == self.format), "")
            if self.format in written:
                refuse(f"--format {self.format}: this format is written to a file: -o FILE{to_file}")
            refuse(f"--format {self.format}: choose {choices.alternatives(printable)}")
        suffixes = [suffix for suffix, format in outputs.SUFFIXES.items() if format in written]
        for name, path in self.files():
            if name not in written and path == self.output:
                refuse(f"--output {path}: end the name in {choices.alternatives(suffixes)}")
            if name not in written:
                refuse(f"--out {name}: choose {choices.alternatives(written)}")
            if str(path) == "-":
                refuse(f"--out {name}:-: use --format {name} to print on standard output")
        if self.open_ and not self.files():
            refuse("--open needs a file: add -o FILE")
        self.pairs()

    def with_printing(self) -> Self:
        """Return the same where the file of `--output` is written besides what is printed, not in its place."""
        if self.output is None:
            return self
        (name, path), *_ = self.files()
        format = None if self.names_format else self.format
        return self._replace(output=None, format=format, out=[f"{name}:{path}", *(self.out or ())])

    @property
    def names_format(self) -> bool:
        """Does `--format` say how the file of `--output` is written, because its name does not?"""
        return self.output is not None and self.format is not None and not _has_suffix(self.output)

    @property
    def prints(self) -> bool:
        """Is anything printed? With `-o` only where `--format` asks for it."""
        return not self.quiet and (self.output is None or (self.format is not None and not self.names_format))

    def refuse_pictures(self, *captures: str) -> None:
        """Refuse a chart, and name the command that draws it."""
        for name, path in self.files():
            if name in outputs.PICTURES:
                command = " ".join(map(quote, ("har-sockets", "timeline", *captures, "-o", str(path))))
                refuse(f"{path}: a chart is drawn by `timeline`: {command}")

    def choose_files(self, formats: Sequence[str]) -> list[tuple[str, Path]]:
        """Return all files that are written, each with its format: one of these; refuse any other."""
        self.check(formats, formats)
        refuse_same_file([path for _, path in self.files()])
        return self.files()

    def lines(self) -> list[Path]:
        """List the files that get one line per capture."""
        return [path for name, path in self.files() if name == "ndjson"]

    def streams(self) -> bool:
        """Check whether everything can be written as results come."""
        written = len(self.lines()) + len(self.datasets())
        return (not self.prints or self.format == "ndjson") and written == len(self.files()) and len(self.lines()) < 2

    def datasets(self) -> list[Path]:
        """List the folders that get Parquet files: `--out parquet:FOLDER/`."""
        files = ((spec, *self._read_file(option, spec)) for option, spec in self._specs())
        return [path for spec, name, path in files if name == "parquet" and _is_folder(spec, path)]

    def files(self) -> list[tuple[str, Path]]:
        """List the formats that are written to files, each with its path."""
        return [self._read_file(option, spec) for option, spec in self._specs()]

    def _read_file(self, option: str, spec: str) -> tuple[str, Path]:
        if option == "--output" and self.format is not None and self.names_format and spec != "-":
            if os.path.isdir(spec):
                refuse(f"--output {spec}: this is a folder: name a file in it")
            return self.format, Path(spec)
        return _read_output(option, spec)

    def _specs(self) -> list[tuple[str, str]]:
        output = [] if self.output is None else [("--output", str(self.output))]
        return [*output, *(("--out", spec) for spec in self.out or ())]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the key and value of each `--meta`."""
        pairs = [it.partition("=") for it in self.meta or ()]
        wrong = next((key + equals + value for key, equals, value in pairs if not key or not equals), None)
        if wrong is not None:
            refuse(f"--meta {wrong}: give KEY=VALUE")
        return tuple((key, value) for key, _, value in pairs)


def _read_output(option: str, spec: str) -> tuple[str, Path]:
    """Read NAME:PATH, or a path whose suffix selects the format."""
    name, colon, path = spec.partition(":")
    suffix = Path(spec).suffix.lower()
    if (option == "--output" or not colon or len(name) == 1) and suffix in outputs.SUFFIXES:  # C:\chart.png
        return outputs.SUFFIXES[suffix], Path(spec)
    if spec == "-":
        refuse(f"{option} -: use --format NAME to print on standard output")
    if option == "--output" and os.path.isdir(spec):
        refuse(f"--output {spec}: this is a folder: name a file in it")
    if option == "--output":
        refuse(f"{option} {spec}: end the name in {choices.alternatives(outputs.SUFFIXES)}")
    if not colon or not path:
        refuse(f"--out {spec}: give NAME:PATH, or a file that ends in {choices.alternatives(outputs.SUFFIXES)}")
    try:
        return FORMATS.choose(name), Path(path)
    except ValueError as problem:
        refuse(f"--out {spec}: {problem}")


def _has_suffix(path: Path) -> bool:
    return path.suffix.lower() in outputs.SUFFIXES


def _is_folder(spec: str, path: Path) -> bool:
    return spec.endswith(("/", os.sep)) or path.is_dir()


def refuse_same_file(paths: Iterable[Path]) -> None:
    """Refuse to write two things to one file (a device takes many)."""
    places: set[str] = set()
    for path in (path for path in paths if path.is_file() or not path.exists()):
        if (place := os.path.realpath(path)) in places:
            refuse(f"{path}: two outputs cannot go to one file")
        places.add(place)
