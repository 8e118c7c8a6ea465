"""Lay one capture out in time, once for all pictures: text, page and chart only paint it."""

from __future__ import annotations

from analyzer.intervals import Interval
from analyzer.model import Confidence, Policy, Report, Value
from analyzer.timeline.axis import Axis, axis_of
from analyzer.timeline.groups import Section, sections_of
from analyzer.timeline.lanes import Lane, lane_of
from analyzer.timeline.levels import Line, Steps, lines_of, possible_steps, proven_steps
from analyzer.timeline.loads import Load, loads_of


class Layout(Value, frozen=True):
    """Hold what a picture of a capture shows, and where in time; how dense it is drawn is for the painter."""

    axis: Axis
    sections: tuple[Section, ...]
    loads: tuple[Load, ...]
    overlaps: tuple[Interval, ...]  # two or more certainly open
    possible_overlaps: tuple[Interval, ...]
    proven: Steps  # how many were open
    possible: Steps
    limits: tuple[Line, ...]  # that fit the scale
    beyond: tuple[Line, ...]  # that do not

    @property
    def lanes(self) -> list[Lane]:
        return [lane for section in self.sections for lane in section.lanes]

    @property
    def highest(self) -> int:
        """Return the highest level of the scale."""
        levels = [level for _, level in (*self.proven, *self.possible)]
        return max([1, *levels, *(line.level for line in self.limits)])


def lay_out(report: Report, policy: Policy, axis: Axis | None = None) -> Layout:
    """Lay a capture out, all of it or the part that an axis covers."""
    axis = axis or axis_of(report)
    limits, beyond = lines_of(report, policy)
    return Layout(
        axis=axis,
        sections=sections_of(report, map(lane_of, report.sessions), axis),
        loads=loads_of(report, axis),
        overlaps=tuple(it.interval for it in report.overlaps if it.confidence is Confidence.PROVEN),
        possible_overlaps=tuple(it.interval for it in report.overlaps if it.confidence is Confidence.POSSIBLE),
        proven=proven_steps(report.sessions),
        possible=possible_steps(report.sessions),
        limits=limits,
        beyond=beyond,
    )
