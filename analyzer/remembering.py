"""What was worked out for a short text need not be worked out again: the same few come in every capture.

Long ones (a `data:` URL of a script may have megabytes) are not kept, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Text = TypeVar("Text", str, str | None)
Told = TypeVar("Told")
LONGEST = 500  # characters


def remembered(most: int) -> Callable[[Callable[[Text], Told]], Callable[[Text], Told]]:
    """Remember what a pure function says of the last `most` texts."""

    def kept(function: Callable[[Text], Told]) -> Callable[[Text], Told]:
        cached = lru_cache(most)(function)

        @wraps(function)
        def called(text: Text, /) -> Told:
            return cached(text) if text is None or len(text) <= LONGEST else function(text)

        return called

    return kept
