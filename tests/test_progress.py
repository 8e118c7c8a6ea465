"""The bar: only on a terminal, only after a while; and what Ctrl-C leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyzer.cli import progress

posix = pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")


class Terminal:
    """Standard error that says it is one."""

    def __init__(self, able: bool) -> None:
        self.able = able

    def isatty(self) -> bool:
        return self.able


@pytest.mark.parametrize(
    ("able", "quiet", "term"),
    [
        pytest.param(False, False, "xterm", id="off a terminal"),
        pytest.param(True, True, "xterm", id="quiet"),
        pytest.param(True, False, "dumb", id="a dumb terminal"),
    ],
)
def test_nothing_is_shown_where_nobody_sees_it(
    able: bool, quiet: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal(able))
    monkeypatch.setenv("TERM", term)
    with progress.show_progress(100, quiet) as done:
        assert done is None


def test_what_is_done_within_a_second_shows_nothing() -> None:
    bar = progress._Bar(100)
    bar.advance(100)
    assert (bar.done, bar.progress) == (100, None)


@posix
@pytest.mark.parametrize("total", [0, 200], ids=["of unknown size", "of known size"])
def test_after_a_second_a_terminal_sees_bytes_and_rate(total: int) -> None:
    code = f"""
import time
from analyzer.cli import progress
progress.AFTER = 0.0
with progress.show_progress({total}) as done:
    for _ in range(8):
        time.sleep(0.05); done(20)
print("finished")
"""
    text, status = on_a_terminal([sys.executable, "-c", code])
    assert (b"Reading" in text, b"bytes" in text, status) == (True, True, 0)


@posix
def test_after_a_second_a_terminal_sees_how_many_captures_are_written() -> None:
    code = """
import time
from analyzer.cli import progress
progress.AFTER = 0.0
with progress.show_progress(8, writes=True) as done:
    for _ in range(8):
        time.sleep(0.05); done(1)
"""
    text, status = on_a_terminal([sys.executable, "-c", code])
    assert (b"Writing" in text, b"/8" in text, status) == (True, True, 0)


def on_a_terminal(command: list[str]) -> tuple[bytes, int]:
    """What a program writes to a terminal, and its status."""
    import pty

    parent, child = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=child, stderr=child, stdin=child, env=env) as running:
        os.close(child)
        text = b""
        try:
            while block := os.read(parent, 4096):
                text += block
        except OSError:  # Linux, at the end
            pass
        status = running.wait()
    os.close(parent)
    return text, status


@posix
def test_ctrl_c_ends_with_the_status_of_a_shell_and_says_nothing(tmp_path: Path) -> None:
    pipe = tmp_path / "slow.har"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "analyzer", str(pipe), "--out", f"json:{tmp_path / 'out.json'}"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running,
        open(pipe, "wb", buffering=0) as out,  # it waits until the program reads
    ):
        out.write(b'{"log":{"entries":[')
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        output, problems = running.communicate(timeout=60)
    assert (running.returncode, output, problems) == (130, b"", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["slow.har"]
