"""Several captures as one timeline: overlaps across them, and nothing claimed that no file proves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.merge import merge
from analyzer.model import Confidence, Report, Verdict
from analyzer.pipeline import analyze
from tests.test_text import START, report, socket

SAMPLES = Path(__file__).parent.parent / "sample_hars"
SECOND = 1_000_000


def capture(source: str, *lives: tuple[float, float | None], until: float) -> Report:
    """Sockets of one address from second to second; None: open when the capture was saved, at `until`."""
    made = report(*(socket(start, end, lives=end is None, n=n) for n, (start, end) in enumerate(lives)))
    observed = Interval(START, START + round(until * SECOND))
    return msgspec.structs.replace(
        made, capture=made.capture.with_file(source=source, observed=observed, sha256="0" * 64)
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
    it = together([capture(f"{n}.har", *lives, until=4) for n, lives in enumerate(captures)])
    assert it.verdict is verdict
    assert (it.concurrency.proven_peak, it.concurrency.possible_peak) == peaks
    assert [s.id for s in it.sessions] == [f"s{n}" for n in range(1, len(it.sessions) + 1)]


def test_open_when_saved_is_certain_until_then_and_possible_after() -> None:
    early, late = capture("early.har", (0, None), until=2), capture("late.har", (3, 5), until=6)
    it = together([early, late])
    assert it.verdict is Verdict.POSSIBLE_OVERLAP
    first = it.sessions[0]
    assert first.proven == Interval(START, START + 2 * SECOND)
    assert first.possible is not None
    assert first.possible.end is None


def test_open_at_the_end_of_the_last_stays_open() -> None:
    it = together([capture("a.har", (0, 2), until=3), capture("b.har", (1, None), until=6)])
    assert it.sessions[1].proven == Interval(START + SECOND, None)
    (overlap,) = it.overlaps
    assert (overlap.confidence, overlap.interval) == (Confidence.PROVEN, Interval(START + SECOND, START + 2 * SECOND))


def test_pointers_and_pages_name_their_capture() -> None:
    reports = [analyze(read(SAMPLES / name, source=name)) for name in ("three-reloads.har", "stream-chat-correct.har")]
    it = together(reports)
    assert len(it.sessions) == sum(len(one.sessions) for one in reports)
    assert {s.pointer.partition("#")[0] for s in it.sessions} == {"three-reloads.har", "stream-chat-correct.har"}
    assert len({page.id for page in it.capture.pages}) == sum(len(one.capture.pages) for one in reports)
    assert {s.page for s in it.sessions} <= {page.id for page in it.capture.pages}
    assert (it.capture.format, it.capture.sha256) == ("merged", None)
    assert it.capture.caveats[0].id == "clocks-as-they-are"


def test_clocks_that_were_set_within_a_capture_stay_apart() -> None:
    one, two = capture("a.har", (0, 2), (1, 3), until=4), capture("b.har", (0, 2), (1, 3), until=4)
    apart = [
        msgspec.structs.replace(it, capture=msgspec.structs.replace(it.capture, traces=(first, stepped)))
        for it in (one, two)
        for first, second in [it.capture.traces]
        for stepped in [msgspec.structs.replace(second, clock=1)]
    ]
    it = together(apart)
    assert [s.clock for s in it.sessions] == [0, 1, 0, 2]
    assert it.concurrency.proven_peak == 2


def test_the_command_tells_it_as_one_capture() -> None:
    names = [str(SAMPLES / name) for name in ("three-reloads.har", "stream-chat-correct.har")]
    command = [sys.executable, "-m", "analyzer", "--together", *names, "--format"]
    told = json.loads(subprocess.run([*command, "json"], capture_output=True, check=True).stdout)
    (one,) = told["captures"]
    assert (one["format"], len(one["sessions"]), one["source"]) == ("merged", 6, " + ".join(names))
    line = json.loads(subprocess.run([*command, "ndjson"], capture_output=True, check=True).stdout)
    assert line == one
