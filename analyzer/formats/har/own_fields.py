"""Read what a capture of our own, an extract or a recording, states of itself in `log._harSockets`.

Both name caveats by their ids alone: the words are ours, not the file's.
"""

from __future__ import annotations

from typing import Any

from analyzer.formats.har.fields import instant, text_of
from analyzer.model import Caveat, CaveatKind, Instant

# An extract: where the capture that it was made from was damaged.
OF_THE_ORIGINAL = (
    CaveatKind.CUT_OFF.caveat("This extract comes from a capture that is cut off."),
    CaveatKind.TRAILING_DATA.caveat("This extract comes from a capture with extra data after the HAR."),
    CaveatKind.ENTRIES_SKIPPED.caveat("This extract comes from a capture with damaged parts."),
    CaveatKind.EDITED.caveat("This extract comes from a capture with changed dates or timings of sockets."),
    CaveatKind.MESSAGES_REMOVED.caveat(
        "This extract comes from a capture from which messages were removed, or in which a handshake took longer than "
        "1 s."
    ),
    CaveatKind.MERGED.caveat("This extract comes from a capture that was edited or joins several captures."),
    CaveatKind.CLOCK_STEPPED.caveat("This extract comes from a capture whose entries are not in order of time."),
)

# A recording: what it may have missed.
STARTED_LATE = CaveatKind.RECORDING_STARTED_LATE.caveat(
    "Sockets that opened before the recording began are not in this file."
)
SHARED_WORKER = CaveatKind.SHARED_WORKER.caveat(
    "A shared worker ran. Sockets that it opened when it started are not in this file."
)
SERVICE_WORKER = CaveatKind.SERVICE_WORKER.caveat(
    "A service worker ran. Sockets that it opened when it started may be missing from this file."
)
AS_SEEN = CaveatKind.INSTANTS_AS_SEEN.caveat(
    "Recorded from events without their own time: sockets opened and closed slightly earlier than this file says."
)
CUT_SHORT = CaveatKind.RECORDING_CUT_SHORT.caveat(
    "The browser, or the program that controls it, ended during the recording. What happened after that is not in "
    "this file."
)
WORKERS = CaveatKind.WORKERS_NOT_HEARD.caveat("A worker ran. Sockets of workers may be missing from this file.")
OF_THE_RECORDING = (STARTED_LATE, SHARED_WORKER, SERVICE_WORKER, AS_SEEN, CUT_SHORT, WORKERS)


def member(log: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of the log; empty where it is none."""
    value = log.get(name)
    return value if isinstance(value, dict) else {}


def order_of(log: dict[str, Any]) -> bool | None:
    """Say whether the entries of an extract stand in order of close, where it says so."""
    in_order = member(log, "_harSockets").get("inOrderOfClose")
    return in_order if isinstance(in_order, bool) else None


def end_of(log: dict[str, Any]) -> Instant | None:
    """Read when a recording ended."""
    return instant(text_of(member(log, "_harSockets").get("until")))


def caveats_of(log: dict[str, Any]) -> list[Caveat]:
    """List the caveats whose ids a capture of our own states."""
    listed = member(log, "_harSockets").get("caveats")
    ids = [id for id in listed if isinstance(id, str)] if isinstance(listed, list) else []
    return [caveat for caveat in (*OF_THE_ORIGINAL, *OF_THE_RECORDING) if caveat.id in ids]
