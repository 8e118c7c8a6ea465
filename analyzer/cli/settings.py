"""What holds: the options, else the nearest settings file, else the defaults."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from analyzer import policy as policies
from analyzer import providers
from analyzer.cli.options import APP_MODES, ASSUMPTIONS, Allowed, Reading
from analyzer.cli.screen import refuse
from analyzer.model import Policy, Scope, Severity
from analyzer.policy import PolicyError, Settings
from analyzer.providers import CatalogueError, Row
from analyzer.rules import RULES


def settings(reading: Reading, allowed: Allowed) -> Settings:
    """The options that were given, and for the rest what a settings file here or in a folder above says."""
    _among("--per", allowed.per, Scope)
    _among("--app-mode", allowed.app_mode, APP_MODES)
    _among("--fail-on", allowed.fail_on, Severity)
    if reading.assume not in (None, *ASSUMPTIONS):
        refuse(f"--assume {reading.assume}: the only assumption is {', '.join(ASSUMPTIONS)}")
    given = {
        **{name: value or None for name, value in allowed._asdict().items()},  # a flag that is not given says nothing
        "tolerance": allowed.tolerance,  # 0 is given
        "baseline": _text(allowed.baseline),
        "assume": reading.assume,
        "providers": _text(reading.providers),
    }
    asked = msgspec.convert({name.replace("_", "-"): it for name, it in given.items() if it is not None}, Settings)
    try:
        return policies.merged(asked, _from_file())
    except PolicyError as problem:
        refuse(str(problem))


def _from_file() -> Settings:
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return Settings()
    file = policies.find(here)
    return Settings() if file is None else policies.load(file, [rule.id for rule in RULES])


def policy(found: Settings, with_baseline: bool = True) -> Policy:
    """The policy that they mean; without its baseline where that is about to be written."""
    try:
        return policies.policy(found if with_baseline else msgspec.structs.replace(found, baseline=None))
    except PolicyError as problem:
        refuse(str(problem))


def catalogue(found: Settings) -> tuple[Row, ...]:
    """The user's own services."""
    try:
        return () if found.providers is None else providers.load(Path(found.providers))
    except CatalogueError as problem:
        refuse(f"{found.providers}: {problem}")


def _among(option: str, value: str | None, words: Iterable[str]) -> None:
    if value is not None and value not in tuple(words):
        refuse(f"{option} {value}: not one of {', '.join(words)}")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
