"""Decode a run of whole elements with msgspec, only the fields that are used; what it refuses goes to `json` alone."""

import json
import math
import re
from collections.abc import Callable
from functools import cache
from itertools import compress, islice
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import msgspec

from analyzer.formats.json_stream.crowded import is_crowded
from analyzer.patterns import Pattern

WHERE = Pattern(r" - at `\$(?P<path>[^`]*)`$")  # the end of what msgspec says
BYTE = Pattern(r"\(byte (\d+)\)$")  # likewise, of what is no JSON
MOST_PROBLEMS = 100  # inner elements of one element that could not be read: these are listed one by one
TAIL = 32  # bytes: within them msgspec misses the other half of a lone surrogate, and takes that for the end

Shape = TypeVar("Shape")
Problem: TypeAlias = tuple[str, str]  # pointer, from the element on; what is wrong there


class Decoded(NamedTuple, Generic[Shape]):
    """Elements of an array; None for one that is no such thing. `problems` by index."""

    values: list[Shape | None]
    problems: dict[int, list[Problem]]


@cache  # the same few for every capture
def _decoders(shape: type[Shape]) -> tuple[msgspec.json.Decoder[list[Shape]], msgspec.json.Decoder[Shape]]:
    return msgspec.json.Decoder(list[shape]), msgspec.json.Decoder(shape)  # type: ignore[valid-type]


class Decoder(Generic[Shape]):
    """Decodes elements as `shape`. `lenient` makes the best of an object that does not fit that."""

    def __init__(self, shape: type[Shape], lenient: Callable[..., tuple[Shape | None, list[Problem]]]) -> None:
        self._many, self._one = _decoders(shape)  # type: ignore[arg-type]  # a class can be hashed
        self._lenient = lenient

    def run(self, buffer: bytearray, start: int, end: int) -> Decoded[Shape] | None:
        """The elements in `buffer[start:end]`, or None where that is not a sequence of whole JSON values.

        The bytes on either side must be there: they are overwritten for the time being.
        """
        before, after = buffer[start - 1], buffer[end]
        buffer[start - 1], buffer[end] = ord("["), ord("]")
        try:
            with memoryview(buffer) as view:
                try:
                    return Decoded(self._many.decode(view[start - 1 : end + 1]), {})
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    tail = bytes(view[max(start - 1, end + 1 - TAIL) : end + 1])
                    if _ends_within(tail, end + 2 - start, error):
                        return None
                    return self._referee(bytes(view[start - 1 : end + 1]))
        finally:
            buffer[start - 1], buffer[end] = before, after

    def _referee(self, text: bytes) -> Decoded[Shape] | None:
        """What the fast decoder refuses: lone surrogates, NaN, invalid UTF-8, odd types."""
        if is_crowded(text):
            return None
        try:
            items = loads(text)
        except (ValueError, RecursionError):
            return None
        values: list[Shape | None] = []
        problems = {}
        for n, item in enumerate(items):
            value, wrong = self._lenient(item, self._one) if isinstance(item, dict) else (None, _no_object(kind(item)))
            values.append(value)
            if wrong:
                problems[n] = wrong
        return Decoded(values, problems)


def _ends_within(tail: bytes, length: int, error: Exception) -> bool:
    """Does it end within a value, all being well up to the last byte? Then no other decoder would take it either."""
    message = str(error)
    at = BYTE.search(message) if isinstance(error, msgspec.DecodeError) else None
    ends = message == "Input data was truncated" or (at is not None and int(at[1]) >= length - 1)
    return ends and b"\\u" not in tail


def loads(text: bytes) -> Any:
    """JSON as leniently as it can be read: control characters, lone surrogates; NaN and infinities are null."""
    return LENIENT.decode(text.decode("utf-8", "replace"))


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


LENIENT = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_float=_finite)


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError):
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


@cache  # one for all: a file may have a hundred thousand
def _no_object(kind: str) -> list[Problem]:
    return [("", f"not an object but {kind}")]


def salvage(
    value: dict[str, Any], decoder: msgspec.json.Decoder[Shape], inner: type[Any] | None
) -> tuple[Shape, list[Problem]]:
    """Decode all of an object that can be decoded, without each member of the wrong type.

    `inner`: the shape of the elements of its array, of which each is tried by itself.
    """
    problems: list[Problem] = []
    while True:
        try:
            return decoder.decode(_encode(value)), problems
        except msgspec.MsgspecError as error:
            where = WHERE.search(str(error))
            path = re.findall(r"\.([^.\[]+)|\[", where["path"]) if where else []
            problems += _drop(value, path, str(error).split(" - at ")[0], inner)


def _drop(value: Any, path: list[str], problem: str, inner: type[Any] | None) -> list[Problem]:
    """Remove the member at `path` (an empty step: any element of an array). Without `inner` the whole array goes."""
    if inner is None and "" in path:
        path = path[: path.index("")]
    pointer = ""
    for depth, step in enumerate(path):
        if step == "" and inner is not None:
            wrong = bytearray(bool(_problem(item, inner)) for item in value)
            first = islice(compress(enumerate(value), wrong), MOST_PROBLEMS)
            problems = [(f"{pointer}/{n}", _problem(item, inner)) for n, item in first]
            rest = sum(wrong) - len(problems)
            value[:] = [item for item, is_wrong in zip(value, wrong, strict=True) if not is_wrong]
            return [*problems, *count_rest(pointer, rest)]
        pointer += f"/{step}"
        if depth == len(path) - 1:
            del value[step]
            return [(pointer, problem)]
        value = value[step]
    raise AssertionError(f"a field of the wrong type that is nowhere: {problem}")


def count_rest(pointer: str, count: int) -> list[Problem]:
    """Say how many damaged inner elements are not listed."""
    return [(pointer, f"{count:,} more are damaged")] if count else []


def _problem(item: object, shape: type[Any]) -> str:
    """Why it does not fit the shape; "" where it does."""
    try:
        msgspec.convert(item, shape)
    except msgspec.ValidationError as error:
        return str(error)
    except UnicodeEncodeError:
        return "a character that is not valid Unicode"
    return ""


def all_or_nothing(
    value: dict[str, Any], decoder: msgspec.json.Decoder[Shape], shape: type[Any]
) -> tuple[Shape | None, list[Problem]]:
    """Decode an object only where all of it fits the shape."""
    problem = _problem(value, shape)
    return (None, [("", problem)]) if problem else (decoder.decode(_encode(value)), [])


def kind(value: object) -> str:
    """What a JSON value is, without echoing it (it may be a secret)."""
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")
