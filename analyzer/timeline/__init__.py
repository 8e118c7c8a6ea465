"""Lay one capture out in time, once: its axis, round instants on it, lanes in groups, page loads, how many were open.

Text, page and chart paint what `lay_out` returns. How dense a picture is, is for each of them; what is on the axis, in
which groups and with which labels is decided here.
"""

from analyzer.timeline.axis import Axis, When, around, axis_of, close_bounds
from analyzer.timeline.grid import Grid
from analyzer.timeline.groups import Section, choose
from analyzer.timeline.lanes import Lane, lane_of
from analyzer.timeline.layout import Layout, Scale, lay_out
from analyzer.timeline.levels import Line, Steps, possible_steps, proven_steps
from analyzer.timeline.loads import Load
from analyzer.timeline.ticks import Ruler, Tick, clock_labels, ruler_of, unit_of

__all__ = (
    "Axis",
    "Grid",
    "Lane",
    "Layout",
    "Line",
    "Load",
    "Ruler",
    "Scale",
    "Section",
    "Steps",
    "Tick",
    "When",
    "around",
    "axis_of",
    "choose",
    "clock_labels",
    "close_bounds",
    "lane_of",
    "lay_out",
    "possible_steps",
    "proven_steps",
    "ruler_of",
    "unit_of",
)
