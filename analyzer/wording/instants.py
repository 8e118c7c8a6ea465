"""Write instants for people: by the clock, and from the start of a capture."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from analyzer.model import MILLISECOND, SECOND, Bounds, Capture, Clock, Instant, format_duration
from analyzer.timeline import Axis
from analyzer.timeline.ticks import MINUTE, moment_of

EXACT = 10 * MILLISECOND  # bounds no wider than this are shown as one instant


def stamp(at: Instant, zone: tzinfo = UTC) -> str:
    """Write an instant as people read it: `2026-11-23 18:53:27.985 UTC`; `no date` where no calendar reaches."""
    moment = moment_of(at, zone)
    return "no date" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}.{moment:%f}"[:-3] + f" {zone_name(moment)}"


def write_date(capture: Capture, words: str, at: Instant, zone: tzinfo = UTC) -> str:
    """Write an instant after some words, `, from 2026-11-23 18:53:27.985 UTC`; empty where a capture has no dates."""
    return f"{words}{stamp(at, zone)}" if has_dates(capture) else ""


def has_dates(capture: Capture) -> bool:
    """Do the instants of a capture count from a known one?"""
    return capture.clock is Clock.WALL


def zone_name(moment: datetime) -> str:
    """Name the zone of a moment: `UTC`, `CET`; where the zone has no name, `UTC+05:45`."""
    name = moment.tzname() or ""
    if name[:1] not in ("+", "-"):
        return name
    return f"UTC{name[:3]}{':' if name[3:] else ''}{name[3:]}"


def since(at: Instant, axis: Axis) -> str:
    """Write an instant from the start of the capture, in a unit that fits the whole: `0.31 s`."""
    if SECOND <= axis.end - axis.start < MINUTE:
        return f"{(at - axis.zero) / SECOND:.2f} s"
    sign = "-" if at < axis.zero else ""  # a page began before anything of it was recorded
    hours, seconds = divmod(abs(at - axis.zero) // SECOND, 3600)
    if hours:  # a place in time, unlike a length, is given to the second
        return f"{sign}{hours:,} h {seconds // 60} min {seconds % 60} s"
    return sign + format_duration(abs(at - axis.zero)) if at != axis.zero else "0 s"


def when(bounds: Bounds | None, axis: Axis, sign: bool = False) -> str:
    """Write bounds as `0.31 s`, `by 0.31 s` or `after 0.31 s`; empty where nothing is known. `sign`: `≤ 0.31 s` for a
    column, where `by` could name who did it."""
    if bounds is None or (bounds.earliest is None and bounds.latest is None):
        return ""
    if bounds.latest is None:
        assert bounds.earliest is not None
        return f"after {since(bounds.earliest, axis)}"
    if bounds.earliest is not None and bounds.latest - bounds.earliest <= EXACT:
        return since(bounds.latest, axis)
    return f"{'≤' if sign else 'by'} {since(bounds.latest, axis)}"
