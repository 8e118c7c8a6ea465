"""Several captures of one run: each socket once, each page once, and limits that another capture lifts."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from analyzer import gate, outputs
from analyzer.cli import app, next_step
from analyzer.extract import extract
from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.masking import Masks, mask_report
from analyzer.merge import merge
from analyzer.model import (
    Accepted,
    Bounds,
    Capture,
    CaveatKind,
    Clock,
    Closed,
    Event,
    Evidence,
    Page,
    PageEnd,
    PageKind,
    Place,
    Policy,
    Rejected,
    Report,
    Requested,
    Run,
    Verdict,
)
from analyzer.pipeline import analyze
from analyzer.wording import harmless
from tests.test_merge import ALL, OPENED, SECOND, START, bounds, make_capture, make_lives

RUNS = Path(__file__).parent / "runs"


def analyze_together(run: str, *suffixes: str) -> Report:
    return analyze(merge([read(RUNS / f"{run}{suffix}") for suffix in suffixes]))


@pytest.mark.parametrize(
    ("run", "other", "verdict", "sockets"),
    [
        pytest.param("connecting", ".netlog.json.gz", Verdict.NO_OVERLAP, 3, id="never sent, in a NetLog"),
        pytest.param("connecting", ".cdp.json", Verdict.NO_OVERLAP, 3, id="never sent, in a log of DevTools events"),
        pytest.param("no-cache", ".cdp.json", Verdict.NO_OVERLAP, 3, id="pages that only one file knows to have ended"),
        pytest.param("two-tabs", ".netlog.json.gz", Verdict.OVERLAP, 2, id="a socket of another tab"),
        pytest.param("same-url-twice", ".trace.json.gz", Verdict.OVERLAP, 2, id="twins, in a trace without a date"),
        pytest.param("workers", ".netlog.json.gz", Verdict.OVERLAP, 6, id="sockets of workers"),
    ],
)
def test_the_run_is_told_as_it_was(run: str, other: str, verdict: Verdict, sockets: int) -> None:
    report = analyze_together(run, ".har", other)
    truth = json.loads((RUNS / f"{run}.truth.json").read_text("utf-8"))
    assert report.verdict is verdict
    assert truth["overlapping"] == (verdict is Verdict.OVERLAP)
    assert len(report.sessions) == len(truth["sockets"]) == sockets


PAIRS = [
    *(("connecting", *pair) for pair in combinations((".har", ".netlog.json.gz", ".cdp.json", ".trace.json.gz"), 2)),
    ("proxy", ".har", ".mitm"),
    ("test", ".har", ".trace.zip"),
]
SCOPED = ("two-tabs", "workers")


@pytest.mark.parametrize(("run", "one", "other"), PAIRS)
def test_every_output_takes_merged_captures(run: str, one: str, other: str) -> None:
    """None of them needs what only one format has."""
    report = analyze_together(run, one, other)
    assert report.capture.format == "merged"
    assert {place.file for session in report.sessions for place in session.seen_in} == {0, 1}
    masked = mask_report(report, Masks())
    for name in outputs.OUTPUTS:
        assert outputs.render(name, Run((masked,), (), report.policy)), name


def test_a_name_is_that_of_all_captures() -> None:
    source = "logs/monday/one.har + logs/monday/two.json"
    assert (harmless.name(source), harmless.name("a/b/")) == ("one.har + two.json", "b")


@pytest.mark.parametrize("command", ["analyze", "check", "report", "timeline"])
def test_every_command_on_captures_takes_them_together(command: str, tmp_path: Path) -> None:
    files = [str(RUNS / f"connecting{suffix}") for suffix in (".har", ".netlog.json.gz")]
    output = {"report": ["-o", str(tmp_path / "a.html")], "timeline": ["-o", str(tmp_path / "a.svg")]}.get(command, [])
    result = CliRunner().invoke(app, [command, "--together", *files, *output])
    assert result.exit_code == 0
    assert "in common" not in result.stderr


@pytest.mark.parametrize("suffix", [".netlog.json.gz", ".cdp.json"])
def test_a_page_names_no_folder(suffix: str) -> None:
    page = outputs.render("html", Run((analyze_together("connecting", ".har", suffix),), (), Policy())).decode("utf-8")
    assert f"connecting.har + connecting{suffix}</h2>" in page
    assert str(RUNS) not in page


@pytest.mark.parametrize(("run", "one", "other"), PAIRS)
def test_show_lists_the_sockets_of_merged_captures_and_shows_each(run: str, one: str, other: str) -> None:
    files = [str(RUNS / f"{run}{suffix}") for suffix in (one, other)]
    listed = CliRunner().invoke(app, ["show", *files, "--together", "--format", "json"])
    sockets = json.loads(listed.stdout)["sessions"]
    assert len(sockets) == len(analyze_together(run, one, other).sessions)
    last = CliRunner().invoke(app, ["show", *files, str(len(sockets)), "--together", "--format", "json"])
    assert json.loads(last.stdout)["session"]["id"] == sockets[-1]["id"]


def test_what_show_suggests_of_merged_captures_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(RUNS)
    listed = CliRunner().invoke(app, ["show", "two-tabs.har", "two-tabs.netlog.json.gz", "--together"])
    program, *words = listed.stdout.split("in detail:")[1].split()
    assert (program, words) == ("har-sockets", ["show", "--together", "two-tabs.har", "two-tabs.netlog.json.gz", "1"])
    assert CliRunner().invoke(app, words).exit_code == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(["show", "{har}", "{log}"], "show` takes one capture, and these are 2", id="show"),
        pytest.param(["show", "{har}", "{log}", "2"], "show` takes one capture, and these are 2", id="show a socket"),
        pytest.param(["extract", "{har}", "{log}"], "extract` takes one capture, and these are 2", id="extract"),
        pytest.param(["show", "{har}", "{log}", "9", "--together"], "no socket 9", id="a socket that is not there"),
        pytest.param(["show", "{har}", "x.json", "--together"], "x.json", id="a file that is not there"),
    ],
)
def test_what_is_wrong_with_several_captures(words: list[str], problem: str, tmp_path: Path) -> None:
    names = {"har": str(RUNS / "two-tabs.har"), "log": str(RUNS / "two-tabs.netlog.json.gz")}
    result = CliRunner().invoke(app, [word.format(**names) for word in words])
    assert result.exit_code == 2
    assert problem in result.stderr


@pytest.mark.parametrize(("run", "one", "other"), [*PAIRS, *((it, ".har", ".netlog.json.gz") for it in SCOPED)])
def test_the_extract_of_merged_captures_gives_the_same_answer(run: str, one: str, other: str, tmp_path: Path) -> None:
    files, small = [str(RUNS / f"{run}{suffix}") for suffix in (one, other)], tmp_path / "small.har"
    assert CliRunner().invoke(app, ["extract", *files, "--together", "-o", str(small)]).exit_code == 0
    before, after = analyze_together(run, one, other), analyze(read(small))
    assert after.verdict is before.verdict
    assert after.concurrency.possible_peak == before.concurrency.possible_peak
    assert len(after.overlaps) == len(before.overlaps)
    lots = [Counter((it.where, it.outcome, it.clock) for it in report.sessions) for report in (before, after)]
    assert lots[0] == lots[1]
    assert gate.judge(after, after.policy).status == gate.judge(before, before.policy).status


def test_the_extract_of_merged_captures_names_what_it_rests_on(tmp_path: Path) -> None:
    whole = merge([read(RUNS / "two-tabs.har"), read(RUNS / "two-tabs.netlog.json.gz")])
    (tmp_path / "small.har").write_bytes(extract(whole).data)
    again = read(tmp_path / "small.har")
    assert {"assumed-other-tab", "elsewhere-in-browser"} <= {caveat.id for caveat in again.caveats}


def test_a_capture_that_ended_earlier_proves_no_more_in_the_extract(tmp_path: Path) -> None:
    opened = (Requested(bounds(1.25, 1.25)), Accepted(bounds(1.25, 2.75)))
    early, late = make_capture("cdp-log", *opened, coverage=ALL, until=5), make_lives("har", b=(6.25, 8.75))
    whole = analyze(merge([early, late]))
    (tmp_path / "small.har").write_bytes(extract(whole.capture).data)
    first, other = analyze(read(tmp_path / "small.har")).sessions
    assert (first.proven, first.possible) == (whole.sessions[0].proven, whole.sessions[0].possible)
    assert whole.sessions[0].proven is not None and whole.sessions[0].proven.end == START + 5 * SECOND
    assert other.proven == whole.sessions[1].proven


@pytest.mark.parametrize("after", ["two-tabs", "connecting"])
def test_compare_takes_the_captures_of_each_folder_as_one_run(after: str, tmp_path: Path) -> None:
    for folder, run in (("before", "connecting"), ("after", after)):
        (tmp_path / folder).mkdir()
        for suffix in (".har", ".netlog.json.gz"):
            shutil.copy(RUNS / f"{run}{suffix}", tmp_path / folder)
    words = ["compare", str(tmp_path / "before"), str(tmp_path / "after"), "--together", "--format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    sides = [json.loads(result.stdout)[side]["source"] for side in ("before", "after")]
    assert [side.count(" + ") for side in sides] == [1, 1]
    assert [report.concurrency.proven_peak for report in map(analyze_both, ("connecting", after))] == [
        json.loads(result.stdout)["whole"][side]["proven_peak"] for side in ("before", "after")
    ]


def analyze_both(run: str) -> Report:
    return analyze_together(run, ".har", ".netlog.json.gz")


@pytest.mark.parametrize(
    ("names", "line"),
    [
        pytest.param(
            ["connecting.har", "connecting.cdp.json"], "have 2 sockets in common: --together", id="of one run"
        ),
        pytest.param(["connecting.har", "two-tabs.har"], None, id="of two runs"),
        pytest.param(["connecting.har", "connecting.har"], None, id="a file twice"),
        pytest.param(
            ["connecting.har", "connecting.cdp.json", "two-tabs.har", "two-tabs.netlog.json.gz"],
            "in common (and 1 more pair of captures): --together",
            id="of several runs",
        ),
    ],
)
@pytest.mark.parametrize("options", [[], ["--format", "ndjson"]], ids=["at once", "as they come"])
def test_captures_that_share_sockets_are_suggested_to_be_taken_together(
    names: list[str], line: str | None, options: list[str]
) -> None:
    result = CliRunner().invoke(app, ["analyze", *(str(RUNS / name) for name in names), *options])
    (errors,) = [[it for it in result.stderr.splitlines() if "--together" in it]]
    assert len(errors) == (line is not None)
    assert line is None or line in errors[0]


def test_only_the_last_sockets_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory does not grow with the number of captures."""
    monkeypatch.setattr(next_step, "MOST_REMEMBERED", 2)
    lots = [
        analyze(make_lives(format, **lives))
        for format, lives in (
            ("har", {"a": (0, 1)}),
            ("cdp-log", {"b": (0, 1), "c": (2, 3)}),
            ("netlog", {"a": (0, 1)}),
            ("netlog", {"c": (2, 3)}),
        )
    ]
    assert next_step.suggest_together([lots[0], lots[2]]) is not None
    assert next_step.suggest_together(lots[:3]) is None
    assert next_step.suggest_together([lots[1], lots[3]]) is not None


