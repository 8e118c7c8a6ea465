"""pandas DataFrames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas
import pytest

from analyzer import (
    Policy,
    Report,
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
from analyzer.document.table import columns
from tests.small_har import har, socket
from tests.test_canaries import HARS, leaks

CAPTURES = Path(__file__).parent / "captures"
INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")


@pytest.mark.parametrize("name", ["chrome-S2-overuse", "webkit-D", "firefox-D"])
def test_sessions_have_the_columns_of_the_csv_and_timezone_aware_instants(name: str) -> None:
    report = analyze(read(CAPTURES / f"{name}.har"))
    frame = sessions_frame(report)
    assert list(frame.columns[:5]) == ["source", "id", "service", "identity_user", "outcome"]
    assert sorted(frame.columns) == sorted([*columns(), "service"])
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


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__name__)
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


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__name__)
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
    assert set(frame["rules"][:4]) == {("duplicate-connection",)}
    failed = sessions_frame(load((CAPTURES / "chrome-10-failed.har").read_bytes()))
    assert failed[failed["outcome"] == "failed"]["open_s"].isna().all()


def test_a_row_per_capture(whole: Run) -> None:
    frame = captures_frame(whole).set_index("source")
    worst = frame.iloc[0]
    assert (worst["verdict"], worst["sessions"], worst["proven_peak"], worst["errors"]) == ("overlap", 4, 4, 1)
    assert worst["overlap_s"] == overlaps_frame(whole.reports[0])["duration_s"][0] == pytest.approx(2.23, abs=0.01)
    assert (worst["services"], worst["providers"], worst["users"]) == (("Stream Chat",), ("stream-chat",), 1)
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
    assert (first["sessions"], first["cause_confidence"]) == (("s1", "s2", "s3", "s4"), "likely")


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
    for capture in HARS.values():
        report = load(json.dumps(capture))
        for frame in FRAMES:
            assert leaks(frame(report).to_csv()) == []


def chat(user: str) -> Report:
    """A capture with one socket of a user of Stream Chat."""
    request = quote(json.dumps({"user_id": user}))
    report = load(har(socket(0, 1, url=f"wss://chat.stream-io-api.com/connect?json={request}&api_key=abcd")))
    assert isinstance(report, Report)
    return report


def test_users_of_two_frames_are_equal_with_a_key_only() -> None:
    reports = [chat("canary-user"), chat("somebody-else")]
    numbered = pandas.concat([sessions_frame(report) for report in reports])
    assert set(numbered["identity_user"]) == {"user-1"}  # as the docstring warns
    assert list(sessions_frame(reports)["identity_user"]) == ["user-1", "user-2"]
    keyed = pandas.concat([sessions_frame(report, redaction_key="k") for report in reports])
    assert keyed["identity_user"].nunique() == 2
    assert list(sessions_frame(reports, redaction_key="k")["identity_user"]) == list(keyed["identity_user"])
    assert leaks(keyed.to_csv()) == []


def test_a_key_of_load_masks_frames_notebooks_and_plots() -> None:
    run = load([CAPTURES / "chrome-S2-overuse.har"], redaction_key="k")
    (mask,) = set(sessions_frame(run)["identity_user"])
    assert len(mask) > len("user-1")
    assert set(sessions_frame(run[0])["identity_user"]) == {mask}
    assert set(sessions_frame(run, redaction_key="other")["identity_user"]) != {mask}
    assert any(mask in text.get_text() for text in run[0].plot().texts)
    for frame in FRAMES:
        assert len(frame(run, redaction_key="k")) == len(frame(run))
        with pytest.raises(ValueError, match="redaction_key: the key is empty"):
            frame(run, redaction_key="")
    with pytest.raises(ValueError, match="redaction_key: the key is empty"):
        load(CAPTURES / "chrome-S2-overuse.har", redaction_key="")


SAMPLES = Path(__file__).parent.parent / "sample_hars"


@pytest.fixture(scope="module")
def samples() -> Run:
    run = load(SAMPLES)
    assert isinstance(run, Run)
    return run


def test_a_finding_without_an_end_has_the_length_of_its_overlap(samples: Run) -> None:
    findings, overlaps = findings_frame(samples), overlaps_frame(samples)
    endless = findings[(findings["rule"] == "duplicate-connection") & findings["end"].isna()]
    assert list(endless["duration_s"]) == [pytest.approx(2.23218), 0.0]
    assert endless["duration_is_lower_bound"].all()
    joined = findings.merge(overlaps, on=["source", "overlap"], suffixes=("", "_of_overlap"))
    about = findings["rule"].isin(
        ["duplicate-connection", "concurrent-sockets", "possible-overlap", "unrelated-sockets", "brief-overlap"]
    )
    assert len(joined) == about.sum() > 8
    for name in ("start", "end", "duration_s", "duration_is_lower_bound", "at_most_s", "sessions", "confidence"):
        pandas.testing.assert_series_equal(joined[name], joined[f"{name}_of_overlap"], check_names=False)
    assert not findings[findings["start"].isna()]["duration_is_lower_bound"].any()
    assert findings[~about]["overlap"].isna().all()


def test_a_finding_about_one_socket_has_the_length_of_its_life(samples: Run) -> None:
    findings, sessions = findings_frame(samples), sessions_frame(samples)
    (row,) = findings[findings["rule"] == "socket-outlives-page"].to_dict("records")
    life = sessions[(sessions["source"] == row["source"]) & (sessions["id"] == row["sessions"][0])].iloc[0]
    assert (row["duration_s"], row["at_most_s"]) == (life["open_s"], life["open_at_most_s"])


@pytest.mark.parametrize("max_open", [2, 3])
def test_a_finding_of_a_laxer_policy_names_the_overlap_around_it(max_open: int) -> None:
    run = load([CAPTURES / "chrome-S2-overuse.har"], Policy(max_open=max_open))
    (finding,) = findings_frame(run).to_dict("records")
    (overlap,) = overlaps_frame(run).to_dict("records")
    assert finding["overlap"] == overlap["overlap"] == "o1"
    assert finding["duration_s"] < overlap["duration_s"]
    assert finding["start"] > overlap["start"]
    assert f"{max_open + 1} or more" in finding["message"] or max_open == 3


def test_the_limit_of_a_service_has_a_length_too() -> None:
    run = load([CAPTURES / "chrome-S2-overuse.har"], Policy(app_mode="development"))
    row = findings_frame(run).set_index("rule").loc["limit-exceeded"]
    assert (row["overlap"], row["duration_is_lower_bound"]) == ("o1", True)
    assert 0 <= row["duration_s"] < 2.2


def test_only_a_certain_overlap_has_a_certain_length(samples: Run) -> None:
    for frame in (overlaps_frame(samples), findings_frame(samples)):
        possible = frame[(frame["confidence"] == "possible") & frame["start"].notna()]
        assert len(possible) > 3
        assert possible["duration_s"].isna().all()
        assert (possible["at_most_s"].isna() == possible["duration_is_lower_bound"]).all()
        certain = frame[(frame["confidence"] == "proven") & frame["start"].notna()]
        assert certain["duration_s"].notna().all()
        assert not (certain["duration_s"] > certain["at_most_s"]).any()


def test_cells_can_be_grouped_and_merged(samples: Run) -> None:
    for frame in (captures_frame(samples), sessions_frame(samples), overlaps_frame(samples), findings_frame(samples)):
        for name in frame.columns:
            assert frame.groupby(name, dropna=False).size().sum() == len(frame)


def test_an_overlap_of_development_servers_is_marked(samples: Run) -> None:
    frame = overlaps_frame(samples)
    marked = frame[frame["dev_only"]]
    assert [Path(it).name for it in marked["source"]] == ["dev-server-beside-app.har"]
    assert set(captures_frame(samples).set_index("source").loc[marked["source"], "result"]) == {
        "overlap with a dev server only"
    }


def test_the_table_of_a_run_can_be_made_of_its_frame(samples: Run) -> None:
    from analyzer import triage
    from analyzer.wording import harmless

    frame = captures_frame(samples).set_index("name")
    names = harmless.names(samples)
    for report in samples:
        row, part = triage.row(report, samples.policy), frame.loc[names[report.capture.source]]
        assert samples[part.name] is report
        assert part["complete"] == (row.possible_peak is not None)
        assert (part["proven_peak"], part["services"], part["causes"]) == (row.proven_peak, row.services, row.causes)
        assert part["overlap_is_lower_bound"] == row.at_least
        if row.at_most is not None and part["complete"]:
            assert part["overlap_at_most_s"] == row.at_most / 1e6
    instant = frame[(frame["verdict"] == "overlap") & (frame["overlap_s"] == 0)]
    assert len(instant) == 1  # so `overlap_s > 0` is no filter for overlaps
    assert not (frame["overlap_s"] > frame["overlap_at_most_s"]).any()
