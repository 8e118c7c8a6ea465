"""Make text of a capture harmless, and name a capture: what is not printable is written as `\\x1b`.

Escaping for a medium (HTML, Markdown) is left to the output.
"""

from __future__ import annotations

from collections import Counter

from analyzer.model import TOGETHER, Run, name_source
from analyzer.model.sentence import Quote, Sentence, assemble, parts_of
from analyzer.wording.medium import Medium

PAPER = Medium(120, unicode=True)


def safe(text: str, most: int = 300) -> str:
    """Make text of a capture act on nothing, and cut it to this many characters."""
    plain = PAPER.safe(text, most)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def safe_middle(text: str, most: int) -> str:
    """Make an address harmless and short: host and end of the path stay."""
    text = safe(text, 4_000)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most - most // 2 - 1) :]}"


def name(source: str) -> str:
    """Return the file's own name, harmless; of captures that are one run, the names of all."""
    return safe_middle(_end(name_source(source), 1) or source, 120)


def names(run: Run) -> dict[str, str]:
    """Name captures by the shortest end of each path that no other has, by source."""
    shortest: dict[str, str] = {}
    left = dict.fromkeys([*(report.capture.source for report in run.reports), *(it.source for it in run.unreadable)])
    for depth in range(1, 9):
        ends = {source: _end(source, depth) for source in left}
        uses = Counter(ends.values())
        shortest |= {source: name(source) if depth == 1 else safe_middle(end, 120) for source, end in ends.items()}
        left = {source: None for source, end in ends.items() if uses[end] > 1}
    return shortest


def _end(source: str, depth: int) -> str:
    """Return the last parts of a path; of the paths of several captures, those of each."""
    paths = source.replace("\\", "/").split(TOGETHER)
    return TOGETHER.join("/".join(path.rstrip("/").split("/")[-depth:]) for path in paths)


def safe_sentence(sentence: str, most: int) -> Sentence:
    """Make what a sentence quotes harmless, and cut the whole to about this many characters."""
    parts: list[str | Quote] = []
    left = most
    for part in parts_of(sentence):
        if left > 0:
            parts.append(part if isinstance(part, str) else Quote(part.kind, safe(part.value, left)))
        left -= len(part if isinstance(part, str) else part.text)
    return assemble(parts)
