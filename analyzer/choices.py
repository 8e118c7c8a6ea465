"""Match a word that somebody typed against the words that are possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NEAR = 0.6  # share of letters in common


def choose(value: str, words: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Return the word that a value means, in any case, as a plural or by an alias.

    Raises ValueError, which names the nearest word and lists all of them.
    """
    words = tuple(str(word) for word in words)
    known = {word: word for word in words} | dict(aliases or {})
    typed = value.strip().lower().replace("_", "-").replace(" ", "-")
    for candidate in (typed, typed.removesuffix("s")):
        if candidate in known:
            return known[candidate]
    near = nearest(typed, known)
    hint = "" if near is None else f"did you mean {known[near]}? "
    raise ValueError(f"{hint}{'Choose' if hint else 'choose'} {alternatives(words)}")


def nearest(value: str, words: Iterable[str]) -> str | None:
    """Return the word that a value resembles most, if any does: it begins so, or shares most letters."""
    words = tuple(words)
    beginning = [word for word in words if value and word.startswith(value)]
    if beginning:
        return min(beginning, key=len)
    import difflib

    return next(iter(difflib.get_close_matches(value, words, 1, NEAR)), None)


def alternatives(words: Iterable[str]) -> str:
    """Join words as a sentence does: `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
