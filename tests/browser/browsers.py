"""Finding a browser for tests: skipped without one, unless REQUIRE_BROWSER=1 says that there must be one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import Any

import pytest

from analyzer.installation import install_hint
from analyzer.testing.browsers import BROWSERS, wrap_playwright

wrap_playwright(())  # so that each browser that is launched from now on has a port


class Late(AssertionError):  # noqa: N818 - what it says
    """An instant of another process lies outside of the bounds that were claimed, or a page came too late."""


# Only where instants that several processes noted are compared: on a machine that is overrun any of them is late now and
# then. Nothing else is tried again (tests/browser/test_retries.py), and what was is counted in the summary.
COMPARES_INSTANTS = pytest.mark.flaky(reruns=2, only_rerun=[Late.__name__])
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_endpoint(browser: Any) -> str:
    """The websocket of a Chromium that a test started with Playwright after `wrap_playwright`."""
    endpoint = next(running.endpoint for running in BROWSERS.running if running.handle == browser)
    assert endpoint is not None
    return endpoint


def chromium() -> str:
    """The path of a Chromium on this machine."""
    problem = None
    path = next((items for name in NAMES if (items := shutil.which(name))), None)
    if importlib.util.find_spec("playwright") is None:
        problem = f"playwright is not installed: {install_hint('playwright')}"
    elif path is None:
        problem = f"no browser: none of {', '.join(NAMES)} is on the path"
    if problem is not None and os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(problem)
    if problem is not None or path is None:
        pytest.skip(problem or "")
    return path
