"""Recognize the pages that several captures of one run have in common.

Three things show it, in this order: a socket that both have; the same address, loaded in the same way at the same time;
what took the place of a page that both have. Captures that share no socket are of different tabs, perhaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import msgspec

from analyzer.model import MILLISECOND, Page, PageEnd, PageKind, Trace

SAME_LOAD = 50 * MILLISECOND  # by which formats differ about the start of one page; measured: 8 ms at most


def unite_pages(pages: Sequence[Page], groups: Sequence[Sequence[Trace]]) -> tuple[tuple[Page, ...], dict[str, str]]:
    """Unite the pages of all captures that are one document; say for each id under which one it is listed now.

    pages: those of all captures. Their ids begin with the number of the capture, `2:page_1`.
    groups: the traces of each socket, with the same ids.
    """
    same = _Same(pages)
    by_socket = list(_find_common_pages(groups))
    for one, other in by_socket:
        same.add(one, other)
    for one, other in _find_common_loads(pages, {frozenset(map(_capture, pair)) for pair in by_socket}):
        same.add(one, other)
    by_id = {page.id: page for page in pages}
    for lot in list(same.lots()):
        for one, other in combinations(lot, 2):
            same.follow(by_id.get(one), by_id.get(other), by_id)
    ids = {page.id: same.find(page.id) for page in pages}
    return tuple(_unite([by_id[id] for id in lot], ids) for lot in same.lots()), ids


class _Same:
    """The pages that are one document, each capture once."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.first = {page.id: page.id for page in pages}  # of each page, the one under which it is listed
        self.members = {page.id: [page.id] for page in pages}
        self.place = {page.id: n for n, page in enumerate(pages)}

    def find(self, id: str) -> str:
        """The id under which a page is listed."""
        return self.first.get(id, id)

    def add(self, one: str, other: str) -> bool:
        """Take two pages for one, unless a capture would have it twice; return whether that is new."""
        if one not in self.place or other not in self.place:
            return False
        first, second = sorted((self.find(one), self.find(other)), key=self.place.__getitem__)
        if {*map(_capture, self.members[first])} & {*map(_capture, self.members[second])}:  # or it is known
            return False
        for id in self.members.pop(second):
            self.first[id] = first
            self.members[first].append(id)
        return True

    def follow(self, one: Page | None, other: Page | None, by_id: Mapping[str, Page]) -> None:
        """Take what took the place of one page, in two captures, for one page: as far as they agree."""
        while one is not None and other is not None and one.end is not None and other.end is not None:
            one, other = by_id.get(one.end.successor), by_id.get(other.end.successor)
            if one is None or other is None or (one.url, one.kind) != (other.url, other.kind):
                return
            if not self.add(one.id, other.id):
                return

    def lots(self) -> Iterator[list[str]]:
        """The ids of each document."""
        return (list(lot) for lot in self.members.values())


def _capture(id: str) -> str:
    return id.partition(":")[0]


def _find_common_pages(groups: Sequence[Sequence[Trace]]) -> Iterator[tuple[str, str]]:
    """Find pairs of pages that have a socket in common, and of whose sockets none says anything else."""
    partners: dict[tuple[str, str], set[str]] = defaultdict(set)  # by page and capture
    for group in groups:
        for one, other in combinations([trace.page for trace in group if trace.page is not None], 2):
            partners[one, _capture(other)].add(other)
            partners[other, _capture(one)].add(one)
    for (page, _), others in partners.items():
        for other in others:
            if len(others) == 1 and partners[other, _capture(page)] == {page} and page < other:
                yield page, other


def _find_common_loads(pages: Sequence[Page], linked: set[frozenset[str]]) -> Iterator[tuple[str, str]]:
    """Find pairs of pages of one address that were loaded in the same way at the same time, by captures that share
    sockets of one page. (One that comes back from the cache repeats the date of its load.)"""
    alike: dict[tuple[str, PageKind], list[Page]] = defaultdict(list)
    for page in pages:
        if page.started is not None and page.kind is not PageKind.RESTORE:
            alike[page.url, page.kind].append(page)
    for lot in alike.values():
        lot.sort(key=lambda page: (page.started or 0, page.id))
        for one, other in pairwise(lot):
            is_linked = frozenset((_capture(one.id), _capture(other.id))) in linked
            if is_linked and (other.started or 0) - (one.started or 0) <= SAME_LOAD:
                yield one.id, other.id


def _unite(lot: Sequence[Page], ids: Mapping[str, str]) -> Page:
    """Make one page of those that are it: what one capture does not know comes from another."""
    first = lot[0]
    ends = [page.end for page in lot if page.end is not None]
    end = _choose(ends) if ends else None
    return msgspec.structs.replace(
        first,
        started=next((page.started for page in lot if page.started is not None), None),
        kind=next((page.kind for page in lot if page.kind is not PageKind.UNKNOWN), first.kind),
        end=end and msgspec.structs.replace(end, successor=ids.get(end.successor, end.successor)),
        returned=any(page.returned for page in lot),
        recorded=any(page.recorded for page in lot),
        shows_departure=any(page.shows_departure for page in lot),
    )


def _choose(ends: Sequence[PageEnd]) -> PageEnd:
    """Of what captures say of its end: a proof that its sockets died with it, then that this is not known, and last
    that it is assumed."""
    return min(ends, key=lambda end: 0 if end.final and end.assumes is None else 2 if end.final else 1)
