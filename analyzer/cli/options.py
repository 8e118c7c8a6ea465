"""Declare the options that commands share, in groups: a command takes a group as one parameter."""

import copy
import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, get_type_hints

import typer

from analyzer import choices, outputs
from analyzer.choices import Choice
from analyzer.cli import help as headings, words
from analyzer.cli.receipt import give_receipts
from analyzer.cli.screen import is_piped, refuse
from analyzer.installation import quote
from analyzer.policy import APP_MODE, ASSUME, FAIL_ON, PER

FORMATS = Choice(
    (*outputs.OUTPUTS, *outputs.PICTURES),
    {"md": "markdown", "xml": "junit", "htm": "html", "txt": "text", "jsonl": "ndjson"},
)


def among(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what a shell completes from these words."""
    return lambda incomplete: [str(word) for word in words if word.startswith(incomplete)]


def or_piped(context: typer.Context, parameter: typer.CallbackParam, given: list[str]) -> list[str]:
    """Return the files that were given, else standard input where something is piped to it."""
    if given or context.resilient_parsing:
        return given
    if is_piped():
        return ["-"]
    raise typer.BadParameter("", context, parameter)


def _one_or_piped(context: typer.Context, parameter: typer.CallbackParam, given: str) -> str:
    return "".join(or_piped(context, parameter, [given] if given else []))


Captures = Annotated[
    list[str],
    typer.Argument(
        default_factory=list,
        callback=or_piped,
        metavar="CAPTURE...",
        help="HAR files, folders, globs, or - for standard input.",
    ),
]
PipedCapture = Annotated[
    str,
    typer.Argument(
        default_factory=str,
        callback=_one_or_piped,
        metavar="CAPTURE",
        help="A HAR file, or - for standard input.",
    ),
]
Capture = Annotated[str, typer.Argument(metavar="CAPTURE", help="A HAR file, or - for standard input.")]
Providers = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", rich_help_panel=headings.INPUT, help="Your own service definitions.")
]


def _key(key: str | None) -> str | None:
    """Refuse an empty key: anybody can compute its masks."""
    if key == "":
        refuse("--redaction-key: the key is empty: is its variable set?")
    return key


RedactionKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        callback=_key,
        rich_help_panel=headings.PRIVACY,
        help="Mask with a keyed hash, so that equal values match across runs.",
    ),
]


def _plain(asked: bool) -> bool:
    """Switch colours off as `NO_COLOR` does, for everything that asks whether a terminal takes them."""
    if asked:
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)
    return asked


class Delivery(NamedTuple):
    """What comes out, and where to."""

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
        typer.Option(metavar="NAME:PATH", help="Write one more format to a file, also html or parquet; repeatable."),
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

    def check(self, shown: Sequence[str] = outputs.STREAMED, written: Sequence[str] = FORMATS.words) -> None:
        """Refuse what cannot be delivered, before a capture is read: the formats to show and to write are these."""
        if self.format not in (None, *shown):
            to_file = next((end for end, name in outputs.SUFFIXES.items() if name == self.format), "")
            if self.format in written:
                refuse(f"--format {self.format}: this format is written to a file: -o FILE{to_file}")
            refuse(f"--format {self.format}: choose {choices.alternatives(shown)}")
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

    def printing(self) -> Self:
        """Return the same where the file of `--output` is written besides what is printed, not in its place."""
        if self.output is None:
            return self
        (name, path), *_ = self.files()
        shown = None if self.names_format else self.format
        return self._replace(output=None, format=shown, out=[f"{name}:{path}", *(self.out or ())])

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

    def written(self, formats: Sequence[str]) -> list[tuple[str, Path]]:
        """Return all files that are written, each with its format: one of these; refuse any other."""
        self.check(formats, formats)
        distinct([path for _, path in self.files()])
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
        files = ((spec, *self._named(option, spec)) for option, spec in self._specs())
        return [path for spec, name, path in files if name == "parquet" and _is_folder(spec, path)]

    def files(self) -> list[tuple[str, Path]]:
        """List the formats that are written to files, each with its path."""
        return [self._named(option, spec) for option, spec in self._specs()]

    def _named(self, option: str, spec: str) -> tuple[str, Path]:
        if option == "--output" and self.format is not None and self.names_format and spec != "-":
            if os.path.isdir(spec):
                refuse(f"--output {spec}: this is a folder: name a file in it")
            return self.format, Path(spec)
        return _named(option, spec)

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


def _named(option: str, spec: str) -> tuple[str, Path]:
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


def distinct(paths: Iterable[Path]) -> None:
    """Refuse to write two things to one file (a device takes many)."""
    taken: set[str] = set()
    for path in (path for path in paths if path.is_file() or not path.exists()):
        if (place := os.path.realpath(path)) in taken:
            refuse(f"{path}: two outputs cannot go to one file")
        taken.add(place)


class Allowed(NamedTuple):
    """What is allowed: it acts on findings. None, False: not given, so the settings file or the default decides."""

    per: Annotated[
        str | None,
        typer.Option(
            metavar="SCOPE",
            parser=words.word(PER),
            help="Count sockets together per capture (default), page, endpoint, service or user.",
            autocompletion=among(PER.words),
        ),
    ] = None
    max_open: Annotated[
        int | None, typer.Option(parser=words.whole(1), metavar="N", help="Allow N open at the same time [1].")
    ] = None
    tolerance: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            parser=words.duration("ms"),
            help="Report an overlap shorter than this as a note [250ms].",
        ),
    ] = None
    app_mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            parser=words.word(APP_MODE),
            help="Enforce the service's limit per user for development or production.",
            autocompletion=among(APP_MODE.words),
        ),
    ] = None
    count_dev_servers: Annotated[
        bool, typer.Option("--count-dev-servers", help="Count sockets of development servers, too.")
    ] = False
    count_extensions: Annotated[
        bool, typer.Option("--count-extensions", help="Count sockets of browser extensions, too.")
    ] = False
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="SEVERITY",
            parser=words.word(FAIL_ON),
            help="Fail on findings of this severity or higher: note, warning (default), error or never.",
            autocompletion=among(FAIL_ON.words),
        ),
    ] = None
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Accept the findings in this file (--write-baseline).")
    ] = None
    allow_undecided: Annotated[bool, typer.Option("--allow-undecided", help="Pass undecided captures.")] = False
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Pass captures in which no socket opened.")] = False

    def refuse_gate(self, command: str, instead: str) -> None:
        """Refuse the options of the gate where a command has none: it never fails."""
        for name in GATE:
            if getattr(self, name):
                refuse(f"{command} has no --{name.replace('_', '-')}: use `{instead}`")


class Reading(NamedTuple):
    """Which files are read, and what they do not show by themselves."""

    any_: Annotated[
        bool, typer.Option("--any", help="Read each file of a folder that is a capture, whatever its suffix.")
    ] = False
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            parser=words.word(ASSUME),
            help="Assume what the capture does not show: no-bfcache or bfcache (the back/forward cache was off or on), "
            "recorded-from-start (recording began before the page loaded); repeatable.",
            autocompletion=among(ASSUME.words),
        ),
    ] = None
    providers: Providers = None


def _result(text: str) -> str:
    """Read results, rules and causes with commas between them, and return what each means, each once."""
    from analyzer import triage
    from analyzer.causes import CAUSES
    from analyzer.rules import RULES
    from analyzer.services import builtin

    ids = [it.id for it in (*RULES, *CAUSES)]
    services = {it.id: it.name for it in builtin()}
    try:
        meant = [result for word in text.split(",") for result in triage.meaning(word.strip(), ids, services)]
    except ValueError as problem:
        rest = "" if "did you mean" in str(problem) else ", or a rule or cause (har-sockets rules)"
        raise typer.BadParameter(f"{text}: {problem}{rest}") from None
    return ",".join(dict.fromkeys(meant))


def _split(given: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(result for text in given or () for result in text.split(","))) or None


def _completed(incomplete: str) -> list[str]:
    from analyzer import triage

    return among(triage.RESULT.words)(incomplete)


Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RESULT",
        rich_help_panel=headings.MANY,
        parser=_result,
        callback=_split,
        help="Show only captures with this result (overlap, undecided, no-overlap, unreadable, ...), rule, cause or "
        "service; repeatable.",
        autocompletion=_completed,
    ),
]


class Spread(NamedTuple):
    """Many captures."""

    top: Annotated[
        int | None, typer.Option(parser=words.whole(1), metavar="N", help="Show only the N worst captures.")
    ] = None
    only: Only = None
    together: Annotated[
        bool, typer.Option("--together", help="Put captures that were recorded at the same time on one timeline.")
    ] = False
    jobs: Annotated[str, typer.Option(metavar="N|auto", help="Use N processes; auto picks a number [1].")] = "1"
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use a Dask cluster, such as tcp://host:8786.")
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue --out ndjson:FILE: skip captures that it already holds.")
    ] = False

    @property
    def selects(self) -> bool:
        """Are only some of the captures shown?"""
        return self.top is not None or bool(self.only)

    def processes(self) -> int | None:
        """Return the number of processes; None: choose one by the size of the captures."""
        if self.jobs == "auto":
            return None
        if not self.jobs.isascii() or not self.jobs.isdigit() or not 1 <= int(self.jobs[:5]) <= 1_000:
            refuse(f"--jobs {self.jobs}: give a number from 1 to 1000, or auto")
        return int(self.jobs)


class Masking(NamedTuple):
    """What of secrets and users is shown."""

    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show tokens and other secrets.")] = False
    show_users: Annotated[bool, typer.Option("--show-users", help="Show the user ids of known services.")] = False
    redaction_key: RedactionKey = None


GROUPS = {
    Delivery: headings.OUTPUT,
    Allowed: headings.POLICY,
    Reading: headings.INPUT,
    Masking: headings.PRIVACY,
    Spread: headings.MANY,
}
GATE = ("fail_on", "baseline", "allow_undecided", "allow_empty")  # they decide whether `check` passes, nothing else


def command_with(
    hidden: Collection[str] = (), without: Collection[str] = (), meanings: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a command for typer: each group among its parameters becomes the group's options.

    `hidden`: options that are accepted and not listed, because they change nothing that the command shows by default.
    `without`: options of a group that the command does not have. `meanings`: help in place of the group's own.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        groups = {name: hint for name, hint in hints.items() if hint in GROUPS}
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(function).parameters.values():
            group = groups.get(parameter.name)
            if group is None:
                parameters.append(_parameter(parameter.name, hints[parameter.name], parameter.default))
                continue
            for name in group._fields:
                if name not in without:
                    option = _listed(
                        group.__annotations__[name], GROUPS[group], name in hidden, (meanings or {}).get(name)
                    )
                    parameters.append(_parameter(name, option, group._field_defaults[name]))

        @functools.wraps(function)
        def called(**given: Any) -> None:
            options = dict(given)
            filled = {
                name: group(**{field: given.pop(field) for field in group._fields if field in given})
                for name, group in groups.items()
            }
            with give_receipts(options):
                function(**given, **filled)

        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # where inspect looks first
        return called

    return decorate


command = command_with()


def _listed(annotation: Any, heading: str, hidden: bool, meaning: str | None) -> Any:
    """Return an option's annotation with what one command's help says of it."""
    option = copy.copy(annotation.__metadata__[0])
    option.rich_help_panel, option.hidden, option.help = heading, hidden, meaning or option.help
    return Annotated[annotation.__origin__, option]


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
