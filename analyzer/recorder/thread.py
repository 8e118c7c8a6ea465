"""Listen to a browser in a thread of its own, so that a program that blocks delays nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from analyzer.recorder.document import Recorded
from analyzer.recorder.listener import Listener

T = TypeVar("T")


class ListenerThread:
    """A Listener to one browser, from now until `stop`. All of them share one thread, which ends with the program.

    Raises RecordingError if the browser cannot be listened to.
    """

    def __init__(self, endpoint: str) -> None:
        self._listener = _run(_start(endpoint))

    def stop(self) -> Recorded:
        """End the recording, and leave the browser as it is."""
        return _run(self._listener.stop())


async def _start(endpoint: str) -> Listener:
    listener = Listener()
    await listener.start(endpoint)
    return listener


def _run(steps: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(steps, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="har-sockets", daemon=True).start()
    return loop
