"""The timeline chart: who was open when, as a picture. One panel a capture, one lane a socket, one time axis.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (low, where lanes are too thin for a pattern), and everything has a word beside it.
"""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from analyzer.intervals import Interval, sweep
from analyzer.model import SECOND, Bounds, Confidence, Instant, Outcome, PageKind, Report, Run, Session, Verdict, spoken
from analyzer.outputs.document import timestamp

SUFFIX = ".png"
FORMATS = ("png", "svg", "pdf")
PANELS = 8  # more captures than this are named in the picture, not drawn
LABELS = 60  # tick labels a panel: 1 000 of them cost 2.7 s
PATTERNS = 200  # lanes; with more, a hatch is only noise
RASTERISED = 2_000  # bars; with more, an SVG or PDF is too slow to open
LARGEST_PIXELS = 60_000  # a side; Agg refuses 2**16

PROVEN, POSSIBLE, FAILED, SHADED, FAINT = "#1b3a5c", "#7690ab", "#a3200d", "#f7c88c", "#6b6b6b"
HATCH = "//////"
PAGE_DASHES: dict[PageKind, Any] = {
    PageKind.LOAD: "-",
    PageKind.RELOAD: (0, (6, 3)),
    PageKind.NAVIGATION: (0, (6, 2, 1, 2)),
    PageKind.RESTORE: (0, (1, 2)),
    PageKind.UNKNOWN: (0, (3, 6)),
}
OUTCOMES = {
    Outcome.CLOSED: "closed",
    Outcome.OPEN: "still open",
    Outcome.FAILED: "failed",
    Outcome.CONNECTING: "still connecting",
    Outcome.UNKNOWN: "end not known",
}
# From matplotlib's own defaults, so that a person's matplotlibrc changes no byte.
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture on every machine
    "font.size": 8,
    "text.parse_math": False,  # a $ in a URL is a $
    "svg.hashsalt": "har-sockets",
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "hatch.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "xtick.color": FAINT,
    "xtick.labelcolor": "black",
    "path.simplify": True,
}
METADATA: dict[str, dict[str, Any]] = {  # no dates, no versions: same run, same bytes
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "har-sockets"},
    "pdf": {"CreationDate": None, "Creator": "har-sockets", "Producer": None},
}
LEFT_MOST, RIGHT, TITLE, PAGES, COUNTS, AXIS = 3.4, 1.25, 0.72, 0.2, 0.85, 0.55  # inches around the lanes
DAY = 86_400
CLOCK_STEPS = (60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200)


class Panel(NamedTuple):
    """One capture, laid out: what is drawn, where, and how large. Times are seconds since `origin`."""

    report: Report
    sessions: tuple[Session, ...]  # those with a sign within the window, by first sign
    origin: Instant
    first: float
    last: float  # the last instant witnessed
    edge: float  # the right edge of the axes
    lane: float  # inches
    width: float  # inches, of the axes

    @property
    def lanes_height(self) -> float:
        return max(self.lane * len(self.sessions), 0.34 if self.sessions else 1.1)

    @property
    def height(self) -> float:
        return TITLE + PAGES + self.lanes_height + (COUNTS if self.sessions else 0) + AXIS

    @property
    def patterns(self) -> bool:
        return len(self.sessions) <= PATTERNS

    def x(self, at: Instant) -> float:
        return (at - self.origin) / SECOND

    def right(self, end: Instant | None) -> float:
        return self.edge if end is None else self.x(end)


