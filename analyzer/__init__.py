"""Find overlapping WebSocket connections in HAR files: which sockets were open, when, and how certain that is.

    from analyzer import load, sessions_frame
    report = load("chat.har")
    print(report.verdict, sessions_frame(report))

The heavy names (pandas, haralyzer, matplotlib) are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from analyzer import views

if TYPE_CHECKING:
    from analyzer.dataframes import captures_frame, findings_frame, messages_frame, overlaps_frame, sessions_frame
    from analyzer.formats import read
    from analyzer.formats.har.haralyzer_view import haralyzer_entry, haralyzer_har
    from analyzer.loading import load
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
    from analyzer.pipeline import analyze

    __version__: str

_HOMES = {
    "analyzer.loading": "load",
    "analyzer.model": "Capture CaptureError Finding Overlap Policy Report Run Session Verdict",
    "analyzer.dataframes": "captures_frame findings_frame messages_frame overlaps_frame sessions_frame",
    "analyzer.pipeline": "analyze",
    "analyzer.formats": "read",
    "analyzer.formats.har.haralyzer_view": "haralyzer_entry haralyzer_har",
}

__all__ = [  # noqa: RUF022 - in the order in which one meets them
    "load",
    "read",
    "analyze",
    "Policy",
    "Report",
    "Run",
    "Verdict",
    "Session",
    "Overlap",
    "Finding",
    "Capture",
    "CaptureError",
    "captures_frame",
    "sessions_frame",
    "overlaps_frame",
    "findings_frame",
    "messages_frame",
    "haralyzer_entry",
    "haralyzer_har",
]

views.register(lambda: cast(views.Views, import_module("analyzer.notebook")))


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("analyzer.version").VERSION
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__", *(name for name in globals() if name.startswith("__"))]
