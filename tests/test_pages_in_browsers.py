"""How pages end in a real browser: captures of tests/lab, each with what the server saw and which verdicts that allows.

A false claim is allowed only where it rests on an assumption that the answer names, and that can be taken back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import Assume, Policy, Report
from analyzer.pipeline import analyze
from analyzer.readers import read

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
LATE_MS = 100.0  # truth by the server's log is late by as much on a busy machine


UNDECIDABLE = {
    "chrome-paused-detour-f5": "paused while a page was left and loaded anew; what follows looks as F5 of the first one",
}


def truth_of(path: Path) -> Json:
    return json.loads(path.with_name(path.name.removesuffix(".har") + ".truth.json").read_bytes())  # type: ignore[no-any-return]


PATHS = [
    path
    for path in sorted(CAPTURES.glob("*.har"))
    if path.with_name(path.name.removesuffix(".har") + ".truth.json").exists() and "allowed" in truth_of(path)
]
KNOWN = pytest.mark.xfail(strict=True, reason="the file holds nothing that shows it: out-of-sight says so")
each = pytest.mark.parametrize("path", [pytest.param(path, id=path.name.removesuffix(".har")) for path in PATHS])
false = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name, marks=[KNOWN] if name in UNDECIDABLE else [])
        for path in PATHS
        for name in [path.name.removesuffix(".har")]
    ],
)


def false_claims(report: Report, truth: Json) -> list[str]:
    """What the truth contradicts, of sockets whose outcome rests on no named assumption."""
    told = []
    true = {key: socket for socket in truth["sockets"] if (key := socket.get("sec_websocket_key"))}
    for session in report.sessions:
        socket = true.get(session.key or "")
        if socket is None or session.assumes is not None:
            continue
        opened = socket.get("client_open_ms") or socket.get("server_accept_ms")
        end = socket.get("end_ms") if socket["outcome"] == "closed" else None
        proven, possible = session.proven, session.possible
        if proven is not None and end is not None and (proven.end is None or proven.end / 1000 > end + LATE_MS):
            told.append(f"{session.pointer}: proven beyond its end")
        if proven is not None and opened is not None and proven.start / 1000 < opened - LATE_MS:
            told.append(f"{session.pointer}: proven before it opened")
        if opened is None or (end is not None and end - opened < LATE_MS):
            continue
        if possible is None:
            told.append(f"{session.pointer}: never open, and it was")
        elif possible.end is not None and possible.end / 1000 < (end or truth["export_ms"]) - LATE_MS:
            told.append(f"{session.pointer}: not possible until its end")
        elif possible.start / 1000 > opened + LATE_MS:
            told.append(f"{session.pointer}: not possible from its opening on")
    return told


def test_there_are_such_captures() -> None:
    assert len(PATHS) >= 100


@false
def test_no_claim_contradicts_what_the_server_saw(path: Path) -> None:
    truth = truth_of(path)
    capture = read(path)
    report = analyze(capture)
    assert false_claims(report, truth) == []
    if report.verdict not in truth["allowed"]:
        assert any(caveat.assumed for caveat in report.capture.caveats)
    taken_back = analyze(capture, Policy(assume=frozenset({Assume.BFCACHE})))
    assert false_claims(taken_back, truth) == []
    paused = {"assumed-page-alive", "filtered"} & {it.id for it in taken_back.capture.caveats if it.assumed}
    assert taken_back.verdict in truth["allowed"] or paused


@each
def test_what_an_ordinary_recording_shows_stays_decided(path: Path) -> None:
    truth = truth_of(path)
    if truth["allowed"] == ["no-overlap"]:
        assert analyze(read(path)).verdict == "no-overlap"