# -- pairs without a key --------------------------------------------------------------------------------------


def make_sockets(format: str, *sockets: tuple[Event, ...], until: int = 9, whole: bool = False) -> Capture:
    """A capture of sockets without a key; `whole`: it has all sockets of the browser."""
    single = make_capture(format, key=None, until=until)
    traces = tuple(
        msgspec.structs.replace(single.traces[0], pointer=f"/{n}", events=events) for n, events in enumerate(sockets)
    )
    result = msgspec.structs.replace(single, traces=traces)
    return result.with_file(whole_browser=Interval(START, START + until * SECOND + 1)) if whole else result


SENT = (Requested(bounds(1, 1)),)
WITHOUT_DATE: tuple[Event, ...] = ()
REFUSED = (Requested(bounds(1, 1)), Rejected(bounds(5, 5), "refused"))


@pytest.mark.parametrize(
    ("one", "other", "sockets"),
    [
        pytest.param([WITHOUT_DATE], [SENT], 1, id="one in each"),
        pytest.param([WITHOUT_DATE] * 2, [SENT, SENT], 2, id="as many in each"),
        pytest.param([WITHOUT_DATE], [SENT, SENT], 3, id="two that it may be"),
        pytest.param([WITHOUT_DATE], [OPENED], 2, id="one that had opened long before"),
        pytest.param([WITHOUT_DATE], [(Requested(bounds(8, 8)),)], 2, id="one that was asked for later"),
        pytest.param([WITHOUT_DATE], [(*SENT, Accepted(bounds(7, 7)))], 1, id="one that opened later"),
        pytest.param([(Rejected(bounds(5, 5), "refused"),)], [REFUSED], 1, id="refused in both"),
        pytest.param([(Rejected(bounds(4, 4), "refused"),)], [REFUSED], 2, id="refused at other times"),
    ],
)
def test_a_handshake_without_a_date_is_found_in_a_log_of_the_browser(
    one: list[tuple[Event, ...]], other: list[tuple[Event, ...]], sockets: int
) -> None:
    har, log = make_sockets("har", *one, until=6), make_sockets("netlog", *other, whole=True)
    assert len(merge([har, log]).traces) == sockets
    assert len(merge([log, har]).traces) == sockets


