"""The connection to a browser, against a server that takes its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve

from analyzer.recorder.connection import CallError, Connection

Talk = Callable[[ServerConnection], Awaitable[None]]


async def answer(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(json.dumps({"id": json.loads(message)["id"], "result": {"product": "Chrome/156"}}))


async def leave(socket: ServerConnection) -> None:
    await socket.recv()
    await socket.close()


def connected(talk: Talk, steps: Callable[[Connection], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serve(talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await steps(await Connection.open(f"ws://127.0.0.1:{port}", lambda *_: None))

    asyncio.run(run())


def test_a_connection_that_we_close_is_no_sign_that_the_browser_went_away() -> None:
    """`record` waited ten seconds for the end of a browser that it had not asked to end."""

    async def steps(connection: Connection) -> None:
        assert await connection.call("Browser.getVersion") == {"product": "Chrome/156"}
        await connection.close()
        assert not connection.gone.is_set()
        with pytest.raises(CallError):
            await connection.call("Browser.getVersion")

    connected(answer, steps)


def test_a_browser_that_went_away_is_gone_and_answers_no_call() -> None:
    async def steps(connection: Connection) -> None:
        with pytest.raises(CallError):
            await connection.call("Browser.getVersion")
        await asyncio.wait_for(connection.gone.wait(), 5)
        await connection.close()
        assert connection.gone.is_set()

    connected(leave, steps)
