"""Logs of DevTools events in several files: together they say what the whole log says, and runs stay apart."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer.formats import join_parts, read
from analyzer.merge import merge
from analyzer.model import Capture, CaveatKind, Place, Report, Verdict
from analyzer.pipeline import analyze

Json = dict[str, Any]
RUNS = Path(__file__).parent / "runs"
RELOADS, HANDOVER, HOSTS = (RUNS / f"{name}.perflog.json.gz" for name in ("reloads", "handover", "hosts"))
LINES: msgspec.json.Decoder[Json] = msgspec.json.Decoder()
TARGET = "0123456789ABCDEF0123456789ABCDE"  # and one digit


def load(path: Path) -> list[Json]:
    text = gzip.decompress(path.read_bytes())
    events: list[Json] = msgspec.json.decode(text) if text.startswith(b"[") else LINES.decode_lines(text)
    return events


def save(folder: Path, parts: Sequence[Sequence[Json]], name: str = "part") -> list[Capture]:
    """Write each part to a file of its own, and read these."""
    paths = [folder / f"{name}-{number}.perflog.json" for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        path.write_text(json.dumps(part), "utf-8")
    return [read(path) for path in paths]


def describe(report: Report) -> object:
    """What a report says of sockets and pages, wherever in which file that stands."""
    sessions = [(it.url, it.key, it.proven, it.possible, it.outcome, it.page) for it in report.sessions]
    ends = [page.end and (page.end.within.earliest, page.end.within.latest) for page in report.capture.pages]
    pages = [(page.url, page.started, page.kind) for page in report.capture.pages]
    ids = {caveat.id for caveat in report.capture.caveats} - {CaveatKind.ASSUMED_ALL_PARTS}
    return report.verdict, sessions, pages, ends, ids


@pytest.mark.spread(8)
@pytest.mark.parametrize("seed", range(200))
def test_parts_say_what_the_whole_log_says(tmp_path: Path, seed: int) -> None:
    """Two to four of them, cut anywhere, in any order."""
    chance = random.Random(seed)
    path = chance.choice([RELOADS, HANDOVER, HOSTS])
    events = load(path)
    bounds = [0, *sorted(chance.sample(range(1, len(events)), chance.randint(1, 3))), len(events)]
    captures = save(tmp_path, [events[start:end] for start, end in pairwise(bounds)])
    order = chance.sample(range(len(captures)), len(captures))
    (joined,) = join_parts([captures[number] for number in order])
    assert describe(analyze(joined)) == describe(analyze(read(path)))
    assert sum(file.records for file in joined.files) == len(events)
    assert [file.sha256 for file in joined.files] == [capture.sha256 for capture in captures]
    assert CaveatKind.ASSUMED_ALL_PARTS in {caveat.id for caveat in joined.caveats}


def test_runs_stay_apart(tmp_path: Path) -> None:
    parts = []
    for path in (HANDOVER, HOSTS):
        events = load(path)
        parts += [events[: len(events) // 2], events[len(events) // 2 :]]
    joined = join_parts(save(tmp_path, parts))
    assert [[Path(file.source).name[5] for file in it.files] for it in joined] == [["0", "1"], ["2", "3"]]


def line(at: float, method: str, target: str = "0", **params: Any) -> Json:
    """An event as chromedriver writes it, at an instant in seconds."""
    event = {"message": {"method": method, "params": {"timestamp": at, **params}}, "webview": TARGET + target}
    return {"level": "INFO", "message": json.dumps(event), "timestamp": round(at * 1000)}


def opening(at: float, id: str, target: str = "0") -> list[Json]:
    """The handshake of a socket."""
    request = {"headers": {"Sec-WebSocket-Key": f"key of {id} in {target}"}}
    return [
        line(at, "Network.webSocketCreated", target, requestId=id, url="ws://a.test/"),
        line(
            at, "Network.webSocketWillSendHandshakeRequest", target, requestId=id, wallTime=1.7e9 + at, request=request
        ),
        line(at, "Network.webSocketHandshakeResponseReceived", target, requestId=id, response={"status": 101}),
    ]


def close(at: float, id: str, target: str = "0") -> list[Json]:
    return [line(at, "Network.webSocketClosed", target, requestId=id)]


def unwrap(events: Sequence[Json]) -> list[Json]:
    """The events alone, as scripts save them."""
    return [json.loads(event["message"])["message"] for event in events]


def test_a_close_in_a_later_part_is_that_of_its_socket(tmp_path: Path) -> None:
    (joined,) = join_parts(save(tmp_path, [opening(1, "7.1"), close(2, "7.1") + opening(3, "7.2"), close(4, "7.2")]))
    report = analyze(joined)
    assert report.verdict is not Verdict.OVERLAP
    assert [session.seen_in for session in report.sessions] == [
        (Place(0, "/0"), Place(1, "/0")),
        (Place(1, "/1"), Place(2, "/0")),
    ]


def test_requests_of_two_runs_may_have_one_id(tmp_path: Path) -> None:
    captures = save(tmp_path, [opening(1, "7.1"), close(5, "7.1", "1") + opening(6, "7.2", "1")])
    assert join_parts(captures) == captures


def test_a_part_without_ids_may_hold_the_closes_of_a_log(tmp_path: Path) -> None:
    first, last = (
        [*unwrap(opening(at, id)), *unwrap([line(at, "Page.frameNavigated", frame={"id": TARGET + "0"})])]
        for at, id in ((1, "7.1"), (5, "7.2"))
    )
    assert len(join_parts(save(tmp_path, [first, last]))) == 1
    assert len(join_parts(save(tmp_path, [first, unwrap(close(3, "7.1")), last]))) == 3


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(opening(1.5, "7.2"), id="recorded at the same time"),
        pytest.param(unwrap(close(9, "7.1")), id="saved in another way"),
        pytest.param([{"method": "Network.webSocketClosed", "params": {"requestId": "7.1"}}], id="without a date"),
    ],
)
def test_what_cannot_be_placed_is_not_joined(tmp_path: Path, later: list[Json]) -> None:
    captures = save(tmp_path, [[*opening(1, "7.1"), line(2, "Page.loadEventFired")], later])
    assert join_parts(captures) == captures


def test_nothing_goes_on_where_a_part_is_cut_off(tmp_path: Path) -> None:
    captures = save(tmp_path, [opening(1, "7.1"), close(2, "7.1")])
    torn = tmp_path / "part-0.perflog.json"
    torn.write_bytes(torn.read_bytes()[:-40])
    captures = [read(torn), captures[1]]
    assert join_parts(captures) == captures


def test_a_log_in_parts_stands_beside_other_captures(tmp_path: Path) -> None:
    parts = save(tmp_path, [opening(1, "7.1"), close(2, "7.1")])
    other = read(RUNS / "connecting.netlog.json.gz")
    joined = join_parts([parts[0], other, parts[1]])
    assert [len(capture.files) for capture in joined] == [2, 1]
    sessions = analyze(merge(joined)).sessions
    assert [session.seen_in[1:] for session in sessions if session.seen_in[0].file == 0] == [(Place(1, "/0"),)]
