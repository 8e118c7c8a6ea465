"""Where the code of a socket ran: page, worker, iframe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer.formats import read
from analyzer.formats.har.contexts import Contexts
from analyzer.formats.har.entry import read_request
from analyzer.formats.har.raw import RawEntry
from analyzer.model import Calls, Frame, Initiator
from analyzer.pipeline import analyze

CAPTURES = Path(__file__).parent / "captures"
PAGE, FRAME = "https://h/", "https://h/frame.html"


def script(url: str, by: str | None = PAGE, dest: str = "script") -> dict[str, Any]:
    initiator = {"type": "parser", "url": by} if by else {"type": "script"}
    headers = [{"name": "Sec-Fetch-Dest", "value": dest}]
    return {"_resourceType": "script", "request": {"url": url, "headers": headers}, "_initiator": initiator}


def iframe(url: str = FRAME) -> dict[str, Any]:
    headers = [{"name": "Sec-Fetch-Dest", "value": "iframe"}]
    return {"_resourceType": "document", "request": {"url": url, "headers": headers}}


def code(url: str, id: str | None = None) -> Initiator:
    calls = (Calls((Frame("inner", "https://h/lib.js", 1, 1, id), Frame(None, url, 1, 1, id))),)
    return Initiator(None, None, url, 1, 1, stack=calls)


A = "https://h/a.js"


@pytest.mark.parametrize(
    ("entries", "codes", "contexts"),
    [
        pytest.param([script(A)], [code(A)], [None], id="a script of the page"),
        pytest.param([script(A, dest="worker")], [code(A)], ["worker"], id="a worker"),
        pytest.param([script(A, dest="sharedworker")], [code(A)], ["worker"], id="a shared worker"),
        pytest.param([script(A, dest="worker"), script(A)], [code(A)], [None], id="worker and page load the same: untold"),
        pytest.param([iframe(), script(A, FRAME)], [code(A)], ["iframe"], id="a script of an iframe"),
        pytest.param([iframe()], [code(FRAME)], ["iframe"], id="a script in an iframe's document"),
        pytest.param([iframe(), script(A, PAGE), script(A, FRAME)], [code(A, "7"), code(A, "11")], [None, "iframe"],
                     id="page and iframe load the same, each with an id"),
        pytest.param([iframe(), script(A, PAGE), script(A, FRAME)], [code(A, "7"), code(A, "7")], [None, None],
                     id="page and iframe load the same, and one id is not known"),
        pytest.param([iframe(), script(A, PAGE), script(A, FRAME)], [code(A)], [None], id="ids that are not recorded"),
        pytest.param([iframe(), script(A, None)], [code(A)], [None], id="a script that code loaded: untold"),
        pytest.param([iframe()], [None], [None], id="no initiator"),
    ],
)  # fmt: skip
def test_the_context_of_an_opening(
    entries: list[Any], codes: list[Initiator | None], contexts: list[str | None]
) -> None:
    gathered = Contexts()
    for entry in entries:
        gathered.add(read_request(0, msgspec.json.decode(msgspec.json.encode(entry), type=RawEntry)))
    assert gathered.contexts(codes) == contexts


@pytest.mark.parametrize(
    ("name", "contexts"),
    [
        pytest.param("chrome-cause-worker", [None, "worker"], id="a worker"),
        pytest.param("chrome-cause-iframe", [None, "iframe"], id="an iframe of the same origin and script"),
        pytest.param("chrome-15-contexts", [None, None, "iframe", "iframe", "worker", "worker", None, None, "iframe", "iframe"],
                     id="iframes of both kinds and a worker; a service worker's request tells nothing"),
    ],
)  # fmt: skip
def test_the_contexts_of_a_capture(name: str, contexts: list[str | None]) -> None:
    assert [it.context for it in analyze(read(CAPTURES / f"{name}.har")).sessions] == contexts
