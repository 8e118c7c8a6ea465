"""Draw what was counted of many captures: results as one bar, peaks as columns. Places are in hundredths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from analyzer.model import Value, plural
from analyzer.painting.index import Entry, Facet
from analyzer.wording import results

NARROW = 4  # hundredths that have room for a number
LETTERS = 1.1  # that a hundredth of the page has room for
MOST = 12  # columns; higher peaks are in the last one


class Piece(Value, frozen=True):
    """Hold a part of a bar, or a column."""

    at: float
    share: float
    tone: str
    title: str
    label: str
    short: str = ""  # where the label has no room


def split_results(facets: Iterable[Facet]) -> list[Piece]:
    """Split a bar by result, the most urgent first."""
    facets = [facet for facet in facets if facet.kind == "Result"]
    total, pieces, at = sum(facet.captures for facet in facets), list[Piece](), 0.0
    for facet in facets:
        sign, tone = results.mark(facet.key)
        share, label = 100 * facet.captures / total, f"{facet.words} {facet.captures:,}"
        title = f"{facet.words}: {plural(facet.captures, 'capture')} ({share:.0f}%)"
        label = label if len(label) + 2 < share * LETTERS else ""
        pieces.append(Piece(at, share, tone, title, label, f"{sign} {facet.captures:,}" if share > NARROW else ""))
        at += share
    return pieces


def count_peaks(entries: Sequence[Entry]) -> list[Piece]:
    """Count captures by peak: a column per number of sockets certainly open at the same time."""
    tally = Counter[int]()
    for entry in entries:
        if entry.report is not None:
            tally[min(entry.row.proven_peak, MOST)] += entry.row.repeats
    highest, columns = max(tally.values()), max(tally) + 1
    return [
        Piece(
            at=100 * peak / columns,
            share=100 * tally[peak] / highest,
            tone="over" if peak > 1 else "",
            title=f"peak {peak}{' or more' if peak == MOST else ''}: {plural(tally[peak], 'capture')}",
            label=f"{tally[peak]:,}",
            short=f"{peak}{'+' if peak == MOST else ''}",
        )
        for peak in range(columns)
    ]
