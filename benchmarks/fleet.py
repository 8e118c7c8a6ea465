"""What many captures cost: `python benchmarks/fleet.py FOLDER`.

CPU seconds of `analyze --format ndjson` over a folder, against a bare loop over the reader, start-up of each taken off;
and how peak memory grows from a tenth of the captures to all of them.
"""

from __future__ import annotations

import os
import sys
import tempfile

from race import Cost, cost

from analyzer import fleet

OUT = os.path.join(tempfile.gettempdir(), "har-sockets-fleet.ndjson")
LOOP = (
    "import gc, sys; gc.disable(); from analyzer import fleet, read\nfor name in fleet.expand(sys.argv[1:]): read(name)"
)


def ours(*names: str) -> Cost:
    return cost([sys.executable, "-m", "analyzer", *names, "-q", "--out", f"ndjson:{OUT}"])


def bare(*names: str) -> Cost:
    return cost([sys.executable, "-c", LOOP, *names])


def main(folder: str) -> None:
    names = fleet.expand([folder])
    few = names[: max(1, len(names) // 10)]
    start, loop_start = ours(names[0]).seconds, bare(names[0]).seconds
    own, tenth, loop = ours(folder), ours(*few), bare(folder)
    each = (own.seconds - start) / len(names) * 1e6
    read = (loop.seconds - loop_start) / len(names) * 1e6
    ratio = f"{each / read:.2f} times a bare loop over the reader ({read:,.0f} us)"
    print(f"{len(names):,} captures: {each:,.0f} us of CPU each, {ratio}")
    print(f"peak memory: {tenth.mebibytes:.0f} MiB with {len(few):,}, {own.mebibytes:.0f} MiB with {len(names):,}")


if __name__ == "__main__":
    main(sys.argv[1])
