"""Say why the code ran that opened a socket: a component was mounted or rendered, a module was replaced, a timer fired.

The names of a framework's functions tell that, and names that an application must give its methods, which survive
a minifier (`ngOnInit`, `connectedCallback`). React's production build keeps no names, but the way it walks its tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from analyzer.memo import memoize
from analyzer.model import Calls, Frame, Initiator, Session, Value
from analyzer.patterns import Pattern
from analyzer.services import paths

# React calls these in development alone, to mount the effects of a component in StrictMode a second time.
SECOND_MOUNT = Pattern(
    r"invoke(?:Passive|Layout)EffectMountInDEV|invokeEffectsInDev|(?:legacyC|c)ommitDoubleInvokeEffectsInDEV"
    r"|doubleInvokeEffects\w*|recursivelyTraverseAndDoubleInvokeEffectsInDEV"  # React 18 | React 19
)
# The functions by which frameworks mount a component, and the methods that they call then.
MOUNT = Pattern(
    r"commit(?:HookEffectList(?:Mount)?|LayoutEffectOnFiber|PassiveMountOnFiber)|componentDidMount"  # React
    r"|__weh|setupStatefulComponent|callHook"  # Vue: `hook.__weh` wraps onMounted and its kind
    r"|ng(?:OnInit|AfterViewInit|AfterContentInit)"  # Angular
    r"|connectedCallback|firstUpdated"  # custom elements, Lit
    r"|mount_component|user_effect|create_effect|flush_queued_effects|runComputation|runUserEffects"  # Svelte, Solid
    r"|diffed"  # Preact, which runs effects in a timer of its own
    r"|ionView(?:Will|Did)Enter|didInsertElement"
)
RENDER = Pattern(
    r"renderWithHooks\w*|renderComponentRoot|mount(?:Memo|State\w*|Reducer|IndeterminateComponent)|updateMemo|callComponentInDEV"
    r"|finishClassComponent|constructClassInstance"
)
# By these code runs again after an edit: Vite's client, React's Fast Refresh (under any bundler).
REFRESH = Pattern(r"importUpdatedModule|queueUpdate|performReactRefresh")
ENDED = Pattern(
    r"_*(?:on|handle)_?(?:[Cc]lose|[Dd]isconnect|[Ee]rror)"
    r"(?:_?(?:[Ee]vent|[Hh]andler|(?:[Ww]eb)?[Ss]ocket|[Ww][Ss]|[Cc]onnection|[Cc]allback))?"
)
VITE_CLIENT = Pattern(r"/@vite/client(?:\?|$)")
TIMERS = frozenset(("setTimeout", "setInterval"))
PROMISES = frozenset(("await", "Promise.then", "Promise.catch", "Promise.finally", "async function"))
MINIFIED = Pattern(r"[A-Za-z_$][\w$]{0,2}")
HOOKS = frozenset(("setup", "created", "mounted", "activated"))  # of Vue, if one of its methods is there as well
REACTIVE = frozenset(("runIfDirty", "scheduler", "_init", "_update", "$mount"))
NEAR = 2_000  # columns: two functions that stand side by side in a minified file


class Framework(Value, frozen=True):
    """How a framework closes what a component opened.

    occasion: when it runs the code, in a sentence after "each time".
    """

    mounts: str  # a pattern: the functions by which it mounts
    occasion: str
    remedy: str
    link: str


FRAMEWORKS = (
    Framework(
        "__weh|setup|setupStatefulComponent|mounted|created|callHook",
        "it was mounted",
        "Close the socket in onUnmounted (in the options API: unmounted, or beforeDestroy of Vue 2).",
        "https://vuejs.org/api/composition-api-lifecycle.html#onunmounted",
    ),
    Framework(
        r"ng(?:OnInit|AfterViewInit|AfterContentInit)",
        "it was created",
        "Close the socket in ngOnDestroy.",
        "https://angular.dev/guide/components/lifecycle#ngondestroy",
    ),
    Framework(
        "connectedCallback|firstUpdated",
        "it was inserted",
        "Close the socket in disconnectedCallback.",
        "https://developer.mozilla.org/en-US/docs/Web/API/Web_components/Using_custom_elements#custom_element_lifecycle_callbacks",
    ),
    Framework(
        "componentDidMount",
        "it was mounted",
        "Close the socket in componentWillUnmount.",
        "https://react.dev/reference/react/Component#componentwillunmount",
    ),
    Framework(
        "mount_component|user_effect|create_effect|flush_queued_effects|run",
        "it was mounted",
        "Return a function from onMount that closes the socket.",
        "https://svelte.dev/docs/svelte/lifecycle-hooks#onMount",
    ),
    Framework(
        "runComputation|runUserEffects",
        "it was mounted",
        "Close the socket in onCleanup.",
        "https://docs.solidjs.com/reference/lifecycle/on-cleanup",
    ),
)
REACT = Framework(
    "",
    "its effect ran",
    "Return a clean-up from the effect that closes the socket it opened, even if the socket is still connecting.",
    "https://react.dev/reference/react/useEffect#connecting-to-an-external-system",
)


class Trigger(Value, frozen=True):
    """How a socket came to be opened. Each frame is that nearest to the opening, or None.

    mount, render: of the two only the nearer one, because an effect is no part of a rendering.
    awaited: the application's code ran in a later turn of the event loop than the mount.
    waited: the opening did, so the client library waited before it opened.
    timer: the index of the turn that set a timer which led to the opening.
    promised: a promise led to it.
    """

    mount: Frame | None = None
    second_mount: Frame | None = None
    render: Frame | None = None
    refresh: Frame | None = None
    end_handler: Frame | None = None
    awaited: bool = False
    waited: bool = False
    timer: int | None = None
    promised: bool = False


NONE = Trigger()


@lru_cache(4096)  # a client opens from the same place again and again
def read(code: Initiator | None) -> Trigger:
    """Read from the call stack of an opening what made its code run."""
    if code is None or not code.stack:
        return NONE
    names = [
        (turn, frame, _classify(frame.function)) for turn, calls in enumerate(code.stack) for frame in calls.frames
    ]
    mounts = [(turn, frame) for turn, frame, kind in names if kind & MOUNTS] or list(_find_mounts(code.stack))
    renders = [(turn, frame) for turn, frame, kind in names if kind & RENDERS]
    order = {id(frame): n for n, (_, frame, _) in enumerate(names)}
    if mounts and renders:
        nearer = order[id(mounts[0][1])] < order[id(renders[0][1])]
        mounts, renders = (mounts, []) if nearer else ([], renders)
    return Trigger(
        mount=mounts[0][1] if mounts else None,
        second_mount=next((frame for _, frame, kind in names if kind & SECOND_MOUNTS), None),
        render=renders[0][1] if renders else None,
        refresh=next((frame for _, frame, kind in names if kind & REFRESHES and _is_refresh(frame)), None),
        end_handler=next((frame for _, frame, kind in names if kind & ENDS), None),
        awaited=bool(mounts) and _has_waited(code.stack[opener_turn(code) + 1 : mounts[0][0] + 1], mounts[0][1]),
        waited=bool(mounts) and _has_waited(code.stack[1 : mounts[0][0] + 1], mounts[0][1]),
        timer=next((n for n, calls in enumerate(code.stack) if n and calls.label in TIMERS), None),
        promised=any(calls.label in PROMISES for calls in code.stack),
    )


def is_second_mount(session: Session) -> bool:
    """Did React's StrictMode open it by mounting its component a second time?"""
    return read(session.initiator).second_mount is not None


