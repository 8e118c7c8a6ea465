"""Which browser `--attach` means, and what is said where it means none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from analyzer.recorder import endpoints
from analyzer.recorder.endpoints import Endpoint, find_endpoint, list_profiles, read_active_port
from analyzer.recorder.errors import RecordingError

PATH = "/devtools/browser/00000000-0000-4000-8000-000000000001"
LISTED = '{"Browser": "Chrome/156.0", "webSocketDebuggerUrl": "ws://HOST%s"}' % PATH  # noqa: UP031 - braces
ELSEWHERE = LISTED.replace("0001", "0002")
NODE = '{"Browser": "node.js/v22", "Protocol-Version": "1.1"}'
ALLOWED = ""  # it was allowed at chrome://inspect: 404, and no list


class Browsers:
    """Ports at which something answers `/json/version`, and the profiles of a home folder."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home = home
        self._stack = stack
        self._written = 0

    def answer(self, text: str) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if text else 404)
                self.end_headers()
                self.wfile.write(text.replace("HOST", str(self.headers["Host"])).encode())

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return server.server_address[1]

    def allow(self, folder: str, port: int, text: str | None = None) -> None:
        """Write the profile of a browser that listens at this port, later than those before."""
        profile = self._home / ".config" / folder
        profile.mkdir(parents=True)
        (profile / "DevToolsActivePort").write_text(f"{port}\n{PATH}" if text is None else text)
        self._written += 1
        os.utime(profile / "DevToolsActivePort", (self._written, self._written))


@pytest.fixture
def browsers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browsers]:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("CHROME_CONFIG_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        ports = Browsers(tmp_path, stack)
        free = ports.answer(NODE)  # no test depends on what listens at 9222 of this machine
        monkeypatch.setattr(endpoints, "USUAL_PORT", free)
        yield ports


def test_auto_takes_the_browser_that_was_allowed_last_and_names_the_others(browsers: Browsers) -> None:
    port = browsers.answer(LISTED)
    browsers.allow("chromium", browsers.answer(ALLOWED))
    browsers.allow("google-chrome", port)
    assert find_endpoint("auto") == Endpoint(f"ws://127.0.0.1:{port}{PATH}", "Chrome", others=("Chromium",))


def test_a_browser_that_asks_its_user_is_found_by_its_profile(browsers: Browsers) -> None:
    port = browsers.answer(ALLOWED)
    browsers.allow("google-chrome", port)
    assert find_endpoint("auto") == Endpoint(f"ws://127.0.0.1:{port}{PATH}", "Chrome", asks=True)


@pytest.mark.parametrize("by", ["PORT", "http://127.0.0.1:PORT", "127.0.0.1:PORT", "ws://127.0.0.1:PORT/"])
def test_a_browser_that_asks_its_user_is_found_by_its_port(by: str, browsers: Browsers) -> None:
    port = browsers.answer(ALLOWED)
    url = f"ws://127.0.0.1:{port}/devtools/browser/"
    assert find_endpoint(by.replace("PORT", str(port))) == Endpoint(url, "the browser", asks=True)


def test_a_profile_whose_port_another_browser_took_does_not_count(browsers: Browsers) -> None:
    browsers.allow("google-chrome", browsers.answer(ELSEWHERE))
    with pytest.raises(RecordingError, match="no running browser lets others listen"):
        find_endpoint("auto")


def test_without_a_profile_auto_takes_the_usual_port(browsers: Browsers, monkeypatch: pytest.MonkeyPatch) -> None:
    port = browsers.answer(LISTED)
    monkeypatch.setattr(endpoints, "USUAL_PORT", port)
    browsers.allow("chromium", 1, "what is\nno port")
    assert find_endpoint("AUTO") == Endpoint(f"ws://127.0.0.1:{port}{PATH}", "Chrome/156.0")


def test_an_address_of_a_browser_is_taken_as_it_is(browsers: Browsers) -> None:
    url = "wss://grid.example/devtools/browser/1?token=2"
    assert find_endpoint(f" {url} ") == Endpoint(url, "the browser")


@pytest.mark.parametrize(
    ("attach", "problem"),
    [
        pytest.param("1", "127.0.0.1:1: nothing listens there. To let a browser listen, ", id="a free port"),
        pytest.param("0", "--attach 0: there is no such port: give auto, a port, or ", id="no port"),
        pytest.param("99999", "--attach 99999: there is no such port: give auto, a port, or ", id="too large"),
        pytest.param("chrome", "--attach chrome: give auto, a port, or an address such as ", id="a word"),
        pytest.param("ftp://x:21", "--attach ftp://x:21: give auto, a port, or an address such as ", id="a scheme"),
        pytest.param("http://[x", "--attach http://[x: give auto, a port, or an address such as ", id="no address"),
        pytest.param("x:99999", "--attach x:99999: give auto, a port, or an address such as ", id="no port of a host"),
        pytest.param("", "--attach : give auto, a port, or an address such as ", id="nothing"),
        pytest.param("ws://x/devtools/page/1", "--attach ws://x/devtools/page/1: this is one page: give the ", id="a page"),
        pytest.param("http://x.invalid:1", "x.invalid:1: gives no answer: ", id="no such host"),
    ],
)  # fmt: skip
def test_one_sentence_says_why_nothing_can_be_attached_to(attach: str, problem: str, browsers: Browsers) -> None:
    with pytest.raises(RecordingError) as raised:
        find_endpoint(attach)
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize("answer", [NODE, "[1]", "no JSON", '{"webSocketDebuggerUrl": 1}'])
def test_what_is_no_browser_is_not_attached_to(answer: str, browsers: Browsers) -> None:
    with pytest.raises(RecordingError, match="what answers there is no Chrome, Chromium, Edge or Electron"):
        find_endpoint(str(browsers.answer(answer)))


@pytest.mark.parametrize("text", ["", "9222", "9222\n/", "x\n" + PATH, "\xff\n" + PATH])
def test_a_damaged_profile_names_no_port(text: str, tmp_path: Path) -> None:
    (tmp_path / "DevToolsActivePort").write_text(text, encoding="latin-1")
    assert read_active_port(tmp_path) is None


@pytest.mark.parametrize(
    ("platform", "environment", "first"),
    [
        ("linux", {}, ".config/google-chrome"),
        ("linux", {"XDG_CONFIG_HOME": "/settings"}, "/settings/google-chrome"),
        ("darwin", {}, "Library/Application Support/Google/Chrome"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/Google/Chrome/User Data"),
    ],
)
def test_each_system_has_its_profiles(platform: str, environment: dict[str, str], first: str, tmp_path: Path) -> None:
    profiles = list(list_profiles(platform, environment, tmp_path))
    assert profiles[0] == (tmp_path / first, "Chrome")
    assert {"Chrome", "Chromium", "Edge"} <= {name for _, name in profiles}
