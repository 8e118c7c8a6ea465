"""Whose code the frames of a call stack are: the application's, a package's, a framework's or a compiler's.

Only names and URLs show it. In a single bundle every frame has the same URL, and only the names of functions differ.
Where a minifier took the names away, they show less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from analyzer.memo import memoize
from analyzer.model import Calls, Frame
from analyzer.patterns import Pattern
from analyzer.services import paths

# Code that is not the application's, by where it comes from: packages, extensions, engines, CDNs of packages, and what
# bundlers set apart (Vite's and webpack's dependencies and runtimes, chunks named so by Vue CLI, Next.js, Angular).
ELSEWHERE = Pattern(
    r"/node_modules/|/\.vite/deps/|/@vite/|/@react-refresh|/webpack/(?:runtime|bootstrap)|/webpack-dev-server/"
    r"|^(?:chrome|moz|safari-web|ms-browser)-extension:|^(?:node|chrome|devtools|native):"
    r"|^https?://(?:unpkg\.com|cdn\.jsdelivr\.net|esm\.sh|esm\.run|cdn\.skypack\.dev|ga\.jspm\.io|cdnjs\.cloudflare\.com"
    r"|cdn\.socket\.io|js\.pusher\.com|cdn\.ably\.(?:com|io)|www\.gstatic\.com|js\.intercomcdn\.com|sdk\.twilio\.com)/"
    r"|/\.angular/cache/[^?#]*/deps/|/node_modules_[^/]*\.js"
    # Chunks as bundlers name them: alone, with a hash, or joined by `~`; not an application's `vendor-dashboard.js`.
    r"|/(?:chunk-)?vendors?(?:~[^/]*|[.-][0-9A-Za-z_]*\d[0-9A-Za-z_]*)?(?:\.(?:chunk|bundle|min))?\.m?js"
    r"|/(?:framework|polyfills|zone|runtime|lib)(?:[.-][0-9A-Za-z_]*\d[0-9A-Za-z_]*)?(?:\.(?:chunk|bundle|min))?\.m?js"
)
BUNDLER = Pattern(r"__require\d*|__commonJS\w*|__webpack_require__|importUpdatedModule|__esm\w*")
# Functions of frameworks, which a single bundle holds beside the application.
REACT = Pattern(
    r"react[_-]stack[_-]bottom[_-]frame|runWithFiberInDEV|commit(?:Hook|Passive|Layout|Root|Double|Mutation|BeforeMutation)\w*"
    r"|recursivelyTraverse\w+|(?:re|dis)connectPassiveEffects|doubleInvokeEffects\w*|invoke\w*Effect\w*In(?:DEV|Dev)"
    r"|flushPassiveEffects\w*|flush(?:Work|SyncWork|Spawned|LayoutEffects|MutationEffects|SyncCallback|PendingEffects)\w*"
    r"|performWork\w*|performSyncWork\w*|performConcurrentWork\w*|performUnitOfWork|workLoop\w*|renderRoot\w*"
    r"|renderWithHooks\w*|beginWork\w*|updateFunctionComponent|mountIndeterminateComponent|callComponentInDEV"
    r"|mountMemo|mountState(?:Impl)?|mountReducer|callCallback\d*|executeDispatch|processDispatchQueue"
    r"|batchedUpdates\w*|invokeGuardedCallback\w*|dispatchDiscreteEvent|scheduleRefresh|performReactRefresh"
    r"|callComponentDidMountInDEV|commitClassDidMount|commitAttachRef|constructClassInstance|updateClassComponent"
)
JSX = Pattern(r"jsxs?(?:DEV)?|jsxWithValidation\w*|createElement")  # in a module of their own
VUE = Pattern(
    r"call(?:WithErrorHandling|WithAsyncErrorHandling)|flush(?:Jobs|PostFlushCbs|PreFlushCbs|OnAppMount|SchedulerQueue)"
    r"|__weh|setup(?:StatefulComponent|RenderEffect)|mountComponent|componentUpdateFn|processComponent|patchBlockChildren"
    r"|queue(?:Job|Flush|Watcher)|invokeWithErrorHandling|invokeInsertHook|updateChildComponent"
)
SVELTE = Pattern(
    r"execute_reaction_teardown|update_(?:reaction|effect)|flush_(?:queued_root_effects|queued_effects|render_callbacks)"
    r"|run_micro_tasks|user_effect|mount_component|init_component|traverse_effect_tree"
)
SOLID = Pattern(r"(?:run|update)Computation|runTop|runUserEffects|(?:complete|run)Updates|devComponent")
ANGULAR = Pattern(
    r"callHook(?:s|Internal)|executeInitAndCheckHooks|selectIndexInternal|ɵɵ\w+|executeTemplate|refreshView"
    r"|detectChangesIn\w+|executeListenerWithErrorHandling|wrapListenerIn\w+|instantiateAllDirectives|getNodeInjectable"
)
FRAMEWORKS = (REACT, VUE, SVELTE, SOLID, ANGULAR)
# zone.js, which Angular loads, wraps each callback; most of its functions are known by their classes.
ZONE = Pattern(
    r"_?Zone(?:Impl|Delegate|Task)?\.\w+|ZoneAwarePromise|zoneAware\w*|_?NgZone\.\w+"
    r"|(?:.*\.)?(?:invokeTask|runTask|scheduleTask|schedule(?:Macro|Micro)Task\w*|drainMicroTaskQueue|on(?:Invoke|Schedule)Task"
    r"|onInvoke|globalZoneAwareCallback|globalCallback|wrapFn)"
)
# What compilers make of `async` functions: Babel's regenerator, the helpers of TypeScript and esbuild. Each expression
# fits the written names of one turn; what it fits are helpers, but for the group `body`, the function itself.
STEP = r"_?async_?[gG]enerator_?[sS]tep" + paths.END
REGENERATOR = f"(?:(?:tryCatch|_?invoke|_?regenerator\\w*|Generator|_ts_generator|step|next){paths.END}|{paths.ANY})"
HELPERS = (
    Pattern(
        f"(?P<body>_callee{paths.END})(?:{REGENERATOR})*?{STEP}(?:(?:_next|_throw){paths.END}(?:{paths.ANY}){{0,2}})?"
    ),
    Pattern(f"{STEP}(?:(?:_next|_throw){paths.END}(?:{paths.ANY}){{0,2}})?"),
    Pattern(
        f"(?:step{paths.END}{paths.ANY})?(?:step{paths.END})?{paths.ANY}(?:__awaiter|__async|_?async_?[tT]o_?[gG]enerator){paths.END}"
    ),
    Pattern(f"(?:step{paths.END}(?:{paths.ANY})?)?(?:fulfilled|rejected){paths.END}$"),
)

HELPER_SET = 6  # regenerator and its wrappers: seven at least

Placed: TypeAlias = "tuple[int, Frame]"  # the turn of the event loop, and the frame
Spot: TypeAlias = "tuple[str | None, int, int]"  # file, line, column
Span: TypeAlias = tuple[Spot, Spot]


@lru_cache(4096)  # asked by several questions of each stack
def place_frames(stack: tuple[Calls, ...]) -> tuple[Placed, ...]:
    """List the frames, innermost first, each with its turn; leave out the helpers of compilers."""
    placed: list[Placed] = []
    repeated = _find_repeated(stack)
    for turn, calls in enumerate(stack):
        helpers = _find_helpers(calls.frames)
        placed += [(turn, frame) for n, frame in enumerate(calls.frames) if n not in helpers and frame not in repeated]
    return tuple(placed)


def _find_helpers(frames: Sequence[Frame]) -> set[int]:
    """Find what a compiler put between the functions of one turn, by its number."""
    text = paths.write(frame.function for frame in frames)
    helpers = {n for n, frame in enumerate(frames) if ZONE.fullmatch(frame.function or "")}
    for pattern in HELPERS:
        for match in pattern.finditer(text):
            if match.start() and text[match.start() - 1] != paths.END:
                continue
            first = text.count(paths.END, 0, match.start())
            body = 1 if match.groupdict().get("body") else 0
            helpers.update(range(first + body, first + match[0].count(paths.END)))
    return helpers


def _find_repeated(stack: Sequence[Calls]) -> set[Frame]:
    """Find the helpers of minified generators: each of a chain of async functions runs through the same ones, so that
    a stack has a whole set of nameless functions again and again, at the same places."""
    counts = Counter(it for calls in stack for it in calls.frames if paths.is_nameless(it.function))
    repeated = {frame for frame, count in counts.items() if count > 1}
    if len(repeated) < HELPER_SET:
        return set()
    names = {frame.function for frame in repeated if frame.function is not None}
    return {frame for frame in counts if frame in repeated or frame.function in names}


def is_foreign(frame: Frame) -> bool:
    """Is it not the application's, by its URL or as a framework's function?"""
    return is_framework(frame.function) or is_elsewhere(frame.url)


@memoize(4096)
def is_framework(function: str | None) -> bool:
    """Is it a function of a framework or a bundler, by its name?"""
    return _find_family(function) is not None


@memoize(4096)
def _find_family(function: str | None) -> int | None:
    name = (function or "").rpartition(".")[2]
    names = {name, paths.SUFFIX.sub("", name)}
    families = (n for n, family in enumerate(FRAMEWORKS) if any(map(family.fullmatch, names)))
    beside = any(it.fullmatch(one) for it in (JSX, BUNDLER) for one in names)
    return next(families, len(FRAMEWORKS) if beside else None)


@memoize(4096)  # stacks name few files, again and again
def is_elsewhere(url: str | None) -> bool:
    return url is not None and ELSEWHERE.search(url) is not None


def is_bundler(function: str | None) -> bool:
    return BUNDLER.fullmatch((function or "").rpartition(".")[2]) is not None


def leave_frameworks_out(placed: Sequence[Placed]) -> list[Placed]:
    """List the frames that are no framework's. A nameless function between two of one framework is the framework's,
    too: bundlers leave the code of a package together."""
    spans = _span_frameworks(placed)
    return [(turn, frame) for turn, frame in placed if not _is_of_framework(frame, spans)]


def _is_of_framework(frame: Frame, spans: Sequence[Span]) -> bool:
    return is_framework(frame.function) or (frame.function is None and is_within(frame, spans))


def _span_frameworks(placed: Sequence[Placed]) -> list[Span]:
    """Find where in its file the code of each framework stands: from the first to the last of its functions here."""
    families = [(_find_family(frame.function), spot(frame)) for _, frame in placed]
    return [
        span
        for number in range(len(FRAMEWORKS))
        for span in list_spans([at for family, at in families if family == number])
    ]


def list_spans(spots: Sequence[Spot]) -> list[Span]:
    """List the first and the last of these places of each file."""
    by_url: dict[str | None, list[Spot]] = {}
    for at in spots:
        by_url.setdefault(at[0], []).append(at)
    return [(min(it, key=_position), max(it, key=_position)) for it in by_url.values()]


def _position(at: Spot) -> tuple[int, int]:
    return at[1:]


def spot(frame: Frame) -> Spot:
    return frame.url, frame.line or 0, frame.column or 0


def is_within(frame: Frame, spans: Sequence[Span]) -> bool:
    """Does it stand between two places of one file?"""
    at = spot(frame)
    return frame.line is not None and any(
        first[0] == at[0] and first[1:] <= at[1:] <= last[1:] for first, last in spans
    )
