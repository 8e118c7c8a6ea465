"""The same recording for pytest-playwright-asyncio; registered by the plugin where that is installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from analyzer.recorder.playwright import LONGEST_CALL, Listener
from analyzer.recorder.steps import run_async
from analyzer.testing.fixture import SocketRecording, keep


@pytest_asyncio.fixture(loop_scope="session")  # type: ignore[untyped-decorator]  # the scope of Playwright's fixtures
async def async_socket_recording(request: pytest.FixtureRequest, context: Any) -> AsyncIterator[SocketRecording]:
    """The sockets of this test's context: recorded from here on, until the test ends."""
    loop = asyncio.get_running_loop()
    listener = Listener(context)
    await run_async(listener.start())
    recordings = keep(request.node, lambda: loop.run_until_complete(run_async(listener.stop(), LONGEST_CALL)))
    recording = next(recordings)
    yield recording
    if not recording.stopped:  # the test never ran, so nobody stopped it from outside of the loop
        await run_async(listener.stop())
