"""A server of pages and WebSockets that keeps the truth: when each socket opened and closed, by its own clock.

Stdlib only, hand-made RFC 6455. A socket's URL says what the server does with it:
`/ws/NAME?close=MS&code=N` closes it, with `after=OTHER` so long after a socket of that name opened, `status=N` refuses
it, `delay=MS` answers late, `beat=MS` sends messages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import parse_qs, urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
TICK = 0.005  # seconds
LOG, FORGET = "/its-log", "/its-log/forget"


@dataclass
class Seen:
    """One socket as the server saw it; instants in epoch seconds."""

    name: str
    opened: float | None = None  # the 101 is being written
    closed: float | None = None  # a close frame or the end of the connection, whichever was first
    messages: int = 0  # from the browser: with one, it has opened the socket
    previous_look: float | None = (
        None  # when the server last saw that there was none: on a busy machine it sleeps meanwhile
    )
    status: int = 101

    @property
    def earliest_end(self) -> float | None:
        """When it may have closed at the earliest: the server's own note is late where others use the machine."""
        return self.closed if self.previous_look is None else self.previous_look


class SocketServer:
    """Serves `pages` (path -> HTML or JavaScript) and `/ws/NAME`, in a process of its own: a busy test does not blur
    what it sees."""

    def __init__(self, pages: dict[str, str]) -> None:
        self._pages = pages

    def __enter__(self) -> SocketServer:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(json.dumps(self._pages).encode() + b"\n")
        self._process.stdin.flush()
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def seen(self) -> list[Seen]:
        """The sockets since `forget`, in the order of their requests."""
        with urllib.request.urlopen(self.url(LOG)) as answer:
            return [Seen(**it) for it in json.load(answer)]

    async def wait_for(self, count: int) -> None:
        """Wait until so many sockets opened since `forget`: on a busy machine no sleep is long enough."""
        for _ in range(400):
            if sum(it.opened is not None for it in await asyncio.to_thread(self.seen)) >= count:
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{count} sockets were to open: {self.seen()}")

    def forget(self) -> None:
        urllib.request.urlopen(self.url(FORGET)).close()


class Serving:
    """What runs in that process."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.log: list[Seen] = []
        self.ticks = deque([time.time()], 3)  # two steps back: what came since may wait in the loop
        self.after: dict[str, list[Callable[[], object]]] = {}  # what begins when a socket of this name opens

    async def run(self) -> None:
        server = await asyncio.start_server(self._serve, "0.0.0.0", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        while True:
            await asyncio.sleep(TICK)
            self.ticks.append(time.time())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:])}
            if "upgrade" in headers:
                await self._socket(target, headers, reader, writer)
            else:
                self._page(urlsplit(target).path, writer)
        with suppress(ConnectionError, RuntimeError):
            writer.close()

    def _page(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path == FORGET:
            self.log = []
        body = json.dumps([asdict(seen) for seen in self.log]) if path in (LOG, FORGET) else self.pages.get(path)
        kind = "text/javascript" if path.endswith(".js") else "text/html"
        data = (body or "").encode()
        status = "404 Not Found" if body is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(data)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + data)

    async def _socket(
        self, target: str, headers: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        parts = urlsplit(target)
        options = {key: int(values[0]) for key, values in parse_qs(parts.query).items() if values[0].isdigit()}
        visited = Seen(parts.path.rpartition("/")[2], status=options.get("status", 101))
        self.log.append(visited)
        await asyncio.sleep(options.get("delay", 0) / 1000)
        if visited.status != 101:
            writer.write(f"HTTP/1.1 {visited.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        digest = hashlib.sha1((headers["sec-websocket-key"] + GUID).encode()).digest()
        accept = base64.b64encode(digest).decode()
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        visited.opened = time.time()  # before the answer: after it the browser may be quicker than this process
        writer.write(f"{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        await writer.drain()
        for close in self.after.pop(visited.name, ()):
            close()
        loop = asyncio.get_running_loop()
        if "beat" in options:
            beating = loop.create_task(self._beat(writer, options["beat"] / 1000))
        if "close" in options:
            payload = struct.pack("!H", options.get("code", 1000)) + b"bye"
            close = partial(loop.call_later, options["close"] / 1000, writer.write, frame(8, payload))
            if "after" in parts.query:
                self.after.setdefault(parse_qs(parts.query)["after"][0], []).append(close)
            else:
                close()
        try:
            await self._until_closed(visited, reader, writer)
        finally:
            visited.closed, visited.previous_look = time.time(), self.ticks[0]
            if "beat" in options:
                beating.cancel()

    async def _beat(self, writer: asyncio.StreamWriter, every: float) -> None:
        while True:
            writer.write(frame(1, b"beat"))
            await asyncio.sleep(every)

    async def _until_closed(self, visited: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Echo until a close frame or the end of the connection; a close frame is answered."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                first, second = await reader.readexactly(2)
                length = second & 0x7F
                if length > 125:
                    size = 2 if length == 126 else 8
                    length = int.from_bytes(await reader.readexactly(size))
                mask = await reader.readexactly(4)
                data = bytes(b ^ mask[n % 4] for n, b in enumerate(await reader.readexactly(length)))
                if first & 0x0F == 8:
                    writer.write(frame(8, data[:2]))
                    return
                if first & 0x0F in (1, 2):
                    visited.messages += 1
                    writer.write(frame(first & 0x0F, data))


def frame(opcode: int, data: bytes) -> bytes:
    """One unmasked frame (RFC 6455 section 5.2)."""
    length = len(data)
    size = bytes([length]) if length < 126 else bytes([126]) + length.to_bytes(2)
    return bytes([0x80 | opcode]) + size + data


if __name__ == "__main__":
    with suppress(OSError):  # not allowed to: then on a busy machine its clock is read late now and then
        os.nice(-10)
    asyncio.run(Serving(json.loads(sys.stdin.readline())).run())
