"""The screen of a recording that runs: true at every size, harmless, silent unless more are open than allowed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from analyzer.cli.live import Board, LiveView
from analyzer.model import MILLISECOND, SECOND, ConsoleLine, Instant, Level
from analyzer.outputs import live
from analyzer.outputs.live import Life, Scene
from analyzer.recorder.recording import By, Recording, Socket
from analyzer.wording import terminal
from analyzer.wording.medium import Medium
from tests.test_text import HOSTILE

SCREENS = Path(__file__).parent / "live_screens"
START = 1_763_923_693 * SECOND
CHAT = "<Chat>, app.js:47186"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoibWFyaWEifQ.c2lnbmF0dXJl"
STREAM = "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22maria.lopez%22%7D&authorization=" + TOKEN


def at(seconds: float) -> Instant:
    return START + round(seconds * SECOND)


def life(number: int, began: float, certain: float | None = None, **details: Any) -> Life:
    """A socket that is open, or closed at an instant."""
    ended = {} if certain is None else {"certain": at(certain), "possible": at(certain), "ending": "closed"}
    name = details.pop("name", "Stream Chat")
    return Life(number, name, at(began), **{**ended, **details})


def scene(now: float, *lives: Life, **details: Any) -> Scene:
    return Scene(START, at(now), lives, peak=live.find_peak(lives), hint="Ctrl-C ends the recording.", **details)


SCENES = {
    "nothing-yet": scene(3.2),
    "one": scene(7.2, life(1, 1.5, opener=CHAT)),
    "too-many": scene(
        24.2,
        life(1, 1.5, 8, opener=CHAT),
        life(2, 7.5, name="Stream Chat, user-1", opener=CHAT),
        life(3, 9, opener="a library, connect(), vendor.js:1:20318"),
        life(4, 10, 10, name="chat.example/connect", ending="never opened: HTTP 403", failed=True),
        life(5, 2, name="Vite dev server", counts=False),
        life(6, 12, 14, possible=None, ending="no longer recorded"),
        life(7, 16, 18, possible=at(18.9), ending="closed: page closed"),
        earlier=3,
    ),
    "of-the-docs": scene(
        9.4,
        life(1, 1.2, 2.4, opener="<Chat>, App.tsx:21"),
        life(2, 1.5, opener="<Chat>, App.tsx:21"),
        life(3, 6.1, opener="reconnect(), socket.ts:80"),
    ),
    "many": scene(
        500,
        *(
            life(n, 380 + n, None if n in (50, 51, 99) else 381 + n, opener=f"<List>, list.js:{n % 5}")
            for n in range(30, 110)
        ),
        earlier=1012,
        allowed=2,
    ),
}
SIZES = {"80": (80, 23, True), "40-ascii": (40, 23, False), "low": (60, 8, True), "wide": (130, 40, True)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCENES)
def test_the_screen_is_the_one_that_was_accepted(name: str, size: str, request: pytest.FixtureRequest) -> None:
    width, height, unicode = SIZES[size]
    lines = live.draw(SCENES[name], Medium(width, unicode), height)
    text = terminal.encode(lines, False)
    golden = SCREENS / f"{name}.{size}.txt"
    if request.config.getoption("--accept"):
        golden.write_bytes(text)
    assert text.decode() == golden.read_text("utf-8")
    assert unicode or text.isascii()


def test_the_docs_show_a_screen_as_it_is() -> None:
    page = (SCREENS.parent.parent / "docs" / "recording.md").read_text("utf-8")
    assert (SCREENS / "of-the-docs.80.txt").read_text("utf-8") in page


times = st.integers(0, 700 * SECOND).map(lambda passed: START + passed)
lives = st.builds(
    lambda number, name, opener, began, ends, ending, failed, counts: Life(
        number,
        name,
        began,
        opener,
        None if ends is None else max(began, ends),
        None if ends is None or ending == "lost" else max(began, ends) + 3000,
        "" if ends is None else ending,
        failed and ends is not None,
        counts,
    ),
    st.integers(1, 10**6),
    st.sampled_from(("Stream Chat", "界界界" * 30, HOSTILE, "")),
    st.sampled_from(("", CHAT, HOSTILE, "x" * 300)),
    times,
    st.none() | times,
    st.sampled_from(("closed", "lost", HOSTILE)),
    st.booleans(),
    st.booleans(),
)


@given(
    st.lists(lives, max_size=40),
    times,
    st.integers(0, 10**6),
    st.integers(1, 200),
    st.booleans(),
    st.integers(4, 70),
    st.integers(1, 3),
)
def test_every_screen_fits_and_acts_on_nothing(
    each: list[Life], now: int, earlier: int, width: int, unicode: bool, height: int, allowed: int
) -> None:
    picture = Scene(START, now, tuple(each), earlier, live.find_peak(each), allowed, "Ctrl-C ends the recording.")
    lines = [line.plain for line in live.draw(picture, Medium(width, unicode), height)]
    assert len(lines) <= height
    assert all(cell_len(line) <= max(width, 40) for line in lines)
    assert all(line.isprintable() and (unicode or line.isascii()) for line in lines)
    assert any(f"{live.count_open(each):,} open now" in line for line in lines)


@given(st.integers(0, 4000 * SECOND))
def test_what_happens_now_is_within_the_time_that_is_drawn(passed: int) -> None:
    start, end = live.window(START, START + passed)
    assert end is not None
    assert START <= start <= START + passed < end
    assert passed >= 120 * SECOND or start == START
    assert passed < 120 * SECOND or passed - (start - START) >= 90 * SECOND


def styles(screen: list[Any], beside: str) -> set[str]:
    """The styles of the signs in the row that begins so."""
    row = next(line for line in screen if line.plain.startswith(beside))
    return {str(span.style) for span in row.spans if row.plain[span.start : span.end].strip("█►")[:1] == ""}


def test_bars_are_red_while_too_many_are_open_and_closed_ones_fade() -> None:
    both = (life(1, 1, 4), life(2, 3))
    screen = live.draw(scene(8, *both), Medium(80, True), 23)
    assert styles(screen, " #1") == {"dim", "red"}
    assert styles(screen, " #2") == {"red", "green"}
    allowed = live.draw(scene(8, *both, allowed=2), Medium(80, True), 23)
    assert (styles(allowed, " #1"), styles(allowed, " #2")) == ({"dim"}, {"green"})


def test_an_open_socket_keeps_its_row_however_many_opened_after_it() -> None:
    lives = [life(1, 0.1), *(life(n, n / 10, n / 10 + 0.1) for n in range(2, 90))]
    rows = [line.plain for line in live.draw(scene(9.5, *lives), Medium(80, True), 14)]
    assert [row.split()[0] for row in rows if row.startswith(" #")][:1] == ["#1"]
    assert any("earlier" in row for row in rows)


def test_a_socket_that_is_older_than_the_recording_was_open_for_longer() -> None:
    screen = live.draw(scene(8, life(1, 1, older=True), life(2, 2, 3, older=True), allowed=2), Medium(80, True), 23)
    assert [line.plain.rstrip()[-20:].strip(" █►") for line in screen if line.plain.startswith(" #")] == [
        "≥ 7 s",
        "≥ 1.00 s, closed",
    ]


# -- what counts as an excess ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lives", "words"),
    [
        pytest.param([life(1, 1), life(2, 2, opener=CHAT)], f"2 sockets open, 1 allowed: #2 opened by {CHAT} while #1 was open", id="two"),
        pytest.param([life(1, 1, 2), life(2, 2)], None, id="one takes the place of another"),
        pytest.param([life(1, 1), life(2, 2, counts=False)], None, id="a dev server's does not count"),
        pytest.param([life(1, 1), life(2, 2, 2, ending="failed", failed=True)], None, id="one failed"),
        pytest.param([life(1, 1, 2, possible=at(3), ending="page closed"), life(2, 2.5)], None, id="only possibly"),
        pytest.param([life(1, 1, 3), life(2, 2, 3)], "2 sockets open, 1 allowed: #2 opened while #1 was open", id="over by now"),
        pytest.param([life(1, 1, older=True), life(2, 1, older=True)], "2 sockets open, 1 allowed: open before the recording began", id="older"),
    ],
)  # fmt: skip
def test_an_excess_is_certain_and_names_who_opened_the_last(lives: list[Life], words: str | None) -> None:
    excess = live.find_excess(scene(9, *lives), 0)
    assert (None if excess is None else excess.words) == words
    assert excess is None or live.find_excess(scene(9, *lives), excess.at) is None, "once"


def test_a_third_socket_within_an_excess_rings_no_second_time() -> None:
    first = live.find_excess(scene(9, life(1, 1), life(2, 2)), 0)
    assert first is not None
    assert live.find_excess(scene(9, life(1, 1), life(2, 2), life(3, 3)), first.at) is None
    assert live.find_excess(scene(9, life(1, 1), life(2, 2, 4), life(3, 5)), first.at) is not None, "another excess"


# -- the recording behind it -------------------------------------------------------------------------------------


def stack(function: str, line: int) -> dict[str, Any]:
    frame = {"functionName": function, "url": "https://h.example/app.js", "lineNumber": line, "columnNumber": 4}
    return {"type": "script", "stack": {"callFrames": [frame]}}


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"(?m)^ *-?\d+\.\d{3} s  ", "", capsys.readouterr().err).splitlines()


def test_a_line_per_event_off_a_terminal_with_secrets_and_users_masked(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView() as view:
        recording = Recording(view.observe)
        recording.request("a", STREAM, at(1), initiator=stack("connectUser", 11))
        recording.answer("a", at(2), 101, "", {})
        recording.request("b", "ws://localhost:5173/?token=abc", at(2), headers={"sec-websocket-protocol": "vite-hmr"})
        recording.answer("b", at(2), 101, "", {})
        recording.request("c", f"wss://h.example/a?t={TOKEN}", at(2))
        recording.answer("c", at(2), 101, "", {})
        recording.end("c", at(3))
        recording.end("a", at(4), at(3.9), By.RELOAD)
        recording.request("d", "wss://h.example/d", at(4))
        recording.problem("d", f"Error during WebSocket handshake: Unexpected response code: 403 of {TOKEN}")
        recording.end("d", at(5))
        recording.lost("b", at(6))
        recording.request("e", "wss://h.example/e", at(1))
        recording.see_open("e", at(7), at(7))
    assert lines_of(capsys) == [
        "+ socket #1 wss://chat.stream-io-api.com/connect?json=<token 1>&authorization=<token 2>, opened by a library, "
        "connectUser(), app.js:12 (1 open now)",
        "+ socket #2 ws://localhost:5173/?token=<token 3> (not counted; 1 open now)",
        "+ socket #3 wss://h.example/a?t=<token 2> (2 open now, 1 allowed)",
        "- socket #3 closed (1 open now)",
        "- socket #1 closed: page reloaded (0 open now)",
        "! socket #4 never opened: HTTP 403 of <token 2> (0 open now)",
        "- socket #2 no longer recorded (not counted; 0 open now)",
        "+ socket #5 wss://h.example/e (older than the recording; 1 open now)",
    ]


def make_board() -> tuple[Board, Recording]:
    board = Board(1)

    def observe(socket: Socket, at: Instant, _: int) -> None:
        board.note(socket, at)

    return board, Recording(observe)


def test_what_the_console_said_is_one_masked_line(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView() as view:
        recording = Recording(view.observe)
        recording.request("a", STREAM, at(1))
        recording.answer("a", at(2), 101, "", {})
        view.say_console(ConsoleLine(at(2), Level.WARNING, f"Twice for maria.lopez: {TOKEN}\n  at app.js"))
    assert lines_of(capsys)[1:] == ["! console warning: Twice for user-1: <token 2>"]


def test_a_text_of_the_console_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView() as view:
        for number in range(5):
            view.say_console(ConsoleLine(at(number), Level.ERROR, f"websocket {number % 2}"))
    assert lines_of(capsys) == ["! console error: websocket 0", "! console error: websocket 1"]


def test_the_scene_follows_the_recording() -> None:
    board, recording = make_board()
    now = board.look()[0].now
    for id, opened in (("a", now), ("b", now + 5)):
        recording.request(id, STREAM, opened - 1, initiator=stack("connectUser", 11))
        recording.answer(id, opened, 101, "", {})
    recording.end("b", now + 900, now + 500, By.PAGE_CLOSED)
    recording.lost("a", now + 1000)
    picture, alarm = board.look()
    assert [(it.number, it.name, it.open, it.lost, it.began) for it in picture.lives] == [
        (1, "Stream Chat, user-1", False, True, now),
        (2, "Stream Chat, user-1", False, False, now + 5),
    ]
    assert [(it.certain, it.possible, it.ending) for it in picture.lives] == [
        (now, None, "no longer recorded"),
        (now + 500, now + 900, "closed: page closed"),
    ]
    assert (picture.peak, live.count_open(picture.lives), alarm) == (1, 0, ""), "the first may have ended by then"


def test_a_close_that_is_reported_after_the_next_opening_is_no_excess() -> None:
    board, recording = make_board()
    now = board.look()[0].now
    recording.request("a", "wss://h/a", now)
    recording.answer("a", now, 101, "", {})
    recording.request("b", "wss://h/b", now)
    recording.answer("b", now + 20 * MILLISECOND, 101, "", {})
    recording.end("a", now + 10 * MILLISECOND)
    picture, alarm = board.look()
    assert (alarm, picture.peak) == ("", 1)


def test_a_socket_that_ended_long_ago_is_forgotten_and_counted() -> None:
    board = Board(1)
    board._clock -= 1000
    now = board.look()[0].now
    for number, ended in ((1, now - 200 * SECOND), (2, now - 10 * SECOND), (3, None)):
        socket = Socket("x", "wss://h/a", now - 300 * SECOND, number, opened=True, earliest=ended, latest=ended)
        board.note(socket, now - 300 * SECOND)
    picture, _ = board.look()
    assert ([it.number for it in picture.lives], picture.earlier) == ([2, 3], 1)


# -- on a terminal -----------------------------------------------------------------------------------------------

DRIVER = """
import sys, time
from analyzer.cli.live import Board, LiveView
from analyzer.cli.screen import tell
from analyzer.model import ConsoleLine, Level
from analyzer.recorder.recording import Recording

