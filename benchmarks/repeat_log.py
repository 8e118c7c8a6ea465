"""Large NetLogs and logs of DevTools events, from real ones: `python benchmarks/repeat_log.py LOG OUT --bytes 300e6`.

The events are repeated with other numbers of sources, other request ids and later times, so that every repetition has
sockets of its own. `--bare FILE` decodes each line with msgspec and does nothing else: what reading is compared with.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

STRIDE = 1 << 20  # more sources than one log has
SOURCE = re.compile(r'("id":)(\d+)')
TIME = re.compile(r'("(?:start_)?time":")(\d+)(")')
REQUEST = re.compile(r'("(?:requestId|loaderId)":\s*")')
STAMP = re.compile(r'("(?:timestamp|wallTime)":\s*)([\d.]+)')


def repeat_netlog(text: str, size: float) -> Iterator[str]:
    """The lines of a NetLog whose events are repeated until it has `size` bytes."""
    head, _, rest = text.partition('"events": [\n')
    lines = [line.rstrip(",\r") for line in rest.split("\n") if line.startswith("{")]
    events = [line[: line.rindex("}") + 1] for line in lines if line.startswith('{"params"') or '"phase"' in line[:400]]
    times = [int(json.loads(line)["time"]) for line in events]
    step = max(times) - min(times) + 1000
    yield head + '"events": [\n'
    written, n = 0, 0
    while written < size:
        separator = ",\n" if n else ""
        part = separator + ",\n".join(later_event(line, n, step) for line in events)
        yield part
        written, n = written + len(part), n + 1
    yield "]}\n"


def later_event(line: str, n: int, step: int) -> str:
    """An event of the n-th repetition."""
    line = SOURCE.sub(lambda found: f"{found[1]}{int(found[2]) + n * STRIDE}", line)
    return TIME.sub(lambda found: f"{found[1]}{int(found[2]) + n * step}{found[3]}", line)


def repeat_events(text: str, size: float) -> Iterator[str]:
    """The lines of a log of DevTools events that are repeated until it has `size` bytes."""
    value: Any = json.loads(text)
    events = [json.dumps(event) for event in (value["events"] if isinstance(value, dict) else value)]
    written, n = 0, 0
    while written < size:
        ids = [REQUEST.sub(lambda found, n=n: f"{found[1]}{n}.", line) for line in events]
        part = "".join(
            STAMP.sub(lambda found, n=n: f"{found[1]}{float(found[2]) + n * 60:.6f}", line) + "\n" for line in ids
        )
        yield part
        written, n = written + len(part), n + 1


def decode_bare(path: Path) -> None:
    """Decode every line, and print what that took."""
    started, count = time.process_time(), 0
    decoder = msgspec.json.Decoder()
    with path.open("rb") as lines:
        for line in lines:
            try:
                decoder.decode(line.rstrip(b",\r\n"))
            except msgspec.DecodeError:  # the line that begins the array, and the last one
                continue
            count += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} lines, {time.process_time() - started:.2f} s of the processor, at most {peak:.0f} MiB")


def main() -> None:
    """Make a log, or pass over one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--bytes", type=float, default=300e6)
    parser.add_argument("--bare", action="store_true")
    options = parser.parse_args()
    if options.bare:
        decode_bare(options.capture)
        return
    text = options.capture.read_text("utf-8")
    repeat = repeat_netlog if '"constants"' in text[:200] else repeat_events
    with options.out.open("w", encoding="utf-8") as out:
        out.writelines(repeat(text, options.bytes))


if __name__ == "__main__":
    main()
