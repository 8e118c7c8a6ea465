"""Match a word that somebody typed against the words that are possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

NEAR = 0.6  # share of letters in common


class Choice(NamedTuple):
    """The words that a setting takes, other words for the same, and words that only resemble one of them."""

    words: tuple[str, ...]
    aliases: Mapping[str, str] = {}
    hints: Mapping[str, str] = {}

    def choose(self, value: str) -> str:
        """Return the word that a value means, in any case, as a plural or by an alias.

        Raises ValueError, which names the nearest word and lists all of them.
        """
        meanings = {word: word for word in self.words} | dict(self.aliases)
        typed = value.strip().lower().replace("_", "-").replace(" ", "-")
        for candidate in (typed, typed.removesuffix("s")):
            if candidate in meanings:
                return meanings[candidate]
        near = self.hints.get(typed.removesuffix("s")) or meanings.get(nearest(typed, meanings) or "")
        if near is None:
            raise ValueError(f"choose {alternatives(self.words)}")
        raise ValueError(f"did you mean {near}? Choose {alternatives(self.words)}")


def nearest(value: str, words: Iterable[str], near: float = NEAR) -> str | None:
    """Return the word that a value resembles most, if any does: it begins so, or shares most letters."""
    words = tuple(words)
    beginning = [word for word in words if value and word.startswith(value)]
    if beginning:
        return min(beginning, key=len)
    import difflib

    return next(iter(difflib.get_close_matches(value, words, 1, near)), None)


def alternatives(words: Iterable[str]) -> str:
    """Join words as a sentence does: `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
