"""Everything that a capture says about one socket, but never the data of its messages."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from analyzer.model import Initiator, Report
from analyzer.outputs import show
from analyzer.pipeline import analyze
from analyzer.readers import read
from tests.kinds import of_the_lab

GOLDEN = sorted(it for it in (Path(__file__).parent / "captures").glob("*.har") if not of_the_lab(it))


def of(captures: Path, name: str) -> Report:
    return analyze(read(captures / f"{name}.har"))


def flat(rendered: bytes) -> str:
    return re.sub(r"\s+", " ", rendered.decode())


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        pytest.param("chrome-S2-overuse", 2, "certainly socket #1, socket #3, socket #4", id="with whom it was open"),
        pytest.param("chrome-S2-overuse", 2, "outcome still open when the HAR was saved", id="open at the end"),
        pytest.param(
            "chrome-S2-overuse", 1, "opened by <Widget>, http://127.0.0.1:38587/app/app.js:47186:13", id="who opened it"
        ),
        pytest.param(
            "chrome-S2-overuse",
            1,
            "· <Widget> exports.jsxDEV (app.js:47157:32)",
            id="the call stack, with what scheduled it",
        ),
        pytest.param(
            "chrome-S8-offline-blip", 2, "app.js:16707:22 (code of a library)", id="a library that reconnected"
        ),
        pytest.param("chrome-08-refresh3", 1, "(its page was reloaded)", id="how its close is known"),
        pytest.param("chrome-08-refresh3", 1, "; then reloaded", id="how its page ended"),
        pytest.param("chrome-10-failed", 5, "Unexpected response code: 404", id="why it never opened"),
        pytest.param(
            "chrome-10-failed", 5, "certainly open never perhaps open never", id="a failed one was never open"
        ),
        pytest.param("firefox-D", 1, "This exporter does not record messages.", id="messages that nobody recorded"),
        pytest.param("firefox-D", 1, "whether it closed, this file cannot tell", id="an end that nobody recorded"),
        pytest.param("httptoolkit-A", 1, "close code 1000", id="the close code"),
        pytest.param("playwright-E.minimal", 1, "when cannot tell: the file gives no usable times", id="no clock"),
    ],
)
def test_it_says(name: str, number: int, said: str, captures: Path) -> None:
    report = of(captures, name)
    assert said in flat(show.render(report, report.sessions[number - 1], width=100))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_it_fits_the_terminal_and_ascii_is_ascii(path: Path) -> None:
    report = analyze(read(path))
    for session in report.sessions[:10]:
        for width in (60, 80, 160):
            rendered = show.render(report, session, width=width)
            assert all(cell_len(line) <= width for line in rendered.decode().splitlines())
            assert b"\x1b" not in rendered
            assert show.render(report, session, width=width, unicode=False).isascii()


def test_text_of_the_capture_acts_on_nothing(captures: Path) -> None:
    report = of(captures, "chrome-S2-overuse")
    bad = "\x1b[2J\u202e[red]\n\ud800"
    changed = msgspec.structs.replace(
        report.sessions[0],
        url=bad,
        endpoint=bad,
        page=bad,
        problem=bad,
        close_reason=bad,
        pointer=bad,
        initiator=Initiator(bad, bad, bad, 1, 1),
    )
    rendered = show.render(report, changed).decode()
    assert all(line.isprintable() for line in rendered.split("\n"))
    assert r"\x1b[2J\u202e[red]\x0a\ud800" in rendered


def test_many_messages_are_a_rhythm_and_a_short_table(captures: Path) -> None:
    report = of(captures, "chrome-S2-overuse")
    session = report.sessions[0]
    first = session.messages.first
    assert first is not None
    times = [first + n * n * 100 for n in range(1_000)]
    messages = msgspec.structs.replace(
        session.messages,
        times=type(session.messages.times)("q", times),
        directions=bytes([1, 0] * 500),
        opcodes=type(session.messages.opcodes)("b", [1, 2] * 500),
        lengths=type(session.messages.lengths)("q", [10, 2_000] * 500),
    )
    rendered = show.render(report, msgspec.structs.replace(session, messages=messages)).decode()
    assert "977 more" in rendered
    assert "500, 1.0 MB of payload" in rendered
    assert "█" in rendered.partition("Messages")[2]
    assert len(rendered.partition("The call stack")[0].splitlines()) < 80
