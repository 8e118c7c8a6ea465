"""`har-sockets record`, as a person runs it."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from browsers import chromium
from socket_server import SocketServer
from websockets.sync.client import connect

from analyzer import Report, Verdict, analyze, read

OPEN = "new WebSocket(`ws://${location.host}/ws/%s`)"
TOKEN = "abcdef0123456789secret"
PAGES = {
    "/two": f"<script>a = {OPEN % f'a?token={TOKEN}'}; setTimeout(() => {{ b = {OPEN % 'b?close=300'} }}, 300)</script>",
    "/stuck": f"<script>a = {OPEN % 'a?beat=100'}; a.onmessage = () => {{ while (true); }}</script>",
    "/driven": f"<script>a = {OPEN % '${navigator.webdriver}'}</script>",
    "/beat": f"<script>a = {OPEN % 'a?beat=100'}; a.onmessage = () => {{ b = {OPEN % 'b'}; a.onmessage = null }}</script>",
    "/dialog": f"<script>a = {OPEN % 'a'}; a.onopen = () => {{ b = {OPEN % '${confirm(1)}'} }}</script>",
    "/one": f"<script>a = {OPEN % 'a'}</script>",
    "/none": "<p>no socket</p>",
}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
PATIENCE = 60  # seconds for a command to end; a machine that is overrun starts a browser in 10


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    chromium()
    with SocketServer(PAGES) as running:
        yield running


def start(*args: object, program: tuple[str, str] = ("-m", "analyzer"), **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *program, "record", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **environment},
        start_new_session=True,  # Ctrl-C reaches all that a terminal started
    )


def run(*args: object, **environment: str) -> tuple[int, list[str]]:
    process = start(*args, **environment)
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert (output, "Traceback" in errors) == ("", False), errors
    return process.returncode, errors.splitlines()


def wait_for_line(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"{words}: no such line")


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Press Ctrl-C, and give the exit status and what was written since the last line that was read."""
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors, errors
    return process.returncode, errors


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def analyze_file(path: Path) -> Report:
    return analyze(read(path))


def outcomes(path: Path) -> list[str]:
    return [str(session.outcome) for session in analyze_file(path).sessions]


def test_each_socket_is_a_line_and_the_har_is_written(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "two.har"
    process = start(f"127.0.0.1:{server.port}/two", "-o", path, "--headless")
    before = [wait_for_line(process, f"socket #{number}").rstrip("\n") for number in (1, 2, 2)]
    status, errors = finish(process)
    lines = [re.sub(r"^ +\d+\.\d{3} s  ", "", line) for line in [*before, *errors.splitlines()]]
    lines = [line.replace(str(server.port), "PORT") for line in lines]
    program = re.escape(f"-m analyzer {path}")
    assert re.fullmatch(rf"Next: \S+ {program}", lines.pop())
    assert re.fullmatch(rf"To share it: \S+ {program.replace('analyzer', 'analyzer extract')}", lines.pop())
    assert lines == [
        "+ socket #1 ws://127.0.0.1:PORT/ws/a?token=<token 1>, opened by two:1 (1 open now)",
        "+ socket #2 ws://127.0.0.1:PORT/ws/b?close=300, opened by two:1 (2 open now, 1 allowed)",
        "- socket #2 closed (1 open now)",
        f"{path}: 2 sockets. Overlap: 2 sockets of 127.0.0.1:PORT/ws/a and 127.0.0.1:PORT/ws/b were open at the same "
        "time, each to a different address.",
        "The times above count from the start of the recording; those of the analysis from its first page.",
        "It holds secrets: the tokens in addresses and handshakes, the first messages of each socket, "
        "and lines of the console.",
    ]
    assert (status, outcomes(path), analyze_file(path).verdict) == (0, ["open", "closed"], Verdict.OVERLAP)


# -- the end of a recording ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_recording_and_the_har_is_written(name: str, server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "one.har"
    process = start(server.url("/one"), "-o", path, "--headless")
    wait_for_line(process, "+ socket #1")
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in errors, outcomes(path)) == (0, False, ["open"])


