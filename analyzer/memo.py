"""What was worked out for a short text need not be worked out again: the same few come in every capture.

Long ones (a `data:` URL of a script may have megabytes) are not kept, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Text = TypeVar("Text", str, str | None)
Value = TypeVar("Value")
Told = TypeVar("Told")
LONGEST = 500  # characters


def memoize(most: int) -> Callable[[Callable[[Text], Told]], Callable[[Text], Told]]:
    """Remember what a pure function says of the last `most` texts."""

    def kept(function: Callable[[Text], Told]) -> Callable[[Text], Told]:
        cached = lru_cache(most)(function)

        @wraps(function)
        def called(text: Text, /) -> Told:
            return cached(text) if text is None or len(text) <= LONGEST else function(text)

        return called

    return kept


def memoize_last(function: Callable[[Value], Told]) -> Callable[[Value], Told]:
    """Remember what a pure function says of the last value, and hold on to that value. It must not change: it is told
    by its identity, since to compare thousands of sessions costs as much as to ask again."""
    last: list[tuple[Value, Told]] = []

    @wraps(function)
    def called(value: Value, /) -> Told:
        for before, answer in last:
            if before is value:
                return answer
        answer = function(value)
        last[:] = [(value, answer)]
        return answer

    return called
