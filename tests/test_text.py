"""What people read in a terminal: true, within its width, and harmless whatever the capture holds."""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from analyzer import masking
from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Accepted,
    Bounds,
    Capture,
    Caveat,
    Closed,
    Closes,
    Coverage,
    Event,
    Evidence,
    Exporter,
    File,
    Initiator,
    Messages,
    Page,
    PageKind,
    Policy,
    Rejected,
    Report,
    Requested,
    Run,
    Skipped,
    Trace,
    Unreadable,
)
from analyzer.outputs import check, show, text
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.wording import instants, origins, verdict
from analyzer.wording.coverage import describe_coverage
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
    exactly = Bounds(began, began, Evidence.HANDSHAKE_REQUEST)
    events: list[Event] = [Requested(exactly)]
    if opened is None:
        events.append(Rejected(exactly, "status 403"))
    else:
        events.append(Accepted(Bounds(began, began, Evidence.FIRST_MESSAGE)))
    if closed is not None:
        at = START + round(closed * SECOND)
        events.append(Closed(Bounds(at, at, Evidence.CLOSE_SEEN)))
    messages = Messages(array("q"), b"", array("b"), array("q"))
    coverage = Coverage(Closes.ALL if lives else Closes.NONE)
    return Trace(f"/log/entries/{n}", url, url.partition("?")[0], tuple(events), messages, coverage=coverage)


def report(
    *traces: Trace,
    source: str = "one.har",
    caveats: Sequence[Caveat] = (),
    pages: Sequence[Page] = (),
    skipped: Sequence[Skipped] = (),
) -> Report:
    file = File(
        source=source,
        format="har",
        exporter=Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools"),
        records=len(traces),
        observed=Interval(START, START + 10 * SECOND),
        saved_as="HAR",
        unit="entry",
    )
    capture = Capture((file,), tuple(pages), traces, tuple(caveats), tuple(skipped))
    return analyze(capture)


def render_text(*reports: Report, unreadable: Sequence[Unreadable] = (), width: int = 80, unicode: bool = True) -> str:
    return text.render(Run(reports, tuple(unreadable), Policy()), width=width, unicode=unicode).decode()


def sentences(result: Report) -> str:
    return " ".join(verdict.verdict_sentences(result, Policy()))


def flat(rendered: str) -> str:
    """Without line breaks."""
    return re.sub(r"\s+", " ", rendered)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "chrome-S2-overuse",
            "✗ Overlap: 4 sockets of chat.stream-io-api.com/connect were open at the same time. 2 or more were open for "
            "at least 2.23 s, peak 4. All 4 were still open when the HAR was saved.",
            id="four at once that nobody closed",
        ),
        pytest.param(
            "chrome-S2-overuse",
            "This recording covers: load. It does not cover: reload, navigation, back.",
            id="what is not covered",
        ),
        pytest.param(
            "chrome-08-refresh3",
            "✓ No overlap: each socket had closed before the next one opened.",
            id="three reloads are no overlap",
        ),
        pytest.param("chrome-02-one-open", "✓ No overlap: only one socket opened. It was still open", id="one socket"),
        pytest.param(
            "firefox-D",
            "? Undecided: the file does not show whether socket #1 had closed when socket #2 opened.",
            id="no close recorded",
        ),
        pytest.param(
            "webkit-D", "? Undecided: Safari / WebKit Web Inspector never writes WebSockets", id="no sockets written"
        ),
        pytest.param("chrome-10-failed", "9 more never opened.", id="failed handshakes are no sockets that were open"),
        pytest.param(
            "mitmproxy-C.savehar",
            "This recording covers: unknown. The file does not show how pages were loaded",
            id="a proxy sees no pages",
        ),
    ],
)
def test_real_captures_say(name: str, words: str, captures: Path) -> None:
    assert words in flat(render_text(analyze(read(captures / f"{name}.har")), width=100))


OPEN_SOCKETS = Caveat("open-sockets-not-exported", "Open sockets are left out.", hides_sockets=True)


