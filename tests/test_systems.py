"""Windows, macOS and old consoles, as far as they can be tried on any system: encodings, line ends, open files, globs."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analyzer.cli import ansi, screen
from analyzer.policy import load
from analyzer.rules import RULES

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_hars"
OVERUSE = str(SAMPLES / "stream-chat-connect-on-every-mount.har")
CORRECT = str(SAMPLES / "stream-chat-correct.har")
UNDECIDED = str(SAMPLES / "playwright-cannot-decide.har")


def run(*arguments: str, encoding: str = "utf-8", folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """The program with standard output in an encoding, as Windows has it in a pipe (a console is UTF-8)."""
    environment = {
        **os.environ,
        "PYTHONIOENCODING": encoding,
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "analyzer", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.spread(3)
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((OVERUSE,), 0),
        (("check", OVERUSE, CORRECT, UNDECIDED), 1),
        (("show", OVERUSE, "1"), 0),
        (("compare", OVERUSE, CORRECT), 0),
        (("rules",), 0),
        (("rules", "duplicate-connection"), 0),
        (("--help",), 0),
        (("check", "--help"), 0),
    ],
    ids=["analyze", "check", "show", "compare", "rules", "a rule", "help", "help of a command"],
)
def test_an_old_code_page_shows_every_answer(arguments: tuple[str, ...], status: int, encoding: str) -> None:
    done = run(*arguments, encoding=encoding)
    assert done.returncode == status, done.stderr.decode()
    assert done.stdout.isascii()
    assert len(done.stdout) > 100
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_a_name_that_a_code_page_lacks_is_spelled_out(encoding: str, tmp_path: Path) -> None:
    done = run("no-such-\u65e5\u672c.har", encoding=encoding, folder=tmp_path)
    assert done.returncode == 2
    assert b"no such file" in done.stderr
    assert b"Traceback" not in done.stderr


def test_line_ends_of_windows_change_no_answer(tmp_path: Path) -> None:
    data = json.dumps(json.loads(Path(OVERUSE).read_bytes()), indent=1).encode()
    answers = []
    for name, content in (("unix", data), ("windows", data.replace(b"\n", b"\r\n")), ("bom", b"\xef\xbb\xbf" + data)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "chat.har").write_bytes(content)
        (capture,) = json.loads(run("chat.har", "--format", "json", folder=folder).stdout)["captures"]
        answers.append(
            {key: it for key, it in capture.items() if key not in ("sha256", "content_sha256", "bytes", "files")}
        )
    assert answers[0]["verdict"] == "overlap"
    assert answers[1:] == answers[:1] * 2


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark of the byte order"])
def test_settings_with_line_ends_of_windows(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "har-sockets.toml"
    path.write_bytes(start + b'per = "user"\r\nmax-open = 2\r\n\r\n[severity]\r\nghost-socket = "off"\r\n')
    settings = load(path, [rule.id for rule in RULES])
    assert (settings.per, settings.max_open, settings.severity) == ("user", 2, {"ghost-socket": "off"})


def test_a_glob_that_the_shell_left_alone_is_expanded() -> None:
    done = run("check", "sample_hars/three*.har")
    assert (done.returncode, done.stdout.count(b"PASS  ")) == (0, 1)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize(
    "arguments", [("report", OVERUSE, "-o", "x.html"), ("analyze", OVERUSE, "--out", "ndjson:x.ndjson")]
)
def test_no_file_is_moved_while_it_is_open(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Windows refuses that."""
    watched = """
import os, sys
from analyzer.__main__ import main
replace = os.replace
def checked(source, target):
    for number in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{number}") and os.path.samefile(f"/proc/self/fd/{number}", source):
            os._exit(99)
    open("moved", "a").close()
    replace(source, target)
os.replace = checked
main()
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", watched, *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "moved").exists()


class Console:
    """A console of Windows, as its library shows it."""

    def __init__(self, is_known: bool, obeys: bool) -> None:
        self.known, self.obeys, self.mode = is_known, obeys, 3

    def GetConsoleMode(self, handle: int, mode: Any) -> int:
        mode._obj.value = self.mode
        return self.known

    def SetConsoleMode(self, handle: int, mode: int) -> int:
        self.mode = mode if self.obeys else self.mode
        return self.obeys


@pytest.mark.parametrize(
    ("is_known", "obeys", "mode"),
    [(True, True, 7), (True, False, 3), (False, True, 3)],
    ids=["Windows 10", "an older one", "no console"],
)
def test_a_console_of_windows_gets_colours_where_it_obeys(
    is_known: bool, obeys: bool, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(is_known, obeys)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda number: number))  # type: ignore[arg-type]
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    stream: Any = SimpleNamespace(fileno=lambda: 1)
    assert ansi.enable(stream) is (is_known and obeys)
    assert console.mode == mode


def test_without_colours_of_the_console_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    lines = []
    for able in (True, False):
        monkeypatch.setattr(ansi, "enable", lambda stream, able=able: able)
        lines.append(screen.terminal()["color"])
    assert lines == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_types_hold_on_other_systems(platform: str, tmp_path: Path) -> None:
    """No function of one system alone is called without asking which it is."""
    command = [sys.executable, "-m", "mypy", "--platform", platform, "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
