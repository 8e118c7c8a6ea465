"""One zero of time: whoever adds an offset to the start that is stated gets the same instant in every output."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analyzer import outputs
from analyzer.document import timestamp
from analyzer.formats import read
from analyzer.model import Instant, Policy, Report, Run
from analyzer.outputs import chart, check, show
from analyzer.outputs.chart.marks import Words
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.timeline import Axis, axis_of
from analyzer.wording import instants
from tests.kinds import of_the_lab

Json = dict[str, Any]
GOLDEN = sorted(it for it in (Path(__file__).parent / "captures").rglob("*.har") if it.is_file() and not of_the_lab(it))
STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC")


def date(at: timedelta) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def socket(start: float, page: str | None) -> Json:
    sent = datetime.fromisoformat(date(timedelta(seconds=start + 0.5))).timestamp()
    return {
        "startedDateTime": date(timedelta(seconds=start)),
        "_resourceType": "websocket",
        "time": 20_000.0,
        **({} if page is None else {"pageref": page}),
        "request": {"method": "GET", "url": "wss://h.example/ws", "headers": []},
        "response": {"status": 101, "headers": []},
        "timings": {"send": 0, "wait": 19_999.0, "receive": 1.0},
        "_webSocketMessages": [
            {"type": "send", "time": at, "opcode": 1, "data": "x"} for at in (sent, sent + 19.499)
        ],
    }  # fmt: skip


def har(*entries: Json, pages: tuple[float, ...] = ()) -> Json:
    listed = [
        {"id": f"page_{n}", "title": "https://h.example/", "startedDateTime": date(timedelta(seconds=at))}
        for n, at in enumerate(pages, 1)
    ]
    return {"log": {"creator": {"name": "WebInspector"}, "pages": listed, "entries": list(entries)}}


STATED = {
    "text": r"recorded, +from +",
    "html": r"Covers</dt><dd>[^<]*from ",
    "chart": r"0 s is ",
}


def list_starts(report: Report) -> dict[str, datetime]:
    """The start that each output states."""
    run = Run((report,), (), Policy(), rules=RULES)
    texts = {name: outputs.render(name, run).decode() for name in ("text", "html")}
    texts["chart"] = " ".join(it.text for it in chart.picture(run, 12).marks if isinstance(it, Words))
    result = {}
    for name, before in STATED.items():
        start = re.search(before + STAMP.pattern, texts[name])
        assert start is not None, name
        result[name] = datetime.fromisoformat(start[1])
    return result


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(har(socket(3, "page_1"), pages=(0,)), id="the page began before its first entry"),
        pytest.param(har(socket(3, "page_1"), pages=(2.5,)), id="a little before"),
        pytest.param(har(socket(3, "page_1"), pages=(-3600,)), id="an hour before"),
        pytest.param(har(socket(3, None)), id="no page"),
        pytest.param(har(socket(3, None), socket(9, "page_1"), pages=(8,)), id="a socket before the page"),
        pytest.param(har(socket(9, "page_1"), socket(3, "page_1"), pages=(0,)), id="entries out of order"),
    ],
)
def test_an_offset_and_the_start_that_is_stated_give_the_same_instant_everywhere(
    document: Json, report: Callable[..., Report]
) -> None:
    result = report(document)
    observed = json.loads(outputs.render("json", Run((result,), (), Policy())))["captures"][0]["observed"]["start"]
    start = datetime.fromisoformat(observed).replace(tzinfo=None)
    assert list_starts(result) == dict.fromkeys(STATED, start)
    for session in result.sessions:
        screen = show.render(result, session).decode()
        offset = re.search(r"requested +(-?[\d.]+) (s|ms)", screen)
        assert offset is not None
        assert session.created is not None and session.created.latest is not None
        request = result.zero + round(float(offset[1]) * (1_000_000 if offset[2] == "s" else 1_000))
        assert request == pytest.approx(session.created.latest, abs=10_000)


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_output_counts_from_the_first_instant_that_is_witnessed(path: Path) -> None:
    result = analyze(read(path))
    if result.capture.observed is None:
        assert result.zero == 0 or result.sessions
        return
    assert result.zero == axis_of(result).zero == result.capture.observed.start


def test_the_gate_counts_from_there_too(report: Callable[..., Report]) -> None:
    result = report(har(socket(3, "page_1"), socket(9, "page_1"), pages=(0,)))
    line = check.render(Run((result,), (), Policy(), rules=RULES), verbose=True).decode()
    since = re.search(r"since (-?[\d.]+) s \(" + STAMP.pattern, line)
    assert since is not None
    instant = datetime.fromisoformat(since[2]) - timedelta(seconds=float(since[1]))
    assert abs(instant - moment(result.zero)) < timedelta(milliseconds=6)


def moment(at: Instant) -> datetime:
    return datetime.fromisoformat(timestamp(at) or "").replace(tzinfo=None)


def test_before_the_start_offsets_are_negative() -> None:
    axis = Axis(0, 120_000_000, 60_000_000)
    assert instants.since(57_000_000, axis) == "-3.00 s"
    assert instants.since(60_000_000, axis) == "0 s"
