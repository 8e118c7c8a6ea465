"""Which captures of tests/captures a test goes through: the lab's are many of few shapes, so what costs leaves them out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

# Recorded for the lines of its console: no server kept a log beside it.
WITHOUT_TRUTH = ("har-sockets-console-of-stream.har",)


@cache
def of_the_lab(path: Path) -> bool:
    """Was it made by tests/lab to show how pages end? tests/test_lifetimes.py and tests/test_golden.py hold these."""
    stem = path.name.removesuffix(".zip").removesuffix(".har")
    truth = path.with_name(f"{stem}.truth.json")
    return truth.exists() and '"allowed"' in truth.read_text("utf-8")
