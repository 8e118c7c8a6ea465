"""Decode the `mappings` of a source map (ECMA-426) at the positions that are asked for.

All fields but the generated column are sums over everything before, so the whole text is decoded, with numpy: 10 MB in
a second, and only the lines that are asked for are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy

Array: TypeAlias = "numpy.ndarray[Any, Any]"
Position: TypeAlias = tuple[int, int]  # line and column, from 0, as source maps count

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
COMMA, SEMICOLON, INVALID = 64, 65, 255  # what stands for them beside the 64 digits
CONTINUES, BITS, LONGEST = 32, 5, 7  # of a digit; digits of one number
PART = 1 << 17  # bytes decoded together: what numpy holds for them stays in the cache of a processor, nearly
FIELDS = (1, 4, 5)  # of a segment


class Segment(NamedTuple):
    """What a map says of a stretch of a line: where it comes from. source: None where it comes from nowhere."""

    column: int
    source: int | None
    line: int
    source_column: int
    name: int | None


class Damaged(ValueError):  # noqa: N818 - a state of a map
    """A map that does not follow the specification."""


def find(mappings: bytes, positions: Sequence[Position]) -> dict[Position, Segment]:
    """Find for each position the segment that it lies in; those in none are left out. Raises Damaged."""
    import numpy

    wanted = sorted({line for line, _ in positions})
    lines: dict[int, list[Array]] = {line: [] for line in wanted}
    for numbers, rows in _decode(mappings):
        for line in wanted:
            start, end = numpy.searchsorted(numbers, (line, line + 1))
            if start < end:
                lines[line].append(rows[start:end].copy())
    segments: dict[Position, Segment] = {}
    for line in wanted:
        rows = numpy.concatenate(lines[line]) if lines[line] else numpy.empty((0, 5), numpy.int64)
        rows = rows[numpy.argsort(rows[:, 0], kind="stable")]  # they are in order in most maps, and need not be
        for column in (column for at, column in positions if at == line):
            place = int(numpy.searchsorted(rows[:, 0], column))
            if place == len(rows) or rows[place, 0] != column:
                place -= 1
            if place >= 0:
                segments[line, column] = _segment(rows[place].tolist())
    return segments


def _segment(row: Sequence[int]) -> Segment:
    column, source, line, source_column, name = row
    return Segment(column, source if source >= 0 else None, line, source_column, name if name >= 0 else None)


def _decode(mappings: bytes) -> Iterator[tuple[Array, Array]]:
    """Decode part by part: the line of each segment, and its fields (-1: it has none)."""
    import numpy

    table = numpy.full(256, INVALID, numpy.uint8)
    table[numpy.frombuffer(DIGITS, numpy.uint8)] = numpy.arange(64)
    table[ord(",")], table[ord(";")] = COMMA, SEMICOLON
    line, sums = 0, numpy.zeros(5, numpy.int64)  # what went before: lines, and the sum of each field
    start = 0
    while start < len(mappings):
        end = _part_end(mappings, start)
        codes = table[numpy.frombuffer(mappings, numpy.uint8, end - start, start)]
        numbers, counts, deltas = _segments(codes)
        numbers += line
        if len(numbers):
            yield numbers, _sum(numbers, counts, deltas, line, sums)
        ends = int(numpy.count_nonzero(codes == SEMICOLON))
        if ends and (not len(numbers) or numbers[-1] < line + ends):
            sums[0] = 0
        line += ends
        start = end


def _part_end(mappings: bytes, start: int) -> int:
    """Where the next part ends: behind a separator."""
    if len(mappings) - start <= PART:
        return len(mappings)
    end = max(mappings.rfind(b",", start, start + PART), mappings.rfind(b";", start, start + PART)) + 1
    if end == 0:
        raise Damaged("a segment without end")
    return end


def _segments(codes: Array) -> tuple[Array, Array, Array]:
    """Read segments: the line of each within the part, how many fields it has, and these, as they are written."""
    import numpy

    if numpy.any(codes == INVALID):
        raise Damaged("an unknown character")
    is_digit = codes < COMMA
    digits = numpy.flatnonzero(is_digit)
    if not len(digits):
        return numpy.empty(0, numpy.int64), numpy.empty(0, numpy.int64), numpy.empty((0, 5), numpy.int64)
    values = codes[digits].astype(numpy.int64)
    ends = numpy.flatnonzero(values & CONTINUES == 0)  # by the number of a digit, as all below
    if not len(ends) or ends[-1] != len(digits) - 1:
        raise Damaged("a number without end")
    starts = numpy.concatenate(([0], ends[:-1] + 1))
    if numpy.any(digits[ends] - digits[starts] != ends - starts):
        raise Damaged("a number without end")
    if numpy.any(ends - starts >= LONGEST):
        raise Damaged("a number too large")
    shifts = BITS * (numpy.arange(len(digits)) - numpy.repeat(starts, ends - starts + 1))
    unsigned = numpy.add.reduceat((values & (CONTINUES - 1)) << shifts, starts)
    signed = numpy.where(unsigned & 1, -(unsigned >> 1), unsigned >> 1)
    before = numpy.cumsum(~is_digit)[digits[starts]]  # separators, which tell segments apart
    firsts = numpy.flatnonzero(numpy.diff(before, prepend=-1))
    counts = numpy.diff(firsts, append=len(signed))
    if not numpy.all(numpy.isin(counts, FIELDS)):
        raise Damaged("a segment of a wrong length")
    deltas = numpy.zeros((len(firsts), 5), numpy.int64)
    deltas[:, 0] = signed[firsts]
    has_source, has_name = counts >= 4, counts == 5
    for field in (1, 2, 3):
        deltas[has_source, field] = signed[firsts[has_source] + field]
    deltas[has_name, 4] = signed[firsts[has_name] + 4]
    return numpy.cumsum(codes == SEMICOLON)[digits[starts[firsts]]].astype(numpy.int64), counts, deltas


def _sum(numbers: Array, counts: Array, deltas: Array, line: int, sums: Array) -> Array:
    """Add up the fields of a part, the column anew in each line; `sums` goes on to the next part."""
    import numpy

    rows = numpy.cumsum(deltas, axis=0)
    rows[:, 1:] += sums[1:]
    firsts = numpy.flatnonzero(numpy.diff(numbers, prepend=-1))  # segments that begin a line
    bases = rows[firsts, 0] - deltas[firsts, 0]
    if numbers[0] == line:
        bases[0] -= sums[0]
    rows[:, 0] -= numpy.repeat(bases, numpy.diff(firsts, append=len(numbers)))
    sums[:] = rows[-1]
    if numpy.any(rows < 0):
        raise Damaged("a position below zero")
    rows[counts < 4, 1] = -1
    rows[counts < 5, 4] = -1
    return rows
