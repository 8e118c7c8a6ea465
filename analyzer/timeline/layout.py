"""Lay one capture out in time, once for all pictures: text, page and chart only paint it."""

from __future__ import annotations

from analyzer.intervals import Interval
from analyzer.model import Confidence, Policy, Report, Value
from analyzer.timeline.axis import Axis, axis_of
from analyzer.timeline.groups import Section, sections_of
from analyzer.timeline.lanes import Lane, lanes_of
from analyzer.timeline.levels import BEYOND, Line, Steps, highest_of, lines_of, possible_steps, proven_steps
from analyzer.timeline.loads import Load, loads_of

FLAT = 6  # times the certain peak: a scale higher than this would flatten it


class Scale(Value, frozen=True):
    """Hold the numbers of open sockets that are drawn on one scale, with the limits beside them."""

    proven: Steps
    possible: Steps
    limits: tuple[Line, ...]
    highest: int


class Layout(Value, frozen=True):
    """Hold what a picture of a capture shows, and where in time; how dense it is drawn is for the painter."""

    axis: Axis
    sections: tuple[Section, ...]
    loads: tuple[Load, ...]
    overlaps: tuple[Interval, ...]  # two or more certainly open
    possible_overlaps: tuple[Interval, ...]
    proven: Steps  # how many were open
    possible: Steps
    peaks: tuple[int, int]  # the most that were open at the same time: certainly, and possibly
    limits: tuple[Line, ...]  # that fit the scale
    beyond: tuple[Line, ...]  # that do not

    @property
    def lanes(self) -> list[Lane]:
        return [lane for section in self.sections for lane in section.lanes]

    @property
    def highest(self) -> int:
        """Return the highest level of the scale."""
        return max([1, *self.peaks, *(line.level for line in self.limits)])

    @property
    def split(self) -> bool:
        """Check whether one scale would flatten the number that was certainly open."""
        proven, possible = self.peaks
        return possible > FLAT * proven > 0

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Return the scale of both numbers; or one each where they are split. A limit stands on the first it fits."""
        proven, possible = self.peaks
        if not self.split:
            return (Scale(self.proven, self.possible, self.limits, self.highest),)
        room = max(4, BEYOND * proven)
        near, far = ([it for it in self.limits if (it.level <= room) is fits] for fits in (True, False))
        return (
            Scale(self.proven, (), tuple(near), max([proven, *(line.level for line in near)])),
            Scale((), self.possible, tuple(far), max([possible, *(line.level for line in far)])),
        )


def lay_out(report: Report, policy: Policy, axis: Axis | None = None) -> Layout:
    """Lay a capture out, all of it or the part that an axis covers."""
    axis = axis or axis_of(report)
    limits, beyond = lines_of(report, policy)
    proven, possible = proven_steps(report.sessions), possible_steps(report.sessions)
    return Layout(
        axis=axis,
        sections=sections_of(report, lanes_of(report), axis),
        loads=loads_of(report, axis),
        overlaps=tuple(it.interval for it in report.overlaps if it.confidence is Confidence.PROVEN),
        possible_overlaps=tuple(it.interval for it in report.overlaps if it.confidence is Confidence.POSSIBLE),
        proven=proven,
        possible=possible,
        peaks=(highest_of(proven), highest_of(possible)),
        limits=limits,
        beyond=beyond,
    )
