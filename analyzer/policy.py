"""The policy from a file: `har-sockets.toml`, or `[tool.har-sockets]` of `pyproject.toml`. The command line wins.

Names are those of the options, durations milliseconds, paths relative to the file:

    per = "user"
    max-open = 1
    tolerance = 250
    fail-on = "warning"
    baseline = "sockets-baseline.json"

    [severity]
    unrelated-sockets = "off"
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from analyzer.model import MILLISECOND, Finding, Policy, Scope, Severity

OWN, SHARED = "har-sockets.toml", "pyproject.toml"
Level = Literal["off", "note", "warning", "error"]


class PolicyError(Exception):
    """Settings or a baseline that cannot be used: what is wrong with them."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """What is set; None: not set here."""

    per: Scope | None = None
    max_open: Annotated[int, Meta(ge=1)] | None = None
    tolerance: Annotated[float, Meta(ge=0)] | None = None  # ms
    app_mode: Literal["development", "production"] | None = None
    count_dev_servers: bool | None = None
    assume: Literal["no-bfcache"] | None = None
    fail_on: Severity | None = None
    allow_undecided: bool | None = None
    allow_empty: bool | None = None
    severity: dict[str, Level] = msgspec.field(default_factory=dict)  # by rule
    baseline: str | None = None
    providers: str | None = None


def find(start: Path) -> Path | None:
    """The settings that hold in a folder: the nearest file, upwards, that has any. Raises PolicyError."""
    for folder in (start, *start.parents):
        if (folder / OWN).is_file():
            return folder / OWN
        if (folder / SHARED).is_file() and _table(folder / SHARED) is not None:
            return folder / SHARED
    return None


def load(path: Path) -> Settings:
    """The settings in a file, its paths made absolute. Raises PolicyError, naming the setting that is wrong."""
    table = _table(path)
    try:
        settings = msgspec.convert(table or {}, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise PolicyError(
            f"{path}: {str(error).replace('Object contains unknown field', 'no such setting:')}"
        ) from None
    paths = {name: str(path.parent / value) for name in ("baseline", "providers") if (value := getattr(settings, name))}
    return msgspec.structs.replace(settings, **paths)


def _table(path: Path) -> dict[str, Any] | None:
    """The settings in a file as it has them; None where it has none."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: not TOML: {error}") from None
    if path.name != SHARED:
        return document
    tool = document.get("tool")
    table = tool.get("har-sockets") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def merged(asked: Settings, found: Settings) -> Settings:
    """What was asked for on the command line, and what was found in a file for the rest."""
    names = (name for name in Settings.__struct_fields__ if name != "severity")
    rest = {name: getattr(found, name) for name in names if getattr(asked, name) is None}
    return msgspec.structs.replace(asked, **rest, severity={**found.severity, **asked.severity})


def policy(settings: Settings) -> Policy:
    """The policy that these settings mean, with the defaults for what is not set. Raises PolicyError."""
    named = {
        name: value
        for name in ("per", "max_open", "app_mode", "count_dev_servers", "fail_on", "allow_undecided", "allow_empty")
        if (value := getattr(settings, name)) is not None
    }
    if settings.tolerance is not None:
        named["tolerance"] = round(settings.tolerance * MILLISECOND)
    return Policy(
        **named,
        assume_no_bfcache=settings.assume == "no-bfcache",
        severities=tuple(
            (rule, None if level == "off" else Severity(level)) for rule, level in sorted(settings.severity.items())
        ),
        baseline=read_baseline(Path(settings.baseline)) if settings.baseline is not None else frozenset(),
    )


# -- the baseline: findings that are known ---------------------------------------------------------------------


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline. Raises PolicyError."""
    try:
        document = json.loads(path.read_text("utf-8"))
        return frozenset(str(finding["fingerprint"]) for finding in document["findings"])
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (ValueError, KeyError, TypeError):
        raise PolicyError(f"{path}: not a baseline of har-sockets (--write-baseline writes one)") from None


def baseline(findings: list[Finding]) -> bytes:
    """A baseline of these findings: sorted, each once, with the message for people who read the diff."""
    by_fingerprint = {finding.fingerprint: finding for finding in findings}
    rows = [
        {"fingerprint": key, "rule": finding.rule, "message": finding.message}
        for key, finding in sorted(by_fingerprint.items(), key=lambda item: (item[1].rule, item[0]))
    ]
    return json.dumps({"format": 1, "findings": rows}, indent=2).encode("ascii") + b"\n"
