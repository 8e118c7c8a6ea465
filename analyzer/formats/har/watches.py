"""Work out until when Chrome would have recorded the close of a socket: as long as the document that opened it lived.

One pageref is one document, unless recording was paused over a reload. The browser's id of a script (`scriptId`) tells
documents apart: of one script each document has another id (measured: 5,822 of 5,823 pairs of sockets of one page have
equal ids, 0 of 60 pairs of different pages). So what a page's later document did is no sign of life of its earlier one.
A script that is not in the file, though others are, is of a document that was loaded unseen (measured: each script that
opened a socket of a recorded page is in the file, in 453 of 453 captures).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from analyzer.intervals import Interval
from analyzer.model import Closes, Coverage, Duration, Instant, Value

Script: TypeAlias = tuple[str, str]  # URL, id


class Code(Value, frozen=True):
    """Code of a page that did something, and when; `socket`: its number, where that was to open one."""

    page: str
    scripts: tuple[Script, ...]
    first: Instant
    last: Instant
    socket: int | None = None
    unseen: bool = False  # its script is not in the file, though others are: of a document that was not recorded


def watches(codes: Iterable[Code], of_pages: Mapping[str, Coverage], slack: Duration) -> dict[int, Coverage]:
    """For each socket of these pages, by its number, how long its close would have been recorded.

    `slack`: by how much the instants of the codes may be early, in microseconds.
    """
    by_page: dict[str, list[Code]] = {}
    for code in codes:
        by_page.setdefault(code.page, []).append(code)
    coverages: dict[int, Coverage] = {}
    for page, members in by_page.items():
        if page in of_pages:
            for number, over in _last_signs(members, slack).items():
                coverages[number] = of_pages[page] if over is None else Coverage(Closes.WHILE_PAGE_LIVES, over)
    return coverages


def in_other_processes(codes: Iterable[Code], order: Sequence[str]) -> set[str]:
    """The pages whose scripts have lower ids than the same scripts in the page before: ids of one process rise, and a
    reload stays in its process (measured: 6, 9, 12, 15; after a blank page in between 6, then 5)."""
    lowest: dict[str, dict[str, int]] = {}
    for code in codes:
        ids = lowest.setdefault(code.page, {})
        for url, id in code.scripts:
            if id.isascii() and id.isdigit():
                ids[url] = min(int(id), ids.get(url, int(id)))
    pages = set()
    for before, after in pairwise(order):
        earlier, later = lowest.get(before, {}), lowest.get(after, {})
        if any(later[url] < earlier[url] for url in earlier.keys() & later.keys()):
            pages.add(after)
    return pages


def _last_signs(codes: Sequence[Code], slack: Duration) -> dict[int, Instant | None]:
    """By a socket's number: the last sign of its document, if a later document of the page replaced that; else None."""
    root: dict[Script, Script] = {}

    def find(script: Script) -> Script:
        while root.setdefault(script, script) != script:
            root[script] = root[root[script]]
            script = root[script]
        return script

    for code in codes:
        for script in code.scripts[1:]:
            root[find(script)] = find(code.scripts[0])
    lives: dict[Script, Interval] = {}
    for code in codes:
        if code.scripts:
            document = find(code.scripts[0])
            life = lives.get(document, Interval(code.first, code.last))
            lives[document] = Interval(min(life.start, code.first), max(life.end or 0, code.last))
    by_url: dict[str, set[Script]] = {}
    for script in list(root):
        by_url.setdefault(script[0], set()).add(find(script))
    unseen = {find(code.scripts[0]) for code in codes if code.unseen and code.scripts}
    replaced = _earlier(lives, unseen, lives, slack)
    for several in by_url.values():  # of one script each document has an id of its own
        replaced |= _earlier(several, several, lives, slack)
    return {
        code.socket: lives[find(code.scripts[0])].end if code.scripts and find(code.scripts[0]) in replaced else None
        for code in codes
        if code.socket is not None
    }


def _earlier(
    documents: Iterable[Script], by: Iterable[Script], lives: Mapping[Script, Interval], slack: Duration
) -> set[Script]:
    """The documents after whose last sign another of these may first show."""
    *_, second, last = (None, None, *sorted(by, key=lambda document: lives[document].start))
    earlier = set()
    for document in documents:
        other = second if document == last else last
        if other is not None and (lives[document].end or 0) < lives[other].start + slack:
            earlier.add(document)
    return earlier
