"""What the call stack of an opening shows: whose code it was, and how it came to run.

Names and URLs are all there is to go by. In a single bundle every frame has one URL, then functions are told apart by
name: those of the service's client library by its row, those of frameworks by the list here. Where a minifier took the
names away, less is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from analyzer.memo import memoize
from analyzer.model import Calls, Frame, Initiator, Provider, Session
from analyzer.services import clients
from analyzer.services.clients import Fault, Library

# Code that is not the application's, by where it comes from: packages, extensions, engines, CDNs of packages, and what
# bundlers set apart (Vite's and webpack's dependencies and runtimes, chunks named so by Vue CLI, Next.js, Angular).
ELSEWHERE = re.compile(
    r"/node_modules/|/\.vite/deps/|/@vite/|/@react-refresh|/webpack/(?:runtime|bootstrap)|/webpack-dev-server/"
    r"|^(?:chrome|moz|safari-web|ms-browser)-extension:|^(?:node|chrome|devtools|native):"
    r"|^https?://(?:unpkg\.com|cdn\.jsdelivr\.net|esm\.sh|esm\.run|cdn\.skypack\.dev|ga\.jspm\.io|cdnjs\.cloudflare\.com"
    r"|cdn\.socket\.io|js\.pusher\.com|cdn\.ably\.(?:com|io)|www\.gstatic\.com|js\.intercomcdn\.com|sdk\.twilio\.com)/"
    r"|/\.angular/cache/[^?#]*/deps/|/node_modules_[^/]*\.js"
    # Chunks as bundlers name them: alone, with a hash, or joined by `~`; not an application's `vendor-dashboard.js`.
    r"|/(?:chunk-)?vendors?(?:~[^/]*|[.-][0-9A-Za-z_]*\d[0-9A-Za-z_]*)?(?:\.(?:chunk|bundle|min))?\.m?js"
    r"|/(?:framework|polyfills|zone|runtime|lib)(?:[.-][0-9A-Za-z_]*\d[0-9A-Za-z_]*)?(?:\.(?:chunk|bundle|min))?\.m?js"
)
EXTENSION = re.compile(r"(?:blob:)?(?:chrome|moz|safari-web|safari|ms-browser)-extension:", re.IGNORECASE)
ENGINE = re.compile(r"(?:node|native|chrome|devtools|resource|extensions|wasm):")  # tells of neither
# Functions of frameworks, bundlers and React, which a single bundle holds beside the application.
FRAMEWORK = re.compile(
    r"react[_-]stack[_-]bottom[_-]frame|runWithFiberInDEV|commit(?:Hook|Passive|Layout|Root|Double|Mutation)\w*"
    r"|recursivelyTraverse\w+|(?:re|dis)connectPassiveEffects|doubleInvokeEffects\w*|invoke\w*Effect\w*In(?:DEV|Dev)"
    r"|flushPassiveEffects\w*|flush(?:Work|SyncWork|Spawned)\w*|performWork\w*|performSyncWork\w*|performConcurrentWork\w*"
    r"|performUnitOfWork|workLoop\w*|renderRoot\w*|renderWithHooks\w*|beginWork\w*|updateFunctionComponent"
    r"|mountIndeterminateComponent|callComponentInDEV|callCallback\d*|executeDispatch|processDispatchQueue"
    r"|batchedUpdates\w*|invokeGuardedCallback\w*|dispatchDiscreteEvent|jsxs?(?:DEV)?|jsxWithValidation\w*|createElement"
    r"|__require\d*|__commonJS\w*|__webpack_require__|importUpdatedModule"
)
BUNDLER = re.compile(r"__require\d*|__commonJS\w*|__webpack_require__|importUpdatedModule")
# A function's own name, not that of its class: `new ReconnectingSocket` opens for the first time.
AGAIN = re.compile(r"_*(?:(?:auto|try|do|attempt|schedule|handle)_?[Rr]|r)econnect(?:[A-Z_]\w*)?")
COMPONENT = re.compile(r"<[A-Z][\w$.]*>")  # `<div>` is none
MINIFIED = re.compile(r"(?:new )?(?:[\w$]{1,2}\.)?[A-Za-z_$][\w$]?")
LONG_LINE = 500  # characters


def of_extension(code: Initiator | None) -> bool:
    """Is it a browser extension's code, and nobody else's? Where a page's code is on the stack as well, the page opened
    the socket: extensions wrap `WebSocket`, timers and listeners of pages, and each may call the other."""
    if code is None:
        return False
    urls = [frame.url for frame in code.frames if frame.url] or ([code.url] if code.url else [])
    are_extensions = {_is_extension(url) for url in urls if not ENGINE.match(url)}
    return are_extensions == {True}


def _is_extension(url: str) -> bool:
    return EXTENSION.match(url) is not None


def opener(code: Initiator | None, provider: Provider | None) -> Initiator | None:
    """The first frame of the application's own code; the outermost of a stack that has none, which is how it began."""
    if code is None or not code.stack:
        return code
    placed = [(n, frame) for n, calls in enumerate(code.stack) for frame in calls.frames]
    if not placed:
        return code
    library = clients.library(provider)
    rest = placed[_leading(library, placed) :]
    turn, frame = _first_own(rest)
    own = frame is not None
    if frame is None:
        turn, frame = next(((n, it) for n, it in reversed(placed) if not _classify(it.function).framework), placed[-1])
    elif library is not None and _is_minified(frame) and not any(library.is_call(it.function) for _, it in placed):
        own = False  # a client library is in there somewhere, and nothing tells which frames are its own
    return msgspec.structs.replace(
        code,
        function=None if _is_minified(frame) or _is_evaluated(frame) else frame.function,
        component=component(code.stack, turn + 1 if own else 0),
        url=frame.url,
        line=frame.line,
        column=frame.column,
        own=own,
    )


