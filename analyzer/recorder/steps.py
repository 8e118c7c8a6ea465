"""Run the steps of a recording, which are the same for the sync and for the async API of Playwright.

A step gives what the API gives: a value in the sync API, an awaitable in the async one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from playwright.async_api import Error

Steps: TypeAlias = Generator[Any, Any, Any]


def run_sync(steps: Steps) -> Any:
    """Run steps of the sync API."""
    value = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration as end:
            return end.value


async def run_async(steps: Steps, longest: float | None = None) -> Any:
    """Run steps of the async API; `longest`: seconds for each. None where the caller's own code may block the loop."""
    proceed: Callable[[Any], Any] = steps.send
    value: Any = None
    while True:
        try:
            step = proceed(value)
        except StopIteration as end:
            return end.value
        try:
            proceed, value = steps.send, await asyncio.wait_for(step, longest)
        except TimeoutError:
            proceed, value = steps.throw, Error(f"no answer within {longest:.0f} s")
        except Error as problem:
            proceed, value = steps.throw, problem
