"""What the call stack of an opening shows: whose code it was, and how it came to run.

`frames` says whose code a frame is; the rows of `services.clients` say how client libraries look. What called a
library is the application's, or a library's that uses the first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from analyzer import frames
from analyzer.frames import Placed
from analyzer.memo import memoize
from analyzer.model import Calls, Frame, Initiator, Provider, Session
from analyzer.patterns import Pattern
from analyzer.services import clients, paths
from analyzer.services.clients import Fault, Library, Way

EXTENSION = Pattern(r"(?:blob:)?(?:chrome|moz|safari-web|safari|ms-browser)-extension:", re.IGNORECASE)
ENGINE = Pattern(r"(?:node|native|chrome|devtools|resource|extensions|wasm):")  # tells of neither
# A function's own name, not that of its class: `new ReconnectingSocket` opens for the first time.
AGAIN = Pattern(r"_*(?:(?:auto|try|do|attempt|schedule|handle)_?[Rr]|r)econnect(?:[A-Z_]\w*)?")
COMPONENT = Pattern(r"<[A-Z][\w$.]*>")  # `<div>` is none
MINIFIED = Pattern(r"(?:new )?(?:[\w$]{1,2}\.)?[A-Za-z_$][\w$]?")
LONG_LINE = 500  # characters


def of_extension(code: Initiator | None) -> bool:
    """Is it a browser extension's code, and nobody else's? Where a page's code is on the stack as well, the page opened
    the socket: extensions wrap `WebSocket`, timers and listeners of pages, and each may call the other."""
    if code is None:
        return False
    urls = {frame.url for frame in code.frames if frame.url} or ({code.url} if code.url else set())
    are_extensions = {_is_extension(url) for url in urls if not ENGINE.match(url)}
    return are_extensions == {True}


def _is_extension(url: str) -> bool:
    return EXTENSION.match(url) is not None


class Match(msgspec.Struct, frozen=True):
    """The frames of a client library, innermost first, that a path of its row fits."""

    way: Way
    placed: tuple[Placed, ...]
    rest: tuple[Placed, ...]  # outside of them

    @property
    def again(self) -> bool:
        """Did the library open anew by itself?"""
        names = (frame.function for _, frame in self.placed)
        return self.way.retry or any(map(self.way.library.opens_again, names))


def opener(code: Initiator | None, provider: Provider | None) -> Initiator | None:
    """The first frame of the application's own code; the outermost of a stack that has none, which is how it began."""
    if code is None or not code.stack:
        return code
    placed = frames.place_frames(code.stack)
    if not placed:
        return code
    turn, frame = _find_own(placed, code.stack, provider)
    own = frame is not None
    if frame is None:
        turn, frame = next(reversed(frames.leave_frameworks_out(placed)), placed[-1])
    return msgspec.structs.replace(
        code,
        function=None if _is_generated(frame) else name(frame),
        component=component(code.stack, turn + 1 if own else 0),
        url=frame.url,
        line=frame.line,
        column=frame.column,
        own=own,
    )


def by_map(code: Initiator | None) -> Initiator | None:
    """The same with the frame that opened it by source maps: the innermost one of the application's own sources."""
    mapped = _opener_by_map(code) if code is not None else None
    if code is None or mapped is None:
        return code
    is_nameless = mapped.original_name == mapped.function and (is_minified(mapped) or is_evaluated(mapped))
    function = None if is_nameless else mapped.original_name
    return msgspec.structs.replace(code, mapped=msgspec.structs.replace(mapped, function=function))


def _opener_by_map(code: Initiator) -> Frame | None:
    """Whose a frame is, its source tells; where no map has its script, the guess by names does. A frame without source
    in a script with a map is the bundler's. What a client library's row knows is the library's, wherever its source
    lies: packages bring maps of their own, which bundlers follow."""
    scripts = {frame.url for frame in code.frames if frame.source is not None}
    if not scripts:
        return None
    guess = (code.url, code.line, code.column)
    match = _match_code(code, None)
    within = {frame for _, frame in match.placed} if match is not None and not match.again else set()
    library = None  # the frame to name where all are a library's: the guess's, else the outermost
    for frame in code.frames:
        is_guess = (frame.url, frame.line, frame.column) == guess
        if frame.source is None:
            if is_guess and frame.url not in scripts and not frames.is_foreign(frame):
                return None
            continue
        if frame.source.own and frame not in within:
            return frame
        if library is None or (library.url, library.line, library.column) != guess:
            library = frame
    return library


