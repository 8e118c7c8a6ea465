"""The options that commands share, in groups: a command names a group as a parameter, and typer sees its options."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from analyzer import outputs
from analyzer.cli.screen import refuse
from analyzer.model import Assume, Scope, Severity

APP_MODES = ("development", "production")
ASSUMPTIONS = tuple(Assume)


def among(words: Iterable[str]) -> Callable[[str], list[str]]:
    """What a shell completes."""
    return lambda incomplete: [str(word) for word in words if word.startswith(incomplete)]


Captures = Annotated[
    list[str],
    typer.Argument(
        metavar="CAPTURE...", help="HAR files, folders, globs, or - for standard input.", show_default=False
    ),
]
Capture = Annotated[str, typer.Argument(metavar="CAPTURE", help="A HAR file, or - for standard input.")]
Providers = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Services of your own, tried before the known ones.")
]


def _key(key: str | None) -> str | None:
    """Anybody can work out what an empty one makes."""
    if key == "":
        refuse("--redaction-key: the key is empty: is its variable set?")
    return key


RedactionKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY", callback=_key, help="Masks are a hash with this key: equal for equal values in every run."
    ),
]


class Delivery(NamedTuple):
    """What comes out, and where to."""

    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"To standard output: {', '.join(outputs.STREAMED)}.",
            autocompletion=among(outputs.STREAMED),
        ),
    ] = None
    out: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:PATH", help="Write a format to a file as well, also html, parquet; repeatable."),
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The title of a report.")] = None
    meta: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Shown at the head of a report: release, build; repeatable."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard output.")] = False

    def check(self, shown: Sequence[str] = outputs.STREAMED, written: Sequence[str] = outputs.OUTPUTS) -> None:
        """Refuse what cannot be delivered, before a capture is read: the formats to show and to write are these."""
        if self.format not in (None, *shown):
            refuse(f"--format {self.format}: not one of {', '.join(shown)}")
        for name, path in self.files():
            if name not in written:
                refuse(f"--out {name}: not one of {', '.join(written)}")
            if str(path) == "-":
                refuse(f"--out {name}:-: to standard output goes --format {name}")
        self.pairs()

    def lines(self) -> list[Path]:
        """Files that get a line a capture."""
        return [path for name, path in self.files() if name == "ndjson"]

    def streams(self) -> bool:
        """All that is asked for can be written as results come."""
        written = len(self.lines()) + len(self.datasets())
        return (self.quiet or self.format == "ndjson") and written == len(self.files()) and len(self.lines()) < 2

    def datasets(self) -> list[Path]:
        """Folders that get Parquet files: `--out parquet:FOLDER/`."""
        return [
            path
            for spec, (name, path) in zip(self.out or (), self.files(), strict=True)
            if name == "parquet" and _folder(spec)
        ]

    def files(self) -> list[tuple[str, Path]]:
        """The formats that are written to files, each with its path."""
        return [_named(spec) for spec in self.out or ()]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Key and value of each `--meta`."""
        pairs = [it.partition("=") for it in self.meta or ()]
        wrong = next((key + equals + value for key, equals, value in pairs if not key or not equals), None)
        if wrong is not None:
            refuse(f"--meta {wrong}: give KEY=VALUE")
        return tuple((key, value) for key, _, value in pairs)


def _named(spec: str) -> tuple[str, Path]:
    name, colon, path = spec.partition(":")
    if not colon or not path or name not in outputs.OUTPUTS:
        refuse(f"--out {spec}: give NAME:PATH with NAME one of {', '.join(outputs.OUTPUTS)}")
    return name, Path(path)


def _folder(spec: str) -> bool:
    return spec.endswith(("/", os.sep)) or os.path.isdir(spec.partition(":")[2])


def distinct(paths: Iterable[Path]) -> None:
    """Refuse to write two things to one file (a device takes many)."""
    taken: set[str] = set()
    for path in (path for path in paths if path.is_file() or not path.exists()):
        if (place := os.path.realpath(path)) in taken:
            refuse(f"{path}: two outputs cannot go to one file")
        taken.add(place)


class Allowed(NamedTuple):
    """What is allowed: it acts on findings. None, False: not given, so the settings file or the default says."""

    per: Annotated[
        str | None,
        typer.Option(
            metavar="SCOPE",
            help="Count sockets together per capture (default), page, endpoint, service or user.",
            autocompletion=among(Scope),
        ),
    ] = None
    max_open: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many may be open at once (default 1).")
    ] = None
    tolerance: Annotated[
        int | None, typer.Option(min=0, metavar="MS", help="An overlap that ended sooner is told as brief (250).")
    ] = None
    app_mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            help="development or production: fail above the service's limit for a user.",
            autocompletion=among(APP_MODES),
        ),
    ] = None
    count_dev_servers: Annotated[
        bool, typer.Option("--count-dev-servers", help="Sockets of dev servers count in the overlap rules, too.")
    ] = False
    count_extensions: Annotated[
        bool, typer.Option("--count-extensions", help="Sockets of browser extensions count in the rules, too.")
    ] = False
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="SEVERITY",
            help="Fail on findings that are at least a note, a warning (default) or an error.",
            autocompletion=among(Severity),
        ),
    ] = None
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known findings, which pass (check --write-baseline).")
    ] = None
    allow_undecided: Annotated[
        bool, typer.Option("--allow-undecided", help="Pass captures of which it cannot be told.")
    ] = False
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Pass captures without sockets.")] = False


class Reading(NamedTuple):
    """What the captures do not tell by themselves."""

    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="What the capture does not show, repeatable: no-bfcache or bfcache (the browser's back/forward cache "
            "was off, on), recorded-from-start (DevTools was open before the page, and nothing was cleared).",
            autocompletion=among(ASSUMPTIONS),
        ),
    ] = None
    providers: Providers = None


class Spread(NamedTuple):
    """Many captures."""

    jobs: Annotated[
        str, typer.Option(metavar="N|auto", help="Processes; auto: as many as pay by the size of the captures.")
    ] = "1"
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster to do the work, like tcp://host:8786.")
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with --out ndjson:FILE: captures that are in it are not read again.")
    ] = False

    together: Annotated[
        bool, typer.Option("--together", help="All captures as one timeline: recorded at once, in tabs or browsers.")
    ] = False

    def processes(self) -> int | None:
        """So many processes; None: as many as pay."""
        if self.jobs == "auto":
            return None
        if not self.jobs.isascii() or not self.jobs.isdigit() or not 1 <= int(self.jobs[:5]) <= 1_000:
            refuse(f"--jobs {self.jobs}: a number from 1 to 1000, or auto")
        return int(self.jobs)


class Masking(NamedTuple):
    """What of secrets and users may be seen."""

    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Do not mask tokens and other values in URLs.")
    ] = False
    show_users: Annotated[bool, typer.Option("--show-users", help="Do not mask the users of known services.")] = False
    redaction_key: RedactionKey = None


GROUPS = (Delivery, Allowed, Reading, Masking, Spread)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """A command as typer takes it: each parameter that is a group is replaced by the group's options."""
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if hint in GROUPS}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        group = groups.get(parameter.name)
        if group is None:
            parameters.append(_option(parameter.name, hints[parameter.name], parameter.default))
            continue
        of_group = get_type_hints(group, include_extras=True)
        parameters += [_option(name, of_group[name], group._field_defaults[name]) for name in group._fields]

    @functools.wraps(function)
    def called(**given: Any) -> None:
        filled = {name: group(*(given.pop(field) for field in group._fields)) for name, group in groups.items()}
        function(**given, **filled)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # where inspect looks first
    return called


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
