"""Write docs/command-line.md: every command and option, as the program itself has them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_type_hints

import typer

from analyzer import choices, policy, triage
from analyzer.cli import COMMANDS, app
from analyzer.cli.delivery import FORMATS
from analyzer.cli.help import sections
from analyzer.cli.options import Allowed, Reading
from analyzer.model import Policy

PAGE = Path(__file__).with_name("command-line.md")
INTRODUCTION = """\
# Command line

<!-- docs/command_line.py writes this page from the program: make command-line -->

`har-sockets CAPTURE...` is short for `har-sockets analyze CAPTURE...`. `har-sockets help COMMAND` shows the options
of a command, `har-sockets version` the version. `python -m analyzer` is the same program.

- A CAPTURE is a file, a folder, a glob, or `-` for standard input. Standard input is also read where a file or a pipe
  is attached to it and no CAPTURE is named: `cat chat.har | har-sockets`.
- Results go to standard output; progress, warnings and errors go to standard error.
- Colours are used on a terminal only. `NO_COLOR=1` and `--no-color` switch them off, `FORCE_COLOR=1` switches them on.
- `har-sockets --install-completion` completes commands and options in your shell; `har-sockets completion bash` prints
  the script for a shell.
"""
STATUSES = """\
## Exit status

| status | meaning |
|---|---|
| 0 | done; with `check`: every capture passes |
| 1 | `check`: a capture violates the policy; `record --max-open`: more sockets were open |
| 2 | wrong usage: an unknown option, no such file, a folder without captures |
| 3 | a capture could not be read; the others were analysed |
| 4 | `check`: a capture is undecided; `--allow-undecided` accepts it |
| 5 | `check`: no socket opened in a capture, so nothing was checked; `--allow-empty` accepts it |

If several apply, the first of 2, 1, 3, 5, 4 is returned.
"""
WORDS = """\
## Values

**Durations** are written as the output prints them: `250ms`, `1.5 s`, `2m`, `4 min 10 s`. A number without a unit
counts in milliseconds for `--tolerance` and in the settings file, and in seconds elsewhere (`timeline --from`,
`record --for`). `timeline --from` and `--to` also take a date, such as `2026-11-23T18:53:28Z`; without a zone it is
in the zone of `--tz`.

**Words** are taken in any case, as a plural, and by these other names. An unknown word is answered with the nearest
one.

| option | words | also |
|---|---|---|
"""
SETTINGS = """\
## Settings file

The policy may stand in `har-sockets.toml`, or in the table `[tool.har-sockets]` of `pyproject.toml`: the nearest of
them counts, in this folder or one above. An option on the command line wins. Paths are relative to the file.

```toml
per = "user"
max-open = 1
tolerance = "250ms"
fail-on = "warning"
baseline = "sockets-baseline.json"

[severity]
unrelated-sockets = "off"
```

| setting | default | meaning |
|---|---|---|
"""
OTHER_SETTINGS = {
    "ghost-beats": "Heartbeats that a socket may miss before it counts as a ghost.",
    "storm-opens": "Reconnects per minute that count as a storm.",
    "outlives": "How long a socket may stay open after its page was left; a number counts in milliseconds.",
    "severity": "Table: the severity of a rule, `off`, `note`, `warning` or `error`.",
}


def page() -> str:
    """Return the whole page."""
    root = typer.main.get_command(app)
    context: Any = root.make_context("har-sockets", [], resilient_parsing=True)
    commands = {name: root.get_command(context, name) for name in COMMANDS}  # type: ignore[attr-defined]
    summaries = "".join(f"- [`{name}`](#{name}): {_summary(command)}\n" for name, command in commands.items())
    parts = [
        f"{INTRODUCTION}\n{summaries}",
        STATUSES,
        WORDS + "".join(_words()),
        SETTINGS + "".join(_settings()),
        *(_command(name, command) for name, command in commands.items()),
    ]
    return "\n".join(parts)


def _summary(command: Any) -> str:
    return inspect.cleandoc(command.help).partition("\n")[0]


def _command(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {name}\n", f"```text\nhar-sockets {name} {usage}\n\n{_text(command)}\n```\n"]
    for heading, rows in sections(command, context).items():
        if heading != "Options":
            lines += [f"| {heading} | |\n|---|---|\n{''.join(_rows(rows))}"]
    return "\n".join(lines)


def _text(command: Any) -> str:
    lines = inspect.cleandoc(command.help).replace("\b\n", "").splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _rows(rows: Iterable[tuple[str, str]]) -> Iterable[str]:
    for names, meaning in rows:
        shown = names.replace("|", "\\|")
        yield f"| `{shown}` | {meaning} |\n"


def _words() -> Iterable[str]:
    table = {
        "--per": policy.PER,
        "--app-mode": policy.APP_MODE,
        "--fail-on": policy.FAIL_ON,
        "--assume": policy.ASSUME,
        "--format, --out": FORMATS,
        "--only": triage.RESULT,
    }
    for option, choice in table.items():
        also = ", ".join(f"`{alias}` = {word}" for alias, word in choice.aliases.items())
        yield f"| `{option}` | {choices.alternatives(choice.words)} | {also} |\n"


def _settings() -> Iterable[str]:
    meanings = {
        name.replace("_", "-"): annotation.__metadata__[0].help
        for group in (Allowed, Reading)
        for name, annotation in get_type_hints(group, include_extras=True).items()
    }
    for name in (*policy.READERS, "severity"):
        meaning = OTHER_SETTINGS.get(name) or meanings[name].replace("; repeatable", "; one, or a list")
        meaning = re.sub(r" \[.*\]\.$", ".", meaning)  # the default has a column
        yield f"| `{name}` | {_default(name)} | {meaning} |\n"


def _default(name: str) -> str:
    """Return the default of a setting as a settings file would have it."""
    value = getattr(Policy(), name.replace("-", "_"), None)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if name in ("tolerance", "outlives"):
        return f'`"{(value or 0) // 1000}ms"`'
    if not value or isinstance(value, frozenset):
        return ""
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