@pytest.mark.parametrize(
    ("traces", "caveats", "words"),
    [
        pytest.param(
            [(0, 2, "a"), (1, 3, "a")],
            (),
            "Both were open for 1.00 s.",
            id="both ends known: no 'at least', nothing undecided",
        ),
        pytest.param(
            [(0, 2, "a"), (1, 4, "a"), (3, 5, "a")],
            (),
            "Overlap: 2 of 3 sockets of a/ws were open at the same time. 2 at a time were open for 2.00 s in 2 periods, the longest "
            "1.00 s.",
            id="a chain is never 'both' and has no peak for its whole length",
        ),
        pytest.param(
            [(0, 2, "a"), (1, 3, "b")],
            (),
            "were open at the same time, each to a different host. Both were open for 1.00 s. Each address had at most "
            "one open socket: --per endpoint accepts that.",
            id="one of each address",
        ),
        pytest.param([(0, 1, "a"), (0.99, 3, "a")], (), "Brief overlap: 2 sockets", id="a hand-over"),
        pytest.param(
            [(0, 2, "a"), (3, 4, "a")],
            (),
            "No overlap: each socket had closed before the next one opened.",
            id="one after the other",
        ),
        pytest.param(
            [(0, 2, "a"), (3, 4, "a")],
            (OPEN_SOCKETS,),
            "Undecided: Open sockets are left out. The 2 sockets that opened in this file did not overlap.",
            id="what is missing may have overlapped",
        ),
        pytest.param([(0, 2, "a")], (), "No overlap: only one socket opened. It closed.", id="one closed"),
        pytest.param(
            [(0, None, "a")], (), "only one socket opened. The file does not show whether it closed.", id="one unknown"
        ),
        pytest.param(
            [(0, None, "a"), (1, 2, "a")],
            (),
            "Undecided: the file does not show whether socket #1 had closed when socket #2 opened. Possible overlap: up to 2",
            id="no close seen",
        ),
        pytest.param([(None, None, "a")], (), "No socket opened: 1 × HTTP 403.", id="one that failed"),
        pytest.param([(None, None, "a")] * 3, (), "No socket opened: 3 × HTTP 403.", id="three that failed"),
        pytest.param([], (), "No WebSocket in this capture.", id="none"),
    ],
)
def test_the_verdict_in_words(
    traces: Sequence[tuple[float | None, float | None, str]], caveats: Sequence[Caveat], words: str
) -> None:
    sockets = [socket(opened, closed, url=f"wss://{host}/ws") for opened, closed, host in traces]
    assert words in sentences(report(*sockets, caveats=caveats))


def test_sockets_that_are_left_open_overlap_without_an_end() -> None:
    words = sentences(report(socket(0, lives=True), socket(1, lives=True), socket(2, 3)))
    assert "at least" in words
    assert "2 of them were still open when the HAR was saved" in words


@pytest.mark.parametrize(
    ("kinds", "done", "rest"),
    [
        pytest.param("load", "load", "It does not cover: reload, navigation, back.", id="load"),
        pytest.param("load navigation", "load, navigation", "It does not cover: reload, back.", id="left"),
        pytest.param("load reload restore", "load, reload, navigation, back", "", id="everything"),
        pytest.param(
            "unknown",
            "load",
            "Unknown: reload, navigation, back (the file does not show how each page was loaded).",
            id="an unknown page may have been anything",
        ),
    ],
)
def test_what_is_covered(kinds: str, done: str, rest: str) -> None:
    pages = [Page(f"page_{n}", "https://x/", START, PageKind(kind)) for n, kind in enumerate(kinds.split())]
    assert describe_coverage(report(socket(), pages=pages)) == f"This recording covers: {done}." + (
        f" {rest}" if rest else ""
    )


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_no_line_is_wider_than_the_terminal(path: Path) -> None:
    result = analyze(read(path))
    for width in WIDTHS:
        for unicode in (True, False):
            lines = render_text(result, width=width, unicode=unicode).splitlines()
            assert [line for line in lines if cell_len(line) > width or line != line.rstrip()] == []


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_without_unicode_all_is_ascii_and_without_color_no_escapes(path: Path) -> None:
    rendered = render_text(analyze(read(path)), unicode=False)
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
    rendered = render_text(hostile(HOSTILE), unreadable=[Unreadable(HOSTILE, HOSTILE)], width=200)
    for sign in ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\r", "\t", "\x00", "\x08", "\u2028"):
        assert sign not in rendered
    for visible in (r"\x1b[31mred", r"\u202e", r"\ud800", "[red]bold[/red]", ":smile:", "界界"):
        assert visible in rendered


