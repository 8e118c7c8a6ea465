"""A folder that is watched: each capture is analysed once, when it is complete, and never before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.cli.watch import is_complete, is_partial, list_saved, summarise
from analyzer.formats import read
from analyzer.model import Policy, Run, Unreadable
from analyzer.pipeline import analyze
from tests.program import run_text

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = (CAPTURES / "chrome-S2-overuse.har").read_bytes()
RELOADS = (CAPTURES / "chrome-08-refresh3.har").read_bytes()
LONGEST = 30.0  # seconds that a busy machine may take
posix = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")


class Watched:
    """A running watch, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._shown = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while block := os.read(self._terminal, 4096):
                self._shown += block
        except OSError:
            pass

    @property
    def shown(self) -> str:
        return self._shown.decode().replace("\r\n", "\n")

    def wait_for(self, text: str, count: int = 1) -> None:
        until = time.monotonic() + LONGEST
        while self.shown.count(text) < count:
            assert time.monotonic() < until, f"{text!r} is not in:\n{self.shown}"
            time.sleep(0.05)

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LONGEST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "old.har").write_bytes(OVERUSE)
    return folder


@contextmanager
def watching(folder: Path, *args: str, **env: str) -> Iterator[Watched]:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "analyzer", "watch", folder.name, *args]
    with subprocess.Popen(
        command, stdout=follower, stderr=follower, stdin=follower, cwd=folder.parent,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **env},
    ) as process:  # fmt: skip
        os.close(follower)
        watched = Watched(process, leader)
        try:
            watched.wait_for("Ctrl-C ends.")
            yield watched
        finally:
            process.kill()
    os.close(leader)


@posix
def test_each_new_capture_is_analysed_once_and_ctrl_c_sums_up(folder: Path) -> None:
    with watching(folder) as watched:
        (folder / "chat.har.crdownload").write_bytes(OVERUSE)
        time.sleep(1.5)
        assert "chat.har" not in watched.shown  # it is not complete, whatever it holds
        (folder / "chat.har.crdownload").rename(folder / "chat.har")
        watched.wait_for("  downloads/chat.har\n")
        watched.wait_for("(duplicate-connection)")
        watched.wait_for("\a")
        (folder / "calm.har").write_bytes(RELOADS)
        watched.wait_for("  downloads/calm.har\n")
        (folder / "login.har").write_text("<html>Sign in</html>")
        (folder / "notes.txt").write_text("not looked at")
        watched.wait_for("Cannot be read: a web page, not a capture")
        assert watched.end() == 0
        watched.wait_for("3 captures: 1 overlap, 1 no overlap, 1 unreadable.\n")
        assert "old.har" not in watched.shown
        assert watched.shown.count("\a") == 1


@posix
def test_a_file_that_grows_slowly_is_read_when_it_is_whole(folder: Path) -> None:
    with watching(folder) as watched:
        with open(folder / "slow.har", "wb", buffering=0) as file:
            for part in (OVERUSE[:20_000], OVERUSE[20_000:40_000]):
                file.write(part)
                time.sleep(1.5)  # longer than a file that ends as a HAR ends may be quiet
                assert "slow.har" not in watched.shown
            file.write(OVERUSE[40_000:])
        watched.wait_for("  downloads/slow.har\n")
        watched.wait_for("All 4")
        assert watched.end() == 0
        assert watched.shown.count("slow.har") == 1


