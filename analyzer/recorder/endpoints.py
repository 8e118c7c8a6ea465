"""Find the websocket under which a running browser can be listened to: `auto`, a port, or an address.

A browser that was started with `--remote-debugging-port` lists itself at `/json/version`. One whose user allowed it at
chrome://inspect/#remote-debugging (Chrome 144 and later) answers with 404, takes any path below BROWSER_PATH, and asks
its user for each connection (tried with Chromium 156). So nothing here connects: that is for the listener, once.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from analyzer.recorder.errors import RecordingError

AUTO = "auto"
ACTIVE_PORT = "DevToolsActivePort"  # in a profile: the port, and the path of the browser's websocket
USUAL_PORT = 9222  # what people and manuals write behind --remote-debugging-port
BROWSER_PATH = "/devtools/browser/"
OK, NOT_FOUND = 200, 404  # HTTP
LARGEST_ANSWER = 1 << 20  # bytes
LONGEST_ANSWER = 5.0  # seconds, of a browser on this machine or a near one
PROFILES = {  # by platform: the folders of profiles below the folder of settings, each with the name of its browser
    "linux": {
        "google-chrome": "Chrome",
        "chromium": "Chromium",
        "microsoft-edge": "Edge",
        "google-chrome-beta": "Chrome Beta",
        "google-chrome-unstable": "Chrome Dev",
        "google-chrome-canary": "Chrome Canary",
        "microsoft-edge-beta": "Edge Beta",
        "microsoft-edge-dev": "Edge Dev",
    },
    "darwin": {
        "Google/Chrome": "Chrome",
        "Chromium": "Chromium",
        "Microsoft Edge": "Edge",
        "Google/Chrome Beta": "Chrome Beta",
        "Google/Chrome Dev": "Chrome Dev",
        "Google/Chrome Canary": "Chrome Canary",
        "Microsoft Edge Beta": "Edge Beta",
        "Microsoft Edge Dev": "Edge Dev",
    },
    "win32": {
        "Google/Chrome/User Data": "Chrome",
        "Chromium/User Data": "Chromium",
        "Microsoft/Edge/User Data": "Edge",
        "Google/Chrome Beta/User Data": "Chrome Beta",
        "Google/Chrome Dev/User Data": "Chrome Dev",
        "Google/Chrome SxS/User Data": "Chrome Canary",
        "Microsoft/Edge Beta/User Data": "Edge Beta",
        "Microsoft/Edge Dev/User Data": "Edge Dev",
    },
}
BOXED = {  # below the home folder, of browsers that Linux runs in a box (Snap, Flatpak)
    "snap/chromium/common/chromium": "Chromium",
    ".var/app/com.google.Chrome/config/google-chrome": "Chrome",
    ".var/app/org.chromium.Chromium/config/chromium": "Chromium",
    ".var/app/com.microsoft.Edge/config/microsoft-edge": "Edge",
}
SWITCH_ON = (
    "open chrome://inspect/#remote-debugging in it (Chrome 144 or later) and allow remote debugging; or start it with "
    "--remote-debugging-port=9222 --user-data-dir=FOLDER (without a folder of its own, Chrome 136 and later ignore the "
    "port)"
)
NOT_A_PORT = "give auto, a port, or an address such as http://127.0.0.1:9222"


@dataclass(frozen=True)
class Endpoint:
    """The websocket of a running browser."""

    url: str  # ws://HOST:PORT/devtools/browser/ID
    name: str  # of the browser, as its user knows it
    asks: bool = False  # its user, who has to allow the connection in its window
    others: tuple[str, ...] = ()  # browsers that could be meant, too


def find_endpoint(attach: str) -> Endpoint:
    """Find the browser that `--attach` means. Raises RecordingError."""
    text = attach.strip()
    if text.lower() == AUTO:
        return _find_running()
    if text.isascii() and text.isdigit():
        if not 0 < int(text) < 65536:
            raise RecordingError(f"--attach {text}: there is no such port: {NOT_A_PORT}")
        return _at_address("127.0.0.1", int(text))
    address = text if "://" in text else f"http://{text}"  # chromedriver names its browser localhost:PORT
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("http", "https", "ws", "wss") or ("://" not in text and port is None):
        raise RecordingError(f"--attach {text}: {NOT_A_PORT}")
    if "/devtools/page/" in parts.path:
        raise RecordingError(f"--attach {text}: this is one page: give the address of the browser ({BROWSER_PATH}...)")
    if parts.scheme in ("ws", "wss") and parts.path.strip("/"):
        return Endpoint(address, "the browser")
    secure = parts.scheme in ("https", "wss")
    return _at_address(host, port or (443 if secure else 80), secure)


def _find_running() -> Endpoint:
    """Find the browser that was allowed to be listened to last, by the usual profiles; else by the usual port."""
    answering = [
        (endpoint, (folder / ACTIVE_PORT).stat().st_mtime_ns)
        for folder, name in list_profiles(sys.platform, os.environ, Path.home())
        if (active := read_active_port(folder)) is not None and (endpoint := _check_active(active, name)) is not None
    ]
    if answering:
        newest, *others = [endpoint for endpoint, _ in sorted(answering, key=lambda pair: pair[1], reverse=True)]
        return replace(newest, others=tuple(it.name for it in others))
    try:
        return _at_address("127.0.0.1", USUAL_PORT)
    except RecordingError:
        raise RecordingError(f"no running browser lets others listen. To allow it, {SWITCH_ON}") from None


def _at_address(host: str, port: int, secure: bool = False) -> Endpoint:
    """Ask at an address which browser is there."""
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    try:
        status, answer = _ask(host, port, secure)
    except ConnectionError:
        raise RecordingError(f"{place}: nothing listens there. To let a browser listen, {SWITCH_ON}") from None
    except (OSError, HTTPException) as problem:
        raise RecordingError(f"{place}: gives no answer: {problem or type(problem).__name__}") from None
    asks = status == NOT_FOUND
    if answer is None and not asks:
        raise RecordingError(f"{place}: what answers there is no Chrome, Chromium, Edge or Electron")
    # The browser names itself by the address at which it was asked; through a tunnel that is another one.
    path = BROWSER_PATH if answer is None else urlsplit(answer["webSocketDebuggerUrl"]).path
    name = "the browser" if answer is None else str(answer.get("Browser", "the browser"))
    return Endpoint(f"{'wss' if secure else 'ws'}://{place}{path}", name, asks)


def _check_active(active: tuple[int, str], name: str) -> Endpoint | None:
    """Check that a browser still listens where its profile says: a browser that crashed leaves the file."""
    port, path = active
    try:
        endpoint = _at_address("127.0.0.1", port)
    except RecordingError:
        return None
    if endpoint.asks or urlsplit(endpoint.url).path == path:
        return replace(endpoint, url=f"ws://127.0.0.1:{port}{path}", name=name)
    return None  # another browser took the port


def _ask(host: str, port: int, secure: bool) -> tuple[int, dict[str, str] | None]:
    """Read /json/version: the HTTP status, and what a browser says of itself.

    The host is asked by its number: Chromium answers to no other name than localhost.
    """
    number = host if secure else socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    connection = (HTTPSConnection if secure else HTTPConnection)(str(number), port, timeout=LONGEST_ANSWER)
    try:
        connection.request("GET", "/json/version")
        response = connection.getresponse()
        answer = json.loads(response.read(LARGEST_ANSWER)) if response.status == OK else None
    except ValueError:  # no JSON
        return OK, None
    finally:
        connection.close()
    is_browser = isinstance(answer, dict) and isinstance(answer.get("webSocketDebuggerUrl"), str)
    return response.status, answer if is_browser else None


def read_active_port(profile: Path) -> tuple[int, str] | None:
    """Read the port and the path of the browser's websocket from its profile; None where there are none."""
    try:
        port, path = (profile / ACTIVE_PORT).read_text(encoding="ascii").split("\n")[:2]
        return (int(port), path) if path.startswith(BROWSER_PATH) else None
    except (OSError, ValueError):
        return None


def write_active_port(profile: Path, endpoint: str) -> None:
    """Write that file, which Chromium writes only where it chose the port itself: others find the browser by it."""
    parts = urlsplit(endpoint)
    (profile / ACTIVE_PORT).write_text(f"{parts.port}\n{parts.path}", encoding="ascii")


def list_profiles(platform: str, environment: Mapping[str, str], home: Path) -> Iterable[tuple[Path, str]]:
    """List the folders in which browsers keep their profiles, with the name of the browser.

    After chromium's docs/user_data_dir.md.
    """
    if platform == "darwin":
        root = home / "Library" / "Application Support"
    elif platform == "win32":
        root = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        settings = environment.get("CHROME_CONFIG_HOME") or environment.get("XDG_CONFIG_HOME")
        root = Path(settings) if settings else home / ".config"
    usual = [(root / folder, name) for folder, name in PROFILES.get(platform, PROFILES["linux"]).items()]
    return [*usual, *((home / folder, name) for folder, name in BOXED.items() if platform == "linux")]