@pytest.mark.parametrize(
    ("other", "sockets"),
    [
        pytest.param([SENT], 1, id="that never opened"),
        pytest.param([(*SENT, Accepted(bounds(7, 7)))], 2, id="that opened"),
        pytest.param([SENT, SENT], 3, id="one of two"),
    ],
)
def test_a_log_of_one_tab_may_have_another_one(other: list[tuple[Event, ...]], sockets: int) -> None:
    assert len(merge([make_sockets("har", WITHOUT_DATE, until=6), make_sockets("cdp-log", *other)]).traces) == sockets


def test_one_that_the_last_capture_saw_connecting_never_opened() -> None:
    early, late = make_capture("cdp-log", *SENT, coverage=ALL, until=5), make_capture("har", *SENT, until=9)
    (session,) = analyze(merge([early, late])).sessions
    assert (session.outcome, session.possible) == ("connecting", None)


@pytest.mark.parametrize(("late", "contradictory"), [(0.06, False), (0.2, True)])
def test_a_busy_page_learns_late_of_a_close(late: float, contradictory: bool) -> None:
    har, log = (
        make_capture(format, *OPENED, Closed(bounds(at, at))) for format, at in (("har", 3 + late), ("netlog", 3))
    )
    merged = merge([har, log])
    assert ("contradictory" in {caveat.id for caveat in merged.caveats}) is contradictory
    (session,) = analyze(merged).sessions
    assert session.possible == Interval(START, START + round((3 + late) * SECOND))


