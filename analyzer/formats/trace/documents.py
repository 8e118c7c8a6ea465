"""Find by binary search which document a frame showed at an instant and when that one was left."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from analyzer.formats.trace.log import Document
from analyzer.model import Instant


class _History(NamedTuple):
    """The documents of one frame, or of all frames, in the order in which they were reported.

    begins: for each the earliest instant of it and of those behind it.
    starts: of those that took the place of another one, in order of time.
    reports: for each start the earliest report of it and of those that started later.
    """

    documents: Sequence[Document]
    begins: Sequence[Instant]
    starts: Sequence[Instant]
    reports: Sequence[Instant]


class Documents:
    """The documents of a trace, by frame."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._all = _arrange(documents)
        lots: dict[str, list[Document]] = {}
        for document in documents:
            lots.setdefault(document.frame, []).append(document)
        self._by_frame = {frame: _arrange(lot) for frame, lot in lots.items()}

    def find(self, frame: str, at: Instant) -> Document | None:
        """The last document of a frame that was there at an instant."""
        history = self._by_frame.get(frame)
        place = 0 if history is None else bisect_right(history.begins, at)
        return history.documents[place - 1] if history is not None and place else None

    def find_departure(self, frame: str | None, at: Instant) -> Instant | None:
        """When the first successor after an instant was reported, of documents in a frame; None: in any frame."""
        history = self._all if frame is None else self._by_frame.get(frame)
        place = 0 if history is None else bisect_right(history.starts, at)
        return history.reports[place] if history is not None and place < len(history.reports) else None


def _arrange(documents: Sequence[Document]) -> _History:
    successors = [it.successor for it in documents if it.successor is not None]
    successors.sort(key=lambda document: document.at)
    return _History(
        documents,
        _lowest_behind([it.at for it in documents]),
        [it.at for it in successors],
        _lowest_behind([it.reported for it in successors]),
    )


def _lowest_behind(values: Sequence[Instant]) -> list[Instant]:
    """For each place the lowest value that stands there or behind it."""
    return list(accumulate(reversed(values), min))[::-1]
