"""Define what limits a capture: one row per kind of caveat.

A value is its id, as the JSON has it; beside it stand its effect and the words of docs/json.md.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.model.value import Value


class Effect(StrEnum):
    """What a caveat does to the verdict."""

    NONE = "none"
    HIDES_SOCKETS = "hides sockets"  # whole sockets may be missing: without an overlap the verdict is inconclusive
    ASSUMED = "assumed"  # the answer rests on it, though the capture does not show it


class Caveat(Value, frozen=True):
    """Why the capture as a whole may show less than happened.

    hides_sockets: whole sockets may be missing.
    assumed: the answer rests on it, though the capture does not show it.
    """

    id: str
    message: str
    hides_sockets: bool = False
    assumed: bool = False


class CaveatKind(StrEnum):
    """What limits a capture. The value is its id in the JSON.

    effect: what it does to the verdict.
    meaning: for docs/json.md; the sentence that a report has names what is in this capture.
    withdrawal: of an assumption, the option that withdraws it.
    """

    effect: Effect
    meaning: str
    withdrawal: str

    def __new__(cls, id: str, effect: Effect, meaning: str, withdrawal: str = "") -> CaveatKind:
        """Make a row: the string itself is the id."""
        row = str.__new__(cls, id)
        row._value_ = id
        row.effect, row.meaning, row.withdrawal = effect, meaning, withdrawal
        return row

    def caveat(self, message: str, effect: Effect | None = None) -> Caveat:
        """Make a caveat of this kind. `effect`: where it differs in this capture."""
        does = effect or self.effect
        return Caveat(self.value, message, does is Effect.HIDES_SOCKETS, does is Effect.ASSUMED)

    SOCKETS_NOT_EXPORTED = "sockets-not-exported", Effect.HIDES_SOCKETS, "this exporter never writes WebSockets"
    CLOCKS_AS_THEY_ARE = (
        "clocks-as-they-are",
        Effect.NONE,
        "with `--together`: several captures are analysed as one, with their clocks unchanged",
    )
    CONTRADICTORY = (
        "contradictory",
        Effect.NONE,
        "the records of a socket contradict each other about an instant: the bounds hold all that either says",
    )
    NOT_OF_ONE_RUN = (
        "not-of-one-run",
        Effect.HIDES_SOCKETS,
        "with `--together`: a capture of another format shares no socket with the others, so it is of another run",
    )
    SOURCE_MAP_UNUSED = (
        "source-map-unused",
        Effect.NONE,
        "a source map of a script is damaged or not certain: the lines of the loaded file are shown",
    )
    ELSEWHERE = (
        "elsewhere-in-browser",
        Effect.NONE,
        (
            "with `--together`: sockets that only a log of the browser has, of another tab, window or an extension; "
            "findings count them with `--scope browser`"
        ),
    )
    TAB_UNKNOWN = (
        "tab-unknown",
        Effect.NONE,
        (
            "with `--together`: sockets that only a log of the browser has, of this tab or of another one; a `check` "
            "that depends on them is undecided without `--scope browser`"
        ),
    )
    OPEN_SOCKETS_NOT_EXPORTED = (
        "open-sockets-not-exported",
        Effect.HIDES_SOCKETS,
        "this exporter leaves out sockets that were still open",
    )
    EXPORTER_UNKNOWN = (
        "exporter-unknown",
        Effect.HIDES_SOCKETS,
        "this program is unknown, and so is what it leaves out",
    )
    CUT_OFF = "cut-off", Effect.HIDES_SOCKETS, "the file ends before it is complete"
    TRAILING_DATA = "trailing-data", Effect.HIDES_SOCKETS, "something follows the capture in the file"
    DAMAGED = (
        "damaged",
        Effect.HIDES_SOCKETS,
        "the checksum of the packed file is wrong, or a part cannot be unpacked: nothing that it says is certain",
    )
    ENTRIES_SKIPPED = "entries-skipped", Effect.HIDES_SOCKETS, "damaged parts were skipped, possibly with sockets"
    MERGED = "merged", Effect.HIDES_SOCKETS, "several captures in one file, or an edited one: page ends prove nothing"
    CLOCK_STEPPED = (
        "clock-stepped",
        Effect.HIDES_SOCKETS,
        (
            "entries run backwards, which this exporter does not write: the machine's clock was set during the "
            "recording, or the entries were shuffled"
        ),
    )
    RECORDED_LATE = (
        "recorded-late",
        Effect.HIDES_SOCKETS,
        (
            "sockets are older than the first page that was recorded from its load on, or there is no such page: "
            "others possibly opened before"
        ),
    )
    BEGINNING_LOST = (
        "beginning-lost",
        Effect.HIDES_SOCKETS,
        "the file was limited in size, and dropped what came first: sockets that were open then are possibly missing",
    )
    PAGES_ONLY = (
        "pages-only",
        Effect.HIDES_SOCKETS,
        (
            "the program listened to pages alone: sockets of workers and of iframes of other sites are not in the file "
            "(none are hidden if the file shows that there are no workers or such iframes)"
        ),
    )
    EARLIER_PAGE_KEPT = (
        "earlier-page-kept",
        Effect.HIDES_SOCKETS,
        (
            "the first page was reached from a page that is not in the file (by a link, or code of an earlier page "
            "asked for something before), which the back/forward cache may keep with its sockets (Chrome 150 and "
            "later, or of unknown version)"
        ),
    )
    EARLIER_PAGES_MISSING = (
        "earlier-pages-missing",
        Effect.NONE,
        "the tab loaded pages before the first one in the file (Preserve log was off)",
    )
    FILTERED = (
        "filtered",
        Effect.HIDES_SOCKETS,
        (
            "no page document in the file, nothing that marks one, or a socket's script and page are missing: the "
            "file was filtered when it was saved. With sockets alone (the filter on WS) none is hidden, but the file "
            "does not show how pages followed each other"
        ),
    )
    EDITED = (
        "edited",
        Effect.HIDES_SOCKETS,
        "dates or timings of sockets were changed after the export: only message times count",
    )
    EXPORT_BEHIND = (
        "export-behind",
        Effect.HIDES_SOCKETS,
        (
            "sockets were opened in a flood until the end of the file: more of them, and closes just before the end, "
            "may be missing"
        ),
    )
    MESSAGES_REMOVED = (
        "messages-removed",
        Effect.NONE,
        "messages were removed from the file; a socket without any possibly had a long handshake",
    )
    CLOSES_NOT_RECORDED = "closes-not-recorded", Effect.NONE, "this exporter does not record when a socket closed"
    USER_UNKNOWN = (
        "user-unknown",
        Effect.NONE,
        "`--per user`: sockets of unknown users are counted together by browser context, if each has one, else by "
        "address",
    )
    RECORDING_STARTED_LATE = (
        "recording-started-late",
        Effect.HIDES_SOCKETS,
        "sockets had opened before the recording began",
    )
    SHARED_WORKER = (
        "shared-worker",
        Effect.HIDES_SOCKETS,
        "a shared worker ran during the recording: sockets that it opened as it started are not in the file",
    )
    SERVICE_WORKER = (
        "service-worker",
        Effect.HIDES_SOCKETS,
        "a service worker ran while the test kept the recorder from listening",
    )
    RECORDING_CUT_SHORT = (
        "recording-cut-short",
        Effect.HIDES_SOCKETS,
        "the browser, or the program that drives it, went away during the recording",
    )
    PAGE_HEARD_LATE = (
        "page-heard-late",
        Effect.HIDES_SOCKETS,
        (
            "a popup or tab ran before the recorder could listen to it: what it had opened and closed by then is not "
            "in the file"
        ),
    )
    WORKERS_NOT_HEARD = (
        "workers-not-heard",
        Effect.HIDES_SOCKETS,
        "a worker ran in a browser that does not report its sockets (Firefox, WebKit)",
    )
    INSTANTS_AS_SEEN = (
        "instants-as-seen",
        Effect.NONE,
        "recorded without the browser's own times (Firefox, WebKit): all are somewhat late",
    )
    OUT_OF_SIGHT = (
        "out-of-sight",
        Effect.NONE,
        (
            "Chrome does not show sockets that are older than its recording, those of shared workers, nor what "
            "happened while the recording was paused"
        ),
    )
    WHOLE_BROWSER = (
        "whole-browser",
        Effect.NONE,
        "a log of the browser holds the sockets of all its tabs, windows and workers, and does not show whose each is",
    )
    THROUGH_PROXY = (
        "through-proxy",
        Effect.NONE,
        (
            "a proxy records the sockets that go through it, of all browsers, tabs and programs alike, and no others; "
            "it learns late that a browser on another machine is gone"
        ),
    )
    ASSUMED_RELOAD = (
        "assumed-reload",
        Effect.ASSUMED,
        (
            "a page was reloaded if its tab loaded its address again, and nothing in the file distinguishes a reload "
            "from a visit after a blank page or after `history.pushState`"
        ),
        "--assume bfcache",
    )
    ASSUMED_NO_BFCACHE = (
        "assumed-no-bfcache",
        Effect.ASSUMED,
        (
            "a page that was left took its sockets with it: Playwright launched the browser, Chrome is older than "
            "150, or `--assume no-bfcache` states it"
        ),
        "--assume bfcache",
    )
    ASSUMED_FIRST_RELOAD = (
        "assumed-first-reload",
        Effect.ASSUMED,
        (
            "the first page of the file was reloaded, so no socket of a page before it is still open "
            '("Disable cache" was on, or only sockets are in the file, which hides it)'
        ),
        "--assume bfcache",
    )
    ASSUMED_NOT_CLEARED = (
        "assumed-not-cleared",
        Effect.ASSUMED,
        "a file that holds sockets alone was filtered to WS, and its log was not cleared",
    )
    ASSUMED_ALL_PARTS = (
        "assumed-all-parts",
        Effect.ASSUMED,
        "with `--together`: files that are parts of one log of DevTools events are all of its parts",
    )
    ASSUMED_PAGE_ALIVE = (
        "assumed-page-alive",
        Effect.ASSUMED,
        "the last page was still there when the file was saved, and the recording had not been paused",
    )
    ASSUMED_OTHER_TAB = (
        "assumed-other-tab",
        Effect.ASSUMED,
        (
            "with `--together`: a socket that only a log of the browser has is of another tab of the same site, as the "
            "log shows such a tab, and no worker of the site"
        ),
        "--scope browser",
    )
    ASSUMED_PROXY_ENDED = (
        "assumed-proxy-ended",
        Effect.ASSUMED,
        (
            "mitmproxy ended normally: as it ends, it writes the sockets that are still open, and no flow in the file "
            "was open"
        ),
    )
    ASSUMED_KEPT_OPEN = (
        "assumed-kept-open",
        Effect.ASSUMED,
        "a socket whose page the back/forward cache kept stayed open for as long as the page was there",
    )
    ASSUMED_BFCACHE = "assumed-bfcache", Effect.ASSUMED, "the back/forward cache was on: `--assume bfcache` states it"
    ASSUMED_RECORDED_FROM_START = (
        "assumed-recorded-from-start",
        Effect.ASSUMED,
        "the recording began before the page, and nobody cleared it: `--assume recorded-from-start` states it",
    )
