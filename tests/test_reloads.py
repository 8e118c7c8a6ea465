"""Reload or navigation: each row is what Chromium 156 did, and what became of the old page's socket by the server's log."""

from __future__ import annotations

import pytest

from analyzer.formats.har.reloads import MAX_AGE, NO_CACHE, Ask, Ordinary, Replaces, Way, directive, replaces

APP, ROOM, HOME = "http://h/app", "http://h/room/5", "http://h/home"
TYPED = Ask(APP, "GET", None, "none", None, "other")
TYPED_NO_CACHE = Ask(APP, "GET", NO_CACHE, "none", None, "other")
PLAIN = Ordinary(frozenset(), True)
DISABLED = Ordinary(frozenset({NO_CACHE}), True)  # "Disable cache" is on
NO_REFERRER = Ordinary(frozenset({NO_CACHE}), False)
RELOAD, ASSUMED, NAVIGATION = Replaces.RELOAD, Replaces.RELOAD_ASSUMED, Replaces.NAVIGATION


def ask(
    url: str,
    asks: str | None,
    site: str | None = "none",
    referer: str | None = None,
    initiator: str | None = "other",
    method: str = "GET",
) -> Ask:
    return Ask(url, method, asks, site, referer, initiator)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(ask(APP, MAX_AGE), RELOAD, id="F5"),
        pytest.param(ask(APP, NO_CACHE), ASSUMED, id="Ctrl-Shift-R"),
        pytest.param(ask(APP, MAX_AGE, "same-origin", APP, "script"), RELOAD, id="location.reload()"),
        pytest.param(ask(APP, MAX_AGE, "same-origin", APP, "other"), RELOAD, id="a meta refresh"),
        pytest.param(ask(APP, MAX_AGE, "same-origin", None, "script"), RELOAD, id="location.reload(), no-referrer"),
        pytest.param(ask(APP, None, "same-origin", APP), RELOAD, id="a link to itself"),
        pytest.param(ask(APP, None, "same-origin", APP, "script"), RELOAD, id="location.href = itself"),
        pytest.param(ask(ROOM, MAX_AGE, "same-origin"), ASSUMED, id="F5 after pushState"),
        pytest.param(
            ask(ROOM, MAX_AGE, "same-origin", ROOM, "script"), ASSUMED, id="location.reload() after pushState"
        ),
        pytest.param(ask(APP, None), NAVIGATION, id="the first URL typed, perhaps after pushState"),
        pytest.param(ask(APP, None, "same-origin", ROOM), NAVIGATION, id="pushState, then a link to the first URL"),
        pytest.param(ask(APP + "?", None, "same-origin", APP), NAVIGATION, id="a form that gets itself"),
        pytest.param(ask(APP, MAX_AGE, "same-origin", APP, method="POST"), NAVIGATION, id="a form that is posted"),
        pytest.param(ask(ROOM, None, "same-origin", APP), NAVIGATION, id="a link elsewhere"),
        pytest.param(ask("http://other/", MAX_AGE), NAVIGATION, id="max-age=0 at another site"),
        pytest.param(ask(APP, MAX_AGE, "same-origin", HOME), NAVIGATION, id="max-age=0, but asked for by another page"),
        pytest.param(ask(APP, MAX_AGE, None, None), RELOAD, id="F5 over plain http: no Sec-Fetch headers"),
        pytest.param(ask(APP, None, None, ROOM), NAVIGATION, id="a link over plain http"),
    ],
)
def test_with_the_cache_on(after: Ask, expected: Replaces) -> None:
    assert replaces(TYPED, after, PLAIN, Way()) is expected