def _find_own(
    placed: tuple[Placed, ...], stack: Sequence[Calls], provider: Provider | None
) -> tuple[int, Frame | None]:
    """The first frame of the application's own code with its turn, if there is one."""
    match = _match(placed, provider)
    if match is None:
        library = clients.library(provider)
        inner = 0 if library is None else _count_inner(library, placed)
        if library is not None and (inner == len(placed) or _is_unnamed(placed[inner][1])):
            return -1, None  # a client library is in there somewhere, and nothing tells which frames are its own
        return _first_own(placed[inner:])
    spans = _spans(match.placed)
    rest: Sequence[Placed] = match.rest
    if match.again:
        first = _first_call(match)
        if first is None:
            return -1, None
        spans += _spans(first.placed)
        match, rest = first, first.rest
    if match.way.hook:
        rest = [it for it in rest if it[0] >= _rendering(stack)]
    return _first_own([it for it in rest if not frames.is_within(it[1], spans)])


def _rendering(stack: Sequence[Calls]) -> int:
    """The first turn that shows who rendered the component."""
    return next((n for n, it in enumerate(stack) if it.label and COMPONENT.fullmatch(it.label)), len(stack))


def _spans(placed: Sequence[Placed]) -> list[frames.Span]:
    """Where in its files the code of a library stands: bundlers leave a package together."""
    return frames.list_spans([frames.spot(frame) for _, frame in placed])


@lru_cache(4096)
def _match(placed: tuple[Placed, ...], provider: Provider | None) -> Match | None:
    """The client library whose path fits, and those that use it: the path with the most frames counts."""
    service = provider.id if provider is not None else None
    match = _longest(placed, clients.ways, lambda way: not way.weak or service in way.library.services)
    while match is not None:
        inner = match.way.library.id
        outer = _longest(match.rest, clients.wraps, lambda way: inner in way.library.over)  # noqa: B023
        if outer is None or match.again:
            return match
        match = Match(outer.way, match.placed + outer.placed, outer.rest)
    return None


def _longest(
    placed: Sequence[Placed], ways: Callable[[str], Iterable[Way]], may_fit: Callable[[Way], bool]
) -> Match | None:
    """The path that fits the most frames, of those which may fit at all."""
    best, most, names = None, 0, [paths.mark(frame.function) for _, frame in placed]
    for way in filter(may_fit, ways(names[0]) if names else ()):
        count = paths.count(way.path, way.library.inside, names) or 0
        if count > most:
            best, most = way, count
    return Match(best, tuple(placed[:most]), tuple(placed[most:])) if best is not None else None


def _first_call(again: Match) -> Match | None:
    """The application's own call of a library that opened anew, where the stack goes back to it."""
    library, placed = again.way.library.id, again.placed + again.rest
    for n in range(1, len(placed)):
        match = _longest(placed[n:], clients.ways, lambda way: way.library.id == library)
        if match is not None and len(match.placed) > 1 and not match.again:
            return match
    return None


def _count_inner(library: Library, placed: Sequence[Placed]) -> int:
    """Count the frames that are the library's by their names, from the innermost."""
    return next((n for n, (_, it) in enumerate(placed) if not library.has(it.function)), len(placed))


def _first_own(placed: Sequence[Placed]) -> tuple[int, Frame | None]:
    """The first frame of the application's own code with its turn; the caller of one that has no name of its own."""
    own = [(n, it) for n, it in frames.leave_frameworks_out(placed) if not frames.is_elsewhere(it.url)]
    if not own:
        return -1, None
    turn, frame = own[0]
    if is_evaluated(frame):
        named = (it for n, it in own if n == turn and evaluates(it) and not is_evaluated(it))
        return turn, next((it for it in named if it.function), frame)
    return turn, frame


def evaluates(frame: Frame) -> bool:
    """Is it a module that webpack runs by `eval`?"""
    return frame.url is not None and frame.url.startswith("webpack-internal:")


def is_evaluated(frame: Frame) -> bool:
    """A function without a name in such a module: the engine calls it `eval`."""
    return frame.function == "eval" and evaluates(frame)


def maker(frame: Frame) -> str | None:
    """Name whose code a frame is, if it is not the application's: `React`, `the bundler`, `a library`."""
    if not frames.is_foreign(frame):
        return None
    if frames.is_bundler(frame.function):
        return "the bundler"
    return "React" if frames.is_framework(frame.function) else "a library"


