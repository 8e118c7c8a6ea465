"""Several captures as one timeline: overlaps across them, and nothing claimed that no file proves."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.merge import merge
from analyzer.model import (
    Accepted,
    Bounds,
    Capture,
    Clock,
    Closed,
    Closes,
    Confidence,
    Coverage,
    Event,
    Evidence,
    Exporter,
    File,
    Messages,
    Outcome,
    Place,
    Rejected,
    Report,
    Requested,
    Trace,
    Verdict,
)
from analyzer.pipeline import analyze
from tests.program import run
from tests.test_text import START, report, socket

SAMPLES = Path(__file__).parent.parent / "sample_hars"
SECOND = 1_000_000


def capture(source: str, *lives: tuple[float, float | None], until: float) -> Report:
    """Sockets of one address from second to second; None: open when the capture was saved, at `until`."""
    single = report(*(socket(start, end, lives=end is None, n=n) for n, (start, end) in enumerate(lives)))
    observed = Interval(START, START + round(until * SECOND))
    return msgspec.structs.replace(
        single, capture=single.capture.with_file(source=source, observed=observed, sha256="0" * 64)
    )


def together(reports: Sequence[Report]) -> Report:
    return analyze(merge([it.capture for it in reports]))


@pytest.mark.parametrize(
    ("captures", "verdict", "peaks"),
    [
        pytest.param([[(0, 2)], [(1, 3)]], Verdict.OVERLAP, (2, 2), id="one in each, at once"),
        pytest.param([[(0, 2)], [(2, 3)]], Verdict.NO_OVERLAP, (1, 1), id="one after the other"),
        pytest.param([[(0, 2)], [(1, 3)], [(1, 2)]], Verdict.OVERLAP, (3, 3), id="three captures"),
        pytest.param([[(0, 2)], []], Verdict.NO_OVERLAP, (1, 1), id="a capture without sockets"),
    ],
)
def test_overlaps_across_captures(
    captures: list[list[tuple[float, float]]], verdict: Verdict, peaks: tuple[int, int]
) -> None:
    joined = together([capture(f"{n}.har", *lives, until=4) for n, lives in enumerate(captures)])
    assert joined.verdict is verdict
    assert (joined.concurrency.proven_peak, joined.concurrency.possible_peak) == peaks
    assert [s.id for s in joined.sessions] == [f"s{n}" for n in range(1, len(joined.sessions) + 1)]


def test_open_when_saved_is_certain_until_then_and_possible_after() -> None:
    early, late = capture("early.har", (0, None), until=2), capture("late.har", (3, 5), until=6)
    joined = together([early, late])
    assert joined.verdict is Verdict.POSSIBLE_OVERLAP
    first = joined.sessions[0]
    assert first.proven == Interval(START, START + 2 * SECOND)
    assert first.possible is not None
    assert first.possible.end is None


def test_open_at_the_end_of_the_last_stays_open() -> None:
    joined = together([capture("a.har", (0, 2), until=3), capture("b.har", (1, None), until=6)])
    assert joined.sessions[1].proven == Interval(START + SECOND, None)
    (overlap,) = joined.overlaps
    assert (overlap.confidence, overlap.interval) == (Confidence.PROVEN, Interval(START + SECOND, START + 2 * SECOND))


def test_pointers_and_pages_name_their_capture() -> None:
    reports = [analyze(read(SAMPLES / name, source=name)) for name in ("three-reloads.har", "stream-chat-correct.har")]
    joined = together(reports)
    assert len(joined.sessions) == sum(len(one.sessions) for one in reports)
    assert {s.pointer.partition("#")[0] for s in joined.sessions} == {"three-reloads.har", "stream-chat-correct.har"}
    assert len({page.id for page in joined.capture.pages}) == sum(len(one.capture.pages) for one in reports)
    assert {s.page for s in joined.sessions} <= {page.id for page in joined.capture.pages}
    assert (joined.capture.format, joined.capture.sha256) == ("merged", None)
    assert joined.capture.caveats[0].id == "clocks-as-they-are"


def test_clocks_that_were_set_within_a_capture_stay_apart() -> None:
    one, two = capture("a.har", (0, 2), (1, 3), until=4), capture("b.har", (0, 2), (1, 3), until=4)
    apart = [
        msgspec.structs.replace(joined, capture=msgspec.structs.replace(joined.capture, traces=(first, stepped)))
        for joined in (one, two)
        for first, second in [joined.capture.traces]
        for stepped in [msgspec.structs.replace(second, clock=1)]
    ]
    joined = together(apart)
    assert [s.clock for s in joined.sessions] == [0, 1, 0, 2]
    assert joined.concurrency.proven_peak == 2


def test_the_command_tells_it_as_one_capture() -> None:
    names = [str(SAMPLES / name) for name in ("three-reloads.har", "stream-chat-correct.har")]
    document = json.loads(run("--together", *names, "--format", "json").stdout)
    (one,) = document["captures"]
    assert (one["format"], len(one["sessions"]), one["source"]) == ("merged", 6, " + ".join(names))
    line = json.loads(run("--together", *names, "--format", "ndjson").stdout)
    assert line == one


NONE, ALL = Coverage(), Coverage(Closes.ALL)


def make_capture(
    format: str, *events: Event, coverage: Coverage = NONE, key: str | None = "k", until: int = 9
) -> Capture:
    """A capture of one socket; instants are seconds after START."""
    exporter = Exporter("unknown", None, None, format)
    file = File(f"a.{format}", format, exporter, 1, Interval(START, START + until * SECOND))
    nothing = Messages(array("q"), b"", array("B"), array("q"))
    address = "wss://chat.example.com/"
    return Capture((file,), (), (Trace("/1", address, address, events, nothing, coverage=coverage, key=key),))


def bounds(earliest: float | None, latest: float | None, evidence: Evidence = Evidence.CLOSE_SEEN) -> Bounds:
    low, high = (None if at is None else START + round(at * SECOND) for at in (earliest, latest))
    return Bounds(low, high, evidence)


OPENED = (Requested(bounds(0, 0)), Accepted(bounds(0, 1)))


@pytest.mark.parametrize(
    ("one_bounds", "other_bounds", "common"),
    [
        pytest.param((0, 2), (1, 3), (1, 2), id="both bear witness"),
        pytest.param((0, None), (1, 3), (1, 3), id="one has no upper bound"),
        pytest.param((None, 2), (None, 3), (None, 2), id="none has a lower bound"),
        pytest.param((0, 1), (1, 2), (1, 1), id="one instant"),
        pytest.param((0, 1), (2, 3), None, id="they contradict each other"),
    ],
)
def test_bounds_meet(
    one_bounds: tuple[float | None, float | None],
    other_bounds: tuple[float | None, float | None],
    common: tuple[float | None, float | None] | None,
) -> None:
    for a, b in ((one_bounds, other_bounds), (other_bounds, one_bounds)):
        both = bounds(*a).meet(bounds(*b))
        assert (both and (both.earliest, both.latest)) == (
            common and (bounds(*common).earliest, bounds(*common).latest)
        )


def test_the_close_comes_from_the_capture_that_knows_it() -> None:
    har, log = make_capture("har", *OPENED), make_capture("netlog", *OPENED, Closed(bounds(3, 3)), coverage=ALL)
    (session,) = analyze(merge([har, log])).sessions
    assert session.outcome is Outcome.CLOSED
    assert session.possible == Interval(START, START + 3 * SECOND)
    assert session.seen_in == (Place(0, "/1"), Place(1, "/1"))
    assert session.pointer == "a.har#/1"


def test_without_a_key_the_nearest_handshake_of_another_format_is_the_same_socket() -> None:
    for format, sockets in (("netlog", 1), ("har", 2)):
        united = merge([make_capture("har", *OPENED, key=None), make_capture(format, *OPENED, key=None)])
        assert len(united.traces) == sockets
    assert len(merge([make_capture("har", *OPENED, key="a"), make_capture("netlog", *OPENED, key="b")]).traces) == 2


def test_without_a_key_two_that_failed_at_the_same_time_are_one() -> None:
    """Playwright dates a socket that it gave up while it was connecting by when it failed, not by when it began."""
    for failed, sockets in ((2.01, 1), (4, 2)):
        captures = [
            make_capture(format, Requested(bounds(began, began)), Rejected(bounds(at, at), "why"), key=None)
            for format, began, at in (("har", 2, 2), ("netlog", 0, failed))
        ]
        assert len(merge(captures).traces) == sockets


def test_captures_that_contradict_each_other_prove_neither() -> None:
    har, log = (
        make_capture("har", *OPENED, Closed(bounds(2, 2))),
        make_capture("netlog", *OPENED, Closed(bounds(4, 4)), coverage=ALL),
    )
    result = analyze(merge([har, log]))
    (session,) = result.sessions
    assert session.possible == Interval(START, START + 4 * SECOND)
    assert session.proven is not None
    assert session.proven.end is not None
    assert session.proven.end <= START + 2 * SECOND
    assert "contradictory" in {caveat.id for caveat in result.capture.caveats}


def test_a_log_without_a_common_socket_is_of_another_run() -> None:
    result = analyze(merge([make_capture("har", *OPENED, key="a"), make_capture("netlog", key="b")]))
    assert "not-of-one-run" in {caveat.id for caveat in result.capture.caveats}


def test_still_connecting_when_its_capture_ended_is_possibly_open_after_that() -> None:
    early, late = (
        make_capture("har", Requested(bounds(1, 1)), key="a", until=2),
        make_capture("har", *OPENED, key="b", coverage=ALL),
    )
    result = analyze(merge([early, late]))
    assert result.sessions[0].outcome is Outcome.UNKNOWN
    assert result.sessions[0].possible == Interval(START + 2 * SECOND, None)
    assert result.verdict is Verdict.POSSIBLE_OVERLAP


def make_lives(format: str, **lives: tuple[float, float]) -> Capture:
    """A capture of sockets by their keys, each from second to second."""
    single = make_capture(format)
    traces = [
        msgspec.structs.replace(
            single.traces[0],
            pointer=f"/{n}",
            key=key.partition("_")[0],
            events=(
                Requested(bounds(start, start)),
                Accepted(bounds(start, start)),
                Closed(bounds(end, end)),
            ),
        )
        for n, (key, (start, end)) in enumerate(lives.items())
    ]
    return msgspec.structs.replace(single, traces=tuple(traces))


def test_two_sockets_of_one_file_stay_two_though_their_keys_are_equal() -> None:
    lives = {"sample": (0, 4), "sample_again": (1, 4)}
    result = analyze(merge([make_lives("har", **lives), make_lives("netlog", **lives)]))
    assert result.verdict is Verdict.OVERLAP
    assert [it.seen_in for it in result.sessions] == [(Place(0, f"/{n}"), Place(1, f"/{n}")) for n in (0, 1)]


@pytest.mark.parametrize("late", [pytest.param(3, id="united"), pytest.param(60, id="too far apart for that")])
def test_sockets_of_captures_whose_clocks_differ_prove_nothing_about_each_other(late: int) -> None:
    """In truth `a` was closed before `b` was opened, and the log ended before that."""
    har = make_lives("har", a=(0, late + 0.1), b=(late + 0.2, late + 9))
    log = make_lives("netlog", a=(late, 2 * late + 0.1))
    result = analyze(merge([har, log]))
    assert result.verdict in (Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)
    assert "contradictory" in {caveat.id for caveat in result.capture.caveats}


def test_formats_may_differ_about_when_a_handshake_was_asked_for() -> None:
    first, second = (
        make_capture(format, Requested(bounds(at, at)), Accepted(bounds(2, 2)))
        for format, at in (("har", 0), ("netlog", 1))
    )
    assert "contradictory" not in {caveat.id for caveat in merge([first, second]).caveats}


def test_a_capture_without_a_wall_clock_cannot_be_compared_with_another_one() -> None:
    for begin, verdict in ((5, Verdict.INCONCLUSIVE), (1, Verdict.POSSIBLE_OVERLAP)):
        relative = make_lives("har", b=(begin, 9)).with_file(clock=Clock.RELATIVE)
        assert analyze(merge([make_lives("har", a=(0, 4)), relative])).verdict is verdict


def test_a_socket_that_is_older_than_its_log_may_be_one_of_the_har() -> None:
    """A log of DevTools events that began late has no key or address of a socket, which is in the HAR, too."""
    lives = {"a": (0, 2), "b": (3, 5)}
    log = make_lives("cdp-log", **lives)
    opened, closed = log.traces[0].events[1:]
    nameless = msgspec.structs.replace(
        log.traces[0], key=None, url="ws:///", endpoint="ws:///", events=(opened, closed)
    )
    late = msgspec.structs.replace(log, traces=(nameless, *log.traces[1:]))
    result = analyze(merge([make_lives("har", **lives), late]))
    assert len(result.sessions) == 3
    assert result.verdict is Verdict.POSSIBLE_OVERLAP


def test_sockets_of_another_run_overlap_none_of_this_one() -> None:
    result = analyze(merge([make_lives("har", a=(0, 4)), make_lives("netlog", b=(1, 4))]))
    assert result.concurrency.proven_peak == 1
    assert result.verdict in (Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)
