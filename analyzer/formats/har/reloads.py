"""Decide whether a document request reloaded the page before it, or led away from that.

A reload takes the sockets of the page with it. A navigation may leave them connected: the page is kept in the
back/forward cache. HAR names neither, so the request's own headers must tell them apart. Measured with Chromium 156:

| what the user did | Sec-Fetch-Site and Referer | Cache-Control |
|---|---|---|
| F5 | those of the load that it repeats | max-age=0 |
| F5 after the fragment or the state was changed | same-origin, none | max-age=0 |
| Ctrl-Shift-R, or F5 with "Disable cache" on | those of the load that it repeats | no-cache |
| `location.reload()`, a link to the page's own URL | same-origin, the page's URL | max-age=0, none |
| a link elsewhere, or back to the first URL after `history.pushState` | same-origin, another URL | none |

"Disable cache" puts `no-cache` on every request, and a script may put `max-age=0` on its own: a directive that ordinary
requests carry is no sign. `_initiator` tells little: a click of the mouse is "other", as F5 is.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.formats.devtools import origin_of, shorten
from analyzer.formats.har.raw import RawRequest
from analyzer.model import Value

MAX_AGE, NO_CACHE = "max-age=0", "no-cache"


class Replaces(StrEnum):
    """What became of the page before."""

    RELOAD = "reload"  # it is gone, and its sockets with it
    RELOAD_ASSUMED = "reload-assumed"  # likewise, if no page without requests of its own lay in between
    NAVIGATION = "navigation"  # it may be kept, its sockets connected


class Ask(Value, frozen=True):
    """How a document was asked for. None: the file does not say."""

    url: str  # without the fragment
    method: str
    directive: str | None  # of Cache-Control: MAX_AGE, NO_CACHE
    site: str | None  # Sec-Fetch-Site
    referer: str | None  # without the fragment
    initiator: str | None  # `_initiator.type`


class Ordinary(Value, frozen=True):
    """What requests that are no documents carry."""

    directives: frozenset[str] = frozenset()
    referer: bool | None = None  # a Referer: so the page's Referrer-Policy does not leave it out; None: there are none


class Way(Value, frozen=True):
    """What else the file shows of how one document followed another."""

    framed: bool = False  # there are iframes: a link in one may have its address as Referer
    other_process: bool = False  # ids of its scripts fell: not the process of the page before, in which a reload stays


def replaces(before: Ask | None, after: Ask, ordinary: Ordinary, way: Way) -> Replaces:
    """What a document did to the page that `before` had loaded. `after`: how it was asked for; where redirects led to
    it, the first request."""
    kind = _replaces(before, after, ordinary, way)
    return Replaces.NAVIGATION if kind is Replaces.RELOAD_ASSUMED and way.other_process else kind


def _replaces(before: Ask | None, after: Ask, ordinary: Ordinary, way: Way) -> Replaces:
    if before is None or after.method != "GET":
        return Replaces.NAVIGATION
    repeats = _repeats(before, after)
    asks_anew = after.directive == MAX_AGE and MAX_AGE not in ordinary.directives
    if after.url != before.url:
        # Chrome sends max-age=0 for a reload alone (and for forms that are posted): `history.pushState` had changed
        # the page's URL. Then F5 has no Referer, `location.reload()` that very URL.
        own = after.referer in (None, after.url, before.referer)
        same_site = origin_of(after.url) == origin_of(before.url) and after.site in (None, "same-origin")
        # With "Disable cache" on a link that sends no Referer looks the same, which other requests of the site do send.
        unsent = after.referer is None and after.site == "same-origin" and ordinary.referer is True
        by_browser = unsent and after.directive == NO_CACHE and after.initiator in (None, "other")
        return Replaces.RELOAD_ASSUMED if (asks_anew or by_browser) and own and same_site else Replaces.NAVIGATION
    if after.referer == after.url:  # asked for by the page itself: the browser replaces a page by its own URL
        # `Referrer-Policy: origin` makes a Referer of that form, whatever the page's URL is.
        sure = asks_anew or (after.url != origin_of(after.url) + "/" and not way.framed)
        return Replaces.RELOAD if sure else Replaces.RELOAD_ASSUMED
    # A page whose fragment or state was changed is reloaded as its own site asks for it, without a Referer.
    changed = after.referer is None and after.site in (None, "none", "same-origin")
    if asks_anew:
        return Replaces.RELOAD if repeats or changed else Replaces.NAVIGATION
    if after.directive is None or not (repeats or changed) or after.initiator not in (None, "other"):
        return Replaces.NAVIGATION
    return Replaces.NAVIGATION if _may_be_link(after, ordinary) else Replaces.RELOAD_ASSUMED


def _may_be_link(after: Ask, ordinary: Ordinary) -> bool:
    """May it be a link of a page whose Referrer-Policy leaves the Referer out? That looks as F5 does."""
    if after.referer is not None or after.site not in (None, "same-origin"):
        return False
    return ordinary.referer is False or (ordinary.referer is None and after.site is not None)


def ask(request: RawRequest, sent: dict[str, str], initiator: str | None) -> Ask:
    """How a document was asked for. `sent`: the request's headers, names in lower case."""
    referer = sent.get("referer")
    return Ask(
        url=shorten((request.url or "").partition("#")[0]),
        method=(request.method or "").upper(),
        directive=directive(sent.get("cache-control", "")),
        site=sent.get("sec-fetch-site"),
        referer=None if referer is None else shorten(referer.partition("#")[0]),
        initiator=initiator,
    )


def directive(cache_control: str) -> str | None:
    """How the request asks caches; a reload asks them anew."""
    asks = cache_control.replace(" ", "").lower()
    return NO_CACHE if NO_CACHE in asks else MAX_AGE if MAX_AGE in asks else None


def _repeats(before: Ask, after: Ask) -> bool:
    """Does it name the same page as its referrer, as a reload does? Headers that were not recorded tell nothing."""
    if before.site is None or after.site is None:
        return before.referer == after.referer or after.referer is None
    return (before.site, before.referer) == (after.site, after.referer)
