"""The program: within this process, without the half second that a Python takes; or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import analyzer
from analyzer.cli import run_command

PATH = str(Path(analyzer.__file__).with_name("__main__.py"))
OF_A_TERMINAL = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM")


def run(
    *args: str, stdin: bytes | None = None, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """`python -m analyzer ARGS`, off a terminal. As for a process, the streams are files that the system knows."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_TERMINAL}
    before = Path.cwd()
    with ExitStack() as stack:
        source = stack.enter_context(open(os.devnull, "rb") if stdin is None else tempfile.TemporaryFile())  # noqa: SIM115
        if stdin is not None:
            source.write(stdin)
            source.seek(0)
        out, errors = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        streams = {
            "stdin": io.TextIOWrapper(source, "utf-8"),
            "stdout": io.TextIOWrapper(out, "utf-8"),
            "stderr": io.TextIOWrapper(errors, "utf-8", errors="backslashreplace"),
        }
        stack.enter_context(patch.dict(os.environ, environment | env, clear=True))
        stack.enter_context(patch.multiple(sys, argv=[PATH, *args], **streams))
        if cwd is not None:
            stack.callback(os.chdir, before)
            os.chdir(cwd)
        status = run_command()
        return subprocess.CompletedProcess(sys.argv, status, *map(_read, (out, errors)))


def run_process(
    *args: str, stdin: bytes | None = None, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """The same as a process of its own: for what only a process shows (streams, signals, the seed of its hashes)."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_TERMINAL}
    command = [sys.executable, "-m", "analyzer", *args]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=cwd, env={**environment, **env})


def run_text(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """The same with its output as text."""
    done = run(*args, cwd=cwd, **env)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _read(file: io.BufferedRandom) -> bytes:
    file.seek(0)
    return file.read()
