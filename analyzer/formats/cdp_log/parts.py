"""Join the files that are parts of one log: whoever asks chromedriver for its log gets each event once.

driver.get_log("performance") empties the log, so one run may be saved in several files. Ids of requests repeat from run
to run; those of targets, frames, documents and sessions are 128 random bits, so two files with one in common are of one
run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing

import msgspec

from analyzer.assumptions import ALL_PARTS
from analyzer.formats.cdp_log.raw import Log, decode_params
from analyzer.formats.cdp_log.reader import read_parts
from analyzer.formats.source import Source, open_source
from analyzer.model import Capture, CaptureError, Caveat, CaveatKind
from analyzer.patterns import Pattern

RANDOM_ID = Pattern(r"[0-9A-F]{32}")
MOST_IDS = 100_000
IN_ORDER = ("Network.webSocket", "Network.requestWillBeSent", "Page.")  # others are reported up to 2.3 s late
OUT_OF_ORDER = 0.05  # seconds by which these may be; measured in 111 logs: 0.007


class Part(msgspec.Struct, frozen=True):
    """What tells whether a file goes on where another one ends.

    first, last: when chromedriver received its events (ms), else when they happened (monotonic seconds).
    names_targets: each of its events has the id of the page that it is of.
    """

    ids: frozenset[str]
    first: float
    last: float
    is_dated: bool  # by chromedriver
    is_whole: bool
    names_targets: bool

    def follows(self, before: Part) -> bool:
        """Did its events happen after those of another part, which has an end?"""
        return before.is_whole and self.first >= before.last - (0 if self.is_dated else OUT_OF_ORDER)


class _Joined:
    """The parts of one log so far. `is_open`: another part may go on where they end."""

    def __init__(self, place: int, part: Part) -> None:
        self.places = [place]
        self.last = part
        self.ids = part.ids
        self.is_open = True

    def shares_ids(self, part: Part) -> bool:
        """Are both of one run?"""
        return not self.ids.isdisjoint(part.ids)

    def add(self, place: int, part: Part) -> None:
        """Go on with this part."""
        self.places.append(place)
        self.last = part
        self.ids |= part.ids


def join(captures: Sequence[Capture]) -> list[Capture]:
    """Read the captures that are parts of one log as one, in the place of the first of them; leave the others.

    A part that cannot be placed may belong anywhere, so then nothing is joined.
    """
    places = [place for place, capture in enumerate(captures) if capture.format == "cdp-log"]
    parts = [_survey(captures[place]) for place in places]
    surveys = {place: part for place, part in zip(places, parts, strict=True) if part is not None}
    joined = dict(enumerate(captures))
    for log in find_logs(surveys) if len(surveys) == len(places) else []:
        whole = _read_joined([captures[place] for place in log])
        if whole is not None:
            for place in log:
                del joined[place]
            joined[min(log)] = whole
    return [joined[place] for place in sorted(joined)]


def find_logs(parts: Mapping[int, Part]) -> list[list[int]]:
    """Find the parts of each log that is in more than one, in their order: one goes on where the one before it ends.

    A log ends where a part follows that may be of its run, and is not known to be: that one may hold closes.
    """
    logs: list[_Joined] = []
    if len({part.is_dated for part in parts.values()}) > 1:
        return []
    for place, part in sorted(parts.items(), key=lambda item: (item[1].first, item[1].last)):
        log = next((it for it in logs if it.is_open and it.shares_ids(part) and part.follows(it.last)), None)
        for other in logs:
            if other is not log and (other.shares_ids(part) or (log is None and not part.names_targets)):
                other.is_open = False
        if log is None:
            logs.append(_Joined(place, part))
        else:
            log.add(place, part)
    return [log.places for log in logs if len(log.places) > 1]


def _survey(capture: Capture) -> Part | None:
    """Look through a log again; None for what is none, or cannot be read a second time, or has no date."""
    if capture.format != "cdp-log":
        return None
    try:
        with open_source(capture.source) as (source, _):
            return _survey_log(Log(source), all(it.id != CaveatKind.CUT_OFF for it in capture.caveats))
    except CaptureError:
        return None


def _survey_log(log: Log, is_whole: bool) -> Part | None:
    ids: set[str] = set()
    dates: list[float] = []
    stamps: list[float] = []
    names_targets = True
    for message, session, _ in log.events():
        params, targets = decode_params(message.params), session.split("/")
        names_targets = names_targets and any(map(RANDOM_ID.fullmatch, targets))
        if len(ids) < MOST_IDS:
            named = (*targets, params.loaderId, params.frameId, params.sessionId, params.targetId)
            ids.update(id for id in (*named, params.frame.id) if RANDOM_ID.fullmatch(id))
        _widen(dates, log.received)
        _widen(stamps, params.timestamp if message.method.startswith(IN_ORDER) else None)
    times = dates or stamps
    if not times:
        return None
    return Part(frozenset(ids), times[0], times[1], bool(dates), is_whole, names_targets)


def _widen(span: list[float], at: float | None) -> None:
    """Take an instant into the first and the last one."""
    if at is not None:
        span[:] = (min(span[0], at), max(span[1], at)) if span else (at, at)


def _read_joined(captures: Sequence[Capture]) -> Capture | None:
    """Read these parts as one log; None if they cannot be read again: a file may have gone."""
    try:
        with closing(_open_each(captures)) as sources:
            whole = read_parts(sources)
    except CaptureError:
        return None
    files = [
        msgspec.structs.replace(file, sha256=part.sha256, bytes=part.bytes, content_sha256=part.content_sha256)
        for file, part in zip(whole.files, captures, strict=True)
    ]
    return msgspec.structs.replace(whole, files=tuple(files), caveats=tuple(_list_caveats(whole, captures[-1])))


def _list_caveats(whole: Capture, last: Capture) -> Iterator[Caveat]:
    """The limits of the log; also that its last part is packed and cut off, which no event shows."""
    ids = {caveat.id for caveat in whole.caveats}
    yield from whole.caveats
    yield from (it for it in last.caveats if it.id == CaveatKind.CUT_OFF and it.id not in ids)
    yield ALL_PARTS


def _open_each(captures: Sequence[Capture]) -> Generator[Source]:
    for capture in captures:
        with open_source(capture.source) as (source, _):
            yield source
