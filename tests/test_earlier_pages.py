"""A page that was there before the first one in the file: may the back/forward cache keep it, and its sockets?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from small_har import PAGE, Json, har, request, socket

from analyzer.model import Assume, Report

LINK = [("Sec-Fetch-Site", "same-origin"), ("Referer", f"{PAGE}home")]
TYPED = [("Sec-Fetch-Site", "none")]
AGENT = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36")


def capture(headers: Sequence[tuple[str, str]], *earlier: Json, by: str = "other") -> Json:
    """A page that was asked for with these headers, after what an earlier page asked for; then a socket."""
    told = har(socket(2, None, seen=[3]))
    document = next(it for it in told["log"]["entries"] if it["_resourceType"] == "document")
    document["request"]["headers"] = [{"name": name, "value": value} for name, value in headers]
    document["_initiator"] = {"type": by}
    told["log"]["entries"] = [*earlier, *told["log"]["entries"]]
    return told


def poll(kind: str) -> Json:
    """A request before the first page in the file, of none that is listed."""
    told = request(-3, f"{PAGE}poll")
    del told["pageref"]
    return {**told, "_initiator": {"type": kind}}


def sockets_alone(page: str) -> Json:
    told = har(socket(2, None, seen=[3], page=page))
    told["log"]["pages"][0]["id"] = page
    told["log"]["entries"] = [it for it in told["log"]["entries"] if it["_resourceType"] == "websocket"]
    return told


RECORDED, CACHE_ON, CACHE_OFF = Assume.RECORDED_FROM_START, Assume.BFCACHE, Assume.NO_BFCACHE


@pytest.mark.parametrize(
    ("told", "assume", "verdict", "rests"),
    [
        pytest.param(capture(TYPED), [], "no-overlap", [], id="nothing before it"),
        pytest.param(capture(TYPED, poll("script")), [], "inconclusive", [], id="code of an earlier page ran"),
        pytest.param(capture(TYPED, poll("other")), [], "no-overlap", [], id="the browser asked for something"),
        pytest.param(capture([*TYPED, ("Cache-Control", "max-age=0")], poll("script")), [], "no-overlap", [], id="reloaded"),
        pytest.param(capture(TYPED, poll("script")), [RECORDED], "no-overlap", ["recorded-from-start"], id="by word"),
        pytest.param(capture(LINK), [], "inconclusive", [], id="a link"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")]), [], "no-overlap", ["first-reload"], id="as F5 looks"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")], by="script"), [], "inconclusive", [], id="code led there"),
        pytest.param(capture([*LINK, ("Cache-Control", "no-cache")]), [CACHE_ON], "inconclusive", ["bfcache"], id="F5, taken back"),
        pytest.param(capture([*LINK, AGENT]), [], "no-overlap", ["no-bfcache"], id="Chrome 148"),
        pytest.param(capture([*LINK, AGENT]), [CACHE_ON], "inconclusive", ["bfcache"], id="Chrome 148, taken back"),
        pytest.param(capture([*LINK, AGENT]), [CACHE_OFF], "no-overlap", ["no-bfcache"], id="Chrome 148, by word"),
        pytest.param(sockets_alone("page_1"), [], "no-overlap", ["filtered"], id="sockets alone"),
        pytest.param(sockets_alone("page_2"), [], "no-overlap", ["filtered", "first-reload"], id="sockets alone, a later page"),
    ],
)  # fmt: skip
def test_an_earlier_page(
    told: Json, assume: list[Assume], verdict: str, rests: list[str], report: Callable[..., Report]
) -> None:
    found: Any = report(told, assume=frozenset(assume))
    assert found.verdict == verdict
    named = [it.id.removeprefix("assumed-") for it in found.capture.caveats if it.assumed]
    assert [it for it in named if it != "page-alive"] == rests
