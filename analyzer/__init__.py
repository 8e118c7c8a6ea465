"""WebSockets in a HAR: who was open when, every overlap, and how sure that is.

    from analyzer import read, analyze, sessions_frame
    report = analyze(read("chat.har"))
    print(report.verdict, sessions_frame(report))

The heavy names (pandas, haralyzer) are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.model import (
        Capture,
        CaptureError,
        Finding,
        Overlap,
        Policy,
        Report,
        Run,
        Session,
        Verdict,
    )
    from analyzer.outputs.frames import overlaps_frame, sessions_frame
    from analyzer.pipeline import analyze
    from analyzer.readers import read
    from analyzer.readers.entry_view import haralyzer_entry, haralyzer_har

_HOMES = {
    "analyzer.model": "Capture CaptureError Finding Overlap Policy Report Run Session Verdict",
    "analyzer.outputs.frames": "overlaps_frame sessions_frame",
    "analyzer.pipeline": "analyze",
    "analyzer.readers": "read",
    "analyzer.readers.entry_view": "haralyzer_entry haralyzer_har",
}

__all__ = [  # noqa: RUF022 - in the order in which one meets them
    "read",
    "analyze",
    "Capture",
    "Report",
    "Run",
    "Session",
    "Overlap",
    "Finding",
    "Verdict",
    "Policy",
    "CaptureError",
    "sessions_frame",
    "overlaps_frame",
    "haralyzer_entry",
    "haralyzer_har",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
