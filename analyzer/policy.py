"""Read the policy from `har-sockets.toml`, or `[tool.har-sockets]` of `pyproject.toml`. The command line wins.

Names and values are those of the options. A duration is a text such as "250ms", or a number of milliseconds; a path
is relative to the file:

    per = "user"
    max-open = 1
    tolerance = "250ms"
    fail-on = "warning"
    baseline = "sockets-baseline.json"

    [severity]
    unrelated-sockets = "off"
"""

# Annotations are no texts here: msgspec compiles each of those when it first reads a value.
import os
import re
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from analyzer import arguments, choices, durations
from analyzer.choices import Choice
from analyzer.model import Assume, Finding, Policy, Reach, Scope, Severity
from analyzer.patterns import Pattern

OWN, SHARED = "har-sockets.toml", "pyproject.toml"
FORMAT = 1  # of a baseline
LARGEST = 1_000_000  # of numbers
# A shared file that has settings of ours names them so; reading any TOML to find that out costs a tenth of a start.
OURS = Pattern(r"tool\b.*har-sockets|^\W*tool\W*(?:#.*)?$", re.MULTILINE)
Level = Literal["off", "note", "warning", "error"]
Duration = Annotated[float, Meta(ge=0)] | str  # milliseconds, or with a unit

PER = Choice(
    tuple(Scope),
    arguments.SCOPES,
    {"host": "endpoint", "url": "endpoint", "server": "endpoint", "tab": "page", "document": "page", "all": "capture"},
)
SCOPE = Choice(tuple(Reach), {"page": "tab", "har": "tab", "all": "browser", "netlog": "browser"})
APP_MODE = Choice(("development", "production"), arguments.APP_MODES)
FAIL_ON = Choice((*Severity, "never"), {**arguments.SEVERITIES, "none": "never", "nothing": "never", "off": "never"})
LEVEL = Choice(("off", *Severity), {**arguments.SEVERITIES, "never": "off", "none": "off", "ignore": "off"})
ASSUME = Choice(tuple(Assume))


class PolicyError(Exception):
    """Settings or a baseline that cannot be used: what is wrong with them."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """What is set; None: not set here."""

    per: Scope | None = None
    scope: Literal["tab", "browser"] | None = None
    max_open: Annotated[int, Meta(ge=1)] | None = None
    tolerance: Duration | None = None
    app_mode: Literal["development", "production"] | None = None
    count_dev_servers: bool | None = None
    count_extensions: bool | None = None
    assume: Assume | list[Assume] | None = None
    fail_on: Literal["note", "warning", "error", "never"] | None = None
    allow_undecided: bool | None = None
    allow_empty: bool | None = None
    ghost_beats: Annotated[int, Meta(ge=1)] | None = None  # heartbeats missed
    storm_opens: Annotated[int, Meta(ge=2)] | None = None  # reconnects per minute
    outlives: Duration | None = None  # after the page was left
    severity: dict[str, Level] = msgspec.field(default_factory=dict)  # per rule
    baseline: str | None = None
    providers: str | None = None


def find(start: Path) -> Path | None:
    """Find the nearest file with settings, from a folder upwards. Raises PolicyError."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / OWN):  # also one that cannot be read: it was meant
            return folder / OWN
        if os.path.lexists(folder / SHARED) and _table(folder / SHARED) is not None:
            return folder / SHARED
    return None


def load(path: Path, rules: Collection[str]) -> Settings:
    """Read the settings in a file, with paths relative to it. Raises PolicyError, naming the setting that is wrong.

    `rules`: the ids that `[severity]` may name.
    """
    readers: dict[str, Callable[[object], object]] = {**READERS, "severity": partial(_levels, rules)}
    values: dict[str, object] = {}
    for name, value in (_table(path) or {}).items():
        if name not in readers:
            near = choices.nearest(name.lower().replace("_", "-"), readers)
            hint = f"choose {choices.alternatives(readers)}" if near is None else f"did you mean {near}?"
            raise PolicyError(f"{path}: no such setting: {name}: {hint}")
        try:
            values[name] = readers[name](value)
        except ValueError as problem:
            raise PolicyError(f"{path}: {name} {problem}") from None
    paths = {name: str(path.parent / str(values[name])) for name in ("baseline", "providers") if name in values}
    return msgspec.convert(values | paths, Settings)


def _word(choice: Choice) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be {choices.alternatives(choice.words)}, in quotes")
        try:
            return choice.choose(value)
        except ValueError as problem:
            raise ValueError(f'"{value}": {problem}') from None

    return read


