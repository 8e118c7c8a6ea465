"""Find a Chrome, Chromium or Edge on this machine, and start it with what a recording needs."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analyzer.patterns import Pattern
from analyzer.recorder.connection import CallError, Connection
from analyzer.recorder.endpoints import ACTIVE_PORT, write_active_port
from analyzer.recorder.errors import RecordingError

ON_PATH = ("google-chrome", "google-chrome-stable", "chrome", "chromium", "chromium-browser")
EDGE_ON_PATH = ("microsoft-edge", "microsoft-edge-stable", "msedge")
PROGRAMS = {  # by platform: where installers put browsers, below the folders of `_roots`
    "darwin": (
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        "Chromium.app/Contents/MacOS/Chromium",
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        "Google/Chrome/Application/chrome.exe",
        "Chromium/Application/chrome.exe",
        "Microsoft/Edge/Application/msedge.exe",
    ),
}
OF_PLAYWRIGHT = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)
NO_BROWSER = "no Chrome, Chromium or Edge was found: install one, or name its program in CHROME_PATH"

LISTENING = Pattern(r"DevTools listening on (wss?://\S+)")
LOG_PREFIX = Pattern(r"^\[[^\]]*\] ?")  # process, time, file and line
FATAL = ":FATAL:"
NO_SANDBOX = "--no-sandbox"
DEFAULT_PROFILE = "requires a non-default data directory"  # Chrome, which goes on without listening
REASONS = {  # what Chromium writes when it does not start, and what that means
    "Missing X server": "there is no display: use --headless",
    "Opening in existing browser session": "this profile is open in a running browser: close that, or use another one",
    "ProcessSingleton": "this profile is open in a running browser: close that, or use another one",
    DEFAULT_PROFILE: "Chrome 136 and later record no default profile: name another folder",
    "Socket path too long": "the path of the folder for temporary files is too long: set TMPDIR to a shorter one",
    "cannot read and write to its data directory": "the profile cannot be written",
}
LONGEST_START = 60.0  # seconds; a machine that is overrun needs 10
LONGEST_EXIT = 10.0  # seconds, for a browser that was asked to end
LONGEST_REMOVAL = 2.0  # seconds: the last of its processes may still write
STEP = 0.02  # seconds between two looks


@dataclass(frozen=True)
class Settings:
    """How a browser is started."""

    headless: bool = False
    profile: Path | None = None  # None: an empty one, which is removed at the end
    ignores_https_errors: bool = False


class Browser:
    """A browser that this program started, with a private folder for its log and, where none was named, its profile."""

    def __init__(self, folder: Path, profile: Path, process: subprocess.Popen[bytes], endpoint: str) -> None:
        self._folder = folder
        self._profile = profile
        self._process = process
        self.endpoint = endpoint  # ws://127.0.0.1:PORT/devtools/browser/ID
        write_active_port(profile, endpoint)  # others can attach, too

    @property
    def net_log(self) -> Path:
        """The NetLog that the browser writes; whole once it has ended."""
        return self._folder / NET_LOG

    async def close(self) -> bool:
        """Ask the browser to end, if it has not, and wait; False: it crashed, or had to be killed."""
        with suppress(RecordingError, CallError, TimeoutError):  # it ends already
            connection = await Connection.open(self.endpoint, lambda *_: None)
            await connection.call("Browser.close", timeout=LONGEST_EXIT)
            await connection.close()
        until = time.monotonic() + LONGEST_EXIT
        while self._process.poll() is None and time.monotonic() < until:
            await asyncio.sleep(STEP)
        return self.kill() == 0

    def kill(self) -> int:
        """End it now, where it has not ended; give its exit status."""
        if self._process.poll() is None:
            self._process.kill()
        return self._process.wait()

    def remove_files(self) -> None:
        """Remove its log and its temporary profile: they hold what the pages sent."""
        with suppress(OSError):
            (self._profile / ACTIVE_PORT).unlink()
        _remove(self._folder)


PREFIX = "har-sockets-"  # of private folders, and then the id of the recorder's process
NET_LOG, MESSAGES, BROWSER = "net-log.json", "messages.txt", "browser.pid"


async def launch(settings: Settings) -> Browser:
    """Start a browser and wait until it can be listened to. Raises RecordingError."""
    program = find_program()
    remove_leftovers(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # of this user alone
    try:
        return await _start(program, settings, folder)
    except BaseException:
        _remove(folder)
        raise


def _remove(folder: Path) -> None:
    until = time.monotonic() + LONGEST_REMOVAL
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what recorders that were killed left, which holds what pages sent; but not that of a running browser."""
    for messages in folder.glob(f"{PREFIX}*-*/{MESSAGES}"):  # no other folder of this name has them
        leftover = messages.parent
        browser = leftover / BROWSER
        with suppress(OSError, ValueError):  # another user's, or another program's
            pids = [int(leftover.name.removeprefix(PREFIX).partition("-")[0])]
            pids += [int(browser.read_text(encoding="ascii"))] if browser.exists() else []
            if not any(map(_is_running, pids)):
                shutil.rmtree(leftover, ignore_errors=True)


def _is_running(pid: int) -> bool:
    if os.name != "posix":  # signal 0 would end it on Windows
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


