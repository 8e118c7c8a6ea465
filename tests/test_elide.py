"""Bodies cut out of blocks, against a regular expression on the whole text."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer.formats.har import raw
from analyzer.formats.json_stream import elide
from analyzer.formats.json_stream.elide import Elider

BODY = re.compile(rb'("text"[ \t\r\n]{0,16}:[ \t\r\n]{0,16}")((?:[^"\\]|\\.)*)"', re.DOTALL)
KEYS = [b'"text":"', b'"text" :\n "', b'"data":"', b'{"a":1,"text": "', b'"x\\"text":"', b'"text":{"text":"']
TEXTS = [b"\\\\", b'\\"', b"abc", b"\\n", b"\\u00e9", b'\\\\\\"', b'\\"text\\":\\"', b"\xc3\xa9", b"~~", b"}],{"]
strings = st.tuples(
    st.sampled_from(KEYS),
    st.lists(st.tuples(st.sampled_from(TEXTS), st.integers(1, 30)).map(lambda item: item[0] * item[1]), max_size=6).map(
        b"".join
    ),
).map(lambda item: item[0] + item[1] + b'",')
valid = st.lists(strings, max_size=8).map(b" ".join)


def cut(data: bytes, blocks: list[int], shortest: int, stride: int) -> tuple[bytes, list[tuple[int, int]]]:
    """What is kept of the data when it comes in blocks of these sizes, over and over; and the cuts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elide, "SHORTEST", shortest)
        patch.setattr(elide, "STRIDE", stride)
        patch.setattr(elide, "STEP", 7)
        elider = Elider(max(blocks), ("text",))
        buffer = bytearray(len(data) + 2 * len(data) // min(blocks) + 64)
        view = memoryview(buffer)
        at, end, cuts, n = 0, 1, [], 0
        while at < len(data):
            block = data[at : at + blocks[n % len(blocks)]]
            view[end : end + len(block)] = block
            end, more = elider.cut(buffer, view, end, end + len(block))
            cuts += more
            at, n = at + len(block), n + 1
        return bytes(view[1:end]), cuts


cutting = given(
    data=valid,
    blocks=st.lists(st.integers(1, 90), min_size=1, max_size=4),
    shortest=st.sampled_from([2, 3, 20]),
    stride=st.sampled_from([1, 2, 5, 16]),
)


@cutting
def test_only_bodies_are_cut_and_each_to_a_mark_or_not_at_all(
    data: bytes, blocks: list[int], shortest: int, stride: int
) -> None:
    rest, _ = cut(data, blocks, shortest, stride)
    before, after = BODY.findall(data), BODY.findall(rest)
    assert BODY.sub(rb'\1"', rest) == BODY.sub(rb'\1"', data)
    assert [key for key, _ in before] == [key for key, _ in after]
    assert all(now in (was, b"~~") for (_, was), (_, now) in zip(before, after, strict=True))


@cutting
def test_what_is_kept_and_what_is_gone_is_all(data: bytes, blocks: list[int], shortest: int, stride: int) -> None:
    rest, cuts = cut(data, blocks, shortest, stride)
    assert len(rest) + sum(gone for _, gone in cuts) == len(data)


def test_a_long_body_is_cut() -> None:
    rest, _ = cut(b'{"text": "' + b'\\"ab\\\\' * 5000 + b'", "x": 1}', [1 << 12], elide.SHORTEST, elide.STRIDE)
    assert rest == b'{"text": "~~", "x": 1}'


def test_a_body_of_nothing_but_backslashes_is_cut() -> None:
    rest, _ = cut(b'{"text": "' + b"\\\\" * 50_000 + b'", "x": 1}', [4096, 4095], elide.SHORTEST, elide.STRIDE)
    assert rest == b'{"text": "~~", "x": 1}'


@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), st.binary(max_size=300))
def test_any_bytes_raise_nothing(blocks: list[int], data: bytes) -> None:
    rest, cuts = cut(data, blocks, 2, 3)
    assert len(rest) + sum(gone for _, gone in cuts) == len(data)


def test_nothing_that_we_decode_is_called_text() -> None:
    structs = [it for it in vars(raw).values() if isinstance(it, type) and issubclass(it, msgspec.Struct)]
    assert structs and not [name for it in structs for name in it.__struct_encode_fields__ if name == "text"]
