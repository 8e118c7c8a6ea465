"""`har-sockets analyze` against what people use today, on one file: `python benchmarks/race.py FILE.har [RUNS]`.

Each contender is a fresh process, in turn (A B C A B C ...), and costs what the operating system says: CPU seconds of
user and system, peak resident memory, start-up included. Medians; only the ratios of one run say something. All must
find the same number of sockets, else there is no race.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

COUNT = "print(sum(e.get('_resourceType') == 'websocket' for e in {}))"
SOCKETS = """
import json, sys
try:
    told = json.load(sys.stdin)
except ValueError:
    sys.exit()
print(sum(len(capture["sessions"]) for capture in told["captures"]) if isinstance(told, dict) else told)
"""
OTHERS = {
    "haralyzer": "import sys; from haralyzer import HarParser; p = HarParser.from_file(sys.argv[1]); "
    + COUNT.format("p.har_data['entries']"),
    "json": "import sys, json; d = json.load(open(sys.argv[1], encoding='utf-8-sig')); "
    + COUNT.format("d['log']['entries']"),
    "bare read": "import sys; f = open(sys.argv[1], 'rb', buffering=0); b = bytearray(1 << 18)\n"
    "while f.readinto(b): pass",
}


class Cost(NamedTuple):
    """Of one process."""

    seconds: float  # CPU
    mebibytes: float  # peak resident memory
    sockets: str | None  # None: it tells of none

    @property
    def told(self) -> str:
        return f"{self.seconds:7.2f} s {self.mebibytes:6.0f} MiB"


def ours(file: str) -> list[str]:
    return [sys.executable, "-m", "analyzer", "analyze", file, "--format", "json"]


def cost(command: Sequence[str]) -> Cost:
    """Run it. Exits where it fails."""
    with tempfile.TemporaryFile() as out:
        streams = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
        pid = os.posix_spawn(command[0], list(command), os.environ, file_actions=streams)
        _, status, usage = os.wait4(pid, 0)
        out.seek(0)
        # Not here: the system takes the most that this process ever held for the least that the next one did.
        answer = subprocess.run([sys.executable, "-c", SOCKETS], stdin=out, capture_output=True, text=True, check=True)
    if status:
        sys.exit(f"{' '.join(command)}: status {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, answer.stdout.strip() or None)


def medians(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Cost]:
    """The cost of each, run in turn. Exits where they disagree."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            paid = cost(command)
            if turn:  # the first turn warms the page cache
                costs[name].append(paid)
    if len({paid.sockets for each in costs.values() for paid in each if paid.sockets is not None}) > 1:
        sys.exit("they do not agree on the number of sockets: no race")
    return {
        name: Cost(
            statistics.median(paid.seconds for paid in each),
            statistics.median(paid.mebibytes for paid in each),
            each[0].sockets,
        )
        for name, each in costs.items()
    }


def race(file: str, runs: int, others: Sequence[str] = tuple(OTHERS)) -> dict[str, Cost]:
    return medians(
        {"har-sockets": ours(file), **{name: [sys.executable, "-c", OTHERS[name], file] for name in others}}, runs
    )


def main() -> None:
    file, runs = sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else 5
    found = race(file, runs)
    print(f"{file}: {os.path.getsize(file) / 1e6:,.0f} MB, {runs} runs")
    for name, paid in found.items():
        print(f"  {name:12} {paid.told}  {paid.seconds / found['har-sockets'].seconds:6.2f} times")


if __name__ == "__main__":
    main()