def test_a_terminal_that_is_closed_loses_nothing(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "one.har"
    process = start(server.url("/one"), "-o", path, "--headless")
    wait_for_line(process, "+ socket #1")
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.close()  # what is written now fails
    process.stdout.close()
    process.send_signal(signal.SIGHUP)
    assert (process.wait(PATIENCE), outcomes(path)) == (0, ["open"])


PATIENT = f"""
from analyzer.__main__ import main
from analyzer.recorder import inventory, listener
inventory.LONGEST_WAIT = listener.LONGEST_WAIT = {2 * PATIENCE}
main()
"""


def test_a_second_signal_saves_immediately_what_is_known(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "stuck.har"
    process = start(server.url("/stuck"), "-o", path, "--headless", program=("-c", PATIENT))
    wait_for_line(process, "+ socket #1")
    time.sleep(0.5)  # the page has stopped to answer: the first signal waits for it, longer than this test for its end
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in errors) == (128 + signal.SIGINT, False), errors
    assert errors.splitlines()[-1] == f"har-sockets: {path}: saved before the browser had reported everything"
    assert outcomes(path) == ["unknown"]


def test_a_recorder_that_is_killed_leaves_a_sound_recording(server: SocketServer, tmp_path: Path) -> None:
    path, profile = tmp_path / "two.har", tmp_path / "profile"
    process = start(server.url("/two"), "-o", path, "--headless", "--profile", profile)
    wait_for_line(process, "- socket #2 closed")
    wait_until(lambda: path.exists() and outcomes(path) == ["unknown", "closed"])  # this state has been saved
    process.kill()
    process.communicate()
    _kill_browser(profile)
    report = analyze_file(path)
    assert ([str(it.outcome) for it in report.sessions], report.verdict) == (["unknown", "closed"], Verdict.OVERLAP)
    assert [it.id for it in report.capture.caveats] == ["recording-cut-short"]
    assert list(tmp_path.glob(".two*")) == []


def test_a_browser_that_is_killed_leaves_a_sound_recording(server: SocketServer, tmp_path: Path) -> None:
    path, profile = tmp_path / "two.har", tmp_path / "profile"
    process = start(server.url("/two"), "-o", path, "--headless", "--profile", profile)
    wait_for_line(process, "- socket #2 closed")
    _kill_browser(profile)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in errors) == (3, False), errors
    last = errors.splitlines()[-1]
    report = analyze_file(path)
    assert report.verdict is Verdict.OVERLAP
    if [it.id for it in report.capture.caveats] == ["recording-cut-short"]:
        assert last == f"har-sockets: {path}: the browser, or the connection to it, ended: the recording ends there"
    else:  # its own log was written to the end, which shows that nothing is missing
        why = "the browser crashed or was killed: the recording ends there, and is complete"
        assert (last, report.capture.caveats) == (f"har-sockets: {path}: {why}", ())
        assert [session.outcome for session in report.sessions] == ["closed", "closed"]


def _kill_browser(profile: Path) -> None:
    """Kill the browser that runs with this profile: Chromium links its lock to HOST-PID."""
    os.kill(int(os.readlink(profile / "SingletonLock").rpartition("-")[2]), signal.SIGKILL)


def test_the_recording_ends_with_the_last_tab(server: SocketServer, tmp_path: Path) -> None:
    path, profile = tmp_path / "one.har", tmp_path / "profile"
    process = start(server.url("/one"), "-o", path, "--headless", "--profile", profile)
    wait_for_line(process, "+ socket #1")
    port = (profile / "DevToolsActivePort").read_text().split()[0]  # others can attach beside the recorder
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = re.findall(r'"id": "(\w+)",[^}]*"type": "page"', answer.read().decode())
    for tab in tabs:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/json/close/{tab}").close()
    process.communicate(timeout=PATIENCE)
    report = analyze_file(path)
    assert (process.returncode, outcomes(path), report.capture.caveats) == (0, ["closed"], ())
    assert not (profile / "DevToolsActivePort").exists()


