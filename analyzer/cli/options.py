"""The options that commands share, in groups: a command names a group as a parameter, and typer sees its options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from analyzer import outputs
from analyzer.cli.screen import refuse
from analyzer.model import MILLISECOND, Policy, Scope
from analyzer.providers import CatalogueError, Row, load

APP_MODES = ("development", "production")

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
RedactionKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Masks are a hash with this key: equal for equal values in every run."),
]


class Delivery(NamedTuple):
    """What comes out, and where to."""

    format: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"To standard output: {', '.join(outputs.OUTPUTS)}.")
    ] = None
    out: Annotated[
        list[str] | None, typer.Option(metavar="NAME:PATH", help="Write a format to a file as well; repeatable.")
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The title of a report.")] = None
    meta: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Shown at the head of a report: release, build; repeatable."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard output.")] = False

    def check(self) -> None:
        """Refuse what cannot be delivered, before a capture is read."""
        if self.format not in (None, *outputs.OUTPUTS):
            refuse(f"--format {self.format}: not one of {', '.join(outputs.OUTPUTS)}")
        self.files()
        self.pairs()

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


class Allowed(NamedTuple):
    """What is allowed: it acts on findings."""

    per: Annotated[
        str, typer.Option(metavar="SCOPE", help="Count sockets together per capture, page, endpoint, service or user.")
    ] = "capture"
    max_open: Annotated[int, typer.Option(min=1, metavar="N", help="How many may be open at once.")] = 1
    tolerance: Annotated[
        int, typer.Option(min=0, metavar="MS", help="An overlap that ended sooner is told as brief.")
    ] = 250
    app_mode: Annotated[
        str | None,
        typer.Option(metavar="MODE", help="development or production: fail above the service's limit for a user."),
    ] = None
    count_dev_servers: Annotated[
        bool, typer.Option("--count-dev-servers", help="Sockets of dev servers count in the overlap rules, too.")
    ] = False


class Reading(NamedTuple):
    """What the captures do not tell by themselves."""

    assume: Annotated[
        str | None,
        typer.Option(metavar="no-bfcache", help="What the capture cannot tell: the back/forward cache was off."),
    ] = None
    providers: Providers = None

    def policy(self, allowed: Allowed) -> Policy:
        """The policy that the options mean."""
        if allowed.per not in tuple(Scope):
            refuse(f"--per {allowed.per}: not one of {', '.join(Scope)}")
        if allowed.app_mode not in (None, *APP_MODES):
            refuse(f"--app-mode {allowed.app_mode}: not one of {', '.join(APP_MODES)}")
        if self.assume not in (None, "no-bfcache"):
            refuse(f"--assume {self.assume}: the only assumption is no-bfcache")
        return Policy(
            per=Scope(allowed.per),
            max_open=allowed.max_open,
            tolerance=allowed.tolerance * MILLISECOND,
            app_mode=allowed.app_mode,
            count_dev_servers=allowed.count_dev_servers,
            assume_no_bfcache=self.assume is not None,
        )


class Masking(NamedTuple):
    """What of secrets and users may be seen."""

    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Do not mask tokens and other values in URLs.")
    ] = False
    show_users: Annotated[bool, typer.Option("--show-users", help="Do not mask the users of known services.")] = False
    redaction_key: RedactionKey = None


def catalogue(providers: Path | None) -> tuple[Row, ...]:
    """The user's own services."""
    try:
        return () if providers is None else load(providers)
    except CatalogueError as problem:
        refuse(f"{providers}: {problem}")


GROUPS = (Delivery, Allowed, Reading, Masking)


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