@pytest.mark.parametrize(
    ("before", "after", "ordinary", "expected"),
    [
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE), DISABLED, ASSUMED, id="F5"),
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE, "same-origin", APP, "script"), DISABLED, RELOAD, id="location.reload()"),
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE, "same-origin", APP), DISABLED, RELOAD, id="a link to itself"),
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE, "same-origin", ROOM), DISABLED, NAVIGATION, id="pushState, a click on a link"),
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE, "same-origin", None), NO_REFERRER, NAVIGATION, id="the same, no-referrer"),
        pytest.param(TYPED_NO_CACHE, ask(APP, NO_CACHE, "same-origin", None, "script"), NO_REFERRER, NAVIGATION, id="the same by a script"),
        pytest.param(TYPED, ask(APP, NO_CACHE, "same-origin", ROOM), PLAIN, NAVIGATION, id="ticked in between"),
        pytest.param(TYPED_NO_CACHE, ask(ROOM, NO_CACHE, "same-origin"), DISABLED, ASSUMED, id="F5 after pushState"),
        pytest.param(TYPED_NO_CACHE, ask(ROOM, NO_CACHE, "same-origin"), NO_REFERRER, NAVIGATION, id="F5 after pushState, or a link, no-referrer"),
        pytest.param(TYPED_NO_CACHE, ask(ROOM, NO_CACHE, "same-origin", None, "script"), DISABLED, NAVIGATION, id="a script leads elsewhere"),
        pytest.param(TYPED_NO_CACHE, ask(ROOM, NO_CACHE), DISABLED, NAVIGATION, id="another URL typed"),
        pytest.param(
            ask(APP, NO_CACHE, "same-origin", HOME), ask(APP, NO_CACHE, "same-origin", HOME), DISABLED, ASSUMED,
            id="F5 of what a link led to",
        ),
        pytest.param(
            ask(APP, NO_CACHE, "same-origin"), ask(APP, NO_CACHE, "same-origin"), NO_REFERRER, NAVIGATION,
            id="F5 of what a link without Referer led to, or such a link",
        ),
        pytest.param(ask(APP, NO_CACHE, None), ask(APP, NO_CACHE, None), DISABLED, ASSUMED, id="F5 over plain http"),
        pytest.param(ask(APP, NO_CACHE, None), ask(APP, NO_CACHE, None), NO_REFERRER, NAVIGATION, id="the same, no-referrer"),
        pytest.param(
            ask(APP, NO_CACHE, None), ask(APP, NO_CACHE, None, initiator="script"), DISABLED, NAVIGATION, id="a script's",
        ),
        pytest.param(
            ask("http://h/", NO_CACHE), ask("http://h/", NO_CACHE, "same-origin", "http://h/"), DISABLED, ASSUMED,
            id="Referrer-Policy origin makes this of any page of the site",
        ),
    ],
)  # fmt: skip
def test_with_the_cache_disabled(before: Ask, after: Ask, ordinary: Ordinary, expected: Replaces) -> None:
    assert replaces(before, after, ordinary, Way()) is expected


def test_what_ordinary_requests_carry_is_no_sign() -> None:
    """A script that asks with `cache: "no-cache"` sends max-age=0."""
    ordinary = Ordinary(frozenset({MAX_AGE}), True)
    assert replaces(ask(APP, MAX_AGE), ask(ROOM, MAX_AGE, "same-origin"), ordinary, Way()) is NAVIGATION
    assert replaces(ask(APP, MAX_AGE), ask(APP, MAX_AGE), ordinary, Way()) is ASSUMED


@pytest.mark.parametrize(
    ("way", "after", "expected"),
    [
        pytest.param(
            Way(), ask("http://h/login", MAX_AGE, "same-origin", HOME, method="POST"), NAVIGATION, id="a posted form"
        ),
        pytest.param(Way(other_process=True), ask(APP, NO_CACHE), NAVIGATION, id="a blank page lay in between"),
        pytest.param(Way(other_process=True), ask(APP, MAX_AGE), RELOAD, id="F5 of a page that had crashed"),
        pytest.param(Way(framed=True), ask(APP, None, "same-origin", APP), ASSUMED, id="a link, perhaps in an iframe"),
        pytest.param(
            Way(framed=True), ask(APP, MAX_AGE, "same-origin", APP), RELOAD, id="location.reload() beside one"
        ),
    ],
)
def test_what_else_the_file_shows(way: Way, after: Ask, expected: Replaces) -> None:
    assert replaces(TYPED, after, PLAIN, way) is expected


def test_a_page_that_a_link_led_to_repeats_its_referer_after_pushstate() -> None:
    linked = ask(APP, None, "same-origin", HOME)
    assert replaces(linked, ask(ROOM, MAX_AGE, "same-origin", HOME), PLAIN, Way()) is ASSUMED
    assert replaces(TYPED, ask(ROOM, MAX_AGE, "same-origin", APP), PLAIN, Way()) is NAVIGATION  # paused over a link


def test_nothing_is_known_of_a_page_whose_document_is_not_in_the_file() -> None:
    assert replaces(None, ask(APP, MAX_AGE), PLAIN, Way()) is NAVIGATION


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("max-age=0", MAX_AGE),
        ("No-Cache", NO_CACHE),
        ("no-cache, max-age=0", NO_CACHE),
        ("max-age=60", None),
        ("", None),
    ],
)
def test_the_directive(header: str, expected: str | None) -> None:
    assert directive(header) == expected