def test_a_page_that_never_answers_keeps_no_recording(tmp_path: Path) -> None:
    chromium()
    path = tmp_path / "never.har"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        status, errors = run(f"127.0.0.1:{silent.getsockname()[1]}", "-o", path, "--headless", "--for", "1")
    assert (status, path.exists()) == (0, True)
    assert errors[0].endswith(": the server has not answered")
    assert errors[1].startswith(f"{path}: 0 sockets. ")


def test_a_browser_that_is_killed_while_a_page_opens_leaves_a_recording(tmp_path: Path) -> None:
    chromium()
    path, profile = tmp_path / "never.har", tmp_path / "profile"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = start(f"127.0.0.1:{silent.getsockname()[1]}", "-o", path, "--headless", "--profile", profile)
        with silent.accept()[0]:  # the browser asks for the page
            _kill_browser(profile)
            _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in errors, path.is_file()) == (3, False, True), errors
    assert "cannot be opened" not in errors


# -- what a page can see ---------------------------------------------------------------------------------------


def test_a_page_does_not_see_that_it_is_recorded(server: SocketServer, tmp_path: Path) -> None:
    process = start(server.url("/driven"), "-o", tmp_path / "x.har", "--headless")
    assert "/ws/false, opened by" in wait_for_line(process, "+ socket #1")
    finish(process)


def test_a_dialog_that_nobody_can_answer_does_not_stop_the_page(server: SocketServer, tmp_path: Path) -> None:
    process = start(server.url("/dialog"), "-o", tmp_path / "x.har", "--headless")
    assert "/ws/false, opened by" in wait_for_line(process, "+ socket #2")
    finish(process)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param("a page that says so", "the server answered with status 404", id="with a page"),
        pytest.param("", "the server answered with an error status, and no page", id="without a page"),
    ],
)
def test_an_answer_with_an_error_is_reported(body: str, words: str, tmp_path: Path) -> None:
    chromium()
    with _not_found(body) as url:
        status, errors = run(url, "-o", tmp_path / "x.har", "--headless", "--for", "1")
    assert (status, errors[0]) == (0, f"har-sockets: {url}: {words}")


