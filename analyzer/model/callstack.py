"""The call stack of what code did: its frames, innermost first, with those of its async parents.

These values are the keys of many a cache, so each keeps its hash.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.value import Value


class Source(Value, frozen=True):
    """Where in a source file a frame is, by a source map. Line and column count from 1.

    function: the name of the frame's function in the source, where the map has it.
    own: the application's own code: neither a package's, nor on the map's list of code to ignore.
    """

    url: str
    line: int
    column: int
    function: str | None = None
    own: bool = True

    @property
    def place(self) -> str:
        """`url:line:column`."""
        return f"{self.url}:{self.line}:{self.column}"


class Frame(Value, frozen=True, cache_hash=True):
    """One function on a call stack, with where in it the next one was called. Line and column count from 1."""

    function: str | None
    url: str | None
    line: int | None
    column: int | None
    script: str | None = None  # the browser's id of the script: one URL may be loaded several times
    source: Source | None = None  # by a source map

    @property
    def original_name(self) -> str | None:
        """The name of its function: in the source where that is known, else in the loaded file."""
        return self.function if self.source is None or self.source.function is None else self.source.function

    @property
    def place(self) -> str:
        """Write `url:line:column` of the source if a map has it; without what is unknown."""
        if self.source is not None:
            return self.source.place
        return ":".join(str(it) for it in (self.url, self.line, self.column) if it is not None)

    @property
    def named(self) -> str:
        """`function (url:line:column)`, as far as it is known."""
        place = self.place
        name = self.original_name or "(anonymous)"
        return f"{name} ({place})" if place else name


class Calls(Value, frozen=True, cache_hash=True):
    """The frames of one turn of the event loop, innermost first."""

    frames: tuple[Frame, ...]
    label: str | None = None  # how they scheduled the turn after them: `await`, `setTimeout`; React: `<Component>`


class Initiator(Value, frozen=True, cache_hash=True):
    """The code that opened the socket. Line and column count from 1.

    mapped: the frame that opened it by source maps. Answers rest on the others, so that they are the same without maps.
    """

    function: str | None
    component: str | None  # the React component, `<Widget>`
    url: str | None
    line: int | None
    column: int | None
    own: bool = True  # the application's own code, as far as names and URLs tell; False: a library's, all through
    stack: tuple[Calls, ...] = ()  # the whole of it, async parents included
    mapped: Frame | None = None

    @property
    def frames(self) -> Iterator[Frame]:
        return (frame for calls in self.stack for frame in calls.frames)

    @property
    def opener(self) -> Frame:
        """The frame that people see."""
        return self.mapped or Frame(self.function, self.url, self.line, self.column)

    @property
    def is_own(self) -> bool:
        """Is what people see the application's own code?"""
        if self.mapped is None:
            return self.own
        return self.mapped.source is None or self.mapped.source.own