def render(
    run: Run,
    format: str = "png",
    *,
    width: float = 12.0,
    dpi: int = 150,
    start: Instant | None = None,
    end: Instant | None = None,
) -> bytes:
    """The chart as PNG, SVG or PDF. `width` is in inches; `start` and `end` cut out a stretch of time.

    A picture too high for its `dpi` is drawn with fewer. Raises KeyError for another format, and ValueError where
    `end` is not after `start` or `width` leaves no room (5 inches do).
    """
    metadata = METADATA[format]
    if start is not None and end is not None and end <= start:
        raise ValueError("the stretch of time to draw is empty")
    if not 5 <= width <= 100:
        raise ValueError("the width must be 5 to 100 inches")
    with mpl.rc_context(), warnings.catch_warnings():
        # A name in letters that the font lacks is drawn as boxes: no reason to write to standard error.
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        figure = _figure(run, width, start, end)
        fitting = min(dpi, int(LARGEST_PIXELS / max(figure.get_size_inches())))
        out = io.BytesIO()
        figure.savefig(out, format=format, dpi=fitting, metadata=metadata)
    return out.getvalue()


def _figure(run: Run, width: float, start: Instant | None, end: Instant | None) -> Figure:
    shown = run.reports[:PANELS]
    left = min(LEFT_MOST, width * 0.3, 0.35 + 0.066 * max((len(_label(s)) for r in shown for s in r.sessions), default=0))
    left = max(left, 0.6)
    panels = [_panel(report, len(shown), width - left - RIGHT, start, end) for report in shown]
    notes = [*_notes(run)]
    columns = max(1, int(width / 2.9))
    handles = _legend(panels) if panels else []
    legend = 0.17 * -(-len(handles) // columns) + 0.15 * bool(handles)
    height = sum(panel.height for panel in panels) + legend + 0.18 * len(notes) + 0.15
    figure = Figure(figsize=(width, max(height, 1.0)))
    top = 0.0
    for number, panel in enumerate(panels):
        _draw(figure, panel, number, left, top, max(height, 1.0))
        top += panel.height
    if handles:
        anchor = (0.15 / width, 1 - top / height)
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=anchor, ncol=columns, frameon=False, fontsize=7.5,
            handlelength=2.6, borderaxespad=0, labelspacing=0.35,
        )  # fmt: skip
    for line, note in enumerate(notes):
        figure.text(0.2 / width, (0.12 + 0.18 * (len(notes) - 1 - line)) / max(height, 1.0), _clip(note, int(width * 14)))
    return figure


def _panel(report: Report, of: int, width: float, start: Instant | None, end: Instant | None) -> Panel:
    signs = [sign for session in report.sessions for sign in _signs(session)]
    signs += [page.started for page in report.capture.pages if page.started is not None]
    observed = report.capture.observed
    if observed:
        signs += [observed.start, observed.start if observed.end is None else observed.end]
    origin = min(signs, default=0)
    last = max(signs, default=0)
    begin, finish = origin if start is None else start, last if end is None else max(end, origin)
    span = max(finish - begin, 1_000) / SECOND
    ended = end is not None and end <= last  # the rest of the capture is cut off: no room for what comes after it
    sessions = sorted(
        (session for session in report.sessions if _within(session, begin, finish)),
        key=lambda session: (min(_signs(session), default=last), int(session.id[1:])),
    )
    room = max(12.0 / of, 2.0)  # all the lanes of a panel: thousands of them must still be one picture
    lane = min(0.34, min(3.4 + 0.15 * max(0, len(sessions) - 10), room) / max(1, len(sessions)))
    first = (begin - origin) / SECOND - (0.01 * span if start is None else 0)
    edge = (begin - origin) / SECOND + span * (1 if ended else 1.035)
    return Panel(report, tuple(sessions), origin, first, (last - origin) / SECOND, edge, lane, width)


def _signs(session: Session) -> list[Instant]:
    """Every instant that the capture gives for this socket."""
    ends = [it for b in (session.created, session.opened, session.closed) if b for it in (b.earliest, b.latest)]
    ends += [it for interval in (session.proven, session.possible) if interval for it in interval]
    return [it for it in (*ends, session.last_seen) if it is not None]


def _within(session: Session, begin: Instant, finish: Instant) -> bool:
    signs = _signs(session)
    endless = session.possible is not None and session.possible.end is None
    return not signs or (min(signs) <= finish and (endless or max(signs) >= begin))


