"""Pack text into a page: deflate, then base64, which report/unpack.js reads back.

The same text gives the same letters wherever zlib is the same; another version of zlib may choose others.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator

from analyzer.model import Value

LEVEL = 7  # of 9, which takes five times as long for the numbers of 10,000 sockets, to save a twentieth
CHUNK = 256 * 1024  # letters before they are packed: alike articles pack well, and one opens in a blink


class Chunk(Value, frozen=True):
    """Hold some articles, packed together."""

    ids: tuple[str, ...]
    content: str


def pack(text: str) -> str:
    packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def pack_articles(articles: Iterable[tuple[str, str]]) -> Iterator[Chunk]:
    """Pack articles, each with its id, in chunks of about the same size."""
    chunk: dict[str, str] = {}
    size = 0
    for id, article in articles:
        chunk[id] = article
        size += len(article)
        if size >= CHUNK:
            yield _pack(chunk)
            chunk, size = {}, 0
    if chunk:
        yield _pack(chunk)


def _pack(articles: dict[str, str]) -> Chunk:
    return Chunk(tuple(articles), pack(json.dumps(articles, ensure_ascii=False)))
