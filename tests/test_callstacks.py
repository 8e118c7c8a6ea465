"""Whose code opened a socket, by names and URLs of its call stack."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import msgspec
import pytest

from analyzer import callstacks
from analyzer.formats import read
from analyzer.model import Attribution, Calls, Frame, Initiator, Provider, Source
from analyzer.pipeline import analyze
from analyzer.wording import origins

CAPTURES = Path(__file__).parent / "captures"
APP = "https://h.example/app.js"
STREAM, SOCKET_IO = Provider("stream-chat", "Stream Chat"), Provider("socket-io", "Socket.IO")


LINES = count(1)  # a bundle has the code of a library in one place


def frame(function: str | None, url: str | None = APP, line: int | None = None, column: int = 2) -> Frame:
    return Frame(function, url, line or next(LINES), column)


def code(*turns: tuple[str | None, list[Frame]]) -> Initiator:
    stack = tuple(Calls(tuple(frames), label) for label, frames in turns)
    return Initiator(None, None, None, None, None, stack=stack)


def opened(name: str) -> list[tuple[str | None, str | None, str, int | None]]:
    """Function, component, file and line of the code that opened each socket of a capture."""
    report = analyze(read(CAPTURES / f"{name}.har"))
    codes = [it.initiator for it in report.sessions if not it.dev_only]
    return [(it.function, it.component, (it.url or "").rpartition("/")[2], it.line) for it in codes if it is not None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("chrome-S2-overuse", [(None, "<Widget>", "app.js", 47186)] * 4, id="an effect, behind the client"),
        pytest.param("chrome-S6-strict-manual", [(None, "<Chat>", "app.js", 47186)] * 2, id="an effect, run twice"),
        pytest.param("chrome-S7-hook-strict", [(None, "<Chat>", "app.js", 50612)] * 4, id="a hook in the same bundle"),
        pytest.param("chrome-S4-two-users", [(None, None, "app.js", 23394), (None, None, "app.js", 23396)], id="no React"),
        pytest.param(
            "chrome-S8-offline-blip",
            [(None, None, "app.js", 23394), ("StableWSConnection.onlineStatusChanged", None, "app.js", 16707)],
            id="a reconnect has no code of the application's: how it began",
        ),
        pytest.param("chrome-20-storm", [("go", None, "app.js", 2)] * 14, id="a timer's parents are not asked"),
        pytest.param(
            "chrome-cause-two-clients-modules", [("connect", "<Chat>", "chat.jsx", 5)] * 2, id="packages by their URLs"
        ),
        pytest.param("chrome-cause-one-place-twice", [("connect", None, "plain.js", 26280)] * 2, id="named like the client's"),
        pytest.param("playwright-A.full", [], id="no stack, nothing said"),
    ],
)  # fmt: skip
def test_the_code_that_opened_a_socket(
    name: str, expected: list[tuple[str | None, str | None, str, int | None]]
) -> None:
    assert opened(name) == expected


def test_of_minified_code_the_place_is_told_and_no_name() -> None:
    analysis = opened("chrome-cause-two-clients-minified")
    assert [(function, component, file) for function, component, file, _ in analysis] == [(None, None, "react.js")] * 2
    assert len({it.initiator for it in analyze(read(CAPTURES / "chrome-cause-two-clients-minified.har")).sessions}) == 2


@pytest.mark.parametrize(
    ("stack", "provider", "function", "own"),
    [
        pytest.param([(None, [frame("send", "https://h/node_modules/x/a.js"), frame("mine")])], None, "mine", True,
                     id="a package"),
        pytest.param([(None, [frame("f", "https://h/node_modules/.vite/deps/x.js?v=1"), frame("mine")])], None, "mine",
                     True, id="a package that Vite bundled"),
        pytest.param([(None, [frame("f", "webpack-internal:///(app)/./node_modules/x/a.js"), frame("mine")])], None,
                     "mine", True, id="a package in webpack's development build"),
        pytest.param([(None, [frame("WebSocket", "chrome-extension://abc/inject.js"), frame("mine")])], None, "mine",
                     True, id="a browser extension that wraps WebSocket"),
        pytest.param([(None, [frame("f", "https://h/static/js/vendors~main.abc.js"), frame("mine")])], None, "mine",
                     True, id="a chunk of vendors"),
        pytest.param([(None, [frame("f", "https://cdn.jsdelivr.net/npm/x/a.js"), frame("mine")])], None, "mine", True,
                     id="a CDN of packages"),
        pytest.param([(None, [frame("vendorList", "https://h/vendoring/app.js")])], None, "vendorList", True,
                     id="an application in a folder named alike"),
        pytest.param([(None, [frame("a", "https://h/node_modules/x.js")]), ("await", [frame("mine")])], None, "mine",
                     True, id="an async parent"),
        pytest.param([(None, [frame("_connect")]), ("await", [frame("connect"), frame("connectUser"), frame("connect")])],
                     STREAM, "connect", True, id="a function of the application's, named like one of the client's"),
        pytest.param([(None, [frame("_connect")]), ("await", [frame("connect"), frame("connect")])], None, "_connect",
                     True, id="the same names where the service is not known"),
        pytest.param([(None, [*map(frame, ("createSocket", "open", "_Socket", "open", "Manager2", "lookup2", "mine"))])],
                     SOCKET_IO, "mine", True, id="names with a bundler's digits"),
        pytest.param([(None, [*map(frame, ("createSocket", "open", "Socket", "open", "Manager", "lookup", "connect", "f"))])],
                     SOCKET_IO, "connect", True, id="a function of the application's, named like another of the library's"),
        pytest.param([(None, [frame("_connect")]), ("await", [frame("connectUser"), frame("setGuestUser"), frame("mine")])],
                     STREAM, "mine", True, id="a function of the library's around the one that connects"),
        pytest.param([(None, [frame("createSocket"), frame("e", column=9000), frame("t", column=9999)])], SOCKET_IO,
                     None, False, id="a minified library: its own code is not told from the application's"),
        pytest.param([(None, [frame("_connect"), frame("n", column=9000)])], None, "_connect", True,
                     id="minified, and no library known"),
        pytest.param([(None, [frame("f", "https://h/node_modules/x.js"), frame("g", "https://h/node_modules/y.js"),
                              frame("flushPassiveEffects", "https://h/node_modules/react.js")])], None, "g", False,
                     id="packages alone: the outermost that is no framework's"),
        pytest.param([(None, [frame("go")])], None, "go", True, id="two letters in a file of many lines are a name"),
        pytest.param([(None, [frame("go", column=9000)])], None, None, True, id="two letters in a long line are none"),
    ],
)  # fmt: skip
def test_the_first_frame_of_the_application(
    stack: list[tuple[str | None, list[Frame]]], provider: Provider | None, function: str | None, own: bool
) -> None:
    opener = callstacks.opener(code(*stack), provider)
    assert opener is not None
    assert (opener.function, opener.own) == (function, own)


@pytest.mark.parametrize(
    ("labels", "component"),
    [
        pytest.param(["await", "<Widget>"], "<Widget>", id="the task of its component"),
        pytest.param(["<button>", "<Toolbar>"], "<Toolbar>", id="not an element of HTML"),
        pytest.param(["await", "setTimeout"], None, id="no component"),
        pytest.param(["<Menu.Item>"], "<Menu.Item>", id="a name with a dot"),
        pytest.param(["<script>alert(1)</script>"], None, id="something else in angle brackets"),
    ],
)
def test_the_component(labels: list[str], component: str | None) -> None:
    opener = callstacks.opener(code((None, [frame("f")]), *((label, [frame("g")]) for label in labels)), None)
    assert opener is not None
    assert opener.component == component


def test_an_opening_without_a_stack_stays_as_it_is() -> None:
    bare = Initiator(None, None, APP, 3, None)
    assert callstacks.opener(bare, STREAM) == bare
    assert callstacks.opener(None, STREAM) is None
    assert callstacks.opener(code((None, [])), STREAM) == code((None, []))


MODULE, OTHER = "webpack-internal:///./src/live.js", "webpack-internal:///./src/other.js"


@pytest.mark.parametrize(
    ("frames", "function", "line"),
    [
        pytest.param([frame("eval", MODULE, 7), frame("schedule", MODULE, 9)], "schedule", 9, id="its caller"),
        pytest.param([frame("eval", MODULE, 7), frame("schedule", OTHER, 9)], "schedule", 9, id="in another module"),
        pytest.param([frame("connect", MODULE, 7), frame("eval", MODULE, 9)], "connect", 7, id="it has a name"),
        pytest.param([frame("eval", MODULE, 7), frame("./src/live.js", APP, 9)], None, 7, id="the bundle is no caller"),
        pytest.param([frame("eval", MODULE, 7), frame("eval", OTHER, 9)], None, 7, id="a module as a whole"),
        pytest.param([frame("eval", APP, 7), frame("schedule", APP, 9)], "eval", 7, id="a function of that name"),
    ],
)
def test_a_function_without_a_name_in_a_module_of_webpack_is_not_called_eval(
    frames: list[Frame], function: str | None, line: int
) -> None:
    opener = callstacks.opener(code((None, frames)), None)
    assert opener is not None
    assert (opener.function, opener.line) == (function, line)


def test_the_caller_of_one_without_a_name_is_of_the_same_turn() -> None:
    opener = callstacks.opener(code((None, [frame("eval", MODULE, 7)]), ("await", [frame("later", MODULE, 9)])), None)
    assert opener is not None
    assert (opener.function, opener.line) == (None, 7)


@pytest.mark.parametrize(
    ("functions", "line"),
    [
        pytest.param(
            ["_connect", "connect", "connectUser", "openChat"], "connectUser() < openChat(), app.js:4", id="a call"
        ),
        pytest.param(
            ["_connect", "_reconnect", "onclose"], "Stream Chat's client, onclose(), app.js:3", id="by itself"
        ),
        pytest.param(["open", "start"], "open(), app.js:1", id="no library"),
    ],
)
def test_the_short_stack_names_the_call_and_whose_it_is(functions: list[str], line: str) -> None:
    (report,) = [analyze(read(CAPTURES / "chrome-01-one-closed.har"))]
    frames = [frame(name, line=n) for n, name in enumerate(functions, 1)]
    opener = callstacks.opener(code((None, frames)), STREAM)
    attribution = Attribution(provider=STREAM) if functions[0] == "_connect" else Attribution()
    session = msgspec.structs.replace(report.sessions[0], initiator=opener, attribution=attribution)
    assert origins.short_stack(session) == line


@pytest.mark.parametrize(
    ("stack", "doubtful"),
    [
        pytest.param([("e.connect", 600), ("t", 700)], True, id="an unknown library, or the application's own class"),
        pytest.param([("e.connect", 600)], False, id="nobody else is on the stack"),
        pytest.param([("connect", 10), ("start", 20)], False, id="the file has its names"),
        pytest.param([("createSocket", 600), ("doOpen", 700), ("open", 800), ("connect", 900), ("t", 990)], False, id="Socket.IO's"),
    ],
)  # fmt: skip
def test_it_says_where_nothing_tells_whose_code_it_was(stack: list[tuple[str, int]], doubtful: bool) -> None:
    plain = analyze(read(CAPTURES / "chrome-S2-overuse.har")).sessions[0]
    of = code((None, [frame(name, line=1, column=column) for name, column in stack]))
    session = msgspec.structs.replace(plain, initiator=callstacks.opener(of, None), attribution=Attribution())
    assert callstacks.is_doubtful(session) == doubtful
    assert origins.describe_opener(session).endswith("(possibly a library's code: its names are minified)") == doubtful


def test_a_librarys_own_source_is_no_code_of_the_application_however_often_it_is_read() -> None:
    """A package brings a map of its own, which bundlers follow: `src/core.ts` is the library's. Equal stacks of two
    sockets are two objects."""

    def opening() -> Initiator | None:
        names = ["transportConnect", "connect", "openChat"]
        frames = tuple(
            Frame(name, APP, n, 2, source=Source(f"webpack://x/src/{name}.ts", n, 1, own=True))
            for n, name in enumerate(names, 1)
        )
        return callstacks.by_map(
            callstacks.opener(Initiator(None, None, None, None, None, stack=(Calls(frames),)), None)
        )

    for _ in range(2):
        opened_by = opening()
        assert opened_by is not None
        assert opened_by.mapped is not None
        assert opened_by.mapped.function == "openChat"
