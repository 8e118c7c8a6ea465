"""Make text of a capture harmless, and name a capture: what is not printable is written as `\\x1b`.

Escaping for a medium (HTML, Markdown) is left to the output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from analyzer.model import TOGETHER, Report, Run, file_name, name_source
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


def hide_folders(run: Run) -> Run:
    """Name files without their folders where the texts of captures that are analysed together name them."""
    reports = (_hide_folders(it) if TOGETHER in it.capture.source else it for it in run.reports)
    return msgspec.structs.replace(run, reports=tuple(reports))


def _hide_folders(report: Report) -> Report:
    files = sorted(report.capture.source.split(TOGETHER), key=len, reverse=True)

    def shorten(text: str) -> str:
        for file in files:
            text = text.replace(file, file_name(file))
        return text

    copy: Report = _change(report, shorten)
    return copy


def _change(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with other texts in the place of its own, wherever they are in it."""
    if isinstance(value, Sentence):
        return assemble(Quote(it.kind, change(it.value)) if isinstance(it, Quote) else change(it) for it in value.parts)
    if type(value) is str:
        return change(value)
    if type(value) is tuple:
        return tuple(_change(it, change) for it in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: _change(getattr(value, name), change) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value
