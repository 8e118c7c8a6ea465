"""What a notebook shows of a report and a run, and the chart on Axes."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from msgspec.structs import replace

from analyzer import Report, Run, load
from analyzer.model import Unreadable
from tests.small_har import har, socket
from tests.test_canaries import HARS, leaks
from tests.test_hostile import HOSTILE, run as hostile_run

ROOT = Path(__file__).parent.parent
CAPTURES = ROOT / "tests/captures"


class Words(HTMLParser):
    """The words of a page, and whether each tag is closed."""

    VOID = ("img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def words(html: str) -> str:
    page = Words()
    page.feed(html)
    assert page.open == []
    assert page.tags <= {
        "div",
        "p",
        "strong",
        "span",
        "img",
        "ul",
        "li",
        "code",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    return " ".join(page.words)


@pytest.fixture(scope="module")
def report() -> Report:
    return load((CAPTURES / "chrome-S2-overuse.har").read_bytes())


def test_a_report_shows_verdict_chart_and_findings(report: Report) -> None:
    html = report._repr_html_()
    assert 'src="data:image/png;base64,' in html
    output = words(html)
    for part in ("chat.stream-io-api.com/connect", "duplicate-connection", "2.23 s", "recorded with Chrome DevTools"):
        assert part in output
    assert len(html) < 60_000


def several(report: Report, number: int) -> tuple[Report, ...]:
    """Make so many captures of one: with names and contents of their own, since equal ones are one row."""
    captures = (report.capture.with_file(source=f"{n}.har", content_sha256=f"{n}") for n in range(number))
    return tuple(replace(report, capture=capture) for capture in captures)


def test_a_picture_is_small(report: Report) -> None:
    assert report._repr_png_().startswith(b"\x89PNG")
    assert len(report._repr_png_()) < 60_000


def test_the_policy_of_the_report_decides_what_is_shown() -> None:
    from analyzer import Policy

    lenient = load((CAPTURES / "chrome-05-overlap-1s.har").read_bytes(), Policy(tolerance="2s"))
    assert "brief-overlap" in words(lenient._repr_html_())


def test_a_run_shows_a_table_with_the_worst_first(report: Report) -> None:
    quiet = load((CAPTURES / "chrome-08-refresh3.har").read_bytes())
    run = Run((quiet, report), (Unreadable("x.har", "it is empty"),), report.policy)
    output = words(run._repr_html_())
    assert output.index("≥\u00a02.23\u00a0s") < output.index("–")
    assert "it is empty" in output
    assert not hasattr(run, "_repr_png_")


def test_a_run_of_many_captures_is_cut(report: Report) -> None:
    html = Run(several(report, 60), (), report.policy)._repr_html_()
    assert html.count("<tr>") == 41
    assert "20 more captures" in words(html)
    assert len(html) < 60_000
    words(Run((), (), report.policy)._repr_html_())


def test_nothing_secret_is_shown() -> None:
    for capture in HARS.values():
        report = load(json.dumps(capture))
        assert isinstance(report, Report)
        for value in (report, load([report])):
            assert leaks(value._repr_html_()) == []
        drawing = [text.get_text() for text in report.plot().texts]
        assert drawing != []
        assert leaks(" ".join(drawing)) == []


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_stays_text(content: str) -> None:
    run = hostile_run(content)
    words(run._repr_html_())
    words(run.reports[0]._repr_html_())


@pytest.mark.parametrize("size", [(6, 3), (12, 4), (3, 8), (1, 1)])
def test_a_chart_fits_the_axes_that_it_is_given(report: Report, size: tuple[float, float]) -> None:
    figure = Figure(figsize=size)
    axes = figure.add_axes((0, 0, 1, 1))
    assert report.plot(axes) is axes
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]
    assert width / height == pytest.approx(size[0] / size[1])  # nothing is squeezed
    figure.canvas.draw()
    box = axes.get_window_extent()
    inside = [box.contains(*text.get_window_extent().get_points()[0]) for text in axes.texts if text.get_text()]
    assert inside.count(False) <= len(inside) * 0.05


def test_a_chart_leaves_other_axes_and_pyplot_alone(report: Report) -> None:
    figure = Figure(figsize=(14, 8))
    left, right = figure.subplots(1, 2)
    right.plot([1, 2])
    report.plot(left)
    assert right.get_xlim() != left.get_xlim()
    code = (
        "import sys; from analyzer import load\n"
        f"axes = load({str(CAPTURES / 'chrome-S2-overuse.har')!r}).plot()\n"
        "assert axes.figure.get_size_inches()[0] == 12\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_is_drawn_panel_by_panel(report: Report) -> None:
    axes = Run(several(report, 2), (), report.policy).plot()
    assert sum(text.get_text() == "since start" for text in axes.texts) == 2


def test_sixty_sockets_stay_small() -> None:
    report = load(har(*(socket(n / 10, None if n % 3 else n / 10 + 5) for n in range(60))))
    assert isinstance(report, Report)
    assert len(report.sessions) == 60
    # Each row names who opened it, and when: that is half of the picture.
    assert max(len(report._repr_html_()), len(report._repr_png_())) < 120_000


SCRIPT = """
import sys
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot as plt
from PIL import Image
from analyzer import load
plt.style.use("dark_background")
report = load(sys.argv[1])

def ink(name):
    with Image.open(name) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    return max(colours)[1], len(colours)

report.plot()
plt.savefig("new.png")
assert ink("new.png")[0] == (255, 255, 255), ink("new.png")
assert ink("new.png")[1] > 50
assert len(plt.get_fignums()) == 1

plt.figure(figsize=(8, 5))
axes = report.plot()
assert axes.figure is plt.gcf()
assert len(plt.get_fignums()) == 2
assert tuple(axes.figure.get_size_inches()) == (8, 5)

figure, own = plt.subplots()
report.plot(own)
assert len(plt.get_fignums()) == 3
assert tuple(report.plot(figsize=(7, 4)).figure.get_size_inches()) == (7, 4)
assert len(plt.get_fignums()) == 4
"""


def test_a_script_with_pyplot_saves_the_chart(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(CAPTURES / "chrome-S2-overuse.har")]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_no_axes_is_refused(report: Report) -> None:
    wrong: Any = "timeline.png"
    with pytest.raises(TypeError, match=r"plot takes matplotlib Axes, not str. To save: plot\(\).figure.savefig"):
        report.plot(wrong)
    with pytest.raises(ValueError, match="figsize is the size of a new figure"):
        report.plot(Figure().add_axes((0, 0, 1, 1)), figsize=(8, 4))
    assert tuple(report.plot(figsize=(8, 4)).get_figure().get_size_inches()) == (8, 4)  # type: ignore[union-attr]


def test_a_run_draws_the_most_urgent_and_says_how_many_it_leaves_out(report: Report) -> None:
    quiet = load((CAPTURES / "chrome-08-refresh3.har").read_bytes())
    assert isinstance(quiet, Report)
    drawing = [text.get_text() for text in Run((*several(quiet, 9), report), (), report.policy).plot().texts]
    assert drawing[0] == "The 8 most urgent of 10 captures; 2 are not drawn."
    assert drawing[1].startswith("Overlap: 4 sockets")
    assert not any("more of 10 captures" in text for text in drawing)
    few = [text.get_text() for text in Run((quiet, report), (), report.policy).plot().texts]
    assert few[0].startswith("Overlap: 4 sockets")
