"""Read a source map (ECMA-426), plain or with sections, and say where positions of its script come from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from analyzer.model import Discreet, Source
from analyzer.source_maps import mappings, sources
from analyzer.source_maps.mappings import Damaged, Position

LARGEST = 64 << 20  # bytes of a map
GUARD = b")]}'"  # a first line that keeps a map from being run as a script


class RawOffset(Discreet, msgspec.Struct, frozen=True, gc=False):
    line: int
    column: int


class RawSection(Discreet, msgspec.Struct, frozen=True, gc=False):
    offset: RawOffset
    map: msgspec.Raw = msgspec.Raw()


class RawMap(Discreet, msgspec.Struct, frozen=True, gc=False):
    """What is read of a map. The text of the sources never is."""

    version: int
    mappings: str = ""
    sources: list[str | None] = []
    names: list[str] = []
    root: str | None = msgspec.field(default=None, name="sourceRoot")
    ignored: Any = msgspec.field(default=None, name="ignoreList")
    ignored_before: Any = msgspec.field(default=None, name="x_google_ignoreList")
    sections: list[RawSection] | None = None


class Origin(Discreet, msgspec.Struct, frozen=True, gc=False):
    """Where a position comes from. name: what stands there in the source, where the map says so and the position is
    the very one that the map has."""

    source: Source
    name: str | None


def locate(text: bytes, base: str, positions: Collection[Position]) -> dict[Position, Origin]:
    """Find where positions of a script come from, by the text of its map; those that come from nowhere are left out.

    `base`: the address that names of sources are relative to. Raises Damaged.
    """
    if len(text) > LARGEST:
        raise Damaged(f"larger than {LARGEST >> 20} MiB")
    raw = _decode(text)
    if raw.sections is None:
        return dict(_origins(raw, base, positions))
    return dict(_by_section(raw.sections, base, positions))


def _decode(text: bytes) -> RawMap:
    text = text.removeprefix(b"\xef\xbb\xbf")
    if text.startswith(GUARD):
        text = text.partition(b"\n")[2]
    try:
        raw = msgspec.json.decode(text, type=RawMap)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Damaged("not a source map") from None
    if raw.version != 3:
        raise Damaged("of a version other than 3")
    return raw


def _by_section(
    sections: list[RawSection], base: str, positions: Collection[Position]
) -> Iterator[tuple[Position, Origin]]:
    """The same by a map of maps: each section has the positions from its offset on."""
    starts = [(section.offset.line, section.offset.column) for section in sections]
    if starts != sorted(starts):
        raise Damaged("sections out of order")
    by_section: dict[int, list[Position]] = {}
    for position in positions:
        number = bisect_right(starts, position) - 1
        if number >= 0:
            by_section.setdefault(number, []).append(position)
    for number, members in by_section.items():
        line, column = starts[number]
        inner = {(at - line, place - column if at == line else place): (at, place) for at, place in members}
        raw = _decode(bytes(sections[number].map))
        if raw.sections is not None:
            raise Damaged("sections within a section")
        for position, origin in _origins(raw, base, inner):
            yield inner[position], origin


def _origins(raw: RawMap, base: str, positions: Collection[Position]) -> Iterator[tuple[Position, Origin]]:
    try:
        text = raw.mappings.encode("ascii")
    except UnicodeEncodeError:
        raise Damaged("an unknown character") from None
    ignored = _numbers(raw.ignored) | _numbers(raw.ignored_before)
    for position, segment in mappings.find(text, sorted(positions)).items():
        if segment.source is None:
            continue
        if segment.source >= len(raw.sources) or (segment.name is not None and segment.name >= len(raw.names)):
            raise Damaged("a source or a name that is not in its lists")
        name = raw.sources[segment.source]
        if name is None:
            continue
        url = sources.resolve(name, raw.root or "", base)
        own = segment.source not in ignored and not sources.is_foreign(name) and not sources.is_foreign(url)
        exact = segment.name is not None and segment.column == position[1]
        yield (
            position,
            Origin(
                Source(url, segment.line + 1, segment.source_column + 1, own=own),
                raw.names[segment.name] if exact and segment.name is not None else None,
            ),
        )


def _numbers(value: object) -> set[int]:
    return {item for item in value if isinstance(item, int)} if isinstance(value, list) else set()
