"""What many captures cost: `python benchmarks/fleet.py [FOLDER]`.

CPU seconds of `analyze --format ndjson` over a folder, against a bare loop over the reader, start-up of each taken off;
and how peak memory grows from a tenth of the captures to all of them. Without a folder: 10,000 captures of 43 KB with
two sockets each, made up, each with hosts of its own.
"""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from generate import Wanted, write
from race import PYTHON, Cost, cost, ours

from analyzer import fleet

MANY, BYTES, SOCKETS, DIFFERENT = 10_000, 43_000, 2, 100
LOOP = (
    "import gc, sys; gc.disable(); from analyzer import fleet, read\nfor name in fleet.expand(sys.argv[1:]): read(name)"
)


class Fleet(NamedTuple):
    """What a capture of a fleet costs."""

    captures: int
    each: float  # microseconds of CPU
    read: float  # of them, a bare loop over the reader
    mebibytes: tuple[float, float]  # peak memory with a tenth of the captures, and with all

    @property
    def times(self) -> float:
        return self.each / self.read


def make(folder: Path, many: int = MANY) -> None:
    """Write captures, of which none has the hosts of another."""
    texts = []
    for seed in range(min(many, DIFFERENT)):
        out = io.StringIO()
        write(out, Wanted(BYTES, sockets=SOCKETS, messages=10, chance=random.Random(seed)))  # noqa: S311
        texts.append(out.getvalue())
    for number in range(many):
        text = texts[number % len(texts)].replace("rt.example.com", f"rt{number}.example.com")
        (folder / f"{number:05}.har").write_text(text, "utf-8")


def measure(folder: Path) -> Fleet:
    names = fleet.expand([str(folder)])
    few = names[: max(1, len(names) // 10)]
    with tempfile.TemporaryDirectory() as place:

        def analyze(*paths: str) -> Cost:
            return cost(ours(*paths, "-q", "--out", f"ndjson:{os.path.join(place, 'out.ndjson')}"), counts=False)

        def read(*paths: str) -> Cost:
            return cost([PYTHON, "-c", LOOP, *paths], counts=False)

        start, loop_start = analyze(names[0]).seconds, read(names[0]).seconds
        tenth, loop, own = analyze(*few), read(str(folder)).seconds - loop_start, analyze(str(folder))
    each = 1e6 / len(names)
    return Fleet(len(names), (own.seconds - start) * each, loop * each, (tenth.mebibytes, own.mebibytes))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="har-sockets-fleet-") as folder:
        path = Path(sys.argv[1]) if sys.argv[1:] else Path(folder)
        if not sys.argv[1:]:
            make(path)
        of = measure(path)
    print(f"{of.captures:,} captures: {of.each:,.0f} us of CPU each")
    print(f"{of.times:.2f} times a bare loop over the reader ({of.read:,.0f} us)")
    few, all_of_them = of.mebibytes
    print(f"peak memory: {few:.0f} MiB with a tenth of them, {all_of_them:.0f} MiB with all")


if __name__ == "__main__":
    main()