now = lambda: round(time.time() * 1_000_000)
with LiveView() as view:
    recording = Recording(view.observe)
    for id in "ab":
        recording.request(id, f"wss://{id}.example/ws?token=abcdefgh12345678", now())
        recording.answer(id, now(), 101, "", {})
        time.sleep(1)
    tell("said by another part")
    view.say_console(ConsoleLine(now(), Level.ERROR, "WebSocket connection to 'wss://a.example/?token=abcdefgh' failed"))
    recording.end("a", now())
    time.sleep(1)
tell("after the recording")
"""


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["colors", "no-color", "dumb"])
def test_a_terminal_gets_a_screen_one_bell_and_what_others_print(environment: dict[str, str]) -> None:
    import pty

    ours, theirs = pty.openpty()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stderr=theirs, env={**plain, "TERM": "xterm", "PYTHONUTF8": "1", **environment}
    )
    os.close(theirs)
    output = bytearray()

    def read() -> None:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            output.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    assert process.wait(60) == 0
    reader.join(60)
    os.close(ours)
    text = output.decode()
    assert "said by another part" in text
    assert text.rstrip().endswith("after the recording")
    assert "! console error: WebSocket connection to" in text
    assert "abcdefgh" not in text
    is_dumb = "TERM" in environment
    assert text.count("\a") == (0 if is_dumb else 1)
    assert ("\x1b[31m" in text) == (not environment)
    assert ("2 open now, 1 allowed" in re.sub(r"\x1b\[[\d;]*m", "", text)) and ("how many" in text) != is_dumb


AWAY = """
import signal, sys, time
from analyzer.cli.live import LiveView
from analyzer.recorder.recording import Recording

signal.signal(signal.SIGHUP, lambda *_: None)
now = lambda: round(time.time() * 1_000_000)
with LiveView() as view:
    recording = Recording(view.observe)
    sys.stdout.write("ready")
    sys.stdout.flush()
    sys.stdin.read(1)  # the terminal is closed by now
    for id in "ab":
        recording.request(id, f"wss://{id}.example/ws", now())
        recording.answer(id, now(), 101, "", {})
        time.sleep(0.3)
print(len(recording.sockets))
"""


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_a_terminal_that_is_closed_does_not_end_the_recording() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AWAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    assert process.stdout is not None
    os.close(theirs)
    assert process.stdout.read(5) == "ready"
    os.close(ours)
    assert process.communicate("x", timeout=60)[0] == "2\n"
    assert process.returncode == 0
