"""Place the head of a panel: the verdict with its mark, what it rests on, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analyzer.model import Report, Run, format_duration, plural
from analyzer.outputs.chart.lettering import clean, wrap
from analyzer.outputs.chart.marks import Align, Boxes, Look, Mark, Words
from analyzer.outputs.chart.panel import BODY, DOT, GREY, INK, LINE, MARGIN, MIDDLE, SMALL, TITLE, Panel
from analyzer.timeline import Axis
from analyzer.wording import instants, results, titles

BLOCK = 0.8  # inches: 13 pixels in a thumbnail of 200
SIGN = 30.0  # points
PAD = 0.11
TONES = {  # the block, and the wash beside it; white reads on each block
    "bad": ("#b3240f", "#fbece8"),
    "unsure": ("#b26a00", "#fdf4dc"),
    "good": ("#0a6e56", "#e4f4ef"),
}


class Head(NamedTuple):
    headline: results.Headline
    words: list[Words]  # placed as if the panel were at the top of the picture
    height: float  # inches


def head_of(panel: Panel, sentences: Sequence[str], name: str, run: Run) -> Head:
    """Write the verdict, what it rests on, and where it comes from."""
    report, layout, width = panel.report, panel.layout, panel.width
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    missing = [message for message in hidden if not any(message in sentence for sentence in sentences)]
    more = f" And {len(missing) - 1} more." if missing[1:] else ""
    capture, total, number = report.capture, len(report.sessions), len(layout.lanes)
    parts = [
        clean(name, 60),
        f"recorded with {clean(capture.exporter.label, 40)}",
        plural(total, "socket") if number == total else f"{number:,} of {plural(total, 'socket')} in this period",
        *_times(report, layout.axis, run),
    ]
    left, y = MARGIN + BLOCK + 2 * PAD, PAD
    room, words = width - MARGIN - PAD - left, []
    for text, size, color, bold, most, at in (
        (sentences[0], TITLE, INK, True, 3, " "),
        (" ".join(sentences[1:]), BODY, INK, False, 4, " "),
        (_period(layout.axis), BODY, INK, False, 2, " "),
        (f"{titles.LIMITS}: {missing[0]}{more}" if missing else "", BODY, INK, False, 3, " "),
        (DOT.join(parts), SMALL, GREY, False, 3, DOT),
    ):
        for line in wrap(text, room, size, most, bold, at):
            words.append(Words(line, left, y + size * LINE * 0.75, size, color, bold))
            y += size * LINE
        y += 0.03 if text else 0
    return Head(results.headline(report, run.policy), words, max(y + PAD, BLOCK))


def head_marks(head: Head, number: int, width: float, y: float) -> Iterator[Mark]:
    """Place the head from `y` downwards: a block whose colour and sign are the answer, the words beside it."""
    block, wash = TONES[head.headline.tone]
    right, bottom = MARGIN + BLOCK, y + head.height
    yield Boxes(f"head-{number}", Look(wash), [(right, y, width - MARGIN, bottom)])
    yield Boxes(f"verdict-{number}", Look(block), [(MARGIN, y, right, bottom)])
    middle = y + head.height / 2 + SIGN * MIDDLE
    yield from (word._replace(y=word.y + y) for word in head.words)
    yield Words(head.headline.sign, MARGIN + BLOCK / 2, middle, SIGN, "#ffffff", True, Align.CENTER)


def _times(report: Report, axis: Axis, run: Run) -> list[str]:
    """Say when it begins, by the clock, and when it ends."""
    if not axis.has_times:
        return ["no times recorded"]
    begin = instants.write_date(report.capture, "0 s is ", axis.zero, run.zone) or "no dates recorded"
    return [begin] if axis.cut_end else [begin, f"ends at {instants.since(axis.end, axis)}"]


def _period(axis: Axis) -> str:
    """Say which part of the capture is drawn; empty for the whole of it."""
    if not (axis.cut_start or axis.cut_end):
        return ""
    begin, finish = (format_duration(at - axis.zero) if at != axis.zero else "0 s" for at in (axis.start, axis.end))
    cut = " A bar that ends at the right edge continues." if axis.cut_end else ""
    return f"This is the verdict of the whole capture. The picture shows {begin} to {finish}.{cut}"
