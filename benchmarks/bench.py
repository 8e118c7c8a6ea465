"""The figures of docs/performance.md: `python benchmarks/bench.py [--full] [--only TARGET,...] [--write]`.

First what other programs take for the same files, each in turn within one run, then target by target what is reached.
The short form takes ten minutes and makes 500 MB of files in a temporary folder; `--full`, half an hour and 5 GB.
`--write` puts the tables into docs/performance.md. On a shared machine run it twice, and look at the ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from race import PEERS, race
from targets import SMALL, TARGETS, Bench, Row

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
MARKS = "<!-- {}: written by benchmarks/bench.py -->", "<!-- end of {} -->"
LARGE = 400_000_000  # bytes: from here on each contender runs once


def peers(bench: Bench) -> Iterator[str]:
    """Yield the rows of the first table: what each contender takes for each file."""
    names = [name for name, peer in PEERS.items() if peer.is_there]
    yield f"| file | har-sockets | {' | '.join(names)} |"
    yield f"|---|---|{'---|' * len(names)}"
    files = [
        ("40 KB", str(SMALL)),
        ("1 MB", bench.file(1_000_000)),
        ("6.7 MB", bench.file(6_700_000)),
        ("51 MB", bench.file(51_000_000)),
        ("51 MB without bodies", bench.file(51_000_000, "thin", "--style", "compact")),
        ("one socket, 200,000 messages", bench.file(1, "one", "--messages", "200000")),
        ("5,000 sockets", bench.file(1, "many", "--sockets", "5000")),
    ]
    if bench.full:
        files += [("507 MB", bench.file(507_000_000)), ("2 GB", bench.file(2_000_000_000))]
    for what, path in files:
        costs = race(path, 1 if os.path.getsize(path) > LARGE else bench.runs)
        own = costs["har-sockets"]
        ratios = (f"{costs[name].seconds / own.seconds:.2f}" if name in costs else "" for name in names)
        yield f"| {what} | {own.seconds * 1000:,.0f} ms, {own.mebibytes:.0f} MiB | {' | '.join(ratios)} |"


def targets(bench: Bench, names: list[str]) -> Iterator[str]:
    """Yield the rows of the second table: what is asked, and what is reached."""
    yield "| what | figure | target | reached | command |"
    yield "|---|---|---|---|---|"
    for name in names:
        try:
            for row in TARGETS[name](bench):
                yield write(row)
        except ImportError as missing:
            yield f"| {name} | not measured: {missing} | | | |"


def write(row: Row) -> str:
    return f"| {row.what} | {row.figure} | {row.target} | {'yes' if row.reached else '**no**'} | `{row.command}` |"


def show(lines: Iterator[str]) -> str:
    """Print lines as they come; return them."""
    text = []
    for line in lines:
        print(line, flush=True)
        text.append(line)
    return "\n".join(text)


def put(page: str, name: str, text: str) -> str:
    """Return the page with a table in the place that is marked for it."""
    start, end = (mark.format(name) for mark in MARKS)
    place = re.compile(f"{re.escape(start)}.*{re.escape(end)}", re.DOTALL)
    new, count = place.subn(lambda _: f"{start}\n{text}\n{end}", page)
    if not count:
        sys.exit(f"{PAGE}: no place for {name}")
    return new


def main(options: argparse.Namespace) -> None:
    names = options.only.split(",") if options.only else list(TARGETS)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.system()}"
    with tempfile.TemporaryDirectory(prefix="har-sockets-bench-") as folder:
        bench = Bench(Path(folder), 5 if options.full else 3, options.full)
        tables = {"machine": machine}
        if not options.only:
            tables["peers"] = show(peers(bench))
        tables["targets"] = show(targets(bench, names))
    if options.write and not options.only:
        page = PAGE.read_text("utf-8")
        for name, text in tables.items():
            page = put(page, name, text)
        PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also what takes minutes and gigabytes")
    parser.add_argument("--only", help=f"targets, with commas: {', '.join(TARGETS)}")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    main(parser.parse_args())
