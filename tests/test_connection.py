"""The connection to a browser, against a server that takes its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from analyzer.recorder.connection import CallError, Connection, Receive, decode_params

Talk = Callable[[ServerConnection], Awaitable[None]]


async def answer(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(json.dumps({"id": json.loads(message)["id"], "result": {"product": "Chrome/156"}}))


async def leave(socket: ServerConnection) -> None:
    await socket.recv()
    await socket.close()


def report(*messages: bytes) -> Talk:
    """A browser that reports these before it answers."""

    async def talk(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(message, text=True)
        await answer(socket)

    return talk


def connected(talk: Talk, steps: Callable[[Connection], Awaitable[None]], receive: Receive = lambda *_: None) -> None:
    async def run() -> None:
        async with serve(talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await steps(await Connection.open(f"ws://127.0.0.1:{port}", receive))

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


@pytest.mark.parametrize("text", [rb"\ud800", rb"x\udc00", rb"\ud800 and more", rb"\ud83d\ude00"])
def test_half_a_surrogate_pair_in_an_event_ends_no_recording(text: bytes) -> None:
    """A page that wrote one to its console ended the recording, as if the browser had gone away."""
    texts = []

    async def steps(connection: Connection) -> None:
        assert await connection.call("Browser.getVersion") == {"product": "Chrome/156"}
        assert not connection.gone.is_set()
        await connection.close()

    connected(
        report(b'{"method":"Runtime.consoleAPICalled","params":{"text":"' + text + b'"}}'),
        steps,
        lambda _session, _method, params: texts.append(decode_params(params)["text"]),
    )
    assert texts == [json.loads(b'"' + text + b'"').encode("utf-16", "surrogatepass").decode("utf-16", "replace")]


@pytest.mark.parametrize("message", [b"hello", b'{"id":null}', b"[1]", b'{"method":"x","params":'])
def test_what_is_not_of_the_protocol_ends_the_connection(message: bytes) -> None:
    async def steps(connection: Connection) -> None:
        with pytest.raises(CallError):
            await connection.call("Browser.getVersion")
        await connection.close()
        assert connection.gone.is_set()

    connected(report(message), steps)


def test_a_fault_of_the_recorder_is_no_end_of_the_browser() -> None:
    """It vanished, and the recording was said to be cut short by the browser."""

    def receive(_session: str, _method: str, _params: msgspec.Raw) -> None:
        raise LookupError("a fault")

    async def steps(connection: Connection) -> None:
        await asyncio.wait_for(connection.gone.wait(), 5)
        with pytest.raises(LookupError):
            await connection.close()

    connected(report(b'{"method":"Target.targetCreated","params":{}}'), steps, receive)
