"""The call stack of what code did: its frames, innermost first, with those of its async parents."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.value import Value


class Frame(Value, frozen=True):
    """One function on a call stack, with where in it the next one was called. Line and column count from 1."""

    function: str | None
    url: str | None
    line: int | None
    column: int | None
    script: str | None = None  # the browser's id of the script: one URL may be loaded several times

    @property
    def named(self) -> str:
        """`function (url:line:column)`, as far as it is known."""
        place = ":".join(str(it) for it in (self.url, self.line, self.column) if it is not None)
        return f"{self.function or '(anonymous)'} ({place})" if place else self.function or "(anonymous)"


class Calls(Value, frozen=True):
    """The frames of one turn of the event loop, innermost first."""

    frames: tuple[Frame, ...]
    label: str | None = None  # how they scheduled the turn after them: `await`, `setTimeout`; React: `<Component>`


class Initiator(Value, frozen=True):
    """The code that opened the socket. Line and column count from 1."""

    function: str | None
    component: str | None  # the React component, `<Widget>`
    url: str | None
    line: int | None
    column: int | None
    own: bool = True  # the application's own code, as far as names and URLs tell; False: a library's, all through
    stack: tuple[Calls, ...] = ()  # the whole of it, async parents included

    @property
    def frames(self) -> Iterator[Frame]:
        return (frame for calls in self.stack for frame in calls.frames)

    @property
    def place(self) -> str:
        """`url:line:column`, as far as it is known."""
        return ":".join(str(it) for it in (self.url, self.line, self.column) if it is not None)
