"""Fixtures that make captures and times short to write."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from analyzer.formats import read
from analyzer.model import Capture, Policy, Report
from analyzer.pipeline import analyze

pytest.register_assert_rewrite("tests.documents")  # its assertions say what differs

settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.register_profile("long", settings.get_profile("suite"), max_examples=3000)  # `make fuzz`
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


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
    """Each retry and its miss: a test that passed at its second try says so."""
    retries = terminalreporter.stats.get("rerun", [])
    if retries:
        tests = len({report.nodeid for report in retries})
        terminalreporter.write_line(f"{tests} {'test was' if tests == 1 else 'tests were'} retried:", yellow=True)
    for report in retries:
        miss = [line.removeprefix("E").strip() for line in report.longreprtext.splitlines() if line.startswith("E  ")]
        terminalreporter.write_line(f"  {report.nodeid}: {' '.join(miss)[:300]}", yellow=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write the golden answers anew")
