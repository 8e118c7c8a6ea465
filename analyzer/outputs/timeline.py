"""The timeline chart: who was open when, as a picture. One panel a capture, one lane a socket, one axis of time.

It has to read in grey print and for colour-blind people: what is certain is solid, what cannot be ruled out is
hatched (low and pale, where lanes are too thin for a pattern), and a word says again what a colour says.
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
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from analyzer.intervals import Interval, sweep
from analyzer.model import SECOND, Confidence, Instant, Outcome, Page, PageKind, Report, Run, Session, Verdict, spoken
from analyzer.outputs.document import timestamp

SUFFIX = ".png"
PANELS = 8  # further captures are counted in the picture, not drawn
LABELS = 60  # tick labels a panel: 1 000 of them cost 2.7 s
PATTERNS = 200  # lanes; with more, a hatch is only noise
RASTERISED = 2_000  # bars; with more, an SVG or PDF is too slow to open
LARGEST = 60_000  # pixels a side; Agg refuses 2**16

PROVEN, POSSIBLE, FAILED, FAINT = "#1b3a5c", "#7c93ab", "#a3200d", "#5f6368"
SHADED, SHADED_EDGE = "#fadcb2", "#d9a55f"
HATCH = "//////"
DASHES: dict[PageKind, Any] = {
    PageKind.LOAD: "solid",
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
}
METADATA: dict[str, dict[str, Any]] = {  # no dates, no versions: same run, same bytes
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "har-sockets"},
    "pdf": {"CreationDate": None, "Creator": "har-sockets", "Producer": None},
}
# Inches around the lanes: everything is placed in inches, so that a lane more only makes the picture higher.
RIGHT, TITLE, CAVEAT, PAGES, COUNTS, AXIS, HIGHEST = 1.25, 0.6, 0.16, 0.18, 0.95, 0.58, 12.0
STEPS = (60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200)  # seconds between ticks


class Panel(NamedTuple):
    """One capture, laid out. On the axis, times are seconds since `origin`; sizes are inches."""

    report: Report
    sessions: tuple[Session, ...]  # those with a sign within the window, by first sign
    origin: Instant
    first: float
    edge: float
    left: float
    width: float
    lane: float
    loads: tuple[tuple[float, Page], ...]  # where each page of the window began, in order

    @property
    def lanes(self) -> float:
        return max(self.lane * len(self.sessions), 0.4) if self.sessions else 1.2

    @property
    def head(self) -> float:
        return TITLE + PAGES + (CAVEAT if _caveat(self.report) else 0)

    @property
    def height(self) -> float:
        return self.head + self.lanes + (COUNTS if self.sessions else 0) + AXIS

    @property
    def labelled(self) -> bool:
        """Every lane has room for words."""
        return self.lane >= 0.12 and len(self.sessions) <= LABELS

    def x(self, at: Instant | None) -> float:
        return self.edge if at is None else (at - self.origin) / SECOND

    def room(self, characters: float, size: float = 7) -> float:
        """What this many characters take on the axis, about."""
        return characters * size * 0.6 / 72 / self.width * (self.edge - self.first)


def render(
    run: Run,
    format: str = "png",
    *,
    width: float = 12.0,
    dpi: int = 150,
    start: Instant | None = None,
    end: Instant | None = None,
) -> bytes:
    """The chart as `png`, `svg` or `pdf` (else KeyError). `width` is in inches; `start`, `end` cut out a stretch.

    A picture too high for its `dpi` is drawn with fewer. Raises ValueError for a stretch that is empty and for a
    width that leaves no room, or far too much.
    """
    metadata = METADATA[format]
    if start is not None and end is not None and end <= start:
        raise ValueError("the stretch of time to draw is empty")
    if not 6 <= width <= 100:
        raise ValueError("the width must be between 6 and 100 inches")
    with mpl.rc_context(), warnings.catch_warnings():
        # A name in letters that the font lacks is drawn as boxes: nothing to write to standard error about.
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()  # a person's matplotlibrc changes no byte
        mpl.rcParams.update(SETTINGS)
        figure = _figure(run, width, start, end)
        dpi = min(dpi, int(LARGEST / max(figure.get_size_inches())))
        out = io.BytesIO()
        figure.savefig(out, format=format, dpi=dpi, metadata=metadata)
    return out.getvalue()


def clean(text: str, most: int = 1_000) -> str:
    """Text of a capture, made safe: no control characters, no bidi overrides, no surrogates; the middle goes first."""
    if len(text) > most:
        tail = most // 3
        text = f"{text[: most - tail - 1]}…{text[-tail:]}"
    return "".join("\ufffd" if unicodedata.category(c) in _UNSAFE else c for c in text)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


# --- Layout


def _figure(run: Run, width: float, start: Instant | None, end: Instant | None) -> Figure:
    shown = run.reports[:PANELS]
    longest = max((len(_label(session)) for report in shown for session in report.sessions), default=0)
    left = 0.45 + min(0.068 * longest, width * 0.27)
    panels = [
        _panel(report, HIGHEST / max(len(shown), 2) * 2, left, width - left - RIGHT, start, end) for report in shown
    ]
    notes = _notes(run)
    handles, columns = _legend(panels), max(1, int(width / 3))
    below = 0.16 * -(-len(handles) // columns) + 0.2 * len(notes) + 0.2
    high = sum(panel.height for panel in panels) + below
    figure = Figure(figsize=(width, high))
    top = 0.0
    for number, panel in enumerate(panels):
        _draw(figure, panel, number, top)
        top += panel.height
    if handles:
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.2 / width, 1 - top / high), "ncols": columns}
        figure.legend(
            handles=handles, **place, frameon=False, fontsize=7.5, handlelength=3, borderaxespad=0, borderpad=0
        )
    for line, note in enumerate(reversed(notes)):
        figure.text(0.2 / width, (0.12 + 0.2 * line) / high, clean(note, int(width * 13)))
    return figure


def _panel(
    report: Report, highest: float, left: float, width: float, start: Instant | None, end: Instant | None
) -> Panel:
    signs = [sign for session in report.sessions for sign in _signs(session)]
    signs += [page.started for page in report.capture.pages if page.started is not None]
    signs += [sign for sign in report.capture.observed or () if sign is not None]
    signs = [sign for sign in signs if sign > 0]  # "open since ever" is no place on the axis
    origin, last = min(signs, default=0), max(signs, default=0)
    begin = origin if start is None else start
    finish = max(last if end is None else end, begin + 1_000)
    sessions = sorted(
        (session for session in report.sessions if _within(session, begin, finish)),
        key=lambda session: (min(_signs(session), default=last), int(session.id[1:])),
    )
    # Room after the last sign shows what went on; a stretch that was cut out ends where it was cut.
    span = (finish - begin) / SECOND
    first = (begin - origin) / SECOND - (0.01 * span if start is None else 0)
    edge = (finish - origin) / SECOND + (0.035 * span if end is None else 0)
    all_lanes = min(0.34 * len(sessions), 3.4 + 0.15 * max(0, len(sessions) - 10), highest)
    loads = [((page.started - origin) / SECOND, page) for page in report.capture.pages if page.started is not None]
    loads = sorted((load for load in loads if first <= load[0] <= edge), key=lambda load: load[0])
    lane = all_lanes / max(1, len(sessions))
    return Panel(report, tuple(sessions), origin, first, edge, left, width, lane, tuple(loads))


def _signs(session: Session) -> list[Instant]:
    """Every instant that the capture gives for this socket."""
    bounds = (bound for bound in (session.created, session.opened, session.closed) if bound)
    ends = [sign for bound in bounds for sign in (bound.earliest, bound.latest)]
    ends += [sign for interval in (session.proven, session.possible) for sign in interval or ()]
    return [sign for sign in (*ends, session.last_seen) if sign is not None]


def _within(session: Session, begin: Instant, finish: Instant) -> bool:
    signs = _signs(session)
    goes_on = session.possible is not None and session.possible.end is None
    return not signs or (min(signs) <= finish and (goes_on or max(signs) >= begin))


# --- Drawing


def _draw(figure: Figure, panel: Panel, number: int, top: float) -> None:
    width, high = figure.get_size_inches()

    def axes(below: float, height: float) -> Axes:
        place = (panel.left / width, 1 - (top + below + height) / high, panel.width / width, height / high)
        made = figure.add_axes(place, xlim=(panel.first, panel.edge))
        made.set_axisbelow(True)
        return made

    for text, line, style in _title(panel, int(width * 14)):
        figure.text(0.2 / width, 1 - (top + line) / high, text, **style)
    lanes = axes(panel.head, panel.lanes)
    _pages(lanes, panel)
    if not panel.sessions:
        lanes.set(yticks=[], ylim=(1, 0))
        lanes.text(0.5, 0.5, _nothing(panel.report), transform=lanes.transAxes, ha="center", va="center", fontsize=10)
        _time_axis(lanes, panel)
        return
    _lanes(lanes, panel, number)
    lanes.xaxis.set_major_locator(_locator(panel))
    lanes.tick_params(axis="x", length=0, labelbottom=False)
    counts = axes(panel.head + panel.lanes + 0.12, COUNTS - 0.12)
    _counts(counts, panel)
    _time_axis(counts, panel)
    for ax, name in ((lanes, "lanes"), (counts, "counts")):
        ax.grid(axis="x", color="#d9d9d9", linewidth=0.6)
        bands = [_bar(panel, 0.5, 0.5, o.interval, flat=True) for o in panel.report.overlaps if _certain(o.confidence)]
        look = {"facecolors": SHADED, "edgecolors": SHADED_EDGE, "linewidths": 0.5 if len(bands) <= LABELS else 0}
        _add(ax, bands, f"overlap-{name}-{number}", zorder=0.3, transform=ax.get_xaxis_transform(), **look)


def _lanes(ax: Axes, panel: Panel, number: int) -> None:
    sessions = panel.sessions
    step = max(1, -(-len(sessions) // LABELS), -int(-0.13 // panel.lane))
    rows = range(0, len(sessions), step)
    room = int((panel.left - 0.35) / 0.066)
    ax.set_yticks(rows, [clean(_label(sessions[row]), room) for row in rows])
    ax.tick_params(axis="y", length=0 if panel.labelled else 3, labelsize=min(8, max(6, panel.lane * 60)))
    outcomes = ax.secondary_yaxis("right")
    outcomes.set_yticks(rows, [_outcome(sessions[row]) for row in rows])
    outcomes.tick_params(axis="y", length=0, labelsize=min(7.5, max(6, panel.lane * 60)))
    outcomes.spines["right"].set_visible(False)
    ax.set_ylim(len(sessions) - 0.5, -0.5)
    if panel.labelled:
        ax.hlines(
            [row + 0.5 for row in range(len(sessions) - 1)], panel.first, panel.edge, colors="#e9e9e9", linewidths=0.5
        )

    lanes = list(enumerate(sessions))
    fine = len(sessions) <= PATTERNS
    half = 0.32 if fine else max(0.45, 0.5 / 150 / panel.lane)  # at least a pixel high
    pattern = {"facecolors": "white", "edgecolors": POSSIBLE, "linewidths": 0.6, "hatch": HATCH}
    possible = [_bar(panel, row, half if fine else half * 0.6, s.possible) for row, s in lanes if s.possible]
    _add(ax, possible, f"possible-{number}", zorder=2, **(pattern if fine else {"facecolors": POSSIBLE}))
    connecting = [_bar(panel, row, 0.05, wait, flat=True) for row, s in lanes if (wait := _connecting(s))]
    _add(ax, connecting, f"connecting-{number}", zorder=2.2, facecolors="black")
    proven = [_bar(panel, row, half, s.proven) for row, s in lanes if s.proven]
    _add(ax, proven, f"proven-{number}", zorder=2.4, facecolors=PROVEN)
    failed = [(row, panel.x(at), s) for row, s in lanes if (at := _failure(s)) is not None]
    size = min(30.0, (panel.lane * 72 * 0.6) ** 2) if fine else 4
    marks = ax.scatter([x for _, x, _ in failed], [row for row, _, _ in failed], size, FAILED, marker="x", zorder=3)
    marks.set(gid=f"failed-{number}", rasterized=len(failed) > RASTERISED)
    if panel.labelled:
        for row, x, session in failed:
            _reason(ax, panel, row, x, session)


def _reason(ax: Axes, panel: Panel, row: int, x: float, session: Session) -> None:
    """Why a socket failed, on the side of its mark that has more room."""
    right = x < (panel.first + panel.edge) / 2
    room = (panel.edge - x if right else x - panel.first) / panel.room(1) - 3
    text = clean(session.problem or "", int(room)) if room > 8 else ""
    side = "left" if right else "right"
    ax.text(
        x + panel.room(1.5 if right else -1.5), row, text, ha=side, va="center", fontsize=7, color=FAILED, clip_on=True
    )


def _bar(panel: Panel, row: float, half: float, interval: Interval, flat: bool = False) -> list[tuple[float, float]]:
    """One bar, at least a pixel long. Without an end it runs to the right edge, into a point."""
    pixel = (panel.edge - panel.first) / panel.width / 150
    start = panel.x(interval.start)
    end = max(panel.x(interval.end), start + pixel)
    if interval.end is not None or flat:
        return [(start, row - half), (end, row - half), (end, row + half), (start, row + half)]
    neck = max(start, end - (panel.edge - panel.first) * 0.012)
    return [(start, row - half), (neck, row - half), (end, row), (neck, row + half), (start, row + half)]


def _add(ax: Axes, bars: Sequence[Sequence[tuple[float, float]]], gid: str, **style: Any) -> None:
    """All bars of a kind at once: one artist each costs seconds."""
    made = PolyCollection(bars, **{"linewidths": 0, **style})
    made.set(gid=gid, rasterized=len(bars) > RASTERISED)
    ax.add_collection(made, autolim=False)


def _connecting(session: Session) -> Interval | None:
    """From the opening handshake's request until it was open, or failed, or for ever."""
    if session.created is None or session.created.earliest is None:
        return None
    if session.outcome is Outcome.CONNECTING:
        return Interval(session.created.earliest, None)
    until = session.opened or session.closed
    ends = (until.latest, until.earliest) if until else ()
    return Interval(session.created.earliest, next((end for end in ends if end is not None), session.created.earliest))


