"""The figures of docs/performance.md: `python benchmarks/bench.py [--full]`; `make bench` runs the short form.

Each row is a ratio within one run, beside what it should reach. Files are made in a temporary folder and removed:
200 MB for the short form, 5 GB for `--full`. On a shared machine look at the ratios, and run it twice.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from race import cost, medians, ours, race

Row: TypeAlias = tuple[str, str, str]  # what, the figure, what it should reach
GUNZIP = (
    "import sys; from isal import igzip; f = igzip.open(sys.argv[1]); b = bytearray(1 << 18)\nwhile f.readinto(b): pass"
)
HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample_hars" / "three-reloads.har"


def made(folder: str, size: int = 1_000_000, shape: str = "mixed", style: str = "chrome", *more: str) -> str:
    """A HAR, by a process of its own: what it takes must not count as ours."""
    path = os.path.join(folder, f"{shape}-{style}-{size}.har")
    if not os.path.exists(path):
        asked = ["--bytes", str(size), "--shape", shape, "--style", style, *more]
        subprocess.run([sys.executable, HERE / "generate.py", path, *asked], check=True)
    return path


def against_haralyzer(path: str, runs: int, reach: str) -> Iterator[Row]:
    found = race(path, runs, ("haralyzer", "bare read"))
    own, size = found["har-sockets"], os.path.getsize(path) / 1e6
    what = f"{os.path.basename(path).rpartition('-')[0]}, {size:,.0f} MB"
    yield f"{what}: haralyzer takes", f"{found['haralyzer'].seconds / own.seconds:.1f} times as long", reach
    yield f"{what}: speed of a bare read", f"{found['bare read'].seconds / own.seconds:.0%}", ">= 12 % at 2 GB"
    yield f"{what}: peak memory", f"{own.mebibytes:.0f} MiB (haralyzer {found['haralyzer'].mebibytes:.0f})", "<= 64 MiB"


def compressed(path: str, runs: int) -> Iterator[Row]:
    packed = path + ".gz"
    with open(path, "rb") as plain, gzip.open(packed, "wb", 6) as out:
        while block := plain.read(1 << 20):
            out.write(block)
    found = medians({"ours": ours(packed), "bare": [sys.executable, "-c", GUNZIP, packed]}, runs)
    what = f".gz of {os.path.getsize(path) / 1e6:,.0f} MB, against the bare decompressor (isal)"
    yield what, f"{found['ours'].seconds / found['bare'].seconds:.2f} times", "<= 1.6 times"


def one_string(folder: str, size: int) -> Iterator[Row]:
    """A body without end in sight."""
    path = os.path.join(folder, "string.har")
    with open(path, "wb") as out:
        out.write(b'{"log":{"creator":{"name":"WebInspector"},"entries":[{"response":{"content":{"text":"')
        for _ in range(size >> 20):
            out.write(b"QUJD" * (1 << 18))
        out.write(b'"}}}]}}')
    paid = cost(ours(path))
    os.unlink(path)
    yield f"a body of {size / 1e9:.1f} GB: peak memory", f"{paid.mebibytes:.0f} MiB", "<= 48 MiB"


def start(runs: int) -> Iterator[Row]:
    python = sys.executable
    found = medians(
        {
            "analyze": ours(str(SAMPLE)),
            "help": [python, "-m", "analyzer", "--help"],
            "typer": [python, "-c", "import typer"],
        },
        runs,
    )
    size, bare = os.path.getsize(SAMPLE) / 1e3, found["typer"].seconds
    yield (
        f"analyze a file of {size:.0f} KB, against `import typer`",
        f"{found['analyze'].seconds / bare:.2f} times",
        "<= 3.0 times",
    )
    yield "--help, against `import typer`", f"{found['help'].seconds / bare:.2f} times", "<= 2.5 times"


def sweep(count: int = 1_000_000) -> Iterator[Row]:
    told = subprocess.run([sys.executable, HERE / "sweep.py", str(count)], capture_output=True, text=True, check=True)
    what, _, figures = told.stdout.strip().partition(": ")
    arrays, _, given = figures.partition(", ")
    yield f"sweep of {what}, against pure Python", arrays, ">= 40 times"
    yield "the same from intervals as the program has them", given, ""


def rows(folder: str, full: bool) -> Iterator[Row]:
    runs = 5 if full else 3
    yield from start(4 * runs)
    yield from sweep()
    yield from one_string(folder, 2 << 30 if full else 1 << 28)
    for shape in ("one", "many"):
        few = () if full else ("--messages", "50000" if shape == "one" else "10")
        yield from against_haralyzer(made(folder, 1, shape, "chrome", *few), runs, ">= 4 times")
    for size, reach in ((50, ""), (500, ">= 8 times"), (2000, ">= 10 times"))[: 3 if full else 1]:
        yield from against_haralyzer(made(folder, size * 1_000_000), runs, reach)
    yield from compressed(made(folder, 500_000_000 if full else 50_000_000), runs)
    for shape, style in (("thin", "compact"), ("text", "python")):
        yield from against_haralyzer(made(folder, 50_000_000, shape, style), runs, "")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="har-sockets-bench-") as folder:
        for what, figure, reach in rows(folder, "--full" in sys.argv[1:]):
            print(f"{what:66} {figure:34} {reach}", flush=True)


if __name__ == "__main__":
    main()
