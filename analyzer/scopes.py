"""Say which sockets are of the tab that a HAR shows, where a log of the whole browser is analysed together with it.

A socket that only the log has is elsewhere if the captures show that: an extension opened it; code of a site opened it
of which the tab has no document; another tab of that site was opened before, and the log shows no worker of the site
(assumed: there is none). Else it may be the tab's: DevTools misses sockets of workers, and nothing else tells tabs
apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from analyzer import assumptions
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Capture,
    Caveat,
    CaveatKind,
    File,
    Instant,
    Load,
    Requested,
    Trace,
    Where,
    plural,
)

SAME_LOAD = 2 * SECOND  # by which the HAR may be late with a document that the log has
CLOCKS = 5 * MILLISECOND  # by which two formats may differ about one instant


def place(traces: Sequence[Trace], captures: Sequence[Capture]) -> tuple[Trace, ...]:
    """Say of each socket where it belongs, if a HAR of a tab and a log of the whole browser are among the captures."""
    files = [file for capture in captures for file in capture.files]
    tabs = [_Tab(capture) for capture in captures if any(file.of_tab for file in capture.files)]
    if not tabs or not any(file.of_browser for file in files):
        return tuple(traces)
    logs = [_Log(file) for file in files]
    return tuple(msgspec.structs.replace(trace, where=_where(trace, tabs, logs)) for trace in traces)


def limit(traces: Iterable[Trace]) -> Iterator[Caveat]:
    """Say how many sockets are not, or not surely, of the tab, and what that rests on."""
    lots: dict[Where | None, list[Trace]] = {}
    for trace in traces:
        lots.setdefault(trace.where, []).append(trace)
    if elsewhere := lots.get(Where.BROWSER):
        yield CaveatKind.ELSEWHERE.caveat(
            f"Elsewhere in this browser: {plural(len(elsewhere), 'socket')} of another tab, window or extension. "
            "The verdict counts them; findings and check do so with --scope browser."
        )
    if unknown := lots.get(Where.UNKNOWN):
        are = "is in no HAR" if len(unknown) == 1 else "are in no HAR"
        yield CaveatKind.TAB_UNKNOWN.caveat(
            f"{plural(len(unknown), 'socket')} {are}, and may be of this tab (of a worker) or of another one. "
            "--scope browser counts every socket of the browser."
        )
    tab_sites = {trace.origin for trace in lots.get(Where.TAB, ()) if trace.origin}
    if any(trace.origin in tab_sites and not trace.extension for trace in elsewhere or ()):
        yield assumptions.OTHER_TAB


def drop_whole_browser(caveats: Iterable[Caveat], traces: Sequence[Trace]) -> Iterator[Caveat]:
    """Leave out that a log does not show whose a socket is, where the sockets are divided into scopes."""
    is_divided = any(trace.where is not None for trace in traces)
    yield from (caveat for caveat in caveats if not (is_divided and caveat.id == CaveatKind.WHOLE_BROWSER))


class _Documents:
    """When the documents of each site were loaded."""

    def __init__(self, files: Iterable[File]) -> None:
        self.times: dict[str, list[Instant]] = {}
        for file in files:
            for load in file.loaded.documents if file.loaded is not None else ():
                self.times.setdefault(load.origin, []).append(load.at)
        for times in self.times.values():
            times.sort()

    def count(self, site: str, until: Instant) -> int:
        """Count the documents of a site that were loaded by an instant."""
        return bisect_right(self.times.get(site, ()), until)


class _Tab:
    """The tab that a HAR shows."""

    def __init__(self, capture: Capture) -> None:
        self.recorded = None if capture.hides_sockets else capture.observed
        self.documents = _Documents(capture.files)


class _Log:
    """A file; of the whole browser if it is a log."""

    def __init__(self, file: File) -> None:
        self.of_browser, self.loaded = file.of_browser, file.loaded
        self.documents = _Documents([file])


def _where(trace: Trace, tabs: Sequence[_Tab], files: Sequence[_Log]) -> Where:
    own = [files[number] for number in {trace.file, *(place.file for place in trace.also)}]
    if not all(file.of_browser for file in own):
        return Where.TAB
    if trace.extension or all(_is_elsewhere(trace, tab, own) for tab in tabs):
        return Where.BROWSER
    return Where.UNKNOWN


def _is_elsewhere(trace: Trace, tab: _Tab, logs: Sequence[_Log]) -> bool:
    """Was this socket opened by code that is not in this tab, while the tab was recorded?"""
    start, documents, recorded, site = _start(trace), tab.documents, tab.recorded, trace.origin
    if not documents.times or recorded is None or recorded.end is None or start is None:
        return False
    if not site or "://" not in site or not recorded.start <= start <= recorded.end:
        return False
    if site not in documents.times:
        return True
    return all(_shows_another_tab(log, Load(start, site), recorded.start - CLOCKS, documents) for log in logs)


def _shows_another_tab(log: _Log, opening: Load, begin: Instant, documents: _Documents) -> bool:
    """Does the log show that by then more tabs had a document of this site, and no worker of it?

    begin: when the recording of the tab began. documents: those of the tab; more than the log has, where those of
    iframes and of the cache are among them.
    """
    site = opening.origin
    if log.loaded is None or site in log.loaded.workers:
        return False
    of_browser = log.documents.count(site, opening.at) - log.documents.count(site, begin - 1)
    return of_browser > documents.count(site, opening.at + SAME_LOAD)


def _start(trace: Trace) -> Instant | None:
    return next((event.within.earliest for event in trace.events if isinstance(event, Requested)), None)