def _failure(session: Session) -> Instant | None:
    return max(_signs(session), default=None) if session.outcome is Outcome.FAILED else None


def _pages(ax: Axes, panel: Panel) -> None:
    """A line where each document began, and its kind above it where there is room."""
    for kind in PageKind:
        lines = [[(x, 0), (x, 1)] for x, page in panel.loads if page.kind is kind]
        style: dict[str, Any] = {"colors": FAINT, "linewidths": 0.9, "linestyles": [DASHES[kind]], "zorder": 1}
        ax.add_collection(LineCollection(lines, transform=ax.get_xaxis_transform(), **style), autolim=False)
    taken = panel.first - 1
    for position, (x, page) in enumerate(panel.loads):
        word = "page" if page.kind is PageKind.UNKNOWN else page.kind.value
        where = clean(re.sub(r"^\w+://[^/]*|[?#].*", "", page.url), 24)
        free = panel.loads[position + 1][0] if position + 1 < len(panel.loads) else panel.edge
        text = next((t for t in (f"{word} {where}", word) if x + panel.room(len(t) + 1) <= free), word)
        if x >= taken:
            ax.annotate(text, (x, 1), (0, 2), ax.get_xaxis_transform(), "offset points", color=FAINT, fontsize=7)
            taken = x + panel.room(len(text) + 1)


