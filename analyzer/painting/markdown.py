"""Write text of a capture as Markdown that shows it as it is: escapes, tables, blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzer.patterns import Pattern
from analyzer.version import VERSION
from analyzer.wording import harmless
from analyzer.wording.medium import Medium

IN_JSON, IN_CSV = "`--format json` has them all", "`--format csv` has them all"
DRAWING = Medium(100, unicode=True)  # in which a timeline is drawn

# What GitHub and GitLab make a link or an emoji by themselves: an address, www., a mail address or mention, the number
# of an issue or merge request, a commit.
LINK = r"://|@\w|[#!]\d|\bwww\.|\bgh-\d|:[\d_+\-]*[a-z][\w+\-]*:|\b(?=[a-f]*\d)[\da-f]{7,40}\b"
# A mask or a component: `<token 1>`, `<Widget>`.
NAME = r"<[A-Za-z][\w .$-]{0,40}>"
# One word, where it can stand as code.
WORD = rf"(?:{NAME}|[^\s|`<>()\"',;])"
CODE = Pattern(rf"(`[^`|]+`)|((?={WORD}*?(?:{LINK})){WORD}+|{NAME})", re.IGNORECASE)
TRAILING = Pattern(r"[.:!?…]*$")
ENTITY = Pattern(r"&(?=#?\w+;)")
TAG = Pattern(r"<(?=[A-Za-z/!?])")
MARKS = Pattern(r"\\(?=[!-/:-@\[-`{-~]|$)|[`*\[|~$]|(?<![^\W_])_|_(?![^\W_])")
# What begins a list, a heading or a quotation at the start of a line, or underlines a heading.
START = Pattern(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-+=]+(?:\s|$)|#{1,6}(?:\s|$)|>))")


def escape(text: str, most: int = 600) -> str:
    """Escape text of a capture, so that Markdown shows it as it is, also within a table."""
    safe = harmless.safe(text, most).strip()
    parts, end = [], 0
    for match in CODE.finditer(safe):
        parts += [_plain(safe[end : match.start()]), match[1] or _code(match[2])]
        end = match.end()
    return START.sub(r"\1\\", "".join([*parts, _plain(safe[end:])]))


def _plain(text: str) -> str:
    return MARKS.sub(r"\\\g<0>", TAG.sub("&lt;", ENTITY.sub("&amp;", text)))


def _code(word: str) -> str:
    """Write a word as code, without the punctuation of the sentence behind it."""
    name = TRAILING.sub("", word)
    name = name if CODE.fullmatch(name) else word
    return f"`{name}`{_plain(word[len(name) :])}"


def code_block(content: str) -> list[str]:
    """Fence lines so that Markdown shows them as they are, whatever they hold."""
    longest = max(map(len, re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *content.splitlines(), fence]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def encode(lines: Iterable[str]) -> bytes:
    """Encode a page, and sign it."""
    return "\n".join([*lines, f"Made by har-sockets {VERSION}.", ""]).encode("utf-8")
