"""One connection to a browser, by the Chrome DevTools Protocol: calls with their answers, and events as they come.

Flat sessions: each message names the session of the target that it is from. What is sent goes out in the order of the
calls, and what comes in is handed on in its order, answers and events alike.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from analyzer.formats.har.writer import Json
from analyzer.recorder.errors import RecordingError

OPENING = 15.0  # seconds for the handshake: a browser that is starting on a busy machine answers late
FORBIDDEN = 403  # Chrome's answer where its user, who was asked, does not allow the connection
LONGEST_QUEUE = 1 << 10  # messages that wait to be handed on; the browser waits when there are more


class Answer(msgspec.Struct):
    """The browser's answer to a call that it refused."""

    message: str = ""


class Message(msgspec.Struct):
    """One message of the protocol. What an event holds is decoded by who needs it."""

    id: int = 0
    method: str = ""
    session: str = msgspec.field(name="sessionId", default="")
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: Answer | None = None


class CallError(Exception):
    """The browser refused a call, or went away before it answered."""


Receive: TypeAlias = Callable[[str, str, msgspec.Raw], None]  # session, method, params
_decode = msgspec.json.Decoder(Message).decode


def decode_params(raw: msgspec.Raw) -> Json:
    """Decode what an event or an answer holds."""
    return msgspec.json.decode(raw)  # type: ignore[no-any-return]


def decode_message(raw: bytes) -> Message:
    """Decode a message. Pages can put lone surrogates into it, which only `json` takes and no file can hold: U+FFFD
    takes their place. Raises CallError for what is not of the protocol."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        whole = _replace_surrogates(json.loads(raw.decode("utf-8", "replace")))
        return _decode(msgspec.json.encode(whole))
    except (ValueError, msgspec.DecodeError):
        raise CallError("what answers does not speak the DevTools protocol") from None


def _replace_surrogates(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case list():
            return [_replace_surrogates(item) for item in value]
        case dict():
            return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return value


class Connection:
    """One websocket to a browser. Make it with `Connection.open`."""

    def __init__(self, socket: ClientConnection, receive: Receive) -> None:
        self.gone = asyncio.Event()  # the browser ended, or closed the connection
        self._is_closed = False  # by us
        self._socket = socket
        self._receive = receive
        self._calls = 0
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())]

    @classmethod
    async def open(cls, endpoint: str, receive: Receive, opening: float = OPENING) -> Connection:
        """Connect to `ws://.../devtools/browser/...`, within `opening` seconds. Raises RecordingError."""
        try:
            socket = await connect(
                endpoint,
                compression=None,
                max_size=None,  # a message of a page may be of any size
                max_queue=LONGEST_QUEUE,
                ping_interval=None,  # browsers do not answer pings while they are busy
                open_timeout=opening,
                proxy=None,
            )
        except InvalidStatus as refusal:
            status = refusal.response.status_code
            if status == FORBIDDEN:
                raise RecordingError("the connection was not allowed in the window of the browser") from None
            raise RecordingError(f"no browser takes connections at {endpoint}: status {status}") from None
        except (OSError, TimeoutError, WebSocketException, ValueError) as problem:
            reason = str(problem) or f"no answer within {opening:.0f} s"
            raise RecordingError(f"the browser cannot be reached at {endpoint}: {reason}") from None
        return cls(socket, receive)

    def send(self, method: str, session: str = "", **params: Any) -> asyncio.Future[Json]:
        """Send a call; the future has its result. That nobody waits for a failure is no fault: targets go."""
        self._calls += 1
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_retrieve)
        if self.gone.is_set() or self._is_closed:
            answer.set_exception(CallError("the browser is gone"))
            return answer
        self._waiting[self._calls] = answer
        message = {"id": self._calls, "method": method, "params": params}
        self._outgoing.put_nowait(msgspec.json.encode({**message, "sessionId": session} if session else message))
        return answer

    async def call(self, method: str, session: str = "", timeout: float | None = None, **params: Any) -> Json:
        """Send a call and give its result. Raises CallError, and TimeoutError after `timeout` seconds."""
        return await asyncio.wait_for(self.send(method, session, **params), timeout)

    async def close(self) -> None:
        """Leave the browser as it is. Raises what `receive` raised, which ended the reading: a fault of this program,
        and no end of the browser."""
        self._is_closed = True
        await self._socket.close()
        for task in self._tasks:
            task.cancel()
        for problem in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(problem, Exception):
                raise problem

    async def _read(self) -> None:
        try:
            while True:
                self._take(decode_message(await self._socket.recv(decode=False)))
        except (WebSocketException, CallError):
            pass
        finally:
            if not self._is_closed:
                self.gone.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(CallError("the browser is gone"))
            self._waiting.clear()

    def _take(self, message: Message) -> None:
        if message.method:
            self._receive(message.session, message.method, message.params)
            return
        answer = self._waiting.pop(message.id, None)
        if answer is None or answer.done():
            return
        if message.error is not None:
            answer.set_exception(CallError(message.error.message))
        else:
            answer.set_result(decode_params(message.result))

    async def _write(self) -> None:
        while True:
            try:
                await self._socket.send(await self._outgoing.get(), text=True)
            except WebSocketException:
                return


def _retrieve(answer: asyncio.Future[Json]) -> None:
    if not answer.cancelled():
        answer.exception()
