"""Listen to a browser in a thread of its own, so that a program that blocks delays nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from analyzer.recorder.document import Recorded
from analyzer.recorder.listener import Listener

T = TypeVar("T")


class ListenerThread:
    """A Listener to one browser, until `stop`. All of them share one thread, which ends with the program."""

    def __init__(self, endpoint: str) -> None:
        self._starting = _run(_start(endpoint))

    def wait(self) -> None:
        """Wait until nothing is missed any more. Raises RecordingError if the browser cannot be listened to."""
        self._starting.result()

    def stop(self) -> Recorded:
        """End the recording, and leave the browser as it is. Raises RecordingError, as `wait`."""
        return _run(self._starting.result().stop()).result()


async def _start(endpoint: str) -> Listener:
    listener = Listener()
    await listener.start(endpoint)
    return listener


def _run(steps: Coroutine[Any, Any, T]) -> Future[T]:
    return asyncio.run_coroutine_threadsafe(steps, _loop())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="har-sockets", daemon=True).start()
    return loop
