"""Name the assumptions that an answer may rest on although the capture does not show them.

There are two kinds: what a user states about a capture (`--assume`), and what nearly always holds and no file shows. An
assumption of the second kind can be turned off where an option exists for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from analyzer.model import Assume, Capture, Caveat, CaveatKind, Session

RELOAD = CaveatKind.ASSUMED_RELOAD.caveat(
    "Assumed: the page was reloaded when its tab loaded the same address again. If a blank page came in between, or "
    "somebody typed the address after history.pushState, the back/forward cache may have kept the old page and its "
    "sockets; then pass --assume bfcache."
)
PLAYWRIGHT_LAUNCHED = CaveatKind.ASSUMED_NO_BFCACHE.caveat(
    "Assumed: Playwright launched the browser itself with the back/forward cache off, so the sockets of a page closed "
    "when the tab left the page. With connectOverCDP or other browser arguments they may stay open; then pass --assume "
    "bfcache."
)
SOCKETS_BAR_BFCACHE = CaveatKind.ASSUMED_NO_BFCACHE.caveat(
    "Assumed: the sockets of a page closed when the tab left the page, because the back/forward cache of Chrome up to "
    "149 keeps no page with an open socket. The User-Agent names the version. If that is wrong, pass --assume bfcache."
)
FIRST_RELOADED = CaveatKind.ASSUMED_FIRST_RELOAD.caveat(
    "Assumed: the first page in this file was reloaded. If a link led to it instead, the back/forward cache may keep "
    "the page before it, with sockets that are not in this file."
)
NOT_CLEARED = CaveatKind.ASSUMED_NOT_CLEARED.caveat(
    "Assumed: nobody cleared the log during the recording. A file that contains only sockets does not show that."
)
ALL_PARTS = CaveatKind.ASSUMED_ALL_PARTS.caveat(
    "Assumed: these files are all parts of one log. driver.get_log empties the log: if a part between two of them was "
    "not saved, what happened then is missing, also closes."
)
EARLIER_KEPT = CaveatKind.EARLIER_PAGE_KEPT.caveat(
    "A page that is not in this file led to the first page in it. The back/forward cache may keep that page and its "
    "sockets."
)
PAGE_ALIVE = CaveatKind.ASSUMED_PAGE_ALIVE.caveat(
    "Assumed: when the file was saved, the last page was still open and the recording was not paused. Chrome does not "
    "record that a page was closed, crashed or was replaced by about:blank."
)
OTHER_TAB = CaveatKind.ASSUMED_OTHER_TAB.caveat(
    "Assumed: sockets that only the log of the browser has are of another tab of the same site, which the log shows, "
    "and not of a worker of this tab, since it shows no worker. If that is wrong, pass --scope browser."
)
PROXY_ENDED = CaveatKind.ASSUMED_PROXY_ENDED.caveat(
    "Assumed: mitmproxy ended normally. It writes the sockets that are still open as it ends: if it was killed, or the "
    "file was copied before, they are missing."
)
KEPT_OPEN = CaveatKind.ASSUMED_KEPT_OPEN.caveat(
    "Assumed: a socket whose page was in the back/forward cache stayed open for as long as the page was there, as the "
    "page itself sees it. Chrome reports no close before the page comes back; the server may have closed it."
)
BY_WORD = {
    Assume.NO_BFCACHE: CaveatKind.ASSUMED_NO_BFCACHE.caveat(
        "Assumed (--assume no-bfcache): the back/forward cache was off."
    ),
    Assume.BFCACHE: CaveatKind.ASSUMED_BFCACHE.caveat("Assumed (--assume bfcache): the back/forward cache was on."),
    Assume.RECORDED_FROM_START: CaveatKind.ASSUMED_RECORDED_FROM_START.caveat(
        "Assumed (--assume recorded-from-start): the recording began before the page loaded, and nobody cleared it."
    ),
}
SETTLES = {  # the caveats that are void then
    Assume.NO_BFCACHE: (EARLIER_KEPT.id, FIRST_RELOADED.id, SOCKETS_BAR_BFCACHE.id),
    Assume.BFCACHE: (FIRST_RELOADED.id, SOCKETS_BAR_BFCACHE.id),
    Assume.RECORDED_FROM_START: (
        "recorded-late",
        EARLIER_KEPT.id,
        FIRST_RELOADED.id,
        SOCKETS_BAR_BFCACHE.id,
        NOT_CLEARED.id,
    ),
}


def gist(caveat: Caveat) -> str:
    """Say what is assumed, as the end of a sentence."""
    return caveat.message.partition(": ")[2].partition(". ")[0].rstrip(".")


def apply(capture: Capture, assume: Iterable[Assume]) -> Capture:
    """Apply to a capture what somebody states about it."""
    words = [word for word in Assume if word in set(assume)]
    if not words:
        return capture
    void = {id for word in words for id in SETTLES[word]}
    caveats = [it for it in capture.caveats if it.id not in void]
    if Assume.BFCACHE in words and Assume.RECORDED_FROM_START not in words and len(caveats) < len(capture.caveats):
        caveats.append(EARLIER_KEPT)
    return msgspec.structs.replace(capture, caveats=(*caveats, *(BY_WORD[word] for word in words)))


def add_caveats(capture: Capture, sessions: Iterable[Session]) -> Capture:
    """Add to a capture what its sessions rest on as caveats, each once; of several files, with those it is about."""
    ids = {caveat.id for caveat in capture.caveats}
    files: dict[Caveat, dict[int, None]] = {}
    for session in sessions:
        for caveat in (session.assumes, session.contradicts):
            if caveat is not None and caveat.id not in ids:
                files.setdefault(caveat, {})[session.seen_in[0].file if session.seen_in else 0] = None
    rests = (_attribute(caveat, capture, sorted(places)) for caveat, places in files.items())
    return msgspec.structs.replace(capture, caveats=(*capture.caveats, *rests)) if files else capture


def _attribute(caveat: Caveat, capture: Capture, files: Sequence[int]) -> Caveat:
    """Name the files that a caveat is about, unless it is about all."""
    if len(files) == len(capture.files):
        return caveat
    sources = ", ".join(capture.files[file].source for file in files)
    return msgspec.structs.replace(caveat, message=f"{sources}: {caveat.message}")
