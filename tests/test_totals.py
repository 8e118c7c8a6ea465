"""Many results in few tables: counted once each, and what is no result is told."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from analyzer import triage
from analyzer.cli import app
from analyzer.formats import read
from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import ndjson, totals
from analyzer.pipeline import analyze
from analyzer.totals.frame import COLUMNS, frame as count
from analyzer.totals.results import Results, read_results
from analyzer.totals.tables import sentence
from tests.program import run_process

SAMPLES = Path(__file__).parent.parent / "sample_hars"


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """All samples, and one that could not be read."""
    reports: tuple[Report, ...] = tuple(analyze(read(path)) for path in sorted(SAMPLES.glob("*.har")))
    return ndjson.render(Run(reports, (Unreadable("x.har", "/log: not a HAR"),), Policy())).splitlines(keepends=True)


def read_back(lines: list[bytes]) -> Results:
    return read_results((f"r.ndjson:{n}", line) for n, line in enumerate(lines, 1))


def test_the_frame_counts_what_the_results_say(lines: list[bytes]) -> None:
    results = read_back(lines)
    captures = [json.loads(line) for line in lines[:-1]]
    frame = count(results).set_index(["by", "name"])
    every = frame.loc[("all", "all")]
    verdicts = [it["verdict"] for it in captures]
    only_dev = [it for it in captures if it["source"].endswith("dev-server-beside-app.har")]
    overlapping = [it for it in captures if it["verdict"] == "overlap" and it not in only_dev]
    assert len(only_dev) == 1
    assert (every["captures"], every["overlap"]) == (len(captures), len(overlapping))
    assert every["undecided"] == verdicts.count("possible-overlap") + verdicts.count("inconclusive")
    assert every["peak_highest"] == max(it["concurrency"]["proven_peak"] for it in captures)
    lengths = [it["concurrency"]["proven_overlap_ms"] for it in overlapping]
    assert every["overlap_ms_median"] == pandas.Series(lengths).median()
    chrome = [it for it in captures if it["exporter"]["id"] == "chrome"]
    assert frame.loc["exporter"].filter(like="chrome 5", axis=0)["captures"].sum() == len(chrome)
    stream = [it for it in captures if any(s["provider"] == "stream-chat" for s in it["sessions"])]
    assert frame.loc[("service", "stream-chat"), "captures"] == len(stream) > 2
    assert frame.loc[("client", "stream-chat-js 9.53.0"), "captures"] == len(stream)
    duplicate = [it for it in captures if any(f["rule"] == "duplicate-connection" for f in it["findings"])]
    assert frame.loc[("rule", "duplicate-connection (error)"), "captures"] == len(duplicate) > 0
    assert frame.loc["day"]["captures"].sum() == len(captures)
    assert frame.loc["undecided"].index.str.startswith("unreadable: ").sum() == 1
    assert tuple(count(results).columns) == COLUMNS


def test_a_service_without_known_users_counts_too(lines: list[bytes]) -> None:
    frame = count(read_back(lines)).set_index(["by", "name"])
    assert {"next-hmr", "vite"} & set(frame.loc["service"].index)


def test_the_same_capture_is_counted_once_and_that_is_told(lines: list[bytes]) -> None:
    results = read_back([*lines, *lines])
    assert (len(results.captures), len(results.unreadable), results.repeated) == (len(lines) - 1, 1, len(lines))
    assert f"{len(lines)} repeated results left out" in sentence(results)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"source": "a", "verdict', id="cut off"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b'{"source": "a"}', id="no result"),
        pytest.param(b'{"format": 1, "captures": []}', id="the JSON of a run"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="nested too deep"),
    ],
)
def test_what_is_no_result_is_told_with_its_place(line: bytes, lines: list[bytes]) -> None:
    results = read_back([lines[0], line + b"\n", b"\n", lines[1]])
    assert (len(results.captures), [it.partition(": ")[0] for it in results.broken]) == (2, ["r.ndjson:2"])


def test_the_command_writes_each_format(lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_bytes(b"".join(lines))
    files = [f"--out={name}:{tmp_path / name}" for name in totals.RENDERERS]
    done = CliRunner().invoke(app, ["summary", str(tmp_path / "r.ndjson"), *files])
    assert (done.exit_code, "By service" in done.output) == (0, True)
    frame = pandas.read_parquet(tmp_path / "parquet")
    again = pandas.read_csv(io.BytesIO((tmp_path / "csv").read_bytes()))
    assert (list(frame.columns), len(frame)) == (list(again.columns), len(again))
    assert "| all | " in (tmp_path / "markdown").read_text()
    for width in (40, 80, 160):
        results = totals.text(read_back(lines), width=width, cut=True).decode()
        assert max(map(len, results.splitlines())) <= width


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["none.ndjson"], "No such file", id="no such file"),
        pytest.param([str(SAMPLES / "README.md")], "no results", id="no results"),
        pytest.param(["x", "--format", "html"], "choose text", id="a format that there is not"),
        pytest.param(["x", "--out", "html:y"], "choose text", id="a file's format that there is not"),
    ],
)
def test_what_cannot_be_counted_is_wrong_usage(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["summary", *arguments])
    assert (done.exit_code, words in done.output) == (2, True)


def test_standard_input_and_a_pipe(lines: list[bytes]) -> None:
    done = run_process("summary", "-", "--format", "markdown", stdin=b"".join(lines))
    assert done.stdout.startswith(b"# Captures in numbers")


def test_lone_surrogates_of_a_capture_break_no_table(lines: list[bytes]) -> None:
    document = json.loads(lines[0])
    document["exporter"]["version"] = document["source"] = document["findings"][0]["cause"] = "\ud800"
    document["sha256"] = document["content_sha256"] = None
    results = read_back([json.dumps(document).encode() + b"\n"])
    for render in totals.RENDERERS.values():
        assert render(results)


def test_each_row_names_its_worst_capture_and_the_worst_are_listed(lines: list[bytes]) -> None:
    results = read_back(lines)
    frame = count(results).set_index(["by", "name"])
    worst = frame.loc[("rule", "duplicate-connection (error)"), "worst_capture"]
    assert worst == results.rows[0].source
    assert frame.loc[("service", "stream-chat"), "worst_capture"] == worst
    output = totals.text(results, 3).decode()
    assert "The 3 worst captures" in output
    assert [it.source in output for it in results.rows[:3]] == [True] * 3
    assert "The worst" not in totals.text(results, 0).decode()


def test_json_has_the_numbers_of_the_frame_and_the_worst_captures(lines: list[bytes]) -> None:
    results = read_back(lines)
    document = json.loads(totals.json(results, 2))
    assert (document["format"], document["captures"], document["unreadable"]) == (1, len(lines) - 1, 1)
    assert [it["source"] for it in document["worst"]] == [it.source for it in results.rows[:2]]
    assert document["worst"][0]["result"] == "overlap"
    assert {"likely", "services", "causes", "proven_overlap_ms"} & set(document["worst"][0]) >= {"services", "causes"}
    (every,) = document["tables"]["all"]
    frame = count(results).set_index(["by", "name"]).loc[("all", "all")]
    assert every["captures"] == frame["captures"]
    assert (every["overlap"], every["undecided"]) == (frame["overlap"], frame["undecided"])
    assert len(every["worst_captures"]) == 2
    (unread,) = [it for it in document["tables"]["undecided"] if it["name"].startswith("unreadable: ")]
    assert (unread["peak_median"], unread["worst_captures"]) == (None, ["x.har"])


def test_a_rule_selects_its_captures(lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_bytes(b"".join(lines))
    captures = [json.loads(line) for line in lines[:-1]]
    expected = {it["source"] for it in captures if any(f["rule"] == "duplicate-connection" for f in it["findings"])}
    arguments = ["summary", str(tmp_path / "r.ndjson"), "--only", "duplicate-connection", "--worst", "20", "-f", "json"]
    document = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert {it["source"] for it in document["worst"]} == expected
    assert document["captures"] == len(expected) > 0
    assert document["only"] == ["duplicate-connection"]


def test_the_suffix_of_the_output_file_selects_the_format(lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_bytes(b"".join(lines))
    for suffix, begins in ((".json", b"{"), (".csv", b"by,name"), (".md", b"# "), (".txt", b"16 captures")):
        done = CliRunner().invoke(app, ["summary", str(tmp_path / "r.ndjson"), "-o", str(tmp_path / f"s{suffix}")])
        assert done.exit_code == 0, done.output
        assert (tmp_path / f"s{suffix}").read_bytes().startswith(begins)
    done = CliRunner().invoke(app, ["summary", str(tmp_path / "r.ndjson"), "-o", str(tmp_path / "s.html")])
    assert (done.exit_code, ".csv" in done.output) == (2, True)


def test_the_results_give_the_same_rows_as_the_reports(lines: list[bytes]) -> None:
    reports = [analyze(read(path)) for path in sorted(SAMPLES.glob("*.har"))]
    rows = {it.source: it for it in read_back(lines).rows}
    for report in reports:
        mine, other = triage.row(report, Policy()), rows[report.capture.source]
        assert (mine.result, mine.words, mine.sockets, mine.overlap) == (
            other.result,
            other.words,
            other.sockets,
            other.overlap,
        )
        assert (mine.services, mine.users, mine.causes, mine.urgency) == (
            other.services,
            other.users,
            other.causes,
            other.urgency,
        )
