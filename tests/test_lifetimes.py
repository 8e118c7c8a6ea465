"""Captures of the lab (tests/lab): what a browser really did, and which answers are sound.

`allowed` of the truth are the verdicts that may be given. Where nothing in the file can show what happened, `assumed` are
verdicts that may be given too, if the answer names the assumption on which it rests (`names`: a word of it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analyzer.formats import read
from analyzer.model import Report, Session
from analyzer.pipeline import analyze
from tests.kinds import of_the_lab

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
SLACK_MS = 25.0  # the server's clock and the browser's, on a busy machine
PAGE_SLACK_MS = 100.0  # a page that goes away: the server hears of it later


class Made(NamedTuple):
    name: str
    path: Path
    truth: Json


def made() -> Iterator[Made]:
    for path in sorted(CAPTURES.glob("*.har")):
        if of_the_lab(path):
            truth = json.loads(path.with_name(path.name.removesuffix(".har") + ".truth.json").read_text("utf-8"))
            yield Made(path.name.removesuffix(".har"), path, truth)


MADE = tuple(made())
each = pytest.mark.parametrize("capture", [pytest.param(it, id=it.name) for it in MADE])


def answer(capture: Made) -> Report:
    return analyze(read(capture.path))


def names_its_assumption(capture: Made, report: Report) -> bool:
    """Does one of the assumptions that the answer names speak of what this capture does not show?"""
    word = capture.truth.get("names", "")
    return any(caveat.assumed and word in caveat.message for caveat in report.capture.caveats)


@each
def test_the_verdict_is_sound(capture: Made) -> None:
    report = answer(capture)
    if report.verdict not in capture.truth["allowed"]:
        assert report.verdict in capture.truth.get("assumed", ()), capture.truth["why"]
        assert names_its_assumption(capture, report)


@each
def test_no_socket_is_said_to_be_open_when_it_was_not(capture: Made) -> None:
    report = answer(capture)
    if not ("assumed" in capture.truth and names_its_assumption(capture, report)):
        assert [*contradictions(capture, report)] == []


def contradictions(capture: Made, report: Report) -> Iterator[str]:
    most = capture.truth["max_concurrent_open"]
    if report.concurrency.proven_peak > most:
        yield f"{report.concurrency.proven_peak} proven to be open at once, and at most {most} were"
    lasted = overlapping_ms(sockets(capture.truth), capture.truth["export_ms"])
    if report.concurrency.proven_overlap / 1000 > lasted + SLACK_MS * len(report.sessions):
        yield f"proven to overlap for {report.concurrency.proven_overlap / 1000:.0f} ms, and it was {lasted:.0f} ms"
    keys = websocket_keys(capture.path)
    lives = {it["sec_websocket_key"]: it for it in sockets(capture.truth)}
    for session in report.sessions:
        life = lives.get(keys[int(session.pointer.rpartition("/")[2])])
        if life is not None and life["client_open_ms"] is not None:
            yield from (f"{session.pointer}: {it}" for it in wrong(session, life))


def overlapping_ms(lives: list[Json], exported: float) -> float:
    opened = [(it["client_open_ms"], it["end_ms"] or exported) for it in lives if it["client_open_ms"] is not None]
    edges = sorted({at for span in opened for at in span})
    return sum(b - a for a, b in pairwise(edges) if sum(start <= a and b <= end for start, end in opened) > 1)


def sockets(truth: Json) -> list[Json]:
    """Every socket of the truth by one name of its key and of its end."""
    return [
        {
            **item,
            "sec_websocket_key": item.get("sec_websocket_key") or item.get("sec_websocket_key_seen_by_server"),
            "end_ms": item.get("end_ms") or item.get("effective_close_ms") or item.get("client_close_ms"),
        }
        for item in truth["sockets"]
    ]


def websocket_keys(path: Path) -> list[str | None]:
    entries = json.loads(path.read_text("utf-8"))["log"]["entries"]
    headers = [{it["name"].lower(): it["value"] for it in entry["request"]["headers"]} for entry in entries]
    return [it.get("sec-websocket-key") for it in headers]


def wrong(session: Session, life: Json) -> Iterator[str]:
    proven, possible, closed = session.proven, session.possible, life["outcome"] == "closed"
    if proven is not None and proven.start / 1000 < life["client_open_ms"] - SLACK_MS:
        yield "proven before it opened"
    if proven is not None and closed and (proven.end is None or proven.end / 1000 > life["end_ms"] + SLACK_MS):
        yield "proven after it closed"
    if possible is None:
        yield "said never to have been open"
    elif possible.start / 1000 > life["client_open_ms"] + SLACK_MS:
        yield "possible only after it opened"
    elif possible.end is not None and (not closed or possible.end / 1000 < life["end_ms"] - PAGE_SLACK_MS):
        yield "possible only until before it closed"


def test_there_are_captures_of_every_kind() -> None:
    kinds = {
        "reload", "pushstate", "blank", "paused", "filter", "last", "slow", "late", "cleared", "reimported", "playwright",
        "merged", "two-tabs", "twice", "seconds", "timings", "shuffled", "mitmproxy",
    }  # fmt: skip
    missing = {kind for kind in kinds if not any(kind in it.name for it in MADE)}
    assert missing == set()
