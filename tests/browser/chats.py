"""Reports of the chats that docs/chats.py makes: the captures of the gallery, each analysed once."""

from __future__ import annotations

import io
from functools import cache

from analyzer.formats import read
from analyzer.model import Report
from analyzer.pipeline import analyze
from docs import chats
from tests.test_text import report, socket


@cache
def chat(sockets: int) -> Report:
    """The report of one capture."""
    return analyze(read(io.BytesIO(chats.chat(sockets)), source=f"chat-{sockets}.har"))


@cache
def suite(captures: int) -> tuple[Report, ...]:
    """The reports of many captures."""
    return tuple(analyze(read(io.BytesIO(data), source=name)) for name, data in chats.suite(captures))


@cache
def one_address(sockets: int) -> Report:
    """All sockets in one group of the timeline: a picture taller than a sheet of paper."""
    return report(*(socket(n, n + 0.5 + n % 7, lives=True, n=n) for n in range(sockets)))
