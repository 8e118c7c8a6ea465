"""Read and write the lines of the browser's console that a recording of our own keeps, in `log._harSockets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.formats.devtools import initiator, text_of
from analyzer.formats.har import writer
from analyzer.formats.har.fields import epoch_seconds
from analyzer.formats.har.own_fields import member
from analyzer.model import SECOND, ConsoleLine, Level

# Of one recording the first ones are kept, which say how a fault began: as many lines, and as many characters of them
# and their call stacks, which take 12 MB at most where JSON escapes each. The reader takes 16 MB.
MOST_LINES, MOST_CHARACTERS = 1000, 2_000_000
LONGEST_TEXT = 4096  # characters
LEVELS = {level.value: level for level in Level}


def write(lines: Iterable[ConsoleLine]) -> list[writer.Json]:
    """Write lines in their order."""
    return [
        {
            "time": line.at / SECOND,
            "level": line.level.value,
            "message": line.text,
            **({} if line.page is None else {"pageref": line.page}),
            **({} if line.code is None else {"_initiator": writer.initiator(line.code)}),
        }
        for line in lines
    ]


def measure(line: ConsoleLine) -> int:
    """Count the characters that a line takes with its call stack."""
    frames = line.code.frames if line.code is not None else ()
    return len(line.text) + sum(len(frame.url or "") + len(frame.function or "") for frame in frames)


def read(log: dict[str, Any]) -> tuple[ConsoleLine, ...]:
    """Read the lines, in the order of the file. What is none is passed over: it is no part of a socket."""
    return tuple(_lines(member(log, "_harSockets").get("console")))


def read_dropped(log: dict[str, Any]) -> int:
    """Read how many lines came after those that were kept."""
    dropped = member(log, "_harSockets").get("consoleDropped")
    return dropped if isinstance(dropped, int) and not isinstance(dropped, bool) and dropped > 0 else 0


def _lines(listed: object) -> Iterator[ConsoleLine]:
    for number, record in enumerate(listed[:MOST_LINES] if isinstance(listed, list) else ()):
        if not isinstance(record, dict):
            continue
        at, level = epoch_seconds(record.get("time")), LEVELS.get(text_of(record.get("level")) or "")
        text = text_of(record.get("message"))
        if at is not None and level is not None and text:
            yield ConsoleLine(
                at=at,
                level=level,
                text=text[:LONGEST_TEXT],
                page=text_of(record.get("pageref")),
                code=initiator(record.get("_initiator")),
                pointer=f"/log/_harSockets/console/{number}",
            )