FAILED = (Requested(bounds(1, 1)), Rejected(bounds(2, 2), "refused"))


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        pytest.param(
            (*OPENED, Closed(bounds(2, 2))),
            (*OPENED, Closed(bounds(4, 5))),
            "Socket #1: a.har says that it closed by {2}, a.netlog that it closed at {4} or later.",
            id="two ends",
        ),
        pytest.param(
            (*OPENED, Closed(bounds(5, 6))),
            (*OPENED, Closed(bounds(3, 4))),
            "Socket #1: a.netlog says that it closed by {4}, a.har that it closed at {5} or later.",
            id="the other way round",
        ),
        pytest.param(
            OPENED, FAILED, "Socket #1: a.har says that it opened, a.netlog that its handshake failed.", id="a failure"
        ),
    ],
)
def test_a_contradiction_names_which_capture_says_what(
    one: tuple[Event, ...], other: tuple[Event, ...], sentence: str
) -> None:
    caveats = merge([make_capture("har", *one), make_capture("netlog", *other)]).caveats
    (message,) = [it.message for it in caveats if it.id == "contradictory"]
    clock = [f"{datetime.fromtimestamp(START / SECOND + second, UTC):%H:%M:%S}.000 UTC" for second in range(9)]
    assert message.endswith(sentence.format(*clock))


