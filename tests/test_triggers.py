"""Why the code ran that opened a socket, by the names on its call stack."""

from __future__ import annotations

import pytest

from analyzer import triggers
from analyzer.model import Calls, Frame, Initiator

APP = "https://app.example/app.js"


def frame(function: str, column: int = 2) -> Frame:
    return Frame(function, APP, 1, column)


def code(*turns: tuple[str | None, list[Frame]]) -> Initiator:
    return Initiator(None, None, None, None, None, stack=tuple(Calls(tuple(frames), label) for label, frames in turns))


def opened_by(*functions: str) -> Initiator:
    return code((None, [frame(function) for function in ("open", *functions)]))


@pytest.mark.parametrize(
    ("function", "second"),
    [
        pytest.param("invokePassiveEffectMountInDEV", True, id="React 18, an effect"),
        pytest.param("invokeLayoutEffectMountInDEV", True, id="React 18, a layout effect"),
        pytest.param("commitDoubleInvokeEffectsInDEV", True, id="React 18 and 19"),
        pytest.param("doubleInvokeEffectsOnFiber", True, id="React 19"),
        pytest.param("commitPassiveMountOnFiber", False, id="the first mount"),
        pytest.param("reconnectPassiveEffects", False, id="effects of a part that was hidden"),
        pytest.param("Gl", False, id="minified"),
    ],
)
def test_the_second_mount(function: str, second: bool) -> None:
    assert (triggers.read(opened_by(function)).second_mount is not None) is second


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param(["commitHookEffectListMount"], id="an effect of React"),
        pytest.param(["componentDidMount"], id="a class component of React"),
        pytest.param(["xt.t.__weh.t.__weh", "a"], id="Vue 3, minified"),
        pytest.param(["setup", "callWithErrorHandling", "setupStatefulComponent"], id="the setup of Vue 3"),
        pytest.param(["o.mounted", "e", "insert", "t._update"], id="Vue 2, minified"),
        pytest.param(["setup", "Pt", "qo", "run", "runIfDirty"], id="the setup of Vue 3, minified"),
        pytest.param(["run", "", "flush", "schedule_update"], id="Svelte 4"),
        pytest.param(["n.ngOnInit", "a"], id="Angular, minified"),
        pytest.param(["connectedCallback"], id="a custom element"),
    ],
)
def test_a_mount(functions: list[str]) -> None:
    trigger = triggers.read(opened_by(*functions))
    assert trigger.mount is not None
    assert not trigger.awaited


# As React 19.1 was minified by esbuild: names, then columns.
WALK = ["Zn 95751", "mm 119118", "Jl 118891", "mm 119164", "Mi 133725", " 130689", "Kf 10220"]


@pytest.mark.parametrize(
    ("frames", "mounts"),
    [
        pytest.param(WALK, True, id="two functions call each other in turn"),
        pytest.param(["Zn 95751", "mm 119118", "Jl 118891", "Mi 133725"], False, id="no turn"),
        pytest.param(["Zn 95751", "mm 119118", "Jl 18891", "mm 119164"], False, id="far from each other"),
        pytest.param(["Zn 95751", "mm 119118", "mm 118891", "mm 119164"], False, id="one function, recursive"),
        pytest.param(WALK[:5], False, id="not run by React's scheduler"),
        pytest.param(["run 95751", "walkTree 119118", "visit 118891", "walkTree 119164"], False, id="not minified"),
    ],
)
def test_reacts_walk_shows_a_mount_where_a_minifier_took_the_names(frames: list[str], mounts: bool) -> None:
    named = [frame(function, int(column)) for function, _, column in (text.partition(" ") for text in frames)]
    trigger = triggers.read(code((None, [frame("open"), *named])))
    assert (trigger.mount is not None) is mounts
    later = triggers.read(code((None, [frame("open")]), ("await", named)))
    assert later.awaited is mounts


def test_of_a_rendering_and_a_mount_the_nearer_one_counts() -> None:
    rendered = triggers.read(opened_by("Chat", "renderWithHooks", "performWorkOnRoot", "commitLayoutEffectOnFiber"))
    assert rendered.render is not None
    assert rendered.mount is None
    mounted = triggers.read(opened_by("commitHookEffectListMount", "flushPassiveEffects", "renderWithHooks"))
    assert mounted.mount is not None
    assert mounted.render is None


def test_the_turn_that_set_a_timer() -> None:
    again = code((None, [frame("open"), frame("beat")]), ("setInterval", [frame("open", 9), frame("start")]))
    assert [it.function for it in triggers.timer_roots(again)] == ["open", "start"]
    assert triggers.timer_roots(opened_by("start")) == ()
    assert triggers.timer_roots(code((None, [frame("open")]), ("await", [frame("start")]))) == ()


@pytest.mark.parametrize("function", ["created", "mounted", "setup"])
def test_a_function_of_the_application_that_is_named_like_a_hook_is_no_mount(function: str) -> None:
    assert triggers.read(opened_by(function, "main")).mount is None


VITE = "http://localhost:5173/@vite/client"


@pytest.mark.parametrize(
    ("function", "url", "is_edit"),
    [
        ("importUpdatedModule", VITE, True),
        ("queueUpdate", VITE, True),
        ("exports.performReactRefresh", APP, True),
        ("queueUpdate", APP, False),
    ],
)
def test_code_that_runs_again_after_an_edit(function: str, url: str, is_edit: bool) -> None:
    edit = Frame(function, url, 1, 2)
    assert triggers.read(code((None, [frame("open"), edit]))).refresh == (edit if is_edit else None)


@pytest.mark.parametrize("function", ["onCloseModal", "handleCloseMenu", "closed"])
def test_a_function_that_closes_something_else_is_no_end(function: str) -> None:
    assert triggers.read(opened_by(function)).end_handler is None


@pytest.mark.parametrize(
    "function", ["onclose", "Manager.onclose", "onClose", "ws.onerror", "onDisconnect", "on_close"]
)
def test_a_function_that_is_called_when_a_socket_ends(function: str) -> None:
    assert triggers.read(opened_by(function)).end_handler == frame(function)


def test_what_has_no_stack_has_no_trigger() -> None:
    assert triggers.read(None) == triggers.NONE
    assert triggers.read(Initiator(None, None, APP, 3, None)) == triggers.NONE
