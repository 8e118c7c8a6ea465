"""What was tried: only what the capture shows, and of a page no more than is in the file."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.extract import extract
from analyzer.formats import read
from analyzer.model import Report
from analyzer.wording.coverage import describe_coverage, list_covered_steps
from tests import small_har
from tests.small_har import stack

Json = dict[str, Any]
T0 = 1_767_225_600.125  # 2026-01-01T00:00:00.125Z: dates in whole seconds alone would be cut ones
URL = "https://app.example/"


def date(seconds: float) -> str:
    return dt.datetime.fromtimestamp(T0 + seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page(number: int, start: float, title: str = URL) -> Json:
    return {"id": f"page_{number}", "startedDateTime": date(start), "title": title}


def entry(number: int, start: float, kind: str | None = "xhr", url: str = URL, **sent: str) -> Json:
    mime = "text/html" if kind in (None, "document") else "application/json"
    return {
        **({} if kind is None else {"_resourceType": kind, "_initiator": {"type": "other"}}),
        "pageref": f"page_{number}",
        "startedDateTime": date(start),
        "time": 50,
        "request": {
            "method": "GET",
            "url": url,
            "headers": [{"name": name.replace("_", "-"), "value": value} for name, value in sent.items()],
        },
        "response": {"status": 200, "headers": [], "content": {"mimeType": mime}},
        "timings": {"wait": 40, "receive": 10},
    }


def socket(number: int, start: float) -> Json:
    return {
        **entry(number, start, "websocket", "wss://app.example/ws"),
        "_initiator": {"type": "script", "stack": stack("connect")},
        "response": {"status": 101, "headers": []},
        "timings": {"wait": 20, "receive": 0},
        "_webSocketMessages": [],
    }


def har(pages: list[Json], *entries: Json, creator: str = "WebInspector") -> Json:
    return {"log": {"creator": {"name": creator}, "pages": pages, "entries": list(entries)}}


TWO = [page(1, 0), page(2, 40)]
RELOADED = entry(2, 40, "document", Cache_Control="max-age=0")


@pytest.mark.parametrize(
    ("document", "done"),
    [
        pytest.param(har([page(1, 0)], entry(1, 0, "document")), ["load"], id="a page and its document"),
        pytest.param(har(TWO, RELOADED, socket(2, 41)), ["reload"], id="of the first page nothing is left"),
        pytest.param(har(TWO, entry(1, 1), RELOADED), ["reload"], id="of the first page a request is left"),
        pytest.param(
            har(TWO, entry(1, 1), entry(2, 40, "document", "https://app.example/b")), ["load"], id="which page was left?"
        ),
        pytest.param(har(TWO, entry(1, 0, "document"), RELOADED), ["load", "reload"], id="both are there"),
        pytest.param(
            har([page(1, 0), page(2, 40, "https://app.example/b")], entry(1, 0, "document"), socket(2, 41),
                entry(2, 40, "document", "https://app.example/b")),
            ["load", "navigation"],
            id="a page was left for another",
        ),
        pytest.param(har([page(1, 0)], socket(1, 1)), ["load"], id="filtered to sockets: its page was loaded"),
        pytest.param(har([page(1, 0)], entry(1, 0, None), socket(1, 1)), ["load"], id="a document without its mark"),
    ],
)  # fmt: skip
def test_only_what_is_in_the_file_counts_as_tried(
    document: Json, done: list[str], report: Callable[..., Report]
) -> None:
    assert list_covered_steps(report(document).capture.pages) == done


def test_an_iframes_document_does_not_show_that_its_page_was_loaded(report: Callable[..., Report]) -> None:
    iframe = entry(1, 1, "document", "https://pay.example/frame", Sec_Fetch_Dest="iframe")
    assert [it.recorded for it in report(har(TWO, iframe, RELOADED)).capture.pages] == [False, True]


def test_a_page_that_was_brought_back_takes_its_document_with_it(report: Callable[..., Report]) -> None:
    pages = [page(3, 0), page(1, 0), page(2, 20, "https://app.example/b")]
    other = entry(2, 20, "document", "https://app.example/b")
    result = report(har(pages, entry(3, 0, "document"), socket(1, 1), other))
    assert list_covered_steps(result.capture.pages) == ["load", "navigation", "return"]


def test_what_earlier_pages_that_were_cleared_showed_cannot_be_told(report: Callable[..., Report]) -> None:
    words = describe_coverage(report(har([page(2, 40)], RELOADED, socket(2, 41))))
    assert words.startswith("This recording covers: reload.")
    assert "does not cover" not in words


@pytest.mark.parametrize(
    ("creator", "pages"),
    [
        pytest.param("Firebug", [page(1, 0)], id="a program that does not say how its page was loaded"),
        pytest.param("mitmproxy", [], id="a proxy without pages"),
        pytest.param("WebInspector", [], id="DevTools opened late"),
    ],
)
def test_without_a_load_nothing_is_said_of_pages_that_is_not_true(
    creator: str, pages: list[Json], report: Callable[..., Report]
) -> None:
    socket_entry = {**entry(1, 1), "pageref": None}
    words = describe_coverage(report(har(pages, socket_entry, creator=creator)))
    assert words.startswith("This recording covers: unknown. The file does not show how pages were loaded")


MOUNT = ["open", "commitHookEffectListMount"]


@pytest.mark.parametrize(
    ("gap", "functions", "covered"),
    [
        pytest.param(0.6, MOUNT, True, id="a chat page that was left and entered again"),
        pytest.param(0.6, ["open"], False, id="no mount"),
        pytest.param(0.6, [*MOUNT, "performReactRefresh"], False, id="after an edit"),
        pytest.param(0.6, ["reconnect", *MOUNT], False, id="the client reconnected"),
        pytest.param(0.6, ["onclose", *MOUNT], False, id="its handler of the close"),
        pytest.param(0.6, [*MOUNT, "commitDoubleInvokeEffectsInDEV"], False, id="StrictMode's second mount"),
        pytest.param(0.1, MOUNT, False, id="an effect that ran again"),
        pytest.param(-0.6, MOUNT, False, id="the old socket was still open"),
    ],
)
def test_a_change_of_route_and_back_is_a_return_on_one_page(
    gap: float, functions: list[str], covered: bool, report: Callable[..., Report]
) -> None:
    calls = stack(*functions)
    again = small_har.socket(3 + gap, None, calls=calls)
    result = report(small_har.har(small_har.socket(1, 3, calls=calls), again, saved=9))
    assert list_covered_steps(result.capture.pages, result.sessions) == ["load", *(["return"] if covered else [])]
    assert describe_coverage(result) == (
        "This recording covers: load, back (on one page: a component was mounted again after its socket had closed). "
        "It does not cover: reload, navigation, back from another page."
        if covered
        else "This recording covers: load. It does not cover: reload, navigation, back."
    )


LOOKS = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        pytest.param([entry(1, 0.01, None, **LOOKS)], None, id="the page's address, when it began"),
        pytest.param([entry(1, 0.01, None, url=URL + "#top")], None, id="a fragment is no other address"),
        pytest.param([entry(1, 9, None)], "mark page documents", id="later: a script may have asked for it"),
        pytest.param(
            [entry(1, 0.01, None, url="https://pay.example/frame")],
            "mark page documents",
            id="another address: an iframe?",
        ),
        pytest.param([entry(1, 0.01, None, X_Requested_With="XMLHttpRequest")], "No page", id="asked for by a script"),
        pytest.param([entry(1, 0.01, None, Sec_Fetch_Dest="iframe")], "No page", id="an iframe's by its own words"),
        pytest.param([entry(1, 0.01, None, Accept="application/json")], "No page", id="something else was asked for"),
        pytest.param([entry(1, 0.01, "xhr")], "No page", id="marked as something else"),
    ],
)
def test_a_document_without_the_exporters_mark_is_not_denied(
    entries: list[Json], words: str | None, report: Callable[..., Report]
) -> None:
    result = report(har([page(1, 0)], *entries, socket(1, 1)))
    outcome = [it.message for it in result.capture.caveats if it.id == "filtered"]
    assert outcome == [] if words is None else words in outcome[0]


def test_a_document_without_the_exporters_mark_ends_no_page(report: Callable[..., Report]) -> None:
    """It may be an iframe's: the socket of the page before may live on."""
    with_marks = report(har(TWO, entry(1, 0, "document"), socket(1, 1), RELOADED, socket(2, 41)))
    entries = (entry(1, 0, None), socket(1, 1), entry(2, 40, None), socket(2, 41))
    without = report(har(TWO, *entries))
    assert with_marks.sessions[0].outcome != "open"
    assert [it.end for it in without.capture.pages] == [
        page.end for page in report(har(TWO, socket(1, 1), socket(2, 41))).capture.pages
    ]


def test_an_extract_keeps_a_document_without_the_exporters_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(json.dumps(har([page(1, 0)], entry(1, 0, None), socket(1, 1))), "utf-8")
    data = extract(str(path)).data
    assert list_covered_steps(read(io.BytesIO(data), "b.har").pages) == ["load"]
