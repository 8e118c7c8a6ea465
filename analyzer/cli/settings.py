"""Combine the options, the nearest settings file and the defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from analyzer import policy as policies
from analyzer.cli.options import Allowed, Reading
from analyzer.cli.screen import refuse
from analyzer.model import Policy
from analyzer.policy import PolicyError, Settings
from analyzer.rules import RULES
from analyzer.services import Row, loading
from analyzer.services.loading import CatalogueError


class Effective(msgspec.Struct, frozen=True):
    """The settings that apply, and the file that some of them may be from."""

    settings: Settings
    file: Path | None


def combine(reading: Reading, allowed: Allowed) -> Effective:
    """Combine the options that were given with the nearest settings file, here or in a folder above."""
    options = {
        **{name: value or None for name, value in allowed._asdict().items()},  # a flag that is not given says nothing
        "assume": reading.assume or None,
        "baseline": _text(allowed.baseline),
        "providers": _text(reading.providers),
    }
    chosen = msgspec.convert({name.replace("_", "-"): it for name, it in options.items() if it is not None}, Settings)
    try:
        file = _file()
        stored = Settings() if file is None else policies.load(file, [rule.id for rule in RULES])
    except PolicyError as problem:
        refuse(str(problem))
    return Effective(policies.merge(chosen, stored), file)


def _file() -> Path | None:
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    return policies.find(here)


def policy(effective: Effective, with_baseline: bool = True) -> Policy:
    """Return the policy that they mean; without its baseline where that is about to be written."""
    settings = effective.settings if with_baseline else msgspec.structs.replace(effective.settings, baseline=None)
    try:
        result = policies.policy(settings)
    except PolicyError as problem:
        refuse(str(problem))
    return result if effective.file is None else msgspec.structs.replace(result, file=os.path.relpath(effective.file))


def catalogue(effective: Effective) -> tuple[Row, ...]:
    """Return the user's own services."""
    file = effective.settings.providers
    try:
        return () if file is None else loading.load(Path(file))
    except CatalogueError as problem:
        refuse(f"{file}: {problem}")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


class Terms(NamedTuple):
    """By what captures are analysed, in the order in which `pipeline.analyze` takes these."""

    policy: Policy
    catalogue: tuple[Row, ...]
    source_maps: tuple[str, ...]


def terms(reading: Reading, allowed: Allowed, with_baseline: bool = True) -> Terms:
    """Read what the options and the settings file say of an analysis."""
    effective = combine(reading, allowed)
    # Absolute, because a worker of a cluster has a folder of its own.
    folders = tuple(os.path.abspath(folder) for folder in reading.source_maps or ())
    return Terms(policy(effective, with_baseline), catalogue(effective), folders)
