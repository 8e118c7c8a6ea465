"""What people read in a terminal: true, within its width, and harmless whatever the capture holds."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    Capture,
    Caveat,
    Closed,
    Event,
    Exporter,
    Messages,
    Page,
    PageKind,
    Policy,
    Rejected,
    Report,
    Requested,
    Run,
    Silence,
    Silent,
    Skipped,
    Trace,
    Unreadable,
)
from analyzer.outputs import text, verdict
from analyzer.pipeline import analyze
from analyzer.readers import read
from tests.kinds import of_the_lab

GOLDEN = sorted(it for it in (Path(__file__).parent / "captures").glob("*.har") if not of_the_lab(it))
WIDTHS = (60, 80, 120, 200)
START = 1_763_923_693 * SECOND
HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202egnp.exe \u2066 \n\r\t\x00\x08 \ud800"
    " [red]bold[/red] :smile: \u2028 界界 é"
)


def socket(
    opened: float | None = 0.0,
    closed: float | None = None,
    *,
    lives: bool = False,
    url: str = "wss://a.example/ws",
    n: int = 0,
) -> Trace:
    """A socket that opened and closed at these seconds; never opened where `opened` is None."""
    began = START + round((opened or 0) * SECOND)
    exactly = Bounds(began, began, "handshake-request")
    events: list[Event] = [Requested(exactly)]
    if opened is None:
        events.append(Rejected(exactly, "status 403"))
    else:
        events.append(Accepted(Bounds(began, began, "first-message")))
    if closed is not None:
        at = START + round(closed * SECOND)
        events.append(Closed(Bounds(at, at, "close-seen")))
    if lives:
        events.append(Silent(""))
    messages = Messages(array("q"), b"", array("b"), array("q"))
    return Trace(f"/log/entries/{n}", url, url.partition("?")[0], tuple(events), messages)


def report(
    *traces: Trace,
    source: str = "one.har",
    caveats: Sequence[Caveat] = (),
    pages: Sequence[Page] = (),
    skipped: Sequence[Skipped] = (),
) -> Report:
    capture = Capture(
        source=source,
        sha256=None,
        bytes=0,
        format="har",
        exporter=Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools"),
        observed=Interval(START, START + 10 * SECOND),
        entries=len(traces),
        pages=tuple(pages),
        traces=traces,
        silence=Silence.OPEN,
        in_order_of_close=False,
        records_messages=True,
        caveats=tuple(caveats),
        skipped=tuple(skipped),
    )
    return analyze(capture)


def shown(*reports: Report, unreadable: Sequence[Unreadable] = (), width: int = 80, unicode: bool = True) -> str:
    return text.render(Run(reports, tuple(unreadable), Policy()), width=width, unicode=unicode).decode()


def sentences(it: Report) -> str:
    return " ".join(verdict.verdict_sentences(it, Policy()))


def flat(rendered: str) -> str:
    """Without line breaks."""
    return re.sub(r"\s+", " ", rendered)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "chrome-S2-overuse",
            "✗ Several sockets open at once: 4 sockets of chat.stream-io-api.com/connect 2 or more open for at least "
            "2.23 s, up to 4 at once; all 4 still open when the HAR was saved.",
            id="four at once that nobody closed",
        ),
        pytest.param(
            "chrome-S2-overuse",
            "Tried: load. Not tried in this recording: reload, leaving the page and coming back.",
            id="what was not tried is said",
        ),
        pytest.param(
            "chrome-08-refresh3",
            "✓ Never more than one open. Each socket was gone before the next one opened.",
            id="three reloads are no overlap",
        ),
        pytest.param("chrome-02-one-open", "✓ Only one socket, still open when the HAR was saved.", id="one socket"),
        pytest.param("firefox-D", "? Cannot tell: when socket #1 closed is not known.", id="no close recorded"),
        pytest.param(
            "webkit-D", "? Cannot tell: Safari / WebKit Web Inspector never writes WebSockets", id="no sockets written"
        ),
        pytest.param("chrome-10-failed", "9 more never opened.", id="failed handshakes are no sockets that were open"),
        pytest.param(
            "mitmproxy-C.savehar",
            "cannot be told: this file does not show how pages were loaded.",
            id="a proxy sees no pages",
        ),
    ],
)
def test_real_captures_say(name: str, said: str, captures: Path) -> None:
    assert said in flat(shown(analyze(read(captures / f"{name}.har")), width=100))


OPEN_SOCKETS = Caveat("open-sockets-not-exported", "Open sockets are left out.", hides_sockets=True)


@pytest.mark.parametrize(
    ("traces", "caveats", "said"),
    [
        pytest.param(
            [(0, 2, "a"), (1, 3, "a")],
            (),
            "Both open for 1.00 s.",
            id="both ends known: no 'at least', no 'cannot tell'",
        ),
        pytest.param(
            [(0, 2, "a"), (1, 4, "a"), (3, 5, "a")],
            (),
            "3 sockets of a/ws 2 open at a time in 2 stretches, for 2.00 s together, the longest for 1.00 s.",
            id="a chain is never 'both' and has no peak for its whole length",
        ),
        pytest.param(
            [(0, 2, "a"), (1, 3, "b")],
            (),
            "They go to different addresses: of each, never more than one was open.",
            id="one of each address",
        ),
        pytest.param([(0, 1, "a"), (0.99, 3, "a")], (), "Several sockets open at once, for a moment", id="a hand-over"),
        pytest.param(
            [(0, 2, "a"), (3, 4, "a")],
            (),
            "Never more than one open. Each socket was gone before the next one opened.",
            id="one after the other",
        ),
        pytest.param(
            [(0, 2, "a"), (3, 4, "a")],
            (OPEN_SOCKETS,),
            "Cannot tell: Open sockets are left out. The 2 sockets in this file that opened were never open at once.",
            id="what is missing may have overlapped",
        ),
        pytest.param([(0, 2, "a")], (), "Only one socket, and closed again.", id="one closed"),
        pytest.param(
            [(0, None, "a")], (), "Only one socket; whether it closed, this file cannot tell.", id="one unknown"
        ),
        pytest.param(
            [(0, None, "a"), (1, 2, "a")],
            (),
            "Cannot tell: when socket #1 closed is not known. Up to 2",
            id="no close seen",
        ),
        pytest.param([(None, None, "a")], (), "No socket opened: 1 x HTTP 403.", id="one that failed"),
        pytest.param([(None, None, "a")] * 3, (), "No socket opened: 3 x HTTP 403.", id="three that failed"),
        pytest.param([], (), "No WebSocket in this recording.", id="none"),
    ],
)
def test_the_verdict_in_words(
    traces: Sequence[tuple[float | None, float | None, str]], caveats: Sequence[Caveat], said: str
) -> None:
    made = [socket(opened, closed, url=f"wss://{host}/ws") for opened, closed, host in traces]
    assert said in sentences(report(*made, caveats=caveats))


def test_sockets_that_are_left_open_overlap_without_an_end() -> None:
    said = sentences(report(socket(0, lives=True), socket(1, lives=True), socket(2, 3)))
    assert "at least" in said
    assert "2 of them still open when the HAR was saved" in said


@pytest.mark.parametrize(
    ("kinds", "done", "rest"),
    [
        pytest.param(
            "load", "load", "Not tried in this recording: reload, leaving the page and coming back.", id="load"
        ),
        pytest.param(
            "load navigation", "load, leaving the page", "Not tried in this recording: reload, coming back.", id="left"
        ),
        pytest.param("load reload restore", "load, reload, leaving the page and coming back", "", id="everything"),
        pytest.param(
            "unknown",
            "load",
            "Cannot tell: reload, leaving the page and coming back (how each page was loaded is not known).",
            id="an unknown page may have been anything",
        ),
    ],
)
def test_what_was_tried(kinds: str, done: str, rest: str) -> None:
    pages = [Page(f"page_{n}", "https://x/", START, PageKind(kind)) for n, kind in enumerate(kinds.split())]
    assert text.tried_sentence(report(socket(), pages=pages)) == f"Tried: {done}." + (f"   {rest}" if rest else "")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_no_line_is_wider_than_the_terminal(path: Path) -> None:
    it = analyze(read(path))
    for width in WIDTHS:
        for unicode in (True, False):
            lines = shown(it, width=width, unicode=unicode).splitlines()
            assert [line for line in lines if cell_len(line) > width or line != line.rstrip()] == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_without_unicode_all_is_ascii_and_without_color_no_escapes(path: Path) -> None:
    rendered = shown(analyze(read(path)), unicode=False)
    assert rendered.isascii()
    assert "\x1b" not in rendered
    assert "\\u" not in rendered, "our own words have a spelling in ASCII"


def test_color_changes_nothing_but_color() -> None:
    run = Run((report(socket(0, 2), socket(1, 3)),), (), Policy())
    colored = text.render(run, color=True).decode()
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == text.render(run).decode()


def test_the_surroundings_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run((report(socket(0, 2), socket(1, 3)),), (), Policy())
    before = text.render(run)
    for name in ("FORCE_COLOR", "COLUMNS", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.setenv(name, "1")
    assert text.render(run) == before


def hostile(content: str) -> Report:
    return report(
        socket(0, 2, url=f"wss://{content}/ws"),
        socket(1, 3, url=f"wss://b/{content}"),
        source=content,
        caveats=[Caveat("x", content)],
        skipped=[Skipped(content, None, content)],
    )


def test_text_of_a_capture_acts_on_nothing() -> None:
    rendered = shown(hostile(HOSTILE), unreadable=[Unreadable(HOSTILE, HOSTILE)], width=200)
    for sign in ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\r", "\t", "\x00", "\x08", "\u2028"):
        assert sign not in rendered
    for visible in (r"\x1b[31mred", r"\u202e", r"\ud800", "[red]bold[/red]", ":smile:", "界界"):
        assert visible in rendered


@given(content=st.text(max_size=300), width=st.sampled_from(WIDTHS), unicode=st.booleans())
def test_any_text_stays_within_its_lines(content: str, width: int, unicode: bool) -> None:
    rendered = shown(hostile(content), unreadable=[Unreadable(content, content)], width=width, unicode=unicode)
    assert all(cell_len(line) <= width for line in rendered.split("\n"))
    assert all(line.isprintable() for line in rendered.split("\n"))
    assert unicode or rendered.isascii()


def test_bars_tell_certain_from_possible_without_color() -> None:
    lines = shown(report(socket(1, None), socket(2, 4))).splitlines()
    uncertain, certain = (next(line for line in lines if f"  socket #{n} " in line) for n in (1, 2))
    assert "░░░" in uncertain
    assert "?" in uncertain
    assert "███" in certain
    assert "░" not in certain
    ascii_rows = [line for line in shown(report(socket(2, 4)), unicode=False).splitlines() if "socket #" in line]
    assert "##" in ascii_rows[-1]


def test_many_sockets_are_summed_up_in_time() -> None:
    made = [socket(n * 0.01, n * 0.01 + 0.5, url=f"wss://h{n % 30}.example/ws", n=n) for n in range(5_000)]
    rendered = shown(report(*made))
    assert len(rendered.splitlines()) < 120
    assert "more addresses: --format csv has them all" in rendered
    assert "and 4,976 more: --format csv has them all" in rendered


def test_many_captures_are_one_line_each_and_a_summary() -> None:
    overlapping, single = report(socket(0, 2), socket(1, 3), source="bad.har"), report(socket(0, 2), source="good.har")
    lines = shown(*[overlapping] * 2, *[single] * 4, unreadable=[Unreadable("broken.har", "no HAR")]).splitlines()
    assert lines[0].split() == ["result", "sockets", "peak", "overlap", "time", "capture"]
    assert lines[1].split() == ["✗", "overlap", "2", "2", "1.00", "s", "bad.har"]
    assert lines[3].split() == ["✓", "no", "overlap", "1", "1", "good.har"]
    assert lines[7].split() == ["!", "unreadable", "broken.har:", "no", "HAR"]
    assert lines[-1] == "7 captures: 2 overlap, 4 no overlap, 1 unreadable."


def test_a_page_that_came_back_is_not_drawn_at_its_old_date() -> None:
    pages = [Page("page_1", "u", START, PageKind.LOAD), Page("page_2", "u", START, PageKind.RESTORE)]
    assert "restore" not in shown(report(socket(1, 2), pages=pages))


def test_an_instant_has_a_cell_of_its_own() -> None:
    rows = [line for line in shown(report(socket(5, 5 + MILLISECOND / SECOND))).splitlines() if "socket #1" in line]
    assert rows[-1].count("█") == 1
