"""Fixtures that make captures and times short to write."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from analyzer.formats import read
from analyzer.model import Capture, Policy, Report
from analyzer.pipeline import analyze

pytest.register_assert_rewrite("tests.documents")  # its assertions say what differs

settings.register_profile(
    "suite",
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("long", settings.get_profile("suite"), max_examples=6000)  # `make fuzz`
settings.register_profile("quick", settings.get_profile("suite"), max_examples=25)  # `make test`


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    yield from without_playwrights_loop(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield from without_playwrights_loop(item)


def without_playwrights_loop(item: pytest.Item) -> Iterator[None]:
    """Run a test that has no browser of Playwright's. Its sync API leaves its own event loop as the running one of the
    thread for as long as there is a browser, and no other loop can be run then."""
    loop = asyncio._get_running_loop()
    if "browser" in getattr(item, "fixturenames", ()) or loop is None:
        yield
        return
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def captures() -> Path:
    """The golden captures: real exports, each beside the truth about its sockets."""
    return Path(__file__).parent / "captures"


@pytest.fixture(scope="session")
def reading() -> Callable[[Any], Capture]:
    """Bytes, or a document to be written as JSON -> Capture."""

    def do(content: Any) -> Capture:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return read(io.BytesIO(data), "test.har")

    return do


@pytest.fixture(scope="session")
def report(reading: Callable[[Any], Capture]) -> Callable[..., Report]:
    """Bytes, or a document to be written as JSON -> Report."""
    return lambda content, **policy: analyze(reading(content), Policy(**policy))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Each retry and its miss: a test that passed at its second try says so. On GitHub also in the summary of the job."""
    retries = terminalreporter.stats.get("rerun", [])
    tests = len({report.nodeid for report in retries})
    lines = [f"{tests} {'test was' if tests == 1 else 'tests were'} retried{':' if tests else ''}"]
    for report in retries:
        miss = [line.removeprefix("E").strip() for line in report.longreprtext.splitlines() if line.startswith("E  ")]
        lines.append(f"  {report.nodeid}: {' '.join(miss)[:300]}")
    if tests or "CI" in os.environ:
        for line in lines:
            terminalreporter.write_line(line, yellow=bool(tests))
    if "GITHUB_STEP_SUMMARY" in os.environ:
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write("\n".join([lines[0], *(f"- `{line.strip()}`" for line in lines[1:])]) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """How many documents the property tests try."""
    is_quick = config.option.markexpr == "not slow"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick" if is_quick else "suite"))


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is slow
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the rows of a test with the mark `spread(n)`: one in n stays in `make test`, the others are slow.

    Which one depends on its own name alone: a row more moves no other.
    """
    for item in items:
        mark = item.get_closest_marker("spread")
        if mark is not None and zlib.crc32(item.name.encode()) % mark.args[0]:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """The collector of garbage looks no more through what stays: 9,000 tests, and all that their modules hold."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write the golden answers anew")
