"""Name the code that earlier versions took for the opener, so that findings of their baselines still match.

They knew two client libraries, by the names of functions, and took the innermost function of any other for the
application's. Nothing here changes any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from analyzer import callstacks, frames
from analyzer.memo import memoize
from analyzer.model import Frame, Initiator, Provider
from analyzer.patterns import Pattern
from analyzer.services import paths


class _Names(msgspec.Struct, frozen=True):
    inside: re.Pattern[str]
    call: re.Pattern[str]
    around: re.Pattern[str]


FRAMEWORK = Pattern(
    r"react[_-]stack[_-]bottom[_-]frame|runWithFiberInDEV|commit(?:Hook|Passive|Layout|Root|Double|Mutation)\w*"
    r"|recursivelyTraverse\w+|(?:re|dis)connectPassiveEffects|doubleInvokeEffects\w*|invoke\w*Effect\w*In(?:DEV|Dev)"
    r"|flushPassiveEffects\w*|flush(?:Work|SyncWork|Spawned)\w*|performWork\w*|performSyncWork\w*|performConcurrentWork\w*"
    r"|performUnitOfWork|workLoop\w*|renderRoot\w*|renderWithHooks\w*|beginWork\w*|updateFunctionComponent"
    r"|mountIndeterminateComponent|callComponentInDEV|callCallback\d*|executeDispatch|processDispatchQueue"
    r"|batchedUpdates\w*|invokeGuardedCallback\w*|dispatchDiscreteEvent|jsxs?(?:DEV)?|jsxWithValidation\w*|createElement"
    r"|__require\d*|__commonJS\w*|__webpack_require__|importUpdatedModule"
)
LIBRARIES = {
    "stream-chat": _Names(
        Pattern(
            "_connect|connect|openConnection|_setupConnection|_reconnect|onlineStatusChanged|_onlineStatusChanged"
            "|scheduleConnectionCheck|onclose|onmessage|onerror|connectionIDWithoutError"
        ),
        Pattern("connectUser|connectAnonymousUser"),
        Pattern("setGuestUser"),
    ),
    "socket-io": _Names(
        Pattern(
            r"createSocket|doOpen|open|_open|_probe|onOpen|onHandshake|_onPacket|onPacket|emit|callback|onData|_onLoad"
            r"|onreadystatechange|_create|_?Request|request|doPoll|_poll|_?Socket|Manager|onclose|maybeReconnectOnOpen"
            r"|reconnect|WS|SocketWith\w+|_?WebSocket"
        ),
        Pattern("lookup|connect"),
        Pattern("(?!)"),
    ),
}


@lru_cache(4096)  # every finding needs it, of the same few places
def name_former(code: Initiator, provider: Provider | None) -> str:
    """Name component and function of the opener, as those versions put them in a fingerprint."""
    return " ".join(it or "" for it in _find_former(code, provider))


def _find_former(code: Initiator, provider: Provider | None) -> tuple[str | None, str | None]:
    """Return component and function of the opener, as those versions named them."""
    placed = [(n, frame) for n, calls in enumerate(code.stack) for frame in calls.frames]
    if not placed:
        return code.component, code.function
    names = LIBRARIES.get(provider.id) if provider is not None else None
    rest = placed[_count_leading(names, [frame.function for _, frame in placed]) :]
    own = [(n, it) for n, it in rest if not _is_framework(it.function) and not frames.is_elsewhere(it.url)]
    if own:
        turn, frame = own[0]
        if callstacks.is_evaluated(frame):
            named = (it for n, it in own if n == turn and it.function and it.function != "eval")
            frame = next((it for it in named if callstacks.evaluates(it)), frame)
    else:
        turn, frame = next(((n, it) for n, it in reversed(placed) if not _is_framework(it.function)), placed[-1])
    is_own = own and not (names and callstacks.is_minified(frame) and not _calls(names, placed))
    return callstacks.component(code.stack, turn + 1 if is_own else 0), callstacks.name(frame)


def _calls(names: _Names, placed: Sequence[tuple[int, Frame]]) -> bool:
    return any(_fits(names.call, frame.function) for _, frame in placed)


def _count_leading(names: _Names | None, functions: Sequence[str | None]) -> int:
    if names is None:
        return 0
    called = [_fits(names.call, it) for it in functions]
    if True in called:
        after = called.index(True) + 1
        return after + (after < len(functions) and _fits(names.around, functions[after]))
    return next((n for n, it in enumerate(functions) if not _fits(names.inside, it)), len(functions))


def _fits(pattern: re.Pattern[str], function: str | None) -> bool:
    """A name with its class before it (`StableWSConnection.onclose`, `async e.connect`), and digits behind it."""
    if not function or len(function) > paths.LONGEST:
        return False
    name = function.rpartition(".")[2].rpartition(" ")[2]
    return any(map(pattern.fullmatch, (name, paths.SUFFIX.sub("", name))))


@memoize(4096)
def _is_framework(function: str | None) -> bool:
    name = (function or "").rpartition(".")[2]
    return any(map(FRAMEWORK.fullmatch, (name, paths.SUFFIX.sub("", name))))
