"""Declare the options that commands share, in groups: a command takes a group as one parameter."""

import copy
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from analyzer.cli import help as headings, words
from analyzer.cli.delivery import Delivery
from analyzer.cli.receipt import give_receipts
from analyzer.cli.screen import is_piped, refuse
from analyzer.cli.words import among
from analyzer.policy import APP_MODE, ASSUME, FAIL_ON, PER, SCOPE


def or_piped(context: typer.Context, parameter: typer.CallbackParam, names: list[str]) -> list[str]:
    """Return the files that were given, else standard input where something is piped to it."""
    if names or context.resilient_parsing:
        return names
    if is_piped():
        return ["-"]
    raise typer.BadParameter("", context, parameter)


Captures = Annotated[
    list[str],
    typer.Argument(
        default_factory=list,
        callback=or_piped,
        metavar="CAPTURE...",
        help="HAR files, folders, globs, or - for standard input.",
    ),
]
CapturesOfOneRun = Annotated[
    list[str],
    typer.Argument(
        default_factory=list,
        callback=or_piped,
        metavar="CAPTURE...",
        help="A HAR file, or - for standard input; with --together several captures of one run.",
    ),
]
Capture = Annotated[str, typer.Argument(metavar="CAPTURE", help="A HAR file, or - for standard input.")]
Together = Annotated[
    bool,
    typer.Option(
        "--together",
        rich_help_panel=headings.INPUT,
        help="Put captures that were recorded at the same time on one timeline.",
    ),
]
Providers = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", rich_help_panel=headings.INPUT, help="Your own service definitions.")
]

SourceMaps = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="DIR",
        exists=True,
        file_okay=False,
        rich_help_panel=headings.INPUT,
        help="Show lines of your sources by the source maps in this folder, such as a build's output; repeatable.",
    ),
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


class Allowed(NamedTuple):
    """What is allowed: it acts on findings. None, False: not given, so the settings file or the default decides."""

    per: Annotated[
        str | None,
        typer.Option(
            metavar="SCOPE",
            parser=words.word(PER),
            help="Count sockets together per capture (default), context, page, endpoint, service or user.",
            autocompletion=among(PER.words),
        ),
    ] = None
    scope: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            parser=words.word(SCOPE),
            help="With --together, count the sockets of the HAR's tab (default) or of the whole browser.",
            autocompletion=among(SCOPE.words),
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
    source_maps: SourceMaps = None


def _result(text: str) -> str:
    """Read results, rules and causes with commas between them, and return what each means, each once."""
    from analyzer import triage
    from analyzer.causes import CAUSES
    from analyzer.rules import RULES
    from analyzer.services.loading import builtin

    ids = [it.id for it in (*RULES, *CAUSES)]
    services = {it.id: it.name for it in builtin()}
    try:
        meanings = [result for word in text.split(",") for result in triage.meaning(word.strip(), ids, services)]
    except ValueError as problem:
        rest = "" if "did you mean" in str(problem) else ", or a rule or cause (har-sockets rules)"
        raise typer.BadParameter(f"{text}: {problem}{rest}") from None
    return ",".join(dict.fromkeys(meanings))


def _split(results: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(result for text in results or () for result in text.split(","))) or None


def _complete(incomplete: str) -> list[str]:
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
        autocompletion=_complete,
    ),
]


class Spread(NamedTuple):
    """Many captures."""

    top: Annotated[
        int | None, typer.Option(parser=words.whole(1), metavar="N", help="Show only the N worst captures.")
    ] = None
    only: Only = None
    together: Together = False
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
                    option = _list_option(
                        group.__annotations__[name], GROUPS[group], name in hidden, (meanings or {}).get(name)
                    )
                    parameters.append(_parameter(name, option, group._field_defaults[name]))

        @functools.wraps(function)
        def run(**values: Any) -> None:
            options = dict(values)
            filled = {
                name: group(**{field: values.pop(field) for field in group._fields if field in values})
                for name, group in groups.items()
            }
            with give_receipts(options):
                function(**values, **filled)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # where inspect looks first
        return run

    return decorate


command = command_with()


def _list_option(annotation: Any, heading: str, hidden: bool, meaning: str | None) -> Any:
    """Return an option's annotation with what one command's help says of it."""
    option = copy.copy(annotation.__metadata__[0])
    option.rich_help_panel, option.hidden, option.help = heading, hidden, meaning or option.help
    return Annotated[annotation.__origin__, option]


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
