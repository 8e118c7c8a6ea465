"""Place the frames of a capture's call stacks in source files, by the maps of their scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from analyzer.model import Calls, Capture, CaveatKind, Frame, Initiator, plural
from analyzer.patterns import Pattern

if TYPE_CHECKING:  # most captures hold no map
    from analyzer.source_maps.mappings import Position
    from analyzer.source_maps.maps import Origin

NAMED = 3  # scripts that a sentence names
NAME = Pattern(r"[\w$]+")
LINE_END = Pattern("\r\n|[\n\r\u2028\u2029]")  # as engines count lines


class ScriptMap(msgspec.Struct, frozen=True):
    """A map of a script. base: what names of sources are relative to. script: its text, where that is at hand."""

    text: bytes
    base: str
    script: str | None = None


class Unusable(msgspec.Struct, frozen=True):
    """Why the map of a script is not used, as the end of a sentence that begins with the name of the script."""

    reason: str


Finder: TypeAlias = Callable[[str], ScriptMap | Unusable | None]
Origins: TypeAlias = "Mapping[tuple[str, Position], Origin]"


def scripts(capture: Capture) -> set[str]:
    """List the addresses of the scripts on its stacks, of which no frame is placed yet."""
    return set(_positions(_codes(capture)))


def place(capture: Capture, find: Finder) -> Capture:
    """Place the frames whose scripts have a map. A map that cannot be used adds a limit to the capture."""
    codes = _codes(capture)
    origins: dict[tuple[str, Position], Origin] = {}
    texts: dict[str, str] = {}
    unusable: dict[str, list[str]] = {}
    for address, positions in _positions(codes).items():
        answer = find(address)
        if isinstance(answer, ScriptMap):
            from analyzer.source_maps import mappings, maps

            try:
                located = maps.locate(answer.text, answer.base, positions)
            except mappings.Damaged as problem:
                answer = Unusable(f"is damaged ({problem})")
            else:
                origins |= {(address, position): origin for position, origin in located.items()}
                if answer.script is not None:
                    texts[address] = answer.script
        if isinstance(answer, Unusable):
            unusable.setdefault(answer.reason, []).append(address)
    if origins:
        capture = _put(capture, codes, origins, _Texts(texts))
    if unusable:
        limits = tuple(CaveatKind.SOURCE_MAP_UNUSED.caveat(_sentence(*item)) for item in unusable.items())
        capture = msgspec.structs.replace(capture, caveats=(*capture.caveats, *limits))
    return capture


def _sentence(reason: str, addresses: list[str]) -> str:
    names = [it.partition("?")[0].rpartition("/")[2] or it for it in addresses[:NAMED]]
    more = f" and {plural(len(addresses) - NAMED, 'other script')}" if len(addresses) > NAMED else ""
    return f"The source map of {', '.join(names)}{more} {reason}, so the lines of the loaded file are shown."


def _codes(capture: Capture) -> dict[int, Initiator]:
    """List the stacks of a capture, each once: sockets that one place opened may share theirs."""
    codes = (*(it.initiator for it in capture.traces), *(it.code for it in capture.console))
    return {id(code): code for code in codes if code is not None and code.stack}


def _positions(codes: Mapping[int, Initiator]) -> dict[str, set[Position]]:
    """List by script the positions of frames that are not placed yet."""
    positions: dict[str, set[Position]] = {}
    for code in codes.values():
        for frame in code.frames:
            position = _position(frame)
            if frame.source is None and frame.url is not None and position is not None:
                positions.setdefault(frame.url, set()).add(position)
    return positions


def _position(frame: Frame) -> Position | None:
    if frame.line is None or frame.column is None or frame.line < 1 or frame.column < 1:
        return None
    return frame.line - 1, frame.column - 1


def _put(capture: Capture, codes: Mapping[int, Initiator], origins: Origins, texts: _Texts) -> Capture:
    placed = {id: _with_sources(code, origins, texts) for id, code in codes.items()}
    traces = tuple(
        msgspec.structs.replace(trace, initiator=placed.get(id(trace.initiator), trace.initiator))
        for trace in capture.traces
    )
    lines = tuple(msgspec.structs.replace(line, code=placed.get(id(line.code), line.code)) for line in capture.console)
    return msgspec.structs.replace(capture, traces=traces, console=lines)


def _with_sources(code: Initiator, origins: Origins, texts: _Texts) -> Initiator:
    stack = tuple(msgspec.structs.replace(calls, frames=tuple(_frames(calls, origins, texts))) for calls in code.stack)
    return msgspec.structs.replace(code, stack=stack)


def _frames(calls: Calls, origins: Origins, texts: _Texts) -> Iterable[Frame]:
    for frame, caller in zip(calls.frames, (*calls.frames[1:], None), strict=True):
        origin = _origin(frame, origins)
        if origin is None or frame.source is not None:
            yield frame
        else:
            name = _original_name(frame, caller, origins, texts)
            yield msgspec.structs.replace(frame, source=msgspec.structs.replace(origin.source, function=name))


def _origin(frame: Frame, origins: Origins) -> Origin | None:
    position = _position(frame)
    return origins.get((frame.url, position)) if frame.url is not None and position is not None else None


def _original_name(frame: Frame, caller: Frame | None, origins: Origins, texts: _Texts) -> str | None:
    """The name of a function in the source: that of the identifier by which its caller called it, where the script has
    the function's very name there. A function that was called in another way keeps its name of the loaded file."""
    called = _origin(caller, origins) if caller is not None else None
    if caller is None or called is None or called.name is None:
        return None
    name = frame.function or ""
    return called.name if name and texts.names(caller) == name else None


class _Texts:
    """The lines of scripts whose text is at hand."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._lines = {address: LINE_END.split(text) for address, text in texts.items()}

    def names(self, frame: Frame) -> str | None:
        """The identifier that stands where a frame is."""
        lines = self._lines.get(frame.url or "", [])
        position = _position(frame)
        if position is None or position[0] >= len(lines):
            return None
        match = NAME.match(lines[position[0]], position[1])
        return match[0] if match else None
