"""What is known to have happened beside a capture (NAME.truth.json), and what an answer claims against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.model import Report, Session, Verdict

Json = dict[str, Any]
SLACK_MS = 5.0  # clocks of page, server and browser
PAGE_SLACK_MS = 100.0  # a page that goes away: the old process closes a little after the next page began
BRIEF_MS = 10.0  # a shorter overlap is at the edge of what a capture can show
EXTENSIONS = (
    ".netlog.json",
    ".cdp.json",
    ".perflog.json",
    ".trace.zip",
    ".trace.json",
    ".trace.json.gz",
    ".mitm",
    ".flows",
)


def truth_of(path: Path) -> Json:
    truth: Json = json.loads(truth_path(path).read_text("utf-8"))
    return truth


def truth_path(path: Path) -> Path:
    stem = next((path.name.removesuffix(it) for it in EXTENSIONS if path.name.endswith(it)), path.name)
    return path.with_name(f"{stem}.truth.json")


def life(socket: Json, truth: Json, until: float) -> tuple[float, float, float] | None:
    """When a socket opened, when it closed at the earliest (`close()` was called, or its page went), and at the latest."""
    opened = socket.get("client_open_ms")
    if opened is None or opened >= until:
        return None
    fields = ("end_ms", "effective_close_ms", "client_close_ms", "server_close_ms")
    ends = [socket[it] for it in fields if socket.get(it) is not None] if socket["outcome"] == "closed" else []
    end = min(ends[0] if ends else truth["export_ms"], until)
    called = socket.get("close_called_ms") if socket.get("close_called_state", 1) == 1 else None
    unloaded = socket.get("page_unload_ms") if "saw the end" in (socket.get("end_basis") or "") else None
    return opened, min(end, called or unloaded or end), end


def overlap(lives: list[tuple[float, float]]) -> tuple[int, float]:
    """The true peak, and milliseconds with two or more open."""
    level = peak = 0
    total = last = 0.0
    for at, step in sorted([(start, 1) for start, _ in lives] + [(end, -1) for _, end in lives]):
        total += at - last if level >= 2 else 0
        level, last = level + step, at
        peak = max(peak, level)
    return peak, total


def match(sessions: tuple[Session, ...], truth: Json) -> Iterator[tuple[Session, Json]]:
    """Each session with the true socket that it is: by its key, else by address and nearest creation."""
    left = list(truth["sockets"])
    keys = {it.get("sec_websocket_key") or it.get("sec_websocket_key_seen_by_server"): it for it in left}
    for session in sorted(sessions, key=lambda candidate: candidate.key is None):
        nearest = keys.get(session.key) if session.key is not None else None
        same = [candidate for candidate in left if candidate["url"] == session.url]
        at = 0 if session.created is None else (session.created.earliest or 0) / 1000
        nearest = nearest or min(same, key=lambda candidate: abs(candidate["created_ms"] - at), default=None)
        if nearest is not None and nearest in left:
            left.remove(nearest)
            yield session, nearest


def contradictions(report: Report, truth: Json, until: float = float("inf")) -> list[str]:
    """Every claim of an answer that the truth contradicts. `until`: where the capture was cut off, in milliseconds."""
    pairs = list(match(report.sessions, truth))
    lives = [candidate for _, socket in pairs if (candidate := life(socket, truth, until)) is not None]
    peak, lasted = overlap([(start, end) for start, _, end in lives])
    loose_peak, _ = overlap([(start, end + SLACK_MS) for start, _, end in lives])
    wrong = [f"{session.id}: {why}" for session, socket in pairs for why in errors(session, socket, truth, until)]
    if report.verdict is Verdict.OVERLAP and loose_peak < 2:
        wrong.append("overlap, and there was none")
    if report.verdict in (Verdict.NO_OVERLAP, Verdict.NO_SOCKETS) and lasted > BRIEF_MS:
        wrong.append(f"{report.verdict}, and two were open for {lasted:.0f} ms")
    if report.concurrency.proven_peak > loose_peak:
        wrong.append(f"proven peak {report.concurrency.proven_peak}, and at most {peak} were open")
    return wrong


def errors(session: Session, socket: Json, truth: Json, until: float) -> Iterator[str]:
    """What is wrong with the intervals of one session."""
    true = life(socket, truth, until)
    proven, possible = session.proven, session.possible
    if proven is not None and (true is None or proven.start / 1000 < true[0] - SLACK_MS):
        yield "proven before it opened"
    if true is None:
        return
    is_closed = socket["outcome"] == "closed" and true[2] < until
    if proven is not None and is_closed and proven.end is None and true[2] < until - SLACK_MS:
        yield "proven for ever, and it closed"
    if proven is not None and is_closed and proven.end is not None and proven.end / 1000 > true[2] + SLACK_MS:
        yield f"proven {proven.end / 1000 - true[2]:.1f} ms after its end"
    if true[2] <= true[0]:
        return
    if possible is None or possible.start / 1000 > true[0] + SLACK_MS:
        yield "not possible when it opened"
    elif possible.end is not None and possible.end / 1000 < true[1] - PAGE_SLACK_MS:
        yield f"possible only until {true[1] - possible.end / 1000:.1f} ms before its end"
