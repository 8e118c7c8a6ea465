"""What a capture of our own says of itself, in `log._harSockets`: an extract (extract.py), a recording (testing/).

Both name caveats by their ids alone: the words are ours, not the file's.
"""

from __future__ import annotations

from typing import Any

from analyzer.model import Caveat, Instant
from analyzer.readers.fields import instant, text_of

# An extract: where the capture that it was made from was damaged.
OF_THE_ORIGINAL = (
    Caveat("cut-off", "The capture that this was extracted from ends before it is complete.", True),
    Caveat("trailing-data", "In the capture that this was extracted from something followed the HAR.", True),
    Caveat("entries-skipped", "The capture that this was extracted from has damaged parts.", True),
    Caveat("edited", "In the capture that this was extracted from dates or timings of sockets were changed.", True),
    Caveat("messages-removed", "The capture that this was extracted from lacks messages, or a handshake took long."),
    Caveat("merged", "The capture that this was extracted from was merged from several, or edited.", True),
    Caveat("clock-stepped", "In the capture that this was extracted from entries run backwards.", True),
)

# A recording: what it may have missed.
STARTED_LATE = Caveat(
    "recording-started-late", "Sockets had opened before the recording began: they are not in this file.", True
)
SHARED_WORKER = Caveat(
    "shared-worker",
    "A shared worker ran: sockets that it opened as it started are not in this file.",
    True,
)
SERVICE_WORKER = Caveat(
    "service-worker",
    "A service worker ran, and it was not heard in time: sockets that it opened as it started may not be in this file.",
    True,
)
AS_SEEN = Caveat(
    "instants-as-seen",
    "Recorded by events without instants of their own: sockets opened and closed somewhat before they were seen to.",
)
CUT_SHORT = Caveat(
    "recording-cut-short",
    "The browser, or the program that drives it, went away during the recording: what happened after that is not in"
    " this file.",
    True,
)
WORKERS = Caveat("workers-not-heard", "A worker ran: sockets of workers may be missing in this file.", True)
OF_THE_RECORDING = (STARTED_LATE, SHARED_WORKER, SERVICE_WORKER, AS_SEEN, CUT_SHORT, WORKERS)


def member(log: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of the log; empty where it is none."""
    value = log.get(name)
    return value if isinstance(value, dict) else {}


def told_order(log: dict[str, Any]) -> bool | None:
    """Whether the entries of an extract stand in order of close, where it says so."""
    told = member(log, "_harSockets").get("inOrderOfClose")
    return told if isinstance(told, bool) else None


def told_until(log: dict[str, Any]) -> Instant | None:
    """When a recording ended."""
    return instant(text_of(member(log, "_harSockets").get("until")))


def told_caveats(log: dict[str, Any]) -> list[Caveat]:
    """Those that we know by the ids that it names."""
    told = member(log, "_harSockets").get("caveats")
    ids = [it for it in told if isinstance(it, str)] if isinstance(told, list) else []
    return [caveat for caveat in (*OF_THE_ORIGINAL, *OF_THE_RECORDING) if caveat.id in ids]
