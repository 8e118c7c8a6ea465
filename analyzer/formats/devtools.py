"""Read what Chrome writes alike into HARs, NetLogs and DevTools events: addresses, stacks, errors, first messages."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from analyzer.model import Calls, Caveat, CaveatKind, Direction, Effect, Frame, Initiator, Opening
from analyzer.patterns import Pattern

PARTS = Pattern(r"(?:([A-Za-z][\w+.-]*):)?(?://([^/?#]*))?([^?#]*)")  # RFC 3986, appendix B
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
LONGEST_URL = 4096  # characters of an address that is kept
DEEPEST_STACK = 500  # frames, async parents included
LONGEST_OPENING = 4096  # how much of a first message is kept
TEXT, BINARY = 1, 2  # opcodes, RFC 6455 section 5.2
# How Chrome begins its sentences about a handshake that failed.
NOT_OPENED = ("Error in connection establishment: ", "Error during WebSocket handshake: ")
# Of a log that is written all the while. A HAR that is cut off may lack sockets.
CUT_OFF = CaveatKind.CUT_OFF.caveat(
    "This log ends before it is complete: it shows what happened until its last event.", Effect.NONE
)


def limit_trailing(at: int | None, label: str) -> list[Caveat]:
    """The limit of a file in which something follows the document, at this byte: two files, joined without a merge."""
    if at is None:
        return []
    return [CaveatKind.TRAILING_DATA.caveat(f"Extra data follows the {label} at byte {at:,}; it was not read.")]


def shorten(url: str) -> str:
    """Shorten an address that is longer than anybody reads (`data:`): its beginning, and what tells it from others."""
    if len(url) <= LONGEST_URL:
        return url
    import hashlib

    return f"{url[:LONGEST_URL]}…{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()}"


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as a browser writes an origin; empty where it has no host."""
    scheme, address, _ = PARTS.match(url).groups("")  # type: ignore[union-attr]  # every part is optional
    scheme, host = scheme.lower(), address.rpartition("@")[2].lower()
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS.get(scheme, ''))}" if host else ""


def endpoint(url: str, host: str = "") -> str:
    """`wss://host[:port]/path`: proxies write http(s), chrome-har-capturer only a path beside the Host header."""
    scheme, address, path = PARTS.match(url).groups("")  # type: ignore[union-attr]  # every part is optional
    scheme = {"http": "ws", "https": "wss", "": "ws"}.get(scheme.lower(), scheme.lower())
    return f"{scheme}://{address.rpartition('@')[2] or host}{path or '/'}"


def shorten_error(problem: str) -> str:
    """Take from Chrome's sentence about an error what all of them begin with, so that it can be part of another."""
    for start in NOT_OPENED:
        problem = problem.removeprefix(start)
    return problem.rstrip(".")


def split_protocols(header: str) -> tuple[str, ...]:
    """The subprotocols of a `Sec-WebSocket-Protocol` header, each once (RFC 6455, sections 11.3.4 and 4.2.2)."""
    return tuple(dict.fromkeys(name for part in header.split(",") if (name := part.strip())))


def initiator(value: object) -> Initiator | None:
    """The first frame of `stack` in an initiator, and the whole of it; lines and columns count from 0 there."""
    stack = tuple(_stack(value))
    for calls in stack:
        for frame in calls.frames:
            return Initiator(frame.function, None, frame.url, frame.line, frame.column, stack=stack)
    if not isinstance(value, dict):
        return None
    url, line = text_of(value.get("url")), value.get("lineNumber")
    return Initiator(None, None, url, line + 1 if isinstance(line, int) else None, None) if url else None


def scripts(code: Initiator | None) -> tuple[str, ...]:
    """The URLs of the code that opened a socket, async parents included, each once."""
    return tuple(dict.fromkeys(frame.url for frame in code.frames if frame.url)) if code is not None else ()


def opening(direction: Direction, is_binary: bool, data: str) -> Opening:
    """The beginning of one of the first messages. Binary ones are base64."""
    if is_binary:
        start = data[: LONGEST_OPENING // 3 * 4]
        with suppress(ValueError):  # not base64: as it stands
            return Opening(direction, b64decode(start + "=" * (-len(start) % 4)).decode("latin-1"), start != data)
    return Opening(direction, data[:LONGEST_OPENING], len(data) > LONGEST_OPENING)


def payload_length(is_binary: bool, data: str) -> int:
    """Bytes of payload: binary messages are base64, text is UTF-8."""
    if is_binary:
        return len(data) * 3 // 4 - data.count("=", -2)
    return len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))


def text_of(value: object) -> str | None:
    """A text, where a value is one."""
    return value if isinstance(value, str) else None


def _stack(value: object) -> Iterator[Calls]:
    """The frames of `stack` in an initiator, then those of its async parents."""
    stack = value.get("stack") if isinstance(value, dict) else None
    left = DEEPEST_STACK
    while isinstance(stack, dict) and left > 0:
        listed = stack.get("callFrames")
        frames = [frame for frame in (listed if isinstance(listed, list) else ()) if isinstance(frame, dict)][:left]
        left -= max(1, len(frames))
        yield Calls(tuple(_frame(frame) for frame in frames), text_of(stack.get("description")) or None)
        stack = stack.get("parent")


def _frame(frame: dict[str, Any]) -> Frame:
    line, column = frame.get("lineNumber"), frame.get("columnNumber")
    return Frame(
        function=text_of(frame.get("functionName")) or None,
        url=text_of(frame.get("url")) or None,
        line=line + 1 if isinstance(line, int) else None,
        column=column + 1 if isinstance(column, int) else None,
        script=text_of(frame.get("scriptId")),
    )