def _first_own(placed: Sequence[tuple[int, Frame]]) -> tuple[int, Frame | None]:
    """The first frame of the application's own code with its turn; the caller of one that has no name of its own."""
    first = next(((n, it) for n, it in placed if not foreign(it)), None)
    if first is None:
        return -1, None
    turn, frame = first
    if _is_evaluated(frame):
        named = (it for n, it in placed if n == turn and _evaluates(it) and not _is_evaluated(it) and not foreign(it))
        return turn, next((it for it in named if it.function), frame)
    return first


def _evaluates(frame: Frame) -> bool:
    """Is it a module that webpack runs by `eval`?"""
    return frame.url is not None and frame.url.startswith("webpack-internal:")


def _is_evaluated(frame: Frame) -> bool:
    """A function without a name in such a module: the engine calls it `eval`."""
    return frame.function == "eval" and _evaluates(frame)


def _leading(library: Library | None, placed: list[tuple[int, Frame]]) -> int:
    """How many frames are the client library's, from the innermost: up to what the application called, if that is
    there; else as long as names are known."""
    if library is None:
        return 0
    called = [library.is_call(frame.function) for _, frame in placed]
    if True in called:
        after = called.index(True) + 1
        return after + (after < len(placed) and library.is_around(placed[after][1].function))
    return next((n for n, (_, it) in enumerate(placed) if not library.is_inside(it.function)), len(placed))


def foreign(frame: Frame) -> bool:
    """Is it not the application's, by its URL or as a framework's function?"""
    return _classify(frame.function).framework or _elsewhere(frame.url)


def maker(frame: Frame) -> str | None:
    """Name whose code a frame is, if it is not the application's: `React`, `the bundler`, `a library`."""
    if not foreign(frame):
        return None
    if BUNDLER.fullmatch((frame.function or "").rpartition(".")[2]):
        return "the bundler"
    return "React" if _classify(frame.function).framework else "a library"


@memoize(4096)  # stacks name few files, again and again, and few functions
def _elsewhere(url: str | None) -> bool:
    return url is not None and ELSEWHERE.search(url) is not None


def component(stack: tuple[Calls, ...], turn: int) -> str | None:
    """The React component whose work it was (React 19 in development labels its tasks so)."""
    labels = (calls.label for calls in stack[turn:])
    return next((label for label in labels if label is not None and COMPONENT.fullmatch(label)), None)


def own(code: Initiator | None) -> Frame | None:
    """The frame of the code that opened it, as `opener` told it."""
    return Frame(code.function, code.url, code.line, code.column) if code is not None else None


def outermost(code: Initiator | None) -> Frame | None:
    """The frame in which it all began."""
    return next(reversed(tuple(_frames(code))), None)


def reconnect(session: Session) -> Frame | None:
    """The frame by which client or application opened anew by itself."""
    library = clients.library(session.provider)
    frames = [it for it in _frames(session.initiator) if not _classify(it.function).framework]
    if library is not None and library.again:
        return next((it for it in frames if library.opens_again(it.function)), None)
    return next((it for it in frames if _classify(it.function).again), None)


def call(session: Session) -> Frame | None:
    """The frame of the client's function that the application called to connect."""
    library = clients.library(session.provider)
    if library is None:
        return None
    return next((it for it in _frames(session.initiator) if library.is_call(it.function)), None)


def library(session: Session) -> Library | None:
    """Return the client library that opened a socket."""
    return clients.library(session.provider)


def fault(cause: str, session: Session) -> Fault | None:
    """Return the known fault of the client library that makes this cause."""
    library = clients.library(session.provider)
    return library.find_fault(cause, session.client) if library is not None else None


def place(code: Initiator) -> tuple[object, ...]:
    """Equal for openings from the same place: a query is what differs from load to load."""
    return (code.url or "").partition("?")[0], code.line, code.column, code.function, code.component


def _frames(code: Initiator | None) -> Iterator[Frame]:
    return code.frames if code is not None else iter(())


class _Kinds(NamedTuple):
    """What the name of a function says."""

    framework: bool
    again: bool


@memoize(4096)
def _classify(function: str | None) -> _Kinds:
    name = (function or "").rpartition(".")[2]
    names = (name, clients.SUFFIX.sub("", name))
    return _Kinds(*(any(map(it.fullmatch, names)) for it in (FRAMEWORK, AGAIN)))


def _is_minified(frame: Frame) -> bool:
    """Has a minifier taken its name away? Such files have few lines, and long ones."""
    name = frame.function
    return name is not None and MINIFIED.fullmatch(name) is not None and (frame.column or 0) > LONG_LINE
