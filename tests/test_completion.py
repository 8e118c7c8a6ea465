"""Shell completion, by the mechanism that the shells call: commands, options, and the words that options take."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import outputs
from analyzer.causes import CAUSES
from analyzer.cli import COMMANDS
from analyzer.model import Scope, Severity
from analyzer.rules import RULES

CODE = "import sys; sys.argv = ['har-sockets', *sys.argv[1:]]; from analyzer.__main__ import main; main()"


def ran(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def bash(line: str) -> list[str]:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    return ran(_HAR_SOCKETS_COMPLETE="complete_bash", **words).split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("har-sockets ", COMMANDS, id="commands"),
        pytest.param("har-sockets ch", ["check"], id="the rest of a command"),
        pytest.param("har-sockets check --fail", ["--fail-on"], id="the rest of an option"),
        pytest.param("har-sockets check --fail-on ", [*Severity, "never"], id="severities"),
        pytest.param("har-sockets check --per ", list(Scope), id="scopes"),
        pytest.param("har-sockets analyze --format ", list(outputs.STREAMED), id="formats"),
        pytest.param("har-sockets rules ", [page.id for page in (*RULES, *CAUSES)], id="rules"),
        pytest.param("har-sockets chat.har --max", ["--max-open"], id="options of the command that need not be named"),
    ],
)
def test_bash_completes(line: str, words: list[str]) -> None:
    assert bash(line) == [str(word) for word in words]


def test_zsh_completes_with_what_it_means() -> None:
    details = ran(_HAR_SOCKETS_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="har-sockets che")
    assert details.startswith('_arguments \'*: :(("check":"Check captures')


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_asks_the_program(shell: str) -> None:
    script = ran(_HAR_SOCKETS_COMPLETE=f"source_{shell}")
    assert f"_HAR_SOCKETS_COMPLETE=complete_{shell}" in script
    assert "har-sockets" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes(tmp_path: Path) -> None:
    program = tmp_path / "har-sockets"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{CODE}" "$@"\n')
    program.chmod(0o755)
    script = ran(_HAR_SOCKETS_COMPLETE="source_bash")
    arguments = (
        f"{script}\nCOMP_WORDS=(har-sockets check --allow)\nCOMP_CWORD=2\n"
        '_har_sockets_completion har-sockets\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", arguments], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["--allow-undecided", "--allow-empty"]
