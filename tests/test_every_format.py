"""What every format of captures promises: the same tests for all of them (tests/every_format.py has what they need).

`make test` tries a few places and values of each, always the same; the tests marked slow try many.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import test_growth as growth
import zstandard
from every_format import CAPTURES, ROWS, list_formats, name_of, samples, unpack
from lifetimes import SLACK_MS, contradictions, truth_of, truth_path
from test_growth import Case

from analyzer import extract, fleet
from analyzer.formats import read
from analyzer.formats.registry import FORMATS, Format
from analyzer.masking import mask
from analyzer.model import CaptureError, Clock, Policy, Report, Run, Verdict
from analyzer.outputs import render
from analyzer.pipeline import analyze

formats = pytest.mark.parametrize("format", list_formats(), ids=lambda format: format.id)


def test_every_format_has_a_row() -> None:
    assert {format.id for format in FORMATS} <= set(ROWS)


def answer(data: bytes, format: Format) -> Report:
    return analyze(read(io.BytesIO(data), name_of(format)))


@formats
def test_a_capture_that_is_put_together_again_says_the_same(format: Format) -> None:
    """Else what follows would try captures of another kind than people have."""
    row = ROWS[format.id]
    path = next(it for it in samples(format) if len(analyze(read(it)).sessions) > 1)
    again = answer(row.put_together(row.take_apart(unpack(path))), format)
    assert lives(again) == lives(analyze(read(path)))


def lives(report: Report) -> list[Any]:
    return [report.verdict, *((it.url, it.outcome, it.proven, it.possible) for it in report.sessions)]


@formats
def test_its_extract_says_the_same(format: Format) -> None:
    """`extract` raises an error itself where verdict, times or outcomes differ."""
    row = ROWS[format.id]
    for data in (unpack(CAPTURES / row.poisoned), row.put_together(row.sockets(3))):
        again = analyze(read(io.BytesIO(extract.extract(io.BytesIO(data)).data), "extract.har"))
        assert len(again.sessions) == len(answer(data, format).sessions)
        assert again.verdict == answer(data, format).verdict


@formats
def test_sockets_that_follow_one_another_never_overlap(format: Format) -> None:
    report = answer(ROWS[format.id].put_together(ROWS[format.id].sockets(5)), format)
    assert (len(report.sessions), report.concurrency.proven_peak) == (5, 1)
    assert all(it.messages.sent == 1 for it in report.sessions)
    assert report.verdict is not Verdict.OVERLAP


# -- damage ----------------------------------------------------------------------------------------------------------

DEEP: list[Any] = []
for _ in range(300):
    DEEP = [DEEP]
HOSTILE = (
    *(None, True, False, 0, -1, 1e308, -1e308, 5e-324, float("nan"), float("inf"), 10**30, -(10**30), 2**63, 253402300800),
    *("", "0", "-1", "1e999", "\x00", "\ud800", "\u202e<script>", "x" * 5000, "NaN", "253402300799999"),
    *("1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999+23:59", "0000-00-00T00:00:00Z", "ws://", "wss://[::1", "ws://\ud800/"),
    *([], {}, [None], {"": None}, DEEP),
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or dict in a value, with each of its indexes or keys."""
    keys = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def change_values(values: list[Any], chance: random.Random) -> None:
    """Change a few of the values of a capture: another type, no value, another name, another order, twice."""
    for _ in range(chance.randint(1, 4)):
        index = chance.randrange(len(values)) if values else 0
        owner, key = chance.choice([(values, index), *places(values[index])] if values else [([0], 0)])
        match chance.randrange(7):
            case 0 if isinstance(owner, dict):
                owner[f"{key}x"] = owner.pop(key)
            case 1:
                del owner[key]
            case 2 if values:
                del values[chance.randrange(len(values)) :]
            case 3 if values:
                values.insert(chance.randrange(len(values)), chance.choice(values))
            case 4:
                chance.shuffle(values)
            case 5:
                values[:] = values[::-1]
            case _:
                owner[key] = chance.choice(HOSTILE)


def change_bytes(data: bytes, chance: random.Random) -> bytes:
    """Change the bytes of a capture: flip, cut, remove, repeat, insert; other ends of lines, marks at both ends."""
    at, length = chance.randrange(len(data)), chance.randrange(2000)
    match chance.randrange(8):
        case 0:
            flipped = bytearray(data)
            for _ in range(chance.randint(1, 20)):
                flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(flipped)
        case 1:
            return data[:at] + data[at + length :]
        case 2:
            return data[: at + length] + data[at:]
        case 3:
            return data[:at] + bytes(length) + data[at:]
        case 4:
            return data.replace(b"\n", b"\r\n")[:at]
        case 5:
            return b"\xef\xbb\xbf" + data + bytes(length)
        case 6:
            lines = data.splitlines(keepends=True)
            chance.shuffle(lines)
            return b"".join(lines)
        case _:
            return data[:at] + bytes(chance.randrange(256) for _ in range(chance.randint(1, 40))) + data[at:]