@contextmanager
def _not_found(body: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/"
        http.shutdown()


def test_a_certificate_that_nobody_signed_is_accepted_where_that_is_asked_for(tmp_path: Path) -> None:
    chromium()
    with _https(tmp_path) as url:
        refused, errors = run(url, "-o", tmp_path / "a.har", "--headless", "--for", "1")
        accepted, _ = run(url, "-o", tmp_path / "b.har", "--headless", "--for", "1", "--ignore-https-errors")
    why = "cannot be opened: net::ERR_CERT_AUTHORITY_INVALID (--ignore-https-errors accepts it)"
    assert (refused, errors) == (2, [f"har-sockets: {url}: {why}"])
    assert (accepted, (tmp_path / "b.har").exists()) == (0, True)


@contextmanager
def _https(folder: Path) -> Iterator[str]:
    """Serve a page with a certificate that nobody signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl, which makes a certificate")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        *subject,
    ]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    serve = [openssl, "s_server", "-accept", str(port), "-key", "key.pem", "-cert", "cert.pem", "-www", "-quiet"]
    process = subprocess.Popen(serve, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _accepts(port))
        yield f"https://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# -- the file --------------------------------------------------------------------------------------------------


def test_a_recording_is_compressed_as_its_name_says(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "one.har.gz"
    process = start(server.url("/one"), "-o", path, "--headless")
    wait_for_line(process, "+ socket #1")
    assert finish(process)[0] == 0
    assert gzip.decompress(path.read_bytes()).startswith(b'{"log"')
    assert outcomes(path) == ["open"]


def test_a_masked_recording_leaves_no_secret_anywhere(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "two.har"
    temporary = Path(tempfile.mkdtemp())  # Chromium needs a short path
    process = start(server.url("/two"), "-o", path, "--headless", "--masked", TMPDIR=str(temporary))
    wait_for_line(process, "- socket #2 closed")
    wait_until(path.exists)
    assert TOKEN not in path.read_text()  # while it is recorded, too
    assert finish(process)[0] == 0
    assert (TOKEN in path.read_text(), list(temporary.iterdir())) == (False, [])
    temporary.rmdir()
    assert (outcomes(path), analyze_file(path).verdict) == (["open", "closed"], Verdict.OVERLAP)


def test_without_messages_their_times_and_sizes_stay(server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "beat.har"
    process = start(server.url("/beat"), "-o", path, "--headless", "--no-messages")
    wait_for_line(process, "+ socket #2")  # it opens with the first message
    finish(process)
    messages = analyze_file(path).sessions[0].messages
    assert messages.received
    assert b'"data":"beat"' not in path.read_bytes()


@pytest.mark.parametrize(("allowed", "status"), [(1, 1), (2, 0)])
def test_more_sockets_than_allowed_are_a_status(
    allowed: int, status: int, server: SocketServer, tmp_path: Path
) -> None:
    process = start(server.url("/two"), "-o", tmp_path / "two.har", "--headless", "--max-open", allowed)
    wait_for_line(process, "+ socket #2")
    actual, errors = finish(process)
    words = "Too many: 2 sockets were open at the same time, and --max-open allows 1."
    assert (actual, words in errors) == (status, status == 1)


# -- a running browser -----------------------------------------------------------------------------------------


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """The profile of a browser that runs already, in the folder of settings where `auto` looks."""
    profile = tmp_path / "settings" / "chromium"
    arguments = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"]
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    process = subprocess.Popen(
        [chromium(), *sandbox, *arguments, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = profile / "DevToolsActivePort"
        wait_until(lambda: port.exists() and port.read_text())  # it is there before its text
        yield profile
        assert process.poll() is None, "the recorder ended a browser that is not its own"
    finally:
        process.kill()
        process.wait()


def _port(profile: Path) -> str:
    return (profile / "DevToolsActivePort").read_text().split()[0]


def _new_tab(profile: Path, url: str) -> None:
    address = f"http://127.0.0.1:{_port(profile)}/json/new?{url}"
    urllib.request.urlopen(urllib.request.Request(address, method="PUT")).close()


@pytest.mark.parametrize("by", ["auto", "PORT", "http://127.0.0.1:PORT"])
def test_a_running_browser_is_recorded_and_left_as_it_is(
    by: str, running: Path, server: SocketServer, tmp_path: Path
) -> None:
    path = tmp_path / "two.har"
    attach = by.replace("PORT", _port(running))
    process = start(server.url("/two"), "--attach", attach, "-o", path, XDG_CONFIG_HOME=str(running.parent))
    wait_for_line(process, "- socket #2")
    assert finish(process)[0] == 0
    assert (outcomes(path), analyze_file(path).verdict) == (["open", "closed"], Verdict.OVERLAP)


def test_a_socket_that_is_older_than_the_attach_is_never_a_wrong_verdict(
    running: Path, server: SocketServer, tmp_path: Path
) -> None:
    path = tmp_path / "two.har"
    server.forget()
    _new_tab(running, server.url("/one"))
    wait_until(lambda: server.seen() and server.seen()[0].opened)
    process = start(server.url("/one"), "--attach", _port(running), "-o", path)
    wait_until(lambda: len(server.seen()) == 2 and server.seen()[1].opened)
    time.sleep(0.5)
    assert finish(process)[0] == 0
    assert analyze_file(path).verdict not in (Verdict.NO_OVERLAP, Verdict.NO_SOCKETS)  # two were open


def _navigate(profile: Path, old: str, new: str) -> None:
    """Lead the tab that shows an address to another one, and wait until that is loaded."""
    with urllib.request.urlopen(f"http://127.0.0.1:{_port(profile)}/json/list") as answer:
        (tab,) = [target for target in json.load(answer) if target["url"] == old]
    with connect(tab["webSocketDebuggerUrl"]) as page:
        page.send(json.dumps({"id": 1, "method": "Page.navigate", "params": {"url": new}}))
        page.recv(timeout=10)


@pytest.mark.parametrize("start_page", ["data:,", "about:blank?start", "/two"])
def test_a_page_that_may_be_kept_makes_a_doubt_and_an_empty_page_makes_none(
    start_page: str, running: Path, server: SocketServer, tmp_path: Path
) -> None:
    path = tmp_path / "one.har"
    server.forget()
    first = server.url(start_page) if start_page == "/two" else start_page
    _new_tab(running, first)
    wait_until(lambda: start_page != "/two" or len([socket for socket in server.seen() if socket.opened]) == 2)
    server.forget()
    _navigate(running, first, server.url("/one"))
    wait_until(lambda: server.seen() and server.seen()[0].opened)
    process = start("--attach", _port(running), "-o", path)
    wait_for_line(process, "Attached to ")
    time.sleep(0.5)
    assert finish(process)[0] == 0
    is_decided = analyze_file(path).verdict is Verdict.NO_OVERLAP
    assert is_decided is (start_page != "/two")


def test_a_dialog_in_a_running_browser_is_its_users(running: Path, server: SocketServer, tmp_path: Path) -> None:
    path = tmp_path / "dialog.har"
    process = start(server.url("/dialog"), "--attach", _port(running), "-o", path)
    wait_for_line(process, "+ socket #1")
    time.sleep(1)
    assert finish(process)[0] == 0
    assert len(outcomes(path)) == 1  # the second one opens when the dialog is answered


# -- what cannot be recorded -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "environment", "errors"),
    [
        pytest.param(
            [f"http://127.0.0.1:9/?token={TOKEN}"], {}, r"http://127\.0\.0\.1:9/\?token=<token 1>: cannot be opened: net::\w+",
            id="a page that cannot be opened, its address masked",
        ),
        pytest.param(
            ["http://127.0.0.1"], {"CHROME_PATH": "nowhere"}, "CHROME_PATH: nowhere: there is no such program",
            id="no such browser",
        ),
        pytest.param(
            ["--attach", "1"], {}, "127.0.0.1:1: nothing listens there. To let a browser listen, .*",
            id="no browser to attach to",
        ),
        pytest.param(
            ["--attach", "OTHER"], {}, r"no browser takes connections at ws://127\.0\.0\.1:\d+/devtools/browser/: status 404",
            id="a server that is no browser",
        ),
        pytest.param(
            ["--attach", "auto", "--profile", "x"], {}, "--headless, --profile and --ignore-https-errors are for .*",
            id="options of a browser that is started",
        ),
        pytest.param(["--max-open", "0"], {}, ".*give a whole number from 1 to 1,000,000.*", id="no number of sockets"),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(args: list[str], environment: dict[str, str], errors: str, tmp_path: Path) -> None:
    chromium()
    headless = [] if "--attach" in args else ["--headless"]
    with _not_found("") as other:
        words = [other if word == "OTHER" else word for word in args]
        status, lines = run(*words, *headless, "-o", tmp_path / "x.har", **environment)
    assert re.fullmatch(f"har-sockets: {errors}", lines[-1])
    assert len(lines) == (2 if "OTHER" in args else 1)  # it may be a browser that asks its user
    assert (status, list(tmp_path.iterdir())) == (2, [])


def test_a_profile_that_is_open_in_a_browser_cannot_be_recorded_with(running: Path, tmp_path: Path) -> None:
    status, errors = run("--headless", "--profile", running, "-o", tmp_path / "x.har")
    assert (status, len(errors)) == (2, 1)
    assert errors[0].endswith("this profile is open in a running browser: close that, or use another one")
    assert not (tmp_path / "x.har").exists()


def test_without_websockets_it_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['websockets'] = None\n"
        f"sys.argv = ['har-sockets', 'record', 'x.example', '-o', {str(tmp_path / 'x.har')!r}]\n"
        "from analyzer.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"har-sockets: recording needs websockets: .*\n", done.stderr)