@given(content=st.text(max_size=300), width=st.sampled_from(WIDTHS), unicode=st.booleans())
def test_any_text_stays_within_its_lines(content: str, width: int, unicode: bool) -> None:
    rendered = render_text(hostile(content), unreadable=[Unreadable(content, content)], width=width, unicode=unicode)
    assert all(cell_len(line) <= width for line in rendered.split("\n"))
    assert all(line.isprintable() for line in rendered.split("\n"))
    assert unicode or rendered.isascii()


def test_bars_tell_certain_from_possible_without_color() -> None:
    lines = render_text(report(socket(1, None), socket(2, 4))).splitlines()
    uncertain, certain = (next(line for line in lines if f"  socket #{n} " in line) for n in (1, 2))
    assert "░░░" in uncertain
    assert "?" in uncertain
    assert "███" in certain
    assert "░" not in certain
    ascii_rows = [line for line in render_text(report(socket(2, 4)), unicode=False).splitlines() if "socket #" in line]
    assert "##" in ascii_rows[-1]


def test_many_sockets_are_summed_up_in_time() -> None:
    sockets = [socket(n * 0.01, n * 0.01 + 0.5, url=f"wss://h{n % 30}.example/ws", n=n) for n in range(5_000)]
    rendered = render_text(report(*sockets))
    assert len(rendered.splitlines()) < 120
    assert "more groups: --format csv has them all" in rendered
    assert "and 4,976 more: --format csv has them all" in rendered


def test_many_captures_are_one_line_each_and_a_summary() -> None:
    overlapping = [report(socket(0, 2), socket(1, 3), source=f"bad-{n}.har") for n in range(2)]
    single = [report(socket(0, 2), source=f"good-{n}.har") for n in range(4)]
    lines = render_text(*overlapping, *single, unreadable=[Unreadable("broken.har", "no HAR")]).splitlines()
    assert lines[0].split() == ["result", "sockets", "peak", "overlap", "time", "service", "capture"]
    assert lines[1].split() == ["✗", "overlap", "2", "2", "1.00", "s", "a.example/ws", "bad-0.har"]
    assert lines[3].split() == ["✓", "no", "overlap", "1", "1", "a.example/ws", "good-0.har"]
    assert lines[7].split() == ["!", "unreadable", "broken.har:", "no", "HAR"]
    assert lines[-1] == "7 captures: 2 overlap, 4 no overlap, 1 unreadable."


# -- the order, and what stands in it --------------------------------------------------------------------------------

ORDER = ("Timeline", "Findings", "Opened by", "Services", "This recording covers: ", "Limits of this capture")


def test_it_answers_in_the_order_in_which_people_ask(captures: Path) -> None:
    rendered = render_text(analyze(read(captures / "chrome-S2-overuse.har")))
    places = [rendered.index(f"   {it}") for it in ORDER]
    assert places == sorted(places)
    findings = flat(rendered[places[1] : places[2]])
    steps = ["error", "Likely cause: ", "/log/entries/4", "→ Keep one client per session"]
    assert [findings.index(it) for it in steps] == sorted(findings.index(it) for it in steps)


@pytest.mark.parametrize(
    ("name", "lanes"),
    [
        pytest.param("chrome-S2-overuse", ["socket #1", "socket #2", "socket #3", "socket #4"], id="one user"),
        pytest.param("chrome-S4-two-users", ["#1 user-1", "#2 user-2"], id="two users of one service"),
        pytest.param(
            "chrome-16-hmr", ["#1 Next.js dev server", "#2 Vite dev server", "#3 /chat"], id="several services"
        ),
        pytest.param("recorder-a-visit", ["#1 /ws/a", "#4 /ws/b"], id="two addresses of one host"),
    ],
)
def test_a_lane_is_named_by_what_sets_it_apart(name: str, lanes: list[str], captures: Path) -> None:
    run = masking.mask(Run((analyze(read(captures / f"{name}.har")),), (), Policy()))
    lines = text.render(run, width=100).decode().splitlines()
    assert [lane for lane in lanes if any(line.startswith(f"   {lane}  ") for line in lines)] == lanes


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "chrome-16-hmr", "– Overlap only with a development server's socket: 3 sockets of", id="a dev server"
        ),
        pytest.param(
            "chrome-cause-socketio-two-hosts", "were open at the same time, each to a different host.", id="hosts"
        ),
        pytest.param("chrome-cause-socketio-two-hosts", "--per endpoint accepts that.", id="what accepts it"),
    ],
)
def test_a_harmless_overlap_says_so(name: str, words: str, captures: Path) -> None:
    assert words in flat(render_text(analyze(read(captures / f"{name}.har"))))


