"""Bounded memory and time, whatever comes in: each case read in a process of its own, its peak measured."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tracemalloc

import pytest

from analyzer.formats.har import reader
from analyzer.formats.source import Source

MIB = 1 << 20
# A stream that is made up as it is read: a beginning, a middle over and over, an end.
CHILD = """
import sys, time
from analyzer.model import CaptureError
from analyzer.pipeline import analyze
from analyzer.formats.har import reader
from analyzer.formats.source import Source

class Made:
    def __init__(self, begin, middle, times, end):
        self.parts = iter([begin, *[middle * max(1, (1 << 18) // len(middle))] * times, end])
        self.rest = memoryview(b"")
    def readinto(self, buffer):
        if not self.rest:
            self.rest = memoryview(next(self.parts, b""))
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count

begin, middle, end = (part.encode("latin-1").decode("unicode_escape").encode("latin-1") for part in sys.argv[1:4])
began = time.process_time()
try:
    report = analyze(reader.read(Source(Made(begin, middle, int(sys.argv[4]), end), "made")))
    marks = [*(c.id for c in report.capture.caveats), *("skipped" for _ in report.capture.skipped[:1])]
    said = f"{report.verdict} {len(report.sessions)} {' '.join(marks)}"
except CaptureError as error:
    said = f"error {error.problem}"
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(int(peak) // 1024, round(time.process_time() - began, 1), said, sep="|")
"""
SOCKET = '{"_resourceType":"websocket","startedDateTime":"2026-11-23T18:47:39.844Z","time":5,"request":{"url":"wss://h/"},"response":{"status":101}}'
OPEN = '{"log":{"entries":['
REST = "," + SOCKET + "]}}"
BLOCKS = 288  # of 256 KiB: more than is kept of any entry

# What comes before, over and over, and after; what is said of it: sockets, marks.
CASES = {
    "a body without end in sight": (OPEN + '{"response":{"content":{"text":"', "abcdefgh", '"}}}' + REST, "1"),
    "a body of escapes": (OPEN + '{"response":{"content":{"text":"', r"\\u0000\\\"x", '"}}}' + REST, "1"),
    "a body of backslashes": (OPEN + '{"response":{"content":{"text":"', r"\\\\", '"}}}' + REST, "1"),
    "an address beyond measure": (OPEN + '{"request":{"url":"', "abcdefgh", '"}}' + REST, "1 .*skipped"),
    "an entry of numbers": (OPEN + '{"a":[0', ",1", "]}" + REST, "1 .*skipped"),
    "an entry of objects": (OPEN + '{"a":[0', ',{"b":{"c":1}}', "]}" + REST, "1 .*skipped"),
    "an entry without end": (OPEN + SOCKET + ',{"a":[0', ',{"b":1}', "", "1 .*cut-off"),
    "brackets without end": (OPEN + SOCKET + ',{"a":', "[", "", "1 .*cut-off"),
    "white space": (OPEN + SOCKET + ",", " ", SOCKET + "]}}", "2"),
    "zeros behind the document": (OPEN + SOCKET + "]}}", r"\x00", "", "1 exporter-unknown$"),
    "entries that are null": (OPEN + "0", ",null", REST, "error .* that are not entries"),
    "messages without end in sight": (
        OPEN + SOCKET[:-1] + ',"_webSocketMessages":[{"type":"send","time":1795459660.5,"opcode":1,"data":"x"}',
        ',{"type":"send","time":1795459660.5,"opcode":1,"data":"' + "y" * 9000 + '"}',
        "]}]}}",
        "1",
    ),
    "messages that are none": (OPEN + SOCKET[:-1] + ',"_webSocketMessages":[0', ",0", "]}]}}", "cut-off"),
    "pages": ('{"log":{"pages":[{"id":"p"}', ',{"id":"p","x":""}', '],"entries":[' + SOCKET + "]}}", "1 .*skipped"),
    "a member that is no concern of ours": (
        '{"x":[0',
        ",[1]",
        '],"log":{"entries":[' + SOCKET + "]}}",
        "inconclusive 1 exporter-unknown",
    ),
    "a key without end": ('{"log":{"', "k", "", "error"),
    "nothing but brackets": ('{"log":{"entries":[', "[", "", "cut-off"),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.spread(4)
@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_memory_does_not_grow_with_the_file(case: tuple[str, ...]) -> None:
    begin, middle, end, expected = case
    process = subprocess.run(
        [sys.executable, "-c", CHILD, begin, middle, end, str(BLOCKS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    peak, _, message = process.stdout.strip().split("|", 2)
    assert re.search(expected, message), message
    assert int(peak) < 300, message


@pytest.mark.parametrize("kind", ["script", "document", "xhr"])
def test_long_addresses_and_names_are_not_kept(kind: str) -> None:
    """`data:` URLs of scripts have megabytes; a name of a page as long as that is nonsense, and told."""
    tracemalloc.start()
    try:
        capture = reader.read(Source(_Entries(kind), "made"))
        current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (current < 4 * MIB, peak < 16 * MIB) == (True, True)
    assert capture.records == 301
    assert len(capture.traces) == 1
    assert any("/pageref" in it.pointer for it in capture.skipped) == (kind == "xhr")


def test_more_pages_than_a_tab_can_see_are_not_believed() -> None:
    entry = '{{"_resourceType":"xhr","startedDateTime":"2026-11-23T18:47:39.844Z","pageref":"page_{}"}}'
    entries = ",".join([*(entry.format(n) for n in range(reader.MOST_PAGES + 5)), SOCKET])
    capture = reader.read(Source(io.BytesIO(f'{{"log":{{"entries":[{entries}]}}}}'.encode()), "made"))
    assert capture.records == reader.MOST_PAGES + 6
    assert "more than 20,000 pages" in capture.skipped[0].problem


class _Entries:
    """300 entries with 100 KB in an address or the name of a page, made up as they are read; then a socket."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.count = 0
        self.rest = (OPEN + SOCKET).encode()

    def readinto(self, buffer: memoryview) -> int:
        if not self.rest and self.count <= 300:
            self.count += 1
            long = f"{self.count:06}" * 17_000
            ref, url = (long, "https://h/") if self.kind == "xhr" else ("page_1", f"https://h/{long}")
            entry = f'{{"_resourceType":"{self.kind}","startedDateTime":"2026-11-23T18:47:39.844Z","pageref":"{ref}","request":{{"url":"{url}"}},"response":{{"status":200,"content":{{"mimeType":"text/html"}}}}}}'
            self.rest = f",{entry}".encode() if self.count <= 300 else b"]}}"
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count