def assert_that_it_is_read(data: bytes, format: Format) -> None:
    """A capture or one line that says what is wrong; what is claimed of a socket agrees with itself."""
    try:
        report = answer(data, format)
    except CaptureError as error:
        assert error.problem and "\n" not in error.problem
        return
    for session in report.sessions:
        if session.proven is not None:
            assert session.possible is not None
            assert session.possible.start <= session.proven.start
            ends = session.possible.end, session.proven.end
            assert ends[0] is None or (ends[1] is not None and ends[1] <= ends[0])
    run = mask(Run((report,), (), Policy()))
    for output in ("text", "json"):
        render(output, run).decode("utf-8")


@cache
def small(format: Format) -> bytes:
    """A real capture with sockets that is quickly read."""
    return unpack(next(it for it in samples(format) if analyze(read(it)).sessions))


def damage(format: Format, seeds: range) -> None:
    row = ROWS[format.id]
    clean = row.put_together(row.sockets(4))
    for seed in seeds:
        chance = random.Random(seed)
        values = row.take_apart(clean if seed % 4 else small(format))
        change_values(values, chance)
        for data in (row.put_together(values), change_bytes(clean if seed % 4 else small(format), chance)):
            try:
                assert_that_it_is_read(data, format)
            except Exception as error:
                error.add_note(f"{format.id}, seed {seed}")
                raise


@formats
def test_a_damaged_capture_is_read_or_one_error(format: Format) -> None:
    damage(format, range(16 if format.id == "har" else 40))  # of HAR files other tests try much


@pytest.mark.slow
@formats
def test_so_are_very_many(format: Format) -> None:
    damage(format, range(1000, 4000))


# -- captures that end early -----------------------------------------------------------------------------------------


TICK_MS = 1.0


def with_truth(format: Format) -> list[Path]:
    """Real captures of which it is known what happened, the smallest first."""
    return [it for it in samples(format) if truth_path(it).exists()]


def assert_that_claims_hold_of_its_beginnings(path: Path, format: Format, count: int) -> None:
    data, truth = unpack(path), truth_of(path)
    chance = random.Random(path.name)
    for end in sorted(chance.randrange(len(data)) for _ in range(count)):
        try:
            capture = read(io.BytesIO(data[:end]), name_of(format))
        except CaptureError as error:
            assert "\n" not in error.problem
            continue
        # What the beginning shows last is known to a tick of its clock (some cut to whole milliseconds), or to the
        # slack between two clocks: a claim is wrong where it is wrong at both ends of that.
        first = 0.0 if capture.observed is None else (capture.observed.end or 0) / 1000
        last = first + TICK_MS + (SLACK_MS if capture.clock is Clock.RELATIVE else 0.0)
        wrong = [contradictions(analyze(capture), truth, until) for until in (first, last)]
        assert not all(wrong), (path.name, end, wrong)


@pytest.mark.parametrize("format", [it for it in list_formats() if it.id != "har"], ids=lambda format: format.id)
def test_a_capture_that_ends_early_makes_no_false_claim(format: Format) -> None:
    """Of HAR files tests/test_soundness.py tries it."""
    assert with_truth(format)
    for path in with_truth(format)[:3]:
        assert_that_claims_hold_of_its_beginnings(path, format, 8)


@pytest.mark.slow
@pytest.mark.parametrize("format", [it for it in list_formats() if it.id != "har"], ids=lambda format: format.id)
def test_nor_do_very_many(format: Format) -> None:
    for path in with_truth(format):
        assert_that_claims_hold_of_its_beginnings(path, format, 60)


# -- packed, from a pipe, under any name -----------------------------------------------------------------------------


def zipped(data: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, data)
    return packed.getvalue()


PACKERS: dict[str, Callable[[bytes, str], bytes]] = {
    ".gz": lambda data, _: gzip.compress(data),
    ".zst": lambda data, _: zstandard.compress(data),
    ".zip": zipped,
}


