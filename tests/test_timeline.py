"""The timeline chart: the same bytes twice, nothing global, nothing interpreted, useful from no socket to thousands."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from array import array
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from analyzer import masking, overlaps
from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    Attribution,
    Bounds,
    Capture,
    Caveat,
    Evidence,
    Exporter,
    File,
    Identity,
    Limit,
    Messages,
    Outcome,
    Page,
    PageKind,
    Policy,
    Provider,
    Report,
    Run,
    Scope,
    Session,
    Unreadable,
    Verdict,
)
from analyzer.outputs import chart, timeline
from analyzer.outputs.chart import lanes, lettering
from analyzer.outputs.chart.marks import Words
from analyzer.pipeline import analyze

CAPTURES = Path(__file__).parent / "captures"
GOLDEN = Path(__file__).parent / "golden_svg"
NOON = 1_767_268_800 * SECOND
HOSTILE = (
    "$\\frac{x$ \0\x1b[31m\u202eevil\u202c\ud800\ufffe\u2028\n<script>alert(1)</script>&amp; 中文 Z\u0335\u0336\u0337\u0338 "
    + "/long" * 20_000
)


def bounds(at: int) -> Bounds:
    return Bounds(at, at, Evidence.CLOSE_SEEN)


def session(number: int, start: float, end: float | None, **more: Any) -> Session:
    """Open from `start` to `end`, in seconds; without an end, possibly for ever."""
    first, last = NOON + round(start * SECOND), NOON + round((start + 1 if end is None else end) * SECOND)
    fields: dict[str, Any] = {
        "id": f"s{number}",
        "pointer": f"/log/entries/{number}",
        "url": "wss://chat.example/ws",
        "endpoint": "wss://chat.example/ws",
        "page": None,
        "initiator": None,
        "outcome": Outcome.CLOSED if end is not None else Outcome.UNKNOWN,
        "created": bounds(first - 20_000),
        "opened": bounds(first),
        "closed": None if end is None else bounds(last),
        "proven": Interval(first, last),
        "possible": Interval(first - 20_000, None if end is None else last),
        "last_seen": last,
        "close_code": None,
        "close_reason": None,
        "messages": Messages(array("q"), b"", array("B"), array("q")),
    }
    return Session(**{**fields, **more})


def report(sessions: Sequence[Session], verdict: Verdict | None = None, **more: Any) -> Report:
    fields: dict[str, Any] = {
        "source": "a.har",
        "format": "har",
        "exporter": Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools"),
        "records": 1,
        "observed": Interval(NOON, NOON + 10 * SECOND),
        "bytes": 1,
        "in_order_of_close": True,
    }
    file = File(**fields | {name: value for name, value in more.items() if name in fields})
    rest = {name: value for name, value in more.items() if name not in fields}
    capture = Capture(**{"files": (file,), "pages": (), "traces": (), **rest})
    result = overlaps.find(sessions)
    counts = overlaps.concurrency(sessions, result)
    groups = overlaps.groups(sessions, Scope.CAPTURE)
    verdict = verdict or (Verdict.OVERLAP if counts.proven_peak > 1 else Verdict.NO_OVERLAP)
    return Report(capture, tuple(sessions), verdict, counts, result, groups, (), ())


def run(*reports: Report) -> Run:
    return Run(reports, (), Policy())


def svg(of: Run, **options: Any) -> str:
    return timeline.render(of, "svg", **options).decode()


def text(picture: str) -> str:
    """All the words in an SVG."""
    return " ".join("".join(it.itertext()) for it in ElementTree.fromstring(picture).iter() if it.tag.endswith("}text"))


def bars(picture: str, gid: str) -> int:
    group = next(it for it in ElementTree.fromstring(picture).iter() if it.get("id") == gid)
    return sum(it.get("d", "").count("M") for it in group.iter() if it.tag.endswith("}path"))


FAILED = session(
    3, 4, 4.1, outcome=Outcome.FAILED, opened=None, proven=None, possible=None, problem="Unexpected response code: 404"
)
SIMPLE = run(report([session(1, 1, 5), session(2, 3, None), FAILED]))


@pytest.mark.parametrize(("format", "magic"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_each_format_is_what_it_says_and_the_same_twice(format: str, magic: bytes) -> None:
    first = timeline.render(SIMPLE, format)
    assert first.startswith(magic)
    assert timeline.render(SIMPLE, format) == first


def test_another_format_is_refused() -> None:
    with pytest.raises(KeyError):
        timeline.render(SIMPLE, "bmp")


@pytest.mark.parametrize("options", [{"start": NOON, "end": NOON}, {"width": 0.5}, {"width": float("nan")}])
def test_what_cannot_be_drawn_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be between|is empty"):
        timeline.render(SIMPLE, **options)


def test_other_hash_seeds_and_settings_of_matplotlib_give_the_same_bytes(tmp_path: Path) -> None:
    capture = CAPTURES / "chrome-S2-overuse.har"
    program = (
        "import sys, hashlib\n"
        "from analyzer.outputs import timeline\n"
        "from analyzer.formats import read\n"
        "from analyzer.pipeline import analyze\n"
        "from analyzer.model import Run, Policy\n"
        f"run = Run((analyze(read({str(capture)!r})),), (), Policy())\n"
        "for name in ('png', 'svg', 'pdf'): print(hashlib.sha256(timeline.render(run, name)).hexdigest())\n"
        "assert not any(name.startswith('matplotlib.pyplot') for name in sys.modules)\n"
    )
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsavefig.facecolor: red\naxes.grid: True\n")
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=Path(__file__).parent.parent,
            env={"PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(tmp_path / seed), "MATPLOTLIBRC": settings},
            capture_output=True,
            check=True,
        ).stdout
        for seed, settings in (("1", ""), ("2", str(tmp_path / "matplotlibrc")))
    ]
    assert outputs[0] == outputs[1]


def test_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    timeline.render(SIMPLE, "svg")
    assert dict(mpl.rcParams) == before


def test_every_socket_has_its_lane_and_its_words() -> None:
    picture = svg(SIMPLE)
    assert (bars(picture, "proven-0"), bars(picture, "possible-0"), bars(picture, "possible-endless-0")) == (2, 1, 1)
    assert (bars(picture, "connecting-0"), bars(picture, "failed-0"), bars(picture, "overlap-0")) == (3, 2, 1)
    words = text(picture)
    for wording in (
        "chat.example/ws 3 sockets",
        "#1",
        "#3",
        "end unknown",
        "never opened",
        "Unexpected response code: 404",
    ):
        assert wording in words
    assert "Overlap: 2 sockets of chat.example/ws were open at the same time." in words
    assert "0 s is 2026-01-01 12:00:00.000 UTC" in words


def test_lanes_are_in_order_of_time() -> None:
    words = text(svg(run(report([session(1, 5, 6), session(2, 1, 2), session(3, 3, 4)]))))
    assert re.findall(r"#\d", words) == ["#2", "#3", "#1"]


def of(number: int, start: float, end: float | None, user: str | None, host: str = "chat") -> Session:
    limits = (Limit("user", 3, "", "", "development"), Limit("user", 50, "", "", "production"))
    baseline = Attribution(Provider("stream-chat", "Stream Chat", limits=limits), Identity("app", user))
    endpoint = f"wss://{host}.example/ws"
    return session(number, start, end, endpoint=endpoint, attribution=baseline if user else Attribution())


def test_sockets_of_one_service_and_user_stand_together() -> None:
    mixed = [of(1, 1, 5, "user-1"), of(2, 2, 6, None, "api"), of(3, 3, 7, "user-1"), of(4, 4, 8, "user-2")]
    words = text(svg(run(report(mixed))))
    heading = "Stream Chat, user-1 2 sockets, peak 2  ·  chat.example/ws"
    assert heading in words
    assert re.findall(r"#\d", words) == ["#1", "#3", "#2", "#4"]
    assert re.findall(r"user-\d", words) == ["user-1"] * 3 + ["user-2"] * 2  # of the heading, and of each lane
    assert "api.example/ws 1 socket" in words


def test_limits_in_range_are_lines_and_others_are_told() -> None:
    words = text(svg(run(report([of(n, n, 9, "user-1") for n in range(1, 5)]))))
    assert "3 development" in words
    assert "50 production" not in words
    assert "Not drawn: Stream Chat allows 50 per user in production mode." in words
    assert "limits are for one user" not in words
    several = text(svg(run(report([of(1, 1, 9, "user-1"), of(2, 1, 9, "user-2")]))))
    assert "The limits apply per user" in several


def test_messages_are_ticks_sent_above_and_received_below() -> None:
    times = [NOON + n * SECOND for n in (1, 2, 3)]
    messages = Messages(array("q", times), b"\1\0\0", array("B", (1, 1, 1)), array("q", (1, 1, 1)))
    picture = svg(run(report([session(1, 1, 5, messages=messages)])))
    assert (bars(picture, "sent-0"), bars(picture, "received-0")) == (1, 2)
    assert "message sent" in text(picture)


def test_many_messages_share_a_tick() -> None:
    times = array("q", range(NOON + SECOND, NOON + 5 * SECOND, 40))
    messages = Messages(times, bytes(len(times)), array("B", bytes(len(times))), times)
    assert bars(svg(run(report([session(1, 1, 5, messages=messages)]))), "received-0") < 400


def test_pages_are_named() -> None:
    kinds = (PageKind.LOAD, PageKind.RELOAD, PageKind.NAVIGATION, PageKind.UNKNOWN)
    pages = tuple(Page(k, f"https://x/{k}?q=1#f", NOON + n * 2 * SECOND, k) for n, k in enumerate(kinds))
    picture = svg(run(report([session(1, 1, 9)], pages=pages)))
    assert bars(picture, "page-0") == 2  # every other one is tinted
    for words in ("4 pages", "load /load ", "reload /reload ", "navigation /navigation ", "page /unknown "):
        assert words in text(picture) + " "


def test_a_page_that_came_back_has_no_band_and_is_told() -> None:
    pages = (Page("1", "/a", NOON, PageKind.LOAD), Page("2", "/a", NOON, PageKind.RESTORE))
    words = text(svg(run(report([session(1, 1, 9)], pages=pages))))
    assert "1 page" in words
    assert "came back from the back/forward cache" in words


def test_the_legend_explains_what_is_there_and_nothing_else() -> None:
    words = text(svg(run(report([session(1, 1, 5)]))))
    for wording in ("certainly open", "possibly open", "connecting"):
        assert wording in words
    for other in ("failed", "arrow", "2 or more", "messages", "page", "service limit"):
        assert other not in words
    assert "failed: never opened" in text(svg(SIMPLE))
    assert "arrow: possibly still open at the end" in text(svg(SIMPLE))


def test_time_is_told_since_the_start_and_by_the_clock() -> None:
    words = text(svg(SIMPLE))
    for wording in ("since start", "2 s", "UTC", "12:00:02.000"):
        assert wording in words


def test_what_the_file_cannot_show_is_said() -> None:
    caveats = (Caveat("x", "It hides them.", True), Caveat("y", "It is old."), Caveat("z", "Cut off.", True))
    words = text(svg(run(report([session(1, 1, 2)], Verdict.INCONCLUSIVE, caveats=caveats))))
    assert "Undecided: " in words
    assert words.count("It hides them.") == 1  # the verdict says it
    assert "Limits of this capture: Cut off." in words


@pytest.mark.parametrize("observed", [None, Interval(NOON, NOON), Interval(NOON, NOON + SECOND)])
def test_a_capture_without_sockets_gives_a_picture_that_says_so(observed: Interval | None) -> None:
    words = text(svg(run(report([], Verdict.NO_SOCKETS, observed=observed))))
    assert "No WebSocket in this capture." in words
    assert "No WebSocket in this capture." in words


def test_a_run_without_captures_gives_a_picture_that_says_so() -> None:
    words = text(svg(Run((), (Unreadable("dir/b.har", "not JSON"),), Policy())))
    assert "No capture to draw." in words
    assert "Could not be read: b.har: not JSON" in words


def test_captures_that_are_not_drawn_are_counted() -> None:
    several = tuple(report(SIMPLE.reports[0].sessions, source=f"{number}.har") for number in range(10))
    words = text(svg(Run(several, (Unreadable("b.har", "x"),) * 5, Policy())))
    assert words.count("Overlap: ") == chart.PANELS
    assert "Drawn: 8 of 10 captures, the worst first." in words
    assert "2 more could not be read." in words


def test_a_stretch_shows_only_what_is_in_it() -> None:
    three = run(report([session(1, 1, 2), session(2, 3, 4), session(3, 8, None)]))
    picture = svg(three, start=NOON + 3 * SECOND, end=NOON + 5 * SECOND)
    assert re.findall(r"#\d", text(picture)) == ["#2"]
    assert "1 of 3 sockets in this period" in text(picture)
    assert picture == svg(three, start=timedelta(seconds=3), end=timedelta(seconds=5))
    assert "No socket in this period." in text(svg(three, start=NOON + 5 * SECOND, end=NOON + 6 * SECOND))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_hostile_text_breaks_nothing_and_is_not_interpreted(format: str) -> None:
    hostile = [
        session(1, 1, 5, endpoint=f"wss://{HOSTILE}"),
        session(2, 2, 5, outcome=Outcome.FAILED, possible=None, proven=None, problem=HOSTILE),
    ]
    pages = (Page("p", f"https://x/{HOSTILE}", NOON, PageKind.LOAD),)
    capture = report(
        hostile,
        source=HOSTILE,
        pages=pages,
        exporter=Exporter("unknown", None, None, HOSTILE),
        caveats=(Caveat("x", HOSTILE, True),),
    )
    picture = timeline.render(Run((capture,), (Unreadable(HOSTILE, HOSTILE),), Policy()), format)
    if format == "svg":
        words = text(picture.decode())
        assert "#1 $\\frac{x$ " in words
        assert "<script" not in picture.decode()
        assert not re.search(
            "[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", words.replace("\n", "")
        )
        assert len(words) < 6_000


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 1), (0, 10**17), (0, 10**19), (NOON, NOON + 3_600 * SECOND), (NOON, NOON + 400 * 86_400 * SECOND)],
)
def test_any_length_of_time_has_an_axis(first: int, last: int) -> None:
    lifetime = Interval(first, last)
    one = session(1, 0, 1, created=None, opened=None, closed=None, last_seen=None, proven=lifetime, possible=lifetime)
    words = svg(run(report([one], observed=None)))
    axis = re.findall(r">([\d.:,]+(?: ms| s| min| h| d))</text>", words)
    assert 2 <= len(axis) <= 14
    assert len(set(axis)) == len(axis)


@pytest.mark.parametrize("count", [1, 3, 60, 61, 300])
def test_labels_stay_few_and_the_picture_of_one_size(count: int) -> None:
    many = run(report([session(n + 1, n, n + 3) for n in range(count)]))
    picture = svg(many)
    assert 1 <= len(re.findall(r"#\d", text(picture))) <= lanes.ROWS * 1.1
    height = re.search(r'height="([\d.]+)pt"', picture)
    assert height is not None
    assert float(height[1]) / 72 < 14


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_thousands_of_sockets_are_one_useful_picture(format: str) -> None:
    many = run(report([session(n + 1, n, None if n % 9 == 0 else n + 3) for n in range(5_000)]))
    began = time.process_time()
    picture = timeline.render(many, format)
    assert time.process_time() - began < 6  # 0.9 s here; a machine of CI may be slow
    assert len(picture) < 3_000_000


def test_large_groups_get_thin_lanes_and_small_ones_keep_their_rows() -> None:
    many = [of(n + 1, n / 50, n / 50 + 2, "user-1") for n in range(900)]
    picture = svg(run(report([*many, of(901, 1, 5, None, "api"), of(902, 2, 6, None, "news")])))
    assert bars(picture, "proven-0") == 902
    words = text(picture)
    for wording in ("900 closed", "#901 api.example/ws", "#902 news.example/ws", "possibly open (thin lanes)"):
        assert wording in words


def test_of_many_groups_those_with_the_most_open_at_once_are_shown_by_themselves() -> None:
    many = [of(n + 1, n, n + 0.5, None, f"host{n}") for n in range(500)]
    twins = [of(501, 600, 605, None, "twins"), of(502, 601, 606, None, "twins")]
    words = text(svg(run(report([*many, *twins]))))
    assert "twins.example/ws 2 sockets, peak 2" in words
    assert "500 addresses, one socket each 500 sockets" in words


def test_no_words_leave_the_picture_or_meet(captures: Path) -> None:
    paths = [path for kind in ("[0-9S]*", "cause-*", "*minimal") for path in captures.glob(f"chrome-{kind}.har")]
    for width in (6.0, 12.0, 24.0):
        for path in sorted(paths):
            placed = chart.picture(Run((analyze(read(path)),), (), Policy()), width)
            lines: dict[float, list[tuple[float, float, str]]] = {}
            for mark in placed.marks:
                if isinstance(mark, Words) and mark.text:
                    wide = lettering.inches(mark.text, mark.size, mark.bold)
                    left = mark.x - wide * {"left": 0, "center": 0.5, "right": 1}[mark.align]
                    assert left >= 0, (path.name, mark)
                    assert left + wide <= width, (path.name, mark)
                    lines.setdefault(round(mark.y, 3), []).append((left, left + wide, mark.text))
            for line in lines.values():
                line.sort()
                for (_, end, one), (start, _, other) in pairwise(line):
                    assert end <= start, (path.name, width, one, other)


def test_widths_of_letters_are_those_of_the_font() -> None:
    from fontTools.ttLib import TTFont
    from matplotlib import get_data_path

    def widths(name: str) -> list[float]:
        font = TTFont(Path(get_data_path()) / "fonts" / "ttf" / name)
        advances, names = font["hmtx"], font.getBestCmap()
        return [advances[names[code]][0] / font["head"].unitsPerEm for code in range(32, 127)]

    letters = [chr(code) for code in range(32, 127)]
    assert [lettering.inches(it, 72) for it in letters] == pytest.approx(widths("DejaVuSans.ttf"), abs=0.006)
    words = "Overlap: 4 sockets of chat.stream-io-api.com/connect"
    bold = dict(zip(letters, widths("DejaVuSans-Bold.ttf"), strict=True))
    assert lettering.inches(words, 72, bold=True) == pytest.approx(sum(bold[it] for it in words), rel=0.05)


@pytest.mark.parametrize("name", ["chrome-08-refresh3", "chrome-10-failed", "chrome-15-contexts", "firefox-D"])
def test_real_captures_have_a_lane_for_each_socket(name: str) -> None:
    result = analyze(read(str(CAPTURES / f"{name}.har")))
    assert len(re.findall(r"#\d", text(svg(run(result))))) >= len(result.sessions)


def portable(picture: str) -> str:
    """An SVG without what differs by version of matplotlib: the spelling of a text's style, the names of patterns and clips."""

    def style(match: re.Match[str]) -> str:
        words = match[1]
        parts = [re.search(it, words) for it in (r"\b700\b", r"[\d.]+px", r"text-anchor: (\w+)", r"fill: (#\w+)")]
        return f'<text style="{[part and part[0] for part in parts]}"'

    return re.sub(r"\b[hp][0-9a-f]{10}\b", "name", re.sub(r'<text style="([^"]*)"', style, picture))


