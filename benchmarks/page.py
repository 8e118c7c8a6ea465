"""Measure how large the HTML report is, and how soon it is painted.

`python benchmarks/page.py [SOCKETS...]` measures pages of one capture with that number of made-up sockets: 30 hosts,
ten messages each, some never closed. `--captures N [--folder FOLDER]` measures a page of N captures: those of a folder
over and over, each time on other days and hosts; without it made up ones. `--start` measures what a report adds
to JSON.

"Painted" is from the navigation to the second frame, when all that can be seen is there, in a browser that was just
started; "CPU" is what its renderer used until then; "moved" is the longest frame of twenty steps of zoom; "opened" is
from a click on the last capture to the second frame after it. Medians of `RUNS`.
"""

from __future__ import annotations

import argparse
import datetime
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from analyzer import Policy, Report, Run, analyze
from analyzer.formats import read
from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    Accepted,
    Bounds,
    Capture,
    Closed,
    Evidence,
    Exporter,
    File,
    Messages,
    Requested,
    Trace,
)
from analyzer.outputs import html

COUNTS = (1, 60, 1_000, 5_000, 10_000)
RUNS, STARTS = 5, 15
LARGEST = 400_000  # bytes of a capture that is read over and over
SAMPLE = Path(__file__).parent.parent / "sample_hars" / "stream-chat-connect-on-every-mount.har"
DATE, EPOCH = re.compile(r"(?<![\d-])20[12]\d-\d\d-\d\d(?=T\d\d:)"), re.compile(r"(?<![\d.])1[67]\d{8}(?=\.\d)")
START = 1_763_923_693 * SECOND
TWO_FRAMES = (
    "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)
ZOOM = """async () => {
    const frame = () => new Promise(requestAnimationFrame), lanes = document.querySelector('.lanes');
    let longest = 0, before = await frame();
    for (let n = 0; n < 20; n++) {
        lanes.dispatchEvent(new KeyboardEvent('keydown', { key: n % 10 < 5 ? '+' : '-' }));
        const now = await frame();
        longest = Math.max(longest, now - before);
        before = now;
    }
    return longest;
}"""
OPEN = """async () => {
    const before = performance.now(), chunk = [...document.querySelectorAll('.packed')].at(-1);
    const id = chunk?.dataset.ids.split(' ').at(-1);
    location.hash = id || document.querySelector('.board a').hash;
    while (!document.querySelector('.opened')) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - before;
}"""


def trace(n: int, host: str = "") -> Trace:
    start = START + n * SECOND // 100
    end = start + (n % 97 + 1) * SECOND // 10
    times = array("q", range(start + 1_000, end, max(1, (end - start) // 10)))
    closed = (Closed(Bounds(end, end, Evidence.CLOSE_SEEN)),) if n % 9 else ()
    events = (
        Requested(Bounds(start, start, Evidence.HANDSHAKE_REQUEST)),
        Accepted(Bounds(start, start + 1_000, Evidence.FIRST_MESSAGE)),
        *closed,
    )
    many = len(times)
    messages = Messages(times, bytes(many), array("b", bytes(many)), array("q", [50] * many))
    url = f"{host or f'wss://rt{n % 30}.example.com'}/socket/{n % 7}"
    return Trace(f"/log/entries/{n}", url, url, events, messages)


def report(many: int, host: str = "") -> Report:
    traces = tuple(trace(n, host) for n in range(many))
    exporter = Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools")
    observed = Interval(START, START + many * SECOND // 100 + 10 * SECOND)
    file = File("made-up.har", "har", exporter, many, observed)
    return analyze(Capture((file,), (), traces))


def made_up(many: int) -> Iterator[Report]:
    """Make different captures, with one to 24 sockets each."""
    for number in range(many):
        capture = report(1 + number * 7 % 24, f"wss://app{number}.example.com").capture
        yield analyze(
            capture.with_file(source=f"captures/team-{number % 9}/ticket-{number}.har", sha256=f"{number:064}")
        )


def alike(many: int, folder: Path) -> Iterator[Report]:
    """Read the captures of a folder over and over, each time on other days and hosts."""
    paths = [path for path in sorted(folder.rglob("*.har")) if path.stat().st_size < LARGEST]
    for number in range(many):
        path, time = paths[number % len(paths)], number // len(paths)
        text = _postpone(path.read_text("utf-8", errors="surrogateescape"), number % 60 + time)
        text = text.replace("localhost:", f"app{time}.example:") if time else text
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place) / path.name
            copy.write_text(text, "utf-8", errors="surrogateescape")
            capture = read(copy)
        yield analyze(capture.with_file(source=f"captures/{path.parent.name}/{number:04}-{path.name}"))


def _postpone(text: str, days: int) -> str:
    text = DATE.sub(lambda date: f"{datetime.date.fromisoformat(date[0]) + datetime.timedelta(days)}", text)
    return EPOCH.sub(lambda seconds: str(int(seconds[0]) + 86_400 * days), text)


def measure(launch: Callable[[], Browser], path: Path, act: str) -> tuple[float, ...]:
    """Return seconds: when it is painted, the CPU time of that, and how long an action takes; medians."""
    each = []
    for _ in range(RUNS):
        browser = launch()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_load_state("domcontentloaded")
        painted = page.evaluate(TWO_FRAMES) / 1000
        each.append((painted, _cpu(page), page.evaluate(act)))
        browser.close()
    return tuple(map(statistics.median, zip(*each, strict=True)))


def _cpu(page: Page) -> float:
    """Return the CPU time of the page's own process; the browser draws parts of its window in others."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ProcessTime")


def start() -> None:
    """Print what a report in HTML takes above the same analysis as JSON, as programs that are started anew."""
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "analyzer"]
        ways = {
            "json": [*program, str(SAMPLE), "--format", "json"],
            "html": [*program, "report", str(SAMPLE), "-q", "-o", str(Path(folder) / "report.html")],
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(STARTS):
            for name, command in ways.items():
                before = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                took[name].append(time.perf_counter() - before)
    json, page = (1000 * statistics.median(took[name]) for name in ("json", "html"))
    print(f"json {json:.0f} ms, html {page:.0f} ms: {page - json:.0f} ms above (target: 40 ms at most)")


class Figures(NamedTuple):
    """What one page costs."""

    bytes: int
    rendered: float  # seconds
    painted: float
    cpu: float
    acted: float  # milliseconds of an action


def measure_report(reports: tuple[Report, ...]) -> Figures:
    """Render reports as one page, and open it in Chromium."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        before = time.perf_counter()
        path.write_bytes(html.render(Run(reports, (), Policy())))
        rendered = time.perf_counter() - before
        launch = partial(playwright.chromium.launch, executable_path=chromium, args=["--no-sandbox"])
        return Figures(path.stat().st_size, rendered, *measure(launch, path, OPEN if len(reports) > 1 else ZOOM))


def main(arguments: argparse.Namespace) -> None:
    if arguments.start:
        start()
        return
    many = arguments.captures
    if many:
        runs = [(many, tuple(alike(many, arguments.folder) if arguments.folder else made_up(many)))]
    else:
        runs = [(sockets, (report(sockets),)) for sockets in arguments.sockets or COUNTS]
    what, action = ("captures", "opened") if many else ("sockets", "moved")
    heads = f"{'bytes':>10} {'target':>10} {'render s':>9} {'painted s':>10} {'CPU s':>6} {'target':>7}"
    print(f"{what:>8} {heads} {action:>7} ms")
    for number, reports in runs:
        page = measure_report(reports)
        size, allowed = (4_000_000, 2.0) if many else (80_000 + 192 * number, 0.6)
        print(
            f"{number:>8,} {page.bytes:>10,} {size:>10,} {page.rendered:>9.2f} {page.painted:>10.2f} "
            f"{page.cpu:>6.2f} {allowed:>7} {page.acted:>10.0f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sockets", type=int, nargs="*")
    parser.add_argument("--captures", type=int)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--start", action="store_true")
    main(parser.parse_args())