async def _start(program: str, settings: Settings, folder: Path) -> Browser:
    arguments = make_arguments(settings, folder, _find_port())
    if sys.platform == "linux" and os.geteuid() == 0:  # as in a container: Chromium does not start otherwise
        arguments.insert(0, NO_SANDBOX)
    messages = folder / MESSAGES
    with messages.open("wb") as stream:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own browser
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # Ctrl-C and a terminal that closes end the recording, and that the browser
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise RecordingError(f"{program}: does not start: {error.strerror}") from None
    try:
        (folder / BROWSER).write_text(str(process.pid), encoding="ascii")
        endpoint = await _wait_until_listening(program, process, messages)
        return Browser(folder, choose_profile(settings, folder), process, endpoint)
    except BaseException:
        if process.poll() is None:
            process.kill()
            process.wait()
        raise


async def _wait_until_listening(program: str, process: subprocess.Popen[bytes], messages: Path) -> str:
    """Wait for the address under which the browser listens."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        has_ended = process.poll() is not None
        text = messages.read_text(encoding="utf-8", errors="replace")
        listening = LISTENING.search(text)
        if listening is not None:
            return listening[1]
        if has_ended or DEFAULT_PROFILE in text:
            raise RecordingError(f"{program}: does not start: {explain(text)}")
        await asyncio.sleep(STEP)
    raise RecordingError(f"{program}: did not start within {LONGEST_START:.0f} s")


def choose_profile(settings: Settings, folder: Path) -> Path:
    """Choose the profile: the user's own, else one in the private folder."""
    return folder / "profile" if settings.profile is None else settings.profile.absolute()


def make_arguments(settings: Settings, folder: Path, port: int) -> list[str]:
    """List the arguments of the browser. None of them changes what pages do or see.

    The port is a free one, and not 0: with port 0 Chromium sets `navigator.webdriver`, and sites refuse to log in.
    """
    arguments = [
        f"--remote-debugging-port={port}",
        f"--user-data-dir={choose_profile(settings, folder)}",
        f"--log-net-log={folder / NET_LOG}",
        "--no-first-run",
        "--no-default-browser-check",
    ]
    if settings.profile is None:  # macOS and Linux would ask for the password of the key ring
        arguments += ["--password-store=basic", "--use-mock-keychain"]
    if settings.headless:
        arguments.append("--headless=new")
    if settings.ignores_https_errors:
        arguments.append("--ignore-certificate-errors")
    return [*arguments, "about:blank"]


def explain(messages: str) -> str:
    """Say why a browser did not start, by what it wrote: in our words where we know it, else its last line."""
    for sign, reason in REASONS.items():
        if sign in messages:
            return reason
    fatal = [line for line in messages.splitlines() if FATAL in line]
    lines = [LOG_PREFIX.sub("", line).strip() for line in fatal or messages.splitlines()]
    return next((line for line in reversed(lines) if line), "it ended immediately, without a message")


def find_program() -> str:
    """Find the browser to start. Raises RecordingError.

    CHROME_PATH comes first. Then Chrome and Chromium before Edge, and what the system has before what a test library
    downloaded for itself.
    """
    named = os.environ.get("CHROME_PATH")
    if named:
        program = shutil.which(named)
        if program is None:
            raise RecordingError(f"CHROME_PATH: {named}: there is no such program")
        return program
    program = next(list_programs(sys.platform, os.environ, Path.home()), None)
    if program is None:
        raise RecordingError(NO_BROWSER)
    return program


def list_programs(platform: str, environment: Mapping[str, str], home: Path) -> Iterator[str]:
    """List the browsers of this machine, the best first."""
    path = environment.get("PATH", "")
    yield from (program for name in ON_PATH if (program := shutil.which(name, path=path)))
    installed = [
        str(root / name) for name in PROGRAMS.get(platform, ()) for root in _roots(platform, environment, home)
    ]
    yield from filter(os.path.isfile, installed)
    yield from (program for name in EDGE_ON_PATH if (program := shutil.which(name, path=path)))
    cache = _playwright_cache(platform, environment, home)
    newest_first = (sorted(cache.glob(pattern), key=_build, reverse=True) for pattern in OF_PLAYWRIGHT)
    yield from (str(program) for programs in newest_first for program in programs if program.is_file())


def _roots(platform: str, environment: Mapping[str, str], home: Path) -> list[Path]:
    if platform == "darwin":
        return [Path("/Applications"), home / "Applications"]
    names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
    return [Path(environment[name]) for name in names if environment.get(name)]


def _playwright_cache(platform: str, environment: Mapping[str, str], home: Path) -> Path:
    """Where `playwright install` puts its browsers (https://playwright.dev/docs/browsers)."""
    if environment.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(environment["PLAYWRIGHT_BROWSERS_PATH"])
    caches = {"darwin": home / "Library" / "Caches", "win32": Path(environment.get("LOCALAPPDATA", home))}
    return caches.get(platform, home / ".cache") / "ms-playwright"


def _build(program: Path) -> int:
    """Read the number of a build from the folder of Playwright's: chromium-1187."""
    number = re.search(r"chromium-(\d+)", str(program))
    return int(number[1]) if number else 0


def _find_port() -> int:
    """Find a port that is free now. If another program takes it first, Chromium takes it on the other IP version."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
