"""A run of whole elements -> values: msgspec, only the fields we use; what it refuses goes to `json`, on that alone."""

import json
import math
import re
from collections.abc import Callable
from functools import cache
from itertools import compress, islice
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import msgspec

from analyzer.formats.har.raw import RawMessage
from analyzer.formats.json_stream.crowded import is_crowded

WHERE = re.compile(r" - at `\$(?P<path>[^`]*)`$")  # the end of what msgspec says
BYTE = re.compile(r"\(byte (\d+)\)$")  # likewise, of what is no JSON
MOST_TOLD = 100  # messages of one socket that could not be read: what is told one by one
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
    """Decodes elements as `shape`. `lenient` makes the best of an object that does not fit it."""

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
            value, told = self._lenient(item, self._one) if isinstance(item, dict) else (None, _no_object(kind(item)))
            values.append(value)
            if told:
                problems[n] = told
        return Decoded(values, problems)


def _ends_within(tail: bytes, length: int, error: Exception) -> bool:
    """Does it end within a value, all being well up to the last byte? Then no other decoder would take it either."""
    said = str(error)
    at = BYTE.search(said) if isinstance(error, msgspec.DecodeError) else None
    ends = said == "Input data was truncated" or (at is not None and int(at[1]) >= length - 1)
    return ends and b"\\u" not in tail


def loads(text: bytes) -> Any:
    """JSON as leniently as it can be read: control characters, lone surrogates; NaN and infinities are null."""
    return LENIENT.decode(text.decode("utf-8", "replace"))


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


LENIENT = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_float=_finite)


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError):
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


@cache  # one for all: a file may have a hundred thousand
def _no_object(kind: str) -> list[Problem]:
    return [("", f"not an object but {kind}")]


def members(value: dict[str, Any], decoder: msgspec.json.Decoder[Shape]) -> tuple[Shape, list[Problem]]:
    """An entry with all that can be decoded; each member of the wrong type is left out and told."""
    told: list[Problem] = []
    while True:
        try:
            return decoder.decode(_encoded(value)), told
        except msgspec.MsgspecError as error:
            found = WHERE.search(str(error))
            path = re.findall(r"\.([^.\[]+)|\[", found["path"]) if found else []
            told += _drop(value, path, str(error).split(" - at ")[0])


def _drop(value: Any, path: list[str], problem: str) -> list[Problem]:
    """Remove the member at `path` (an empty step: any element of an array, each tried by itself)."""
    pointer = ""
    for depth, step in enumerate(path):
        if step == "":
            wrong = bytearray(map(bool, map(_no_message, value)))
            first = islice(compress(enumerate(value), wrong), MOST_TOLD)
            told = [(f"{pointer}/{n}", _no_message(item)) for n, item in first]
            untold = sum(wrong) - len(told)
            value[:] = [item for item, is_wrong in zip(value, wrong, strict=True) if not is_wrong]
            return [*told, *untold_messages(pointer, untold)]
        pointer += f"/{step}"
        if depth == len(path) - 1:
            del value[step]
            return [(pointer, problem)]
        value = value[step]
    raise AssertionError(f"a field of the wrong type that is nowhere: {problem}")


def untold_messages(pointer: str, count: int) -> list[Problem]:
    return [(pointer, f"{count:,} more are damaged")] if count else []


def _no_message(item: object) -> str:
    """Why it is no message; "" where it is one."""
    try:
        msgspec.convert(item, RawMessage)
    except msgspec.ValidationError as error:
        return str(error)
    except UnicodeEncodeError:
        return "a character that is not valid Unicode"
    return ""


def all_or_nothing(value: dict[str, Any], decoder: msgspec.json.Decoder[Shape]) -> tuple[Shape | None, list[Problem]]:
    """A message, or none."""
    problem = _no_message(value)
    return (None, [("", problem)]) if problem else (decoder.decode(_encoded(value)), [])


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
