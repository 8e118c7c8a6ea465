"""Firefox by WebDriver BiDi, WebKit by WebDriver: the engines that Playwright cannot start from a system's packages.

Both skip a test where the machine lacks them (Debian: `firefox-esr`; `webkit2gtk-driver` and `xvfb`).
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WAIT = 0.3  # seconds until a page has painted
CENTER = (
    "(box => [box.left + box.width / 2, box.top + box.height / 2])(document.querySelector({}).getBoundingClientRect())"
)


def find_program(*names: str) -> str:
    """The path of a program; the test is skipped without one."""
    path = next(
        (path for name in names if (path := shutil.which(name) or (name if os.access(name, os.X_OK) else None))), None
    )
    if path is None:
        pytest.skip(f"none of {', '.join(names)} is on this machine")
    return path


@contextmanager
def run_program(arguments: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a program and all that it starts, until the block ends."""
    with subprocess.Popen(arguments, text=True, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)


class Firefox:
    """One tab of Firefox."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.numbers = socket, itertools.count(1)
        self.call("session.new", capabilities={})
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **parameters: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv(timeout=60))).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, path: Path, width: int, height: int) -> None:
        self.call("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": height})
        self.call("browsingContext.navigate", context=self.tab, url=path.as_uri(), wait="complete")
        time.sleep(WAIT)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or what a function returns."""
        code = f"JSON.stringify((value => typeof value === 'function' ? value() : value)({expression}))"
        answer = self.call("script.evaluate", expression=code, target={"context": self.tab}, awaitPromise=True)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def click(self, selector: str) -> None:
        x, y = self.evaluate(CENTER.format(json.dumps(selector)))
        steps = [{"type": "pointerMove", "x": round(x), "y": round(y)}, {"type": "pointerDown", "button": 0}]
        steps.append({"type": "pointerUp", "button": 0})
        self.call(
            "input.performActions", context=self.tab, actions=[{"type": "pointer", "id": "mouse", "actions": steps}]
        )
        time.sleep(WAIT)

    def take_picture(self) -> bytes:
        """The whole page as PNG."""
        return self._decode(self.call("browsingContext.captureScreenshot", context=self.tab, origin="document"))

    def print_page(self, width: float, height: float) -> bytes:
        """A PDF on paper of that size in millimeters."""
        size = {"width": width / 10, "height": height / 10}
        return self._decode(self.call("browsingContext.print", context=self.tab, background=True, page=size))

    @staticmethod
    def _decode(answer: Any) -> bytes:
        return base64.b64decode(answer["data"])


class WebKit:
    """One window of WebKit, as high as the page that it shows."""

    def __init__(self, address: str, program: str) -> None:
        self.address = address
        options = {"webkitgtk:browserOptions": {"binary": program, "args": ["--automation"]}}
        session = self.call("POST", "/session", capabilities={"alwaysMatch": options})
        self.address += f"/session/{session['sessionId']}"

    def call(self, method: str, path: str, **parameters: Any) -> Any:
        data = json.dumps(parameters).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path: Path, width: int, height: int) -> None:
        self.call("POST", "/window/rect", x=0, y=0, width=width, height=height)
        self.call("POST", "/url", url=path.as_uri())
        time.sleep(WAIT)

    def evaluate(self, expression: str) -> Any:
        script = f"return (value => typeof value === 'function' ? value() : value)({expression})"
        return self.call("POST", "/execute/sync", script=script, args=[])

    def click(self, selector: str) -> None:
        x, y = self.evaluate(CENTER.format(json.dumps(selector)))
        steps = [{"type": "pointerMove", "x": round(x), "y": round(y)}, {"type": "pointerDown", "button": 0}]
        steps.append({"type": "pointerUp", "button": 0})
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}
        self.call("POST", "/actions", actions=[mouse])
        time.sleep(WAIT)

    def take_picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.call("GET", "/screenshot"))

    def print_page(self, width: float, height: float) -> bytes:
        pytest.skip("WebKit's driver cannot print")


@contextmanager
def start_firefox(folder: Path) -> Iterator[Firefox]:
    client = pytest.importorskip("websockets.sync.client")
    program = find_program("firefox-esr", "firefox")
    arguments = [program, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0"]
    with run_program(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        address = next(match[0] for line in process.stderr or () if (match := re.search(r"ws://\S+", line)))
        with client.connect(f"{address}/session", max_size=None) as socket:
            yield Firefox(socket)


@contextmanager
def start_webkit(port: int) -> Iterator[WebKit]:
    driver, screen = find_program("WebKitWebDriver"), find_program("Xvfb")
    folders = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib")
    program = find_program(*(f"{folder}/webkit2gtk-4.1/MiniBrowser" for folder in folders))
    display = f":{port % 10_000}"
    with (
        run_program([screen, display, "-screen", "0", "1400x9000x24"], stderr=subprocess.DEVNULL),
        # As root, and in containers, its own sandbox cannot start; it opens our own files only.
        run_program(
            [driver, f"--port={port}"],
            env={**os.environ, "DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"},
        ),
    ):
        time.sleep(1)
        window = WebKit(f"http://127.0.0.1:{port}", program)
        try:
            yield window
        finally:
            window.call("DELETE", "")