def _number(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
            raise ValueError(f"must be a whole number from {least:,} to {LARGEST:,}")
        return value

    return read


def _duration(value: object) -> object:
    problem = 'must be a duration such as 250 (milliseconds) or "2s"'
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(problem)
    try:
        durations.microseconds(value, "ms")
    except ValueError as reason:
        raise ValueError(f"{problem}: {reason}") from None
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be the path of a file, in quotes")
    return value


def _assumptions(value: object) -> list[str]:
    return [_word(ASSUME)(one) for one in (value if isinstance(value, list) else [value])]


def _levels(rules: Collection[str], value: object) -> dict[str, str]:
    """Return the severity of each rule that `[severity]` names."""
    if not isinstance(value, dict):
        raise ValueError('must be a table: [severity], then a line such as unrelated-sockets = "off"')
    for rule in value:
        if rule not in rules:
            near = choices.nearest(rule, rules)
            hint = "`har-sockets rules` lists them" if near is None else f"did you mean {near}?"
            raise ValueError(f"has no rule {rule}: {hint}")
    try:
        return {rule: _word(LEVEL)(level) for rule, level in value.items()}
    except ValueError as problem:
        raise ValueError(f"of a rule {problem}") from None


READERS: dict[str, Callable[[object], object]] = {
    "per": _word(PER),
    "scope": _word(SCOPE),
    "max-open": _number(1),
    "tolerance": _duration,
    "app-mode": _word(APP_MODE),
    "count-dev-servers": _switch,
    "count-extensions": _switch,
    "assume": _assumptions,
    "fail-on": _word(FAIL_ON),
    "allow-undecided": _switch,
    "allow-empty": _switch,
    "ghost-beats": _number(1),
    "storm-opens": _number(2),
    "outlives": _duration,
    "baseline": _path,
    "providers": _path,
}


def _table(path: Path) -> dict[str, Any] | None:
    """The settings in a file as it has them; None where it has none. Raises PolicyError."""
    text = _text(path)
    if path.name == SHARED and not OURS.search(text):
        return None
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"{path}: not TOML: {error}") from None
    if path.name != SHARED:
        return document
    tool = document.get("tool")
    table = tool.get("har-sockets") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise PolicyError(f"{path}: tool.har-sockets is not a table")
    return table


def _text(path: Path) -> str:
    """What a settings file holds. A mark of the byte order at its start is none of it."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise PolicyError(f"{path}: not a file")
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8, as TOML must be: byte {error.start:,}") from None


def merge(options: Settings, stored: Settings) -> Settings:
    """Complete the settings of the command line with those of a file."""
    rest = {name: getattr(stored, name) for name in Settings.__struct_fields__ if getattr(options, name) in (None, {})}
    return msgspec.structs.replace(options, **rest)


def policy(settings: Settings) -> Policy:
    """Return the policy that these settings mean, with defaults for the rest. Raises PolicyError (baseline)."""
    names = ["per", "scope", "max_open", "app_mode", "count_dev_servers", "count_extensions", "fail_on"]
    names += ["tolerance", "outlives", "allow_undecided", "allow_empty", "ghost_beats", "storm_opens"]
    arguments_of_policy: dict[str, Any] = {
        name: value for name in names if (value := getattr(settings, name)) is not None
    }
    if settings.baseline is not None:
        accepted = read_baseline(Path(settings.baseline))
        arguments_of_policy["baseline"] = frozenset(accepted)
        arguments_of_policy["baseline_peaks"] = tuple((key, peak) for key, peak in accepted.items() if peak is not None)
    severities = sorted(settings.severity.items())
    assume = [settings.assume] if isinstance(settings.assume, Assume) else settings.assume or []
    if {Assume.BFCACHE, Assume.NO_BFCACHE} <= set(assume):
        raise PolicyError("the back/forward cache cannot be assumed to be both on and off (bfcache, no-bfcache)")
    return Policy(
        **arguments_of_policy,
        assume=frozenset(assume),
        severities=tuple((rule, None if level == "off" else Severity(level)) for rule, level in severities),
    )


# -- the baseline: findings that are known ---------------------------------------------------------------------


class Known(msgspec.Struct, frozen=True):
    """A finding that is known. `rule`, `capture` and `message` are for people who read the file.

    peak: of an overlap, how many sockets may be open at the same time. None: as many as there are, as in older files.
    """

    fingerprint: str
    rule: str = ""
    peak: Annotated[int, Meta(ge=1)] | None = None
    capture: str = ""
    message: str = ""


class Baseline(msgspec.Struct, frozen=True):
    format: Literal[1]
    findings: list[Known]


def read_baseline(path: Path) -> dict[str, int | None]:
    """Read the fingerprints in a baseline, each with the peak that it accepts. Raises PolicyError."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file") from None
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (ValueError, RecursionError) as error:  # no JSON, no text, no such name (a NUL in it)
        raise PolicyError(f"{path}: no baseline of har-sockets (--write-baseline writes one): {error}") from None
    return {known.fingerprint: known.peak for known in document.findings}


def accept(findings: Iterable[tuple[Finding, str]]) -> tuple[Known, ...]:
    """Take findings, each with the name of its capture, as known: each fault once, with its highest peak."""
    highest: dict[str, Known] = {}
    for finding, capture in findings:
        entry = Known(finding.fingerprint, finding.rule, finding.peak, capture, finding.message)
        before = highest.get(entry.fingerprint)
        if before is None or (entry.peak or 0) > (before.peak or 0):
            highest[entry.fingerprint] = entry
    return tuple(sorted(highest.values(), key=lambda entry: (entry.rule, entry.fingerprint)))


def baseline(accepted: Iterable[Known]) -> bytes:
    """Write a baseline, always in the same order, so that a diff shows what is new."""
    import json

    rows = [{name: value for name, value in msgspec.structs.asdict(it).items() if value is not None} for it in accepted]
    return json.dumps({"format": FORMAT, "findings": rows}, indent=2).encode("ascii") + b"\n"
