"""The date of captures that have none: found by shared handshakes, or not claimed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from analyzer.clocks import find_dates, find_offset, shift
from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.merge import merge
from analyzer.model import Bounds, Capture, Clock, Evidence, Instant, Requested, Verdict
from analyzer.pipeline import analyze
from tests.test_merge import OPENED, make_capture

RUNS = Path(__file__).parent / "runs"
CAPTURES = Path(__file__).parent / "captures"
DAY = 86_400_000_000


def make_handshakes(format: str, *starts: Instant, clock: Clock = Clock.WALL) -> Capture:
    """A capture of sockets of one address, whose handshakes were sent at these instants."""
    single = make_capture(format, *OPENED, key=None)
    traces = tuple(
        msgspec.structs.replace(
            single.traces[0],
            pointer=f"/{n}",
            events=(Requested(Bounds(start - 300, start, Evidence.HANDSHAKE_REQUEST)),),
        )
        for n, start in enumerate(starts)
    )
    return msgspec.structs.replace(single, traces=traces).with_file(clock=clock)


@pytest.mark.parametrize(
    ("own", "others", "offset"),
    [
        pytest.param([5], [DAY + 5], DAY, id="one socket"),
        pytest.param([5, 1_000_005, 1_700_000], [DAY + 5, DAY + 1_000_905, DAY + 1_700_200], DAY + 200, id="three"),
        pytest.param([5, 1_000_005], [DAY + 5, DAY + 1_000_005, DAY + 9_000_000], DAY, id="one more beside them"),
        pytest.param([5, 1_000_005], [DAY + 5], None, id="either of two"),
        pytest.param([5, 1_000_005], [DAY + 5, DAY + 2_000_005], None, id="pairs that do not agree"),
        pytest.param([], [DAY], None, id="none"),
    ],
)
def test_the_difference_on_which_most_pairs_agree_is_the_offset(
    own: list[Instant], others: list[Instant], offset: Instant | None
) -> None:
    dated, undated = make_handshakes("har", *others), make_handshakes("chrome-trace", *own, clock=Clock.RELATIVE)
    assert find_offset(undated, [dated]) == offset


def test_a_capture_without_a_date_stays_on_its_own_clock_where_nothing_tells_it() -> None:
    dated = make_handshakes("har", DAY)
    undated = make_handshakes("chrome-trace", 5, 1_000_005, clock=Clock.RELATIVE)
    merged = merge([dated, undated])
    assert len({trace.clock for trace in merged.traces}) == 2
    assert any("without a wall clock" in caveat.message for caveat in merged.caveats)
    assert merged.observed is not None and dated.observed is not None
    assert merged.observed.start == dated.observed.start


def test_twins_are_paired_by_when_their_handshakes_were_sent() -> None:
    """Their constructors ran at once; by these they would be swapped."""
    har, trace = (read(RUNS / f"same-url-twice{suffix}") for suffix in (".har", ".trace.json.gz"))
    merged = merge([har, trace])
    assert [len(it.also) for it in merged.traces] == [1, 1]
    report = analyze(merged)
    assert report.verdict is Verdict.OVERLAP and merged.clock is Clock.WALL
    assert "contradictory" not in {caveat.id for caveat in merged.caveats}


def test_shifting_there_and_back_changes_nothing() -> None:
    capture = read(CAPTURES / "trace-crash.trace.json")
    there = shift(capture, DAY)
    assert there != capture and shift(there, -DAY) == capture
    (file,) = find_dates([capture])[0].files
    assert file.clock is Clock.RELATIVE


@pytest.mark.parametrize(
    ("began", "offset"),
    [
        pytest.param(DAY - 300_000, DAY, id="of this run"),
        pytest.param(DAY + 3_600_000_000, None, id="of another run, an hour later"),
    ],
)
def test_a_capture_is_not_moved_far_from_when_it_says_that_it_began(began: Instant, offset: int | None) -> None:
    trace = make_handshakes("chrome-trace", 5, clock=Clock.RELATIVE)
    trace = trace.with_file(began=began, observed=Interval(0, 9))
    assert find_offset(trace, [make_handshakes("har", DAY + 5)]) == offset