def _counts(ax: Axes, panel: Panel) -> None:
    """How many were open at each instant. Sockets of different clocks prove nothing about each other."""
    sessions = panel.report.sessions
    possible = [session.possible for session in sessions if session.possible]
    most = _steps(ax, panel, possible, color=POSSIBLE, linestyle=(0, (3, 1.5)), linewidth=1.1)
    for clock in sorted({session.clock for session in sessions if session.proven}):
        proven = [session.proven for session in sessions if session.proven and session.clock == clock]
        most = max(most, _steps(ax, panel, proven, color=PROVEN, linewidth=1.6))
    ax.set_ylim(0, max(1, most) * 1.15)
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.set_ylabel("open\nat once", rotation=0, ha="right", va="center", fontsize=8)
    ax.grid(axis="y", color="#e9e9e9", linewidth=0.5)


def _steps(ax: Axes, panel: Panel, intervals: Iterable[Interval], **style: Any) -> int:
    """Draw how many hold; return the most."""
    steps = [(panel.x(at), level) for at, level in sweep(intervals)]
    before = max((step for step in steps if step[0] < panel.first), default=(0, 0))[1]
    inside = [(panel.first, before), *(step for step in steps if panel.first <= step[0] <= panel.edge)]
    inside.append((panel.edge, inside[-1][1]))
    ax.step([x for x, _ in inside], [level for _, level in inside], where="post", zorder=3, **style)
    return max(level for _, level in inside)