@posix
def test_the_policy_acts_and_the_report_is_opened(folder: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser.sh"
    browser.write_text(f"#!/bin/sh\necho \"$1\" >> '{tmp_path / 'opened.txt'}'\n")
    browser.chmod(0o755)
    with watching(folder, "--max-open", "4", "--open", BROWSER=str(browser)) as watched:
        (folder / "chat.har").write_bytes(OVERUSE)
        watched.wait_for("Wrote chat.report.html")
        (folder / "chat.har").write_bytes(RELOADS)  # saved anew under the same name
        watched.wait_for("Wrote chat.report.html", 2)
        assert watched.end() == 0
        assert "\a" not in watched.shown
        assert watched.shown.count("  downloads/chat.har\n") == 2
    report = tmp_path / "chat.report.html"
    assert (tmp_path / "opened.txt").read_text().split() == [report.as_uri()] * 2
    assert not (folder / report.name).exists()


@posix
def test_with_any_the_content_counts_and_zips_are_opened(folder: Path) -> None:
    with watching(folder, "--any") as watched:
        (folder / "log.json").write_bytes(RELOADS)
        (folder / "settings.json").write_text("{}")
        with zipfile.ZipFile(folder / "logs.zip", "w") as archive:
            archive.writestr("a.har", RELOADS)
            archive.writestr("b/har.txt", OVERUSE)
        watched.wait_for("  downloads/log.json\n")
        watched.wait_for("  downloads/logs.zip/a.har\n")
        watched.wait_for("  downloads/logs.zip/b/har.txt\n")
        time.sleep(1.5)
        assert watched.end() == 0
        assert "settings.json" not in watched.shown


@posix
def test_results_are_added_to_a_file_as_they_come(folder: Path) -> None:
    """The first line names the policy; the file has what `summary` reads, and is not continued without a key."""
    path = folder.parent / "today.ndjson"
    with watching(folder, "--out", f"ndjson:{path}", COLUMNS="80") as watched:
        assert "Policy: at most 1 open socket per capture" in watched.shown
        (folder / "chat.har").write_bytes(OVERUSE)
        watched.wait_for("What to do: ")
        assert max(map(len, watched.shown.splitlines()[1:])) <= 80
        (folder / "calm.har").write_bytes(RELOADS)
        watched.wait_for("  downloads/calm.har\n")
        assert watched.end() == 0
        watched.wait_for("summary ")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [it["source"] for it in lines] == ["downloads/chat.har", "downloads/calm.har"]
    done = run_text("watch", str(folder), "--out", f"ndjson:{path}")
    assert (done.returncode, "user-1 may be somebody else there" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("place", "message"), [("absent", "no such folder"), ("old.har", "this is a file: watch takes a folder")]
)
def test_what_is_no_folder_is_refused(place: str, message: str, folder: Path) -> None:
    done = run_text("watch", str(folder / place))
    assert (done.returncode, done.stderr) == (2, f"har-sockets: {folder / place}: {message}\n")


# -- which files are new, and complete -------------------------------------------------------------------------------


@contextmanager
def listing(folder: Path) -> Iterator[list[str]]:
    """The names that `list_saved` gives while this context is open."""
    begun, stopped = threading.Event(), threading.Event()
    names: list[str] = []

    def collect() -> None:
        for path in list_saved(folder, stopped, begun.set):
            names.append(path.name)

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        assert begun.wait(LONGEST)
        yield names
    finally:
        stopped.set()
        thread.join(LONGEST)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def test_files_come_when_they_are_complete_each_once(folder: Path) -> None:
    with listing(folder) as names:
        (folder / "a.har").write_bytes(b"")  # Firefox keeps the place with an empty file
        (folder / "a.har.part").write_bytes(RELOADS)
        (folder / ".hidden.har").write_bytes(RELOADS)
        (folder / "deep").mkdir()
        time.sleep(1.5)
        assert names == []
        (folder / "a.har.part").replace(folder / "a.har")
        until(lambda: names == ["a.har"])
        (folder / "deep" / "b.har").write_bytes(RELOADS)
        until(lambda: names == ["a.har", "b.har"])
        (folder / "gone.har").write_bytes(RELOADS)
        (folder / "gone.har").unlink()
        os.utime(folder / "a.har")  # touched: read anew, since nobody knows what changed
        until(lambda: names == ["a.har", "b.har", "a.har"])
    assert names == ["a.har", "b.har", "a.har"]


@pytest.mark.parametrize(
    ("name", "partial"),
    [("a.har", False), ("a.har.crdownload", True), ("a.har.part", True), ("Unconfirmed 12.crdownload", True),
     (".a.har", True), (".cache/a.har", True), ("deep/a.har", False), ("a.har~", True)],
)  # fmt: skip
def test_files_of_downloads_that_go_on_are_passed_over(name: str, partial: bool, tmp_path: Path) -> None:
    assert is_partial(tmp_path / name, tmp_path) is partial


@pytest.mark.parametrize(
    ("data", "complete"),
    [(b"", False), (b'{"log": {"entries": [', False), (b'{"log": {}}', True), (b'\n{"log": {}}\r\n', True), (b"<html>", True),
     (b"PK\3\4" + b"x" * 100, False), (b"PK\3\4" + b"x" * 100 + b"PK\5\6" + b"\0" * 18, True), (b"\x1f\x8bx", True)],
)  # fmt: skip
def test_a_file_is_complete_when_it_ends_as_its_kind_ends(data: bytes, complete: bool, tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(data)
    assert is_complete(tmp_path / "a.har") is complete
    (tmp_path / "a.har.part").touch()
    assert not is_complete(tmp_path / "a.har")


def test_the_end_counts_by_result() -> None:
    samples = Path(__file__).parent.parent / "sample_hars"
    names = ("dev-server-beside-app.har", "three-reloads.har", "stream-chat-correct.har", "safari-no-sockets.har")
    runs = [Run((analyze(read(str(samples / name)), Policy()),), (), Policy()) for name in names]
    assert summarise([]) == "0 captures."
    assert summarise([*runs, Run((), (Unreadable("x", "y"),), Policy())]) == (
        "5 captures: 2 no overlap, 1 overlap with a dev server only, 1 inconclusive, 1 unreadable."
    )
