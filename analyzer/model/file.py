"""Describe one file that was read, and the program that wrote it."""

from __future__ import annotations

from enum import StrEnum

from analyzer.intervals import Interval
from analyzer.model.time import Instant
from analyzer.model.value import Value


class Exporter(Value, frozen=True):
    """The program that wrote the capture. `id` is ours; `name` and `version` as the file has them."""

    id: str
    name: str | None
    version: str | None
    label: str  # for people


class Load(Value, frozen=True):
    """A document was loaded. origin: scheme, host and port of its address."""

    at: Instant
    origin: str


class Loaded(Value, frozen=True):
    """What a file shows of the documents and workers that were loaded.

    documents: of a HAR those of its tab, also of iframes; of a log of the browser those of any tab's main frame.
    workers: the origins whose workers it shows.
    """

    documents: tuple[Load, ...] = ()
    workers: frozenset[str] = frozenset()


class Clock(StrEnum):
    """What the instants of a file count from."""

    WALL = "wall"
    RELATIVE = "relative"  # there is no date in the file: instants count from 1970 and mean nothing but their distances


class File(Value, frozen=True):
    """One file that was read.

    source: its name in outputs.
    format, exporter: what the file is, and the program that wrote it.
    records: how many requests, or events, the file has.
    unit: what one of its records is called, `entry` of a HAR.
    observed: the first and the last instant that anything in the file witnesses.
    sha256, bytes: of the file; the hash is None above 32 MiB.
    content_sha256: of the unpacked capture, so that it is the same for `a.har` and `a.har.gz`.
    in_order_of_close: its sockets stand in the order in which they ended.
    saved_as: what was saved at the end of the recording, `HAR`; empty where the file was written all the while.
    of_tab, of_browser: it holds the sockets of one tab (or window), of a whole browser; else of whatever was attached.
    whole_browser: the stretch in which it missed no socket of the browser; None where it cannot know.
    loaded: None where it does not show that, or not all of it.
    whole_exporter: the stretch in which it missed no socket that its exporter saw; there may have been others.
    began: about when it began, by its own word, where its instants have no date.
    """

    source: str
    format: str
    exporter: Exporter
    records: int
    observed: Interval | None
    sha256: str | None = None
    bytes: int = 0
    content_sha256: str | None = None
    clock: Clock = Clock.WALL
    in_order_of_close: bool = False
    saved_as: str = ""
    may_stand_alone: bool = False  # of one window, perhaps: it may share no socket with other captures of its run
    unit: str = "event"
    of_tab: bool = False
    of_browser: bool = False
    whole_browser: Interval | None = None
    loaded: Loaded | None = None
    whole_exporter: Interval | None = None
    began: Instant | None = None

    def holds_all_of(self, stretch: Interval) -> bool:
        """Does the file hold every socket of the browser that was there in this stretch?"""
        return _holds(self.whole_browser, stretch)

    def has_all_that(self, exporter: Exporter, stretch: Interval) -> bool:
        """Does the file hold every socket that this exporter can have seen in this stretch?"""
        return self.holds_all_of(stretch) or (self.exporter.id == exporter.id and _holds(self.whole_exporter, stretch))


def _holds(within: Interval | None, stretch: Interval) -> bool:
    if within is None or stretch.start < within.start:
        return False
    return within.end is None or (stretch.end is not None and stretch.end <= within.end)
