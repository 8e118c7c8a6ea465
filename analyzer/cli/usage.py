"""Explain a wrong command line in one line: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from analyzer import choices

INSTEAD = {  # options of other programs
    "--json": "--format json",
    "--ndjson": "--format ndjson",
    "--csv": "--format csv",
    "--markdown": "--format markdown",
    "--md": "--format markdown",
    "--junit": "--format junit",
    "--xml": "--format junit",
    "--sarif": "--format sarif",
    "--html": "`har-sockets report CAPTURE -o report.html`",
    "--png": "`har-sockets timeline CAPTURE -o chart.png`",
    "--svg": "`har-sockets timeline CAPTURE -o chart.svg`",
    "--output-format": "--format",
    "--reporter": "--format",
    "--output-file": "--output",
    "--color": "FORCE_COLOR=1 in the environment",
    "--colour": "FORCE_COLOR=1 in the environment",
    "--no-colour": "--no-color",
    "--timezone": "--tz",
    "--local": "--tz local",
    "--utc": "--tz UTC",
    "--view": "--open",
    "--show": "--open",
    "--silent": "--quiet",
    "--debug": "--verbose",
    "--strict": "--fail-on note",
    "--max": "--max-open",
    "--limit": "--max-open",
    "--threshold": "--tolerance",
    "--timeout": "--tolerance",
    "--filter": "--only",
    "--workers": "--jobs",
    "--threads": "--jobs",
    "--parallel": "--jobs auto",
    "--unmask": "--show-secrets --show-users",
    "--config": "a file har-sockets.toml in this folder or one above; it needs no option",
    "--version": "`har-sockets --version`",
    "-V": "`har-sockets --version`",
    "--recursive": "the folder alone; folders are always searched recursively",
    "-j": "--jobs",
    "-p": "--per",
    "-n": "--max-open",
    "-r": "the folder alone; folders are always searched recursively",
}
NEAR = 0.75


def explain(problem: Any, commands: Iterable[str], load: Callable[[str], Any]) -> str:
    """Return the sentence for a usage error of typer. `load` makes a command, whose options may be meant."""
    context = problem.ctx
    if context is None:
        return str(problem.format_message())
    name, command = context.info_name, context.command
    parameter, option = getattr(problem, "param", None), getattr(problem, "option_name", None)
    if option is not None and hasattr(problem, "possibilities"):
        return _unknown(option, name, command, commands, load)
    if option is not None:
        value = next((it for it in command.params if option in it.opts), None)
        return f"{option} takes no value" if value is None or value.is_flag else f"the value is missing: {_use(value)}"
    if parameter is not None and (hasattr(problem, "param_type") or not problem.message):  # it is missing
        return f"{name} needs {_use(parameter)}"
    if parameter is not None:
        return f"{max(parameter.opts, key=len)} {problem.message}"
    if problem.message.startswith("--"):
        return str(problem.message)
    arguments = " ".join(it.metavar for it in command.params if it.param_type_name == "argument")
    return f"{name} takes {arguments or 'no argument'}: {_lower_first(problem.message)}"


def _lower_first(sentence: str) -> str:
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _use(parameter: Any) -> str:
    names = [] if parameter.param_type_name == "argument" else [max(parameter.opts, key=len)]
    return f"{' '.join([*names, parameter.metavar])}: {_lower_first(parameter.help.rstrip('.'))}"


def _unknown(option: str, name: str, command: Any, commands: Iterable[str], load: Callable[[str], Any]) -> str:
    """Name the option that is meant, here or of another command."""
    problem = f"no such option: {option}"
    if (instead := INSTEAD.get(option, INSTEAD.get(option.lower()))) is not None:
        return f"{problem}: write {instead}"
    others = [other for other in commands if other != name and option in _options(load(other))]
    if others:
        return f"{problem}: it is an option of `har-sockets {choices.alternatives(others)}`"
    if (near := choices.nearest(option, _options(command), NEAR)) is not None:
        return f"{problem}: did you mean {near}?"
    return f"{problem}. Help: har-sockets {name} --help"


def _options(command: Any) -> list[str]:
    """Return the options that a command lists, the long ones first."""
    listed = [it for it in command.params if it.param_type_name == "option" and not it.hidden]
    return sorted((name for it in listed for name in it.opts), key=lambda name: not name.startswith("--"))
