"""Terminal, page and chart show one timeline: axis, zero, groups and ticks, read back from what each of them painted."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Policy, Report, Run
from analyzer.outputs.chart import lanes
from analyzer.pipeline import analyze
from analyzer.timeline.ticks import STEPS
from tests import painted
from tests.kinds import of_the_lab
from tests.test_text import report, socket

ROOT = Path(__file__).parent.parent
SUFFIXES = (".har", ".cdp.json", ".netlog.json", ".trace.json", ".mitm", ".flows", ".har.zip", ".gz")
CAPTURES = sorted(
    path
    for folder in (ROOT / "tests" / "captures", ROOT / "sample_hars")
    for path in folder.rglob("*")
    if path.name.endswith(SUFFIXES) and path.is_file() and not of_the_lab(path)
)
CHART_FIRST = 60  # rows; with more sockets not every lane of the chart has a label


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_all_pictures_of_a_capture_agree(path: Path) -> None:
    run = masking.mask(Run((analyze(read(path)),), (), Policy()))
    assert list_differences(run) == []


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([f"wss://h{n % 3}.example/ws" for n in range(30)], id="some groups"),
        pytest.param([f"wss://h.example/{n}" for n in range(30)], id="many addresses of one host"),
        pytest.param([f"wss://h{n}.example/ws" for n in range(20)] + ["wss://a.example/ws"] * 2, id="one socket each"),
        pytest.param([f"wss://h{n % 9}.example/ws" for n in range(150)], id="more sockets than text has rows for"),
    ],
)
def test_pictures_of_many_sockets_agree(addresses: list[str]) -> None:
    sockets = [socket(n * 0.05, n * 0.05 + 0.4, url=url, n=n) for n, url in enumerate(addresses)]
    assert list_differences(Run((report(*sockets),), (), Policy())) == []
    titles = painted.characters_of(report(*sockets)).titles
    assert len(titles) == (9 if len(sockets) > 100 else 0)


def list_differences(run: Run) -> list[str]:
    result = run.reports[0]
    if not result.sessions:
        return []
    page, chart, text = painted.page_of(run), painted.chart_of(run), painted.characters_of(result)
    return [
        *_compare_axes(page, chart),
        *_compare_columns(page, text),
        *_compare_ticks(page, chart, text),
        *_compare_groups(page, chart, text, result),
    ]


def _compare_axes(page: painted.Page, chart: painted.Painting) -> list[str]:
    """Compare where the axes begin and end, from zero. SVG has six decimals, the static drawing thousandths."""
    start, end = page.painting.start, page.painting.end
    assert start is not None and end is not None
    span = max(1_000, end - start)
    return [
        f"{name}: the {side} of the axis is at {at:.0f}, not {other}"
        for name, painting, room in (("chart", chart, 1e-4), ("static page", page.static, 1e-2))
        for side, at, other in (("start", painting.start, start), ("end", painting.end, start + span))
        if at is not None and abs(at - other) > max(span * room, 2)
    ]


def _compare_columns(page: painted.Page, text: painted.Characters) -> list[str]:
    """Compare the columns in which the terminal has its ticks with the axis of the page."""
    start, end = page.painting.start, page.painting.end
    assert start is not None and end is not None
    span = max(1_000, round(end - start)) + 1
    columns = {label: (painted.instant(label) - round(start)) * text.columns // span for label in text.places}
    return [
        f"text: {label} in {text.places[label]}, not {column}"
        for label, column in columns.items()
        if text.places[label] != column
    ]


def _compare_ticks(page: painted.Page, chart: painted.Painting, text: painted.Characters) -> list[str]:
    """Compare labels of the same instants, and check that each picture counts in steps of the one table."""
    ticks = {
        "chart": chart.ticks,
        "static page": page.static.ticks,
        "text": {painted.instant(label): label for label in text.places},
    }
    labels: dict[int, set[str]] = {}
    for each in ticks.values():
        for at, label in each.items():
            labels.setdefault(at, set()).add(label)
    differences = [f"{at} is labelled {sorted(words)}" for at, words in labels.items() if len(words) > 1]
    for name in ("chart", "static page"):  # text leaves out labels for which there is no room
        instants = sorted(ticks[name])
        steps = {later - before for before, later in pairwise(instants)}
        differences += [f"{name}: steps {steps}"] if len(steps) > 1 or not steps <= set(STEPS) else []
    return differences


def _compare_groups(page: painted.Page, chart: painted.Painting, text: painted.Characters, result: Report) -> list[str]:
    groups = page.painting.groups
    differences = [] if page.static.groups == groups else [f"static page: {page.static.groups}, not {groups}"]
    if len(result.sessions) <= CHART_FIRST:
        if chart.groups != groups:
            differences.append(f"chart: {chart.groups}, not {groups}")
        members = sorted(number for _, numbers in groups for number in numbers)
        if sorted(text.members) != members:
            differences.append(f"text: {text.members}, not {members}")
    elif len(groups) <= lanes.ALONE + 1 and [title for title, _ in chart.groups] != [title for title, _ in groups]:
        differences.append(f"chart: {[title for title, _ in chart.groups]}")
    if text.titles and not all(any(title == name for name, _ in groups) for title in text.titles):
        differences.append(f"text: {text.titles}")
    return differences


def test_a_difference_is_found() -> None:
    """Check the checks: a page with another axis, other groups and other labels is not let through."""
    run = Run((report(socket(1, 3), socket(2, 4, url="wss://b.example/ws", n=1)),), (), Policy())
    page, chart, text = painted.page_of(run), painted.chart_of(run), painted.characters_of(run.reports[0])
    later = page._replace(painting=page.painting._replace(end=(page.painting.end or 0) + 100_000))
    assert _compare_axes(page, chart) == [] != _compare_axes(later, chart)
    assert _compare_columns(page, text) == [] != _compare_columns(later, text)
    other = chart._replace(ticks={at: f"{label}." for at, label in chart.ticks.items()})
    assert _compare_ticks(page, chart, text) == [] != _compare_ticks(page, other, text)
    other = chart._replace(groups=[*chart.groups[::-1], ("more", [])])
    assert (
        _compare_groups(page, chart, text, run.reports[0]) == [] != _compare_groups(page, other, text, run.reports[0])
    )


PAINTERS = [
    *(ROOT / "analyzer/painting").glob("*.py"),
    *(ROOT / "analyzer/outputs/chart").glob("*.py"),
    *(ROOT / "analyzer/outputs" / name for name in ("html.py", "timeline.py")),
]


@pytest.mark.parametrize("path", PAINTERS, ids=lambda path: path.name)
def test_painters_count_and_place_nothing_themselves(path: Path) -> None:
    """Linters see modules only: `from analyzer.intervals import sweep` would look like that of `Interval`."""
    names = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in ("analyzer", "analyzer.intervals")
        for alias in node.names
    ]
    rest = {name for name in names if name.startswith(("analyzer.intervals.", "analyzer.overlaps"))}
    assert rest <= {"analyzer.intervals.Interval"}
