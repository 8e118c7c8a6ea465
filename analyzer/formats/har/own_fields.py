"""Read and write what only a capture of our own has: an extract (extract.py) or a recording (recorder/).

Of itself it states in `log._harSockets` until when it was recorded and what it may lack; of a socket, in the same
member of its entry, what it is attributed to. Caveats have their ids alone: the words are ours, not the file's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from analyzer import assumptions
from analyzer.formats.devtools import text_of
from analyzer.formats.har.fields import instant
from analyzer.model import (
    SECOND,
    Caveat,
    CaveatKind,
    Client,
    Clock,
    Effect,
    Identity,
    Instant,
    Outcome,
    Provider,
    Session,
)

# An extract: where the capture that it was made from was damaged.
OF_THE_ORIGINAL = (
    CaveatKind.CUT_OFF.caveat("This extract comes from a capture that is cut off."),
    CaveatKind.TRAILING_DATA.caveat("This extract comes from a capture with extra data after the HAR."),
    CaveatKind.DAMAGED.caveat("This extract comes from a packed capture that is damaged."),
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
HEARD_LATE = CaveatKind.PAGE_HEARD_LATE.caveat(
    "A window or tab ran before the recorder could listen to it. Sockets that it opened immediately may be "
    "missing from this file."
)
WORKERS = CaveatKind.WORKERS_NOT_HEARD.caveat("A worker ran. Sockets of workers may be missing from this file.")
DISAGREE = CaveatKind.CONTRADICTORY.caveat(
    "The DevTools protocol and the browser's own log contradict each other about the end of a socket. Its times are "
    "wider than either of them says."
)
OF_THE_RECORDING = (STARTED_LATE, SHARED_WORKER, SERVICE_WORKER, AS_SEEN, CUT_SHORT, HEARD_LATE, WORKERS, DISAGREE)

# What no entry shows: an extract has to state it.
NEVER_SHOWN = (*OF_THE_ORIGINAL[:4], *OF_THE_RECORDING)
# What an extract of a capture in another format may state beside these.
_WORDED = {caveat.id for caveat in (*OF_THE_ORIGINAL, *OF_THE_RECORDING)}
OUR_CAVEATS = (
    *OF_THE_ORIGINAL,
    *OF_THE_RECORDING,
    *(
        kind.caveat(f"This extract comes from a capture with a limit: {kind.meaning}.")
        for kind in CaveatKind
        if kind.value not in _WORDED and kind.effect is not Effect.ASSUMED
    ),
    assumptions.OTHER_TAB,
    assumptions.PROXY_ENDED,
)


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
    """List the caveats whose ids a capture of our own states, and which of them hide no socket in it."""
    ids, harmless = (_texts(member(log, "_harSockets").get(name)) for name in ("caveats", "harmless"))
    return [
        msgspec.structs.replace(caveat, hides_sockets=caveat.hides_sockets and caveat.id not in harmless)
        for caveat in OUR_CAVEATS
        if caveat.id in ids
    ]


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def records_messages(log: dict[str, Any]) -> bool:
    """Say whether messages were recorded: those of an extract may come from a format that has none."""
    return member(log, "_harSockets").get("messages") is not False


def clock_of(log: dict[str, Any]) -> Clock:
    """What the instants count from: an extract may come from a capture without a date."""
    return Clock.RELATIVE if member(log, "_harSockets").get("clock") == Clock.RELATIVE.value else Clock.WALL


# -- writing -----------------------------------------------------------------------------------------------------


def statement(
    until: str | None,
    caveats: Sequence[str],
    in_order_of_close: bool | None = None,
    records_messages: bool = True,
    harmless: Sequence[str] = (),
    clock: Clock = Clock.WALL,
    console: Sequence[dict[str, Any]] = (),
    console_dropped: int = 0,
) -> dict[str, Any]:
    """Write what a capture states of itself. `in_order_of_close`: where its entries no longer show it.

    harmless: those of the caveats that mostly hide sockets, and here do not. `clock`: what its dates count from.
    console: lines of the browser's console, as console.py writes them; console_dropped: how many more there were.
    """
    return {
        **({"until": until} if until else {}),
        **({"caveats": list(caveats)} if caveats else {}),
        **({"harmless": list(harmless)} if harmless else {}),
        **({} if in_order_of_close is None else {"inOrderOfClose": in_order_of_close}),
        **({} if records_messages else {"messages": False}),
        **({} if clock is Clock.WALL else {"clock": clock.value}),
        **({"console": list(console)} if console else {}),
        **({"consoleDropped": console_dropped} if console_dropped else {}),
    }


def attribution_of(
    session: Session, provider: Provider | None, identity: Identity | None, client: Client | None
) -> dict[str, Any]:
    """Write what a socket is attributed to, which is masked, and where its code ran."""
    end = session.proven.end if session.proven is not None else None
    shows_opener = session.initiator is not None or session.key is not None  # by its stack, or as a header that is left
    members = {
        "provider": provider.id if provider is not None else None,
        "app": identity.app if identity is not None else None,
        "user": identity.user if identity is not None else None,
        "client": client.name if client is not None else None,
        "version": client.version if client is not None else None,
        "runtime": client.runtime if client is not None else None,
        "context": session.context,
        "extension": session.extension if session.extension or not shows_opener else None,
        "onlySent": session.only_sent or None,
        "contents": session.attribution.has_contents,
        "scope": session.where.value if session.where is not None else None,
        "clock": session.clock or None,
        "until": end / SECOND if session.outcome is Outcome.OPEN and end is not None else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def user_context_of(name: str | None) -> dict[str, Any]:
    """Write the browser context of a socket, by the short name that it has in this file."""
    return {} if name is None else {"_userContext": name}


def close_record(latest: Instant | None, earliest: Instant | None, by: str | None = None) -> dict[str, Any]:
    """Write when a socket closed, in HTTP Toolkit's key, with its bounds and with what ended it."""
    return {
        **({} if latest is None else {"timestamp": latest / SECOND}),
        **({} if latest is None or earliest is None or earliest >= latest else {"_earliest": earliest / SECOND}),
        **({} if by is None else {"_by": by}),
    }
