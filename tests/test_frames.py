"""pandas DataFrames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest

from analyzer import (
    Policy,
    Run,
    analyze,
    captures_frame,
    findings_frame,
    load,
    messages_frame,
    overlaps_frame,
    read,
    sessions_frame,
)
from analyzer.outputs.document import columns
from tests.test_canaries import HARS, leaks

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


@pytest.fixture(scope="module")
def whole() -> Run:
    names = ["chrome-S2-overuse", "chrome-08-refresh3", "firefox-A", "chrome-10-failed", "playwright-1.60-A"]
    return load([(CAPTURES / f"{name}.har") for name in names])


FRAMES = [captures_frame, sessions_frame, overlaps_frame, findings_frame, messages_frame]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda it: it.__name__)
def test_a_frame_has_the_same_columns_whatever_the_results(
    frame: Callable[[Any], pandas.DataFrame], whole: Run
) -> None:
    every, none = frame(whole), frame([])
    assert list(none.columns) == list(every.columns)
    assert len(none) == 0 < len(every)
    for name, kind in every.dtypes.items():
        if str(name).endswith("_s"):
            assert (str(kind), str(none.dtypes[name])) == ("float64", "float64")
        if str(name) in ("start", "end", "time"):
            assert (str(kind), str(none.dtypes[name])) == ("datetime64[us, UTC]", "datetime64[us, UTC]")


@pytest.mark.parametrize("frame", FRAMES, ids=lambda it: it.__name__)
def test_a_frame_takes_reports_runs_and_lists_of_them(frame: Callable[[Any], pandas.DataFrame], whole: Run) -> None:
    first, *others = whole.reports
    assert len(frame(first)) + len(frame(others)) == len(frame(whole)) == len(frame([first, others]))
    for wrong in ("chat.har", 5, None, [first, "chat.har"]):
        with pytest.raises(TypeError, match="a frame is made of a Report, a Run or a list of these, not of "):
            frame(wrong)


def test_sessions_have_durations_in_seconds_and_their_rules(whole: Run) -> None:
    frame = sessions_frame(whole.reports[:2])
    assert list(frame["open_s"].round(3)) == [3.25, 2.232, 1.132, 0.0, *frame["open_s"][4:].round(3)]
    assert frame["open_at_most_s"][:4].isna().all()  # still open when the capture was saved
    closed = frame[4:].dropna(subset=["open_at_most_s"])
    assert (closed["open_s"] <= closed["open_at_most_s"]).all()
    assert set(frame["rules"][:4]) == {"duplicate-connection"}
    failed = sessions_frame(load((CAPTURES / "chrome-10-failed.har").read_bytes()))
    assert failed[failed["outcome"] == "failed"]["open_s"].isna().all()


def test_a_row_per_capture(whole: Run) -> None:
    frame = captures_frame(whole).set_index("source")
    worst = frame.iloc[0]
    assert (worst["verdict"], worst["sessions"], worst["proven_peak"], worst["errors"]) == ("overlap", 4, 4, 1)
    assert worst["overlap_s"] == overlaps_frame(whole.reports[0])["duration_s"][0] == pytest.approx(2.23, abs=0.01)
    assert (worst["services"], worst["users"]) == (["Stream Chat"], 1)
    assert list(frame["verdict"]) == [report.verdict.value for report in whole.reports]
    assert sorted(frame["rank"]) == [1, 2, 3, 4, 5]
    assert (worst["rank"], worst["result"]) == (1, "overlap")


def test_findings_of_a_run(whole: Run) -> None:
    frame = findings_frame(whole)
    assert len(frame) == sum(len(report.findings) for report in whole.reports)
    first = frame.iloc[0]
    assert (first["rule"], first["severity"], first["cause"]) == (
        "duplicate-connection",
        "error",
        "several-client-instances",
    )
    assert first["sessions"] == ["s1", "s2", "s3", "s4"]


def test_messages_have_time_direction_type_and_length_and_no_data(whole: Run) -> None:
    frame = messages_frame(whole)
    assert list(frame.columns) == ["source", "session", "time", "direction", "type", "length"]
    counted = sessions_frame(whole).groupby("source")[["messages_sent", "messages_received"]].sum()
    sent = frame[frame["direction"] == "sent"].groupby("source", observed=True).size()
    assert sent.to_dict() == {name: n for name, n in counted["messages_sent"].items() if n}
    session = whole.reports[0].sessions[0]
    mine = frame[(frame["source"] == whole.reports[0].capture.source) & (frame["session"] == "s1")]
    assert list(mine["length"]) == list(session.messages.lengths)
    assert [int(at.timestamp() * 1e6 + 0.5) for at in mine["time"]] == list(session.messages.times)


def test_no_frame_shows_secrets_or_data() -> None:
    for har in HARS.values():
        report = load(json.dumps(har))
        for frame in FRAMES:
            assert leaks(frame(report).to_csv()) == []