@pytest.mark.parametrize("name", ["chrome-S2-overuse", "chrome-08-refresh3", "chrome-10-failed", "firefox-D"])
def test_the_picture_is_the_one_that_was_accepted(name: str, request: pytest.FixtureRequest) -> None:
    result = analyze(read(CAPTURES / f"{name}.har", source=f"{name}.har"))
    picture = svg(masking.mask(run(result)), width=8)
    golden = GOLDEN / f"{name}.svg"
    if request.config.getoption("--accept"):
        golden.write_text(picture, "utf-8", newline="\n")
    assert portable(picture) == portable(golden.read_text("utf-8"))


@pytest.mark.parametrize("stretch", [(timedelta(seconds=1000), timedelta(seconds=1001)), (None, timedelta(seconds=-5))])
def test_a_stretch_outside_the_capture_is_refused(stretch: tuple[timedelta | None, timedelta]) -> None:
    with pytest.raises(ValueError, match="nothing in this period"):
        timeline.render(SIMPLE, "svg", start=stretch[0], end=stretch[1])


def test_nothing_is_drawn_beyond_the_end_of_the_capture() -> None:
    assert timeline.render(SIMPLE, "svg", end=timedelta(hours=1)) == timeline.render(SIMPLE, "svg")


def test_a_picture_that_is_cut_says_so_and_its_bars_have_no_point(captures: Path) -> None:
    run = Run((analyze(read(captures / "chrome-S2-overuse.har")),), (), Policy())
    cut = timeline.render(run, "svg", start=timedelta(seconds=1), end=timedelta(seconds=2)).decode()
    assert "The picture shows 1.00 s to 2.00 s. A bar that ends at the right edge continues." in cut
    assert cut.count(">continues</text>") == 2
    assert "still open at the end" not in cut
    assert "peak 4 in the whole capture" in cut
