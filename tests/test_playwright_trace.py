"""A trace of Playwright is read as the HAR that it holds, and claims no more; what it lacks is a limit of it."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lifetimes import contradictions, truth_of

from analyzer import fleet
from analyzer.extract import extract
from analyzer.formats import compression, is_capture, read, trace_zip
from analyzer.formats.har import playwright_trace
from analyzer.formats.json_stream.lines import Line, split
from analyzer.model import CaptureError, Report, Verdict
from analyzer.pipeline import analyze

CAPTURES = Path(__file__).parent / "captures"
TRACES = sorted(CAPTURES.glob("*.trace.zip"))
OF_ONE_RUN = sorted(CAPTURES.glob("playwright-run-*.trace.zip"))
OVERLAP = CAPTURES / "playwright-test-overlap.trace.zip"
Change = Callable[[str, bytes], bytes | None]


def trace(name: str) -> Report:
    return analyze(read(CAPTURES / f"{name}.trace.zip"))


def caveats(report: Report) -> set[str]:
    return {caveat.id for caveat in report.capture.caveats}


def change(path: Path, edit: Change) -> io.BytesIO:
    """The zip with each file as `edit` makes it of its name and content; None leaves it out."""
    data = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = edit(name, before.read(name))
            if content is not None:
                after.writestr(name, content)
    data.seek(0)
    return data


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_a_trace_claims_nothing_that_the_truth_contradicts(path: Path) -> None:
    assert contradictions(analyze(read(path)), truth_of(path)) == []


@pytest.mark.parametrize("path", OF_ONE_RUN, ids=lambda path: path.name)
def test_a_trace_answers_as_the_har_of_the_same_run(path: Path) -> None:
    ours, har = analyze(read(path)), analyze(read(path.with_name(path.name.replace(".stop.trace.zip", ".har"))))
    assert (ours.verdict, caveats(ours)) == (har.verdict, caveats(har))
    lives = [
        [(it.key, it.url, it.possible and it.possible.start, it.outcome) for it in r.sessions] for r in (ours, har)
    ]
    assert lives[0] == lives[1]


def test_of_a_trace_its_format_is_named_and_that_it_proves_no_more_than_a_har() -> None:
    capture = trace("playwright-test-overlap").capture
    assert (capture.format, capture.exporter.label, capture.saved_as) == (
        "playwright-trace",
        "Playwright 1.65.1",
        "trace",
    )
    assert "no more than its HAR" in next(it.message for it in capture.caveats if it.id == "closes-not-recorded")


def test_sockets_of_all_contexts_of_a_test_are_read() -> None:
    assert [len(trace(f"playwright-test-{name}").sessions) for name in ("overlap", "reload", "two-contexts")] == [2] * 3


@pytest.mark.parametrize(
    ("name", "verdict", "caveat"),
    [
        pytest.param("playwright-test-no-socket", Verdict.NO_SOCKETS, None, id="a page without sockets"),
        pytest.param("playwright-test-no-browser", Verdict.INCONCLUSIVE, "filtered", id="requests of a test alone"),
        pytest.param("playwright-trace-without-snapshots", Verdict.INCONCLUSIVE, "filtered", id="no snapshots"),
        pytest.param("playwright-trace-begun-late", Verdict.INCONCLUSIVE, "recorded-late", id="an older page"),
        pytest.param("playwright-trace-1.60", Verdict.INCONCLUSIVE, "sockets-not-exported", id="Playwright 1.60"),
        pytest.param("playwright-trace-1.61", Verdict.NO_OVERLAP, None, id="Playwright 1.61"),
        pytest.param("playwright-trace-first-part", Verdict.NO_OVERLAP, None, id="the first part"),
        pytest.param("playwright-trace-second-part", Verdict.NO_OVERLAP, None, id="a page of the part before"),
    ],
)
def test_what_a_trace_lacks_is_a_limit_of_it(name: str, verdict: Verdict, caveat: str | None) -> None:
    report = trace(name)
    hiding = {it.id for it in report.capture.caveats if it.hides_sockets}
    assert (report.verdict, hiding) == (verdict, {caveat} if caveat else set())


def test_a_socket_that_two_parts_of_a_trace_hold_is_one() -> None:
    (session,) = trace("playwright-trace-second-part").sessions
    assert len(session.seen_in) == 2


def test_wrong_times_of_messages_are_not_used() -> None:
    """Playwright 1.61.0 writes that "between", which was sent at least 100 ms after "hi", came 0.7 ms after it."""
    (session,) = trace("playwright-trace-1.61").sessions
    assert (session.messages.sent, session.proven, session.possible is not None) == (3, None, True)


def replace(pattern: bytes, by: bytes) -> Change:
    return lambda name, data: re.sub(pattern, by, data) if name.endswith(".trace") else data


@pytest.mark.parametrize(
    ("edit", "caveat"),
    [
        pytest.param(replace(rb'"version":10', b'"version":11'), "exporter-unknown", id="a newer format"),
        pytest.param(replace(rb'"1\.65\.1"', b'"1.60.0"'), "sockets-not-exported", id="Playwright 1.60"),
        pytest.param(replace(rb',"playwrightVersion":"[^"]*"', b""), "sockets-not-exported", id="before 1.50"),
        pytest.param(lambda name, data: None if name.endswith("trace.trace") else data, "recorded-late", id="no log"),
        pytest.param(
            lambda name, data: data[:-300] if name == "1-trace.network" else data,
            "entries-skipped",
            id="a torn line",
        ),
        pytest.param(
            lambda name, data: (
                re.sub(rb'"request":\{', b'"request":"","former":{', data, count=1)
                if name.endswith(".network")
                else data
            ),
            "entries-skipped",
            id="a request that is a text",
        ),
    ],
)
def test_what_a_trace_may_lack_hides_sockets(edit: Change, caveat: str) -> None:
    report = analyze(read(change(CAPTURES / "playwright-test-no-socket.trace.zip", edit), "x.trace.zip"))
    assert caveat in {it.id for it in report.capture.caveats if it.hides_sockets}
    assert report.verdict is Verdict.INCONCLUSIVE


def test_messages_that_are_not_in_the_zip_are_named() -> None:
    capture = read(change(OVERLAP, lambda name, data: None if name.endswith(".jsonl") else data), "x.trace.zip")
    assert [part.reason for part in capture.skipped] == ["side-file"] * 2
    assert analyze(capture).verdict is Verdict.POSSIBLE_OVERLAP


def test_a_damaged_trace_is_cut_off_or_refused() -> None:
    whole = OVERLAP.read_bytes()
    chance = random.Random(7)
    for _ in range(150):
        data = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.2 else whole)
        for _ in range(1 + chance.randrange(6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            report = analyze(read(io.BytesIO(bytes(data)), "damaged"))
        except CaptureError as error:
            assert "\n" not in error.problem
        else:
            assert contradictions(report, truth_of(OVERLAP)) == []
            assert report.verdict not in (Verdict.NO_OVERLAP, Verdict.NO_SOCKETS)


@pytest.mark.parametrize("name", ["1-trace.trace", "1-trace.network"])
def test_a_bomb_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BOMB_FROM", 1 << 20)
    bomb = change(OVERLAP, lambda member, data: data + b"\n" * (4 << 20) if member == name else data)
    with pytest.raises(CaptureError, match="400 times its size"):
        read(bomb, "x.trace.zip")


# -- where traces are -------------------------------------------------------------------------------------------------


def test_a_folder_gives_the_traces_of_playwright_test(tmp_path: Path) -> None:
    place = tmp_path / "test-results" / "a-overlap" / "trace.zip"
    place.parent.mkdir(parents=True)
    place.write_bytes(OVERLAP.read_bytes())
    assert fleet.expand([str(tmp_path)]) == [str(place)]
    assert is_capture(str(place))


@pytest.mark.parametrize("folder", ["data", "resources"], ids=["HTML report", "blob report"])
def test_a_zipped_report_of_playwright_test_gives_its_traces(tmp_path: Path, folder: str) -> None:
    path = tmp_path / "report.zip"
    with zipfile.ZipFile(path, "w") as report:
        report.writestr("index.html", "<html>")
        report.writestr(f"{folder}/{'ab' * 20}.zip", OVERLAP.read_bytes())
    (name,) = fleet.expand([str(path)])
    assert (name, len(read(name).traces)) == (f"{path}/{folder}/{'ab' * 20}.zip", 2)


def test_an_unpacked_trace_is_named_with_the_way_out() -> None:
    for name in ("1-trace.network", "1-trace.trace"):
        with zipfile.ZipFile(OVERLAP) as whole, pytest.raises(CaptureError, match=r"trace\.zip"):
            read(io.BytesIO(whole.read(name)), name)


def test_an_extract_of_a_trace_gives_the_same_answer() -> None:
    small = extract(OVERLAP)
    again = analyze(read(io.BytesIO(small.data), "extract"))
    assert (again.verdict, len(again.sessions)) == (Verdict.OVERLAP, 2)
    assert json.loads(small.data)["log"]["creator"]["name"] == "Playwright"


# -- in bounded memory ------------------------------------------------------------------------------------------------


def test_of_a_long_line_only_its_beginning_is_kept() -> None:
    lines = list(split(io.BytesIO(b"ab\n" + b"x" * 300_000 + b"\n\nend"), 4))
    assert lines == [Line(b"ab", True), Line(b"xxxx", False), Line(b"", True), Line(b"end", True)]


def test_entries_beyond_memory_are_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playwright_trace, "IN_MEMORY", 100)
    assert analyze(read(OVERLAP)).verdict is Verdict.OVERLAP


def test_the_names_of_network_logs_give_the_contexts_in_order() -> None:
    names = ["10-trace.network", "2-trace.network", "2-trace.trace", "resources/a.network", "test.trace"]
    assert trace_zip.find_networks(names) == ["2-trace.network", "10-trace.network"]
    assert trace_zip.find_networks(["a/trace.network", "b/trace.network"]) == []
