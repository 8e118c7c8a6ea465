"""Pick from the protocol's events the warnings and errors of the console that name a socket, a service or its client.

Measured in Chromium 156 (a page with a worker, and sockets that fail):
- `Runtime` and `Log` stamp their events in milliseconds of the wall clock, `Network` in seconds of the monotonic one;
  the same instant differs by 5 us after conversion;
- a warning of a worker comes twice, from the worker and as a log entry of its page (`source: worker`);
- a line comes before or after the events of the same target that it stands before or after in the page's code;
- enabling the domains reports the lines that were there before, with their own instants; so does the return of a page
  from the back/forward cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from analyzer.formats.devtools import initiator
from analyzer.formats.har.console import LONGEST_TEXT
from analyzer.formats.har.writer import Json
from analyzer.model import MILLISECOND, ConsoleLine, Duration, Instant, Level
from analyzer.patterns import Pattern
from analyzer.services import loading
from analyzer.services.console import find_services, names_socket

LEVELS = {"warning": Level.WARNING, "error": Level.ERROR, "assert": Level.ERROR}
MOST_ARGUMENTS = 50
MOST_FRAMES = 16  # of the innermost turn: what called the client library is among them
PLACEHOLDER = Pattern(r"%([sdifoOc%])")  # https://console.spec.whatwg.org/#formatter
TRACE = "\n    at "  # begins the call stack in an error's description


class Argument(msgspec.Struct):
    """A value of the page (`Runtime.RemoteObject`), without its contents."""

    type: str
    subtype: str = ""
    className: str = ""
    description: str = ""
    value: Any = msgspec.UNSET
    unserializableValue: str = ""


class Call(msgspec.Struct):
    """`Runtime.consoleAPICalled`: a page called one of the console's functions."""

    type: str
    args: list[Argument]
    timestamp: float  # milliseconds since the epoch
    stackTrace: Json = {}


class Entry(msgspec.Struct):
    """A line of the browser's own."""

    source: str
    level: str
    text: str
    timestamp: float
    url: str = ""
    stackTrace: Json = {}


class EntryAdded(msgspec.Struct):
    """`Log.entryAdded`."""

    entry: Entry


class Details(msgspec.Struct):
    text: str
    exception: Argument | None = None
    stackTrace: Json = {}


class Thrown(msgspec.Struct):
    """`Runtime.exceptionThrown`: nobody caught it."""

    timestamp: float
    exceptionDetails: Details


EVENTS: dict[str, Any] = {
    "Runtime.consoleAPICalled": Call,
    "Log.entryAdded": EntryAdded,
    "Runtime.exceptionThrown": Thrown,
}


class Parts(NamedTuple):
    """What an event says. more: what names something beside the words."""

    level: str
    text: str
    stamped: float
    stack: Json
    more: str = ""


def pick(method: str, params: msgspec.Raw, at: Instant, ahead: Duration = 0) -> ConsoleLine | None:
    """Return the line that an event brings, if it is a warning or an error and names a socket, a service or its client.

    `at`: when the event was read; the line has the event's own instant, which is no later. `ahead`: the browser's wall
    clock minus ours.
    """
    shape = EVENTS.get(method)
    if shape is None:
        return None
    try:
        parts = _read(msgspec.json.decode(params, type=shape))  # of an object's preview nothing is decoded
    except msgspec.ValidationError:  # of a browser that has other words for it
        return None
    level = LEVELS.get(parts.level)
    if level is None:
        return None
    text = parts.text[:LONGEST_TEXT]
    if not names_socket(text) and not find_services(f"{text} {parts.more}", loading.builtin()):
        return None
    stamped = round(parts.stamped * MILLISECOND) - ahead
    return ConsoleLine(min(stamped, at), level, text, code=initiator({"stack": _innermost(parts.stack)}))


def _read(event: Call | EntryAdded | Thrown) -> Parts:
    match event:
        case Call():
            return Parts(event.type, _format(event.args[:MOST_ARGUMENTS]), event.timestamp, event.stackTrace)
        case EntryAdded(entry=entry):
            level = entry.level if entry.source != "worker" else ""  # the worker reports it itself
            # Of a request that failed the text has no address.
            more = entry.url if entry.source == "network" else ""
            return Parts(level, entry.text, entry.timestamp, entry.stackTrace, more)
        case Thrown(exceptionDetails=details):
            words = details.text if details.exception is None else f"{details.text} {_show(details.exception)}"
            return Parts("error", words, event.timestamp, details.stackTrace)


def _innermost(stack: Json) -> Json:
    """The frames of the turn of the event loop in which the line was written."""
    frames = stack.get("callFrames")
    return {"callFrames": frames[:MOST_FRAMES] if isinstance(frames, list) else []}


def _format(arguments: Sequence[Argument]) -> str:
    """The words that the console shows for the arguments of a call."""
    rest = iter(arguments)
    if not arguments or arguments[0].type != "string":
        return " ".join(map(_show, rest))
    text = PLACEHOLDER.sub(lambda match: _fill(match[1], rest), _show(next(rest)))
    return " ".join([text, *map(_show, rest)])


def _fill(kind: str, rest: Iterator[Argument]) -> str:
    """What takes the place of a placeholder; styles show nothing."""
    if kind == "%":
        return "%"
    argument = next(rest, None)
    if argument is None:
        return f"%{kind}"
    return "" if kind == "c" else _show(argument)


def _show(value: Argument) -> str:
    """A value in words. Objects by their kind alone: what is in them may be anything, a token of the user's too."""
    if value.subtype == "null":
        return "null"
    if value.subtype == "error":
        return value.description.partition(TRACE)[0]
    if value.type == "object":
        return value.className or value.subtype or value.type
    if isinstance(value.value, str):
        return value.value[:LONGEST_TEXT]
    if value.value is not msgspec.UNSET:
        return str(value.value).lower() if isinstance(value.value, bool) else str(value.value)
    return value.unserializableValue or value.description.partition("\n")[0] or value.type