def _draw(figure: Figure, panel: Panel, number: int, left: float, top: float, height: float) -> None:
    width = figure.get_size_inches()[0]

    def axes(below: float, high: float) -> Axes:
        box = (left / width, 1 - (top + below + high) / height, panel.width / width, high / height)
        made: Axes = figure.add_axes(box)
        made.set_xlim(panel.first, panel.edge)
        made.set_axisbelow(True)
        return made

    for line, (text, style) in enumerate(_title(panel.report, len(panel.sessions), int(width * 14))):
        figure.text(0.2 / width, 1 - (top + (0.27, 0.46, 0.62)[line]) / height, text, **style)
    lanes = axes(TITLE + PAGES, panel.lanes_height)
    _pages(lanes, panel)
    if not panel.sessions:
        lanes.set_yticks([])
        lanes.set_ylim(1, 0)
        _empty(lanes, panel.report)
        _time_axis(lanes, panel)
        return
    _lanes(lanes, panel, number)
    lanes.tick_params(axis="x", length=0, labelbottom=False)
    counts = axes(TITLE + PAGES + panel.lanes_height + 0.1, COUNTS - 0.1)
    _counts(counts, panel, number)
    _time_axis(counts, panel)
    _ticks(lanes, panel)
    for ax, what in ((lanes, "lanes"), (counts, "counts")):
        proven = [o.interval for o in panel.report.overlaps if o.confidence is Confidence.PROVEN]
        bands = [_bar(panel, 0.5, interval, 0.5) for interval in proven]
        shade = PolyCollection(bands, facecolors=SHADED, linewidths=0, zorder=0.2, transform=ax.get_xaxis_transform())
        shade.set_gid(f"overlap-{what}-{number}")
        ax.add_collection(shade, autolim=False)


def _title(report: Report, shown: int, room: int) -> Iterator[tuple[str, dict[str, Any]]]:
    capture = report.capture
    start = timestamp(capture.observed.start) if capture.observed else None
    clock = f"0 s = {start[:10]} {start[11:23]} UTC" if start else "no times in this file"
    total = len(report.sessions)
    many = f"{total:,} socket{'s' * (total != 1)}" if shown == total else f"{shown:,} of {total:,} sockets"
    name = _clip(re.split(r"[/\\]", capture.source)[-1] if capture.source != "-" else "standard input", 60)
    yield _clip(_verdict(report), int(room * 0.62)), {"fontsize": 13, "fontweight": "bold"}
    yield _clip(f"{name}  ·  recorded with {capture.exporter.label}  ·  {many}  ·  {clock}", room), {"fontsize": 8.5}
    hidden = [caveat.message for caveat in capture.caveats if caveat.hides_sockets]
    if hidden and panel_has_room(shown):
        more = f" (and {len(hidden) - 1} more)" if len(hidden) > 1 else ""
        yield _clip(f"What this file cannot show: {hidden[0]}", room - 12) + more, {"fontsize": 7.5, "color": FAINT}


def panel_has_room(shown: int) -> bool:
    return shown > 0  # an empty panel says it in the middle


def _verdict(report: Report) -> str:
    most = report.concurrency
    match report.verdict:
        case Verdict.OVERLAP:
            proven = [o for o in report.overlaps if o.confidence is Confidence.PROVEN]
            least = "at least " * any(o.duration_is_lower_bound for o in proven)
            length = f", for {least}{spoken(most.proven_overlap)} in all" if most.proven_overlap else ""
            return f"Overlap: up to {most.proven_peak:,} sockets open at once{length}"
        case Verdict.POSSIBLE_OVERLAP:
            return f"Cannot rule out an overlap: up to {most.possible_peak:,} sockets may have been open at once"
        case Verdict.INCONCLUSIVE:
            return "Cannot tell: this file may not show every socket"
        case Verdict.NO_OVERLAP:
            return "No overlap: never more than one socket open"
        case Verdict.NO_SOCKETS:
            return "No sockets in this capture"