def is_refresh(session: Session) -> bool:
    """Was it opened because code ran again after an edit?"""
    return read(session.initiator).refresh is not None


def is_mount(session: Session) -> bool:
    """Was it opened because a component was mounted?"""
    return read(session.initiator).mount is not None


def is_promised(session: Session) -> bool:
    """Was it opened after a promise?"""
    return read(session.initiator).promised


def opener_turn(code: Initiator) -> int:
    """Return the index of the turn in which the application's code stands; 0 where there is none."""
    place = (code.url, code.line, code.column)
    turns = (n for n, calls in enumerate(code.stack) for it in calls.frames if (it.url, it.line, it.column) == place)
    return next(turns, 0) if code.own else 0


def framework(mount: Frame | None) -> Framework:
    """Return the framework whose function or method this is: React, if no other one."""
    name = _name(mount.function if mount is not None else None)
    return next((row for row in FRAMEWORKS if re.fullmatch(row.mounts, name)), REACT)


def is_view(code: Initiator | None) -> bool:
    """Did a framework call code that runs only when a component is mounted? (An effect of React may run again.)"""
    mount = read(code).mount
    return mount is not None and framework(mount) is not REACT


def timer_roots(code: Initiator | None) -> tuple[Frame, ...]:
    """Return the frames of the turns from that on which set the timer; none where no timer led to the opening."""
    timer = read(code).timer
    return (
        () if code is None or timer is None else tuple(frame for calls in code.stack[timer:] for frame in calls.frames)
    )


