"""What pages prove: kinds, ends, contradictions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from analyzer import assumptions
from analyzer.formats.har.exporters import CHROME, identify
from analyzer.formats.har.pages import (
    Document,
    Listed,
    Numbered,
    Rules,
    Witness,
    contradiction,
    documents_as_pages,
)
from analyzer.formats.har.reloads import Ask, directive
from analyzer.formats.har.tabs import page_of, tabs_as_pages
from analyzer.model import SECOND, Page, PageKind

T0 = 1_767_225_600 * SECOND


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


def listed(number: int, seconds: float | None, url: str = "https://h/") -> Listed:
    return Listed(f"page_{number}", url, None if seconds is None else at(seconds), None)


def document(
    page: str, seconds: float, url: str = "https://h/", cache_control: str = "", method: str = "GET", **more: Any
) -> Document:
    ask = Ask(url=url, method=method, directive=directive(cache_control), site="none", referer=None, initiator="other")
    settings = {"index": 0, "ask": ask, "first": ask, "top_level": True}
    return Document(tab=page, url=url, started=at(seconds), answered=at(seconds + 0.1), **{**settings, **more})


def seen(*documents: Document, last: float, content: float | None = None, failed: float | None = None) -> Witness:
    return Witness(
        first_start=min((d.started for d in documents), default=at(last)),
        last_start=at(last),
        documents=documents,
        content=None if content is None else at(content),
        failed=None if failed is None else at(failed),
    )


def numbered(pages: list[Listed], witnesses: dict[str, Witness], **rules: Any) -> Numbered:
    return documents_as_pages(pages, witnesses, Rules(**rules))


def chrome(second: Document | None, *, number: int = 2, url: str = "https://h/", **rules: Any) -> list[Page]:
    """A page at 0 s and another at 10 s, with this document."""
    pages = [listed(1, 0), listed(number, 10, url)]
    witnesses = {"page_1": seen(document("page_1", 0), last=5)}
    if second is not None:
        witnesses[f"page_{number}"] = seen(second, last=11)
    return numbered(pages, witnesses, **rules).pages


@pytest.mark.parametrize(
    ("second", "number", "url", "kind", "final"),
    [
        pytest.param(document("page_2", 10, cache_control="max-age=0"), 2, "https://h/", "reload", True, id="a reload"),
        pytest.param(document("page_2", 10, cache_control="no-cache"), 2, "https://h/", "reload", True, id="a hard reload"),
        pytest.param(document("page_2", 10), 2, "https://h/", "navigation", False, id="a link to itself may be cached"),
        pytest.param(
            document("page_2", 10, "https://h/b", cache_control="no-cache"), 2, "https://h/b", "navigation", False,
            id="no-cache on another URL is 'Disable cache'",
        ),
        pytest.param(
            document("page_2", 10, "https://other/", cache_control="max-age=0"), 2, "https://other/", "navigation", False,
            id="max-age=0 at another site is none of this page",
        ),
        pytest.param(
            document("page_2", 10, "https://h/b", cache_control="max-age=0", method="POST"), 2, "https://h/b",
            "navigation", False, id="a form that is posted sends max-age=0 too",
        ),
        pytest.param(
            document("page_3", 10, cache_control="max-age=0"), 3, "https://h/", "unknown", False,
            id="a reload of a page in between is none of this one",
        ),
        pytest.param(None, 2, "https://h/", "unknown", False, id="without a document equal titles tell nothing"),
        pytest.param(None, 2, "https://h/b", "unknown", False, id="without a document: another title"),
    ],
)  # fmt: skip
def test_how_a_page_ended(second: Document | None, number: int, url: str, kind: str, final: bool) -> None:
    first, following = chrome(second, number=number, url=url)
    assert following.kind == kind
    assert first.end is not None
    assert (first.end.by, first.end.final) == (kind, final)


def test_after_a_redirect_max_age_may_be_that_of_a_posted_form() -> None:
    second = document("page_2", 10, cache_control="max-age=0")
    posted = document("page_2", 9, cache_control="max-age=0", method="POST").ask
    kinds = [chrome(it)[1].kind for it in (second, msgspec.structs.replace(second, first=posted))]
    assert kinds == [PageKind.RELOAD, PageKind.NAVIGATION]


@pytest.mark.parametrize(
    ("rules", "final", "assumes"),
    [
        pytest.param({}, False, None, id="the back/forward cache may keep it"),
        pytest.param(
            {"no_bfcache": assumptions.SOCKETS_BAR_BFCACHE}, True, assumptions.SOCKETS_BAR_BFCACHE, id="an old Chrome"
        ),
    ],
)
def test_a_navigation_ends_a_page_only_by_an_assumption(rules: Any, final: bool, assumes: Any) -> None:
    first, _ = chrome(document("page_2", 10, "https://h/b"), url="https://h/b", **rules)
    assert first.end is not None
    assert (first.end.final, first.end.assumes) == (final, assumes)


def test_a_page_lives_until_the_next_one_shows_that_it_is_there() -> None:
    """The answer to the next document is no bound: a page that is busy when it should go, goes late."""
    reload = document("page_2", 10, cache_control="max-age=0")
    pages = [listed(1, 0), listed(2, 10), listed(3, 20)]
    witnesses = {"page_1": seen(document("page_1", 0), last=5), "page_2": seen(reload, last=11, content=12)}
    ends = [it.end.within.latest for it in numbered(pages, witnesses).pages if it.end is not None]
    assert ends == [at(12), None]
    third = {"page_3": seen(document("page_3", 20, cache_control="max-age=0"), last=21)}
    ends = [it.end.within.latest for it in numbered(pages, {**witnesses, **third}).pages if it.end is not None]
    assert ends == [at(12), None]
    witnesses["page_2"] = seen(reload, last=11)
    first = numbered(pages, {**witnesses, **third}).pages[0]
    assert first.end is not None
    assert first.end.within.latest == at(20)  # the request for the next document but one


@pytest.mark.parametrize(
    ("failed", "whole", "until", "lives"),
    [
        pytest.param(None, True, 7, True, id="it is the last one"),
        pytest.param(6, True, 6, False, id="a navigation failed: an error page took its place"),
        pytest.param(None, False, 7, False, id="pages may be missing"),
    ],
)
def test_whether_the_last_page_listed_was_there_to_the_end(
    failed: float | None, whole: bool, until: float, lives: bool
) -> None:
    witnesses = {"page_1": seen(document("page_1", 0), last=7, failed=failed)}
    watch = numbered([listed(1, 0)], witnesses, whole=whole).watches["page_1"]
    assert (watch.until, watch.to_the_end) == (at(until), lives)
    assert (watch.assumes is assumptions.PAGE_ALIVE) is lives


def test_an_iframes_document_is_none_of_its_page() -> None:
    iframe = document("page_1", 3, embedded=True, top_level=False)
    assert numbered([listed(1, 0)], {"page_1": seen(iframe, last=7)}).watches["page_1"].to_the_end is False


def test_pages_without_titles_are_not_equal() -> None:
    first, _ = numbered([listed(1, 0, ""), listed(2, 10, "")], {}).pages
    assert first.end is not None
    assert first.end.final is False


def test_a_page_that_repeats_the_date_of_another_is_its_restore() -> None:
    pages = numbered([listed(1, 0), listed(2, 10, "https://h/b"), listed(3, 0)], {}).pages
    assert [page.kind for page in pages] == [PageKind.LOAD, PageKind.UNKNOWN, PageKind.RESTORE]
    assert contradiction([listed(1, 0), listed(2, 10), listed(3, 0)], {}) is None


def test_a_beacon_of_the_page_that_goes_is_no_life_after_the_commit() -> None:
    pages = [listed(1, 0), listed(2, 10)]
    witnesses = {"page_1": seen(document("page_1", 0), last=10.5), "page_2": seen(document("page_2", 10), last=11)}
    assert numbered(pages, witnesses).watches["page_1"].until == at(10.1)


@pytest.mark.parametrize(
    ("pages", "witnesses", "expected"),
    [
        pytest.param([listed(1, 0), listed(1, 9)], {}, "two pages have the same id", id="the same id twice"),
        pytest.param([listed(1, 9), listed(2, 0)], {}, "page numbers are not in order of time", id="numbers against time"),
        pytest.param(
            [listed(1, 0), listed(2, 10)],
            {"page_1": seen(last=30), "page_2": seen(document("page_2", 10), last=31)},
            "requests of a page continue after the next page replaced it", id="an old page among a new one's",
        ),
        pytest.param(
            [listed(1, 0)], {"page_1": seen(document("page_1", 0), document("page_1", 50), last=60)},
            "one page has two documents", id="two documents of one page",
        ),
        pytest.param(
            [listed(1, 10)], {"page_1": Witness(at(2), at(12), ())}, "requests of a page are earlier than the page",
            id="requests before their page",
        ),
    ],
)  # fmt: skip
def test_contradictions(pages: list[Listed], witnesses: dict[str, Witness], expected: str) -> None:
    result = contradiction(pages, witnesses)
    assert result is not None
    assert result.reason == expected
    untrusted = numbered(pages, witnesses, trusted=False)
    assert [page.end for page in untrusted.pages] == [None] * len(pages)
    assert untrusted.watches == {}


def test_dates_in_1970_count_for_nothing() -> None:
    assert contradiction([listed(1, 9), listed(2, None), listed(3, 20)], {}) is None


def test_in_a_tab_a_socket_belongs_to_the_last_document_that_was_answered_before_it() -> None:
    row = identify("Playwright", "1.65.0")
    documents = [document("tab", 0), document("tab", 10, cache_control="max-age=0")]
    pages = tabs_as_pages([], documents, Rules())
    assert [page.kind for page in pages] == [PageKind.LOAD, PageKind.RELOAD]
    assert [page_of("tab", "f", at(t), row, pages) for t in (0.5, 10.05, 10.2)] == ["tab", "tab", "tab#2"]
    assert page_of("another", "g", at(1), row, pages) is None


@pytest.mark.parametrize("assumed", [assumptions.PLAYWRIGHT_LAUNCHED, None])
def test_a_navigation_is_final_only_without_a_back_forward_cache(assumed: Any) -> None:
    documents = [document("tab", 0), document("tab", 10, "https://h/b")]
    first, _ = tabs_as_pages([], documents, Rules(no_bfcache=assumed))
    assert first.end is not None
    assert (first.end.final, first.end.assumes) == (assumed is not None, assumed)


def test_an_iframe_document_is_no_page() -> None:
    documents = [document("tab", 0), document("tab", 10, "https://h/frame", top_level=False)]
    assert len(tabs_as_pages([], documents, Rules(no_bfcache=assumptions.PLAYWRIGHT_LAUNCHED))) == 1


def test_in_chrome_a_pageref_is_the_page() -> None:
    assert page_of("page_7", None, None, CHROME, []) == "page_7"