def _time_axis(ax: Axes, panel: Panel) -> None:
    locator = _locator(panel)
    ax.xaxis.set_major_locator(locator)
    if isinstance(locator, MultipleLocator):
        ax.xaxis.set_major_formatter(
            FuncFormatter(lambda x, _: f"{x // 3600:.0f}:{x % 3600 // 60:02.0f}:{x % 60:02.0f}")
        )
    else:
        ax.ticklabel_format(axis="x", style="plain", useOffset=False)
    unit = "h:min:s" if isinstance(locator, MultipleLocator) else "seconds"
    ax.set_xlabel(f"{unit} since the first instant of the capture", labelpad=2)


def _locator(panel: Panel) -> MaxNLocator | MultipleLocator:
    span = panel.edge - panel.first
    if span <= 600:
        return MaxNLocator(max(3, int(panel.width)))
    least = span / panel.width
    return MultipleLocator(next((step for step in STEPS if step >= least), -(-least // 86_400) * 86_400))


# --- Words


def _title(panel: Panel, room: int) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Lines of text, each with its inches from the top: the verdict, where it comes from, what it cannot show."""
    capture, shown, total = panel.report.capture, len(panel.sessions), len(panel.report.sessions)
    yield clean(_verdict(panel.report), int(room * 0.6)), 0.27, {"fontsize": 13, "fontweight": "bold"}
    many = f"{total:,} socket{'s' * (total != 1)}"
    start = timestamp(panel.origin) if capture.observed or panel.origin else None
    parts = [
        clean(_name(capture.source), 60),
        f"recorded with {clean(capture.exporter.label, 40)}",
        many if shown == total else f"{shown:,} of {many}",
        f"starts {start[:10]} {start[11:23]} UTC" if start else "no times",
    ]
    yield clean("  ·  ".join(parts), room), 0.47, {"fontsize": 8.5}
    if caveat := _caveat(panel.report):
        yield clean(caveat, room), 0.64, {"fontsize": 7.5, "color": FAINT}


def _caveat(report: Report) -> str:
    """Why there may have been more sockets than are drawn. An empty panel says it in its middle."""
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    more = f" And {len(hidden) - 1} more." if hidden[1:] else ""
    return f"What this file cannot show: {hidden[0]}{more}" if hidden and report.sessions else ""


def _verdict(report: Report) -> str:
    count = report.concurrency
    match report.verdict:
        case Verdict.OVERLAP:
            proven = [overlap for overlap in report.overlaps if _certain(overlap.confidence)]
            least = "at least " if any(overlap.duration_is_lower_bound for overlap in proven) else ""
            length = f"for {least}{spoken(count.proven_overlap)}" if count.proven_overlap else "at one instant at least"
            if count.proven_peak == 2:
                return f"Overlap: 2 sockets open at once {length}"
            return f"Overlap: 2 or more sockets open {length}, up to {count.proven_peak:,} at once"
        case Verdict.POSSIBLE_OVERLAP:
            return f"Cannot rule out an overlap: up to {count.possible_peak:,} sockets may have been open at once"
        case Verdict.INCONCLUSIVE:
            return "Cannot tell: sockets may be missing from this file"
        case Verdict.NO_OVERLAP:
            return "No overlap: never more than one socket open"
        case Verdict.NO_SOCKETS:
            return "No sockets in this capture"


def _nothing(report: Report) -> str:
    """What an empty panel says."""
    if report.sessions:
        return "No socket in this stretch of time."
    hidden = [clean(caveat.message, 300) for caveat in report.capture.caveats if caveat.hides_sockets]
    return "\n".join(textwrap.wrap(" ".join(["This file shows no WebSocket.", *hidden]), 100)[:4])


def _label(session: Session) -> str:
    return f"#{session.id[1:]} {session.endpoint.partition('://')[2]}"


def _outcome(session: Session) -> str:
    code = f" {session.close_code}" if session.close_code is not None else ""
    return OUTCOMES[session.outcome] + (code if session.outcome is Outcome.CLOSED else "")


def _name(source: str) -> str:
    return "standard input" if source == "-" else re.split(r"[/\\]", source)[-1]


def _certain(confidence: Confidence) -> bool:
    return confidence is Confidence.PROVEN


def _notes(run: Run) -> list[str]:
    further, unreadable = len(run.reports) - PANELS, len(run.unreadable)
    notes = [f"Not drawn: {further:,} more of {len(run.reports):,} captures."] if further > 0 else []
    if not run.reports:
        notes.append("No capture to draw.")
    for it in run.unreadable[:3]:
        notes.append(f"Could not be read: {_name(it.source)}: {it.problem}")
    return [*notes, f"{unreadable - 3:,} more could not be read."] if unreadable > 3 else notes


def _legend(panels: Sequence[Panel]) -> list[Artist]:
    """What the marks mean; only those that are there."""
    sessions = [session for panel in panels for session in panel.sessions]
    kinds = {page.kind for panel in panels for _, page in panel.loads}
    proven = any(session.proven for session in sessions)
    overlaps = any(_certain(overlap.confidence) for panel in panels for overlap in panel.report.overlaps)
    ends = [interval.end for session in sessions for interval in (session.proven, session.possible) if interval]
    rows: list[tuple[bool, Artist]] = [
        (proven, Patch(facecolor=PROVEN, label="certainly open")),
        (bool(ends), Patch(facecolor="white", edgecolor=POSSIBLE, hatch=HATCH, label="may have been open")),
        (any(map(_connecting, sessions)), Line2D([], [], color="black", linewidth=1.3, label="connecting")),
        (overlaps, Patch(facecolor=SHADED, edgecolor=SHADED_EDGE, label="two or more certainly open at once")),
        (
            None in ends,
            Line2D([], [], color=PROVEN, marker=">", linestyle="none", label="pointed: no end in this capture"),
        ),
        (
            any(session.outcome is Outcome.FAILED for session in sessions),
            Line2D([], [], color=FAILED, marker="x", linestyle="none", label="failed: it was never open"),
        ),
        (proven, Line2D([], [], color=PROVEN, linewidth=1.6, label="how many were certainly open")),
        (bool(ends), Line2D([], [], color=POSSIBLE, linestyle=(0, (3, 1.5)), label="how many may have been open")),
    ]
    marks = [mark for there, mark in rows if there]
    return marks + [
        Line2D([], [], color=FAINT, linewidth=0.9, linestyle=DASHES[k], label=f"page: {k}")
        for k in PageKind
        if k in kinds
    ]
