"""What is asked of the program's speed, target by target: each function measures one and says how it was measured.

Every figure is a ratio of one run, or CPU time above that of `python -c pass` in the same run: these hold on any
machine. What is not installed (Playwright, a peer) leaves its rows out, and says so.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import fleet
from race import MIB, PYTHON, Cost, analyze, cost, medians, ours, race

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_hars"
SMALL = SAMPLES / "stream-chat-strictmode-leak.har"  # 40 KB
PASSES = SAMPLES / "dev-server-beside-app.har"  # 30 KB, and `check` ends with 0
NETLOG = HERE.parent / "tests" / "captures" / "netlog-chrome149-21-kill.netlog.json"
NOTHING = [PYTHON, "-c", "pass"]
START_RUNS = 21
GUNZIP = (
    "import sys; from isal import igzip; f = igzip.open(sys.argv[1]); b = bytearray(1 << 18)\nwhile f.readinto(b): pass"
)
LINE = (  # matplotlib's own part of a chart: one line, saved
    "import sys; from matplotlib.figure import Figure; figure = Figure(); figure.add_subplot().plot([0, 1]); "
    "figure.savefig(sys.argv[1])"
)


class Row(NamedTuple):
    """One figure beside what is asked of it."""

    what: str
    figure: str
    target: str
    reached: bool
    command: str


class Bench(NamedTuple):
    """How to measure: where files go, how often, and whether those are measured that take minutes."""

    folder: Path
    runs: int
    full: bool

    def file(self, size: int = 1_000_000, shape: str = "mixed", *more: str) -> str:
        """Return a HAR of about so many bytes, made by a process of its own: what that takes must not count as ours."""
        path = self.folder / f"{'-'.join((shape, *more)).replace('--', '')}-{size}.har"
        if not path.exists():
            options = ["--bytes", str(size), "--shape", shape, *more]
            subprocess.run([PYTHON, HERE / "generate.py", path, *options], check=True)
        return str(path)


def at_most(what: str, value: float, limit: float, unit: str, command: str, form: str = ",.0f") -> Row:
    return Row(what, f"{value:{form}} {unit}", f"<= {limit:,g} {unit}", value <= limit, command)


def at_least(what: str, value: float, limit: float, command: str) -> Row:
    return Row(what, f"{value:.2f} times", f">= {limit:g} times", value >= limit, command)


def start(bench: Bench) -> Iterator[Row]:
    sample = str(SMALL)
    chart = str(bench.folder / "chart.png")
    costs = medians(
        {
            "nothing": NOTHING,
            "json": analyze(sample),
            "check": ours("check", str(PASSES)),
            "help": ours("--help"),
            "html": ours("report", sample, "-q", "-o", str(bench.folder / "report.html")),
        },
        START_RUNS,
        counts=False,
    )
    nothing, json = (1000 * costs[name].seconds for name in ("nothing", "json"))
    for what, name, limit in (
        ("`analyze --format json` of 40 KB, above `python -c pass`", "json", 75),
        ("`check` of 30 KB, above `python -c pass`", "check", 75),
        ("`--help`, above `python -c pass`", "help", 70),
    ):
        yield at_most(what, 1000 * costs[name].seconds - nothing, limit, "ms", "bench.py --only start")
    html = 1000 * costs["html"].seconds - json
    yield at_most("`report` as HTML, above `--format json`", html, 40, "ms", "bench.py --only start")
    costs = medians(
        {"bare": [PYTHON, "-c", LINE, chart], "ours": ours("timeline", sample, "-q", "-o", chart)},
        max(5, bench.runs),
        counts=False,
    )
    above = 1000 * (costs["ours"].seconds - costs["bare"].seconds)
    yield at_most("chart as PNG, above matplotlib with one line", above, 120, "ms", "bench.py --only start")


def haralyzer(bench: Bench) -> Iterator[Row]:
    sizes = ((6_700_000, 1.4, None), (51_000_000, 3.1, None), (507_000_000, 8, 40), (2_000_000_000, 11, 44))
    for size, times, most in sizes[: 4 if bench.full else 2]:
        path = bench.file(size)
        yield from _against_haralyzer(f"{size / 1e6:,.1f} MB of mixed bodies", path, bench.runs, times, most)
        if size > 10_000_000:
            os.unlink(path)


def messages(bench: Bench) -> Iterator[Row]:
    path = bench.file(1, "one", "--messages", "200000")
    yield from _against_haralyzer("one socket with 200,000 messages", path, bench.runs, 3, None)


def _against_haralyzer(what: str, path: str, runs: int, times: float, most: float | None) -> Iterator[Row]:
    costs = race(path, runs, ("haralyzer",))
    command = f"race.py {os.path.basename(path)}"
    own, peer = costs["har-sockets"], costs["haralyzer"]
    yield at_least(f"{what}: haralyzer takes", peer.seconds / own.seconds, times, command)
    if most is not None:
        yield at_most(f"{what}: peak memory (haralyzer {peer.mebibytes:,.0f} MiB)", own.mebibytes, most, "MiB", command)


def sockets(bench: Bench) -> Iterator[Row]:
    many = 5_000
    costs = medians(
        {"start": analyze(str(SMALL)), "many": analyze(bench.file(1, "many", "--sockets", str(many)))},
        bench.runs,
        counts=False,
    )
    each = 1e6 * (costs["many"].seconds - costs["start"].seconds) / many
    yield at_most("5,000 sockets: CPU of each", each, 110, "us", "bench.py --only sockets")


def captures(bench: Bench) -> Iterator[Row]:
    many = fleet.MANY if bench.full else 1_000
    folder = bench.folder / "fleet"
    folder.mkdir()
    fleet.make(folder, many)
    found = fleet.measure(folder)
    shutil.rmtree(folder)
    yield at_most(f"{many:,} captures of 43 KB: CPU of each", found.each, 600, "us", "fleet.py")
    yield at_most(
        f"{many:,} captures, against a bare loop over the reader", found.times, 1.6, "times", "fleet.py", ".2f"
    )


def compressed(bench: Bench) -> Iterator[Row]:
    path = bench.file(507_000_000 if bench.full else 51_000_000)
    packed = path + ".gz"
    with open(path, "rb") as plain, gzip.open(packed, "wb", 6) as out:
        shutil.copyfileobj(plain, out, MIB)
    costs = medians({"ours": analyze(packed), "bare": [PYTHON, "-c", GUNZIP, packed]}, bench.runs)
    what = f".gz of {os.path.getsize(path) / 1e6:,.0f} MB, against the bare decompressor (isal)"
    times = costs["ours"].seconds / costs["bare"].seconds
    yield at_most(what, times, 1.6, "times", "bench.py --only compressed", ".2f")


def netlog(bench: Bench) -> Iterator[Row]:
    large = bench.folder / "netlog.json"
    size = 300_000_000 if bench.full else 50_000_000
    repeat = [PYTHON, str(HERE / "repeat_log.py")]
    subprocess.run([*repeat, NETLOG, large, "--bytes", str(size)], check=True)
    pairs = {}
    for name, path in (("small", str(NETLOG)), ("large", str(large))):
        pairs[name] = analyze(path)
        pairs[f"bare {name}"] = [*repeat, "--bare", path]
    costs = medians(pairs, bench.runs, counts=False)
    own = costs["large"].seconds - costs["small"].seconds
    bare = costs["bare large"].seconds - costs["bare small"].seconds
    what = f"NetLog of {size / 1e6:,.0f} MB"
    yield at_most(f"{what}, against msgspec over its lines", own / bare, 1.8, "times", "bench.py --only netlog", ".2f")
    yield at_most(f"{what}: peak memory", costs["large"].mebibytes, 48, "MiB", "bench.py --only netlog")


def body(bench: Bench) -> Iterator[Row]:
    """One string without end in sight."""
    size = 2 << 30 if bench.full else 1 << 28
    path = bench.folder / "string.har"
    with path.open("wb") as out:
        out.write(b'{"log":{"creator":{"name":"WebInspector"},"entries":[{"response":{"content":{"text":"')
        for _ in range(size // MIB):
            out.write(b"QUJD" * (MIB // 4))
        out.write(b'"}}}]}}')
    paid = cost(analyze(str(path)))
    path.unlink()
    yield at_most(f"a body of {size / 1e9:.1f} GB: peak memory", paid.mebibytes, 48, "MiB", "bench.py --only body")


SOCKETS = "sockets of nothing"
HOSTILE = {  # packed small, unpacked large
    "empty entries": (b'{"log":{"creator":{"name":"x"},"entries":[', b"{},", b"{}]}}"),
    "brackets": (b'{"log":{"entries":[', b"[", b""),
    "closed brackets": (b'{"log":{"entries":[', b"[],", b"[]]}}"),
    "commas": (b'{"log":{"entries":[', b",", b""),
    "braces": (b'{"log":{"entries":[', b'{"a":', b""),
    "quotes": (b'{"log":{"entries":["', b'\\"', b""),
    "spaces": (b'{"log":{"entries":[', b" ", b"]}}"),
    SOCKETS: (
        b'{"log":{"creator":{"name":"WebInspector"},"entries":[',
        b'{"_resourceType":"websocket","_webSocketMessages":[]},',
        b"{}]}}",
    ),
}


def hostile(bench: Bench) -> Iterator[Row]:
    began = cost(analyze(str(SMALL))).seconds
    found = {}
    for size in (100_000, 20_000_000 if bench.full else 5_000_000):
        for name, (head, unit, tail) in HOSTILE.items():
            path = bench.folder / "hostile.har.gz"
            path.write_bytes(gzip.compress(head + unit * (size // len(unit)) + tail, 6))
            found[name, size] = _cost_of_any([*ours("analyze", str(path), "--format", "json")])
    large = {name: paid for (name, size), paid in found.items() if size > 100_000}
    small = {name: paid for (name, size), paid in found.items() if size == 100_000}
    command = "bench.py --only hostile"
    name, paid = max(small.items(), key=lambda item: item[1].seconds)
    yield at_most(f"hostile, 100 KB unpacked ({name} is the slowest)", paid.seconds - began, 1, "s", command, ".2f")
    name, paid = max(large.items(), key=lambda item: item[1].seconds)
    each = (paid.seconds - began) * 1e6 / size
    yield at_most(
        f"hostile, {size / 1e6:.0f} MB unpacked ({name} is the slowest)", each, 1, "us a byte", command, ".2f"
    )
    del large[SOCKETS]  # it is what was asked for: up to 100,000 sockets
    name, paid = max(large.items(), key=lambda item: item[1].mebibytes)
    yield at_most(f"hostile, without sockets: peak memory ({name} takes most)", paid.mebibytes, 150, "MiB", command)


def _cost_of_any(command: list[str]) -> Cost:
    """Run what may end with the status of a capture that cannot be read."""
    script = "import subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True)"
    return cost([PYTHON, "-c", script, *command], counts=False)


def pages(bench: Bench) -> Iterator[Row]:
    """The HTML report in a browser."""
    import page  # which needs Playwright

    many = 2_000 if bench.full else 200
    for number, what, most, painted in (
        (10_000, "sockets", 2, 0.6),
        (many, "captures", 4, 2),
    ):
        reports = (page.report(number),) if what == "sockets" else tuple(page.made_up(number))
        found = page.measure_report(reports)
        command = "page.py 10000" if what == "sockets" else f"page.py --captures {many}"
        yield at_most(f"HTML of {number:,} {what}", found.bytes / 1e6, most, "MB", command, ".2f")
        yield at_most(f"HTML of {number:,} {what}: CPU until it is painted", found.cpu, painted, "s", command, ".2f")


def sweep(_: Bench) -> Iterator[Row]:
    from sweep import measure  # which imports numpy

    yield at_least("sweep of 1,000,000 intervals from arrays: pure Python takes", measure(1_000_000)[0], 40, "sweep.py")


def drawing(_: Bench) -> Iterator[Row]:
    from drawing import measure  # which imports matplotlib

    yield at_least("drawing 10,000 sockets: `barh` takes", measure(10_000).times, 40, "drawing.py")


def growing(bench: Bench) -> Iterator[Row]:
    """Of the worst shapes: growth.py measures all of them, as `make test-all` does."""
    import growth  # which imports all that it measures

    shapes = growth.WORST if bench.full else ("a chain of overlaps",)
    sizes = growth.SIZES if bench.full else (1_000, 4_000)
    most, (shape, output, took) = growth.worst(list(growth.measure_apart(shapes, sizes)))
    command = "growth.py" if bench.full else f'growth.py "{shapes[0]}" --sizes {sizes[0]} {sizes[1]}'
    what = f"growth from {sizes[0]:,} to {sizes[1]:,}, {len(shapes)} shapes"
    yield at_most(f"{what} (most: {most.step} of {most.shape})", most.exponent, 1.15, "exponent", command, ".2f")
    yield at_most(f"{sizes[1]:,} of anything (longest: {output} of {shape})", took, 4, "s", command, ".1f")


TARGETS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    target.__name__: target
    for target in (
        start,
        haralyzer,
        messages,
        sockets,
        captures,
        compressed,
        netlog,
        body,
        hostile,
        pages,
        sweep,
        drawing,
        growing,
    )
}