def test_up_to_five_addresses_are_named_in_full() -> None:
    hosts = [f"host{n}.example" for n in range(6)]
    sockets = [socket(0, 2, url=f"wss://{host}/a/path/of/some/length") for host in hosts]
    five, six = (sentences(report(*sockets[:n])) for n in (5, 6))
    assert all(f"{host}/a/path/of/some/length" in five for host in hosts[:5])
    assert "6 sockets of host0.example" in six
    assert "host4.example and 1 other host" in six


def test_sockets_that_followed_each_other_are_not_said_to_have_been_open_together() -> None:
    chain = [socket(n, n + 1.5) for n in range(5)]
    assert "Overlap: 2 of 5 sockets of a.example/ws were open at the same time. 2 at a time were open" in sentences(
        report(*chain)
    )


@pytest.mark.parametrize(
    ("opened", "closed", "lives", "length"),
    [
        pytest.param(1, 3, False, "2.00 s", id="both ends known"),
        pytest.param(1, None, True, "≥ 9.00 s", id="open until the capture was saved"),
        pytest.param(None, None, False, "", id="never opened"),
    ],
)
def test_a_length_stands_beside_the_instants(
    opened: float | None, closed: float | None, lives: bool, length: str
) -> None:
    row = next(
        line
        for line in render_text(report(socket(opened, closed, lives=lives)), width=120).splitlines()
        if "#1" in line
    )
    assert [it for it in re.split(r"\s{2,}", row) if it.endswith(" s") and not it.startswith("1.00")] == (
        [length] if length else []
    )


@pytest.mark.parametrize(
    ("urls", "lines"),
    [
        pytest.param(
            ["a/app.js?t=1", "a/app.js?t=2"], ["app.js:3: 2 sockets (#1, #2)"], id="one file at two addresses"
        ),
        pytest.param(["a/x.js", "a/y.js"], ["x.js:3: 1 socket (#1)", "y.js:3: 1 socket (#2)"], id="two files"),
        pytest.param(["a/"], ["a/:3: 1 socket (#1)"], id="a script in the page itself"),
        pytest.param([None], ["line 3: 1 socket (#1)"], id="no address"),
    ],
)
def test_sockets_are_grouped_by_the_place_that_opened_them(urls: list[str | None], lines: list[str]) -> None:
    codes = [Initiator(None, None, None if url is None else f"https://{url}", 3, 7) for url in urls]
    sockets = [msgspec.structs.replace(socket(n), initiator=code) for n, code in enumerate(codes)]
    assert origins.sentences(report(*sockets)) == lines


def test_verbose_shows_every_finding_and_proof(captures: Path) -> None:
    run = Run((analyze(read(captures / "chrome-cause-strict-connecting.har")),), (), Policy())
    short, full = text.render(run).decode(), text.render(run, verbose=True).decode()
    assert "more: --verbose" in short
    assert "--verbose" not in full
    assert len(full.splitlines()) > len(short.splitlines())


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        pytest.param("UTC", "2025-11-23 18:48:13.000 UTC", id="UTC"),
        pytest.param("Europe/Berlin", "2025-11-23 19:48:13.000 CET", id="a zone with a name"),
        pytest.param("Asia/Kathmandu", "2025-11-24 00:33:13.000 UTC+05:45", id="a zone without"),
    ],
)
@pytest.mark.parametrize("output", ["text", "markdown", "html", "timeline"])
def test_times_are_in_the_zone_that_is_asked_for(zone: str, words: str, output: str) -> None:
    run = Run((report(socket(0, 2), socket(1, 3)),), (), Policy(), zone=ZoneInfo(zone))
    pure = import_module(f"analyzer.outputs.{output}")
    rendered = (pure.render(run, "svg") if output == "timeline" else pure.render(run)).decode()
    shown_times = html.unescape(rendered).replace("\u2060", "").replace("\\", "")
    assert words in shown_times
    assert output == "timeline" or zone == "UTC" or " UTC\n" not in shown_times
    if output == "timeline":
        assert f">{words.split()[1][:8]}" in shown_times.replace(".000", ""), "the clock under the axis"
        assert f">{words.split()[2]}</text>" in shown_times, "the zone beside it"
        assert zone == "UTC" or ">UTC</text>" not in shown_times


def test_an_instant_beyond_every_calendar_has_no_date() -> None:
    assert instants.stamp(1 << 62, ZoneInfo("Europe/Berlin")) == "no date"
    assert instants.stamp(-(1 << 62)) == "no date"


