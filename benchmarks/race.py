"""`har-sockets analyze` against what people use today, on one file: `python benchmarks/race.py FILE.har [RUNS]`.

Each contender is a fresh process, in turn (A B C A B C ...), and costs what the operating system says: CPU seconds of
user and system, peak resident memory, start-up included. Medians; only the ratios of one run say something. All must
find the same number of sockets, else there is no race. Who is not installed does not take part; `make bench` installs
those that are Python packages.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import IO, NamedTuple

PYTHON = sys.executable
MIB = 1 << 20
COUNT = "print(sum(entry.get('_resourceType') == 'websocket' for entry in {}))"
SOCKETS = """
import json, sys
try:
    answer = json.load(sys.stdin)
except ValueError:
    sys.exit()
print(sum(len(capture["sessions"]) for capture in answer["captures"]) if isinstance(answer, dict) else answer)
"""
TYPED = """
import sys, msgspec
class Entry(msgspec.Struct):
    kind: str = msgspec.field(default="", name="_resourceType")
class Log(msgspec.Struct):
    entries: list[Entry]
class Har(msgspec.Struct):
    log: Log
har = msgspec.json.decode(open(sys.argv[1], "rb").read(), type=Har)
print(sum(entry.kind == "websocket" for entry in har.log.entries))
"""
DUCKDB = """
import sys, duckdb
har = duckdb.read_json(sys.argv[1], columns={"log": 'STRUCT(entries STRUCT("_resourceType" VARCHAR)[])'},
                       format="unstructured", maximum_object_size=1 << 30)
entries = duckdb.sql("SELECT unnest(log.entries) AS entry FROM har")
print(duckdb.sql("SELECT count(*) FROM entries WHERE entry._resourceType = 'websocket'").fetchall()[0][0])
"""
NODE = """
const har = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));
console.log(har.log.entries.filter(entry => entry._resourceType === 'websocket').length);
"""
SPAWN = """
import os, sys
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = usage.ru_utime + usage.ru_stime
os.write(int(sys.argv[1]), f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_maxrss / 1024}".encode())
"""
JQ = '[.log.entries[] | select(._resourceType == "websocket")] | length'
BARE_READ = "import sys\nf = open(sys.argv[1], 'rb', buffering=0); b = bytearray(1 << 18)\nwhile f.readinto(b): pass"


class Peer(NamedTuple):
    """Another program that counts the sockets of a HAR."""

    command: tuple[str, ...]  # the file comes last
    needs: str = ""  # a module of Python that must be installed; without it the program itself
    most: int = 10_000 * MIB  # bytes of a file that it can read, or that this machine has memory for

    @property
    def is_there(self) -> bool:
        return find_spec(self.needs) is not None if self.needs else shutil.which(self.command[0]) is not None


PEERS = {
    "haralyzer": Peer(
        (
            PYTHON,
            "-c",
            "import sys; from haralyzer import HarParser; p = HarParser.from_file(sys.argv[1]); "
            + COUNT.format("p.har_data['entries']"),
        ),
        "haralyzer",
    ),
    "json.load": Peer(
        (
            PYTHON,
            "-c",
            "import sys, json; d = json.load(open(sys.argv[1], encoding='utf-8-sig')); "
            + COUNT.format("d['log']['entries']"),
        )
    ),
    "msgspec": Peer(
        (
            PYTHON,
            "-c",
            "import sys, msgspec; d = msgspec.json.decode(open(sys.argv[1], 'rb').read()); "
            + COUNT.format("d['log']['entries']"),
        ),
        "msgspec",
    ),
    "msgspec, one field": Peer((PYTHON, "-c", TYPED), "msgspec"),
    "orjson": Peer(
        (
            PYTHON,
            "-c",
            "import sys, orjson; d = orjson.loads(open(sys.argv[1], 'rb').read()); "
            + COUNT.format("d['log']['entries']"),
        ),
        "orjson",
    ),
    "DuckDB": Peer((PYTHON, "-c", DUCKDB), "duckdb", 1 << 30),
    "jq": Peer(("jq", JQ), most=1 << 30),
    "node": Peer(("node", "-e", NODE), most=500 * MIB),  # a string of V8 has at most 512 MiB
    "bare read": Peer((PYTHON, "-c", BARE_READ)),
}


class Cost(NamedTuple):
    """Of one process."""

    seconds: float  # CPU
    mebibytes: float  # peak resident memory
    sockets: str | None  # None: it does not say


def ours(*arguments: str) -> list[str]:
    """Return the command that runs this program with arguments."""
    return [PYTHON, "-m", "analyzer", *arguments]


def analyze(file: str) -> list[str]:
    return ours("analyze", file, "--format", "json")


def cost(command: Sequence[str], counts: bool = True) -> Cost:
    """Run it. Exits where it fails. `counts`: its output says how many sockets there are.

    A small process starts it: the system takes the most memory that the starting one ever had for the least of the
    started one.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as out, open(reading, encoding="ascii") as figures:
        subprocess.run([PYTHON, "-S", "-c", SPAWN, str(writing), *command], stdout=out, pass_fds=[writing], check=True)
        os.close(writing)
        status, seconds, mebibytes = map(float, figures.read().split())
        if status:
            sys.exit(f"{' '.join(command)}: status {status:.0f}")
        out.seek(0)
        return Cost(seconds, mebibytes, _count(out) if counts else None)


def _count(out: IO[bytes]) -> str | None:
    """Read the number of sockets in a process of its own: an answer may be large."""
    answer = subprocess.run([PYTHON, "-c", SOCKETS], stdin=out, capture_output=True, text=True, check=True)
    return answer.stdout.strip() or None


def medians(commands: Mapping[str, Sequence[str]], runs: int, counts: bool = True) -> dict[str, Cost]:
    """Return the cost of each, run in turn. Exits where they disagree."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            paid = cost(command, counts)
            if turn:  # the first turn warms the page cache
                costs[name].append(paid)
    if len({paid.sockets for each in costs.values() for paid in each if paid.sockets is not None}) > 1:
        sys.exit(f"they do not agree on the number of sockets: {costs}")
    return {
        name: Cost(
            statistics.median(paid.seconds for paid in each),
            statistics.median(paid.mebibytes for paid in each),
            each[0].sockets,
        )
        for name, each in costs.items()
    }


def race(file: str, runs: int, names: Sequence[str] = tuple(PEERS)) -> dict[str, Cost]:
    """Return what this program and those of the peers that can read the file cost, ours first."""
    size = os.path.getsize(file)
    peers = {name: PEERS[name] for name in names if PEERS[name].is_there and size <= PEERS[name].most}
    return medians(
        {"har-sockets": analyze(file), **{name: [*peer.command, file] for name, peer in peers.items()}}, runs
    )


def main() -> None:
    file, runs = sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else 5
    costs = race(file, runs)
    print(f"{file}: {os.path.getsize(file) / 1e6:,.0f} MB, {runs} runs")
    for name, paid in costs.items():
        ratio = paid.seconds / costs["har-sockets"].seconds
        print(f"  {name:18} {paid.seconds:7.3f} s {paid.mebibytes:6.0f} MiB  {ratio:6.2f} times")


if __name__ == "__main__":
    main()