@formats
@pytest.mark.parametrize("packed", PACKERS)
def test_packed_it_says_the_same(format: Format, packed: str, tmp_path: Path) -> None:
    if format.suffixes[0].endswith(".zip"):
        pytest.skip("it is packed")
    path = tmp_path / (name_of(format) + packed)
    path.write_bytes(PACKERS[packed](small(format), name_of(format)))
    assert lives(analyze(read(path))) == lives(answer(small(format), format))
    [source] = fleet.expand([str(tmp_path)])
    assert source.startswith(str(path))


@formats
def test_from_a_pipe_it_says_the_same(format: Format) -> None:
    command = [sys.executable, "-m", "analyzer", "-", "--format", "json", "--show-secrets", "--show-users"]
    done = subprocess.run(command, input=small(format), capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    [capture] = json.loads(done.stdout)["captures"]
    report = answer(small(format), format)
    assert capture["format"] == format.id
    assert capture["verdict"] == report.verdict
    assert [it["url"] for it in capture["sessions"]] == [it.url for it in report.sessions]


@formats
def test_a_search_takes_it_under_any_name(format: Format, tmp_path: Path) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes(small(format))
    assert fleet.find([str(tmp_path)], any_name=True).captures == [str(path)]
    assert lives(analyze(read(path))) == lives(answer(small(format), format))


# -- memory and time -------------------------------------------------------------------------------------------------

MIB = 1 << 20
CHILD = """
import io, sys, time
from every_format import ROWS
from analyzer.formats import read
from analyzer.pipeline import analyze

begin, middle, end = ROWS[sys.argv[1]].passed_over
block = middle * max(1, (1 << 18) // len(middle))
parts = iter([begin, *[block] * (int(sys.argv[3]) // len(block)), end])

class Endless(io.RawIOBase):
    rest = memoryview(b"")
    def readable(self):
        return True
    def readinto(self, buffer):
        if not self.rest:
            self.rest = memoryview(next(parts, b""))
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count

report = analyze(read(io.BufferedReader(Endless()), sys.argv[2]))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(int(peak) // 1024, len(report.sessions), report.capture.records)
"""


def read_endless(format: Format, size: int) -> tuple[int, int, int]:
    """The peak of memory in MiB, the sockets and the values of a capture that is made while it is read."""
    command = [sys.executable, "-c", CHILD, format.id, name_of(format), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, cwd=Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    peak, sockets, records = map(int, done.stdout.split())
    return peak, sockets, records


streamed = pytest.mark.parametrize(
    "format", [it for it in list_formats() if ROWS[it.id].passed_over[1]], ids=lambda format: format.id
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@streamed
def test_memory_does_not_grow_with_what_is_passed_over(format: Format) -> None:
    # The less of them fills the window as well, which is bounded.
    (little, *_), (much, sockets, records) = read_endless(format, 3 * MIB), read_endless(format, 9 * MIB)
    assert records > 4_000
    assert sockets == (0 if format.id == "har" else 1)
    assert much < little + 4


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@streamed
def test_nor_does_it_of_300_mib(format: Format) -> None:
    assert read_endless(format, 300 * MIB)[0] < 64


def assert_in_proportion(format: Format, small: int, large: int, tmp_path: Path, *steps: str) -> None:
    row = ROWS[format.id]
    cases = [
        Case(row.put_together(row.sockets(count)), tmp_path / f"{count}-{name_of(format)}") for count in (small, large)
    ]
    problems = {name: problem for name in steps if (problem := growth.out_of_proportion(growth.STEPS[name], *cases))}
    assert problems == {}


@formats
def test_four_times_as_many_sockets_take_four_times_as_long(format: Format, tmp_path: Path) -> None:
    """To read: the rest is the same for every format, and tests/test_growth.py measures it."""
    assert_in_proportion(format, 300, 1200, tmp_path, "read")


@pytest.mark.slow
@formats
def test_so_do_very_many_sockets(format: Format, tmp_path: Path) -> None:
    assert_in_proportion(format, 4_000, 16_000, tmp_path, "read", "analysis", "masks", "json", "extract")


JSON_FORMATS = [format for format in list_formats() if format.id not in ("mitmproxy-flows", "playwright-trace")]


@pytest.mark.parametrize("format", JSON_FORMATS, ids=lambda format: format.id)
def test_what_follows_a_capture_in_its_file_is_not_passed_over(format: Format) -> None:
    """People join the captures of two runs with `cat`: only the first one is read."""
    row = ROWS[format.id]
    report = answer(b"\n".join(row.put_together(row.sockets(count)) for count in (1, 2)), format)
    assert [caveat.id for caveat in report.capture.caveats if caveat.id == "trailing-data"]
    assert report.verdict is Verdict.INCONCLUSIVE