BRIGHT = re.compile(r"\x1b\[(?:\d+;)*(?:9\d|10[0-7])(?:;\d+)*m")


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_no_colour_is_one_that_a_theme_hides(path: Path) -> None:
    """Bright black is the background of Solarized Dark; bright yellow is nearly white on white."""
    result = analyze(read(path))
    run = Run((result,), (), Policy())
    rendered = [text.render(run, color=True), check.render(run, color=True, width=80)]
    rendered += [show.render(result, session, color=True) for session in result.sessions[:2]]
    for screen in rendered:
        assert not BRIGHT.search(screen.decode())
        assert not re.search(r"\x1b\[1;3\d", screen.decode()), "terminals that brighten bold show such a colour bright"
        dim = re.findall(r"\x1b\[(?:\d+;)*2(?:;\d+)*m([^\x1b]*)", screen.decode())
        assert not re.search(r"[A-Za-z0-9]", "".join(dim)), "words are never dim"


def test_a_page_that_came_back_is_not_drawn_at_its_old_date() -> None:
    pages = [Page("page_1", "u", START, PageKind.LOAD), Page("page_2", "u", START, PageKind.RESTORE)]
    assert "restore" not in render_text(report(socket(1, 2), pages=pages))


def test_an_instant_has_a_cell_of_its_own() -> None:
    rows = [
        line for line in render_text(report(socket(5, 5 + MILLISECOND / SECOND))).splitlines() if "socket #1" in line
    ]
    assert rows[-1].count("█") == 1


def test_an_overlap_that_does_no_harm_is_named_so_in_the_second_sentence() -> None:
    samples = Path(__file__).parent.parent / "sample_hars"
    result = analyze(read(samples / "stream-chat-strictmode-hook.har"))
    assert verdict.verdict_sentences(result, result.policy)[1].startswith(
        "Likely harmless: React's StrictMode mounted <Chat> twice"
    )
    for name in ("stream-chat-strictmode-leak.har", "stream-chat-connect-on-every-mount.har"):
        result = analyze(read(samples / name))
        assert not any("harmless" in sentence for sentence in verdict.verdict_sentences(result, result.policy))


def test_findings_of_one_cause_share_it_and_its_advice() -> None:
    path = Path(__file__).parent.parent / "sample_hars" / "stream-chat-strictmode-hook.har"
    rendered = text.render(Run((analyze(read(path)),), (), Policy())).decode().partition("   Findings")[2]
    cause, advice = "Cause: React's StrictMode", "No action needed"
    assert (rendered.count("Possible overlap of"), rendered.count(cause), rendered.count(advice)) == (2, 1, 1)


def test_verbose_says_why_a_rule_matters_and_shows_the_whole_place_in_the_code(captures: Path) -> None:
    run = Run((analyze(read(captures / "chrome-S2-overuse.har")),), (), Policy(), rules=RULES)
    short, whole = (flat(text.render(run, width=300, verbose=verbose).decode()) for verbose in (False, True))
    assert "connectUser() called by: app.js:47186" in short
    assert "Why it matters" not in short
    assert "/app/app.js:47186:13)" in whole
    assert "Why it matters: Chat and realtime services expect one connection per user." in whole


def test_a_remedy_stands_once(captures: Path) -> None:
    policy = Policy(app_mode="development")
    shown_once = flat(
        text.render(Run((analyze(read(captures / "chrome-S2-overuse.har"), policy),), (), policy)).decode()
    )
    assert shown_once.count("Keep one client per session.") == 1
    assert "limit-exceeded" in shown_once
    assert "4 or more" not in shown_once


def test_only_the_excess_over_a_limit_is_red(captures: Path) -> None:
    run = Run((analyze(read(captures / "chrome-S2-overuse.har")),), (), Policy())
    lines = text.render(run, width=300, color=True).decode().splitlines()
    services = next(line for line in lines if "Limit per user" in line)
    assert re.search(r"\x1b\[31mexceeded by 1\x1b\[0m", services)
    assert "\x1b[1mStream Chat\x1b[0m: " in services


def test_a_socket_without_a_certain_length_was_open_an_instant_at_least(captures: Path) -> None:
    rendered = render_text(analyze(read(captures / "chrome-S2-overuse.har")), width=100)
    assert "≤ 3.52 s  ≥ an instant  open when saved" in rendered
    assert "≥ 0 s" not in rendered
