"""Name the limits of one HAR: what it may lack, by what all its entries show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer import assumptions
from analyzer.formats.devtools import limit_trailing, origin_of, shorten
from analyzer.formats.har import exporters
from analyzer.formats.har.entry import Socket
from analyzer.formats.har.exporters import Tabs
from analyzer.formats.har.gather import MOST_SCRIPTS
from analyzer.formats.har.pages import NUMBERED, Contradiction, Document
from analyzer.formats.har.reloads import MAX_AGE, NO_CACHE
from analyzer.formats.har.survey import Survey, loads, loads_without_mark
from analyzer.model import Caveat, CaveatKind, Confidence, Effect, Value

RECORDED_LATE = CaveatKind.RECORDED_LATE.caveat(
    "The recording began after the page had loaded. Sockets that opened before are not in this file."
)
FILTERED = CaveatKind.FILTERED.caveat(
    "No page document is in this file: a filter was on when it was saved, and may hide sockets too."
)
UNMARKED = CaveatKind.FILTERED.caveat(
    "This file does not mark page documents, so it does not show whether a filter was on when it was saved."
)
FILTERED_SCRIPTS = CaveatKind.FILTERED.caveat(
    "This file contains neither the code that opened the sockets nor its page: a filter was on when it was saved, and "
    "may hide sockets too."
)
ONLY_SOCKETS = CaveatKind.FILTERED.caveat(
    "Only sockets are in this file: the WS filter was on when it was saved. The file does not show how one page "
    "followed another.",
    Effect.NONE,
)
CLOCK_STEPPED = CaveatKind.CLOCK_STEPPED.caveat(
    "Entries are not in order of time: the clock was set during the recording, or the entries were reordered."
)
EARLIER_PAGES_MISSING = CaveatKind.EARLIER_PAGES_MISSING.caveat(
    "Earlier pages of this tab are not in this file, perhaps because Preserve log was off."
)
EDITED = CaveatKind.EDITED.caveat(
    "Dates or timings of sockets were changed after the export, so only message times are used."
)
REMOVED = CaveatKind.MESSAGES_REMOVED.caveat("Messages were removed from this file.")
MAY_BE_REMOVED = CaveatKind.MESSAGES_REMOVED.caveat(
    "A handshake took longer than 1 s, or messages were removed from this file."
)


class Doubts(Value, frozen=True):
    """What speaks against the file.

    merged: why its pages cannot be those of one recording. is_edited: dates or timings of sockets were changed.
    missing: how sure it is that messages were removed.
    """

    merged: Contradiction | None = None
    is_edited: bool = False
    missing: Confidence | None = None


def limits(survey: Survey, doubts: Doubts) -> list[Caveat]:
    """List the limits of a file; last those that a capture of our own states."""
    by_file = [caveat for limit in LIMITS for caveat in limit(survey, doubts)]
    ids = {caveat.id for caveat in by_file}
    return by_file + [caveat for caveat in survey.log.stated if caveat.id not in ids]


def _cut_off(survey: Survey, _: Doubts) -> list[Caveat]:
    at = survey.log.cut_off
    return [] if at is None else [CaveatKind.CUT_OFF.caveat(f"The file is cut off at byte {at:,}.")]


def _trailing(survey: Survey, _: Doubts) -> list[Caveat]:
    return limit_trailing(survey.log.trailing, "HAR")


def _skips(survey: Survey, _: Doubts) -> list[Caveat]:
    count = survey.gathered.skips.hiding
    if not count:
        return []
    parts = "1 damaged part was" if count == 1 else f"{count:,} damaged parts were"
    return [CaveatKind.ENTRIES_SKIPPED.caveat(f"{parts} skipped, and may contain sockets.")]


def _merge(_: Survey, doubts: Doubts) -> list[Caveat]:
    if doubts.merged is None:
        return []
    message = f"This file was edited or joins several captures: {doubts.merged.reason}."
    return [CaveatKind.MERGED.caveat(message)]


def _clock(survey: Survey, _: Doubts) -> list[Caveat]:
    return [CLOCK_STEPPED] if survey.is_stepped else []


def _earlier_pages(survey: Survey, _: Doubts) -> list[Caveat]:
    missing = survey.is_numbered and survey.listed and not has_first_page(survey)
    return [EARLIER_PAGES_MISSING] if missing else []


def _edits(_: Survey, doubts: Doubts) -> list[Caveat]:
    return [EDITED] if doubts.is_edited else []


def _removals(_: Survey, doubts: Doubts) -> list[Caveat]:
    match doubts.missing:
        case Confidence.PROVEN:
            return [REMOVED]
        case Confidence.POSSIBLE:
            return [MAY_BE_REMOVED]
    return []


# -- what was not recorded, or left out by a filter ----------------------------------------------------------------


def _gaps(survey: Survey, _: Doubts) -> list[Caveat]:
    """Which stretches of time were not recorded, and which entries a filter may have left out."""
    if not survey.log.count or survey.row.tabs not in (Tabs.DOCUMENT, Tabs.TAB):
        return []
    documents, unmarked = loads(survey), survey.signs.unmarked
    starts = [document.started for document in documents] + [unmarked[id][0] for id in loads_without_mark(survey)]
    if starts:
        first = min(starts) - survey.row.start_slack
        if any(socket.started is not None and socket.started < first for socket in survey.sockets):
            return [RECORDED_LATE]
        filtered = [FILTERED_SCRIPTS] if lacks_scripts(survey) else []
        earlier = _earlier_page(survey, min(documents, key=lambda document: document.started)) if documents else []
        return filtered + earlier
    if unmarked:
        return [UNMARKED]
    return [FILTERED] if survey.row.tabs is Tabs.TAB else _without_documents(survey)


def _without_documents(survey: Survey) -> list[Caveat]:
    """What a file of Chrome's without documents may lack."""
    paged = [page.started or 0 for page in survey.listed]
    unpaged = [it.started for it in survey.sockets if it.pageref is None and it.started is not None]
    if not paged or any(at < min(paged) for at in unpaged):
        return [RECORDED_LATE]
    # A filter for sockets shows them all, any other may hide them.
    if survey.gathered.others or not survey.sockets:
        return [FILTERED]
    before = [] if has_first_page(survey) else [no_bfcache(survey) or assumptions.FIRST_RELOADED]
    return [ONLY_SOCKETS, assumptions.NOT_CLEARED, *before]


