"""A Chromium that tests start, and a second client beside the recorder: it does what a user would, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from analyzer.recorder.connection import Connection


class Chrome:
    """A Chromium with its log, and a second client beside the recorder, which does what a user would."""

    def __init__(self, folder: Path, executable: str) -> None:
        self.netlog = folder / "net.json"
        self._port = folder / "profile" / "DevToolsActivePort"
        arguments = ("--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0")
        folders = (f"--user-data-dir={folder / 'profile'}", f"--log-net-log={self.netlog}")
        self.process = subprocess.Popen(
            [executable, *arguments, *folders, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def find_endpoint(self) -> str:
        while not (self._port.exists() and self._port.read_text().count("\n")):
            await asyncio.sleep(0.05)
        port, path = self._port.read_text().split()
        return f"ws://127.0.0.1:{port}{path}"

    async def drive(self, endpoint: str) -> None:
        self.connection = await Connection.open(endpoint, lambda *_: None)

    async def open(self, url: str, **options: str) -> tuple[str, str]:
        """A new tab, and a session with it. It begins empty, as users' and drivers' tabs do."""
        tab = (await self.connection.call("Target.createTarget", url="about:blank", **options))["targetId"]
        answer = await self.connection.call("Target.attachToTarget", targetId=tab, flatten=True)
        await self.connection.call("Page.navigate", answer["sessionId"], url=url)
        await asyncio.sleep(0.8)
        return tab, answer["sessionId"]

    async def run(self, session: str, script: str) -> None:
        with suppress(Exception):  # its page may go meanwhile
            await self.connection.call("Runtime.evaluate", session, 5.0, expression=script, userGesture=True)
        await asyncio.sleep(0.8)

    async def close(self, tab: str) -> None:
        await self.connection.call("Target.closeTarget", targetId=tab)
        await asyncio.sleep(0.8)

    def list_processes(self) -> dict[int, str]:
        """The processes of this browser, by id."""
        commands = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                command = Path(f"/proc/{entry}/cmdline").read_text()
                if os.getsid(int(entry)) == self.process.pid and command:
                    commands[int(entry)] = command
        return commands

    def kill(self, kind: str) -> None:
        for id, command in self.list_processes().items():
            if kind in command:
                os.kill(id, signal.SIGKILL)

    async def wait_for_end(self) -> None:
        """The process that writes the log may outlive the browser."""
        for _ in range(200):
            if self.process.poll() is not None and not self.list_processes():
                return
            await asyncio.sleep(0.05)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
