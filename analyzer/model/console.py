"""What a page, or the browser itself, wrote to the browser's console while its sockets were recorded."""

from __future__ import annotations

from enum import StrEnum

from analyzer.model.callstack import Initiator
from analyzer.model.time import Duration, Instant
from analyzer.model.value import Value


class Level(StrEnum):
    WARNING = "warning"
    ERROR = "error"


class Step(StrEnum):
    """A step of a socket's life, as sentences name it."""

    REQUESTED = "was requested"
    OPENED = "opened"
    CLOSED = "closed"
    FAILED = "failed"


class Nearness(Value, frozen=True):
    """The socket that a line of the console is about, as far as its words and its instant show. It says nothing of why.

    named: the line has the socket's address in it; else the socket is the nearest one in time, of the same page.
    after: from the step to the line, negative if the line was first; 0 where the bounds of the step hold the line.
    exact: the instant of the step is known exactly; else the line was at least so far from it.
    """

    session: str  # Session.id
    named: bool
    step: Step
    after: Duration
    exact: bool


class ConsoleLine(Value, frozen=True):
    """Hold one warning or error of the console.

    text: its words as the console shows them, cut after 4,096 characters; objects by their kind alone. Not masked.
    page: the page that it comes from, Page.id.
    code: the code that wrote it, with its call stack.
    about: the socket that it is about; None: nothing shows which.
    """

    at: Instant
    level: Level
    text: str
    page: str | None = None
    code: Initiator | None = None
    pointer: str = ""
    clock: int = 0  # as Trace.clock
    about: Nearness | None = None