def _earlier_page(survey: Survey, first: Document) -> list[Caveat]:
    """May a page that is not in the file be kept, with its sockets, by the back/forward cache? Its first page was
    reached from one, or took the place of one that asked for something before, unless that was reloaded."""
    referer = first.ask.referer
    linked = referer is not None and referer != first.ask.url and origin_of(referer) == origin_of(first.ask.url)
    follows = linked or not has_first_page(survey) or survey.gathered.unpaged < first.started
    if not survey.is_numbered or first.ask.directive == MAX_AGE or not follows:
        return []
    if _bars_bfcache(survey):
        return [assumptions.SOCKETS_BAR_BFCACHE]
    by_code = linked and first.ask.initiator == "script"  # F5 is not
    reloaded = first.ask.directive == NO_CACHE and not by_code
    return [assumptions.FIRST_RELOADED if reloaded else assumptions.EARLIER_KEPT]


def has_first_page(survey: Survey) -> bool:
    """Is the first page of the tab in the file?"""
    return any(page.id == "page_1" or not NUMBERED.match(page.id) for page in survey.listed)


def lacks_scripts(survey: Survey) -> bool:
    """Does code whose script is not in the file, nor any document of its origin, open a socket? Then the file was
    filtered, and may hide whole pages."""
    scripts = survey.gathered.scripts
    if not survey.is_numbered or not survey.documents or len(scripts) >= MOST_SCRIPTS:
        return False
    origins = {origin_of(document.url) for document in survey.documents}

    def is_missing(socket: Socket) -> bool:
        # Without any script in the file those of pages that are there show nothing: scripts alone may be filtered out.
        url = socket.scripts[-1] if socket.scripts and (scripts or socket.pageref is None) else ""
        is_web = url.startswith(("http://", "https://"))
        return is_web and shorten(url) not in scripts and origin_of(url) not in origins

    return any(map(is_missing, survey.sockets))


def no_bfcache(survey: Survey) -> Caveat | None:
    """Say why a navigation may be assumed to end the sockets of the page that is left."""
    row = survey.row
    if row.tabs is Tabs.TAB and (survey.log.browser or "").lower() in row.bfcache_off_in:
        return assumptions.PLAYWRIGHT_LAUNCHED
    dates = [page.started for page in survey.listed if page.started is not None]
    restored = len(set(dates)) < len(dates)
    return assumptions.SOCKETS_BAR_BFCACHE if survey.is_numbered and _bars_bfcache(survey) and not restored else None


def _bars_bfcache(survey: Survey) -> bool:
    """Does an open socket keep its page out of the back/forward cache of this version?"""
    version = survey.gathered.chrome
    return version is not None and version <= exporters.SOCKETS_BAR_BFCACHE_UP_TO


LIMITS: Sequence[Callable[[Survey, Doubts], list[Caveat]]] = (
    _cut_off,
    _trailing,
    _skips,
    _merge,
    _clock,
    _gaps,
    _earlier_pages,
    _edits,
    _removals,
)
