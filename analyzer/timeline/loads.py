"""Place the page loads of a capture on its axis."""

from __future__ import annotations

from analyzer.model import Instant, Page, PageKind, Report, Value
from analyzer.timeline.axis import Axis


class Load(Value, frozen=True):
    at: Instant
    page: Page


def loads_of(report: Report, axis: Axis) -> tuple[Load, ...]:
    """List when pages were loaded, in order; the page that was there when the axis begins comes first.

    A page that came back from the back/forward cache repeats its old date: it has no place here.
    """
    pages = [page for page in report.capture.pages if page.kind is not PageKind.RESTORE]
    dates = [Load(page.started, page) for page in pages if page.started is not None and page.started <= axis.end]
    loads = sorted(dates, key=lambda load: load.at)
    before = sum(load.at < axis.start for load in loads)
    return tuple(loads[max(0, before - 1) :])
