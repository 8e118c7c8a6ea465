"""Apps that are right, or wrong in another way, and look like a cause: none is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_har import failed, har, socket

from analyzer.model import Report

Entry = dict[str, Any]
EFFECT = ["commitHookEffectListMount", "commitPassiveMountOnFiber", "flushPassiveEffects"]
REFUSED = "Error during WebSocket handshake: Unexpected response code: 503"


def calls(*turns: tuple[str | None, list[str]]) -> Entry:
    """Return the call stack of turns of the event loop, the innermost first. Each function has a line of its own."""
    result: Entry = {}
    for label, names in reversed(turns):
        frames = [
            {
                "functionName": name,
                "scriptId": "19",
                "url": "https://app.example/main.js",
                "lineNumber": line,
                "columnNumber": 4,
            }
            for name, line in ((name, sum(map(ord, name)) % 9000) for name in names)
        ]
        result = {
            "callFrames": frames,
            **({"description": label} if label else {}),
            **({"parent": result} if result else {}),
        }
    return result


def room(name: str) -> str:
    return f"wss://api.example/ws?room={name}"


def hand_over(again: Entry) -> list[Entry]:
    """Return sockets of which each closes as soon as the next one is open."""
    first = socket(0.2, 10.3, times=[2, 4], calls=calls((None, ["open", "start"])))
    later = [socket(n * 10, n * 10 + 10.3 if n < 4 else None, times=[n * 10 + 5], calls=again) for n in range(1, 5)]
    return [first, *later]


AWAITED = calls((None, ["openRoom"]), ("await", ["main"]))
RECONNECT = calls((None, ["connect", "reconnect"]), ("setTimeout", ["ws.onclose"]))
OPEN_ROOM = calls((None, ["connect", "openRoom", "onclick"]))
PANEL = calls((None, ["Panel.useEffect", *EFFECT]))
SEARCH = calls((None, ["search", "oninput"]))
UPLOAD = calls((None, ["upload", "onchange"]))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(
            [
                socket(0.2, None, opened=0.95, times=[2, 4, 6], url=room("prices"), calls=calls((None, ["open", "main"]))),
                socket(0.96, None, opened=1.7, times=[3, 5], kind="send", url=room("orders"),
                       calls=calls((None, ["open"]), ("await", ["main"]))),
            ],
            id="two feeds, opened one after the other by one helper",
        ),
        pytest.param(
            [
                socket(0.2, None, opened=3.2, times=[5, 8], url=room("a"), calls=calls((None, ["open", "boot"]))),
                socket(2.2, None, times=[5, 9], url=room("b"),
                       calls=calls((None, ["open", "later"]), ("setTimeout", ["boot"]))),
            ],
            id="a second feed, opened later by a timer",
        ),
        pytest.param(
            [socket(0.5 + n / 100, None, times=[2, 4], url=room(str(n)), calls=AWAITED) for n in range(2)],
            id="two rooms at the same time",
        ),
        pytest.param(
            [
                socket(0.2, None, times=[2, 4, 20], calls=calls((None, ["connect", "Chat"]))),
                failed(0.3, 0.5, REFUSED, 503, calls=calls((None, ["connect", "Feed"]))),
                socket(1.5, None, times=[3, 20], calls=RECONNECT),
            ],
            id="a second client, whose first handshake was refused",
        ),
        pytest.param(
            [
                socket(0.2, 5, times=[2, 4], url=room("1"), calls=OPEN_ROOM),
                socket(7, None, times=[9, 20], url=room("2"), calls=OPEN_ROOM),
                socket(9.1, None, times=[10, 20], url=room("1"), calls=RECONNECT),
            ],
            id="another room, opened while the first waits to reconnect",
        ),
        pytest.param(
            [
                socket(0.2, None, times=[2, 4, 20], url=room("1"), calls=calls((None, ["openRoom", "boot"]))),
                socket(5, None, times=[9, 20], url=room("2"),
                       calls=calls((None, ["openRoom", "apply"]), ("Promise.then", ["queueUpdate", "onclick"]))),
            ],
            id="a function of the application called queueUpdate",
        ),
        pytest.param(
            [
                socket(start, None, times=[9, 20], url=room(str(start)), calls=calls((None, ["openRoom", "Rooms.created"])))
                for start in (1, 5)
            ],
            id="a function of the application called created",
        ),
        pytest.param(
            [
                socket(start, None, times=[9, 20, 31], kind="send", url=room(str(start)), calls=PANEL)
                for start in (1, 5)
            ],
            id="two panels that are on screen, of two rooms",
        ),
        pytest.param(
            [socket(start, None, times=[9, 20, 31, 33], kind="send", calls=PANEL) for start in (1, 5)],
            id="two panels that are on screen, of one address, and both send",
        ),
        pytest.param(
            [socket(n + 0.2, n + 2.5, times=[n + 2.0], calls=SEARCH) for n in range(5)],
            id="a socket for each search",
        ),
        pytest.param(
            [
                socket(1, 6, times=[3, 5.5], kind="send", calls=UPLOAD),
                socket(3, 9, times=[5, 8], kind="send", calls=UPLOAD),
            ],
            id="a socket for each upload",
        ),
        pytest.param(
            hand_over(calls((None, ["open", "rotate"]), ("setInterval", ["start"]))), id="a new token every 10 s"
        ),
        pytest.param(
            hand_over(calls((None, ["open", "onDisconnectRequested", "ws.onmessage"]))), id="the server asks for it"
        ),
        pytest.param(
            [
                socket(0.2, 3, times=[2], url=room("0"), calls=calls((None, ["openRoom", "boot"]))),
                socket(4, None, times=[6, 20], url=room("1"), calls=calls((None, ["openRoom", "start"]))),
                socket(5, None, times=[9, 20], url=room("2"), calls=calls((None, ["openRoom", "handleCloseModal"]))),
            ],
            id="a dialog was closed, no socket",
        ),
        pytest.param(
            [
                socket(0.2, None, times=[1, 2, 3, 4, 5, 6, 7, 20], kind="send", calls=calls((None, ["grow", "start"]))),
                socket(5.2, None, times=[6, 7, 20], kind="send",
                       calls=calls((None, ["grow", "check"]), ("setInterval", ["start"]))),
            ],
            id="a pool that grows by a timer",
        ),
    ],
)  # fmt: skip
def test_no_cause_is_named_for_an_app_that_is_right(entries: list[Entry], report: Callable[..., Report]) -> None:
    findings = report(har(*entries)).findings
    assert findings
    assert [it.cause for it in findings if it.cause is not None] == []
    assert any(it.cause_unknown for it in findings)


def test_a_cause_is_likely_at_most_where_the_capture_may_have_begun_after_the_page(
    report: Callable[..., Report],
) -> None:
    entries = [
        socket(1.0, None, times=[2, 4, 20], calls=calls((None, ["connect", "click"]))),
        socket(5.0, None, times=[7, 9, 20], calls=RECONNECT),
    ]
    (whole,) = report(har(*entries)).findings
    assert (whole.cause, whole.cause_confidence) == ("reconnect-without-close", "certain")
    document = har(*({key: value for key, value in it.items() if key != "pageref"} for it in entries))
    document["log"]["pages"] = []
    document["log"]["entries"] = [it for it in document["log"]["entries"] if it["_resourceType"] == "websocket"]
    (late,) = report(document).findings
    assert (late.cause, late.cause_confidence) == ("reconnect-without-close", "likely")
