"""What a reader raises: a capture that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar


class CaptureError(Exception):
    """A capture cannot be read. Its message never quotes the file.

    source: the capture.
    pointer: the place in it, a JSON Pointer, or empty.
    problem: what is wrong, in one line.
    """

    def __init__(self, source: str, pointer: str, problem: str) -> None:
        super().__init__(f"{source}: {pointer}: {problem}" if pointer else f"{source}: {problem}")
        self.source = source
        self.pointer = pointer
        self.problem = problem


Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def bare(reads: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let a CaptureError of a function hold what it says and no more: neither the error behind it nor the frames that
    it came through, which hold the text of the file."""

    @wraps(reads)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        try:
            return reads(*args, **kwargs)
        except CaptureError as error:
            plain = CaptureError(error.source, error.pointer, error.problem)
        raise plain

    return call
