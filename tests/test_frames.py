"""pandas DataFrames."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

from analyzer import Policy, Run, analyze, overlaps_frame, read, sessions_frame
from analyzer.outputs.document import columns

CAPTURES = Path(__file__).parent / "captures"
INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")


@pytest.mark.parametrize("name", ["chrome-S2-overuse", "webkit-D", "firefox-D"])
def test_sessions_have_the_columns_of_the_csv_and_timezone_aware_instants(name: str) -> None:
    report = analyze(read(CAPTURES / f"{name}.har"))
    frame = sessions_frame(report)
    assert list(frame.columns) == columns()
    assert len(frame) == len(report.sessions)
    dated = [column for column in frame.columns if column.endswith(INSTANTS)]
    assert len(dated) == 12
    assert {str(frame[column].dtype) for column in dated} == {"datetime64[us, UTC]"}


def test_instants_are_exact_to_the_microsecond() -> None:
    report = analyze(read(CAPTURES / "chrome-S2-overuse.har"))
    first = sessions_frame(report)["opened_latest"][0]
    assert report.sessions[0].opened is not None
    assert int(first.timestamp() * 1e6 + 0.5) == report.sessions[0].opened.latest


def test_overlaps_of_a_run_name_their_capture() -> None:
    names = ["chrome-S2-overuse", "chrome-20-storm", "chrome-S6-strict-manual"]
    run = Run(tuple(analyze(read(CAPTURES / f"{name}.har", source=name)) for name in names), (), Policy())
    frame = overlaps_frame(run)
    assert list(frame["source"]) == ["chrome-S2-overuse", "chrome-S6-strict-manual"]
    assert list(frame["peak"]) == [4, 2]
    assert isinstance(frame["start"].dtype, pandas.DatetimeTZDtype)
