"""A HAR of one tab and a NetLog of the browser: which sockets are the tab's, and what each scope answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer import gate, outputs
from analyzer.document import capture_document
from analyzer.formats import read
from analyzer.formats.devtools import origin_of
from analyzer.merge import merge
from analyzer.model import Capture, CaveatKind, Load, Loaded, Policy, Report, Requested, Run, Verdict, Where
from analyzer.outputs.check import render
from analyzer.pipeline import analyze
from analyzer.wording.judgements import total_sentence
from analyzer.wording.verdict import verdict_sentences
from tests.test_merge import SECOND, START, bounds, make_lives

RUNS = Path(__file__).parent / "runs"
TAB, BROWSER, UNKNOWN = Where.TAB, Where.BROWSER, Where.UNKNOWN
SITE, OTHER = "https://app.example.com", "https://news.example.com"


def load(at: float, origin: str = SITE) -> Load:
    return Load(START + round(at * SECOND), origin)


def make_har(*documents: Load, **changes: Any) -> Capture:
    """A HAR of one tab with one socket, `a`, from second 1 to 8."""
    har = make_lives("har", a=(1, 8)).with_file(of_tab=True, loaded=Loaded(documents) if documents else None)
    return msgspec.structs.replace(har, **changes)


def make_log(
    *documents: Load, origin: str = SITE, workers: frozenset[str] = frozenset(), at: float = 4, extension: bool = False
) -> Capture:
    """A NetLog of the same run with one more socket, `b`."""
    log = make_lives("netlog", a=(1, 8), b=(at, at + 1))
    own, other = log.traces
    other = msgspec.structs.replace(other, origin=origin, extension=extension)
    traces = (msgspec.structs.replace(own, origin=SITE), other)
    file = log.with_file(of_browser=True, loaded=Loaded(documents, workers))
    return msgspec.structs.replace(file, traces=traces)


def without_request(log: Capture) -> Capture:
    """The log, which does not have the request of its second socket."""
    own, other = log.traces
    return msgspec.structs.replace(log, traces=(own, msgspec.structs.replace(other, events=other.events[1:])))


HIDES = (CaveatKind.RECORDED_LATE.caveat("It began late."),)
FIRST, SECOND_TAB = load(0), load(3)


@pytest.mark.parametrize(
    ("har", "log", "where"),
    [
        pytest.param(make_har(FIRST), make_log(FIRST, origin=OTHER), BROWSER, id="of a site that is not in the tab"),
        pytest.param(make_har(FIRST, load(2, OTHER)), make_log(origin=OTHER), UNKNOWN, id="of a site in an iframe"),
        pytest.param(make_har(FIRST), make_log(FIRST), UNKNOWN, id="of the tab's site, and no other tab"),
        pytest.param(make_har(FIRST), make_log(FIRST, SECOND_TAB), BROWSER, id="another tab of the site"),
        pytest.param(make_har(FIRST, load(3)), make_log(FIRST, load(3)), UNKNOWN, id="the tab loaded it again"),
        pytest.param(make_har(FIRST), make_log(FIRST, load(5)), UNKNOWN, id="another tab, but later"),
        pytest.param(make_har(FIRST), make_log(load(-5), FIRST), UNKNOWN, id="a page before the recording"),
        pytest.param(
            make_har(FIRST), make_log(FIRST, SECOND_TAB, workers=frozenset({SITE})), UNKNOWN, id="a worker of the site"
        ),
        pytest.param(
            make_har(FIRST), make_log(FIRST, SECOND_TAB, workers=frozenset({OTHER})), BROWSER, id="a worker elsewhere"
        ),
        pytest.param(make_har(FIRST), make_log(FIRST, extension=True), BROWSER, id="an extension's"),
        pytest.param(make_har(FIRST), make_log(FIRST, origin="null"), UNKNOWN, id="of code without an origin"),
        pytest.param(make_har(FIRST), make_log(FIRST, origin=OTHER, at=20), UNKNOWN, id="after the HAR was saved"),
        pytest.param(
            make_har(FIRST, caveats=HIDES), make_log(FIRST, origin=OTHER), UNKNOWN, id="the HAR may lack documents"
        ),
        pytest.param(make_har(), make_log(FIRST, origin=OTHER), UNKNOWN, id="the HAR has no document"),
        pytest.param(make_har(FIRST), make_log(FIRST, origin=OTHER, at=-3), UNKNOWN, id="before the HAR began"),
        pytest.param(make_har(FIRST, load(5.5)), make_log(FIRST, load(3)), UNKNOWN, id="a load that the HAR has late"),
        pytest.param(make_har(FIRST, load(7)), make_log(FIRST, load(3)), BROWSER, id="a load long after that"),
        pytest.param(make_har(FIRST, load(1, OTHER)), make_log(FIRST, SECOND_TAB), BROWSER, id="an iframe beside"),
        pytest.param(make_har(FIRST), make_log(FIRST, load(3, OTHER)), UNKNOWN, id="a tab of another site"),
        pytest.param(make_har(FIRST), make_log(load(-0.003), SECOND_TAB), BROWSER, id="a load a moment before"),
        pytest.param(make_har(FIRST), make_log(FIRST).with_file(loaded=None), UNKNOWN, id="a log without its loads"),
        pytest.param(
            make_har(FIRST).with_file(observed=None),
            make_log(FIRST, origin=OTHER),
            UNKNOWN,
            id="nobody knows until when",
        ),
        pytest.param(
            make_har(FIRST), without_request(make_log(FIRST, origin=OTHER)), UNKNOWN, id="asked for some time"
        ),
    ],
)
def test_where_a_socket_belongs_that_only_the_log_has(har: Capture, log: Capture, where: Where) -> None:
    first, second = merge([har, log]).traces
    assert (first.where, second.where) == (TAB, where)


def test_what_is_elsewhere_for_one_har_may_be_of_the_tab_of_another() -> None:
    other = make_lives("har", c=(2, 3)).with_file(of_tab=True, loaded=Loaded((load(1, OTHER),)))
    traces = merge([make_har(FIRST), other, make_log(FIRST, origin=OTHER)]).traces
    assert [trace.where for trace in traces if trace.key == "b"] == [UNKNOWN]


def test_each_log_that_has_a_socket_must_show_the_other_tab() -> None:
    logs = [make_log(FIRST, SECOND_TAB), make_log(FIRST, SECOND_TAB, workers=frozenset({SITE}))]
    for order in (logs, logs[::-1]):
        assert [trace.where for trace in merge([make_har(FIRST), *order]).traces] == [TAB, UNKNOWN]


def test_captures_of_one_scope_are_not_divided() -> None:
    for captures in ([make_log(FIRST)], [make_har(FIRST), make_lives("cdp-log", a=(1, 8), b=(4, 5))]):
        assert {trace.where for trace in merge(captures).traces} == {None}


def report(har: Capture, log: Capture, **policy: Any) -> Report:
    return analyze(merge([har, log]), Policy(**policy))


TWO_TABS, ONE_TAB = (make_har(FIRST), make_log(FIRST, SECOND_TAB)), (make_har(FIRST), make_log(FIRST))


@pytest.mark.parametrize(
    ("captures", "policy", "status"),
    [
        pytest.param(TWO_TABS, {}, 0, id="another tab's does not count"),
        pytest.param(TWO_TABS, {"scope": "browser"}, gate.VIOLATED, id="but in the browser"),
        pytest.param(TWO_TABS, {"per": "endpoint"}, gate.VIOLATED, id="or by endpoint"),
        pytest.param(TWO_TABS, {"per": "endpoint", "scope": "tab"}, 0, id="unless the tab is asked for"),
        pytest.param(ONE_TAB, {}, gate.UNDECIDED, id="one of this tab or another may count"),
        pytest.param(ONE_TAB, {"max_open": 2}, 0, id="which breaks no policy that allows two"),
        pytest.param(ONE_TAB, {"scope": "browser"}, gate.VIOLATED, id="and counts in the browser"),
    ],
)
def test_the_scope_decides_what_fails(captures: tuple[Capture, Capture], policy: dict[str, Any], status: int) -> None:
    answer = report(*captures, **policy)
    assert answer.verdict is Verdict.OVERLAP
    assert gate.judge(answer, answer.policy).status == status


def without_opening(capture: Capture) -> Capture:
    """The capture, whose first socket never opened."""
    first, *others = capture.traces
    first = msgspec.structs.replace(first, events=(Requested(bounds(1, 1)),))
    return msgspec.structs.replace(capture, traces=(first, *others))


def test_a_tab_in_which_nothing_opened_is_not_passed_for_what_opened_elsewhere() -> None:
    answer = report(without_opening(make_har(FIRST)), without_opening(make_log(FIRST, origin=OTHER)))
    assert [session.where for session in answer.sessions if session.possible] == [BROWSER]
    assert gate.judge(answer, answer.policy).status == gate.EMPTY


def test_people_read_what_holds_in_the_tab_and_what_elsewhere() -> None:
    answer = report(*TWO_TABS)
    first, *_, last = verdict_sentences(answer, answer.policy)
    assert first.startswith("Overlap only with another tab's socket: 2 sockets")
    assert last == "In this tab: 1 socket. Elsewhere in this browser: 1 socket."
    assert "assumed-other-tab" in {caveat.id for caveat in answer.capture.caveats}
    run = Run((answer,), (), answer.policy)
    line = outputs.render("text", run).decode()
    assert "Elsewhere in this browser: 1 socket" in line
    assert total_sentence(run).startswith("1 capture: 1 PASS")


def test_check_says_what_leaves_it_undecided_and_what_to_do() -> None:
    answer = report(*ONE_TAB)
    lines = render(Run((answer,), (), answer.policy), verbose=True).decode()
    assert "UNDECIDED  a.har + a.netlog: tab-unknown" in lines
    assert "1 socket is in no HAR, and may be of this tab" in lines
    assert "Close other tabs before the recording, or count every socket of the browser: --scope browser." in lines


def test_json_has_the_scope_of_each_socket() -> None:
    for captures, scopes in ((TWO_TABS, ["tab", "browser"]), (ONE_TAB, ["tab", None])):
        sessions = capture_document(report(*captures))["sessions"]
        assert [session["scope"] for session in sessions] == scopes


@pytest.mark.parametrize(
    ("run", "scopes"),
    [
        pytest.param("two-tabs", ["tab", "browser"], id="the log shows the other tab"),
        pytest.param("workers", ["tab", "tab", "unknown", "unknown", "unknown", "unknown"], id="and that of workers"),
    ],
)
def test_real_sockets_that_only_the_log_has(run: str, scopes: list[str]) -> None:
    merged = merge([read(RUNS / f"{run}.har"), read(RUNS / f"{run}.netlog.json.gz")])
    truth = json.loads((RUNS / f"{run}.truth.json").read_text("utf-8"))
    assert [trace.where for trace in merged.traces] == scopes
    assert scopes.count("tab") == len(truth["sockets"]) - len(truth["sockets_not_in_har"])


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://App.example.com:443/a?b=https://c.example", "https://app.example.com"),
        ("http://user:word@localhost:8080", "http://localhost:8080"),
        ("data:text/html,x", ""),
        ("", ""),
    ],
)
def test_the_origin_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin
