"""How large the HTML report is, and how soon it is painted: `python benchmarks/page.py [SOCKETS...]`.

Sockets are made up: 30 hosts, ten messages each, some never closed. "Painted" is from the navigation to the second
frame, when all that can be seen is there; "moved" is the longest frame of twenty steps of zoom. Medians of `RUNS`.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from array import array
from pathlib import Path

from playwright.sync_api import sync_playwright

from analyzer import Policy, Report, Run, analyze
from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    Accepted,
    Bounds,
    Capture,
    Closed,
    Exporter,
    File,
    Messages,
    Requested,
    Silent,
    Trace,
)
from analyzer.outputs import html

COUNTS = (1, 60, 1_000, 5_000, 10_000)
RUNS = 5
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


def trace(n: int) -> Trace:
    start = START + n * SECOND // 100
    end = start + (n % 97 + 1) * SECOND // 10
    times = array("q", range(start + 1_000, end, max(1, (end - start) // 10)))
    ending = Closed(Bounds(end, end, "close-seen")) if n % 9 else Silent("")
    events = (
        Requested(Bounds(start, start, "handshake-request")),
        Accepted(Bounds(start, start + 1_000, "first-message")),
        ending,
    )
    many = len(times)
    messages = Messages(times, bytes(many), array("b", bytes(many)), array("q", [50] * many))
    url = f"wss://rt{n % 30}.example.com/socket/{n % 7}"
    return Trace(f"/log/entries/{n}", url, url, events, messages)


def report(many: int) -> Report:
    traces = tuple(map(trace, range(many)))
    exporter = Exporter("chrome", "WebInspector", "537.36", "Chrome DevTools")
    observed = Interval(START, START + many * SECOND // 100 + 10 * SECOND)
    file = File("made-up.har", "har", exporter, many, observed)
    return analyze(Capture((file,), (), traces))


def main(counts: list[int]) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    print(f"{'sockets':>8} {'bytes':>10} {'allowed':>10} {'render s':>9} {'painted s':>10} {'moved ms':>9}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for many in counts:
            run = Run((report(many),), (), Policy())
            before = time.perf_counter()
            data = html.render(run)
            rendered = time.perf_counter() - before
            path = Path(folder) / f"{many}.html"
            path.write_bytes(data)
            painted, moved = [], []
            for _ in range(RUNS):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(path.as_uri(), wait_until="commit")
                page.wait_for_load_state("domcontentloaded")
                painted.append(page.evaluate(TWO_FRAMES) / 1000)
                moved.append(page.evaluate(ZOOM))
                page.close()
            print(
                f"{many:>8,} {len(data):>10,} {80_000 + 500 * many:>10,} {rendered:>9.2f} "
                f"{statistics.median(painted):>10.2f} {statistics.median(moved):>9.0f}"
            )
        browser.close()


if __name__ == "__main__":
    main([int(it) for it in sys.argv[1:]] or list(COUNTS))
