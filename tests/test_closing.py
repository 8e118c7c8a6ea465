"""A socket that was asked to close counts as open until the other side answers, in every format (decision 3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lifetimes import SLACK_MS, contradictions, match

from analyzer.formats import read
from analyzer.merge import merge
from analyzer.model import Verdict
from analyzer.pipeline import analyze

CLOSING = Path(__file__).parent / "closing"
ANSWERED_MS = (
    100.0  # by which a format may see the answer earlier than the page: the page is busy, or a proxy is between
)
SEES_CLOSES = (".cdp.json", ".netlog.json", ".perflog.json", ".trace.json")
PROXY = ".mitm"  # answers itself: the page may learn of that half a second later
UNDATED = ".trace.json"  # has the wall clock of the HAR beside it
FORMATS = (".har", PROXY, *SEES_CLOSES)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("run", ["slow", "hosts"])
def test_closing_counts_as_open_until_it_is_answered(run: str, format: str) -> None:
    captures = [read(CLOSING / f"{run}{it}.gz") for it in ((".har", format) if format == UNDATED else (format,))]
    report = analyze(merge(captures) if len(captures) > 1 else captures[0])
    truth = json.loads((CLOSING / f"{run}{format}.truth.json").read_text("utf-8"))
    pairs = [(it, socket) for it, socket in match(report.sessions, truth) if socket["close_called_ms"] is not None]
    assert len(pairs) == sum(socket["close_called_ms"] is not None for socket in truth["sockets"]) > 0
    for session, socket in pairs:
        called, answered = socket["close_called_ms"], socket["client_close_ms"]
        assert called < answered
        assert session.possible is not None
        possible_end = session.possible.end
        assert possible_end is None or possible_end / 1000 >= (called if format == PROXY else answered) - SLACK_MS
        if format in SEES_CLOSES:
            assert session.proven is not None and session.proven.end is not None
            assert answered - ANSWERED_MS <= session.proven.end / 1000 <= answered + SLACK_MS
    if format in SEES_CLOSES:
        assert report.verdict is Verdict.OVERLAP
    assert not contradictions(report, truth)
