"""`har-sockets record`, as a person runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import chromium
from socket_server import SocketServer

from analyzer import Verdict, analyze, read
from analyzer.installation import install_hint

OPEN = "new WebSocket(`ws://${location.host}/ws/%s`)"
TOKEN = "abcdef0123456789secret"
PAGES = {
    "/two": f"<script>a = {OPEN % f'a?token={TOKEN}'}; setTimeout(() => {{ b = {OPEN % 'b?close=300'} }}, 300)</script>"
}


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    chromium()
    with SocketServer(PAGES) as running:
        yield running


def start(*args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "analyzer", "record", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **environment},
        start_new_session=True,  # Ctrl-C reaches all that a terminal started
    )


def test_sockets_are_told_as_they_open_and_close_and_the_har_is_written(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "two.har"
    output, errors = start(f"127.0.0.1:{server.port}/two", "-o", str(path), "--headless", "--for", "2").communicate()
    assert output == ""
    lines = [re.sub(r"^ +\d+\.\d{3} s  ", "", line).replace(str(server.port), "PORT") for line in errors.splitlines()]
    assert re.fullmatch(rf"Next: \S+ -m analyzer {re.escape(str(path))}", lines.pop())
    assert lines == [
        "+ socket #1 ws://127.0.0.1:PORT/ws/a?token=<token 1> (1 open now)",
        "+ socket #2 ws://127.0.0.1:PORT/ws/b?close=300 (2 open now)",
        "- socket #2 closed (1 open now)",
        f"{path}: 2 sockets. Overlap: 2 sockets of 127.0.0.1:PORT/ws/a and 127.0.0.1:PORT/ws/b were open at the same "
        "time, each to a different address.",
        "The times above count from the start of the recording; those of the analysis from its first page.",
    ]
    report = analyze(read(path))
    assert ([session.outcome for session in report.sessions], report.verdict) == (["open", "closed"], Verdict.OVERLAP)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_a_signal_ends_the_recording_and_the_har_is_written(number: int, server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "two.har"
    process = start(server.url("/two"), "-o", str(path), "--headless")
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "+ socket #1" in first
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in errors) == (0, False)
    assert analyze(read(path)).sessions[0].outcome == "open"


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("who", ["the browser", "its driver"])
def test_what_was_recorded_is_written_and_marked_where_what_records_it_is_killed(
    who: str, server: SocketServer, tmp_path: Path
) -> None:
    psutil = pytest.importorskip("psutil")
    path = tmp_path / "two.har"
    process = start(server.url("/two"), "-o", str(path), "--headless")
    assert process.stderr is not None
    lines = [process.stderr.readline() for _ in range(3)]
    assert "- socket #2 closed" in lines[2]
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            name, command = child.name(), " ".join(child.cmdline())
        except psutil.Error:  # it has just ended: Chromium starts and ends several as it begins
            continue
        driver, browser = "node" in name, "chrom" in name and "--type=" not in command
        if driver if who == "its driver" else browser:
            child.kill()
    _, rest = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in rest) == (3, False)
    went = "the browser, or the program that controls it, ended: the recording ends there"
    assert rest.splitlines()[-1] == f"har-sockets: {path}: {went}"
    report = analyze(read(path))
    assert ([it.outcome for it in report.sessions], report.verdict) == (["unknown", "closed"], Verdict.OVERLAP)
    assert [it.id for it in report.capture.caveats] == ["recording-cut-short"]


@pytest.mark.parametrize(
    ("args", "environment", "errors"),
    [
        pytest.param(
            ["http://127.0.0.1:9/?token=" + TOKEN], {}, r"http://127\.0\.0\.1:9/\?token=<token 1>: cannot be opened: net::\w+",
            id="a page that cannot be opened, its address masked",
        ),
        pytest.param(
            ["http://127.0.0.1"], {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": "nowhere"},
            "no Chrome, Chromium or Edge was found: install one, or run: .* -m playwright install chromium",
            id="no browser",
            marks=pytest.mark.skipif(
                sys.platform != "linux" or any(map(os.path.exists, ("/opt/google/chrome", "/opt/microsoft/msedge"))),
                reason="Playwright may find a Chrome here without being told where",
            ),
        ),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(args: list[str], environment: dict[str, str], errors: str, tmp_path: Path) -> None:
    chromium()
    process = start(*args, "-o", str(tmp_path / "x.har"), "--headless", **environment)
    _, error_text = process.communicate(timeout=60)
    assert re.fullmatch(rf"har-sockets: {errors}\n", error_text)
    assert (process.returncode, list(tmp_path.iterdir())) == (2, [])


def test_without_playwright_it_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['playwright'] = None\n"
        f"sys.argv = ['har-sockets', 'record', 'x.example', '-o', {str(tmp_path / 'x.har')!r}]\n"
        "from analyzer.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    errors = f"har-sockets: recording needs Playwright: {install_hint('playwright')}\n"
    assert (done.returncode, done.stderr) == (2, errors)
