"""Memoise pure functions of short texts: the same few texts come in every capture.

Long texts (a `data:` URL of a script may have megabytes) are not kept, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Text = TypeVar("Text", str, str | None)
Value = TypeVar("Value")
Result = TypeVar("Result")
LONGEST = 500  # characters


class _Memo(dict[Text, Result]):
    """What a pure function returns, by its text: a hit runs no Python code. When it is full, it starts from empty."""

    def __init__(self, function: Callable[[Text], Result], most: int) -> None:
        self._function: Callable[[Text], Result] = function
        self._most = most

    def __missing__(self, text: Text) -> Result:
        result: Result = self._function(text)
        if text is None or len(text) <= LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[text] = result
        return result


def memoize(most: int) -> Callable[[Callable[[Text], Result]], Callable[[Text], Result]]:
    """Return a decorator that keeps what a pure function returns for up to `most` texts."""
    return lambda function: _Memo(function, most).__getitem__


def memoize_last(function: Callable[[Value], Result]) -> Callable[[Value], Result]:
    """Keep what a pure function returns for the last value, together with that value. The value must not change: it is
    compared by identity, because comparing thousands of sessions costs as much as calling again."""
    last: list[tuple[Value, Result]] = []

    @wraps(function)
    def look_up(value: Value, /) -> Result:
        for before, result in last:
            if before is value:
                return result
        result = function(value)
        last[:] = [(value, result)]
        return result

    return look_up