def test_of_many_contradictions_three_are_named() -> None:
    har, log = (
        make_lives(format, **{f"key{n}": (10 * n, 10 * n + end) for n in range(6)})
        for format, end in (("har", 2), ("netlog", 4))
    )
    (message,) = [it.message for it in merge([har, log]).caveats if it.id == "contradictory"]
    assert [f"Socket #{n}:" in message for n in range(1, 7)] == [True] * 3 + [False] * 3
    assert message.endswith("Likewise 3 more sockets.")


def test_captures_without_a_date_contradict_each_other_in_seconds() -> None:
    traces = [
        make_lives(format, key=(1.5, end)).with_file(clock=Clock.RELATIVE)
        for format, end in (("chrome-trace", 3), ("har", 5.25))
    ]
    (message,) = [it.message for it in merge(traces).caveats if it.id == "contradictory"]
    assert message.endswith(f"a.har that it closed at {START / SECOND + 5.25:.3f} s or later.")


@pytest.mark.parametrize(
    ("formats", "verdict", "ids"),
    [
        pytest.param(("har", "har"), Verdict.NO_OVERLAP, {"clocks-as-they-are"}, id="two windows"),
        *(
            pytest.param(
                ("har", other),
                Verdict.INCONCLUSIVE,
                {"clocks-as-they-are", "not-of-one-run"},
                id=f"a HAR and a {other}",
            )
            for other in ("netlog", "chrome-trace", "cdp-log", "mitmproxy-flows")
        ),
    ],
)
def test_captures_that_share_no_socket(formats: tuple[str, str], verdict: Verdict, ids: set[str]) -> None:
    """HARs may be of two windows; another format would have the sockets of the HAR, if it were of the same run."""
    one, other = (
        make_lives(format, **{key: (start, start + 1)})
        for format, key, start in zip(formats, "ab", (1, 4), strict=True)
    )
    answer = analyze(merge([one, other]))
    assert {caveat.id for caveat in answer.capture.caveats} == ids
    assert answer.verdict is verdict


# -- limits ---------------------------------------------------------------------------------------------------

LATE = CaveatKind.RECORDED_LATE.caveat("It began late.")
EDITED = CaveatKind.EDITED.caveat("It was edited.")


def make_pair(*caveats: CaveatKind, key: str = "a", start: float = 0, until: int = 9) -> list[Capture]:
    """A HAR with limits, and a NetLog that has all sockets of the browser from `start` to `until`."""
    har = msgspec.structs.replace(make_lives("har", a=(0, 2)), caveats=caveats)
    whole = Interval(START + round(start * SECOND), START + until * SECOND + 1)
    return [har, make_lives("netlog", **{key: (0, 2)}).with_file(whole_browser=whole)]


@pytest.mark.parametrize(
    ("captures", "verdict"),
    [
        pytest.param(make_pair(LATE), Verdict.NO_OVERLAP, id="lifted"),
        pytest.param(make_pair(LATE, start=1), Verdict.INCONCLUSIVE, id="the log begins later"),
        pytest.param(make_pair(LATE, until=8), Verdict.INCONCLUSIVE, id="the log ends earlier"),
        pytest.param(make_pair(EDITED), Verdict.INCONCLUSIVE, id="about times"),
        pytest.param(make_pair(LATE)[:1] * 2, Verdict.INCONCLUSIVE, id="no log of the whole browser"),
    ],
)
def test_a_log_of_the_whole_browser_lifts_limits(captures: list[Capture], verdict: Verdict) -> None:
    assert analyze(merge(captures)).verdict is verdict


