"""For tests: recordings of a browser's sockets, and a verdict on any HAR.

    from analyzer.testing import assert_sockets
    assert_sockets("chat.har", per="user", max_open=1)

In conftest.py, for every test that uses a browser of Playwright (docs/recording.md):

    from analyzer.testing import check_every_test
    sockets_of_every_test = check_every_test(max_open=1)

Imported on first use: the pytest plugin is loaded by every run of pytest, also of projects that use none of this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.testing.fixture import SocketRecording, check_every_test
    from analyzer.testing.verdict import assert_sockets

_HOMES = {
    "assert_sockets": "analyzer.testing.verdict",
    "check_every_test": "analyzer.testing.fixture",
    "SocketRecording": "analyzer.testing.fixture",
}

__all__ = ["SocketRecording", "assert_sockets", "check_every_test"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
