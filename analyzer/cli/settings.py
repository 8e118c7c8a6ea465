"""What holds: the options, else the nearest settings file, else the defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from analyzer import durations, providers
from analyzer import policy as policies
from analyzer.cli import words
from analyzer.cli.options import APP_MODES, ASSUMPTIONS, Allowed, Reading
from analyzer.cli.screen import refuse
from analyzer.model import Policy, Scope, Severity
from analyzer.policy import PolicyError, Settings
from analyzer.providers import CatalogueError, Row
from analyzer.rules import RULES


class Held(NamedTuple):
    """The settings that hold, and the file that some of them may be from."""

    settings: Settings
    file: Path | None


def held(reading: Reading, allowed: Allowed) -> Held:
    """The options that were given, and for the rest what a settings file here or in a folder above says."""
    chosen = {
        "per": _chosen("--per", allowed.per, Scope),
        "app_mode": _chosen("--app-mode", allowed.app_mode, APP_MODES),
        "fail_on": _chosen("--fail-on", allowed.fail_on, Severity),
        "tolerance": _milliseconds("--tolerance", allowed.tolerance),
        "assume": [words.choose("--assume", word, ASSUMPTIONS) for word in reading.assume or ()] or None,
    }
    given = {
        **{name: value or None for name, value in allowed._asdict().items()},  # a flag that is not given says nothing
        "baseline": _text(allowed.baseline),
        **chosen,
        "providers": _text(reading.providers),
    }
    asked = msgspec.convert({name.replace("_", "-"): it for name, it in given.items() if it is not None}, Settings)
    try:
        file = _file()
        found = Settings() if file is None else policies.load(file, [rule.id for rule in RULES])
    except PolicyError as problem:
        refuse(str(problem))
    return Held(policies.merged(asked, found), file)


def _file() -> Path | None:
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    return policies.find(here)


def policy(held: Held, with_baseline: bool = True) -> Policy:
    """The policy that they mean; without its baseline where that is about to be written."""
    settings = held.settings if with_baseline else msgspec.structs.replace(held.settings, baseline=None)
    try:
        found = policies.policy(settings)
    except PolicyError as problem:
        refuse(str(problem))
    return found if held.file is None else msgspec.structs.replace(found, file=os.path.relpath(held.file))


def catalogue(held: Held) -> tuple[Row, ...]:
    """The user's own services."""
    file = held.settings.providers
    try:
        return () if file is None else providers.load(Path(file))
    except CatalogueError as problem:
        refuse(f"{file}: {problem}")


def _chosen(option: str, value: str | None, possible: Iterable[str]) -> str | None:
    return None if value is None else words.choose(option, value, possible)


def _milliseconds(option: str, value: str | None) -> float | None:
    if value is None:
        return None
    return words.checked(option, value, lambda: durations.parse(value, "ms")) / durations.MICROSECONDS["ms"]


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