MOUNTS, SECOND_MOUNTS, RENDERS, REFRESHES, ENDS = (1 << n for n in range(5))
KINDS = ((MOUNT, MOUNTS), (SECOND_MOUNT, SECOND_MOUNTS), (RENDER, RENDERS), (REFRESH, REFRESHES), (ENDED, ENDS))


@memoize(4096)
def _classify(function: str | None) -> int:
    name = _name(function)
    names = (name, paths.SUFFIX.sub("", name))
    return sum(bit for pattern, bit in KINDS if any(map(pattern.fullmatch, names)))


def _is_refresh(frame: Frame) -> bool:
    """Is it what its name says? `queueUpdate` is a name for much else."""
    return _name(frame.function) == "performReactRefresh" or VITE_CLIENT.search(frame.url or "") is not None


def _has_waited(turns: Sequence[Calls], mount: Frame) -> bool:
    """Did the code wait for a promise or a timer of its own, after the mount?"""
    own = PROMISES if _name(mount.function) == "diffed" else PROMISES | TIMERS
    return any(calls.label is None or calls.label in own for calls in turns)


def _name(function: str | None) -> str:
    """Return the name without its class."""
    return (function or "").rpartition(".")[2].rpartition(" ")[2]


def _find_mounts(stack: tuple[Calls, ...]) -> Iterator[tuple[int, Frame]]:
    """Find mounts that no name of a framework's function shows, by their surroundings."""
    yield from _find_react_mounts(stack)
    is_svelte = any(frame.function == "schedule_update" for calls in stack for frame in calls.frames)
    is_vue = any(_name(frame.function) in REACTIVE for calls in stack for frame in calls.frames)
    for turn, calls in enumerate(stack):
        names = [_name(frame.function) for frame in calls.frames]
        for n, frame in enumerate(calls.frames):
            is_hook = is_vue and names[n] in HOOKS and n + 1 < len(names)
            if is_hook or (is_svelte and names[n : n + 3] == ["run", "", "flush"]):
                yield turn, frame


def _find_react_mounts(stack: tuple[Calls, ...]) -> Iterator[tuple[int, Frame]]:
    """Find where React 19's production build mounts effects: it walks its tree by two functions that call each other in
    turn (`commitPassiveMountOnFiber` and `recursivelyTraversePassiveMountEffects`), under one that runs the effect."""
    for turn, calls in enumerate(stack):
        runs = zip(calls.frames, calls.frames[1:], calls.frames[2:], calls.frames[3:], strict=False)
        runner = next((run[0] for run in runs if _is_walk(*run)), None)
        ends = [frame.function or "" for frame in calls.frames[-2:]]  # a task of the scheduler, and what runs its tasks
        if runner is not None and not ends[0] and MINIFIED.fullmatch(ends[1]):
            yield turn, runner


def _is_walk(runner: Frame, walk: Frame, between: Frame, again: Frame) -> bool:
    if walk.function != again.function or walk.function == between.function:
        return False
    if not all(frame.function and MINIFIED.fullmatch(frame.function) for frame in (runner, walk, between)):
        return False
    columns = [frame.column or 0 for frame in (walk, between, again)]
    return (walk.url, walk.line) == (between.url, between.line) and max(columns) - min(columns) < NEAR
