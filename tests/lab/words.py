"""Make the tables of analyzer/shapes/randomness.py from lists of ordinary names.

    python tests/lab/words.py LIST... > tables.txt

A list is a text file with one name per line: names of packages (npm, PyPI, NuGet, Maven), identifiers of libraries,
words of several languages with their accents taken off. The tables in use were made from 330,000 such names on
2026-11-29: 90,000 of npm, 30,000 of PyPI, 11,000 of NuGet, Maven and Go, 110,000 identifiers of JavaScript, TypeScript
and Python libraries, 30,000 file names of a Linux system, and 7,000 words each of Czech, Dutch, French, German,
Italian, Polish, Portuguese, Spanish and Swedish. Names that tests/segments.txt holds were left out.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from analyzer.shapes.randomness import CONTEXTS, KINDS, LETTERS, STEPS, UNIT, steps

SHORTEST = 3  # characters of a name that tells something


def tables(names: Iterable[str]) -> tuple[str, str]:
    """How surprising each kind of character is after three others, and each letter after another: a digit each."""
    kinds: Counter[tuple[int, int]] = Counter()
    letters: Counter[tuple[int, int]] = Counter()
    for name in names:
        if len(name) >= SHORTEST and name.isascii():
            for context, kind, before, letter in steps(name):
                kinds[context, kind] += 1
                if letter is not None:
                    letters[before, letter] += 1
    return (
        _digits(kinds, CONTEXTS, KINDS, seen_before=1),
        _digits(letters, LETTERS + 1, LETTERS, seen_before=0.5),
    )


def _digits(counts: Counter[tuple[int, int]], rows: int, columns: int, seen_before: float) -> str:
    items = []
    for row in range(rows):
        total = sum(counts[row, column] + seen_before for column in range(columns))
        for column in range(columns):
            bits = -math.log2((counts[row, column] + seen_before) / total)
            items.append(STEPS[min(len(STEPS) - 1, round(bits / UNIT))])
    return "".join(items)


if __name__ == "__main__":
    listed = (line for path in sys.argv[1:] for line in Path(path).read_text(encoding="utf-8").splitlines())
    for table in tables(listed):
        print(table)
