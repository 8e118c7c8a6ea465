"""Find where the code of a socket ran: in the page itself, in a worker or an iframe of it, by what was loaded as what.

A script is a worker's if it was asked for as one (`Sec-Fetch-Dest`), an iframe's if only documents of iframes asked
for it. One that both the page and its iframe loaded has an id of its own in each (`scriptId`), in the order of loading.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress

import msgspec

from analyzer.formats.devtools import shorten
from analyzer.formats.har.entry import WORKERS, Request
from analyzer.model import Initiator

IFRAMES = ("iframe", "frame")
MOST, MOST_BYTES = 10_000, 16 << 20  # workers, and likewise iframes; bytes of what is kept of the other scripts
ENCODER, SCRIPTS = msgspec.json.Encoder(), msgspec.json.Decoder(tuple[str, str | None])  # URL, and who loaded it


class Contexts:
    """The scripts and documents of workers and iframes, as they come."""

    def __init__(self) -> None:
        self.workers: set[str] = set()  # URLs of scripts
        self.iframes: set[str] = set()  # URLs of documents
        self._scripts = bytearray()  # the others, in order: JSON lines, since a large file has tens of thousands
        self._full = False  # there are more than are kept: so nothing is certain

    def add(self, entry: Request) -> None:
        if entry.kind == "script":
            if entry.destination in WORKERS:
                self._put(self.workers, shorten(entry.url))
            elif len(self._scripts) < MOST_BYTES:
                self._scripts += ENCODER.encode((shorten(entry.url), entry.loader)) + b"\n"
            else:
                self._full = True
        elif entry.destination in IFRAMES:
            self._put(self.iframes, shorten(entry.url))

    def _put(self, urls: set[str], url: str) -> None:
        if len(urls) < MOST:
            urls.add(url)
        else:
            self._full = True

    def contexts(self, codes: Iterable[Initiator | None]) -> list[str | None]:
        """For each opening where its code ran: `worker`, `iframe`, or None: the page, or it is undecided."""
        if self._full or (not self.workers and not self.iframes):
            return [None for _ in codes]
        loaders: dict[str, list[str | None]] = {}
        for url, loader in SCRIPTS.decode_lines(self._scripts):
            loaders.setdefault(url, []).append(loader)
        began = [_outermost(code) for code in codes]
        ids: dict[str, set[int]] = {}
        for url, id in began:
            if id is not None:
                ids.setdefault(url, set()).add(id)
        contexts = {url: self._context(url, sorted(ids.get(url, ())), loaders.get(url, [])) for url in dict(began)}
        return ["iframe" if id in contexts[url][1] else contexts[url][0] for url, id in began]

    def _context(self, url: str, ids: list[int], loaders: list[str | None]) -> tuple[str | None, set[int | None]]:
        """Where the code of a script ran, and those of its ids with which it ran in an iframe."""
        if url in self.iframes:
            return "iframe", set()
        if url in self.workers:
            return None if loaders else "worker", set()
        within = [loader in self.iframes for loader in loaders]
        if within and all(within):
            return "iframe", set()
        return None, set(compress(ids, within)) if len(ids) == len(within) else set()


def _outermost(code: Initiator | None) -> tuple[str, int | None]:
    """URL and id of the script in which it all began."""
    *_, last = (None, *code.frames) if code is not None else (None,)
    if last is None:
        return "", None
    url, id = shorten(last.url or ""), last.script
    is_number = id is not None and id.isascii() and id.isdigit() and len(id) < 16
    return url, int(id or 0) if is_number else None