def test_a_log_of_another_run_lifts_nothing() -> None:
    caveats = merge(make_pair(LATE, key="b")).caveats
    assert [it.hides_sockets for it in caveats if it.id == LATE.id] == [True]


def test_a_limit_that_is_lifted_names_the_file_that_has_the_sockets() -> None:
    (caveat,) = [it for it in merge(make_pair(LATE)).caveats if it.id == LATE.id]
    assert caveat.message == "a.har: It began late. a.netlog has them."


# -- pages ----------------------------------------------------------------------------------------------------


def make_page(
    id: str, url: str, started: float | None, kind: PageKind = PageKind.LOAD, final: bool | None = None
) -> Page:
    """A page; `final`: its sockets died with it, or that is not known. None: it did not end."""
    end = None
    if final is not None:
        within = Bounds(None, None, Evidence.PAGE_GONE)
        end = PageEnd(within, PageKind.NAVIGATION, final, f"{id}+")
    return Page(id, url, None if started is None else START + round(started * SECOND), kind, end)


def with_pages(capture: Capture, *pages: Page) -> Capture:
    """The capture with pages, of which the first has its socket."""
    traces = tuple(msgspec.structs.replace(trace, page=pages[0].id) for trace in capture.traces)
    return msgspec.structs.replace(capture, pages=pages, traces=traces)


@pytest.mark.parametrize(
    ("one", "other", "pages"),
    [
        pytest.param([("a", 0)], [("a", 0)], 1, id="a socket that both have"),
        pytest.param([("a", 0), ("b", 3)], [("a", 0), ("b", 3.01)], 2, id="the same address at the same time"),
        pytest.param([("a", 0), ("b", 3)], [("a", 0), ("b", 4)], 3, id="the same address at another time"),
        pytest.param([("a", 0), ("b", 3)], [("a", 0), ("c", 3)], 3, id="another address at the same time"),
    ],
)
def test_pages_of_one_tab_are_united(one: list[tuple[str, float]], other: list[tuple[str, float]], pages: int) -> None:
    captures = [
        with_pages(make_capture(format, *OPENED), *(make_page(f"page_{n}", *it) for n, it in enumerate(lot)))
        for format, lot in (("har", one), ("cdp-log", other))
    ]
    merged = merge(captures)
    assert len(merged.pages) == pages
    assert {trace.page for trace in merged.traces} == {"1:page_0"}


def test_captures_without_a_common_socket_have_no_common_page() -> None:
    captures = [
        with_pages(make_capture(format, *OPENED, key=key), make_page("page_1", "a", 0))
        for format, key in (("har", "a"), ("cdp-log", "b"))
    ]
    assert len(merge(captures).pages) == 2


def test_what_took_the_place_of_a_common_page_is_common() -> None:
    """A page that comes back from the cache has no date in one format, and an old one in the other."""
    captures = [
        with_pages(
            make_capture(format, *OPENED),
            make_page("page_1", "a", 0, final=False),
            make_page("page_1+", "b", started, PageKind.RESTORE),
        )
        for format, started in (("har", 0), ("cdp-log", None))
    ]
    merged = merge(captures)
    assert [page.id for page in merged.pages] == ["1:page_1", "1:page_1+"]
    assert merged.pages[0].end is not None
    assert merged.pages[0].end.successor == "1:page_1+"


@pytest.mark.parametrize("finals", [(True, False), (False, True)])
def test_a_page_whose_sockets_surely_died_with_it_took_them_along(finals: tuple[bool, bool]) -> None:
    captures = [
        with_pages(make_capture(format, *OPENED), make_page("page_1", "a", 0, final=final))
        for format, final in zip(("har", "cdp-log"), finals, strict=True)
    ]
    (page,) = merge(captures).pages
    assert page.end is not None
    assert page.end.final


def test_each_socket_names_its_place_in_both_files() -> None:
    report = analyze_together("connecting", ".har", ".cdp.json")
    assert {tuple(place.file for place in session.seen_in) for session in report.sessions} == {(0, 1)}
    assert report.sessions[0].seen_in[0] == Place(0, "/log/entries/0")