def component(stack: tuple[Calls, ...], turn: int) -> str | None:
    """The React component whose work it was (React 19 in development labels its tasks so)."""
    labels = (calls.label for calls in stack[turn:])
    return next((label for label in labels if label is not None and COMPONENT.fullmatch(label)), None)


def own(code: Initiator | None) -> Frame | None:
    """The frame of the code that opened it."""
    return code.opener if code is not None else None


def outermost(code: Initiator | None) -> Frame | None:
    """The frame in which it all began."""
    return next(reversed(tuple(_frames(code))), None)


def library(session: Session) -> Library | None:
    """The client library that opened it: by its call stack, else by its service."""
    return find_library(session) or clients.library(session.provider)


def find_library(session: Session) -> Library | None:
    """The client library whose functions are on the call stack."""
    match = _match_code(session.initiator, session.provider)
    return match.way.library if match is not None else None


def is_doubtful(session: Session) -> bool:
    """May what opened it be an unknown library's code? In a minified bundle nothing tells whose its innermost function
    is, unless the functions of a known library are on the stack, or it stands alone there."""
    code = session.initiator
    if code is None or not code.own or code.mapped is not None or (code.column or 0) <= LONG_LINE:
        return False
    return (
        len({frames.spot(it) for it in code.frames if not frames.is_foreign(it)}) > 1 and find_library(session) is None
    )


def reconnect(session: Session) -> Frame | None:
    """The frame by which client or application opened anew by itself."""
    return _find_reconnect(session.initiator, session.provider)


@lru_cache(4096)  # a client opens from the same place again and again
def _find_reconnect(code: Initiator | None, provider: Provider | None) -> Frame | None:
    match = _match_code(code, provider)
    row = match.way.library if match is not None else clients.library(provider)
    functions = [it for it in _frames(code) if not frames.is_framework(it.function)]
    if row is not None and row.again:
        return next((it for it in functions if row.opens_again(it.function)), None)
    return next((it for it in functions if _reconnects(it.function)), None)


def call(session: Session) -> Frame | None:
    """The frame of the library's function that the application called, named as the library names it."""
    match = _match_code(session.initiator, session.provider)
    if match is None or match.again:
        return None
    _, frame = match.placed[-1]
    called = paths.last_name(match.way.path)
    return msgspec.structs.replace(frame, function=called) if called and paths.is_nameless(frame.function) else frame


@lru_cache(4096)  # a client opens from the same place again and again
def _match_code(code: Initiator | None, provider: Provider | None) -> Match | None:
    return _match(frames.place_frames(code.stack), provider) if code is not None else None


def fault(cause: str, session: Session) -> Fault | None:
    """Return the known fault of the client library that makes this cause."""
    row = library(session)
    if row is None:
        return None
    code = session.initiator
    placed = frames.place_frames(code.stack) if code is not None else ()
    return row.find_fault(cause, session.client, [paths.mark(frame.function) for _, frame in placed])


@lru_cache(4096)
def place(code: Initiator) -> tuple[object, ...]:
    """Equal for openings from the same place: a query is what differs from load to load."""
    return (code.url or "").partition("?")[0], code.line, code.column, code.function, code.component


def _frames(code: Initiator | None) -> Iterator[Frame]:
    return code.frames if code is not None else iter(())


@memoize(4096)
def _reconnects(function: str | None) -> bool:
    """Does it connect anew, by its name?"""
    return AGAIN.fullmatch(paths.own_name(function)) is not None


def name(frame: Frame) -> str | None:
    """The name of its function, if a person gave it one."""
    return None if is_minified(frame) or is_evaluated(frame) else frame.function


def _is_generated(frame: Frame) -> bool:
    """Has a compiler named it, as it made a generator of an async function?"""
    return frame.function is not None and paths.CALLEE.fullmatch(frame.function) is not None


def _is_unnamed(frame: Frame) -> bool:
    return is_minified(frame) or (frame.function is None and (frame.column or 0) > LONG_LINE)


def is_minified(frame: Frame) -> bool:
    """Has a minifier taken its name away? Such files have few lines, and long ones."""
    function = frame.function
    return function is not None and MINIFIED.fullmatch(function) is not None and (frame.column or 0) > LONG_LINE
